"""Which reader a file is for, and its table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from evaltools.errors import FileRefusedError
from evaltools.survey.readers import (
    credamo,
    kobo,
    limesurvey,
    msforms,
    odk_central,
    office,
    plain,
    qualtrics,
    surveycto,
    tencent_form,
    tencent_survey,
    wenjuan,
    wjx,
    wps_form,
)
from evaltools.survey.readers.book import open_book
from evaltools.survey.readers.model import Book, Kind, Limits, Reader, Reading
from evaltools.text import clean

GRID_READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "wjx": wjx,
        "wjx-text": wjx.Named("text"),
        "wjx-number": wjx.Named("number"),
        "wjx-score": wjx.Named("score"),
        "wenjuan": wenjuan,
        "tencent_survey": tencent_survey,
        "tencent_form": tencent_form,
        "credamo": credamo,
        "wps_form": wps_form,
        "kobo": kobo,
        "odk_central": odk_central,
        "surveycto": surveycto,
        "limesurvey": limesurvey,
        "qualtrics": qualtrics,
        "msforms": msforms,
        "office": office,
        "plain": plain,
    }
)
# formats that know their variables, and have a reader of their own
_VARIABLE_READERS: Final[Mapping[Kind, str]] = MappingProxyType({"sav": "spss", "dta": "stata"})
READERS: Final = (*GRID_READERS, *_VARIABLE_READERS.values())
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
    if reader is not None and _VARIABLE_READERS.get(kind) != (reader if reader in _VARIABLE_READERS.values() else None):
        raise FileRefusedError("reader-unfit", file=file, reader=reader, kind=kind)
    if kind in _VARIABLE_READERS:
        if sheet is not None:
            raise FileRefusedError("sheet-missing", file=file, sheet=sheet, sheets=[])
        return _read_variables(data, kind, file, limits)
    with open_book(data, kind, sheet=sheet, file=file, limits=limits) as book:
        return _read_book(book, reader)


def _read_book(book: Book, named: str | None) -> Reading:
    sniffs = {name: one.sniff(book) for name, one in GRID_READERS.items()}
    name = named or max(sniffs, key=lambda one: sniffs[one].confidence)
    confidence = 1.0 if named else sniffs[name].confidence
    reason = "named by the user" if named else sniffs[name].reason
    chosen = GRID_READERS[name]
    tables = tuple(chosen.read(book))
    skipped = [clean(sheet) for sheet in book.sheets if sheet not in {table.sheet for table in tables}]
    return Reading(name, chosen.TOOL, confidence, reason, book.encoding, (*skipped, *book.unread), tables)


def _read_variables(data: bytes, kind: Kind, file: str, limits: Limits) -> Reading:
    if kind == "sav":
        from evaltools.survey.readers.spss import read_sav

        return read_sav(data, file=file, limits=limits)
    from evaltools.survey.readers.stata import read_dta

    return read_dta(data, file=file, limits=limits)
