"""From a grid and its named columns to a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evaltools.survey.readers.model import Cell, Grid, RawColumn, TableData


def headers_of(row: Sequence[Cell]) -> list[tuple[str, int]]:
    """Return the header of each column as text ("" where there is none) and which of its equals it is, from 1."""
    seen: dict[str, int] = {}
    headers = []
    for cell in row:
        header = "" if cell is None else str(cell)
        seen[header] = seen.get(header, 0) + 1
        headers.append((header, seen[header]))
    return headers


def column_values(grid: Grid, n_header: int) -> list[list[Cell]]:
    """Return the cells below the header rows, column by column."""
    return [[row[place] for row in grid.rows[n_header:]] for place in range(len(grid.rows[0]))]


def build_table(
    grid: Grid,
    columns: Sequence[RawColumn],
    *,
    n_header: int,
    separator: str,
    values: list[list[Cell]] | None = None,
    meta: Mapping[str, int] | None = None,
    missing_marks: Mapping[str, str] | None = None,
) -> TableData:
    """Build a table from what a reader found.

    Parameters
    ----------
    columns
        In the order of `values`.
    n_header
        Rows at the top of the grid that hold no answers.
    values
        Cells by column; None takes the grid's.
    """
    return TableData(
        sheet=grid.sheet,
        columns=tuple(columns),
        row_numbers=grid.numbers[n_header:],
        values=column_values(grid, n_header) if values is None else values,
        meta=dict(meta or {}),
        missing_marks=dict(missing_marks or {}),
        separator=separator,
        n_counted=grid.n_counted - n_header,
    )
