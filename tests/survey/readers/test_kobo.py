"""KoboToolbox with XML names: paths, server columns, options in columns of their own, repeats, the API's JSON."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.kobo import _in_utc
from evaltools.survey.readers.model import Parent

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


@pytest.mark.parametrize("written", ["2022/10/5 3:12", "10/5/2022 3:12:11 AM", " 2022-10-05 03:12:11 "])
def test_submission_time_keeps_its_zone_where_a_spreadsheet_wrote_it(written):
    assert _in_utc(written) == f"{written.strip()}+00:00"


def test_both_keeps_the_summary_alone(read):
    headers = ["g/fees", "g/fees/none", "g/fees/other", "g/fees_other"]
    table = table_of(read, headers, ["none other", "1", "1", "x"], [None, None, None, None], ["other", 0, 1, "y"])
    assert [c.key for c in table.columns[:2]] == ["g/fees", "g/fees_other"]
    assert [row[:2] for row in rows_of(table)] == [["none other", "x"], [None, None], ["other", "y"]]
    assert [c.position for c in table.columns] == list(range(len(table.columns)))
    assert table.columns[table.meta["native_id"]].key == "_uuid"


def test_details_alone_are_options_of_their_question(read):
    headers = ["g/fees/none", "g/fees/valuation", "g/fees/other"]
    table = table_of(read, headers, ["0", "1", "1"], [None, None, None], [0, 0, 0], [True, False, False])
    assert [(c.header, c.key, c.option) for c in table.columns[:3]] == [
        ("g/fees/none", "g/fees", "none"),
        ("g/fees/valuation", "g/fees", "valuation"),
        ("g/fees/other", "g/fees", "other"),
    ]
    assert [row[:3] for row in rows_of(table)] == [["0", "1", "1"], [None] * 3, [0, 0, 0], [True, False, False]]


def test_a_summary_that_contradicts_its_options_is_told(read):
    headers = ["fees", "fees/none", "fees/other"]
    rows = [["none", "1", "0"], ["other", "0", "1"], ["none other", "1", "1"], ["none", "0", "1"], [None, None, None]]
    table = table_of(read, headers, *rows)
    assert [(c.key, c.option) for c in table.columns[:3]] == [("fees", None), ("fees/none", None), ("fees/other", None)]
    assert [(note.code, dict(note.fields)) for note in table.notes] == [
        ("note-options-differ", {"column": "fees", "count": 1, "rows": [5]})
    ]


def test_a_question_whose_name_begins_with_another_is_no_option(read):
    """Nothing in `rate` says what `rate/fixed` says."""
    table = table_of(read, ["rate", "rate/fixed"], ["4.35", "1"], ["5", "0"], ["3.9", "1"])
    assert ([c.key for c in table.columns[:2]], table.notes) == (["rate", "rate/fixed"], ())


@pytest.mark.parametrize("sign", [":", " > ", "__", "::"])
def test_groups_may_be_joined_by_another_sign(sign, read):
    headers = [f"g{sign}fees", f"g{sign}fees{sign}none", f"g{sign}fees{sign}other", f"g{sign}steps"]
    table = table_of(read, headers, ["none", "1", "0", "3"], ["other", "0", "1", "4"])
    assert [(c.key, c.kind) for c in table.columns[:2]] == [(f"g{sign}fees", "name"), (f"g{sign}steps", "name")]


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


def book(main, **sheets):
    """Submissions with `_index` last, and sheets of repeats."""
    return xlsx({"form": [["q", *SERVER], *([f"q{n}", *OWN[:-1], str(n)] for n in main)], **sheets})


BANKS = ["banks/bank", "_index", "_parent_table_name", "_parent_index"]


def test_sheets_of_repeats_know_their_submissions(read):
    loans = [["amount", "_index", "_parent_table_name", "_parent_index"], [5, 1, "banks", 2]]
    banks = [BANKS, ["jia", 1, "form", 1], ["yi", 2, "form", 1]]
    reading = read(book([1, 2], banks=banks, loans=loans, Notes=[["x"], [1]]), "f.xlsx")
    main, first, second = reading.tables
    assert (main.sheet, main.parent, reading.skipped_sheets) == ("form", None, ("Notes",))
    assert (first.parent, second.parent) == (Parent("form", 3, 10), Parent("banks", 3, 1))
    assert main.columns[first.parent.other].key == "_index"
    assert [c.key for c in first.columns] == BANKS


def test_a_sheet_of_a_repeat_can_be_read_alone(read):
    banks = [BANKS, ["jia", 1, "form", 1]]
    table = read(book([1], banks=banks), "f.xlsx", reader="kobo", sheet="banks").tables
    assert [(one.sheet, one.parent) for one in table] == [("banks", None)]


def test_names_of_sheets_are_shorter_than_those_of_repeats(read):
    long = "a_very_long_name_of_a_repeat_[in]_the_form"
    outer, inner = long.replace("[", "").replace("]", "")[:31], "inner"
    sheets = {
        outer: [["a", "_index", "_parent_table_name", "_parent_index"], ["x", 1, "form", 1]],
        inner: [["b", "_index", "_parent_table_name", "_parent_index"], ["y", 1, long, 1]],
    }
    tables = {one.sheet: one for one in read(book([1], **sheets), "f.xlsx").tables}
    assert (tables[outer].parent.sheet, tables[inner].parent.sheet) == ("form", outer)


def test_repeats_without_a_numbering_go_by_the_id_of_the_submission(read):
    rows = {"form": [["q", "_id", "_uuid", "_submission_time"], ["1", "7", "a", "2022-10-05T03:12:11"]],
            "banks": [["bank", "_submission__id"], ["jia", "7"]]}  # fmt: skip
    assert read(xlsx(rows), "f.xlsx").tables[1].parent == Parent("form", 1, 1)


@pytest.mark.parametrize(
    ("banks", "match"),
    [
        ([["jia", 1, "form", 1], ["yi", 3, "form", 1]], r"repeat-rows-lost: 1 rows of sheet 'banks' .* before row 3"),
        ([["jia", 4, "form", 1]], r"repeat-rows-lost: 3 rows of sheet 'banks' .* before row 2"),
        ([["jia", 1, "form", 1], ["yi", 2, "other", 1]], "repeat-parent: sheet 'banks' of"),
    ],
    ids=["gap", "start", "two-parents"],
)
def test_rows_of_a_repeat_that_are_gone(banks, match, read):
    with pytest.raises(FileRefusedError, match=match):
        read(book([1, 2], banks=[BANKS, *banks]), "f.xlsx")


def test_a_submission_that_was_taken_out_by_hand_takes_its_rows_along(read):
    banks = [["jia", 1, "form", 1], ["yi", 4, "form", 3], ["jia", 5, "form", 3]]
    reading = read(book([1, 3], banks=[BANKS, *banks]), "f.xlsx")
    assert reading.tables[1].n_rows == 3


def test_addresses_of_uploads_are_left_out(read):
    table = table_of(read, ["photo", "photo_URL"], ["1.jpg", "https://kc.example.org/1.jpg"], ["2.jpg", None])
    assert [c.key for c in table.columns[:2]] == ["photo", "_id"]
    assert [(note.code, note.fields["columns"]) for note in table.notes] == [("note-dropped-files", ["photo_URL"])]


def test_what_a_reviewer_did_not_approve_is_marked(read):
    rows = [[["q", *SERVER], ["a", *OWN[:3], "validation_status_not_approved", *OWN[4:]],
             ["b", *OWN[:3], "validation_status_approved", *OWN[4:]]]]  # fmt: skip
    table = read(xlsx({"form": rows[0]}), "f.xlsx").tables[0]
    assert table.values[table.meta["state"]] == ["rejected", None]
    assert "state" not in table_of(read, ["q"], ["a"]).meta


def test_the_api_gives_the_same_in_json(read):
    """Positions and addresses of attachments are not taken; names with a dot come as the database writes them."""
    one = {
        "_id": 7, "_uuid": "a-b", "_submission_time": "2022-10-05T03:12:11", "__version__": "v1", "start": "x",
        "g/q1Lg==a": "3", "g/fees": "none other", "g/banks": [{"g/banks/bank": "jia"}, {"g/banks/bank": "yi"}],
        "_attachments": [{"download_url": "https://kc.example.org/1.jpg"}], "_geolocation": [35.1, 113.2],
        "_validation_status": {"uid": "validation_status_not_approved", "label": "Not approved"}, "_tags": [],
    }  # fmt: skip
    reading = read(json.dumps({"count": 1, "next": None, "results": [one]}), "data.json")
    main, banks = reading.tables
    assert (reading.reader, reading.skipped_sheets) == ("kobo", ("_attachments",))
    assert [c.key for c in main.columns[5:8]] == ["g/q1Lg==a", "g/fees", "_index"]
    assert not {"_geolocation", "_attachments"} & {c.key for c in main.columns}
    assert main.values[main.meta["state"]] == ["rejected"]
    assert main.values[main.meta["submitted_at"]] == ["2022-10-05T03:12:11+00:00"]
    assert (banks.sheet, banks.parent.sheet, banks.columns[banks.parent.own].key) == ("g/banks", "", "_parent_index")
    assert banks.values[-1] == ["jia", "yi"]


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
    table = table_of(read, ["贷款/办理环节", "Steps"], ["1", "2"])
    assert [(c.key, c.kind, c.path_sign) for c in table.columns[:2]] == [
        ("贷款/办理环节", "label", "/"),
        ("Steps", "label", "/"),
    ]


def test_options_by_label_stand_for_their_summary(read):
    """Labels that hold spaces cannot be told apart in the summary; an empty one makes its zeros blank."""
    headers = ["费用", "费用/评估费", "费用/公证费 / 登记费", "费用/没有"]
    rows = [["公证费 / 登记费 评估费", "1", "1", "0"], [None, "0", "0", "0"], ["没有", "0", "0", "1"]]
    table = table_of(read, headers, *rows)
    assert [(c.header, c.key, c.option) for c in table.columns[:3]] == [
        ("费用/评估费", "费用", "评估费"),
        ("费用/公证费 / 登记费", "费用", "公证费 / 登记费"),
        ("费用/没有", "费用", "没有"),
    ]
    assert [row[:3] for row in rows_of(table)] == [["1", "1", "0"], [None] * 3, ["0", "0", "1"]]


def test_options_by_label_alone_are_left_to_the_instrument(read):
    """A label may hold the sign that joins it to its question."""
    table = table_of(read, ["费用/评估费", "费用/公证费 / 登记费"], ["1", "0"], ["0", "1"])
    assert [(c.key, c.option) for c in table.columns[:2]] == [("费用/评估费", None), ("费用/公证费 / 登记费", None)]
