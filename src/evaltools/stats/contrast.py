"""One item's change in all domains, given the arrangement that all items share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from evaltools.errors import UsageError
from evaltools.stats.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    Workspace,
    count_by,
    floats_in,
    int_sums,
    pieces,
    sum_by,
)
from evaltools.stats.design import Design
from evaltools.stats.few_units import FewUnits, Layout, adjust_for_few_units, lay_out, weight_shares
from evaltools.stats.levels import Levels, Stat, drop_rounding, linearise
from evaltools.stats.means import design_df, missing_share
from evaltools.stats.pairing import (
    CellOrder,
    Pairs,
    order_cells,
    pair_cells,
    shared_psus,
    variance_in_order,
    when_asked,
)
from evaltools.stats.reasons import Reasons, add_reason, no_reasons
from evaltools.stats.sample import Sample
from evaltools.stats.sums import ItemSums
from evaltools.stats.units import Units, any_wave
from evaltools.stats.variance import Plan, plan_groups, variance_by_domain
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
    pairs : callable
        Returns the pairs; they are sorted out when first asked for.
    in_order : CellOrder or None
        How variances come of cells in their own order, where that is enough.
    both_before, both_after, both_domain : int arrays, shape (B,)
        For PSUs with cells in both waves of a domain: place in `Levels.psu_answers`, and the domain.
    rows : float array, shape (D, 2)
        Rows of each domain and wave.
    fpc_union : bool array, shape (D,)
        Population counts are used and overlap is partial in a stratum that holds the domain.
    design_df : int
        PSUs minus strata.
    layout : Layout or None
        How pairs lie in the design, where intervals are those for few PSUs.
    """

    sample: Sample
    design: Design
    waves: tuple[object, object]
    positions: tuple[int, int]
    pairs: Callable[[], Pairs]
    in_order: CellOrder | None
    both_before: IntArray
    both_after: IntArray
    both_domain: IntArray
    rows: FloatArray
    fpc_union: BoolArray
    design_df: int
    layout: Layout | None

    @property
    def before(self) -> IntArray:
        """Baseline cell of each pair (P,); C where there is none."""
        return self.pairs().before

    @property
    def after(self) -> IntArray:
        """Endline cell of each pair (P,); C where there is none."""
        return self.pairs().after

    @property
    def psu(self) -> IntArray:
        """PSU of each pair (P,)."""
        return self.pairs().psu

    @property
    def domain(self) -> IntArray:
        """Domain of each pair (P,)."""
        return self.pairs().domain

    @property
    def plan(self) -> Plan:
        """How contributions of pairs become variances."""
        return self.pairs().plan


@dataclass(frozen=True, slots=True, eq=False)
class ItemChange:
    """One item's change: arrays (D,) as in ChangeEstimate; of pairs (P,) contributions, shares, answers where kept."""

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
    baseline_part: FloatArray | None
    endline_part: FloatArray | None
    baseline_share: FloatArray | None
    endline_share: FloatArray | None
    baseline_answers: IntArray | None
    endline_answers: IntArray | None
    waves: WaveErrors | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """Errors of a change that do not come from contributions: variance, df, undefined, arrays of shape (D,)."""

    variance: FloatArray
    df: FloatArray
    undefined: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class WaveErrors:
    """Errors of both levels of a change.

    Attributes
    ----------
    variance, df : float arrays, shape (2, D)
        Of the levels, baseline and endline; df those of the domain.
    covariance : float array, shape (D,)
        Of the two levels.
    """

    variance: FloatArray
    covariance: FloatArray
    df: FloatArray


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
    pairs = when_asked(lambda: pair_cells(sample, positions, strata, groups, design.lonely_psu))
    in_order = order_cells(sample, positions, groups, design)
    return Contrast(
        sample, design, waves, positions, pairs, in_order, *shared_psus(sample, positions, pairs, in_order),
        _rows(sample, positions), _partial_overlap(sample, pattern, design),
        design_df(units, any_wave(units.live[:, held])),
        lay_out(pairs().plan, pairs().psu, pairs().domain, units.stratum) if _few_units_count(design) else None,
    )  # fmt: skip


