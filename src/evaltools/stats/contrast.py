"""One item's change in all domains, given the arrangement that all items share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from evaltools.errors import UsageError
from evaltools.stats.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    count_by,
    group_by,
    size_of,
    sum_by,
)
from evaltools.stats.design import Design
from evaltools.stats.levels import Levels, Stat, drop_rounding, linearise
from evaltools.stats.means import design_df, missing_share
from evaltools.stats.reasons import Reasons, add_reason, no_reasons
from evaltools.stats.sample import Sample
from evaltools.stats.sums import ItemSums
from evaltools.stats.units import Units, any_wave
from evaltools.stats.variance import Plan, plan_groups, plan_variance, variance_by_domain
from evaltools.stats.waves import Pattern, overlap_pattern, psu_presence, variance_strata, wave_index

Number = TypeVar("Number", np.int64, np.float64)

MOVED = 0.10  # change in the share of missing answers above which a change of wave is suspect


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """What the changes of all items share: P pairs of unit and domain, C cells, D domains.

    Attributes
    ----------
    sample, design
        The sample and its design.
    waves : tuple
        Baseline and endline; `positions` are their places in `sample.waves`, -1 where no row has it.
    before, after : int arrays, shape (P,)
        Baseline and endline cell of each pair; C where there is none.
    psu, domain : int arrays, shape (P,)
        PSU and domain of each pair.
    both_before, both_after, both_domain : int arrays, shape (B,)
        For PSUs with cells in both waves of a domain: place in `Levels.psu_answers`, and the domain.
    plan : Plan
        How contributions of pairs become variances.
    rows : float array, shape (D, 2)
        Rows of each domain and wave.
    fpc_union : bool array, shape (D,)
        Population counts are used and overlap is partial in a stratum that holds the domain.
    design_df : int
        PSUs minus strata.
    """

    sample: Sample
    design: Design
    waves: tuple[object, object]
    positions: tuple[int, int]
    before: IntArray
    after: IntArray
    psu: IntArray
    domain: IntArray
    both_before: IntArray
    both_after: IntArray
    both_domain: IntArray
    plan: Plan
    rows: FloatArray
    fpc_union: BoolArray
    design_df: int


@dataclass(frozen=True, slots=True, eq=False)
class ItemChange:
    """One item's change: arrays (D,) as in ChangeEstimate, contributions and answers of pairs (P,) where kept."""

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
    baseline_part: FloatArray | None
    endline_part: FloatArray | None
    baseline_answers: IntArray | None
    endline_answers: IntArray | None


def require_known_patterns(design: Design) -> None:
    """Raise ``pattern-fpc`` where population counts would be needed by overlap pattern: nobody knows them."""
    if design.overlap == "pattern" and design.fpc is not None:
        raise UsageError("pattern-fpc", column=design.fpc_columns)


def plan_contrast(
    sample: Sample, waves: tuple[object, object], design: Design, joined: Mapping[Pattern, Pattern]
) -> Contrast:
    """Arrange the comparison of two waves.

    Raises
    ------
    UsageError
        ``pattern-fpc``.
    DesignError
        Those of `plan_groups`.
    """
    require_known_patterns(design)
    units = sample.units
    positions = (wave_index(sample.waves, waves[0]), wave_index(sample.waves, waves[1]))
    held = [position for position in positions if position >= 0]
    pattern = overlap_pattern(*(psu_presence(units, position, units.present) for position in positions))
    strata = variance_strata(units, pattern, design, joined)
    groups = plan_groups(units, strata, any_wave(units.present[:, held]), design.lonely_psu)
    before, after = _pair_cells(sample, positions, strata.of_psu, len(strata.labels))
    cell = np.minimum(before, after)  # the one that exists; both have the same unit and domain
    unit, domain = sample.cells.unit[cell], sample.cells.domain[cell]
    plan = plan_variance(units, groups, unit, domain, sample.shape[0], design.lonely_psu)
    both_before, both_after, both_domain = _shared_psus(sample, positions, before, after)
    return Contrast(
        sample, design, waves, positions, before, after, units.ancestor(0, unit), domain,
        both_before, both_after, both_domain, plan, _rows(sample, positions),
        _partial_overlap(sample, pattern, design), design_df(units, any_wave(units.live[:, held])),
    )  # fmt: skip


def change_item(contrast: Contrast, sums: ItemSums, stat: Stat, *, keep: bool) -> ItemChange:
    """Compute one item's change in every domain.

    Parameters
    ----------
    contrast
        Arrangement of the comparison.
    sums
        The item's totals in the cells of `contrast.sample`.
    stat
        Statistic of both levels.
    keep
        Whether to return the pairs' contributions.
    """
    sample = contrast.sample
    levels = linearise(sample, sums, stat)
    first, last = levels.contribution[contrast.before], levels.contribution[contrast.after]
    baseline, endline = (_of_wave(levels.level, wave, np.nan) for wave in contrast.positions)
    difference = endline - baseline
    variance = drop_rounding(variance_by_domain(contrast.plan, last - first), sample, sums, levels, stat)
    se = np.where(np.isfinite(difference), np.sqrt(np.maximum(variance, 0.0)), np.nan)
    n = [_of_wave(levels.answers, wave, 0) for wave in contrast.positions]
    psus = [_of_wave(levels.psus, wave, 0) for wave in contrast.positions]
    strata = [_of_wave(levels.strata, wave, 0) for wave in contrast.positions]
    df = change_df(contrast.design, contrast.design_df, psus, strata)
    df = np.where((n[0] > 0) & (n[1] > 0), df, np.nan)
    missing = [missing_share(contrast.rows[:, k], n[k]) for k in range(2)]
    answers = np.append(sums.answers, 0) if keep else sums.answers
    return ItemChange(
        baseline, endline, difference, se, df, n[0], n[1], _count_both(contrast, levels), psus[0], psus[1],
        missing[0], missing[1], _reasons(contrast, difference, se, df, n, psus, missing),
        first if keep else None, last if keep else None,
        answers[contrast.before] if keep else None, answers[contrast.after] if keep else None,
    )  # fmt: skip


