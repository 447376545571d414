"""Every statistic of all domains and items of one sample, with its design-based error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pandas as pd

from evaltools.stats.arrays import BoolArray, FloatArray, IntArray, count_by, sum_by
from evaltools.stats.design import DEFAULT, Design
from evaltools.stats.estimation.measures import (
    Pair,
    Replication,
    design_rank,
    domain_ranks,
    logit_error,
    open_replication,
    replicate_item,
    replicate_spread,
    sum_quantile,
)
from evaltools.stats.estimation.places import Places, place_rows
from evaltools.stats.estimation.results import (
    Asked,
    Columns,
    Interval,
    Measured,
    item_columns,
    quantile_columns,
    require_interval,
    require_shares,
    uses_domain_df,
)
from evaltools.stats.estimation.statistic import (
    StatOption,
    read_statistic,
    recoding_of,
    require_answers,
    require_items,
)
from evaltools.stats.intervals import require_level
from evaltools.stats.levels import Levels, drop_rounding, linearise
from evaltools.stats.merging import pool_waves
from evaltools.stats.reasons import domain_table
from evaltools.stats.sample import Sample
from evaltools.stats.sums import Item, ItemSums, Source, Totals, each_item, item_label, open_source
from evaltools.stats.units import Units, any_wave
from evaltools.stats.variance import Plan, Strata, plan_groups, plan_variance, variance_by_domain


def estimate(
    frame: Any,
    items: str | Sequence[Item] | None,
    by: str | Sequence[str] | None = None,
    design: Design = DEFAULT,
    *,
    stat: StatOption = "mean",
    level: float = 0.95,
    ci: Interval = "auto",
) -> pd.DataFrame:
    """Estimate every item in every domain.

    Parameters
    ----------
    frame : pandas frame, Arrow table or Totals
        One row an answer sheet. Rows whose item is missing stay in the design, so a domain or an item that few answer
        keeps the variance that R's `subset` of a design gives it. Waves of Totals are pooled. Totals hold sums, so
        they give means, totals, ratios and proportions alone.
    items
        Numeric columns; for "ratio" (numerator, denominator) pairs. None: all items of the Totals.
    by
        Columns whose values form domains. None: one domain, or those of the Totals.
    design
        Weights, strata, units, population counts or replicate weights, and choices. `Design()`: simple random sample;
        the Totals' own.
    stat
        "mean" (of the answers present); "total" (of the answers present: nothing is imputed); "ratio" (of totals, rows
        with both answers); "proportion" (mean of 0/1 items); ("quantile", p) with p between 0 and 1; ("share_within",
        bound), the share of answers up to the bound, itself included; ("top_box", least), the share from `least` on;
        "net_promoter", the share of 9 and 10 less that of 0 to 6 on a scale of 0 to 10, in points from -100 to 100.
    level
        Confidence level, between 0 and 1.
    ci
        "t": estimate -+ t * se with `df`. For 0/1 items and shares also "logit", "beta" (Korn and Graubard) and
        "wilson"; as in R's `svyciprop` their df are those of the domain: its PSUs with an answer minus the strata that
        hold them. For quantiles "t", "logit" and "beta" are Woodruff's, R's "mean", "xlogit" and "beta", always with
        the domain's df. "auto": "beta" for "proportion", "share_within" and "top_box"; order statistics at the
        effective number of answers for quantiles; else "t".

    Returns
    -------
    frame
        Columns `[*by, item, stat, estimate, se, df, ci_low, ci_high, n, n_psu, n_eff, deff, missing_share, flag]`, one
        row a domain and item, domains sorted. `n` counts answers with positive weight, `n_psu` the PSUs that gave
        them (under replicate weights, where PSUs are not known, answers), `missing_share` is the share of the domain's
        rows without an answer. `deff` is the variance over that of a simple random sample of the same size (without
        replacement where the weights sum to more than `n`, else with), for a quantile that of the share up to it;
        `n_eff` is n/deff. A domain without answers has n = 0 and NaN. `flag` gives reasons, joined by ";":
        ``no_answers``, ``one_psu``, ``no_df``, ``no_variation`` (se = 0), ``no_denominator``, ``quantile_edge`` (too
        few answers beyond the quantile: no se, or a limit is missing), ``replicates_undefined`` (some replicate has no
        answer, and is left out).

    Raises
    ------
    UsageError
        An option, item or column that is not offered or not there; the message names it.
    DesignError
        ``frame-values-missing`` (by, stratum, PSU, weight, fpc), ``weight-invalid``, ``replicates-invalid``,
        ``psu-two-strata``, ``lonely-psu``, ``fpc-too-small`` and their kin.

    Notes
    -----
    u_i = w_i (y_i - theta)/sum w in the domain, 0 outside; V = sum_h (1 - f_h) n_h/(n_h - 1) sum_j (U_hj - mean)^2 with
    n_h all PSUs of the stratum. Source: Binder (1983), Int. Stat. Rev. 51; Särndal, Swensson, Wretman (1992), ch. 5.
    Equals R survey 4.1.1 `svymean`, `svytotal`, `svyratio`, `svyciprop`, `svyquantile`, and the same on `svrepdesign`,
    to 1e-8. On a simple random sample "wilson" is Wilson's own interval; "beta" is R's, which counts one answer less
    than Clopper and Pearson.
    """
    statistic = read_statistic(stat)
    ci = require_interval(ci, statistic)
    level = require_level(level)
    require_answers(frame, statistic)
    source = open_source(frame, items, by, None, design, moments=True, recode=recoding_of(statistic))
    require_items(statistic, source.items)
    sample, read = source.sample, source.read
    if isinstance(frame, Totals):
        sample, pooled = pool_waves(sample, [read(place) for place in range(len(source.items))])
        source = replace(source, sample=sample, read=pooled.__getitem__)
    asked = Asked(statistic, level, ci, source.design.plain)
    replication = open_replication(source, statistic)
    places = replication.places if replication else place_rows(source) if statistic.p is not None else None
    setting = _set(source, asked, replication)

    def work(item: Item, sums: ItemSums) -> Columns:
        require_shares(statistic, ci, sums, item)
        levels = linearise(sample, sums, statistic.form)
        measured = _measure(setting, item, sums, levels, None)
        return item_columns(sample, sums, levels, measured, asked, domain_rule=source.design.df == "domain")

    def work_quantile(item: Item) -> Columns:
        held = sum_quantile(source, cast("Places", places), item, cast("float", statistic.p))
        levels = linearise(sample, held.sums, "proportion")
        return quantile_columns(sample, held, levels, _measure(setting, item, held.sums, levels, held.pair), asked)

    quantiles = statistic.p is not None
    columns = [work_quantile(item) for item in source.items] if quantiles else each_item(source, work)
    return _as_frame(sample, [item_label(item) for item in source.items], statistic.label, columns)


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


def missing_share(rows: FloatArray | IntArray, answers: IntArray) -> FloatArray:
    """Return the share of rows without an answer; NaN where there are no rows."""
    return np.asarray(1 - np.divide(answers, rows, out=np.full(answers.shape, np.nan), where=np.asarray(rows) > 0))


@dataclass(frozen=True, slots=True, eq=False)
class _Setting:
    """What the errors of all items share: the plan of the sample, or its replicate weights."""

    source: Source
    asked: Asked
    plan: Plan | None
    replication: Replication | None
    whole_df: float


def _set(source: Source, asked: Asked, replication: Replication | None) -> _Setting:
    sample, design = source.sample, source.design
    if replication is not None:
        return _Setting(source, asked, None, replication, float(design_rank(replication)))
    whole_df = float(design_df(sample.units, any_wave(sample.units.live)))
    return _Setting(source, asked, plan_sample(sample, design), None, whole_df)


def _measure(setting: _Setting, item: Item, sums: ItemSums, levels: Levels, pair: Pair | None) -> Measured:
    """Return standard errors and degrees of freedom of an item's levels in every domain."""
    sample, form = setting.source.sample, setting.asked.statistic.form
    theta, n = levels.level[:, 0], levels.answers[:, 0]
    undefined = np.zeros(theta.size, dtype=np.bool_)
    limit_se: FloatArray | None = None
    domain_df: FloatArray = (levels.psus - levels.strata)[:, 0].astype(np.float64)
    if setting.replication is not None:
        again = replicate_item(setting.replication, item, sums, form, pair)
        spread = replicate_spread(setting.replication, again, theta if form == "total" else theta - sums.origin)
        variance, undefined = spread.variance, spread.undefined
        if setting.asked.ci == "logit" and setting.asked.statistic.p is None:
            limit_se, extreme = logit_error(setting.replication, again + sums.origin, theta)
            undefined = undefined | extreme
        if setting.source.design.df == "domain" or uses_domain_df(setting.asked):
            domain_df = domain_ranks(setting.replication, item, [np.array([slot]) for slot in range(theta.size)])
    else:
        variance = variance_by_domain(cast("Plan", setting.plan), levels.contribution[:-1], sums.answers)
    variance = drop_rounding(variance, sample, sums, levels, form)
    se = np.where(np.isfinite(theta), np.sqrt(np.maximum(variance, 0.0)), np.nan)
    answered = n > 0
    whole_df = np.where(answered, setting.whole_df, np.nan)
    domain_df = np.where(answered, domain_df, np.nan)
    return Measured(se, se if limit_se is None else limit_se, whole_df, domain_df, undefined & answered)


def _as_frame(sample: Sample, labels: Sequence[str], stat: str, columns: Sequence[Columns]) -> pd.DataFrame:
    n_domains = sample.shape[0]
    rows = sum_by(sample.cells.domain, sample.cells.rows, n_domains)
    table = domain_table(sample.domains, labels)
    table["stat"] = stat
    for name in columns[0]:
        if name == "flag":
            table["missing_share"] = _stack([missing_share(rows, part["n"]) for part in columns])
        table[name] = _stack([part[name] for part in columns])
    table["flag"] = table["flag"].astype("str")
    return table


def _stack(parts: Sequence[np.ndarray[Any, np.dtype[Any]]]) -> np.ndarray[Any, np.dtype[Any]]:
    """Return values (D,) of each item as one column, domain after domain."""
    return np.stack(parts, axis=1).reshape(-1)
