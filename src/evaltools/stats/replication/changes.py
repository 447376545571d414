"""The change of every item in every domain under the replicates of one draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from evaltools.stats.arrays import FloatArray
from evaltools.stats.columns import require_frame
from evaltools.stats.design import Design, require_choice
from evaltools.stats.differences import ChangeEstimate, estimate_change
from evaltools.stats.intervals import require_level
from evaltools.stats.reasons import add_reason, domain_table
from evaltools.stats.replication.factors import (
    BootstrapDraw,
    draw_counts,
    plan_draw,
    require_bootstrap,
    scale_counts,
)
from evaltools.stats.replication.limits import (
    count_lost,
    percentile_limits,
    replicate_se,
    studentised_limits,
    studentised_p,
)
from evaltools.stats.replication.recompute import Layout, change_under, error_under, lay_out, pair_totals
from evaltools.stats.sums import Item, Source, open_source
from evaltools.stats.waves import Pattern, rows_of_waves, wave_index

Additive = Literal["mean", "total", "ratio", "proportion"]

BLOCK = 2_000_000  # pairs x replicates in memory at a time
TINY = 1e-9  # share of the standard error below which that of a replicate is rounding
LOST = 0.05  # share of replicates without a value above which the others say nothing


@dataclass(frozen=True, slots=True, eq=False)
class BootstrapChange:
    """Changes of I items in D domains under R replicates.

    Attributes
    ----------
    table : frame
        Columns `[*by, item, stat, change, se, se_bootstrap, percentile_low, percentile_high, studentised_low,
        studentised_high, p, n_lost, flag]`, one row a domain and item. `se` is the linearised error, `se_bootstrap` the
        standard deviation of the replicates; `p` belongs to the studentised interval. `n_lost` counts replicates in
        which a wave of the domain has no answer left. `flag`: those of `change`, ``replicates_lost`` (more than 5 %:
        no numbers from replicates), ``replicates_still`` (too many replicates without variation for a studentised
        limit).
    replicates : float array, shape (R, D, I)
        Change in each replicate, in the item's unit; NaN where lost.
    statistic : float array, shape (R, D, I), or None
        (replicate - change)/(linearised standard error within the replicate); infinite where that error is 0.
    draw : BootstrapDraw
        What was drawn from, PSUs in the order of the sample.
    """

    table: pd.DataFrame
    replicates: FloatArray
    statistic: FloatArray | None
    draw: BootstrapDraw


def bootstrap_change(
    frame: Any,
    items: str | Sequence[Item],
    by: str | Sequence[str] | None,
    wave: str,
    design: Design,
    *,
    replicates: int = 2_000,
    seed: int,
    stat: Additive = "mean",
    waves: tuple[object, object] | None = None,
    joined_patterns: Mapping[Pattern, Pattern] | None = None,
    level: float = 0.95,
    studentise: bool = True,
) -> BootstrapChange:
    """Compute the change of every item in every domain under each replicate of the rescaled bootstrap.

    One draw serves all items, waves and domains, so replicates keep their covariances: any function of changes has its
    replicates by applying it to `replicates[r]`.

    Parameters
    ----------
    frame : pandas frame or Arrow table
        Both waves stacked.
    items, by, wave, design, waves, joined_patterns
        As in `estimate_change`.
    replicates
        100 to 1,000,000.
    seed
        0 .. 2^64 - 1.
    stat
        "mean", "total", "ratio" or "proportion".
    level
        Confidence level of the limits.
    studentise
        Whether standard errors within the replicates are computed; without them there are no studentised limits, no p,
        and the run takes a third of the time.

    Returns
    -------
    BootstrapChange
        The replicates take 8 R D I bytes.

    Raises
    ------
    UsageError, DesignError
        As `draw_bootstrap` and `change`.

    Notes
    -----
    Percentile limits serve display; they have no p, because they cover too little where there are few PSUs. The
    studentised ones are symmetric: change -+ q se, q the quantile of |t*|; p is the share of |t*| beyond the change's.
    Source: Rao, Wu, Yue (1992), Survey Methodology 18; Rao and Wu (1988), J. Am. Stat. Assoc. 83 (t*);
    Hall (1988), J. R. Stat. Soc. B 50 (symmetric limits).
    """
    require_choice("stat", stat, ("mean", "total", "ratio", "proportion"))
    level = require_level(level)
    joined = joined_patterns or {}
    require_bootstrap(design, replicates, seed, wave, joined)
    require_frame(frame)
    point = estimate_change(frame, items, by, wave, design, waves=waves, stat=stat, joined_patterns=joined_patterns)
    frame = rows_of_waves(frame, wave, point.waves)
    source = open_source(frame, items, by, wave, design)
    draw = plan_draw(frame, source.sample, point.waves, design, joined, int(replicates), int(seed))
    changes, errors = _recompute(source, point, draw, studentise=studentise)
    changes[:, ~np.isfinite(point.change)] = np.nan
    statistic = None if errors is None else _statistic(changes, errors, point)
    return BootstrapChange(_table(point, changes, statistic, level), changes, statistic, draw)


def _recompute(
    source: Source, point: ChangeEstimate, draw: BootstrapDraw, *, studentise: bool
) -> tuple[FloatArray, FloatArray | None]:
    """Return changes and standard errors of all replicates, shape (R, D, I), a block of replicates at a time."""
    sample = source.sample
    positions = wave_index(sample.waves, point.waves[0]), wave_index(sample.waves, point.waves[1])
    layout = lay_out(sample, positions, draw)
    items = [
        pair_totals(layout, source.read(place), is_total=point.stat == "total") for place in range(len(source.items))
    ]
    shape = (draw.replicates, *point.change.shape)
    changes, errors = np.empty(shape), np.empty(shape) if studentise else None
    size = max(1, BLOCK // max(layout.psu.size, layout.shape[1]))
    for start in range(0, draw.replicates, size):
        block = slice(start, min(start + size, draw.replicates))
        counts = draw_counts(draw, block.start, block.stop)
        times = _times(layout, counts) if errors is not None else None
        factors = scale_counts(draw, counts)
        for number, item in enumerate(items):
            value, coefficient = change_under(layout, item, factors)
            changes[block, :, number] = value.T
            if errors is not None and times is not None:
                errors[block, :, number] = error_under(layout, item, coefficient, times).T
    return changes, errors


def _times(layout: Layout, counts: FloatArray) -> FloatArray:
    times = counts[layout.psu]
    times[layout.fixed] = 1.0
    return times


def _statistic(changes: FloatArray, errors: FloatArray, point: ChangeEstimate) -> FloatArray:
    difference = changes - point.change
    with np.errstate(invalid="ignore"):
        still = errors <= TINY * point.se
    far = np.where(np.abs(difference) > TINY * point.se, np.copysign(np.inf, difference), 0.0)
    return np.where(still, far, difference / np.where(still, 1.0, errors))


def _table(point: ChangeEstimate, changes: FloatArray, statistic: FloatArray | None, level: float) -> pd.DataFrame:
    estimated = np.isfinite(point.change)
    lost = np.where(estimated, count_lost(changes), 0)
    enough = estimated & (lost <= LOST * changes.shape[0])
    low, high = percentile_limits(changes, level)
    spread = np.where(point.se == 0, 0.0, replicate_se(changes))  # equal answers leave rounding, not variation
    columns = {"se_bootstrap": spread, "percentile_low": low, "percentile_high": high}
    flags = point.flags.reshape(-1).copy()
    add_reason(flags, (estimated & ~enough).reshape(-1), "replicates_lost")
    if statistic is not None:
        low, high = studentised_limits(point.change, point.se, statistic, level)
        columns |= {"studentised_low": low, "studentised_high": high}
        columns["p"] = studentised_p(point.change, point.se, statistic)
        add_reason(flags, (enough & (point.se > 0) & np.isnan(low)).reshape(-1), "replicates_still")
    else:
        columns |= dict.fromkeys(("studentised_low", "studentised_high", "p"), np.full(lost.shape, np.nan))
    table = domain_table(point.domains, point.items)
    table["stat"] = point.stat
    table["change"], table["se"] = point.change.reshape(-1), point.se.reshape(-1)
    for name, values in columns.items():
        table[name] = np.where(enough, values, np.nan).reshape(-1)
    table["n_lost"] = lost.reshape(-1)
    table["flag"] = pd.array(flags, dtype="str")
    return table
