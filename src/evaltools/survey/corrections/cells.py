"""The raw cells that hold the answer to a question: what they say, their hash, and other cells in their place."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Final

from evaltools.survey.instrument import Choice, Instrument, Question
from evaltools.survey.matching.columns import ColumnMap
from evaltools.survey.privacy import first_key, pseudonym, redact
from evaltools.survey.readers import RawColumn, RawTable
from evaltools.survey.readers.cells import Cell, Cells
from evaltools.survey.values.choices import cell_text
from evaltools.text import clean, normalise

STAMPS: Final = ("submitted_at", "started_at")
"""Fields of the tool that may be corrected like answers."""

_OTHER: Final = re.compile(r"other|oth|9[0-9]|qt|qita|其他.*|其它.*|others?\b.*", re.IGNORECASE)
_KEYS: Final = ("native_id", "submitted_at")


@dataclass(frozen=True, slots=True)
class AnswerCells:
    """Where the answer to a question stands.

    Attributes
    ----------
    own
        Choice to position where it has a column a choice; else "" to its one position.
    beside
        Positions of what was typed into the blanks of its choices, also those of a text question that follows it
        (``fees_other``).
    """

    own: Mapping[str, int]
    beside: tuple[int, ...] = ()

    @property
    def is_split(self) -> bool:
        """Whether it has a column a choice."""
        return "" not in self.own

    @property
    def first(self) -> int:
        """The position that stands for all."""
        return min(self.own.values())

    @property
    def all(self) -> tuple[int, ...]:
        """All positions."""
        return (*self.own.values(), *self.beside)


def answer_cells(table: RawTable, found: ColumnMap, instrument: Instrument, name: str) -> AnswerCells | None:
    """Return where the answer to a question, or a time stamp of the tool, stands in a table; None where nowhere."""
    if name in STAMPS and name in table.meta:
        return AnswerCells({"": table.meta[name]})
    if not found.has(name):
        return None
    own = found.split[name] if name in found.split else {"": found.columns[name]}
    beside = [position for position in found.typed.get(name, {}) if position not in own.values()]
    follow = follow_up(instrument, instrument.question(name))
    if follow is not None and follow.name in found.columns:
        beside.append(found.columns[follow.name])
    return AnswerCells(own, tuple(beside))


def follow_up(instrument: Instrument, question: Question) -> Question | None:
    """Return the text question that asks to specify the choice "other" of a question; None where there is none."""
    if not question.choices:
        return None
    names = {f"{question.name}_{end}" for end in ("other", "others", "oth", "specify", "other_specify", "text")}
    known = {one.name: one for one in instrument.questions if one.type == "text"}
    return next((known[name] for name in sorted(names & known.keys())), None)


def is_other(choice: Choice) -> bool:
    """Say whether a choice stands for whatever the others do not name."""
    return any(_OTHER.fullmatch(normalise(text)) for text in (choice.name, choice.label.zh, choice.label.en))


def column_label(table: RawTable, cells: AnswerCells) -> str:
    """Return the header by which a line of the log names a column; the second of equal headers ends in ``#2``."""
    column: RawColumn = table.columns[cells.first]
    header = " ".join(redact(column.header).split())[:200]
    return header if column.nth == 1 else f"{header} #{column.nth}"


def answer_text(table: RawTable, cells: AnswerCells, row: int) -> str:
    """Return what the raw cells of an answer say, as a person reads it; "" where they are blank."""
    given = {name: as_text(table.values[place][row]) for name, place in cells.own.items()}
    own = " ".join(f"{name}={text}" if name else text for name, text in given.items() if text)
    typed = [text for place in cells.beside if (text := as_text(table.values[place][row]))]
    return " / ".join(part for part in (own, *typed) if part)


def as_text(cell: Cell) -> str:
    """Return a cell as text in one way, whatever the kind of file; "" where it is blank."""
    if cell is None:
        return ""
    if isinstance(cell, datetime) and cell.time() == time.min:
        return cell.date().isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    return clean(cell_text(cell) or "").strip()


def cells_sha(table: RawTable, cells: AnswerCells | None, row: int, key: bytes) -> str:
    """Return the keyed hash of an answer's raw cells; of a whole row's where `cells` is None."""
    return _hash([table.values[place] for place in cells.all] if cells else table.values, row, key)


def row_sha(table: RawTable, row: int, key: bytes) -> str:
    """Return the keyed hash of what tells a row from others: the tool's id and time, or all of its cells."""
    keys = [table.values[table.meta[name]] for name in _KEYS if name in table.meta]
    return _hash(keys if any(column[row] is not None for column in keys) else table.values, row, key)


def _hash(columns: Iterable[Cells], row: int, key: bytes) -> str:
    text = "\x1f".join(as_text(column[row]) for column in columns)
    # of the first key, so that a log stays good when the key is rotated
    return str(pseudonym([text], first_key(key), "correction")[0])


def with_cells(table: RawTable, new: Mapping[tuple[int, int], Cell]) -> RawTable:
    """Return a table with other cells, by position and row; the given one is left as it is."""
    values = list(table.values)
    for position in {position for position, _ in new}:
        column = values[position]
        distinct, codes = list(column.distinct), array("I", column.codes)
        for (place, row), cell in new.items():
            if place == position:
                codes[row] = 0 if cell is None else len(distinct)
                distinct += [] if cell is None else [cell]
        values[position] = Cells(distinct, codes)
    return replace(table, values=values)
