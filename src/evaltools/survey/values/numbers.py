"""Read numbers of one column: digits of any width, and where the question has a unit, numerals and units in words.

A cell is read whole, or it is a fault with its code. What another cell of the column proves counts: a comma, and
whether shares are written as 5 or as 0.05.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt

from evaltools.survey.values.numerals import SIGNS, half_width, read_numeral
from evaltools.survey.values.units import UNITS, Unit, factor_between, factor_of_word
from evaltools.text import clean

Objects = npt.NDArray[np.object_]
Read = tuple[Decimal | None, str | None]
"""What was read, and the fault; exactly one of the two is None."""

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?")
# one comma may be a decimal sign elsewhere; two groups, or a group and a decimal point, can only be thousands
_THOUSANDS: Final = re.compile(r"[+-]?[0-9]{1,3}(?:(?:,[0-9]{3}){2,}(?:\.[0-9]+)?|,[0-9]{3}\.[0-9]+)")
_ONE_GROUP: Final = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_WITH_COMMA: Final = re.compile(r"[+-]?[0-9]+(?:[,.][0-9]+)+")
_WITH_WORD: Final = re.compile(r"(?P<number>[+-]?[0-9][0-9.,]*)\s?(?P<word>[^0-9\s.,][^0-9]{0,20})")
_WITH_UNIT: Final = re.compile(r"[+-]?[0-9][0-9.,]*\s*[^0-9\s].*|[^0-9\s]+\s*[0-9][0-9.,]*\S*")
_NUMERAL: Final = re.compile(
    rf"(?P<number>[+-]?负?[0-9.{SIGNS}]+(?:\s[万亿])?)\s?(?P<word>(?:[^0-9{SIGNS}\s][^0-9]*)?)"
)
_MONEY_SIGN: Final = re.compile(r"^(?:[¥￥]|rmb|cny|人民币)\s*", re.IGNORECASE)
_OF_HUNDRED: Final = re.compile(r"(百分之|千分之)\s*")
_ANY: Final = rf"(?:[0-9][0-9.,]*[{SIGNS}]*|[{SIGNS}]+)"
_TO: Final = r"(?:[-~–—～至到]|--|——)"
_RANGE: Final = re.compile(rf"\D{{0,4}}?{_ANY}\s*[^0-9\s+-]{{0,5}}?\s*{_TO}\s*{_ANY}\s*[^0-9-]{{0,10}}")
_APPROXIMATE: Final = re.compile(
    rf"(?:[约近≈~><≥≤]|大约|大概|将近|接近|超过|不足|不到|不超过|不少于|至少|至多|最多|最少)\s*{_ANY}.*"
    rf"|{_ANY}.*(?:左右|上下|以上|以下|以内|之内|以外|不到|出头|内|\+)"
    rf"|{_ANY}(?:多|余|来|几|许).*|[几数][十百千万].*"
    r"|[一二两三四五六七八九][二两三四五六七八九](?![一二三四五六七八九]).{0,6}",
    re.DOTALL,
)
_MAX_EXACT: Final = 2**53
_HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a column of numbers is asked in.

    Attributes
    ----------
    unit
        Of the question; None where the instrument gives none: then nothing but digits is a number.
    given
        In which the column's bare numbers are written, where its header or the campaign file says so; else that of
        the question.
    declared
        Whether the campaign file says so, which settles how shares are written.
    """

    unit: Unit | None = None
    given: Unit | None = None
    declared: bool = False


def read_numbers(
    cells: Sequence[object], *, whole: bool, asked: Asked | None = None
) -> tuple[Objects, Objects, str | None]:
    """Read a column of numbers.

    Parameters
    ----------
    cells
        Raw cells; None where blank.
    whole
        Whether only whole numbers are answers.
    asked
        The unit.

    Returns
    -------
    values, faults : object arrays of the length of `cells`
        Values are float, or int where `whole`. Exactly one of the two is None where the cell holds something. Faults:
        ``not-a-number``, ``number-unit`` (15天 without a unit of the question, or in another), ``number-comma`` (1,234
        where no other cell shows what the comma is), ``number-approximate`` (约15), ``number-range`` (3-5天),
        ``not-whole``, ``number-size``, ``percent-scale`` (0.0435 in a column that also has numbers like 4.35).
    note
        ``note-percent-small`` where all shares without a sign are below 1, which may be meant as parts of 1; else None.
    """
    asked = asked or Asked()
    keys = list(zip(map(type, cells), cells, strict=True))  # 1, 1.0 and True are three
    distinct = [key for key in dict.fromkeys(keys) if key[1] is not None]
    comma = _comma_is_thousands([cell for _, cell in distinct if isinstance(cell, str)])
    bare = {key: _bare(key[1], comma=comma) for key in distinct}
    doubtful, note = _judge_shares([number for number, _ in bare.values() if number is not None], asked)
    known: dict[tuple[type, object], tuple[float | None, str | None]] = {(type(None), None): (None, None)}
    for key in distinct:
        if bare[key][0] in doubtful:
            known[key] = (None, "percent-scale")
        else:
            known[key] = _finish(_in_unit(key[1], bare[key], asked, comma=comma), whole=whole)
    values, faults = np.empty(len(keys), dtype=object), np.empty(len(keys), dtype=object)
    values[:] = [known[key][0] for key in keys]
    faults[:] = [known[key][1] for key in keys]
    return values, faults, note


