"""From a grid and its named columns to a table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from evaltools.survey.readers.cells import Cell, Cells, code_cells
from evaltools.survey.readers.model import Grid, Note, Parent, RawColumn, RawTable

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")


def headers_of(row: Sequence[Cell]) -> list[tuple[str, int]]:
    """Return the header of each column as text ("" where there is none) and which of its equals it is, from 1."""
    seen: dict[str, int] = {}
    headers = []
    for cell in row:
        header = "" if cell is None else str(cell)
        seen[header] = seen.get(header, 0) + 1
        headers.append((header, seen[header]))
    return headers


def column_values(grid: Grid, n_header: int) -> list[Cells]:
    """Return the cells below the header rows, column by column."""
    return [column.rows(n_header) for column in grid.columns]


def kind_of(key: str) -> Literal["name", "label"]:
    """Say whether a header has the form of a question's name or is a wording."""
    return "name" if _NAME.fullmatch(key) else "label"


def separator_of(values: Sequence[Cells]) -> str:
    """Return what joins several choices in one cell: ``┋`` or ``;`` where any cell holds that sign, else a comma."""
    for sign in ("┋", ";"):
        if any(isinstance(cell, str) and sign in cell for column in values for cell in column.occurring()):
            return sign
    return ","


def build_table(
    grid: Grid,
    columns: Sequence[RawColumn],
    *,
    n_header: int,
    separator: str,
    values: Sequence[Cells | list[Cell]] | None = None,
    meta: Mapping[str, int] | None = None,
    missing_marks: Mapping[str, str] | None = None,
    left_out: Mapping[int, str] | None = None,
    notes: Sequence[Note] = (),
    parent: Parent | None = None,
) -> RawTable:
    """Build a table from what a reader found.

    Parameters
    ----------
    columns
        In the order of `values`.
    n_header
        Rows at the top of the grid that hold no answers.
    values
        Cells by column, each with all rows below the header; None takes the grid's.
    left_out
        Number to reason of rows below the header that are no answers; they are taken out of `values` here.
    """
    cells = [code_cells(column) for column in (column_values(grid, n_header) if values is None else values)]
    numbers, gone = grid.numbers[n_header:], dict(left_out or {})
    if gone:
        kept = [place for place, number in enumerate(numbers) if number not in gone]
        numbers, cells = [numbers[place] for place in kept], [column.take(kept) for column in cells]
    return RawTable(
        sheet=grid.sheet,
        columns=tuple(columns),
        row_numbers=numbers,
        values=cells,
        meta=dict(meta or {}),
        missing_marks=dict(missing_marks or {}),
        separator=separator,
        n_counted=grid.n_counted - n_header - len(gone),
        left_out=gone,
        notes=tuple(notes),
        parent=parent,
        epoch=grid.epoch,
    )
