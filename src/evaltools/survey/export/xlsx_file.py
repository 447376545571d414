"""Write and read back a workbook: one sheet of data, one of the codebook; nothing becomes a formula or a link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from evaltools.errors import UsageError
from evaltools.survey.export.codes import MARKS, REASON_OF_MARK, plain_text, protected_text
from evaltools.survey.export.model import Column, Kind
from evaltools.survey.export.readback import Found, compare, require_equal

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.worksheet import Worksheet

# a fixed date, so that the same data give the same bytes
_CREATED: Final = datetime(2022, 1, 1)
_OPTIONS: Final = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_FORMATS: Final = {"date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm:ss"}
_MOST_ROWS: Final = 1_048_575
_WIDTH: Final = 16

Sheets = Mapping[str, Sequence[Column]]


def write_xlsx(sheets: Sheets, path: Path) -> None:
    """Write sheets by name.

    Raises
    ------
    UsageError
        ``export-sheet-rows``: more rows than a sheet takes; ``export-sheet-cell``: a text longer than a cell takes.
    """
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), _OPTIONS) as workbook:
        workbook.set_properties({"created": _CREATED})
        bold = workbook.add_format({"bold": True})
        for name, columns in sheets.items():
            page = workbook.add_worksheet(name)
            page.freeze_panes(1, 1)
            page.set_column(0, len(columns) - 1, _WIDTH)
            _require_room(name, columns)
            for place, column in enumerate(columns):
                _write(page, 0, place, column.variable.name, column.variable.name, bold)
                _write_cells(workbook, page, place, column)


def check_xlsx(sheets: Sheets, path: Path, *, file: str) -> None:
    """Compare a workbook with the sheets that were written into it.

    Raises
    ------
    DamageError
        ``export-readback``.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    read: dict[str, list[list[Any]]] = {}
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            for name in workbook.sheet_names:
                read[name] = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except CalamineError:
        require_equal(file, "damaged", True, False)
    require_equal(file, "columns", list(sheets), list(read))
    for name, columns in sheets.items():
        require_equal(file, "rows", 1 + len(columns[0].cells), len(read[name]), column=name)
        header, *rows = read[name]
        require_equal(file, "columns", len(columns), len(header), column=name)
        found = [
            _found(str(title), [row[place] for row in rows], columns[place].variable.kind)
            for place, title in enumerate(header)
        ]
        compare(file, columns, found, first_row=2)


def _require_room(sheet: str, columns: Sequence[Column]) -> None:
    if len(columns[0].cells) > _MOST_ROWS:
        raise UsageError("export-sheet-rows", sheet=sheet, rows=len(columns[0].cells), limit=_MOST_ROWS)


def _write_cells(workbook: xlsxwriter.Workbook, page: Worksheet, place: int, column: Column) -> None:
    kind = column.variable.kind
    shape = workbook.add_format({"num_format": _FORMATS[kind]}) if kind in _FORMATS else None
    for row, (value, reason) in enumerate(zip(column.cells, column.reasons, strict=True), start=1):
        _write(page, row, place, column.variable.name, MARKS[reason] if reason else _cell(value), shape)


def _cell(value: Any) -> Any:
    return protected_text(value, formulas=False) if isinstance(value, str) else value


def _write(page: Worksheet, row: int, place: int, name: str, cell: Any, shape: Any) -> None:
    if isinstance(cell, str):
        code = page.write_string(row, place, cell, shape)
    elif isinstance(cell, date):
        code = page.write_datetime(row, place, cell, shape)
    else:
        code = page.write_number(row, place, cell, shape)
    if code != 0:
        raise UsageError("export-sheet-cell", row=row + 1, column=name)


def _found(name: str, cells: list[Any], kind: Kind) -> Found:
    reasons = [REASON_OF_MARK.get(cell) if isinstance(cell, str) else None for cell in cells]
    values = [None if reason else _value(cell, kind) for cell, reason in zip(cells, reasons, strict=True)]
    return Found(name, values, reasons)


def _value(cell: Any, kind: Kind) -> Any:
    if isinstance(cell, str):
        return plain_text(cell)
    if kind == "date" and isinstance(cell, datetime):
        return cell.date()
    if kind == "datetime" and isinstance(cell, date) and not isinstance(cell, datetime):
        return datetime(cell.year, cell.month, cell.day)
    return cell
