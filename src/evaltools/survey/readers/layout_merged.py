"""Cells that were merged downwards over several rows of answers: what stands in them holds for all of these rows."""

from __future__ import annotations

from array import array
from collections.abc import Collection

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.cells import Cells
from evaltools.survey.readers.layout import Layout
from evaltools.survey.readers.model import Grid


def fill_down(grid: Grid, layout: Layout, left_out: Collection[int]) -> tuple[list[Cells], dict[int, int]]:
    """Return the columns with merged cells filled down, and how many cells were filled in which column.

    Only the first column of a merged range is filled, and only where the cell below is blank. Blank cells that were
    not merged stay blank.

    Raises
    ------
    FileRefusedError
        ``file-damaged``: merged ranges overlap so often that no program can have written them.
    """
    codes: dict[int, array[int]] = {}
    filled: dict[int, int] = {}
    work = 0
    for top, column, bottom, _ in layout.merges:
        if top < layout.first or top in left_out or bottom == top:
            continue
        work += bottom - top
        if work > grid.n_rows * grid.width:
            raise FileRefusedError("file-damaged", file=grid.file, problem="merged cells")
        if column not in codes:
            codes[column] = array("I", grid.columns[column].codes)
        own = codes[column]
        for place in range(top + 1, bottom + 1):
            if own[top] and not own[place] and place not in left_out:
                own[place] = own[top]
                filled[column] = filled.get(column, 0) + 1
    columns = [
        Cells(column.distinct, codes[number]) if number in codes else column
        for number, column in enumerate(grid.columns)
    ]
    return columns, filled
