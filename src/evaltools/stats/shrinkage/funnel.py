"""Funnel limits: how far from the target a unit of given precision may lie by chance alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from evaltools.errors import UsageError
from evaltools.stats.arrays import BoolArray, FloatArray
from evaltools.stats.design import require_choice
from evaltools.stats.intervals import require_level
from evaltools.stats.reasons import Reasons, add_reason, no_reasons

Overdispersion = Literal["additive", "multiplicative"]

LEAST_UNITS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Funnel:
    """Units beside their target.

    Attributes
    ----------
    limits : frame
        Columns `[position, estimate, se, z, level, low, high, exact_low, exact_high, outside, flag]`, one row a unit
        and level. `se` is that of the funnel: under the target where counts are given. `z` is (estimate - target)/se
        without overdispersion. `low`, `high`: limits with it. `exact_low`, `exact_high`: binomial limits without it;
        NaN unless counts are given. `outside` is "above", "below" or "": by the exact limits where these are given and
        nothing is overdispersed, else by `low` and `high`. `flag`: ``not_estimated``, ``no_variation`` (se = 0),
        ``too_few_units`` (fewer than three: limits without overdispersion).
    target : float
        Value about which the limits lie.
    phi : float
        Mean of the squared winsorised z: 1 where units differ by sampling alone.
    tau2 : float
        Additive variance between units; 0 unless overdispersion is "additive".
    inflation : float
        Factor of the variances; 1 unless overdispersion is "multiplicative" and phi above 1.
    n_units : int
        Units that phi rests on.
    """

    limits: pd.DataFrame
    target: float
    phi: float
    tau2: float
    inflation: float
    n_units: int


@dataclass(frozen=True, slots=True, eq=False)
class _Units:
    """Values (D,), their errors and numbers of answers, which have limits, the target, and reasons."""

    estimate: FloatArray
    se: FloatArray
    n: FloatArray | None
    usable: BoolArray
    target: float
    flags: Reasons


def funnel_limits(
    estimate: npt.ArrayLike,
    se: npt.ArrayLike | None = None,
    *,
    n: npt.ArrayLike | None = None,
    target: float | None = None,
    levels: Sequence[float] = (0.95, 0.998),
    overdispersion: Overdispersion | None = "additive",
    winsor: float = 0.1,
) -> Funnel:
    """Compute the limits within which units lie if they do not differ from the target but by chance.

    Parameters
    ----------
    estimate : array, shape (D,)
        One value a unit; a share between 0 and 1 where `n` is given.
    se : array, shape (D,), optional
        Standard errors. Either these or `n`.
    n : array, shape (D,), optional
        Answers of a share: the error is that of a binomial share at the target. Of a complex sample the effective
        number; it need not be whole.
    target
        Value to compare with. None: the mean weighted by 1/se^2, or by `n`.
    levels
        Probabilities of lying within, each between 0 and 1.
    overdispersion
        "additive": units truly differ with variance tau2, which is added to every variance. "multiplicative": all
        variances are too small by the factor phi. None: neither.
    winsor
        Share of the largest and of the smallest z that is drawn in before phi is computed, so that the units one looks
        for do not widen the limits; 0 to below 0.5.

    Returns
    -------
    Funnel

    Raises
    ------
    UsageError
        ``funnel-error`` (neither or both of `se` and `n`), ``shrink-shape``, ``shrink-negative``, ``funnel-share``,
        ``option-range``, ``option-value``.

    Notes
    -----
    phi = mean of z_w^2; tau2 = max(0, (K phi - (K - 1)) / (sum w - sum w^2/sum w)), w = 1/se^2. Limits: target -+ z
    sqrt(phi) se, phi at least 1, or target -+ z sqrt(se^2 + tau2). Exact: r the smallest count with P(R <= r) > p,
    limit (r - (P(R <= r) - p)/P(R = r))/n.
    Source: Spiegelhalter (2005), Stat. Med. 24, 1185-1202, sections 2 and 3 and appendix A.
    """
    chosen = [require_level(level) for level in levels]
    _require_options(chosen, target, overdispersion, winsor, n)
    units = _read_units(estimate, se, n, target)
    z = np.divide(units.estimate - units.target, units.se, out=np.full(units.se.size, np.nan), where=units.usable)
    phi, tau2 = _dispersion(z[units.usable], units.se[units.usable], winsor)
    tau2 = tau2 if overdispersion == "additive" else 0.0
    inflation = phi if overdispersion == "multiplicative" and phi > 1 else 1.0
    wide = np.where(units.usable, np.sqrt(inflation * units.se**2 + tau2), np.nan)
    plain = inflation == 1.0 and tau2 == 0.0
    shared = {"position": np.arange(z.size), "estimate": units.estimate, "se": units.se, "z": z}
    parts = [pd.DataFrame(shared | _at_level(units, wide, level, plain=plain)) for level in chosen]
    table = pd.concat(parts)
    table["flag"] = pd.array(np.tile(units.flags, len(chosen)), dtype="str")
    table = table.sort_values("position", kind="stable").reset_index(drop=True)
    return Funnel(table, units.target, phi, tau2, inflation, int(np.count_nonzero(units.usable)))


def exact_limits(target: float, n: FloatArray, p: float) -> FloatArray:
    """Return the binomial share that is exceeded with probability 1 - p, between counts by Spiegelhalter's rule.

    Parameters
    ----------
    target
        Probability of one answer, above 0 and below 1.
    n : array, shape (D,)
        Answers, above 0; need not be whole.
    p
        Probability of lying below the limit.
    """
    r = np.full(n.size, -1.0)  # the largest count known to have P(R <= r) <= p
    step = 2.0 ** np.ceil(np.log2(np.maximum(n.max(initial=1.0), 1.0)))
    while step >= 1:
        r = np.where(_at_most(r + step, n, target) <= p, r + step, r)
        step /= 2
    upper, lower = _at_most(r + 1, n, target), _at_most(r, n, target)
    return np.clip((r + 1 - (upper - p) / (upper - lower)) / n, 0.0, 1.0)


def _at_most(r: FloatArray, n: FloatArray, target: float) -> FloatArray:
    """Return P(R <= r) of R binomial with n answers."""
    inner = (r >= 0) & (r < n)
    held = np.where(inner, r, 0.0)
    return np.where(inner, special.betainc(n - held, held + 1, 1 - target), np.where(r < 0, 0.0, 1.0))


def _require_options(
    levels: list[float],
    target: float | None,
    overdispersion: Overdispersion | None,
    winsor: float,
    n: npt.ArrayLike | None,
) -> None:
    if overdispersion is not None:
        require_choice("overdispersion", overdispersion, get_args(Overdispersion))
    if not levels:
        raise UsageError("option-value", option="levels", value="()", allowed=("one probability or more",))
    if not 0 <= winsor < 0.5:
        raise UsageError("option-value", option="winsor", value=repr(winsor), allowed=("0 <= winsor < 0.5",))
    if n is not None and target is not None and not 0 < target < 1:
        raise UsageError("option-range", option="target", value=repr(target), low=0, high=1)


def _read_units(
    estimate: npt.ArrayLike, se: npt.ArrayLike | None, n: npt.ArrayLike | None, target: float | None
) -> _Units:
    if (se is None) == (n is None):
        raise UsageError("funnel-error")
    name = "se" if n is None else "n"
    values = np.asarray(estimate, dtype=np.float64)
    given = np.asarray(se if n is None else n, dtype=np.float64)
    if values.ndim != 1 or given.shape != values.shape:
        raise UsageError("shrink-shape", estimate=values.shape, other=name, shape=given.shape)
    if (given < 0).any():
        raise UsageError("shrink-negative", name=name, count=int(np.count_nonzero(given < 0)))
    if n is not None and ((values < 0) | (values > 1)).any():
        raise UsageError("funnel-share", count=int(np.count_nonzero((values < 0) | (values > 1))))
    known = np.isfinite(values) & np.isfinite(given)
    counts = known & (given > 0)
    weight = np.where(counts, given if n is not None else 1 / np.where(counts, given, 1.0) ** 2, 0.0)
    if target is None:
        target = float((weight * np.where(counts, values, 0.0)).sum() / weight.sum()) if counts.any() else float("nan")
    errors = given
    if n is not None:
        errors = np.sqrt(np.divide(target * (1 - target), given, out=np.full(given.size, np.nan), where=counts))
    usable = counts & (errors > 0)
    flags = no_reasons(values.size)
    add_reason(flags, ~known | (known & ~counts & (n is not None)), "not_estimated")
    add_reason(flags, known & ~usable & (counts | (n is None)), "no_variation")
    if np.count_nonzero(usable) < LEAST_UNITS:
        add_reason(flags, usable, "too_few_units")
    return _Units(values, errors, given if n is not None else None, usable, target, flags)


def _dispersion(z: FloatArray, errors: FloatArray, winsor: float) -> tuple[float, float]:
    """Return phi and the additive variance; NaN and 0 with too few units."""
    size = z.size
    if size < LEAST_UNITS:
        return float("nan"), 0.0
    low, high = np.quantile(z, [winsor, 1 - winsor])
    phi = float(np.mean(np.clip(z, low, high) ** 2))
    weight = 1 / errors**2
    above = float(weight.sum())
    return phi, max(0.0, (size * phi - (size - 1)) / (above - float((weight * weight).sum()) / above))


def _at_level(funnel: _Units, wide: FloatArray, level: float, *, plain: bool) -> dict[str, object]:
    half = float(special.ndtri((1 + level) / 2)) * wide
    low, high = funnel.target - half, funnel.target + half
    exact = np.full((2, funnel.estimate.size), np.nan)
    if funnel.n is not None:
        for row, p in zip(exact, ((1 - level) / 2, (1 + level) / 2), strict=True):
            row[funnel.usable] = exact_limits(funnel.target, funnel.n[funnel.usable], p)
    by_count = funnel.n is not None and plain
    above = funnel.estimate > (exact[1] if by_count else high)
    below = funnel.estimate < (exact[0] if by_count else low)
    outside = pd.array(np.where(above, "above", np.where(below, "below", "")), dtype="str")
    return {
        "level": level, "low": low, "high": high, "exact_low": exact[0], "exact_high": exact[1], "outside": outside
    }  # fmt: skip
