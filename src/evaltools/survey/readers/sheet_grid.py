"""From sheets as the reading library gives them to a grid: every value a cell, errors and percentages as they show."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import date, time, timedelta
from itertools import islice
from typing import Any

from python_calamine import CalamineSheet

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.cells import Cell, Cells, Coder
from evaltools.survey.readers.model import Epoch, Grid
from evaltools.survey.readers.number_formats import share_text
from evaltools.survey.readers.row_scan import SheetScan
from evaltools.text import clean

_EXACT = 1e15  # from here on a stored number may have lost digits
_BLOCK = 4096  # rows
_EPOCH: Epoch = 1900


def gather_grid(tables: Iterable[tuple[CalamineSheet, SheetScan]], name: str, file: str) -> Grid:
    """Gather the rows of a sheet that hold a value.

    Parameters
    ----------
    tables
        The sheet, or parts of it from top to bottom, and what an independent look at each has found.

    Raises
    ------
    FileRefusedError
        ``sheet-empty``; ``rows-mismatch``: not as many rows as were counted.
    """
    columns = _Columns()
    numbers: list[int] = []
    merged: list[tuple[int, int, int, int]] = []
    counted, epoch = 0, _EPOCH
    for table, scan in tables:
        rows = _rows(table, scan)
        while block := list(islice(rows, _BLOCK)):
            numbers.extend(number for number, _ in block)
            columns.add([row for _, row in block], (table.start or (0, 0))[1])
        counted, epoch = counted + scan.rows, scan.epoch
        merged += [(*first, *last) for first, last in table.merged_cell_ranges or ()] or scan.merged
    if len(numbers) != counted:
        raise FileRefusedError("rows-mismatch", file=file, sheet=clean(name), read=len(numbers), counted=counted)
    if not numbers:
        raise FileRefusedError("sheet-empty", file=file, sheet=clean(name))
    cells = columns.cells()
    while cells and cells[-1].is_blank:
        cells.pop()
    return Grid(file, name, numbers, cells, counted, _shifted(merged, columns.first), epoch)


class _Columns:
    """The columns of a sheet; `first` is the first, from 0, that any part of the sheet has."""

    def __init__(self) -> None:
        self.first = 1 << 14
        self._coders: deque[Coder] = deque()
        self._n = 0

    def add(self, rows: list[list[Any]], left: int) -> None:
        """Append rows that begin in the column `left`, from 0."""
        self.first = min(self.first, left)
        columns = list(zip(*rows, strict=True))
        while len(self._coders) < left + len(columns):
            self._coders.append(Coder(""))
            self._coders[-1].extend([""] * self._n)
        blank = [""] * len(rows)
        for place, coder in enumerate(self._coders, start=-left):
            coder.extend(columns[place] if 0 <= place < len(columns) else blank)
        self._n += len(rows)

    def cells(self) -> list[Cells]:
        """Return the columns from the first on; what was needed to gather them is let go as it is used up."""
        for _ in range(self.first):
            self._coders.popleft()
        return [self._coders.popleft().cells().map(_cell) for _ in range(len(self._coders))]


def _rows(table: CalamineSheet, scan: SheetScan) -> Iterator[tuple[int, list[Any]]]:
    """Yield number, from 1, and values of each row that holds a value."""
    top, left = table.start or (0, 0)
    # calamine gives #N/A and its kin as blanks, and a blank would pass for an answer that was left out
    errors: dict[int, dict[int, str]] = {}
    for (place, column), text in scan.errors.items():
        errors.setdefault(place, {})[column - left] = text
    shares: dict[int, list[int]] = {}
    for place, column in scan.shares:
        shares.setdefault(place, []).append(column - left)
    for place, row in enumerate(table.to_python(), start=top):
        for column, text in errors.get(place, {}).items():
            row[column] = text
        for column in shares.get(place, ()):
            row[column] = _share(row[column])
        # 0 is a value, and counting the blanks of every row would take longer than all else
        if any(row) or row.count("") < len(row):
            yield place + 1, row


def _shifted(merged: Iterable[tuple[int, int, int, int]], first: int) -> tuple[tuple[int, int, int, int], ...]:
    """Return merged cells with rows from 1 and columns from the first of the grid; those before it are left out."""
    return tuple(
        (top + 1, max(0, left - first), bottom + 1, right - first)
        for top, left, bottom, right in merged
        if right >= first
    )


def _share(value: Any) -> Any:
    return share_text(value) if isinstance(value, float) and math.isfinite(value) else value


def _cell(value: Any) -> Cell:
    if type(value) is str:
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            return repr(value)
        return int(value) if value.is_integer() and abs(value) < _EXACT else value
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return value if isinstance(value, (int, date, time)) else str(value)
