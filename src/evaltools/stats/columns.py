"""Reading columns of a pandas frame or an Arrow table: codes with their labels, and numbers. Nothing is dropped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
import pandas as pd
from pandas.api import types as pandas_types

from evaltools.errors import DesignError, UsageError
from evaltools.stats import texts
from evaltools.stats.arrays import (
    BoolArray,
    CodeArray,
    FloatArray,
    IntArray,
    combine_codes,
    compress,
    recode,
    shorten,
    value_of,
)

if TYPE_CHECKING:
    import pyarrow as pa

_NUMBER_KINDS = {"integer", "floating", "mixed-integer-float", "boolean", "decimal", "empty"}

FRAME_TYPES = "pandas.DataFrame, pyarrow.Table, Totals"


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """A column of answers: `values` (N,) in the column's own number type, `absent` (N,), and whether all are whole."""

    values: np.ndarray[Any, np.dtype[Any]]
    absent: BoolArray
    whole: bool


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """A column as numbers: `code` (N,) holds 0..K-1, `labels` (K,) the values they stand for."""

    code: IntArray
    labels: pd.Index

    @property
    def size(self) -> int:
        """Number of labels."""
        return len(self.labels)


def is_arrow(frame: object) -> TypeGuard[pa.Table]:
    """Return whether the frame is an Arrow table, without importing pyarrow."""
    kind = type(frame)
    return kind.__module__.partition(".")[0] == "pyarrow" and kind.__name__ == "Table"


def require_frame(frame: object) -> None:
    """Raise ``frame-type`` unless the frame is one that can be read."""
    if not (isinstance(frame, pd.DataFrame) or is_arrow(frame)):
        kind = type(frame)
        raise UsageError("frame-type", kind=f"{kind.__module__}.{kind.__name__}", allowed=FRAME_TYPES)


def require_columns(frame: Any, names: Iterable[str]) -> None:
    """Raise ``frame-column-missing`` for all absent columns at once, ``frame-column-repeated`` for ambiguous ones."""
    present = [str(name) for name in (frame.column_names if is_arrow(frame) else frame.columns)]
    wanted = list(dict.fromkeys(names))
    missing = [name for name in wanted if name not in present]
    if missing:
        near = sorted({match for name in missing for match in get_close_matches(name, present, n=2)})
        raise UsageError("frame-column-missing", columns=missing, near=near or sorted(present)[:20])
    repeated = [name for name in wanted if present.count(name) > 1]
    if repeated:
        raise UsageError("frame-column-repeated", columns=repeated)


def count_rows(frame: Any) -> int:
    """Return the number of rows."""
    return int(frame.num_rows if is_arrow(frame) else len(frame))


def keep_rows(frame: Any, keep: BoolArray) -> Any:
    """Return the rows where `keep` (N,) is true."""
    if not is_arrow(frame):
        return frame.loc[keep]
    import pyarrow as pa

    return frame.filter(pa.array(keep))


def read_codes(frame: Any, name: str, *, role: str, declared: bool = False, ordered: bool = False) -> Codes:
    """Read a column whose values name something: a bank, a stratum, a unit.

    Parameters
    ----------
    frame
        pandas frame or Arrow table.
    name
        Column.
    role
        What the column is for; it is named when values are missing.
    declared
        Keep categories that no row has (pandas categories, Arrow dictionaries).
    ordered
        Return labels as `sort_labels` does.

    Raises
    ------
    DesignError
        ``frame-values-missing`` with the number of rows.
    """
    code, labels = _read(frame, name, role, declared=declared)
    if ordered:
        return sort_labels(Codes(code, labels))
    return Codes(code.astype(np.int64, copy=False), labels)


def read_short_codes(frame: Any, name: str, *, role: str, declared: bool = False) -> tuple[CodeArray, pd.Index]:
    """Read a column as `read_codes` does, labels ascending, into codes (N,) of the smallest type that holds them."""
    code, labels = _read(frame, name, role, declared=declared)
    order, rank = _rank(labels)
    return recode(code, shorten(rank, rank.size)), labels[order]


