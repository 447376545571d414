"""Cronbach's alpha and its kin from covariances, and Feldt's interval."""

from __future__ import annotations

import numpy as np
from scipy import special

from evaltools.stats.arrays import FloatArray
from evaltools.stats.intervals import t_quantile


def alpha_of(covariance: FloatArray) -> FloatArray:
    """Return alpha of covariances (..., k, k); NaN for one item or a total that does not vary.

    Notes
    -----
    alpha = k/(k - 1) (1 - sum of variances / variance of the sum).
    Source: Cronbach (1951), Psychometrika 16. Of correlations: the standardised alpha, k r/(1 + (k - 1) r).
    """
    k = covariance.shape[-1]
    total = covariance.sum(axis=(-2, -1))
    own = np.trace(covariance, axis1=-2, axis2=-1)
    ratio = np.divide(own, total, out=np.full(np.shape(total), np.nan), where=np.asarray(total > 0))
    return np.asarray(k / (k - 1) * (1 - ratio)) if k > 1 else np.full(np.shape(total), np.nan)


def alpha_if_dropped(covariance: FloatArray) -> FloatArray:
    """Return alpha of the other items for each item of covariances (D, k, k); shape (D, k), NaN where k is 2."""
    k = covariance.shape[-1]
    kept = [np.delete(np.arange(k), item) for item in range(k)]
    return np.stack([alpha_of(covariance[:, rest][:, :, rest]) for rest in kept], axis=1)


def item_rest(covariance: FloatArray) -> FloatArray:
    """Return each item's correlation with the sum of the others; (D, k) of covariances (D, k, k).

    Notes
    -----
    The item is left out of the sum, so the correlation is not with itself. Source: Henrysson (1963), Psychometrika 28.
    """
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    with_sum = covariance.sum(axis=2)
    rest = covariance.sum(axis=(1, 2))[:, None] - 2 * with_sum + variance
    size = variance * rest
    usable = np.asarray(size > 0)
    below = np.sqrt(np.where(usable, size, 1.0))
    return np.where(usable, (with_sum - variance) / below, np.nan)


def feldt_interval(alpha: FloatArray, n: FloatArray, k: int, level: float) -> tuple[FloatArray, FloatArray]:
    """Return Feldt's exact limits of alpha for normal, essentially tau-equivalent items in a simple random sample.

    Notes
    -----
    (1 - population alpha)/(1 - alpha) follows F with n - 1 and (n - 1)(k - 1) degrees of freedom, turned over.
    Source: Feldt, Woodruff, Salih (1987), Appl. Psychol. Meas. 11. Equals R psych 2.2.9 `alpha.ci`.
    """
    usable = (n > 1) & np.isfinite(alpha)
    first = np.where(usable, n - 1, 1.0)
    second = first * (k - 1)
    tail = (1 - level) / 2
    low = 1 - (1 - alpha) * special.fdtri(first, second, 1 - tail)
    high = 1 - (1 - alpha) * special.fdtri(first, second, tail)
    return np.where(usable, low, np.nan), np.where(usable, high, np.nan)


def log_interval(alpha: FloatArray, se: FloatArray, df: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Return limits from a standard error, symmetric in log(1 - alpha), so that none passes 1.

    Notes
    -----
    1 - (1 - alpha) exp(+- t se/(1 - alpha)). Source: Bonett (2002), J. Educ. Behav. Stat. 27, for the transformation.
    """
    unexplained = 1 - alpha
    usable = (unexplained > 0) & np.isfinite(se)
    safe = np.where(usable, unexplained, 1.0)
    half = t_quantile(df, level) * se / safe
    low, high = 1 - safe * np.exp(half), 1 - safe * np.exp(-half)
    return np.where(usable, low, np.nan), np.where(usable, high, np.nan)
