"""Change between two waves: endline minus baseline of all domains and items, with the covariance of shared units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import FloatArray, IntArray
from evaltools.stats.columns import require_frame
from evaltools.stats.contrast import ItemChange, WaveErrors, plan_contrast, require_known_patterns
from evaltools.stats.design import DEFAULT, Design, require_choice
from evaltools.stats.estimation.changes import Comparison, compare_item, compare_quantile, open_comparison
from evaltools.stats.estimation.mover import mover_limits, require_mover
from evaltools.stats.estimation.results import require_shares
from evaltools.stats.estimation.statistic import (
    StatOption,
    read_statistic,
    recoding_of,
    require_answers,
    require_items,
)
from evaltools.stats.few_units import Layout
from evaltools.stats.intervals import require_level, t_interval, two_sided_p
from evaltools.stats.reasons import Reasons, add_reason, domain_table
from evaltools.stats.sums import Item, ItemSums, Totals, each_item, item_label, open_source
from evaltools.stats.variance import Plan
from evaltools.stats.waves import Pattern, choose_waves, declared_waves

__all__ = ["ChangeEstimate", "Influence", "change", "estimate_change"]

ChangeInterval = Literal["auto", "t", "mover"]


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """What each PSU contributes to each domain's levels (P pairs of PSU and domain, I items).

    Attributes
    ----------
    psu, domain : int arrays, shape (P,)
        Codes; sorted by variance stratum, domain, PSU.
    stratum : int array, shape (P,)
        Stratum h of the PSU, not split by overlap.
    baseline, endline : float arrays, shape (P, I)
        Linearised contributions; their difference, endline minus baseline, is that of the change.
    n_baseline, n_endline : int arrays, shape (P, I)
        Answers behind them.
    plan : Plan
        How contributions become variances.
    shares : two float arrays, shape (P, I), or None
        The PSU's share of the weight behind each level, where intervals are those for few PSUs; see `layout`.
    layout : Layout or None
        How pairs lie in the design, for `adjust_for_few_units`.
    """

    psu: IntArray
    domain: IntArray
    stratum: IntArray
    baseline: FloatArray
    endline: FloatArray
    n_baseline: IntArray
    n_endline: IntArray
    plan: Plan
    shares: tuple[FloatArray, FloatArray] | None
    layout: Layout | None


@dataclass(frozen=True, slots=True, eq=False)
class ChangeEstimate:
    """Change of I items in D domains.

    Attributes
    ----------
    domains : frame, D rows
        The `by` columns, sorted.
    items : tuple of str, length I
        Labels of the items.
    waves : tuple
        Baseline and endline.
    stat : str
        What was estimated, as results name it.
    baseline, endline, change : float arrays, shape (D, I)
        Levels and their difference, in the item's unit; NaN where a wave has no answer.
    se, df : float arrays, shape (D, I)
        Of the change; df by the design's rule.
    interval_se, interval_df : float arrays, shape (D, I)
        What interval and p rest on: for few PSUs under ``df="domain"``, else `se` and `df`.
    n_baseline, n_endline, n_both, psu_baseline, psu_endline : int arrays, shape (D, I)
        Answers; PSUs answering in both waves; PSUs answering in each.
    missing_baseline, missing_endline : float arrays, shape (D, I)
        Share of rows without an answer; NaN where there are no rows.
    flags : object array, shape (D, I)
        Reasons, joined by ";", or "".
    influence : Influence or None
        Kept by `estimate_change` for a single-stage design.
    design : Design
        What it was computed under.
    design_df : int
        PSUs minus strata of both waves; under replicate weights their rank minus 1.
    wave_errors : tuple of WaveErrors
        Errors of both levels, one an item, where the interval asks for them; else empty.
    """

    domains: pd.DataFrame
    items: tuple[str, ...]
    waves: tuple[object, object]
    stat: str
    baseline: FloatArray
    endline: FloatArray
    change: FloatArray
    se: FloatArray
    df: FloatArray
    interval_se: FloatArray
    interval_df: FloatArray
    n_baseline: IntArray
    n_endline: IntArray
    n_both: IntArray
    psu_baseline: IntArray
    psu_endline: IntArray
    missing_baseline: FloatArray
    missing_endline: FloatArray
    flags: Reasons
    influence: Influence | None
    design: Design
    design_df: int
    wave_errors: tuple[WaveErrors, ...] = ()


def change(
    frame: Any,
    items: str | Sequence[Item] | None,
    by: str | Sequence[str] | None = None,
    wave: str = "wave",
    design: Design = DEFAULT,
    *,
    waves: tuple[object, object] | None = None,
    stat: StatOption = "mean",
    level: float = 0.95,
    ci: ChangeInterval = "auto",
) -> pd.DataFrame:
    """Estimate the change of every item in every domain between two waves.

    Parameters
    ----------
    frame : pandas frame, Arrow table or Totals
        Both waves stacked, one row an answer sheet. Rows whose item is missing stay in the design.
    items
        Numeric columns; for "ratio" (numerator, denominator) pairs. None: all items of the Totals.
    by
        Columns whose values form domains. None: one domain, or those of the Totals.
    wave
        Column of the wave.
    design
        Weights, strata, units and choices; `overlap` and `df` matter here. With `psu` units in both waves are not two
        independent ones: their covariance counts.
    waves
        (before, after). None: the two values there are, sorted; ordered categories in their own order. Rows of other
        waves are left out.
    stat
        As in `estimate`: "mean", "total", "ratio", "proportion" (0/1 items), ("quantile", p), ("share_within", bound),
        ("top_box", least) or "net_promoter".
    level
        Confidence level, between 0 and 1.
    ci
        Interval and p come from the same distribution. "t": change -+ t * se with `df`. "auto": the same, but under
        ``df="domain"`` without population counts with the standard error and df for few PSUs, which keep 95 %
        intervals at 94 % or more where "t" falls below 90 %; see `evaltools.stats.few_units`. The columns `se`
        and `df` are those of the design whatever the interval. "mover", for 0/1 items and shares: from Wilson's limits
        of both waves at their effective numbers of answers, with the correlation of the two estimates; p is 1 minus
        the level at which that interval reaches 0.

    Returns
    -------
    frame
        Columns `[*by, item, stat, baseline, endline, change, se, df, ci_low, ci_high, p, n_baseline, n_endline, n_both,
        flag]`, one row a domain and item, domains sorted. `change` is endline minus baseline in the item's unit; `n_*`
        count answers, `n_both` the PSUs that answered in both waves. A wave without answers has n = 0 and NaN.
        `flag` gives reasons, joined by ";": ``no_answers``, ``no_denominator``, ``one_psu`` (a wave has one, or one
        that outweighs all others, so that "auto" has no interval), ``no_df``, ``no_variation`` (se = 0: no p but under
        "mover"), ``quantile_edge`` (too few answers beyond a quantile: no se), ``replicates_undefined`` (some replicate
        has no answer, and is left out), ``overlap_unknown`` (no psu: covariance 0), ``fpc_union`` (fpc with partial
        overlap: variance understated), ``missing_moved`` (share of missing answers moved by more than 10 points).

    Raises
    ------
    UsageError
        ``waves-two``, ``wave-absent``, ``pattern-fpc`` and those of `estimate`.
    DesignError
        As `estimate`.

    Notes
    -----
    Waves are stacked; u_j is the PSU's endline minus baseline contribution, so V(change) holds the covariance.
    Source: Kish (1965), Survey Sampling, ch. 12; Berger and Priam (2016), J. R. Stat. Soc. A 179. Equals the
    contrast of R survey 4.1.1 `svyby(~y, ~domain + wave, svymean, covmat = TRUE)` on the stacked design to 1e-8.
    """
    require_choice("ci", ci, get_args(ChangeInterval))
    level = require_level(level)
    mover = ci == "mover"
    found = _estimate(frame, items, by, wave, design, waves, stat, None, strict=True, keep=False, mover=mover)
    return _as_frame(found, level, ci)


def estimate_change(
    frame: Any,
    items: str | Sequence[Item] | None,
    by: str | Sequence[str] | None = None,
    wave: str = "wave",
    design: Design = DEFAULT,
    *,
    waves: tuple[object, object] | None = None,
    stat: StatOption = "mean",
    joined_patterns: Mapping[Pattern, Pattern] | None = None,
) -> ChangeEstimate:
    """Estimate the change as `change` does, and keep the contributions that linear combinations need.

    Parameters
    ----------
    frame, items, by, wave, design, stat
        As in `change`.
    waves
        As in `change`, but a named wave may have no rows yet: its levels are NaN.
    joined_patterns
        With `overlap="pattern"`: overlap patterns that count as another, as `merge_single_strata` found necessary.

    Returns
    -------
    ChangeEstimate
        Arrays by domain and item. `combine` takes it.

    Raises
    ------
    UsageError, DesignError
        As `change`.
    """
    return _estimate(frame, items, by, wave, design, waves, stat, joined_patterns, strict=False, keep=True)


def _estimate(
    frame: Any,
    items: str | Sequence[Item] | None,
    by: str | Sequence[str] | None,
    wave: str,
    design: Design,
    waves: tuple[object, object] | None,
    stat: StatOption,
    joined: Mapping[Pattern, Pattern] | None,
    *,
    strict: bool,
    keep: bool,
    mover: bool = False,
) -> ChangeEstimate:
    require_known_patterns(design)
    if joined and design.overlap == "union":
        raise UsageError(
            "option-pair", option="joined_patterns", value=dict(joined), other="overlap", other_value="union"
        )
    statistic = read_statistic(stat)
    if mover:
        require_mover(statistic)
    require_answers(frame, statistic)
    waves = _in_declared_order(frame, wave) if waves is None else waves
    source = open_source(frame, items, by, wave, design, waves=waves, recode=recoding_of(statistic), reuse=True)
    require_items(statistic, source.items)
    chosen = choose_waves(source.sample, waves, strict=strict)
    contrast = plan_contrast(source.sample, chosen, source.design, joined or {})
    comparison = open_comparison(source, contrast, statistic, waves_too=mover)

    def work(item: Item, sums: ItemSums) -> ItemChange:
        require_shares(statistic, "mover" if mover else "auto", sums, item)
        return compare_item(comparison, item, sums, keep=keep)

    if statistic.p is None:
        found = each_item(source, work)
    else:
        found = [compare_quantile(comparison, item, keep=keep) for item in source.items]
    linear = source.design.replicates is None and len(source.sample.units.stage) == 1
    return _collect(comparison, found, keep=keep and linear)


def _in_declared_order(frame: Any, wave: str) -> tuple[object, object] | None:
    """Return the two waves of ordered categories: "pre" comes before "post" where the column says so."""
    if isinstance(frame, Totals):
        return None
    require_frame(frame)
    return declared_waves(frame, wave)


def _collect(comparison: Comparison, found: Sequence[ItemChange], *, keep: bool) -> ChangeEstimate:
    source, contrast = comparison.source, comparison.contrast

    def floats(name: str) -> FloatArray:
        return np.stack([getattr(part, name) for part in found], axis=1)

    def counts(name: str) -> IntArray:
        return np.stack([getattr(part, name) for part in found], axis=1)

    influence = None
    if keep:
        influence = Influence(
            contrast.psu, contrast.domain, contrast.sample.units.stratum[contrast.psu],
            floats("baseline_part"), floats("endline_part"), counts("baseline_answers"), counts("endline_answers"),
            contrast.plan, _shares(found), contrast.layout,
        )  # fmt: skip
    return ChangeEstimate(
        domains=source.sample.domains,
        items=tuple(item_label(item) for item in source.items),
        waves=contrast.waves,
        stat=comparison.statistic.label,
        baseline=floats("baseline"),
        endline=floats("endline"),
        change=floats("change"),
        se=floats("se"),
        df=floats("df"),
        interval_se=floats("interval_se"),
        interval_df=floats("interval_df"),
        n_baseline=counts("n_baseline"),
        n_endline=counts("n_endline"),
        n_both=counts("n_both"),
        psu_baseline=counts("psu_baseline"),
        psu_endline=counts("psu_endline"),
        missing_baseline=floats("missing_baseline"),
        missing_endline=floats("missing_endline"),
        flags=np.stack([part.flags for part in found], axis=1),
        influence=influence,
        design=source.design,
        design_df=comparison.whole_df,
        wave_errors=tuple(part.waves for part in found if part.waves is not None),
    )


def _shares(found: Sequence[ItemChange]) -> tuple[FloatArray, FloatArray] | None:
    before = [part.baseline_share for part in found if part.baseline_share is not None]
    after = [part.endline_share for part in found if part.endline_share is not None]
    if len(before) < len(found):
        return None
    return np.stack(before, axis=1), np.stack(after, axis=1)


def _as_frame(found: ChangeEstimate, level: float, ci: ChangeInterval) -> pd.DataFrame:
    se, df = (found.se, found.df) if ci == "t" else (found.interval_se, found.interval_df)
    low, high = t_interval(found.change, se, df, level)
    p = two_sided_p(found.change, se, df)
    flags = found.flags.reshape(-1).copy()
    if ci == "mover":
        low, high, p = mover_limits(found, level)
        alone = np.isfinite(found.change) & np.isnan(low) & (found.df > 0)  # a wave has no df, though the design has
        add_reason(flags, alone.reshape(-1), "no_df")
    table = domain_table(found.domains, found.items)
    table["stat"] = found.stat
    columns: dict[str, np.ndarray[Any, Any]] = {
        "baseline": found.baseline, "endline": found.endline, "change": found.change, "se": found.se, "df": found.df,
        "ci_low": low, "ci_high": high, "p": p,
        "n_baseline": found.n_baseline, "n_endline": found.n_endline, "n_both": found.n_both, "flag": flags,
    }  # fmt: skip
    for name, values in columns.items():
        table[name] = values.reshape(-1)
    table["flag"] = table["flag"].astype("str")
    return table
