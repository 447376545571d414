"""What may be said: strength of verdicts, reasons of the gate, order of banks, limits, accounts."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from evaltools.errors import ReportError
from evaltools.report import conclusions
from evaltools.report.labels import Labels
from evaltools.report.league import rank_league
from evaltools.report.tables import rank_text
from evaltools.report.wording import say


def league(*limits: tuple[float, float]) -> pd.DataFrame:
    rows = [
        {
            "bank": "abcdef"[place],
            "change": (low + high) / 2,
            "ci_low": low,
            "ci_high": high,
            "sim_low": low,
            "sim_high": high,
        }
        for place, (low, high) in enumerate(limits)
    ]
    return pd.DataFrame(rows)


def test_ranks_of_three_banks_counted_by_hand() -> None:
    """a [5, 9] lies above c [0, 2]; b [1, 6] overlaps both: a is first or second, c second or third, b anything."""
    result = rank_league(league((5, 9), (1, 6), (0, 2)), ["a", "b", "c"])
    ranks = dict(
        zip(result.frame["bank"], zip(result.frame["rank_low"], result.frame["rank_high"], strict=True), strict=True)
    )
    assert ranks == {"a": (1, 2), "b": (1, 3), "c": (2, 3)}
    assert (result.pairs_apart, result.pairs) == (1, 3)


def test_banks_that_are_all_apart_have_one_rank_each() -> None:
    frame = rank_league(league((0, 1), (2, 3), (4, 5)), ["a", "b", "c"]).frame
    assert list(frame["bank"]) == ["c", "b", "a"]
    assert [rank_text(row.rank_low, row.rank_high, "zh") for row in frame.itertuples()] == ["第1名", "第2名", "第3名"]


def test_a_bank_that_is_not_judged_has_no_rank(campaign: Any) -> None:
    judged = conclusions.judged_banks(campaign.verdicts())
    shown = set(rank_league(campaign.composite(), judged).frame["bank"])
    assert shown == set(judged)
    assert not shown & {"policy", "village_a", "village_b"}


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (((5, 9), (1, 6)), "分不出先后，不能排出名次"),
        (((5, 9), (1, 6), (0, 2)), "共3对，变化幅度能分出先后的有1对"),
        (((5, 9), (1, 2)), "都能分出先后"),
        (((5, 9),), "不作排列"),
    ],
)
def test_league_sentence_says_what_can_be_ordered(labels: Labels, limits: Any, words: str) -> None:
    composites = league(*limits)
    verdicts = pd.DataFrame({"bank": composites["bank"], "verdict": "improved", "detail": "", "flags": ""})
    assert words in say("county.league", verdicts, composites, lang="zh", labels=labels).text


def test_a_verdict_without_a_sentence_is_refused() -> None:
    with pytest.raises(ReportError, match="report-verdict"):
        conclusions.verdict_code("splendid", "")
    with pytest.raises(ReportError, match="report-verdict"):
        conclusions.verdict_code("no_detectable_change", "")


@pytest.mark.parametrize(
    ("rule", "fields", "zh"),
    [
        ("answers", {"wave": "endline", "found": 8, "required": 10}, "终线只有8份有效样本，至少需要10份。"),
        ("psus", {"wave": "baseline", "found": 7, "required": 8}, "基线的有效样本只来自7家企业，至少需要8家。"),
        ("weight_share", {"found": 0.614, "required": 0.8}, "权重的61%，至少需要80%。"),
        (
            "mode_confounded",
            {"source": "survey", "baseline": ["self"], "endline": ["interviewer"]},
            "（基线：自填；终线：访员）",
        ),
        (
            "tool_confounded",
            {"source": "survey", "baseline": ["wjx"], "endline": ["kobo"]},
            "（基线：问卷星；终线：Kobo）",
        ),
        ("brand_new_rule", {}, "（brand_new_rule）"),
    ],
)
def test_reasons_of_the_gate(labels: Labels, rule: str, fields: dict[str, Any], zh: str) -> None:
    row = {"verdict": "too_few_data", "gate_rule": rule, "gate_fields": json.dumps(fields)}
    assert zh in conclusions.gate_reason(row, labels, "zh")
    assert conclusions.gate_reason(row, labels, "en")


def test_summary_names_every_bank_once(campaign: Any, labels: Labels) -> None:
    text = say("county.summary", campaign.verdicts(), lang="zh", labels=labels).text
    assert all(text.count(labels.bank(bank, "zh")) == 1 for bank in labels.config.bank_ids)
    assert "参评12家银行，其中9家数据足以判断" in text


def test_an_interval_without_zero_is_explained_where_the_corrected_verdict_differs(
    campaign: Any, labels: Labels
) -> None:
    composites = campaign.composite()
    composites.loc[composites["bank"] == "rural", ["ci_low", "ci_high"]] = [0.2, 4.2]
    text = say("card.verdict", campaign.verdicts(), composites, lang="zh", labels=labels, bank="rural").text
    assert "校正后证据不足" in text
    before = say("card.verdict", campaign.verdicts(), campaign.composite(), lang="zh", labels=labels, bank="rural").text
    assert "校正后证据不足" not in before


@pytest.mark.parametrize(
    ("limits", "zh", "en"),
    [
        ((-11.4, -0.6), "可能有实际意义的下降", "a meaningful decline remains possible"),
        ((0.6, 11.4), "可能有实际意义的改善", "a meaningful improvement remains possible"),
        ((-5.1, 17.1), "改善或下降都可能存在", "a meaningful improvement or decline remains possible"),
    ],
)
def test_what_remains_possible_is_what_the_interval_holds(
    campaign: Any, labels: Labels, limits: tuple[float, float], zh: str, en: str
) -> None:
    composites = campaign.composite()
    composites.loc[composites["bank"] == "rural", ["ci_low", "ci_high"]] = limits
    for lang, words in (("zh", zh), ("en", en)):
        said = say("card.verdict", campaign.verdicts(), composites, lang=lang, labels=labels, bank="rural")
        assert words in said.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"freeze_flag": "not_frozen"}, "没有冻结"),
        ({"freeze_flag": "frozen_late"}, "冻结时已有终线答卷"),
        ({"freeze_flag": "unlocked", "frozen": False, "unlock_reason": "更正权重"}, "理由：更正权重"),
        ({"selection": "convenience"}, "不是随机抽取"),
    ],
)
def test_limits_name_what_weakens_the_conclusions(
    campaign: Any, labels: Labels, change: dict[str, Any], words: str
) -> None:
    good = {**campaign.head(), "freeze_flag": "", "frozen": True, "selection": "probability"}
    assert words not in say("limits", campaign.verdicts(), good, lang="zh", labels=labels).text
    assert words in say("limits", campaign.verdicts(), {**good, **change}, lang="zh", labels=labels).text


def test_limits_of_a_card_speak_of_its_bank_alone(campaign: Any, labels: Labels) -> None:
    text = say("limits", campaign.verdicts(), campaign.head(), lang="zh", labels=labels, bank="rural").text
    assert "缺失比例" in text
    assert "云河农发支行" not in text


def test_rows_that_do_not_add_up_are_told(campaign: Any) -> None:
    files = campaign.quality().files
    assert (
        "共读入535行：入库517行，隔离16行，完全重复2行，合计相符。" in say("quality.accounting", files, lang="zh").text
    )
    broken = files.assign(n_accepted=files["n_accepted"].where(files.index != 0, 217))
    said = say("quality.accounting", broken, lang="zh")
    assert "行数不符" in said.text
    assert 'class="warning"' in said.html


def test_modes_that_differ_between_the_waves_are_told(campaign: Any, labels: Labels) -> None:
    modes = campaign.quality().modes
    assert "都有相同" in say("quality.modes", modes, lang="zh", labels=labels).text
    moved = modes[~((modes["bank"] == "icbc") & (modes["wave"] == "endline") & (modes["mode"] == "self"))]
    assert "不同的银行：云河县工商银行支行。" in say("quality.modes", moved, lang="zh", labels=labels).text


def test_method_says_what_95_percent_means_and_warns_of_regression(campaign: Any, labels: Labels) -> None:
    text = say("method", campaign.verdicts(), lang="zh", labels=labels).text
    assert "如果用同样办法反复抽样，约95%的区间会包含真实值" in text
    assert "下次自然会回升一些，不宜全部视为整改成效" in text
    assert "因四舍五入" in text
