"""Read what identifies a firm: unified social credit codes and other identifiers, as text that compares equal."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from operator import mul
from typing import Final

from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from evaltools.survey.values.old_codes import old_code
from evaltools.text import clean

MAX_DIGITS: Final = 15
"""Digits of a number that a spreadsheet keeps exactly; of a longer identifier the rest is lost."""

_SCIENTIFIC: Final = re.compile(r"[0-9](?:[.,][0-9]+)?E\+?[0-9]{2,3}")
# from so many digits on, and so many of them, identifiers of one length are no mere numbers counted up from 1
_FIXED_LENGTH: Final = 8
_ENOUGH: Final = 20
_NEARLY_ALL: Final = 0.95
_LOST_AT_MOST: Final = 3
_LETTER_FIRST: Final = re.compile(r"[A-HJ-NPQRTUWXY][0-9A-HJ-NPQRTUWXY][0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
_CODE: Final = re.compile(rf"[0-9]{{8}}[0-9A-HJ-NPQRTUWXY]{{10}}|{_LETTER_FIRST.pattern}")
_SIGNS: Final = {sign: place for place, sign in enumerate("0123456789ABCDEFGHJKLMNPQRTUWXY")}
_WEIGHTS: Final = (*(pow(3, place, 31) for place in range(17)), 1)

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
        The faults of :func:`read_identifier` and, for what came before the code, of
        :func:`~evaltools.survey.values.old_codes.old_code`; ``code-length``, ``code-form`` (a sign or the region is
        impossible) and ``code-check`` (the last sign does not follow from the others: a slip of the pen).

    Notes
    -----
    GB 32100-2015. python-stdnum wants eight digits in front; bodies registered by other offices have a letter there
    (N: rural collective organisations), and their codes are held against the same check sign here.
    """
    text, fault = read_identifier(cell)
    if text is None:
        return None, fault
    if len(text) != 18:
        return None, old_code(text) or "code-length"
    if _CODE.fullmatch(text) and _adds_up(text):
        return text, None
    if _LETTER_FIRST.fullmatch(text):
        return None, "code-check"
    try:
        return uscc.validate(text), None
    except ValidationError as problem:
        return None, "code-check" if type(problem).__name__ == "InvalidChecksum" else "code-form"


def is_letter_first(code: str) -> bool:
    """Say whether a code was given by an office that puts a letter in front: rare enough to be looked at."""
    return _LETTER_FIRST.fullmatch(code) is not None


def _adds_up(code: str) -> bool:
    """Say whether the check sign follows from the other signs; most codes are right, and this is quickly seen."""
    total: int = sum(map(mul, _WEIGHTS, map(_SIGNS.__getitem__, code)))
    return total % 31 == 0


def reader_for(cells: Iterable[object], *, is_credit_code: bool) -> Callable[[object], Read]:
    """Return the function that reads the identifiers of one column.

    Parameters
    ----------
    cells
        All of the column: they show whether another identifier has lost the zeros in front. Such a one has the fault
        ``identifier-zeros``. A credit code that has lost a sign is too short.
    """
    if is_credit_code:
        return read_code
    distinct = {(type(cell), cell): cell for cell in cells if cell is not None}.values()
    digits = [(cell, text) for cell in distinct if (text := read_identifier(cell)[0]) is not None and text.isdigit()]
    padded = any(isinstance(cell, str) and text[0] == "0" and len(text) > 1 for cell, text in digits)
    length = _common_length([text for _, text in digits])

    def read(cell: object) -> Read:
        text, fault = read_identifier(cell)
        if text is None or not text.isdigit():
            return text, fault
        is_short = length is not None and length - _LOST_AT_MOST <= len(text) < length
        # beside 0012 as text, 12 as a number may be the same firm or another
        is_number = padded and not isinstance(cell, str)
        return (None, "identifier-zeros") if is_short or is_number else (text, None)

    return read


def _common_length(texts: Sequence[str]) -> int | None:
    """Return the length that nearly all identifiers of digits have; None where there is no such length."""
    if len(texts) < _ENOUGH:
        return None
    [(length, count)] = Counter(map(len, texts)).most_common(1)
    return length if length >= _FIXED_LENGTH and count >= _NEARLY_ALL * len(texts) else None
