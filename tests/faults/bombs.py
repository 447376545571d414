"""Files that are small and ask for much: each is written to a folder and must be refused at once.

Every entry of `BOMBS` takes a path and writes the file there. None of them holds an answer that anybody gave.
"""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import xlsxwriter

SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
MEGABYTE = 1 << 20
Part = bytes | Callable[[bytes], bytes]


def workbook() -> bytes:
    """A good workbook with one question and one answer."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    book.add_worksheet("Sheet1").write_column(0, 0, ["question", "answer"])
    book.close()
    return out.getvalue()


def changed(**parts: Part) -> bytes:
    """The good workbook with some parts put in the place of its own or added; ``__`` in a name is ``/``."""
    wanted = {name.replace("__", "/").replace("_xml", ".xml"): part for name, part in parts.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            part = wanted.pop(entry.filename, old.read(entry))
            new.writestr(entry.filename, part(old.read(entry)) if callable(part) else part)
        for name, part in wanted.items():
            new.writestr(name, part if isinstance(part, bytes) else part(b""))
    return out.getvalue()


def xlsx(part: str, content: Part) -> Callable[[Path], None]:
    """Write the good workbook with one part changed."""
    return lambda path: _write(path, changed(**{part.replace("/", "__").replace(".xml", "_xml"): content}))


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def in_sheet(rows: bytes) -> Callable[[bytes], bytes]:
    """Put rows before the end of the sheet."""
    return lambda sheet: sheet.replace(b"</sheetData>", rows + b"</sheetData>")


def with_doctype(doctype: bytes) -> Callable[[bytes], bytes]:
    """Put a document type before the first element."""

    def change(part: bytes) -> bytes:
        head, mark, rest = part.partition(b"?>")
        return head + mark + doctype + rest

    return change


def giant_part(path: Path, name: str, size: int, claimed: int | None = None) -> None:
    """A workbook with a part that unpacks to `size` bytes, whatever the directory claims."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    # a block that refers to nothing before it may come as often as one likes
    block = squeeze.compress(b"A" * MEGABYTE) + squeeze.flush(zlib.Z_FULL_FLUSH)
    packed = block * (size // MEGABYTE) + squeeze.flush()
    inner = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as old, zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename != name:
                new.writestr(entry.filename, old.read(entry))
        new.writestr(name, b"")
    _write(path, _swap_last(inner.getvalue(), name.encode(), packed, size if claimed is None else claimed))


def _swap_last(archive: bytes, name: bytes, packed: bytes, size: int) -> bytes:
    """Put other compressed bytes in the place of the last entry, and say in both headers how long they are."""
    local = archive.rfind(b"PK\x03\x04")
    directory = archive.find(b"PK\x01\x02", local)
    head = bytearray(archive[local : local + 30 + len(name)])
    struct.pack_into("<HIII", head, 8, 8, 0, 0, 0)
    struct.pack_into("<II", head, 18, len(packed), size)
    rest = bytearray(archive[directory:])
    last = rest.rfind(b"PK\x01\x02")
    struct.pack_into("<H", rest, last + 10, 8)
    struct.pack_into("<II", rest, last + 20, len(packed), size)
    body = archive[:local] + bytes(head) + packed
    struct.pack_into("<I", rest, rest.rfind(b"PK\x05\x06") + 16, len(body))
    return body + bytes(rest)


def many_entries(path: Path) -> None:
    """A hundred thousand empty parts."""
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(100_000):
            archive.writestr(f"{number}", b"")


def overlapping(path: Path) -> None:
    """Two hundred entries of the directory that all point at one kernel of data."""
    kernel = zlib.compress(b"0" * (20 * MEGABYTE), 9)[2:-4]
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 0, 0, len(kernel), 20 * MEGABYTE, 1, 0) + b"a"
    entries = b"".join(
        struct.pack(
            "<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, 0, len(kernel), 20 * MEGABYTE, 3, 0, 0, 0, 0, 0, 0
        )
        + f"{number:03}".encode()
        for number in range(200)
    )
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 200, 200, len(entries), len(local) + len(kernel), 0)
    _write(path, local + kernel + entries + end)


