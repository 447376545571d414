"""Rows of an .xls sheet counted from its BIFF records, without the library that reads them.

Source: [MS-XLS], Excel Binary File Format, 2.3 (records) and 2.5 (structures).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from evaltools.errors import FileRefusedError
from evaltools.survey.readers import ole
from evaltools.survey.readers.sheet_scan import SheetScan

_EOF, _BOUNDSHEET, _FILEPASS, _STRING = 0x000A, 0x0085, 0x002F, 0x0207
_FORMULAS = (0x0006, 0x0206, 0x0406)
_LABELS = (0x0204, 0x00D6)
_BOOLEAN_OR_ERROR = 0x0205
_NUMBERS = (0x0203, 0x027E, 0x00BD, 0x00FD)  # number, packed number, several packed, shared string
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
        return _scan(stream, _sheet_offset(stream, sheet, file))
    except (ole.DamagedOleError, struct.error, IndexError) as error:
        raise FileRefusedError("file-damaged", file=file, problem=type(error).__name__) from error


def _sheet_offset(stream: bytes, sheet: int, file: str) -> int:
    offsets = []
    for kind, body in _records(stream, 0):
        if kind == _FILEPASS:
            raise FileRefusedError("file-encrypted", file=file)
        if kind == _BOUNDSHEET:
            offsets.append(struct.unpack_from("<I", body)[0])
    return int(offsets[sheet])


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


def _scan(stream: bytes, at: int) -> SheetScan:
    rows: set[int] = set()
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
            if holds:
                rows.add(row)
            width = max(width, column + 1)
    cells = (max(rows) - min(rows) + 1) * width if rows else 0
    return SheetScan(len(rows), cells, errors)


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
