"""The raw files of a campaign, read as ingest reads them, for lines that go out, come back, or are reviewed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evaltools.config import CampaignConfig
from evaltools.errors import FileRefusedError
from evaltools.store import Store
from evaltools.survey.corrections.log import Log
from evaltools.survey.erasure.journal import settle_pending
from evaltools.survey.erasure.tombstones import Tombstones
from evaltools.survey.ingest import LOCK_TIMEOUT_S, STORE, prepare_sources, read_sources
from evaltools.survey.plans import Plans, read_plans
from evaltools.survey.privacy import load_key
from evaltools.survey.quarantine import DUPLICATE
from evaltools.survey.raw_files import SourceFile, find_raw_files
from evaltools.survey.readers import RawFile
from evaltools.survey.sheet_rows import SheetRows


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """Files that were read, and what is needed to prepare them again under another log.

    Attributes
    ----------
    refused
        Files that could not be read.
    store
        The state that was committed when they were read.
    """

    files: Sequence[tuple[SourceFile, RawFile]]
    refused: tuple[FileRefusedError, ...]
    plans: Plans
    config: CampaignConfig
    key: bytes
    store: Store

    def prepared(self, log: Log | None = None) -> tuple[list[SheetRows], list[FileRefusedError]]:
        """Return the sheets under a log (None: the campaign's own), and the files that these refuse."""
        plans = self.plans if log is None else replace(self.plans, log=log)
        tombstones = Tombstones.read(self.store.read("erasures"))
        return prepare_sources(self.files, plans, self.config, self.key, lambda *_: None, tombstones)


class Copies:
    """Rows that the store keeps as exact duplicates: they are corrected in the row that they are copies of."""

    def __init__(self, store: Store) -> None:
        held = store.read("quarantine", ["file_sha256", "sheet", "row", "scope"]).to_pylist()
        self._places = {(one["file_sha256"], one["sheet"], one["row"]) for one in held if one["scope"] == DUPLICATE}

    def has(self, sheet: SheetRows, row: int) -> bool:
        """Say whether a row of a sheet, by its place, is one of them."""
        return (sheet.raw.sha256, sheet.table.sheet, sheet.row_numbers[row]) in self._places

    def rows(self, sheet: SheetRows) -> frozenset[int]:
        """Return the places of such rows in a sheet."""
        return frozenset(row for row in range(len(sheet.row_numbers)) if self.has(sheet, row))


def open_files(folder: Path, config: CampaignConfig, only: Collection[str] | None = None) -> Opened:
    """Read the raw files of a campaign.

    Parameters
    ----------
    only
        Paths below the campaign's folder; None: all.
    """
    plans = read_plans(folder, config)
    # a change of the key that was cut off is finished or taken back first
    settle_pending(folder, Store.open(folder / STORE), LOCK_TIMEOUT_S)
    store = Store.open(folder / STORE)
    key = load_key(folder, config, stored_fingerprint=store.key_fingerprint)
    matched = [one for one in find_raw_files(folder, config).matched if only is None or one.rel_path in only]
    read = read_sources(matched, lambda *_: None)
    files = [(one, raw) for one, raw in read if isinstance(raw, RawFile)]
    refused = tuple(error for _, error in read if isinstance(error, FileRefusedError))
    return Opened(files, refused, plans, config, key, store)