def duplicate_parts(path: Path) -> None:
    """The sheet twice, once in other letters."""
    _write(path, changed(xl__worksheets__SHEET1_xml=b"<worksheet/>").replace(b"SHEET1", b"Sheet1"))


def encrypted_entry(path: Path) -> None:
    """An archive that says of its parts that they are encrypted."""
    data = bytearray(workbook())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + place] |= 1
            at = data.find(mark, at + 4)
    _write(path, bytes(data))


def odd_method(path: Path) -> None:
    """Parts packed in a way that no office program uses."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>" * 1000)


def ods(content: bytes) -> Callable[[Path], None]:
    """An OpenDocument sheet with these rows."""

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("mimetype", b"application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
            archive.writestr(
                "content.xml",
                b'<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:'
                b'office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:'
                b'names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet><table:table table:name="S">'
                + content
                + b"</table:table></office:spreadsheet></office:body></office:document-content>",
            )

    return write


def csv_of(*blocks: bytes, times: int = 1) -> Callable[[Path], None]:
    """A text file of a header and a block that comes many times."""

    def write(path: Path) -> None:
        with path.open("wb") as file:
            file.write(b"question\n")
            for block in blocks:
                for _ in range(times):
                    file.write(block)

    return write


def sparse(path: Path) -> None:
    """A file of ten gigabytes that takes no room."""
    with path.open("wb") as file:
        file.truncate(10 << 30)


def link_to_zeros(path: Path) -> None:
    """A link to a device without end."""
    path.symlink_to("/dev/zero")


def pipe(path: Path) -> None:
    """A pipe that nobody writes to."""
    os.mkfifo(path)


def ole_loop(path: Path) -> None:
    """An old workbook whose table of sectors goes round in circles."""
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10)
    head += struct.pack("<9I", 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0, 1, 0) + b"\xff" * 432
    loop = struct.pack("<128I", *([0] * 128))
    _write(path, head.ljust(512, b"\xff") + loop + bytes(512))


def sav_promises(path: Path) -> None:
    """An SPSS file of one header that promises two thousand million cases of a million variables."""
    head = b"$FL2" + b"@(#) SPSS DATA FILE".ljust(60) + struct.pack("<5i", 2, 1_000_000, 0, 0, 2_000_000_000)
    _write(path, head + struct.pack("<d", 100.0) + bytes(84))


def dta_promises(path: Path) -> None:
    """A Stata file of one header that promises thirty thousand variables and as many cases as a number can say."""
    _write(
        path,
        b"<stata_dta><header><release>118</release><byteorder>LSF</byteorder><K>" + struct.pack("<H", 32_000)
        + b"</K><N>" + struct.pack("<Q", 1 << 40) + b"</N><label>\0\0</label><timestamp>\0</timestamp></header>",
    )  # fmt: skip


def parquet_promises(path: Path) -> None:
    """A Parquet file whose footer is longer than the file."""
    _write(path, b"PAR1" + bytes(64) + struct.pack("<I", 0x7FFFFFFF) + b"PAR1")


def parquet_repeats(path: Path) -> None:
    """A hundred million rows of one value."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"q": np.zeros(100_000_000, dtype=np.int8)}), path)


def json_depth(path: Path) -> None:
    """Half a million brackets that open."""
    _write(path, b"[" * 500_000)


def json_digits(path: Path) -> None:
    """A number of a million digits."""
    _write(path, b'[{"q": ' + b"9" * 1_000_000 + b"}]")


def json_width(path: Path) -> None:
    """Records of which each has columns of its own."""
    _write(path, json.dumps([{f"q{number}": 1} for number in range(60_000)]).encode())


def disguised(content: bytes) -> Callable[[Path], None]:
    """Something else under the name of a workbook."""
    return lambda path: _write(path, content)


