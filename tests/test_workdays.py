"""The working-day calendar, against days that were announced; all of 2021 to 2023 stand in tests/realdata."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from chinese_calendar import constants
from hypothesis import given
from hypothesis import strategies as st

from evaltools.errors import UsageError
from evaltools.workdays import add_workdays, covered_days, is_workday, next_workday, workdays_between

COMPLETE = date(2022, 9, 28)
IN_RANGE = st.dates(date(2020, 1, 1), date(2025, 6, 30))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2022-09-28", True),  # a Wednesday
        ("2022-10-07", False),  # the last day of the National Day holiday
        ("2022-10-08", True),  # Saturday, made up
        ("2022-10-09", True),  # Sunday, made up
        ("2022-10-15", False),  # a Saturday
        ("2022-12-31", False),  # off by the notice of 2023
        ("2018-12-29", True),  # made up by the notice of 2019
        ("2026-01-04", True),  # Sunday, made up
    ],
)
def test_days_off_and_made_up_days(day, expected):
    assert is_workday(date.fromisoformat(day)) is expected


def test_worked_example_of_eight_days():
    """Complete on Wednesday 2022-09-28: 29, 30 Sep, 8, 9 (made up), 10, 11, 12, 13 Oct."""
    assert add_workdays(COMPLETE, 8) == date(2022, 10, 13)
    assert workdays_between(COMPLETE, date(2022, 10, 13)) == 8


def test_campaign_has_43_working_days_with_both_ends():
    assert workdays_between(COMPLETE - timedelta(days=1), date(2022, 11, 30)) == 43


@pytest.mark.parametrize(("year", "days"), [(2021, 250), (2022, 249), (2023, 249)])
def test_working_days_of_a_year(year, days):
    assert workdays_between(date(year - 1, 12, 31), date(year, 12, 31)) == days


def test_first_day_is_not_counted():
    assert workdays_between(COMPLETE, COMPLETE) == 0
    assert workdays_between(COMPLETE, date(2022, 9, 29)) == 1
    assert workdays_between(date(2022, 9, 29), COMPLETE) == -1


def test_zero_days_give_the_day_or_the_next_workday():
    assert add_workdays(COMPLETE, 0) == COMPLETE
    assert next_workday(date(2022, 10, 1)) == date(2022, 10, 8)


def test_one_day_after_a_day_off_is_the_next_workday():
    assert add_workdays(date(2022, 10, 1), 1) == date(2022, 10, 8)


def test_columns_with_missing_days():
    column = pd.Series(pd.to_datetime(["2022-09-28 17:30", None, "2022-10-01 00:00"]))
    assert is_workday(column).tolist() == [True, False, False]
    due = add_workdays(column, [8, 8, 1])
    assert due.dtype == "datetime64[D]"
    assert due.astype(str).tolist() == ["2022-10-13", "NaT", "2022-10-08"]
    counted = workdays_between(column, date(2022, 10, 13))
    np.testing.assert_array_equal(counted, [8.0, np.nan, 6.0])


@pytest.mark.parametrize(
    "column",
    [
        [date(2022, 10, 8), None],
        [datetime(2022, 10, 8, 23, 59), pd.NaT],
        ["2022-10-08", None],
        pd.Series(["2022-10-08", None], dtype="str"),
        pd.Series([date(2022, 10, 8), pd.NA], dtype=object),
        np.array(["2022-10-08", "NaT"], dtype="datetime64[s]"),
    ],
)
def test_columns_of_every_make(column):
    assert is_workday(column).tolist() == [True, False]


def test_empty_columns():
    assert is_workday([]).shape == (0,)
    assert add_workdays([], 3).shape == (0,)
    assert workdays_between([], date(2022, 1, 1)).shape == (0,)


def test_days_off_of_the_campaign():
    closure = (date(2022, 10, 10), date(2022, 10, 11))
    assert not is_workday(closure[0], days_off=closure)
    assert add_workdays(COMPLETE, 8, days_off=closure) == date(2022, 10, 17)
    assert workdays_between(COMPLETE, date(2022, 10, 13), days_off=closure) == 6


@pytest.mark.parametrize("day", [date(2003, 12, 31), covered_days()[1] + timedelta(days=1), date(2100, 1, 1)])
def test_outside_the_calendar_names_the_range(day):
    with pytest.raises(UsageError, match=r"workdays-range: .* covers 2004-01-01 to \d{4}-12-24"):
        is_workday(day)


def test_last_week_of_the_calendar_is_not_known_yet():
    """The notice of the next year may still make a day of it up, as it did of 2018-12-29."""
    last = covered_days()[1]
    assert last.year == max(constants.holidays).year
    assert isinstance(is_workday(last), bool)
    with pytest.raises(UsageError, match="workdays-range"):
        is_workday(date(last.year, 12, 25))


def test_period_that_ends_outside_the_calendar():
    with pytest.raises(UsageError, match=r"workdays-range: .*100000 working days"):
        add_workdays([COMPLETE], 100_000)


@pytest.mark.parametrize("value", ["28.09.2022", datetime(2022, 9, 28, tzinfo=UTC), 44832])
def test_what_is_not_a_day(value):
    with pytest.raises(UsageError, match="workdays-date"):
        is_workday([value])


@pytest.mark.parametrize("n", [-1, 1.5, [3, -2]])
def test_number_of_days_must_be_whole_and_not_negative(n):
    with pytest.raises(UsageError, match="workdays-negative"):
        add_workdays([COMPLETE], n)


def test_single_missing_date():
    with pytest.raises(UsageError, match="workdays-missing"):
        add_workdays(np.datetime64("NaT"), 1)


@given(start=IN_RANGE, n=st.integers(1, 200))
def test_counting_undoes_adding(start, n):
    due = add_workdays(start, n)
    assert workdays_between(start, due) == n
    assert is_workday(due)


@given(st.tuples(IN_RANGE, IN_RANGE))
def test_counts_equal_a_walk_over_the_days(ends):
    first, last = sorted(ends)
    walked = sum(is_workday(first + timedelta(days=step)) for step in range(1, (last - first).days + 1))
    assert workdays_between(first, last) == walked
