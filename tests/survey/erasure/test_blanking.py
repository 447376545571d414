"""Rows go out of csv and xlsx files; every other cell and every row number stays."""

import csv
import io
import re
import zipfile

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from evaltools.survey.erasure.blank_text import blank_records
from evaltools.survey.erasure.blank_workbook import blank_rows
from evaltools.survey.erasure.elsewhere import holds_any, needles

CELL = st.text(st.sampled_from('ab,;"\n\r\t云河= '), max_size=6)
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=2, max_size=6)
)


def records(data, codec):
    return list(csv.reader(io.StringIO(data.decode(codec), newline="")))


@given(TABLES, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]), st.sampled_from(["\r\n", "\n"]), st.data())
def test_a_blank_record_has_no_values_and_all_others_are_as_they_were(table, codec, end, data):
    table = [[f"h{n}" for n in range(len(table[0]))], *table]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(table)
    content = text.getvalue().encode(codec)
    gone = data.draw(st.sets(st.integers(2, len(table))))
    blanked = blank_records(content, gone)
    expected = [[""] * len(row) if number in gone else row for number, row in enumerate(table, start=1)]
    assert records(blanked, codec) == expected


def test_a_file_with_a_hint_for_spreadsheets_counts_it_as_a_line():
    assert blank_records(b"sep=;\na;b\n1;2\n3;4\n", {3}) == b"sep=;\na;b\n;\n3;4\n"


def workbook(rows, **options):
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, **options})
    sheet = book.add_worksheet("答卷")
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    book.close()
    return out.getvalue()


ROWS = [["名称", "数"], ["金穗公司", 1], ["同名", 2], ["同名", 3]]


@pytest.mark.parametrize("options", [{}, {"constant_memory": True}], ids=["shared strings", "inline strings"])
def test_cells_and_texts_of_a_row_go(options):
    blanked = blank_rows(workbook(ROWS, **options), {"答卷": {2, 3}})
    sheet = openpyxl.load_workbook(io.BytesIO(blanked))["答卷"]
    values = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert values == [["名称", "数"], [None, None], [None, None], ["同名", 3]]
    assert not holds_any(blanked, needles(["金穗公司"]))


def test_the_same_file_gives_the_same_bytes():
    content = workbook(ROWS)
    assert blank_rows(content, {"答卷": {2}}) == blank_rows(content, {"答卷": {2}})


def test_parts_with_a_prefix_and_rows_without_numbers_are_understood():
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(ROWS))) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            part = old.read(entry)
            if entry.filename.endswith(("sheet1.xml", "sharedStrings.xml")):
                part = re.sub(rb"<(/?)(?=[a-zA-Z])", rb"<\1x:", part).replace(b"xmlns=", b"xmlns:x=", 1)
                part = re.sub(rb'(<x:row) r="\d+"', rb"\1", part)
            new.writestr(entry.filename, part)
    blanked = blank_rows(out.getvalue(), {"答卷": {2}})
    assert not holds_any(blanked, needles(["金穗公司"]))
    assert holds_any(blanked, needles(["同名"]))


def test_a_row_with_a_formula_is_not_for_us_to_take_out():
    assert blank_rows(workbook([["a"], ["=1+1"]]), {"答卷": {2}}) is None


def test_an_archive_that_cannot_be_searched_counts_as_found():
    assert holds_any(b"PK\x03\x04 cut", needles(["x" * 9]))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"\0" * 60_000_000)
    assert holds_any(out.getvalue(), needles(["x" * 9]))
