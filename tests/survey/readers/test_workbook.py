"""xlsx, xls and ods: true rows, true row numbers, nothing lost between the library and us."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.errors import FileRefusedError
from evaltools.survey.readers import sheet_scan
from evaltools.survey.readers.model import Limits
from evaltools.survey.readers.workbook import open_workbook

from .conftest import compound, grid_rows, rezip, rows_of, xls, xlsx

SHEET = "xl/worksheets/sheet1.xml"
HEAD = ["a", "b"]


def grid_of(data, kind="xlsx", *, sheet=None, limits=None):
    with open_workbook(data, kind, sheet=sheet, file="f.xlsx", limits=limits or Limits()) as book:
        others = [name for name in book.sheets if name != book.first.sheet]
        return book.first, (*others, *book.unread)


def change_sheet(data, *changes, part=SHEET):
    def apply(content):
        for old, new in changes:
            assert old in content
            content = content.replace(old, new)
        return content

    return rezip(data, {part: apply})


def test_cells_come_as_they_stand():
    rows = [
        ["text", "number", "day", "flag"],
        ["NA", 5, date(2022, 10, 1), True],
        ["None", 1.5, datetime(2022, 10, 1, 8, 5, 3), False],
        ["nan", 911101000000000001, date(2022, 12, 31), None],
        [" ", -3, None, None],
        ["0012", 0, None, None],
        ["=1+1", 999_999_999_999_999, None, None],
    ]
    grid, _ = grid_of(xlsx({"S": rows}))
    assert grid.numbers == [1, 2, 3, 4, 5, 6, 7]
    assert grid_rows(grid)[1:3] == rows[1:3]
    assert [type(cell) for cell in grid_rows(grid)[1]] == [str, int, date, bool]
    assert [row[0] for row in grid_rows(grid)] == [row[0] for row in rows]
    identifier = grid_rows(grid)[3][1]
    assert isinstance(identifier, float)
    assert identifier >= 1e15
    assert [type(row[1]) for row in grid_rows(grid)[4:]] == [int, int, int]


@pytest.mark.parametrize("date_1904", [False, True])
def test_dates_agree_in_both_calendars(date_1904):
    rows = [["day"], [date(2022, 10, 1)], [date(2022, 11, 30)]]
    grid, _ = grid_of(xlsx({"S": rows}, options={"date_1904": date_1904}))
    assert grid_rows(grid)[1:] == [[date(2022, 10, 1)], [date(2022, 11, 30)]]


def test_times_and_durations():
    data = xlsx({"S": [["t", "d"], [0.5, 1.25]]})
    styles = b'<cellXfs count="1">'
    two = b'<cellXfs count="3"><xf numFmtId="20" applyNumberFormat="1"/><xf numFmtId="46" applyNumberFormat="1"/>'
    data = change_sheet(data, (styles, two), part="xl/styles.xml")
    data = change_sheet(data, (b'<c r="A2">', b'<c r="A2" s="0">'), (b'<c r="B2">', b'<c r="B2" s="1">'))
    assert grid_rows(grid_of(data)[0])[1] == [time(12, 0), "30:00:00"]


def test_row_numbers_are_those_of_the_sheet():
    grid, _ = grid_of(xlsx({"S": [[], [], HEAD, ["x", 1], [], [None, None], ["y", 2]]}))
    assert grid.numbers == [3, 4, 7]


def test_errors_stay_visible():
    """The library gives #N/A as a blank, which would pass for an answer left out."""
    data = xlsx({"S": [HEAD, ["x", 1], ["y", 2], ["z", 3]]})
    data = change_sheet(
        data,
        (b'<c r="B2"><v>1</v>', b'<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v>'),
        (b'<c r="B4"><v>3</v>', b'<c r="B4" t="e"><v>#N/A</v>'),
    )
    assert [row[1] for row in grid_rows(grid_of(data)[0])] == ["b", "#DIV/0!", 2, "#N/A"]


