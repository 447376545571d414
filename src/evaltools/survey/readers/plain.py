"""Any table whose first row holds the headers."""

from __future__ import annotations

import re

from evaltools.survey.readers.columns import build_table, headers_of
from evaltools.survey.readers.model import Grid, RawColumn, Sniff, TableData

TOOL = "plain"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_SEPARATORS = ("┋", ";")


def sniff(grid: Grid) -> Sniff:
    """Take every grid, after all others have declined."""
    return Sniff(0.1, f"first row as headers, {len(grid.rows[0])} columns")


def read(grid: Grid) -> TableData:
    """Read a grid with one header row.

    A header in the form of a question's name is a "name", any other a "label". Choices in one cell are taken to be
    joined by ``┋`` or ``;`` where the table holds that sign, else by a comma.
    """
    columns = []
    for position, (header, nth) in enumerate(headers_of(grid.rows[0])):
        key = header.strip()
        kind = "name" if _NAME.fullmatch(key) else "label"
        columns.append(RawColumn(position, header, key, kind, nth=nth))  # type: ignore[arg-type]
    return build_table(grid, columns, n_header=1, separator=_separator(grid))


def _separator(grid: Grid) -> str:
    for sign in _SEPARATORS:
        if any(isinstance(cell, str) and sign in cell for row in grid.rows[1:] for cell in row):
            return sign
    return ","
