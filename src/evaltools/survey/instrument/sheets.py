"""Forms as sheets: read a Markdown, xlsx or xls XLSForm through pyxform, and find its columns.

Only cells are taken here. Whether they make a form that a phone can run is pyxform's to say, see :func:`refuse_broken`.
"""

from __future__ import annotations

import hashlib
import json
import re
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from pyxform import aliases
from pyxform.errors import PyXFormError
from pyxform.parsing.sheet_headers import clean_text_values, process_header
from pyxform.question import MultipleChoiceQuestion, Option
from pyxform.xls2json_backends import DefinitionData, get_xlsform
from pyxform.xls2xform import convert

from evaltools.errors import CampaignError
from evaltools.survey.instrument.model import BilingualText, Sheet

SUFFIXES: Final = (".md", ".xlsx", ".xls")
MAX_BYTES: Final = 5_000_000
MAX_UNPACKED: Final = 200_000_000

_SHEETS: Final = ("survey", "choices", "settings", "external_choices", "entities", "osm")
_HEADERS: Final = {
    "survey": (aliases.survey_header, frozenset(MultipleChoiceQuestion.get_slot_names())),
    "choices": (aliases.list_header, frozenset(Option.get_slot_names())),
    "settings": (aliases.settings_header, frozenset({"version", "default_language"})),
}
_OWN: Final = _HEADERS["choices"][1] | frozenset(aliases.list_header.values()) | {"None"}
_LANGUAGES: Final = {
    "zh": re.compile(r"\(zh\b|^\s*(zh|cn|chinese|中文|汉语|简体中文)\s*(\(|$)", re.IGNORECASE),
    "en": re.compile(r"\(en\b|^\s*(en|english|英文|英语)\s*(\(|$)", re.IGNORECASE),
}
# What pyxform raises on forms that it does not foresee, besides its own errors
_CRASHES: Final = (PyXFormError, AttributeError, IndexError, KeyError, TypeError, ValueError)


def read_sheets(path: Path) -> tuple[Sheet, ...]:
    """Read the sheets of a form that belong to an XLSForm; others are left out.

    Raises
    ------
    CampaignError
        ``instrument-too-large``, ``instrument-unreadable`` (not such a file, duplicate headers, dates that cannot be
        told, an encrypted workbook).
    """
    content = path.read_bytes()
    if len(content) > MAX_BYTES:
        raise CampaignError("instrument-too-large", path=path.as_posix())
    if path.suffix.lower() not in SUFFIXES:
        raise CampaignError("instrument-unreadable", path=path.as_posix(), problem=f"suffix {path.suffix!r}")
    try:
        if _unpacked(content) > MAX_UNPACKED:
            raise CampaignError("instrument-too-large", path=path.as_posix())
        with warnings.catch_warnings():
            # openpyxl warns of parts of a workbook that it leaves out: drop-down lists, conditional colours
            warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")
            data = get_xlsform(content, path.suffix.lower())
    except (*_CRASHES, zipfile.BadZipFile, OSError) as problem:
        raise CampaignError("instrument-unreadable", path=path.as_posix(), problem=problem) from None
    if not data.survey:
        raise CampaignError("instrument-unreadable", path=path.as_posix(), problem="no rows in sheet 'survey'")
    return tuple(_sheet(data, name) for name in _SHEETS if getattr(data, name))


def _unpacked(content: bytes) -> int:
    if not zipfile.is_zipfile(BytesIO(content)):
        return 0
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return sum(part.file_size for part in archive.infolist())


def _sheet(data: DefinitionData, name: str) -> Sheet:
    rows: Sequence[Mapping[str | None, str]] = getattr(data, name)
    first: Mapping[str, Any] = (getattr(data, f"{name}_header") or [{}])[0]
    header = tuple(column for column in first if any(column in row for row in rows) or column != "None")
    cells = tuple(tuple(str(row.get(column) or "").replace("\xa0", " ") for column in header) for row in rows)
    return Sheet(name, header, cells)


def sha256_of(sheets: Sequence[Sheet]) -> str:
    """Return the SHA-256 of the cells of a form, whatever file they came in."""
    content = json.dumps([[sheet.name, sheet.header, sheet.rows] for sheet in sheets], ensure_ascii=False)
    return hashlib.sha256(content.encode("utf-8")).hexdigest()


def refuse_broken(sheets: Sequence[Sheet], path: Path, form_name: str) -> None:
    """Let pyxform build the form, and pass on what it objects to.

    Raises
    ------
    CampaignError
        ``instrument-invalid``, with pyxform's own words, which name the row.
    """
    form: dict[str, Any] = {"sheet_names": [sheet.name for sheet in sheets], "fallback_form_name": form_name}
    for sheet in sheets:
        form[sheet.name] = [
            {column: cell for column, cell in zip(sheet.header, row, strict=True) if cell} for row in sheet.rows
        ]
        form[f"{sheet.name}_header"] = [dict.fromkeys(sheet.header)]
    try:
        convert(form, warnings=[])
    except _CRASHES as problem:
        raise CampaignError("instrument-invalid", path=path.as_posix(), problem=problem) from None


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the columns of a sheet stand: XLSForm's own name, split at ``::``, to the position."""

    positions: Mapping[tuple[str, ...], int]
    language: str

    def has(self, *name: str) -> bool:
        """Say whether the sheet has a column."""
        return name in self.positions

    def filled(self, row: Sequence[str], *name: str) -> bool:
        """Say whether a row has anything under a name, in any language."""
        return any(self.raw(row, *key) for key in self.positions if key[: len(name)] == name)

    def raw(self, row: Sequence[str], *name: str) -> str:
        """Return a cell as it stands, "" where the column or the cell is empty."""
        position = self.positions.get(name)
        return "" if position is None else row[position].strip()

    def code(self, row: Sequence[str], *name: str) -> str:
        """Return a cell that a machine reads: blanks folded, typographic quotes made straight, as pyxform does."""
        return str(clean_text_values(self.raw(row, *name), strip_whitespace=True))

    def further(self, row: Sequence[str]) -> dict[str, str]:
        """Return the cells of a row of choices under columns that XLSForm itself does not know."""
        return {name[0]: self.code(row, *name) for name in self.positions if len(name) == 1 and name[0] not in _OWN}

    def wording(self, row: Sequence[str], *name: str) -> BilingualText | None:
        """Return a text in both languages, None where no language has one.

        A language that is missing takes the column without a language, then the form's default, then any other.
        """
        given = {key[len(name) :]: self.raw(row, *key) for key in self.positions if key[: len(name)] == name}
        given = {key: text for key, text in given.items() if text and len(key) < 2}
        if not given:
            return None
        spare = given.get((), given.get((self.language,), next(iter(given.values()))))
        texts = {
            lang: next((text for key, text in given.items() if key and pattern.search(key[0])), spare)
            for lang, pattern in _LANGUAGES.items()
        }
        return BilingualText(texts["zh"], texts["en"])


def columns_of(sheet: Sheet, language: str = "") -> Columns:
    """Find the columns of a sheet under all names that XLSForm has for them."""
    known, own = _HEADERS.get(sheet.name, ({}, frozenset()))
    double = any("::" in column for column in sheet.header)
    positions: dict[tuple[str, ...], int] = {}
    for position, column in enumerate(sheet.header):
        _, name = process_header(column, double, known, own)
        positions.setdefault(tuple(name), position)
    return Columns(positions, language)
