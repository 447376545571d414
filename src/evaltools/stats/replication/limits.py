"""Standard errors, limits and p-values from replicates; axis 0 is that of the replicates."""

from __future__ import annotations

import numpy as np

from evaltools.stats.arrays import FloatArray, IntArray


def replicate_se(replicates: FloatArray) -> FloatArray:
    """Return the standard deviation of the replicates that are there, divisor R - 1; shape of one replicate."""
    there = np.isfinite(replicates)
    count = np.count_nonzero(there, axis=0)
    mean = np.where(there, replicates, 0.0).sum(axis=0) / np.maximum(count, 1)
    squares = np.where(there, (replicates - mean) ** 2, 0.0).sum(axis=0)
    return np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)


def percentile_limits(replicates: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Return the quantiles (1 - level)/2 and (1 + level)/2 of the replicates that are there.

    Notes
    -----
    The quantile p is the value at place p (R + 1) in order, between two places in proportion.
    Source: Davison and Hinkley (1997), Bootstrap Methods and their Application, section 5.3.
    """
    low, high = _quantiles(replicates, ((1 - level) / 2, (1 + level) / 2))
    return low, high


def studentised_limits(
    change: FloatArray, se: FloatArray, statistic: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Return change -+ q se with q the quantile of the replicates' absolute t.

    Parameters
    ----------
    change, se : float arrays
        The estimate and its linearised standard error.
    statistic : float array
        (replicate - change)/(standard error in the replicate); NaN where a replicate is lost.
    level
        Confidence level.

    Notes
    -----
    The symmetric form: of the bootstrap limits it covers best in simulation where few PSUs answer with skew. Infinite
    limits, where too many replicates have no variation, come back as NaN.
    Source: Hall (1988), J. R. Stat. Soc. B 50, 35-45; Rao and Wu (1988), J. Am. Stat. Assoc. 83, 231-241.
    """
    (quantile,) = _quantiles(np.abs(statistic), (level,))
    usable = (se > 0) & np.isfinite(change) & np.isfinite(quantile)
    half = np.where(usable, quantile, 0.0) * np.where(usable, se, 0.0)
    return np.where(usable, change - half, np.nan), np.where(usable, change + half, np.nan)


def studentised_p(change: FloatArray, se: FloatArray, statistic: FloatArray) -> FloatArray:
    """Return the two-sided p-value of no change from the replicates' t; NaN where se is 0.

    Notes
    -----
    (1 + number of |t*| >= |t|)/(R + 1): at most 1 - level where `studentised_limits` leave out 0.
    Source: Davison and Hinkley (1997), section 4.2.
    """
    usable = (se > 0) & np.isfinite(change)
    t = np.divide(change, se, out=np.zeros(change.shape), where=usable)
    beyond = np.count_nonzero(np.abs(statistic) >= np.abs(t), axis=0)
    count = np.count_nonzero(~np.isnan(statistic), axis=0)
    return np.where(usable & (count > 0), (1 + beyond) / (count + 1), np.nan)


def count_lost(replicates: FloatArray) -> IntArray:
    """Return how many replicates have no value."""
    return np.asarray(np.count_nonzero(~np.isfinite(replicates), axis=0), dtype=np.int64)


def _quantiles(values: FloatArray, probabilities: tuple[float, ...]) -> list[FloatArray]:
    """Return quantiles along axis 0 at places p (R + 1), leaving out NaN; infinite values count."""
    ordered = np.sort(values, axis=0)  # NaN last
    count = np.count_nonzero(~np.isnan(values), axis=0)
    found = []
    for p in probabilities:
        place = np.round(p * (count + 1), 9)  # (1 - 0.95)/2 is not 0.025 to the last bit
        place = np.clip(place, 1, np.maximum(count, 1)) - 1
        lower = np.floor(place).astype(np.int64)
        share = place - lower
        upper = np.minimum(lower + 1, np.maximum(count - 1, 0))
        first, second = (np.take_along_axis(ordered, at[None], axis=0)[0] for at in (lower, upper))
        with np.errstate(invalid="ignore"):
            between = first + share * (second - first)
        found.append(np.where((share == 0) | (first == second), first, np.where(np.isinf(first), first, between)))
    return found
