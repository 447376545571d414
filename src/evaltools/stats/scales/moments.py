"""Weighted means and covariances of items in each domain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaltools.stats.arrays import FloatArray, group_by, segment_sizes
from evaltools.stats.scales.answers import ScaleAnswers


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Moments of k items in D domains, over complete rows; NaN in a domain without one.

    Attributes
    ----------
    mean : float array, shape (D, k)
        Weighted means.
    covariance : float array, shape (D, k, k)
        Weighted, times n/(n - 1); unit of the items squared.
    answers : float array, shape (D,)
        Effective answers (sum w)^2 / sum w^2: the n of a simple random sample, and n where weights are equal.
    """

    mean: FloatArray
    covariance: FloatArray
    answers: FloatArray


def item_moments(answers: ScaleAnswers) -> Moments:
    """Compute the moments of each domain."""
    n_domains, k = len(answers.domains), len(answers.items)
    rows = np.flatnonzero(answers.complete)
    order, starts = group_by([answers.domain[rows]], [n_domains])
    mean = np.full((n_domains, k), np.nan)
    covariance = np.full((n_domains, k, k), np.nan)
    effective = np.zeros(n_domains)
    for start, size in zip(starts, segment_sizes(starts, rows.size), strict=True):
        inside = rows[order[start : start + size]]
        place = answers.domain[inside[0]]
        mean[place], covariance[place] = weighted_moments(answers.scores[inside], answers.weight[inside])
        weight = answers.weight[inside]
        effective[place] = weight.sum() ** 2 / (weight * weight).sum()
    return Moments(mean, covariance, effective)


def weighted_moments(values: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean (k,) and covariance (k, k) of rows (n, k) with weights (n,); NaN covariance for one row.

    Notes
    -----
    S = n/(n - 1) sum w (x - m)(x - m)'/sum w. Equals R survey 4.1.1 `svyvar`; with equal weights `cov`.
    """
    n = values.shape[0]
    share = weight / weight.sum()
    # from the first row, so that equal answers have no variance; in the order of the rows, so that bits repeat whatever
    # the threads
    moved = values - values[0]
    shift = np.einsum("n,nk->k", share, moved)
    centred = moved - shift
    covariance = np.einsum("ni,nj->ij", share[:, None] * centred, centred)
    scale = n / (n - 1) if n > 1 else np.nan
    return values[0] + shift, scale * (covariance + covariance.T) / 2


def correlation_of(covariance: FloatArray) -> FloatArray:
    """Return the correlations (..., k, k); NaN where an item does not vary."""
    variance = np.diagonal(covariance, axis1=-2, axis2=-1)
    with np.errstate(invalid="ignore"):
        spread = np.sqrt(np.where(variance > 0, variance, np.nan))
        return np.asarray(covariance / (spread[..., :, None] * spread[..., None, :]))
