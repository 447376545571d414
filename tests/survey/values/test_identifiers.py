"""Identifiers that went through a spreadsheet: digits behind the fifteenth are gone, and so are zeros in front."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from evaltools.survey.values.identifiers import read_code, read_identifier, reader_for


def read(cells, *, is_credit_code=False):
    one = reader_for(cells, is_credit_code=is_credit_code)
    return [fault or text for text, fault in map(one, cells)]


@pytest.mark.parametrize(
    "cell", ["9.11101E+17", "9.11101e+17", "9.11101E+017", "９.１１Ｅ+17", 9.11101e17, 10**17, 0.5]
)
def test_digits_that_a_spreadsheet_has_dropped_make_no_identifier(cell):
    assert read_identifier(cell) == (None, "identifier-number")


def test_fifteen_digits_are_still_exact():
    assert read_identifier(123_456_789_012_345.0) == ("123456789012345", None)


def test_a_number_beside_padded_texts_may_have_lost_its_zeros():
    assert read(["0012", "0340", 12, "5000"]) == ["0012", "0340", "identifier-zeros", "5000"]
    assert read(["12", 12, 340.0]) == ["12", "12", "340"]  # no zeros in front anywhere


def test_one_that_is_shorter_than_nearly_all_others_is_a_fault():
    banks = [f"3135{number:08d}" for number in range(40)]
    assert read([*banks, "31350000001"]) == [*banks, "identifier-zeros"]
    counted = [str(number) for number in range(1, 200)]
    assert read(counted) == counted  # numbers that were counted up


def test_a_credit_code_of_seventeen_signs_is_too_short():
    assert read(["9141999900000001"], is_credit_code=True) == ["code-length"]


SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@given(st.from_regex(r"[0-9]{8}[0-9A-HJ-NPQRTUWXY]{9}", fullmatch=True), st.sampled_from(SIGNS))
def test_check_signs_are_those_of_stdnum(stem, sign):
    right = stem + uscc.calc_check_digit(stem)
    assert read_code(right) == (right, None)
    assert read_code(stem + sign) == ((stem + sign, None) if uscc.is_valid(stem + sign) else (None, "code-check"))
