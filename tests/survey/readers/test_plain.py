"""Any table with one header row."""

from __future__ import annotations

import pytest

from .conftest import rows_of, xlsx


def test_headers_are_numbered_and_told_apart(read):
    """Two columns share a header, one has none; names and wordings are kept apart by their form."""
    reading = read("visit_code,Q1,Q1,办理环节,Q1,g/x\n1,2,3,4,5,6\n")
    columns = reading.tables[0].columns
    assert [(c.position, c.header, c.nth, c.kind) for c in columns] == [
        (0, "visit_code", 1, "name"),
        (1, "Q1", 1, "name"),
        (2, "Q1", 2, "name"),
        (3, "办理环节", 1, "label"),
        (4, "Q1", 3, "name"),
        (5, "g/x", 1, "name"),
    ]
    assert (reading.reader, reading.tool, reading.encoding, reading.confidence) == ("plain", "plain", "UTF-8", 0.1)


def test_text_words_for_missing_survive(read):
    table = read("bank,name\nNA,None\nnan,null\n,x\n").tables[0]
    assert rows_of(table) == [["NA", "None"], ["nan", "null"], [None, "x"]]
    assert (table.n_counted, table.row_numbers, dict(table.missing_marks)) == (3, [2, 3, 4], {})


def test_marks_of_wjx_stay_marks_in_another_table_and_are_told_of(read):
    table = read("comment,steps\n(空),3\n好,(跳过)\n").tables[0]
    assert dict(table.missing_marks) == {"(空)": "blank", "(跳过)": "skipped_by_logic"}
    assert [(note.code, dict(note.fields)) for note in table.notes] == [("note-marks", {"marks": ["(空)", "(跳过)"]})]


def test_a_text_that_was_guarded_from_a_spreadsheet_is_itself(read):
    assert rows_of(read('code,n\n="001",=1+1\n=""A"",="x"y\n').tables[0]) == [["001", "=1+1"], ['=""A""', '="x"y']]


@pytest.mark.parametrize(
    ("cell", "separator"),
    [("a┋b;c", "┋"), ("a;b", ";"), ("1,3", ","), ("x", ",")],
    ids=["wjx", "semi", "comma", "none"],
)
def test_separator_of_choices(cell, separator, read):
    assert read(xlsx({"S": [["q"], [cell], ["y"]]}), "f.xlsx").tables[0].separator == separator


def test_column_without_header_is_kept_where_it_holds_values(read):
    table = read(xlsx({"S": [["a", None, "b", None], ["x", "y", "z", None]]}), "f.xlsx").tables[0]
    assert [column.header for column in table.columns] == ["a", "", "b"]
    assert rows_of(table) == [["x", "y", "z"]]


def test_header_alone_is_a_table_without_rows(read):
    table = read("a,b\n").tables[0]
    assert (table.values, table.row_numbers, table.n_counted) == ([[], []], [], 0)
