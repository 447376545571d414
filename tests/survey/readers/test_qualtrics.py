"""Qualtrics: header rows, choices in a cell or in columns, -99, zones, previews, and exports of old."""

from __future__ import annotations

import csv
import io
import json

import pytest

from evaltools.errors import FileRefusedError

from .conftest import rows_of, xlsx

LEADING = {
    "StartDate": ("Start Date", "startDate"), "EndDate": ("End Date", "endDate"), "Status": ("Response Type", "status"),
    "IPAddress": ("IP Address", "ipAddress"), "Finished": ("Finished", "finished"),
    "ResponseId": ("Response ID", "_recordId"), "RecipientEmail": ("Recipient Email", "recipientEmail"),
    "LocationLatitude": ("Location Latitude", "locationLatitude"),
}  # fmt: skip
OWN = [
    "2022-10-08 09:00:00",
    "2022-10-08 09:10:00",
    "IP Address",
    "10.0.0.1",
    "True",
    "R_1a",
    "a@example.invalid",
    "31.2",
]


def text_of(columns, *answers, own=OWN, zone="Asia/Shanghai", ids=True, delimiter=","):
    """Columns are (name, wording, id, choice)."""
    rows = [
        [*LEADING, *(one[0] for one in columns)],
        [*(one[0] for one in LEADING.values()), *(one[1] for one in columns)],
    ]
    if ids:
        zones = {"timeZone": zone} if zone else {}
        named = [{"ImportId": one[1], **(zones if one[1].endswith("Date") else {})} for one in LEADING.values()]
        named += [{"ImportId": one[2], **({"choiceId": one[3]} if len(one) > 3 else {})} for one in columns]
        rows.append([json.dumps(one, separators=(",", ":")) for one in named])
    rows += [[*own, *row] for row in answers]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return "\ufeff" + out.getvalue()


def table_of(read, columns, *answers, **options):
    reading = read(text_of(columns, *answers, **options), "export.csv")
    assert (reading.reader, reading.tool) == ("qualtrics", "qualtrics")
    return reading.tables[0]


def questions(table):
    return [column for column in table.columns if column.header not in LEADING]


def answers(table):
    wanted = [column.position for column in questions(table)]
    return [[row[place] for place in wanted] for row in rows_of(table)]


def notes_of(table):
    return {note.code: dict(note.fields) for note in table.notes}


MATRIX = [
    ("sat_1", "您对下列方面是否满意\n - 办理时间", "QID5_1"),
    ("sat_2", "您对下列方面是否满意\n - 融资成本 - 利率", "QID5_2"),
]
FEES = [
    ("fees_1", "Fees paid - Selected Choice - No fee", "QID4", "1"),
    ("fees_2", "Fees paid - Selected Choice - Notary - deed", "QID4", "2"),
    ("fees_9_TEXT", "Fees paid - Other - Text", "QID4_9_TEXT"),
]


def test_names_wordings_and_rows_of_a_matrix(read):
    table = table_of(read, [("steps", "办理环节数\n（个）", "QID1_TEXT"), *MATRIX], ["3", "满意", "一般"])
    assert [(c.header, c.key, c.kind, c.lead, c.coding) for c in questions(table)] == [
        ("steps", "办理环节数 （个）", "label", None, "label"),
        ("sat_1", "办理时间", "label", "您对下列方面是否满意", "label"),
        ("sat_2", "融资成本 - 利率", "label", "您对下列方面是否满意", "label"),
    ]
    assert (table.row_numbers, table.n_counted, table.separator) == ([4], 1, ",")
    assert answers(table) == [["3", "满意", "一般"]]


def test_roles_and_who_is_left_out(read):
    table = table_of(read, [("q", "Q", "QID1")], ["x"])
    assert dict(table.meta) == {"submitted_at": 1, "started_at": 0, "ip": 3, "native_id": 5}
    assert notes_of(table)["note-dropped-identifying"] == {"columns": ["RecipientEmail", "LocationLatitude"]}
    assert not [cell for cells in table.values for cell in cells.occurring() if "example" in str(cell)]


@pytest.mark.parametrize(
    ("zone", "stamp"),
    [("Asia/Shanghai", "2022-10-08T09:10:00+08:00"), ("America/Denver", "2022-10-08T09:10:00-06:00")],
)
def test_times_are_in_the_zone_that_the_third_row_names(zone, stamp, read):
    table = table_of(read, [("q", "Q", "QID1")], ["x"], zone=zone)
    assert list(table.values[1]) == [stamp]
    assert "note-time-no-zone" not in notes_of(table)


def test_no_zone_is_said_and_one_that_nobody_knows_is_refused(read):
    table = table_of(read, [("q", "Q", "QID1")], ["x"], zone="")
    assert (list(table.values[1]), "note-time-no-zone" in notes_of(table)) == (["2022-10-08 09:10:00"], True)
    with pytest.raises(FileRefusedError, match=r"time-zone: column 'StartDate' .* Atlantis/Capital"):
        table_of(read, [("q", "Q", "QID1")], ["x"], zone="Atlantis/Capital")


