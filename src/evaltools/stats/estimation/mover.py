"""Interval and p-value of a difference of two proportions from the limits of each (MOVER)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from evaltools.errors import UsageError
from evaltools.stats.arrays import FloatArray
from evaltools.stats.estimation.statistic import Statistic
from evaltools.stats.intervals import effective_answers, wilson_interval

if TYPE_CHECKING:
    from evaltools.stats.differences import ChangeEstimate

Limits = tuple[FloatArray, FloatArray]

_FARTHEST = 30.0  # z beyond which p, below 1e-196, is no longer sought
_HALVINGS = 60


def mover_interval(
    first: FloatArray, last: FloatArray, first_limits: Limits, last_limits: Limits, correlation: FloatArray
) -> Limits:
    """Return limits of `last` minus `first` from the limits of each and the correlation of the two estimates.

    Parameters
    ----------
    first, last : float arrays
        The two estimates, such as proportions.
    first_limits, last_limits : two float arrays each
        Lower and upper limits of each at the level wanted.
    correlation : float array
        Correlation of the two estimates, from -1 to 1; 0 for independent samples, phi of the 2 x 2 table for pairs.

    Returns
    -------
    low, high : float arrays
        All arrays broadcast; NaN in, NaN out.

    Notes
    -----
    low = d - sqrt(a^2 - 2 r a b + b^2) with a = last - lower limit of last, b = upper limit of first - first; high
    likewise with the other two limits.
    Source: Newcombe (1998), Stat. Med. 17, 873-890 (independent) and 2635-2650 (paired); Zou and Donner (2008), Stat.
    Med. 27, 1693-1702.
    """
    down = _hypotenuse(last - last_limits[0], first_limits[1] - first, correlation)
    up = _hypotenuse(last_limits[1] - last, first - first_limits[0], correlation)
    return last - first - down, last - first + up


def invert_interval(change: FloatArray, limits_at: Callable[[FloatArray], Limits]) -> FloatArray:
    """Return the p-value of no change: 1 minus the level at which the interval just reaches 0.

    Parameters
    ----------
    change : float array
        The estimate; its p is 1 where it is 0.
    limits_at
        Takes the normal quantile z of a level (p = 2 Phi(-z)), of the shape of `change`, and returns the limits.
    """
    low, high = np.zeros(change.shape), np.full(change.shape, _FARTHEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        lower, upper = limits_at(middle)
        with np.errstate(invalid="ignore"):
            excludes = np.where(change > 0, lower > 0, upper < 0)
        low, high = np.where(excludes, middle, low), np.where(excludes, high, middle)
    p = np.where(change == 0, 1.0, 2 * special.ndtr(-(low + high) / 2))
    known = np.isfinite(change) & np.isfinite(limits_at(np.ones(change.shape))[0])
    return np.where(known, p, np.nan)


def mover_of_waves(
    shares: FloatArray,
    sizes_at: Callable[[FloatArray], FloatArray],
    correlation: FloatArray,
    level: float,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return limits and p of the change of proportions, from Wilson's limits at effective numbers of answers.

    Parameters
    ----------
    shares : float array, shape (2, ...)
        Proportions, baseline and endline.
    sizes_at
        Takes a tail (1 - level)/2 and returns the independent answers behind each, shape (2, ...).
    correlation : float array
        Of the two estimates.
    level
        Confidence level.

    Returns
    -------
    low, high, p : float arrays
    """

    def limits_at(z: FloatArray) -> Limits:
        tail = special.ndtr(-z)
        limits = wilson_interval(shares, sizes_at(tail), tail)
        return mover_interval(
            shares[0], shares[1], (limits[0][0], limits[1][0]), (limits[0][1], limits[1][1]), correlation
        )

    change = shares[1] - shares[0]
    low, high = limits_at(np.full(change.shape, -special.ndtri((1 - level) / 2)))
    return low, high, invert_interval(change, limits_at)


def require_mover(statistic: Statistic) -> None:
    """Raise ``option-pair`` unless the statistic is a share, or a mean, which may be one."""
    if statistic.p is not None or not (statistic.form == "proportion" or statistic.label == "mean"):
        raise UsageError("option-pair", option="ci", value="mover", other="stat", other_value=statistic.label)


def mover_limits(found: ChangeEstimate, level: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return limits and p of every change, shape (D, I), from the errors of both waves that were kept with it."""
    shares, n, psus = (
        np.stack([first, last]).astype(np.float64)
        for first, last in (
            (found.baseline, found.endline),
            (found.n_baseline, found.n_endline),
            (found.psu_baseline, found.psu_endline),
        )
    )
    se, df = (
        np.stack(parts, axis=2)
        for parts in (
            [np.sqrt(np.maximum(waves.variance, 0.0)) for waves in found.wave_errors],
            [waves.df for waves in found.wave_errors],
        )
    )
    covariance = np.stack([waves.covariance for waves in found.wave_errors], axis=1)
    both = se[0] * se[1]
    correlation = np.clip(np.divide(covariance, both, out=np.zeros(both.shape), where=both > 0), -1, 1)
    if found.design.plain:
        return mover_of_waves(shares, lambda tail: n, correlation, level)
    sizes = effective_answers(shares, se, n - 1, n, psus, 0.025)  # with as many degrees of freedom as answers
    correlation = shrink_correlation(correlation, shares, sizes)
    return mover_of_waves(shares, lambda tail: effective_answers(shares, se, df, n, psus, tail), correlation, level)


def shrink_correlation(correlation: FloatArray, shares: FloatArray, sizes: FloatArray) -> FloatArray:
    """Return a correlation of two proportions less Newcombe's continuity correction, where it is above 0.

    Parameters
    ----------
    correlation : float array
        Of the two estimates.
    shares, sizes : float arrays, shape (2, ...)
        The proportions, and the independent answers behind them.

    Notes
    -----
    r - 1/(2 sqrt(n1 n2 p1 q1 p2 q2)), not below 0. For n pairs this is phi with ad - bc - n/2 in place of ad - bc.
    Source: Newcombe (1998), Stat. Med. 17, 2635-2650, method 10.
    """
    spread = np.prod(sizes * shares * (1 - shares), axis=0)
    step = np.divide(0.5, np.sqrt(np.maximum(spread, 0.0)), out=np.ones(spread.shape), where=spread > 0)
    return np.where(correlation > 0, np.maximum(correlation - step, 0.0), correlation)


def _hypotenuse(a: FloatArray, b: FloatArray, correlation: FloatArray) -> FloatArray:
    return np.sqrt(np.maximum(a * a - 2 * correlation * a * b + b * b, 0.0))
