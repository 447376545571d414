"""The mix of answers over cells such as size x sector, and the margins that a change is standardised to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import BoolArray, FloatArray, IntArray
from evaltools.stats.columns import read_numbers, require_columns, require_frame
from evaltools.stats.mix.linearised import count_psus_of_groups, divide, sum_groups
from evaltools.stats.mix.stacked import Answered, Stacked, read_groups


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """C cells of the mix.

    Attributes
    ----------
    cell : int array, shape (N,)
        Cell of each row.
    share : float array, shape (C,)
        Margin of each cell; with `unseen`, the margin of cells that no row has, they sum to 1.
    """

    cell: IntArray
    share: FloatArray
    unseen: float

    @property
    def size(self) -> int:
        """Number of cells C."""
        return int(self.share.size)


@dataclass(frozen=True, slots=True, eq=False)
class MixLevels:
    """One item in the cells of the mix.

    Attributes
    ----------
    weight, mean : float arrays, shape (D, 2, C)
        Weight of the answers; their mean less the item's origin, NaN where there is none.
    psus : int array, shape (D, 2, C)
        PSUs that answered.
    """

    weight: FloatArray
    mean: FloatArray
    psus: IntArray

    @property
    def paired(self) -> BoolArray:
        """Which cells have answers in both waves; shape (D, C)."""
        return np.asarray((self.weight > 0).all(axis=1), dtype=np.bool_)


def as_mix(mix: str | Sequence[str]) -> tuple[str, ...]:
    """Return the mix columns as a tuple, or raise ``mix-columns``."""
    columns: tuple[object, ...] = (mix,) if isinstance(mix, str) else tuple(mix)
    named = tuple(column for column in columns if isinstance(column, str))
    if not named or named != columns or len(set(named)) < len(named):
        raise UsageError("mix-columns", columns=[repr(column) for column in columns])
    return named


def require_share(max_empty: object) -> float:
    """Return the largest share of the margins that may be without answers, or raise ``mix-max-empty``."""
    if isinstance(max_empty, bool) or not isinstance(max_empty, (int, float)) or not 0 <= max_empty < 1:
        raise UsageError("mix-max-empty", value=repr(max_empty))
    return float(max_empty)


def read_mix(stacked: Stacked, columns: tuple[str, ...], margins: Any | None) -> Mix:
    """Read the cells of the mix and their margins.

    Parameters
    ----------
    stacked
        Rows.
    columns
        Columns that form the cells.
    margins
        Frame with these columns and `share`; None: the sample's own, the mean of both waves' weighted shares of rows
        over all domains.

    Raises
    ------
    UsageError
        ``frame-column-missing``, ``margins-share``, ``margins-repeated``, ``margins-absent``.
    DesignError
        ``frame-values-missing`` for rows without a mix.
    """
    cell, table = read_groups(stacked, columns, "mix")
    if margins is None:
        return Mix(cell, _own_shares(stacked, cell, len(table)), 0.0)
    given = _read_margins(margins, columns)
    wanted = [tuple(str(value) for value in row) for row in table.itertuples(index=False, name=None)]
    absent = ["/".join(key) for key in wanted if key not in given]
    if absent:
        raise UsageError("margins-absent", columns=columns, cells=absent)
    whole = sum(given.values())
    share = np.array([given[key] / whole for key in wanted])
    return Mix(cell, share, sum(given[key] for key in given.keys() - set(wanted)) / whole)


def mix_levels(stacked: Stacked, mix: Mix, item: Answered) -> MixLevels:
    """Compute an item's mean in every domain, wave and cell of the mix."""
    weight = sum_groups(stacked, mix.cell, mix.size, item.weight)
    total = sum_groups(stacked, mix.cell, mix.size, item.weight * item.y)
    return MixLevels(weight, divide(total, weight), count_psus_of_groups(stacked, mix.cell, mix.size, item.present))


def _own_shares(stacked: Stacked, cell: IntArray, size: int) -> FloatArray:
    weight = sum_groups(stacked, cell, size, stacked.rows.weight).sum(axis=0)
    within = divide(weight, np.broadcast_to(weight.sum(axis=1, keepdims=True), weight.shape))
    # a wave counts as much as the other however many answers it has
    return np.asarray(np.nan_to_num(within).mean(axis=0))


def _read_margins(margins: Any, columns: tuple[str, ...]) -> dict[tuple[str, ...], float]:
    require_frame(margins)
    require_columns(margins, [*columns, "share"])
    table = margins if isinstance(margins, pd.DataFrame) else margins.to_pandas()
    share = read_numbers(table, "share")
    bad = ~(np.isfinite(share) & (share >= 0))
    if bad.any() or not share.sum() > 0:
        raise UsageError("margins-share", rows=int(np.count_nonzero(bad)), total=float(np.nansum(share)))
    keys = [tuple(str(value) for value in row) for row in table[list(columns)].itertuples(index=False, name=None)]
    repeated = sorted({"/".join(key) for key in keys if keys.count(key) > 1})
    if repeated:
        raise UsageError("margins-repeated", columns=columns, cells=repeated)
    return dict(zip(keys, share.tolist(), strict=True))