def _read(frame: Any, name: str, role: str, *, declared: bool) -> tuple[IntArray, pd.Index]:
    code, labels, given = _arrow_codes(frame, name) if is_arrow(frame) else _pandas_codes(frame, name)
    if labels.hasnans:
        code = np.where(np.asarray(labels.isna())[code], -1, code)
    missing = 0 if code.size == 0 or code.min() >= 0 else int(np.count_nonzero(code < 0))
    if missing:
        raise DesignError("frame-values-missing", column=name, role=role, rows=missing)
    if given and not declared:
        code, used = compress(code, len(labels))
        labels = labels[used]
    return code, labels


def declared_order(frame: Any, name: str) -> list[object]:
    """Return the values that rows have of a column whose categories are declared to be in order; else none."""
    names = list(frame.column_names if is_arrow(frame) else frame.columns)
    if names.count(name) != 1:
        return []
    kind = frame.column(name).type if is_arrow(frame) else frame[name].dtype
    if not getattr(kind, "ordered", False):
        return []
    return list(read_codes(frame, name, role="wave").labels)


def sort_labels(codes: Codes) -> Codes:
    """Return the same codes with labels in ascending order; mixed types are ordered by their text."""
    order, rank = _rank(codes.labels)
    return Codes(recode(codes.code, rank), codes.labels[order])


def _rank(labels: pd.Index) -> tuple[IntArray, IntArray]:
    """Return which label comes first, second, ..., and the place of each label."""
    try:
        order = np.argsort(np.asarray(labels), kind="stable")
    except TypeError:
        order = np.argsort(np.asarray([str(label) for label in labels]), kind="stable")
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(order.size)
    return order, rank


def cross_codes(parts: Sequence[Codes], names: Sequence[str]) -> tuple[IntArray, pd.DataFrame]:
    """Code the combinations of several columns.

    Returns
    -------
    code : int array, shape (N,)
        Row of the table that each row of the frame belongs to.
    table : frame, shape (D, len(names))
        The combinations, sorted. One column: all labels; several: those that some row has.
    """
    if len(parts) == 1:
        return parts[0].code, pd.DataFrame({names[0]: parts[0].labels})
    code = parts[0].code
    size = parts[0].size
    for part in parts[1:]:  # renumbered at each step, so that many columns do not overflow
        code, kept = compress(combine_codes([code, part.code], [size, part.size]), size * part.size)
        size = kept.size
    row = value_of(code, np.arange(code.size, dtype=np.int64), size)
    return code, pd.DataFrame({name: part.labels[part.code[row]] for name, part in zip(names, parts, strict=True)})


def read_answers(frame: Any, name: str) -> Answers:
    """Read an item. Small whole numbers stay small, which is what makes many items fast; absent ones are 0 or NaN.

    Raises
    ------
    UsageError
        ``frame-not-numeric`` with the column's type, ``frame-not-finite`` with the number of rows.
    """
    found = _arrow_answers(frame, name) if is_arrow(frame) else _pandas_answers(frame, name)
    if not found.whole:
        infinite = int(np.count_nonzero(np.isinf(found.values)))
        if infinite:
            raise UsageError("frame-not-finite", column=name, rows=infinite)
    return found


def read_numbers(frame: Any, name: str) -> FloatArray:
    """Read a column of numbers as floats; missing values become NaN, infinite ones stay. Shape (N,).

    Not to be written to: it may be the frame's own memory.

    Raises
    ------
    UsageError
        ``frame-not-numeric`` with the column's type.
    """
    found = _arrow_answers(frame, name) if is_arrow(frame) else _pandas_answers(frame, name)
    if not found.absent.any():
        return np.asarray(found.values, dtype=np.float64)
    numbers = np.array(found.values, dtype=np.float64)
    numbers[found.absent] = np.nan
    return numbers


