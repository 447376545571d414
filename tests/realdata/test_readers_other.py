"""Public files of Qualtrics, LimeSurvey, Stata and of no tool; counts from their descriptions and by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaltools.errors import FileRefusedError
from evaltools.survey.instrument import BilingualText, Choice
from evaltools.survey.readers import RawFile, read_files
from evaltools.survey.values.choices import index_choices
from evaltools.survey.values.coerce import read_column

REAL = Path(__file__).parents[2].parent / "shared" / "realdata"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the real data is not here")


PLAIN = {
    "audit-birbhum/birbhum-endline-exit.csv": (2318, 73),
    "scales/psych__bfi.csv": (2800, 29),
    "scales/causaldata__restaurant_inspections.csv": (27178, 6),
    "california-schools/apisrs.csv": (200, 24),
    "california-schools/apistrat.csv": (200, 24),
    "california-schools/apiclus1.csv": (183, 24),
    "california-schools/apiclus2.csv": (126, 25),
}
FORMS = ["limesurvey/all_types_survey.tsv", "limesurvey/basic_survey.tsv", "limesurvey/complex_survey.tsv"]


@pytest.fixture(scope="module")
def files():
    names = [
        "qualtrics/legit_voting_codes.csv",
        "qualtrics/legit_voting_choicetext.csv",
        "qualtrics/ropensci_sample_german.csv",
        "qualtrics/ropensci_sample_legacy2header.csv",
        "audit-birbhum/sp-birbhum.dta",
        "surveycto/household_backcheck.dta",
        *PLAIN,
        *FORMS,
    ]
    return dict(zip(names, read_files([REAL / name for name in names]), strict=True))


@pytest.fixture
def read(files):
    def read(name):
        assert isinstance(files[name], RawFile)
        return files[name], files[name].tables[0]

    return read


@pytest.fixture
def votes(read):
    """The same answers as codes and as choice texts."""
    return [read(f"qualtrics/legit_voting_{kind}.csv")[1] for kind in ("codes", "choicetext")]


def column_of(table, header):
    [column] = [column for column in table.columns if column.header == header and column.option is None]
    return table.rows[column.position].tolist()


# --------------------------------------------------------------------------------------------------------------------
# Qualtrics


def test_header_rows_are_no_answers(votes):
    """158 rows as the description counts them, the wordings and the ids among them."""
    for table in votes:
        assert (len(table.rows), table.n_counted, table.rows.index[0], table.rows.index[-1]) == (156, 156, 4, 159)
        assert table.rows[table.meta["native_id"]].nunique() == 156
        notes = {note.code: note.fields for note in table.notes}
        assert notes["note-incomplete"]["count"] == 22
        assert len(notes["note-dropped-tool"]["columns"]) == 118


def test_codes_and_choice_texts_are_the_same_answers(votes):
    """Each code has one text and each text one code, in every question; the code is often not its place."""
    codes, texts = votes
    assert [column.header for column in codes.columns] == [column.header for column in texts.columns]
    assert ({column.coding for column in codes.columns}, {column.coding for column in texts.columns}) == (
        {"name"}, {"label"},
    )  # fmt: skip
    compared = 0
    for one, other in zip(codes.columns, texts.columns, strict=True):
        cells = list(zip(codes.rows[one.position], texts.rows[other.position], strict=True))
        if one.header in ("Status", "Finished") or all(code == text for code, text in cells):
            continue
        parts = [pair for pair in cells if "," not in str(pair[0])]
        meaning = dict(parts)
        choices = [
            Choice(str(name), BilingualText(str(label), str(label)))
            for name, label in meaning.items()
            if name is not None
        ]
        assert len({label for _, label in parts}) == len(meaning)
        read = [
            read_column(
                list(table.rows[one.position]),
                "select_multiple",
                choices=index_choices(choices, {}, coding=coding),
                separator=table.separator,
            )
            for table, coding in ((codes, "name"), (texts, "label"))
        ]
        assert not any(fault for column in read for fault in column.faults)
        assert read[0].answers.tolist() == read[1].answers.tolist()
        compared += 1
    # 20 on polarization, 8 on legitimacy, 5 and 5 on two ways to vote, 10 others
    assert compared == 48


def test_several_choices_in_one_cell(votes):
    """Some respondents took 4,6,7: three choices, whatever a spreadsheet makes of it."""
    choices = [Choice(str(code), BilingualText(text, text)) for code, text in
               ((4, "yellow"), (5, "black"), (6, "green"), (7, "blue"), (8, "red"))]  # fmt: skip
    read = [
        read_column(
            column_of(table, "practice_m4.1"), "select_multiple",
            choices=index_choices(choices, {}, coding=coding), separator=table.separator,
        )
        for table, coding in zip(votes, ("name", "label"), strict=True)
    ]  # fmt: skip
    assert read[0].answers.tolist() == read[1].answers.tolist()
    assert read[0].answers.tolist().count(("4", "6", "7")) == 12
    assert [sum(answer is not None for answer in one.answers) for one in read] == [136, 136]


def test_times_are_in_the_zone_of_the_file(votes):
    """America/Denver, in summer six hours behind UTC."""
    starts = votes[0].rows[votes[0].meta["started_at"]]
    assert all(str(start).endswith("-06:00") for start in starts)


def test_german_and_old_exports(read):
    german, table = read("qualtrics/ropensci_sample_german.csv")
    assert (german.reader, len(table.rows), table.rows.index[0]) == ("qualtrics", 1, 4)
    assert [column.key for column in table.columns[-2:]] == [
        "This is a multiple choice question.", "This is a free text question.",
    ]  # fmt: skip
    legacy, table = read("qualtrics/ropensci_sample_legacy2header.csv")
    assert (legacy.reader, legacy.encoding, len(table.rows), table.rows.index[0]) == ("qualtrics", "UTF-8-SIG", 1, 3)
    assert [column.header for column in table.columns[-2:]] == ["Q1", "Q2"]
    assert table.rows.iloc[0, table.meta["native_id"]] == "R_2YPOQ602ER1jkf1"


# --------------------------------------------------------------------------------------------------------------------
# LimeSurvey, Stata, tables of no tool


@pytest.mark.parametrize("name", FORMS)
def test_forms_are_no_answers(name, files):
    assert isinstance(files[name], FileRefusedError)
    assert files[name].code == "limesurvey-structure"


def test_audit_of_providers(read):
    """267 providers and 763 visits, as the description counts them."""
    file, table = read("audit-birbhum/sp-birbhum.dta")
    assert (file.reader, file.tool, table.rows.shape, table.n_counted) == ("stata", "stata", (1297, 25), 1297)
    assert len(set(column_of(table, "facilitycode"))) == 267
    assert sum(cell is not None for cell in column_of(table, "checklist")) == 763
    assert set(column_of(table, "treat_refer")) == {"Yes", "No", None}
    assert [(note.code, note.fields["count"]) for note in table.notes] == [("note-dta-notes", 7)]


def test_back_checks_of_surveycto(read):
    file, table = read("surveycto/household_backcheck.dta")
    assert (file.reader, file.tool, table.rows.shape) == ("stata", "surveycto", (185, 51))
    assert set(table.meta) == {"submitted_at", "started_at", "duration", "native_id", "form_version"}
    assert table.rows[table.meta["native_id"]].nunique() == 185
    assert set(column_of(table, "e_hhh_relig")) == {"Christianity", "Islam", "African Traditional Religion"}


@pytest.mark.parametrize("name", PLAIN)
def test_tables_of_no_tool(name, read):
    file, table = read(name)
    assert (file.reader, table.rows.shape, table.n_counted) == ("plain", PLAIN[name], PLAIN[name][0])
