"""The only place where numbers are rounded and turned into text, for Chinese and English readers.

Rounding is half up on the shortest decimal form (四舍五入), so that 0.125 becomes 0.13 as a reader expects.
A value that is missing (None, NaN, infinite) never becomes an empty cell: each function takes the `missing` text,
normally the reason.
"""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from evaltools.text import Lang

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EM DASH}"


def is_missing(value: object) -> bool:
    """Return whether there is no finite number."""
    if value is None:
        return True
    try:
        return not math.isfinite(float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return True


def number(value: object, decimals: int = 1, *, missing: str = DASH, grouped: bool = False) -> str:
    """Round half up and write with a true minus sign; `grouped` puts commas between thousands (tables only)."""
    if is_missing(value):
        return missing
    rounded = _round(value, decimals)
    text = f"{abs(rounded):,f}" if grouped else f"{abs(rounded):f}"
    return MINUS + text if rounded < 0 else text


def score(value: object, *, missing: str = DASH) -> str:
    """Write a score of 0 to 100; what lies beyond an end is shown as that end, tests use the score itself."""
    return missing if is_missing(value) else number(min(max(float(value), 0.0), 100.0))  # type: ignore[arg-type]


def signed(value: object, decimals: int = 1, *, missing: str = DASH) -> str:
    """Write with the sign in front, also plus; what rounds to zero has none."""
    if is_missing(value):
        return missing
    rounded = _round(value, decimals)
    return "+" + number(value, decimals) if rounded > 0 else number(value, decimals)


def magnitude(value: object, decimals: int = 1, *, missing: str = DASH) -> str:
    """Write without a sign, for sentences whose verb says the direction."""
    return missing if is_missing(value) else number(abs(float(value)), decimals)  # type: ignore[arg-type]


def direction(value: object, decimals: int = 1) -> int:
    """Return 1, 0 or -1: the sign of what a reader sees after rounding; 0 where missing."""
    if is_missing(value):
        return 0
    rounded = _round(value, decimals)
    return (rounded > 0) - (rounded < 0)


def share(value: object, decimals: int = 1, *, missing: str = DASH) -> str:
    """Write a share between 0 and 1 as a percentage."""
    return missing if is_missing(value) else number(float(value) * 100, decimals) + "%"  # type: ignore[arg-type]


def count(value: object, *, missing: str = DASH, grouped: bool = False) -> str:
    """Write a whole number."""
    return number(value, 0, missing=missing, grouped=grouped)


def trimmed(value: object, decimals: int = 2, *, missing: str = DASH) -> str:
    """Write a constant without zeros at its end: ``3``, ``0.25``."""
    text = number(value, decimals, missing=missing)
    return text.rstrip("0").rstrip(".") if "." in text else text


def p_value(value: object, *, missing: str = DASH) -> str:
    """Write a p value: ``p=0.03``, three decimals below 0.01, ``p<0.001`` at the end."""
    if is_missing(value):
        return missing
    exact = float(value)  # type: ignore[arg-type]
    if exact < 0.001:
        return "p<0.001"
    return "p=" + number(exact, 3 if exact < 0.01 else 2)


def short_interval(low: object, high: object, *, lang: Lang, decimals: int = 1, signs: bool = False) -> str:
    """Write an interval without unit for table cells; empty where there is none. `signs` shows plus as well."""
    if is_missing(low) or is_missing(high):
        return ""
    write = signed if signs else number
    return f"{write(low, decimals)}{'至' if lang == 'zh' else ' to '}{write(high, decimals)}"


def day(value: object, *, lang: Lang, missing: str = DASH) -> str:
    """Write a date: ``2022年9月28日``, ``28 September 2022``."""
    if isinstance(value, str):
        value = date.fromisoformat(value[:10])
    if not isinstance(value, (date, datetime)):
        return missing
    if lang == "zh":
        return f"{value.year}年{value.month}月{value.day}日"
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def join(parts: list[str], *, lang: Lang) -> str:
    """Join names in a sentence: ``甲、乙、丙``, ``A, B and C``; by semicolons where names hold commas."""
    if lang == "zh":
        return "、".join(parts)
    if any("," in part for part in parts):
        return "; ".join(parts)
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1] if parts else ""


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _round(value: object, decimals: int) -> Decimal:
    exact = Decimal(repr(float(value)))  # type: ignore[arg-type]
    rounded = exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return abs(rounded) if rounded == 0 else rounded