def change_df(design: Design, whole: int, psus: list[IntArray], strata: list[IntArray]) -> FloatArray:
    """Return degrees of freedom of each domain's change; shape (D,).

    Parameters
    ----------
    design
        `df="design"`: `whole`. "domain": PSUs minus strata of the wave with fewer PSUs (equal: the fewer df).
    whole
        PSUs minus strata of the design.
    psus, strata : two int arrays each, shape (D,)
        PSUs with an answer, and strata that hold them, of baseline and endline.
    """
    if design.df == "design":
        return np.full(psus[0].size, float(whole))
    of_wave = [psus[k] - strata[k] for k in range(2)]
    smaller = np.where(psus[0] < psus[1], of_wave[0], of_wave[1])
    return np.where(psus[0] == psus[1], np.minimum(of_wave[0], of_wave[1]), smaller).astype(np.float64)


def _pair_cells(
    sample: Sample, positions: tuple[int, int], of_psu: IntArray, n_strata: int
) -> tuple[IntArray, IntArray]:
    """Return each pair's baseline and endline cell, sorted by variance stratum, domain, PSU, unit."""
    cells, units, stages = sample.cells, sample.units, sample.units.stage
    inside = np.flatnonzero((cells.wave == positions[0]) | (cells.wave == positions[1]))
    unit = cells.unit[inside]
    keys = [of_psu[units.ancestor(0, unit)], cells.domain[inside]]
    keys += [units.ancestor(number, unit) for number in range(len(stages))]
    order, starts = group_by(keys, [n_strata, sample.shape[0], *(size_of(stage) for stage in stages)])
    pair = np.repeat(np.arange(starts.size), np.diff(np.append(starts, order.size)))
    cell = inside[order]
    late = cells.wave[cell] == positions[1]
    before, after = np.full((2, starts.size), cells.size, dtype=np.int64)
    before[pair[~late]] = cell[~late]
    after[pair[late]] = cell[late]
    return before, after


def _shared_psus(
    sample: Sample, positions: tuple[int, int], before: IntArray, after: IntArray
) -> tuple[IntArray, IntArray, IntArray]:
    cells = sample.cells
    if cells.psu is None:
        both = np.flatnonzero((before < cells.size) & (after < cells.size))
        return before[both], after[both], cells.domain[before[both]]
    psu = sample.units.ancestor(0, cells.unit[cells.psu])
    key = psu * sample.shape[0] + cells.domain[cells.psu]
    wave = cells.wave[cells.psu]
    first, last = (np.flatnonzero(wave == position) for position in positions)
    _, at_first, at_last = np.intersect1d(key[first], key[last], assume_unique=True, return_indices=True)
    return first[at_first], last[at_last], cells.domain[cells.psu][first[at_first]]


def _count_both(contrast: Contrast, levels: Levels) -> IntArray:
    answered = (levels.psu_answers[contrast.both_before] > 0) & (levels.psu_answers[contrast.both_after] > 0)
    return count_by(contrast.both_domain[answered], contrast.sample.shape[0])


def _of_wave(values: NDArray[Number], position: int, absent: float) -> NDArray[Number]:
    if position < 0:
        return np.full(values.shape[0], absent, dtype=values.dtype)
    return values[:, position]


def _rows(sample: Sample, positions: tuple[int, int]) -> FloatArray:
    cells = sample.cells
    n_domains, n_waves = sample.shape
    rows = sum_by(cells.domain * n_waves + cells.wave, cells.rows, n_domains * n_waves).reshape(sample.shape)
    return np.stack([_of_wave(rows, position, 0.0) for position in positions], axis=1)


def _partial_overlap(sample: Sample, pattern: IntArray, design: Design) -> BoolArray:
    flagged = np.zeros(sample.shape[0], dtype=np.bool_)
    if design.fpc is None:
        return flagged
    units: Units = sample.units
    partial = np.zeros(len(units.strata), dtype=np.bool_)
    partial[units.stratum[pattern > 0]] = True
    flagged[sample.cells.domain[partial[units.stratum[units.ancestor(0, sample.cells.unit)]]]] = True
    return flagged


def _reasons(
    contrast: Contrast,
    difference: FloatArray,
    se: FloatArray,
    df: FloatArray,
    n: list[IntArray],
    psus: list[IntArray],
    missing: list[FloatArray],
) -> Reasons:
    flags = no_reasons(difference.size)
    answered = (n[0] > 0) & (n[1] > 0)
    add_reason(flags, ~answered, "no_answers")
    add_reason(flags, answered & np.isnan(difference), "no_denominator")
    add_reason(flags, answered & ((psus[0] == 1) | (psus[1] == 1)), "one_psu")
    add_reason(flags, answered & ~(df > 0), "no_df")
    add_reason(flags, se == 0, "no_variation")
    if contrast.design.psu is None:
        add_reason(flags, np.ones(flags.size, dtype=np.bool_), "overlap_unknown")
    add_reason(flags, contrast.fpc_union, "fpc_union")
    with np.errstate(invalid="ignore"):
        add_reason(flags, np.abs(missing[1] - missing[0]) > MOVED + 1e-9, "missing_moved")
    return flags
