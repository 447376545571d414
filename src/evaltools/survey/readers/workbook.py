"""Sheets of .xlsx, .xls and .ods to a grid, through python-calamine."""

from __future__ import annotations

import io
import math
from datetime import date, time, timedelta
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.archive import DAMAGE
from evaltools.survey.readers.model import Cell, Grid, Kind, Limits
from evaltools.survey.readers.sheet_scan import SheetScan, refuse_doctype, scan_ods, scan_xlsx
from evaltools.survey.readers.xls_scan import scan_xls
from evaltools.text import clean

_EXACT = 1e15  # from here on a stored number may have lost digits


def read_workbook(
    data: bytes, kind: Kind, *, sheet: str | None, file: str, limits: Limits
) -> tuple[Grid, tuple[str, ...]]:
    """Read one sheet of a workbook into a grid.

    Parameters
    ----------
    data
        Content of the file.
    kind
        "xlsx", "xls" or "ods".
    sheet
        Name of the sheet; None takes the first visible one that holds a value.
    file
        Name of the file, for messages.

    Returns
    -------
    tuple of (grid, names of the sheets that were not read)

    Raises
    ------
    FileRefusedError
        ``sheet-missing``, ``sheet-empty``, ``xml-doctype``, ``file-cells``, ``file-rows``, ``rows-mismatch``,
        ``xlsx-string``, ``file-encrypted``, ``file-damaged``.
    """
    try:
        if kind != "xls":
            refuse_doctype(data, file=file)
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
            name, scan = _choose(workbook, data, kind, sheet, file)
            if scan.cells > limits.max_cells:
                raise FileRefusedError("file-cells", file=file, limit=limits.max_cells)
            grid = _read_sheet(workbook, name, scan, file)
            return grid, tuple(clean(other) for other in workbook.sheet_names if other != name)
    except PasswordError as error:
        raise FileRefusedError("file-encrypted", file=file) from error
    except (CalamineError, OverflowError, *DAMAGE) as error:
        code = "xlsx-string" if "string index" in str(error) else "file-damaged"
        raise FileRefusedError(code, file=file, problem=type(error).__name__) from error


def _choose(
    workbook: CalamineWorkbook, data: bytes, kind: Kind, wanted: str | None, file: str
) -> tuple[str, SheetScan]:
    names = list(workbook.sheet_names)
    if wanted is not None and wanted not in names:
        raise FileRefusedError("sheet-missing", file=file, sheet=wanted, sheets=[clean(name) for name in names])
    for place, entry in enumerate(workbook.sheets_metadata):
        if entry.name != wanted if wanted is not None else entry.visible != SheetVisibleEnum.Visible:
            continue
        scan = _scan(data, kind, entry.name, place, file)
        if scan.rows:
            return entry.name, scan
    raise FileRefusedError("sheet-empty", file=file, sheet=wanted or "")


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
    rows: list[list[Cell]] = []
    for place, values in enumerate(table.to_python(), start=top):
        row = [_cell(value) for value in values]
        for column, text in errors.get(place, {}).items():
            row[column - left] = text
        if any(cell is not None for cell in row):
            numbers.append(place + 1)
            rows.append(row)
    if len(rows) != scan.rows:
        raise FileRefusedError("rows-mismatch", file=file, sheet=clean(name), read=len(rows), counted=scan.rows)
    width = max(len(row) - _blank_end(row) for row in rows)
    return Grid(file, name, numbers, [row[:width] for row in rows], scan.rows)


def _blank_end(row: list[Cell]) -> int:
    blank = 0
    for cell in reversed(row):
        if cell is not None:
            break
        blank += 1
    return blank


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
