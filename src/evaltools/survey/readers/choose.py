"""Which reader a file is for, and its table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from evaltools.errors import FileRefusedError
from evaltools.survey.readers import kobo, plain, wjx
from evaltools.survey.readers.book import open_book
from evaltools.survey.readers.model import Book, Kind, Limits, Reader, Reading
from evaltools.text import clean

GRID_READERS: Final[Mapping[str, Reader]] = MappingProxyType({"wjx": wjx, "kobo": kobo, "plain": plain})
READERS: Final = (*GRID_READERS, "spss")
"""Names that `reader` in a source of the campaign file may take."""


def read_content(
    data: bytes, kind: Kind, *, reader: str | None, sheet: str | None, file: str, limits: Limits
) -> Reading:
    """Read a file's content with the reader that is named, or with the one that is surest.

    Raises
    ------
    FileRefusedError
        ``reader-unfit``: the reader that is named does not read this kind of file; ``sheet-missing``: a sheet is named
        and the format has none; and those of the readers.
    """
    if (reader == "spss") != (kind == "sav") and reader is not None:
        raise FileRefusedError("reader-unfit", file=file, reader=reader, kind=kind)
    if kind == "sav":
        if sheet is not None:
            raise FileRefusedError("sheet-missing", file=file, sheet=sheet, sheets=[])
        return _read_sav(data, file, limits)
    with open_book(data, kind, sheet=sheet, file=file, limits=limits) as book:
        return _read_book(book, reader)


def _read_book(book: Book, named: str | None) -> Reading:
    sniffs = {name: one.sniff(book) for name, one in GRID_READERS.items()}
    name = named or max(sniffs, key=lambda one: sniffs[one].confidence)
    confidence = 1.0 if named else sniffs[name].confidence
    reason = "named in the campaign file" if named else sniffs[name].reason
    chosen = GRID_READERS[name]
    tables = tuple(chosen.read(book))
    skipped = [clean(sheet) for sheet in book.sheets if sheet not in {table.sheet for table in tables}]
    return Reading(name, chosen.TOOL, confidence, reason, book.encoding, (*skipped, *book.unread), tables)


def _read_sav(data: bytes, file: str, limits: Limits) -> Reading:
    from evaltools.survey.readers import spss

    table, encoding = spss.read_sav(data, file=file, limits=limits)
    return Reading("spss", spss.TOOL, 1.0, "SPSS system file", encoding, (), (table,))
