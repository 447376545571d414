"""Which cells of two waves are of one unit: pairs, or what a variance needs of them without sorting all cells anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

import numpy as np

from evaltools.stats.arrays import (
    FloatArray,
    IntArray,
    float_sums,
    gather,
    run_pieces,
    segment_sizes,
    segment_starts,
    size_of,
    sort_by,
    sum_by,
)
from evaltools.stats.design import Design, LonelyPsu
from evaltools.stats.sample import Sample
from evaltools.stats.variance import (
    Groups,
    Plan,
    Runs,
    Strata,
    average_factor,
    means_of_runs,
    plan_variance,
    weigh_squares,
)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """P pairs of unit and domain, sorted by variance stratum, domain, PSU, unit.

    Attributes
    ----------
    before, after : int arrays, shape (P,)
        Baseline and endline cell of each pair; C where there is none.
    psu, domain : int arrays, shape (P,)
        PSU and domain of each pair.
    plan : Plan
        How contributions of pairs become variances.
    """

    before: IntArray
    after: IntArray
    psu: IntArray
    domain: IntArray
    plan: Plan


@dataclass(frozen=True, slots=True, eq=False)
class CellOrder:
    """How contributions of C cells, as they lie, become variances of changes: B blocks in K runs, S shared units.

    Attributes
    ----------
    block : int array, shape (B,)
        Where the cells of a stratum, domain and wave begin.
    run, sign : int arrays, shape (B,)
        Run of each block, the stratum's cells in the domain; 1 for endline, -1 for baseline.
    before, after, domain : int arrays, shape (S,)
        For units with cells in both waves of a domain: their cells, ascending, and the domain.
    plan : Plan
        The runs, in which a unit with two cells counts once.
    """

    block: IntArray
    run: IntArray
    sign: IntArray
    before: IntArray
    after: IntArray
    domain: IntArray
    plan: Plan


def when_asked(pair: Callable[[], Pairs]) -> Callable[[], Pairs]:
    """Return a function that calls `pair` once, whichever thread asks first; the others wait for the same pairs."""
    lock = Lock()
    found: list[Pairs] = []

    def pairs() -> Pairs:
        with lock:
            if not found:
                found.append(pair())
        return found[0]

    return pairs


def pair_cells(
    sample: Sample, positions: tuple[int, int], strata: Strata, groups: tuple[Groups, ...], lonely_psu: LonelyPsu
) -> Pairs:
    """Sort the cells of two waves by unit, and plan the variance of what pairs contribute."""
    cells, units, stages = sample.cells, sample.units, sample.units.stage
    wave = cells.wave
    inside = (wave == positions[0]) | (wave == positions[1])
    kept = slice(None) if inside.all() else np.flatnonzero(inside)
    unit = cells.unit[kept]
    keys = [gather(strata.of_psu, units.ancestor(0, unit)), cells.domain[kept]]
    keys += [units.ancestor(number, unit) for number in range(len(stages))]
    found = sort_by(keys, [len(strata.labels), sample.shape[0], *(size_of(stage) for stage in stages)])
    cell = found.order if isinstance(kept, slice) else kept[found.order]
    before, after = gather(cell, found.starts), np.full(found.starts.size, cells.size)
    late = np.flatnonzero(gather(wave, before) == positions[1])
    after[late] = before[late]
    before[late] = cells.size
    double = np.flatnonzero(segment_sizes(found.starts, cell.size) == 2)
    second = cell[found.starts[double] + 1]
    earlier = wave[second] == positions[0]
    before[double[earlier]] = second[earlier]
    after[double[~earlier]] = second[~earlier]
    unit, domain = found.code(len(keys) - 1), found.code(1)
    plan = plan_variance(units, groups, unit, domain, sample.shape[0], lonely_psu)
    return Pairs(before, after, units.ancestor(0, unit), domain, plan)


def order_cells(
    sample: Sample, positions: tuple[int, int], groups: tuple[Groups, ...], design: Design
) -> CellOrder | None:
    """Return how variances come of cells in their own order.

    None where they must be paired: several stages, variance strata other than the strata, or a wave that is not one
    of the two.
    """
    cells, (n_domains, n_waves) = sample.cells, sample.shape
    if cells.psu is not None or design.overlap != "union" or n_waves != 2 or sorted(positions) != [0, 1]:
        return None
    place = cells.block_stratum * n_domains + cells.block_domain
    first = segment_starts(place)
    run = np.repeat(np.arange(first.size), segment_sizes(first, place.size))
    before, after = _shared_cells(sample, run, first)
    if positions == (1, 0):
        before, after = after, before
    starts, domain = cells.block[first], cells.block_domain[first]
    shared = np.searchsorted(starts, before, side="right") - 1
    held = segment_sizes(starts, cells.size) - np.bincount(shared, minlength=starts.size)
    runs = Runs(starts, held, domain, cells.block_stratum[first], groups[0])
    plan = Plan(n_domains, design.lonely_psu, (runs,))
    sign = np.where(cells.block_wave == positions[1], 1, -1)
    return CellOrder(cells.block, run, sign, before, after, domain[shared], plan)


def _shared_cells(sample: Sample, run: IntArray, first: IntArray) -> tuple[IntArray, IntArray]:
    """Return the cells, in the first and in the second wave, of units that have both in a run (B,) of two blocks."""
    cells, size = sample.cells, sample.units.size
    sizes = segment_sizes(cells.block, cells.size)
    key = np.repeat(run * size, sizes)
    key += cells.unit
    key.sort(kind="stable")  # a merge: units ascend within a block
    twice = key[1:][key[1:] == key[:-1]]
    shared, unit = np.divmod(twice, size)
    key = np.repeat(np.arange(run.size) * size, sizes)
    key += cells.unit
    early = first[shared] * size + unit
    return np.searchsorted(key, early), np.searchsorted(key, early + size)


def shared_psus(
    sample: Sample, positions: tuple[int, int], pairs: Callable[[], Pairs], in_order: CellOrder | None
) -> tuple[IntArray, IntArray, IntArray]:
    """Return, of PSUs with cells in both waves of a domain, the place in `Levels.psu_answers` and the domain."""
    cells = sample.cells
    if in_order is not None:
        return in_order.before, in_order.after, in_order.domain
    if cells.psu is None:
        before, after = pairs().before, pairs().after
        both = np.flatnonzero((before < cells.size) & (after < cells.size))
        return before[both], after[both], cells.domain[before[both]]
    psu = sample.units.ancestor(0, cells.unit[cells.psu])
    domain, wave = cells.domain[cells.psu], cells.wave[cells.psu]
    key = psu * sample.shape[0] + domain
    first, last = (np.flatnonzero(wave == position) for position in positions)
    _, at_first, at_last = np.intersect1d(key[first], key[last], assume_unique=True, return_indices=True)
    return first[at_first], last[at_last], domain[first[at_first]]


def variance_in_order(order: CellOrder, contribution: FloatArray) -> FloatArray:
    """Return the variance of each domain's change, as `variance_by_domain` does of pairs.

    Parameters
    ----------
    order
        Arrangement of the cells.
    contribution : float array, shape (C + 1,)
        Linearised values of the levels.

    Returns
    -------
    float array, shape (D,)
        Unit of the contributions squared.

    Notes
    -----
    A unit in both waves is one deviation, (after - before) - mean, and stands at its endline cell.
    """
    (runs,) = order.plan.runs
    values = contribution[:-1]
    sums = sum_by(order.run, order.sign * float_sums(values, order.block), runs.starts.size)
    mean = means_of_runs(order.plan, runs, sums)
    # (before + mean) squared is (mean - before) less the sign, squared
    centre = order.sign * mean[order.run]
    squares = np.zeros(order.block.size)
    for piece in run_pieces(order.block, values.size):
        deviation = np.repeat(centre[piece.runs], piece.held)
        np.subtract(values[piece.at], deviation, out=deviation)
        late, early = (_within(cells, piece.at) for cells in (order.after, order.before))
        deviation[order.after[late] - piece.at.start] -= contribution[order.before[late]]
        deviation[order.before[early] - piece.at.start] = 0.0
        deviation *= deviation
        squares[piece.runs] += np.add.reduceat(deviation, piece.starts)
    variance = weigh_squares(order.plan, runs, mean, sum_by(order.run, squares, runs.starts.size))
    return variance * average_factor(order.plan, None) if order.plan.lonely_psu == "average" else variance


def _within(places: IntArray, at: slice) -> slice:
    """Return which of some ascending places lie in a piece."""
    return slice(*np.searchsorted(places, (at.start, at.stop)).tolist())
