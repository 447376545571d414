"""One item's change by any statistic: quantiles, replicate weights, and the errors of both waves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from evaltools.stats.arrays import BoolArray, FloatArray, IntArray
from evaltools.stats.contrast import Contrast, Errors, ItemChange, WaveErrors, change_item, of_wave
from evaltools.stats.estimation.measures import (
    Pair,
    QuantileSums,
    Replication,
    design_rank,
    domain_ranks,
    open_replication,
    replicate_item,
    replicate_spread,
    sum_quantile,
)
from evaltools.stats.estimation.places import Places, place_rows
from evaltools.stats.estimation.quantile_limits import quantile_error
from evaltools.stats.estimation.statistic import Statistic
from evaltools.stats.levels import Levels, linearise
from evaltools.stats.reasons import add_reason
from evaltools.stats.sums import Item, ItemSums, Source
from evaltools.stats.variance import variance_by_domain


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What the changes of all items share.

    Attributes
    ----------
    source, contrast, statistic
        Data, arrangement of the two waves, what is estimated.
    places : Places or None
        Rows, where single answers are needed.
    replication : Replication or None
        Replicate weights at work; `whole_df` is then the rank of all rows minus 1.
    whole_df : int
        Degrees of freedom of the design.
    waves_too : bool
        The errors of both waves are wanted as well.
    """

    source: Source
    contrast: Contrast
    statistic: Statistic
    places: Places | None
    replication: Replication | None
    whole_df: int
    waves_too: bool


def open_comparison(source: Source, contrast: Contrast, statistic: Statistic, *, waves_too: bool) -> Comparison:
    """Return what the changes of all items share; raises ``replicates-invalid``."""
    replication = open_replication(source, statistic)
    if replication is not None:
        return Comparison(
            source, contrast, statistic, replication.places, replication, design_rank(replication), waves_too
        )
    places = place_rows(source) if statistic.p is not None else None
    return Comparison(source, contrast, statistic, places, None, contrast.design_df, waves_too)


def compare_item(comparison: Comparison, item: Item, sums: ItemSums, *, keep: bool) -> ItemChange:
    """Return the change of an item whose totals are known; `keep` its contributions."""
    levels = linearise(comparison.contrast.sample, sums, comparison.statistic.form)
    again = _again(comparison, item, sums, levels, None)
    waves = _wave_errors(comparison, item, levels, again) if comparison.waves_too else None
    return _finish(comparison, item, sums, levels, again, waves, keep=keep)


def compare_quantile(comparison: Comparison, item: Item, *, keep: bool) -> ItemChange:
    """Return the change of a quantile of an item.

    Notes
    -----
    q is linearised as -(1{y <= q} - p)/f, with f, the density at q, from the distance of the Woodruff limits that make
    the standard error of the wave, so that the level's error is that of `estimate` and the covariance of the waves
    counts. Source: Francisco and Fuller (1991), Ann. Stat. 19; Shah and Vaish (2006), Proc. Surv. Res. Methods, ASA.
    """
    contrast = comparison.contrast
    places, p = cast("Places", comparison.places), cast("float", comparison.statistic.p)
    held = sum_quantile(comparison.source, places, item, p)
    shares = linearise(contrast.sample, held.sums, "proportion")
    again = _again(comparison, item, held.sums, shares, held.pair)
    waves = _wave_errors(comparison, item, shares, again)
    slope = _slopes(contrast, held, shares, waves)
    levels = _on_scale(contrast, held, shares, slope)
    if again is not None:
        again = _Again(-slope[:, :, None] * again.levels, -slope * again.centre)
    found = _finish(comparison, item, held.sums, levels, again, waves, keep=keep)
    edge = np.isfinite(found.change) & np.isnan(found.se) & (found.df > 0)
    add_reason(found.flags, edge, "quantile_edge")
    return replace(found, waves=None)


@dataclass(frozen=True, slots=True, eq=False)
class _Again:
    """Levels less the origin: `levels` (D, W, R) with each replicate weight, `centre` (D, W) with the weight itself."""

    levels: FloatArray
    centre: FloatArray


