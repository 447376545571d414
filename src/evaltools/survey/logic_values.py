"""Columns as the values of XPath 1.0: numbers, texts, booleans, and the days that forms add to them.

An unanswered question is the empty text, as in the form itself: ``number('')`` is NaN, so that a comparison by size
with it is false, and ``${q} = ''`` is true.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.survey.instrument_model import QuestionType

Kind = Literal["number", "text", "boolean", "date", "datetime"]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
TextArray = npt.NDArray[np.object_]

_NUMBER: Final = re.compile(r"[ \t\r\n]*-?(\d+(\.\d*)?|\.\d+)[ \t\r\n]*")
_DAY: Final = "datetime64[D]"
_MOMENT: Final = "datetime64[us]"
_US_PER_DAY: Final = 86_400_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """Values of one kind; shape (n,), or (1,) where they are the same in all rows.

    Attributes
    ----------
    data
        float64, object (of str), bool, datetime64[D] or datetime64[us], by kind.
    blank
        Only for numbers: where NaN stands for an unanswered question. None: nowhere.
    """

    kind: Kind
    data: npt.NDArray[Any]
    blank: BoolArray | None = None

    def is_blank(self) -> BoolArray:
        """Say where the value is the empty text."""
        if self.kind == "text":
            return np.asarray(self.data == "", dtype=np.bool_)
        if self.kind in ("date", "datetime"):
            return np.asarray(np.isnat(self.data), dtype=np.bool_)
        return np.zeros(self.data.shape, dtype=np.bool_) if self.blank is None else self.blank


def number(data: npt.ArrayLike, blank: BoolArray | None = None) -> Values:
    """Return numbers."""
    return Values("number", np.atleast_1d(np.asarray(data, dtype=np.float64)), blank)


def text(data: TextArray | str) -> Values:
    """Return texts."""
    if isinstance(data, str):
        one = np.empty(1, dtype=object)
        one[0] = data
        return Values("text", one)
    return Values("text", data)


def boolean(data: npt.ArrayLike) -> Values:
    """Return truth values."""
    return Values("boolean", np.atleast_1d(np.asarray(data, dtype=np.bool_)))


def each(function: Callable[..., object], *arrays: TextArray) -> TextArray:
    """Apply a function to every row, but only once to what occurs often in a column."""
    varying = [number for number, array in enumerate(arrays) if array.size != 1]
    if len(varying) != 1:
        return by_row(function, *arrays)
    codes, unique = pd.factorize(arrays[varying[0]], use_na_sentinel=False)
    single = [array.flat[0] if array.size == 1 else None for array in arrays]
    results = np.empty(len(unique), dtype=object)
    for position, value in enumerate(unique):
        results[position] = function(*(value if n == varying[0] else single[n] for n in range(len(arrays))))
    return results[codes]


def by_row(function: Callable[..., object], *arrays: npt.NDArray[Any]) -> TextArray:
    """Apply a function to every row."""
    # comparing a Python float with NaN raises the processor's flag, which numpy would report
    with np.errstate(invalid="ignore"):
        return np.asarray(np.frompyfunc(function, len(arrays), 1)(*arrays), dtype=object)


def to_boolean(values: Values) -> BoolArray:
    """Return truth: a number that is neither 0 nor NaN, a text that is not empty, a day that is there."""
    if values.kind == "number":
        return np.asarray((values.data != 0) & ~np.isnan(values.data), dtype=np.bool_)
    return np.asarray(values.data, dtype=np.bool_) if values.kind == "boolean" else ~values.is_blank()


def to_number(values: Values, *, days: bool = False) -> FloatArray:
    """Return numbers, NaN where there is none; a date counts days since 1970-01-01, a time of day its part.

    Parameters
    ----------
    values
        Any kind.
    days
        Read a text as a date where it is one, since it is compared with dates.
    """
    if values.kind == "text":
        return each(_days_of if days else _number_of, values.data).astype(np.float64)
    if values.kind in ("date", "datetime"):
        moment = values.data.astype(_MOMENT)
        return np.where(np.isnat(moment), np.nan, moment.astype(np.int64) / _US_PER_DAY)
    return values.data.astype(np.float64)


def to_text(values: Values) -> TextArray:
    """Return texts: numbers without superfluous digits, ``true`` and ``false``, dates in ISO form."""
    if values.kind == "text":
        return values.data
    if values.kind == "number":
        texts = each(_text_of, values.data.astype(object))
        texts[values.is_blank()] = ""
        return texts
    if values.kind == "boolean":
        return np.where(values.data, "true", "false").astype(object)
    seconds = values.data.astype("datetime64[s]") if values.kind == "datetime" else values.data
    return np.where(np.isnat(seconds), "", np.datetime_as_string(seconds)).astype(object)


def to_days(values: Values) -> Values:
    """Return dates: from ISO text, from days since 1970-01-01, from a moment its day."""
    if values.kind == "datetime":
        return Values("date", values.data.astype(_DAY))
    if values.kind == "date":
        return values
    days = np.floor(to_number(values, days=values.kind == "text"))
    return Values("date", _from_days(days).astype(_DAY))


def to_moments(values: Values) -> Values:
    """Return moments: as :func:`to_days`, with the time of day."""
    if values.kind in ("date", "datetime"):
        return Values("datetime", values.data.astype(_MOMENT))
    return Values("datetime", _from_days(to_number(values, days=values.kind == "text")))


def _from_days(days: FloatArray) -> npt.NDArray[np.datetime64]:
    # datetime.max lies 2,932,897 days after 1970
    usable = np.isfinite(days) & (np.abs(days) < 2_900_000)
    microseconds = np.rint(np.where(usable, days, 0) * _US_PER_DAY).astype(np.int64)
    return np.where(usable, microseconds.astype(_MOMENT), np.datetime64("NaT", "us"))


def merge(mask: BoolArray, chosen: Values, other: Values) -> Values:
    """Return `chosen` where the mask holds, `other` elsewhere.

    Kinds stay what they are where both agree or one is nothing but empty; else the result is text, which compares
    with numbers as they do.
    """
    for one, two in ((chosen, other), (other, chosen)):
        if one.kind != two.kind and one.kind == "text" and bool(one.is_blank().all()) and two.kind != "boolean":
            blanks = _blanks(two.kind)
            return merge(mask, blanks, two) if one is chosen else merge(mask, two, blanks)
    if chosen.kind == other.kind == "number":
        blank = np.where(mask, chosen.is_blank(), other.is_blank())
        return number(np.where(mask, chosen.data, other.data), np.asarray(blank, dtype=np.bool_))
    if chosen.kind == other.kind:
        return Values(chosen.kind, np.where(mask, chosen.data, other.data))
    if {chosen.kind, other.kind} == {"date", "datetime"}:
        return merge(mask, to_moments(chosen), to_moments(other))
    return text(np.where(mask, to_text(chosen), to_text(other)))


def _blanks(kind: Kind) -> Values:
    if kind == "number":
        return number([np.nan], np.array([True]))
    return Values(kind, np.array(["NaT"], dtype=_DAY if kind == "date" else _MOMENT))


def column_values(column: pd.Series[Any], kind: QuestionType) -> Values:
    """Return the answers to a question, a column of typed cells, as values.

    Parameters
    ----------
    column
        Numbers, dates, texts, lists of choice names; missing cells are None, NaN, NaT or empty.
    kind
        Type of the question.
    """
    if kind in ("integer", "decimal"):
        data = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        return number(data, np.isnan(data))
    if kind in ("date", "datetime"):
        dtype = _DAY if kind == "date" else _MOMENT
        if column.dtype.kind == "M":
            return Values(kind, column.to_numpy().astype(dtype))
        cells = [None if _is_missing(cell) else _moment(cell) for cell in column.astype(object)]
        return Values(kind, np.array(cells, dtype=_MOMENT).astype(dtype))
    texts = column.to_numpy(dtype=object)
    if pd.api.types.infer_dtype(texts, skipna=True) in ("string", "empty"):
        return text(np.where(pd.isna(texts), "", texts))
    data = np.empty(len(column), dtype=object)
    data[:] = ["" if _is_missing(cell) else _cell_text(cell) for cell in texts]
    return text(data)


def _is_missing(cell: object) -> bool:
    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and np.isnan(cell))


def _moment(cell: object) -> datetime | None:
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=None)
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day)
    days = _days_of(str(cell))
    return None if np.isnan(days) else datetime.fromisoformat(str(cell).strip()).replace(tzinfo=None)


def _cell_text(cell: object) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, (list, tuple, np.ndarray)):
        return " ".join(str(part) for part in cell)
    if isinstance(cell, (bool, np.bool_)):
        return "true" if cell else "false"
    if isinstance(cell, (int, float, np.number)):
        return _text_of(float(cell))
    return cell.isoformat() if isinstance(cell, (date, time)) else str(cell)


def _number_of(value: str) -> float:
    return float(value) if _NUMBER.fullmatch(value) else np.nan


def _days_of(value: str) -> float:
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return _number_of(value)
    return (moment.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds() / 86_400


def _text_of(value: float) -> str:
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(int(value)) if value == int(value) else np.format_float_positional(value, trim="-")
