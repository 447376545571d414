"""Columns of single choices: 1 where one was taken, 0 where not, and what to make of a 0 that nobody answered."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final

from evaltools.survey.readers.cells import Cells, code_cells

_TAKEN: Final = frozenset({"1", "1.0", "TRUE", "True", "true"})
_FLAGS: Final = _TAKEN | {"0", "0.0", "FALSE", "False", "false"}


def holds_flags(cells: Cells) -> bool:
    """Say whether a column holds nothing but 0 and 1, perhaps as true and false."""
    return all(str(cell) in _FLAGS for cell in cells.occurring())


def rows_taken(columns: Sequence[Cells]) -> list[list[int]]:
    """Return, row by row, which of some columns hold a 1."""
    rows: list[list[int]] = [[] for _ in range(len(columns[0]))]
    for nth, cells in enumerate(columns):
        yes = {code for code, cell in enumerate(cells.distinct) if cell is not None and str(cell) in _TAKEN}
        for row, code in enumerate(cells.codes):
            if code in yes:
                rows[row].append(nth)
    return rows


def where_taken(columns: Sequence[Cells]) -> Cells:
    """Return a column with 1 in the rows in which any of some columns holds a 1, blank in the others."""
    return code_cells([1 if taken else None for taken in rows_taken(columns)])


def without_zeros(cells: Cells, answer: Cells) -> Cells:
    """Return the column of a choice, blank where the question has no answer and the tool writes 0 all the same."""
    return Cells(
        cells.distinct,
        array("I", (own if of_all else 0 for own, of_all in zip(cells.codes, answer.codes, strict=True))),
    )


def differing_rows(summary: Cells, columns: Sequence[Cells], options: Sequence[Sequence[str]]) -> list[int]:
    """Return the rows in which a column of all choices does not say what the columns of its choices say.

    Parameters
    ----------
    summary
        Words of all choices that were taken, in any order.
    options
        The words of each choice.
    """
    texts = [sorted(str(cell).split()) if cell is not None else [] for cell in summary.distinct]
    rows = [(code, tuple(taken)) for code, taken in zip(summary.codes, rows_taken(columns), strict=True)]
    agree = {
        (code, taken): texts[code] == sorted(word for nth in taken for word in options[nth])
        for code, taken in set(rows)
    }
    return [place for place, row in enumerate(rows) if not agree[row]]
