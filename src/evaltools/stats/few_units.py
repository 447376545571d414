"""Standard error and degrees of freedom that keep a 95 % interval of a change near 95 % where there are few PSUs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evaltools.stats.arrays import FloatArray, IntArray, count_by, sum_by
from evaltools.stats.sums import ItemSums
from evaltools.stats.variance import Plan

# chosen by simulation (benchmarks/coverage.py); see `adjust_for_few_units`
POOLED = 0.6  # how far the smaller wave's variance is raised towards the pooled one
SHIFTED = 0.6  # part of the variance that must come from there for the degrees of freedom to be those of the pooled one
MOST_ALIKE = 0.95  # correlation of a PSU's answers in both waves beyond which none is believed
MOST_IN_ONE = 2 / 3  # sum of squared shares of a wave beyond which one PSU outweighs all others: intervals fall short
_PATTERNS = 3  # both waves, baseline only, endline only
_LEAST_LEFT = 1e-9  # below which nothing is left


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """How the P pairs of PSU and domain lie in the design; the same for every item.

    Attributes
    ----------
    domain : int array, shape (P,)
        Domain of each pair; D domains.
    factor : float array, shape (P,)
        n/(n - 1) of the pair's variance stratum, 1 where the PSU is alone in it: what the variance holds already.
    part : float array, shape (P,)
        1/n_h, with n_h the PSUs of the pair's declared stratum: what one PSU adds to the part of the stratum.
    n_domains : int
        D.
    """

    domain: IntArray
    factor: FloatArray
    part: FloatArray
    n_domains: int


@dataclass(frozen=True, slots=True, eq=False)
class FewUnits:
    """Standard error and degrees of freedom of interval and test: `se`, `df` float arrays, shape (D,)."""

    se: FloatArray
    df: FloatArray


def lay_out(plan: Plan, psu: IntArray, domain: IntArray, stratum_of_psu: IntArray) -> Layout:
    """Return the layout of a single-stage plan.

    Parameters
    ----------
    plan
        Arrangement of the variance.
    psu, domain : int arrays, shape (P,)
        PSU and domain of each pair, in the order of the plan.
    stratum_of_psu : int array, shape (J,)
        Declared stratum of each PSU.
    """
    groups = plan.runs[-1].groups
    count = groups.count[groups.of_unit[psu]].astype(np.float64)
    inside = groups.of_unit >= 0
    n_strata = int(stratum_of_psu.max(initial=0)) + 1
    sizes = count_by(stratum_of_psu[inside], n_strata)
    factor = np.where(count > 1, count / np.maximum(count - 1, 1), 1.0)
    return Layout(domain, factor, 1.0 / np.maximum(sizes[stratum_of_psu[psu]], 1), plan.n_domains)


def weight_shares(sums: ItemSums, slot_of_cell: IntArray, n_slots: int) -> FloatArray:
    """Return each cell's share of the weight of its domain and wave; shape (C + 1,), the last 0 for an absent cell.

    Parameters
    ----------
    sums
        The item's totals.
    slot_of_cell : int array, shape (C,)
        Domain and wave of each cell as one number.
    n_slots
        How many there are.
    """
    below = sum_by(slot_of_cell, sums.base, n_slots)
    share = np.zeros(sums.base.size + 1)
    whole = below[slot_of_cell]
    np.divide(sums.base, whole, out=share[:-1], where=whole != 0)
    return share


def adjust_for_few_units(
    layout: Layout,
    first: FloatArray,
    last: FloatArray,
    shares: tuple[FloatArray, FloatArray],
    se: FloatArray,
    df: FloatArray,
) -> FewUnits:
    """Return the standard error and degrees of freedom that interval and test of a change rest on.

    Parameters
    ----------
    layout
        From `lay_out`.
    first, last : float arrays, shape (P,)
        Linearised contributions a_j, b_j of each PSU to the baseline's and the endline's level.
    shares : two float arrays, shape (P,)
        p_j, q_j: each PSU's share of the weight of its domain's answers, baseline and endline; 0 without an answer.
    se, df : float arrays, shape (D,)
        Design-based standard error of the change, the root of V, and its degrees of freedom by the rule of domains.

    Returns
    -------
    FewUnits
        NaN where one PSU outweighs the others of a wave (sum p_j^2 or sum q_j^2 above 2/3, a share of about 0.81), V is
        NaN, or `df` is not above 0; se 0 where V is 0 (nothing varies).

    Notes
    -----
    Three corrections, each of which vanishes as PSUs become many:

    1. A residual is the smaller, the more its PSU weighs. V is multiplied by sum_j (b_j g(q_j) - a_j g(p_j))^2 /
       sum_j (b_j - a_j)^2, g(p)^2 = max(1, 1/((1 - p) f)), with f = n/(n - 1) of the variance stratum, which V holds
       already (Bell and McCaffrey 2002, Survey Methodology 28; MacKinnon and White 1985, J. Econometrics 29).
    2. In the smaller wave of two unequal ones mean and variance err together: where all of 15 answers stand at the top
       of the scale, their variance is 0 and the mean too high. With s_t = sum a_j^2 / sum p_j^2, the variance of one
       PSU in wave t, and s its mean over both waves, weighted by PSUs, the smaller wave's s_t is raised by
       0.6 (1 - r) max(0, s - s_t), r the ratio of the smaller to the larger sum p_j^2; the correlation of the waves
       is kept. V grows by the difference that this makes.
    3. Degrees of freedom are M (m - l)/m with m the domain's PSUs. The variance expected of one is e_j = p_j^2 h_0 +
       q_j^2 h_1 - 2 p_j q_j c, h_t = (s_t + s)/2, c the covariance of a PSU's answers in both waves. Among the PSUs of
       one pattern (both waves, baseline only, endline only) S = (sum e_j)^2 / sum e_j^2 is Satterthwaite's (1946) and
       K = (sum sqrt e_j)^2 / sum e_j Kish's (1965) effective number; with equal weights both are their number. Of
       unequal ones S asks too much, since a heavy PSU that errs raises the standard error too, and K too little:
       sqrt(S K). The patterns together, by Satterthwaite: M = (sum e_j)^2 / sum_g (sum_g e_j)^2 / sqrt(S_g K_g).
       l = max(2 - o, sum_h m_h/n_h) are the means that were fitted, o the PSUs in both waves over those of the smaller
       one. Where step 2 added a part f of the variance, the degrees of freedom move min(1, f/0.6) of the way to those
       of all PSUs, sum_t 1/sum p_j^2.

    With equal weights a panel gives the paired t test, two samples of equal size and variance the two-sample t test.

    Not a bootstrap: the same bits everywhere, no draws, and one pass over the contributions.
    """
    variance = se * se
    weighed = _full_size(last, shares[1], layout.factor) - _full_size(first, shares[0], layout.factor)
    plain = last - first
    below = _by_domain(layout, plain * plain)
    with np.errstate(divide="ignore", invalid="ignore"):
        inflated = variance * np.where(below > 0, _by_domain(layout, weighed * weighed) / below, 1.0)
        waves = _measure(layout, first, last, shares)
        raised = np.where(variance > 0, np.maximum(_raised_variance(waves) - waves.of_change, 0.0), 0.0)
        whole = inflated + raised
        found = _degrees_of_freedom(layout, waves, shares, np.where(whole > 0, raised / whole, 0.0))
    alone = np.maximum(waves.square[0], waves.square[1]) > MOST_IN_ONE
    usable = np.isfinite(variance) & (df > 0) & ~alone
    return FewUnits(np.where(usable, np.sqrt(np.maximum(whole, 0.0)), np.nan), np.where(usable, found, np.nan))


@dataclass(frozen=True, slots=True, eq=False)
class _Waves:
    """Of both waves (2, D): sum p_j^2, sum a_j^2, s_t; of the two together (D,): sum a_j b_j, s, sum (b_j - a_j)^2."""

    square: FloatArray
    variance: FloatArray
    of_psu: FloatArray
    covariance: FloatArray
    pooled: FloatArray
    of_change: FloatArray


def _measure(layout: Layout, first: FloatArray, last: FloatArray, shares: tuple[FloatArray, FloatArray]) -> _Waves:
    square = np.stack([_by_domain(layout, share * share) for share in shares])
    variance = np.stack([_by_domain(layout, part * part) for part in (first, last)])
    covariance = _by_domain(layout, first * last)
    psus = np.stack([_by_domain(layout, share > 0) for share in shares])
    of_psu = variance / square
    pooled = (psus * of_psu).sum(axis=0) / psus.sum(axis=0)
    return _Waves(square, variance, of_psu, covariance, pooled, variance.sum(axis=0) - 2 * covariance)


def _raised_variance(waves: _Waves) -> FloatArray:
    """Return the unstratified variance of the change (D,) with the smaller wave's raised towards the pooled one."""
    share = POOLED * np.maximum(1 - waves.square[::-1] / waves.square, 0.0)
    of_psu = waves.of_psu + share * np.maximum(waves.pooled - waves.of_psu, 0.0)
    variance = of_psu * waves.square
    scale = np.sqrt(waves.variance.prod(axis=0))
    correlation = np.where(scale > 0, waves.covariance / np.where(scale > 0, scale, 1.0), 0.0)
    return np.asarray(variance.sum(axis=0) - 2 * correlation * np.sqrt(variance.prod(axis=0)))


def _degrees_of_freedom(
    layout: Layout, waves: _Waves, shares: tuple[FloatArray, FloatArray], raised_share: FloatArray
) -> FloatArray:
    before, after = shares
    level = (waves.of_psu + waves.pooled) / 2
    together = _by_domain(layout, before * after)
    bound = MOST_ALIKE * np.sqrt(level.prod(axis=0))
    alike = np.where(together > 0, waves.covariance / np.where(together > 0, together, 1.0), 0.0)
    alike = np.clip(alike, -bound, bound)
    at = layout.domain
    expected = before * before * level[0][at] + after * after * level[1][at] - 2 * before * after * alike[at]
    pooled = (1 / waves.square).sum(axis=0)
    there, both = (before > 0) | (after > 0), (before > 0) & (after > 0)
    own = _effective_psus(layout, np.maximum(expected, 0.0), np.where(both, 0, np.where(before > 0, 1, 2)))
    psus, twice = _by_domain(layout, there), _by_domain(layout, both)
    smaller = np.minimum(_by_domain(layout, before > 0), _by_domain(layout, after > 0))
    fitted = np.maximum(_by_domain(layout, there * layout.part), 2 - twice / smaller)
    moved = np.minimum(1.0, raised_share / SHIFTED)
    df = (own + moved * np.maximum(pooled - own, 0.0)) * (psus - fitted) / psus
    return np.where(psus - fitted > _LEAST_LEFT, np.maximum(df, 1.0), np.nan)


def _effective_psus(layout: Layout, expected: FloatArray, pattern: IntArray) -> FloatArray:
    """Return the effective number of PSUs (D,) from each one's expected variance and its pattern (P,) of waves."""

    def total(values: FloatArray) -> FloatArray:
        sums = sum_by(layout.domain * _PATTERNS + pattern, values, layout.n_domains * _PATTERNS)
        return sums.reshape(layout.n_domains, _PATTERNS)

    whole = total(expected)
    satterthwaite = whole**2 / total(expected * expected)
    kish = total(np.sqrt(expected)) ** 2 / whole
    parts = np.where(whole > 0, whole**2 / np.sqrt(satterthwaite * kish), 0.0)
    return np.asarray(whole.sum(axis=1) ** 2 / parts.sum(axis=1))


def _full_size(part: FloatArray, share: FloatArray, factor: FloatArray) -> FloatArray:
    """Return contributions (P,) at the size that they would have if the PSU had not drawn the mean to itself."""
    return part * np.sqrt(np.maximum(1.0, 1.0 / (np.maximum(1.0 - share, _LEAST_LEFT) * factor)))


def _by_domain(layout: Layout, values: np.ndarray[Any, np.dtype[Any]]) -> FloatArray:
    return sum_by(layout.domain, values, layout.n_domains)
