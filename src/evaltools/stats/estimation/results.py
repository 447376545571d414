"""One item's row of results in every domain: limits, design effects, and the reasons where a number cannot stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import numpy as np

from evaltools.errors import UsageError
from evaltools.stats.arrays import BoolArray, FloatArray, sum_by
from evaltools.stats.design import require_choice
from evaltools.stats.estimation.measures import QuantileSums
from evaltools.stats.estimation.quantile_limits import ordered_limits, quantile_error, woodruff_limits
from evaltools.stats.estimation.statistic import Statistic
from evaltools.stats.intervals import beta_interval, effective_answers, logit_interval, t_interval, wilson_interval
from evaltools.stats.levels import Levels, Stat, require_binary
from evaltools.stats.reasons import add_reason, no_reasons
from evaltools.stats.sample import Sample
from evaltools.stats.sums import Item, ItemSums

Interval = Literal["auto", "t", "logit", "beta", "wilson"]
Columns = dict[str, np.ndarray[Any, np.dtype[Any]]]

OF_SHARES = ("logit", "beta", "wilson", "mover")  # the last for changes


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """How intervals are to be made.

    Attributes
    ----------
    statistic, level, ci
        What the caller chose.
    plain : bool
        The design is a simple random sample of the rows, so that all answers are independent.
    """

    statistic: Statistic
    level: float
    ci: Interval
    plain: bool


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One item in D domains.

    Attributes
    ----------
    se : float array, shape (D,)
        Standard error of the level; NaN where there is no level.
    limit_se : float array, shape (D,)
        The standard error that limits rest on; another than `se` for "logit" with replicate weights.
    whole_df, domain_df : float arrays, shape (D,)
        Degrees of freedom of the design, and of the domain.
    undefined : bool array, shape (D,)
        Some replicate has no level.
    """

    se: FloatArray
    limit_se: FloatArray
    whole_df: FloatArray
    domain_df: FloatArray
    undefined: BoolArray


def require_interval(ci: object, statistic: Statistic) -> Interval:
    """Return the interval, or raise ``option-value``, or ``option-pair`` where the statistic has none of the kind."""
    require_choice("ci", ci, get_args(Interval))
    of_shares = statistic.form == "proportion" or statistic.label == "mean"
    if (ci in OF_SHARES and not of_shares) or (ci == "wilson" and statistic.p is not None):
        raise UsageError("option-pair", option="ci", value=ci, other="stat", other_value=statistic.label)
    return cast("Interval", ci)


def require_shares(statistic: Statistic, ci: str, sums: ItemSums, item: Item) -> None:
    """Raise ``stat-not-binary`` where a statistic or an interval of 0/1 items meets another item."""
    if statistic.form == "proportion":
        require_binary(sums, item, "stat", statistic.label)
    elif ci in OF_SHARES:
        require_binary(sums, item, "ci", ci)


def uses_domain_df(asked: Asked) -> bool:
    """Return whether the interval takes the degrees of freedom of the domain, whatever the design says."""
    of_shares = asked.ci in OF_SHARES or (asked.ci == "auto" and asked.statistic.form == "proportion")
    return of_shares or asked.statistic.p is not None


def item_columns(
    sample: Sample, sums: ItemSums, levels: Levels, measured: Measured, asked: Asked, *, domain_rule: bool
) -> Columns:
    """Return one item's columns of results but `missing_share`; arrays (D,).

    Parameters
    ----------
    sample, sums, levels
        One wave, and the item in it.
    measured
        Its errors.
    asked
        Statistic, level and kind of interval.
    domain_rule
        The design asks for the degrees of freedom of the domain.
    """
    theta, n, psus = levels.level[:, 0], levels.answers[:, 0], levels.psus[:, 0]
    df = measured.domain_df if domain_rule or uses_domain_df(asked) else measured.whole_df
    limits = _limits(theta, measured.limit_se, df, n.astype(np.float64), psus.astype(np.float64), asked)
    deff = design_effect(sample, sums, levels, measured.se, asked.statistic.form)
    return _assemble(theta, measured.se, df, limits, levels, deff, measured.undefined)


