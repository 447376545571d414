"""KoboToolbox with XML names: paths, server columns, options in columns of their own."""

from __future__ import annotations

from datetime import datetime

import pytest

from evaltools.survey.readers.kobo import _in_utc

from .conftest import rows_of, xlsx

SERVER = ["_id", "_uuid", "_submission_time", "_validation_status", "_notes", "_status", "_submitted_by", "__version__",
          "_tags", "_index"]  # fmt: skip
OWN = ["7", "a-b", "2022-10-05T03:12:11", "", "", "submitted_via_web", "", "v1", "", "1"]


def table_of(read, headers, *answers, middle=()):
    rows = [[*headers, *SERVER], *middle, *[[*row, *OWN] for row in answers]]
    reading = read(xlsx({"form": rows}), "f.xlsx")
    assert reading.reader == "kobo"
    return reading.tables[0]


def test_paths_and_roles(read):
    table = table_of(read, ["start", "end", "g_loan/steps"], ["2022-10-05T11:00:00.000+08:00", "x", "3"])
    assert [c.key for c in table.columns[:3]] == ["start", "end", "g_loan/steps"]
    assert {c.kind for c in table.columns} == {"name"}
    assert dict(table.meta) == {"submitted_at": 5, "started_at": 0, "native_id": 4, "form_version": 10}
    assert table.separator == " "


def test_submission_time_says_its_zone(read):
    """The export leaves it out; the server writes UTC."""
    table = table_of(read, ["q"], ["1"])
    assert table.values[table.meta["submitted_at"]] == ["2022-10-05T03:12:11+00:00"]
    assert _in_utc(datetime(2022, 10, 5, 3, 12, 11)) == "2022-10-05T03:12:11+00:00"
    assert _in_utc("2022-10-05T03:12:11Z") == "2022-10-05T03:12:11Z"
    assert _in_utc(None) is None


def test_both_keeps_the_summary_alone(read):
    headers = ["g/fees", "g/fees/none", "g/fees/other", "g/fees_other"]
    table = table_of(read, headers, ["none other", "1", "1", "x"], [None, None, None, None], ["other", 0, 1, "y"])
    assert [c.key for c in table.columns[:2]] == ["g/fees", "g/fees_other"]
    assert [row[:2] for row in rows_of(table)] == [["none other", "x"], [None, None], ["other", "y"]]
    assert [c.position for c in table.columns] == list(range(len(table.columns)))
    assert table.columns[table.meta["native_id"]].key == "_uuid"


def test_details_are_joined_and_stay(read):
    headers = ["g/fees/none", "g/fees/valuation", "g/fees/other"]
    table = table_of(read, headers, ["0", "1", "1"], [None, None, None], [0, 0, 0], [True, False, False])
    assert (table.columns[-1].key, table.columns[-1].header) == ("g/fees", "g/fees")
    assert table.values[-1] == ["valuation other", None, None, "none"]
    assert [c.key for c in table.columns[:3]] == headers


@pytest.mark.parametrize(
    "rows",
    [[["1", None], ["0", "1"]], [["1", "2"], ["0", "1"]], [[None, None], [None, None]]],
    ids=["answered-apart", "not-flags", "never-answered"],
)
def test_a_group_is_not_taken_for_options(rows, read):
    table = table_of(read, ["g/a", "g/b"], *rows)
    assert [c.key for c in table.columns] == ["g/a", "g/b", *SERVER]


def test_question_inside_a_question_path_that_is_no_flag_stays(read):
    table = table_of(read, ["q", "q/note"], ["a", "free text"])
    assert [c.key for c in table.columns[:2]] == ["q", "q/note"]


def test_hxl_row_is_no_answer(read):
    tags = [["#adm1+name", "#indicator + value"]]
    table = table_of(read, ["region", "steps"], ["x", "3"], ["y", "4"], middle=tags)
    assert (table.row_numbers, table.n_counted) == ([3, 4], 2)
    assert table.values[1] == ["3", "4"]


def test_csv_is_semicolon_separated_and_quoted(read):
    rows = [["g/text", "g/n", *SERVER], ['第一行\n第二;行 "引"', "3", *OWN]]
    text = "\n".join(";".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows) + "\n"
    reading = read(text.encode("utf-8-sig"))
    assert (reading.reader, reading.encoding) == ("kobo", "UTF-8-SIG")
    assert rows_of(reading.tables[0])[0][:2] == ['第一行\n第二;行 "引"', "3"]


def test_repeat_sheets_are_named_as_not_read(read):
    sheets = {"form": [["q", *SERVER], ["1", *OWN]], "loans": [["amount", "_index", "_parent_index"], ["5", "1", "1"]]}
    reading = read(xlsx(sheets), "f.xlsx")
    assert (reading.tables[0].sheet, reading.skipped_sheets) == ("form", ("loans",))


def test_headers_that_r_rewrote(read):
    """R writes "." for "/", X before an underscore, and spells the byte-order mark out."""
    text = "X.U.FEFF.start,fees,fees.none,fees.other,X_id,X_uuid,X_submission_time\n1,none,TRUE,FALSE,7,a,2022-10-05\n"
    table = read(text).tables[0]
    assert [(c.header, c.key) for c in table.columns] == [
        ("X.U.FEFF.start", "start"),
        ("fees", "fees"),
        ("X_id", "_id"),
        ("X_uuid", "_uuid"),
        ("X_submission_time", "_submission_time"),
    ]


def test_headers_by_label_are_labels(read):
    table = table_of(read, ["办理环节", "g/steps"], ["1", "2"])
    assert [c.kind for c in table.columns[:2]] == ["label", "name"]
