"""From linearised values of rows to variances: rows in the order of their cells, and the core's plan over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaltools.stats.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    combine_codes,
    count_by,
)
from evaltools.stats.columns import require_columns, require_frame
from evaltools.stats.contrast import Contrast, change_df, plan_contrast, require_known_patterns
from evaltools.stats.design import Design, require_linearised
from evaltools.stats.means import design_df, plan_sample
from evaltools.stats.reasons import Reasons, add_reason
from evaltools.stats.sample import Rows, Sample, cells_of_rows, read_sample, to_cells
from evaltools.stats.sums import as_columns
from evaltools.stats.units import any_wave
from evaltools.stats.variance import Plan, variance_by_domain
from evaltools.stats.waves import choose_waves, declared_waves, rows_of_waves, wave_index

RESERVED = {
    "term", "t", "value", "log_odds", "p_change", "kind", "standardised", "p_bh", "raw", "raw_se", "adjusted",
    "raw_baseline", "raw_endline", "raw_change", "adjusted_baseline", "adjusted_endline", "adjusted_change",
    "n_left_out",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class SampledRows:
    """N rows of a frame, read once for all that is computed from them.

    Attributes
    ----------
    frame : pandas frame or Arrow table
        The rows that were read, in their own order.
    sample, rows, design
        What the core read, and under which design.
    cell : int array, shape (N,)
        Cell of each row, in the order of `rows`.
    live : bool array, shape (N,)
        Rows with positive weight, in that order.
    """

    frame: Any
    sample: Sample
    rows: Rows
    design: Design
    cell: IntArray
    live: BoolArray

    @property
    def order(self) -> IntArray:
        """Rows of the frame in the order in which values are held."""
        return self.rows.order

    @property
    def domain(self) -> IntArray:
        """Domain of each row, in the order of `rows`."""
        return self.sample.cells.domain[self.cell]

    @property
    def psu(self) -> IntArray:
        """PSU of each row, in the order of `rows`."""
        return self.sample.units.ancestor(0, self.sample.cells.unit[self.cell])


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """How contributions of cells become variances of D domains.

    Attributes
    ----------
    plan : Plan
        The core's arrangement of P contributions.
    first, second : int arrays, shape (P,)
        The cells whose sum is each contribution; the number of cells stands for none.
    domain : int array, shape (P,)
        Domain of each contribution.
    df : int
        PSUs minus strata of the whole design.
    """

    plan: Plan
    first: IntArray
    second: IntArray
    domain: IntArray
    df: int


def read_rows(
    frame: Any,
    columns: Sequence[str],
    by: str | Sequence[str] | None,
    design: Design,
    wave: str | None = None,
    waves: tuple[object, object] | None = None,
) -> SampledRows:
    """Read a frame's rows, domains and units; `waves`, where given, keeps the rows of these two only.

    Raises
    ------
    UsageError, DesignError
        Those of `estimate`; ``option-not-offered`` for replicate weights.
    """
    require_frame(frame)
    require_linearised(design)
    domains = as_columns(by, RESERVED)
    require_columns(frame, [*domains, *columns, *([wave] if wave else []), *design.columns])
    frame = rows_of_waves(frame, wave, waves)
    sample, rows = read_sample(frame, domains, wave, design)
    cell = cells_of_rows(rows, sample.cells.size)
    live = np.ones(cell.size, dtype=np.bool_) if rows.idle is None else ~rows.idle
    return SampledRows(frame, sample, rows, design, cell, live)


def read_two_waves(
    frame: Any,
    columns: Sequence[str],
    by: str | Sequence[str] | None,
    design: Design,
    wave: str,
    waves: tuple[object, object] | None,
) -> tuple[SampledRows, Contrast]:
    """Read the rows of two waves and arrange their comparison, as `change` does.

    Raises
    ------
    UsageError, DesignError
        Those of `change`.
    """
    require_frame(frame)
    require_known_patterns(design)
    waves = declared_waves(frame, wave) if waves is None else waves
    sampled = read_rows(frame, columns, by, design, wave, waves)
    chosen = choose_waves(sampled.sample, waves, strict=True)
    return sampled, plan_contrast(sampled.sample, chosen, design, {})


def spread_of(sampled: SampledRows, contrast: Contrast | None = None) -> Spread:
    """Return how contributions become variances: within the sample, or in the variance strata of two waves."""
    sample = sampled.sample
    if contrast is not None:
        return Spread(contrast.plan, contrast.before, contrast.after, contrast.domain, contrast.design_df)
    cells = np.arange(sample.cells.size)
    none = np.full(cells.size, cells.size)
    df = design_df(sample.units, any_wave(sample.units.live))
    return Spread(plan_sample(sample, sampled.design), cells, none, sample.cells.domain, df)


def add_wave_reasons(flags: Reasons, sampled: SampledRows, contrast: Contrast, domain: IntArray) -> None:
    """Add ``overlap_unknown`` and ``fpc_union``, which `change` gives too, to rows of the domains named."""
    add_reason(flags, np.full(flags.size, sampled.design.psu is None), "overlap_unknown")
    add_reason(flags, contrast.fpc_union[domain], "fpc_union")


def after_wave(sampled: SampledRows, contrast: Contrast) -> IntArray:
    """Return 1 for rows of the endline, 0 for rows of the baseline, in the order of `rows`."""
    position = wave_index(sampled.sample.waves, contrast.waves[1])
    return np.asarray(sampled.sample.cells.wave[sampled.cell] == position, dtype=np.int64)


def contributions(sampled: SampledRows, spread: Spread, values: FloatArray | IntArray) -> FloatArray:
    """Sum linearised values of rows (N,), in the order of `rows`, to contributions; shape (P,)."""
    by_cell = to_cells(np.array(values, dtype=np.float64), sampled.rows, sampled.sample.cells.size)
    cells = np.append(by_cell, 0.0)
    return np.asarray(cells[spread.first] + cells[spread.second], dtype=np.float64)


def covariance_of(spread: Spread, parts: Sequence[FloatArray], answered: IntArray | None = None) -> FloatArray:
    """Return the covariance of K sums in each domain.

    Parameters
    ----------
    spread
        Arrangement, of any number of stages.
    parts
        K arrays of contributions, shape (P,).
    answered
        As in `variance_by_domain`.

    Returns
    -------
    float array, shape (D, K, K)

    Notes
    -----
    Each part is scaled to variance 1; then cov(a, b) = (V(a + b) - 2)/2, with V the core's variance, a quadratic form
    under every option. So there is one formula for variances, and the covariance follows it.
    """
    n_domains, size = spread.plan.n_domains, len(parts)
    variance = np.zeros((n_domains, size))
    for k, part in enumerate(parts):
        variance[:, k] = variance_by_domain(spread.plan, part, answered)
    error = np.sqrt(np.maximum(variance, 0.0))
    covariance = np.zeros((n_domains, size, size))
    unit = [
        part * np.divide(1.0, error[:, k], out=np.zeros(n_domains), where=error[:, k] > 0)[spread.domain]
        for k, part in enumerate(parts)
    ]
    for k in range(size):
        covariance[:, k, k] = variance[:, k]
        for m in range(k):
            both = error[:, k] * error[:, m]
            shared = (variance_by_domain(spread.plan, unit[k] + unit[m], answered) - 2.0) / 2.0
            covariance[:, k, m] = covariance[:, m, k] = np.where(both == 0, 0.0, shared * both)
    return covariance


def count_units(sampled: SampledRows, group: IntArray, n_groups: int, inside: BoolArray) -> tuple[IntArray, IntArray]:
    """Count the PSUs with a row inside, and the strata that hold them, of each group.

    Parameters
    ----------
    sampled
        The rows.
    group : int array, shape (N,)
        Group of each row, in the order of `rows`.
    n_groups
        Number of groups G.
    inside : bool array, shape (N,)
        Rows that count.

    Returns
    -------
    psus, strata : int arrays, shape (G,)
    """
    units = sampled.sample.units
    held = np.unique(combine_codes([group[inside], sampled.psu[inside]], [n_groups, units.n_psu]))
    of_psu, psu = np.divmod(held, units.n_psu)
    of_stratum = np.unique(combine_codes([of_psu, units.stratum[psu]], [n_groups, len(units.strata)]))
    return count_by(of_psu, n_groups), count_by(of_stratum // len(units.strata), n_groups)


def df_of_groups(sampled: SampledRows, spread: Spread, psus: IntArray, strata: IntArray) -> FloatArray:
    """Return PSUs minus strata: of the whole design, or of each group (G,), as the design says."""
    if sampled.design.df == "design":
        return np.full(psus.size, float(spread.df))
    return (psus - strata).astype(np.float64)


def df_of_changes(sampled: SampledRows, spread: Spread, psus: list[IntArray], strata: list[IntArray]) -> FloatArray:
    """Return degrees of freedom of changes of groups, by the rule of `change`; shape (G,)."""
    return change_df(sampled.design, spread.df, psus, strata)
