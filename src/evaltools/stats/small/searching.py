"""Asymptotic shift and limits found by a search to a tolerance, as R finds them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy import special

from evaltools.stats.arrays import FloatArray
from evaltools.stats.small import ranks

Statistic = Callable[[float, bool], float]
Searched = tuple[float, float, float]  # shift, lower and upper limit

MOST_STEPS = 1000
_EPSILON = float(np.finfo(np.float64).eps)


def search_pairs(moved: FloatArray, correct: bool, level: float, tolerance: float) -> Searched:
    """Search the shift of pairs and its limits.

    Parameters
    ----------
    moved : float array, shape (N,)
        Differences that are not 0.
    correct, level
        Continuity correction of the limits, and their level, which the extreme differences must reach.
    tolerance
        Of the search, in the unit of the differences.
    """

    def statistic(shift: float, corrected: bool) -> float:
        left = moved - shift
        left = left[left != 0]
        n = left.size
        rank = ranks.double_ranks(np.abs(left)) / 2
        away = float(rank[left > 0].sum()) - n * (n + 1) / 4
        spread = math.sqrt(n * (n + 1) * (2 * n + 1) / 24 - ranks.tie_term(np.abs(left)) / 48)
        return _standardise(away, spread, corrected)

    return _search(statistic, float(moved.min()), float(moved.max()), correct, level, tolerance)


def search_samples(x: FloatArray, y: FloatArray, correct: bool, level: float, tolerance: float) -> Searched:
    """Search the shift of two samples, x (N,) above y (M,), and its limits; see `search_pairs`."""
    first, second = x.size, y.size
    total = first + second

    def statistic(shift: float, corrected: bool) -> float:
        values = np.concatenate((x - shift, y))
        rank = ranks.double_ranks(values) / 2
        away = float(rank[:first].sum()) - first * (first + 1) / 2 - first * second / 2
        ties = ranks.tie_term(values) / (total * (total - 1))
        return _standardise(away, math.sqrt(first * second / 12 * (total + 1 - ties)), corrected)

    return _search(statistic, float(x.min() - y.max()), float(x.max() - y.min()), correct, level, tolerance)


def find_root(
    function: Callable[[float], float], low: float, high: float, at_ends: tuple[float, float], tolerance: float
) -> float:
    """Return where a function of opposite signs at both ends crosses 0, or jumps over it.

    Parameters
    ----------
    function
        Of one number.
    low, high, at_ends
        The ends, and its values there.
    tolerance
        Width of the bracket, halved, at which the search stops.

    Notes
    -----
    Secant or inverse quadratic steps while they fall inside three quarters of the bracket and halve the step before the
    last, else bisection; a step is never below half the tolerance. Equals R 4.2.2 `uniroot` step by step.
    Source: Brent (1973), Algorithms for Minimization without Derivatives, ch. 4.
    """
    (a, b), (value_a, value_b) = (low, high), at_ends
    if value_a == 0:
        return a
    c, value_c = a, value_a
    for _ in range(MOST_STEPS):
        before = b - a
        if abs(value_c) < abs(value_b):
            a, b, c = b, c, b
            value_a, value_b, value_c = value_b, value_c, value_b
        least = 2 * _EPSILON * abs(b) + tolerance / 2
        step = (c - b) / 2
        if abs(step) <= least or value_b == 0:
            return b
        if abs(before) >= least and abs(value_a) > abs(value_b):
            step = _interpolate((a, b, c), (value_a, value_b, value_c), before, least, step)
        if abs(step) < least:
            step = math.copysign(least, step)
        a, value_a = b, value_b
        b += step
        value_b = function(b)
        if value_b * value_c > 0:
            c, value_c = a, value_a
    return b


def _interpolate(
    places: tuple[float, float, float], values: tuple[float, float, float], before: float, least: float, half: float
) -> float:
    (a, b, c), (value_a, value_b, value_c) = places, values
    span, ratio = c - b, value_b / value_a
    if a == c:
        p, q = span * ratio, 1 - ratio
    else:
        first, second = value_a / value_c, value_b / value_c
        p = ratio * (span * first * (first - second) - (b - a) * (second - 1))
        q = (first - 1) * (second - 1) * (ratio - 1)
    p, q = (p, -q) if p > 0 else (-p, q)
    inside = p < 0.75 * span * q - abs(least * q) / 2 and p < abs(before * q / 2)
    return p / q if inside else half


def _search(
    statistic: Statistic, lowest: float, highest: float, correct: bool, level: float, tolerance: float
) -> Searched:
    ends = {corrected: (statistic(lowest, corrected), statistic(highest, corrected)) for corrected in {correct, False}}
    quantile = float(special.ndtri((1 + level) / 2))

    def root(target: float, corrected: bool) -> float:
        first, last = (value - target for value in ends[corrected])
        if first <= 0:
            return lowest
        if last >= 0:
            return highest
        return find_root(lambda d: statistic(d, corrected) - target, lowest, highest, (first, last), tolerance)

    return root(0.0, False), root(quantile, correct), root(-quantile, correct)


def _standardise(away: float, spread: float, corrected: bool) -> float:
    if corrected:
        away -= math.copysign(0.5, away) if away else 0.0
    return away / spread
