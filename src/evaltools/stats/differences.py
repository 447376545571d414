"""Change between two waves: endline minus baseline of all domains and items, with the covariance of shared units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import FloatArray, IntArray
from evaltools.stats.columns import declared_order, require_frame
from evaltools.stats.contrast import Contrast, ItemChange, change_item, plan_contrast, require_known_patterns
from evaltools.stats.design import DEFAULT, Design, require_choice
from evaltools.stats.intervals import require_level, t_interval, two_sided_p
from evaltools.stats.levels import Stat, require_binary, require_stat
from evaltools.stats.reasons import Reasons, domain_table
from evaltools.stats.sums import Item, ItemSums, Source, Totals, each_item, item_label, open_source
from evaltools.stats.variance import Plan
from evaltools.stats.waves import Pattern, choose_waves

__all__ = ["ChangeEstimate", "Influence", "change", "estimate_change"]

ChangeInterval = Literal["auto", "t"]


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
    """

    psu: IntArray
    domain: IntArray
    stratum: IntArray
    baseline: FloatArray
    endline: FloatArray
    n_baseline: IntArray
    n_endline: IntArray
    plan: Plan


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
        What was estimated.
    baseline, endline, change : float arrays, shape (D, I)
        Levels and their difference, in the item's unit; NaN where a wave has no answer.
    se, df : float arrays, shape (D, I)
        Of the change; df by the design's rule.
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
        PSUs minus strata of both waves.
    """

    domains: pd.DataFrame
    items: tuple[str, ...]
    waves: tuple[object, object]
    stat: Stat
    baseline: FloatArray
    endline: FloatArray
    change: FloatArray
    se: FloatArray
    df: FloatArray
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


def change(
    frame: Any,
    items: str | Sequence[Item] | None,
    by: str | Sequence[str] | None = None,
    wave: str = "wave",
    design: Design = DEFAULT,
    *,
    waves: tuple[object, object] | None = None,
    stat: Stat = "mean",
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
        "mean", "total", "ratio" or "proportion" (0/1 items).
    level
        Confidence level, between 0 and 1.
    ci
        "auto" or "t": change -+ t * se, the same distribution as p.

    Returns
    -------
    frame
        Columns `[*by, item, stat, baseline, endline, change, se, df, ci_low, ci_high, p, n_baseline, n_endline, n_both,
        flag]`, one row a domain and item, domains sorted. `change` is endline minus baseline in the item's unit; `n_*`
        count answers, `n_both` the PSUs that answered in both waves. A wave without answers has n = 0 and NaN.
        `flag` gives reasons, joined by ";": ``no_answers``, ``no_denominator``, ``one_psu`` (a wave has one),
        ``no_df``, ``no_variation`` (se = 0, so no p), ``overlap_unknown`` (no psu: covariance 0), ``fpc_union``
        (fpc with partial overlap: variance understated), ``missing_moved`` (share of missing answers moved by more
        than 10 points).

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
    found = _estimate(frame, items, by, wave, design, waves, stat, None, strict=True, keep=False)
    return _as_frame(found, level)


def estimate_change(
    frame: Any,
    items: str | Sequence[Item] | None,
    by: str | Sequence[str] | None = None,
    wave: str = "wave",
    design: Design = DEFAULT,
    *,
    waves: tuple[object, object] | None = None,
    stat: Stat = "mean",
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
    stat: Stat,
    joined: Mapping[Pattern, Pattern] | None,
    *,
    strict: bool,
    keep: bool,
) -> ChangeEstimate:
    require_known_patterns(design)
    if joined and design.overlap == "union":
        raise UsageError(
            "option-pair", option="joined_patterns", value=dict(joined), other="overlap", other_value="union"
        )
    waves = _in_declared_order(frame, wave) if waves is None else waves
    source = open_source(frame, items, by, wave, design, waves=waves)
    stat = require_stat(stat, source.items)
    chosen = choose_waves(source.sample, waves, strict=strict)
    contrast = plan_contrast(source.sample, chosen, source.design, joined or {})

    def work(item: Item, sums: ItemSums) -> ItemChange:
        if stat == "proportion":
            require_binary(sums, item, "stat", stat)
        return change_item(contrast, sums, stat, keep=keep)

    found = each_item(source, work)
    return _collect(source, contrast, stat, found, keep=keep and len(source.sample.units.stage) == 1)


def _in_declared_order(frame: Any, wave: str) -> tuple[object, object] | None:
    """Return the two waves of ordered categories: "pre" comes before "post" where the column says so."""
    if isinstance(frame, Totals):
        return None
    require_frame(frame)
    found = declared_order(frame, wave)
    return (found[0], found[1]) if len(found) == 2 else None


def _collect(
    source: Source, contrast: Contrast, stat: Stat, found: Sequence[ItemChange], *, keep: bool
) -> ChangeEstimate:
    def floats(name: str) -> FloatArray:
        return np.stack([getattr(part, name) for part in found], axis=1)

    def counts(name: str) -> IntArray:
        return np.stack([getattr(part, name) for part in found], axis=1)

    influence = None
    if keep:
        influence = Influence(
            contrast.psu, contrast.domain, contrast.sample.units.stratum[contrast.psu],
            floats("baseline_part"), floats("endline_part"), counts("baseline_answers"), counts("endline_answers"),
            contrast.plan,
        )  # fmt: skip
    return ChangeEstimate(
        domains=source.sample.domains,
        items=tuple(item_label(item) for item in source.items),
        waves=contrast.waves,
        stat=stat,
        baseline=floats("baseline"),
        endline=floats("endline"),
        change=floats("change"),
        se=floats("se"),
        df=floats("df"),
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
        design_df=contrast.design_df,
    )


def _as_frame(found: ChangeEstimate, level: float) -> pd.DataFrame:
    low, high = t_interval(found.change, found.se, found.df, level)
    table = domain_table(found.domains, found.items)
    table["stat"] = found.stat
    columns: dict[str, np.ndarray[Any, Any]] = {
        "baseline": found.baseline, "endline": found.endline, "change": found.change, "se": found.se, "df": found.df,
        "ci_low": low, "ci_high": high, "p": two_sided_p(found.change, found.se, found.df),
        "n_baseline": found.n_baseline, "n_endline": found.n_endline, "n_both": found.n_both, "flag": found.flags,
    }  # fmt: skip
    for name, values in columns.items():
        table[name] = values.reshape(-1)
    table["flag"] = table["flag"].astype("str")
    return table
