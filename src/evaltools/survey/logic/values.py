"""Columns as the values of XPath 1.0: numbers, texts, booleans, and the days that forms add to them.

An unanswered question is the empty text, as in the form itself: ``number('')`` is NaN, so that a comparison by size
with it is false, and ``${q} = ''`` is true. Text that is a date counts as its day wherever a number is wanted, as the
ODK XForms specification says. Days and times are those of Beijing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

Kind = Literal["number", "text", "boolean", "date", "datetime", "mixed"]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
TextArray = npt.NDArray[np.object_]

DAY: Final = "datetime64[D]"
MOMENT: Final = "datetime64[us]"
BEIJING: Final = timezone(timedelta(hours=8))
US_PER_DAY: Final = 86_400_000_000

_ZONE_US: Final = 8 * US_PER_DAY // 24
_NUMBER: Final = re.compile(r"[ \t\r\n]*-?(\d+(\.\d*)?|\.\d+)[ \t\r\n]*", re.ASCII)
_MOMENT_TEXT: Final = re.compile(
    r"\s*(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?(Z|[+-]\d\d(?::?[0-5]\d)?)?)?\s*",
    re.ASCII,
)
# datetime.max lies 2,932,897 days after 1970
_MOST_DAYS: Final = 2_900_000


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """Values of one kind, one a row, or one for all rows.

    Attributes
    ----------
    data
        float64, object (of str), bool, datetime64[D] or datetime64[us], by kind. Shape (n,), or (1,) where they are
        the same in all rows; with `codes` the distinct values, in any order.
    blank
        Only for numbers: where NaN in `data` stands for an unanswered question. None: nowhere.
    codes : int array (n,), optional
        Of each row, which of `data` it has. What is computed of such values is computed once a distinct value.
    parts
        Of mixed values, such as those of ``if(${q} = 1, ${n}, 'none')``: what they are where `data`, then truth values,
        says so, and what they are elsewhere. A row keeps its own kind, as it does when it is computed alone.
    """

    kind: Kind
    data: npt.NDArray[Any]
    blank: BoolArray | None = None
    codes: IntArray | None = None
    parts: tuple[Values, Values] | None = None

    def is_blank(self) -> BoolArray:
        """Say of each of `data` whether it is the empty text; not of mixed values."""
        if self.kind == "text":
            return np.asarray(self.data == "", dtype=np.bool_)
        if self.kind in ("date", "datetime"):
            return np.asarray(np.isnat(self.data), dtype=np.bool_)
        return np.zeros(self.data.shape, dtype=np.bool_) if self.blank is None else self.blank

    def by_row(self) -> Values:
        """Return the same without `codes`."""
        return self if self.codes is None else self.at(self.codes)

    def at(self, places: IntArray) -> Values:
        """Return those of `data` that stand at some places, in their order."""
        return Values(self.kind, self.data[places], None if self.blank is None else self.blank[places])

    def rows(self, rows: IntArray) -> Values:
        """Return the values of some rows."""
        if self.codes is not None:
            return Values(self.kind, self.data, self.blank, self.codes[rows])
        if self.parts is not None:
            mask = self.data if self.data.size == 1 else self.data[rows]
            return Values("mixed", mask, parts=(self.parts[0].rows(rows), self.parts[1].rows(rows)))
        return self if self.data.size == 1 else self.at(rows)


def number(data: npt.ArrayLike, blank: BoolArray | None = None) -> Values:
    """Return numbers."""
    return Values("number", np.atleast_1d(np.asarray(data, dtype=np.float64)), blank)


def text(data: TextArray | str) -> Values:
    """Return texts."""
    return Values("text", np.array([data], dtype=object) if isinstance(data, str) else data)


def boolean(data: npt.ArrayLike) -> Values:
    """Return truth values."""
    return Values("boolean", np.atleast_1d(np.asarray(data, dtype=np.bool_)))


def lift(function: Callable[[tuple[Values, ...]], Values], arguments: tuple[Values, ...]) -> Values:
    """Apply a function of values without codes to values with them, once a distinct value where that is possible.

    Texts of several columns are taken together where they have few combinations: what is done to text costs most.
    """
    for place, one in enumerate(arguments):
        if one.parts is not None:
            chosen, other = [lift(function, (*arguments[:place], part, *arguments[place + 1 :])) for part in one.parts]
            return choose(boolean(one.data), chosen, other)
    dictionaries = {id(one.codes): one.codes for one in arguments if one.codes is not None}
    if not dictionaries:
        return function(arguments)
    varies = any(one.codes is None and one.data.size != 1 for one in arguments)
    if len(dictionaries) == 1 and not varies:
        (codes,) = dictionaries.values()
        result = function(tuple([_without_codes(one) for one in arguments]))
        return result if result.data.size == 1 else Values(result.kind, result.data, result.blank, codes)
    if not varies and any(one.kind == "text" and one.codes is not None for one in arguments):
        together = _combined(arguments)
        if together is not None:
            return lift(function, together)
    return function(tuple([one.by_row() for one in arguments]))


def _without_codes(values: Values) -> Values:
    return Values(values.kind, values.data, values.blank)


def _combined(arguments: tuple[Values, ...]) -> tuple[Values, ...] | None:
    """Return the same values under one dictionary of all combinations; None where these are too many to pay."""
    sizes = {id(one.codes): one.data.size for one in arguments if one.codes is not None}
    codes = {id(one.codes): one.codes for one in arguments if one.codes is not None}
    n = next(iter(codes.values())).size
    count = int(np.prod([float(size) for size in sizes.values()]))
    if count > max(n // 8, 1):
        return None
    joint = np.zeros(n, dtype=np.intp)
    places: dict[int, IntArray] = {}
    for key, size in sizes.items():
        joint = joint * size + codes[key]
    left = np.arange(count)
    for key, size in reversed(sizes.items()):
        places[key] = left % size
        left = left // size
    return tuple([one if one.codes is None else _coded(one.at(places[id(one.codes)]), joint) for one in arguments])


def _coded(values: Values, codes: IntArray) -> Values:
    return Values(values.kind, values.data, values.blank, codes)


EMPTY: Final = text("")
"""The literal ``''``. Beside numbers or days it is one of them that is not there, so that they stay what they are."""


def choose(condition: Values, chosen: Values, other: Values) -> Values:
    """Return `chosen` where a condition holds, `other` elsewhere; mixed values where the kinds differ."""
    chosen, other = _alike(chosen, other), _alike(other, chosen)
    if chosen.kind == other.kind != "mixed":
        return lift(_merged, (condition, chosen, other))
    mask = lift(lambda one: boolean(to_boolean(one[0])), (condition,)).by_row()
    return Values("mixed", mask.data, parts=(chosen, other))


def _alike(one: Values, other: Values) -> Values:
    return blanks(other.kind) if one is EMPTY and other.kind in ("number", "date", "datetime") else one


def _merged(arguments: tuple[Values, ...]) -> Values:
    condition, chosen, other = arguments
    mask = to_boolean(condition)
    blank = np.where(mask, chosen.is_blank(), other.is_blank()) if chosen.kind == "number" else None
    return Values(chosen.kind, np.where(mask, chosen.data, other.data), blank)


def blanks(kind: Kind) -> Values:
    """Return what an unanswered question of a kind is."""
    if kind == "number":
        return number([np.nan], np.array([True]))
    if kind in ("date", "datetime"):
        return Values(kind, np.array(["NaT"], dtype=DAY if kind == "date" else MOMENT))
    return EMPTY


def each(function: Callable[..., object], *arrays: npt.NDArray[Any], dtype: npt.DTypeLike = object) -> npt.NDArray[Any]:
    """Apply a function to every row, but only once to what occurs often in a column."""
    varying = [place for place, array in enumerate(arrays) if array.size != 1]
    if len(varying) != 1:
        return by_row(function, *arrays).astype(dtype)
    (place,) = varying
    codes, unique = pd.factorize(arrays[place], use_na_sentinel=False)
    before, after = ([array.flat[0] for array in part] for part in (arrays[:place], arrays[place + 1 :]))
    results: Any = (function(*before, value, *after) for value in unique.tolist())
    return np.fromiter(results, dtype=dtype, count=len(unique))[codes]


def by_row(function: Callable[..., object], *arrays: npt.NDArray[Any]) -> TextArray:
    """Apply a function to every row."""
    # comparing a Python float with NaN raises the processor's flag, which numpy would report
    with np.errstate(invalid="ignore"):
        return np.asarray(np.frompyfunc(function, len(arrays), 1)(*arrays), dtype=object)


# ---------------------------------------------------------------------------------------------------------------------
# Conversions, of values without codes


def to_boolean(values: Values) -> BoolArray:
    """Return truth: a number that is neither 0 nor NaN, a text that is not empty, a day that is there."""
    if values.kind == "number":
        return np.asarray((values.data != 0) & ~np.isnan(values.data), dtype=np.bool_)
    return np.asarray(values.data, dtype=np.bool_) if values.kind == "boolean" else ~values.is_blank()


def to_number(values: Values) -> FloatArray:
    """Return numbers, NaN where there is none; a date counts days since 1970-01-01, a time of day its part."""
    if values.kind == "text":
        return each(number_of, values.data, dtype=np.float64)
    if values.kind in ("date", "datetime"):
        moment = values.data.astype(MOMENT)
        return np.where(np.isnat(moment), np.nan, moment.astype(np.int64) / US_PER_DAY)
    return values.data.astype(np.float64, copy=False)


def to_text(values: Values) -> TextArray:
    """Return texts: numbers without superfluous digits, ``true`` and ``false``, dates in ISO form, times with zone."""
    if values.kind == "text":
        return values.data
    if values.kind == "number":
        texts = each(text_of, values.data)
        texts[values.is_blank()] = ""
        return texts
    if values.kind == "boolean":
        return np.where(values.data, "true", "false").astype(object)
    if values.kind == "date":
        return np.where(np.isnat(values.data), "", np.datetime_as_string(values.data)).astype(object)
    moments = np.datetime_as_string(values.data.astype("datetime64[ms]")).astype(object)
    return np.where(np.isnat(values.data), "", moments + "+08:00").astype(object)


def to_days(values: Values) -> Values:
    """Return dates: from ISO text, from days since 1970-01-01, from a moment its day."""
    moments = to_moments(values)
    return Values("date", moments.data.astype(DAY))


def to_moments(values: Values) -> Values:
    """Return moments: from a date its midnight, from ISO text, from days since 1970-01-01 in UTC."""
    if values.kind in ("date", "datetime"):
        return Values("datetime", values.data.astype(MOMENT))
    if values.kind == "text":
        found = each(_moment_of_any, values.data)
        return Values("datetime", found.astype(MOMENT))
    days = to_number(values) if values.kind == "number" else np.full(values.data.shape, np.nan)
    return Values("datetime", _from_utc_days(days))


def to_utc_days(values: Values) -> FloatArray:
    """Return days since 1970-01-01 in UTC, the inverse of :func:`to_moments`; a number is taken to be such days."""
    if values.kind in ("number", "boolean"):
        return to_number(values)
    moments = to_moments(values).data
    return np.where(np.isnat(moments), np.nan, (moments.astype(np.int64) - _ZONE_US) / US_PER_DAY)


def _from_utc_days(days: FloatArray) -> npt.NDArray[np.datetime64]:
    usable = np.isfinite(days) & (np.abs(days) < _MOST_DAYS)
    microseconds = np.rint(np.where(usable, days, 0) * US_PER_DAY).astype(np.int64) + _ZONE_US
    return np.where(usable, microseconds.astype(MOMENT), np.datetime64("NaT", "us"))


# ---------------------------------------------------------------------------------------------------------------------
# Single values


def number_of(value: str) -> float:
    """Return the number that a text is, or the days since 1970-01-01 of a date; NaN where it is neither."""
    if _NUMBER.fullmatch(value):
        return float(value)
    moment = moment_of(value)
    return np.nan if moment is None else (moment - datetime(1970, 1, 1)) / timedelta(days=1)


def moment_of(value: str) -> datetime | None:
    """Return the moment that an ISO text is, in Beijing time; None where it is no date."""
    found = _MOMENT_TEXT.fullmatch(value)
    if found is None:
        return None
    *parts, fraction, zone = found.groups()
    try:
        year, month, day, hour, minute, second = (int(part or 0) for part in parts)
        moment = datetime(year, month, day, hour, minute, second, int((fraction or "0").ljust(6, "0")))
        return moment if zone is None else in_beijing(datetime.fromisoformat(f"{moment.isoformat()}{zone}"))
    except (ValueError, OverflowError):
        return None


def _moment_of_any(value: str) -> datetime | None:
    if _NUMBER.fullmatch(value) and abs(float(value)) < _MOST_DAYS:
        return in_beijing(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=float(value)))
    return moment_of(value)


def in_beijing(moment: datetime) -> datetime:
    """Return a moment in Beijing time, without zone."""
    return moment if moment.tzinfo is None else moment.astimezone(BEIJING).replace(tzinfo=None)


def text_of(value: float) -> str:
    """Return a number as XPath writes it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == int(value):
        return str(int(value))
    shortest = repr(value)
    return shortest if "e" not in shortest else np.format_float_positional(value, trim="-")
