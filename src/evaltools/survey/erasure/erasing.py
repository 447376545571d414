"""Forget one respondent: raw files, all tables and versions of the store, logs, reviews; a receipt without a person.

The order makes it safe: everything is found and prepared first, and refused as a whole where something cannot be
rewritten; the store's commit decides; then prepared files take their places (:mod:`evaltools.survey.erasure.journal`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from evaltools.config import CampaignConfig
from evaltools.errors import EvaltoolsError, FileRefusedError, RefusedError, UsageError
from evaltools.store import Store, Transaction
from evaltools.store.disk import checksum
from evaltools.store.schemas import SCHEMAS
from evaltools.survey.corrections.log import Log
from evaltools.survey.erasure.elsewhere import files_below, holds_any, needles, secret_texts, struck
from evaltools.survey.erasure.journal import Change, settle_pending, stage
from evaltools.survey.erasure.own_files import corrected_ids, correction_files, review_of_firms, run_records
from evaltools.survey.erasure.person import Person, Place, find_person, raw_records, stored_records
from evaltools.survey.erasure.rewriting import rewritten
from evaltools.survey.erasure.tables import erase_rows
from evaltools.survey.erasure.tombstones import Tombstones, erasure_rows
from evaltools.survey.ingest import LOCK_TIMEOUT_S, STORE, prepare_sources, read_sources
from evaltools.survey.plans import Plans, read_plans
from evaltools.survey.privacy import load_key, redact, rotations
from evaltools.survey.raw_files import SourceFile, find_raw_files
from evaltools.survey.raw_files import place as place_of
from evaltools.survey.readers import RawFile
from evaltools.survey.sheet_rows import SheetRows

RECEIPTS: Final = "erasures"
RULE: Final = "pipl-47"
_SHOWN: Final = 20

Outside = Callable[[Collection[str], date], Sequence[Mapping[str, Any]]]
"""Takes what names the respondent, and the day; deals with reports made before, and gives lines of the receipt.

It is called last before the commit, when nothing can be refused any more: at worst a report is called superseded whose
data a killed process has not erased.
"""


@dataclass(frozen=True, slots=True)
class _Raw:
    """Raw files with the respondent's rows: their new contents, and rows by file and sheet."""

    changes: dict[Path, bytes] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Told:
    """What the caller says beside who is to be erased."""

    outside: Outside
    skipped: tuple[Path, ...]
    reason: str | None
    on: date


def erase(
    folder: Path,
    config: CampaignConfig,
    given: str,
    outside: Outside,
    *,
    reason: str | None = None,
    skipped: Collection[Path] = (),
    today: date | None = None,
    lock_timeout: float = LOCK_TIMEOUT_S,
) -> dict[str, Any] | None:
    """Erase one respondent and write the receipt.

    Parameters
    ----------
    given
        What names the respondent, see :func:`evaltools.survey.erasure.person.find_person`; it enters no file.
    reason
        Why, for the receipt; identifiers are struck out of it.
    skipped
        Folders that `outside` deals with.

    Returns
    -------
    dict or None
        The receipt; None where the respondent was erased before and nothing is left.

    Raises
    ------
    UsageError
        ``forget-unknown``: nothing answers to the id.
    RefusedError
        ``forget-several``; ``forget-raw``: rows stand in files that cannot be rewritten here, all listed;
        ``forget-elsewhere``: files of the campaign that are read by no source name the respondent. Nothing is changed.
    """
    store = Store.open(folder / STORE)
    settle_pending(folder, store, lock_timeout)
    try:
        with store.writing(lock_timeout) as transaction:
            told = _Told(outside, tuple(skipped), reason, today or date.today())
            receipt = _stage(folder, config, given, told, transaction)
    finally:
        with suppress(EvaltoolsError):  # what stopped the work says more; the next writer settles the files
            settle_pending(folder, store, lock_timeout)
    return receipt


def _stage(
    folder: Path, config: CampaignConfig, given: str, told: _Told, transaction: Transaction
) -> dict[str, Any] | None:
    """Prepare all files and tables; the caller's commit makes them count."""
    key = load_key(folder, config, stored_fingerprint=transaction.key_fingerprint)
    plans = read_plans(folder, config)
    files, sheets = _read(folder, config, plans, key)
    person = find_person(given, [*stored_records(transaction), *raw_records(sheets, key)], key)
    if person is None:
        if Tombstones.read(transaction.read("erasures")).knows(given, key):
            return None
        raise UsageError("forget-unknown")
    places = _all_places(sheets, person)
    texts = secret_texts(sheets, places)
    secrets = texts | person.responses | person.enterprises
    raw = _rewrite_raw(files, places, texts)
    corrections = corrected_ids(plans.log, sheets, places, _paths(transaction), key)
    changes = [
        *(Change(path, content) for path, content in raw.changes.items()),
        *run_records(folder, secrets),
        *review_of_firms(folder, transaction, person),
        *correction_files(folder, corrections),
    ]
    _refuse_elsewhere(folder, told.skipped, {one.path for one in changes} | {one.path for one, _ in files}, secrets)
    on = told.on
    name = f"{on:%Y-%m-%d}-{1 + len(list((folder / RECEIPTS).glob(f'{on:%Y-%m-%d}-*.json')))}"
    renamed = raw.renamed | _replanned(plans, files, corrections)
    removed = erase_rows(transaction, person, places, corrections, renamed, texts)
    tombstones = erasure_rows(name, person, rotations(key), on)
    transaction.append("erasures", pa.Table.from_pylist(tombstones, schema=SCHEMAS["erasures"]))
    transaction.erase_history()
    reports = told.outside(secrets, on)
    receipt = {
        "schema": 1,
        "receipt": name,
        "date": on.isoformat(),
        "rule": RULE,
        "reason": None if told.reason is None else struck(redact(told.reason, known=texts), secrets),
        "store": {"before": transaction.number, "after": transaction.number + 1, "earlier_versions": "erased"},
        "rows": removed,
        "raw": raw.told,
        "rewritten": sorted(one.path.relative_to(folder).as_posix() for one in changes),
        "reports": list(reports),
    }
    content = json.dumps(receipt, ensure_ascii=False, indent=1) + "\n"
    final = Change(folder / RECEIPTS / f"{name}.json", content.encode("utf-8"))
    stage(folder, [*changes, final], transaction.number + 1)
    return receipt


