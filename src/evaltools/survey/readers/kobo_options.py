"""Multiple choices of KoboToolbox: a column of all choices, a column for each, or both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evaltools.survey.readers.cells import Cells
from evaltools.survey.readers.flag_columns import differing_rows, holds_flags
from evaltools.survey.readers.kobo_headers import Headers
from evaltools.survey.readers.recoding import recode

# R takes all signs out of names that it does not know
_REWRITTEN: Final = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class Options:
    """The columns of a multiple choice.

    Attributes
    ----------
    question
        Key of the question.
    summary
        Position of the column that holds all choices; None where there is none.
    places
        Position of the column of each choice to its name or label.
    differing
        Places of the rows in which the two say different things.
    """

    question: str
    summary: int | None
    places: dict[int, str]
    differing: tuple[int, ...] = ()


def find_options(headers: Headers, values: Sequence[Cells]) -> list[Options]:
    """Return the multiple choices that have a column a choice.

    Beside a column of all choices, columns are such where both say the same in most rows. Alone, they are where all
    hold 0 and 1 and are filled in the same rows, and where names tell which part of a header is the question's; labels
    may hold the sign that joins them.
    """
    beside = [one for place in range(len(headers.keys)) if (one := _beside(headers, values, place)) is not None]
    if headers.kind == "label":
        return beside
    taken = {place for one in beside for place in one.places}
    return beside + [
        Options(question, None, options)
        for question, options in _by_question(headers, taken).items()
        if question not in headers.keys and len(options) > 1 and _is_one([values[place] for place in options])
    ]


def _beside(headers: Headers, values: Sequence[Cells], place: int) -> Options | None:
    stem = headers.keys[place] + headers.sign
    options = {
        other: key.removeprefix(stem)
        for other, key in enumerate(headers.keys)
        if key.startswith(stem) and key != stem and holds_flags(values[other])
    }
    if not options:
        return None
    summary = recode(values[place], lambda cell: " ".join(_words(str(cell))) or None)
    words = [_words(option) for option in options.values()]
    differing = differing_rows(summary, [values[other] for other in options], words)
    if 2 * len(differing) > sum(code > 0 for code in summary.codes):
        return None
    return Options(headers.keys[place], place, options, tuple(differing))


def _words(text: str) -> list[str]:
    return [kept for word in text.split() if (kept := _REWRITTEN.sub("", word))]


def _by_question(headers: Headers, taken: set[int]) -> dict[str, dict[int, str]]:
    found: dict[str, dict[int, str]] = {}
    for place, key in enumerate(headers.keys):
        question, sign, option = key.rpartition(headers.sign)
        if sign and question and option and place not in taken:
            found.setdefault(question, {})[place] = option
    return found


def _is_one(columns: Sequence[Cells]) -> bool:
    """Say whether all columns hold flags, every row answers all of them or none, and some row answers."""
    if not all(map(holds_flags, columns)):
        return False
    blanks = [sum(code == 0 for code in row) for row in zip(*(cells.codes for cells in columns), strict=True)]
    return any(n == 0 for n in blanks) and all(n in (0, len(columns)) for n in blanks)
