"""Functions of form logic on texts: parts of a text, patterns, lists of choices, digests."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import numpy as np

from evaltools.survey.logic.signatures import Function, Surroundings, converted, of_texts, one_of
from evaltools.survey.logic.values import Values, boolean, by_row, text, to_number, to_text

_HYPHEN_AFTER_CLASS: Final = re.compile(r"(?<!\\)(\\[wdsWDS])-")
_ALGORITHMS: Final = ("md5", "sha-1", "sha-256", "sha-384", "sha-512")
_SPACE: Final = " \t\r\n"


def _selected(answer: str, name: str) -> bool:
    return name.strip(_SPACE) in _names(answer)


def _selected_at(answer: str, position: str) -> str:
    names = _names(answer)
    return names[int(position)] if position.isdecimal() and int(position) < len(names) else ""


def _names(answer: str) -> list[str]:
    return [name for name in re.split(r"[ \t\r\n]+", answer) if name]


def _concat(*parts: str) -> str:
    return "".join(parts)


def _join(separator: str, *parts: str) -> str:
    return separator.join(parts)


def _substring(values: tuple[Values, ...], _: Surroundings) -> Values:
    """Take signs from a position, counted from 1, as XPath 1.0 rounds them."""
    start = np.floor(to_number(values[1]) + 0.5)
    end = start + np.floor(to_number(values[2]) + 0.5) if len(values) > 2 else np.full(1, np.inf)
    return text(by_row(_signs_between, to_text(values[0]), start, end))


def _signs_between(value: str, start: float, end: float) -> str:
    return "".join(sign for place, sign in enumerate(value, start=1) if start <= place < end)


def _substr(values: tuple[Values, ...], _: Surroundings) -> Values:
    """Take signs between two positions, counted from 0, the second one not included; negative ones from the end."""
    end = to_number(values[2]) if len(values) > 2 else np.full(1, np.inf)
    return text(by_row(_slice, to_text(values[0]), to_number(values[1]), end))


def _slice(value: str, start: float, end: float) -> str:
    if np.isnan(start) or np.isnan(end):
        return ""
    start, end = (min(max(bound, -len(value)), len(value)) for bound in (start, end))
    return value[int(start) : int(end)]


def _before(value: str, mark: str) -> str:
    return value.partition(mark)[0] if mark and mark in value else ""


def _after(value: str, mark: str) -> str:
    return value.partition(mark)[2] if mark else value


def _translate(value: str, old: str, new: str) -> str:
    table: dict[int, str] = {}
    for place, sign in enumerate(old):
        table.setdefault(ord(sign), new[place] if place < len(new) else "")
    return value.translate(table)


def _normal_space(value: str) -> str:
    return " ".join(_names(value))


@lru_cache(maxsize=256)
def compiled_pattern(pattern: str) -> re.Pattern[str]:
    r"""Return a pattern of `regex`, compiled as the phone's engines (Java, JavaScript) read it.

    There ``\w`` and ``\d`` are ASCII, and ``[\w-.]`` holds a hyphen.

    Raises
    ------
    ValueError
        The pattern is not a regular expression.
    """
    try:
        return re.compile(_HYPHEN_AFTER_CLASS.sub(r"\1\-", pattern), re.ASCII)
    except re.error as problem:
        raise ValueError(str(problem)) from None


def _check_pattern(pattern: str) -> None:
    compiled_pattern(pattern)


def _regex(value: str, pattern: str) -> bool:
    return compiled_pattern(pattern).fullmatch(value) is not None


def _digest(value: str, algorithm: str, encoding: str = "base64") -> str:
    made = hashlib.new(algorithm.lower().replace("-", ""), value.encode("utf-8", "replace"), usedforsecurity=False)
    return made.hexdigest() if encoding.lower() == "hex" else base64.b64encode(made.digest()).decode("ascii")


def _base64_decode(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _as_text(values: Values) -> Values:
    return text(to_text(values))


def _is_true(values: Values) -> Values:
    texts = to_text(values)
    return boolean((texts == "true") | (texts == "1"))


TEXT_FUNCTIONS: Final[Mapping[str, Function]] = {
    "string": Function(1, 1, converted(_as_text)),
    "boolean-from-string": Function(1, 1, converted(_is_true)),
    "selected": Function(2, 2, of_texts(_selected, "boolean")),
    "selected-at": Function(2, 2, of_texts(_selected_at, "text")),
    "count-selected": Function(1, 1, of_texts(lambda answer: len(_names(answer)), "number")),
    "concat": Function(1, None, of_texts(_concat, "text")),
    "join": Function(2, None, of_texts(_join, "text")),
    "contains": Function(2, 2, of_texts(lambda value, part: part in value, "boolean")),
    "starts-with": Function(2, 2, of_texts(str.startswith, "boolean")),
    "ends-with": Function(2, 2, of_texts(str.endswith, "boolean")),
    "string-length": Function(1, 1, of_texts(len, "number")),
    "normalize-space": Function(1, 1, of_texts(_normal_space, "text")),
    "substring": Function(2, 3, _substring),
    "substr": Function(2, 3, _substr),
    "substring-before": Function(2, 2, of_texts(_before, "text")),
    "substring-after": Function(2, 2, of_texts(_after, "text")),
    "translate": Function(3, 3, of_texts(_translate, "text")),
    "regex": Function(2, 2, of_texts(_regex, "boolean"), quoted=((1, _check_pattern),)),
    "digest": Function(
        2, 3, of_texts(_digest, "text"), quoted=((1, one_of(*_ALGORITHMS)), (2, one_of("base64", "hex")))
    ),
    "base64-decode": Function(1, 1, of_texts(_base64_decode, "text")),
}
