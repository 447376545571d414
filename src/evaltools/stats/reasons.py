"""Tidy tables of results, and the reasons that stand where a number cannot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from evaltools.stats.arrays import BoolArray

Reasons = np.ndarray[Any, np.dtype[np.object_]]


def no_reasons(size: int) -> Reasons:
    """Return `size` empty reasons."""
    flags = np.empty(size, dtype=object)
    flags[:] = ""
    return flags


def add_reason(flags: Reasons, where: BoolArray, reason: str) -> None:
    """Append a reason, after ";" if there is one already, where it applies."""
    for index in np.flatnonzero(where):
        flags[index] = f"{flags[index]};{reason}" if flags[index] else reason


def domain_table(domains: pd.DataFrame, items: Sequence[str]) -> pd.DataFrame:
    """Return one row for each domain and item: the `by` columns and `item`."""
    rows = np.repeat(np.arange(len(domains)), len(items))
    table = domains.iloc[rows].reset_index(drop=True)
    table["item"] = list(items) * len(domains)
    return table
