"""Cells that a workbook shows as percentages, and the year from which it counts its days.

A spreadsheet stores 4.35 % as 0.0435, and only the cell's format says so. Sources: ECMA-376 part 1, 18.8.30 (number
formats) and 18.2.28 (workbook properties).
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from evaltools.survey.readers.model import Epoch

SHARE_FORMATS: Final = frozenset({9, 10})
"""Numbers of the formats 0% and 0.00%, which no workbook defines itself."""

_FORMAT: Final = re.compile(rb"<(?:\w+:)?numFmt\s[^>]*>")
_STYLES: Final = re.compile(rb"<(?:\w+:)?cellXfs[\s>]")
_STYLE: Final = re.compile(rb"<(?:\w+:)?xf[\s/>][^>]*")
_PROPERTIES: Final = re.compile(rb"<(?:\w+:)?workbookPr\s[^>]*>")
_QUOTED: Final = re.compile(r'"[^"]*"|\\.|_.|\*.')


def share_styles(styles: bytes) -> frozenset[bytes]:
    """Return the numbers, as they stand in the cells, of the styles of an .xlsx that show a percentage."""
    shares = {str(number).encode() for number in SHARE_FORMATS}
    for element in _FORMAT.findall(styles):
        number, code = _attribute(element, b"numFmtId"), _attribute(element, b"formatCode")
        if is_share(code.decode("utf-8", "replace").replace("&quot;", '"')):
            shares.add(number)
    found = _STYLES.search(styles)
    listed = _STYLE.findall(styles, found.end(), max(0, styles.find(b"cellXfs>", found.end()))) if found else []
    return frozenset(str(place).encode() for place, one in enumerate(listed) if _attribute(one, b"numFmtId") in shares)


def is_share(code: str) -> bool:
    """Say whether a number format shows a percentage: a sign for it that is not quoted."""
    return "%" in _QUOTED.sub("", code)


def epoch_of(workbook: bytes) -> Epoch:
    """Return the year from which an .xlsx counts its days, from its part ``workbook.xml``."""
    found = _PROPERTIES.search(workbook)
    return 1904 if found and _attribute(found[0], b"date1904") in (b"1", b"true") else 1900


def share_text(value: float) -> str:
    """Return a stored part of one as the percentage that the cell shows, with all its digits."""
    return f"{(Decimal(repr(float(value))) * 100).normalize():f}%"


def _attribute(element: bytes, name: bytes) -> bytes:
    found = re.search(rb"\s" + name + rb"""=["']([^"']*)["']""", element)
    return found[1] if found else b""
