"""Read the rows of a committed version: from bytes whose checksum was compared, in the order of the key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from evaltools.errors import UsageError
from evaltools.store.conform import ordered, unify
from evaltools.store.disk import read_checked
from evaltools.store.pin import FilePin, TablePin
from evaltools.store.schemas import SCHEMAS, key_columns, table_schema


def read_rows(
    store: Path, table: str, pin: TablePin | None, columns: Sequence[str] | None = None, *, version: int | None = None
) -> pa.Table:
    """Read one version of a table.

    Parameters
    ----------
    store, table, pin
        The store's folder, a table, its committed version; None where it was never written.
    columns
        Columns wanted, in this order; None: all.
    version
        A version up to the committed one; None: the committed one.

    Returns
    -------
    pyarrow.Table
        Sorted by the table's key, missing last. Columns that a later version added are missing in older rows.

    Raises
    ------
    DamageError
        A data or log file is missing, cut, changed or unreadable.
    UsageError
        ``store-column-unknown``, ``store-version-unknown``, ``store-version-erased``.
    """
    if version is not None and (pin is None or not 0 <= version <= pin.version):
        raise UsageError("store-version-unknown", table=table, version=version, latest=pin.version if pin else "none")
    if version is not None and pin is not None and version < pin.first:
        raise UsageError("store-version-erased", table=table, version=version, first=pin.first)
    if pin is None:
        empty = table_schema(table).empty_table()
        return empty if columns is None else empty.select(_known(table, columns, empty.schema))
    folder = store / pin.folder
    for file in pin.log(version):
        _checked(folder, file)
    files = [pq.ParquetFile(pa.BufferReader(_checked(folder, file))) for file in pin.data(version)]
    schema = unify(table, [file.schema_arrow for file in files])
    wanted = schema.names if columns is None else _known(table, columns, schema)
    needed = list(dict.fromkeys([*key_columns(table), *wanted]))
    parts = [_part(file, schema, needed) for file in files]
    rows = pa.concat_tables(parts) if parts else schema.empty_table().select(needed)
    # each file was written in the order of the key
    return (ordered(table, rows) if len(parts) > 1 else rows.combine_chunks()).select(wanted)


def stored_schema(store: Path, table: str, pin: TablePin | None) -> pa.Schema | None:
    """Return the columns that a table has now; None where it was never written."""
    if pin is None:
        return None
    if table in SCHEMAS:
        return SCHEMAS[table]
    folder = store / pin.folder
    return unify(table, [pq.read_schema(pa.BufferReader(_checked(folder, file))) for file in pin.data()])


def _checked(folder: Path, file: FilePin) -> bytes:
    return read_checked(folder / file.path, file.size, file.sha256)


def _known(table: str, columns: Sequence[str], schema: pa.Schema) -> list[str]:
    unknown = [name for name in columns if name not in schema.names]
    if unknown:
        raise UsageError("store-column-unknown", table=table, columns=unknown, known=schema.names)
    return list(columns)


def _part(file: pq.ParquetFile, schema: pa.Schema, needed: list[str]) -> pa.Table:
    """Read a file's columns; a column that came later, or that an old file of a fixed table lacks, is missing."""
    present = [name for name in needed if name in file.schema_arrow.names]
    rows = file.read(columns=present)
    fields = [schema.field(name) for name in needed]
    arrays = [
        rows.column(field.name).cast(field.type)
        if field.name in present
        else pa.chunked_array([pa.nulls(rows.num_rows, field.type)])
        for field in fields
    ]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))
