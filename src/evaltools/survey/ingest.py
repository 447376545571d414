"""From raw files to stored, checked, accounted rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from evaltools.config import CampaignConfig
from evaltools.errors import FileRefusedError, RefusedError, UsageError
from evaltools.store import Store
from evaltools.survey.accounting import FileAccount, IngestResult
from evaltools.survey.corrections.keeping import not_applied, store_log
from evaltools.survey.earlier import Claim
from evaltools.survey.erasure.journal import settle, settle_pending
from evaltools.survey.erasure.tombstones import Tombstones, without_erased
from evaltools.survey.identity.applying import link_firms
from evaltools.survey.identity.review import read_review, write_review
from evaltools.survey.plans import Plans, SourcePlan, read_plans
from evaltools.survey.prepare import prepare_file
from evaltools.survey.privacy import ANONYMISED, key_fingerprint, load_key
from evaltools.survey.raw_files import Found, SourceFile, find_raw_files, with_reader
from evaltools.survey.readers import RawFile, read_files
from evaltools.survey.sheet_rows import SheetRows
from evaltools.survey.storing import store_sheets
from evaltools.survey.versions.crosswalk import write_crosswalk

STORE: Final = "store"
LOCK_TIMEOUT_S: Final = 30.0

Progress = Callable[[int, int, str], None]
"""Called with the number of files done, the number of all, and the path of the next."""


def ingest(
    folder: Path,
    config: CampaignConfig,
    *,
    paths: Sequence[Path] | None = None,
    reader: str | None = None,
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
    reader
        Name of the reader for these files, in place of their sources'; it enters the hash of their settings.
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
        The campaign's key is missing, damaged, or not the one that the store was filled with; ``key-anonymised``.
    LockedError
        Another process is writing.
    UsageError
        ``reader-needs-files``, ``reader-unknown``.
    """
    if reader is not None and paths is None:
        raise UsageError("reader-needs-files", reader=reader)
    plans = read_plans(folder, config, reader=reader)
    store = Store.open(folder / STORE)
    settle_pending(folder, store, lock_timeout)
    if store.key_fingerprint == ANONYMISED:  # without raw files no later step would say so
        raise RefusedError("key-anonymised")
    found = with_reader(find_raw_files(folder, config, paths), reader)
    tell = progress or (lambda done, total, what: None)
    read = read_sources(found.files, tell)
    refused = [*found.refused, *(error for _, error in read if isinstance(error, FileRefusedError))]
    files = [(one, raw) for one, raw in read if isinstance(raw, RawFile)]
    if not files:
        return _result(config, plans, found, [], refused, 0, _all_gone(store, found) if paths is None else ())
    with store.writing(lock_timeout) as transaction:
        settle(folder, transaction.number)
        key = load_key(folder, config, stored_fingerprint=transaction.key_fingerprint)
        tombstones = Tombstones.read(transaction.read("erasures"))
        sheets, not_ready = prepare_sources(files, plans, config, key, tell, tombstones)
        transaction.set_key_fingerprint(key_fingerprint(key))
        review = read_review(folder)
        stored = store_sheets(transaction, sheets, _claims(found.matched, plans), config, key)
        store_log(transaction, plans.log, key)
        write_crosswalk(transaction, config, plans.forms)
        linked = link_firms(transaction, sheets, review, plans.declaring("psu"))
        is_written = write_review(folder, review, linked.links.pairs, linked.sides, config.language)
    refused += [*not_ready, *stored.refused]
    gone = stored.gone if paths is None else ()  # a file that was renamed is known by its content, so all must be read
    result = _result(config, plans, found, stored.accounts, refused, stored.new_rows, gone)
    lines = [line for line in plans.log.active if paths is None or line.file in {one.rel_path for one, _ in files}]
    return replace(
        result,
        pairs_open=linked.n_open,
        review_written=is_written,
        corrections_open=not_applied(lines, sheets),
    )


def _all_gone(store: Store, found: Found) -> tuple[str, ...]:
    """Return the stored files that are no longer in the campaign's folder, where none of them could be read."""
    there = {one.rel_path for one in found.matched}
    return tuple(sorted(set(store.read("files", ["rel_path"]).column("rel_path").to_pylist()) - there))


def read_sources(files: Sequence[SourceFile], tell: Progress) -> list[tuple[SourceFile, RawFile | FileRefusedError]]:
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


def prepare_sources(
    files: Sequence[tuple[SourceFile, RawFile]],
    plans: Plans,
    config: CampaignConfig,
    key: bytes,
    tell: Progress,
    tombstones: Tombstones | None = None,
) -> tuple[list[SheetRows], list[FileRefusedError]]:
    """Prepare all files; of one with a fault in one sheet, none is taken.

    Parameters
    ----------
    tombstones
        Of respondents who were erased: their rows are left out. None: they are taken like all others.
    """
    sheets: list[SheetRows] = []
    refused: list[FileRefusedError] = []
    first: dict[tuple[str, int], SourcePlan] = {}
    for done, (one, raw) in enumerate(files):
        tell(len(files) + done, 2 * len(files), one.rel_path)
        try:
            # a copy is read as the file that it is a copy of
            plan = first.setdefault((raw.sha256, one.source_no), plans.of(one))
            prepared = prepare_file(one, raw, plan, config, key)
            if tombstones is not None and (rest := without_erased(raw, prepared, tombstones, key)) is not None:
                prepared = prepare_file(one, rest, plan, config, key)
            sheets += prepared
        except FileRefusedError as error:
            refused.append(error)
    return sheets, refused


def _claims(matched: Iterable[SourceFile], plans: Plans) -> list[Claim]:
    return [Claim(one.rel_path, one.source.instrument, one.source.wave, plans.of(one).sha) for one in matched]


def _result(
    config: CampaignConfig,
    plans: Plans,
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
        unchecked=plans.unchecked,
        quarantine_max_share=config.quarantine_max_share,
    )
