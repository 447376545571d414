"""Variance by replicate weights: every level again with each of them, and the spread of what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import sparse

from evaltools.errors import DesignError
from evaltools.stats.arrays import BoolArray, FloatArray, IntArray
from evaltools.stats.columns import count_rows, read_answers, read_numbers
from evaltools.stats.design import Design
from evaltools.stats.estimation.places import Places
from evaltools.stats.estimation.replicates import Replicates, replicate_factors
from evaltools.stats.levels import Stat
from evaltools.stats.sums import Item, ItemSums, Recoding

_BLOCK = 2**22  # weights held at a time
_RANK = 1e-5  # what is left of a column, as a share of it, below which it depends on those before; R's `degf`


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Errors of levels, or of changes, by replicates.

    Attributes
    ----------
    variance : float array, shape (D,)
        NaN where no replicate has a level.
    undefined : bool array, shape (D,)
        Some replicate has no level there, and is left out, as in R.
    """

    variance: FloatArray
    undefined: BoolArray


def require_replicates(frame: Any, design: Design) -> None:
    """Raise ``replicates-invalid`` where a replicate weight is missing or infinite."""
    for name in design.replicate_columns:
        bad = int(np.count_nonzero(~np.isfinite(read_numbers(frame, name))))
        if bad:
            raise DesignError("replicates-invalid", column=name, rows=bad)


def read_pair(places: Places, item: Item, recode: Recoding | None) -> tuple[FloatArray, FloatArray]:
    """Return numerator and denominator of an item by row, both 0 where there is no answer; shape (N,)."""
    names = item if isinstance(item, tuple) else (item,)
    found = [read_answers(places.frame, name) for name in names]
    if recode is not None:
        found = [recode(found[0], names[0])]
    present = places.weight > 0
    for part in found:
        present &= ~part.absent
    pair = [np.where(present, part.values, 0).astype(np.float64) for part in found]
    return pair[0], pair[1] if len(pair) > 1 else present.astype(np.float64)


def replicate_levels(
    places: Places, replicates: Replicates, pair: tuple[FloatArray, FloatArray], sums: ItemSums, stat: Stat
) -> FloatArray:
    """Return every level with each replicate weight.

    Parameters
    ----------
    places, replicates
        Rows, and where their replicate weights stand.
    pair : two float arrays, shape (N,)
        Numerator and denominator of each row.
    sums
        The item's totals; its origin is taken from the numerator, so that a large mean costs no digits.
    stat
        "total", or else a ratio of totals.

    Returns
    -------
    float array, shape (S, R)
        Level of each slot minus the origin (for a total: the total); NaN where the denominator is 0.
    """
    above = pair[0] if stat == "total" else pair[0] - sums.origin * pair[1]
    totals = _sum_replicates(places, replicates, [above] if stat == "total" else [above, pair[1]])
    if stat == "total":
        return totals[0]
    levels = np.full(totals[0].shape, np.nan)
    np.divide(totals[0], totals[1], out=levels, where=totals[1] != 0)
    return levels


def spread_of(replicates: Replicates, levels: FloatArray, estimate: FloatArray) -> Spread:
    """Return the variance of levels by their replicates.

    Parameters
    ----------
    replicates
        Factors, and what deviations are taken from.
    levels : float array, shape (D, R)
        NaN where a replicate has none.
    estimate : float array, shape (D,)
        From the full sample, on the scale of `levels`.

    Notes
    -----
    V = sum_r f_r (theta_r - centre)^2. Source: Wolter (2007), Introduction to Variance Estimation, ch. 3 to 5. Equals
    R survey 4.1.1 `svrVar`.
    """
    factors = replicate_factors(replicates)
    known = np.isfinite(levels)
    counted = known & (factors > 0)
    number = counted.sum(axis=1)
    mean = np.where(counted, levels, 0.0).sum(axis=1) / np.maximum(number, 1)
    centre = estimate if replicates.mse else mean
    squares = np.where(known, (levels - centre[:, None]) ** 2, 0.0) * factors
    variance = np.where(number > 0, squares.sum(axis=1), np.nan)
    return Spread(variance, np.asarray(~known.all(axis=1) & known.any(axis=1)))


def rank_df(places: Places, replicates: Replicates, groups: list[BoolArray]) -> FloatArray:
    """Return the rank of the replicate weights minus 1, R's `degf`, for several sets of rows.

    Parameters
    ----------
    places, replicates
        Rows and their replicate weights.
    groups
        Rows of each set, bool arrays of shape (N,).
    """
    size = len(replicates.columns)
    rows = [np.flatnonzero(group) for group in groups]
    # some rows, spread over all, mostly show that the weights are independent; else all must be looked at
    some = [held[np.linspace(0, held.size - 1, 4 * size).astype(np.int64)] if held.size else held for held in rows]
    rank = _ranks(places, replicates, some)
    open_ = np.flatnonzero(rank < size)
    rank[open_] = _ranks(places, replicates, [rows[number] for number in open_])
    return rank.astype(np.float64) - 1


def _ranks(places: Places, replicates: Replicates, rows: Sequence[IntArray]) -> IntArray:
    """Return the rank of the replicate weights in each of several sets of rows."""
    size = len(replicates.columns)
    products = np.zeros((len(rows), size, size))
    row = np.concatenate([*rows, np.zeros(0, dtype=np.int64)])
    group = np.repeat(np.arange(len(rows)), [held.size for held in rows])
    step = max(1, 4 * _BLOCK // size)
    for start in range(0, row.size, step):
        chosen, of_group = row[start : start + step], group[start : start + step]
        block = np.column_stack([_weights(places, replicates, name)[chosen] for name in replicates.columns])
        edges = np.searchsorted(of_group, np.arange(of_group[0], of_group[-1] + 2))
        for number, (low, high) in enumerate(pairwise(edges), start=int(of_group[0])):
            products[number] += block[low:high].T @ block[low:high]
    return np.array([_rank(product) for product in products], dtype=np.int64)


def _sum_replicates(places: Places, replicates: Replicates, values: list[FloatArray]) -> list[FloatArray]:
    """Sum values (N,) by slot with each replicate weight; shape (S, R) each. The order of a sum is that of the rows."""
    n_rows = count_rows(places.frame)
    parts = [
        sparse.csr_array((part, (places.slot, np.arange(n_rows))), shape=(places.n_slots, n_rows)) for part in values
    ]
    sums = [np.empty((places.n_slots, len(replicates.columns))) for _ in values]
    step = max(1, _BLOCK // max(1, n_rows))
    for start in range(0, len(replicates.columns), step):
        names = replicates.columns[start : start + step]
        block = np.column_stack([_weights(places, replicates, name) for name in names])
        for total, part in zip(sums, parts, strict=True):
            total[:, start : start + len(names)] = np.asarray(part @ block)
    return sums


def _weights(places: Places, replicates: Replicates, name: str) -> FloatArray:
    weight = read_numbers(places.frame, name)
    return weight if replicates.combined else weight * places.weight


def _rank(product: FloatArray) -> int:
    """Return the rank of a matrix from the product of its transpose with itself, column after column as R's `qr`."""
    left, rank = product.copy(), 0
    norm = product.diagonal().copy()
    for k in range(norm.size):
        pivot = left[k, k]
        if norm[k] > 0 and pivot > _RANK**2 * norm[k]:
            rank += 1
            left[k + 1 :, k + 1 :] -= np.outer(left[k + 1 :, k], left[k, k + 1 :] / pivot)
    return rank