def _paths(transaction: Transaction) -> dict[str, str]:
    files = transaction.read("files", ["file_sha256", "rel_path"])
    return dict(zip(files["file_sha256"].to_pylist(), files["rel_path"].to_pylist(), strict=True))


def _refuse_elsewhere(
    folder: Path, skipped: Collection[Path], handled: Collection[Path], secrets: Collection[str]
) -> None:
    """Refuse where another file of the campaign names the respondent: a copy that nobody reads would stay."""
    wanted = needles(secrets)
    found = [path for path in files_below(folder, handled, skipped) if holds_any(path.read_bytes(), wanted)]
    if found:
        names = [path.relative_to(folder).as_posix() for path in found]
        raise RefusedError("forget-elsewhere", files=names[:_SHOWN], count=len(names))


def _read(
    folder: Path, config: CampaignConfig, plans: Plans, key: bytes
) -> tuple[list[tuple[SourceFile, RawFile]], list[SheetRows]]:
    """Read all raw files that their sources understand; the others are searched as bytes later."""
    tell = lambda done, total, what: None  # noqa: E731 - the progress that nobody watches
    read = read_sources(find_raw_files(folder, config).files, tell)
    files = [(one, raw) for one, raw in read if isinstance(raw, RawFile)]
    sheets, not_ready = prepare_sources(files, plans, config, key, tell)
    refused = {str(error.fields["path"]) for error in not_ready}
    return [pair for pair in files if pair[0].rel_path not in refused], sheets


def _replanned(plans: Plans, files: Iterable[tuple[SourceFile, RawFile]], gone: Collection[str]) -> dict[str, str]:
    """Return how the settings of a file are called without the respondent's corrections, by how they are called now."""
    log = Log(tuple(line for line in plans.log.lines if line.correction_id not in gone))
    after = replace(plans, log=log)
    both = {plans.of(one).sha: after.of(one).sha for one, _ in files}
    return {before: now for before, now in both.items() if before != now}


def _all_places(sheets: Iterable[SheetRows], person: Person) -> frozenset[Place]:
    """Return the respondent's rows with those of a repeat's sheet."""
    own = {
        (sheet.raw.sha256, sheet.table.sheet, number)
        for sheet in sheets
        for one, number in zip(sheet.ids, sheet.row_numbers, strict=True)
        if one in person.responses
    }
    return person.places | own


def _rewrite_raw(
    files: Sequence[tuple[SourceFile, RawFile]],
    places: Collection[Place],
    texts: Collection[str],
) -> _Raw:
    """Rewrite every raw file that holds the respondent.

    Raises
    ------
    RefusedError
        ``forget-raw``: all files of which that is not possible, with their rows.
    """
    made, refused = _Raw(), list[str]()
    by_path: dict[str, list[tuple[SourceFile, RawFile]]] = {}
    for pair in files:
        by_path.setdefault(pair[0].rel_path, []).append(pair)
    for rel_path, readings in sorted(by_path.items()):
        one, raw = readings[0]
        rows: dict[str, set[int]] = {}
        for sha, sheet, number in places:
            if sha == raw.sha256:
                rows.setdefault(sheet, set()).add(number)
        content = None
        if rows:
            with suppress(FileRefusedError, KeyError):
                content = rewritten(raw, one.source.reader, one.source.sheet, rows)
        left = _is_left(content or one.path.read_bytes(), [each for _, each in readings], rows, texts)
        if left or (rows and content is None):
            stuck = [f"{place_of(rel_path, sheet)}!row {n}" for sheet in sorted(rows) for n in sorted(rows[sheet])]
            refused += stuck or [rel_path]
        elif content is not None:
            made.changes[one.path] = content
            made.renamed[raw.sha256] = checksum(content)
            made.told.append({"path": rel_path, "rows": sum(map(len, rows.values()))})
    if refused:
        raise RefusedError("forget-raw", rows=refused[:_SHOWN], count=len(refused))
    return made


def _is_left(
    content: bytes, readings: Iterable[RawFile], rows: Mapping[str, Collection[int]], texts: Collection[str]
) -> bool:
    """Say whether a file names the respondent where no reader looks: in a hidden sheet, a comment, a pivot's cache."""
    if not holds_any(content, needles(texts)):
        return False
    named = [text for text in texts if holds_any(content, needles([text]))]
    kept = set()
    for table in (table for raw in readings for table in raw.tables):
        gone = rows.get(table.sheet, ())
        places = [place for place, number in enumerate(table.row_numbers) if number not in gone]
        kept |= {str(cell) for cells in table.values for cell in cells.take(places).occurring()}
        kept |= {column.header for column in table.columns}
    # in the words of somebody else, where a mark will stand in the store
    return any(not any(text in cell for cell in kept) for text in named)
