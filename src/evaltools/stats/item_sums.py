"""Summing one item: from a column of answers to its totals by cell, piece by piece of what fits the cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaltools.stats.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    Workspace,
    floats_in,
    pieces,
    run_pieces,
    segment_sizes,
    segment_starts,
    sum_by,
)
from evaltools.stats.columns import Answers, read_answers
from evaltools.stats.sample import Rows, Sample, to_cells

Item = str | tuple[str, str]
Recoding = Callable[[Answers, str], Answers]

_WIDE = 8  # bytes of a number whose sums may not fit a whole number
_Numbers = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class ItemSums:
    """One item's totals in the cells of a sample.

    Attributes
    ----------
    origin : float
        What was subtracted from the item (for a ratio: `origin` times the denominator from the numerator).
    spread : float
        Largest distance of an answer from the origin.
    binary : bool
        All answers are 0 or 1.
    shifted, base : float arrays, shape (C,)
        Totals of w*(y - origin*x) and w*x; x is 1 for a mean.
    answers : int array, shape (C,)
        Answers with positive weight.
    moments : float array, shape (4, D, W), or None
        Totals of w, w*(y - origin*x)^2, w*(y - origin*x)*x and w*x^2 by domain and wave, for design effects.
    space : Workspace, or None
        Where the arrays stand that the same thread's next item will overwrite.
    """

    origin: float
    spread: float
    binary: bool
    shifted: FloatArray
    base: FloatArray
    answers: IntArray
    moments: FloatArray | None
    space: Workspace | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Taken:
    """Answers in the order of `Rows`: `values` (N,), 0 where absent, `present` (N,), and whether all are whole."""

    values: _Numbers
    present: BoolArray
    whole: bool


def sum_item(
    frame: Any,
    item: Item,
    sample: Sample,
    rows: Rows,
    moments: bool,
    recode: Recoding | None = None,
    space: Workspace | None = None,
) -> ItemSums:
    """Sum one item of a frame in the cells of its sample.

    Parameters
    ----------
    frame, item
        Frame and column, or pair of columns.
    sample, rows
        From `read_sample` on the same frame.
    moments
        Whether second moments are wanted.
    recode
        Makes other answers of those of a single column.
    space
        Where to put the totals; None: into arrays of their own.
    """
    if isinstance(item, tuple):
        y, x = _take(frame, item[0], rows), _take(frame, item[1], rows)
        present = y.present & x.present
        above, below = (part.values.astype(np.float64) * present for part in (y, x))
        return _sum(above, below, present, sample, rows, space, whole=False, moments=moments)
    y = _take(frame, item, rows, recode)
    whole = y.whole or _is_whole(y.values)
    return _sum(y.values, None, y.present, sample, rows, space, whole=whole, moments=moments)


def _take(frame: Any, name: str, rows: Rows, recode: Recoding | None = None) -> _Taken:
    found = read_answers(frame, name)
    found = found if recode is None else recode(found, name)
    marked, mark = _mark_absent(found)
    # gathered in the column's own type and once for both: a byte an answer is faster to fetch than eight
    values = marked.take(rows.order)
    present = ~np.isnan(values) if np.isnan(mark) else values != mark
    if rows.idle is not None:
        present &= ~rows.idle
    if values.dtype.kind == "f":
        values[~present] = 0.0
    else:
        values *= present
    exact = found.whole and values.dtype.itemsize < _WIDE
    return _Taken(values if exact else values.astype(np.float64), present, found.whole)


def _mark_absent(found: Answers) -> tuple[_Numbers, float]:
    """Return the answers with a number that no answer is where one is absent, and that number."""
    values = found.values
    if values.dtype.kind == "f":
        return np.where(found.absent, np.nan, values), np.nan
    limits = np.iinfo(values.dtype)
    mark = limits.min if limits.min < 0 else limits.max
    if (values == mark).any():
        return np.where(found.absent, np.nan, values.astype(np.float64)), np.nan
    if not found.absent.any():
        return values, mark
    marked = values * ~found.absent
    marked += found.absent * values.dtype.type(mark)
    return marked, mark


def _is_whole(values: _Numbers) -> bool:
    return bool((np.rint(values) == values).all())


def _sum(
    y: _Numbers,
    x: FloatArray | None,
    present: BoolArray,
    sample: Sample,
    rows: Rows,
    space: Workspace | None,
    *,
    whole: bool,
    moments: bool,
) -> ItemSums:
    low, high = float(y.min(initial=0)), float(y.max(initial=0))
    origin = _choose_origin(y, x, present, whole=whole)
    farthest = 0.0
    shifted, base = (floats_in(space, name, y.size) for name in ("shifted", "base"))

    def weigh(at: slice) -> None:
        shifted[at] *= base[at]
        if x is not None:
            base[at] *= x[at]

    for at in pieces(y.size):
        part, weight = shifted[at], base[at]
        part[:] = y[at]
        part -= origin if x is None else origin * x[at]
        weight[:] = present[at]
        weight *= rows.weight[at]
        if x is not None:
            farthest = max(farthest, float(np.abs(part).max()))
        if not moments:
            weigh(at)
    held = None
    if moments:
        held = _sum_moments(sample, rows, base, shifted, x)
        weigh(slice(None))
    n_cells = sample.cells.size
    return ItemSums(
        origin,
        max(high - origin, origin - low) if x is None else farthest,
        x is None and whole and low >= 0 and high <= 1,
        to_cells(shifted, rows, n_cells),
        to_cells(base, rows, n_cells),
        to_cells(present.view(np.int8) if _fit_a_byte(rows, n_cells) else present.astype(np.int64), rows, n_cells),
        held,
        space,
    )


def _fit_a_byte(rows: Rows, n_cells: int) -> bool:
    """Return whether the answers of every cell can be counted in a byte: eight times less to fetch."""
    most = 1 + int(segment_sizes(rows.runs, rows.order.size - n_cells).max(initial=0))
    return most <= np.iinfo(np.int8).max


def _choose_origin(y: _Numbers, x: FloatArray | None, present: BoolArray, *, whole: bool) -> float:
    below = float(np.count_nonzero(present)) if x is None else float(x.sum())
    # small whole numbers are summed as such, floats as floats
    origin = float(y.sum()) / below if below else 0.0
    # a whole origin keeps sums of whole numbers exact, whatever the order of the rows
    return float(np.rint(origin)) if whole else origin


def _sum_moments(sample: Sample, rows: Rows, weight: FloatArray, y: FloatArray, x: FloatArray | None) -> FloatArray:
    cells, (n_domains, n_waves) = sample.cells, sample.shape
    held = np.zeros((4, cells.block.size))
    # the first row of each cell, then the others
    block = np.searchsorted(cells.block, rows.several, side="right") - 1
    first = segment_starts(block)
    every = np.arange(cells.block.size)
    for low, high, starts, blocks in (
        (0, cells.size, cells.block, every),
        (cells.size, y.size, rows.runs[first], block[first]),
    ):
        for piece in run_pieces(starts, high - low):
            at = slice(low + piece.at.start, low + piece.at.stop)
            parts = _products(weight[at], y[at], None if x is None else x[at])
            held[:, blocks[piece.runs]] += [np.add.reduceat(part, piece.starts) for part in parts]
    sums = [sum_by(cells.block_slot, part, n_domains * n_waves) for part in held]
    return np.stack(sums).reshape(4, n_domains, n_waves)


def _products(weight: FloatArray, y: FloatArray, x: FloatArray | None) -> tuple[FloatArray, ...]:
    first = weight * y
    return (weight, first * y, first, weight) if x is None else (weight, first * y, first * x, weight * x * x)
