"""Operators and functions of form logic, each on whole columns.

Where XPath 1.0 and the ODK XForms specification differ, the specification is followed, for it is what the phone did:
`regex` matches the whole text, comparing dates compares days. What needs a phone, a repeat or an attached file
(`position`, `pulldata`, `jr:choice-name`, `random` ...) is not offered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Final

import numpy as np

from evaltools.survey.logic_values import (
    BoolArray,
    FloatArray,
    Kind,
    Values,
    boolean,
    by_row,
    each,
    merge,
    number,
    text,
    to_boolean,
    to_days,
    to_moments,
    to_number,
    to_text,
)

_HYPHEN_AFTER_CLASS: Final = re.compile(r"(?<!\\)(\\[wdsWDS])-")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an expression reads besides its questions: its own question (``.``), the day and the time of answering."""

    current: Values | None
    today: Values | None
    now: Values | None


@dataclass(frozen=True, slots=True)
class Function:
    """A function with the number of arguments that it takes; `most` None: as many as one likes."""

    least: int
    most: int | None
    apply: Callable[[tuple[Values, ...], Surroundings], Values]


def negate(operand: Values) -> Values:
    """Return the negative numbers."""
    return number(-to_number(operand))


def operate(operator: str, left: Values, right: Values) -> Values:
    """Apply an operator, converting both sides as XPath does."""
    if operator in ("and", "or"):
        both = to_boolean(left), to_boolean(right)
        return boolean(both[0] & both[1] if operator == "and" else both[0] | both[1])
    if operator in ("=", "!="):
        same = _equal(left, right)
        return boolean(same if operator == "=" else ~same)
    if operator in _BY_SIZE:
        days = bool({left.kind, right.kind} & {"date", "datetime"})
        return boolean(_BY_SIZE[operator](to_number(left, days=days), to_number(right, days=days)))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return number(_ARITHMETIC[operator](to_number(left), to_number(right)))


