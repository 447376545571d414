"""Which units are surely better than which: tests of all pairs with one critical value, sharpened step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaltools.stats.arrays import BoolArray, FloatArray

Sides = Literal["two-sided", "lower", "upper"]

ROUNDING = 1e-8  # share of two variances below which that of the difference is rounding


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """All ordered pairs of D units, a large value being good.

    Attributes
    ----------
    statistic : float array, shape (D, D)
        [j, k] is (estimate j - estimate k) / its standard error; 0 where the pair is not tested.
    inverse_se : float array, shape (D, D)
        One over the standard error of the difference; 0 where the pair is not tested.
    tested : bool array, shape (D, D)
        Off the diagonal, both units usable, and their difference varies.
    errors : float array, shape (D, R)
        Draws of the estimates' errors.
    """

    statistic: FloatArray
    inverse_se: FloatArray
    tested: BoolArray
    errors: FloatArray


def compare_pairs(estimate: FloatArray, covariance: FloatArray, usable: BoolArray, errors: FloatArray) -> Pairs:
    """Arrange the comparisons of all pairs.

    Parameters
    ----------
    estimate, covariance
        Shapes (D,) and (D, D), finite.
    usable : bool array, shape (D,)
        Units whose error is known; others are told apart from nobody.
    errors : float array, shape (D, R)
        Draws of the estimates' errors.
    """
    own = covariance.diagonal()
    both = own[:, None] + own
    variance = both - 2 * covariance
    tested = usable[:, None] & usable & (variance > ROUNDING * both)
    np.fill_diagonal(tested, val=False)
    inverse = np.where(tested, 1 / np.sqrt(np.where(tested, variance, 1.0)), 0.0)
    return Pairs((estimate[:, None] - estimate) * inverse, inverse, tested, errors)


def surely_better(pairs: Pairs, level: float) -> BoolArray:
    """Return who is better than whom, with confidence `level` in all statements together.

    Returns
    -------
    bool array, shape (D, D)
        [j, k]: unit j is surely better than unit k.

    Notes
    -----
    A pair is rejected where its statistic exceeds the quantile of the largest of (e_j - e_k)/se_jk over the pairs that
    are left; rejected pairs leave, and the quantile is taken anew until none is rejected.
    Source: Mogstad, Romano, Shaikh, Wilhelm (2024), Rev. Econ. Stud. 91, 476-518; Romano and Wolf (2005),
    Econometrica 73.
    """
    left = pairs.tested.copy()
    better = np.zeros_like(left)
    while left.any():
        rejected = left & (pairs.statistic > float(np.quantile(_largest(pairs, left), level)))
        if not rejected.any():
            break
        better |= rejected
        left &= ~rejected
    return better


def surely_better_of_one(pairs: Pairs, unit: int, level: float, sides: Sides) -> tuple[BoolArray, BoolArray]:
    """Return who is better, and who is worse, than one unit, with confidence `level` for this unit alone.

    Parameters
    ----------
    pairs, level
        As `surely_better`.
    unit
        Position of the unit.
    sides
        "lower" tests only who is better, "upper" only who is worse.

    Returns
    -------
    better, worse : bool arrays, shape (D,)
    """
    statistic = pairs.statistic[unit]
    scaled = (pairs.errors[unit] - pairs.errors) * pairs.inverse_se[unit][:, None]
    above = pairs.tested[unit] & (sides != "upper")
    below = pairs.tested[unit] & (sides != "lower")
    better, worse = np.zeros_like(above), np.zeros_like(below)
    while above.any() or below.any():
        largest = np.maximum(
            np.max(-scaled[above], axis=0, initial=-np.inf), np.max(scaled[below], axis=0, initial=-np.inf)
        )
        critical = float(np.quantile(largest, level))
        over, under = above & (-statistic > critical), below & (statistic > critical)
        if not (over.any() or under.any()):
            break
        better |= over
        worse |= under
        above &= ~over
        below &= ~under
    return better, worse


def _largest(pairs: Pairs, left: BoolArray) -> FloatArray:
    """Return, for each draw, the largest scaled difference of the pairs that are left; shape (R,)."""
    largest = np.full(pairs.errors.shape[1], -np.inf)
    for unit in np.flatnonzero(left.any(axis=1)):
        others = np.flatnonzero(left[unit])
        scaled = (pairs.errors[unit] - pairs.errors[others]) * pairs.inverse_se[unit, others][:, None]
        np.maximum(largest, scaled.max(axis=0), out=largest)
    return largest
