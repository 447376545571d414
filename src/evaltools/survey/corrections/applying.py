"""Apply the lines of the log to the raw cells of a table, before anything of them is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from evaltools.config import Bank, Source
from evaltools.survey.checks import Checked
from evaltools.survey.corrections.cells import (
    AnswerCells,
    answer_cells,
    cells_sha,
    column_label,
    row_sha,
    with_cells,
)
from evaltools.survey.corrections.log import Correction
from evaltools.survey.corrections.rewriting import blank_cells, changed_cells
from evaltools.survey.instrument import Instrument
from evaltools.survey.matching.columns import ColumnMap
from evaltools.survey.questions import choice_index
from evaltools.survey.readers import RawTable
from evaltools.survey.readers.cells import Cell
from evaltools.survey.roles import Roles
from evaltools.survey.row_faults import Fault

State = Literal["applied", "row-unknown", "row-several", "raw-changed", "unwritable"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a line in a table; `row` is its place among the rows, None where it is not there once."""

    line: Correction
    state: State
    row: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Applied:
    """A table with corrected cells, and what became of each line that is about it."""

    table: RawTable
    outcomes: tuple[Outcome, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """How a table is read: what :func:`apply_lines` needs to know of it."""

    found: ColumnMap
    instrument: Instrument
    source: Source
    roles: Roles
    banks: Sequence[Bank]


def apply_lines(table: RawTable, lines: Iterable[Correction], reading: Reading, key: bytes) -> Applied:
    """Replace the cells of a table that lines of the log are about.

    A line on a question that is not in the table, or that stands in another column, belongs to another table or source
    and has no outcome here. Where the row or the old cells are not what the line was made from, nothing is replaced.

    Parameters
    ----------
    lines
        Of the file, those that are in force.
    key
        The campaign's key.
    """
    rows = Rows(table, key)
    outcomes: list[Outcome] = []
    new: dict[tuple[int, int], Cell] = {}
    for line in lines:
        cells = _cells_of(line, table, reading)
        if line.sheet != table.sheet or (line.question and cells is None):
            continue
        outcome = find_row(line, cells, rows)
        row = outcome.row
        if row is not None and cells is not None and line.action in ("change", "blank"):
            written = _written(line, table, cells, reading)
            if written is None:
                outcome = replace(outcome, state="unwritable")
            else:
                new |= {(place, row): cell for place, cell in written.items()}
        outcomes.append(outcome)
    return Applied(with_cells(table, new), tuple(outcomes))


def with_dropped(checked: Checked, outcomes: Iterable[Outcome]) -> Checked:
    """Return checked rows without those that the log drops: of these nothing else is told."""
    consent = {fault.row for fault in checked.faults if fault.rule == "consent"}
    rows = {one.row for one in applied(outcomes) if one.line.action == "drop" and one.row is not None} - consent
    if not rows:
        return checked
    faults = [fault for fault in checked.faults if fault.row not in rows]
    faults += [Fault(row, "", "dropped", "dropped") for row in sorted(rows)]
    accepted = checked.accepted.copy()
    accepted[np.array(sorted(rows))] = False
    return replace(checked, faults=tuple(sorted(faults, key=lambda fault: fault.row)), accepted=accepted)


def applied(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return the outcomes of lines that were applied."""
    return [one for one in outcomes if one.state == "applied"]


class Rows:
    """Finds rows by what tells them from others; where a file was sorted anew, they stand elsewhere."""

    def __init__(self, table: RawTable, key: bytes) -> None:
        self.table, self.key = table, key
        self._by_number: dict[int, list[int]] | None = None
        self._by_sha: dict[str, list[int]] | None = None

    def at(self, number: int) -> list[int]:
        """Return the places of the rows of a number, as a person sees it."""
        if self._by_number is None:
            self._by_number = {}
            for place, one in enumerate(self.table.row_numbers):
                self._by_number.setdefault(one, []).append(place)
        return self._by_number.get(number, [])

    def like(self, sha: str) -> list[int]:
        """Return the places of the rows of a hash."""
        if self._by_sha is None:
            self._by_sha = {}
            for place in range(self.table.n_rows):
                self._by_sha.setdefault(row_sha(self.table, place, self.key), []).append(place)
        return self._by_sha.get(sha, [])


def find_row(line: Correction, cells: AnswerCells | None, rows: Rows) -> Outcome:
    """Find the row that a line is about, and hold its old cells against the line; nothing is replaced here."""
    places = rows.at(line.row)
    if len(places) > 1:
        return Outcome(line, "row-several")
    if not places or row_sha(rows.table, places[0], rows.key) != line.row_sha:
        known, places = bool(places), rows.like(line.row_sha)
        if len(places) != 1:
            return Outcome(line, "raw-changed" if known else "row-unknown")
    if cells_sha(rows.table, cells, places[0], rows.key) != line.old_sha:
        return Outcome(line, "raw-changed")
    return Outcome(line, "applied", places[0])


def _cells_of(line: Correction, table: RawTable, reading: Reading) -> AnswerCells | None:
    if not line.question:
        return None
    cells = answer_cells(table, reading.found, reading.instrument, line.question)
    return cells if cells is not None and column_label(table, cells) == line.column else None


def _written(line: Correction, table: RawTable, cells: AnswerCells, reading: Reading) -> Mapping[int, Cell] | None:
    if line.action == "blank":
        return blank_cells(cells)
    names = {one.name: one for one in reading.instrument.questions}
    question = names.get(line.question)
    index = None
    if question is not None:
        columns = {name: table.columns[place] for name, place in cells.own.items()}
        index = choice_index(question, columns, reading.source, reading.roles, reading.banks)
    return changed_cells(line.new_value, table, cells, question, index)
