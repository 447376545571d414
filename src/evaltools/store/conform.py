"""Bring rows to the columns and types of their table, or say which column does not fit. No type is ever guessed."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from evaltools.errors import UsageError
from evaltools.store.schemas import SCHEMAS, key_columns, table_schema

_TEXT: Final = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
_LIST: Final = (pa.types.is_list, pa.types.is_large_list, pa.types.is_list_view, pa.types.is_fixed_size_list)


def conform(table: str, rows: pa.Table, stored: pa.Schema | None) -> pa.Table:
    """Return rows with exactly the columns of their table, in its order and types.

    Parameters
    ----------
    table
        Name of a table. A fixed table takes no other columns than its own; an ``answers_`` table takes new ones.
    rows
        What the caller wants to write. Columns that may be missing can be left out: they are missing in every row.
    stored
        Columns that the table already has; None before its first rows.

    Returns
    -------
    pyarrow.Table
        Numbers as int64 or float64, text as string, dates as date32, time stamps in microseconds, choices as lists.

    Raises
    ------
    UsageError
        ``store-column-twice``, ``-unknown``, ``-missing``, ``-untyped``, ``-type`` or ``store-null``.
    """
    _refuse_repeated_names(table, rows)
    schema = _target(table, rows, stored)
    columns = [_column(table, rows, field) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def unify(table: str, schemas: list[pa.Schema]) -> pa.Schema:
    """Return the columns of a table from those of its files, oldest first; later files may have added some."""
    base = table_schema(table)
    if table in SCHEMAS:
        return base
    fields = {field.name: field for field in base}
    for schema in schemas:
        for field in schema:
            fields.setdefault(field.name, pa.field(field.name, canonical(field.type)))
    return pa.schema(list(fields.values()))


def canonical(kind: pa.DataType) -> pa.DataType | None:
    """Return the one type that the store uses for a kind of value; None where it stores no such values."""
    simple = {
        pa.types.is_boolean: pa.bool_(),
        pa.types.is_integer: pa.int64(),
        pa.types.is_floating: pa.float64(),
        pa.types.is_date: pa.date32(),
        pa.types.is_null: pa.null(),
    }
    for is_kind, stored in simple.items():
        if is_kind(kind):
            return stored
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us") if kind.tz is None else None
    if any(is_text(kind) for is_text in _TEXT):
        return pa.string()
    if pa.types.is_dictionary(kind) and canonical(kind.value_type) == pa.string():
        return pa.string()
    if any(is_list(kind) for is_list in _LIST) and canonical(kind.value_type) in (pa.string(), pa.null()):
        return pa.list_(pa.string())
    return None


def same_content(left: pa.Table, right: pa.Table) -> bool:
    """Say whether two tables hold the same rows in the same order; NaN equals NaN."""
    if left.schema != right.schema or left.num_rows != right.num_rows:
        return False
    return all(_same_column(a, b) for a, b in zip(left.columns, right.columns, strict=True))


def ordered(table: str, rows: pa.Table) -> pa.Table:
    """Sort rows by the key of their table, missing last; equal keys keep their order."""
    keys = [(name, "ascending") for name in key_columns(table)]
    return rows.take(pc.sort_indices(rows, sort_keys=keys)).combine_chunks()


def _refuse_repeated_names(table: str, rows: pa.Table) -> None:
    names = rows.column_names
    for name in names:
        if names.count(name) > 1:
            raise UsageError("store-column-twice", table=table, column=name)


def _target(table: str, rows: pa.Table, stored: pa.Schema | None) -> pa.Schema:
    base = stored if stored is not None else table_schema(table)
    extra = [field for field in rows.schema if field.name not in base.names]
    if not extra:
        return base
    if table in SCHEMAS:
        raise UsageError(
            "store-column-unknown", table=table, columns=[field.name for field in extra], known=SCHEMAS[table].names
        )
    for field in extra:
        if pa.types.is_null(field.type):
            raise UsageError("store-column-untyped", table=table, column=field.name)
        if canonical(field.type) is None:
            raise UsageError("store-column-type", table=table, column=field.name, stored="new", given=field.type)
    return pa.schema([*base, *(pa.field(field.name, canonical(field.type)) for field in extra)])


def _column(table: str, rows: pa.Table, field: pa.Field) -> pa.ChunkedArray:
    if field.name not in rows.column_names:
        if not field.nullable and rows.num_rows:
            raise UsageError("store-column-missing", table=table, column=field.name)
        return pa.chunked_array([pa.nulls(rows.num_rows, field.type)])
    given = rows.column(field.name)
    if not _fits(given.type, field.type):
        raise UsageError("store-column-type", table=table, column=field.name, stored=field.type, given=given.type)
    try:
        column = given.cast(field.type)
    except pa.ArrowInvalid:  # 1.5 for a whole number; the value itself stays out of the message
        raise UsageError(
            "store-column-type", table=table, column=field.name, stored=field.type, given=given.type
        ) from None
    if not field.nullable and column.null_count:
        raise UsageError("store-null", table=table, column=field.name, count=column.null_count)
    return column


def _fits(given: pa.DataType, stored: pa.DataType) -> bool:
    kind = canonical(given)
    if kind is None:
        return False
    # a whole number may come as 3.0, and 3 may come for a measured number; text never becomes a number
    numbers = (pa.int64(), pa.float64())
    return kind == stored or pa.types.is_null(kind) or (kind in numbers and stored in numbers)


def _same_column(left: pa.ChunkedArray, right: pa.ChunkedArray) -> bool:
    if not pa.types.is_floating(left.type):
        return bool(left.equals(right))
    same_nan = pc.is_nan(left).equals(pc.is_nan(right))
    return bool(same_nan and _without_nan(left).equals(_without_nan(right)))


def _without_nan(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.is_nan(column), pa.scalar(0.0), column)
