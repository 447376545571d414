"""Rows of .xlsx and .ods sheets counted from their XML, without the library that reads them.

The count stands against the rows read; the extent keeps a single far cell from asking for a giant rectangle; error
values (#N/A) are found here because the reading library gives them as blanks.
Source: ECMA-376 part 1, 18.3.1 (worksheets) and 18.4 (shared strings); OpenDocument 1.3 part 3, 9.1.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from evaltools.errors import FileRefusedError

MAX_ROWS = 1_048_576
_CHUNK = 1 << 20
_DOCTYPES = tuple("<!DOCTYPE".encode(code) for code in ("ascii", "utf-16-le", "utf-16-be"))
_REFERENCE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_ROW_NUMBER = re.compile(rb'\br="([0-9]{1,7})"')


@dataclass(frozen=True, slots=True, eq=False)
class SheetScan:
    """What was found without reading: rows that hold a value, the rectangle around them, error values.

    `errors` maps (row, column), both from 0, to the text of the error. `cells` is the size of the rectangle.
    """

    rows: int
    cells: int
    errors: Mapping[tuple[int, int], str] = field(default_factory=dict)


def refuse_doctype(data: bytes, *, file: str) -> None:
    """Unpack every part once: checksums must hold, and none may bring its own definitions.

    Raises
    ------
    FileRefusedError
        ``xml-doctype`` with the part.
    zipfile.BadZipFile, zlib.error, EOFError
        A part is damaged.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            # pictures are never opened, and SVG ones carry a DOCTYPE by right
            if "/media/" in f"/{entry.filename}" or "/Pictures/" in f"/{entry.filename}":
                continue
            before = b""
            with archive.open(entry) as part:
                while chunk := part.read(_CHUNK):
                    window = before + chunk
                    if any(mark in window for mark in _DOCTYPES):
                        raise FileRefusedError("xml-doctype", file=file, part=entry.filename)
                    before = chunk[-32:]


