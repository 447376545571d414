"""Find the header of a sheet that was laid out by hand: title rows above it, two or three rows of it, units below."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from evaltools.survey.readers.cells import Cell
from evaltools.survey.readers.layout_words import (
    counts_columns,
    fold,
    has_values,
    holds_fields,
    is_explanation,
    is_numeric,
    is_title,
    money_unit,
    unit_in,
)
from evaltools.survey.readers.model import Grid

_TOP: Final = 30  # rows in which the header must begin
_DEEPEST: Final = 3
_WORDY: Final = 60  # signs of the longest header of a column that stands below another

Merge = tuple[int, int, int, int]
"""A merged range: first place, first column, last place, last column; a place counts the rows of the grid from 0."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the top of a sheet is laid out, in places among the rows of its grid.

    Attributes
    ----------
    header
        Place of the header's first row: so many rows of titles stand above it.
    depth
        Rows of the header.
    units, numbering
        Place of a row of units, and of one that numbers the columns; None where there is none.
    money
        Unit of all amounts of money, as a line above the header names it; "" where none does.
    merges
        Merged ranges of the whole sheet.
    """

    header: int
    depth: int
    units: int | None
    numbering: int | None
    money: str
    merges: tuple[Merge, ...]

    @property
    def first(self) -> int:
        """Place of the first row below the header."""
        below = [place for place in (self.units, self.numbering) if place is not None]
        return max([self.header + self.depth, *(place + 1 for place in below)])

    @property
    def evidence(self) -> tuple[str, ...]:
        """What was found that a plain table does not have."""
        found = {
            f"{self.header} title rows": self.header,
            f"a header of {self.depth} rows": self.depth > 1,
            "a row of units": self.units is not None,
            "numbered columns": self.numbering is not None,
        }
        return tuple(text for text, holds in found.items() if holds)


def find_layout(grid: Grid) -> Layout:
    """Find the header of a grid; what may be an answer is never taken for a part of it."""
    merges = places_of(grid)
    rows = [grid.row(place) for place in range(min(grid.n_rows, _TOP + _DEEPEST + 3))]
    header = _count_titles(rows, merges, grid.width)
    depth = _depth(rows, header, merges)
    below, units, numbering = header + depth, None, None
    for _ in range(2):
        row = rows[below] if below < len(rows) else []
        if units is None and _holds_units(row):
            units, below = below, below + 1
        elif numbering is None and counts_columns(row) and _is_no_answer(row, rows[below + 1 :], header + depth > 1):
            numbering, below = below, below + 1
    money = next(filter(None, (money_unit(row) for row in rows[:header])), "")
    return Layout(header, depth, units, numbering, money, merges)


def places_of(grid: Grid) -> tuple[Merge, ...]:
    """Return the merged ranges with places among the grid's rows; those that lie in blank rows are left out."""
    found = []
    for top, left, bottom, right in grid.merged:
        start, end = bisect_left(grid.numbers, top), bisect_right(grid.numbers, bottom) - 1
        if start <= end and grid.numbers[start] == top and left < grid.width:
            found.append((start, left, end, min(right, grid.width - 1)))
    return tuple(sorted(found))


def header_texts(grid: Grid, layout: Layout) -> list[tuple[str, str]]:
    """Return (group, header) of each column: what stands above it, joined by a dash, and its own header."""
    rows = [grid.row(place) for place in range(layout.header, layout.header + layout.depth)]
    rows = [_spread(row, level, rows, layout) for level, row in enumerate(rows)]
    texts = []
    for column in range(grid.width):
        parts = [text for text in dict.fromkeys(fold(row[column]) for row in rows) if text]
        texts.append(("—".join(parts[:-1]), parts[-1] if parts else ""))
    return texts


def _spread(row: list[Cell], level: int, rows: Sequence[Sequence[Cell]], layout: Layout) -> list[Cell]:
    """Return a row of the header with the texts of its groups over all their columns."""
    row, place = list(row), layout.header + level
    covered = {
        column: (left, top)
        for top, left, bottom, right in layout.merges
        if top <= place <= bottom
        for column in range(left, right + 1)
    }
    for column, cell in enumerate(row):
        if cell is None and column in covered:
            left, top = covered[column]
            row[column] = rows[top - layout.header][left] if layout.header <= top else None
        elif cell is None and level + 1 < layout.depth and column and not covered:
            # without merged cells a group is written once, over the first of its columns
            below = rows[level + 1]
            row[column] = row[column - 1] if below[column] is not None and below[column - 1] is not None else None
    return row


def _filled(row: Sequence[Cell]) -> list[int]:
    return [column for column, cell in enumerate(row) if cell is not None and fold(cell)]