def _arrow_codes(frame: pa.Table, name: str) -> tuple[IntArray, pd.Index, bool]:
    """Return codes, labels, and whether the labels were given, so that there may be some that no row has."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = frame.column(name)
    given = pa.types.is_dictionary(column.type)
    if given:
        array = _join_dictionaries(column).unify_dictionaries().combine_chunks()
    else:
        array = texts.code_texts(column)
        array = pc.dictionary_encode(column).combine_chunks() if array is None else array
    indices = array.indices
    if indices.null_count:
        indices = pc.fill_null(pc.cast(indices, pa.int64()), -1)
    code = np.asarray(indices.to_numpy(zero_copy_only=False))
    labels = pd.Index(array.dictionary.to_pandas())
    if given and not labels.is_unique:  # a dictionary may hold a value twice
        again, labels = pd.factorize(labels, use_na_sentinel=False)
        code = np.where(code < 0, code, np.asarray(again, dtype=np.int64)[code])
    elif given and code.dtype == np.int64:  # the frame's own memory, which nobody may write
        code = code.copy()
    return code, labels, given


def _join_dictionaries(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Join chunks that share one dictionary, as those of a row group do: unifying would read it once a chunk."""
    import pyarrow as pa

    joined: list[pa.Array] = []
    for _, chunks in groupby(column.chunks, key=lambda chunk: _addresses(chunk.dictionary)):
        parts = list(chunks)
        indices = pa.concat_arrays([part.indices for part in parts])
        joined.append(pa.DictionaryArray.from_arrays(indices, parts[0].dictionary, ordered=column.type.ordered))
    return pa.chunked_array(joined, type=column.type)


def _addresses(array: pa.Array) -> tuple[int, ...]:
    """Return where an array lies in memory: arrays that lie in the same place are the same."""
    return (array.offset, len(array), *(buffer.address for buffer in array.buffers() if buffer is not None))


def _pandas_codes(frame: pd.DataFrame, name: str) -> tuple[IntArray, pd.Index, bool]:
    series = frame[name]
    if isinstance(series.dtype, pd.CategoricalDtype):
        return np.asarray(series.cat.codes, dtype=np.int64), series.cat.categories, True
    code, labels = pd.factorize(series, use_na_sentinel=True)
    return np.asarray(code, dtype=np.int64), pd.Index(labels), False


def _arrow_answers(frame: pa.Table, name: str) -> Answers:
    import pyarrow as pa
    import pyarrow.compute as pc

    column = frame.column(name)
    if pa.types.is_boolean(column.type):
        column = pc.cast(column, pa.int8())
    elif pa.types.is_decimal(column.type) or pa.types.is_null(column.type):
        column = pc.cast(column, pa.float64(), safe=False)
    whole = bool(pa.types.is_integer(column.type))
    if not (whole or pa.types.is_floating(column.type)):
        raise UsageError("frame-not-numeric", column=name, kind=str(column.type))
    array = column.combine_chunks()
    if not whole:
        return _float_answers(np.asarray(array.to_numpy(zero_copy_only=False)))
    if array.null_count == 0:
        values = np.asarray(array.to_numpy(zero_copy_only=False))
        return Answers(values, np.zeros(values.size, dtype=np.bool_), whole)
    valid, held = array.buffers()
    bits = np.unpackbits(np.frombuffer(valid, dtype=np.uint8), count=array.offset + len(array), bitorder="little")
    present = bits[array.offset :].view(np.bool_)
    # what lies below a null is anything, so it is set to 0
    values = pa.Array.from_buffers(array.type, len(array), [None, held], 0, array.offset).to_numpy()
    return Answers(values * present, ~present, whole)


def _pandas_answers(frame: pd.DataFrame, name: str) -> Answers:
    series = frame[name]
    kind = series.dtype
    if isinstance(kind, np.dtype) and kind.kind in "iub":
        values = series.to_numpy()
        values = values.astype(np.int8) if kind.kind == "b" else values
        return Answers(values, np.zeros(values.size, dtype=np.bool_), whole=True)
    if pandas_types.is_numeric_dtype(kind) and not pandas_types.is_complex_dtype(kind):
        return _float_answers(series.to_numpy(dtype=np.float64, na_value=np.nan))
    # text that looks like numbers is refused: "4" may be a code
    if kind == np.dtype(object) and pandas_types.infer_dtype(series, skipna=True) in _NUMBER_KINDS:
        return _float_answers(np.asarray([np.nan if pd.isna(value) else float(value) for value in series], np.float64))
    raise UsageError("frame-not-numeric", column=name, kind=str(kind))


def _float_answers(values: np.ndarray[Any, np.dtype[Any]]) -> Answers:
    return Answers(values, np.isnan(values), whole=False)
