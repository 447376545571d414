"""Words of the reports: both languages complete, one sentence for each strength, nothing but fixed placeholders."""

from __future__ import annotations

import re
from typing import Any

import pytest

from evaltools.errors import UsageError
from evaltools.report import backgrounds, conclusions, explanations, robustness
from evaltools.report.labels import Labels
from evaltools.report.passages import MARK
from evaltools.report.phrases import all_phrases, phrase
from evaltools.report.wording import say
from evaltools.text import placeholders

# what field practice forbids: claims that no test supports, and reasons that say nothing
FORBIDDEN = ("显著改善", "明显改善", "退步", "无变化", "暂无数据", "基本达到", "同比", "环比", "把握", "虚报")


def test_keys_are_the_same_in_both_languages() -> None:
    assert all_phrases("zh").keys() == all_phrases("en").keys()


@pytest.mark.parametrize("key", sorted(all_phrases("zh")))
def test_placeholders_are_the_same_in_both_languages(key: str) -> None:
    assert placeholders(all_phrases("zh")[key]) == placeholders(all_phrases("en")[key])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_text_is_empty_or_holds_markup_or_template_language(lang: Any) -> None:
    for key, text in all_phrases(lang).items():
        assert text.strip(), key
        assert not re.search(r"[<>]|\{\{|\{%|\{[^a-z_}]", text), key


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("section", ["label", "sentence"])
def test_each_strength_has_its_own_text(section: str, lang: Any) -> None:
    texts = [all_phrases(lang)[f"{section}.{code}"] for code in conclusions.CODES]
    assert len(set(texts)) == len(conclusions.CODES) == 9


@pytest.mark.parametrize("word", FORBIDDEN)
def test_words_that_claim_too_much_or_nothing_are_not_used(word: str) -> None:
    allowed = {"limits.cannot_tell"}  # quotes the words that must not be used
    assert [key for key, text in all_phrases("zh").items() if word in text and key not in allowed] == []


def test_chinese_text_has_no_english_left_over() -> None:
    known = {"p", "Holm", "Kobo", "SPSS"}
    for key, text in all_phrases("zh").items():
        words = set(re.findall(r"[A-Za-z]+", re.sub(r"\{[a-z_]+\}", "", text)))
        assert words <= known, key


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_verdict_and_detail_has_a_sentence_with_interval_and_sample(
    campaign: Any, labels: Labels, lang: Any
) -> None:
    verdicts, composites = campaign.verdicts(), campaign.composite()
    seen = set()
    for bank, code in conclusions.verdict_codes(verdicts).items():
        text = conclusions.verdict_sentence(bank, verdicts, composites, labels=labels, lang=lang)
        seen.add(code)
        assert labels.bank(bank, lang) in text
        assert "{" not in text
        row = composites.set_index("bank").loc[bank]
        if code in conclusions.JUDGED:
            assert str(int(row["n_baseline"])) in text
            assert "95%" in text
        else:
            assert "95%" not in text
    assert seen == set(conclusions.CODES)


def test_sentence_of_a_decline_gives_magnitude_and_interval_without_signs(campaign: Any, labels: Labels) -> None:
    text = conclusions.verdict_sentence("boc", campaign.verdicts(), campaign.composite(), labels=labels, lang="zh")
    assert "下降3.4分（95%置信区间0.8分至6.0分）" in text
    assert "−" not in text


def test_headings_come_in_both_languages() -> None:
    assert say("heading.summary", lang="zh").html == "<h2>一、摘要</h2>"
    assert say("heading.summary", lang="en").html == "<h2>1. Summary</h2>"
    keys = [key for key in all_phrases("zh") if key.startswith("heading.")]
    assert all(say(key, lang="zh").html != say(key, lang="en").html for key in keys)


def test_values_are_escaped_in_html_and_plain_in_text() -> None:
    said = say("document.bank_scorecard", lang="zh", bank="<b>&甲\u202e")
    assert said.html == "<p>&lt;b&gt;&amp;甲：评价结果单</p>"
    assert str(said) == "<b>&甲\u202e：评价结果单"


def test_output_carries_html_text_and_our_mark() -> None:
    data, meta = say("heading.summary")._repr_mimebundle_()
    assert set(data) == {"text/html", "text/plain"}
    assert meta["text/html"][MARK]["html"] is True


@pytest.mark.parametrize(
    ("key", "values", "code"),
    [("county.nothing", {}, "report-wording"), ("head.n_banks", {}, "report-wording")],
)
def test_unknown_key_and_missing_value_are_errors(key: str, values: dict[str, str], code: str) -> None:
    with pytest.raises(UsageError, match=code):
        say(key, lang="zh", **values)


def test_unknown_language_is_an_error() -> None:
    with pytest.raises(UsageError, match="report-lang"):
        phrase("heading.summary", "de")  # type: ignore[arg-type]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_computed_key_says_something(campaign: Any, labels: Labels, lang: Any) -> None:
    verdicts, composites, quality = campaign.verdicts(), campaign.composite(), campaign.quality()
    explained = campaign.explain()
    results: dict[str, tuple[Any, ...]] = {
        "card.verdict": (verdicts, composites),
        "county.summary": (verdicts,),
        "county.league": (verdicts, composites, campaign.ranks()),
        "limits": (verdicts, campaign.head()),
        "card.targets": (campaign.targets(),),
        "method": (verdicts,),
        "quality.accounting": (quality.files,),
        "quality.modes": (quality.modes,),
        "quality.overlap": (quality.overlap,),
        "scoring.change": (campaign.change(),),
        "scoring.composite": (composites,),
        "scoring.targets": (campaign.targets(),),
        "scoring.written": (campaign.score(),),
        "county.sensitivity": (campaign.sensitivity(),),
        "county.reliability": (campaign.shrunken(),),
        "card.sensitivity": (campaign.sensitivity(indices=False),),
        "card.relative": (campaign.relative(),),
        "explain.attrition": (explained.attrition, explained.leavers),
        "explain.banks": (explained.banks,),
        "explain.drivers": (explained.drivers,),
        "explain.scales": (explained.scales, explained.invariance),
        "explain.visits": (explained.visits, explained.unpaired),
    }
    rooms = (conclusions, explanations, robustness, backgrounds)
    assert results.keys() == {key for room in rooms for key in room.COMPUTED}
    for key, frames in results.items():
        options = {"bank": "icbc"} if key.startswith("card.") else {}
        said = say(key, *frames, lang=lang, labels=labels, **options)
        assert said.text, key
        assert "{" not in said.text, key
        assert re.search("[\u4e00-\u9fff]", said.text) is not None or lang == "en", key
