"""What small cells do to intervals: residuals from the mean of a cell are the smaller, the fewer PSUs it has."""

from __future__ import annotations

import numpy as np

from evaltools.stats.arrays import FloatArray, IntArray, compress, sum_by
from evaltools.stats.mix.linearised import Errors
from evaltools.stats.mix.margins import Mix
from evaltools.stats.mix.stacked import Answered, Stacked

_LEAST_LEFT = 1e-9  # a PSU with all the weight of a cell leaves nothing to compare it with


def allow_for_cells(
    stacked: Stacked, mix: Mix, item: Answered, residual: FloatArray, other: FloatArray, errors: Errors, cells: IntArray
) -> Errors:
    """Return errors whose df and interval allow for the cells' means, each fitted to some of the PSUs.

    Parameters
    ----------
    stacked, mix, item
        Rows, their cells, their answers.
    residual, other : float arrays, shape (N,)
        Contributions of each row: the part that is a residual from its cell's mean, and the rest.
    errors
        Errors that take no notice of cells.
    cells : int array, shape (D,)
        Cells that were used in each domain.

    Notes
    -----
    The interval's standard error grows by the root of sum (r_i/sqrt(1 - h_i) + o_i)^2 / sum (r_i + o_i)^2, h_i the
    share of its cell's weight that the row's PSU holds; each cell beyond the first costs one of the design's df, and
    the interval's df shrink in proportion. Source: Bell and McCaffrey (2002), Survey Methodology 28, for residuals.
    """
    df = errors.df - np.maximum(cells - 1, 0)
    left = np.divide(df, errors.df, out=np.zeros(df.size), where=errors.df > 0)
    held = 1 - _share_of_cell(stacked, mix, item)
    larger = residual / np.sqrt(np.where(held > _LEAST_LEFT, held, 1.0)) + other
    below, above = (sum_by(stacked.domain, part * part, df.size) for part in (residual + other, larger))
    growth = np.sqrt(np.divide(above, below, out=np.ones(df.size), where=below > 0))
    return Errors(errors.se, df, errors.interval_se * growth, errors.interval_df * np.maximum(left, 0.0))


def _share_of_cell(stacked: Stacked, mix: Mix, item: Answered) -> FloatArray:
    """Return the share of the weight of its domain, wave and cell that the PSU of each row (N,) holds."""
    cell = (stacked.domain * 2 + stacked.side) * mix.size + mix.cell
    n_cells, n_psu = stacked.n_domains * 2 * mix.size, stacked.sample.units.n_psu
    pair, kept = compress(cell * n_psu + stacked.psu, n_cells * n_psu)
    own, whole = sum_by(pair, item.weight, kept.size)[pair], sum_by(cell, item.weight, n_cells)[cell]
    return np.asarray(np.divide(own, whole, out=np.zeros(own.size), where=whole > 0))
