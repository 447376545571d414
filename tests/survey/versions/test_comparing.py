"""A verdict for each item of two versions, by fixed rules."""

from __future__ import annotations

import pytest

from evaltools.survey.instrument import read_instrument_file
from evaltools.survey.versions.comparing import RULES, compare_versions
from evaltools.survey.versions.report import compare_named

# ruff: noqa: E501  # a form has wide rows
FORM = """
| survey |
| | type | name | label::zh | label::en | hint::zh | required | relevant | constraint | sensitivity | concept | polarity | unit |
| | select_one yes_no | applied | 12个月内申请过贷款吗？ | Did you apply in 12 months? | | yes | | | plain | credit.applied | | |
| | integer | days | 从资料齐全到放款用了多少个工作日？ | Working days? | | | ${applied} = 'yes' | . >= 0 | plain | credit.days | minus | working_days |
| | select_one five | sat | 您对办理时间的满意程度是？ | How satisfied are you with the time? | | | | | plain | credit.sat | plus | |
| | select_one sector | sector | 所属行业 | Sector | | | | | quasi | firm.sector | | |

| choices |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | yes_no | yes | 是 | Yes |
| | yes_no | no | 否 | No |
| | five | 1 | 很不满意 | Very dissatisfied |
| | five | 2 | 不满意 | Dissatisfied |
| | five | 3 | 满意 | Satisfied |
| | five | dk | 不了解 | No answer |
| | sector | farm | 农业 | Farming |
| | sector | trade | 服务业 | Services |

| settings |
| | form_title | form_id | version | default_language |
| | 调查 | firm | 1 | 中文 (zh) |
"""

FARM, TRADE = "| | sector | farm | 农业 | Farming |", "| | sector | trade | 服务业 | Services |"


def changed(tmp_path, *edits, declared=None):
    """Compare the form with itself after edits; give what changed of each item that did."""
    text = FORM
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    forms = []
    for name, content in (("old", FORM), ("new", text)):
        path = tmp_path / f"{name}.md"
        path.write_text(content, encoding="utf-8")
        forms.append(read_instrument_file(path))
    return {one.item: one for one in compare_versions(*forms, declared) if one.respects}


def test_a_form_is_the_same_as_itself(tmp_path):
    assert changed(tmp_path) == {}


@pytest.mark.parametrize(
    ("item", "edits", "respects", "verdict"),
    [
        ("days", [("从资料齐全到放款用了多少个工作日？", "从资料齐全到放款，用了多少个工作日")], None, "same"),
        ("days", [("从资料齐全到放款用了", "从资料全部齐备到放款用了")], ("wording",), "reworded"),
        ("days", [("从资料齐全到放款用了多少个工作日？", "这笔贷款一共等了几天？")], ("meaning",), "not_comparable"),
        ("applied", [("12个月内申请", "6个月内申请"), ("in 12 months", "in 6 months")], ("meaning",), "not_comparable"),
        ("sat", [("您对办理时间的满意程度是", "您对办理时间的不满意程度是")], ("meaning",), "not_comparable"),
        ("sat", [("How satisfied are you with", "How satisfied are you not with")], ("meaning",), "not_comparable"),
        ("days", [("| integer | days", "| decimal | days")], None, "same"),
        ("days", [("| integer | days", "| text | days")], ("type",), "not_comparable"),
        ("days", [("working_days |", "days |")], ("unit",), "not_comparable"),
        ("days", [("${applied} = 'yes'", "${applied} = 'no'")], ("relevance",), "not_comparable"),
        ("days", [("${applied} = 'yes'", "${applied}='yes'")], None, "same"),
        ("days", [(". >= 0 |", ". >= 1 |")], ("constraint",), "reworded"),
        ("sat", [("credit.sat | plus", "credit.sat | minus")], ("polarity",), "not_comparable"),
        ("applied", [("12 months? | | yes", "12 months? | | ")], ("required",), "same"),
        ("sat", [("the time? | |", "the time? | 凭感受选 |")], ("hint",), "reworded"),
    ],
)  # fmt: skip
def test_each_respect_has_its_verdict(tmp_path, item, edits, respects, verdict):
    found = changed(tmp_path, *edits)
    if respects is None:
        assert item not in found
    else:
        assert (found[item].respects, found[item].verdict) == (respects, verdict)


