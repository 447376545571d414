"""The sentences on what stands behind the conclusions: computed, and without a word that claims a cause."""

from __future__ import annotations

import re
from typing import Any

import pytest

from evaltools.report.labels import Labels
from evaltools.report.phrases import all_phrases
from evaltools.report.wording import say

CAUSAL = {
    "zh": r"影响|导致|因为|因此|造成|使得|驱动",
    "en": r"\b(affect|effect|cause|because|driv|lead to|due to|impact)",
}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_sentence_claims_a_cause(lang: Any) -> None:
    texts = {key: re.sub(r"\{\w+\}", "", text) for key, text in all_phrases(lang).items() if key.startswith("explain.")}
    assert len(texts) == 12
    assert [key for key, text in texts.items() if re.search(CAUSAL[lang], text, re.IGNORECASE)] == []


def test_what_goes_together_is_named_with_share_and_interval(campaign: Any, labels: Labels) -> None:
    drivers = campaign.explain().drivers
    zh = say("explain.drivers", drivers, lang="zh", labels=labels).text
    assert "233份答卷" in zh
    assert "与“推荐意愿”关系最密切的是“工作人员满意度”，占可解释部分的40%（95%区间30%至50%）" in zh
    en = say("explain.drivers", drivers, lang="en", labels=labels).text
    assert "has 40% of what can be explained (95% interval 30% to 50%)" in en


def test_little_to_explain_and_nothing_to_share_out_are_said(campaign: Any, labels: Labels) -> None:
    drivers = campaign.explain().drivers
    little = say("explain.drivers", drivers.assign(flag="explains_little"), lang="zh", labels=labels).text
    assert "很少能解释“推荐意愿”的高低" in little
    none = say("explain.drivers", drivers.assign(ci_low=float("nan")), lang="en", labels=labels).text
    assert none.startswith("No relations to overall satisfaction are listed")


def test_scales_give_the_lowest_and_highest_alpha(campaign: Any, labels: Labels) -> None:
    explained = campaign.explain()
    zh = say("explain.scales", explained.scales, explained.invariance, lang="zh", labels=labels).text
    assert "2组评分" in zh
    assert "最低为0.56（时间与环节，基线），最高为0.91（全部评分，终线）" in zh
    assert "变动迹象的有1处" in zh


def test_visits_say_how_many_pairs_cannot_tell(campaign: Any, labels: Labels) -> None:
    explained = campaign.explain()
    zh = say("explain.visits", explained.visits, explained.unpaired, lang="zh", labels=labels).text
    assert zh == (
        "走访配成8对，另有3次配不成对；在2个“银行×指标”中，1个前后不同的对太少，怎样分布都达不到5%的显著性水平；"
        "校正多重比较后，可以确认有变化的有1个。"
    )


def test_values_that_stand_out_are_said_to_tend_to_the_middle(campaign: Any, labels: Labels) -> None:
    en = say("explain.banks", campaign.explain().banks, lang="en", labels=labels).text
    assert "1 of 2 endline levels of bank and indicator lie outside the funnel, 1 after correction" in en
    assert "about 70% of the differences between banks are real" in en
    assert "nearer the middle if measured again" in en


def test_who_left_is_counted(campaign: Any, labels: Labels) -> None:
    explained = campaign.explain()
    zh = say("explain.attrition", explained.attrition, explained.leavers, lang="zh", labels=labels).text
    assert "基线的100个“企业×银行”中，40个在终线没有答卷；在2个“银行×指标”中" in zh
    assert "确有不同的有1个" in zh


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_where_there_is_nothing_it_is_said(campaign: Any, labels: Labels, lang: Any) -> None:
    explained = campaign.explain()
    empty = {
        "visits": (explained.visits.iloc[:0], explained.unpaired),
        "banks": (explained.banks.iloc[:0],),
        "scales": (explained.scales.iloc[:0], explained.invariance),
        "drivers": (explained.drivers.iloc[:0],),
        "attrition": (explained.attrition.iloc[:0], explained.leavers),
    }
    for name, frames in empty.items():
        said = say(f"explain.{name}", *frames, lang=lang, labels=labels)
        assert said.text == all_phrases(lang)[f"explain.{name}_none"]
