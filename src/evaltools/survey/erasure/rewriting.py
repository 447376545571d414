"""Rewrite a raw file without some rows, and prove by reading it again that nothing else has changed."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from evaltools.errors import FileRefusedError
from evaltools.survey.erasure.blank_text import blank_records
from evaltools.survey.erasure.blank_workbook import blank_rows
from evaltools.survey.readers import RawFile, RawTable, read_files
from evaltools.survey.readers.container import open_container
from evaltools.survey.readers.model import Limits

_LIMITS: Final = Limits()


def rewritten(raw: RawFile, reader: str | None, sheet: str | None, rows: Mapping[str, Collection[int]]) -> bytes | None:
    """Return the content of a raw file with blank rows.

    Parameters
    ----------
    raw
        The file as it was read, by the reader and for the sheet that its source names.
    rows
        Row numbers by sheet.

    Returns
    -------
    bytes or None
        None where files of its kind cannot be rewritten here, and where reading the new content does not give the old
        rows without these: then only who made the file can take them out.
    """
    container = open_container(raw.path, _LIMITS)
    if container.sha256 != raw.sha256:
        return None
    content = None
    if container.kind == "text":
        content = blank_records(container.data, rows.get("", ()))
    elif container.kind == "xlsx":
        content = blank_rows(container.data, rows)
    return content if content is not None and _holds(raw, content, reader, sheet, rows) else None


def _holds(
    raw: RawFile, content: bytes, reader: str | None, sheet: str | None, rows: Mapping[str, Collection[int]]
) -> bool:
    # a file without any answer is refused by every reader; there is nothing left to compare
    if not any(set(table.row_numbers) - set(rows.get(table.sheet, ())) for table in raw.tables[:1]):
        return True
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / raw.path.name
        path.write_bytes(content)
        [again] = read_files([path], readers=[reader], sheets=[sheet])
    if isinstance(again, FileRefusedError) or again.reader != raw.reader or len(again.tables) != len(raw.tables):
        return False
    pairs = zip(raw.tables, again.tables, strict=True)
    return all(_same(old, new, rows.get(old.sheet, ())) for old, new in pairs)


def _same(old: RawTable, new: RawTable, gone: Collection[int]) -> bool:
    kept = [place for place, number in enumerate(old.row_numbers) if number not in gone]
    if [old.row_numbers[place] for place in kept] != new.row_numbers:
        return False
    if [column.header for column in old.columns] != [column.header for column in new.columns]:
        return False
    return all(before.take(kept) == after for before, after in zip(old.values, new.values, strict=True))