def quantile_columns(sample: Sample, held: QuantileSums, levels: Levels, measured: Measured, asked: Asked) -> Columns:
    """Return one item's quantile and what stands beside it, as `item_columns`; arrays (D,).

    Parameters
    ----------
    sample
        One wave.
    held
        Sorted answers, the quantiles, and the totals of the 0/1 value "at most the quantile".
    levels, measured
        The share of answers up to the quantile, and its errors.
    asked
        Statistic, level and kind of interval.
    """
    share, df = levels.level[:, 0], measured.domain_df
    n, psus = levels.answers[:, 0].astype(np.float64), levels.psus[:, 0].astype(np.float64)
    se = quantile_error(held.ranked, share, measured.se, df, n)
    if asked.ci == "auto":
        size = effective_size(share, measured.se, df, n, psus, asked)
        limits = ordered_limits(held.ranked, cast("float", asked.statistic.p), size, asked.level)
    else:
        kind = cast("Literal['t', 'logit', 'beta']", asked.ci)
        limits = woodruff_limits(held.ranked, share, measured.se, df, n, asked.level, kind)
    deff = design_effect(sample, held.sums, levels, measured.se, "proportion")
    found = _assemble(held.quantile, se, df, limits, levels, deff, measured.undefined)
    missing = np.isnan(se) | np.isnan(limits[0]) | np.isnan(limits[1])
    add_reason(found["flag"], (df > 0) & missing, "quantile_edge")
    return found


def _assemble(
    theta: FloatArray,
    se: FloatArray,
    df: FloatArray,
    limits: tuple[FloatArray, FloatArray],
    levels: Levels,
    deff: FloatArray,
    undefined: BoolArray,
) -> Columns:
    n, psus = levels.answers[:, 0], levels.psus[:, 0]
    flags = no_reasons(theta.size)
    add_reason(flags, n == 0, "no_answers")
    add_reason(flags, (n > 0) & np.isnan(theta), "no_denominator")
    add_reason(flags, psus == 1, "one_psu")
    add_reason(flags, (n > 0) & ~(df > 0), "no_df")
    add_reason(flags, se == 0, "no_variation")
    add_reason(flags, undefined, "replicates_undefined")
    return {
        "estimate": theta, "se": se, "df": df, "ci_low": limits[0], "ci_high": limits[1], "n": n, "n_psu": psus,
        "n_eff": np.divide(n, deff, out=np.full(n.size, np.nan), where=deff > 0), "deff": deff, "flag": flags,
    }  # fmt: skip


def share_limits(
    share: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray, psus: FloatArray, asked: Asked
) -> tuple[FloatArray, FloatArray]:
    """Return limits of a proportion by "logit", "beta" or "wilson"; "auto" is "beta"."""
    if asked.ci == "logit":
        return logit_interval(share, se, df, asked.level)
    if asked.ci == "wilson":
        return wilson_interval(share, effective_size(share, se, df, n, psus, asked), (1 - asked.level) / 2)
    return beta_interval(share, se, df, n, asked.level)


def effective_size(
    share: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray, psus: FloatArray, asked: Asked
) -> FloatArray:
    """Return the number of independent answers that limits rest on; all answers of a simple random sample."""
    if asked.plain:
        return np.where(df > 0, n, np.nan)
    return effective_answers(share, se, df, n, psus, (1 - asked.level) / 2)


def design_effect(sample: Sample, sums: ItemSums, levels: Levels, se: FloatArray, stat: Stat) -> FloatArray:
    """Return the variance over that of a simple random sample of as many answers (R's `deff`); shape (D,)."""
    weight, square, cross, base = (part[:, 0] for part in cast("FloatArray", sums.moments))
    n = levels.answers[:, 0].astype(np.float64)
    empty = np.full(n.size, np.nan)
    usable = (n > 1) & np.isfinite(levels.level[:, 0])
    if stat == "ratio":  # variance of the residual y - R x, whose mean is 0
        ratio = levels.level[:, 0] - sums.origin
        below = sum_by(sample.cells.domain, sums.base, n.size)
        spread = (square - 2 * ratio * cross + ratio * ratio * base) / np.where(usable, weight, 1.0)
        size = np.divide(weight, below, out=empty.copy(), where=usable & (below != 0)) ** 2
    else:
        mean = np.divide(cross, weight, out=empty.copy(), where=usable)
        spread = np.divide(square, weight, out=empty.copy(), where=usable) - mean * mean
        size = weight * weight if stat == "total" else np.ones(n.size)
    # without expanding weights there is no population to sample from without replacement
    left_out = np.where(weight > n * (1 + 1e-12), 1 - n / np.where(weight > 0, weight, 1.0), 1.0)
    simple = np.where(usable, spread / np.maximum(n - 1, 1.0) * left_out * size, np.nan)
    return np.asarray(np.divide(se * se, simple, out=empty, where=usable & (simple > 0)))


def _limits(
    theta: FloatArray, se: FloatArray, df: FloatArray, n: FloatArray, psus: FloatArray, asked: Asked
) -> tuple[FloatArray, FloatArray]:
    if asked.ci in OF_SHARES or (asked.ci == "auto" and asked.statistic.form == "proportion"):
        return share_limits(theta, se, df, n, psus, asked)
    return t_interval(theta, se, df, asked.level)
