"""Interval limits and p-values; one distribution for both. All arrays broadcast; NaN in, NaN out."""

from __future__ import annotations

import numpy as np
from scipy import special

from evaltools.errors import UsageError
from evaltools.stats.arrays import FloatArray


def require_level(level: object) -> float:
    """Return the confidence level, or raise ``option-range`` unless it lies between 0 and 1."""
    if isinstance(level, bool) or not isinstance(level, (int, float)) or not 0 < level < 1:
        raise UsageError("option-range", option="level", value=repr(level), low=0, high=1)
    return float(level)


def t_quantile(df: FloatArray, level: float | FloatArray) -> FloatArray:
    """Return the two-sided t quantile; NaN where there are no degrees of freedom."""
    usable = df > 0
    return np.where(usable, special.stdtrit(np.where(usable, df, 1.0), (1 + level) / 2), np.nan)


def t_interval(
    estimate: FloatArray, se: FloatArray, df: FloatArray, level: float | FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return estimate -+ t * se."""
    half = t_quantile(df, level) * se
    return estimate - half, estimate + half


def two_sided_p(estimate: FloatArray, se: FloatArray, df: FloatArray) -> FloatArray:
    """Return the p-value of estimate / se under t; NaN where se is 0 or there are no degrees of freedom."""
    usable = (se > 0) & (df > 0) & np.isfinite(estimate)
    t = np.divide(estimate, se, out=np.zeros(np.shape(estimate)), where=usable)
    return np.where(usable, 2 * special.stdtr(np.where(usable, df, 1.0), -np.abs(t)), np.nan)


def adjust_p_values(p: FloatArray) -> FloatArray:
    """Adjust p-values for the false discovery rate; each row of the last axis is a family, of which NaN is no member.

    Notes
    -----
    The k-th smallest of m becomes min over j >= k of m p_j / j. Source: Benjamini and Hochberg (1995), J. R. Stat. Soc.
    B 57. Equals R `p.adjust(method = "BH")`.
    """
    order = np.argsort(p, axis=-1, kind="stable")  # NaN last
    tests = np.count_nonzero(np.isfinite(p), axis=-1, keepdims=True)
    scaled = np.take_along_axis(p, order, axis=-1) * tests / np.arange(1, p.shape[-1] + 1)
    filled = np.where(np.isnan(scaled), np.inf, scaled)
    lowest = np.minimum.accumulate(filled[..., ::-1], axis=-1)[..., ::-1]
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.minimum(lowest, 1.0), axis=-1)
    return np.where(np.isnan(p), np.nan, adjusted)


def logit_interval(p: FloatArray, se: FloatArray, df: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Return limits on the logit scale.

    NaN where the proportion is 0 or 1: the logit does not exist there.

    Notes
    -----
    logit(p) -+ t * se / (p (1 - p)). Equals R survey 4.1.1 `svyciprop(method = "logit")`.
    """
    inner = (p > 0) & (p < 1)
    safe = np.where(inner, p, 0.5)
    half = t_quantile(df, level) * se / (safe * (1 - safe))
    centre = special.logit(safe)
    low, high = special.expit(centre - half), special.expit(centre + half)
    return np.where(inner, low, np.nan), np.where(inner, high, np.nan)


def beta_interval(
    p: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Return Korn and Graubard's exact-type limits, from the effective sample size adjusted for few PSUs.

    Parameters
    ----------
    p, se, df
        Proportion, its standard error, degrees of freedom of the domain.
    n
        Answers of the domain.
    level
        Confidence level.

    Notes
    -----
    n* = p (1 - p)/se^2 (t_(n-1)/t_df)^2; beta quantiles with n* p and n* (1 - p). Where all answers agree, se is 0 and
    n* is the n of a simple random sample, so that limits exist.
    Source: Korn and Graubard (1998), Survey Methodology 24. Equals R survey 4.1.1 `svyciprop(method = "beta")`.
    """
    usable = (df > 0) & (n > 1) & (se >= 0) & (p >= 0) & (p <= 1)
    varied = usable & (se > 0)
    plain = np.divide(p * (1 - p), se * se, out=np.array(n, dtype=np.float64), where=varied)
    with np.errstate(invalid="ignore"):
        effective = plain * (t_quantile(np.where(usable, n - 1, 1.0), level) / t_quantile(df, level)) ** 2
    effective, share = np.where(usable, effective, 1.0), np.where(usable, p, 0.5)
    yes, no = effective * share, effective * (1 - share)
    tail = (1 - level) / 2
    low = np.where(yes > 0, special.betaincinv(np.maximum(yes, 1e-300), no + 1, tail), 0.0)
    high = np.where(no > 0, special.betaincinv(yes + 1, np.maximum(no, 1e-300), 1 - tail), 1.0)
    return np.where(usable, low, np.nan), np.where(usable, high, np.nan)


def effective_answers(
    p: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray, psus: FloatArray, tail: float | FloatArray
) -> FloatArray:
    """Return how many independent answers would leave as much error, fewer where there are few degrees of freedom.

    Parameters
    ----------
    p, se, df
        Proportion, its design-based standard error, degrees of freedom of the domain.
    n, psus
        Answers and PSUs of the domain. Where all answers agree the error says nothing, and the PSUs count.
    tail
        (1 - level)/2 of the interval that it is for.

    Returns
    -------
    float array
        At most `n`, which a simple random sample has; NaN where there are no degrees of freedom.

    Notes
    -----
    n* = n/deff (t_(n-1)/t_df)^2 with deff = se^2 (n - 1)/(p (1 - p)).
    Source: Korn and Graubard (1998), Survey Methodology 24; Dean and Pagano (2015), J. Surv. Stat. Methodol. 3.
    """
    usable = (df > 0) & (n > 1)
    varied = usable & (se > 0) & (p > 0) & (p < 1)
    spread = n / np.maximum(n - 1, 1) * p * (1 - p)
    plain = np.divide(spread, se * se, out=np.array(psus, dtype=np.float64), where=varied)
    simple, few = (special.stdtrit(np.where(usable, part, 1.0), tail) for part in (n - 1, df))
    fewer = np.divide(simple, few, out=np.ones(np.shape(few)), where=few != 0)  # both are 0 at the middle
    return np.where(usable, np.minimum(plain * fewer**2, n), np.nan)


def wilson_interval(p: FloatArray, size: FloatArray, tail: float | FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return Wilson's score limits of a proportion.

    Parameters
    ----------
    p
        Proportion.
    size
        Independent answers, or as many as `effective_answers` returns; not necessarily whole.
    tail
        (1 - level)/2.

    Notes
    -----
    (p + z^2/2n -+ z sqrt(p (1 - p)/n + z^2/4n^2)) / (1 + z^2/n). Source: Wilson (1927), J. Am. Stat. Assoc. 22. Equals
    R 4.2.2 `prop.test(correct = FALSE)`.
    """
    z2 = special.ndtri(tail) ** 2
    usable = (size > 0) & (p >= 0) & (p <= 1)
    n, share = np.where(usable, size, 1.0), np.where(usable, p, 0.5)
    centre = (n * share + z2 / 2) / (n + z2)
    half = np.sqrt(z2 * (n * share * (1 - share) + z2 / 4)) / (n + z2)
    # at 0 and 1 the limit is the proportion itself; sums of rounded numbers may miss it
    low, high = np.where(share == 0, 0.0, centre - half), np.where(share == 1, 1.0, centre + half)
    return np.where(usable, low, np.nan), np.where(usable, high, np.nan)