_BY_SIZE: Final[Mapping[str, Callable[[FloatArray, FloatArray], BoolArray]]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
# np.fmod keeps the sign of the dividend, as XPath's mod does
_ARITHMETIC: Final[Mapping[str, Callable[[FloatArray, FloatArray], FloatArray]]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "div": np.divide,
    "mod": np.fmod,
}


def _equal(left: Values, right: Values) -> BoolArray:
    kinds = {left.kind, right.kind}
    if "boolean" in kinds:
        return np.asarray(to_boolean(left) == to_boolean(right), dtype=np.bool_)
    if "number" in kinds or kinds <= {"date", "datetime"}:
        # two unanswered questions are the same empty text
        both_blank = left.is_blank() & right.is_blank()
        return np.asarray((to_number(left) == to_number(right)) | both_blank, dtype=np.bool_)
    return np.asarray(to_text(left) == to_text(right), dtype=np.bool_)


def _texts(function: Callable[..., object], kind: Kind) -> Callable[[tuple[Values, ...], Surroundings], Values]:
    """Lift a function of texts to columns."""

    def apply(arguments: tuple[Values, ...], _: Surroundings) -> Values:
        result = each(function, *(to_text(argument) for argument in arguments))
        if kind == "text":
            return text(result)
        return boolean(result) if kind == "boolean" else number(result)

    return apply


def _numbers(function: Callable[..., FloatArray]) -> Callable[[tuple[Values, ...], Surroundings], Values]:
    """Lift a function of number columns."""

    def apply(arguments: tuple[Values, ...], _: Surroundings) -> Values:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return number(function(*(to_number(argument) for argument in arguments)))

    return apply


def _converted(convert: Callable[[Values], Values]) -> Callable[[tuple[Values, ...], Surroundings], Values]:
    return lambda arguments, _: convert(arguments[0])


def _if(arguments: tuple[Values, ...], _: Surroundings) -> Values:
    return merge(to_boolean(arguments[0]), arguments[1], arguments[2])


def _coalesce(arguments: tuple[Values, ...], _: Surroundings) -> Values:
    return reduce(lambda so_far, spare: merge(~so_far.is_blank(), so_far, spare), arguments)


def _once(arguments: tuple[Values, ...], around: Surroundings) -> Values:
    return arguments[0] if around.current is None else _coalesce((around.current, arguments[0]), around)


def _today(_: tuple[Values, ...], around: Surroundings) -> Values:
    assert around.today is not None
    return around.today


def _now(_: tuple[Values, ...], around: Surroundings) -> Values:
    assert around.now is not None
    return around.now


def _concat(*parts: str) -> str:
    return "".join(parts)


def _selected(answer: str, name: str) -> bool:
    return name.strip() in answer.split()


def _selected_at(answer: str, position: str) -> str:
    names = answer.split()
    return names[int(position)] if position.isdecimal() and int(position) < len(names) else ""


def _substring(values: tuple[Values, ...], _: Surroundings) -> Values:
    """Take signs from a position, counted from 1, as XPath 1.0 rounds them."""
    start = np.floor(to_number(values[1]) + 0.5)
    end = start + np.floor(to_number(values[2]) + 0.5) if len(values) > 2 else np.full(1, np.inf)
    return text(by_row(_signs_between, to_text(values[0]), start, end))


def _signs_between(value: str, start: float, end: float) -> str:
    return "".join(sign for place, sign in enumerate(value, start=1) if start <= place < end)


def _substr(values: tuple[Values, ...], _: Surroundings) -> Values:
    """Take signs between two positions, counted from 0, the second one not included; negative ones from the end."""
    end = to_number(values[2]) if len(values) > 2 else np.full(1, np.inf)
    return text(by_row(_slice, to_text(values[0]), to_number(values[1]), end))


def _slice(value: str, start: float, end: float) -> str:
    if np.isnan(start) or np.isnan(end):
        return ""
    return value[int(start) : None if np.isinf(end) else int(end)]


def _before(value: str, mark: str) -> str:
    return value.partition(mark)[0] if mark and mark in value else ""


def _after(value: str, mark: str) -> str:
    return value.partition(mark)[2] if mark else value


def _translate(value: str, old: str, new: str) -> str:
    table: dict[int, str] = {}
    for place, sign in enumerate(old):
        table.setdefault(ord(sign), new[place] if place < len(new) else "")
    return value.translate(table)


def _normal_space(value: str) -> str:
    return " ".join(value.split())


@lru_cache(maxsize=256)
def compiled_pattern(pattern: str) -> re.Pattern[str]:
    r"""Return a pattern of `regex`, compiled as the phone's engines (Java, JavaScript) read it.

    There ``\w`` and ``\d`` are ASCII, and ``[\w-.]`` holds a hyphen.

    Raises
    ------
    re.error
        The pattern is not a regular expression.
    """
    return re.compile(_HYPHEN_AFTER_CLASS.sub(r"\1\-", pattern), re.ASCII)


def _regex(value: str, pattern: str) -> bool:
    return compiled_pattern(pattern).fullmatch(value) is not None


def _round(values: FloatArray, places: FloatArray | None = None) -> FloatArray:
    scale = np.float64(1.0) if places is None else np.power(10.0, places)
    return np.asarray(np.floor(values * scale + 0.5) / scale, dtype=np.float64)


def _smallest(*columns: FloatArray) -> FloatArray:
    return reduce(np.minimum, columns)


def _largest(*columns: FloatArray) -> FloatArray:
    return reduce(np.maximum, columns)


def _as_text(values: Values) -> Values:
    return text(to_text(values))


FUNCTIONS: Final[Mapping[str, Function]] = {
    "not": Function(1, 1, lambda arguments, _: boolean(~to_boolean(arguments[0]))),
    "true": Function(0, 0, lambda *_: boolean(True)),
    "false": Function(0, 0, lambda *_: boolean(False)),
    "boolean": Function(1, 1, _converted(lambda values: boolean(to_boolean(values)))),
    "number": Function(1, 1, _converted(lambda values: number(to_number(values)))),
    "string": Function(1, 1, _converted(_as_text)),
    "date": Function(1, 1, _converted(to_days)),
    "date-time": Function(1, 1, _converted(to_moments)),
    "decimal-date-time": Function(1, 1, _converted(lambda values: number(to_number(values, days=True)))),
    "today": Function(0, 0, _today),
    "now": Function(0, 0, _now),
    "if": Function(3, 3, _if),
    "coalesce": Function(1, None, _coalesce),
    "once": Function(1, 1, _once),
    "selected": Function(2, 2, _texts(_selected, "boolean")),
    "selected-at": Function(2, 2, _texts(_selected_at, "text")),
    "count-selected": Function(1, 1, _texts(lambda answer: len(answer.split()), "number")),
    "int": Function(1, 1, _numbers(np.trunc)),
    "round": Function(1, 2, _numbers(_round)),
    "floor": Function(1, 1, _numbers(np.floor)),
    "ceiling": Function(1, 1, _numbers(np.ceil)),
    "abs": Function(1, 1, _numbers(np.abs)),
    "pow": Function(2, 2, _numbers(np.power)),
    "sqrt": Function(1, 1, _numbers(np.sqrt)),
    "min": Function(1, None, _numbers(_smallest)),
    "max": Function(1, None, _numbers(_largest)),
    "concat": Function(1, None, _texts(_concat, "text")),
    "contains": Function(2, 2, _texts(lambda value, part: part in value, "boolean")),
    "starts-with": Function(2, 2, _texts(str.startswith, "boolean")),
    "ends-with": Function(2, 2, _texts(str.endswith, "boolean")),
    "string-length": Function(1, 1, _texts(len, "number")),
    "normalize-space": Function(1, 1, _texts(_normal_space, "text")),
    "substring": Function(2, 3, _substring),
    "substr": Function(2, 3, _substr),
    "substring-before": Function(2, 2, _texts(_before, "text")),
    "substring-after": Function(2, 2, _texts(_after, "text")),
    "translate": Function(3, 3, _texts(_translate, "text")),
    "regex": Function(2, 2, _texts(_regex, "boolean")),
}
"""Functions that an expression may use."""
