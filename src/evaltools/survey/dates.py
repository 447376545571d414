"""Read dates and time stamps of one column: one order of year, month and day for all of it, or a fault.

Year-first notations (``2022/10/1``, ``2022-10-01``, ``2022年10月2日``, ``2022.10.1``, dates and serial numbers of a
spreadsheet) say the same whoever wrote them, so they may stand side by side. ``3/4/2022`` does not: the order is what
the other cells of the column prove it to be.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, timezone
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from evaltools.text import clean

Objects = npt.NDArray[np.object_]
Order = Literal["year", "day", "month"]

_BEIJING: Final = timezone(timedelta(hours=8))
_EPOCH: Final = datetime(1899, 12, 30)
_SERIALS: Final = (20_000, 80_000)  # 1954 to 2119: anything else in a column of dates is not a serial number
_CLOCK: Final = (
    r"(?:[T ]\s*(?P<hour>[0-9]{1,2})[:时](?P<minute>[0-9]{1,2})"
    r"(?:[:分](?P<second>[0-9]{1,2})(?:\.(?P<fraction>[0-9]{1,9}))?)?(?:秒|分)?\s*(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_YEAR_FIRST: Final = re.compile(
    r"(?P<year>[0-9]{4})(?:(?P<sign>[-/.])(?P<month>[0-9]{1,2})(?P=sign)(?P<day>[0-9]{1,2})"
    rf"|\s*年\s*(?P<month_zh>[0-9]{{1,2}})\s*月\s*(?P<day_zh>[0-9]{{1,2}})\s*[日号]){_CLOCK}"
)
_YEAR_LAST: Final = re.compile(
    rf"(?P<first>[0-9]{{1,2}})([-/.])(?P<second_part>[0-9]{{1,2}})\2(?P<year>[0-9]{{4}}){_CLOCK}"
)
_TIME: Final = re.compile(
    r"([0-9]{1,2})[:时]([0-9]{1,2})(?:[:分]([0-9]{1,2})(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9:]{4,6}|[秒分])?"
)
_DURATION: Final = re.compile(
    r"(?:([0-9]+)\s*(?:小时|时|hours?|h))?\s*(?:([0-9]+)\s*(?:分钟|分|minutes?|min|m))?\s*"
    r"(?:([0-9]+(?:\.[0-9]+)?)\s*(?:秒钟|秒|seconds?|sec|s)?)?",
    re.IGNORECASE,
)


def read_dates(cells: Sequence[object], *, keep_time: bool = False) -> tuple[Objects, Objects]:
    """Read a column of dates.

    Parameters
    ----------
    cells
        Raw cells: text, dates, numbers; None where blank.
    keep_time
        False gives `datetime.date`, True `datetime.datetime` in Beijing time (a zone in the text is converted).

    Returns
    -------
    values, faults : object arrays of the length of `cells`
        Exactly one of the two is None where the cell holds something. Faults: ``not-a-date``, ``date-impossible`` (30
        February), ``date-order`` (day and month cannot be told apart in this column), ``date-mixed`` (the cell
        contradicts the order of the others).
    """
    order = _order_of_year_last(cells)
    swapped = order is not None and any(isinstance(cell, date) for cell in cells)
    values, faults = np.full(len(cells), None, dtype=object), np.full(len(cells), None, dtype=object)
    known: dict[tuple[type, object], tuple[datetime | None, str | None]] = {}
    for row, cell in enumerate(cells):
        if cell is None:
            continue
        key = (type(cell), cell)
        if key not in known:
            known[key] = _read(cell, order, swapped=swapped)
        stamp, faults[row] = known[key]
        if stamp is not None:
            values[row] = stamp if keep_time else stamp.date()
    return values, faults


def read_times(cells: Sequence[object]) -> tuple[Objects, Objects]:
    """Read a column of times of the day as text ``HH:MM:SS``; the fault is ``not-a-time``."""
    values, faults = np.full(len(cells), None, dtype=object), np.full(len(cells), None, dtype=object)
    for row, cell in enumerate(cells):
        if cell is None:
            continue
        value = _time_of(cell)
        values[row], faults[row] = (value.isoformat("seconds"), None) if value else (None, "not-a-time")
    return values, faults


def read_seconds(cell: object) -> float | None:
    """Read how long something took, in seconds: ``137秒``, ``2分17秒``, 137; None where the cell says nothing."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return float(cell) if np.isfinite(cell) and cell >= 0 else None
    if isinstance(cell, time):
        return float(cell.hour * 3600 + cell.minute * 60 + cell.second)
    if not isinstance(cell, str):
        return None
    found = _DURATION.fullmatch(unicodedata.normalize("NFKC", clean(cell)).strip()[:60])
    if found is None or not any(found.groups()):
        return None
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def _order_of_year_last(cells: Sequence[object]) -> Order | Literal["unknown", "contradictory"] | None:
    """Say which of day and month stands first where the year stands last; None where no cell is so written."""
    first_is_day = second_is_day = seen = False
    for text in {cell for cell in cells if isinstance(cell, str)}:
        found = _YEAR_LAST.fullmatch(_plain(text))
        if found is not None:
            seen = True
            first_is_day |= int(found["first"]) > 12
            second_is_day |= int(found["second_part"]) > 12
    if not seen:
        return None
    if first_is_day and second_is_day:
        return "contradictory"
    return "day" if first_is_day else "month" if second_is_day else "unknown"


