"""ODK Central: zip and csv, with groups or without, choices in columns of their own, positions, repeats, the feed."""

from __future__ import annotations

import json

import pytest

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.model import Parent

from .conftest import rows_of
from .test_zip_book import archive

BEHIND = ("KEY,SubmitterID,SubmitterName,AttachmentsPresent,AttachmentsExpected,Status,ReviewState,DeviceID,Edits,"
          "FormVersion")  # fmt: skip


def form(headers, *rows):
    """The csv of the submissions: their own cells, then key, status and review state."""
    lines = [f"SubmissionDate,start,{headers},{BEHIND}"]
    for number, (cells, status, review) in enumerate(rows, start=1):
        lines.append(f"2022-10-10T01:02:0{number}.000Z,2022-10-10T09:00:00.000+08:00,{cells},uuid:{number},7,采集员,0,0,"
                     f"{status},{review},collect:x,0,v2")  # fmt: skip
    return "\n".join(lines) + "\n"


def told(table, *keys):
    """The cells of some columns, row by row."""
    places = [next(c.position for c in table.columns if c.key == key and c.option is None) for key in keys]
    return [[row[place] for place in places] for row in rows_of(table)]


def test_the_csv_is_known_and_its_roles_are_found(read):
    reading = read(form("g-steps", ("3", "", ""), ("4", "", "")))
    table = reading.tables[0]
    assert (reading.reader, reading.confidence, table.separator) == ("odk_central", 0.95, " ")
    assert {role: table.columns[place].key for role, place in table.meta.items()} == {
        "submitted_at": "SubmissionDate", "started_at": "start", "native_id": "KEY", "form_version": "FormVersion",
    }  # fmt: skip
    assert [c.key for c in table.columns if not c.own] == ["start", "g-steps"]


def test_a_zero_is_no_answer_where_nobody_was_asked(read):
    """The server writes 0 for every choice, also where the question's own column is empty."""
    table = read(form("fees,fees/none,fees/other", ("none,1,0", "", ""), (",0,0", "", ""))).tables[0]
    assert [c.key for c in table.columns[2:4]] == ["fees", "KEY"]
    assert told(table, "fees") == [["none"], [None]]


def test_choices_alone_are_blank_where_none_was_taken(read):
    table = read(form("g-fees/none,g-fees/other", ("1,0", "", ""), ("0,0", "", ""))).tables[0]
    assert [(c.key, c.option) for c in table.columns[2:4]] == [("g-fees", "none"), ("g-fees", "other")]
    assert [row[2:4] for row in rows_of(table)] == [["1", "0"], [None, None]]


def test_four_columns_of_a_position_are_one(read):
    names = ",".join(f"g-place-{part}" for part in ("Latitude", "Longitude", "Altitude", "Accuracy"))
    table = read(form(f"{names},other-Latitude", ("35.1,113.2,0,4.6,x", "", ""), (",,,,y", "", ""))).tables[0]
    assert told(table, "g-place", "other-Latitude") == [["35.1 113.2 0 4.6", "x"], [None, "y"]]


def test_rejected_and_encrypted_submissions_are_marked(read):
    rows = [("3", "", "rejected"), ("", "not decrypted", ""), ("4", "", "approved"), ("5", "", "hasIssues")]
    table = read(form("steps", *rows)).tables[0]
    assert table.values[table.meta["state"]] == ["rejected", "encrypted", None, None]
    assert "state" not in read(form("steps", ("1", "", "approved"))).tables[0].meta


BANKS = "bank,PARENT_KEY,KEY\njia,uuid:1,uuid:1/g/banks[1]\nyi,uuid:1,uuid:1/g/banks[2]\n"


def test_tables_of_repeats_know_their_submissions_and_their_path(read):
    loans = "amount,PARENT_KEY,KEY\n5,uuid:1/g/banks[2],uuid:1/g/banks[2]/x/loans[1]\n"
    files = {"f.csv": form("q", ("a", "", "")), "f-banks.csv": BANKS, "f-loans.csv": loans, "media/1.jpg": b"\xff\xd8",
             "audit.csv": "event,node\nx,y\n"}  # fmt: skip
    reading = read(archive(files), "f.zip")
    main, banks, second = reading.tables
    assert (reading.reader, reading.skipped_sheets) == ("odk_central", ("audit.csv", "media/ (1)"))
    assert [c.key for c in banks.columns] == ["g/banks/bank", "PARENT_KEY", "KEY"]
    assert [c.key for c in second.columns] == ["g/banks/x/loans/amount", "PARENT_KEY", "KEY"]
    assert main.columns[banks.parent.other].key == "KEY"
    assert (banks.parent, second.parent) == (Parent("f.csv", 1, banks.parent.other), Parent("f-banks.csv", 1, 2))


@pytest.mark.parametrize(
    "rows",
    ["jia,uuid:1,uuid:1/banks[2]", "jia,uuid:1,uuid:1/banks[3]\nyi,uuid:1,uuid:1/banks[1]"],
    ids=["first", "middle-unsorted"],
)
def test_rows_of_a_repeat_that_are_gone(rows, read):
    files = {"f.csv": form("q", ("a", "", "")), "f-banks.csv": f"bank,PARENT_KEY,KEY\n{rows}\n"}
    with pytest.raises(FileRefusedError, match=r"repeat-rows-lost: 1 rows of sheet 'f-banks\.csv' .* before row 2"):
        read(archive(files), "f.zip")


def record(**more):
    system = {"submissionDate": "2022-10-10T01:02:03.000Z", "reviewState": None, "status": None, "formVersion": "v2"}
    return {"__id": "uuid:1", "__system": system, "start": "2022-10-10T09:00:00.000+08:00", **more}


def test_the_feed_has_groups_as_objects_and_repeats_as_lists(read):
    point = {"type": "Point", "coordinates": [113.2, 35.1, 0], "properties": {"accuracy": 4.6}}
    content = {
        "@odata.context": "x", "@odata.count": 2,
        "value": [
            record(g={"steps": 3, "place": point, "banks": [{"__id": "a", "bank": "jia"}]}),
            record(g={"steps": None, "banks@odata.navigationLink": "x"}),
        ],
    }  # fmt: skip
    content["value"][1]["__system"] = {"submissionDate": "2022-10-11T01:02:03.000Z", "status": "notDecrypted"}
    reading = read(json.dumps(content), "Submissions.json")
    main, banks = reading.tables
    assert (reading.reader, banks.sheet, banks.n_rows) == ("odk_central", "g/banks", 1)
    assert told(main, "g/steps", "g/place") == [[3, "113.2 35.1 0"], [None, None]]
    assert main.values[main.meta["state"]] == [None, "encrypted"]
    assert main.columns[main.meta["submitted_at"]].key == "__system/submissionDate"
    assert told(banks, "g/banks/bank") == [["jia"]]
    assert (main.columns[banks.parent.other].key, banks.columns[banks.parent.own].key) == ("_index", "_parent_index")
    assert all(c.own for c in main.columns if c.key.startswith("__"))


def test_a_slash_in_the_feed_is_a_group_and_no_choice(read):
    content = {"value": [record(fees="none", other={"fees": 1})]}
    assert "other/fees" in {c.key for c in read(json.dumps(content), "f.json").tables[0].columns}
