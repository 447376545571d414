"""Draws from the joint distribution of estimates, in a fixed order of operations."""

from __future__ import annotations

import numpy as np

from evaltools.errors import UsageError
from evaltools.stats.arrays import FloatArray
from evaltools.stats.streams import open_stream

ROUNDING = 1e-10  # share of a unit's variance below which what is left of it is rounding
TIE = 1 - 1e-9  # units whose remaining variance is nearer than this to the largest count as equal: the first goes on


def factor_covariance(covariance: FloatArray) -> FloatArray:
    """Return F (D, K), K <= D, with F F' = covariance; the covariance may be singular.

    Raises
    ------
    UsageError
        ``ranks-covariance`` where some combination of the estimates would have a negative variance.

    Notes
    -----
    Pivoted Cholesky of the correlations: the unit with most left unexplained comes next. Outer products only, element
    by element: no bit depends on the number of threads.
    Source: Higham (2002), Accuracy and Stability of Numerical Algorithms, section 10.3.
    """
    size = np.sqrt(covariance.diagonal())
    inverse = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
    left = covariance * inverse[:, None] * inverse
    n = left.shape[0]
    columns: list[FloatArray] = []
    for _ in range(n):
        pivot = int(np.argmax(left.diagonal() >= TIE * left.diagonal().max()))
        remaining = float(left[pivot, pivot])
        if remaining <= ROUNDING:
            break
        column = left[:, pivot] / np.sqrt(remaining)
        left -= column[:, None] * column
        left[pivot, :] = left[:, pivot] = 0.0
        columns.append(column * size)
    if np.abs(left).max(initial=0.0) > 1e3 * ROUNDING:
        raise UsageError("ranks-covariance", units=n)
    return np.stack(columns, axis=1) if columns else np.zeros((n, 0))


def draw_errors(covariance: FloatArray, df: float | None, replicates: int, seed: int) -> FloatArray:
    """Draw the errors of all estimates together.

    Parameters
    ----------
    covariance : float array, shape (D, D)
        Of the estimates.
    df
        Degrees of freedom of a multivariate t; None: normal.
    replicates, seed
        How many, and from which stream.

    Returns
    -------
    float array, shape (D, replicates)
        In the estimates' unit.
    """
    factor = factor_covariance(covariance)
    normal = open_stream(seed, "ranks/normal").standard_normal((replicates, covariance.shape[0]))
    errors = np.zeros((covariance.shape[0], replicates))
    for column, values in zip(factor.T, normal.T, strict=False):
        errors += column[:, None] * values
    if df is not None:
        errors /= np.sqrt(open_stream(seed, "ranks/scale").chisquare(df, replicates) / df)
    return errors
