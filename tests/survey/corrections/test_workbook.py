"""The workbook that goes out: lists for what may be chosen, everything else locked, and nothing of the data is code."""

import re
import zipfile

import openpyxl
import pytest

from evaltools.survey.corrections.lines import Line
from evaltools.survey.corrections.returned import read_returned
from evaltools.survey.corrections.wording import COLUMNS, REASONS, word
from evaltools.survey.corrections.workbook import write_answered, write_lines

NASTY = '=HYPERLINK("http://x","y")'


def line(number=2, **changes):
    given = {
        "file": "raw/a.xlsx", "sheet": "Sheet1", "row": number, "column": "1、题", "question": "size", "problem": "x",
        "old_value": "巨型", "actions": ("change", "blank", "drop"), "row_sha": "r", "old_sha": "o",
        "choices": ("微型", "小型"),
    }  # fmt: skip
    return Line(**given | changes)


@pytest.fixture
def book(tmp_path):
    def write(*lines, lang="zh"):
        path = tmp_path / "open.xlsx"
        write_lines(lines, path, lang)
        return openpyxl.load_workbook(path)

    return write


def lists_of(book):
    """Return, for each cell with a list, what may be chosen."""
    hidden = book["lists"]
    found = {}
    for one in book.worksheets[0].data_validations.dataValidation:
        _, cells = book.defined_names[one.formula1].attr_text.split("!")
        items = [row[0].value for row in hidden[cells.replace("$", "")]] if ":" in cells else [hidden[cells].value]
        for area in one.sqref.ranges:
            for row in range(area.min_row, area.max_row + 1):
                found[row, COLUMNS[area.min_col - 1]] = items
    return found


def test_each_line_has_the_lists_of_its_question(book):
    many = tuple(f"第{number}项，很长的选项" for number in range(300))
    made = book(line(), line(3, choices=many), line(4, choices=(), actions=("drop",)))
    lists = lists_of(made)
    assert lists[2, "new_value"] == ["微型", "小型"]
    assert lists[3, "new_value"] == list(many)
    assert (4, "new_value") not in lists
    assert lists[2, "action"] == ["改为新值", "清空", "剔除整行"]
    assert lists[4, "action"] == ["剔除整行"]
    assert lists[2, "why"] == [word("why", code, "zh") for code in REASONS]
    assert made["lists"].sheet_state == "hidden"


def test_only_what_is_to_be_filled_in_can_be_changed(book):
    page = book(line()).worksheets[0]
    assert page.protection.sheet
    open_cells = {COLUMNS[cell.column - 1] for row in page.iter_rows() for cell in row if not cell.protection.locked}
    assert open_cells == {"new_value", "action", "why", "who"}
    assert page.freeze_panes == "A2"


def test_nothing_of_the_data_becomes_a_formula_or_a_link(tmp_path):
    path = tmp_path / "open.xlsx"
    write_lines([line(old_value=NASTY, problem=NASTY, column=NASTY, choices=(NASTY, "b"))], path, "zh")
    write_answered([{"old_value": NASTY, "answer": NASTY}], tmp_path / "answered.xlsx", "zh")
    for one in (path, tmp_path / "answered.xlsx"):
        with zipfile.ZipFile(one) as archive:
            sheets = [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/worksheets/")]
        assert not [text for text in sheets if re.search("<f>|<hyperlink", text)]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_goes_out_comes_back(tmp_path, lang):
    path = tmp_path / "open.xlsx"
    write_lines([line(), line(3, question="", column="")], path, lang)
    returned = read_returned(path, lang)
    assert [entry.number for entry in returned.entries] == [2, 3]
    assert returned.entries[0]["old_value"] == "巨型"
    assert all(entry.is_open for entry in returned.entries)


def test_instructions_stand_in_both_languages_the_readers_first(book):
    for lang, first in (("zh", "如何填写"), ("en", "How to fill this in")):
        page = book(line(), lang=lang).worksheets[1]
        texts = [row[0] for row in page.iter_rows(values_only=True) if row[0]]
        assert texts[0] == first
        assert {"如何填写", "How to fill this in"} <= set(texts)
