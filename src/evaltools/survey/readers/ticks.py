"""Columns of single choices that a tool ticks: 1 where it was chosen, 0 where not, blank where nobody answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import or_

from evaltools.survey.readers.cells import Cells
from evaltools.survey.readers.model import RawColumn
from evaltools.survey.readers.recoding import fill_blanks


@dataclass(frozen=True, slots=True, eq=False)
class Ticked:
    """The column of a choice; `is_sure` where it can be nothing else, as the row of a matrix."""

    column: RawColumn
    cells: Cells
    is_sure: bool


def arrange(
    plain: Sequence[tuple[RawColumn, Cells] | None], ticked: Mapping[int, Ticked]
) -> tuple[list[RawColumn], list[Cells]]:
    """Put the columns of a table in order and number them.

    Parameters
    ----------
    plain
        The columns as questions, with their cells; None for those that are left out.
    ticked
        Place among `plain` to the column of a choice: a sure one takes the place of the other, any other stands a
        second time behind all columns, under a header of its own, so that the instrument decides which it wants.
    """
    chosen = [
        (ticked[place].column, ticked[place].cells) if place in ticked and ticked[place].is_sure else entry
        for place, entry in enumerate(plain)
    ]
    again = [one for _, one in sorted(ticked.items()) if not one.is_sure]
    chosen += [(replace(one.column, header=f"{one.column.header} (1/0)"), one.cells) for one in again]
    kept = [entry for entry in chosen if entry is not None]
    columns = [replace(column, position=position) for position, (column, _) in enumerate(kept)]
    return columns, [cells for _, cells in kept]


def complete_ticks(columns: Sequence[Cells]) -> list[Cells]:
    """Write 0 for what was not ticked, where a tool leaves it blank.

    Parameters
    ----------
    columns
        Those of the choices of one question, 1 where a choice was taken. Other cells stay as they are.

    Returns
    -------
    list of Cells
        Blanks are 0 in the rows in which another choice was taken. A row of blanks stays one: nobody knows whether
        the question was asked there.
    """
    taken: list[bool] = [False] * (len(columns[0]) if columns else 0)
    for column in columns:
        is_one = [type(cell) is int and cell == 1 for cell in column.distinct]
        taken = list(map(or_, taken, map(is_one.__getitem__, column.codes)))
    return [fill_blanks(column, 0, taken) for column in columns]
