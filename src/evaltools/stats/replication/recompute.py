"""The change and its standard error under many sets of factors at once, from totals of sampling units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from evaltools.stats.arrays import BoolArray, FloatArray, IntArray, group_by, segment_sizes, segment_starts
from evaltools.stats.replication.factors import BootstrapDraw
from evaltools.stats.sample import Sample
from evaltools.stats.sums import ItemSums


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """P pairs of domain and PSU, sorted by domain, variance stratum, PSU; K runs of one domain and stratum.

    Attributes
    ----------
    psu, domain : int arrays, shape (P,)
        PSU and domain of each pair.
    pair, late : int array, bool array, shape (C,)
        Pair that each cell belongs to (-1: neither wave), and whether it is of the endline.
    starts, held : int arrays, shape (K,)
        Where each run begins, and how many pairs it has.
    drawn, factor : float arrays, shape (K,)
        Units that the variance within a replicate rests on: the n - 1 drawn; in a stratum of two PSUs, where one is
        drawn, both. What the sum of squares is multiplied by.
    fixed : bool array, shape (P,)
        Pairs of a stratum of two PSUs.
    domain_starts, filled : int arrays
        Where the runs of each domain begin, and which domains have runs.
    shape : tuple of int
        Domains D and PSUs J.
    """

    psu: IntArray
    domain: IntArray
    pair: IntArray
    late: BoolArray
    starts: IntArray
    held: IntArray
    drawn: FloatArray
    factor: FloatArray
    fixed: BoolArray
    domain_starts: IntArray
    filled: IntArray
    shape: tuple[int, int]


def lay_out(sample: Sample, positions: tuple[int, int], draw: BootstrapDraw) -> Layout:
    """Arrange the cells of two waves by domain, variance stratum and PSU."""
    cells, units = sample.cells, sample.units
    inside = np.flatnonzero((cells.wave == positions[0]) | (cells.wave == positions[1]))
    psu, domain = units.ancestor(0, cells.unit[inside]), cells.domain[inside]
    stratum = draw.stratum[psu]
    sizes = [sample.shape[0], draw.n_psu.size, units.n_psu]
    order, first = group_by([domain, stratum, psu], sizes)
    pair = np.full(cells.size, -1, dtype=np.int64)
    pair[inside[order]] = np.repeat(np.arange(first.size), segment_sizes(first, order.size))
    kept = order[first]
    psu, domain, stratum = psu[kept], domain[kept], stratum[kept]
    starts = segment_starts(domain * draw.n_psu.size + stratum)
    n, left_out = draw.n_psu[stratum[starts]].astype(np.float64), 1 - draw.fraction[stratum[starts]]
    drawn = np.where(n > 2, n - 1, n)
    factor = left_out * np.where(n > 2, n * n / (drawn * np.maximum(drawn - 1, 1)), n / (n - 1))
    domain_starts = segment_starts(domain[starts])
    return Layout(
        psu, domain, pair, cells.wave == positions[1], starts, segment_sizes(starts, psu.size), drawn, factor,
        draw.n_psu[stratum] == 2, domain_starts, domain[starts][domain_starts], (sample.shape[0], units.n_psu),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class ItemTotals:
    """One item in the pairs: `values` (4, P), the endline's totals of w(y - origin x) and w x, then the baseline's.

    For totals of answers the origin is 0 and the second and fourth row are not used.
    """

    values: FloatArray
    is_total: bool


def pair_totals(layout: Layout, sums: ItemSums, *, is_total: bool) -> ItemTotals:
    """Gather an item's totals of cells in the pairs."""
    above = sums.shifted + sums.origin * sums.base if is_total else sums.shifted
    values = np.zeros((4, layout.psu.size))
    for row, (wave, part) in enumerate(((True, above), (True, sums.base), (False, above), (False, sums.base))):
        cell = np.flatnonzero((layout.pair >= 0) & (layout.late == wave))
        np.add.at(values[row], layout.pair[cell], part[cell])
    return ItemTotals(values, is_total)


