"""Calculated values: what a form stores of a result, and whether two such texts say the same."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from evaltools.survey.logic.expression import truth
from evaltools.survey.logic.functions import operate
from evaltools.survey.logic.values import BoolArray, TextArray, Values, lift, moment_of, number_of, text, to_text

_TRUTH: Final = {"true": "1", "false": "0"}


def stored_text(values: Values, n: int) -> TextArray:
    """Return what a form of n rows stores of a result: its text, and nothing of what is no number."""
    found = lift(lambda one: text(_stored(one[0])), (values,)).by_row()
    return np.array(np.broadcast_to(found.data, n))


def _stored(values: Values) -> TextArray:
    texts = to_text(values)
    return np.where(np.isnan(values.data), "", texts).astype(object) if values.kind == "number" else texts


def differing(exported: Values, computed: Values, rows: BoolArray) -> BoolArray:
    """Return those of some rows in which an exported text does not say what was computed."""
    found = rows
    if computed.kind == "number":
        # most are equal, and numbers are compared faster than they are written
        found = rows & ~truth(lift(lambda two: operate("=", *two), (exported, computed)), len(rows))
    places = np.flatnonzero(found)
    one, other = (stored_text(values.rows(places), len(places)) for values in (exported, computed))
    unequal = np.flatnonzero(one != other)
    result = np.zeros(len(rows), dtype=np.bool_)
    result[places[unequal]] = [not says_the_same(*pair) for pair in zip(one[unequal], other[unequal], strict=True)]
    return result


def says_the_same(exported: str, computed: str) -> bool:
    """Say whether two texts differ in nothing but how a number, a truth value or a moment is written."""
    one, other = exported.strip().casefold(), computed.strip().casefold()
    if _TRUTH.get(one, one) == _TRUTH.get(other, other):
        return True
    moments = [moment_of(value.strip().replace(" ", "T")) for value in (exported, computed)]
    if all(moments):
        return moments[0] == moments[1]
    # a spreadsheet keeps 15 digits
    return math.isclose(number_of(one), number_of(other), rel_tol=1e-9, abs_tol=1e-12)
