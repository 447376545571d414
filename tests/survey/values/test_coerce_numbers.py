"""Numbers, texts and missing marks: read whole, or a fault with its code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.survey.values.coerce import read_column, read_list, read_text
from evaltools.survey.values.numbers import read_decimal, read_integer


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (7, 7),
        (7.0, 7),
        ("7", 7),
        (" 7 ", 7),
        ("７", 7),
        ("－７", -7),
        ("−7", -7),
        ("7.0", 7),
        ("0", 0),
        (0, 0),
        ("1e3", 1000),
        ("1,234,567", 1_234_567),
    ],
)
def test_whole_numbers(cell, value):
    assert read_integer(cell) == (value, None)


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("15天", "number-unit"),
        ("约15", "number-approximate"),
        ("5%", "number-unit"),
        ("3.5", "not-whole"),
        (3.5, "not-whole"),
        ("1,234", "number-comma"),
        ("1,3", "number-comma"),
        ("1.2.3", "number-comma"),
        ("3-5", "number-range"),
        ("5²", "number-unit"),
        ("①", "not-a-number"),
        ("好几个", "not-a-number"),
        (True, "not-a-number"),
        ("inf", "not-a-number"),
        (float("inf"), "not-a-number"),
        ("9" * 30, "number-size"),
        (2**60, "number-size"),
        ("一", "not-a-number"),
        ("٣", "not-a-number"),
    ],
)
def test_what_is_no_whole_number_has_a_fault(cell, fault):
    assert read_integer(cell) == (None, fault)


@pytest.mark.parametrize(
    ("cell", "value"), [("4.35", 4.35), ("４．３５", 4.35), ("1,234.5", 1234.5), (5, 5.0), (".5", 0.5)]
)
def test_decimals(cell, value):
    assert read_decimal(cell) == (value, None)


def test_a_decimal_with_a_unit_is_a_fault():
    assert read_decimal("4.35%") == (None, "number-unit")


@given(st.integers(-(2**53), 2**53))
def test_every_whole_number_survives_as_text_and_as_number(number):
    assert read_integer(str(number)) == read_integer(number) == (number, None)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_decimal_survives_as_its_shortest_text(number):
    assert read_decimal(repr(number)) == (number, None)


@given(st.text(max_size=30) | st.integers() | st.floats() | st.booleans())
def test_a_number_is_read_or_a_fault_never_both_never_neither(cell):
    value, fault = read_decimal(cell)
    assert (value is None) != (fault is None)


def test_text_keeps_what_it_says_without_controls():
    assert read_text("  =1+1\u202e\x00 ") == ("=1+1", None)
    assert read_text(911.0) == ("911", None)
    assert read_text("NA") == ("NA", None)


def test_na_none_null_are_answers_and_blank_is_not():
    column = read_column(["NA", "None", "null", "nan", "", "  ", None], "text")
    assert column.answers.tolist() == ["NA", "None", "null", "nan", None, None, None]
    assert column.reasons.tolist() == [None] * 4 + ["blank"] * 3


def test_marks_of_the_tool_are_reasons_and_zero_is_an_answer():
    column = read_column(["(空)", "（跳过）", "0", 0], "integer", marks={"(空)": "blank", "(跳过)": "skipped_by_logic"})
    assert column.answers.tolist() == [None, None, 0, 0]
    assert column.reasons.tolist() == ["blank", "skipped_by_logic", None, None]


def test_equal_cells_of_other_types_are_read_apart():
    column = read_column([1, 1.0, True, "1"], "integer")
    assert column.answers.tolist() == [1, 1, None, 1]
    assert column.faults.tolist() == [None, None, "not-a-number", None]


def test_recode_replaces_a_text_or_makes_it_a_reason():
    column = read_column(
        ["十五", "不便透露", "略", "15"], "integer", recode={"十五": "15", "不便透露": "refused", "略": ""}
    )
    assert column.answers.tolist() == [15, None, None, 15]
    assert column.reasons.tolist() == [None, "refused", "blank", None]


def test_a_list_that_the_form_does_not_have_is_split():
    assert read_list("甲┋乙┋甲", "┋") == (("甲", "乙"), None)


def test_blank_means_neither_answer_nor_fault():
    column = read_column([None, "x", "3"], "integer")
    assert column.is_blank.tolist() == [True, False, False]
