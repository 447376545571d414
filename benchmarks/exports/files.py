"""Rows of cells as the bytes of a file, the same on every run."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from xml.sax.saxutils import escape

import xlsxwriter

Rows = Sequence[Sequence[object]]
MADE = datetime(2022, 12, 1, 8, 0, 0)
_ODS = "application/vnd.oasis.opendocument.spreadsheet"
_OASIS = "urn:oasis:names:tc:opendocument:xmlns"


def xlsx_bytes(sheets: Mapping[str, Rows]) -> bytes:
    """Return a workbook: text stays text, numbers and dates are cells of that kind, None leaves a cell out."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"created": MADE})
    day, stamp = (book.add_format({"num_format": form}) for form in ("yyyy/m/d", "yyyy/m/d h:mm:ss"))
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(number, column, cell, stamp if isinstance(cell, datetime) else day)
                elif isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                elif cell is not None:
                    sheet.write_number(number, column, float(str(cell)))
    book.close()
    return out.getvalue()


def csv_bytes(
    rows: Rows, encoding: str, *, delimiter: str = ",", line_end: str = "\r\n", quote_all: bool = False
) -> bytes:
    """Return a delimited text; None is an empty field."""
    out = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(rows)
    return out.getvalue().encode(encoding)


def ods_bytes(sheet: str, rows: Sequence[Sequence[str]]) -> bytes:
    """Return an OpenDocument spreadsheet of cells as :func:`ods_cell` gives them, with no more than it must have."""
    body = "".join(f"<table:table-row>{''.join(row)}</table:table-row>" for row in rows)
    spaces = " ".join(f'xmlns:{name}="{_OASIS}:{name}:1.0"' for name in ("office", "table", "text"))
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} office:version="1.2"><office:body>'
        f'<office:spreadsheet><table:table table:name="{sheet}">{body}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest '
        f'xmlns:manifest="{_OASIS}:manifest:1.0" manifest:version="1.2">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODS}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    out = io.BytesIO()
    parts = {"mimetype": _ODS, "META-INF/manifest.xml": manifest, "content.xml": content}
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in parts.items():
            method = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, MADE.timetuple()[:6]), text, compress_type=method)
    return out.getvalue()


def ods_cell(cell: object) -> str:
    """Return a cell of an OpenDocument spreadsheet."""
    if cell is None:
        return "<table:table-cell/>"
    if isinstance(cell, date):
        kind = f'office:value-type="date" office:date-value="{cell.isoformat()}"'
        return f"<table:table-cell {kind}><text:p>{cell}</text:p></table:table-cell>"
    if isinstance(cell, (int, float, Decimal)):
        kind = f'office:value-type="float" office:value="{cell}"'
        return f"<table:table-cell {kind}><text:p>{cell}</text:p></table:table-cell>"
    lines = "".join(f"<text:p>{_ods_text(line)}</text:p>" for line in str(cell).split("\n"))
    return f'<table:table-cell office:value-type="string">{lines}</table:table-cell>'


def _ods_text(line: str) -> str:
    return escape(line).replace("\t", "<text:tab/>")


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """Return an archive of files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, MADE.timetuple()[:6]), content)
    return out.getvalue()
