"""What an expression may say: its questions, functions and quoted texts exist, and what is left out is filled in."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from evaltools.survey.instrument.model import BilingualText, Question
from evaltools.survey.logic.functions import FUNCTIONS
from evaltools.survey.logic.parser import (
    Call,
    ChoiceColumn,
    Current,
    Label,
    LogicError,
    Name,
    Negation,
    Node,
    Operation,
    Text,
)
from evaltools.survey.logic.signatures import NO_ARGUMENT_MEANS_CURRENT, Check, Function

CHOICE_NAME: Final = "jr:choice-name"

_QUESTION: Final = re.compile(r"\s*\$\{\s*([^\s{}#]+)\s*\}\s*")


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression can refer to.

    Attributes
    ----------
    questions
        By name.
    own
        The question that it belongs to, None where its row has none.
    repeat
        The repeat that it stands in, "" outside.
    choice_columns
        Columns of the sheet `choices` that it may read: those of the question's list in a choice filter, else none.
    """

    questions: Mapping[str, Question]
    own: Question | None
    repeat: str = ""
    choice_columns: Collection[str] | None = None


def resolve(node: Node, scope: Scope) -> Node:
    """Return an expression with its defaults filled in.

    Raises
    ------
    LogicError
        What :func:`evaltools.survey.logic.compile_expression` lists, but for the syntax.
    """
    match node:
        case Name(name):
            _check_name(name, scope)
        case Current():
            _check_current(scope)
        case ChoiceColumn(name, position):
            _check_column(name, position, scope)
        case Negation(operand):
            return Negation(resolve(operand, scope))
        case Operation(operator, left, right):
            return Operation(operator, resolve(left, scope), resolve(right, scope))
        case Call(function, arguments):
            return _call(function, tuple([resolve(argument, scope) for argument in arguments]), scope)
    return node


def _check_name(name: str, scope: Scope) -> None:
    question = scope.questions.get(name)
    if question is None:
        raise LogicError("logic-question", name=name, near=get_close_matches(name, scope.questions, n=3))
    # of other instances of a repeat a row knows nothing
    if question.repeat and question.repeat != scope.repeat:
        raise LogicError("logic-repeated", name=name, repeat=question.repeat)


def _check_current(scope: Scope) -> None:
    if scope.choice_columns is not None:
        raise LogicError("logic-filter-current")
    if scope.own is None:
        raise LogicError("logic-no-question")


def _check_column(name: str, position: int, scope: Scope) -> None:
    if scope.choice_columns is None:
        raise LogicError("logic-syntax", position=position, found=name)
    if name not in scope.choice_columns:
        raise LogicError("logic-filter-column", name=name, known=sorted(scope.choice_columns))


def _call(name: str, arguments: tuple[Node, ...], scope: Scope) -> Node:
    if name == CHOICE_NAME:
        return _label(arguments, scope)
    function = FUNCTIONS.get(name)
    if function is None:
        raise LogicError("logic-function", function=name, known=[*sorted(FUNCTIONS), CHOICE_NAME])
    if not arguments and name in NO_ARGUMENT_MEANS_CURRENT:
        _check_current(scope)
        return Call(name, (Current(),))
    _check_count(name, function, len(arguments))
    for place, check in function.quoted:
        if place < len(arguments):
            _check_quoted(name, place, arguments[place], check)
    return Call(name, arguments)


def _check_count(name: str, known: Function, count: int) -> None:
    if count < known.least or (known.most is not None and count > known.most) or (count - known.least) % known.step:
        if known.most is None:
            expected = f"≥{known.least}" if known.step == 1 else f"{known.least}, {known.least + known.step}, …"
        else:
            expected = f"{known.least}" if known.most == known.least else f"{known.least}–{known.most}"
        raise LogicError("logic-arguments", function=name, got=count, expected=expected)


def _check_quoted(name: str, place: int, argument: Node, check: Check) -> None:
    code = "logic-pattern" if name == "regex" else "logic-quoted"
    fields = {} if name == "regex" else {"function": name, "number": place + 1}
    if not isinstance(argument, Text):
        raise LogicError(code, **fields, problem="'...'")
    try:
        check(argument.value)
    except ValueError as problem:
        raise LogicError(code, **fields, problem=problem) from None


def _label(arguments: tuple[Node, ...], scope: Scope) -> Label:
    """Bind the second argument, a quoted reference, to the choices of its question."""
    if len(arguments) != 2:
        raise LogicError("logic-arguments", function=CHOICE_NAME, got=len(arguments), expected="2")
    quoted = arguments[1].value if isinstance(arguments[1], Text) else ""
    found = _QUESTION.fullmatch(quoted)
    if found is None:
        raise LogicError("logic-quoted", function=CHOICE_NAME, number=2, problem="'${…}'")
    _check_name(found[1], scope)
    question = scope.questions[found[1]]
    if not question.choices:
        raise LogicError("logic-labels", name=question.name)
    labels: dict[str, BilingualText] = {choice.name: choice.label for choice in question.choices}
    return Label(arguments[0], labels)