@pytest.mark.parametrize("reference", [b"A1", b"A1:XFD1048576", b"C9:D10"])
def test_wrong_dimension_changes_nothing(reference):
    data = change_sheet(
        xlsx({"S": [HEAD, ["x", 1]]}), (b'<dimension ref="A1:B2"/>', b'<dimension ref="%s"/>' % reference)
    )
    assert grid_rows(grid_of(data)[0]) == [HEAD, ["x", 1]]


def test_phantom_rows_and_columns_are_not_rows():
    blanks = b"".join(
        b'<row r="%d" s="1" customFormat="1"><c r="A%d" s="0"/><c r="XFD%d" s="0"/></row>' % (n, n, n)
        for n in range(3, 20_001)
    )
    data = change_sheet(xlsx({"S": [HEAD, ["x", 1]]}), (b"</row></sheetData>", b"</row>" + blanks + b"</sheetData>"))
    grid, _ = grid_of(data)
    assert (grid_rows(grid), grid.n_counted) == ([HEAD, ["x", 1]], 2)


def test_empty_strings_are_blanks():
    data = xlsx({"S": [HEAD, ["x", 1], ["", None], ["y", 2]]})
    grid, _ = grid_of(data)
    assert grid.numbers == [1, 2, 4]
    inline = change_sheet(
        data, (b'<c r="A2" t="s"><v>2</v></c>', b'<c r="A2" t="inlineStr"><is><t>in line</t></is></c>')
    )
    assert grid_rows(grid_of(inline)[0])[1] == ["in line", 1]


def test_prefixed_elements_are_counted_too():
    """Some writers put a namespace prefix before every element."""

    def prefix(content):
        content = content.replace(b"<", b"<x:").replace(b"<x:/", b"</x:").replace(b"<x:?", b"<?")
        return content.replace(b"xmlns=", b"xmlns:x=")

    data = rezip(xlsx({"S": [HEAD, ["x", 1], ["", None]]}), {SHEET: prefix, "xl/sharedStrings.xml": prefix})
    assert grid_rows(grid_of(data)[0]) == [HEAD, ["x", 1]]


def test_first_visible_sheet_with_values_is_read_and_the_others_are_named():
    sheets = {"空表": [], "隐藏": [["h"], ["1"]], "数据": [HEAD, ["x", 1]], "说明": [["n"]]}
    data = xlsx(sheets, hidden=["隐藏"])
    grid, skipped = grid_of(data)
    assert (grid.sheet, skipped) == ("数据", ("空表", "说明", "隐藏"))
    assert grid_rows(grid_of(data, sheet="隐藏")[0]) == [["h"], ["1"]]


def far_cell(reference, row):
    return change_sheet(
        xlsx({"S": [HEAD, ["x", 1]]}),
        (b"</sheetData>", b'<row r="%d"><c r="%s"><v>1</v></c></row></sheetData>' % (row, reference)),
    )


def rows_without_end():
    return change_sheet(xlsx({"S": [HEAD]}), (b"</sheetData>", b"<row/>" * 1_048_577 + b"</sheetData>"))


