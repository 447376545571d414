"""Other cells in the place of those that a tool writes, for each distinct cell once."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

from evaltools.survey.readers.cells import Cell, Cells


def recode(cells: Cells, function: Callable[[Cell], Cell]) -> Cells:
    """Return a column with a function applied to each distinct cell; where it gives None the column is blank.

    Unlike :meth:`Cells.map`, cells that become equal become one.
    """
    distinct: list[Cell] = [None]
    known: dict[tuple[type, Cell], int] = {}
    table = [0]
    for cell in cells.distinct[1:]:
        new = function(cell)
        if new is not None and (type(new), new) not in known:
            known[type(new), new] = len(distinct)
            distinct.append(new)
        table.append(0 if new is None else known[type(new), new])
    return Cells(distinct, array("I", map(table.__getitem__, cells.codes)))


def fill_blanks(column: Cells, cell: Cell, rows: Sequence[bool] | None = None) -> Cells:
    """Write a cell into the blanks of a column: into all, or into those of the rows that are True."""
    distinct = list(column.distinct)
    code = next((place for place, one in enumerate(distinct) if type(one) is type(cell) and one == cell), len(distinct))
    if code == len(distinct):
        distinct.append(cell)
    if rows is None:
        return Cells(distinct, array("I", (own or code for own in column.codes)))
    due = map((0, code).__getitem__, rows)
    return Cells(distinct, array("I", (own or new for own, new in zip(column.codes, due, strict=True))))