def _count_titles(rows: Sequence[Sequence[Cell]], merges: Sequence[Merge], width: int) -> int:
    """Return how many rows stand above the header; 0 unless a row below them can be one."""
    place = 0
    while place < min(_TOP, len(rows)) and _is_above(rows[place], place, merges, width):
        place += 1
    return place if place < len(rows) and len(_filled(rows[place])) >= 2 else 0


def _is_above(row: Sequence[Cell], place: int, merges: Sequence[Merge], width: int) -> bool:
    filled = _filled(row)
    if width < 2 or not filled or not isinstance(row[filled[0]], str):
        return False
    if holds_fields(row, colon=True):
        # headers with a colon behind them have no values between them
        return len(filled) <= width / 2 or has_values(row)
    if len(filled) > 1:
        return False
    column = filled[0]
    widest = max((right - left + 1 for top, left, _, right in merges if (top, left) == (place, column)), default=1)
    return widest > width / 2 or is_title(row[column]) or is_explanation(row[column])


def _depth(rows: Sequence[Sequence[Cell]], header: int, merges: Sequence[Merge]) -> int:
    depth = 1
    while depth < _DEEPEST and header + depth < len(rows) and _goes_on(rows, header, depth, merges):
        depth += 1
    return depth


def _goes_on(rows: Sequence[Sequence[Cell]], header: int, depth: int, merges: Sequence[Merge]) -> bool:
    """Say whether the row below the header so far is one more of its rows."""
    place = header + depth
    above, row = rows[place - 1], rows[place]
    filled = _filled(row)
    if _holds_units(row):
        return False
    own = [merge for merge in merges if header <= merge[0] < place]
    upright = _columns(merge for merge in own if merge[2] >= place)
    under = _columns(merge for merge in own if merge[2] == place - 1 and merge[3] > merge[1])
    if upright:
        # a header beside it reaches down to this row, so it is one of the header's
        return not set(filled) <= upright
    if not filled or not all(_is_wording(row[column]) for column in filled):
        return False
    if not under:
        return depth == 1 and _has_gaps(rows, header)
    single = set(_filled(above)) - under
    following = rows[place + 1] if place + 1 < len(rows) else []
    # a header that is merged over several columns of answers has answers below it, and so have all others
    return set(filled) <= under and (not single or any(following[column] is not None for column in single if following))


def _columns(merges: Iterable[Merge]) -> set[int]:
    return {column for _, left, _, right in merges for column in range(left, right + 1)}


def _has_gaps(rows: Sequence[Sequence[Cell]], header: int) -> bool:
    """Say whether groups are written once over several columns, and single columns leave the second row blank."""
    above, below = rows[header], rows[header + 1]
    following = rows[header + 2 : header + 5]
    groups = _filled(above)
    wide = [
        column
        for column, after in zip(groups, [*groups[1:], len(above)], strict=True)
        if after - column > 1 and all(below[one] is not None for one in range(column, after))
    ]
    single = [column for column in groups if below[column] is None]
    texts = [fold(below[column]) for column in _filled(below)]
    gaps = [column for column in range(groups[0], len(above)) if above[column] is None]
    if not wide or len(texts) != len(set(texts)) or any(below[column] is None for column in gaps):
        return False
    if any(below[column] is not None for column in range(groups[0])):
        return False
    if single:
        # a row of answers would not leave out just the columns that have a header of their own, the first of all
        is_sure = header > 0 or single[0] == groups[0]
        return is_sure and any(row[column] is not None for row in following for column in single)
    return header > 0 and any(is_numeric(row[column]) for row in following for column in _filled(below))


def _is_wording(cell: Cell) -> bool:
    return isinstance(cell, str) and not is_numeric(cell) and len(fold(cell)) <= _WORDY


def _holds_units(row: Sequence[Cell]) -> bool:
    filled = _filled(row)
    units = [unit_in(row[column]) for column in filled]
    # a single word without brackets may be an answer
    return bool(units) and all(units) and (len(units) > 1 or str(row[filled[0]]).strip()[:1] in "(（")


def _is_no_answer(row: Sequence[Cell], below: Sequence[Sequence[Cell]], is_laid_out: bool) -> bool:
    """Say whether 1 2 3 … cannot be the first answers: the next row counts from 1 too, or a column holds words only."""
    filled = _filled(row)
    stems = [column for column in filled if not is_numeric(row[column])]
    if len(stems) > 1:
        return True
    restarts = bool(below) and str(below[0][filled[0]]) == str(row[filled[0]])
    columns = [[one[column] for one in below if one[column] is not None] for column in filled if column not in stems]
    worded = any(cells and all(isinstance(cell, str) and not is_numeric(cell) for cell in cells) for cells in columns)
    return restarts or (worded and (is_laid_out or len(below) > 1))
