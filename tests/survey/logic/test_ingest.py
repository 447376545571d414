"""What a form's logic does on the way from a raw file into the store."""

from __future__ import annotations

import pytest

from evaltools.errors import CampaignError
from evaltools.survey.findings import list_findings
from evaltools.survey.instrument import read_instrument_file

FORM = """
| survey |
| | type | name | label | required | relevant | choice_filter | calculation | sensitivity | role |
| | select_one_from_file banks.csv | bank | 银行 | yes | | region = ${county} | | plain | bank |
| | text | firm_name | 企业名称 | | | | | direct | enterprise |
| | text | remark | 备注 | | | | | text | |
| | select_one county | county | 县 | | | | | plain | |
| | select_one town | town | 镇 | ${county} != '' | | county = ${county} | | plain | |
| | integer | days | 天数 | | | | | plain | |
| | calculate | late | | | | | if(${days} > 8, 'late', 'in time') | | |
| | calculate | twice | | | | | ${days} * 2 | | |
| | calculate | greeting | | | | | concat(${firm_name}, '您好') | | |
| | calculate | echo | | | | | normalize-space(${remark}) | | |
| | calculate | named | | | | | if(${firm_name} != '', 'yes', 'no') | plain | |
| | calculate | lottery | | | | | once(random()) | | |

| choices |
| | list_name | name | label | county |
| | county | east | 东县 | |
| | county | west | 西县 | |
| | town | a | 甲镇 | east |
| | town | b | 乙镇 | west |
"""
HEADER = ["bank", "firm_name", "remark", "county", "town", "days", "twice", "lottery"]


@pytest.fixture
def filled(campaign):
    campaign.form(FORM)

    def write(*rows, header=HEADER):
        campaign.raw("baseline/a.csv", rows, header=header)
        return campaign.ingest()

    return write


ROWS = (
    ["jia", "云河县青禾商贸演示有限公司", "很好  谢谢", "east", "a", 9, "18", "0.5"],
    ["jia", "", "", "east", "b", 3, "6", ""],
    ["na", "", "", "west", "", 3, "6", ""],
    ["na", "云河县绿野商贸演示有限公司", "", "west", "b", 3, "7", ""],
)


def test_rows_that_break_a_filter_or_lack_what_is_required_under_a_condition_wait(filled, campaign):
    result = filled(*ROWS)
    assert (result.files[0].n_accepted, result.files[0].n_quarantined) == (2, 2)
    held = campaign.read("quarantine").sort_values("row").fillna("").to_dict("records")
    assert [(one["row"], one["column"], one["rule"], one["reason"], one["scope"], one["value"]) for one in held] == [
        (3, "town", "choice_filter", "choice-filtered", "row", "b"),
        (4, "town", "required", "required", "row", ""),
        (5, "twice", "calculation", "calculation-differs", "cell", "7"),
    ]
    assert held[0]["mend"].startswith("按问卷的选项筛选")
    assert list_findings(campaign.store)[["rule", "severity"]].values.tolist() == [
        ["choice-filtered", "row_lost"],
        ["required", "row_lost"],
        ["calculation-differs", "none"],
    ]


def test_calculations_are_kept_where_they_were_exported_and_computed_where_not(filled, campaign):
    filled(*ROWS)
    answers = campaign.read("answers_firm_survey").sort_values("days")
    assert answers["twice"].tolist() == ["7", "18"]
    assert answers["late"].tolist() == ["in time", "late"]
    assert answers["named"].tolist() == ["yes", "yes"]  # the form's author has classed it


def test_what_is_computed_from_an_identifier_is_one(filled, campaign):
    form = read_instrument_file(campaign.folder / "instruments/firm_survey.md")
    classes = {question.name: question.sensitivity for question in form.questions if question.type == "calculate"}
    assert classes == {
        "late": "plain", "twice": "plain", "greeting": "direct", "echo": "text", "named": "plain", "lottery": "plain",
    }  # fmt: skip
    filled(*ROWS)
    assert {"greeting", "echo"}.isdisjoint(campaign.read("answers_firm_survey").columns)
    texts = campaign.read("texts")
    assert texts[texts["item"] == "echo"]["text"].tolist() == ["很好 谢谢"]
    for path in (campaign.folder / "store").rglob("*.parquet"):
        assert "青禾".encode() not in path.read_bytes()


def test_what_is_computed_does_not_tell_copies_apart(filled, campaign):
    """The same rows are the same, whatever is computed from them here."""
    filled(*ROWS)
    first = campaign.read("responses")["content_sha"].tolist()
    campaign.form(FORM.replace("${days} > 8", "${days} > 9"))
    assert filled(*ROWS).new_rows == 0
    assert campaign.read("answers_firm_survey")["late"].tolist() == ["in time", "in time"]
    assert campaign.read("responses")["content_sha"].tolist() == first
    assert None not in first


def test_what_is_not_checked_is_said(filled):
    notices = filled(*ROWS).notices("zh")
    assert [line for line in notices if "工作表survey" in line] == [
        "工作表survey第2行：choice_filter“region = ${county}”没有检查，因为表单本身没有该题的选项。",
        "工作表survey第13行题目“lottery”：不重算，保留导出的值。原因：工作表survey第13行：表达式“once(random())”中的函数"
        "random每次结果不同，无法在数据表上重算。请改用已导出的题目，或去掉该表达式。",
    ]


def test_a_rule_that_cannot_be_computed_stops_the_ingest_and_is_named(campaign, filled):
    campaign.form(FORM.replace("| ${county} != '' |", "| pulldata('f', 'x', 'y', ${county}) |"))
    with pytest.raises(CampaignError, match="logic-file: sheet survey, row 6: the function pulldata") as caught:
        filled(*ROWS)
    assert caught.value.exit_code == 3
