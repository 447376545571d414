"""Numerals as they are written in Chinese: ``十五``, ``三点五万``, ``3万``, ``1亿2000万``; full-width digits.

A numeral counts only where it is the one way to write its number, but for the signs that stand for each other (两 and
二, 〇 and 零, the capitals of receipts, 一十 and 十). ``一百二`` may be 120 or 102, ``一两`` is no number.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Final

SIGNS: Final = "零〇一二两三四五六七八九十百千万亿廿卅点壹贰叁肆伍陆柒捌玖拾佰仟萬億"
"""What a Chinese numeral is written with."""

_KEPT: Final = ("<super>", "<sub>", "<circle>", "<fraction>", "<square>")
"""Signs that compatibility would turn into digits of another meaning: 10², ½, ①."""

_SIGNS: Final = str.maketrans(
    "〇两壹贰貳叁參肆伍陆陸柒捌玖拾佰仟萬億負點", "零二一二二三三四五六六七八九十百千万亿负点"
)
_DIGITS: Final = "零一二三四五六七八九"
_CHINESE: Final = re.compile(rf"(负?)([{_DIGITS}十百千万亿廿卅]{{1,30}})(?:点([{_DIGITS}]{{1,15}})(万亿|[万亿])?)?")
_ARABIC: Final = r"[0-9]{1,15}(?:\.[0-9]{1,15})?"
_MULTIPLES: Final = {"百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_TERM: Final = re.compile(rf"({_ARABIC})\s?([十百千]?万亿|[十百千]?[万亿]|[百千])")
_CHAIN: Final = re.compile(rf"([+-]?)((?:{_TERM.pattern})+)")


def half_width(text: str) -> str:
    """Return text with full-width signs as half-width ones; a raised or circled digit is not made a plain one."""
    if text.isascii():
        return text
    return "".join(
        sign if unicodedata.decomposition(sign).startswith(_KEPT) else unicodedata.normalize("NFKC", sign)
        for sign in text
    )


def read_numeral(text: str) -> Decimal | None:
    """Return the number of a Chinese numeral, or of digits with 百, 千, 万, 亿 behind them; None for any other text."""
    text = text.translate(_SIGNS)
    if chain := _CHAIN.fullmatch(text):
        return _of_chain(chain[1], chain[2])
    found = _CHINESE.fullmatch(text)
    if found is None:
        return None
    whole = _whole(found[2])
    if whole is None:
        return None
    digits = "".join(str(_DIGITS.index(sign)) for sign in found[3] or "")
    number = Decimal(f"{whole}.{digits}") if digits else Decimal(whole)
    return (-number if found[1] else number) * _multiple(found[4] or "")


def _multiple(signs: str) -> int:
    product = 1
    for sign in signs:
        product *= 10 if sign == "十" else _MULTIPLES[sign]
    return product


def _of_chain(sign: str, text: str) -> Decimal | None:
    """Return ``3万5千`` as 35000; each part must stay below what the sign before it counts."""
    total, below = Decimal(0), None
    for digits, signs in _TERM.findall(text):
        part = Decimal(digits) * _multiple(signs)
        if below is not None and part >= below:
            return None
        total, below = total + part, _multiple(signs)
    return -total if sign == "-" else total


def _whole(text: str) -> int | None:
    """Return the number of a whole numeral that is written as its number is."""
    import cn2an  # loads slowly, and few files need it

    text = text.replace("廿", "二十").replace("卅", "三十")
    try:
        number = int(cn2an.cn2an(text, "strict"))
        written = cn2an.an2cn(number)
    except ValueError:
        return None
    return number if _bare(written) == _bare(text) else None


def _bare(numeral: str) -> str:
    return re.sub(r"万零(?=[一二三四五六七八九]千)", "万", numeral.replace("一十", "十"))
