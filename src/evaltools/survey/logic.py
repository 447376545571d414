"""`relevant`, `constraint` and `calculation` of a form as expressions over whole columns of answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.errors import CampaignError, UsageError
from evaltools.survey.instrument_model import Instrument, Question, QuestionType
from evaltools.survey.logic_functions import FUNCTIONS, Surroundings, compiled_pattern, negate, operate
from evaltools.survey.logic_parser import (
    Call,
    Current,
    LogicError,
    Name,
    Negation,
    Node,
    Number,
    Operation,
    Text,
    parse,
)
from evaltools.survey.logic_values import BoolArray, Values, column_values, number, text, to_boolean

Today = date | npt.NDArray[np.datetime64] | pd.Series
"""The day on which the form was filled in: one for all rows, or one a row; with a time of day, `now()` gives it."""

_RECORDED: Final[Mapping[str, QuestionType]] = {"start": "datetime", "end": "datetime", "today": "date"}


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression. Make one with :func:`compile_expression`.

    Attributes
    ----------
    text, row
        As it stands in the form, and the row of its `survey` sheet.
    names
        Questions that it refers to with ``${}``, in the order in which they appear.
    uses_current, uses_today
        Whether it reads ``.``, and ``today()`` or ``now()``.
    """

    text: str
    row: int
    names: tuple[str, ...]
    uses_current: bool
    uses_today: bool
    _tree: Node = field(repr=False)
    _types: Mapping[str, QuestionType] = field(repr=False, hash=False)
    _current_type: QuestionType = field(repr=False)

    def evaluate(
        self, frame: pd.DataFrame, current: pd.Series | None = None, *, today: Today | None = None
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

        Returns
        -------
        array, shape (n,)
            bool for conditions, float64 (NaN: no number), object of str, datetime64[D] or datetime64[us].

        Raises
        ------
        UsageError
            ``logic-current`` or ``logic-today`` where the expression needs what was not given.
        """
        values = self._values(frame, current, today)
        return np.array(np.broadcast_to(values.data, len(frame)))

    def holds(self, frame: pd.DataFrame, current: pd.Series | None = None, *, today: Today | None = None) -> BoolArray:
        """Say in which rows the expression is true, as a condition of the form is; see :meth:`evaluate`."""
        return np.array(np.broadcast_to(to_boolean(self._values(frame, current, today)), len(frame)))

    def _values(self, frame: pd.DataFrame, current: pd.Series | None, today: Today | None) -> Values:
        if self.uses_current and current is None:
            raise UsageError("logic-current", row=self.row, expression=self.text)
        if self.uses_today and today is None:
            raise UsageError("logic-today", row=self.row, expression=self.text)
        own = None if current is None else column_values(current, self._current_type)
        columns = {
            name: column_values(frame[name], self._types[name]) if name in frame.columns else text("")
            for name in self.names
        }
        return _evaluate(self._tree, columns, Surroundings(own, *_day_and_moment(today)))


def compile_expression(text: str, instrument: Instrument, *, row: int) -> Expression:
    """Compile an expression of a form.

    Parameters
    ----------
    text
        XPath as XLSForm has it: ``${approved} = 'yes' and . <= today()``.
    instrument
        The form; its questions give the types.
    row
        Row of the `survey` sheet that it stands in; ``.`` is the question of that row.

    Raises
    ------
    CampaignError
        With sheet, row and expression: ``logic-syntax``, ``logic-too-long``, ``logic-function`` (not offered, with
        those that are), ``logic-arguments``, ``logic-question`` (unknown, with the nearest name), ``logic-no-question``
        (``.`` where the row has none), ``logic-pattern`` (not a regular expression, or not quoted).
    """
    try:
        tree = parse(text)
        nodes = tuple(_walk(tree))
        types = {question.name: _type_of(question) for question in instrument.questions}
        own = next((_type_of(question) for question in instrument.questions if question.row == row), None)
        for node in nodes:
            _check(node, types, own)
    except LogicError as fault:
        raise CampaignError(fault.code, sheet="survey", row=row, expression=text, **fault.fields) from None
    names = tuple(dict.fromkeys(node.name for node in nodes if isinstance(node, Name)))
    calls = {node.function for node in nodes if isinstance(node, Call)}
    return Expression(
        text=text,
        row=row,
        names=names,
        uses_current=any(isinstance(node, Current) for node in nodes),
        uses_today=bool(calls & {"today", "now"}),
        _tree=tree,
        _types={name: types[name] for name in names},
        _current_type=own or "text",
    )


def _type_of(question: Question) -> QuestionType:
    if question.type != "metadata":
        return question.type
    return _RECORDED.get(question.list_name, "text")


def _walk(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        match node:
            case Call(_, arguments):
                waiting.extend(reversed(arguments))
            case Negation(operand):
                waiting.append(operand)
            case Operation(_, left, right):
                waiting.extend((right, left))


def _check(node: Node, types: Mapping[str, QuestionType], own: QuestionType | None) -> None:
    match node:
        case Name(name) if name not in types:
            raise LogicError("logic-question", name=name, near=get_close_matches(name, types, n=3))
        case Current() if own is None:
            raise LogicError("logic-no-question")
        case Call(function, arguments):
            _check_call(function, arguments)


def _check_call(function: str, arguments: tuple[Node, ...]) -> None:
    known = FUNCTIONS.get(function)
    if known is None:
        raise LogicError("logic-function", function=function, known=sorted(FUNCTIONS))
    if len(arguments) < known.least or (known.most is not None and len(arguments) > known.most):
        span = (
            known.least
            if known.most == known.least
            else f"{known.least}–{known.most}"
            if known.most
            else f"≥{known.least}"
        )
        raise LogicError("logic-arguments", function=function, got=len(arguments), expected=span)
    if function == "regex":
        if not isinstance(arguments[1], Text):
            raise LogicError("logic-pattern", problem="'...'")
        try:
            compiled_pattern(arguments[1].value)
        except re.error as problem:
            raise LogicError("logic-pattern", problem=problem) from None


def _evaluate(node: Node, columns: Mapping[str, Values], around: Surroundings) -> Values:
    match node:
        case Number(value):
            return number(value)
        case Text(value):
            return text(value)
        case Name(name):
            return columns[name]
        case Current():
            assert around.current is not None
            return around.current
        case Negation(operand):
            return negate(_evaluate(operand, columns, around))
        case Operation(operator, left, right):
            return operate(operator, _evaluate(left, columns, around), _evaluate(right, columns, around))
        case Call(function, arguments):
            values = tuple([_evaluate(argument, columns, around) for argument in arguments])
            return FUNCTIONS[function].apply(values, around)


def _day_and_moment(today: Today | None) -> tuple[Values | None, Values | None]:
    if today is None:
        return None, None
    if isinstance(today, date) and not isinstance(today, datetime):
        today = datetime(today.year, today.month, today.day) + timedelta(days=1, microseconds=-1)
    moments = np.atleast_1d(np.asarray(today)).astype("datetime64[us]")
    return Values("date", moments.astype("datetime64[D]")), Values("datetime", moments)
