"""Dates: one order of year, month and day for a column, or a fault."""

from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.survey.readers.cells import code_cells
from evaltools.survey.values.coerce import Written, read_column
from evaltools.survey.values.dates import read_dates, read_seconds, read_times
from evaltools.survey.values.numbers import Asked
from evaltools.survey.values.units import UNITS

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
        "20221002",
        20221002,
        "2022年10月2",
        "2022年10月2日8时5分",
        "二〇二二年十月二日",
        "2022/10/2 下午 8:05:03",
        "Oct 2, 2022 10:11:12 AM",
        "2-Oct-2022",
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
        ("去年", "date-vague"),
        (True, "not-a-date"),
        (3.0, "not-a-date"),
        ("22/10/2", "date-short-year"),
        ("22.9.28", "date-short-year"),
        ("22年9月28日", "date-short-year"),
        ("28-Sep-22", "date-short-year"),
        ("9月28日", "date-no-year"),
        ("9.28", "date-no-year"),
        ("2022-10", "date-vague"),
        ("2022年9月", "date-vague"),
        ("9月底前", "date-vague"),
        ("2022年9月28日前", "date-vague"),
        ("上旬", "date-vague"),
        ("年底前", "date-vague"),
        ("立即", "date-vague"),
        ("长期坚持", "date-vague"),
        ("马马虎虎", "not-a-date"),
        ("12022-10-02", "not-a-date"),
        ("20221301", "date-impossible"),
        ("2022/10/2 13:05 PM", "date-impossible"),
        ("0022-10-02", "date-year"),
        ("2202-10-02", "date-year"),
        (datetime(9999, 1, 1), "date-year"),
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


def test_an_order_that_the_campaign_file_gives_settles_what_nothing_proves():
    assert read_dates(["3/4/2022", "5/6/2022"], order="dmy")[0].tolist() == [date(2022, 4, 3), date(2022, 6, 5)]
    assert read_dates(["3/4/2022"], order="mdy")[0].tolist() == [date(2022, 3, 4)]
    assert read_dates(["13/4/2022"], order="mdy")[1].tolist() == ["date-impossible"]


def test_cells_that_no_row_holds_prove_nothing():
    """A coded column may still know its header and the rows that were left out of it."""
    cells = code_cells(["13/4/2022", "3/4/2022", "1,234,567", "1,234", 4.35, 0.0435])
    assert read_column(cells.rows(1, 2), "date").faults.tolist() == ["date-order"]
    assert read_column(cells.rows(3, 4), "integer").faults.tolist() == ["number-comma"]
    shares = read_column(cells.rows(5), "decimal", written=Written(Asked(UNITS["percent"])))
    assert (shares.answers.tolist(), shares.note) == ([0.0435], "note-percent-small")


def test_bare_numbers_count_from_the_year_that_the_workbook_counts_from():
    values, faults = read_dates([43374, "43374", date(2022, 10, 2), "2022-10-02"], epoch=1904)
    assert values.tolist() == [DAY, None, DAY, DAY]
    assert faults.tolist() == [None, "date-serial", None, None]


@given(st.dates(date(1955, 1, 1), date(2100, 1, 1)), st.sampled_from([1900, 1904]))
def test_a_serial_number_is_its_day_in_either_calendar(day, epoch):
    first = date(1899, 12, 30) if epoch == 1900 else date(1904, 1, 1)
    assert read_dates([(day - first).days], epoch=epoch)[0][0] == day


@given(st.text("0123456789年月日号/.-前底初上中下旬 :", max_size=14))
def test_what_is_read_as_a_day_names_its_year_month_and_day(text):
    value = read_dates([text or None])[0][0]
    if value is not None:
        digits = "".join(sign for sign in text if sign.isdigit())
        assert str(value.year) in text or len(digits) == 5
        assert not set(text) & set("前底初上中下旬")


def test_serial_numbers_carry_the_time_of_day():
    assert read_dates([44836.5], keep_time=True)[0][0] == datetime(2022, 10, 2, 12)


@given(st.dates(date(1955, 1, 1), date(2100, 1, 1)))
def test_every_day_survives_in_every_notation(day):
    numbers = (day.year, day.month, day.day)
    written = [template.format(*numbers) for template in ("{}-{:02}-{:02}", "{}/{}/{}", "{}年{}月{}日", "{}.{}.{}")]
    written += [day.strftime("%Y%m%d"), int(day.strftime("%Y%m%d")), day.strftime("%b %d, %Y"), day]
    assert read_dates(written)[0].tolist() == [day] * 8


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