def change_under(layout: Layout, item: ItemTotals, factors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the change of each domain under each set of factors, and what its totals count for in it.

    Parameters
    ----------
    layout, item
        Pairs, and the item's totals in them.
    factors : float array, shape (J, B)
        Factors of the PSUs.

    Returns
    -------
    change : float array, shape (D, B)
        NaN where a wave has no answer left.
    coefficient : float array, shape (4, D, B)
        Linearised: what one unit of each total adds to the change.

    Notes
    -----
    Sparse products and sums over runs have a fixed order, so bits do not depend on threads.
    """
    totals = np.stack([_by_domain(layout, _products(layout, row, factors)) for row in item.values])
    coefficient = np.zeros(totals.shape)
    if item.is_total:
        coefficient[0], coefficient[2] = 1.0, -1.0
        return totals[0] - totals[2], coefficient
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = [np.where(below != 0, 1 / below, np.nan) for below in (totals[1], totals[3])]
        level = [totals[0] * inverse[0], totals[2] * inverse[1]]
    coefficient[0], coefficient[1] = inverse[0], -level[0] * inverse[0]
    coefficient[2], coefficient[3] = -inverse[1], level[1] * inverse[1]
    return level[0] - level[1], coefficient


def error_under(layout: Layout, item: ItemTotals, coefficient: FloatArray, times: FloatArray) -> FloatArray:
    """Return the linearised standard error of each domain's change within each replicate; shape (D, B).

    Parameters
    ----------
    layout, item, coefficient
        As in `change_under`.
    times : float array, shape (P, B)
        How often the PSU of each pair was drawn; 1 where `layout.fixed`.

    Notes
    -----
    V* = sum_h (1 - f_h) n^2/(m (m - 1)) sum over the m draws of (u - mean)^2: each draw is a unit of its own. In a
    stratum of two PSUs one is drawn and has no variance; both PSUs' u stand in, at the replicate's levels.
    Source: Rao and Wu (1988), J. Am. Stat. Assoc. 83, 231-241.
    """
    error = np.zeros(coefficient.shape[1:])
    run_ends = np.append(layout.domain_starts[1:], layout.starts.size)
    pair_ends = np.append(layout.starts, layout.psu.size)
    for domain, first, last in zip(layout.filled, layout.domain_starts, run_ends, strict=True):
        runs, pairs = slice(first, last), slice(pair_ends[first], pair_ends[last])
        part = np.zeros(times[pairs].shape)
        for row, weight in zip(item.values[:, pairs], coefficient[:, domain], strict=True):
            if row.any():
                part += row[:, None] * weight
        squares = _squares(part, times[pairs], layout.starts[runs] - pairs.start, layout.held[runs], layout.drawn[runs])
        squares *= layout.factor[runs, None]
        error[domain] = np.sqrt(np.maximum(squares.sum(axis=0), 0.0))
    return error


def _squares(part: FloatArray, times: FloatArray, starts: IntArray, held: IntArray, drawn: FloatArray) -> FloatArray:
    """Return the sum of squared deviations over the draws of each stratum (K, B); overwrites `part` (P, B)."""
    mean = np.add.reduceat(part * times, starts, axis=0) / drawn[:, None]
    part -= np.repeat(mean, held, axis=0)
    part *= part
    part *= times
    others = drawn[:, None] - np.add.reduceat(times, starts, axis=0)  # draws without an answer in the domain add 0
    return np.asarray(np.add.reduceat(part, starts, axis=0) + others * mean * mean, dtype=np.float64)


def _products(layout: Layout, values: FloatArray, factors: FloatArray) -> FloatArray:
    """Return the sums of values times factors over each run; shape (K, B)."""
    ends = np.append(layout.starts, values.size)
    matrix = sparse.csr_array((values, layout.psu, ends), shape=(layout.starts.size, layout.shape[1]))
    return np.asarray(matrix @ factors, dtype=np.float64)


def _by_domain(layout: Layout, runs: FloatArray) -> FloatArray:
    """Sum runs (K, B) by domain; shape (D, B)."""
    sums = np.zeros((layout.shape[0], runs.shape[1]))
    if runs.size:
        sums[layout.filled] = np.add.reduceat(runs, layout.domain_starts, axis=0)
    return sums
