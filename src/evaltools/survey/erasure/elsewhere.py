"""Look for a respondent's texts in files that nobody knows of: copies of exports, logs, pages."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from evaltools.survey.sheet_rows import SheetRows, row_identifiers

_LEAST: Final = 5
_LEAST_HAN: Final = 4
_UNPACKED: Final = 50_000_000
_RATIO: Final = 100
_CODECS: Final = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")
ERASED: Final = "[erased]"


def secret_texts(sheets: Iterable[SheetRows], places: Collection[tuple[str, str, int]]) -> set[str]:
    """Return what the rows of a respondent say of who that is and nobody else's row says: code, name, telephone, ids.

    Short texts are left out, since they stand in other words.
    """
    own: set[str] = set()
    others: set[str] = set()
    for sheet in sheets:
        for row, number in enumerate(sheet.row_numbers):
            texts = row_identifiers(sheet, row)
            if sheet.holds != "ratings":
                texts += [str(one) for one in (sheet.fields.native_id[row], sheet.fields.ip[row]) if one is not None]
            place = (sheet.raw.sha256, sheet.table.sheet, number)
            (own if place in places else others).update(text.strip() for text in texts)
    return {text for text in own - others if len(text) >= (_LEAST if text.isascii() else _LEAST_HAN)}


def needles(secrets: Iterable[str]) -> list[bytes]:
    """Return the bytes that texts are in the encodings that files come in, and as JSON and XML escape them."""
    found = {text.encode(codec, "replace") for text in secrets for codec in _CODECS}
    found |= {json.dumps(text)[1:-1].encode() for text in secrets}
    found |= {escape(text).encode() for text in secrets}
    return sorted(found)


def holds_any(content: bytes, wanted: Collection[bytes]) -> bool:
    """Say whether a file, or a part of an archive, holds one of some bytes; yes where it cannot be searched."""
    if any(one in content for one in wanted):
        return True
    if not content.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > max(_UNPACKED, _RATIO * len(content)):
                return True
            return any(one in part for part in map(archive.read, entries) for one in wanted)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError):
        return True


def files_below(folder: Path, without: Collection[Path], skipped: Collection[Path]) -> Iterator[Path]:
    """Yield the files of a campaign that may hold answers, but for some; its store has its own way."""
    for path in sorted(folder.rglob("*")):
        own = path.relative_to(folder).parts
        if own[0] in ("store", ".lock", ".key", ".pending.json") or path in without:
            continue
        if any(path.resolve().is_relative_to(one) for one in skipped):
            continue
        if path.is_file() and not path.is_symlink():
            yield path


def struck(text: str, secrets: Iterable[str]) -> str:
    """Return a text with a mark in place of everything that names a respondent."""
    for one in sorted(secrets, key=len, reverse=True):
        text = text.replace(one, ERASED)
    return text
