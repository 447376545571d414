"""Both waves row by row, for statistics that are no ratio of two totals: domains, sides, answers, groups.

A statistic is linearised by giving each row its contribution; the core's plan of variance then takes the sums by unit,
so units that stand in both waves count as the core counts them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import BoolArray, FloatArray, IntArray
from evaltools.stats.columns import cross_codes, read_answers, read_codes, require_columns, require_frame, sort_labels
from evaltools.stats.contrast import Contrast, plan_contrast
from evaltools.stats.design import Design, require_linearised
from evaltools.stats.estimation.statistic import read_statistic, require_items
from evaltools.stats.sample import Rows, Sample, cells_of_rows, read_sample
from evaltools.stats.sums import Totals, as_columns, as_items
from evaltools.stats.waves import choose_waves, declared_waves, rows_of_waves


@dataclass(frozen=True, slots=True, eq=False)
class Stacked:
    """Rows of two waves, N of them, sorted as `rows` sorts them; D domains.

    Attributes
    ----------
    frame, items, design
        Rows of the two waves, the columns of answers asked for, the design.
    contrast, rows
        Arrangement of the comparison, and how rows go into its cells.
    domain, side, psu : int arrays, shape (N,)
        Domain, 0 for the baseline or 1 for the endline, PSU.
    """

    frame: Any
    items: tuple[str, ...]
    design: Design
    contrast: Contrast
    rows: Rows
    domain: IntArray
    side: IntArray
    psu: IntArray

    @property
    def sample(self) -> Sample:
        """Domains, waves, units and cells."""
        return self.contrast.sample

    @property
    def n_domains(self) -> int:
        """Number of domains D."""
        return self.contrast.sample.shape[0]


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """One item: `y` (N,) less `origin` and `weight` (N,), both 0 where absent; which rows are `present` (N,)."""

    y: FloatArray
    origin: float
    weight: FloatArray
    present: BoolArray


def stack_waves(
    frame: Any,
    items: str | Sequence[str] | None,
    by: str | Sequence[str] | None,
    wave: str,
    design: Design,
    waves: tuple[object, object] | None,
    *,
    others: Sequence[str] = (),
    reserved: Collection[str] = (),
) -> Stacked:
    """Read two waves of a frame, all but the items.

    Parameters
    ----------
    frame, items, by, wave, design, waves
        As in `change`; rows are needed, so no Totals. None: no items.
    others
        Further columns that must be there.
    reserved
        Names that the result uses itself, besides those that are always reserved.

    Raises
    ------
    UsageError
        ``frame-type``, ``by-columns``, ``stat-items``, ``stat-pairs``, ``frame-column-missing``, ``waves-two``,
        ``wave-absent``.
    DesignError
        Those of `change`.
    """
    columns, chosen = as_columns(by, reserved), () if items is None else as_items(items)
    require_rows(frame)
    require_linearised(design)
    require_items(read_statistic("mean"), chosen)
    labels = tuple(str(item) for item in chosen)
    needed = [*columns, wave, *labels, *others, *design.columns]
    require_columns(frame, needed)
    waves = declared_waves(frame, wave) if waves is None else waves
    frame = rows_of_waves(frame, wave, waves)
    sample, rows = read_sample(frame, columns, wave, design)
    contrast = plan_contrast(sample, choose_waves(sample, waves, strict=True), design, {})
    cells = sample.cells
    cell = cells_of_rows(rows, cells.size)
    side = (cells.wave[cell] == contrast.positions[1]).astype(np.int64)
    psu = sample.units.ancestor(0, cells.unit[cell])
    return Stacked(frame, labels, design, contrast, rows, cells.domain[cell], side, psu)


def require_rows(frame: Any) -> None:
    """Raise ``frame-type`` unless the frame has rows: Totals have none."""
    if isinstance(frame, Totals):
        raise UsageError("frame-type", kind="Totals", allowed="pandas.DataFrame, pyarrow.Table")
    require_frame(frame)


def read_item(stacked: Stacked, name: str) -> Answered:
    """Read an item's answers in the order of the rows; a whole number near their mean is subtracted."""
    found, order = read_answers(stacked.frame, name), stacked.rows.order
    absent = found.absent[order] | (stacked.rows.weight == 0)
    y = found.values[order].astype(np.float64)  # noqa: PD011
    y[absent] = 0.0
    present = ~absent
    answered = int(np.count_nonzero(present))
    origin = float(np.rint(y.sum() / answered)) if answered else 0.0
    y -= origin
    y[absent] = 0.0
    return Answered(y, origin, stacked.rows.weight * present, present)


def read_groups(stacked: Stacked, names: Sequence[str], role: str) -> tuple[IntArray, pd.DataFrame]:
    """Return the group of each row (N,), formed by some columns, and the table of groups.

    Raises
    ------
    DesignError
        ``frame-values-missing``.
    """
    parts = [sort_labels(read_codes(stacked.frame, name, role=role)) for name in names]
    code, table = cross_codes(parts, names)
    return code[stacked.rows.order], table


def read_units_of_rows(stacked: Stacked) -> IntArray:
    """Return the respondent of each row (N,): the last stage of `psu`.

    Raises
    ------
    UsageError
        ``presence-psu``: without a psu column nobody can be found again.
    """
    if not stacked.design.psu_columns:
        raise UsageError("presence-psu")
    return read_groups(stacked, stacked.design.psu_columns, "psu")[0]