def scan_xlsx(data: bytes, sheet: str, *, file: str) -> SheetScan:
    """Count the rows of a worksheet that hold a value.

    Raises
    ------
    FileRefusedError
        ``file-damaged``: the workbook does not say where the sheet is; ``file-rows``: more rows than a sheet has.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = {name.replace("\\", "/").casefold(): name for name in archive.namelist()}
        try:
            content = archive.read(names[_sheet_part(archive, names, sheet)])
        except (KeyError, IndexError, ParseError, DefusedXmlException) as error:
            raise FileRefusedError("file-damaged", file=file, problem=type(error).__name__) from error
        strings = names.get("xl/sharedstrings.xml")
        texts = archive.read(strings) if strings else b""
    if b"<![CDATA[" in content or b"<![CDATA[" in texts:
        # no program writes it there, and the reading library passes over it
        raise FileRefusedError("file-damaged", file=file, problem="CDATA")
    return _scan_rows(content, _blank_strings(texts), file)


def _sheet_part(archive: zipfile.ZipFile, names: Mapping[str, str], sheet: str) -> str:
    workbook = fromstring(archive.read(names["xl/workbook.xml"]), forbid_dtd=True)
    relations = fromstring(archive.read(names["xl/_rels/workbook.xml.rels"]), forbid_dtd=True)
    targets = {one.get("Id"): one.get("Target", "") for one in relations.iter() if one.get("Id")}
    for element in workbook.iter():
        if element.tag.endswith("}sheet") and element.get("name") == sheet:
            # the strict variant of the format writes another namespace before "id"
            identifiers = [value for key, value in element.items() if key.endswith("}id")]
            return posixpath.normpath(posixpath.join("/xl", targets[identifiers[-1]])).lstrip("/").casefold()
    raise KeyError(sheet)


def _prefix(content: bytes, root: bytes) -> bytes:
    """Return the namespace prefix, with its colon, that the part writes before its elements."""
    found = re.search(rb"<(\w+:)?" + root + rb"[\s>]", content[:10_000])
    return found[1] or b"" if found else b""


def _blank_strings(content: bytes) -> frozenset[int]:
    """Return the numbers of the shared strings that have no text."""
    prefix = re.escape(_prefix(content, b"sst"))
    item = re.compile(rb"<" + prefix + rb"si(?:\s[^>]*)?(?:/>|>(.*?)</" + prefix + rb"si>)", re.DOTALL)
    text = re.compile(rb"<" + prefix + rb"t(?:\s[^>]*)?>[^<]")
    return frozenset(n for n, found in enumerate(item.finditer(content)) if not text.search(found[1] or b""))


def _scan_rows(content: bytes, blank: frozenset[int], file: str) -> SheetScan:
    prefix = _prefix(content, b"worksheet")
    opening, marker = b"<" + prefix + b"row", re.compile(b"<" + re.escape(prefix) + rb"row(?=[\s/>])")
    end = content.find(b"</" + prefix + b"sheetData>")
    end = len(content) if end < 0 else end
    holds = _ValueFinder(prefix, blank)
    starts = marker.finditer(content, 0, end)
    rows = seen = previous = 0
    extent = _Extent()
    errors: dict[tuple[int, int], str] = {}
    start = next(starts, None)
    while start is not None:
        seen += 1
        if seen > MAX_ROWS:
            raise FileRefusedError("file-rows", file=file, limit=MAX_ROWS)
        following = next(starts, None)
        row = content[start.start() + len(opening) : following.start() if following else end]
        number = _ROW_NUMBER.search(row, 0, row.find(b">") + 1)
        previous = int(number[1]) if number else previous + 1
        if holds.value(row):
            rows += 1
            extent.add(*holds.last(row, previous))
            errors.update(holds.errors(row))
        start = following
    return SheetScan(rows, extent.cells, errors)


@dataclass(slots=True)
class _Extent:
    """The rectangle from the first row with a value, column A, to the last row and column with one."""

    first: int = MAX_ROWS
    last: int = 0
    width: int = 0

    def add(self, row: int, column: int) -> None:
        self.first, self.last = min(self.first, row), max(self.last, row)
        self.width = max(self.width, column)

    @property
    def cells(self) -> int:
        return max(0, self.last - self.first + 1) * self.width


class _ValueFinder:
    """Find the cells of one row that hold a value. A row is the XML from behind ``<row`` to the next ``<row``."""

    def __init__(self, prefix: bytes, blank: frozenset[int]) -> None:
        self._blank = blank
        p = re.escape(prefix)
        self._value = re.compile(rb"<" + p + rb"(?:v|t)(?:\s[^>]*)?>[^<]")
        self._cell = re.compile(rb"<" + p + rb"c((?:\s[^>]*)?)(?<!/)>(.*?)</" + p + rb"c>", re.DOTALL)
        self._content = re.compile(rb"<" + p + rb"(?:v|t)(?:\s[^>]*)?>([^<]+)<")
        self._start = b"<" + prefix + b"c"
        self._ends = (b"</" + prefix + b"v>", b"</" + prefix + b"t>")

    def value(self, row: bytes) -> bool:
        """Say whether any cell holds a value; only blank shared strings make it look at every cell."""
        if not self._blank:
            return self._value.search(row) is not None
        for cell in self._cell.finditer(row):
            found = self._content.search(cell[2])
            if found and not (b't="s"' in cell[1] and int(found[1]) in self._blank):
                return True
        return False

    def last(self, row: bytes, number: int) -> tuple[int, int]:
        """Return row and column, from 1, of the last cell with content."""
        end = max(row.rfind(mark) for mark in self._ends)
        start = row.rfind(self._start + b" ", 0, end)
        found = _REFERENCE.search(row, start, row.find(b">", start)) if start >= 0 else None
        if found is None:
            return number, row.count(self._start, 0, end)
        return int(found[2]), _column(found[1])

    def errors(self, row: bytes) -> dict[tuple[int, int], str]:
        """Return the error values of the row, by row and column from 0."""
        if b't="e"' not in row:
            return {}
        found = {}
        for cell in self._cell.finditer(row):
            place, content = _REFERENCE.search(cell[1]), self._content.search(cell[2])
            if b't="e"' in cell[1] and place and content:
                found[int(place[2]) - 1, _column(place[1]) - 1] = content[1].decode("utf-8", "replace")
        return found


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def scan_ods(data: bytes, sheet: int, *, file: str) -> SheetScan:
    """Count the rows of an OpenDocument sheet, by its place among the sheets, that hold a value.

    Raises
    ------
    FileRefusedError
        ``file-rows``: more rows than a sheet has, repeated ones counted.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = archive.read("content.xml")
    tables = re.split(rb"<table:table(?=[\s>])", content)[1:]
    body = tables[sheet].partition(b"</table:table>")[0] if sheet < len(tables) else b""
    body = re.sub(rb"<office:annotation\b.*?</office:annotation>", b"", body, flags=re.DOTALL)
    rows, width = 0, 0
    for row in re.split(rb"<table:table-row(?=[\s/>])", body)[1:]:
        if re.search(rb'office:value-type="(?!string")|<text:p(?:\s[^>]*)?>(?!</text:p>)', row):
            repeated = re.match(rb'[^>]*table:number-rows-repeated="([0-9]{1,9})"', row)
            rows += int(repeated[1]) if repeated else 1
            width = max(width, _ods_width(row))
        if rows > MAX_ROWS:
            raise FileRefusedError("file-rows", file=file, limit=MAX_ROWS)
    return SheetScan(rows, rows * width)


def _ods_width(row: bytes) -> int:
    """Return the columns up to the last cell with content, repeated ones counted."""
    width = last = 0
    for cell in re.split(rb"<table:(?:covered-)?table-cell(?=[\s/>])", row)[1:]:
        repeated = re.match(rb'[^>]*table:number-columns-repeated="([0-9]{1,9})"', cell)
        width += int(repeated[1]) if repeated else 1
        if b"<text:p" in cell or b"office:value-type" in cell:
            last = width
    return last
