"""Blank rows of an .xlsx: their cells go, and the shared strings that nothing else uses; the rest is copied."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from evaltools.survey.readers.sheet_scan import open_parts

_ROW: Final = re.compile(rb"<((?:\w+:)?)row\b([^>]*?)(?:/>|>(.*?)</\1row>)", re.DOTALL)
_CELL: Final = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_NUMBER: Final = re.compile(rb"\br=[\"'](\d+)[\"']")
_SHARED: Final = re.compile(rb"\bt=[\"']s[\"']")
_VALUE: Final = re.compile(rb"<(?:\w+:)?v\b[^>]*>\s*(\d+)\s*</")
_ITEM: Final = re.compile(rb"<((?:\w+:)?)si\b[^>]*?(?:/>|>.*?</\1si>)", re.DOTALL)
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f\b")
_WORKSHEETS: Final = "xl/worksheets/"
_STRINGS: Final = "xl/sharedstrings.xml"


def blank_rows(data: bytes, rows: Mapping[str, Collection[int]]) -> bytes | None:
    """Return the workbook with blank rows; None where one of them holds a formula, which other cells may need.

    Parameters
    ----------
    rows
        By the name of the sheet, as a person sees them.
    """
    parts = open_parts(data, file="")
    content = {entry.filename: parts.archive.read(entry) for entry in parts.archive.infolist()}
    for sheet, numbers in rows.items():
        name = parts.entries[parts.sheets[sheet]].filename
        blanked = _without_rows(content[name], numbers)
        if blanked is None:
            return None
        content[name] = blanked
    if _STRINGS in parts.entries:
        sheets = [part for name, part in content.items() if name.casefold().startswith(_WORKSHEETS)]
        name = parts.entries[_STRINGS].filename
        content[name] = _without_strings(content[name], _used(sheets))
    return _packed(parts.archive, content)


def _without_rows(part: bytes, numbers: Collection[int]) -> bytes | None:
    pieces, at, last = [], 0, 0
    for found in _ROW.finditer(part):
        number = _NUMBER.search(found[2])
        last = int(number[1]) if number else last + 1
        if last not in numbers:
            continue
        if _FORMULA.search(found[3] or b""):
            return None
        pieces += [part[at : found.start()], b"<" + found[1] + b"row" + found[2].rstrip() + b"/>"]
        at = found.end()
    return b"".join((*pieces, part[at:]))


def _used(sheets: Iterable[bytes]) -> set[int]:
    """Return the numbers of the shared strings that some cell still shows."""
    return {
        int(value[1])
        for sheet in sheets
        for cell in _CELL.finditer(sheet)
        if _SHARED.search(cell[1]) and (value := _VALUE.search(cell[2] or b""))
    }


def _without_strings(part: bytes, used: Collection[int]) -> bytes:
    pieces, at = [], 0
    for number, found in enumerate(_ITEM.finditer(part)):
        if number not in used:
            pieces += [part[at : found.start()], b"<" + found[1] + b"si><" + found[1] + b"t/></" + found[1] + b"si>"]
            at = found.end()
    return b"".join((*pieces, part[at:]))


def _packed(archive: zipfile.ZipFile, content: Mapping[str, bytes]) -> bytes:
    """Return the parts in their order with their times, so that equal files stay equal."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for entry in archive.infolist():
            fresh = zipfile.ZipInfo(entry.filename, entry.date_time)
            fresh.compress_type, fresh.external_attr = entry.compress_type, entry.external_attr
            packed.writestr(fresh, content[entry.filename])
    return out.getvalue()
