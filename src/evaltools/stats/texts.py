"""Coding a column of names that are all of one length, as pseudonyms are: by whole numbers instead of by text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from evaltools.stats.arrays import IntArray, pieces

if TYPE_CHECKING:
    import pyarrow as pa

FROM_ROWS = 100_000  # below, coding text as text takes no time worth saving

_WORD = 8  # bytes
_ROOM = 2  # possible texts for every row, up to which a table of all of them is small and fast
_ODD = np.uint64(0x9E3779B97F4A7C15)  # Knuth's multiplier: an odd number that moves low bits up
_HALF = np.uint64(32)

_Words = np.ndarray[Any, np.dtype[np.uint64]]
_Bytes = np.ndarray[Any, np.dtype[np.uint8]]


def code_texts(column: pa.ChunkedArray) -> pa.DictionaryArray | None:
    """Code texts of one length in order of first appearance, as Arrow's own dictionary encoding does.

    Parameters
    ----------
    column
        Strings without nulls, N of them.

    Returns
    -------
    dictionary array of N rows, or None
        None where lengths differ, where there are nulls, or where two different texts have the same number: then
        they must be coded as texts.

    Notes
    -----
    Where the characters in use leave few possible texts, as running numbers do, a text's place among these is its
    number. Otherwise each text is a row of 8-byte words, mixed into one number (one word: itself, moved about without
    loss). Equal texts have equal numbers; that different ones differ is checked word by word, so chance decides about
    time only.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray) or array.null_count or len(array) < FROM_ROWS:
        return None
    words = _words(array)
    if words is None:
        return None
    low, width = _bytes_in_use(words.view(np.uint8))
    if math.prod(width) <= _ROOM * len(array):
        code, first = _code_by_table(words.view(np.uint8), low, width)
        return pa.DictionaryArray.from_arrays(pa.array(code), array.take(pa.array(first)), safe=False)
    coded = pc.dictionary_encode(pa.array(_mix(words)))
    code = coded.indices.to_numpy()
    first = _first_rows(code)
    if words.shape[1] > 1 and not _are_alike(words, code, first):
        return None
    return pa.DictionaryArray.from_arrays(coded.indices, array.take(pa.array(first)))


def _words(array: pa.Array) -> _Words | None:
    """Return the texts as words, shape (N, K), the last one filled up with zeros; None where lengths differ."""
    import pyarrow as pa

    n = len(array)
    kind = {pa.string(): np.int32, pa.large_string(): np.int64}.get(array.type)
    if kind is None:
        return None
    _, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, dtype=kind)[array.offset : array.offset + n + 1]
    length = int(ends[1] - ends[0])
    if length == 0 or any((np.diff(ends[at.start : at.stop + 1]) != length).any() for at in pieces(n)):
        return None
    held = np.frombuffer(data, dtype=np.uint8)[int(ends[0]) : int(ends[-1])]
    count = -(-length // _WORD)
    if length % _WORD == 0:
        return held.view(np.uint64).reshape(n, count)
    filled = np.zeros((n, count * _WORD), dtype=np.uint8)
    filled[:, :length] = held.reshape(n, length)
    return filled.view(np.uint64)


def _bytes_in_use(held: _Bytes) -> tuple[list[int], list[int]]:
    """Return the least byte of the texts (N, L) at each place, and how many there are from it to the greatest."""
    low, high = (
        _fold(choose, np.stack([_fold(choose, held[at]) for at in pieces(held.shape[0])])).tolist()
        for choose in (np.minimum, np.maximum)
    )
    return low, [most - least + 1 for least, most in zip(low, high, strict=True)]


def _fold(choose: np.ufunc, rows: _Bytes) -> _Bytes:
    """Return the least or greatest of each column; halves are taken together whole, which is faster than by columns."""
    while rows.shape[0] > 1:
        half = (rows.shape[0] + 1) // 2
        rows = choose(rows[:half], rows[-half:])
    return np.asarray(rows[0])


def _code_by_table(held: _Bytes, low: list[int], width: list[int]) -> tuple[IntArray, IntArray]:
    """Code texts (N, L) with a table of all that their bytes allow; return codes, and the row of each code's first."""
    table = np.full(math.prod(width), -1, dtype=np.int32)
    codes = np.empty(held.shape[0], dtype=np.int32)
    firsts: list[IntArray] = []
    count = 0
    for at in pieces(codes.size):
        number = _numbers(held[at], low, width)
        code = table[number]
        unseen = np.flatnonzero(code < 0)
        fresh = number[unseen]
        # the last that is written stays: of a name's rows the first
        table[fresh[::-1]] = np.arange(fresh.size, dtype=np.int32)[::-1]
        first = np.flatnonzero(table[fresh] == np.arange(fresh.size))
        table[fresh[first]] = np.arange(count, count + first.size, dtype=np.int32)
        code[unseen] = table[fresh]
        codes[at] = code
        firsts.append(at.start + unseen[first])
        count += first.size
    return codes, np.concatenate(firsts)


def _numbers(held: _Bytes, low: list[int], width: list[int]) -> IntArray:
    """Return the place of each text (N, L) among all that its bytes allow."""
    number = np.zeros(held.shape[0], dtype=np.int64)
    for place in range(held.shape[1]):
        if width[place] > 1:
            number *= width[place]
            number += held[:, place]
            number -= low[place]
    return number


def _mix(words: _Words) -> _Words:
    mixed = np.empty(words.shape[0], dtype=np.uint64)
    for at in pieces(mixed.size):
        here = mixed[at]
        here[:] = words[at, 0]
        for place in range(words.shape[1]):
            if place:
                here ^= words[at, place]
            here *= _ODD
            here ^= here >> _HALF
    return mixed


def _first_rows(code: IntArray) -> IntArray:
    """Return the row where each code appears first, given that codes are numbered in that order."""
    highest = np.maximum.accumulate(code)
    new = np.ones(code.size, dtype=np.bool_)
    np.not_equal(highest[1:], highest[:-1], out=new[1:])
    return np.flatnonzero(new)


def _are_alike(words: _Words, code: IntArray, first: IntArray) -> bool:
    """Return whether all texts of a code are the one where it appears first."""
    return all(bool((words[first[code[at]]] == words[at]).all()) for at in pieces(code.size))
