"""Sheets of .xlsx, .xls and .ods to grids, through python-calamine."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.archive import DAMAGE
from evaltools.survey.readers.model import Book, Grid, Kind, Limits
from evaltools.survey.readers.ods_scan import scan_ods, with_signs
from evaltools.survey.readers.row_scan import SheetScan
from evaltools.survey.readers.sheet_grid import gather_grid
from evaltools.survey.readers.sheet_scan import XlsxParts, open_parts, refuse_doctype
from evaltools.survey.readers.xls_scan import scan_xls
from evaltools.text import clean

Table = tuple[CalamineSheet, SheetScan]
"""A sheet or some rows of it, and what an independent look has found there."""


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
        if kind == "ods":
            refuse_doctype(data, file=file)
        parts = open_parts(data, file=file) if kind == "xlsx" else None
        stream = parts.workbook() if parts else with_signs(data) if kind == "ods" else io.BytesIO(data)
        with CalamineWorkbook.from_filelike(stream) as workbook:
            sheets = _Sheets(workbook, parts, data, kind, file, limits)
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
    """The sheets of an open workbook; the library sees those of an .xlsx window by window."""

    workbook: CalamineWorkbook
    parts: XlsxParts | None
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
            try:
                return self.load(name)
            except FileRefusedError as error:
                if error.code != "sheet-empty":
                    raise
        raise FileRefusedError("sheet-empty", file=self.file, sheet="")

    def load(self, name: str) -> Grid:
        """Read a sheet by name."""
        tables = self._whole(name) if self.parts is None else _windows(self.parts, name, self.limits)
        return gather_grid(tables, name, self.file)

    def _whole(self, name: str) -> Iterator[Table]:
        place = self.workbook.sheet_names.index(name)
        scan = (scan_ods if self.kind == "ods" else scan_xls)(self.data, place, file=self.file)
        if scan.cells > self.limits.max_cells:
            raise FileRefusedError("file-cells", file=self.file, limit=self.limits.max_cells)
        if scan.rows:
            yield self.workbook.get_sheet_by_name(name), scan


def _windows(parts: XlsxParts, name: str, limits: Limits) -> Iterator[Table]:
    """Yield a worksheet by windows, of which the library opens the next while the last one is worked on."""

    def open_window(content: Iterable[bytes]) -> CalamineSheet:
        with CalamineWorkbook.from_filelike(parts.workbook(name, content)) as workbook:
            return workbook.get_sheet_by_name(name)

    with ThreadPoolExecutor(max_workers=1) as library:
        opened: tuple[Future[CalamineSheet], SheetScan] | None = None
        for window in parts.windows(name, limits.max_cells):
            # above the first value there is nothing to read, and a sheet of charts cannot be opened
            if window.scan.cells:
                last, opened = opened, (library.submit(open_window, window.content), window.scan)
                if last is not None:
                    yield last[0].result(), last[1]
        if opened is not None:
            yield opened[0].result(), opened[1]
