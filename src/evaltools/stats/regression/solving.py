"""Weighted least squares and logistic regression as score equations, with each row's linearised value.

All sums over rows run in one order in one thread, so results do not depend on the number of threads, as those of a
threaded matrix library would.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from evaltools.stats.arrays import FloatArray

SINGULAR = 1e-12  # smallest eigenvalue of the regressors' correlations that is not rounding
STEPS = 100  # Newton steps; where a maximum exists some ten are enough
SETTLED = 1e-11  # change of the linear predictor at which Newton's method has arrived
R_EPSILON = 1e-8  # change of the deviance, relative to it, at which R's `glm` stops
R_STEPS = 25  # after which R's `glm` gives up
R_BOUND = 30.0  # R's logit link takes probabilities beyond this to be the rounding unit away from 0 and 1
FINEST = 1e-13  # changes of the deviance below this are rounding


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A fitted regression of n rows on K regressors.

    Attributes
    ----------
    coefficients : float array, shape (K,)
        NaN where there is a reason.
    influence : float array, shape (n, K)
        Linearised value of each row in each coefficient; 0 where there is a reason.
    residuals : float array, shape (n,)
        Outcome minus fitted value.
    reason : str
        "collinear", "separated" or "".
    """

    coefficients: FloatArray
    influence: FloatArray
    residuals: FloatArray
    reason: str


Solver = Callable[[FloatArray, FloatArray, FloatArray], Fit]


@dataclass(frozen=True, slots=True, eq=False)
class _Basis:
    """Regressors centred and scaled (n, K), and the matrix (K, K) that turns their coefficients into the given ones."""

    columns: FloatArray
    back: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Where iterations end: coefficients, predictor x'b, A, and what stands for y - m in the linearised values."""

    b: FloatArray
    eta: FloatArray
    moments: FloatArray
    scores: FloatArray


def solve_linear(x: FloatArray, y: FloatArray, w: FloatArray) -> Fit:
    """Fit by weighted least squares.

    Parameters
    ----------
    x : float array, shape (n, K)
        Regressors; the first is the constant 1.
    y, w : float arrays, shape (n,)
        Outcome, and positive weights.

    Returns
    -------
    Fit

    Notes
    -----
    b = A^-1 sum w x y with A = sum w x x'; u_i = A^-1 w_i x_i (y_i - x_i'b). Regressors are centred and scaled first
    and the solution refined once, so that normal equations lose no digits.
    Source: Fuller (1975), Sankhya C 37; Binder (1983), Int. Stat. Rev. 51.
    """
    basis, moments = _basis(x, w)
    if basis is None:
        return _refused(x, "collinear")
    z = basis.columns
    b = np.zeros(x.shape[1])
    rest = y.astype(np.float64)
    for _ in range(2):  # the second time refines
        b = b + _solve(moments, _sums(z, w * rest))
        rest = y - _fitted(z, b)
    if np.abs(rest).max(initial=0.0) <= 1e-11 * np.abs(y).max(initial=0.0):
        rest = np.zeros_like(rest)  # what is left of a perfect fit is rounding
    return _finish(basis, b, moments, w * rest, rest)


def solve_logistic(x: FloatArray, y: FloatArray, w: FloatArray, tolerance: float = R_EPSILON) -> Fit:
    """Fit a logistic regression by weighted maximum (pseudo-)likelihood.

    Parameters
    ----------
    x : float array, shape (n, K)
        Regressors; the first is the constant 1.
    y, w : float arrays, shape (n,)
        Outcome, 0 or 1, and positive weights; their size counts for where R's iterations start.
    tolerance
        Where R's iterations stop; below `FINEST`, the maximum itself.

    Returns
    -------
    Fit
        ``separated`` where some combination of regressors tells the outcomes apart, so that no maximum exists.

    Notes
    -----
    sum w x (y - m) = 0, logit m = x'b; u_i = A^-1 w_i x_i (y_i - m_i) with A = sum w m (1 - m) x x'. The likelihood is
    concave: Newton's method with halved steps arrives wherever there is a maximum; without one every step moves the
    linear predictor by about 1 for ever. So it is settled whether there is a maximum; then R's iterations are followed,
    and what they give is taken, unless they do not stop or stop away from the maximum.
    Source: Binder (1983), Int. Stat. Rev. 51; Albert and Anderson (1984), Biometrika 71; R 4.2.2 `glm.fit`.
    """
    basis, _ = _basis(x, w)
    if basis is None:
        return _refused(x, "collinear")
    top = _climb(basis.columns, y, w)
    if top is None:
        return _refused(x, "separated")
    found = top
    if tolerance >= FINEST:
        found = _stop_early(basis.columns, y, w, tolerance, _deviance(y, w, top.eta)) or top
    return _finish(basis, found.b, found.moments, w * found.scores, _residual(y, found.eta))


