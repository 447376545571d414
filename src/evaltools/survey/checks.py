"""Hold what was read against the form and the campaign: relevance, required, constraint, bank, consent, dates.

A row with any fault goes to quarantine as a whole, every fault of it listed. An answer that the form's own logic says
should not be there is taken out and listed; its row stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.config import Source, Wave
from evaltools.errors import FileRefusedError
from evaltools.survey.coerce import Column, Objects
from evaltools.survey.instrument import Instrument, Question
from evaltools.survey.logic import compile_expression
from evaltools.survey.questions import Fields
from evaltools.survey.raw_files import place
from evaltools.survey.roles import Roles

Bools = npt.NDArray[np.bool_]
Moments = npt.NDArray[np.datetime64]
Rule = Literal["type", "bank", "required", "constraint", "relevant", "consent", "wave", "weight"]

ANSWERED_MARKS: Final = frozenset({"dont_know", "refused", "not_applicable"})
"""Reasons that somebody gave: they meet `required`, a blank does not."""

_NO_DAY: Final = np.datetime64("9999-12-31", "us")
_YES: Final = frozenset({"yes", "y", "1", "true"})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell, or with a row.

    Attributes
    ----------
    row
        Position among the rows of the sheet, from 0.
    question
        Name of the question, or the field of the tool (``submitted_at``).
    rule, code
        Which check, and what it found: the code stands in the catalogue.
    scope
        ``row``: the row is in quarantine; ``cell``: only this answer was taken out.
    """

    row: int
    question: str
    rule: Rule
    code: str
    scope: Literal["row", "cell"] = "row"


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """The rows of a sheet after all checks.

    Attributes
    ----------
    columns
        As read, without the answers that the form's logic took out.
    faults
        By row, then in the order of the form.
    accepted : bool array (n,)
        Rows without a fault of scope ``row``.
    """

    columns: Mapping[str, Column]
    faults: tuple[Fault, ...]
    accepted: Bools


def check_rows(
    columns: Mapping[str, Column],
    fields: Fields,
    instrument: Instrument,
    source: Source,
    roles: Roles,
    wave: Wave,
    *,
    path: str,
    sheet: str,
) -> Checked:
    """Check all rows of a sheet.

    Raises
    ------
    FileRefusedError
        ``column-blank``: a required column is empty in every row that should have it; all such columns are listed.
    """
    n = len(fields.submitted_at)
    consenting = consented(columns, instrument, roles, n)
    walk = _Walk(instrument, dict(columns), _days_of_filling(fields))
    blank = [question.name for question in instrument.questions if not walk.visit(question, roles, consenting)]
    if blank:
        raise FileRefusedError("column-blank", path=path, sheet=sheet, place=place(path, sheet), columns=blank)
    faults = [fault for fault in walk.faults if consenting[fault.row]]
    faults += [
        Fault(int(row), roles.one("consent") or "", "consent", "no-consent") for row in np.flatnonzero(~consenting)
    ]
    faults += [
        fault
        for fault in (*_wave_faults(walk.columns, fields, source, roles, wave), *_weight_faults(walk.columns, roles))
        if consenting[fault.row]
    ]
    order = {question.name: number for number, question in enumerate(instrument.questions)}
    faults.sort(key=lambda fault: (fault.row, order.get(fault.question, len(order))))
    accepted = np.ones(n, dtype=bool)
    accepted[[fault.row for fault in faults if fault.scope == "row"]] = False
    return Checked(walk.columns, tuple(faults), accepted)


def consented(columns: Mapping[str, Column], instrument: Instrument, roles: Roles, n: int) -> Bools:
    """Return the rows whose respondent agreed; all where the form or the file has no such question.

    Whoever did not agree is only counted: nothing else of the row is checked or kept.
    """
    name = roles.one("consent")
    if name is None or name not in columns:
        return np.ones(n, dtype=bool)
    question, column = instrument.question(name), columns[name]
    answered = _given(column.answers)
    rule = compile_expression(question.constraint, instrument, row=question.row) if question.constraint else None
    if rule is not None and not rule.names and not rule.uses_today:
        current = pd.Series(column.answers, dtype=object)
        return answered & rule.holds(pd.DataFrame({name: current}), current)
    said_yes: Bools = np.array([str(value).casefold() in _YES for value in column.answers], dtype=bool)
    return answered & said_yes


