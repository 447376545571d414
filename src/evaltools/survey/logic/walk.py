"""Walk down a form with all rows of a sheet: who should have answered what, and which answers break the form's rules.

First come relevance and calculations, a question after those that it depends on: an answer that should not be there is
taken out, and what depends on it sees it gone, as on the phone. Then every question is held against its rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.survey.logic.calculations import differing, stored_text
from evaltools.survey.logic.choices import not_offered
from evaltools.survey.logic.columns import column_values, kind_of, read_cells
from evaltools.survey.logic.expression import Expression, day_and_moment, truth
from evaltools.survey.logic.form import FormLogic, QuestionLogic
from evaltools.survey.logic.signatures import Surroundings
from evaltools.survey.logic.values import EMPTY, BoolArray, Values
from evaltools.survey.row_faults import Fault, Rule
from evaltools.survey.values.coerce import Column

ANSWERED_MARKS: Final = ("dont_know", "refused", "not_applicable")
"""Reasons that somebody gave: they meet `required`, a blank does not."""

_NO_DAY: Final = np.datetime64("9999-12-31", "us")


@dataclass(frozen=True, slots=True)
class Exceptions:
    """Where the rows are held against more or less than the form says.

    Attributes
    ----------
    always
        Questions that must be answered whatever the form's logic says.
    unlisted
        Questions whose choices are not those of the form, so that its filters say nothing of them.
    identifying
        Questions that say who somebody is without being classed so in the form: only what is classed so itself is
        computed from them.
    """

    always: frozenset[str] = frozenset()
    unlisted: frozenset[str] = frozenset()
    identifying: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Walked:
    """What the form's logic says of the rows of a sheet.

    Attributes
    ----------
    columns
        As read, without the answers that should not be there, and with the calculations that the sheet lacks.
    computed
        Names of the latter.
    faults
        By question, in the order of evaluation.
    blank
        Required questions that are empty in every row that counts and should have them, in the order of the form.
    """

    columns: Mapping[str, Column]
    computed: frozenset[str]
    faults: tuple[Fault, ...]
    blank: tuple[str, ...]


def walk_form(
    logic: FormLogic,
    columns: Mapping[str, Column],
    filled: npt.NDArray[np.datetime64],
    *,
    counted: BoolArray,
    exceptions: Exceptions,
) -> Walked:
    """Hold all rows of a sheet against the logic of their form.

    Parameters
    ----------
    columns
        By question; all of n rows. Where an expression asks for a question that the sheet does not have, nothing is
        concluded.
    filled : datetime64[us] array (n,)
        When each form was filled in; NaT where that is not known. Then no day can be too late.
    counted : bool array (n,)
        Rows that count for `blank`.
    """
    walk = _Walk(logic, columns, filled, exceptions)
    for one in logic.questions:
        walk.settle(one)
    blank = {one.question.name for one in logic.questions if walk.is_blank(one, counted)}
    for one in logic.questions:
        if one.question.name in columns:
            walk.check(one)
    order = sorted(blank, key=lambda name: walk.questions[name].row)
    return Walked(walk.columns, frozenset(walk.computed), tuple(walk.faults), tuple(order))


class _Walk:
    def __init__(
        self,
        logic: FormLogic,
        columns: Mapping[str, Column],
        filled: npt.NDArray[np.datetime64],
        exceptions: Exceptions,
    ) -> None:
        self.columns = dict(columns)
        self.computed: set[str] = set()
        self.faults: list[Fault] = []
        self.questions = {one.question.name: one.question for one in logic.questions}
        self._n = len(filled)
        self._exceptions = exceptions
        self._day_known = ~np.isnat(filled)
        self._today, self._now = day_and_moment(np.where(self._day_known, filled, _NO_DAY))
        self._asked_for = {name for one in logic.questions for name in one.asks_for}
        self._values: dict[str, Values] = {}
        self._truths: dict[str, BoolArray] = {}
        self._relevant: dict[str, BoolArray] = {}
        self._given: dict[str, BoolArray] = {}
        self._faulty: dict[str, BoolArray] = {}

    # -- first: relevance and calculations

    def settle(self, one: QuestionLogic) -> None:
        """Find out who should have answered a question; take out the other answers, or compute a missing column."""
        name = one.question.name
        self._relevant[name] = np.ones(self._n, dtype=np.bool_)
        if name in self.columns:
            self._enter(name, self.columns[name])
        for condition in one.relevant:
            self._relevant[name] &= self._condition(condition, name)
        if name in self.columns:
            self._take_out(name, ~self._relevant[name])
        elif one.calculation is not None and not one.faults and not one.calculation.uses_now:
            self._compute(name, one.calculation)

    def _enter(self, name: str, column: Column) -> None:
        self._faulty[name] = np.asarray(pd.notna(column.faults), dtype=np.bool_)
        if name in self._asked_for:
            self._values[name], self._given[name] = read_cells(column.answers, kind_of(self.questions[name]))
        else:
            self._given[name] = np.asarray(pd.notna(column.answers), dtype=np.bool_)

    def _take_out(self, name: str, rows: BoolArray) -> None:
        if not rows.any():
            return
        column = self.columns[name]
        surplus = rows & self._filled_in(name)
        self._note(name, surplus, "relevant", "not-relevant", "cell")
        values, reasons, faults, typed = column.answers, column.reasons.copy(), column.faults, column.typed
        reasons[rows] = "skipped_by_logic"
        if surplus.any():
            values, faults = values.copy(), faults.copy()
            values[surplus], faults[surplus] = None, None
            typed = {row: text for row, text in typed.items() if not rows[row]}
            self._given[name], self._faulty[name] = self._given[name] & ~rows, self._faulty[name] & ~rows
            self._values.pop(name, None)
        self.columns[name] = Column(values, reasons, faults, typed, column.note)

    def _compute(self, name: str, calculation: Expression) -> None:
        tells_who = not self._exceptions.identifying.isdisjoint(calculation.names)
        if not self._is_known(calculation) or (tells_who and self.questions[name].sensitivity != "direct"):
            return
        rows = self._relevant[name] & (self._day_known | (not calculation.uses_today))
        texts = stored_text(self._value(calculation, name), self._n)
        answered = rows & (texts != "")
        answers, reasons = np.full(self._n, None, dtype=object), np.full(self._n, "blank", dtype=object)
        answers[answered] = texts[answered]
        reasons[answered], reasons[~self._relevant[name]] = None, "skipped_by_logic"
        self.columns[name] = Column(answers, reasons, np.full(self._n, None, dtype=object))
        self._given[name], self._faulty[name] = answered, np.zeros(self._n, dtype=np.bool_)
        self.computed.add(name)

    # -- then: the rules

    def is_blank(self, one: QuestionLogic, counted: BoolArray) -> bool:
        """Say whether a question is required and empty in every row that counts and should have it."""
        name = one.question.name
        if not one.question.required or name not in self.columns:
            return False
        should = self._relevant[name] & counted
        return bool(should.any()) and int(should.sum()) == int(self._unanswered(name, should).sum())

    def check(self, one: QuestionLogic) -> None:
        """Hold a question against its rules."""
        question, name = one.question, one.question.name
        relevant = self._relevant[name]
        must = relevant & question.required
        if one.required is not None and self._is_known(one.required):
            must = relevant & self._condition(one.required, name)
        if name in self._exceptions.always:
            must = np.ones(self._n, dtype=np.bool_)
        if must.any():
            self._note(name, self._unanswered(name, must), "required", "required")
        if one.constraint is not None and self._is_known(one.constraint):
            broken = ~truth(self._value(one.constraint, name), self._n)
            self._note(name, broken & self._given[name], "constraint", "constraint")
        if one.choice_filter is not None and name not in self._exceptions.unlisted:
            self._check_choices(one, one.choice_filter)
        if one.calculation is not None:
            self._check_calculation(name, one.calculation)

    def _check_choices(self, one: QuestionLogic, choice_filter: Expression) -> None:
        if self._is_known(choice_filter):
            answers = self.columns[one.question.name].answers
            left_out = not_offered(choice_filter, one.question, answers, self._column, self._around(None))
            self._note(one.question.name, left_out, "choice_filter", "choice-filtered")

    def _check_calculation(self, name: str, calculation: Expression) -> None:
        """Compare what was exported with what follows from the answers; an empty cell says nothing."""
        if not calculation.is_settled or not self._is_known(calculation):
            return
        rows = self._relevant[name] & self._given[name]
        for source in calculation.names:
            rows &= ~self._faulty[source]
        rows = differing(self._column(name), self._value(calculation, name), rows)
        self._note(name, rows, "calculation", "calculation-differs", "cell")

    # -- what both need

    def _note(self, name: str, rows: BoolArray, rule: Rule, code: str, scope: Literal["row", "cell"] = "row") -> None:
        self.faults += [Fault(int(row), name, rule, code, scope) for row in np.flatnonzero(rows)]

    def _filled_in(self, name: str) -> BoolArray:
        """Return the rows in which the form holds anything for a question, readable or not."""
        return self._given[name] | self._faulty[name]

    def _unanswered(self, name: str, rows: BoolArray) -> BoolArray:
        """Return those of some rows that have no answer, and no reason that somebody gave."""
        found = rows & ~self._filled_in(name)
        empty = np.flatnonzero(found)
        found[empty] = [reason not in ANSWERED_MARKS for reason in self.columns[name].reasons[empty]]
        return found

    def _is_known(self, expression: Expression) -> bool:
        return set(expression.names) <= self.columns.keys()

    def _condition(self, condition: Expression, name: str) -> BoolArray:
        """Evaluate a condition; where it asks for what the sheet does not have, nothing is concluded."""
        if not self._is_known(condition):
            return np.ones(self._n, dtype=np.bool_)
        if condition.uses_current:
            return truth(self._value(condition, name), self._n)
        # many questions stand under the same condition
        if condition.text not in self._truths:
            self._truths[condition.text] = truth(condition.compute(self._column, self._around(None)), self._n)
        return self._truths[condition.text]

    def _value(self, expression: Expression, name: str) -> Values:
        """Evaluate an expression of a question; `.` is what the sheet has of it."""
        uses_own = expression.uses_current or expression.uses_once
        current = (self._column(name) if name in self.columns else EMPTY) if uses_own else None
        return expression.compute(self._column, self._around(current))

    def _around(self, current: Values | None) -> Surroundings:
        return Surroundings(current, self._today, self._now)

    def _column(self, name: str) -> Values:
        if name not in self._values:
            self._values[name] = column_values(self.columns[name].answers, kind_of(self.questions[name]))
        return self._values[name]
