"""Write a form as the workbook that collection tools take."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from pathlib import Path

import xlsxwriter

from evaltools.errors import UsageError
from evaltools.survey.instrument.model import Instrument, Sheet

# A fixed date, so that the same form gives the same bytes
_CREATED = datetime(2022, 1, 1)
_WIDEST = 60


def write_xlsx(instrument: Instrument, path: Path) -> None:
    """Write an instrument as an .xlsx XLSForm, the same cells as in its own file.

    Every cell is text: nothing becomes a formula, a link or a number.

    Raises
    ------
    UsageError
        ``instrument-cell`` where a cell is longer than a workbook can hold.
    OSError
        The file cannot be written.
    """
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    content = BytesIO()
    with xlsxwriter.Workbook(content, options) as workbook:
        workbook.set_properties({"title": instrument.title.zh, "created": _CREATED})
        bold = workbook.add_format({"bold": True})
        wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
        for sheet in instrument.sheets:
            page = workbook.add_worksheet(sheet.name)
            page.freeze_panes(1, 2)
            for column, width in enumerate(_widths(sheet)):
                page.set_column(column, column, width)
            for number, row in enumerate([sheet.header, *sheet.rows]):
                for column, cell in enumerate(row):
                    if cell and page.write_string(number, column, cell, bold if number == 0 else wrapped) != 0:
                        raise UsageError(
                            "instrument-cell", sheet=sheet.name, row=number + 1, column=sheet.header[column]
                        )
    path.write_bytes(content.getvalue())


def _widths(sheet: Sheet) -> list[int]:
    return [
        min(_WIDEST, 2 + max(map(_width, [title, *(row[column] for row in sheet.rows)])))
        for column, title in enumerate(sheet.header)
    ]


def _width(cell: str) -> int:
    return sum(2 if ord(sign) > 0x2E80 else 1 for sign in cell)
