"""Tables: escaped, headed, with interval and sample; no number of a bank that is not judged."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

from evaltools.report import definitions, heads, quality_tables, tables, target_tables
from evaltools.report.labels import Labels
from evaltools.report.passages import MARK
from evaltools.report.quantities import quantity
from evaltools.report.table import Cell, Column, Table


class Tags(HTMLParser):
    """Collects tags with their attributes, and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def all_tables(campaign: Any, labels: Labels, lang: Any) -> list[Table]:
    verdicts, composites, quality = campaign.verdicts(), campaign.composite(), campaign.quality()
    options = {"labels": labels, "lang": lang}
    return [
        tables.verdict_table(verdicts, composites, **options),
        tables.league_table(verdicts, composites, **options),
        tables.dimension_table(campaign.dimensions(), verdicts, composites, bank="icbc", **options),
        tables.indicator_table(campaign.change(), verdicts, bank="icbc", **options),
        tables.change_table(campaign.change(), **options),
        tables.composite_table(composites, **options),
        target_tables.target_table(campaign.targets(), bank="icbc", **options),
        target_tables.target_summary(campaign.targets(), **options),
        quality_tables.provenance_table(campaign.provenance(), **options),
        quality_tables.file_table(quality.files, **options),
        quality_tables.quarantine_table(quality.quarantine, **options),
        quality_tables.missing_table(quality.missing, **options),
        quality_tables.mode_table(quality.modes, **options),
        quality_tables.overlap_table(quality.overlap, **options),
    ]


def test_markup_of_a_small_table() -> None:
    table = Table(
        "题", [Column("甲", ["一", Cell("二", "小\n字", "k")]), Column("数", ["1", "2"], numeric=True)], ["注"]
    )
    assert table.html == (
        '<div class="table-box" role="region" tabindex="0" aria-label="题"><table><caption>题</caption>'
        '<thead><tr><th scope="col">甲</th><th scope="col" class="num">数</th></tr></thead><tbody>'
        '<tr><th scope="row">一</th><td class="num">1</td></tr>'
        '<tr><th scope="row" class="k">二<span class="below">小</span><span class="below">字</span></th>'
        '<td class="num">2</td></tr></tbody></table></div><p class="note">注</p>'
    )
    assert table.text == "题\n甲\t数\n一\t1\n二 小 字\t2\n注"


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        _ = Table("题", [Column("甲", ["一"]), Column("乙", [])]).html


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_table_has_caption_heads_and_our_mark(campaign: Any, labels: Labels, lang: Any) -> None:
    for table in all_tables(campaign, labels, lang):
        found = Tags(table.html)
        names = [tag for tag, _ in found.tags]
        assert names.count("caption") == 1
        assert {attrs.get("scope") for tag, attrs in found.tags if tag == "th"} == {"row", "col"}
        assert "style" not in {name for _, attrs in found.tags for name in attrs}
        assert table._repr_mimebundle_()[1]["text/html"][MARK]["html"] is True


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_hostile_names_stay_text(hostile: Any, hostile_labels: Labels, lang: Any) -> None:
    allowed = {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "span", "p"}
    pages = [table.html for table in all_tables(hostile, hostile_labels, lang)]
    pages.append(
        heads.title_block("bank_scorecard", hostile.head(), labels=hostile_labels, lang=lang, bank="icbc").html
    )
    for html in pages:
        found = Tags(html)
        assert {tag for tag, _ in found.tags} <= allowed | {"h1", "dl", "dt", "dd"}
        assert not any(name.startswith("on") for _, attrs in found.tags for name in attrs)
    assert "<img src=x onerror=alert(1)>" in Tags(pages[0]).text


def test_chinese_tables_hold_no_english_words(campaign: Any, labels: Labels) -> None:
    known = {
        "Kobo",
        "evaltools",
        "credit",
        "demo",
        "raw",
        "Sheet",
        "endline",
        "kobo",
        "xlsx",
        "visits",
        "csv",
        "enterprise",
        "p",
    }
    for table in all_tables(campaign, labels, "zh"):
        text = re.sub(r"5c0f3e9a1b2d4c6f", "", table.text)
        assert set(re.findall(r"[A-Za-z]{2,}", text)) <= known, table.caption


