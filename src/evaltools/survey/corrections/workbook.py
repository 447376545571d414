"""Write the workbook that goes out to who corrects, and the answered one that goes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from evaltools.errors import UsageError, message
from evaltools.store.disk import replace_file
from evaltools.survey.corrections.lines import Line
from evaltools.survey.corrections.wording import ANSWER, COLUMNS, REASONS, word
from evaltools.text import Lang, clean

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.worksheet import Worksheet

# a fixed date, so that the same lines give the same bytes
_CREATED: Final = datetime(2022, 1, 1)
_OPTIONS: Final = {
    "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True,
}  # fmt: skip
_WIDTHS: Final = {
    "file": 28, "sheet": 12, "row": 7, "column": 28, "question": 16, "problem": 48, "old_value": 26, "new_value": 26,
    "action": 12, "why": 24, "who": 10, "correction": 20, ANSWER: 60,
}  # fmt: skip
_FILLED: Final = ("new_value", "action", "why", "who")
_HIDDEN: Final = ("row_sha", "old_sha")
_LISTS: Final = "lists"
_LONGEST: Final = 32_767
_MOST: Final = 1_048_575
_LANGS: Final[tuple[Lang, ...]] = ("zh", "en")


def write_lines(lines: Sequence[Line], path: Path, lang: Lang) -> None:
    """Write open lines with drop-downs for what is to be filled in; only these cells can be changed.

    Lists stand in a hidden sheet under names of their own, so that they may be long and hold commas. No cell becomes a
    formula, a link or a number.

    Raises
    ------
    UsageError
        ``correct-too-many``: more lines than a sheet takes.
    """
    rows = [_row(line) for line in lines]
    _write(path, rows, COLUMNS, lang, lambda book, page: _add_lists(book, page, lines, lang))


def write_answered(rows: Sequence[Mapping[str, str]], path: Path, lang: Lang) -> None:
    """Write lines as they came back, each with what became of it."""
    _write(path, rows, (ANSWER, *COLUMNS), lang, lambda book, page: None)


def _write(path: Path, rows: Sequence[Mapping[str, str]], columns: Sequence[str], lang: Lang, further: Any) -> None:
    import xlsxwriter

    if len(rows) > _MOST:
        raise UsageError("correct-too-many", count=len(rows), limit=_MOST)
    content = BytesIO()
    with xlsxwriter.Workbook(content, _OPTIONS) as book:
        book.set_properties({"created": _CREATED})
        page = book.add_worksheet(message("correct-sheet-lines", {}, lang))
        _add_instructions(book, lang)
        _add_rows(book, page, rows, columns, lang)
        further(book, page)
    replace_file(path, content.getvalue())


def _row(line: Line) -> dict[str, str]:
    return {
        **{name: str(getattr(line, name)) for name in COLUMNS if name not in _FILLED},
        "action": "",
    }


def _add_rows(
    book: xlsxwriter.Workbook, page: Worksheet, rows: Iterable[Mapping[str, str]], columns: Sequence[str], lang: Lang
) -> None:
    head = book.add_format({"bold": True, "bg_color": "#D9E2EC", "border": 1, "text_wrap": True, "valign": "top"})
    plain = book.add_format({"text_wrap": True, "valign": "top"})
    filled = book.add_format({"text_wrap": True, "valign": "top", "locked": False, "bg_color": "#FFF8E1", "border": 1})
    page.freeze_panes(1, 0)
    for place, name in enumerate(columns):
        page.set_column(place, place, _WIDTHS.get(name, 10), None, {"hidden": name in _HIDDEN})
        page.write_string(0, place, word("column", name, lang), head)
    for number, row in enumerate(rows, start=1):
        for place, name in enumerate(columns):
            page.write_string(number, place, clean(row.get(name, ""))[:_LONGEST], filled if name in _FILLED else plain)
    page.protect("", {"format_columns": True, "format_rows": True, "autofilter": True, "sort": True})


def _add_instructions(book: xlsxwriter.Workbook, lang: Lang) -> None:
    page = book.add_worksheet(message("correct-sheet-help", {}, lang))
    shape = book.add_format({"text_wrap": True, "valign": "top"})
    page.set_column(0, 0, 110)
    texts = [message("correct-help", {}, one) for one in sorted(_LANGS, key=lambda one: one != lang)]
    for number, text in enumerate("\n\n".join(texts).split("\n")):
        page.write_string(number, 0, text, shape)
    page.protect("")


def _add_lists(book: xlsxwriter.Workbook, page: Worksheet, lines: Sequence[Line], lang: Lang) -> None:
    lists = _Lists(book)
    reasons = tuple(word("why", code, lang) for code in REASONS)
    for number, line in enumerate(lines, start=1):
        lists.use("action", tuple(word("action", action, lang) for action in line.actions), number)
        lists.use("why", reasons, number)
        if line.choices:
            # several choices in one cell are no item of the list, so there it only advises
            lists.use("several" if line.is_several else "new_value", line.choices, number)
    lists.write(page)
    lists.hide()


class _Lists:
    """Drop-down lists, each written once into a hidden sheet, and the cells that use them."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._page = book.add_worksheet(_LISTS)
        self._cells: dict[tuple[str, tuple[str, ...]], list[int]] = {}

    def use(self, column: str, items: tuple[str, ...], row: int) -> None:
        """Give a cell a list; `column` is ``several`` for new values of which there may be more than one."""
        self._cells.setdefault((column, items), []).append(row)

    def write(self, page: Worksheet) -> None:
        """Write all lists, and tell the cells of them."""
        names: dict[tuple[str, ...], str] = {}
        for (column, items), rows in self._cells.items():
            if items not in names:
                names[items] = self._named(len(names), items)
            place = COLUMNS.index("new_value" if column == "several" else column)
            first, *others = [[start, place, end, place] for start, end in _runs(rows)]
            options = {
                "validate": "list",
                "source": f"={names[items]}",
                "error_type": "information" if column == "several" else "stop",
                "show_error": column != "several",
                "other_cells": others,
            }
            page.data_validation(*first, options)

    def hide(self) -> None:
        """Hide the sheet."""
        self._page.hide()
        self._page.protect("")

    def _named(self, number: int, items: Iterable[str]) -> str:
        count = 0
        for count, item in enumerate(items, start=1):
            self._page.write_string(count - 1, number, clean(item)[:_LONGEST])
        name = f"list_{number + 1}"
        from xlsxwriter.utility import xl_rowcol_to_cell

        start, end = (xl_rowcol_to_cell(row, number, row_abs=True, col_abs=True) for row in (0, count - 1))
        self._book.define_name(name, f"={_LISTS}!{start}:{end}")
        return name


def _runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Return rising numbers as runs of neighbours."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and runs[-1][1] == row - 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs
