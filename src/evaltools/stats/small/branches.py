"""One share from visits to several branches: branches differ, and visits to one branch are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from scipy import special

from evaltools.errors import UsageError
from evaltools.stats.arrays import FloatArray, IntArray
from evaltools.stats.design import require_choice
from evaltools.stats.intervals import require_level
from evaltools.stats.small.inputs import read_counts
from evaltools.stats.small.overdispersion import count_tails, fit_dispersion, information, likeliest_share

PoolMethod = Literal["adjusted", "ml"]

FEWEST_BRANCHES = 4


@dataclass(frozen=True, slots=True, eq=False)
class BranchPool:
    """The share of a bank and of its B branches.

    Attributes
    ----------
    share, se, ci_low, ci_high : float
        Of the bank; NaN with a flag that says so. `se` is that of the share.
    rho : float
        Overdispersion: correlation of two visits to one branch, 0 to 1; NaN where it cannot be estimated.
    df : int
        Branches with trials, less one.
    n_branches, n_trials : int
        Branches with trials, and trials.
    raw, shrunken, weight : float arrays, shape (B,)
        Each branch's own share (NaN without trials), its share drawn towards the bank's, and the weight of its own.
    flag : str
        ``no_trials``, ``too_few_branches`` (below 4: no rho, no limits), ``no_variation`` (all yes or all no: limits as
        if each branch were one visit), ``one_visit_a_branch`` (rho unknown, not needed), ``no_overdispersion``
        (rho = 0), or "".
    """

    share: float
    se: float
    ci_low: float
    ci_high: float
    rho: float
    df: int
    n_branches: int
    n_trials: int
    raw: FloatArray
    shrunken: FloatArray
    weight: FloatArray
    flag: str


def pool_branches(successes: Any, trials: Any, *, level: float = 0.95, method: PoolMethod = "adjusted") -> BranchPool:
    """Estimate a bank's share from its branches, each of which has a share of its own.

    Parameters
    ----------
    successes, trials : counts, shape (B,)
        Visits with yes, and visits, of each branch.
    level
        Confidence level.
    method
        How the overdispersion is estimated. "ml": maximum likelihood, too small with few branches. "adjusted": the
        likelihood adjusted for having estimated the share, as REML does.

    Returns
    -------
    BranchPool
        The share counts branches about alike where they differ much, and visits where they do not.

    Raises
    ------
    UsageError
        ``small-counts``, ``small-sizes``, ``small-successes`` where successes exceed trials, ``option-value``,
        ``option-range``.

    Notes
    -----
    y_b ~ beta-binomial(n_b, m, rho): E = n m, V = n m (1 - m)(1 + (n - 1) rho). Limits: logit m -+ t se(logit m), with
    the se from the expected information of both parameters, t with B - 1 df because rho rests on B branches. Shrunken
    share: (y_b + m k)/(n_b + k), k = (1 - rho)/rho. Where all answers agree, limits are Clopper and Pearson's
    for B trials: those of the largest overdispersion there can be.
    Source: Williams (1982), Applied Statistics 31; Griffiths (1973), Biometrics 29; Cox and Reid (1987), J. R. Stat.
    Soc. B 49. "ml" equals R VGAM `vglm(cbind(y, n - y) ~ 1, betabinomial)`.
    """
    require_choice("method", method, get_args(PoolMethod))
    level = require_level(level)
    got, tried = (np.atleast_1d(part) for part in read_counts(successes=successes, trials=trials))
    if got.ndim > 1:
        raise UsageError("small-sizes", names=["successes", "trials"], sizes=[got.shape, tried.shape])
    if (got > tried).any():
        raise UsageError("small-successes", rows=int(np.count_nonzero(got > tried)))
    used = tried > 0
    y, n = got[used], tried[used]
    total = int(n.sum())
    if y.size < FEWEST_BRANCHES:
        share = float(y.sum() / total) if total else np.nan
        return _pool(got, tried, share, np.nan, np.nan, None, "too_few_branches" if total else "no_trials")
    if y.sum() in (0, total):
        low, high = _of_whole_branches(y.size, level)
        limits = (low, 1.0) if y.sum() else (0.0, high)
        return _pool(got, tried, float(y.sum() > 0), np.nan, np.nan, limits, "no_variation")
    share, rho, se, reason = _fit(y, n, method)
    half = float(special.stdtrit(y.size - 1, (1 + level) / 2)) * se
    centre = float(special.logit(share))
    limits = float(special.expit(centre - half)), float(special.expit(centre + half))
    return _pool(got, tried, share, rho, se * share * (1 - share), limits, reason)


def _fit(y: IntArray, n: IntArray, method: PoolMethod) -> tuple[float, float, float, str]:
    """Return the share, the overdispersion, the error of the logit of the share, and a reason."""
    tails = count_tails(y, n)
    single = bool((n == 1).all())
    rho = 0.0 if single else fit_dispersion(tails, adjusted=method == "adjusted")
    share = float(likeliest_share(tails, np.array([rho]))[0])
    if rho == 0:
        reason = "one_visit_a_branch" if single else "no_overdispersion"
        return share, np.nan if single else 0.0, float(1 / np.sqrt(n.sum() * share * (1 - share))), reason
    return share, rho, float(np.sqrt(np.linalg.inv(information(n, share, rho))[0, 0])), ""


def _pool(
    successes: IntArray,
    trials: IntArray,
    share: float,
    rho: float,
    se: float,
    limits: tuple[float, float] | None,
    reason: str,
) -> BranchPool:
    tried = trials > 0
    raw = np.divide(successes, trials, out=np.full(trials.shape, np.nan), where=tried)
    weight = np.where(tried, trials * rho / (1 - rho + trials * rho), 0.0)
    shrunken = np.where(tried, weight * np.nan_to_num(raw) + (1 - weight) * share, share)
    low, high = limits or (np.nan, np.nan)
    branches = int(np.count_nonzero(tried))
    return BranchPool(
        share, se, low, high, rho, max(branches - 1, 0), branches, int(trials.sum()), raw, shrunken, weight, reason
    )


def _of_whole_branches(branches: int, level: float) -> tuple[float, float]:
    """Return the lower limit when all branches are yes, and the upper one when none is."""
    tail = float(((1 - level) / 2) ** (1 / branches))
    return tail, 1 - tail