@pytest.mark.parametrize("bank", ["policy", "village_b", "village_a"])
def test_a_bank_that_is_not_judged_shows_no_score(campaign: Any, labels: Labels, bank: str) -> None:
    composites = campaign.composite()
    composites.loc[composites["bank"] == bank, ["baseline", "endline", "change", "ci_low", "ci_high"]] = [
        11.11,
        33.33,
        22.22,
        1.11,
        44.44,
    ]
    verdicts = campaign.verdicts()
    table = tables.verdict_table(verdicts, composites, labels=labels)
    row = next(line for line in table.text.split("\n") if line.startswith(labels.bank(bank, "zh")))
    assert "不作判断" in row
    assert not re.search(r"11\.1|22\.2|33\.3|44\.4", row)
    options = {"bank": bank, "labels": labels}
    dimensions = tables.dimension_table(campaign.dimensions(), verdicts, composites, **options)
    assert dimensions.html == "<p>各维度得分同样不列。</p>"
    assert tables.indicator_table(campaign.change(), verdicts, **options).text == "该银行未通过数据门槛，不列各项指标。"


def test_a_cell_from_too_few_firms_gives_its_reason(campaign: Any, labels: Labels) -> None:
    changes = campaign.change()
    few = (changes["bank"] == "icbc") & (changes["indicator"] == "rate")
    changes = changes.assign(
        n_endline=changes["n_endline"].where(~few, 4), flag=changes["flag"].where(~few, "small_cell")
    )
    text = tables.indicator_table(changes, campaign.verdicts(), bank="icbc", labels=labels).text
    row = next(line for line in text.split("\n") if line.startswith("贷款年利率"))
    assert row.split("\t")[1:] == ["— 30→4份", "企业太少，不列数值"]


def test_every_change_stands_with_its_interval_and_sample(campaign: Any, labels: Labels) -> None:
    text = tables.verdict_table(campaign.verdicts(), campaign.composite(), labels=labels).text
    row = next(line for line in text.split("\n") if line.startswith("云河县农业银行支行"))
    assert row.split("\t") == ["云河县农业银行支行 59.7→62.8 56→53份", "▲ 有改善，超出抽样误差", "+3.1 +0.7至+5.5"]


def test_strongest_verdicts_come_first(campaign: Any, labels: Labels) -> None:
    table = tables.verdict_table(campaign.verdicts(), campaign.composite(), labels=labels)
    assert [cell.kind.split()[1] for cell in table.columns[1].cells][:5] == [  # type: ignore[union-attr]
        "improved_materially", "improved_materially", "improved", "worsened_materially", "worsened",
    ]  # fmt: skip


def test_shares_and_their_changes_have_different_units(labels: Labels) -> None:
    write = quantity(labels, "approved", "zh")
    assert (write.levels(0.62, 0.705), write.change(0.085), write.limit(0.9)) == ("62.0%→70.5%", "+8.5个百分点", "90%")
    assert quantity(labels, "approved", "en").change(-0.085) == "−8.5 pp"
    assert quantity(labels, "sat_access", "zh").value(3.456) == "3.46"
    assert quantity(labels, "days_to_decision", "zh").value(6.54) == "6.5"
    assert write.limits(None, 0.5) == "不高于50.0%"
    assert write.limits(None, None) == ""


def test_the_interval_of_a_share_ends_where_a_share_can_change_no_further(labels: Labels) -> None:
    assert quantity(labels, "approved", "zh").change_range(-3.43, 3.764) == "−100.0至+100.0"
    assert quantity(labels, "approved", "zh").change_range(-0.2, 0.1) == "−20.0至+10.0"
    assert quantity(labels, "days_to_decision", "zh").change_range(-120.0, 130.0) == "−120.0至+130.0"


