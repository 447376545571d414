"""Array types, and grouping by sorted keys: the one way sums are formed here, so that bits repeat on every run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
CodeArray = NDArray[np.signedinteger[Any]]

PIECE = 2**15  # elements; a handful of such arrays of floats fit the cache of a core
PARALLEL_GATHER = 500_000  # elements below which a second thread is not worth its start

_KEY_BITS = 62
_LARGEST_BLOCK = 2**25 - 2**16  # bytes; just below what glibc may keep for itself
_Value = TypeVar("_Value", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class Sorted:
    """N rows sorted by several codes, G groups of rows that are alike in all.

    Attributes
    ----------
    order : int array, shape (N,)
        Rows in sorted order; rows of one group stay in their own order.
    starts : int array, shape (G,)
        Where each group begins within `order`.
    keys : tuple of int arrays, shape (G,)
        Sorted whole numbers that hold the codes of each group: one number for all of them, or one each.
    places : tuple of (key, shift, width)
        Where in the keys each code stands: which key, bits below it, bits of its own.
    """

    order: IntArray
    starts: IntArray
    keys: tuple[IntArray, ...]
    places: tuple[tuple[int, int, int], ...]

    def code(self, number: int, groups: slice | IntArray = slice(None)) -> IntArray:
        """Return a code of each group, or of some groups."""
        key, shift, width = self.places[number]
        code = self.keys[key][groups] >> shift
        code &= (1 << width) - 1
        return code

    def last_code(self) -> IntArray:
        """Return the last code of each group in the memory of the keys, which are lost."""
        key, shift, width = self.places[-1]
        code = self.keys[key]
        code >>= shift
        code &= (1 << width) - 1
        return code

    def runs(self, count: int) -> IntArray:
        """Return where runs begin of groups that are alike in the first `count` codes."""
        key, shift, _ = self.places[count - 1]
        return runs_of(self.keys[: key + 1], shift)


def sort_by(codes: Sequence[CodeArray], sizes: Sequence[int]) -> Sorted:
    """Sort rows by several codes at once.

    Parameters
    ----------
    codes
        Arrays of shape (N,), the first sorts first; each holds 0 .. size-1.
    sizes
        Number of codes of each.
    """
    n = codes[0].size
    widths = [max(int(size) - 1, 0).bit_length() for size in sizes]
    low = int(n).bit_length()
    if sum(widths) + low > _KEY_BITS:
        order = np.lexsort(tuple(reversed(codes))).astype(np.int64)
        starts = runs_of([code[order] for code in codes])
        held = tuple(code[order[starts]].astype(np.int64) for code in codes)
        return Sorted(order, starts, held, tuple((k, 0, _KEY_BITS) for k in range(len(held))))
    # the row number in the low bits makes keys distinct, so plain sorting of values is stable, and fast
    keys = _pack(codes, widths, low)
    keys.sort()
    order = keys & ((1 << low) - 1)
    keys >>= low
    starts = segment_starts(keys)
    below = [sum(widths[k + 1 :]) for k in range(len(widths))]
    keys = keys if starts.size == n else gather(keys, starts)
    return Sorted(order, starts, (keys,), tuple((0, *place) for place in zip(below, widths, strict=True)))


def group_by(codes: Sequence[IntArray], sizes: Sequence[int]) -> tuple[IntArray, IntArray]:
    """Return `order` and `starts` of `sort_by`."""
    found = sort_by(codes, sizes)
    return found.order, found.starts


def _pack(codes: Sequence[CodeArray], widths: Sequence[int], low: int) -> IntArray:
    """Return one whole number a row (N,): the codes from the highest bits down, the row number in the lowest."""
    keys = np.empty(codes[0].size, dtype=np.int64)
    for at in pieces(keys.size):
        part = keys[at]
        part[:] = codes[0][at]
        for code, width in zip(codes[1:], widths[1:], strict=True):
            part <<= width
            part |= code[at]
        part <<= low
        part |= np.arange(at.start, at.stop, dtype=np.int64)
    return keys


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A piece of elements that lie in runs.

    Attributes
    ----------
    at, runs : slice
        The elements, and the runs that they lie in.
    starts, held : int arrays, one value a run
        Where the run begins within the piece, and how many of its elements are in it.
    """

    at: slice
    runs: slice
    starts: IntArray
    held: IntArray


def combine_codes(codes: Sequence[IntArray], sizes: Sequence[int]) -> IntArray:
    """Return one code for each combination, the first code counting most."""
    key = codes[0].astype(np.int64)
    for code, size in zip(codes[1:], sizes[1:], strict=True):
        key = key * max(int(size), 1) + code
    return key


def segment_starts(keys: IntArray) -> IntArray:
    """Return where runs of equal values begin in a sorted array."""
    return runs_of([keys])


def runs_of(codes: Sequence[CodeArray], shift: int = 0) -> IntArray:
    """Return where runs begin of rows (N,) that are alike in all codes, `shift` low bits of the last one apart."""
    new = np.ones(codes[0].size, dtype=np.bool_)
    for at in pieces(new.size - 1):
        after = slice(at.start + 1, at.stop + 1)
        here = new[after]
        np.not_equal(codes[-1][after] >> shift, codes[-1][at] >> shift, out=here)
        for code in codes[:-1]:
            here |= code[after] != code[at]
    return np.flatnonzero(new)