@pytest.mark.parametrize(
    ("status", "finished", "coding"),
    [("0", "1", "name"), ("IP Address", "True", "label"), ("IP-Adresse", "Wahr", "label")],
)
def test_codes_and_wordings_are_told_apart_by_the_tools_own_columns(status, finished, coding, read):
    own = [*OWN[:2], status, OWN[3], finished, *OWN[5:]]
    table = table_of(read, [("fees", "Fees paid - Selected Choice", "QID4")], ["1,3"], own=own)
    assert [(c.key, c.coding) for c in questions(table)] == [("Fees paid", coding)]
    assert answers(table) == [["1,3"]]


def test_previews_and_unfinished_responses_are_kept_and_counted(read):
    rows = text_of([("q", "Q", "QID1")], ["a"])
    rows += text_of([], ["b"], own=[*OWN[:2], "Survey Preview", OWN[3], "False", *OWN[5:]]).splitlines()[3] + "\n"
    table = read(rows).tables[0]
    assert table.n_counted == 2
    notes = notes_of(table)
    assert (notes["note-preview"]["count"], notes["note-incomplete"]["count"]) == (1, 1)


def test_columns_of_the_tool_are_left_out_and_named(read):
    columns = [
        ("t_First Click", "Timing - First Click", "QID9_FIRST_CLICK"),
        ("browser_Version", "Browser - Version", "QID8_VERSION"),
        ("q", "Q", "QID1_TEXT"),
        ("q - Topics", "q - Topics", "QID1_TEXT_eae5a8d0e7fd4bd183e983e5Topics"),
        ("q_DO_1", "Display Order", "QID1_DO", "1"),
        ("photo_Id", "Photo - Id", "QID7_FILE_ID"),
        ("amount", "amount", "amount"),
    ]
    table = table_of(read, columns, ["1.5", "90", "x", "", "1", "F_1", "22.5"])
    assert [c.header for c in questions(table)] == ["q", "amount"]
    notes = notes_of(table)
    assert notes["note-dropped-tool"] == {"columns": ["t_First Click", "browser_Version", "q - Topics", "q_DO_1"]}
    assert notes["note-dropped-files"] == {"columns": ["photo_Id"]}


# --------------------------------------------------------------------------------------------------------------------
# A column for each choice


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["1", "", ""], ["1", "1", "x"], ["", "", ""]], [[1, 0, None], [1, 1, "x"], [None, None, None]]),
        ([["No fee", "", ""], ["", "Notary - deed", "x"]], [[1, 0, None], [0, 1, "x"]]),
        ([["1", "0", ""], ["0", "0", ""], ["", "", ""]], [[1, 0, None], [0, 0, None], [None, None, None]]),
    ],
    ids=["codes", "wordings", "zeros"],
)
def test_columns_of_choices(rows, expected, read):
    table = table_of(read, FEES, *rows)
    assert [(c.key, c.option, c.coding, c.typed) for c in questions(table)] == [
        ("Fees paid", "No fee", "label", False),
        ("Fees paid", "Notary - deed", "label", False),
        ("Fees paid", "Other", "label", True),
    ]
    assert answers(table) == expected


def test_two_marks_in_the_column_of_a_choice_are_no_ticks(read):
    assert answers(table_of(read, FEES[:2], ["1", ""], ["2", "1"])) == [["1", None], ["2", 1]]


def test_columns_without_ids_of_choices_may_be_a_matrix(read):
    columns = [("q_1", "Lead - A", "QID3_1"), ("q_2", "Lead - B", "QID3_2")]
    table = table_of(read, columns, ["1", ""], ["", "1"])
    assert [(c.header, c.key, c.option) for c in questions(table)] == [
        ("q_1", "A", None),
        ("q_2", "B", None),
        ("q_1 (1/0)", "Lead", "A"),
        ("q_2 (1/0)", "Lead", "B"),
    ]
    assert answers(table)[0] == ["1", None, 1, 0]
    assert "note-two-ways" in notes_of(table)
    assert len(questions(table_of(read, columns, ["1", "2"]))) == 2


# --------------------------------------------------------------------------------------------------------------------
# Seen and not answered


def test_seen_is_blank_and_what_else_is_blank_was_not_shown(read):
    columns = [("q", "Q", "QID1"), ("r", "R", "QID2_TEXT"), ("panel", "panel", "panel")]
    rows = text_of(columns, ["-99", "", ""], ["a", "b", "x"])
    rows += text_of([], ["", "", ""], own=[*OWN[:4], "False", *OWN[5:]]).splitlines()[3] + "\n"
    table = read(rows).tables[0]
    not_seen = next(mark for mark, reason in table.missing_marks.items() if reason == "skipped_by_logic")
    assert table.missing_marks["-99"] == "blank"
    assert answers(table) == [["-99", not_seen, None], ["a", "b", "x"], [None, None, None]]
    assert notes_of(table)["note-seen-unanswered"] == {"tool": "Qualtrics", "count": 1}