def read_integer(cell: object) -> tuple[int | None, str | None]:
    """Read a whole number without a unit; ``15天`` and ``3.5`` are faults."""
    value, fault = _finish(_bare(cell, comma=False), whole=True)
    return None if value is None else int(value), fault


def read_decimal(cell: object) -> tuple[float | None, str | None]:
    """Read a number without a unit; thousands commas only where they can be nothing else."""
    return _finish(_bare(cell, comma=False), whole=False)


def _finish(read: Read, *, whole: bool) -> tuple[float | None, str | None]:
    number, fault = read
    if number is None:
        return None, fault
    value = float(number)
    if not np.isfinite(value):
        return None, "number-size"
    if not whole:
        return value, None
    if not value.is_integer():
        return None, "not-whole"
    return (int(value), None) if abs(value) <= _MAX_EXACT else (None, "number-size")


def _bare(cell: object, *, comma: bool) -> Read:
    """Read a number that stands alone."""
    if isinstance(cell, bool) or not isinstance(cell, (str, int, float)):
        return None, "not-a-number"
    if isinstance(cell, int):
        return (Decimal(cell), None) if abs(cell) <= _MAX_EXACT else (None, "number-size")
    if isinstance(cell, float):
        return (Decimal(repr(float(cell))), None) if np.isfinite(cell) else (None, "not-a-number")
    text = _plain(cell)
    if _THOUSANDS.fullmatch(text) or (comma and _ONE_GROUP.fullmatch(text)):
        text = text.replace(",", "")
    if _NUMBER.fullmatch(text):
        return Decimal(text), None
    return None, _what_is_wrong(text)


def _plain(text: str) -> str:
    return half_width(clean(text[:200])).strip().replace("−", "-")


def _what_is_wrong(text: str) -> str:
    if _RANGE.fullmatch(text):
        return "number-range"
    if _APPROXIMATE.fullmatch(text):
        return "number-approximate"
    if _WITH_COMMA.fullmatch(text):
        return "number-comma"
    return "number-unit" if _WITH_UNIT.fullmatch(text) else "not-a-number"


def _in_unit(cell: object, bare: Read, asked: Asked, *, comma: bool) -> Read:
    """Return a number in the question's unit."""
    unit = asked.unit
    if unit is None:
        return bare
    if bare[0] is not None:
        factor = factor_between(asked.given, unit) if asked.given else Decimal(1)
        return (bare[0] * factor, None) if factor is not None else (None, "number-unit")
    if not isinstance(cell, str) or bare[1] in ("number-range", "number-approximate"):
        return bare
    text = _plain(cell)
    if unit.kind == "money":
        # no amount of money has three decimals
        text, comma = _MONEY_SIGN.sub("", text, count=1), comma or bool(re.search(r"[元圆块¥￥]", text))
    elif found := _OF_HUNDRED.match(text):
        text = f"{text[found.end() :]}{'%' if found[1] == '百分之' else '‰'}"
    number, word = _apart(text, comma=comma)
    if number is None:
        return bare
    factor = factor_of_word(word, unit) if word else _factor_of_numeral(text, unit)
    return (None, "number-unit") if factor is None else (number * factor, None)


def _apart(text: str, *, comma: bool) -> tuple[Decimal | None, str]:
    """Return the number in front of a text and the word behind it."""
    number, _ = _bare(text, comma=comma)
    if number is not None:
        return number, ""
    if found := _WITH_WORD.fullmatch(text):
        number, _ = _bare(found["number"], comma=comma)
        if number is not None and found["word"][0] not in SIGNS:
            return number, found["word"].strip()
    found = _NUMERAL.fullmatch(text)
    return (None, "") if found is None else (read_numeral(found["number"]), found["word"].strip())


def _factor_of_numeral(text: str, unit: Unit) -> Decimal | None:
    """Return what a numeral alone is counted in: ``3万`` is an amount in 元; ``5千`` under 万元 may be two things."""
    if unit.kind != "money":
        return Decimal(1)
    if any(sign in text for sign in "万亿萬億"):
        return factor_between(UNITS["yuan"], unit)
    return None if unit.factor > 1 and any(sign in text for sign in "百千佰仟") else Decimal(1)


def _comma_is_thousands(texts: Collection[str]) -> bool:
    """Say whether the column shows that a comma parts thousands: somewhere it can be nothing else, nowhere another."""
    commas = [_plain(text) for text in texts if "," in text or "，" in text]
    proven = any(_THOUSANDS.fullmatch(text) for text in commas)
    return proven and not any(
        _WITH_COMMA.fullmatch(text) and not _THOUSANDS.fullmatch(text) and not _ONE_GROUP.fullmatch(text)
        for text in commas
    )


def _judge_shares(numbers: Collection[Decimal], asked: Asked) -> tuple[set[Decimal], str | None]:
    """Return bare shares of which nobody knows how they are meant, and what to note where that may be all of them."""
    if asked.unit is None or asked.unit.name != "percent" or asked.declared:
        return set(), None
    small = {number for number in numbers if 0 < abs(number) < 1}
    large = sorted(abs(number) for number in numbers if abs(number) >= 1)
    if not large:
        return set(), "note-percent-small" if small else None
    # 0.5 beside 1.2 is half a percent; 0.0435 beside 4.35 may be the same rate, written by another hand
    return {one for one in small if large[0] / 3 <= abs(one) * _HUNDRED <= large[-1] * 3}, None
