"""Rows of an .xlsx sheet counted from its XML as it is unpacked, without the library that reads them.

The count stands against the rows read; the extent keeps a single far cell from asking for a giant rectangle; error
values (#N/A) are found here because the reading library gives them as blanks. What was counted is handed on in windows
of some rows, so that neither the sheet's XML nor the library's copy of its cells is ever in memory as a whole.
Source: ECMA-376 part 1, 18.3.1 (worksheets) and 18.4 (shared strings).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.model import Epoch

MAX_ROWS = 1_048_576
_LONGEST_ROW = 1 << 26  # bytes; a row of answers has thousands
_REFERENCE = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_ROW_NUMBER = re.compile(rb"""\br=["']([0-9]{1,7})["']""")
_IS_SHARED = re.compile(rb"""\bt=["']s["']""")
_IS_TEXT = re.compile(rb"""\bt=["']str["']""")
_IS_ERROR = re.compile(rb"""\bt=["']e["']""")
_BEHIND_NAME = frozenset((b" ", b"\t", b"\r", b"\n", b"/", b">"))


@dataclass(frozen=True, slots=True, eq=False)
class SheetScan:
    """What was found without reading: rows that hold a value, the rectangle around them, error values.

    `errors` maps (row, column), both from 0, to the text of the error; `shares` are the cells that show a percentage.
    `cells` is the size of the rectangle. `merged` are merged cells as (first row, first column, last row, last column),
    from 0; `epoch` is the year from which days are counted.
    """

    rows: int
    cells: int
    errors: Mapping[tuple[int, int], str] = field(default_factory=dict)
    shares: Set[tuple[int, int]] = frozenset()
    merged: tuple[tuple[int, int, int, int], ...] = ()
    epoch: Epoch = 1900


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Some rows of a worksheet that follow each other, as a worksheet of their own, and what was found in them.

    `content` is that worksheet in pieces; the rectangle of `scan` is that of all rows so far.
    """

    content: tuple[bytes, ...]
    scan: SheetScan


@dataclass(frozen=True, slots=True)
class Known:
    """What the other parts of a workbook say of its cells.

    Attributes
    ----------
    blank
        Numbers of the shared strings that have no text.
    shares
        Numbers of the styles that show a percentage.
    epoch
        Year from which the workbook counts its days.
    """

    blank: frozenset[int] = frozenset()
    shares: frozenset[bytes] = frozenset()
    epoch: Epoch = 1900


def cut_rows(chunks: Iterable[bytes], known: Known, *, size: int, max_cells: int, file: str) -> Iterator[Window]:
    """Go through the rows of a worksheet and yield them window by window.

    Parameters
    ----------
    chunks
        The worksheet's part, in pieces; its root element begins in the first.
    size
        Bytes from which a window is full.

    Raises
    ------
    FileRefusedError
        ``file-rows``: more rows than a sheet has; ``file-cells``: a larger rectangle than `max_cells`, found before
        its last corner is handed on; ``file-damaged``: a row without end; ``xlsx-formula``: a formula whose value the
        file does not hold.
    """
    scan: _RowScan | None = None
    head = rest = b""
    window: list[bytes] = []
    for chunk in chunks:
        scan = scan or _RowScan(prefix_of(chunk, b"worksheet"), known, max_cells, file)
        content = rest + chunk
        if not head:
            first = max(scan.next_row(content, 0), 0)
            head, content = content[:first], content[first:]
        if head:
            taken = scan.take(content)
            window.append(content[:taken])
            content = content[taken:]
        if len(content) > _LONGEST_ROW:
            raise FileRefusedError("file-damaged", file=file, problem="row")
        rest = content
        if sum(map(len, window)) >= size and not scan.ended:
            yield Window((head, *window, scan.closing), scan.report())
            window = [scan.place()]
    if scan is not None:
        scan.take_last(rest)
        yield Window((head, *window, rest), scan.report())


def prefix_of(content: bytes, root: bytes) -> bytes:
    """Return the namespace prefix, with its colon, that a part writes before its elements."""
    found = re.search(rb"<(\w+:)?" + root + rb"[\s>]", content[:10_000])
    return found[1] or b"" if found else b""


class _RowScan:
    """Goes from row to row. A row is the XML from its ``<row`` to the next one."""

    def __init__(self, prefix: bytes, known: Known, max_cells: int, file: str) -> None:
        p = re.escape(prefix)
        self._row, self._end = b"<" + prefix + b"row", b"</" + prefix + b"sheetData>"
        self._cell_opening = b"<" + prefix + b"c"
        self._value_closings = (b"</" + prefix + b"v>", b"</" + prefix + b"t>")
        self._formula = b"<" + prefix + b"f"
        self._value = re.compile(rb"<" + p + rb"(?:v|t)(?:\s[^>]*)?>[^<]")
        self._cell = re.compile(rb"<" + p + rb"c((?:\s[^>]*)?)(?<!/)>(.*?)</" + p + rb"c>", re.DOTALL)
        self._content = re.compile(rb"<" + p + rb"(?:v|t)(?:\s[^>]*)?>([^<]+)<")
        styles = b"|".join(sorted(known.shares))
        self._share = re.compile(rb"""\bs=["'](?:""" + styles + rb""")["']""") if styles else None
        self._known, self._max_cells, self._file = known, max_cells, file
        self._seen = self._number = self._rows = 0
        self._first, self._last, self._width = MAX_ROWS, 0, 0
        self._errors: dict[tuple[int, int], str] = {}
        self._shares: set[tuple[int, int]] = set()
        self.ended = False
        self.closing = self._end + b"</" + prefix + b"worksheet>"

    @property
    def _cells(self) -> int:
        """Size of the rectangle from the first row with content, column A, to the last row and column with it."""
        return max(0, self._last - self._first + 1) * self._width

    def report(self) -> SheetScan:
        """Return what was found since the last report."""
        found = SheetScan(self._rows, self._cells, self._errors, self._shares, epoch=self._known.epoch)
        self._rows, self._errors, self._shares = 0, {}, set()
        return found

    def place(self) -> bytes:
        """Return an empty row with the number of the last one: rows need not carry theirs, and count on from it."""
        return b'%b r="%d"></%b>' % (self._row, self._number, self._row[1:]) if self._number else b""

    def next_row(self, content: bytes, at: int) -> int:
        """Return where the next row begins, -1 where none does; ``<rowBreaks`` is no row."""
        while (at := content.find(self._row, at)) >= 0:
            behind = at + len(self._row)
            if content[behind : behind + 1] in _BEHIND_NAME:
                return at
            at = behind
        return -1

    def take(self, content: bytes) -> int:
        """Take the rows that are whole, from the one that `content` begins with; return where the rest begins."""
        if self.ended:
            return len(content)
        start = 0
        while (following := self.next_row(content, start + 1)) >= 0:
            self._take(content, start, following)
            start = following
        # only the last row can be followed by the end
        end = content.find(self._end, start)
        if end < 0:
            return start
        self._take(content, start, end)
        self.ended = True
        return len(content)

    def take_last(self, rest: bytes) -> None:
        """Take a row that nothing follows."""
        if not self.ended and rest.startswith(self._row):
            self._take(rest, 0, len(rest))

    def _take(self, content: bytes, start: int, end: int) -> None:
        self._seen += 1
        if self._seen > MAX_ROWS:
            raise FileRefusedError("file-rows", file=self._file, limit=MAX_ROWS)
        number = _ROW_NUMBER.search(content, start, content.find(b">", start, end) + 1)
        self._number = int(number[1]) if number else self._number + 1
        if content.find(self._formula, start, end) >= 0:
            self._refuse_uncalculated(content, start, end)
        if self._value.search(content, start, end) is None:
            return
        self._extend(*self._last_cell(content, start, end))
        if not self._known.blank or self._holds_text_or_number(content, start, end):
            self._rows += 1
            # a cell that holds an error says it by a name with this sign
            if content.find(b"#", start, end) >= 0 and _IS_ERROR.search(content, start, end):
                self._note_errors(content, start, end)
            if self._share is not None and self._share.search(content, start, end):
                self._note_shares(content, start, end, self._share)

    def _holds_text_or_number(self, content: bytes, start: int, end: int) -> bool:
        """Say whether a row has a cell beside those that name a shared string without text."""
        for cell in self._cell.finditer(content, start, end):
            found = self._content.search(cell[2])
            if found and not (_IS_SHARED.search(cell[1]) and int(found[1]) in self._known.blank):
                return True
        return False

    def _last_cell(self, content: bytes, start: int, end: int) -> tuple[int, int]:
        """Return row and column, from 1, of the last cell of a row with content."""
        at = content.rfind(self._cell_opening + b" ", start, end)
        if at >= 0 and not any(content.find(mark, at, end) >= 0 for mark in self._value_closings):
            # the last cell is blank
            end = max(content.rfind(mark, start, end) for mark in self._value_closings)
            at = content.rfind(self._cell_opening + b" ", start, end)
        found = _REFERENCE.search(content, at, content.find(b">", at)) if at >= 0 else None
        if found is None:
            return self._number, content.count(self._cell_opening, start, end)
        return int(found[2]), _column(found[1])

    def _extend(self, row: int, column: int) -> None:
        self._first, self._last = min(self._first, row), max(self._last, row)
        self._width = max(self._width, column)
        if self._cells > self._max_cells:
            raise FileRefusedError("file-cells", file=self._file, limit=self._max_cells)

    def _refuse_uncalculated(self, content: bytes, start: int, end: int) -> None:
        """Refuse a formula without its value, which would pass for a blank; one that gives no text says so."""
        for cell in self._cell.finditer(content, start, end):
            if self._formula in cell[2] and not (_IS_TEXT.search(cell[1]) or self._content.search(cell[2])):
                row, column = self._place(cell, content, start)
                raise FileRefusedError("xlsx-formula", file=self._file, row=row + 1, column=column + 1)

    def _note_errors(self, content: bytes, start: int, end: int) -> None:
        for cell in self._cell.finditer(content, start, end):
            found = self._content.search(cell[2]) if _IS_ERROR.search(cell[1]) else None
            if found:
                self._errors[self._place(cell, content, start)] = found[1].decode("utf-8", "replace")

    def _note_shares(self, content: bytes, start: int, end: int, share: re.Pattern[bytes]) -> None:
        for cell in self._cell.finditer(content, start, end):
            if share.search(cell[1]) and self._content.search(cell[2]):
                self._shares.add(self._place(cell, content, start))

    def _place(self, cell: re.Match[bytes], content: bytes, start: int) -> tuple[int, int]:
        """Return row and column, from 0, of a cell of the row that begins at `start`."""
        place = _REFERENCE.search(cell[1])
        if place:
            return int(place[2]) - 1, _column(place[1]) - 1
        return self._number - 1, content.count(self._cell_opening, start, cell.start())


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