def test_limits_from_few_answers_end_where_the_scale_ends(labels: Labels) -> None:
    points, days = quantity(labels, "sat_access", "en"), quantity(labels, "days_to_decision", "en")
    assert points.change_range(-5.2, 1.0) == "−4.00 to +1.00"
    assert points.limits(0.4, 5.7) == points.limits(1.0, 5.0)
    assert days.limits(-6.3, 15.0) == days.limits(0.0, 15.0)
    assert days.limits(3.5, 400.0) != days.limits(3.5, 365.0)  # days have no greatest value


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_indicator_is_defined_with_its_goalposts_and_weight(labels: Labels, lang: Any) -> None:
    table = definitions.definition_table(labels=labels, lang=lang)
    text = table.text
    assert len(table.columns[0].cells) == len(labels.framework.indicators)
    assert all(one.definition.in_lang(lang) in text for one in labels.framework.indicators)
    days = next(line for line in text.split("\n") if line.startswith(labels.indicator("days_to_decision", lang)))
    assert {"zh": "起点：资料齐全；终点：审批决定", "en": "Start: papers complete. End: decision"}[lang] in days
    assert "30→2" in days


def test_an_indicator_that_does_not_count_says_so(campaign: Any, labels: Labels) -> None:
    changes = campaign.change()
    own = (changes["bank"] == "icbc") & (changes["indicator"] == "rate")
    changes = changes.assign(used=changes["used"] & ~own)
    text = tables.indicator_table(changes, campaign.verdicts(), bank="icbc", labels=labels).text
    row = next(line for line in text.split("\n") if line.startswith("贷款年利率"))
    assert "越低越好，不计入综合得分\t" in row
    assert "不计入综合得分" not in text.split("过程满意度")[1].split("\n")[0]


def test_visits_are_counted_as_visits(campaign: Any, labels: Labels) -> None:
    changes = campaign.change()
    assert (changes["source"] == "visit").any()
    text = tables.indicator_table(changes, campaign.verdicts(), bank="icbc", labels=labels).text
    visited = {labels.indicator(one, "zh") for one in changes.loc[changes["source"] == "visit", "indicator"]}
    rows = [line for line in text.split("\n") if line.split(" ")[0] in visited]
    assert rows
    assert all("次\t" in line for line in rows)


def test_versions_of_stored_tables_can_be_left_to_the_scoring_page(campaign: Any, labels: Labels) -> None:
    whole = quality_tables.provenance_table(campaign.provenance(), labels=labels).text
    short = quality_tables.provenance_table(campaign.provenance(), labels=labels, stored=False).text
    assert "数据表" in whole
    assert "数据表：" not in short
    assert "各数据表的版本见评分过程" in short


def test_where_less_is_better_the_row_says_so(campaign: Any, labels: Labels) -> None:
    text = tables.indicator_table(campaign.change(), campaign.verdicts(), bank="icbc", labels=labels).text
    assert "办理环节 个环节，越低越好" in text
    assert "过程满意度 分（1—5）\t" in text


def test_target_rows_give_limit_value_and_cases(campaign: Any, labels: Labels) -> None:
    text = target_tables.target_table(campaign.targets(), bank="icbc", labels=labels).text
    assert "平均不超过8，单位：个工作日" in text
    assert "8以内（含）的比例不低于90%" in text
    assert "未发现违反情形（不等于达到）" in text
    visits = sum(one.source == "visit" for target in campaign.framework.targets for one in campaign.framework.indicators
                 if one.id == target.indicator)  # fmt: skip
    assert text.count("样本24份") == len(campaign.framework.targets) - visits
    assert text.count("走访24次") == visits > 5
    hidden = target_tables.target_table(campaign.targets(), bank="policy", labels=labels).text
    assert "没有回答 样本24份" in hidden


def test_a_target_from_too_few_firms_gives_its_reason(campaign: Any, labels: Labels) -> None:
    targets = campaign.targets().assign(n=4, value=0.123, ci_low=0.111, ci_high=0.133)
    text = target_tables.target_table(targets, bank="icbc", labels=labels).text
    kinds = {one.id: one.source for one in campaign.framework.indicators}
    firms = sum(kinds[target.indicator] == "survey" for target in campaign.framework.targets)
    assert text.count("企业太少，不列数值 样本4份") == firms
    assert "走访4次" in text


def test_findings_and_unknown_errors_are_told(campaign: Any, labels: Labels) -> None:
    targets = campaign.targets()
    own = (targets["bank"] == "icbc") & (targets["indicator"] == "visit_promise")
    targets.loc[own, "evidence"] = "violations=2;n=24;visit:ab12"
    steps = (targets["bank"] == "icbc") & (targets["indicator"] == "trips")
    targets.loc[steps, ["ci_low", "ci_high"]] = None
    text = target_tables.target_table(targets, bank="icbc", labels=labels).text
    assert "走访24次，违反2次" in text
    assert "误差无法估计 样本24" in text
    assert "ab12" not in text


