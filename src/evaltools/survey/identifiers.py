"""Read what identifies a firm: unified social credit codes and other identifiers, as text that compares equal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from evaltools.text import clean

MAX_DIGITS: Final = 15
"""Digits of a number that a spreadsheet keeps exactly; of a longer identifier the rest is lost."""

_SCIENTIFIC: Final = re.compile(r"[0-9](?:[.,][0-9]+)?E\+?[0-9]{2}")
_LETTER_FIRST: Final = re.compile(r"[A-HJ-NPQRTUWXY][0-9A-HJ-NPQRTUWXY][0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")

Read = tuple[str | None, str | None]
"""What was read, and the fault; exactly one of the two is None."""


def compact(text: str) -> str:
    """Return an identifier without spaces and hyphens, half-width, in capitals."""
    return re.sub(r"[\s\-‐‑–—−]", "", unicodedata.normalize("NFKC", clean(text))).upper()


def read_identifier(cell: object) -> Read:
    """Read any identifier.

    Returns
    -------
    tuple of (identifier, fault)
        The fault is ``identifier-number`` where a spreadsheet made a number of it: digits after the fifteenth are
        gone, and ``9.11101E+17`` names a million firms; ``identifier-type`` for a date or true/false.
    """
    if isinstance(cell, bool) or not isinstance(cell, (str, int, float)):
        return None, "identifier-type"
    if isinstance(cell, str):
        text = compact(cell)
        return (None, "identifier-number") if _SCIENTIFIC.fullmatch(text) else (text, None)
    if isinstance(cell, float) and not cell.is_integer():
        return None, "identifier-number"
    text = str(int(cell))
    return (None, "identifier-number") if len(text.lstrip("-")) > MAX_DIGITS else (text, None)


def read_code(cell: object) -> Read:
    """Read a unified social credit code of 18 signs and hold it against its check sign.

    Returns
    -------
    tuple of (code, fault)
        The faults of :func:`read_identifier`, ``code-length``, ``code-form`` (a sign or the region is impossible) and
        ``code-check`` (the last sign does not follow from the others: a slip of the pen).

    Notes
    -----
    GB 32100-2015. python-stdnum wants eight digits in front; bodies registered by other offices have a letter there
    (N: rural collective organisations), and their codes are held against the same check sign here.
    """
    text, fault = read_identifier(cell)
    if text is None:
        return None, fault
    if len(text) != 18:
        return None, "code-length"
    if _LETTER_FIRST.fullmatch(text):
        return (text, None) if uscc.calc_check_digit(text[:17]) == text[17] else (None, "code-check")
    try:
        return uscc.validate(text), None
    except ValidationError as problem:
        return None, "code-check" if type(problem).__name__ == "InvalidChecksum" else "code-form"


def reader_for(*, is_credit_code: bool) -> Callable[[object], Read]:
    """Return the function that reads the identifiers of one column."""
    return read_code if is_credit_code else read_identifier
