"""The proportional odds model for two groups, on a table of groups by ordered categories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from evaltools.stats.arrays import FloatArray

STEPS = 100
SETTLED = 1e-11


@dataclass(frozen=True, slots=True, eq=False)
class Odds:
    """The shift of the second group.

    Attributes
    ----------
    log_odds : float
        Log of the odds of a higher answer in the second group over those in the first; NaN where `reason` says why.
    influence : float array, shape (2, K)
        Linearised value of one answer of weight 1 in each group and category.
    reason : str
        "one_category", "separated" or "".
    """

    log_odds: float
    influence: FloatArray
    reason: str


def fit_odds(table: FloatArray) -> Odds:
    """Fit the model by maximum (pseudo-)likelihood.

    Parameters
    ----------
    table : float array, shape (2, K)
        Weight of the answers in each group (first, second) and category, in order. A category without an answer says
        nothing and is left out.

    Returns
    -------
    Odds

    Notes
    -----
    P(y <= k) = expit(z_k - b g), g = 0, 1. The log-likelihood is concave in (b, z), so Newton's method with halved
    steps arrives wherever there is a maximum. Linearised value: H^-1 times the score of the answer.
    Source: McCullagh (1980), J. R. Stat. Soc. B 42; Pratt (1981), J. Am. Stat. Assoc. 76 (concave);
    Binder (1983), Int. Stat. Rev. 51. Equals MASS `polr`, R survey 4.1.1 `svyolr` to 1e-6.
    """
    held = table.sum(axis=0) > 0
    influence = np.zeros(table.shape)
    if np.count_nonzero(held) < 2:
        return Odds(np.nan, influence, "one_category")
    counts = table[:, held] / table.sum()
    beta = np.append(0.0, special.logit(np.cumsum(counts.sum(axis=0))[:-1]))
    for _ in range(STEPS):
        scores, curvature = _derivatives(beta, counts.shape[1])
        gradient = np.einsum("gk,gkm->m", counts, scores)
        hessian = -np.einsum("gk,gkml->ml", counts, curvature)
        size = np.sqrt(np.maximum(np.diagonal(hessian), 0.0))
        if not (size > 0).all() or np.linalg.eigvalsh(hessian / np.outer(size, size))[0] <= 1e-12:
            break
        step = _halved(beta, np.linalg.solve(hessian, gradient), counts)
        beta = beta + step
        if np.abs(step).max() <= SETTLED * (1.0 + np.abs(beta).max()):
            scores = _derivatives(beta, counts.shape[1])[0]
            influence[:, held] = np.einsum("m,gkm->gk", np.linalg.inv(hessian)[0], scores) / table.sum()
            return Odds(float(beta[0]), influence, "")
    return Odds(np.nan, influence, "separated")


def _shares(beta: FloatArray) -> FloatArray:
    """Return the probability of each group and category, from the side of the distribution where it is small."""
    at = beta[1:] - np.array([[0.0], [beta[0]]])
    below = np.concatenate([np.zeros((2, 1)), special.expit(at), np.ones((2, 1))], axis=1)
    above = np.concatenate([np.ones((2, 1)), special.expit(-at), np.zeros((2, 1))], axis=1)
    upper = np.append(at > 0, [[True], [True]], axis=1)
    return np.asarray(np.where(upper, above[:, :-1] - above[:, 1:], below[:, 1:] - below[:, :-1]))


def _derivatives(beta: FloatArray, size: int) -> tuple[FloatArray, FloatArray]:
    """Return first (2, K, M) and second (2, K, M, M) derivatives of the log of each probability; M is 1 + K - 1."""
    at = beta[1:] - np.array([[0.0], [beta[0]]])
    density = special.expit(at) * special.expit(-at)
    slope = density * (special.expit(-at) - special.expit(at))
    ends = np.zeros((2, size + 1))
    density_at, slope_at = ends.copy(), ends.copy()
    density_at[:, 1:-1], slope_at[:, 1:-1] = density, slope
    # direction of each cut (2, K + 1, M): +1 for its own threshold, -1 for b in the second group
    direction = np.zeros((2, size + 1, beta.size))
    direction[:, np.arange(1, size), np.arange(1, size)] = 1.0
    direction[1, 1:-1, 0] = -1.0
    first = density_at[:, :, None] * direction
    second = slope_at[:, :, None, None] * direction[:, :, :, None] * direction[:, :, None, :]
    share = np.maximum(_shares(beta), 1e-300)
    score = (first[:, 1:] - first[:, :-1]) / share[:, :, None]
    curvature = (second[:, 1:] - second[:, :-1]) / share[:, :, None, None]
    return score, curvature - score[:, :, :, None] * score[:, :, None, :]


def _halved(beta: FloatArray, step: FloatArray, counts: FloatArray) -> FloatArray:
    before = _log_likelihood(beta, counts)
    for _ in range(40):
        if _log_likelihood(beta + step, counts) >= before - 1e-9 * abs(before):
            break
        step = step / 2
    return step


def _log_likelihood(beta: FloatArray, counts: FloatArray) -> float:
    share = _shares(beta)
    used = counts > 0
    if (share[used] <= 0).any():  # thresholds out of order
        return -np.inf
    return float((counts[used] * np.log(share[used])).sum())
