"""The sampled units: stages, strata, population counts, weights, and in which waves each unit stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaltools.errors import DesignError
from evaltools.stats.arrays import (
    BoolArray,
    CodeArray,
    FloatArray,
    IntArray,
    combine_codes,
    compress,
    count_by,
    pieces,
    size_of,
    value_of,
)
from evaltools.stats.columns import count_rows, read_codes, read_numbers, read_short_codes
from evaltools.stats.design import Design

SHOWN = 5  # how many offending units or strata an error lists


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """The sampled units of all stages.

    U units of the last stage, U_s of stage s (U_0 = J PSUs), H strata, W waves.

    Attributes
    ----------
    stage : tuple of int arrays, shape (U,)
        Code of each last-stage unit's ancestor at every stage; the last one is 0..U-1.
    labels : tuple of Index, shape (U,), or None
        Value of each stage's column for every last-stage unit. None: every row is a unit.
    stratum : int array, shape (J,)
        Stratum of each PSU.
    strata : Index, shape (H,)
        Labels of the strata.
    population : tuple of float arrays
        Population counts: by stratum (H,), then by unit of the stage before. Empty without fpc.
    present, live : bool arrays, shape (U, W)
        Whether the unit has a row, a row with positive weight, in the wave.
    """

    stage: tuple[IntArray, ...]
    labels: tuple[pd.Index, ...] | None
    stratum: IntArray
    strata: pd.Index
    population: tuple[FloatArray, ...]
    present: BoolArray
    live: BoolArray

    @property
    def size(self) -> int:
        """Number of last-stage units U."""
        return int(self.stage[-1].size)

    def ancestor(self, stage: int, unit: IntArray) -> IntArray:
        """Return the unit of a stage that holds each of some last-stage units."""
        return unit if stage == len(self.stage) - 1 else self.stage[stage][unit]

    @property
    def n_psu(self) -> int:
        """Number of PSUs J."""
        return int(self.stratum.size)


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """The sampling units of N rows: `rows`, one code array (N,) a stage, and `labels` of each stage's column (U,).

    Without a column every row is a unit and `labels` is None.
    """

    rows: tuple[IntArray, ...]
    labels: tuple[pd.Index, ...] | None


def read_units(
    frame: Any, design: Design, wave: CodeArray, n_waves: int, stages: Callable[[], Stages]
) -> tuple[IntArray, CodeArray, Units, FloatArray]:
    """Read the units and the weights of a frame's rows.

    Parameters
    ----------
    frame, design
        The rows and the design.
    wave : int array, shape (N,)
        Wave of each row, 0 to `n_waves` - 1.
    stages
        Returns what `read_stages` found, perhaps by another thread.

    Returns
    -------
    unit, stratum : int arrays, shape (N,)
        Last-stage unit and stratum of each row.
    units : Units
        All of them.
    weight : float array, shape (N,)
        Weight of each row; without a weight column 1, or the inverse of the sampling fractions.

    Raises
    ------
    DesignError
        ``frame-values-missing``, ``weight-invalid``, ``fpc-invalid``, ``fpc-varies``, ``psu-two-strata``.
    """
    of_row, strata = _read_strata(frame, design)
    given = None if design.weight is None else _read_weight(frame, design.weight)
    found = stages()
    rows = found.rows
    unit, size = rows[-1], size_of(rows[-1])
    stratum = value_of(rows[0], of_row, size_of(rows[0])).astype(np.int64)
    population = _read_population(frame, design, of_row, rows)
    flags = np.zeros((size, n_waves), dtype=np.bool_)
    ancestors = tuple(value_of(unit, stage, size) for stage in rows[:-1])
    units = Units(
        (*ancestors, np.arange(size, dtype=np.int64)), found.labels, stratum, strata, population, flags,
        flags.copy(),
    )  # fmt: skip
    require_one_stratum(units, rows[0], of_row)
    weight = _design_weight(units, unit) if given is None else given
    present, live = units.present.reshape(-1), units.live.reshape(-1)
    for at in pieces(unit.size):
        seen = unit[at] * n_waves + wave[at]
        present[seen] = True
        live[seen[weight[at] > 0]] = True
    return unit, of_row, units, weight


def _read_strata(frame: Any, design: Design) -> tuple[CodeArray, pd.Index]:
    if design.stratum is None:
        return np.zeros(count_rows(frame), dtype=np.int8), pd.Index(["all"])
    return read_short_codes(frame, design.stratum, role="stratum")


def require_one_stratum(units: Units, psu: IntArray, stratum: CodeArray) -> None:
    """Raise ``psu-two-strata``, listing the PSUs that stand in more than one stratum.

    Parameters
    ----------
    units
        Units whose `stratum` holds one of the strata of each PSU.
    psu, stratum
        PSU and stratum of rows, shape (N,).
    """
    differing = [at for at in pieces(psu.size) if (units.stratum[psu[at]] != stratum[at]).any()]
    if differing:
        bad = np.unique(np.concatenate([psu[at][units.stratum[psu[at]] != stratum[at]] for at in differing]))
        raise DesignError("psu-two-strata", psus=psu_names(units, bad[:SHOWN]), count=int(bad.size))


def psu_names(units: Units, psu: IntArray) -> list[str]:
    """Return the labels of some PSUs (codes, shape (K,)); row numbers where every row is a unit."""
    if units.labels is None:
        return [f"row {code}" for code in psu]
    first = value_of(units.stage[0], np.arange(units.size, dtype=np.int64), units.n_psu)
    return [str(label) for label in units.labels[0][first[psu]]]


def any_wave(flags: BoolArray) -> BoolArray:
    """Return which units (U,) are flagged in any wave (U, W)."""
    return np.asarray(flags.any(axis=1), dtype=np.bool_)


def stage_counts(units: Units, chosen: BoolArray) -> list[IntArray]:
    """Count the sampled units of each stage: PSUs by stratum (H,), then units by unit of the stage before.

    Parameters
    ----------
    units
        All units.
    chosen
        Which last-stage units count, shape (U,).
    """
    counts = []
    for stage, code in enumerate(units.stage):
        held = np.zeros(size_of(code), dtype=np.bool_)
        held[code[chosen]] = True
        parent, parents = parents_of(units, stage)
        counts.append(count_by(parent[held], parents))
    return counts


def parents_of(units: Units, stage: int) -> tuple[IntArray, int]:
    """Return the group of each unit of a stage (its stratum, or the unit of the stage before), and how many groups."""
    if stage == 0:
        return units.stratum, len(units.strata)
    above = units.stage[stage - 1]
    return value_of(units.stage[stage], above, size_of(units.stage[stage])), size_of(above)


def inverse_fractions(units: Units) -> FloatArray:
    """Return each last-stage unit's design weight, the product of N/n over the stages; shape (U,)."""
    weight = np.ones(units.size)
    for stage, counts in enumerate(stage_counts(units, np.ones(units.size, dtype=np.bool_))):
        group = parents_of(units, stage)[0][units.stage[stage]]
        weight *= units.population[stage][group] / counts[group]
    return weight


