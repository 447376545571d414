"""Array types, and grouping by sorted keys: the one way sums are formed here, so that bits repeat on every run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_LARGEST_KEY = 2**62
_LARGEST_BLOCK = 2**25 - 2**16  # bytes; just below what glibc may keep for itself
_Value = TypeVar("_Value", bound=np.generic)


def group_by(codes: Sequence[IntArray], sizes: Sequence[int]) -> tuple[IntArray, IntArray]:
    """Sort rows by several codes at once.

    Parameters
    ----------
    codes
        Arrays of shape (N,), the first sorts first; each holds 0 .. size-1.
    sizes
        Number of codes of each.

    Returns
    -------
    order : int array, shape (N,)
        Rows in sorted order; rows of one group stay in their own order.
    starts : int array, shape (G,)
        Where each group begins within `order`.
    """
    n = codes[0].size
    bits = int(n).bit_length()
    top = 1
    for size in sizes:
        top *= max(int(size), 1)
    if top << bits < _LARGEST_KEY:
        # the row number in the low bits makes keys distinct, so plain sorting of values is stable, and fast
        packed = np.sort((combine_codes(codes, sizes) << bits) | np.arange(n, dtype=np.int64))
        return packed & ((1 << bits) - 1), segment_starts(packed >> bits)
    order = np.lexsort(tuple(reversed(codes))).astype(np.int64)
    new = np.zeros(n, dtype=np.bool_)
    new[:1] = True
    for code in codes:
        new[1:] |= np.diff(code[order]) != 0
    return order, np.flatnonzero(new)


def combine_codes(codes: Sequence[IntArray], sizes: Sequence[int]) -> IntArray:
    """Return one code for each combination, the first code counting most."""
    key = codes[0].astype(np.int64)
    for code, size in zip(codes[1:], sizes[1:], strict=True):
        key = key * max(int(size), 1) + code
    return key


def segment_starts(keys: IntArray) -> IntArray:
    """Return where runs of equal values begin in a sorted array."""
    if keys.size == 0:
        return np.zeros(0, dtype=np.int64)
    return np.concatenate(([0], np.flatnonzero(keys[1:] != keys[:-1]) + 1)).astype(np.int64)


def segment_sizes(starts: IntArray, total: int) -> IntArray:
    """Return the length of each run, given where runs begin and how many elements there are."""
    return np.diff(np.append(starts, total))


def segment_sums(values: NDArray[np.generic], starts: IntArray, dtype: type = np.float64) -> NDArray[np.generic]:
    """Sum `values` (N,) over consecutive runs; shape (G,)."""
    if starts.size == 0:
        return np.zeros(0, dtype=dtype)
    return np.asarray(np.add.reduceat(values, starts, dtype=dtype))


def float_sums(values: FloatArray, starts: IntArray) -> FloatArray:
    """Sum floats over consecutive runs; shape (G,)."""
    return np.asarray(segment_sums(values, starts), dtype=np.float64)


def int_sums(values: NDArray[np.generic], starts: IntArray) -> IntArray:
    """Sum whole numbers or truth values over consecutive runs; shape (G,)."""
    return np.asarray(segment_sums(values, starts, np.int64), dtype=np.int64)


def sum_by(code: IntArray, values: NDArray[np.generic], size: int) -> FloatArray:
    """Sum `values` by code, in the order of the rows; shape (size,)."""
    return np.bincount(code, weights=values, minlength=size).astype(np.float64, copy=False)


def count_by(code: IntArray, size: int) -> IntArray:
    """Count rows by code; shape (size,)."""
    return np.bincount(code, minlength=size).astype(np.int64, copy=False)


def compress(code: IntArray, size: int) -> tuple[IntArray, IntArray]:
    """Renumber codes so that all are used; return the new codes and which old ones they were."""
    if size <= max(4 * code.size, 1_000_000):
        used = np.zeros(size, dtype=np.bool_)
        used[code] = True
        if used.all():
            return code, np.arange(size, dtype=np.int64)
        kept = np.flatnonzero(used)
        return (np.cumsum(used) - 1)[code], kept
    kept, new = np.unique(code, return_inverse=True)
    return new.astype(np.int64), kept


def value_of(group: IntArray, values: NDArray[_Value], size: int) -> NDArray[_Value]:
    """Return one value for each group (size,), where `values` (N,) is the same in all rows of a group."""
    found = np.zeros(size, dtype=values.dtype)
    found[group] = values
    return found


def size_of(code: IntArray) -> int:
    """Return how many codes there are, when all of 0..K-1 are used."""
    return int(code.max()) + 1 if code.size else 0


def keep_freed_memory() -> None:
    """Let the C library keep freed arrays for the next ones.

    glibc gives blocks above a threshold back to the system at once, so that a loop over items pays for fresh pages each
    time, a third of the run on large frames. Freeing one block of the largest size raises the threshold to it. Nothing
    is touched, so this costs nothing, and where memory is managed otherwise it changes nothing.
    """
    np.empty(_LARGEST_BLOCK, dtype=np.uint8)
