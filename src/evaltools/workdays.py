"""Statutory working days of mainland China, holidays and make-up workdays included, for whole columns of dates.

The calendar is the one that the State Council announces year by year, as `chinesecalendar` carries it. It is laid
into one array at the first call. The first day of a period is not counted, as the Civil Code (art. 201) has it.
Nothing is guessed: a day that no notice covers is an error.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, overload

import numpy as np
import numpy.typing as npt
from chinese_calendar import constants

from evaltools.errors import UsageError

_DAY = "datetime64[D]"
_MISSING = frozenset({"None", "nan", "NaT", "<NA>"})

Dates = Any
"""A column of days: pandas series, numpy array or sequence of `date`, `datetime`, `datetime64` or ISO text."""

DateArray = npt.NDArray[np.datetime64]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

# The days around New Year belong to the notice of the year that begins, so a calendar that ends with a year does not
# know its last week: 2018-12-29, 2011-12-31 and 2007-12-29 became workdays only by the next notice.
_LAST_KNOWN = (12, 24)


@dataclass(frozen=True, slots=True, eq=False)
class _Calendar:
    """The D days that are covered, from `first` on.

    `works` (D,): whether each day is worked; `before` (D,): workdays up to and including each day; `workdays` (W,):
    positions of the workdays among the days.
    """

    first: np.datetime64
    works: BoolArray
    before: npt.NDArray[np.int64]
    workdays: npt.NDArray[np.int64]


def covered_days() -> tuple[date, date]:
    """Return the first and the last day that the calendar covers."""
    days = constants.holidays.keys()
    return date(min(days).year, 1, 1), date(max(days).year, *_LAST_KNOWN)


@lru_cache(maxsize=16)
def _calendar(days_off: frozenset[date]) -> _Calendar:
    first, last = covered_days()
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    works = np.array([_statutory(day) and day not in days_off for day in days], dtype=np.bool_)
    return _Calendar(np.datetime64(first, "D"), works, np.cumsum(works), np.flatnonzero(works))


def _statutory(day: date) -> bool:
    return day in constants.workdays or (day.weekday() < 5 and day not in constants.holidays)


@overload
def is_workday(days: date, *, days_off: Collection[date] = ()) -> bool: ...
@overload
def is_workday(days: Dates, *, days_off: Collection[date] = ()) -> BoolArray: ...
def is_workday(days: Dates, *, days_off: Collection[date] = ()) -> Any:
    """Say of each day whether it is a statutory working day.

    Parameters
    ----------
    days : date or column of dates, shape (n,)
        Times of day are dropped. A missing day is not a working day.
    days_off
        Further days on which nobody works, a local closure say; they belong to the campaign.

    Returns
    -------
    bool or bool array, shape (n,)

    Raises
    ------
    UsageError
        ``workdays-range`` where a day lies outside the calendar, ``workdays-date`` where it is not a date.
    """
    calendar, column = _calendar(frozenset(days_off)), _column(days)
    offset, known = _offsets(calendar, column)
    result = known & calendar.works[offset]
    return bool(result) if _is_one(days) else result


@overload
def workdays_between(start: date, end: date, *, days_off: Collection[date] = ()) -> int: ...
@overload
def workdays_between(start: Dates, end: Dates, *, days_off: Collection[date] = ()) -> FloatArray: ...
def workdays_between(start: Dates, end: Dates, *, days_off: Collection[date] = ()) -> Any:
    """Count the working days after `start` up to and including `end`.

    Parameters
    ----------
    start, end : date or column of dates, shape (n,)
        One date may stand for all rows.
    days_off
        Further days on which nobody works.

    Returns
    -------
    int, or float array, shape (n,)
        Days. 0 on the same day, negative where `end` comes first, NaN where either is missing. Two single dates give
        an int.

    Raises
    ------
    UsageError
        ``workdays-range``, ``workdays-date``; ``workdays-missing`` where a single date is missing.

    Notes
    -----
    The first day is not counted: Civil Code of China, art. 201. Complete on 2022-09-28, decided on 2022-10-13: 8.
    """
    calendar = _calendar(frozenset(days_off))
    from_offset, from_known = _offsets(calendar, _column(start))
    to_offset, to_known = _offsets(calendar, _column(end))
    count = np.where(
        from_known & to_known, (calendar.before[to_offset] - calendar.before[from_offset]).astype(np.float64), np.nan
    )
    if not (_is_one(start) and _is_one(end)):
        return count
    if np.isnan(count):
        raise UsageError("workdays-missing")
    return int(count)


@overload
def add_workdays(start: date, n: int, *, days_off: Collection[date] = ()) -> date: ...
@overload
def add_workdays(start: Dates, n: npt.ArrayLike, *, days_off: Collection[date] = ()) -> DateArray: ...
def add_workdays(start: Dates, n: npt.ArrayLike, *, days_off: Collection[date] = ()) -> Any:
    """Return the `n`-th working day after each day, that is when a limit of `n` working days ends.

    Parameters
    ----------
    start : date or column of dates, shape (n,)
        The day on which the period begins; not counted itself, whether it is a working day or not.
    n : int or int array, shape (n,)
        Working days, 0 or more. 0 gives the day itself, or the next working day where it is a day off.
    days_off
        Further days on which nobody works.

    Returns
    -------
    date, or datetime64[D] array, shape (n,)
        NaT where `start` is missing.

    Raises
    ------
    UsageError
        ``workdays-negative``; ``workdays-range`` where the day or the end of the period lies outside the calendar;
        ``workdays-date``; ``workdays-missing`` where a single date is missing.

    Notes
    -----
    Complete on Wednesday 2022-09-28, 8 working days: due on 2022-10-13.
    """
    calendar, column = _calendar(frozenset(days_off)), _column(start)
    offset, known = _offsets(calendar, column)
    steps = np.asarray(n)
    if steps.size and (steps.dtype.kind not in "iu" or steps.min() < 0):
        raise UsageError("workdays-negative", n=steps.min())
    # `before` of a day off is the number of the last workday, so its successor is the next workday
    number = calendar.before[offset] + steps - np.where((steps == 0) & ~calendar.works[offset], 0, 1)
    if np.any(known & (number >= len(calendar.workdays))):
        raise _outside(f"{column[known].max()} + {steps.max()} working days")
    position = calendar.workdays[np.where(known, number, 0)]
    due = np.where(known, calendar.first + position, np.datetime64("NaT", "D"))
    return _as_date(due) if _is_one(start) and steps.ndim == 0 else due


@overload
def next_workday(days: date, *, days_off: Collection[date] = ()) -> date: ...
@overload
def next_workday(days: Dates, *, days_off: Collection[date] = ()) -> DateArray: ...
def next_workday(days: Dates, *, days_off: Collection[date] = ()) -> Any:
    """Return each day that is a working day, and the next working day for each that is not.

    Parameters
    ----------
    days : date or column of dates, shape (n,)
        NaT stays NaT.
    days_off
        Further days on which nobody works.

    Raises
    ------
    UsageError
        As :func:`add_workdays`.
    """
    return add_workdays(days, 0, days_off=days_off)


def _is_one(days: Dates) -> bool:
    return isinstance(days, (date, np.datetime64))


def _as_date(day: DateArray) -> date:
    if np.isnat(day):
        raise UsageError("workdays-missing")
    return date.fromisoformat(str(day))


def _column(days: Dates) -> DateArray:
    values = np.asarray(days)
    if values.dtype.kind == "M":
        return values.astype(_DAY)
    if values.dtype.kind not in "OUT" and values.size:
        raise UsageError("workdays-date", value=values.flat[0])
    if {type(one) for one in values.flat} <= {date, type(None)}:
        return values.astype(_DAY)
    return np.array([_day(one) for one in values.flat], dtype=_DAY).reshape(values.shape)


def _day(value: object) -> np.datetime64:
    """Return one cell as a day; time zones are refused, for they would move days."""
    if str(value) in _MISSING:
        return np.datetime64("NaT", "D")
    if isinstance(value, datetime) and value.tzinfo is not None:
        raise UsageError("workdays-date", value=value)
    if isinstance(value, datetime):
        return np.datetime64(value.date(), "D")
    if isinstance(value, date):
        return np.datetime64(value, "D")
    try:
        return np.datetime64(date.fromisoformat(str(value)), "D")
    except ValueError:
        raise UsageError("workdays-date", value=value) from None


def _offsets(calendar: _Calendar, column: DateArray) -> tuple[npt.NDArray[np.int64], BoolArray]:
    """Return positions in the calendar, 0 where a day is missing, and which days are there."""
    known = ~np.isnat(column)
    offset = np.where(known, (column - calendar.first).astype(np.int64), 0)
    outside = (offset < 0) | (offset >= len(calendar.works))
    if outside.any():
        raise _outside(column[outside].flat[0])
    return offset, known


def _outside(what: object) -> UsageError:
    first, last = covered_days()
    return UsageError("workdays-range", what=what, first=first, last=last)
