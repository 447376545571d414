"""Compare headers, labels and names as people and programs rewrite them."""

from __future__ import annotations

import re
from typing import Final

from evaltools.survey.privacy import redact
from evaltools.survey.readers import RawColumn
from evaltools.text import normalise

_LEAD_NUMBER: Final = re.compile(
    r"^(?:第\s*[0-9]{1,3}\s*题\s*[:、.]?|[q问]?\s*[0-9]{1,3}\s*(?:[、:)]|\.(?![0-9]))|\([0-9]{1,3}\))\s*"
)
_TRAILING: Final = re.compile(
    r"(?:[*:?。\s]|[(\[【](?:必填|选填|必答|required|optional|单选题?|多选题?|填空题?|矩阵[^)\]】]{0,8})[)\]】])+$"
)
_MARKUP: Final = re.compile(r"\*\*|__|</?[a-z][^<>]{0,60}>")
_DASHES: Final = re.compile(r"\s*[-‐‑–—―−]+\s*")
_PATH_SIGN: Final = re.compile(r"\s*(?:[/.:|>\-]+|__+)\s*")
_MANGLED: Final = {"lg==": ".", "ja==": "$"}


def label_key(text: str) -> str:
    """Return the form of a header or label in which equal ones are equal: no number in front, no mark behind."""
    text = even_dashes(_MARKUP.sub("", normalise(text)))
    return _TRAILING.sub("", _LEAD_NUMBER.sub("", text.lstrip("* "))).strip()


def even_dashes(text: str) -> str:
    """Return a text with every dash, and the blanks around it, as one hyphen."""
    return _DASHES.sub("-", text)


def name_key(text: str) -> str:
    """Return a name as it survives other programs: dots of R, hyphens of ODK, dots mangled by a database, capitals.

    Groups may be joined by other signs than ``/``: ``g_loan > steps``, ``g_loan__steps``.
    """
    text = normalise(text)
    for mangled, sign in _MANGLED.items():
        text = text.replace(mangled, sign)
    return _PATH_SIGN.sub("/", text)


def shown(column: RawColumn) -> str:
    """Return a header for a message: where a file has no header row, the first answers stand there."""
    text = redact(column.header)
    return f"'{text[:60]}{'…' if len(text) > 60 else ''}'"
