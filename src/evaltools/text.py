"""Safe text: filling fixed placeholders, cleaning control characters, masking what identifies.

Templates are data. They are filled by plain substitution of ``{name}``; no template language and no
``str.format``, which walks attributes of its arguments.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Literal

Lang = Literal["zh", "en"]

_PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
# C0 and C1 controls but tab and line feed, bidirectional overrides, surrogates, non-characters
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)


def placeholders(template: str) -> frozenset[str]:
    """Return the names that a template asks for."""
    return frozenset(_PLACEHOLDER.findall(template))


def fill(template: str, values: Mapping[str, object]) -> str:
    """Replace each ``{name}`` of a template by its value.

    Raises
    ------
    KeyError
        A placeholder has no value. Values that the template does not name are allowed.
    """
    return _PLACEHOLDER.sub(lambda match: str(values[match[1]]), template)


def clean(value: str) -> str:
    """Return text without control characters, direction overrides, surrogates and byte-order marks."""
    if value.isprintable():
        return value
    return _UNPRINTABLE.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))


def normalise(value: str) -> str:
    """Return text for comparing: NFKC (full-width to half-width), cleaned, spaces folded, trimmed, lower case."""
    return " ".join(unicodedata.normalize("NFKC", clean(value)).split()).casefold()


def mask(value: object, *, keep: int = 2) -> str:
    """Show that a value was there and how long it was, not what it was: ``9111…（18）``."""
    text = clean(str(value))
    return f"{text[:keep]}…({len(text)})" if len(text) > 2 * keep else f"…({len(text)})"
