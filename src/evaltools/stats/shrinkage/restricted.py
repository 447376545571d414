"""The restricted likelihood of the variance between units, for independent estimates and for correlated ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from evaltools.stats.arrays import FloatArray

FLOOR = 1e-8  # share of the mean sampling variance that stands in for tau2 = 0 where the covariance is singular


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Estimates y (K,) and their sampling variances: `spread` (K,) where independent, else the covariance (K, K).

    `singular`: some combination of the estimates has no sampling variance.
    """

    y: FloatArray
    spread: FloatArray
    singular: bool = False

    @property
    def variance(self) -> FloatArray:
        """Sampling variances, shape (K,)."""
        return self.spread if self.spread.ndim == 1 else self.spread.diagonal()

    @property
    def scale(self) -> float:
        """A variance of the size at hand."""
        return max(float(np.var(self.y, ddof=1)), float(self.variance.mean()))


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """What holds at one value of the variance between units, with V = sampling covariance + tau2 I.

    Attributes
    ----------
    tau2 : float
        That value.
    mean, mean_variance : float
        Generalised least squares mean 1'V^-1 y / 1'V^-1 1, and 1 / 1'V^-1 1.
    residual : float array, shape (K,)
        V^-1 (y - mean), which is P y.
    deviance : float
        log|V| + log(1'V^-1 1) + y'P y, minus twice the restricted log likelihood but for a constant.
    quadratic, score, information : float
        y'P y; (y'PP y - tr P)/2; tr(PP)/2, the expected information of tau2.
    inverse : float array, shape (K,) or (K, K)
        V^-1, its diagonal where independent.
    """

    tau2: float
    mean: float
    mean_variance: float
    residual: FloatArray
    deviance: float
    quadratic: float
    score: float
    information: float
    inverse: FloatArray


def fit_at(given: Given, tau2: float) -> Fit:
    """Return the fit at one value of the variance between units.

    Notes
    -----
    Source: Harville (1977), J. Am. Stat. Assoc. 72; Searle, Casella, McCulloch (1992), Variance Components, ch. 6.
    """
    y = given.y
    if given.spread.ndim == 1:
        total = given.spread + tau2
        inverse = 1 / total
        weight = inverse
        log_determinant = float(np.log(total).sum())
    else:
        floor = FLOOR * float(given.variance.mean()) if given.singular else 0.0
        inverse, log_determinant = _invert(given.spread + max(tau2, floor) * np.eye(y.size))
        weight = inverse.sum(axis=1)
    above = float(weight.sum())
    mean = float((weight * y).sum()) / above
    left = y - mean
    residual = inverse * left if inverse.ndim == 1 else (inverse * left).sum(axis=1)
    quadratic = float((left * residual).sum())
    if inverse.ndim == 1:
        squares = float((weight * weight).sum())
        trace = above - squares / above
        trace_square = squares - 2 * float((weight**3).sum()) / above + (squares / above) ** 2
    else:
        projected = inverse - weight[:, None] * weight / above
        trace, trace_square = float(projected.trace()), float((projected * projected).sum())
    deviance = log_determinant + np.log(above) + quadratic
    score = 0.5 * (float((residual * residual).sum()) - trace)
    return Fit(tau2, mean, 1 / above, residual, deviance, quadratic, score, 0.5 * trace_square, inverse)


def fit_restricted(given: Given) -> Fit:
    """Return the fit at the largest restricted likelihood, tau2 >= 0.

    Notes
    -----
    The likelihood may have several maxima: it is scanned first, then the score's zero beside the best value is found.
    """
    grid = [0.0, *(given.scale * np.logspace(-6, 3, 46))]
    fits = [fit_at(given, value) for value in grid]
    best = int(np.argmin([fit.deviance for fit in fits]))
    rising = [fit.score > 0 for fit in fits]
    if rising[best]:
        low, high = best, next(place for place in range(best + 1, len(grid)) if not rising[place])
    else:
        below = [place for place in range(best) if rising[place]]
        if not below:
            return fits[0]
        low, high = below[-1], below[-1] + 1
    tau2 = optimize.brentq(lambda value: fit_at(given, value).score, grid[low], grid[high], xtol=1e-300, rtol=1e-14)
    return fit_at(given, float(tau2))


def profile_q(given: Given, value: float) -> float:
    """Return the tau2 at which y'P y equals a value; 0 where it is below that already without variance between units.

    Notes
    -----
    y'P y falls as tau2 rises. At tau2 = its true value it is chi-squared with K - 1 degrees of freedom.
    Source: Paule and Mandel (1982), J. Res. NBS 87 (value K - 1); Viechtbauer (2007), Stat. Med. 26 (quantiles).
    """

    def gap(tau2: float) -> float:
        return fit_at(given, tau2).quadratic - value

    if gap(0.0) <= 0:
        return 0.0
    high = given.scale
    while gap(high) > 0:
        high *= 2
    return float(optimize.brentq(gap, 0.0, high, xtol=1e-300, rtol=1e-14))


def q_limits(given: Given, level: float) -> tuple[float, float]:
    """Return the Q-profile limits of tau2."""
    df = given.y.size - 1
    low, high = (float(special.chdtri(df, tail)) for tail in ((1 - level) / 2, (1 + level) / 2))
    return profile_q(given, low), profile_q(given, high)


def _invert(matrix: FloatArray) -> tuple[FloatArray, float]:
    """Return inverse and log determinant of a positive definite matrix, element by element in a fixed order."""
    inverse = matrix.copy()
    log_determinant = 0.0
    for place in range(matrix.shape[0]):
        pivot = float(inverse[place, place])
        log_determinant += np.log(pivot)
        row, column = inverse[place] / pivot, inverse[:, place].copy()
        inverse -= column[:, None] * row
        inverse[place], inverse[:, place] = row, -column / pivot
        inverse[place, place] = 1 / pivot
    return inverse, log_determinant
