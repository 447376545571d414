"""Read dates and time stamps of one column: one order of year, month and day for all of it, or a fault.

Year-first notations (``2022/10/1``, ``2022-10-01``, ``2022年10月2日``, ``2022.10.1``, ``20221001``, dates and serial
numbers of a spreadsheet) and those with the month's name say the same whoever wrote them, so they may stand side by
side. ``3/4/2022`` does not: the order is what the other cells of the column prove it to be, or the campaign file says.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, timezone
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from evaltools.survey.readers.model import Epoch
from evaltools.survey.values.date_faults import what_is_wrong
from evaltools.survey.values.numerals import half_width, read_numeral
from evaltools.text import clean

Objects = npt.NDArray[np.object_]
Order = Literal["dmy", "mdy"]
Read = tuple[datetime | None, str | None]
"""What was read, and the fault; exactly one of the two is None."""

_BEIJING: Final = timezone(timedelta(hours=8))
_EPOCHS: Final = {1900: datetime(1899, 12, 30), 1904: datetime(1904, 1, 1)}
_LATER: Final = (_EPOCHS[1904] - _EPOCHS[1900]).days
_SERIALS: Final = (20_000, 80_000)  # 1954 to 2119: anything else in a column of dates is not a serial number
_YEARS: Final = (1900, 2100)
_CLOCK: Final = (
    r"(?:(?:[T ]|(?<=[日号]))\s*(?P<half>上午|下午|[ap]m)?\s*(?P<hour>[0-9]{1,2})[:时点](?P<minute>[0-9]{1,2})"
    r"(?:[:分](?P<second>[0-9]{1,2})(?:\.(?P<fraction>[0-9]{1,9}))?)?(?:秒|分)?"
    r"\s*(?P<half_behind>[ap]m)?\s*(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_YEAR_FIRST: Final = re.compile(
    r"(?P<year>[0-9]{4})(?:(?P<sign>[-/.])(?P<month>[0-9]{1,2})(?P=sign)(?P<day>[0-9]{1,2})"
    rf"|\s*年\s*(?P<month_zh>[0-9]{{1,2}})\s*月\s*(?P<day_zh>[0-9]{{1,2}})\s*[日号]?){_CLOCK}",
    re.IGNORECASE,
)
_COMPACT: Final = re.compile(
    rf"(?P<year>(?:19|20|21)[0-9]{{2}})(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}}){_CLOCK}", re.IGNORECASE
)
_YEAR_LAST: Final = re.compile(
    rf"(?P<first>[0-9]{{1,2}})([-/.])(?P<second_part>[0-9]{{1,2}})\2(?P<year>[0-9]{{4}}){_CLOCK}", re.IGNORECASE
)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME: Final = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_NAMED: Final = re.compile(
    rf"(?:{_NAME} (?P<day>[0-9]{{1,2}}),? "
    rf"|(?P<day_first>[0-9]{{1,2}})[- ]{_NAME.replace('name', 'name_behind')}[-, ]\s?)(?P<year>[0-9]{{4}}){_CLOCK}",
    re.IGNORECASE,
)
_CHINESE: Final = re.compile(
    r"([〇零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})([日号].*)"
)
_TIME: Final = re.compile(
    r"([0-9]{1,2})[:时]([0-9]{1,2})(?:[:分]([0-9]{1,2})(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9:]{4,6}|[秒分])?"
)
_DURATION: Final = re.compile(
    r"(?:([0-9]+)\s*(?:小时|时|hours?|h))?\s*(?:([0-9]+)\s*(?:分钟|分|minutes?|min|m))?\s*"
    r"(?:([0-9]+(?:\.[0-9]+)?)\s*(?:秒钟|秒|seconds?|sec|s)?)?",
    re.IGNORECASE,
)


def read_dates(
    cells: Sequence[object], *, keep_time: bool = False, order: Order | None = None, epoch: Epoch = 1900
) -> tuple[Objects, Objects]:
    """Read a column of dates.

    Parameters
    ----------
    cells
        Raw cells: text, dates, numbers; None where blank.
    keep_time
        False gives `datetime.date`, True `datetime.datetime` in Beijing time (a zone in the text is converted).
    order
        Of day and month where the year stands last; None: what the column proves.
    epoch
        Year from which the workbook counts its days.

    Returns
    -------
    values, faults : object arrays of the length of `cells`
        Exactly one of the two is None where the cell holds something. Faults: ``not-a-date``, ``date-impossible`` (30
        February), ``date-year`` (before 1900, after 2100), ``date-order`` (day and month cannot be told apart in this
        column), ``date-mixed`` (the cell contradicts the order of the others), ``date-serial`` (a serial number as
        text in a workbook that counts from 1904: it may come from another), and those of
        :func:`evaltools.survey.values.date_faults.what_is_wrong`.
    """
    proved = _order_of_year_last(cells)
    swapped = proved is not None and any(isinstance(cell, date) for cell in cells)
    values, faults = np.full(len(cells), None, dtype=object), np.full(len(cells), None, dtype=object)
    known: dict[tuple[type, object], Read] = {}
    for row, cell in enumerate(cells):
        if cell is None:
            continue
        key = (type(cell), cell)
        if key not in known:
            known[key] = _read(cell, order or proved, epoch, swapped=swapped)
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
    return "dmy" if first_is_day else "mdy" if second_is_day else "unknown"


def _read(cell: object, order: str | None, epoch: Epoch, *, swapped: bool) -> Read:
    if isinstance(cell, date):
        stamp = cell if isinstance(cell, datetime) else datetime.combine(cell, time())
        # a spreadsheet of the other convention has turned 3/4/2022 into a date already, and perhaps the wrong one
        return (None, "date-mixed") if swapped and stamp.day <= 12 else _in_range(_beijing(stamp))
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        compact = _COMPACT.fullmatch(f"{cell:.0f}") if float(cell).is_integer() else None
        return _build(compact, compact["month"], compact["day"]) if compact else _serial(cell, epoch)
    if not isinstance(cell, str):
        return None, "not-a-date"
    return _read_text(_in_digits(_plain(cell)), order, epoch)


def _read_text(text: str, order: str | None, epoch: Epoch) -> Read:
    if found := _YEAR_FIRST.fullmatch(text):
        return _build(found, found["month"] or found["month_zh"], found["day"] or found["day_zh"])
    if found := _COMPACT.fullmatch(text):
        return _build(found, found["month"], found["day"])
    if found := _NAMED.fullmatch(text):
        name = (found["name"] or found["name_behind"])[:3].lower()
        return _build(found, str(_MONTHS.index(name) + 1), found["day"] or found["day_first"])
    if found := _YEAR_LAST.fullmatch(text):
        if order == "dmy":
            return _build(found, found["second_part"], found["first"])
        if order == "mdy":
            return _build(found, found["first"], found["second_part"])
        return None, "date-mixed" if order == "contradictory" else "date-order"
    if re.fullmatch(r"[0-9]{5}(?:\.[0-9]+)?", text):
        return _serial(float(text), epoch) if epoch == 1900 else (None, "date-serial")
    return None, what_is_wrong(text)


def _build(found: re.Match[str], month: str, day: str) -> Read:
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    micro = int((found["fraction"] or "0")[:6].ljust(6, "0"))
    half, zone = (found["half"] or found["half_behind"] or "").lower(), found["zone"] or ""
    if half and not 1 <= hour <= 12:
        return None, "date-impossible"
    hour = hour % 12 + (12 if half in ("pm", "下午") else 0) if half else hour
    try:
        stamp = datetime(int(found["year"]), int(month), int(day), hour, minute, second, micro)
        return _in_range(_beijing(datetime.fromisoformat(f"{stamp.isoformat()}{zone}")))
    except (ValueError, OverflowError):
        return None, "date-impossible"


def _beijing(stamp: datetime) -> datetime:
    return stamp if stamp.tzinfo is None else stamp.astimezone(_BEIJING).replace(tzinfo=None)


def _in_range(stamp: datetime) -> Read:
    return (stamp, None) if _YEARS[0] <= stamp.year <= _YEARS[1] else (None, "date-year")


def _serial(number: float, epoch: Epoch) -> Read:
    since_1900 = number + (_LATER if epoch == 1904 else 0)
    if not _SERIALS[0] <= since_1900 < _SERIALS[1]:
        return None, "not-a-date"
    # a serial number carries milliseconds at best; the sum in floating point must not show a second less
    return _EPOCHS[epoch] + timedelta(milliseconds=round(number * 86_400_000)), None


def _time_of(cell: object) -> time | None:
    if isinstance(cell, datetime):
        return cell.time()
    if isinstance(cell, time):
        return cell
    if isinstance(cell, float) and 0 <= cell < 1:
        return (_EPOCHS[1900] + timedelta(seconds=round(cell * 86_400))).time()
    found = _TIME.fullmatch(_plain(cell)) if isinstance(cell, str) else None
    if found is None:
        return None
    hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        return time(hour, minute, second)
    except ValueError:
        return None


def _in_digits(text: str) -> str:
    """Return ``二〇二二年九月二十八日`` with digits."""
    found = _CHINESE.fullmatch(text)
    if found is None:
        return text
    year = "".join(str("零一二三四五六七八九".index(sign)) for sign in found[1].replace("〇", "零"))
    month, day = read_numeral(found[2]), read_numeral(found[3])
    return text if month is None or day is None else f"{year}年{month}月{day}{found[4]}"


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", half_width(clean(text[:80]))).strip()
