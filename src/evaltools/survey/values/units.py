"""Units of questions and of columns: what people write behind a number, and which units go over into each other.

An amount of money in 万元 is so many 元; a number of working days is not a number of days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from evaltools.text import normalise


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit.

    Attributes
    ----------
    name
        Its code in the column `unit` of an instrument; a unit that stands in no list is its own word.
    kind
        What it measures: units of one kind differ by a factor only.
    factor
        How many of the unit that its kind is counted in make one.
    words
        How it is written, compared without regard to case and width; the first is its Chinese name.
    """

    name: str
    kind: str
    factor: Decimal
    words: tuple[str, ...]


_TABLE: Final = (
    ("working_days", "working_days", "1", "工作日", "个工作日", "working day", "working days"),
    ("calendar_days", "calendar_days", "1", "自然日", "个自然日", "天", "日", "calendar day", "calendar days"),
    ("days", "days", "1", "天", "日", "day", "days"),
    ("minutes", "minutes", "1", "分钟", "分", "minute", "minutes", "min"),
    ("hours", "hours", "1", "小时", "个小时", "时", "hour", "hours", "h"),
    ("weeks", "weeks", "1", "周", "个星期", "星期", "week", "weeks"),
    ("months", "months", "1", "个月", "月", "month", "months"),
    ("years", "years", "1", "年", "year", "years"),
    ("yuan", "money", "1", "元", "圆", "元整", "块", "块钱", "人民币元", "元人民币", "yuan", "rmb", "cny"),
    ("wan_yuan", "money", "1e4", "万元", "万元整", "万元人民币"),
    ("yi_yuan", "money", "1e8", "亿元", "亿元整", "亿元人民币"),
    ("percent", "share", "0.01", "%", "百分比", "percent"),
    ("fraction", "share", "1", "小数"),
    ("per_mille", "per_mille", "1", "‰", "千分比", "per mille"),
    ("basis_points", "basis_points", "1", "基点", "个基点", "bp", "bps"),
    ("count", "count", "1", *"个件项次趟回份张套人名位家户笔条"),
)  # fmt: skip
UNITS: Final[Mapping[str, Unit]] = MappingProxyType(
    {name: Unit(name, kind, Decimal(factor), tuple(words)) for name, kind, factor, *words in _TABLE}
)
"""Units by their code."""

_BY_WORD: Final[Mapping[str, tuple[Unit, ...]]] = MappingProxyType(
    {
        word: tuple(unit for unit in UNITS.values() if word in unit.words)
        for word in sorted({word for unit in UNITS.values() for word in unit.words})
    }
)


def find_unit(text: str) -> Unit | None:
    """Return the unit that an instrument or a campaign file names by its code or its word.

    Another word that is not Latin (``亩``) is a unit of its own. None where the text is neither.
    """
    key = normalise(text)
    if key in UNITS:
        return UNITS[key]
    if found := unit_of_word(key):
        return found
    return None if not key or key.isascii() else Unit(key, key, Decimal(1), (key, f"个{key}"))


def unit_of_word(word: str) -> Unit | None:
    """Return the unit that a header means by a word; a word of two kinds of days leaves the kind open."""
    found = _BY_WORD.get(normalise(word), ())
    return UNITS["days"] if len(found) > 1 else found[0] if found else None


def factor_between(one: Unit, other: Unit) -> Decimal | None:
    """Return how much of `other` one of `one` is; None where that is not a matter of a factor.

    Days whose kind a question leaves open may be working days or calendar days, not the other way round.
    """
    if one.kind == other.kind:
        return one.factor / other.factor
    return Decimal(1) if other.name == "days" and one.name in ("working_days", "calendar_days") else None


def factor_of_word(word: str, unit: Unit) -> Decimal | None:
    """Return how much of a unit the word behind a number stands for; None where the unit is not written so."""
    key = normalise(word)
    if key in unit.words:
        return Decimal(1)
    found = [factor_between(one, unit) for one in _BY_WORD.get(key, ())]
    return next((factor for factor in found if factor is not None), None)
