"""Columns whose headers begin with the same question: its options, or the rows of its matrix."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from evaltools.survey.readers.cells import Cell, Cells
from evaltools.survey.readers.model import RawColumn
from evaltools.survey.readers.recoding import recode

_LETTER: Final = re.compile(r"[A-Z]{1,2}\s*[.．、:：)）]\s*")
_LONGEST: Final = 2_000
_SCALE: Final = 12
_FLAGS: Final = frozenset({"", "0", "1", "0.0", "1.0"})


@dataclass(frozen=True, slots=True)
class Stem:
    """What the headers of adjacent columns begin with.

    Attributes
    ----------
    start, stop
        The columns, from the first to before the last.
    text
        The common beginning, without the sign behind it.
    ends
        What each header has behind the sign.
    """

    start: int
    stop: int
    text: str
    ends: tuple[str, ...]


def find_stems(keys: Sequence[str], groups: Sequence[object], signs: str) -> list[Stem]:
    """Find runs of two columns and more whose keys share a beginning that a sign ends.

    Of several beginnings the one counts that most columns share, then the longest.

    Parameters
    ----------
    groups
        What the columns of a run must have in common beside it, such as the question's number; None: no run.
    signs
        The signs that tools put between a question and an option or row.
    """
    found = []
    start = 0
    for group, run in groupby(groups):
        stop = start + len(list(run))
        while start < stop:
            size, length = _longest(keys, start, stop, signs) if group is not None else (1, 0)
            if size > 1:
                ends = tuple(key[length + 1 :].strip() for key in keys[start : start + size])
                found.append(Stem(start, start + size, keys[start][:length].strip(), ends))
            start += size
    return found


def name_stems(
    columns: Sequence[RawColumn], stems: Sequence[Stem], cells: Sequence[Cells]
) -> tuple[list[RawColumn], list[Cells]]:
    """Name the columns of options and of rows, and return them with their cells.

    Options are columns that hold 1 and 0, or the option itself where it was chosen and nothing where it was not; a
    letter before it (``B.评估费``) is taken off. Columns with other cells are rows of a matrix: surely where they have
    one number, else only where they are answered on one scale.
    """
    named, values = list(columns), list(cells)
    for stem in stems:
        places = range(stem.start, stem.stop)
        is_group = all(_says_option(cells[place], end) for place, end in zip(places, stem.ends, strict=True))
        is_group = is_group and not all(cells[place].is_blank for place in places)
        for place, end in zip(places, stem.ends, strict=True):
            if is_group:
                named[place] = replace(columns[place], key=stem.text, option=end, coding="label")
                values[place] = recode(cells[place], _unlettered)
            elif columns[place].number is not None or _is_scale([cells[one] for one in places]):
                named[place] = replace(columns[place], key=end, lead=stem.text)
    return named, values


def _longest(keys: Sequence[str], start: int, stop: int, signs: str) -> tuple[int, int]:
    """Return how many keys from a place on share a beginning, and its length; (1, 0) where none does."""
    best = (1, 0)
    first = keys[start]
    for length, sign in enumerate(first[:_LONGEST]):
        if sign in signs and first[:length].strip() and first[length + 1 :].strip():
            end = start + 1
            while end < stop and keys[end].startswith(first[: length + 1]) and keys[end][length + 1 :].strip():
                end += 1
            best = max(best, (end - start, length)) if end > start + 1 else best
    return best


def _is_scale(columns: Sequence[Cells]) -> bool:
    """Say whether columns are answered with the same few words or numbers, each with some that another has, too."""
    texts = [set(map(_plain, column.occurring())) for column in columns]
    uses = Counter(text for one in texts for text in one)
    return len(uses) <= _SCALE and all(any(uses[text] > 1 for text in one) for one in texts if one)


def _says_option(cells: Cells, option: str) -> bool:
    return all(_plain(cell) in _FLAGS or _bare(_plain(cell)) == _bare(option) for cell in cells.occurring())


def _unlettered(cell: Cell) -> Cell:
    return _bare(cell) if isinstance(cell, str) else cell


def _bare(text: str) -> str:
    """Return an option without the letter before it."""
    return _LETTER.sub("", text, count=1) if _LETTER.match(text) else text


def _plain(cell: Cell) -> str:
    return "" if cell is None else str(cell).strip()
