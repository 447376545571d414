"""Sheets of .xlsx, .xls and .ods to grids, through python-calamine."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.archive import DAMAGE
from evaltools.survey.readers.cells import Cell, Coder
from evaltools.survey.readers.model import Book, Grid, Kind, Limits
from evaltools.survey.readers.sheet_scan import SheetScan, refuse_doctype, scan_ods, scan_xlsx
from evaltools.survey.readers.xls_scan import scan_xls
from evaltools.text import clean

_EXACT = 1e15  # from here on a stored number may have lost digits


@contextmanager
def open_workbook(data: bytes, kind: Kind, *, sheet: str | None, file: str, limits: Limits) -> Iterator[Book]:
    """Open a workbook; its sheets are read one by one, when they are asked for.

    Parameters
    ----------
    data
        Content of the file.
    kind
        "xlsx", "xls" or "ods".
    sheet
        Name of the sheet that is read first; None takes the first visible one that holds a value.
    file
        Name of the file, for messages.

    Raises
    ------
    FileRefusedError
        ``sheet-missing``, ``sheet-empty``, ``xml-doctype``, ``file-cells``, ``file-rows``, ``rows-mismatch``,
        ``xlsx-string``, ``file-encrypted``, ``file-damaged``; also while a sheet is read.
    """
    try:
        if kind != "xls":
            refuse_doctype(data, file=file)
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
            sheets = _Sheets(workbook, data, kind, file, limits)
            names = sheets.visible
            if sheet is not None and sheet not in workbook.sheet_names:
                known = [clean(name) for name in workbook.sheet_names]
                raise FileRefusedError("sheet-missing", file=file, sheet=sheet, sheets=known)
            first = sheets.first(names) if sheet is None else sheets.load(sheet)
            unread = tuple(clean(name) for name in workbook.sheet_names if name not in names)
            yield Book(file, kind, names, first, sheets.load, unread=unread)
    except PasswordError as error:
        raise FileRefusedError("file-encrypted", file=file) from error
    except (CalamineError, OverflowError, *DAMAGE) as error:
        code = "xlsx-string" if "string index" in str(error) else "file-damaged"
        raise FileRefusedError(code, file=file, problem=type(error).__name__) from error


@dataclass(frozen=True, slots=True, eq=False)
class _Sheets:
    """The sheets of an open workbook."""

    workbook: CalamineWorkbook
    data: bytes
    kind: Kind
    file: str
    limits: Limits

    @property
    def visible(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.workbook.sheets_metadata if one.visible == SheetVisibleEnum.Visible)

    def first(self, names: Iterable[str]) -> Grid:
        """Read the first sheet that holds a value."""
        for name in names:
            scan = self._scan(name)
            if scan.rows:
                return self._read(name, scan)
        raise FileRefusedError("sheet-empty", file=self.file, sheet="")

    def load(self, name: str) -> Grid:
        """Read a sheet by name."""
        scan = self._scan(name)
        if not scan.rows:
            raise FileRefusedError("sheet-empty", file=self.file, sheet=clean(name))
        return self._read(name, scan)

    def _scan(self, name: str) -> SheetScan:
        return _scan(self.data, self.kind, name, self.workbook.sheet_names.index(name), self.file)

    def _read(self, name: str, scan: SheetScan) -> Grid:
        if scan.cells > self.limits.max_cells:
            raise FileRefusedError("file-cells", file=self.file, limit=self.limits.max_cells)
        return _read_sheet(self.workbook, name, scan, self.file)


def _scan(data: bytes, kind: Kind, name: str, place: int, file: str) -> SheetScan:
    if kind == "xlsx":
        return scan_xlsx(data, name, file=file)
    return scan_ods(data, place, file=file) if kind == "ods" else scan_xls(data, place, file=file)


def _read_sheet(workbook: CalamineWorkbook, name: str, scan: SheetScan, file: str) -> Grid:
    table = workbook.get_sheet_by_name(name)
    top, left = table.start or (0, 0)
    # calamine gives #N/A and its kin as blanks, and a blank would pass for an answer that was left out
    errors: dict[int, dict[int, str]] = {}
    for (place, column), text in scan.errors.items():
        errors.setdefault(place, {})[column] = text
    numbers: list[int] = []
    columns: list[Coder] = []
    for place, values in enumerate(table.to_python(), start=top):
        row = [_cell(value) for value in values]
        for column, text in errors.get(place, {}).items():
            row[column - left] = text
        if any(cell is not None for cell in row):
            columns = columns or [Coder() for _ in row]
            numbers.append(place + 1)
            for coder, cell in zip(columns, row, strict=True):
                coder.add(cell)
    if len(numbers) != scan.rows:
        raise FileRefusedError("rows-mismatch", file=file, sheet=clean(name), read=len(numbers), counted=scan.rows)
    cells = [coder.cells() for coder in columns]
    while cells and cells[-1].is_blank:
        cells.pop()
    return Grid(file, name, numbers, cells, scan.rows, _merged(table))


def _merged(table: CalamineSheet) -> tuple[tuple[int, int, int, int], ...]:
    return tuple((top + 1, left, bottom + 1, right) for (top, left), (bottom, right) in table.merged_cell_ranges or ())


def _cell(value: Any) -> Cell:
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            return repr(value)
        return int(value) if value.is_integer() and abs(value) < _EXACT else value
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if isinstance(value, (int, date, time)):
        return value
    return str(value)
