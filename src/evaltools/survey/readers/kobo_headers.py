"""Headers of KoboToolbox: names or labels, what joins groups, questions and options, and what R makes of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from evaltools.survey.readers.cells import Cell, Cells
from evaltools.survey.readers.columns import headers_of
from evaltools.survey.readers.flag_columns import holds_flags

OWN: Final = frozenset({
    "_id", "_uuid", "_submission_time", "_validation_status", "_notes", "_status", "_submitted_by", "__version__",
    "_tags", "_index",
})  # fmt: skip
"""Columns that the server adds."""

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_.=-]*"
_NAMES: Final = re.compile(rf"{_NAME}(?:\s?[/:|>]{{1,3}}\s?[A-Za-z0-9_.=-]+)*")
_SIGN: Final = re.compile(r"__+|[^\w]+")
_SIGNS: Final = ("/", "::", ":", "|", ">", "--", "__")
_SHARE_OF_NAMES: Final = 0.8


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers of a table.

    Attributes
    ----------
    texts
        As they stand, each with which of its equals it is.
    keys
        What questions are matched by.
    kind
        Whether the table was exported with names or with labels.
    sign
        What joins groups, questions and options.
    """

    texts: list[tuple[str, int]]
    keys: list[str]
    kind: Literal["name", "label"]
    sign: str


def read_headers(row: Sequence[Cell], values: Sequence[Cells]) -> Headers:
    """Read a row of headers.

    Parameters
    ----------
    values
        Cells below the headers: columns of options hold 0 and 1 alone, and show what joins a question and its options.
    """
    texts = headers_of(row)
    keys = _undone(header.strip() for header, _ in texts)
    asked = [key for key in keys if not key.startswith("_")]
    named = sum(_NAMES.fullmatch(key) is not None for key in asked)
    return Headers(texts, keys, "name" if named >= _SHARE_OF_NAMES * len(asked) else "label", _sign(keys, values))


def has_server_columns(row: Sequence[Cell]) -> list[str]:
    """Return the server's columns among headers, in alphabetical order."""
    return sorted(OWN & set(_undone(header.strip() for header, _ in headers_of(row))))


def _undone(headers: Iterable[str]) -> list[str]:
    """Return headers as they were before R, which writes "." for "/", X before an underscore, and marks in words."""
    found = list(headers)
    if not {"X_uuid", "X_submission_time"} <= set(found):
        return found
    plain = (header.removeprefix("X.U.FEFF.").replace(".", "/") for header in found)
    return [header[1:] if header.startswith("X_") else header for header in plain]


def _sign(keys: Sequence[str], values: Sequence[Cells]) -> str:
    """Return what joins questions and options: between the two, else in what options share, else in most headers."""
    asked = [(key, holds_flags(cells)) for key, cells in zip(keys, values, strict=True) if not key.startswith("_")]
    if seen := Counter(_signs_behind(asked)):
        return seen.most_common(1)[0][0]
    starts = [_common_start([one, other]) for (one, flags), (other, more) in pairwise(asked) if flags and more]
    return next(
        (
            sign
            for texts in (starts, [key for key, _ in asked])
            for sign in _SIGNS
            if 2 * sum(sign in text for text in texts) > len(texts)
        ),
        "/",
    )


def _signs_behind(asked: Sequence[tuple[str, bool]]) -> Iterator[str]:
    """Yield what stands between a question and the columns of flags behind it that begin like it."""
    for place, (question, holds_flags_itself) in enumerate(asked):
        rests = []
        for key, flags in asked[place + 1 :]:
            if not (flags and key.startswith(question)):
                break
            rests.append(key[len(question) :])
        # an option may begin like another one
        if rests and not holds_flags_itself and (found := _SIGN.match(_common_start(rests))):
            yield found[0]


def _common_start(texts: Sequence[str]) -> str:
    first, last = min(texts), max(texts)
    n = next((n for n, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return first[:n]
