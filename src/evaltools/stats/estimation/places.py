"""Where each row of a frame stands: its cell, its domain and wave, its weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from evaltools.stats.arrays import FloatArray, IntArray, float_sums, sum_by
from evaltools.stats.sample import Rows, Sample, cells_of_rows
from evaltools.stats.sums import ItemSums, Source


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Rows of a frame in their own order, N of them; S slots, domain x wave.

    Attributes
    ----------
    frame
        What they were read from.
    cell, slot : int arrays, shape (N,)
        Cell of the sample; domain * W + wave.
    weight : float array, shape (N,)
        Weight, 0 or more.
    n_slots : int
        Number of slots S.
    """

    frame: Any
    cell: IntArray
    slot: IntArray
    weight: FloatArray
    n_slots: int


def place_rows(source: Source) -> Places:
    """Return where the rows of a source stand; it must have been opened on a frame."""
    rows, cells = cast("Rows", source.rows), source.sample.cells
    n_domains, n_waves = source.sample.shape
    cell = np.empty(rows.order.size, dtype=np.int64)
    cell[rows.order] = cells_of_rows(rows, cells.size)
    weight = np.empty(rows.order.size)
    weight[rows.order] = rows.weight
    slot = (cells.domain * n_waves + cells.wave)[cell]
    return Places(source.frame, cell, slot, weight, n_domains * n_waves)


def sum_indicator(places: Places, sample: Sample, inside: FloatArray, present: FloatArray) -> ItemSums:
    """Sum a 0/1 value of rows in the cells of the sample.

    Parameters
    ----------
    places, sample
        The rows and their sample.
    inside, present : float arrays, shape (N,)
        1 where the row counts, and where it has an answer; 0 elsewhere.
    """
    weight = places.weight * present
    hit = weight * inside
    cells = sample.cells
    answers = sum_by(places.cell, (weight > 0).astype(np.float64), cells.size).astype(np.int64)
    shifted, base = sum_by(places.cell, hit, cells.size), sum_by(places.cell, weight, cells.size)
    of_hits, of_all = (
        sum_by(cells.block_slot, float_sums(part, cells.block), places.n_slots).reshape(sample.shape)
        for part in (shifted, base)
    )
    moments = np.stack([of_all, of_hits, of_hits, of_all])
    return ItemSums(0.0, 1.0, True, shifted, base, answers, moments)
