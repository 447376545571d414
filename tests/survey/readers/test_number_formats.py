"""What a cell's format says and its number does not: a percentage, and the year that days are counted from."""

from __future__ import annotations

import io
import struct

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from evaltools.survey.readers.model import Limits
from evaltools.survey.readers.number_formats import is_share, share_text
from evaltools.survey.readers.workbook import open_workbook

from .conftest import compound, grid_rows, record


def grid_of(data, kind):
    with open_workbook(data, kind, sheet=None, file="f", limits=Limits()) as book:
        return book.first


@pytest.mark.parametrize("code", ["0%", "0.00%", "0.0%;[Red]-0.0%", '0.00"约"%'])
def test_a_percentage_is_read_as_it_is_shown(code):
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["a", "b", "c"])
    share = book.add_format({"num_format": code})
    for row, value in enumerate((0.0435, 0.05, 1, 12.5), start=1):
        sheet.write_number(row, 1, value, share)
        sheet.write_number(row, 2, value)
    book.close()
    grid = grid_of(out.getvalue(), "xlsx")
    assert [row[-2:] for row in grid_rows(grid)[1:]] == [["4.35%", 0.0435], ["5%", 0.05], ["100%", 1], ["1250%", 12.5]]


@pytest.mark.parametrize(("code", "share"), [('0.0"%"', False), (r"0.0\%", False), ("0.0", False), ("[>1]0%", True)])
def test_a_quoted_sign_shows_no_percentage(code, share):
    assert is_share(code) == share


@given(st.floats(-1e6, 1e6, allow_nan=False))
def test_no_digit_of_a_percentage_is_lost(value):
    assert float(share_text(value).removesuffix("%")) == pytest.approx(value * 100, rel=1e-15)


def test_an_old_workbook_has_percentages_and_its_own_calendar():
    """Two styles, the second with a format of the workbook's own; a number, a packed number, several packed ones."""

    def style(number):
        return record(0x00E0, struct.pack("<HH", 0, number) + bytes(16))

    head = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0)) + record(0x0042, struct.pack("<H", 1200))
    head += (
        record(0x0022, b"\x01\0") + record(0x041E, struct.pack("<HHB", 164, 5, 0) + b"0.00%") + style(0) + style(164)
    )
    packed = struct.pack("<Hi", 1, (5 << 2) | 3)  # 5 as a whole number, to be divided by 100
    sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    sheet += record(0x0203, struct.pack("<HHHd", 0, 0, 0, 43370.0)) + record(
        0x0203, struct.pack("<HHHd", 0, 1, 1, 0.0435)
    )
    sheet += record(
        0x00BD, struct.pack("<HH", 1, 0) + struct.pack("<Hi", 0, (7 << 2) | 2) + packed + struct.pack("<H", 1)
    )
    sheet += record(0x000A)
    name = struct.pack("<BB", 1, 0) + b"S"
    offset = len(head) + len(record(0x0085, bytes(6) + name)) + len(record(0x000A))
    stream = head + record(0x0085, struct.pack("<IBB", offset, 0, 0) + name) + record(0x000A) + sheet
    grid = grid_of(compound({"Workbook": stream}), "xls")
    assert (grid_rows(grid), grid.epoch) == ([[43370, "4.35%"], [7, "5%"]], 1904)


@pytest.mark.parametrize("date_1904", [False, True])
def test_a_workbook_says_from_which_year_it_counts(date_1904):
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"date_1904": date_1904})
    book.add_worksheet().write_row(0, 0, ["a", 1])
    book.close()
    assert grid_of(out.getvalue(), "xlsx").epoch == (1904 if date_1904 else 1900)
