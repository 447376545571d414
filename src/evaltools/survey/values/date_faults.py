"""What is wrong with a text that is no date: a month, a deadline, a day without its year."""

from __future__ import annotations

import re
from typing import Final

_MONTH: Final = r"(?:[0-9]{1,2}|[正一二三四五六七八九十冬腊]{1,2})"
_SHORT_YEAR: Final = re.compile(
    r"'?[0-9]{2}(?P<sign>[-/.])[0-9]{1,2}(?P=sign)[0-9]{1,2}"
    r"|[0-9]{1,2}(?P<other>[-/.])[0-9]{1,2}(?P=other)'?[0-9]{2}"
    r"|'?[0-9]{2}\s*年\s*[0-9]{1,2}\s*月\s*[0-9]{1,2}\s*[日号]?"
    r"|[0-9]{1,2}[- ][a-z]{3,9}[- ,]\s?'?[0-9]{2}",
    re.IGNORECASE,
)
_NO_YEAR: Final = re.compile(rf"{_MONTH}\s*月\s*[0-9一二三十]{{1,3}}\s*[日号]?|[0-9]{{1,2}}[-/.][0-9]{{1,2}}")
_PART: Final = r"(?:[上中下]旬|中下旬|上中旬|月?[底初末中]|[上下]半[月年]|[第一二三四1-4]{1,2}季度)"
_BEFORE: Final = r"(?:之前|以前|之后|以后|前后|前|后|内|左右|起)"
_VAGUE: Final = re.compile(
    # with a year or a month, and perhaps a part of it or a bound
    rf"(?:[0-9]{{2,4}}\s*年|今年|明年|去年|本年)\s*(?:{_MONTH}\s*月份?(?:\s*[0-9]{{1,2}}\s*[日号])?)?\s*{_PART}?\s*{_BEFORE}?"
    rf"|(?:{_MONTH}|本|当|下|上|次|每)\s*个?月份?(?:\s*[0-9]{{1,2}}\s*[日号])?\s*{_PART}?\s*{_BEFORE}?"
    rf"|{_PART}\s*{_BEFORE}?|年(?:底|初|末|中)\s*{_BEFORE}?"
    rf"|[0-9]{{4}}\s*[-/.]\s*[0-9]{{1,2}}|[0-9]{{4}}([-/.])[0-9]{{1,2}}\1[0-9]{{1,2}}\s*{_BEFORE}"
    # without any
    r"|立即|立行立改|即知即改|立查立改|马上|尽快|近期|随时|长期(?:坚持|整改)?|持续(?:整改|推进|进行)?|每[日天周月季年]|已完成"
)


def what_is_wrong(text: str) -> str:
    """Return the fault of a half-width text that is no date.

    Returns
    -------
    str
        ``date-vague`` (9月底前, 2022年9月, 立即: a month, a deadline or a promise), ``date-short-year`` (22.9.28),
        ``date-no-year`` (9月28日), else ``not-a-date``.
    """
    for pattern, code in ((_SHORT_YEAR, "date-short-year"), (_NO_YEAR, "date-no-year"), (_VAGUE, "date-vague")):
        if pattern.fullmatch(text):
            return code
    return "not-a-date"
