"""The parts of a workbook, each unpacked once to be looked at before the reading library may open them."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.number_formats import epoch_of, share_styles
from evaltools.survey.readers.row_scan import Known, Window, cut_rows, prefix_of

_CHUNK = 1 << 20
_OVERLAP = 32
_DOCTYPES = tuple("<!DOCTYPE".encode(code) for code in ("ascii", "utf-16-le", "utf-16-be"))
_CDATA = b"<![CDATA["
_SMALLEST_WINDOW, _LARGEST_WINDOW = 1 << 22, 1 << 25  # bytes of a worksheet's XML
_WORKBOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_STRINGS, _FORMATS = "xl/sharedstrings.xml", "xl/styles.xml"
_FRAME = frozenset(("[content_types].xml", "_rels/.rels", _WORKBOOK, _RELATIONS, _STRINGS, _FORMATS))
_WORKSHEETS = "xl/worksheets/"


def refuse_doctype(data: bytes, *, file: str) -> None:
    """Unpack every part of an archive once: checksums must hold, and none may bring its own definitions.

    Raises
    ------
    FileRefusedError
        ``xml-doctype`` with the part.
    zipfile.BadZipFile, zlib.error, EOFError
        A part is damaged.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            _look_through(archive, entry, file)


@dataclass(frozen=True, slots=True, eq=False)
class XlsxParts:
    """An .xlsx of which everything but the worksheets was unpacked and looked at.

    Attributes
    ----------
    entries, sheets
        Every part by its name in small letters; the name of a sheet's part by that of the sheet.
    frame
        Name and content of the parts without which the reading library opens no sheet.
    """

    archive: zipfile.ZipFile
    entries: Mapping[str, zipfile.ZipInfo]
    sheets: Mapping[str, str]
    frame: Mapping[str, bytes]
    known: Known
    file: str

    def windows(self, sheet: str, max_cells: int) -> Iterator[Window]:
        """Unpack a worksheet once: look for definitions, count the rows that hold a value, and yield them by windows.

        Raises
        ------
        FileRefusedError
            ``xml-doctype``; ``file-damaged``: the workbook does not say where the sheet is, or it hides values in a
            way that the reading library passes over; and those of
            :func:`evaltools.survey.readers.row_scan.cut_rows`.
        """
        try:
            entry = self.entries[self.sheets[sheet]]
        except KeyError as error:
            raise FileRefusedError("file-damaged", file=self.file, problem=type(error).__name__) from error
        chunks = _without_cdata(_unpack(self.archive, entry, self.file), self.file)
        return cut_rows(chunks, self.known, size=self.window_size, max_cells=max_cells, file=self.file)

    @property
    def window_size(self) -> int:
        """Bytes of a worksheet from which a window is full; each is opened with all shared strings beside it."""
        return min(max(_SMALLEST_WINDOW, 2 * sum(map(len, self.frame.values()))), _LARGEST_WINDOW)

    def workbook(self, sheet: str = "", content: Iterable[bytes] = ()) -> io.BytesIO:
        """Return the workbook with the one worksheet that is given, and no other."""
        parts: dict[str, tuple[bytes, ...]] = {name: (part,) for name, part in self.frame.items()}
        if sheet:
            parts[self.entries[self.sheets[sheet]].filename] = tuple(content)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            for name, pieces in parts.items():
                with archive.open(name.replace("\\", "/"), "w") as part:
                    part.writelines(pieces)
        out.seek(0)
        return out


def open_parts(data: bytes, *, file: str) -> XlsxParts:
    """Unpack every part of an .xlsx but its worksheets once, see :func:`refuse_doctype`.

    Raises
    ------
    FileRefusedError
        ``xml-doctype``; ``file-damaged``: the workbook does not say where its sheets are.
    """
    archive = zipfile.ZipFile(io.BytesIO(data))
    entries = {entry.filename.replace("\\", "/").casefold(): entry for entry in archive.infolist()}
    frame: dict[str, bytes] = {}
    for name, entry in entries.items():
        if name in _FRAME:
            frame[entry.filename] = b"".join(_unpack(archive, entry, file))
        elif not name.startswith(_WORKSHEETS):
            _look_through(archive, entry, file)
    contents = {name: frame[entry.filename] for name, entry in entries.items() if name in _FRAME}
    strings = contents.get(_STRINGS, b"")
    if _CDATA in strings:
        raise FileRefusedError("file-damaged", file=file, problem="CDATA")
    try:
        known = Known(_blank_strings(strings), share_styles(contents.get(_FORMATS, b"")), epoch_of(contents[_WORKBOOK]))
        sheets = _sheet_parts(contents[_WORKBOOK], contents[_RELATIONS])
    except (KeyError, ParseError, DefusedXmlException) as error:
        raise FileRefusedError("file-damaged", file=file, problem=type(error).__name__) from error
    return XlsxParts(archive, entries, sheets, frame, known, file)


def _sheet_parts(workbook_part: bytes, relations_part: bytes) -> dict[str, str]:
    workbook, relations = (fromstring(part, forbid_dtd=True) for part in (workbook_part, relations_part))
    targets = {one.get("Id"): one.get("Target", "") for one in relations.iter() if one.get("Id")}
    parts = {}
    for element in workbook.iter():
        # the strict variant of the format writes another namespace before "id"
        identifiers = [value for key, value in element.items() if key.endswith("}id")]
        if element.tag.endswith("}sheet") and identifiers:
            path = posixpath.join("/xl", targets.get(identifiers[-1], ""))
            parts[element.get("name", "")] = posixpath.normpath(path).lstrip("/").casefold()
    return parts


def _blank_strings(content: bytes) -> frozenset[int]:
    """Return the numbers of the shared strings that have no text."""
    prefix = re.escape(prefix_of(content, b"sst"))
    item = re.compile(rb"<" + prefix + rb"si(?:\s[^>]*)?(?:/>|>(.*?)</" + prefix + rb"si>)", re.DOTALL)
    text = re.compile(rb"<" + prefix + rb"t(?:\s[^>]*)?>[^<]")
    return frozenset(n for n, found in enumerate(item.finditer(content)) if not text.search(found[1] or b""))


def _look_through(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: str) -> None:
    # pictures are never opened, and SVG ones carry a DOCTYPE by right
    if "/media/" not in f"/{entry.filename}" and "/Pictures/" not in f"/{entry.filename}":
        for _ in _unpack(archive, entry, file):
            continue


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: str) -> Iterator[bytes]:
    """Yield the content of a part, piece by piece, until a piece holds a definition."""
    before = b""
    with archive.open(entry) as part:
        while chunk := part.read(_CHUNK):
            # one sign is found many times faster than a word, and most parts hold none
            if b"!" in chunk or b"!" in before:
                window = before + chunk
                if any(mark in window for mark in _DOCTYPES):
                    raise FileRefusedError("xml-doctype", file=file, part=entry.filename)
            yield chunk
            before = chunk[-_OVERLAP:]


def _without_cdata(chunks: Iterable[bytes], file: str) -> Iterator[bytes]:
    """Yield the pieces of a part; values in CDATA, where no program writes them, are passed over by the library."""
    before = b""
    for chunk in chunks:
        if (b"!" in chunk or b"!" in before) and _CDATA in before + chunk:
            raise FileRefusedError("file-damaged", file=file, problem="CDATA")
        yield chunk
        before = chunk[-_OVERLAP:]
