"""Small files, written by each test, and a reader that skips the second process where only the content matters."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from evaltools.survey.readers.choose import read_content
from evaltools.survey.readers.container import open_container
from evaltools.survey.readers.model import Grid, Limits, RawTable, Reading

Rows = Sequence[Sequence[Any]]


def xlsx(sheets: Mapping[str, Rows], *, hidden: Sequence[str] = (), options: Mapping[str, Any] | None = None) -> bytes:
    """An .xlsx of these sheets; text is written as text, None leaves the cell out."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False, **(options or {})})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        if name in hidden:
            sheet.hide()
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                elif hasattr(cell, "isoformat"):
                    sheet.write_datetime(number, column, cell, day)
                elif cell is not None:
                    sheet.write(number, column, cell)
    book.close()
    return out.getvalue()


def rezip(data: bytes, change: Mapping[str, Callable[[bytes], bytes]] | None = None, **added: bytes) -> bytes:
    """The archive with some parts changed, and others added (``__`` in a name is ``/``)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            altered = (change or {}).get(entry.filename, lambda same: same)(content)
            assert altered != content or entry.filename not in (change or {}), "the change does not bite"
            new.writestr(entry.filename, altered)
        for name, content in added.items():
            new.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def compound(streams: Mapping[str, bytes]) -> bytes:
    """An OLE compound file; each stream is padded to the size from which it has sectors of its own."""
    directory = [_entry("Root Entry", 5, 0xFFFFFFFE, 0)]
    fat, body = [0xFFFFFFFD, 0xFFFFFFFE], b""
    for name, content in streams.items():
        padded = content + bytes(max(0, 4096 - len(content)))
        padded += bytes(-len(padded) % 512)
        start, count = len(fat), len(padded) // 512
        directory.append(_entry(name, 2, start, len(padded)))
        fat += [*range(start + 1, start + count), 0xFFFFFFFE]
        body += padded
    assert len(fat) <= 128
    assert len(directory) <= 4
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += b"".join(n.to_bytes(2, "little") for n in (0x3E, 3, 0xFFFE, 9, 6)) + bytes(10)
    head += b"".join(n.to_bytes(4, "little") for n in (1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0))
    head += b"\xff" * (512 - len(head))
    table = b"".join(n.to_bytes(4, "little") for n in fat) + b"\xff" * (4 * (128 - len(fat)))
    return head + table + b"".join(directory).ljust(512, b"\0") + body


def _entry(name: str, kind: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    entry = text.ljust(64, b"\0") + len(text).to_bytes(2, "little") + bytes([kind, 1]) + b"\xff" * 12
    return entry + bytes(36) + start.to_bytes(4, "little") + size.to_bytes(8, "little")


def record(kind: int, body: bytes = b"") -> bytes:
    """One BIFF record."""
    return struct.pack("<HH", kind, len(body)) + body


def xls(shift: int = 0) -> bytes:
    """A minimal BIFF8 workbook: header, a text and number row, a row of a blank formula, an error.

    `shift` moves the place where the workbook says that its sheet is."""

    def label(row: int, column: int, text: str) -> bytes:
        encoded = text.encode("utf-16-le")
        return record(0x0204, struct.pack("<HHHHB", row, column, 0, len(text), 1) + encoded)

    def formula(row: int, column: int, result: bytes) -> bytes:
        return record(0x0006, struct.pack("<HHH", row, column, 0) + result + bytes(8))

    sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    sheet += label(2, 0, "银行") + label(2, 1, "b")
    sheet += label(3, 0, "甲") + record(0x0203, struct.pack("<HHHd", 3, 1, 0, 7.0))
    sheet += record(0x0201, struct.pack("<HHH", 4, 0, 0)) + formula(5, 0, b"\x03\0\0\0\0\0\xff\xff")
    sheet += label(6, 0, "乙") + record(0x0205, struct.pack("<HHHBB", 6, 1, 0, 42, 1))
    sheet += record(0x000A)
    bof = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0)) + record(0x0042, struct.pack("<H", 1200))
    name = struct.pack("<BB", 1, 0) + b"S"
    offset = len(bof) + len(record(0x0085, bytes(6) + name)) + len(record(0x000A))
    return bof + record(0x0085, struct.pack("<IBB", offset + shift, 0, 0) + name) + record(0x000A) + sheet


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Reading]:
    """Write a file and read it in this process: container, then content."""

    def read(
        content: bytes | str,
        name: str = "file.csv",
        *,
        reader: str | None = None,
        sheet: str | None = None,
        limits: Limits | None = None,
    ) -> Reading:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        bounds = limits or Limits()
        found = open_container(path, bounds)
        return read_content(found.data, found.kind, reader=reader, sheet=sheet, file=name, limits=bounds)

    return read


def rows_of(table: RawTable) -> list[list[Any]]:
    """The table's cells, row by row."""
    return [list(row) for row in zip(*table.values, strict=True)]


def grid_rows(grid: Grid) -> list[list[Any]]:
    """The grid's cells, row by row."""
    return [grid.row(place) for place in range(grid.n_rows)]
