"""Levels of each domain and wave, and what each cell contributes to them (linearised values)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaltools.errors import UsageError
from evaltools.stats.arrays import FloatArray, IntArray, float_sums, floats_in, int_sums, run_pieces, sum_by
from evaltools.stats.sample import Sample
from evaltools.stats.sums import Item, ItemSums, item_label

Stat = Literal["mean", "total", "ratio", "proportion"]  # forms; what `stat` offers is in `estimation.statistic`

ROUNDING = 1e-12  # a standard error below this share of the answers' size is rounding, not variation


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """One item's levels; D domains, W waves, C cells.

    Attributes
    ----------
    level : float array, shape (D, W)
        Mean, total, ratio or proportion. NaN where there is no answer, or the denominator is 0.
    contribution : float array, shape (C + 1,)
        Linearised value of each cell in the level of its domain and wave; the last, 0, is that of an absent cell.
    answers, psus, strata : int arrays, shape (D, W)
        Answers; PSUs with an answer; strata that hold them.
    psu_answers : int array, shape (P,)
        Answers of each PSU in a domain and wave.
    """

    level: FloatArray
    contribution: FloatArray
    answers: IntArray
    psus: IntArray
    strata: IntArray
    psu_answers: IntArray


def require_binary(sums: ItemSums, item: Item, option: str, value: str) -> None:
    """Raise ``stat-not-binary`` where an option that is for 0/1 items meets another."""
    if not sums.binary and sums.answers.any():
        raise UsageError("stat-not-binary", item=item_label(item), option=option, value=value)


def linearise(sample: Sample, sums: ItemSums, stat: Stat) -> Levels:
    """Compute an item's levels and each cell's contribution.

    Parameters
    ----------
    sample
        Cells, sorted.
    sums
        The item's totals in these cells.
    stat
        "total" takes the answers present, others the ratio of the two totals.

    Notes
    -----
    Ratio of totals R = A/B: u = (a - R b)/B, with a and b the cell's totals. Total: u = a.
    Source: Binder (1983), Int. Stat. Rev. 51; Särndal, Swensson, Wretman (1992), section 5.5.
    """
    cells = sample.cells
    size = sample.shape[0] * sample.shape[1]
    answers = sum_by(cells.block_slot, int_sums(sums.answers, cells.block), size).astype(np.int64)
    above = sum_by(cells.block_slot, float_sums(sums.shifted, cells.block), size)
    below = sum_by(cells.block_slot, float_sums(sums.base, cells.block), size)
    contribution = floats_in(sums.space, "contribution", cells.size + 1)
    contribution[-1] = 0.0
    part = contribution[:-1]
    if stat == "total":
        level = np.where(answers > 0, above + sums.origin * below, np.nan)
        np.multiply(sums.base, sums.origin, out=part)
        part += sums.shifted
    else:
        inverse = np.divide(1.0, below, out=np.full(size, np.nan), where=below != 0)
        shifted_level = above * inverse
        level = shifted_level + sums.origin
        # cells of a domain without a level hold zeros only; they must not turn into NaN
        inverse, shifted_level = np.nan_to_num(inverse), np.nan_to_num(shifted_level)
        level_of, inverse_of = shifted_level[cells.block_slot], inverse[cells.block_slot]
        for piece in run_pieces(cells.block, cells.size):
            here = part[piece.at]
            np.multiply(sums.base[piece.at], np.repeat(level_of[piece.runs], piece.held), out=here)
            np.subtract(sums.shifted[piece.at], here, out=here)
            here *= np.repeat(inverse_of[piece.runs], piece.held)
    psu_answers = sums.answers if cells.psu is None else int_sums(sums.answers, cells.psu)
    psus, strata = count_psus(sample, psu_answers > 0)
    return Levels(level.reshape(sample.shape), contribution, answers.reshape(sample.shape), psus, strata, psu_answers)


def count_psus(sample: Sample, answered: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[IntArray, IntArray]:
    """Count PSUs with an answer, and the strata that hold them.

    Parameters
    ----------
    sample
        Cells, sorted.
    answered : bool array, shape (P,)
        Whether each PSU (run of cells, or cell where single-stage) has an answer in its domain and wave.

    Returns
    -------
    psus, strata : int arrays, shape (D, W)
    """
    cells = sample.cells
    size = sample.shape[0] * sample.shape[1]
    runs = cells.block if cells.psu is None else np.searchsorted(cells.psu, cells.block)
    by_block = int_sums(answered, runs)
    psus = sum_by(cells.block_slot, by_block, size).astype(np.int64)
    strata = sum_by(cells.block_slot, by_block > 0, size).astype(np.int64)
    return psus.reshape(sample.shape), strata.reshape(sample.shape)


def drop_rounding(variance: FloatArray, sample: Sample, sums: ItemSums, levels: Levels, stat: Stat) -> FloatArray:
    """Return the variance (D,) with 0 where it is only the rounding of equal answers.

    Parameters
    ----------
    variance : float array, shape (D,)
        Variance of levels, or of changes.
    sample, sums, levels, stat
        What it was computed from. Totals are left as they are.
    """
    error = np.sqrt(np.maximum(np.nan_to_num(variance), 0.0))
    far = abs(sums.origin)
    if stat == "total" or not ((error > 0) & (error < 1e3 * ROUNDING * (sums.spread + far))).any():
        return variance
    cells, (n_domains, n_waves) = sample.cells, sample.shape
    size = n_domains * n_waves
    above = sum_by(cells.block_slot, float_sums(np.abs(sums.shifted), cells.block), size)
    below = sum_by(cells.block_slot, float_sums(np.abs(sums.base), cells.block), size)
    typical = np.divide(above, below, out=np.zeros(size), where=below > 0).reshape(n_domains, n_waves).sum(axis=1)
    # answers nearer to each other than a float near their level can tell apart are equal too
    least = 4 * np.finfo(np.float64).eps * np.nan_to_num(np.abs(levels.level)).max(axis=1)
    return np.where((error < ROUNDING * typical + least) & ~np.isnan(variance), 0.0, variance)
