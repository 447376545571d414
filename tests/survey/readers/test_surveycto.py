"""SurveyCTO: the wide table, tables of repeats, choices in columns of their own, JSON of the server."""

from __future__ import annotations

import json

import pytest

from .conftest import rows_of
from .test_zip_book import archive

HEAD = "SubmissionDate,starttime,endtime,deviceid,subscriberid,simid,devicephonenum,username,duration,caseid"
BEHIND = "instanceID,formdef_version,review_status,KEY"
OWN = '"Sep 28, 2022 10:11:12 AM","Sep 28, 2022 9:11:12 AM","Sep 28, 2022 10:11:12 AM",356,460,,,c3,600,'


def wide(headers, *rows, review="approved"):
    lines = [f"{HEAD},{headers},{BEHIND}"]
    lines += [f"{OWN},{row},uuid:{number},2210,{review},uuid:{number}" for number, row in enumerate(rows, start=1)]
    return "\n".join(lines) + "\n"


def keys(table):
    return [c.key for c in table.columns if not c.own]


def test_the_wide_table_is_known_and_its_roles_are_found(read):
    reading = read(wide("steps", "3", "4"))
    table = reading.tables[0]
    assert (reading.reader, reading.confidence, keys(table)) == ("surveycto", 0.93, ["steps"])
    assert {role: table.columns[place].key for role, place in table.meta.items()} == {
        "submitted_at": "SubmissionDate", "started_at": "starttime", "duration": "duration", "native_id": "KEY",
        "form_version": "formdef_version",
    }  # fmt: skip
    assert [(note.code, note.fields) for note in table.notes] == [("note-time-no-zone", {"tool": "SurveyCTO"})]


def test_headers_in_lower_case_are_the_same(read):
    content = wide("steps", "3")
    head, rows = content.split("\n", 1)
    assert read(f"{head.lower()}\n{rows}").reader == "surveycto"


def test_columns_of_choices_that_say_the_same_are_left_out(read):
    table = read(wide("fees,fees_1,fees_2,fees_other_text", "1 2,1,1,x", ",,,", "2,0,1,y")).tables[0]
    assert keys(table) == ["fees", "fees_other_text"]


def test_columns_that_say_something_else_stay(read):
    """`rate_1` is no choice of `rate`; `a_b` may be the choice `b` of `a`, or a question of its own."""
    table = read(wide("rate,rate_1,a,a_b", "4,1,b,1", "5,0,c,1")).tables[0]
    assert keys(table) == ["rate", "rate_1", "a", "a_b"]


def test_answers_inside_a_repeat_stay_in_their_columns(read):
    table = read(wide("banks_count,bank_1,bank_2,sat_1,sat_2", "2,jia,yi,1,0", "1,jia,,1,")).tables[0]
    assert keys(table) == ["banks_count", "bank_1", "bank_2", "sat_1", "sat_2"]


def test_rejected_submissions_are_marked(read):
    table = read(wide("q", "a", review="REJECTED")).tables[0]
    assert table.values[table.meta["state"]] == ["rejected"]
    assert "state" not in read(wide("q", "a")).tables[0].meta


def test_tables_of_repeats_know_their_submissions(read):
    banks = "bank,PARENT_KEY,KEY,SET-OF-banks\njia,uuid:1,uuid:1/banks[1],uuid:1/banks\n"
    reading = read(archive({"f.csv": wide("q,SET-OF-banks", "a,uuid:1/banks"), "f-banks.csv": banks}), "f.zip")
    main, child = reading.tables
    assert (reading.reader, main.columns[child.parent.other].key) == ("surveycto", "KEY")
    assert (keys(main), keys(child)) == (["q"], ["banks/bank"])


def test_json_of_the_server(read):
    header, row = (line.replace('"', "") for line in wide("steps,fees,fees_1", "3,1,1").splitlines())
    cells = ["Sep 28, 2022 10:11:12 AM"] * 3 + row.split(",")[6:]
    reading = read(json.dumps([dict(zip(header.split(","), cells, strict=True))]), "f.json")
    assert (reading.reader, keys(reading.tables[0])) == ("surveycto", ["steps", "fees"])


@pytest.mark.parametrize("content", ["KEY,a,b\nx,1,2\n", "duration,username,KEY,starttime\n1,x,y,z\n"])
def test_other_tables_are_not_taken_for_it(content, read):
    assert read(content).reader == "plain"


def test_a_repeat_alone_is_read_as_it_stands(read):
    table = read("bank,PARENT_KEY,KEY\njia,uuid:1,uuid:1/banks[1]\n", reader="surveycto").tables[0]
    assert (rows_of(table), table.parent) == ([["jia", "uuid:1", "uuid:1/banks[1]"]], None)
