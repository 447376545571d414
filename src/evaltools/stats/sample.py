"""Who is in the sample: domains, waves, units, and the cells (unit x domain x wave) in which answers are summed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaltools.stats.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    gather,
    int_sums,
    runs_of,
    segment_sizes,
    size_of,
    sort_by,
)
from evaltools.stats.columns import Codes, count_rows, cross_codes, read_codes
from evaltools.stats.design import Design
from evaltools.stats.units import Stages, Units, read_stages, read_units

Number = TypeVar("Number", np.int64, np.float64)

PARALLEL_FROM = 200_000  # rows below which a second thread is not worth its start


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cells (C of them) sorted by stratum, domain, wave, PSU, unit, and their runs.

    Attributes
    ----------
    unit, domain, wave, rows : int arrays, shape (C,)
        Last-stage unit, domain, wave; number of rows with positive weight.
    block : int array, shape (B,)
        Where runs of one stratum, domain and wave begin.
    block_stratum, block_slot : int arrays, shape (B,)
        Stratum of each block, and domain * W + wave.
    psu : int array, shape (P,), or None
        Where runs of one PSU begin; None where every cell is one (single-stage).
    """

    unit: IntArray
    domain: IntArray
    wave: IntArray
    rows: IntArray
    block: IntArray
    block_stratum: IntArray
    block_slot: IntArray
    psu: IntArray | None

    @property
    def size(self) -> int:
        """Number of cells C."""
        return int(self.unit.size)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The sample without its answers: D domains (`domains`, columns `by`), W `waves`, units and cells."""

    by: tuple[str, ...]
    domains: pd.DataFrame
    wave: str | None
    waves: pd.Index
    units: Units
    cells: Cells

    @property
    def shape(self) -> tuple[int, int]:
        """Domains and waves (D, W)."""
        return len(self.domains), len(self.waves)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """How N rows go into C cells.

    Attributes
    ----------
    order : int array, shape (N,)
        First the first row of each cell, in the order of the cells; then the other rows of cells that have several.
    weight : float array, shape (N,)
        Weights in that order.
    several, runs : int arrays, shape (K,)
        Cells with several rows, and where their other rows begin after the first C.
    idle : bool array, shape (N,), or None
        Rows of weight 0, if there are any: they answer nothing.
    """

    order: IntArray
    weight: FloatArray
    several: IntArray
    runs: IntArray
    idle: BoolArray | None


def to_cells(values: NDArray[Number], rows: Rows, n_cells: int) -> NDArray[Number]:
    """Sum values of rows (N,), in the order of `rows`, by cell; shape (C,). Overwrites `values`."""
    sums = values[:n_cells]
    if rows.several.size:
        sums[rows.several] += np.add.reduceat(values[n_cells:], rows.runs)
    return sums


def read_sample(frame: Any, by: Sequence[str], wave: str | None, design: Design) -> tuple[Sample, Rows]:
    """Read everything of a frame but its items.

    Raises
    ------
    DesignError
        ``frame-values-missing``, ``weight-invalid``, ``fpc-invalid``, ``fpc-varies``, ``psu-two-strata``.
    """
    if count_rows(frame) < PARALLEL_FROM:
        return _read_sample(frame, by, wave, design, lambda: read_stages(frame, design))
    with ThreadPoolExecutor(max_workers=1) as pool:  # the units' names are most of the work
        return _read_sample(frame, by, wave, design, pool.submit(read_stages, frame, design).result)


def _read_sample(
    frame: Any, by: Sequence[str], wave: str | None, design: Design, stages: Callable[[], Stages]
) -> tuple[Sample, Rows]:
    n = count_rows(frame)
    if by:
        # a category that no row has is a domain without answers; of several columns only combinations that occur count
        parts = [read_codes(frame, name, role="by", declared=len(by) == 1, ordered=True) for name in by]
        domain, domains = cross_codes(parts, by)
    else:
        domain, domains = np.zeros(n, dtype=np.int64), pd.DataFrame(index=pd.RangeIndex(1))
    waves = one_wave(n) if wave is None else read_codes(frame, wave, role="wave", ordered=True)
    unit, units, weight = read_units(frame, design, waves, stages)
    live = None if weight.all() else (weight > 0).astype(np.int64)
    order, starts, cells = arrange(unit, domain, waves.code, live, units, len(domains))
    return Sample(tuple(by), domains, wave, waves.labels, units, cells), _order_rows(order, starts, weight)


def _order_rows(order: IntArray, starts: IntArray, weight: FloatArray) -> Rows:
    others = segment_sizes(starts, order.size) - 1
    several = np.flatnonzero(others)
    runs = np.cumsum(others[several]) - others[several]
    if several.size:
        first = np.zeros(order.size, dtype=np.bool_)
        first[starts] = True
        order = np.concatenate([order[first], order[~first]])
    weight = gather(weight, order)
    idle = None if weight.all() else weight == 0
    return Rows(order, weight, several, runs, idle)


def one_wave(n: int) -> Codes:
    """Return codes that put all of n rows into one wave without a name."""
    return Codes(np.zeros(n, dtype=np.int64), pd.Index([None], dtype=object))


def arrange(
    unit: IntArray, domain: IntArray, wave: IntArray, rows: IntArray | None, units: Units, n_domains: int
) -> tuple[IntArray, IntArray, Cells]:
    """Gather entries (rows of a frame, or cells of parts) into sorted cells.

    Parameters
    ----------
    unit, domain, wave, rows
        Of each entry, shape (E,); `rows` says how many rows with positive weight it stands for, None: each for one.
    units
        The units that `unit` points to.
    n_domains
        Number of domains D.

    Returns
    -------
    order, starts, cells
        Entries in cell order, where each cell begins in it, and the cells.
    """
    n_waves = units.present.shape[1]
    keys: list[IntArray] = [gather(units.stratum, units.ancestor(0, unit)), domain, wave]
    sizes = [len(units.strata), n_domains, n_waves]
    for number, stage in enumerate(units.stage):
        keys.append(units.ancestor(number, unit))
        sizes.append(size_of(stage))
    found = sort_by(keys, sizes)
    stratum, cell_domain, cell_wave, psu, *_ = found.codes
    block = runs_of([stratum, cell_domain, cell_wave])
    runs = runs_of([stratum, cell_domain, cell_wave, psu]) if len(units.stage) > 1 else None
    live = segment_sizes(found.starts, unit.size) if rows is None else int_sums(rows[found.order], found.starts)
    slot = cell_domain[block] * n_waves + cell_wave[block]
    cells = Cells(found.codes[-1], cell_domain, cell_wave, live, block, stratum[block], slot, runs)
    return found.order, found.starts, cells
