"""Functions of form logic on days and times.

Days are those of Beijing. Where a client counts days as a number, it counts them in UTC: `decimal-date-time` of a day
without a time ends in two thirds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from evaltools.survey.logic.signatures import Function, Surroundings, converted
from evaltools.survey.logic.values import (
    FloatArray,
    Values,
    by_row,
    each,
    moment_of,
    number,
    text,
    to_days,
    to_moments,
    to_number,
    to_text,
    to_utc_days,
)
from evaltools.text import Lang

_CLOCK: Final = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(\.\d{1,6})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII)
_MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_DAYS: Final[Mapping[Lang, list[str]]] = {
    "zh": [f"周{day}" for day in "一二三四五六日"],
    "en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
}
_SIGNS: Final = "YymnbdeaHhMS3%"


def _today(_: tuple[Values, ...], around: Surroundings) -> Values:
    assert around.today is not None
    return around.today


def _now(_: tuple[Values, ...], around: Surroundings) -> Values:
    assert around.now is not None
    return around.now


def _decimal_time(values: Values) -> Values:
    """Return the part of the day that has gone."""
    if values.kind in ("number", "boolean"):
        days = to_number(values)
        return number(days - np.floor(days))
    if values.kind == "text":
        return number(each(_clock_of, values.data, dtype=np.float64))
    return number(_part_of_day(to_moments(values)))


def _part_of_day(moments: Values) -> FloatArray:
    passed = (moments.data - moments.data.astype("datetime64[D]")) / np.timedelta64(1, "D")
    return np.asarray(passed, dtype=np.float64)


def _clock_of(value: str) -> float:
    found = _CLOCK.fullmatch(value.strip())
    if found is None:
        moment = moment_of(value)
        clock = None if moment is None else moment - datetime(moment.year, moment.month, moment.day)
        return np.nan if clock is None else clock / timedelta(days=1)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[:3])
    if hours > 23 or minutes > 59 or seconds > 59:
        return np.nan
    return (hours * 3600 + minutes * 60 + seconds + float(found[4] or 0)) / 86_400


def _format(values: tuple[Values, ...], around: Surroundings) -> Values:
    moments = to_moments(values[0]).data.astype(object)
    return text(by_row(lambda moment, form: _written(moment, form, around.lang), moments, to_text(values[1])))


def _written(moment: datetime | None, form: str, lang: Lang) -> str:
    if moment is None:
        return ""
    signs = {
        "Y": f"{moment.year:04d}",
        "y": f"{moment.year:04d}"[2:],
        "m": f"{moment.month:02d}",
        "n": str(moment.month),
        "b": f"{moment.month}月" if lang == "zh" else _MONTHS[moment.month - 1],
        "d": f"{moment.day:02d}",
        "e": str(moment.day),
        "a": _DAYS[lang][moment.weekday()],
        "H": f"{moment.hour:02d}",
        "h": str(moment.hour),
        "M": f"{moment.minute:02d}",
        "S": f"{moment.second:02d}",
        "3": f"{moment.microsecond // 1000:03d}",
        "%": "%",
    }
    return re.sub("%(.)", lambda found: signs[found[1]], form)


def _check_format(form: str) -> None:
    """Raise ValueError on a sign that no client knows."""
    for found in re.finditer("%(.?)", form, re.DOTALL):
        if not found[1] or found[1] not in _SIGNS:
            raise ValueError(f"{found[0]!r}: %{' %'.join(_SIGNS)}")


_WRITE: Final = Function(2, 2, _format, quoted=((1, _check_format),))

DAY_FUNCTIONS: Final[Mapping[str, Function]] = {
    # an export says when a form was sent in, not when it was filled in
    "today": Function(0, 0, _today, settled=False),
    "now": Function(0, 0, _now, settled=False),
    "date": Function(1, 1, converted(to_days)),
    "date-time": Function(1, 1, converted(to_moments)),
    "decimal-date-time": Function(1, 1, converted(lambda values: number(to_utc_days(values)))),
    "decimal-time": Function(1, 1, converted(_decimal_time)),
    "format-date": _WRITE,
    "format-date-time": _WRITE,
}