@pytest.mark.parametrize(
    ("item", "edits", "respect", "verdict", "recode"),
    [
        (
            "sat", [("| 1 | 很不满意 | Very dis", "| 3 | 很不满意 | Very dis"), ("| 3 | 满意 |", "| 1 | 满意 |")],
            "scale-reversed", "rescaled", {"1": "3", "2": "2", "3": "1"},
        ),
        (
            "sat", [("| 1 | 很不满意 | Very dissatisfied", "| 1 | 非常差 | Very bad")],
            "scale-labels", "rescaled", {"1": "1", "2": "2", "3": "3"},
        ),
        (
            "sector", [("| sector | farm |", "| sector | agri |")],
            "scale-names", "rescaled", {"farm": "agri", "trade": "trade"},
        ),
        ("sector", [("| 农业 | Farming", "| 工业 | Industry")], "scale-list", "not_comparable", None),
        ("sector", [("| | sector | trade", "| | sector | x | 工业 | Industry |\n| | sector | trade")],
         "scale-points", "not_comparable", None),
        ("sat", [("| | five | 2 | 不满意 | Dissatisfied |\n", "")], "scale-points", "not_comparable", None),
        ("sat", [("| | five | dk | 不了解 | No answer |\n", "")], "scale-missing-choices", "reworded", None),
        (
            "sector",
            [(f"{FARM}\n", ""), (TRADE, f"{TRADE}\n{FARM}")],
            "scale-order", "reworded", None,
        ),
    ],
)  # fmt: skip
def test_a_scale_is_recoded_only_where_each_point_has_its_like(tmp_path, item, edits, respect, verdict, recode):
    one = changed(tmp_path, *edits)[item]
    assert (one.respects, one.verdict, one.recode) == ((respect,), verdict, recode)


def test_a_declared_recode_brings_another_number_of_points_over(tmp_path):
    edits = [("| | five | 2 | 不满意 | Dissatisfied |\n", "")]
    declared = {"sat": {"1": "1", "2": "1", "3": "3"}}
    one = changed(tmp_path, *edits, declared=declared)["sat"]
    assert (one.respects, one.verdict, one.recode) == (("scale-declared",), "rescaled", declared["sat"])


def test_a_renamed_item_is_found_by_its_concept_and_logic_follows_it(tmp_path):
    found = changed(tmp_path, ("| applied |", "| has_applied |"), ("${applied}", "${has_applied}"))
    assert {name: one.respects for name, one in found.items()} == {"has_applied": ("name",)}
    assert found["has_applied"].before.name == "applied"


def test_added_lost_and_moved_items_are_told(tmp_path):
    line = next(line for line in FORM.splitlines() if "| sector |" in line)
    lost = changed(tmp_path, (f"{line}\n", ""))
    assert (lost["sector"].respects, lost["sector"].after) == (("removed",), None)
    more = line.replace("| sector |", "| sector_two |").replace("firm.sector", "firm.second").replace("所属", "次要")
    added = changed(tmp_path, (line, f"{line}\n{more}"))
    assert added["sector_two"].respects == ("added",)
    first = next(line for line in FORM.splitlines() if "| applied |" in line)
    moved = changed(tmp_path, (f"{line}\n", ""), (first, f"{line}\n{first}"))
    assert {name: (one.respects, one.verdict) for name, one in moved.items()} == {"sector": (("position",), "same")}


def test_every_rule_has_words_in_both_languages():
    from evaltools.errors import message

    for lang in ("zh", "en"):
        assert all(message(f"changed-{respect}", {}, lang) for respect in RULES)


def test_versions_stand_beside_each_other(tmp_path):
    folder = tmp_path / "instruments"
    folder.mkdir()
    (folder / "firm@1.md").write_text(FORM, encoding="utf-8")
    (folder / "firm.md").write_text(FORM.replace("| firm | 1 |", "| firm | 2 |"), encoding="utf-8")
    assert {one.verdict for one in compare_named("firm@1", "firm", campaign=tmp_path)} == {"same"}
    assert {one.verdict for one in compare_named(str(folder / "firm@1.md"), "firm@2", campaign=tmp_path)} == {"same"}