def _read(cell: object, order: str | None, *, swapped: bool) -> tuple[datetime | None, str | None]:
    if isinstance(cell, date):
        stamp = cell if isinstance(cell, datetime) else datetime.combine(cell, time())
        # a spreadsheet of the other convention has turned 3/4/2022 into a date already, and perhaps the wrong one
        return (None, "date-mixed") if swapped and stamp.day <= 12 else (_beijing(stamp), None)
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return _serial(cell)
    if not isinstance(cell, str):
        return None, "not-a-date"
    text = _plain(cell)
    if found := _YEAR_FIRST.fullmatch(text):
        return _build(found, found["month"] or found["month_zh"], found["day"] or found["day_zh"])
    if found := _YEAR_LAST.fullmatch(text):
        if order == "day":
            return _build(found, found["second_part"], found["first"])
        if order == "month":
            return _build(found, found["first"], found["second_part"])
        return None, "date-mixed" if order == "contradictory" else "date-order"
    if re.fullmatch(r"[0-9]{5}(?:\.[0-9]+)?", text):
        return _serial(float(text))
    return None, "not-a-date"


def _build(found: re.Match[str], month: str, day: str) -> tuple[datetime | None, str | None]:
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    micro = int((found["fraction"] or "0")[:6].ljust(6, "0"))
    zone = found["zone"] or ""
    try:
        stamp = datetime(int(found["year"]), int(month), int(day), hour, minute, second, micro)
        return _beijing(datetime.fromisoformat(f"{stamp.isoformat()}{zone}")), None
    except (ValueError, OverflowError):
        return None, "date-impossible"


def _beijing(stamp: datetime) -> datetime:
    return stamp if stamp.tzinfo is None else stamp.astimezone(_BEIJING).replace(tzinfo=None)


def _serial(number: float) -> tuple[datetime | None, str | None]:
    if not _SERIALS[0] <= number < _SERIALS[1]:
        return None, "not-a-date"
    # a serial number carries milliseconds at best; the sum in floating point must not show a second less
    return _EPOCH + timedelta(milliseconds=round(number * 86_400_000)), None


def _time_of(cell: object) -> time | None:
    if isinstance(cell, datetime):
        return cell.time()
    if isinstance(cell, time):
        return cell
    if isinstance(cell, float) and 0 <= cell < 1:
        return (_EPOCH + timedelta(seconds=round(cell * 86_400))).time()
    found = _TIME.fullmatch(_plain(cell)) if isinstance(cell, str) else None
    if found is None:
        return None
    hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        return time(hour, minute, second)
    except ValueError:
        return None


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", clean(text[:80]))).strip()
