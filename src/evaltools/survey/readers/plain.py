"""Any table whose first row holds the headers."""

from __future__ import annotations

import re
from typing import Final

from evaltools.survey.readers.cells import Cell
from evaltools.survey.readers.columns import build_table, column_values, headers_of, kind_of, separator_of
from evaltools.survey.readers.model import Book, Note, RawColumn, RawTable, Sniff
from evaltools.survey.readers.recoding import recode
from evaltools.survey.readers.wjx_cells import marks_in

TOOL = "plain"
_GUARDED: Final = re.compile(r'="([^"]*)"')


def sniff(book: Book) -> Sniff:
    """Take every file, after all others have declined."""
    return Sniff(0.1, f"first row as headers, {book.first.width} columns")


def read(book: Book) -> list[RawTable]:
    """Read a table with one header row.

    A header in the form of a question's name is a "name", any other a "label". Choices in one cell are taken to be
    joined by ``┋`` or ``;`` where the table holds that sign, else by a comma. In a csv ``="001"`` is 001.
    """
    grid, columns = book.first, []
    for position, (header, nth) in enumerate(headers_of(grid.row(0))):
        key = header.strip()
        columns.append(RawColumn(position, header, key, kind_of(key), nth=nth))
    values = column_values(grid, 1)
    if book.kind == "text":
        values = [recode(cells, _unguarded) for cells in values]
    separator, marks = separator_of(values), marks_in(values)
    notes = [Note("note-marks", {"marks": list(marks)})] if marks else []
    return [
        build_table(grid, columns, n_header=1, separator=separator, values=values, missing_marks=marks, notes=notes)
    ]


def _unguarded(cell: Cell) -> Cell:
    """Return a text without the formula that some programs put around it to keep a spreadsheet's hands off."""
    found = _GUARDED.fullmatch(cell) if isinstance(cell, str) else None
    return cell if found is None else found[1] or None
