"""Order and numbers of an export's rows, from what it shows alone, so that they tell nothing else.

The order of the store would tell when an answer came in, a pseudonym's order who gave it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from evaltools.survey.export.model import MISSING, Column

IntArray = npt.NDArray[np.int64]


def number_rows(columns: Sequence[Column], link: IntArray) -> tuple[IntArray, list[int]]:
    """Return the order of the rows, and the number of what each of them belongs to.

    Parameters
    ----------
    columns
        All that the export shows, the first sorting first.
    link
        The same number for rows that belong together; any numbers.

    Returns
    -------
    tuple of (order, numbers)
        `order` are places of `columns`; `numbers`, from 1, are in that order. Rows and links that look alike in every
        column are alike, so their order says nothing.
    """
    rank = _ranks([_sort_codes(column) for column in columns])
    sets: dict[int, list[int]] = {}
    for one, place in zip(link.tolist(), rank.tolist(), strict=True):
        sets.setdefault(one, []).append(place)
    ordered = sorted(sets, key=lambda one: sorted(sets[one]))
    numbers = {one: number for number, one in enumerate(ordered, start=1)}
    of_row = np.array([numbers[one] for one in link.tolist()], dtype=np.int64)
    order = np.lexsort((of_row, rank))
    return order.astype(np.int64), of_row[order].tolist()


def _sort_codes(column: Column) -> IntArray:
    """Return a number for each cell: choices as the form lists them, other values by size, missing ones first."""
    known: list[Any] = [choice.name for choice in column.variable.choices]
    if column.variable.kind != "choice":
        known = sorted({value for value in column.cells if value is not None})
    codes = {value: number for number, value in enumerate(known)}
    reasons = {reason: number - len(MISSING) for number, reason in enumerate(MISSING)}
    cells = zip(column.cells, column.reasons, strict=True)
    return np.array([reasons[reason] if reason else codes[value] for value, reason in cells], dtype=np.int64)


def _ranks(codes: Sequence[IntArray]) -> IntArray:
    """Return the place of each row among the different rows."""
    order = np.lexsort(tuple(codes[::-1]))
    steps = np.zeros(len(order), dtype=np.int64)
    for column in codes:
        steps[1:] |= np.diff(column[order]) != 0
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.cumsum(steps)
    return rank
