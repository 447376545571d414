"""The answers to the items of a scale: complete rows with their domain, weight, and the columns of the design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import BoolArray, FloatArray, IntArray, count_by
from evaltools.stats.columns import (
    count_rows,
    cross_codes,
    is_arrow,
    read_answers,
    read_codes,
    require_columns,
    require_frame,
    sort_labels,
)
from evaltools.stats.design import Design, require_linearised
from evaltools.stats.sample import read_sample
from evaltools.stats.sums import as_columns, as_items, item_label

_RESERVED = {
    "n_items", "alpha", "std_alpha", "omega_total", "turned", "mean", "sd", "item_rest", "alpha_if_dropped", "loading",
    "n_factors", "first_share", "chi2", "rmsea", "rmsea_low", "rmsea_high", "cfi", "srmr", "verdict", "unique",
    "loading_minres", "eigenvalue", "by_chance", "floor", "floor_low", "floor_high", "ceiling", "ceiling_low",
    "ceiling_high", "driver", "share", "contribution", "rank", "correlation", "vif", "r2", "r2_adjusted",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class ScaleAnswers:
    """Answers to k items in D domains, N rows.

    Attributes
    ----------
    items : tuple of str, length k
        Names of the items.
    turned : bool array, shape (k,)
        Items whose sign was turned because they are worded the other way round.
    domains : frame, D rows
        The columns that form the domains, sorted.
    domain : int array, shape (N,)
        Domain of each row.
    scores : float array, shape (N, k)
        Answers, turned where `turned`; NaN where missing.
    weight : float array, shape (N,)
        Design weights.
    complete : bool array, shape (N,)
        All items answered, weight positive.
    """

    items: tuple[str, ...]
    turned: BoolArray
    domains: pd.DataFrame
    domain: IntArray
    scores: FloatArray
    weight: FloatArray
    complete: BoolArray

    @property
    def n(self) -> IntArray:
        """Complete rows of each domain (D,)."""
        return count_by(self.domain[self.complete], len(self.domains))

    @property
    def missing_share(self) -> FloatArray:
        """Share of each domain's rows (of positive weight) that lack an answer; NaN without rows. Shape (D,)."""
        rows = count_by(self.domain[self.weight > 0], len(self.domains))
        return np.asarray(1 - np.divide(self.n, rows, out=np.full(rows.size, np.nan), where=rows > 0))


def read_scale(
    frame: Any,
    items: Sequence[str],
    by: str | Sequence[str] | None,
    wave: str | None,
    design: Design,
    reverse: Sequence[str],
    *,
    least: int,
) -> ScaleAnswers:
    """Read the items of a scale and what they are grouped and weighted by.

    Parameters
    ----------
    frame : pandas frame or Arrow table, N rows
        One row an answer sheet.
    items
        Names of numeric columns, `least` or more.
    by, wave
        Columns that form the domains; the wave is one more.
    design
        Its columns are read and checked; only the weight is used here.
    reverse
        Items to be turned.

    Raises
    ------
    UsageError
        ``scale-items`` for too few items or pairs, ``scale-reverse`` for a name that is no item, and those of reading.
    """
    require_frame(frame)
    chosen = as_items(items)
    names = tuple(item_label(item) for item in chosen)
    if len(names) < least or any(isinstance(item, tuple) for item in chosen):
        raise UsageError("scale-items", items=names, least=least)
    turn = (reverse,) if isinstance(reverse, str) else tuple(reverse)
    unknown = [repr(name) for name in turn if name not in names]
    if unknown:
        raise UsageError("scale-reverse", reverse=unknown, items=names)
    require_linearised(design)
    columns = as_columns((*as_columns(by), *as_columns(wave)), _RESERVED)
    require_columns(frame, [*columns, *names, *design.columns])
    domain, domains = _read_domains(frame, columns)
    weight = row_weights(frame, design)
    scores = np.stack([_read_item(frame, name) for name in names], axis=1)
    turned = np.array([name in turn for name in names], dtype=np.bool_)
    scores[:, turned] *= -1.0
    complete = np.asarray(np.isfinite(scores).all(axis=1) & (weight > 0), dtype=np.bool_)
    return ScaleAnswers(names, turned, domains, domain, scores, weight, complete)


def row_weights(frame: Any, design: Design) -> FloatArray:
    """Return the weight of each row (N,) under a design whose columns are read and checked."""
    _, rows = read_sample(frame, (), None, design)
    weight = np.empty(rows.order.size)
    weight[rows.order] = rows.weight
    return weight


def design_frame(frame: Any, design: Design, columns: dict[str, Any]) -> tuple[pd.DataFrame, Design]:
    """Return the design's columns under names of their own beside given columns, and the Design that names them.

    The frame's own names could be those of the given columns.
    """
    renamed = {name: f"design {place}" for place, name in enumerate(design.columns)}
    held = {new: _as_series(frame, name) for name, new in renamed.items()}
    table = pd.DataFrame({**held, **{name: np.asarray(values) for name, values in columns.items()}})
    return table, Design(
        weight=renamed.get(design.weight or ""),
        stratum=renamed.get(design.stratum or ""),
        psu=tuple(renamed[name] for name in design.psu_columns) or None,
        fpc=tuple(renamed[name] for name in design.fpc_columns) or None,
        lonely_psu=design.lonely_psu,
        df=design.df,
    )


def _read_domains(frame: Any, columns: Sequence[str]) -> tuple[IntArray, pd.DataFrame]:
    if not columns:
        return np.zeros(count_rows(frame), dtype=np.int64), pd.DataFrame(index=pd.RangeIndex(1))
    parts = [sort_labels(read_codes(frame, name, role="by")) for name in columns]
    return cross_codes(parts, columns)


def _read_item(frame: Any, name: str) -> FloatArray:
    found = read_answers(frame, name)
    return np.where(found.absent, np.nan, np.asarray(found.values, dtype=np.float64))


def _as_series(frame: Any, name: str) -> np.ndarray[Any, np.dtype[Any]]:
    column = frame.column(name).to_pandas() if is_arrow(frame) else frame[name]
    return np.asarray(column)