def _climb(z: FloatArray, y: FloatArray, w: FloatArray) -> _Place | None:
    """Return the maximum of the likelihood, if there is one."""
    b = np.zeros(z.shape[1])
    eta = np.zeros(y.size)
    for _ in range(STEPS):
        moments = _moments(z, w * special.expit(eta) * special.expit(-eta))
        if not _regular(moments):
            return None
        step, moved = _halved(z, y, w, eta, _solve(moments, _sums(z, w * _residual(y, eta))))
        b, eta = b + step, eta + moved
        if np.abs(moved).max() <= SETTLED * (1.0 + np.abs(eta).max()):
            return _Place(b, eta, moments, _residual(y, eta))
    return None


def _stop_early(z: FloatArray, y: FloatArray, w: FloatArray, tolerance: float, least: float) -> _Place | None:
    """Return where R's `glm` stops, unless it does not, or stops where the deviance is not the least.

    Each step regresses eta + (y - m)/v on x with weights w v, v = m (1 - m), from logit m = (w y + 1/2)/(w + 1) on.
    R's errors take v from the step before the last in A and in w v (y - m)/v, and m from the last one.
    """
    start = special.logit((w * y + 0.5) / (w + 1.0))
    eta, deviance = start, _deviance(y, w, start)
    for _ in range(R_STEPS):
        bounded = _bounded(eta)
        v = special.expit(bounded) * special.expit(-bounded)
        moments = _moments(z, w * v)
        if not _regular(moments):
            return None
        b = _solve(moments, _sums(z, w * v * (eta + _working_residual(y, bounded))))
        eta = _fitted(z, b)
        before, deviance = deviance, _deviance(y, w, eta)
        settled = tolerance * (0.1 + abs(deviance))
        if abs(deviance - before) < settled:
            scores = v * _working_residual(y, _bounded(eta))
            return _Place(b, eta, moments, scores) if deviance - least <= settled else None
    return None


def _basis(x: FloatArray, w: FloatArray) -> tuple[_Basis | None, FloatArray]:
    """Return the basis and its weighted moments; no basis where the regressors depend on each other."""
    size = x.shape[1]
    if x.shape[0] < size:
        return None, np.zeros((size, size))
    total = w.sum()
    centre = _sums(x, w) / total
    centre[0] = 0.0
    z = x - centre
    scale = np.sqrt(np.einsum("i,ij,ij->j", w, z, z) / total)
    if (scale <= 1e-10 * np.abs(x).max(axis=0)).any():
        return None, np.zeros((size, size))
    z /= scale
    moments = _moments(z, w)
    if not _regular(moments):
        return None, moments
    back = np.diag(1.0 / scale)
    back[0, 1:] = -centre[1:] / scale[1:]
    return _Basis(z, back), moments


def _regular(moments: FloatArray) -> bool:
    size = np.sqrt(np.diagonal(moments))
    if not (size > 0).all():
        return False
    return bool(np.linalg.eigvalsh(moments / np.outer(size, size))[0] > SINGULAR)


def _halved(
    z: FloatArray, y: FloatArray, w: FloatArray, eta: FloatArray, step: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the step, halved until the likelihood does not fall, and how it moves the linear predictor."""
    moved = _fitted(z, step)
    before = _log_likelihood(y, w, eta)
    for _ in range(20):
        if _log_likelihood(y, w, eta + moved) >= before - 1e-9 * abs(before):
            break
        step, moved = step / 2, moved / 2
    return step, moved


def _residual(y: FloatArray, eta: FloatArray) -> FloatArray:
    # from the side where it is small: 1 - expit(40) would be 0, and look like a maximum
    return np.where(y == 1, special.expit(-eta), -special.expit(eta))


def _working_residual(y: FloatArray, eta: FloatArray) -> FloatArray:
    # (y - m)/(m (1 - m)), without the difference
    return np.where(y == 1, 1.0 / special.expit(eta), -1.0 / special.expit(-eta))


def _bounded(eta: FloatArray) -> FloatArray:
    return np.where(np.abs(eta) > R_BOUND, np.copysign(-np.log(np.finfo(np.float64).eps), eta), eta)


def _deviance(y: FloatArray, w: FloatArray, eta: FloatArray) -> float:
    return -2.0 * _log_likelihood(y, w, _bounded(eta))


def _log_likelihood(y: FloatArray, w: FloatArray, eta: FloatArray) -> float:
    return float((w * (y * eta - np.logaddexp(0.0, eta))).sum())


def _finish(basis: _Basis, b: FloatArray, moments: FloatArray, scores: FloatArray, rest: FloatArray) -> Fit:
    bread = np.einsum("kl,lm->km", basis.back, np.linalg.inv(moments))
    influence = np.einsum("il,kl->ik", scores[:, None] * basis.columns, bread)
    return Fit(np.einsum("kl,l->k", basis.back, b), influence, rest, "")


def _refused(x: FloatArray, reason: str) -> Fit:
    return Fit(np.full(x.shape[1], np.nan), np.zeros(x.shape), np.zeros(x.shape[0]), reason)


def _solve(moments: FloatArray, values: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.solve(moments, values), dtype=np.float64)


def _sums(z: FloatArray, values: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("i,ij->j", values, z), dtype=np.float64)


def _moments(z: FloatArray, w: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("ij,ik->jk", z * w[:, None], z), dtype=np.float64)


def _fitted(z: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("ij,j->i", z, b), dtype=np.float64)
