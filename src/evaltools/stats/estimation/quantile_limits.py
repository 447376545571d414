"""Limits and standard errors of quantiles, from those of the share of answers up to them."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import special

from evaltools.stats.arrays import FloatArray
from evaltools.stats.estimation.quantiles import Ranked, first_where, invert_shares
from evaltools.stats.intervals import beta_interval, logit_interval, t_interval, t_quantile

_ROUNDING = 1e-12
ERROR_LEVEL = 0.95  # limits whose distance makes the standard error; another level must not change it


def woodruff_limits(
    ranked: Ranked,
    share: FloatArray,
    se: FloatArray,
    df: FloatArray,
    n: FloatArray,
    level: float,
    kind: Literal["t", "logit", "beta"],
) -> tuple[FloatArray, FloatArray]:
    """Return limits of a quantile by carrying those of a share over to the answers.

    Parameters
    ----------
    ranked
        Sorted answers of S slots.
    share, se, df : float arrays, shape (S,)
        Share of the weight up to the quantile, its standard error, degrees of freedom of the slot.
    n : float array, shape (S,)
        Answers.
    level
        Confidence level.
    kind
        How the share's limits are made.

    Returns
    -------
    low, high : float arrays, shape (S,)
        NaN where a limit of the share lies outside 0 and 1, or no answer lies above the quantile.

    Notes
    -----
    Source: Woodruff (1952), J. Am. Stat. Assoc. 47. Equals R survey 4.1.1 `svyquantile` with interval.type "mean"
    ("t"), "xlogit" ("logit") and "beta".
    """
    if kind == "logit":
        low, high = logit_interval(share, se, df, level)
    elif kind == "beta":
        low, high = beta_interval(share, se, df, n, level)
    else:
        low, high = t_interval(share, se, df, level)
    inner = share < 1 - _ROUNDING  # above the quantile there are answers
    return tuple(np.where(inner, invert_shares(ranked, limit), np.nan) for limit in (low, high))  # type: ignore[return-value]


def quantile_error(ranked: Ranked, share: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray) -> FloatArray:
    """Return the standard error of a quantile, (high - low)/(2 t) of its 95 % limits of kind "t"; shape (S,).

    Notes
    -----
    Source: Francisco and Fuller (1991), Ann. Stat. 19, section 4. Equals R survey 4.1.1 `SE(svyquantile(...))`.
    """
    low, high = woodruff_limits(ranked, share, se, df, n, ERROR_LEVEL, "t")
    return np.asarray((high - low) / (2 * t_quantile(df, ERROR_LEVEL)))


def ordered_limits(ranked: Ranked, p: float, size: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Return limits of a quantile that are answers not excluded by an exact-type test of the share up to them.

    Parameters
    ----------
    ranked
        Sorted answers of S slots.
    p
        Share that the quantile cuts off.
    size : float array, shape (S,)
        Independent answers, from `effective_answers`.
    level
        Confidence level.

    Returns
    -------
    low, high : float arrays, shape (S,)
        `high` is NaN where so few answers lie above that none bounds the quantile; so `low` below.

    Notes
    -----
    low is the smallest answer x whose share F(x) has an upper beta limit of at least p, high the smallest whose lower
    beta limit reaches p. For a simple random sample these are the limits by order statistics.
    Source: Woodruff (1952), J. Am. Stat. Assoc. 47; for the share Korn and Graubard (1998), Survey Methodology 24.
    """
    tail = (1 - level) / 2
    known = size > 0
    n = np.where(known, size, 1.0)

    def reaches(share: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        rest = n * (1 - share)
        return (rest <= 0) | (special.betainc(n * share + 1, np.maximum(rest, 1e-300), p) <= 1 - tail)

    def passes(share: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return np.asarray(special.betainc(np.maximum(n * share, 1e-300), n * (1 - share) + 1, p) <= tail)

    low, high = first_where(ranked, reaches), first_where(ranked, passes)
    # at the lowest answer nothing was excluded below it, unless even no answer at all would have been
    bounded = (1 - p) ** n <= tail
    return np.where(known & bounded, low, np.nan), np.where(known, high, np.nan)