def pieces(total: int) -> Iterator[slice]:
    """Cut `total` elements into pieces that stay in the processor's cache through several steps."""
    for low in range(0, total, PIECE):
        yield slice(low, min(low + PIECE, total))


def run_pieces(starts: IntArray, total: int) -> Iterator[Piece]:
    """Cut elements that lie in runs into pieces; a run may go on in the next piece."""
    for at in pieces(total):
        first = int(np.searchsorted(starts, at.start, side="right")) - 1
        last = int(np.searchsorted(starts, at.stop, side="left"))
        begins = np.maximum(starts[first:last] - at.start, 0)
        yield Piece(at, slice(first, last), begins, segment_sizes(begins, at.stop - at.start))


def segment_sizes(starts: IntArray, total: int) -> IntArray:
    """Return the length of each run, given where runs begin and how many elements there are."""
    sizes = np.empty_like(starts)
    np.subtract(starts[1:], starts[:-1], out=sizes[:-1])
    sizes[-1:] = total - starts[-1:]
    return sizes


def segment_sums(values: NDArray[np.generic], starts: IntArray, dtype: type = np.float64) -> NDArray[np.generic]:
    """Sum `values` (N,) over consecutive runs; shape (G,)."""
    if starts.size == 0:
        return np.zeros(0, dtype=dtype)
    return np.asarray(np.add.reduceat(values, starts, dtype=dtype))


def float_sums(values: FloatArray, starts: IntArray) -> FloatArray:
    """Sum floats over consecutive runs; shape (G,)."""
    return np.asarray(segment_sums(values, starts), dtype=np.float64)


def int_sums(values: NDArray[np.generic], starts: IntArray) -> IntArray:
    """Sum whole numbers or truth values over consecutive runs, the first at 0; shape (G,)."""
    if values.dtype == np.int64 or values.size <= PIECE:
        return np.asarray(segment_sums(values, starts, np.int64), dtype=np.int64)
    sums = np.zeros(starts.size, dtype=np.int64)
    for piece in run_pieces(starts, values.size):  # NumPy would widen all values before it adds
        sums[piece.runs] += np.add.reduceat(values[piece.at].astype(np.int64), piece.starts)
    return sums


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
        for at in pieces(code.size):
            used[code[at]] = True
        if used.all():
            return code, np.arange(size, dtype=np.int64)
        kept = np.flatnonzero(used)
        return recode(code, np.cumsum(used) - 1), kept
    kept, new = np.unique(code, return_inverse=True)
    return new.astype(np.int64), kept


def shorten(code: IntArray, size: int) -> CodeArray:
    """Return codes 0..size-1 in the smallest type that holds them."""
    return code.astype(np.min_scalar_type(-max(size, 1)), copy=False)


def recode(code: NDArray[np.integer[Any]], table: NDArray[_Value]) -> NDArray[_Value]:
    """Return ``table[code]``; codes of few bytes are not widened all at once."""
    found = np.empty(code.size, dtype=table.dtype)
    for at in pieces(code.size):
        found[at] = table[code[at]]
    return found


def gather(values: NDArray[_Value], order: IntArray) -> NDArray[_Value]:
    """Return ``values[order]``, one half by each of two threads where there is much to fetch."""
    if order.size < PARALLEL_GATHER:
        return values[order]
    found = np.empty(order.size, dtype=values.dtype)
    middle = order.size // 2

    def fetch(at: slice) -> None:
        # without the mode NumPy would fetch into a copy; every place in `order` exists
        np.take(values, order[at], out=found[at], mode="clip")

    with ThreadPoolExecutor(max_workers=1) as pool:
        other = pool.submit(fetch, slice(middle, None))
        fetch(slice(None, middle))
        other.result()
    return found


def value_of(group: CodeArray, values: NDArray[_Value], size: int) -> NDArray[_Value]:
    """Return one value for each group (size,), where `values` (N,) is the same in all rows of a group."""
    found = np.zeros(size, dtype=values.dtype)
    found[group] = values
    return found


def size_of(code: CodeArray) -> int:
    """Return how many codes there are, when all of 0..K-1 are used."""
    return int(code.max()) + 1 if code.size else 0


class Workspace:
    """Arrays that one thread fills anew for every item: fresh memory would cost more than the sums themselves."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[str, FloatArray] = {}

    def floats(self, name: str, size: int) -> FloatArray:
        """Return the array of this name, its content whatever was left there."""
        held = self._held.get(name)
        if held is None or held.size != size:
            held = self._held[name] = np.empty(size)
        return held


def floats_in(space: Workspace | None, name: str, size: int) -> FloatArray:
    """Return an array of a workspace, or a new one where there is none."""
    return np.empty(size) if space is None else space.floats(name, size)


def keep_freed_memory() -> None:
    """Let the C library keep freed arrays for the next ones.

    glibc gives blocks above a threshold back to the system at once, so that a loop over items pays for fresh pages each
    time, a third of the run on large frames. Freeing one block of the largest size raises the threshold to it. Nothing
    is touched, so this costs nothing, and where memory is managed otherwise it changes nothing.
    """
    np.empty(_LARGEST_BLOCK, dtype=np.uint8)