class _Walk:
    """The walk down the form: what an earlier answer says decides which later ones should be there."""

    def __init__(self, instrument: Instrument, columns: dict[str, Column], filled: Moments) -> None:
        self.instrument = instrument
        self.columns = columns
        self.faults: list[Fault] = []
        self._n = len(filled)
        self._filled = filled
        self._frame = pd.DataFrame({name: column.answers for name, column in columns.items()}, dtype=object)

    def visit(self, question: Question, roles: Roles, counted: Bools) -> bool:
        """Check one question; False where it is required and no row that counts has it."""
        column = self.columns.get(question.name)
        if column is None:
            return True
        relevant = self._holds(question, question.relevant)
        column = self._take_out(question, column, ~relevant)
        unanswered = _unanswered(column)
        should = relevant & counted
        if question.required and should.any() and unanswered[should].all():
            return False
        # a row without its bank or its weight counts nowhere, whatever the form's logic says
        must = relevant if question.required else np.zeros(self._n, dtype=bool)
        must = must | bool({"bank", "weight"} & roles.of(question.name))
        answered = _given(column.answers)
        allowed = self._holds(question, question.constraint, self._frame[question.name])
        self._note(question, must & unanswered, "required")
        self._note(question, answered & ~allowed, "constraint")
        for row in np.flatnonzero(_given(column.faults)):
            code = column.faults[row]
            self.faults.append(Fault(int(row), question.name, "bank" if code.startswith("bank-") else "type", code))
        return True

    def _note(self, question: Question, rows: Bools, rule: Literal["required", "constraint"]) -> None:
        self.faults += [Fault(int(row), question.name, rule, rule) for row in np.flatnonzero(rows)]

    def _take_out(self, question: Question, column: Column, rows: Bools) -> Column:
        surplus = rows & (_given(column.answers) | _given(column.faults))
        for row in np.flatnonzero(surplus):
            self.faults.append(Fault(int(row), question.name, "relevant", "not-relevant", "cell"))
        if not rows.any():
            return column
        values, reasons, faults = column.answers.copy(), column.reasons.copy(), column.faults.copy()
        values[rows], faults[rows], reasons[rows] = None, None, "skipped_by_logic"
        typed = {row: text for row, text in column.typed.items() if not rows[row]}
        self.columns[question.name] = Column(values, reasons, faults, typed)
        self._frame[question.name] = pd.Series(values, dtype=object)
        return self.columns[question.name]

    def _holds(self, question: Question, expression: str, current: pd.Series[Any] | None = None) -> Bools:
        """Evaluate an expression of the form; where it asks for what the file does not have, nothing is concluded."""
        if expression and self._n:
            compiled = compile_expression(expression, self.instrument, row=question.row)
            if set(compiled.names) <= set(self.columns):
                return compiled.holds(self._frame, current, today=self._filled)
        return np.ones(self._n, dtype=bool)


def _days_of_filling(fields: Fields) -> Moments:
    """Return when each form was filled in; where that is not known, a day after which nothing can lie."""
    return np.array([_NO_DAY if stamp is None else stamp for stamp in fields.submitted_at], dtype="datetime64[us]")


def _unanswered(column: Column) -> Bools:
    """Return the rows without an answer and without a reason that somebody gave."""
    return column.is_blank & ~np.isin(column.reasons.astype(str), sorted(ANSWERED_MARKS))


def _given(cells: Objects) -> Bools:
    return np.asarray(pd.notna(cells), dtype=bool)


def _wave_faults(
    columns: Mapping[str, Column], fields: Fields, source: Source, roles: Roles, wave: Wave
) -> Iterator[Fault]:
    """Yield rows that were handed in outside the wave; a visit without such a time counts by its own day."""
    name, days = "submitted_at", [stamp.date() if stamp else None for stamp in fields.submitted_at]
    event = roles.one("event_date")
    if source.mode == "visit" and not any(days) and event in columns:
        name, days = str(event), [_day(value) for value in columns[str(event)].answers]
    for row, day in enumerate(days):
        if fields.submitted_fault[row] is not None:
            yield Fault(row, "submitted_at", "type", fields.submitted_fault[row])
        elif day is not None and not wave.start <= day <= wave.end:
            yield Fault(row, name, "wave", "outside-wave")


def _day(value: Any) -> date | None:
    return value.date() if isinstance(value, datetime) else value


def _weight_faults(columns: Mapping[str, Column], roles: Roles) -> Iterator[Fault]:
    name = roles.one("weight")
    if name is None or name not in columns:
        return
    for row, value in enumerate(columns[name].answers):
        if value is not None and not value > 0:
            yield Fault(row, name, "weight", "weight-not-positive")


def by_row(faults: Sequence[Fault]) -> dict[int, list[Fault]]:
    """Return faults by row."""
    rows: dict[int, list[Fault]] = {}
    for fault in faults:
        rows.setdefault(fault.row, []).append(fault)
    return rows
