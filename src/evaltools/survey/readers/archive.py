"""A look at a zip archive's directory before anything in it is unpacked."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.model import Kind, Limits

MAGIC = b"PK\x03\x04"
_END_OF_DIRECTORY = b"PK\x05\x06"
_LOCAL_HEADER = 30
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_TABLE = re.compile(r"(?!(?:__MACOSX|media)/)(?:[^/]*/)*[^./][^/]*\.(?:csv|tsv)", re.IGNORECASE)
# what the zip module raises over damaged archives, depending on where the damage is
DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, OSError, RuntimeError, ValueError)
_SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml|content\.xml", re.IGNORECASE)


def check_archive(data: bytes, *, file: str, limits: Limits) -> Kind:
    """Say what an archive is, after judging every entry of its directory.

    Parameters
    ----------
    data
        The whole archive.
    file
        Its name, for messages.

    Returns
    -------
    "xlsx", "ods", or "zip" for one that holds csv files

    Raises
    ------
    FileRefusedError
        ``file-truncated``, ``zip-parts``, ``file-encrypted``, ``zip-method``, ``zip-duplicate``, ``zip-overlap``,
        ``zip-part-size``, ``zip-ratio``, ``file-cells``, ``zip-nested``, ``file-kind``, ``file-damaged``.
    """
    directory_start = _directory_start(data, file, limits)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check_entries(entries, directory_start, file)
            _check_sizes(entries, file, limits)
            _check_nested(archive, entries, file)
            return _kind(archive, file, limits)
    except DAMAGE as error:
        raise FileRefusedError("file-damaged", file=file, problem=type(error).__name__) from error


def is_table(name: str) -> bool:
    """Say whether an entry of an archive is a csv file, and no upload nor what an operating system hides beside one."""
    return _TABLE.fullmatch(name.replace("\\", "/")) is not None


def _directory_start(data: bytes, file: str, limits: Limits) -> int:
    """Return where the directory begins; judge its length before a parser walks through it."""
    at = data.rfind(_END_OF_DIRECTORY, max(0, len(data) - 65_557))
    if at < 0 or at + 22 > len(data):
        raise FileRefusedError("file-truncated", file=file)
    count, size, start = struct.unpack_from("<HII", data, at + 10)
    if count > limits.max_parts or size > limits.max_parts * 1000:
        raise FileRefusedError("zip-parts", file=file, limit=limits.max_parts)
    if start + size > at:
        raise FileRefusedError("file-truncated", file=file)
    return int(start)


def _check_entries(entries: list[zipfile.ZipInfo], directory_start: int, file: str) -> None:
    names = set()
    for entry in entries:
        if entry.flag_bits & 0x1:
            raise FileRefusedError("file-encrypted", file=file)
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FileRefusedError("zip-method", file=file, part=entry.filename)
        if entry.filename.casefold() in names:
            raise FileRefusedError("zip-duplicate", file=file, part=entry.filename)
        names.add(entry.filename.casefold())
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    starts = [entry.header_offset for entry in ordered[1:]] + [directory_start]
    for entry, following in zip(ordered, starts, strict=False):
        if entry.header_offset + _LOCAL_HEADER + len(entry.filename) + entry.compress_size > following:
            raise FileRefusedError("zip-overlap", file=file, part=entry.filename)


def _check_sizes(entries: list[zipfile.ZipInfo], file: str, limits: Limits) -> None:
    for entry in entries:
        if entry.file_size > limits.max_part:
            raise FileRefusedError("zip-part-size", file=file, part=entry.filename, limit=limits.max_part)
        if entry.file_size > limits.ratio_from and entry.file_size > limits.max_ratio * entry.compress_size:
            raise FileRefusedError("zip-ratio", file=file, part=entry.filename, limit=f"{limits.max_ratio:g}")
    if sum(entry.file_size for entry in entries) > 2 * limits.max_part:
        raise FileRefusedError("zip-part-size", file=file, part="*", limit=2 * limits.max_part)
    sheets = sum(entry.file_size for entry in entries if _SHEET_PART.fullmatch(entry.filename))
    if sheets > limits.max_cells * limits.cell_bytes:
        raise FileRefusedError("file-cells", file=file, limit=limits.max_cells)


def _check_nested(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], file: str) -> None:
    for entry in entries:
        if entry.file_size < len(MAGIC) or entry.is_dir():
            continue
        with archive.open(entry) as part:
            if part.read(len(MAGIC)) == MAGIC:
                raise FileRefusedError("zip-nested", file=file, part=entry.filename)


def _kind(archive: zipfile.ZipFile, file: str, limits: Limits) -> Kind:
    names = {name.replace("\\", "/").casefold() for name in archive.namelist()}
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "mimetype" in names and "content.xml" in names and archive.read("mimetype").strip() == _ODS:
        return "ods"
    if tables := [entry for entry in archive.infolist() if is_table(entry.filename)]:
        _check_tables(tables, file, limits)
        return "zip"
    found = "xlsb" if "xl/workbook.bin" in names else "docx" if "word/document.xml" in names else "zip"
    raise FileRefusedError("file-kind", file=file, found=found)


def _check_tables(tables: list[zipfile.ZipInfo], file: str, limits: Limits) -> None:
    """Hold the csv files of an archive to what one alone may have."""
    for entry in tables:
        if entry.file_size > limits.max_bytes:
            raise FileRefusedError("zip-part-size", file=file, part=entry.filename, limit=limits.max_bytes)
    if sum(entry.file_size for entry in tables) > 2 * limits.max_bytes:
        raise FileRefusedError("zip-part-size", file=file, part="*", limit=2 * limits.max_bytes)
