"""How a missing answer and a choice are written in each format, and cut labels where a format takes no longer ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from evaltools.survey.export.model import MISSING, Column, Variable, both_languages
from evaltools.survey.instrument.model import BilingualText

MARKS: Final[Mapping[str, str]] = {reason: f"({reason})" for reason in MISSING}
"""Cells of csv and xlsx. No number, date or choice looks like that; a text that does gets an apostrophe in front."""

LETTERS: Final[Mapping[str, str]] = dict(zip(MISSING, "abcdefgh", strict=True))
"""Extended missing values of Stata: ``.a`` to ``.h``."""

REASON_OF_MARK: Final[Mapping[str, str]] = {mark: reason for reason, mark in MARKS.items()}
_FIRST: Final = 99
_FORMULA: Final = re.compile(r"\s*[=+\-@＝＋－＠\t\r]")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def reason_label(reason: str) -> BilingualText:
    """Return the wording of a reason."""
    return both_languages(f"export-missing-{reason}")


def sav_codes(column: Column) -> dict[str, float]:
    """Return the codes of SPSS for missing answers of a variable: -99 to -92, or -999... where answers reach so low."""
    first = _FIRST
    lowest = min((value for value in column.cells if isinstance(value, int | float)), default=0)
    while lowest <= len(MISSING) - first:
        first = first * 10 + 9
    return {reason: float(place - first) for place, reason in enumerate(MISSING)}


def choice_codes(variable: Variable) -> dict[str, int]:
    """Return the number of each choice in SPSS and Stata: its name where all names are numbers, else 1, 2, 3 ..."""
    names = [choice.name for choice in variable.choices]
    if all(re.fullmatch(r"0|[1-9][0-9]{0,5}", name) for name in names):
        return {name: int(name) for name in names}
    return {name: number for number, name in enumerate(names, start=1)}


def protected_text(text: str, *, formulas: bool) -> str:
    """Return a text as a cell: an apostrophe in front where it could be taken for something else.

    Parameters
    ----------
    formulas
        Also where a spreadsheet would take it for a formula. A true number is none.
    """
    is_formula = formulas and _FORMULA.match(text) and not _NUMBER.fullmatch(text)
    return f"'{text}" if is_formula or text in REASON_OF_MARK or text.startswith("'") else text


def plain_text(cell: str) -> str:
    """Return the text of a cell that :func:`protected_text` made."""
    return cell.removeprefix("'")


def cut(text: str, *, signs: int | None = None, size: int | None = None) -> str:
    """Return a label of at most so many signs, or bytes of UTF-8; what is cut ends with ``…``."""
    if signs is not None and len(text) > signs:
        text = text[: signs - 1] + "…"
    if size is not None and len(text.encode("utf-8")) > size:
        room = size - len("…".encode())
        text = text.encode("utf-8")[:room].decode("utf-8", "ignore") + "…"
    return text