def read_stages(frame: Any, design: Design) -> Stages:
    """Read the sampling unit of every row at every stage.

    Raises
    ------
    DesignError
        ``frame-values-missing``.
    """
    # without fpc only the first stage counts, so the others need not be read
    columns = design.psu_columns if design.fpc_columns else design.psu_columns[:1]
    if not columns:
        return Stages((np.arange(count_rows(frame), dtype=np.int64),), None)
    read = [read_codes(frame, name, role="psu") for name in columns]
    stages = [read[0].code]
    for part in read[1:]:  # a unit's name counts within its parent
        sizes = [size_of(stages[-1]), part.size]
        stages.append(compress(combine_codes([stages[-1], part.code], sizes), sizes[0] * sizes[1])[0])
    if len(read) == 1:
        return Stages(tuple(stages), (read[0].labels,))
    size = size_of(stages[-1])
    return Stages(tuple(stages), tuple(part.labels[value_of(stages[-1], part.code, size)] for part in read))


def _read_population(
    frame: Any, design: Design, stratum: CodeArray, rows: Sequence[IntArray]
) -> tuple[FloatArray, ...]:
    if design.fpc is None:
        return ()
    population = []
    for name, group in zip(design.fpc_columns, [stratum, *rows[:-1]], strict=True):
        values = read_numbers(frame, name)
        missing = int(np.count_nonzero(np.isnan(values)))
        if missing:
            raise DesignError("frame-values-missing", column=name, role="fpc", rows=missing)
        small = int(np.count_nonzero((values < 1) | np.isinf(values)))
        if small:
            raise DesignError("fpc-invalid", column=name, rows=small)
        by_group = value_of(group, values, size_of(group))
        varying = int(np.count_nonzero(by_group[group] != values))
        if varying:
            raise DesignError("fpc-varies", column=name, rows=varying)
        population.append(by_group)
    return tuple(population)


def _design_weight(units: Units, unit: IntArray) -> FloatArray:
    return inverse_fractions(units)[unit] if units.population else np.ones(unit.size)


def _read_weight(frame: Any, name: str) -> FloatArray:
    weight = read_numbers(frame, name)
    missing = int(np.count_nonzero(np.isnan(weight)))
    if missing:
        raise DesignError("frame-values-missing", column=name, role="weight", rows=missing)
    if weight.size and not (weight.min() >= 0 and weight.max() < np.inf):
        invalid = int(np.count_nonzero((weight < 0) | np.isinf(weight)))
        raise DesignError("weight-invalid", column=name, rows=invalid)
    return weight