def test_without_a_single_mark_nothing_is_known_of_what_was_seen(read):
    table = table_of(read, [("q", "Q", "QID1")], [""], ["a"])
    assert (dict(table.missing_marks), answers(table)) == ({}, [[None], ["a"]])


def test_seen_choices_are_not_taken_where_another_was(read):
    table = table_of(read, FEES[:2], ["1", "-99"], ["-99", "-99"], ["", ""])
    not_seen = next(mark for mark, reason in table.missing_marks.items() if reason == "skipped_by_logic")
    assert answers(table) == [[1, 0], ["-99", "-99"], [not_seen, not_seen]]


# --------------------------------------------------------------------------------------------------------------------
# Other forms of the file


def test_old_exports_have_two_header_rows_and_a_comma_behind_each_line(read):
    text = (
        "\ufeffV1,V3,V6,V7,V8,V9,V10,Q1,Q5_1,Q5_2,LocationAccuracy,\n"
        "ResponseID,Name,IPAddress,Status,StartDate,EndDate,Finished,Wording,Fees-None,Fees-Notary,LocationAccuracy,\n"
        "R_1,三,10.0.0.1,0,2022-10-08 09:00:00,2022-10-08 09:10:00,1,2,1,,-1,\n"
        "R_2,四,10.0.0.2,0,2022-10-08 09:00:00,2022-10-08 09:10:00,0,1,,1,-1,\n"
    )
    reading = read(text)
    table = reading.tables[0]
    assert (reading.reader, table.n_counted) == ("qualtrics", 2)
    assert dict(table.meta) == {"native_id": 0, "ip": 1, "started_at": 3, "submitted_at": 4}
    assert [(c.header, c.key, c.option) for c in table.columns[6:]] == [
        ("Q1", "Wording", None),
        ("Q5_1", "None", None),
        ("Q5_2", "Notary", None),
        ("Q5_1 (1/0)", "Fees", "None"),
        ("Q5_2 (1/0)", "Fees", "Notary"),
    ]
    assert notes_of(table)["note-dropped-identifying"] == {"columns": ["V3", "LocationAccuracy"]}


@pytest.mark.parametrize(("cells", "coding"), [(["1", "2"], "name"), (["1", "x"], "label")])
def test_old_exports_say_only_by_their_cells_whether_they_are_codes(cells, coding, read):
    """They number the kinds of responses whatever the answers are."""
    own = "R_1,0,2022-10-08 09:00:00,2022-10-08 09:10:00,1"
    text = "V1,V2,V3,V4,V5,Q1\nResponseID,Status,StartDate,EndDate,Finished,Wording\n"
    table = read(text + "".join(f"{own},{cell}\n" for cell in cells)).tables[0]
    assert [column.coding for column in table.columns if column.header == "Q1"] == [coding]


def test_a_choice_that_is_worded_as_a_zero_is_left_to_what_all_columns_hold(read):
    columns = [(f"q_{n}", f"Visits - Selected Choice - {text}", "QID4", str(n)) for n, text in enumerate(["0", "1-2"])]
    table = table_of(read, columns, ["0", ""], ["", "1-2"], ["0", "1-2"])
    assert answers(table) == [["0", None], [None, "1-2"], ["0", "1-2"]]


def test_without_the_tools_own_columns_it_is_known_by_the_row_of_ids(read):
    text = 'q\nWording\n"{""ImportId"":""QID1""}"\nx\n'
    assert (read(text).reader, rows_of(read(text).tables[0])) == ("qualtrics", [["x"]])


@pytest.mark.parametrize(
    ("start", "read_as", "is_told"),
    [("2022/10/8 9:00", "2022-10-08T09:00:00-06:00", False), ("10/8/2022 9:00", "10/8/2022 9:00", True)],
)
def test_a_time_that_a_spreadsheet_wrote_has_its_zone_or_it_is_told_of(start, read_as, is_told, read):
    table = table_of(read, [("q", "Wording", "QID1")], ["x"], own=[start, *OWN[1:]], zone="America/Denver")
    assert table.values[table.meta["started_at"]] == [read_as]
    assert ("note-time-no-zone" in notes_of(table)) == is_told


def test_workbook_has_no_row_of_ids_and_tab_separated_text_does(read):
    rows = [[*LEADING, "q"], [*(text for text, _ in LEADING.values()), "Wording"], [*OWN, "x"], [*OWN, "y"]]
    table = read(xlsx({"Sheet0": rows}), "e.xlsx").tables[0]
    assert (table.row_numbers, answers(table)) == ([3, 4], [["x"], ["y"]])
    text = text_of([("q", "Wording", "QID1")], ["x"], delimiter="\t")
    assert answers(read(text.encode("utf-16"), "e.tsv").tables[0]) == [["x"]]


def test_a_file_without_a_second_header_row_loses_no_answer(read):
    rows = [[*LEADING, "q"], [*OWN, "x"], [*OWN, "y"]]
    table = read(xlsx({"S": rows}), "e.xlsx").tables[0]
    assert (table.row_numbers, table.n_counted) == ([2, 3], 2)


def test_header_alone(read):
    assert table_of(read, [("q", "Wording", "QID1")]).n_counted == 0
