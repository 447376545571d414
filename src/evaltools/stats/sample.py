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
    CodeArray,
    FloatArray,
    IntArray,
    gather,
    int_sums,
    pieces,
    segment_sizes,
    shorten,
    size_of,
    sort_by,
)
from evaltools.stats.columns import Codes, count_rows, cross_codes, read_codes, read_short_codes
from evaltools.stats.design import Design
from evaltools.stats.units import Stages, Units, read_stages, read_units

Number = TypeVar("Number", np.int64, np.float64)

PARALLEL_FROM = 200_000  # rows below which a second thread is not worth its start


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cells (C of them) sorted by stratum, domain, wave, PSU, unit, and their runs.

    Attributes
    ----------
    unit, rows : int arrays, shape (C,)
        Last-stage unit; number of rows with positive weight.
    block : int array, shape (B,)
        Where runs of one stratum, domain and wave begin.
    block_stratum, block_domain, block_wave, block_slot : int arrays, shape (B,)
        Stratum, domain and wave of each block, and domain * W + wave.
    psu : int array, shape (P,), or None
        Where runs of one PSU begin; None where every cell is one (single-stage).
    """

    unit: IntArray
    rows: IntArray
    block: IntArray
    block_stratum: IntArray
    block_domain: IntArray
    block_wave: IntArray
    block_slot: IntArray
    psu: IntArray | None

    @property
    def domain(self) -> IntArray:
        """Domain of each cell (C,), written out at every call."""
        return np.repeat(self.block_domain, segment_sizes(self.block, self.size))

    @property
    def wave(self) -> IntArray:
        """Wave of each cell (C,), written out at every call."""
        return np.repeat(self.block_wave, segment_sizes(self.block, self.size))

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


def cells_of_rows(rows: Rows, n_cells: int) -> IntArray:
    """Return the cell of each row (N,), in the order of `rows`."""
    others = segment_sizes(rows.runs, rows.order.size - n_cells)
    return np.concatenate([np.arange(n_cells), np.repeat(rows.several, others)])


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
    domain, domains = _read_domains(frame, by)
    in_wave, waves = _read_waves(frame, wave)
    unit, stratum, units, weight = read_units(frame, design, in_wave, len(waves), stages)
    live = None if weight.all() else (weight > 0).astype(np.int64)
    order, starts, cells = arrange(unit, domain, in_wave, live, units, len(domains), stratum)
    sizes = cells.rows if live is None else segment_sizes(starts, order.size)
    return Sample(tuple(by), domains, wave, waves, units, cells), _order_rows(order, starts, sizes, weight)


def _read_domains(frame: Any, by: Sequence[str]) -> tuple[CodeArray, pd.DataFrame]:
    if not by:
        return np.zeros(count_rows(frame), dtype=np.int8), pd.DataFrame(index=pd.RangeIndex(1))
    # a category that no row has is a domain without answers; of several columns only combinations that occur count
    if len(by) == 1:
        domain, labels = read_short_codes(frame, by[0], role="by", declared=True)
        return domain, pd.DataFrame({by[0]: labels})
    code, domains = cross_codes([read_codes(frame, name, role="by", ordered=True) for name in by], by)
    return shorten(code, len(domains)), domains


def _read_waves(frame: Any, wave: str | None) -> tuple[CodeArray, pd.Index]:
    if wave is None:
        return np.zeros(count_rows(frame), dtype=np.int8), one_wave(0).labels
    return read_short_codes(frame, wave, role="wave")


def _order_rows(order: IntArray, starts: IntArray, sizes: IntArray, weight: FloatArray) -> Rows:
    """Put the first row of each cell first; overwrites `order`."""
    several = np.flatnonzero(sizes > 1)
    others = sizes[several] - 1
    runs = np.cumsum(others) - others
    if several.size:
        later = np.ones(order.size, dtype=np.bool_)
        later[starts] = False
        others_of_cells = order[later]
        for at in pieces(starts.size):  # in place: a cell's first row never stands before the place it goes to
            order[at] = order[starts[at]]
        order[starts.size :] = others_of_cells
    weight = gather(weight, order)
    idle = None if weight.all() else weight == 0
    return Rows(order, weight, several, runs, idle)


def one_wave(n: int) -> Codes:
    """Return codes that put all of n rows into one wave without a name."""
    return Codes(np.zeros(n, dtype=np.int64), pd.Index([None], dtype=object))


def arrange(
    unit: IntArray,
    domain: CodeArray,
    wave: CodeArray,
    rows: IntArray | None,
    units: Units,
    n_domains: int,
    stratum: CodeArray | None = None,
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
    stratum : int array, shape (E,), optional
        Stratum of each entry where it is at hand.

    Returns
    -------
    order, starts, cells
        Entries in cell order, where each cell begins in it, and the cells.
    """
    n_waves = units.present.shape[1]
    stages = [units.ancestor(number, unit) for number in range(len(units.stage))]
    keys: list[CodeArray] = [gather(units.stratum, stages[0]) if stratum is None else stratum, domain, wave, *stages]
    found = sort_by(keys, [len(units.strata), n_domains, n_waves, *(size_of(stage) for stage in units.stage)])
    block = found.runs(3)
    runs = found.runs(4) if len(units.stage) > 1 else None
    block_stratum, block_domain, block_wave = (found.code(number, block) for number in range(3))
    cells = Cells(
        unit=found.last_code(),
        rows=segment_sizes(found.starts, unit.size) if rows is None else int_sums(rows[found.order], found.starts),
        block=block,
        block_stratum=block_stratum,
        block_domain=block_domain,
        block_wave=block_wave,
        block_slot=block_domain * n_waves + block_wave,
        psu=runs,
    )
    return found.order, found.starts, cells
