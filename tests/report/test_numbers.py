"""Numbers as readers see them: rounding half up, true minus, shares against percentage points, reasons for gaps."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.report import numbers


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.125, 2, "0.13"),
        (2.5, 0, "3"),
        (-2.5, 0, "−3"),
        (-0.04, 1, "0.0"),
        (1.005, 2, "1.01"),
        (1e-9, 1, "0.0"),
        (7, 1, "7.0"),
    ],
)
def test_rounds_half_up_on_the_decimal_form(value: float, decimals: int, text: str) -> None:
    assert numbers.number(value, decimals) == text


@pytest.mark.parametrize(
    ("value", "text"), [(3.14, "+3.1"), (-3.15, "−3.2"), (0.04, "0.0"), (-0.04, "0.0"), (0, "0.0")]
)
def test_sign_stands_in_front_unless_the_rounded_value_is_zero(value: float, text: str) -> None:
    assert numbers.signed(value) == text


@given(st.floats(-1e6, 1e6))
def test_sign_and_direction_agree_with_what_is_written(value: float) -> None:
    text = numbers.signed(value)
    sign = {"+": 1, numbers.MINUS: -1}.get(text[0], 0)
    assert sign == numbers.direction(value)
    assert "-" not in text


@given(st.floats(-1e9, 1e9), st.integers(0, 3))
def test_written_number_is_within_half_a_unit(value: float, decimals: int) -> None:
    back = float(numbers.number(value, decimals).replace(numbers.MINUS, "-"))
    assert abs(back - value) <= 0.5 * 10**-decimals * (1 + 1e-9) + 1e-6


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), "text"])
def test_what_is_missing_becomes_the_reason(value: object) -> None:
    reason = "样本不足"
    for write in (numbers.number, numbers.signed, numbers.share, numbers.count, numbers.p_value, numbers.score):
        assert write(value, missing=reason) == reason
    assert numbers.short_interval(value, 1, lang="zh") == ""
    assert numbers.direction(value) == 0


def test_share_is_a_percentage() -> None:
    assert numbers.share(0.4567) == "45.7%"
    assert numbers.share(-0.005, 0) == "−1%"


@pytest.mark.parametrize(
    ("p", "text"), [(0.0321, "p=0.03"), (0.0049, "p=0.005"), (0.00049, "p<0.001"), (1.0, "p=1.00")]
)
def test_p_values(p: float, text: str) -> None:
    assert numbers.p_value(p) == text


def test_an_interval_has_its_signs_where_it_is_one_of_a_change() -> None:
    assert numbers.short_interval(-1.2, 7, lang="zh", signs=True) == "−1.2至+7.0"


def test_thousands_commas_only_where_asked() -> None:
    assert numbers.count(1234567) == "1234567"
    assert numbers.count(1234567, grouped=True) == "1,234,567"


def test_scores_are_cut_at_the_ends_for_display() -> None:
    assert (numbers.score(104.2), numbers.score(-3.0), numbers.score(50.04)) == ("100.0", "0.0", "50.0")


def test_constants_lose_their_zeros() -> None:
    assert (numbers.trimmed(3.0), numbers.trimmed(0.25), numbers.trimmed(10)) == ("3", "0.25", "10")


@pytest.mark.parametrize("value", [date(2022, 9, 28), datetime(2022, 9, 28, 8, 5), "2022-09-28"])
def test_dates(value: object) -> None:
    assert numbers.day(value, lang="zh") == "2022年9月28日"
    assert numbers.day(value, lang="en") == "28 September 2022"


def test_names_are_joined_as_the_language_does() -> None:
    assert numbers.join(["甲", "乙", "丙"], lang="zh") == "甲、乙、丙"
    assert numbers.join(["A, B", "C"], lang="en") == "A, B; C"
    assert [numbers.join(list("ABC")[:n], lang="en") for n in range(4)] == ["", "A", "A and B", "A, B and C"]