def change_item(
    contrast: Contrast,
    sums: ItemSums,
    stat: Stat,
    *,
    keep: bool,
    levels: Levels | None = None,
    errors: Errors | None = None,
    waves: WaveErrors | None = None,
) -> ItemChange:
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
    levels
        Levels and contributions where they are not those of `sums`.
    errors
        Variance and df where contributions do not give them.
    waves
        Errors of both levels, to be returned.
    """
    sample = contrast.sample
    levels = linearise(sample, sums, stat) if levels is None else levels
    baseline, endline = (of_wave(levels.level, wave, np.nan) for wave in contrast.positions)
    difference = endline - baseline
    variance = _variance(contrast, levels.contribution, sums.space) if errors is None else errors.variance
    variance = drop_rounding(variance, sample, sums, levels, stat)
    se = np.where(np.isfinite(difference), np.sqrt(np.maximum(variance, 0.0)), np.nan)
    n = [of_wave(levels.answers, wave, 0) for wave in contrast.positions]
    psus = [of_wave(levels.psus, wave, 0) for wave in contrast.positions]
    strata = [of_wave(levels.strata, wave, 0) for wave in contrast.positions]
    df = change_df(contrast.design, contrast.design_df, psus, strata) if errors is None else errors.df
    df = np.where((n[0] > 0) & (n[1] > 0), df, np.nan)
    missing = [missing_share(contrast.rows[:, k], n[k]) for k in range(2)]
    answers = np.append(sums.answers, 0) if keep else sums.answers
    shares = _shares(contrast, sums) if contrast.layout is not None and stat != "total" else None
    adjusted = FewUnits(se, df)
    parts = None
    if keep or shares:
        parts = levels.contribution[contrast.before], levels.contribution[contrast.after]
    if parts and shares and contrast.layout:
        adjusted = adjust_for_few_units(contrast.layout, *parts, shares, se, df)
    flags = _reasons(contrast, difference, se, df, n, psus, missing)
    add_reason(flags, np.isnan(adjusted.se) & (se > 0) & (df > 0), "one_psu")
    return ItemChange(
        baseline, endline, difference, se, df, adjusted.se, adjusted.df, n[0], n[1], _count_both(contrast, levels),
        psus[0], psus[1], missing[0], missing[1], flags,
        parts[0] if keep and parts else None, parts[1] if keep and parts else None,
        shares[0] if keep and shares else None, shares[1] if keep and shares else None,
        answers[contrast.before] if keep else None, answers[contrast.after] if keep else None, waves,
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


def _few_units_count(design: Design) -> bool:
    return design.df == "domain" and design.fpc is None and design.replicates is None


def _shares(contrast: Contrast, sums: ItemSums) -> tuple[FloatArray, FloatArray] | None:
    """Return each pair's share of the weight in both waves; None where denominators of a ratio have both signs."""
    if sums.base.min(initial=0.0) < 0:
        return None
    cells, (n_domains, n_waves) = contrast.sample.cells, contrast.sample.shape
    share = weight_shares(sums, cells.domain * n_waves + cells.wave, n_domains * n_waves)
    return share[contrast.before], share[contrast.after]


def _variance(contrast: Contrast, contribution: FloatArray, space: Workspace | None) -> FloatArray:
    if contrast.in_order is not None:
        return variance_in_order(contrast.in_order, contribution)
    return variance_by_domain(contrast.plan, _steps(contrast, contribution, space))


def _steps(contrast: Contrast, contribution: FloatArray, space: Workspace | None) -> FloatArray:
    """Return each pair's endline minus baseline contribution, without holding both at once; shape (P,)."""
    step = floats_in(space, "step", contrast.before.size)
    for at in pieces(step.size):
        here = step[at]
        # the mode only tells NumPy to write in place: every cell exists
        np.take(contribution, contrast.after[at], out=here, mode="clip")
        here -= contribution.take(contrast.before[at])
    return step


def _count_both(contrast: Contrast, levels: Levels) -> IntArray:
    answered = (levels.psu_answers[contrast.both_before] > 0) & (levels.psu_answers[contrast.both_after] > 0)
    return count_by(contrast.both_domain[answered], contrast.sample.shape[0])


def of_wave(values: NDArray[Number], position: int, absent: float) -> NDArray[Number]:
    """Return one wave's values (D, ...) of (D, W, ...); `absent` where no row has the wave."""
    if position < 0:
        return np.full((values.shape[0], *values.shape[2:]), absent, dtype=values.dtype)
    return values[:, position]


def _rows(sample: Sample, positions: tuple[int, int]) -> FloatArray:
    cells = sample.cells
    n_domains, n_waves = sample.shape
    rows = sum_by(cells.block_slot, int_sums(cells.rows, cells.block), n_domains * n_waves).reshape(sample.shape)
    return np.stack([of_wave(rows, position, 0.0) for position in positions], axis=1)


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
    if contrast.design.psu is None and contrast.design.replicates is None:
        add_reason(flags, np.ones(flags.size, dtype=np.bool_), "overlap_unknown")
    add_reason(flags, contrast.fpc_union, "fpc_union")
    with np.errstate(invalid="ignore"):
        add_reason(flags, np.abs(missing[1] - missing[0]) > MOVED + 1e-9, "missing_moved")
    return flags
