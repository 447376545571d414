"""Faulty forms: each fault is named with its sheet and row, all of them at once, in both languages."""

from __future__ import annotations

import pickle

import openpyxl
import pytest

from evaltools.errors import CampaignError
from evaltools.survey.instrument import InstrumentError, read_instrument_file
from evaltools.survey.instrument import sheets as instrument_sheets

HEAD = "| survey |\n| | type | name | label | sensitivity | role | polarity |\n"
CHOICES = "| choices |\n| | list_name | name | label |\n"


def read(tmp_path, text):
    path = tmp_path / "form.md"
    path.write_text(text, encoding="utf-8")
    return read_instrument_file(path)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            "| | integr | a | A | | | |",
            "instrument-type-unknown: sheet survey, row 2, question 'a': unknown type 'integr'",
        ),
        ("| | osm | a | A | | | |", "instrument-type-unknown: sheet survey, row 2"),
        ("| | integer | | A | | | |", r"instrument-name-missing: sheet survey, row 2 \(type integer\)"),
        ("| | integer | a | | | | |", "instrument-label-missing: sheet survey, row 2, question 'a'"),
        (
            "| | integer | a | A | | | |\n| | text | A | A | | | |",
            "instrument-name-twice: sheet survey, row 3: the name 'A' is taken by row 2",
        ),
        (
            "| | begin_group | g | | | | |\n| | text | a | A | | | |\n| | end_group |\n| | text | a | A | | | |",
            "instrument-name-twice: sheet survey, row 5",
        ),
        ("| | text | Bank_id | A | | | |", "instrument-name-reserved: sheet survey, row 2: 'Bank_id'"),
        (
            "| | select_one list | a | A | | | |",
            "instrument-choices-missing: sheet survey, row 2, question 'a' uses the choice list 'list'",
        ),
        (
            "| | text | a | A | secret | | |",
            "instrument-sensitivity-unknown: sheet survey, row 2, question 'a': sensitivity 'secret' is not one of",
        ),
        ("| | text | phone | A | | | |", "instrument-sensitivity-missing: sheet survey, row 2, question 'phone'"),
        ("| | text | a | A | | enterprise | |", "instrument-sensitivity-missing: sheet survey, row 2"),
        (
            "| | text | a | A | plain | shopper | |",
            "instrument-sensitivity-direct: sheet survey, row 2, question 'a' has the role shopper",
        ),
        (
            "| | text | a | A | | banker | |",
            "instrument-role-unknown: sheet survey, row 2, question 'a': role 'banker'",
        ),
        ("| | integer | a | A | | | up |", "instrument-polarity-unknown: sheet survey, row 2"),
        ("| | begin_group | g | G | | | |\n| | text | a | A | | | |", "instrument-invalid: .*form.md .* 'g'"),
        ("| | text | a b | A | | | |", "instrument-invalid: .*row"),
        ("| | calculate | a | A | | | |", r"instrument-invalid: .*\[row : 2\] Missing calculation"),
    ],
)
def test_fault_names_sheet_and_row(tmp_path, rows, expected):
    with pytest.raises(CampaignError, match=expected) as caught:
        read(tmp_path, HEAD + rows)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("| | l | x | X |\n| | l | x | Y |", "instrument-choice-twice: sheet choices, row 3: choice 'x' of list 'l'"),
        ("| | l | x | |", "instrument-choice-label: sheet choices, row 2: choice 'x' of list 'l'"),
    ],
)
def test_fault_of_a_choice(tmp_path, rows, expected):
    with pytest.raises(CampaignError, match=expected):
        read(tmp_path, HEAD + "| | integer | a | A | | | |\n" + CHOICES + rows)


def test_choice_that_may_stand_twice(tmp_path):
    form = read(
        tmp_path,
        HEAD + "| | select_one l | a | A | | | |\n" + CHOICES + "| | l | x | X |\n| | l | x | Y |\n"
        "| settings |\n| | allow_choice_duplicates |\n| | yes |\n",
    )
    assert [(choice.name, choice.label.en) for choice in form.question("a").choices] == [("x", "X")]


def test_all_faults_at_once_in_both_languages(tmp_path):
    with pytest.raises(InstrumentError, match="instrument-type-unknown") as caught:
        read(tmp_path, HEAD + "| | integr | a | A | | | |\n| | integer | b | | | | up |\n")
    error = caught.value
    assert [fault.code for fault in error.faults] == [
        "instrument-type-unknown",
        "instrument-label-missing",
        "instrument-polarity-unknown",
    ]
    assert (error.code, error.fields["row"]) == ("instrument-type-unknown", 2)
    assert [line.partition(":")[0] for line in str(error).splitlines()] == [fault.code for fault in error.faults]
    assert "第3行题目“b”没有label" in error.text("zh")
    assert error.text("en") == str(error)


def test_faults_travel_between_processes(tmp_path):
    with pytest.raises(InstrumentError, match="label-missing") as caught:
        read(tmp_path, HEAD + "| | integer | b | | | | |\n")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (InstrumentError, str(caught.value))


@pytest.mark.parametrize(
    ("suffix", "content"), [(".md", b"no table"), (".xlsx", b"PK\x05\x06 broken"), (".xls", b"x"), (".csv", b"a")]
)
def test_what_is_no_form(tmp_path, suffix, content):
    path = tmp_path / f"form{suffix}"
    path.write_bytes(content)
    with pytest.raises(CampaignError, match="instrument-unreadable"):
        read_instrument_file(path)


def test_form_without_questions(tmp_path):
    with pytest.raises(CampaignError, match=r"instrument-unreadable: .*survey"):
        read(tmp_path, CHOICES + "| | l | x | X |\n| settings |\n| | version |\n| | 1 |\n")


def test_form_that_is_too_large(tmp_path, monkeypatch):
    text = HEAD + "| | integer | a | A | | | |\n"
    monkeypatch.setattr(instrument_sheets, "MAX_BYTES", len(text) - 1)
    with pytest.raises(CampaignError, match="instrument-too-large"):
        read(tmp_path, text)


def test_workbook_that_unpacks_to_too_much(tmp_path, monkeypatch):
    book = openpyxl.Workbook()
    book.save(tmp_path / "form.xlsx")
    monkeypatch.setattr(instrument_sheets, "MAX_UNPACKED", 1000)
    with pytest.raises(CampaignError, match="instrument-too-large"):
        read_instrument_file(tmp_path / "form.xlsx")
