"""Rows of an .ods sheet counted from its XML, without the library that reads them.

Source: OpenDocument 1.3 part 3, 9.1 (tables) and 9.4.2 (the date that days are counted from).
"""

from __future__ import annotations

import io
import re
import zipfile

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.model import Epoch
from evaltools.survey.readers.row_scan import MAX_ROWS, SheetScan

_SIDES = (b"rows", b"columns")
_MOST_REPEATED = 1_000_000
_SIGNS = {
    re.compile(rb"<text:" + name + rb"(?:\s[^>]*)?(?:/>|></text:" + name + rb">)"): sign
    for name, sign in ((b"tab", b"\t"), (b"line-break", b"\n"))
}


def with_signs(data: bytes) -> io.BytesIO:
    """Return an .ods in which tabs and line ends are the signs: the reading library passes over the elements."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = archive.read("content.xml")
        if not any(pattern.search(content) for pattern in _SIGNS):
            return io.BytesIO(data)
        for pattern, sign in _SIGNS.items():
            content = pattern.sub(sign, content)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as changed:
            for name in ("mimetype", "META-INF/manifest.xml"):
                changed.writestr(name, archive.read(name))
            changed.writestr("content.xml", content)
    out.seek(0)
    return out


def scan_ods(data: bytes, sheet: int, *, file: str) -> SheetScan:
    """Count the rows of an OpenDocument sheet, by its place among the sheets, that hold a value.

    Raises
    ------
    FileRefusedError
        ``file-rows``: more rows than a sheet has, repeated ones counted; ``file-cells``: one cell that stands for more
        than a sheet of answers holds.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = archive.read("content.xml")
    tables = re.split(rb"<table:table(?=[\s>])", content)[1:]
    body = tables[sheet].partition(b"</table:table>")[0] if sheet < len(tables) else b""
    body = re.sub(rb"<office:annotation\b.*?</office:annotation>", b"", body, flags=re.DOTALL)
    scan = _Scan(file)
    for row in re.split(rb"<table:table-row(?=[\s/>])", body)[1:]:
        scan.take(row)
        if scan.rows > MAX_ROWS:
            raise FileRefusedError("file-rows", file=file, limit=MAX_ROWS)
    epoch: Epoch = 1904 if re.search(rb'table:null-date\s[^>]*table:date-value="1904', content) else 1900
    return SheetScan(
        scan.rows, scan.rows * scan.width, shares=frozenset(scan.shares), merged=tuple(scan.merged), epoch=epoch
    )


class _Scan:
    """Goes from row to row. A row is the XML from behind its ``<table:table-row`` to the next one."""

    def __init__(self, file: str) -> None:
        self._number, self._file = 0, file
        self.rows = self.width = 0
        self.shares: set[tuple[int, int]] = set()
        self.merged: list[tuple[int, int, int, int]] = []

    def take(self, row: bytes) -> None:
        """Take a row, which may stand for several."""
        repeated = re.match(rb'[^>]*table:number-rows-repeated="([0-9]{1,9})"', row)
        count = int(repeated[1]) if repeated else 1
        if re.search(rb'office:value-type="(?!string")|<text:p(?:\s[^>]*)?>(?!</text:p>)', row):
            self.rows += count
            column = 0
            for cell in re.split(rb"<table:(?:covered-)?table-cell(?=[\s/>])", row)[1:]:
                column = self._take_cell(cell, column, count)
        self._number += count

    def _take_cell(self, cell: bytes, column: int, rows: int) -> int:
        """Take a cell, which may stand for several; return the column behind them."""
        repeated = re.match(rb'[^>]*table:number-columns-repeated="([0-9]{1,9})"', cell)
        behind = column + (int(repeated[1]) if repeated else 1)
        if b"<text:p" in cell or b"office:value-type" in cell:
            self.width = max(self.width, behind)
        if re.match(rb'[^>]*office:value-type="percentage"', cell):
            if rows * (behind - column) > _MOST_REPEATED:
                raise FileRefusedError("file-cells", file=self._file, limit=_MOST_REPEATED)
            places = range(self._number, self._number + rows)
            self.shares |= {(place, one) for place in places for one in range(column, behind)}
        spans = [re.match(rb"[^>]*table:number-" + side + rb'-spanned="([0-9]{1,7})"', cell) for side in _SIDES]
        down, right = (int(span[1]) if span else 1 for span in spans)
        if down > 1 or right > 1:
            self.merged.append((self._number, column, self._number + down - 1, column + right - 1))
        return behind