def _of_both(contrast: Contrast, again: _Again) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return baseline and endline with each replicate weight, (D, R) each, and with the weight itself, (D,) each."""
    first, last = (of_wave(again.levels, position, np.nan) for position in contrast.positions)
    baseline, endline = (of_wave(again.centre, position, np.nan) for position in contrast.positions)
    return first, last, baseline, endline


def _again(comparison: Comparison, item: Item, sums: ItemSums, levels: Levels, pair: Pair | None) -> _Again | None:
    """Return levels with each replicate weight, less the origin; None without replicate weights."""
    if comparison.replication is None:
        return None
    form = comparison.statistic.form
    found = replicate_item(comparison.replication, item, sums, form, pair)
    centre = levels.level if form == "total" else levels.level - sums.origin
    return _Again(found.reshape(*centre.shape, -1), centre)


def _finish(
    comparison: Comparison,
    item: Item,
    sums: ItemSums,
    levels: Levels,
    again: _Again | None,
    waves: WaveErrors | None,
    *,
    keep: bool,
) -> ItemChange:
    errors = None if again is None else _replicate_errors(comparison, item, again, waves)
    form = comparison.statistic.form
    found = change_item(comparison.contrast, sums, form, keep=keep, levels=levels, errors=errors, waves=waves)
    if errors is not None:
        answered = (found.n_baseline > 0) & (found.n_endline > 0)
        add_reason(found.flags, errors.undefined & answered, "replicates_undefined")
    return found


def _replicate_errors(comparison: Comparison, item: Item, again: _Again, waves: WaveErrors | None) -> Errors:
    contrast, replication = comparison.contrast, cast("Replication", comparison.replication)
    first, last, baseline, endline = _of_both(contrast, again)
    spread = replicate_spread(replication, last - first, endline - baseline)
    if contrast.design.df == "design":
        df = np.full(baseline.size, float(comparison.whole_df))
    else:
        by_wave = _wave_ranks(comparison, item) if waves is None else waves.df
        df = by_wave.min(axis=0)
    return Errors(spread.variance, df, spread.undefined)


def _wave_errors(comparison: Comparison, item: Item, levels: Levels, again: _Again | None) -> WaveErrors:
    """Return variances and degrees of freedom of both levels, and their covariance."""
    contrast = comparison.contrast
    if again is None:
        first, last = levels.contribution[contrast.before], levels.contribution[contrast.after]
        variances = [variance_by_domain(contrast.plan, part) for part in (first, last, last - first)]
        counts = [of_wave(levels.psus - levels.strata, wave, 0) for wave in contrast.positions]
        df = np.stack(counts).astype(np.float64)
    else:
        replication = cast("Replication", comparison.replication)
        first, last, baseline, endline = _of_both(contrast, again)
        parts = ((first, baseline), (last, endline), (last - first, endline - baseline))
        variances = [replicate_spread(replication, part, centre).variance for part, centre in parts]
        df = _wave_ranks(comparison, item)
    covariance = (variances[0] + variances[1] - variances[2]) / 2
    return WaveErrors(np.stack(variances[:2]), covariance, df)


def _wave_ranks(comparison: Comparison, item: Item) -> FloatArray:
    """Return the degrees of freedom of the rows that answer in each wave of each domain, by their ranks; (2, D)."""
    n_domains, n_waves = comparison.contrast.sample.shape
    slots: list[IntArray] = []
    for position in comparison.contrast.positions:
        held = np.arange(n_domains) * n_waves + position
        slots += [np.array([slot] if position >= 0 else [], dtype=np.int64) for slot in held]
    return domain_ranks(cast("Replication", comparison.replication), item, slots).reshape(2, n_domains)


def _slopes(contrast: Contrast, held: QuantileSums, shares: Levels, waves: WaveErrors) -> FloatArray:
    """Return 1/f of every level, the step of the quantile by one of the share; shape (D, W), NaN at an edge."""
    se, df = np.full((2, *contrast.sample.shape), np.nan)
    for place, position in enumerate(contrast.positions):
        if position >= 0:
            se[:, position], df[:, position] = np.sqrt(np.maximum(waves.variance[place], 0.0)), waves.df[place]
    n = shares.answers.astype(np.float64)
    of_quantile = quantile_error(held.ranked, *(part.reshape(-1) for part in (shares.level, se, df, n)))
    known: BoolArray = se > 0
    slope: FloatArray = np.full(se.shape, np.nan)
    np.divide(of_quantile.reshape(se.shape), se, out=slope, where=known)
    return slope


def _on_scale(contrast: Contrast, held: QuantileSums, shares: Levels, slope: FloatArray) -> Levels:
    """Return quantiles as levels, with the contributions of the shares turned into theirs."""
    cells = contrast.sample.cells
    of_cell = -slope.reshape(-1)[cells.domain * contrast.sample.shape[1] + cells.wave]
    contribution = shares.contribution.copy()
    contribution[:-1] *= of_cell
    return replace(shares, level=held.quantile.reshape(slope.shape), contribution=contribution)
