"""One-sided limits and p-values of shares, quantiles and means at their effective size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats as sps

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

ROUNDING = 1e-12  # relative difference that is but one of binary fractions


def effective_size(
    share: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray, n_psu: FloatArray, *, alpha: float
) -> FloatArray:
    """Return the number of independent answers that would give the same error, corrected for few degrees of freedom.

    Parameters
    ----------
    share, se, df
        Estimated share (0 to 1), its design-based standard error and degrees of freedom; any shape.
    n, n_psu
        Answers and PSUs. Where nothing varies the error says nothing, and the PSUs count: answers of one PSU may agree.
    alpha
        One-sided error.

    Returns
    -------
    array
        At most `n`. NaN where the share is, or has no degrees of freedom.

    Notes
    -----
    n* = p(1-p)/se^2 (t[n-1] / t[df])^2. Source: Korn and Graubard (1998), Survey Methodology 24, 193-201.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        variance_ratio = share * (1 - share) / se**2
        t_ratio = sps.t.isf(alpha, np.maximum(n - 1, 1)) / sps.t.isf(alpha, df)
        adjusted = variance_ratio * t_ratio**2
    flat = (se <= 0) | (share <= 0) | (share >= 1)
    size = np.where(flat, n_psu, np.minimum(adjusted, n))
    return np.where(np.isfinite(share) & (n_psu > 0), size, np.nan)


def share_limits(share: FloatArray, size: FloatArray, *, alpha: float) -> tuple[FloatArray, FloatArray]:
    """Return both one-sided limits of a share by Clopper and Pearson (1934), each with error `alpha`."""
    hits = share * size
    with np.errstate(invalid="ignore"):
        low = np.where(hits > 0, sps.beta.ppf(alpha, hits, size - hits + 1), 0.0)
        high = np.where(size - hits > 0, sps.beta.isf(alpha, hits + 1, size - hits), 1.0)
    known = np.isfinite(hits)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def share_p(
    share: FloatArray, size: FloatArray, *, at_most: float | None = None, at_least: float | None = None
) -> FloatArray:
    """Return the exact p-value against "the share keeps its limit"; below alpha where the one-sided limit passes it.

    Give one of `at_most` and `at_least`.
    """
    if at_most is None:
        return share_p(1 - share, size, at_most=1 - float(at_least or 0.0))
    hits = share * size
    with np.errstate(invalid="ignore"):
        p = np.where(hits > 0, sps.beta.cdf(at_most, hits, size - hits + 1), 1.0)
    return np.where(np.isfinite(hits), p, np.nan)


def mean_limits(mean: FloatArray, se: FloatArray, df: FloatArray, *, alpha: float) -> tuple[FloatArray, FloatArray]:
    """Return one-sided limits by Student's t; NaN where nothing varies or no degrees of freedom are left."""
    with np.errstate(invalid="ignore"):
        reach = sps.t.isf(alpha, df) * np.where(se > 0, se, np.nan)
    return mean - reach, mean + reach


def mean_p(
    mean: FloatArray, se: FloatArray, df: FloatArray, *, at_most: float | None = None, at_least: float | None = None
) -> FloatArray:
    """Return the p-value against "the mean keeps its limit", by Student's t; NaN where nothing varies.

    Give one of `at_most` and `at_least`.
    """
    beyond = mean - at_most if at_most is not None else float(at_least or 0.0) - mean
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sps.t.sf(beyond / np.where(se > 0, se, np.nan), df), dtype=np.float64)


def keeps(
    low: FloatArray, high: FloatArray, *, at_most: float | None = None, at_least: float | None = None
) -> BoolArray:
    """Return where all values between `low` and `high` keep the limit; the limit itself does, NaN does not.

    Nine of ten are 0.9 whatever a sum of binary fractions makes of them: the 12th digit decides nothing.
    """
    limit = float(at_most if at_most is not None else at_least or 0.0)
    slack = ROUNDING * max(abs(limit), 1.0)
    return np.asarray(high <= limit + slack if at_most is not None else low >= limit - slack, dtype=np.bool_)


def weighted_quantile(values: FloatArray, weights: FloatArray, p: float) -> float:
    """Return the smallest value whose cumulated weight reaches the share `p`; NaN without values."""
    points, cumulated = cumulated_shares(values, weights)
    if not len(points):
        return float("nan")
    return float(points[np.searchsorted(cumulated, p - 1e-12)])


def cumulated_shares(values: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the distinct values in order and the share of the weight up to each, itself included.

    Values of weight 0 are none.
    """
    known = np.isfinite(values) & (weights > 0)
    points, place = np.unique(values[known], return_inverse=True)
    if not len(points):
        return points, points
    cumulated = np.cumsum(np.bincount(place, weights=weights[known]))
    return points, cumulated / cumulated[-1]


def quantile_limits(
    values: FloatArray, weights: FloatArray, p: float, size: float, *, alpha: float
) -> tuple[float, float]:
    """Return one-sided limits of a quantile by order statistics.

    A value x is excluded as too low where even the upper limit of the share up to x stays under `p`, and bounds the
    quantile from above where the lower limit of that share reaches `p`. With few answers nothing bounds it from
    above (29 are needed for p = 0.9 at 95 %): NaN.

    Notes
    -----
    Source: Woodruff (1952), JASA 47, 635-646, with the limits of Korn and Graubard (1998) for the share.
    """
    points, cumulated = cumulated_shares(values, weights)
    if not len(points) or not np.isfinite(size):
        return float("nan"), float("nan")
    low, high = share_limits(np.minimum(cumulated, 1.0), np.full(len(points), size), alpha=alpha)
    above = np.flatnonzero(low >= p)
    return float(points[np.argmax(high >= p)]), float(points[above[0]]) if len(above) else float("nan")
