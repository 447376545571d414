"""Shapley's decomposition of explained variance: every driver added to every set of the others."""

from __future__ import annotations

import math

import numpy as np

from evaltools.stats.arrays import FloatArray

LEAST_PIVOT = 1e-10  # variance left to a driver below which the drivers before it account for it whole


def explained_by_subsets(correlation: FloatArray) -> FloatArray:
    """Return R^2 of the outcome on every subset of the drivers.

    Parameters
    ----------
    correlation : float array, shape (B, p + 1, p + 1)
        Correlations of p drivers and, last, the outcome, in each of B replicates.

    Returns
    -------
    float array, shape (2^p, B)
        Row s is the subset whose drivers are the bits of s, the first driver being the highest bit.

    Notes
    -----
    Drivers are taken one after the other: left out, or swept out of all that follow, so that what remains at the end is
    the variance that a subset does not explain. Source: Goodnight (1979), Am. Stat. 33, on the sweep operator.
    """
    remaining = correlation[None]
    for _ in range(correlation.shape[1] - 1):
        pivot, column, rest = remaining[:, :, :1, :1], remaining[:, :, 1:, :1], remaining[:, :, 1:, 1:]
        usable = pivot > LEAST_PIVOT
        taken = column * np.swapaxes(column, 2, 3) / np.where(usable, pivot, 1.0)
        swept = rest - np.where(usable, taken, 0.0)
        remaining = np.stack([rest, swept], axis=1).reshape(-1, *rest.shape[1:])
    return np.asarray(1 - remaining[:, :, 0, 0])


def explained_by_all(correlation: FloatArray) -> float:
    """Return R^2 of the last variable on all others (q, q); those that follow from others add nothing."""
    remaining = correlation
    while remaining.shape[0] > 1:
        pivot, column, rest = remaining[0, 0], remaining[1:, 0], remaining[1:, 1:]
        remaining = rest - np.outer(column, column) / pivot if pivot > LEAST_PIVOT else rest
    return float(1 - remaining[0, 0])


def shapley_contributions(explained: FloatArray) -> FloatArray:
    """Return what each driver adds to R^2, averaged over all orders in which drivers can be added.

    Parameters
    ----------
    explained : float array, shape (2^p, B)
        From `explained_by_subsets`.

    Returns
    -------
    float array, shape (p, B)
        0 or more; the sum over drivers is R^2 of all.

    Notes
    -----
    c_j = sum over S without j of |S|! (p - |S| - 1)!/p! (R^2(S and j) - R^2(S)).
    Source: Lindeman, Merenda, Gold (1980), Introduction to Bivariate and Multivariate Analysis; Grömping (2007), Am.
    Stat. 61. Equals `lmg` of R's relaimpo.
    """
    subsets = np.arange(explained.shape[0])
    p = int(explained.shape[0]).bit_length() - 1
    size = np.stack([(subsets >> bit) & 1 for bit in range(p)]).sum(axis=0)
    orders = np.array([math.factorial(s) * math.factorial(p - s - 1) / math.factorial(p) for s in range(p)])
    found = []
    for driver in range(p):
        bit = 1 << (p - 1 - driver)
        without = subsets[(subsets & bit) == 0]
        gain = explained[without | bit] - explained[without]
        found.append(np.einsum("s,sb->b", orders[size[without]], gain))
    return np.stack(found)
