"""From raw files to stored, checked, accounted rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from evaltools.config import CampaignConfig
from evaltools.errors import FileRefusedError
from evaltools.store import Store
from evaltools.survey.accounting import FileAccount, IngestResult
from evaltools.survey.earlier import Claim
from evaltools.survey.plans import Plans, read_plans
from evaltools.survey.prepare import prepare_sheet
from evaltools.survey.privacy import key_fingerprint, load_key
from evaltools.survey.raw_files import Found, SourceFile, find_raw_files
from evaltools.survey.readers import RawFile, read_files
from evaltools.survey.sheet_rows import SheetRows
from evaltools.survey.storing import store_sheets

STORE: Final = "store"
LOCK_TIMEOUT_S: Final = 30.0

Progress = Callable[[int, int, str], None]
"""Called with the number of files done, the number of all, and the path of the next."""


def ingest(
    folder: Path,
    config: CampaignConfig,
    *,
    paths: Sequence[Path] | None = None,
    progress: Progress | None = None,
    lock_timeout: float = LOCK_TIMEOUT_S,
) -> IngestResult:
    """Read the raw files of a campaign, check every row, store what is good and quarantine what is not.

    All good files are stored in one step, also where another file is refused. What was stored by an earlier run from
    the same bytes under the same settings is left alone; under changed settings it is read anew in place of the old.

    Parameters
    ----------
    folder, config
        The campaign. Only its ``store/`` and ``.key`` (and the lock of the store) are written.
    paths
        Only these files; None: all that the sources match.
    progress
        Called as files are read.
    lock_timeout
        Seconds to wait for another process that writes.

    Returns
    -------
    IngestResult
        For each sheet: rows read = accepted + in quarantine + exact duplicates.

    Raises
    ------
    CampaignError
        The campaign file and an instrument do not fit each other.
    RefusedError
        The campaign's key is missing, damaged, or not the one that the store was filled with.
    LockedError
        Another process is writing.
    """
    plans = read_plans(folder, config)
    found = find_raw_files(folder, config, paths)
    tell = progress or (lambda done, total, what: None)
    read = _read(found.files, tell)
    refused = [*found.refused, *(error for _, error in read if isinstance(error, FileRefusedError))]
    files = [(one, raw) for one, raw in read if isinstance(raw, RawFile)]
    store = Store.open(folder / STORE)
    if not files:
        return _result(config, found, [], refused, 0, _all_gone(store, found) if paths is None else ())
    with store.writing(lock_timeout) as transaction:
        key = load_key(folder, config, stored_fingerprint=transaction.key_fingerprint)
        sheets, not_ready = _prepare(files, plans, config, key, tell)
        transaction.set_key_fingerprint(key_fingerprint(key))
        stored = store_sheets(transaction, sheets, _claims(found.matched, plans), config, key)
    refused += [*not_ready, *stored.refused]
    gone = stored.gone if paths is None else ()  # a file that was renamed is known by its content, so all must be read
    return _result(config, found, stored.accounts, refused, stored.new_rows, gone)


def _all_gone(store: Store, found: Found) -> tuple[str, ...]:
    """Return the stored files that are no longer in the campaign's folder, where none of them could be read."""
    there = {one.rel_path for one in found.matched}
    return tuple(sorted(set(store.read("files", ["rel_path"]).column("rel_path").to_pylist()) - there))


def _read(files: Sequence[SourceFile], tell: Progress) -> list[tuple[SourceFile, RawFile | FileRefusedError]]:
    """Read each file once for each way in which its sources want it read."""
    ways = list(dict.fromkeys((one.path, one.source.reader, one.source.sheet) for one in files))
    tell(0, 2 * len(files), "")
    results = read_files([way[0] for way in ways], readers=[way[1] for way in ways], sheets=[way[2] for way in ways])
    by_way = dict(zip(ways, results, strict=True))
    return [(one, _with_path(by_way[one.path, one.source.reader, one.source.sheet], one.rel_path)) for one in files]


def _with_path(result: RawFile | FileRefusedError, rel_path: str) -> RawFile | FileRefusedError:
    if isinstance(result, RawFile):
        return result
    return FileRefusedError(result.code, **{**result.fields, "path": rel_path})


def _prepare(
    files: Sequence[tuple[SourceFile, RawFile]],
    plans: Plans,
    config: CampaignConfig,
    key: bytes,
    tell: Progress,
) -> tuple[list[SheetRows], list[FileRefusedError]]:
    """Prepare all sheets; of a file with a fault in one sheet, none is taken."""
    sheets: list[SheetRows] = []
    refused: list[FileRefusedError] = []
    for done, (one, raw) in enumerate(files):
        tell(len(files) + done, 2 * len(files), one.rel_path)
        try:
            sheets += [prepare_sheet(one, raw, table, plans.of(one), config, key) for table in raw.tables]
        except FileRefusedError as error:
            refused.append(error)
    return sheets, refused


def _claims(matched: Iterable[SourceFile], plans: Plans) -> list[Claim]:
    return [Claim(one.rel_path, one.source.instrument, one.source.wave, plans.of(one).sha) for one in matched]


def _result(
    config: CampaignConfig,
    found: Found,
    accounts: Iterable[FileAccount],
    refused: Iterable[FileRefusedError],
    new_rows: int,
    gone: tuple[str, ...] = (),
) -> IngestResult:
    by_path = sorted(accounts, key=lambda one: (one.path, one.sheet, one.source_no))
    errors = {(str(error.fields.get("path")), str(error)): error for error in refused}
    return IngestResult(
        files=tuple(by_path),
        refused=tuple(error for _, error in sorted(errors.items(), key=lambda pair: pair[0])),
        unmatched=found.unmatched,
        unused=found.unused,
        new_rows=new_rows,
        gone=gone,
        quarantine_max_share=config.quarantine_max_share,
    )
