"""Operators and functions of form logic, each on whole columns.

Where XPath 1.0 and the ODK XForms specification differ, the specification is followed, and where clients agree on
something else (the answers of a checklist are taken as true or false), they are: it is what the phone did. `regex`
matches the whole text, comparing dates compares days. What needs a phone, another table or chance is not offered, see
:mod:`evaltools.survey.logic.refused`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from functools import reduce
from typing import Final

import numpy as np
import numpy.typing as npt

from evaltools.survey.logic.days import DAY_FUNCTIONS
from evaltools.survey.logic.places import PLACE_FUNCTIONS
from evaltools.survey.logic.signatures import Function, Surroundings, converted, of_numbers
from evaltools.survey.logic.texts import TEXT_FUNCTIONS
from evaltools.survey.logic.values import (
    MOMENT,
    BoolArray,
    FloatArray,
    Values,
    boolean,
    by_row,
    choose,
    each,
    lift,
    moment_of,
    number,
    to_boolean,
    to_moments,
    to_number,
)


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
        return boolean(_BY_SIZE[operator](to_number(left), to_number(right)))
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
    if kinds == {"text"}:
        return np.asarray(left.data == right.data, dtype=np.bool_)
    same = to_number(left) == to_number(right) if "number" in kinds else _instants(left) == _instants(right)
    # two unanswered questions are the same empty text
    return np.asarray(same | (left.is_blank() & right.is_blank()), dtype=np.bool_)


def _instants(values: Values) -> npt.NDArray[np.datetime64]:
    """Return the moments of days and of texts that are such; a text that is a number is none."""
    if values.kind == "text":
        return each(moment_of, values.data).astype(MOMENT)
    return to_moments(values).data


def _if(arguments: tuple[Values, ...], _: Surroundings) -> Values:
    return choose(*arguments)


def _coalesce(arguments: tuple[Values, ...], _: Surroundings) -> Values:
    return reduce(lambda so_far, spare: choose(_is_given(so_far), so_far, spare), arguments)


def _once(arguments: tuple[Values, ...], around: Surroundings) -> Values:
    return arguments[0] if around.current is None else _coalesce((around.current, arguments[0]), around)


def _is_given(values: Values) -> Values:
    return lift(lambda one: boolean(~one[0].is_blank()), (values,))


def _checklist(arguments: tuple[Values, ...], _: Surroundings) -> Values:
    ones = [(to_boolean(answer), np.ones(1)) for answer in arguments[2:]]
    return _within(arguments[0], arguments[1], ones)


def _weighted_checklist(arguments: tuple[Values, ...], _: Surroundings) -> Values:
    pairs = zip(arguments[2::2], arguments[3::2], strict=True)
    return _within(arguments[0], arguments[1], [(to_boolean(answer), to_number(weight)) for answer, weight in pairs])


def _within(least: Values, most: Values, answers: list[tuple[BoolArray, FloatArray]]) -> Values:
    """Say whether what is true weighs between two limits; a negative limit does not count, nor does no weight."""
    total = sum((np.where(answer, np.nan_to_num(weight), 0.0) for answer, weight in answers), np.zeros(1))
    lower, upper = to_number(least), to_number(most)
    return boolean(((lower < 0) | (total >= lower)) & ((upper < 0) | (total <= upper)))


def _round(arguments: tuple[Values, ...], _: Surroundings) -> Values:
    values = to_number(arguments[0])
    return number(_to_whole(values) if len(arguments) == 1 else _to_places(values, to_number(arguments[1])))


def _to_whole(values: FloatArray) -> FloatArray:
    """Round to the nearest whole number, halves up: adding a half first would lift what lies just below it."""
    floor = np.floor(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(values - floor >= 0.5, floor + 1, floor), dtype=np.float64)


def _to_places(values: FloatArray, places: FloatArray) -> FloatArray:
    """Round numbers as they are written in decimals, halves up; negative places count before the point."""
    values, places = np.broadcast_arrays(values, np.trunc(places))
    with np.errstate(over="ignore", invalid="ignore"):
        unit = np.power(10.0, np.abs(np.where(np.abs(places) <= 22, places, np.nan)))
        scaled = np.where(places < 0, values / unit, values * unit)
        whole = _to_whole(scaled)
        rounded = np.where(places < 0, whole * unit, whole / unit)
        # in binary the product may have fallen to the wrong side of a half
        is_sure = np.abs(scaled - np.floor(scaled) - 0.5) > 1e-9 * np.maximum(1, np.abs(scaled))
    unsure = np.flatnonzero(~is_sure & ~np.isnan(values))
    rounded[unsure] = by_row(_written_to_places, values[unsure], places[unsure])
    return rounded


def _written_to_places(value: float, places: float) -> float:
    if not np.isfinite(value):
        return value
    if not abs(places) <= 30:
        return np.nan
    unit = Decimal(1).scaleb(-int(places))
    try:
        return float(((Decimal(repr(float(value))) / unit) + Decimal("0.5")).quantize(1, ROUND_FLOOR) * unit)
    except InvalidOperation:  # more digits than a number holds: there is nothing to round
        return value


def _smallest(*columns: FloatArray) -> FloatArray:
    return reduce(np.minimum, columns)


def _largest(*columns: FloatArray) -> FloatArray:
    return reduce(np.maximum, columns)


_TRUTH_FUNCTIONS: Final[Mapping[str, Function]] = {
    "not": Function(1, 1, lambda arguments, _: boolean(~to_boolean(arguments[0]))),
    "true": Function(0, 0, lambda *_: boolean(True)),
    "false": Function(0, 0, lambda *_: boolean(False)),
    "boolean": Function(1, 1, converted(lambda values: boolean(to_boolean(values)))),
    "if": Function(3, 3, _if, by_row=False),
    "coalesce": Function(1, None, _coalesce, by_row=False),
    "once": Function(1, 1, _once, by_row=False),
    "checklist": Function(3, None, _checklist),
    "weighted-checklist": Function(4, None, _weighted_checklist, step=2),
}
_NUMBER_FUNCTIONS: Final[Mapping[str, Function]] = {
    "number": Function(1, 1, converted(lambda values: number(to_number(values)))),
    "int": Function(1, 1, of_numbers(np.trunc)),
    "round": Function(1, 2, _round),
    "floor": Function(1, 1, of_numbers(np.floor)),
    "ceiling": Function(1, 1, of_numbers(np.ceil)),
    "abs": Function(1, 1, of_numbers(np.abs)),
    "pow": Function(2, 2, of_numbers(np.power)),
    "sqrt": Function(1, 1, of_numbers(np.sqrt)),
    "exp": Function(1, 1, of_numbers(np.exp)),
    "exp10": Function(1, 1, of_numbers(lambda values: np.power(10.0, values))),
    "log": Function(1, 1, of_numbers(np.log)),
    "log10": Function(1, 1, of_numbers(np.log10)),
    "sin": Function(1, 1, of_numbers(np.sin)),
    "cos": Function(1, 1, of_numbers(np.cos)),
    "tan": Function(1, 1, of_numbers(np.tan)),
    "asin": Function(1, 1, of_numbers(np.arcsin)),
    "acos": Function(1, 1, of_numbers(np.arccos)),
    "atan": Function(1, 1, of_numbers(np.arctan)),
    "atan2": Function(2, 2, of_numbers(np.arctan2)),
    "pi": Function(0, 0, lambda *_: number(np.pi)),
    "min": Function(1, None, of_numbers(_smallest)),
    "max": Function(1, None, of_numbers(_largest)),
    # of the one answer that a question has outside a repeat
    "sum": Function(1, 1, of_numbers(lambda values: values)),
    "count-non-empty": Function(1, 1, lambda arguments, _: number(~arguments[0].is_blank())),
}

FUNCTIONS: Final[Mapping[str, Function]] = {
    **_TRUTH_FUNCTIONS,
    **_NUMBER_FUNCTIONS,
    **TEXT_FUNCTIONS,
    **DAY_FUNCTIONS,
    **PLACE_FUNCTIONS,
}
"""Functions that an expression may use."""
