"""Changes to several tables that become visible together or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from evaltools.errors import RefusedError, UsageError
from evaltools.store.conform import conform, ordered, same_content
from evaltools.store.delta import write_version
from evaltools.store.disk import flush_folder
from evaltools.store.erase import without_history
from evaltools.store.pin import Pin, TablePin, pin_path, write_pin
from evaltools.store.reading import read_rows, stored_schema
from evaltools.store.schemas import REPEATABLE_TABLES, key_columns, table_schema


@dataclass(frozen=True, slots=True)
class _Staged:
    rows: pa.Table
    overwrite: bool


class Transaction:
    """What a run changes, held in memory until :meth:`commit`. Begin one with :meth:`evaltools.store.Store.writing`.

    Parameters
    ----------
    folder
        The store's folder; the caller holds the campaign's lock.
    pin
        The committed state on which the changes rest.
    """

    def __init__(self, folder: Path, pin: Pin) -> None:
        self._folder = folder
        self._pin = pin
        self._fingerprint = pin.key_fingerprint
        self._without_history = False
        self._staged: dict[str, _Staged] = {}
        self._open = True

    @property
    def key_fingerprint(self) -> str | None:
        """Fingerprint of the key that made the pseudonyms; None before the first."""
        return self._fingerprint

    @property
    def number(self) -> int:
        """Number of the committed state on which the changes rest; committing them gives the next."""
        return self._pin.commit

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables that were ever written."""
        return tuple(sorted(self._pin.tables))

    def read(self, table: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a table with the changes of this transaction, in the order of its key.

        Raises
        ------
        DamageError
            A file of the table is not what was written.
        UsageError
            ``store-table-unknown``, ``store-column-unknown``.
        """
        self._require_open()
        table_schema(table)
        staged = self._staged.get(table)
        if staged is None:
            return read_rows(self._folder, table, self._pin.tables.get(table), columns)
        rows = ordered(table, self._content(table, staged))
        if columns is None:
            return rows
        unknown = [name for name in columns if name not in rows.column_names]
        if unknown:
            raise UsageError("store-column-unknown", table=table, columns=unknown, known=rows.column_names)
        return rows.select(list(columns))

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a table. An ``answers_`` table takes new columns, missing in its older rows.

        Raises
        ------
        UsageError
            ``store-table-unknown``, or what :func:`evaltools.store.conform.conform` refuses.
        """
        self._require_open()
        table_schema(table)
        staged = self._staged.get(table)
        if staged is None:
            stored = stored_schema(self._folder, table, self._pin.tables.get(table))
            self._staged[table] = _Staged(conform(table, rows, stored), overwrite=False)
            return
        new = conform(table, rows, staged.rows.schema)
        before = conform(table, staged.rows, new.schema)
        self._staged[table] = _Staged(pa.concat_tables([before, new]), staged.overwrite)

    def replace(self, table: str, rows: pa.Table) -> None:
        """Put rows in the place of all rows of a table, those that this transaction added included.

        Raises
        ------
        UsageError
            ``store-table-unknown``, or what :func:`evaltools.store.conform.conform` refuses.
        """
        self._require_open()
        table_schema(table)
        self._staged[table] = _Staged(conform(table, rows, None), overwrite=True)

    def set_key_fingerprint(self, fingerprint: str) -> None:
        """Record which key made the pseudonyms of this store.

        Raises
        ------
        RefusedError
            ``store-key-differs``: the store holds pseudonyms of another key.
        """
        self._require_open()
        if self._fingerprint not in (None, fingerprint):
            raise RefusedError("store-key-differs", stored=self._fingerprint, given=fingerprint)
        self._fingerprint = fingerprint

    def change_key_fingerprint(self, fingerprint: str | None) -> None:
        """Record that all keyed hashes are now of another key; the caller has replaced them in this transaction."""
        self._require_open()
        self._fingerprint = fingerprint

    def erase_history(self) -> None:
        """Have the commit drop all earlier versions of all tables, also where nothing else changes."""
        self._require_open()
        self._without_history = True

    @property
    def erases_history(self) -> bool:
        """Whether the commit drops all earlier versions."""
        return self._without_history

    def commit(self) -> Pin:
        """Write all changes and make them the committed state; :meth:`evaltools.store.Store.writing` calls it.

        Returns
        -------
        Pin
            The committed state; the one before where nothing changes, and then nothing is written.

        Raises
        ------
        UsageError
            ``store-key-twice``: a table would hold a key twice.
        """
        self._require_open()
        self.close()
        changes = {table: staged for table, staged in sorted(self._staged.items()) if self._changes(table, staged)}
        for table, staged in changes.items():
            self._require_unique(table, staged)
        if not changes and self._fingerprint == self._pin.key_fingerprint and not self._without_history:
            return self._pin
        if not pin_path(self._folder).exists():
            # From now on tables without store.json are damage, not the leftover of a first run.
            self._folder.mkdir(parents=True, exist_ok=True)
            flush_folder(self._folder.parent)
            write_pin(self._folder, self._pin)
        tables = self._written(changes)
        if self._without_history:
            tables = {name: without_history(table) for name, table in tables.items()}
        committed = Pin(self._pin.commit + 1, self._fingerprint, tables)
        write_pin(self._folder, committed)
        return committed

    def close(self) -> None:
        """End the transaction; what was not committed is forgotten."""
        self._open = False

    def _written(self, changes: Mapping[str, _Staged]) -> dict[str, TablePin]:
        tables = dict(self._pin.tables)
        for table, staged in changes.items():
            rows = ordered(table, staged.rows)
            tables[table] = write_version(self._folder, table, tables.get(table), rows, overwrite=staged.overwrite)
        return tables

    def _changes(self, table: str, staged: _Staged) -> bool:
        if not staged.overwrite:
            return bool(staged.rows.num_rows)
        present = read_rows(self._folder, table, self._pin.tables.get(table))
        return not same_content(present, ordered(table, staged.rows))

    def _content(self, table: str, staged: _Staged) -> pa.Table:
        pin = self._pin.tables.get(table)
        if staged.overwrite or pin is None:
            return staged.rows
        return pa.concat_tables([conform(table, read_rows(self._folder, table, pin), staged.rows.schema), staged.rows])

    def _require_unique(self, table: str, staged: _Staged) -> None:
        if table in REPEATABLE_TABLES:
            return
        keys = list(key_columns(table))
        pin = self._pin.tables.get(table)
        rows = staged.rows.select(keys)
        if not staged.overwrite and pin is not None:
            rows = pa.concat_tables([read_rows(self._folder, table, pin, keys), rows])
        repeated = rows.num_rows - rows.group_by(keys).aggregate([]).num_rows
        if repeated:
            raise UsageError("store-key-twice", table=table, count=repeated, columns=keys)

    def _require_open(self) -> None:
        if not self._open:
            raise UsageError("store-transaction-over")
