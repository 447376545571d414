"""Dates: one order of year, month and day for a column, or a fault."""

from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.survey.dates import read_dates, read_seconds, read_times

DAY = date(2022, 10, 2)


@pytest.mark.parametrize(
    "cell",
    [
        "2022/10/2",
        "2022-10-02",
        "2022年10月2日",
        "2022 年 10 月 2 号",
        "2022.10.2",
        "２０２２／１０／２",
        DAY,
        datetime(2022, 10, 2, 8),
        44836,
        44836.0,
        "44836",
        "2022-10-02T23:59:59.123+08:00",
        "2022/10/2 8:05",
    ],
)
def test_year_first_notations_agree(cell):
    values, faults = read_dates([cell])
    assert (values[0], faults[0]) == (DAY, None)


def test_year_first_notations_may_stand_side_by_side():
    values, faults = read_dates(["2022/10/2", DAY, "2022年10月2日", 44836])
    assert values.tolist() == [DAY] * 4
    assert faults.tolist() == [None] * 4


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("2022-02-30", "date-impossible"),
        ("2022-13-01", "date-impossible"),
        ("去年", "not-a-date"),
        (True, "not-a-date"),
        (3.0, "not-a-date"),
        ("22/10/2", "not-a-date"),
        ("2022-10", "not-a-date"),
        (time(8), "not-a-date"),
        ("2022-10-02T08:00:00+99:99", "date-impossible"),
        ("0000-01-01", "date-impossible"),
        ("9999-12-31T23:59:59-12:00", "date-impossible"),
    ],
)
def test_what_is_no_date_has_a_fault(cell, fault):
    values, faults = read_dates([cell])
    assert (values[0], faults[0]) == (None, fault)


def test_day_first_is_proved_by_the_column():
    values, faults = read_dates(["3/4/2022", "25/12/2022"])
    assert values.tolist() == [date(2022, 4, 3), date(2022, 12, 25)]
    assert faults.tolist() == [None, None]


def test_month_first_is_proved_by_the_column():
    assert read_dates(["3/4/2022", "12/25/2022"])[0].tolist() == [date(2022, 3, 4), date(2022, 12, 25)]


def test_an_order_that_nothing_proves_is_a_fault():
    values, faults = read_dates(["3/4/2022", "5/6/2022", None])
    assert values.tolist() == [None] * 3
    assert faults.tolist() == ["date-order", "date-order", None]


def test_a_column_that_contradicts_itself_is_a_fault():
    assert read_dates(["25/12/2022", "12/25/2022", "3/4/2022"])[1].tolist() == ["date-mixed"] * 3


def test_dates_that_a_spreadsheet_may_have_swapped_are_faults():
    """3/4/2022 beside 25/12/2022 became a date under the other convention, so it may be the fourth of March."""
    values, faults = read_dates([date(2022, 3, 4), "25/12/2022", date(2022, 3, 20)])
    assert faults.tolist() == ["date-mixed", None, None]
    assert values.tolist() == [None, date(2022, 12, 25), date(2022, 3, 20)]


def test_a_zone_is_turned_into_beijing_time():
    values, _ = read_dates(["2022-10-01T23:30:00Z", "2022/10/2 7:30:00"], keep_time=True)
    assert values.tolist() == [datetime(2022, 10, 2, 7, 30)] * 2


def test_serial_numbers_carry_the_time_of_day():
    assert read_dates([44836.5], keep_time=True)[0][0] == datetime(2022, 10, 2, 12)


@given(st.dates(date(1955, 1, 1), date(2100, 1, 1)))
def test_every_day_survives_in_every_notation(day):
    written = [day.isoformat(), f"{day.year}/{day.month}/{day.day}", f"{day.year}年{day.month}月{day.day}日"]
    assert read_dates([*written, day])[0].tolist() == [day] * 4


@given(st.lists(st.text(max_size=20) | st.integers() | st.floats() | st.dates() | st.none(), max_size=6))
def test_a_cell_is_a_date_or_a_fault(cells):
    values, faults = read_dates(cells)
    for cell, value, fault in zip(cells, values, faults, strict=True):
        assert (cell is None) == (value is None and fault is None)
        assert value is None or fault is None


def test_times_of_the_day():
    values, faults = read_times(["8:05", time(8, 5), 0.5, "25:00", "午后", None])
    assert values.tolist() == ["08:05:00", "08:05:00", "12:00:00", None, None, None]
    assert faults.tolist() == [None, None, None, "not-a-time", "not-a-time", None]


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [
        ("137秒", 137),
        ("2分17秒", 137),
        ("1小时2分", 3720),
        (137, 137),
        ("137", 137),
        (137.5, 137.5),
        ("很久", None),
        (None, None),
        ("", None),
        (-3, None),
        (time(0, 2, 17), 137),
    ],
)
def test_durations(cell, seconds):
    assert read_seconds(cell) == seconds
