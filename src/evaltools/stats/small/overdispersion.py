"""The likelihood of successes that vary between branches, in a form that also holds without overdispersion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from evaltools.stats.arrays import FloatArray, IntArray

MOST_STEPS = 100
LARGEST = 12.0  # logit of the overdispersion; beyond, a branch is all yes or all no
SMALLEST = -16.0


@dataclass(frozen=True, slots=True, eq=False)
class Tails:
    """For j = 0, 1, ...: how many branches have more than j successes, failures, trials. Shapes (J,)."""

    yes: FloatArray
    no: FloatArray
    trials: FloatArray


def count_tails(successes: IntArray, trials: IntArray) -> Tails:
    """Return the tails that the likelihood is a sum over."""
    steps = np.arange(int(trials.max()))
    failures = trials - successes
    yes, no, all_ = ((part[None, :] > steps[:, None]).sum(axis=1) for part in (successes, failures, trials))
    return Tails(yes.astype(np.float64), no.astype(np.float64), all_.astype(np.float64))


def fit_dispersion(tails: Tails, *, adjusted: bool) -> float:
    """Return the overdispersion between 0 and 1 with the largest (adjusted) profile likelihood; 0 at the border."""
    grid = np.linspace(SMALLEST, LARGEST, 57)
    value = profile(tails, special.expit(grid), adjusted=adjusted)
    best = int(np.argmax(value))
    step = grid[1] - grid[0]

    def loss(place: float) -> float:
        return -float(profile(tails, special.expit(np.array([place])), adjusted=adjusted)[0])

    bounds = (grid[best] - step, grid[best] + step)
    found = optimize.minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-9})
    at_border = float(profile(tails, np.zeros(1), adjusted=adjusted)[0])
    return 0.0 if at_border >= -found.fun or best == 0 else float(special.expit(found.x))


def profile(tails: Tails, rho: FloatArray, *, adjusted: bool) -> FloatArray:
    """Return the log likelihood at the likeliest share for each overdispersion (R,).

    Notes
    -----
    log L = sum_j [yes_j log(m (1 - rho) + j rho) + no_j log((1 - m)(1 - rho) + j rho) - trials_j log(1 - rho + j rho)].
    Adjusted: less half the log of the information of logit m, as REML does for a variance.
    Source: Griffiths (1973), Biometrics 29; Cox and Reid (1987), J. R. Stat. Soc. B 49.
    """
    share = likeliest_share(tails, rho)
    yes, no, spread = _terms(tails, share, rho)
    value = _total(tails.yes, np.log(yes)) + _total(tails.no, np.log(no)) - _total(tails.trials, np.log(spread))
    if adjusted:
        slope, curve = _derivatives(tails, share, rho)
        inner = share * (1 - share)
        value = value - 0.5 * np.log(-(curve * inner**2 + slope * inner * (1 - 2 * share)))
    return np.asarray(value)


def likeliest_share(tails: Tails, rho: FloatArray) -> FloatArray:
    """Return the share with the largest likelihood for each overdispersion (R,): the slope falls all the way."""
    low, high = np.zeros(rho.size), np.ones(rho.size)
    share = np.full(rho.size, 0.5)
    for _ in range(MOST_STEPS):
        slope, curve = _derivatives(tails, share, rho)
        low, high = np.where(slope > 0, share, low), np.where(slope > 0, high, share)
        step = share - slope / curve
        step = np.where((step > low) & (step < high), step, (low + high) / 2)
        moved = np.abs(step - share).max()
        share = step
        if moved < np.finfo(np.float64).eps:
            break
    return share


def information(trials: IntArray, share: float, rho: float) -> FloatArray:
    """Return the expected information (2, 2) of logit share and logit overdispersion, summed over branches.

    Notes
    -----
    E[score score'] over all outcomes of each branch, by the chances of the beta-binomial distribution.
    """
    found = np.zeros((2, 2))
    for size, times in zip(*np.unique(trials, return_counts=True), strict=True):
        scores, chance = _outcomes(int(size), share, rho)
        found += times * np.einsum("in,jn,n->ij", scores, scores, chance, optimize=False)
    return found


def _outcomes(size: int, share: float, rho: float) -> tuple[FloatArray, FloatArray]:
    """Return scores (2, size + 1) and chances (size + 1,) of 0 .. size successes of one branch."""
    steps = np.arange(size)
    yes, no, spread = share * (1 - rho) + steps * rho, (1 - share) * (1 - rho) + steps * rho, 1 - rho + steps * rho
    got, lost = np.arange(size + 1), size - np.arange(size + 1)

    def up_to(values: FloatArray, count: IntArray) -> FloatArray:
        return np.concatenate(([0.0], values.cumsum()))[count]

    log_chance = up_to(np.log(yes), got) + up_to(np.log(no), lost) - np.log(spread).sum()
    log_chance += special.gammaln(size + 1) - special.gammaln(got + 1) - special.gammaln(lost + 1)
    by_share = (up_to(1 / yes, got) - up_to(1 / no, lost)) * (1 - rho) * share * (1 - share)
    by_rho = up_to((steps - share) / yes, got) + up_to((steps - 1 + share) / no, lost) - ((steps - 1) / spread).sum()
    return np.stack([by_share, by_rho * rho * (1 - rho)]), np.exp(log_chance)


def _terms(tails: Tails, share: FloatArray, rho: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    steps = np.arange(tails.trials.size)[:, None] * rho
    return share * (1 - rho) + steps, (1 - share) * (1 - rho) + steps, 1 - rho + steps


def _derivatives(tails: Tails, share: FloatArray, rho: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the first two derivatives of the log likelihood by the share."""
    yes, no, _ = _terms(tails, share, rho)
    rate_yes, rate_no = (1 - rho) / yes, (1 - rho) / no
    slope = _total(tails.yes, rate_yes) - _total(tails.no, rate_no)
    return slope, -_total(tails.yes, rate_yes**2) - _total(tails.no, rate_no**2)


def _total(weight: FloatArray, values: FloatArray) -> FloatArray:
    """Return the weighted sum over j (R,), in a fixed order, which a matrix product would not promise."""
    return np.asarray((weight[:, None] * values).sum(axis=0))
