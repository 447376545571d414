"""Parquet to a grid, through pyarrow: the footer is judged first, then text is read the way that the file codes it."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.cells import Cell, Coder
from evaltools.survey.readers.model import Grid, Limits
from evaltools.survey.readers.single_precision import shortest

_MAX_GROUPS: Final = 10_000
_MAX_CHUNKS: Final = 1_000_000
_MAX_NAMES: Final = 100_000_000  # bytes of text in the footer
_DEEPEST: Final = 100
_EXACT: Final = 10**15
_EXTENSION: Final = b"ARROW:extension:name"
_TEXTS: Final = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
_READABLE: Final = (
    *_TEXTS,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_date,
    pa.types.is_time,
    pa.types.is_timestamp,
    pa.types.is_duration,
    pa.types.is_null,
)
# what pyarrow raises over damaged files, depending on where the damage is
_DAMAGE: Final = (pa.ArrowException, OSError, ValueError, OverflowError, TypeError, LookupError)


def read_parquet(data: bytes, *, file: str, limits: Limits) -> Grid:
    """Read a Parquet file; the first row of the grid holds the names of the columns.

    Time stamps with a zone keep it. A decimal number with more digits than a number keeps is text.

    Parameters
    ----------
    data
        Content of the file.
    file
        Its name, for messages.
    limits
        `max_cells`, `max_part` and `max_ratio` bound what the footer promises.

    Raises
    ------
    FileRefusedError
        ``parquet-damaged``; ``parquet-types``: nested, binary or extension types, with their columns;
        ``parquet-groups``, ``file-cells``, ``unpacked-size``; ``rows-mismatch``: the row groups, their columns or what
        was read have another number of rows than the footer states; ``sheet-empty``.
    """
    try:
        opened = _open(data, limits, ())
        _refuse_large(opened.metadata, len(data), file, limits)
        schema = opened.schema_arrow
        _refuse_types(schema, file)
        opened = _open(data, limits, [field.name for field in schema if _is(_TEXTS, field.type)])
        counted = _count_rows(opened.metadata, file)
        columns = _read_columns(opened, schema)
    except FileRefusedError:
        raise
    except MemoryError:
        raise  # pyarrow's own is an exception of the other kind as well
    except _DAMAGE as error:
        raise FileRefusedError("parquet-damaged", file=file, problem=type(error).__name__) from error
    if not columns:
        raise FileRefusedError("sheet-empty", file=file, sheet="")
    cells = [column.cells() for column in columns]
    if any(len(column) != counted + 1 for column in cells):
        raise FileRefusedError("rows-mismatch", file=file, sheet="", read=len(cells[0]) - 1, counted=counted)
    return Grid(file, "", list(range(1, counted + 2)), cells, counted + 1)


def _open(data: bytes, limits: Limits, texts: Any) -> Any:
    # a text that a million rows share is kept once; the footer cannot ask for more than it is long
    return pq.ParquetFile(
        pa.BufferReader(data),
        read_dictionary=list(texts),
        pre_buffer=False,
        page_checksum_verification=True,
        thrift_string_size_limit=_MAX_NAMES,
        thrift_container_size_limit=limits.max_cells,
        schema_depth_limit=_DEEPEST,
    )


def _refuse_large(footer: Any, size: int, file: str, limits: Limits) -> None:
    groups = footer.num_row_groups
    if groups > _MAX_GROUPS or groups * footer.num_columns > _MAX_CHUNKS:
        raise FileRefusedError("parquet-groups", file=file, groups=groups, limit=_MAX_GROUPS)
    if footer.num_rows * footer.num_columns > limits.max_cells:
        raise FileRefusedError("file-cells", file=file, limit=limits.max_cells)
    unpacked = sum(footer.row_group(group).total_byte_size for group in range(groups))
    if unpacked > limits.max_part or unpacked > max(limits.ratio_from, limits.max_ratio * size):
        raise FileRefusedError("unpacked-size", file=file, limit=limits.max_part, ratio=f"{limits.max_ratio:g}")


def _refuse_types(schema: Any, file: str) -> None:
    unread = [f"{field.name} ({field.type})" for field in schema if not _is_readable(field)]
    if unread:
        raise FileRefusedError("parquet-types", file=file, columns=unread)


def _is_readable(field: Any) -> bool:
    if isinstance(field.type, pa.BaseExtensionType) or _EXTENSION in (field.metadata or {}):
        return False
    return _is(_READABLE, field.type.value_type if pa.types.is_dictionary(field.type) else field.type)


def _is(kinds: tuple[Callable[[Any], bool], ...], kind: Any) -> bool:
    return any(one(kind) for one in kinds)


def _count_rows(footer: Any, file: str) -> int:
    """Count the rows of the row groups, each of which must have as many values in every column."""
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    counted = sum(group.num_rows for group in groups)
    values = [
        group.column(place).num_values == group.num_rows for group in groups for place in range(group.num_columns)
    ]
    if counted != footer.num_rows or not all(values):
        raise FileRefusedError("rows-mismatch", file=file, sheet="", read=footer.num_rows, counted=counted)
    return int(counted)


def _read_columns(opened: Any, schema: Any) -> list[Coder]:
    columns = [Coder("") for _ in schema]
    for coder, field in zip(columns, schema, strict=True):
        coder.extend([field.name])
    for group in range(opened.metadata.num_row_groups):
        table = opened.read_row_group(group)
        for coder, field, column in zip(columns, schema, table.columns, strict=True):
            for chunk in column.chunks:
                coder.extend(_cells(chunk, field.type))
    return columns


def _cells(chunk: Any, kind: Any) -> list[Cell]:
    """Return the cells of a piece of a column, each distinct value turned into one once."""
    if pa.types.is_null(kind):
        return [None] * len(chunk)
    coded = chunk if pa.types.is_dictionary(chunk.type) else pc.cast(chunk, _plain_type(kind)).dictionary_encode()
    turn = _turner(kind.value_type if pa.types.is_dictionary(kind) else kind)
    distinct: list[Cell] = [None if value is None else turn(value) for value in coded.dictionary.to_pylist()]
    distinct.append(None)
    codes = pc.fill_null(coded.indices, len(distinct) - 1)
    return [distinct[code] for code in codes.to_numpy(zero_copy_only=False).tolist()]


def _plain_type(kind: Any) -> Any:
    """Return the type that Python has something for: microseconds, whole days, double precision."""
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", None if kind.tz is None else "UTC")
    for is_kind, plain in (
        (pa.types.is_date64, pa.date32()),
        (pa.types.is_time64, pa.time64("us")),
        (pa.types.is_duration, pa.duration("us")),
        (pa.types.is_float16, pa.float32()),
    ):
        if is_kind(kind):
            return plain
    return kind


def _turner(kind: Any) -> Callable[[Any], Cell]:
    if pa.types.is_float32(kind) or pa.types.is_float16(kind):
        return lambda value: _number(shortest(value) if math.isfinite(value) else value)
    if pa.types.is_float64(kind):
        return _number
    if pa.types.is_decimal(kind):
        return _decimal
    return lambda value: value.total_seconds() if isinstance(value, timedelta) else value


def _number(value: float) -> Cell:
    if math.isnan(value):
        return None
    if not math.isfinite(value):
        return repr(value)
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


def _decimal(value: Decimal) -> Cell:
    if value == value.to_integral_value() and abs(value) < _EXACT:
        return int(value)
    number = float(value)
    return number if Decimal(repr(number)) == value else f"{value:f}"
