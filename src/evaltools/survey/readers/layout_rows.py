"""Rows below the header that hold no answers: totals, signatures, explanations, headings of a further page.

A row is left out only where nothing in it can be an answer; one that may be is kept, and the checks will judge it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from evaltools.survey.readers.cells import Cell, Cells
from evaltools.survey.readers.layout import Layout
from evaltools.survey.readers.layout_words import fold, holds_fields, is_explanation, is_numeric, is_total
from evaltools.survey.readers.model import Grid
from evaltools.text import normalise

_NEAR: Final = 1e-9
_WORDED: Final = 0.5  # share of words from which a column is one of words
_LONGEST: Final = 40
_HIGHEST_FOOT: Final = 200  # rows
_MAY_TOTAL: Final = re.compile(r"\s*[合总小共累平均tsam]", re.IGNORECASE)
_FIGURE: Final = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{0,30})?")


def find_left_out(grid: Grid, layout: Layout) -> dict[int, str]:
    """Return places of rows without answers and why: ``heading``, ``total``, ``signature``, ``explanation``."""
    found = dict.fromkeys(_headings(grid, layout), "heading")
    found |= dict.fromkeys(_sections(grid, layout), "heading")
    found |= dict.fromkeys(_totals(grid, layout, found), "total")
    ends = [grid.n_rows, *sorted(place for place, why in found.items() if why == "heading")]
    for end in ends:
        found |= _foot(grid, layout, end, found)
    return dict(sorted(found.items()))


def _headings(grid: Grid, layout: Layout) -> Iterator[int]:
    """Yield rows that repeat one of the rows above the answers, as a printer does on each page."""
    for top in range(layout.first):
        codes = [column.codes[top] for column in grid.columns]
        alike: list[int] = []
        for column, code in zip(grid.columns, codes, strict=True):
            if code:
                alike = _places(column, {code}, layout.first)
                break
        yield from (place for place in alike if [column.codes[place] for column in grid.columns] == codes)


def _sections(grid: Grid, layout: Layout) -> Iterator[int]:
    """Yield rows that are one merged cell over most of the columns: the name of what follows."""
    for top, left, bottom, right in layout.merges:
        if layout.first <= top == bottom and right - left + 1 > grid.width / 2 and grid.width > 2:
            row = grid.row(top)
            if isinstance(row[left], str) and sum(cell is not None for cell in row) == 1:
                yield top


def _totals(grid: Grid, layout: Layout, headings: Collection[int]) -> list[int]:
    """Return rows that begin with a word for totals and hold figures alone, or nothing where numbers count the rows."""
    candidates: dict[int, int] = {}
    for number, column in enumerate(grid.columns):
        for place in _places(column, _codes_of_totals(column), layout.first):
            if all(one.codes[place] == 0 for one in grid.columns[:number]):
                candidates[place] = number
        if 0 not in column.codes[layout.first :]:
            break  # no row begins further to the right
    if not candidates:
        return []
    others = [place for place in range(layout.first, grid.n_rows) if place not in candidates and place not in headings]
    worded = [_is_worded(column, others) for column in grid.columns]
    return [place for place, number in candidates.items() if _is_total_row(grid, place, number, others, worded)]


def _is_total_row(grid: Grid, place: int, number: int, others: Sequence[int], worded: Sequence[bool]) -> bool:
    row = grid.row(place)
    figures = [column for column in range(number + 1, grid.width) if fold(row[column])]
    if not figures:
        # the word alone is no answer where the other rows have numbers
        return not worded[number] and any(is_numeric(grid.columns[number][other]) for other in others)
    if not all(is_numeric(row[column]) for column in figures):
        return False
    words = [column for column in range(grid.width) if worded[column] and column != number]
    if words:
        # whoever is really called so has said something in words too
        return not any(row[column] is not None and fold(row[column]).strip("-—–/") for column in words)
    return any(_adds_up(grid.columns[column], place, others) for column in figures)


def _adds_up(column: Cells, place: int, others: Sequence[int]) -> bool:
    """Say whether a figure is the sum or the mean of the rows above it, or of all, two at least."""
    figure = _figure(column[place])
    if not figure:
        return False
    for rows in (others, [other for other in others if other < place]):
        values = [value for value in map(_figure, map(column.__getitem__, rows)) if value is not None]
        sums = (sum(values), sum(values) / len(values)) if len(values) > 1 else ()
        if any(abs(figure - one) <= _NEAR * abs(figure) for one in sums):
            return True
    return False


def _figure(cell: Cell) -> float | None:
    if isinstance(cell, str):
        text = normalise(cell).replace(",", "").rstrip("%")
        return float(text) if _FIGURE.fullmatch(text) else None
    return float(cell) if isinstance(cell, (int, float)) and not isinstance(cell, bool) else None


def _is_worded(column: Cells, rows: Sequence[int]) -> bool:
    counts = Counter(map(column.codes.__getitem__, rows))
    del counts[0]
    words = sum(n for code, n in counts.items() if not is_numeric(column.distinct[code]))
    return words > _WORDED * sum(counts.values())


def _foot(grid: Grid, layout: Layout, end: int, found: Mapping[int, str]) -> dict[int, str]:
    """Return the signatures and explanations right above a place: below all answers, or at the foot of a page."""
    # in a plain table, a row that says something far to the right alone is somebody's answer
    within = grid.width if layout.evidence or layout.merges else 1
    start, highest = end, max(layout.first, end - _HIGHEST_FOOT)
    while start > highest and (found.get(start - 1) == "total" or _is_thin(grid, start - 1, within)):
        start -= 1
    foot: dict[int, str] = {}
    for place in range(start, end):
        row = grid.row(place)
        if place in found:
            continue
        if holds_fields(row, colon=False):
            foot[place] = "signature"
        elif foot or is_explanation(next((cell for cell in row if cell is not None), None)):
            foot[place] = "explanation"
    return foot


def _is_thin(grid: Grid, place: int, within: int) -> bool:
    """Say whether a row may stand below the answers: fields of the foot, or one text alone."""
    row = grid.row(place)
    filled = [column for column, cell in enumerate(row) if cell is not None and fold(cell)]
    if not filled or filled[0] >= within or grid.width == 1:
        return False
    return holds_fields(row, colon=False) or (len(filled) == 1 and not is_numeric(row[filled[0]]))


def _codes_of_totals(column: Cells) -> set[int]:
    texts = [
        (code, cell) for code, cell in enumerate(column.distinct) if isinstance(cell, str) and len(cell) < _LONGEST
    ]
    return {code for code, cell in texts if _MAY_TOTAL.match(cell) and is_total(cell)}


def _places(column: Cells, codes: set[int], first: int) -> list[int]:
    """Return the rows from `first` on that hold one of some distinct cells."""
    if not codes:
        return []
    return [place for place in range(first, len(column)) if column.codes[place] in codes]
