"""A walk over the signs of a JSON text that counts its records without the json module."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.encodings import line_number
from evaltools.survey.readers.model import Limits

DEEPEST: Final = 32
"""Objects and lists inside one another; submissions need a handful."""

_START: Final = 1000
_MARKS: Final = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_OPENING: Final = re.compile(r"\s*(?:\[\s*(?:\{|\]\s*$)|\{\s*[\"}])")
# possessive quantifiers: no way back, so time is linear in the length
_STRING: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_SIGN: Final = re.compile(rf'((?:[^"\[\]{{}}]++|{_STRING.pattern})*+)([\[\]{{}}])', re.DOTALL)


@dataclass(frozen=True, slots=True)
class JsonScan:
    """What a walk over the signs has counted.

    Attributes
    ----------
    records
        Objects that stand directly in the list at the top (key ``""``), or in a list of the object at the top, by the
        key of the list.
    objects
        The same, and those in all lists further inside.
    """

    records: Mapping[str, int]
    objects: Mapping[str, int]


def is_json(data: bytes) -> bool:
    """Say whether a file's first signs open an object, or a list of objects; a csv header may begin with a bracket."""
    start = data[:_START]
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            return _OPENING.match(start[len(mark) :].decode(encoding, "ignore")) is not None
    return _OPENING.match(start.decode("ascii", "replace")) is not None


def scan_json(text: str, *, file: str, limits: Limits) -> JsonScan:
    """Count the objects in the lists of a JSON text.

    Raises
    ------
    FileRefusedError
        ``json-depth``: more than `DEEPEST` levels, with the line; ``file-cells``: more objects than cells are allowed.
    """
    around: list[str] = []
    records: dict[str, int] = {}
    objects: dict[str, int] = {}
    key, at = "", 0
    while found := _SIGN.match(text, at):
        before, sign = found.groups()
        at = found.end()
        if sign in "]}":
            del around[-1:]
            continue
        if around == ["{"]:
            key = _last_text(before)
        elif sign == "{" and around and around[-1] == "[":
            objects[key] = objects.get(key, 0) + 1
            if objects[key] > limits.max_cells:
                raise FileRefusedError("file-cells", file=file, limit=limits.max_cells)
            if around in (["["], ["{", "["]):
                records[key] = records.get(key, 0) + 1
        around.append(sign)
        if len(around) > DEEPEST:
            raise FileRefusedError("json-depth", file=file, line=line_number(text, at), limit=DEEPEST)
    return JsonScan(records, objects)


def _last_text(part: str) -> str:
    """Return the last text of a part between two signs: what a list that begins behind it is called."""
    last = ""
    for found in _STRING.finditer(part):
        last = found[0]
    return last[1:-1]
