"""Write a version of one Delta table, and take back what a killed run left behind.

The data files are written here, so that their checksums are those of the bytes that were meant; deltalake writes
the log. Neither is flushed by deltalake, so both are flushed here. Checkpoints are off: the log of a campaign is
short, and a checkpoint would be a second, changing truth.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, PostCommitHookProperties, Schema
from deltalake.transaction import AddAction, create_table_with_add_actions

from evaltools.errors import UsageError
from evaltools.store.disk import (
    checksum,
    flush_file,
    flush_folder,
    read_checked,
    read_file,
    shown,
    temporary,
    write_file,
)
from evaltools.store.pin import LOG_FOLDER, FilePin, Pin, TablePin, pin_path
from evaltools.text import clean

_HOOK: Final = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
_PLAIN: Final = set("abcdefghijklmnopqrstuvwxyz0123456789_-")


def folder_name(table: str) -> str:
    """Return the folder of a table: small ASCII letters only, so that no file system confuses two tables."""
    if set(table) <= _PLAIN:
        return table
    plain = "".join(sign if sign in _PLAIN else "-" for sign in table.lower())
    return f"{plain}-{sha256(table.encode()).hexdigest()[:8]}"


def require_plain_place(store: Path) -> None:
    r"""Refuse a place that deltalake would take for another one: it decodes ``%20`` and turns ``\`` into ``/``.

    Raises
    ------
    UsageError
        ``store-place``.
    """
    place = str(store.resolve())
    misread = unquote(place) != place or (os.name != "nt" and "\\" in place)
    if misread or clean(place) != place or "\t" in place or "\n" in place:
        raise UsageError("store-place", name=shown(store.resolve()))


def write_version(store: Path, name: str, pin: TablePin | None, rows: pa.Table, *, overwrite: bool) -> TablePin:
    """Write rows as the next version of a table, flushed, and return the pin that would commit it.

    Parameters
    ----------
    store
        The store's folder, freed of leftovers.
    name, pin
        The table and its committed version; None before its first.
    rows
        Rows in the table's columns and order.
    overwrite
        True: the rows take the place of those before; False: they are added.

    Raises
    ------
    DamageError
        The log on which the new version would rest is not what was written.
    OSError, deltalake.exceptions.DeltaError
        The disk is full or not writable; nothing is committed.
    """
    folder = store / (pin.folder if pin else folder_name(name))
    folder.mkdir(parents=True, exist_ok=True)
    before = -1 if pin is None else pin.version
    if pin is not None:
        for file in pin.log():
            read_checked(folder / file.path, file.size, file.sha256)
    content = _parquet(rows)
    path = f"part-{before + 1:05d}-{checksum(content)[:16]}.parquet"
    write_file(folder / path, content)
    add = AddAction(path, len(content), {}, int(time.time() * 1000), True, json.dumps({"numRecords": rows.num_rows}))
    if pin is None:
        create_table_with_add_actions(
            str(folder), Schema.from_arrow(rows.schema), [add], mode="error", post_commithook_properties=_HOOK
        )
        version = 0
    else:
        version = _append_to_log(folder, add, rows.schema, overwrite=overwrite)
    data = FilePin(path, len(content), checksum(content), added=version, rows=rows.num_rows)
    log = tuple(_flushed_log(folder, number) for number in range(before + 1, version + 1))
    for written in (folder / LOG_FOLDER, folder, store):
        flush_folder(written)
    kept = pin.files if pin else ()
    if overwrite and pin is not None:
        gone = set(pin.data())
        kept = tuple(replace(file, removed=version) if file in gone else file for file in kept)
    return TablePin(folder.name, version, (*kept, *log, data), pin.first if pin else 0)


def _parquet(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, compression="zstd")
    return bytes(sink.getvalue())


def _append_to_log(folder: Path, add: AddAction, schema: pa.Schema, *, overwrite: bool) -> int:
    table = DeltaTable(str(folder))
    known = {field.name for field in table.schema().fields}
    new = [field for field in Schema.from_arrow(schema).fields if field.name not in known]
    if new:  # a version of its own: an appended file does not widen the table
        table.alter.add_columns(new, post_commithook_properties=_HOOK)
    table.create_write_transaction(
        [add], "overwrite" if overwrite else "append", Schema.from_arrow(schema), post_commithook_properties=_HOOK
    )
    return int(table.version()) + 1  # the table object itself stays at the version it was opened at


def _flushed_log(folder: Path, version: int) -> FilePin:
    path = f"{LOG_FOLDER}/{version:020d}.json"
    flush_file(folder / path)
    content = read_file(folder / path)
    return FilePin(path, len(content), checksum(content), added=version)


def heal(store: Path, pin: Pin) -> None:
    """Remove what was never committed: temporary files, data and log files that `store.json` does not name.

    Only call it under the campaign's lock, with the pin as it stands on the disk: another writer's files are not
    committed yet either.
    """
    if not store.is_dir():
        return
    temporary(pin_path(store)).unlink(missing_ok=True)
    named = {table.folder: {file.path for file in table.files} for table in pin.tables.values()}
    for folder in store.iterdir():
        if folder.is_symlink() or not folder.is_dir():
            continue
        for path in _own_files(folder):
            if path.relative_to(folder).as_posix() not in named.get(folder.name, set()):
                path.unlink(missing_ok=True)
        if folder.name not in named:
            _remove_empty(folder / LOG_FOLDER)
            _remove_empty(folder)


def _own_files(folder: Path) -> Iterator[Path]:
    """Yield files that only this module or deltalake can have written."""
    yield from list(folder.glob("part-*.parquet"))
    log = folder / LOG_FOLDER
    if log.is_dir() and not log.is_symlink():
        yield from [path for path in log.iterdir() if path.is_symlink() or path.is_file()]


def _remove_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