REFUSED = {
    "doctype-strings": (
        lambda: change_sheet(
            xlsx({"S": [HEAD]}),
            (b"<sst", b'<!DOCTYPE sst [<!ENTITY a "x">]><sst'),
            part="xl/sharedStrings.xml",
        ),
        r"xml-doctype: part xl/sharedStrings\.xml",
    ),
    "doctype-utf16": (
        lambda: rezip(xlsx({"S": [HEAD]}), xl__odd="<!DOCTYPE a>".encode("utf-16-le")),
        "xml-doctype: part xl/odd",
    ),
    "string-index": (lambda: change_sheet(xlsx({"S": [HEAD]}), (b"<v>1</v>", b"<v>999999</v>")), "xlsx-string"),
    "far-cell": (lambda: far_cell(b"XFD1048576", 1_048_576), "file-cells"),
    "far-cell-in-near-row": (lambda: far_cell(b"XFD1048576", 3), "file-cells"),
    "endless-rows": (rows_without_end, "file-rows: .* more than 1048576 rows"),
    "hidden-in-cdata": (
        lambda: change_sheet(xlsx({"S": [HEAD, ["x", 1], [None, 7]]}), (b"<v>7</v>", b"<v><![CDATA[7]]></v>")),
        "file-damaged: .*CDATA",
    ),
    "row-in-comment": (
        lambda: change_sheet(xlsx({"S": [HEAD]}), (b"</sheetData>", b"<!--<row><c><v>1</v></c></row>--></sheetData>")),
        "rows-mismatch: 1 rows .* but 2 counted",
    ),
    "not-closed": (lambda: change_sheet(xlsx({"S": [HEAD]}), (b"</sheetData>", b"")), "file-damaged"),
    "no-such-part": (
        lambda: change_sheet(xlsx({"S": [HEAD]}), (b"sheet1.xml", b"gone.xml"), part="xl/_rels/workbook.xml.rels"),
        "file-damaged",
    ),
    "empty": (lambda: xlsx({"S": [[]]}), "sheet-empty"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_workbook_is_refused(name):
    make, message = REFUSED[name]
    with pytest.raises(FileRefusedError, match=message):
        grid_of(make())


def test_damaged_part_is_found_by_its_checksum():
    data = bytearray(rezip(xlsx({"S": [HEAD, ["x", 1]]})))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        entry = archive.getinfo(SHEET)
    start = entry.header_offset + 30 + len(SHEET)
    data[start + entry.compress_size // 2] ^= 0x10
    with pytest.raises(FileRefusedError, match="file-damaged"):
        grid_of(bytes(data))


def test_sheet_that_is_not_there():
    with pytest.raises(FileRefusedError, match=r"sheet-missing: .* no sheet '数据'\. There are: S, T"):
        grid_of(xlsx({"S": [HEAD], "T": [HEAD]}), sheet="数据")


CELL = st.one_of(
    st.none(),
    st.text(
        st.characters(codec="utf-8", categories=("L", "N", "P", "Z"), exclude_characters="\u2028\u2029"), max_size=8
    ),
    st.integers(-(10**9), 10**9),
    st.booleans(),
)


@settings(max_examples=40)
@given(st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=6))
def test_what_goes_in_comes_out(rows):
    grid, _ = grid_of(xlsx({"S": [["a", "b", "c"], *rows]}))
    kept = [[None if cell == "" else cell for cell in row] for row in rows if any(c not in (None, "") for c in row)]
    assert rows_with_types(grid_rows(grid)[1:]) == rows_with_types(kept)


def rows_with_types(rows):
    return [[(type(cell), cell) for cell in row] for row in rows]


def ods(rows):
    content = (
        '<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="S">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)
    return out.getvalue()


TEXT = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
NUMBER = '<table:table-cell office:value-type="float" office:value="{}"><text:p>{}</text:p></table:table-cell>'
BLANKS = (
    '<table:table-row table:number-rows-repeated="{}"><table:table-cell table:number-columns-repeated="9"/>'
    "</table:table-row>"
)


def test_ods_with_repeated_rows(read):
    rows = (
        f"<table:table-row>{TEXT.format('a')}{TEXT.format('b')}</table:table-row>"
        f'<table:table-row table:number-rows-repeated="2">{TEXT.format("x")}{NUMBER.format(1, 1)}</table:table-row>'
        + BLANKS.format(2)
        + f"<table:table-row>{TEXT.format('y')}{NUMBER.format(2.5, 2.5)}</table:table-row>"
        + BLANKS.format(1_048_570)
    )
    table = read(ods(rows), "f.ods").tables[0]
    assert (rows_of(table), table.row_numbers) == ([["x", 1], ["x", 1], ["y", 2.5]], [2, 3, 6])


def test_ods_bomb_is_refused(read):
    row = f'<table:table-row table:number-rows-repeated="2000000">{NUMBER.format(1, 1)}</table:table-row>'
    with pytest.raises(FileRefusedError, match="file-rows"):
        read(ods(row), "f.ods")


def test_xls_rows_and_errors(read):
    table = read(compound({"Workbook": xls()}), "f.xls").tables[0]
    assert [column.header for column in table.columns] == ["银行", "b"]
    assert (rows_of(table), table.row_numbers) == ([["甲", 7], ["乙", "#N/A"]], [4, 7])


def test_xls_that_is_cut_short_is_refused(read):
    with pytest.raises(FileRefusedError, match="file-damaged"):
        read(compound({"Workbook": xls()[:-30]}), "f.xls")


# ---------------------------------------------------------------------------------------------------------------------
# Windows: a sheet that the library sees in parts is the sheet that it would have seen whole


@pytest.fixture(params=[1, 300])
def in_windows(request, monkeypatch):
    monkeypatch.setattr(sheet_scan, "_CHUNK", 640)
    monkeypatch.setattr(sheet_scan.XlsxParts, "window_size", request.param)


def cut(data):
    parts = sheet_scan.open_parts(data, file="f.xlsx")
    return list(parts.windows("S", 10**9))


ROWS = [
    [None, None],
    ["a", "b", "c", "d"],
    *([f"text {n}", n, None if n % 3 else True, date(2022, 10, 1)] for n in range(60)),
    [None, None, None],
    *([None, None, f"later {n}", 0, "wider" if n > 20 else None] for n in range(40)),
    *([None, n / 7] for n in range(40)),
]


@pytest.mark.parametrize("options", [{}, {"constant_memory": True}], ids=["shared strings", "strings in line"])
def test_a_sheet_in_windows_is_the_whole_sheet(in_windows, monkeypatch, options):
    data = xlsx({"S": ROWS}, options=options)
    windows, grid = cut(data), grid_of(data)[0]
    monkeypatch.undo()
    whole = grid_of(data)[0]
    assert len(windows) > 5
    assert len(cut(data)) == 1
    assert sum(window.scan.rows for window in windows) == whole.n_counted == 141
    assert grid.numbers[:2] == [2, 3]
    assert (grid.numbers, grid.columns) == (whole.numbers, whole.columns)
    assert [len(column.distinct) for column in grid.columns] == [len(column.distinct) for column in whole.columns]


def test_rows_that_carry_no_number_are_counted_on(in_windows):
    data = xlsx({"S": [[], [], *([n, "x"] for n in range(90))]})

    def without_numbers(content):
        content = re.sub(rb'<row r="3"', b"<row first=", content)
        content = re.sub(rb'<row r="[0-9]+"', b"<row", content).replace(b"<row first=", b'<row r="3"')
        return re.sub(rb'<c r="[A-Z]+[0-9]+"', b"<c", content)

    data = rezip(data, {SHEET: without_numbers})
    grid, _ = grid_of(data)
    assert len(cut(data)) > 3
    assert grid.numbers == list(range(3, 93))
    assert [row[0] for row in grid_rows(grid)] == list(range(90))


def test_errors_and_merged_cells_of_any_window_are_found(in_windows):
    data = change_sheet(
        xlsx({"S": [[None, "a", "b"], *([None, "x", n] for n in range(90))]}),
        (b'<c r="C5"><v>3</v>', b'<c r="C5" t="e"><v>#N/A</v>'),
        (b'<c r="C80"><v>78</v>', b"<c r='C80' t='e'><v>#DIV/0!</v>"),
        (b"</sheetData>", b'</sheetData><mergeCells count="1"><mergeCell ref="B1:C1"/></mergeCells>'),
    )
    grid, _ = grid_of(data)
    assert [cell for cell in grid.columns[1] if isinstance(cell, str)] == ["b", "#N/A", "#DIV/0!"]
    assert (grid.columns[1][4], grid.columns[1][79]) == ("#N/A", "#DIV/0!")
    assert grid.merged == ((1, 0, 1, 1),)


def test_a_row_hidden_from_one_of_the_two_in_a_late_window(in_windows):
    comment = b"<!--<row><c><v>1</v></c></row>--></sheetData>"
    data = change_sheet(xlsx({"S": [HEAD, *(["x", n] for n in range(90))]}), (b"</sheetData>", comment))
    with pytest.raises(FileRefusedError, match=r"rows-mismatch: 91 rows .* but 92 counted"):
        grid_of(data)


def test_a_far_cell_is_refused_before_its_window_is_opened(in_windows, monkeypatch):
    opened = []
    monkeypatch.setattr(sheet_scan.XlsxParts, "workbook", spy(sheet_scan.XlsxParts.workbook, opened))
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    data = change_sheet(xlsx({"S": [HEAD, *(["x", n] for n in range(90))]}), (b"</sheetData>", far))
    with pytest.raises(FileRefusedError, match="file-cells"):
        grid_of(data)
    assert not any(b"XFD1048576" in content for content in opened)


def spy(method, seen):
    def watched(self, sheet="", content=()):
        seen.append(b"".join(content))
        return method(self, sheet, content)

    return watched


def test_a_workbook_whose_strings_stand_in_line_holds_no_shared_ones():
    data = xlsx({"S": [HEAD, ["x", 1]]}, options={"constant_memory": True})
    assert b"inlineStr" in zipfile.ZipFile(io.BytesIO(data)).read(SHEET)
    assert grid_rows(grid_of(data)[0]) == [HEAD, ["x", 1]]


@pytest.mark.parametrize("value", [b"", b"<v></v>", b"<v/>"])
def test_a_formula_without_its_result_is_no_blank(value):
    """Programs that write formulas do not compute them; one that gives no text says so by its type."""
    one, formula = b'<c r="B2"><v>7</v></c>', b'<c r="B2"%b><f>3+4</f>%b</c>'
    data = xlsx({"S": [["q", "n"], ["x", 7]]})
    with pytest.raises(FileRefusedError, match=r"xlsx-formula: row 2, column 2"):
        grid_of(change_sheet(data, (one, formula % (b"", value))))
    alone = xlsx({"S": [["q", "n"], [None, 7]]})
    with pytest.raises(FileRefusedError, match=r"xlsx-formula: row 2, column 2"):
        grid_of(change_sheet(alone, (one, formula % (b"", value))))
    assert grid_rows(grid_of(change_sheet(data, (one, formula % (b' t="str"', value))))[0])[1] == ["x", None]
    assert grid_rows(grid_of(change_sheet(data, (one, formula % (b"", b"<v>7</v>"))))[0])[1] == ["x", 7]


def test_a_percentage_without_a_value_touches_no_other_cell(in_windows):
    """A formula that gives no text may stand left or right of all that its window holds."""
    rows = [[None, 1.5, "x", "y"], *([None, 0.25, "x"] for _ in range(60)), ["a", 0.5, 0.75, "z"]]
    formula = b'<c r="%s30" s="0" t="str"><f>""</f></c>'

    def with_formulas(content):
        shown = formula % b"A" + b'<c r="B30" s="0"><v>0.25</v></c>'
        content = content.replace(b'<c r="B30"><v>0.25</v></c>', shown)
        return re.sub(rb'(<row r="30".*?)</row>', rb"\1" + formula % b"D" + b"</row>", content)

    one, share = b'<cellXfs count="1">', b'<cellXfs count="2"><xf numFmtId="9"/>'
    data = change_sheet(rezip(xlsx({"S": rows}), {SHEET: with_formulas}), (one, share), part="xl/styles.xml")
    grid, _ = grid_of(data)
    assert [row[1] for row in grid_rows(grid)] == [1.5, *[0.25] * 28, "25%", *[0.25] * 31, 0.5]
    assert [row[2] for row in grid_rows(grid)] == [*["x"] * 61, 0.75]