LAUGHS = (
    b'<!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12))
    + b"]>"
)
ENTITY = b'<!DOCTYPE e [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
FAR = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
ROWS = b'<row><c t="n"><v>1</v></c></row>' * 500_000
POSIX = os.name != "nt"

BOMBS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "a text of 4 GB in 4 MB": ("b.xlsx", lambda path: giant_part(path, STRINGS, 4095 * MEGABYTE)),
    "a text of 900 MB that claims 1 kB": ("b.xlsx", lambda path: giant_part(path, STRINGS, 900 * MEGABYTE, 1000)),
    "a sheet of 2 GB": ("b.xlsx", lambda path: giant_part(path, SHEET, 2047 * MEGABYTE)),
    "two million rows": ("b.xlsx", xlsx(SHEET, in_sheet(ROWS * 4))),
    "one far cell": ("b.xlsx", xlsx(SHEET, in_sheet(FAR))),
    "billion laughs": ("b.xlsx", xlsx(STRINGS, with_doctype(LAUGHS))),
    "an entity from a file": ("b.xlsx", xlsx(STRINGS, with_doctype(ENTITY))),
    "an entity in the sheet": ("b.xlsx", xlsx(SHEET, with_doctype(ENTITY))),
    "a text that is not there": (
        "b.xlsx",
        xlsx(SHEET, in_sheet(b'<row r="9"><c r="A9" t="s"><v>999999</v></c></row>')),
    ),
    "an archive in an archive": ("b.xlsx", lambda path: _write(path, changed(xl__media__a=workbook()))),
    "a hundred thousand parts": ("b.xlsx", many_entries),
    "parts that overlap": ("b.xlsx", overlapping),
    "a part twice": ("b.xlsx", duplicate_parts),
    "an encrypted part": ("b.xlsx", encrypted_entry),
    "an unknown packing": ("b.xlsx", odd_method),
    "a web page": ("b.xlsx", disguised(b"<html><table><tr><td>1</td></tr></table></html>")),
    "a picture": ("b.xlsx", disguised(b"\x89PNG\r\n\x1a\n" + bytes(100))),
    "a row repeated a thousand million times": (
        "b.ods",
        ods(
            b'<table:table-row table:number-rows-repeated="999999999"><table:table-cell office:value-type="string">'
            b"<text:p>x</text:p></table:table-cell></table:table-row>"
        ),
    ),
    "a cell repeated a thousand million times": (
        "b.ods",
        ods(
            b'<table:table-row><table:table-cell table:number-columns-repeated="999999999" office:value-type="string">'
            b"<text:p>x</text:p></table:table-cell></table:table-row>"
        ),
    ),
    "an old workbook in circles": ("b.xls", ole_loop),
    "a field of 100 MB": ("b.csv", csv_of(b"A" * MEGABYTE, times=100)),
    "a quote that never closes": ("b.csv", csv_of(b'"' + b"A" * 99 + b"\n", times=300_000)),
    "a row of five million fields": ("b.csv", csv_of(b"a," * MEGABYTE, times=5)),
    "zeros": ("b.csv", disguised(bytes(10 * MEGABYTE))),
    "ten gigabytes": ("b.csv", sparse),
    "an SPSS file of promises": ("b.sav", sav_promises),
    "a Stata file of promises": ("b.dta", dta_promises),
    "a Parquet file of promises": ("b.parquet", parquet_promises),
    "a hundred million rows of one value": ("b.parquet", parquet_repeats),
    "half a million brackets": ("b.json", json_depth),
    "a number of a million digits": ("b.json", json_digits),
    "a column for each record": ("b.json", json_width),
    **(
        {"a device without end": ("b.csv", link_to_zeros), "a pipe that nobody writes to": ("b.csv", pipe)}
        if POSIX
        else {}
    ),
}
"""What it is, to the name that the file gets and the function that writes it."""
