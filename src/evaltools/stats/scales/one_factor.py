"""One common factor fitted to a correlation matrix, by least squares (minres) and by maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from evaltools.stats.arrays import FloatArray

LEAST_UNIQUE = 0.005  # unique variance below which a solution is called improper, as in R's factanal and psych

_ROUNDS = 500
_SLOPE = 1e-13
_NEAR = 1e-6  # slope below which rounding of the value decides


@dataclass(frozen=True, slots=True, eq=False)
class FactorFit:
    """A one-factor solution for k items.

    Attributes
    ----------
    loading, unique : float arrays, shape (k,)
        Correlation of each item with the factor (signs such that their sum is positive), and 1 - loading^2; by maximum
        likelihood the unique variance.
    discrepancy : float
        What was minimised: the sum of squared residual correlations below the diagonal, or the likelihood's function
        log|Sigma| + tr(R Sigma^-1) - log|R| - k.
    improper : bool
        A unique variance lies at its lower bound (Heywood case): loadings are not to be trusted.
    converged : bool
        The slope is 0 to rounding.
    """

    loading: FloatArray
    unique: FloatArray
    discrepancy: float
    improper: bool
    converged: bool


def fit_minres(correlation: FloatArray) -> FactorFit:
    """Fit one factor by least squares of the correlations off the diagonal.

    Notes
    -----
    Minimises sum over i < j of (r_ij - l_i l_j)^2 with l^2 <= 0.995.
    Source: Harman and Jones (1966), Psychometrika 31. Equals R psych 2.2.9 `fa(fm = "minres")` to what that iterates.
    """
    outside = ~np.eye(correlation.shape[0], dtype=np.bool_)

    def value(loading: FloatArray) -> float:
        residual = np.where(outside, correlation - np.outer(loading, loading), 0.0)
        return float((residual * residual).sum() / 2)

    def slope(loading: FloatArray) -> tuple[FloatArray, FloatArray]:
        product = np.outer(loading, loading)
        residual = np.where(outside, correlation - product, 0.0)
        curvature = np.where(outside, 2 * product - 2 * residual, 0.0)
        curvature += np.diag(2 * (loading @ loading - loading * loading))
        return -2 * residual @ loading, curvature

    top = np.sqrt(1 - LEAST_UNIQUE) * np.ones(correlation.shape[0])
    loading, converged = _descend(value, slope, _start(correlation), -top, top)
    loading = _oriented(loading)
    unique = 1 - loading * loading
    return FactorFit(loading, unique, value(loading), bool((unique <= LEAST_UNIQUE * (1 + 1e-9)).any()), converged)


def fit_likelihood(correlation: FloatArray) -> FactorFit:
    """Fit one factor by maximum likelihood, with Fisher scoring.

    Notes
    -----
    With V = Sigma^-1, a = V l, c = l'V l, M = V (R - Sigma) V: score M l and diag(M)/2; information c V + a a',
    V_ij a_j and V_ij^2/2. Source: Lawley and Maxwell (1971), Factor Analysis as a Statistical Method, ch. 4. Equals R
    lavaan 0.6-14 `cfa(std.lv = TRUE)` standardised, and `factanal`.
    """
    k = correlation.shape[0]
    start = fit_minres(correlation)
    fixed = _log_size(correlation) + k

    def value(point: FloatArray) -> float:
        implied = np.outer(point[:k], point[:k]) + np.diag(point[k:])
        apart = np.trace(np.linalg.solve(implied, correlation))
        return float(_log_size(implied) + apart - fixed)

    def slope(point: FloatArray) -> tuple[FloatArray, FloatArray]:
        loading = point[:k]
        implied = np.outer(loading, loading) + np.diag(point[k:])
        inverse = np.linalg.inv(implied)
        inside = inverse @ (correlation - implied) @ inverse
        a = inverse @ loading
        upper = (loading @ a) * inverse + np.outer(a, a)
        cross = inverse * a
        information = np.block([[upper, cross], [cross.T, inverse * inverse / 2]])
        return -2 * np.concatenate([inside @ loading, np.diag(inside) / 2]), 2 * information

    low = np.concatenate([np.full(k, -np.inf), np.full(k, LEAST_UNIQUE)])
    first = np.concatenate([start.loading, start.unique])
    point, converged = _descend(value, slope, first, low, np.full(2 * k, np.inf))
    unique = point[k:]
    improper = bool((unique <= LEAST_UNIQUE * (1 + 1e-9)).any())
    return FactorFit(_oriented(point[:k]), unique, max(value(point), 0.0), improper, converged)


def omega_total(correlation: FloatArray, fit: FactorFit) -> float:
    """Return the share of the variance of the sum of standardised items that is not unique to one of them.

    Notes
    -----
    omega = (sum of R - sum of unique variances) / sum of R, from the minres solution.
    Source: McDonald (1999), Test Theory, ch. 6; Revelle and Zinbarg (2009), Psychometrika 74. Equals `omega.tot` of R
    psych 2.2.9 `omega(nfactors = 1)`.
    """
    whole = float(correlation.sum())
    return (whole - float(fit.unique.sum())) / whole if whole > 0 else float("nan")


def _log_size(matrix: FloatArray) -> float:
    return float(np.linalg.slogdet(matrix)[1])


def _start(correlation: FloatArray) -> FloatArray:
    """Return loadings from the first eigenvector of the correlations with squared multiple correlations inside."""
    reduced = correlation.copy()
    inverse = linalg.pinvh(correlation)
    np.fill_diagonal(reduced, np.clip(1 - 1 / np.maximum(np.diag(inverse), 1.0), 0.05, 0.95))
    size, vector = np.linalg.eigh(reduced)
    return np.asarray(vector[:, -1] * np.sqrt(max(float(size[-1]), 0.1)))


def _oriented(loading: FloatArray) -> FloatArray:
    total = float(loading.sum())
    return -loading if total < 0 or (total == 0 and loading[0] < 0) else loading


def _descend(
    value: Callable[[FloatArray], float],
    slope: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
    start: FloatArray,
    low: FloatArray,
    high: FloatArray,
) -> tuple[FloatArray, bool]:
    """Minimise within bounds by Newton's steps, halved until they descend; return the point and whether it is one."""
    point = np.clip(start, low, high)
    gradient, curvature = slope(point)
    for _ in range(_ROUNDS):
        free = ~(((point <= low) & (gradient > 0)) | ((point >= high) & (gradient < 0)))
        steep = float(np.abs(gradient[free]).max(initial=0.0))
        if steep < _SLOPE:
            return point, True
        step = np.zeros(point.size)
        step[free] = -_solve(curvature[np.ix_(free, free)], gradient[free])
        reached, length = value(point), 1.0
        while length > 1e-6:
            tried = np.clip(point + length * step, low, high)
            gradient, curvature = slope(tried)
            # near the bottom values differ by rounding alone, and the slope tells better
            flatter = float(np.abs(gradient[free]).max()) < steep
            if flatter if steep < _NEAR else value(tried) < reached:
                break
            length /= 2
        else:
            return point, steep < _NEAR
        point = tried
    return point, False


def _solve(curvature: FloatArray, gradient: FloatArray) -> FloatArray:
    """Solve for a step, with as much of the identity added as makes the curvature positive."""
    size, vector = np.linalg.eigh(curvature)
    size = np.maximum(np.abs(size), 1e-10 * max(float(np.abs(size).max()), 1e-300))
    return np.asarray(vector @ ((vector.T @ gradient) / size))
