"""`relevant`, `required`, `constraint`, `choice_filter` and `calculation` of a form as expressions over columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.errors import CampaignError, UsageError
from evaltools.survey.instrument.model import Instrument
from evaltools.survey.logic.columns import column_values, kind_of
from evaltools.survey.logic.functions import FUNCTIONS, negate, operate
from evaltools.survey.logic.parser import (
    Call,
    ChoiceColumn,
    Current,
    Label,
    LogicError,
    Name,
    Negation,
    Node,
    Number,
    Operation,
    Text,
    parse,
    walk,
)
from evaltools.survey.logic.refused import refuse_functions
from evaltools.survey.logic.resolve import Scope, resolve
from evaltools.survey.logic.signatures import Function, Surroundings
from evaltools.survey.logic.values import (
    EMPTY,
    BoolArray,
    Kind,
    Values,
    blanks,
    boolean,
    each,
    lift,
    number,
    text,
    to_boolean,
    to_text,
)
from evaltools.text import Lang

Today = date | npt.NDArray[np.datetime64] | pd.Series
"""The day on which the form was filled in: one for all rows, or one a row; with a time of day, `now()` gives it."""

Columns = Callable[[str], Values]
"""Gives the values of a question by its name."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression. Make one with :func:`compile_expression`.

    Attributes
    ----------
    text, row
        As it stands in the form, and the row of its `survey` sheet.
    names
        Questions that it refers to with ``${}``, in the order in which they appear.
    uses_current, uses_today, uses_now
        Whether it reads ``.``; the day of answering, by ``today()`` or ``now()``; the time of answering.
    uses_once
        Whether it reads ``.`` where there is one.
    is_settled
        Whether all clients compute the same, on any day and in any language: what they exported can be held against
        it.
    """

    text: str
    row: int
    names: tuple[str, ...]
    uses_current: bool
    uses_today: bool
    uses_now: bool
    uses_once: bool
    is_settled: bool
    _tree: Node = field(repr=False)
    _kinds: Mapping[str, Kind] = field(repr=False, hash=False)
    _current_kind: Kind = field(repr=False)

    def evaluate(
        self,
        frame: pd.DataFrame,
        current: pd.Series | None = None,
        *,
        today: Today | None = None,
        lang: Lang = "zh",
    ) -> npt.NDArray[Any]:
        """Compute the expression in every row.

        Parameters
        ----------
        frame : n rows
            Columns are question names, cells are typed answers. A question without a column counts as unanswered.
        current : n rows, optional
            The answers to the question that the expression belongs to, what ``.`` reads.
        today : date, datetime or n days, optional
            What ``today()`` and ``now()`` give. A form is checked as of the day on which it was filled in, so
            the clock is never read. Of a date alone, ``now()`` is its last microsecond.
        lang
            The language in which the form was shown.

        Returns
        -------
        array, shape (n,)
            bool for conditions, float64 (NaN: no number), object of str, datetime64[D] or datetime64[us]. What is of
            several kinds is text.

        Raises
        ------
        UsageError
            ``logic-current`` or ``logic-today`` where the expression needs what was not given.
        """
        values = self._values(frame, current, today, lang)
        if values.parts is not None:
            values = lift(lambda one: text(to_text(one[0])), (values,))
        return np.array(np.broadcast_to(values.by_row().data, len(frame)))

    def holds(
        self,
        frame: pd.DataFrame,
        current: pd.Series | None = None,
        *,
        today: Today | None = None,
        lang: Lang = "zh",
    ) -> BoolArray:
        """Say in which rows the expression is true, as a condition of the form is; see :meth:`evaluate`."""
        return truth(self._values(frame, current, today, lang), len(frame))

    def compute(self, columns: Columns, around: Surroundings) -> Values:
        """Compute the expression from columns that are values already."""
        if self.uses_current and around.current is None:
            raise UsageError("logic-current", row=self.row, expression=self.text)
        if self.uses_today and around.today is None:
            raise UsageError("logic-today", row=self.row, expression=self.text)
        return _evaluate(self._tree, columns, around)

    def _values(self, frame: pd.DataFrame, current: pd.Series | None, today: Today | None, lang: Lang) -> Values:
        def column(name: str) -> Values:
            kind = self._kinds[name]
            return column_values(_cells(frame[name]), kind) if name in frame.columns else blanks(kind)

        own = None if current is None else column_values(_cells(current), self._current_kind)
        columns = {name: column(name) for name in self.names}
        return self.compute(columns.__getitem__, Surroundings(own, *day_and_moment(today), lang))


def truth(values: Values, n: int) -> BoolArray:
    """Return values as a condition of n rows."""
    found = lift(lambda one: boolean(to_boolean(one[0])), (values,)).by_row()
    return np.array(np.broadcast_to(found.data, n))


def compile_expression(
    text: str, instrument: Instrument, *, row: int, choice_columns: Collection[str] | None = None
) -> Expression:
    """Compile an expression of a form.

    Parameters
    ----------
    text
        XPath as XLSForm has it: ``${approved} = 'yes' and . <= today()``.
    instrument
        The form; its questions give the types.
    row
        Row of the `survey` sheet that it stands in; ``.`` is the question of that row.
    choice_columns
        Columns of the sheet `choices` that it may read as words alone: only a choice filter can.

    Raises
    ------
    CampaignError
        With sheet, row and expression: ``logic-syntax``, ``logic-too-long``; ``logic-function`` (unknown, with those
        that there are), ``logic-chance``, ``logic-file``, ``logic-repeat``, ``logic-device``, ``logic-document``,
        ``logic-dialect`` (a function that a table cannot answer, and why); ``logic-arguments``; ``logic-question``
        (unknown, with the nearest name), ``logic-repeated`` (inside a repeat), ``logic-no-question`` (``.`` where the
        row has none), ``logic-filter-current`` (``.`` in a choice filter), ``logic-filter-column`` (unknown);
        ``logic-pattern``, ``logic-quoted`` (a text that must be quoted and is not, or is wrong), ``logic-labels``
        (choices that the form does not have itself).
    """
    questions = {question.name: question for question in instrument.questions}
    own = next((question for question in instrument.questions if question.row == row), None)
    scope = Scope(questions, own, "" if own is None else own.repeat, choice_columns)
    return compile_in_scope(text, scope, row=row)


def compile_in_scope(text: str, scope: Scope, *, row: int) -> Expression:
    """Compile an expression, see :func:`compile_expression`."""
    try:
        refuse_functions(text)
        tree = resolve(parse(text), scope)
    except LogicError as fault:
        raise CampaignError(fault.code, sheet="survey", row=row, expression=text, **fault.fields) from None
    nodes = tuple(walk(tree))
    names = tuple(dict.fromkeys(node.name for node in nodes if isinstance(node, Name)))
    calls = {node.function for node in nodes if isinstance(node, Call)}
    return Expression(
        text=text,
        row=row,
        names=names,
        uses_current=any(isinstance(node, Current) for node in nodes),
        uses_today=bool(calls & {"today", "now"}),
        uses_now="now" in calls,
        uses_once="once" in calls,
        is_settled=all(map(_is_settled, nodes)),
        _tree=tree,
        _kinds={name: kind_of(scope.questions[name]) for name in names},
        _current_kind="text" if scope.own is None else kind_of(scope.own),
    )


def _is_settled(node: Node) -> bool:
    match node:
        case Call("format-date" | "format-date-time", (_, Text(form))):
            return not re.search("%[ab]", form)  # names of months and days
        case Call(function):
            return FUNCTIONS[function].settled
        case _:
            return not isinstance(node, Label)


def _evaluate(node: Node, columns: Columns, around: Surroundings) -> Values:
    match node:
        case Number(value):
            return number(value)
        case Text(value):
            return text(value) if value else EMPTY
        case Name(name):
            return columns(name)
        case ChoiceColumn(name):
            return around.choice[name]
        case Current():
            assert around.current is not None
            return around.current
        case Negation(operand):
            return lift(lambda one: negate(one[0]), (_evaluate(operand, columns, around),))
        case Operation(operator, left, right):
            both = _evaluate(left, columns, around), _evaluate(right, columns, around)
            return lift(lambda two: operate(operator, *two), both)
        case Label(value, choices):
            labels = {name: label.in_lang(around.lang) for name, label in choices.items()}
            named = _evaluate(value, columns, around)
            return lift(lambda one: text(each(lambda name: labels.get(name, ""), to_text(one[0]))), (named,))
        case Call(function, arguments):
            values = tuple([_evaluate(argument, columns, around) for argument in arguments])
            return _applied(FUNCTIONS[function], values, around)


def _applied(function: Function, values: tuple[Values, ...], around: Surroundings) -> Values:
    if function.by_row:
        return lift(lambda given: function.apply(given, around), values)
    return function.apply(values, around)


def day_and_moment(today: Today | None) -> tuple[Values | None, Values | None]:
    """Return what ``today()`` and ``now()`` give."""
    if today is None:
        return None, None
    if isinstance(today, date) and not isinstance(today, datetime):
        today = datetime(today.year, today.month, today.day) + timedelta(days=1, microseconds=-1)
    moments = np.atleast_1d(np.asarray(today)).astype("datetime64[us]")
    return Values("date", moments.astype("datetime64[D]")), Values("datetime", moments)


def _cells(column: pd.Series[Any]) -> npt.NDArray[np.object_]:
    return column.astype(object).to_numpy()
