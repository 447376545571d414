"""A real assessment collected with KoboToolbox and passed through R, held against its own form, cell by cell."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import xlsxwriter

from evaltools.config import Source
from evaltools.survey.instrument import read_instrument_file
from evaltools.survey.matching.columns import match_columns
from evaltools.survey.questions import read_fields, read_questions
from evaltools.survey.readers import read_files
from evaltools.survey.roles import Roles

REAL = Path(__file__).parents[2].parent / "shared" / "realdata" / "kobo-talafar"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the real data is not here")
NOBODY = Roles({})


def rows_of(name):
    with (REAL / f"cleaningtools_{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture(scope="module")
def form(tmp_path_factory):
    path = tmp_path_factory.mktemp("form") / "talafar.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name in ("survey", "choices"):
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows_of(name)):
                for column, cell in enumerate(row):
                    sheet.write_string(number, column, cell)
    return read_instrument_file(path)


@pytest.fixture(scope="module", params=["raw_data", "clean_data"])
def data(request, form):
    [file] = read_files([REAL / f"cleaningtools_{request.param}.csv"])
    [table] = file.tables
    # R has written "." for "/", and whoever published the file took out what nobody answered
    known = {column.key for column in table.columns}
    absent = tuple(question.name for question in form.answered if question.name not in known)
    source = Source(pattern="raw/*", instrument="f", wave="w", mode="interviewer", channel="x", absent=absent)
    found = match_columns(table, form, source, path="f.csv")
    columns = read_questions(table, found, form, source, NOBODY, [])
    header, *rows = rows_of(request.param)
    return request.param, table, found, columns, header, rows


def test_every_row_and_every_question_is_there(data, form):
    name, table, found, _, header, rows = data
    expected = {"raw_data": (632, 348, ()), "clean_data": (578, 350, ("socio_eco_division", "water_sector"))}[name]
    assert (table.n_rows, len(header), found.extra) == expected
    assert len(rows) == table.n_rows
    assert len(found.columns) == 152


def test_no_answer_is_lost_and_none_is_made(data):
    """A cell that holds something is an answer or a fault; an empty one is blank."""
    _, table, found, columns, header, rows = data
    for name, position in found.columns.items():
        written = [row[header.index(table.columns[position].header)] for row in rows]
        column = columns[name]
        for cell, answer, fault, reason in zip(written, column.answers, column.faults, column.reasons, strict=True):
            assert (cell != "") == (answer is not None or fault is not None), name
            assert (cell == "") == (reason == "blank"), name


def test_the_only_faults_are_what_is_wrong_in_the_file(data, form):
    """Neighbourhoods were renamed for publication, a choice in the form; the cleaned file has FALSE for numbers."""
    name, _, _, columns, _, _ = data
    faults = {one: sorted(set(column.faults) - {None}) for one, column in columns.items() if column.faults.any()}
    expected = {"neighbourhood": ["choice-unknown"], "pay_water_charges_when": ["choice-unknown"]}
    assert faults == expected | ({"spend_tap": ["not-a-number"]} if name == "clean_data" else {})


def test_multiple_choices_are_those_that_are_ticked(data, form):
    """Each choice has a column of its own in the file, which the reader left out: the same answers, told twice."""
    name, table, _, columns, header, rows = data
    differing = {}
    for question in form.answered:
        options = [one for one in header if one.startswith(f"{question.name}.")]
        if question.type != "select_multiple" or question.name not in columns or not options:
            continue
        places = {one.removeprefix(f"{question.name}."): header.index(one) for one in options}
        for number, row, answer in zip(table.row_numbers, rows, columns[question.name].answers, strict=True):
            ticked = {option for option, place in places.items() if row[place] == "TRUE"}
            if set(answer or ()) != ticked:
                differing.setdefault(question.name, []).append(number)
    told = {note.fields["column"]: list(note.fields["rows"]) for note in table.notes}
    expected = {"raw_data": {}, "clean_data": {"water_sources": [12, 15], "treat_drink_water_how": [189, 462]}}[name]
    assert differing == told == expected


def test_times_are_those_of_the_phone_and_the_server(data):
    """The first writes its offset, +03:00, the second UTC without one."""
    name, table, _, columns, header, rows = data
    fields = read_fields(table, columns, NOBODY)
    if name == "clean_data":
        assert (rows[0][0], rows[0][header.index("X_submission_time")]) == (
            "2021-07-12T00:47:57.569+03:00", "2021-07-12T11:41:34",
        )  # fmt: skip
        assert fields.started_at[0].isoformat() == "2021-07-12T05:47:57.569000"
        assert fields.submitted_at[0].isoformat() == "2021-07-12T19:41:34"
    assert all(fields.started_at < fields.submitted_at)
