"""Rows of repeats and the submissions that they belong to: found by keys, or drawn out of a wide table. Tables only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from evaltools.errors import FileRefusedError
from evaltools.survey.matching.wordings import name_key
from evaltools.survey.questions import Fields
from evaltools.survey.readers import RawColumn, RawTable
from evaltools.survey.readers.cells import Cell, code_cells
from evaltools.survey.values.coerce import Column, Objects

Places = npt.NDArray[np.int64]

ORPHAN: Final = -1
_NUMBERED: Final = re.compile(r"(.+?)_(\d{1,3})", re.DOTALL)


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """The table of a repeat and how it hangs together with that of the submissions.

    Attributes
    ----------
    table
        One row a filled-in repeat.
    parents : int array (n,)
        Place of the submission among its table's rows; `ORPHAN` where there is none.
    drawn
        Positions in the table of submissions that the table was drawn out of; none where it is a table of the file.
    """

    table: RawTable
    parents: Places
    drawn: frozenset[int] = frozenset()

    @property
    def numbers(self) -> Places:
        """Each row's number among those of its submission, from 1, in the order of the table."""
        seen: dict[int, int] = {}
        numbers = np.ones(len(self.parents), dtype=np.int64)
        for row, parent in enumerate(self.parents.tolist()):
            seen[parent] = numbers[row] = seen.get(parent, 0) + 1
        return numbers

    def counts(self, n: int) -> Places:
        """Return how many rows each of the `n` submissions has."""
        known = self.parents[self.parents != ORPHAN]
        return np.bincount(known, minlength=n).astype(np.int64)


def find_family(submissions: RawTable, table: RawTable, *, path: str) -> Family:
    """Find the submission of each row of a repeat's table.

    Raises
    ------
    FileRefusedError
        ``repeat-parent-twice``: two submissions have one key, and rows belong to it.
    """
    if table.parent is None:
        raise ValueError("the table has no parent")
    keys = [_key(cell) for cell in submissions.values[table.parent.other]]
    wanted = [_key(cell) for cell in table.values[table.parent.own]]
    places: dict[str, int] = {}
    twice: set[str] = set()
    for place, key in enumerate(keys):
        if key is not None and places.setdefault(key, place) != place:
            twice.add(key)
    if claimed := twice.intersection(key for key in wanted if key is not None):
        rows = [number for number, key in zip(submissions.row_numbers, keys, strict=True) if key in claimed]
        raise FileRefusedError("repeat-parent-twice", path=path, sheet=submissions.sheet, rows=rows)
    parents = [ORPHAN if key is None else places.get(key, ORPHAN) for key in wanted]
    return Family(table, np.array(parents, dtype=np.int64))


def draw_family(submissions: RawTable, names: Mapping[str, str], sheet: str, counts: Objects) -> Family | None:
    """Draw the rows of a repeat out of a wide table, whose columns ``sat_1``, ``sat_2`` are the first and the second.

    Parameters
    ----------
    names
        Questions of the repeat to their paths.
    sheet
        What the new table is called.
    counts : object array (n,) of int or None
        How often each submission says that it was filled in. A submission has so many rows, or as many as hold an
        answer, if these are more.

    Returns
    -------
    Family or None
        None where no column is one of the repeat. A row has the number of its submission's row.
    """
    columns = _numbered(submissions, names)
    if not columns:
        return None
    filled = np.zeros(submissions.n_rows, dtype=np.int64)
    for places in columns.values():
        for nth, place in places.items():
            holds = np.array([code > 0 for code in submissions.values[place].codes], dtype=bool)
            filled[holds] = np.maximum(filled[holds], nth)
    stated = np.array([0 if count is None else int(count) for count in counts], dtype=np.int64)
    last = max(nth for places in columns.values() for nth in places)
    rows = [
        (parent, nth)
        for parent, n in enumerate(np.maximum(filled, np.minimum(stated, last)).tolist())
        for nth in range(1, n + 1)
    ]
    named = [_headed(submissions, position, name, places) for position, (name, places) in enumerate(columns.items())]
    values = [code_cells(_cells(submissions, places, rows)) for places in columns.values()]
    numbers = [submissions.row_numbers[parent] for parent, _ in rows]
    table = replace(
        submissions, sheet=sheet, columns=tuple(named), row_numbers=numbers, values=values, meta={},
        n_counted=len(rows), left_out={}, notes=(),
    )  # fmt: skip
    drawn = frozenset(place for places in columns.values() for place in places.values())
    return Family(table, np.array([parent for parent, _ in rows], dtype=np.int64), drawn)


def spread_column(column: Column, parents: Places) -> Column:
    """Return the answers of submissions in the rows of their repeats; nothing in rows that belong to none."""
    typed = {row: column.typed[parent] for row, parent in enumerate(parents.tolist()) if parent in column.typed}
    answers, reasons, faults = (spread(cells, parents) for cells in (column.answers, column.reasons, column.faults))
    return replace(column, answers=answers, reasons=reasons, faults=faults, typed=typed, note=None)


def spread_fields(given: Fields, parents: Places) -> Fields:
    """Return what is said of submissions in the rows of their repeats."""
    return Fields(**{one.name: spread(getattr(given, one.name), parents) for one in fields(Fields)})


def spread(cells: Objects, parents: Places) -> Objects:
    """Return the cells of submissions in the rows of their repeats; None in rows that belong to none."""
    found = np.full(len(parents), None, dtype=object)
    known = parents != ORPHAN
    found[known] = cells[parents[known]]
    return found


def _key(cell: Cell) -> str | None:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return None if cell is None else str(cell).strip() or None


def _numbered(table: RawTable, names: Mapping[str, str]) -> dict[str, dict[int, int]]:
    """Return, by question, the column of each number."""
    known = {name_key(text): name for name, path in names.items() for text in (path, name)}
    found: dict[str, dict[int, int]] = {}
    for column in table.columns:
        parts = _NUMBERED.fullmatch(column.key) if column.position not in table.meta.values() else None
        name = known.get(name_key(parts[1])) if parts else None
        if parts and name is not None and int(parts[2]) > 0:
            found.setdefault(name, {})[int(parts[2])] = column.position
    return {name: found[name] for name in names if name in found}


def _headed(table: RawTable, position: int, name: str, places: Mapping[int, int]) -> RawColumn:
    headers = [table.columns[places[nth]].header for nth in (min(places), max(places))]
    column = table.columns[places[min(places)]]
    return replace(column, position=position, header=" … ".join(dict.fromkeys(headers)), key=name, kind="name", nth=1)


def _cells(table: RawTable, places: Mapping[int, int], rows: Iterable[tuple[int, int]]) -> list[Cell]:
    return [table.values[places[nth]][parent] if nth in places else None for parent, nth in rows]
