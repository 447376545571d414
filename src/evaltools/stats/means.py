"""Means, totals, ratios and proportions of all domains and items of one sample, with their design-based errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, cast, get_args

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import BoolArray, FloatArray, IntArray, count_by, sum_by
from evaltools.stats.design import DEFAULT, Design, require_choice
from evaltools.stats.intervals import beta_interval, logit_interval, require_level, t_interval
from evaltools.stats.levels import (
    Levels,
    Stat,
    drop_rounding,
    linearise,
    require_binary,
    require_stat,
)
from evaltools.stats.merging import pool_waves
from evaltools.stats.reasons import add_reason, domain_table, no_reasons
from evaltools.stats.sample import Sample
from evaltools.stats.sums import Item, ItemSums, Totals, each_item, item_label, open_source
from evaltools.stats.units import Units, any_wave
from evaltools.stats.variance import Plan, Strata, plan_groups, plan_variance, variance_by_domain

Interval = Literal["auto", "t", "logit", "beta"]

_Columns = dict[str, FloatArray | IntArray | np.ndarray[Any, np.dtype[np.object_]]]


def estimate(
    frame: Any,
    items: str | Sequence[Item] | None,
    by: str | Sequence[str] | None = None,
    design: Design = DEFAULT,
    *,
    stat: Stat = "mean",
    level: float = 0.95,
    ci: Interval = "auto",
) -> pd.DataFrame:
    """Estimate every item in every domain.

    Parameters
    ----------
    frame : pandas frame, Arrow table or Totals
        One row an answer sheet. Rows whose item is missing stay in the design, so a domain or an item that few answer
        keeps the variance that R's `subset` of a design gives it. Waves of Totals are pooled.
    items
        Numeric columns; for "ratio" (numerator, denominator) pairs. None: all items of the Totals.
    by
        Columns whose values form domains. None: one domain, or those of the Totals.
    design
        Weights, strata, units, population counts and choices. `Design()`: simple random sample; the Totals' own.
    stat
        "mean" (of the answers present); "total" (of the answers present: nothing is imputed); "ratio" (of totals, rows
        with both answers); "proportion" (mean of 0/1 items, with a "beta" interval under "auto").
    level
        Confidence level, between 0 and 1.
    ci
        "auto" or "t": estimate -+ t * se with `df`. For 0/1 items also "logit" and "beta" (Korn and Graubard); as in
        R's `svyciprop` their df are those of the domain: its PSUs with an answer minus the strata that hold them.

    Returns
    -------
    frame
        Columns `[*by, item, stat, estimate, se, df, ci_low, ci_high, n, n_psu, n_eff, deff, missing_share, flag]`, one
        row a domain and item, domains sorted. `n` counts answers with positive weight, `n_psu` the PSUs that gave
        them, `missing_share` is the share of the domain's rows without an answer. `deff` is the variance over that of
        a simple random sample of the same size (without replacement where the weights sum to more than `n`, else with),
        `n_eff` is n/deff. A domain without answers has n = 0 and NaN. `flag` gives reasons, joined by ";":
        ``no_answers``, ``one_psu``, ``no_df``, ``no_variation`` (se = 0), ``no_denominator``.

    Raises
    ------
    UsageError
        An option, item or column that is not offered or not there; the message names it.
    DesignError
        ``frame-values-missing`` (by, stratum, PSU, weight, fpc), ``weight-invalid``, ``psu-two-strata``,
        ``lonely-psu``, ``fpc-too-small`` and their kin.

    Notes
    -----
    u_i = w_i (y_i - theta)/sum w in the domain, 0 outside; V = sum_h (1 - f_h) n_h/(n_h - 1) sum_j (U_hj - mean)^2 with
    n_h all PSUs of the stratum. Source: Binder (1983), Int. Stat. Rev. 51; Särndal, Swensson, Wretman (1992), ch. 5.
    Equals R survey 4.1.1 `svymean`, `svytotal`, `svyratio`, `svyciprop` to 1e-8.
    """
    require_choice("ci", ci, get_args(Interval))
    level = require_level(level)
    source = open_source(frame, items, by, None, design, moments=True)
    stat = require_stat(stat, source.items)
    if ci in {"logit", "beta"} and stat not in {"mean", "proportion"}:
        raise UsageError("option-pair", option="ci", value=ci, other="stat", other_value=stat)
    sample, read = source.sample, source.read
    if isinstance(frame, Totals):
        sample, pooled = pool_waves(sample, [read(place) for place in range(len(source.items))])
        source = replace(source, sample=sample, read=pooled.__getitem__)
    plan = plan_sample(sample, source.design)

    def work(item: Item, sums: ItemSums) -> _Columns:
        if stat == "proportion" or ci in {"logit", "beta"}:
            require_binary(sums, item, *(("stat", stat) if stat == "proportion" else ("ci", ci)))
        return _item_columns(sample, plan, sums, source.design, stat, level, ci)

    return _as_frame(sample, [item_label(item) for item in source.items], stat, each_item(source, work))


def plan_sample(sample: Sample, design: Design) -> Plan:
    """Arrange the variance of a sample of one wave: its cells are the contributions, its strata as declared."""
    units = sample.units
    strata = Strata(units.stratum, tuple(str(label) for label in units.strata))
    groups = plan_groups(units, strata, np.ones(units.size, dtype=np.bool_), design.lonely_psu)
    return plan_variance(units, groups, sample.cells.unit, sample.cells.domain, sample.shape[0], design.lonely_psu)


def design_df(units: Units, live: BoolArray) -> int:
    """Return PSUs minus strata, both with positive weight (R's `degf`).

    Parameters
    ----------
    units
        All units.
    live : bool array, shape (U,)
        Units with positive weight in the sample at hand.
    """
    psus = np.zeros(units.n_psu, dtype=np.bool_)
    psus[units.stage[0][live]] = True
    strata = np.count_nonzero(count_by(units.stratum[psus], len(units.strata)))
    return int(np.count_nonzero(psus) - strata)


def _item_columns(
    sample: Sample, plan: Plan, sums: ItemSums, design: Design, stat: Stat, level: float, ci: Interval
) -> _Columns:
    levels = linearise(sample, sums, stat)
    theta, n, psus = levels.level[:, 0], levels.answers[:, 0], levels.psus[:, 0]
    variance = variance_by_domain(plan, levels.contribution[:-1], sums.answers)
    variance = drop_rounding(variance, sample, sums, levels, stat)
    se = np.where(np.isfinite(theta), np.sqrt(np.maximum(variance, 0.0)), np.nan)
    domain_df = np.where(n > 0, psus - levels.strata[:, 0], np.nan).astype(np.float64)
    df = domain_df
    if design.df == "design" and ci not in {"logit", "beta"} and not (stat == "proportion" and ci == "auto"):
        df = np.where(n > 0, float(design_df(sample.units, any_wave(sample.units.live))), np.nan)
    low, high = _limits(theta, se, df, n, level, ci, stat)
    deff = _design_effect(sample, sums, levels, se, stat)
    flags = no_reasons(theta.size)
    add_reason(flags, n == 0, "no_answers")
    add_reason(flags, (n > 0) & np.isnan(theta), "no_denominator")
    add_reason(flags, psus == 1, "one_psu")
    add_reason(flags, (n > 0) & ~(df > 0), "no_df")
    add_reason(flags, se == 0, "no_variation")
    rows = sum_by(sample.cells.domain, sample.cells.rows, theta.size)
    return {
        "estimate": theta, "se": se, "df": df, "ci_low": low, "ci_high": high, "n": n, "n_psu": psus,
        "n_eff": np.divide(n, deff, out=np.full(n.size, np.nan), where=deff > 0), "deff": deff,
        "missing_share": missing_share(rows, n), "flag": flags,
    }  # fmt: skip


def missing_share(rows: FloatArray | IntArray, answers: IntArray) -> FloatArray:
    """Return the share of rows without an answer; NaN where there are no rows."""
    return np.asarray(1 - np.divide(answers, rows, out=np.full(answers.shape, np.nan), where=np.asarray(rows) > 0))


def _limits(
    theta: FloatArray, se: FloatArray, df: FloatArray, n: IntArray, level: float, ci: Interval, stat: Stat
) -> tuple[FloatArray, FloatArray]:
    if ci == "logit":
        return logit_interval(theta, se, df, level)
    if ci == "beta" or (ci == "auto" and stat == "proportion"):
        return beta_interval(theta, se, df, n.astype(np.float64), level)
    return t_interval(theta, se, df, level)


def _design_effect(sample: Sample, sums: ItemSums, levels: Levels, se: FloatArray, stat: Stat) -> FloatArray:
    """Return the variance over that of a simple random sample of as many answers (R's `deff`)."""
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


def _as_frame(sample: Sample, labels: Sequence[str], stat: str, columns: Sequence[_Columns]) -> pd.DataFrame:
    n_domains = sample.shape[0]
    table = domain_table(sample.domains, labels)
    table["stat"] = stat
    for name in columns[0]:
        table[name] = np.stack([part[name] for part in columns], axis=1).reshape(n_domains * len(labels))
    table["flag"] = table["flag"].astype("str")
    return table
