"""Choices by name or label, one or several in a cell."""

import pytest

from evaltools.survey.instrument import BilingualText, Choice
from evaltools.survey.values.choices import index_choices, missing_reason, read_choice, read_choices
from evaltools.survey.values.coerce import read_column, read_split

FIVE = [
    Choice(str(k), BilingualText(zh, en))
    for k, zh, en in ((1, "不满意", "Bad"), (2, "一般", "So so"), (5, "满意", "Good"))
]
FEES = [
    Choice(name, BilingualText(zh, en))
    for name, zh, en in (
        ("none", "没有", "No fees"), ("valuation", "评估费、登记费", "Valuation fee"), ("notary", "公证费", "Notary"),
        ("other", "其他", "Other"), ("dk", "不清楚", "Don't know"),
    )
]  # fmt: skip
NUMBERED = [Choice(str(k), BilingualText(f"第{k}项", f"Item {k}")) for k in (1, 3, 13)]


@pytest.mark.parametrize("cell", ["5", 5, 5.0, "满意", " 满意 ", "Good", "good", "５"])
def test_one_choice_by_name_or_label_in_either_language(cell):
    assert read_choice(cell, index_choices(FIVE, {})) == ("5", None, None)


def test_an_unknown_choice_is_a_fault():
    assert read_choice("马马虎虎", index_choices(FIVE, {})) == (None, "choice-unknown", None)
    assert read_choice(1.5, index_choices(FIVE, {})) == (None, "choice-unknown", None)


def test_recode_goes_first_and_may_name_a_reason():
    index = index_choices(FIVE, {"十分满意": "5", "不便说": "refused"})
    column = read_column(["十分满意", "不便说"], "select_one", choices=index)
    assert column.answers.tolist() == ["5", "refused"]
    assert column.reasons.tolist() == [None, "refused"]
    assert column.known.tolist() == ["5", None]


def test_two_choices_with_one_label_are_ambiguous():
    twins = [Choice("a", BilingualText("同", "Same")), Choice("b", BilingualText("同", "Other"))]
    index = index_choices(twins, {})
    assert read_choice("同", index) == (None, "choice-ambiguous", None)
    assert read_choice("b", index) == ("b", None, None)


def test_a_text_that_is_name_and_label_goes_by_the_kind_of_the_file():
    """Names 1..2 with the labels the other way round: only the file can say what "1" means."""
    crossed = [Choice("1", BilingualText("2", "2")), Choice("2", BilingualText("1", "1"))]
    assert read_choice("1", index_choices(crossed, {}, first="name"))[0] == "1"
    assert read_choice("1", index_choices(crossed, {}, first="label"))[0] == "2"


def test_what_was_typed_behind_a_choice_is_kept_apart():
    assert read_choice("其他〖律师费〗", index_choices(FEES, {})) == ("other", None, "律师费")


@pytest.mark.parametrize(
    ("cell", "separator", "names"),
    [
        ("评估费、登记费┋公证费", "┋", ("valuation", "notary")),
        ("公证费┋评估费、登记费", "┋", ("valuation", "notary")),
        ("valuation notary", " ", ("valuation", "notary")),
        ("Valuation fee Notary", " ", ("valuation", "notary")),
        ("公证费,其他", " ", ("notary", "other")),
        ("评估费、登记费", "┋", ("valuation",)),
        ("notary;", " ", ("notary",)),
        ("公证费┋其他〖甲┋乙〗", "┋", ("notary", "other")),
    ],
)
def test_several_choices(cell, separator, names):
    assert read_choices(cell, index_choices(FEES, {}), separator)[:2] == (names, None)


def test_typed_text_with_a_separator_inside_is_not_split():
    assert read_choices("公证费┋其他〖甲┋乙〗", index_choices(FEES, {}), "┋")[2] == "甲┋乙"


def test_one_comma_three_is_two_choices_and_never_thirteen():
    index = index_choices(NUMBERED, {})
    assert read_choices("1,3", index, " ")[:2] == (("1", "3"), None)
    assert read_choices(1.3, index, " ")[:2] == (None, "choice-number")
    assert read_choices(13, index, " ")[:2] == (("13",), None)
    assert read_choices("1,3", index_choices(FEES, {}), " ")[:2] == (None, "choice-unknown")


def test_labels_with_blanks_are_put_together_only_where_there_is_one_way():
    two_ways = [
        Choice(name, BilingualText(en, en)) for name, en in (("a", "a b"), ("c", "c"), ("d", "a"), ("e", "b c"))
    ]
    assert read_choices("a b c", index_choices(two_ways, {}), " ")[:2] == (None, "choice-ambiguous")
    assert read_choices("a b c", index_choices(two_ways, {}), ";")[:2] == (None, "choice-unknown")
    assert read_choices("c a b", index_choices(two_ways[:2], {}), " ")[:2] == (("a", "c"), None)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("Insurance, car included,Notary", (("insurance", "notary"), None)),
        ("Insurance, car included", (("insurance",), None)),
        ("Notary,Insurance, car included", (("insurance", "notary"), None)),
        ("Insurance,car included", (None, "choice-unknown")),
        ("Yes, no", (None, "choice-ambiguous")),
    ],
)
def test_a_choice_may_hold_the_separator_unless_the_text_may_be_read_in_two_ways(cell, expected):
    names = (
        ("insurance", "Insurance, car included"),
        ("notary", "Notary"),
        ("both", "Yes, no"),
        ("yes", "Yes"),
        ("no", "no"),
    )
    index = index_choices([Choice(name, BilingualText(label, label)) for name, label in names], {}, first="label")
    assert read_choices(cell, index, ",")[:2] == expected


def test_do_not_know_beside_an_answer_is_a_contradiction():
    assert missing_reason(("dk",)) == ("dont_know", None)
    assert missing_reason(("notary", "dk")) == (None, "choice-contradiction")
    column = read_column(["公证费┋不清楚", "不清楚"], "select_multiple", choices=index_choices(FEES, {}), separator="┋")
    assert column.faults.tolist() == ["choice-contradiction", None]
    assert column.reasons.tolist() == [None, "dont_know"]


def test_choices_in_columns_of_their_own():
    cells = {"notary": ["1", 0, None, "?"], "valuation": ["1.0", "0", None, 0]}
    column = read_split(cells, index_choices(FEES, {}))
    assert column.answers.tolist() == [("valuation", "notary"), (), None, None]
    assert column.reasons.tolist() == [None, None, "blank", None]
    assert column.faults.tolist() == [None, None, None, "choice-flag"]
