"""Reading what is passed to the functions of this room: counts, numbers, labels; each fault by its name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import BoolArray, FloatArray, IntArray


def read_counts(**given: Any) -> list[IntArray]:
    """Return counts as arrays of one shape.

    Raises
    ------
    UsageError
        ``small-counts`` where one is negative, missing or no whole number; ``small-sizes`` where shapes do not go
        together.
    """
    found = []
    for name, value in given.items():
        array = np.asarray(value)
        numeric = array.dtype.kind in "iuf"
        floats = array.astype(np.float64) if numeric else np.full(array.shape, np.nan)
        bad = ~(np.isfinite(floats) & (floats >= 0) & (np.rint(floats) == floats))
        if bad.any():
            raise UsageError("small-counts", name=name, value=repr(array[bad].tolist()[0]), rows=int(bad.sum()))
        found.append(floats.astype(np.int64))
    try:
        shape = np.broadcast_shapes(*(array.shape for array in found))
    except ValueError:
        raise UsageError("small-sizes", names=list(given), sizes=[array.shape for array in found]) from None
    return [np.broadcast_to(array, shape) for array in found]


def read_vector(name: str, value: Any) -> FloatArray:
    """Return a vector of numbers; missing ones are NaN.

    Raises
    ------
    UsageError
        ``small-vector`` unless it has one dimension and holds finite numbers or missing ones.
    """
    series = pd.Series(np.asarray(value) if isinstance(value, (list, tuple)) else value, copy=False)
    if not (pd.api.types.is_numeric_dtype(series.dtype) or not len(series)):
        raise UsageError("small-vector", name=name, kind=str(series.dtype))
    array = series.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(array).any():
        raise UsageError("small-vector", name=name, kind="inf")
    return array


def read_labels(value: Any) -> tuple[IntArray, pd.Index]:
    """Return the codes of a vector of names (-1 where missing), and the names in ascending order."""
    series = pd.Series(value, copy=False)
    if isinstance(series.dtype, pd.CategoricalDtype):
        return np.asarray(series.cat.codes, dtype=np.int64), series.cat.categories
    code, labels = pd.factorize(series)
    index = pd.Index(labels)
    try:
        order = np.argsort(np.asarray(index), kind="stable")
    except TypeError:
        order = np.argsort(np.asarray([str(label) for label in index]), kind="stable")
    rank = np.empty(order.size + 1, dtype=np.int64)
    rank[order] = np.arange(order.size)
    rank[-1] = -1
    return np.asarray(rank[code], dtype=np.int64), index[order]


def require_whole(name: str, absent: BoolArray) -> None:
    """Raise ``small-missing`` where values are missing that have to be there."""
    missing = int(np.count_nonzero(absent))
    if missing:
        raise UsageError("small-missing", name=name, rows=missing)


def require_same_size(**given: int) -> None:
    """Raise ``small-sizes`` unless all lengths are the same."""
    if len(set(given.values())) > 1:
        raise UsageError("small-sizes", names=list(given), sizes=list(given.values()))


def require_between(option: str, value: object, low: float, high: float) -> float:
    """Return an option that is a number, or raise ``option-range`` unless it lies strictly between two bounds."""
    number = float(value) if isinstance(value, (int, float, np.number)) and not isinstance(value, bool) else np.nan
    if not low < number < high:
        raise UsageError("option-range", option=option, value=repr(value), low=low, high=high)
    return number


def require_count(option: str, value: object, least: int, most: int) -> int:
    """Return an option that is a whole number, or raise ``option-range`` unless it lies within its bounds."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not least <= value <= most:
        raise UsageError("option-range", option=option, value=repr(value), low=least - 1, high=most + 1)
    return int(value)
