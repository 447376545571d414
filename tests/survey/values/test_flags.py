"""What a cell in the column of one choice says; a choice worded like a yes or a no says it by its neighbours."""

import pytest

from evaltools.survey.instrument import BilingualText, Choice
from evaltools.survey.values.choices import index_choices
from evaltools.survey.values.coerce import read_split
from evaltools.survey.values.flags import Flag, read_flag, style_of


def index_of(**labels):
    return index_choices(
        [Choice(name, BilingualText(zh, zh)) for name, zh in labels.items()], {v: k for k, v in labels.items()}
    )


FEES = index_of(valuation="评估费", other="其他")


@pytest.mark.parametrize(
    ("cell", "flag"),
    [
        (1, (True, False, None)),
        (True, (True, False, None)),
        ("√", (True, False, None)),
        ("0.0", (False, False, None)),
        ("未选", (False, False, None)),
        ("其他", (None, True, None)),
        ("其他〖律师费〗", (None, True, "律师费")),
        ("1〖律师费〗", (True, False, "律师费")),
        ("评估费", (None, False, None)),
        ("0〖律师费〗", (None, False, None)),
        (2, (None, False, None)),
    ],
)
def test_a_cell_is_a_yes_a_no_or_the_choice(cell, flag):
    assert read_flag(cell, "other", FEES) == flag


def test_a_choice_may_be_worded_like_a_no():
    assert read_flag("否", "no", index_of(yes="是", no="否")) == (False, True, None)
    assert read_flag("0", "none", index_of(none="0", one="1")) == (False, True, None)
    assert read_flag(1.0, "one", index_of(none="0", one="1.0")) == (True, True, None)


def test_the_style_of_a_question_is_told_by_cells_that_can_mean_one_thing():
    yes, own, both = Flag(True, False), Flag(None, True), Flag(False, True)
    assert style_of([yes, both]) == "flags"
    assert style_of([own, both]) == "wordings"
    assert style_of([yes, own]) == style_of([both]) == style_of([]) == ""


@pytest.mark.parametrize(
    ("columns", "answers", "faults"),
    [
        # 0 and 1 in the column of another choice: 0 is a no
        ({"none": ["0", "1"], "few": ["1", "0"]}, [("few",), ("none",)], [None, None]),
        # the other choice in its own words: 0 is the choice
        ({"none": ["0", None], "few": [None, "1-2次"]}, [("none",), ("few",)], [None, None]),
        # nothing else to tell by
        ({"none": ["0", None], "few": [None, None]}, [None, None], ["choice-flag", None]),
        # both ways in one question
        ({"none": ["0", "0"], "few": ["1", "1-2次"]}, [None, None], ["choice-flag", "choice-flag"]),
    ],
)
def test_a_choice_that_is_worded_0(columns, answers, faults):
    column = read_split(columns, index_of(none="0", few="1-2次"))
    assert column.answers.tolist() == answers
    assert column.faults.tolist() == faults


def test_a_reason_that_any_column_gives_goes_before_blanks():
    column = read_split({"valuation": [None], "other": ["(跳过)"]}, FEES, marks={"(跳过)": "skipped_by_logic"})
    assert column.reasons.tolist() == ["skipped_by_logic"]
