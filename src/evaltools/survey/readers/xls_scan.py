"""Rows of an .xls sheet counted from its BIFF records, without the library that reads them.

Source: [MS-XLS], Excel Binary File Format, 2.3 (records) and 2.5 (structures).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from evaltools.errors import FileRefusedError
from evaltools.survey.readers import ole
from evaltools.survey.readers.model import Epoch
from evaltools.survey.readers.number_formats import SHARE_FORMATS, is_share
from evaltools.survey.readers.row_scan import SheetScan

_EOF, _BOUNDSHEET, _FILEPASS, _STRING = 0x000A, 0x0085, 0x002F, 0x0207
_DATEMODE, _FORMAT, _STYLE = 0x0022, 0x041E, 0x00E0
_FORMULAS = (0x0006, 0x0206, 0x0406)
_LABELS = (0x0204, 0x00D6)
_BOOLEAN_OR_ERROR = 0x0205
_PACKED = 0x00BD
_NUMBERS = (0x0203, 0x027E, _PACKED, 0x00FD)  # number, packed number, several packed, shared string
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}


def scan_xls(data: bytes, sheet: int, *, file: str) -> SheetScan:
    """Count the rows that hold a value in the sheet at a place of the workbook, from 0.

    Raises
    ------
    FileRefusedError
        ``file-encrypted``; ``file-damaged``: the records do not hold together.
    """
    try:
        container = ole.open_compound(data)
        stream = container.stream("Workbook" if "Workbook" in container.entries else "Book")
        book = _read_globals(stream, file)
        return _scan(stream, book.offsets[sheet], book)
    except (ole.DamagedOleError, struct.error, IndexError) as error:
        raise FileRefusedError("file-damaged", file=file, problem=type(error).__name__) from error


@dataclass(slots=True)
class _Globals:
    """What holds for all sheets: where each begins, styles that show a percentage, the year that days count from."""

    offsets: list[int] = field(default_factory=list)
    formats: set[int] = field(default_factory=lambda: set(SHARE_FORMATS))
    shares: set[int] = field(default_factory=set)
    epoch: Epoch = 1900


def _read_globals(stream: bytes, file: str) -> _Globals:
    book, style = _Globals(), 0
    for kind, body in _records(stream, 0):
        if kind == _FILEPASS:
            raise FileRefusedError("file-encrypted", file=file)
        if kind == _BOUNDSHEET:
            book.offsets.append(struct.unpack_from("<I", body)[0])
        elif kind == _DATEMODE and body[:1] == b"\x01":
            book.epoch = 1904
        elif kind == _FORMAT and is_share(_format_code(body)):
            book.formats.add(struct.unpack_from("<H", body)[0])
        elif kind == _STYLE:
            if struct.unpack_from("<H", body, 2)[0] in book.formats:
                book.shares.add(style)
            style += 1
    return book


def _format_code(body: bytes) -> str:
    if len(body) == 3 + body[2]:  # as versions before 97 wrote it
        return body[3:].decode("latin-1")
    return body[5:].decode("utf-16-le" if body[4] & 1 else "latin-1", "replace")


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Yield kind and body of records until the end of the substream that begins at `at`; charts inside are skipped."""
    depth = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        if kind in (0x0809, 0x0409, 0x0209):
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                return
        elif depth == 1:
            yield kind, stream[at + 4 : at + 4 + length]
        at += 4 + length
    raise ole.DamagedOleError("cut short")


def _scan(stream: bytes, at: int, book: _Globals) -> SheetScan:
    rows: set[int] = set()
    shares: set[tuple[int, int]] = set()
    errors: dict[tuple[int, int], str] = {}
    width = 0
    waiting: int | None = None  # row of a formula whose text stands in the next record
    for kind, body in _records(stream, at):
        if kind == _STRING and waiting is not None:
            rows |= {waiting} if struct.unpack_from("<H", body)[0] else set()
        elif kind in (*_FORMULAS, *_LABELS, *_NUMBERS, _BOOLEAN_OR_ERROR):
            row, column = struct.unpack_from("<HH", body)
            holds, error, text_follows = _judge(kind, body)
            waiting = row if text_follows else None
            if error is not None:
                errors[row, column] = error
            shares |= {(row, place) for place, style in _styles(kind, column, body) if style in book.shares}
            if holds:
                rows.add(row)
            width = max(width, column + 1)
    cells = (max(rows) - min(rows) + 1) * width if rows else 0
    return SheetScan(len(rows), cells, errors, frozenset(shares), epoch=book.epoch)


def _styles(kind: int, column: int, body: bytes) -> list[tuple[int, int]]:
    """Return column and style of each cell of a record."""
    count = (len(body) - 6) // 6 if kind == _PACKED else 1
    return [(column + place, struct.unpack_from("<H", body, 4 + 6 * place)[0]) for place in range(count)]


def _judge(kind: int, body: bytes) -> tuple[bool, str | None, bool]:
    """Return whether a cell's record holds a value, its error, and whether its text stands in the next record."""
    if kind in _LABELS:
        return struct.unpack_from("<H", body, 6)[0] > 0, None, False
    if kind == _BOOLEAN_OR_ERROR:
        return True, _ERRORS.get(body[6], "#ERROR") if body[7] else None, False
    if kind in _FORMULAS and body[12:14] == b"\xff\xff":
        result = body[6]
        return result in (1, 2), _ERRORS.get(body[8], "#ERROR") if result == 2 else None, result == 0
    return True, None, False
