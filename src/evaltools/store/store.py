"""The door to a campaign's store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from evaltools.errors import DamageError, EvaltoolsError
from evaltools.store.delta import heal, require_plain_place
from evaltools.store.disk import read_checked, shown
from evaltools.store.lock import DEFAULT_TIMEOUT_S, campaign_lock
from evaltools.store.pin import Pin, TablePin, read_pin
from evaltools.store.reading import read_rows
from evaltools.store.schemas import table_schema
from evaltools.store.transaction import Transaction
from evaltools.text import clean


class Store:
    """A committed state of a campaign's tables. It does not move while another process writes.

    Open one with :meth:`open`; :meth:`writing` moves it to the newest state.

    Parameters
    ----------
    folder
        ``<campaign>/store``.
    pin
        The committed state to read.
    """

    __slots__ = ("_folder", "_pin")

    def __init__(self, folder: Path, pin: Pin) -> None:
        self._folder = folder
        self._pin = pin

    @classmethod
    def open(cls, folder: Path | str) -> Store:
        """Open the newest committed state. Nothing is written; a missing folder is an empty store.

        Raises
        ------
        DamageError
            ``store-pin-damaged``, ``store-pin-missing``, ``store-file-unreadable``.
        RefusedError
            ``store-too-new``.
        """
        place = Path(folder).absolute()
        return cls(place, read_pin(place))

    @property
    def folder(self) -> Path:
        """The store's folder."""
        return self._folder

    @property
    def key_fingerprint(self) -> str | None:
        """Fingerprint of the key that made the pseudonyms; None before the first."""
        return self._pin.key_fingerprint

    def versions(self) -> dict[str, int]:
        """Return the committed version of each table that was ever written, by name; the first is 0."""
        return {name: self._pin.tables[name].version for name in sorted(self._pin.tables)}

    def row_counts(self) -> dict[str, int]:
        """Return the number of rows of each table that was ever written, by name."""
        return {name: self._pin.tables[name].rows for name in sorted(self._pin.tables)}

    def read(self, table: str, columns: Sequence[str] | None = None, *, version: int | None = None) -> pa.Table:
        """Read a table in the order of its key; every byte is compared with its checksum first.

        Parameters
        ----------
        table
            Name of a table. One that was never written is empty, with its columns (an ``answers_`` table: its key).
        columns
            Columns wanted; None: all.
        version
            An earlier version; None: the committed one.

        Raises
        ------
        DamageError
            A file is missing, cut, changed or unreadable; the message names it.
        UsageError
            ``store-table-unknown``, ``store-column-unknown``, ``store-version-unknown``.
        """
        table_schema(table)
        return read_rows(self._folder, table, self._pin.tables.get(table), columns, version=version)

    @contextmanager
    def writing(self, lock_timeout: float = DEFAULT_TIMEOUT_S) -> Iterator[Transaction]:
        """Hold the campaign's lock and change tables; all changes are committed at the end, or none.

        Parameters
        ----------
        lock_timeout
            Seconds to wait for another process that writes.

        Raises
        ------
        LockedError
            ``store-locked``.
        UsageError
            ``store-place``: the folder's path holds signs that the Delta library misreads.
        EvaltoolsError
            ``store-write-failed``: disk full, folder not writable. Trying again adds nothing twice as long as the
            caller decides inside the transaction what is new.
        """
        require_plain_place(self._folder)
        campaign = self._folder.parent
        with campaign_lock(campaign, lock_timeout):
            self._pin = read_pin(self._folder)
            heal(self._folder, self._pin)
            transaction = Transaction(self._folder, self._pin)
            try:
                yield transaction
                try:
                    self._pin = transaction.commit()
                    if transaction.erases_history:
                        heal(self._folder, self._pin)
                except (OSError, DeltaError) as problem:
                    reason = _without_place(str(problem), campaign)
                    raise EvaltoolsError("store-write-failed", campaign=campaign.name, problem=reason) from problem
            except BaseException:
                transaction.close()
                self._take_back()
                raise

    def _take_back(self) -> None:
        # The disk decides: a commit may have landed although an error followed it.
        with suppress(OSError, DamageError):  # the next writer heals what cannot be removed now
            self._pin = read_pin(self._folder)
            heal(self._folder, self._pin)

    def verify(self) -> list[DamageError]:
        """Compare every file of every version with its checksum, and Delta's log with `store.json`.

        Returns
        -------
        list of DamageError
            One a fault, each naming its file; empty where all is as it was written.

        Raises
        ------
        UsageError
            ``store-place``, as in :meth:`writing`.
        """
        require_plain_place(self._folder)
        try:
            pin = read_pin(self._folder)
        except DamageError as fault:
            return [fault]
        faults: list[DamageError] = []
        for _, table in sorted(pin.tables.items()):
            found = self._faults(table)
            faults += found or self._log_faults(table)
        return faults

    def _faults(self, table: TablePin) -> list[DamageError]:
        faults = []
        for file in table.files:
            try:
                read_checked(self._folder / table.folder / file.path, file.size, file.sha256)
            except DamageError as fault:
                faults.append(fault)
        return faults

    def _log_faults(self, table: TablePin) -> list[DamageError]:
        folder = self._folder / table.folder
        try:
            listed = {Path(uri).name for uri in DeltaTable(str(folder), version=table.version).file_uris()}
        except (DeltaError, OSError) as problem:
            reason = _without_place(str(problem), self._folder.parent)
            return [DamageError("store-log-differs", file=shown(folder), problem=reason)]
        named = {file.path for file in table.data()}
        if listed == named:
            return []
        return [DamageError("store-log-differs", file=shown(folder), problem=", ".join(sorted(listed ^ named)))]


def _without_place(reason: str, campaign: Path) -> str:
    """Take the campaign's place on this machine out of another library's message."""
    return clean(reason.replace(campaign.as_posix(), "").replace(str(campaign), ""))