def test_target_summary_counts_every_bank_and_names_those_that_fell_short(campaign: Any, labels: Labels) -> None:
    targets = campaign.targets()
    table = target_tables.target_summary(targets, labels=labels)
    first = targets[(targets["clause"] == "1.2") & (targets["indicator"] == "steps")]
    cell = table.columns[1].cells[0]
    assert isinstance(cell, Cell)
    assert sum(int(n) for n in re.findall(r"(\d+)家", cell.text)) == len(first) == 12
    short = first.loc[first["verdict"] == "not_met", "bank"]
    assert all(labels.bank(bank, "zh") in cell.below for bank in short)


def test_links_lead_from_names_to_pages(campaign: Any, labels: Labels) -> None:
    table = tables.verdict_table(campaign.verdicts(), campaign.composite(), labels=labels, links={"icbc": "zh/x.html"})
    assert [attrs["href"] for tag, attrs in Tags(table.html).tags if tag == "a"] == ["zh/x.html"]


def test_gaps_are_sorted_and_skipped_or_free_questions_are_none(campaign: Any, labels: Labels) -> None:
    missing = campaign.quality().missing
    comment = missing.iloc[[0]].assign(item="comment", blank=0.9)
    table = quality_tables.missing_table(pd.concat([missing, comment]), labels=labels)
    assert [(cell.text, cell.below) for cell in table.columns[1].cells] == [  # type: ignore[union-attr]
        ("25.0%", "拒答 1.0%\n不了解 22.0%\n未填 2.0%"),
        ("12.0%", "拒答 2.0%\n不了解 6.0%\n未填 4.0%"),
    ]
    whole = missing.assign(refused=0.0, dont_know=0.0, blank=0.0)
    assert quality_tables.missing_table(whole, labels=labels).text == "没有缺失。"


def test_quarantine_shows_each_rule_by_wave(campaign: Any, labels: Labels) -> None:
    table = quality_tables.quarantine_table(campaign.quality().quarantine, labels=labels)
    assert table.text.split("\n")[1:4] == [
        "规则\t基线\t终线",
        "答案超出题目限制 获得信贷企业满意度调查问卷\t7 3.0%\t0",
        "必填题未填 获得信贷企业满意度调查问卷\t0\t5 2.0%",
    ]
    empty = campaign.quality().quarantine.iloc[:0]
    assert quality_tables.quarantine_table(empty, labels=labels).html == "<p>没有被隔离的行。</p>"


def test_terminal_rows_for_every_bank(campaign: Any, labels: Labels) -> None:
    header, rows = tables.verdict_rows(campaign.score(), campaign.config, "zh")
    assert header == ["银行", "基线→终线", "变化（95%区间，分）", "样本", "结论"]
    assert len(rows) == 12
    assert rows[0] == [
        "云河县工商银行支行",
        "58.0→66.2",
        "+8.2 +5.2至+11.2",
        "60→57",
        "有改善，超出抽样误差，幅度达到有实际意义的标准",
    ]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_page_one_names_selection_freeze_version_and_demo(campaign: Any, lang: Any) -> None:
    said = heads.title_block("county_report", campaign.head(), lang=lang)
    wanted = {
        "zh": ("方便样本", "未冻结", "虚构数据"),
        "en": ("Convenience sample", "Not frozen", "Fictional data"),
    }[lang]
    assert all(one in said.text for one in (*wanted, "5c0f3e9a1b2d4c6f", "2022"))
    assert said.meta["score_id"] == "5c0f3e9a1b2d4c6f"
    plain = heads.title_block("county_report", {**campaign.head(), "demo": False}, lang=lang)
    assert wanted[2] not in plain.text


def test_the_reason_of_an_unlocking_stands_on_page_one_as_text(campaign: Any) -> None:
    head = {**campaign.head(), "unlock_reason": "<script>权重</script>", "freeze_flag": "unlocked"}
    html = heads.title_block("county_report", head).html
    assert "理由：&lt;script&gt;权重&lt;/script&gt;" in html
