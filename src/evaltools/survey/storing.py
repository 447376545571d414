"""Bring prepared sheets into the store: what is new, what is there already, what takes the place of older rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from evaltools.config import CampaignConfig
from evaltools.errors import FileRefusedError
from evaltools.store import Transaction
from evaltools.store.schemas import ANSWERS_PREFIX, SCHEMAS
from evaltools.survey import duplicates
from evaltools.survey.accounting import FileAccount, Status
from evaltools.survey.codebook import write_items
from evaltools.survey.earlier import Claim, Group, Ready, compare_stored
from evaltools.survey.identity.traces import identity_rows
from evaltools.survey.quarantine import DUPLICATE, quarantine_table
from evaltools.survey.readers.model import Note
from evaltools.survey.records import build_tables
from evaltools.survey.sheet_rows import SheetRows
from evaltools.text import Lang

_BY_RESPONSE: Final = ("responses", "ratings", "missing", "texts", "weights")
_GROUP: Final = ("file_sha256", "sheet", "instrument", "wave")
_ENTRY: Final = tuple(SCHEMAS["files"].names)
_RATINGS_APART: Final = "ratings"


@dataclass(frozen=True, slots=True)
class Stored:
    """What a run brought in; `gone` are paths of stored files that no source finds and that this run has not read."""

    accounts: tuple[FileAccount, ...]
    refused: tuple[FileRefusedError, ...]
    new_rows: int
    gone: tuple[str, ...]


def store_sheets(
    transaction: Transaction,
    sheets: Iterable[SheetRows],
    claims: Collection[Claim],
    config: CampaignConfig,
    key: bytes,
) -> Stored:
    """Store sheets in a transaction; whether a file is there already is decided here, under the store's lock.

    Parameters
    ----------
    sheets
        In the order in which exact duplicates are told: the first counts.
    claims
        All files of the campaign with their sources, also those that this run leaves out.
    """
    sheets, refused = _without_overlaps(list(sheets))
    read = {one.raw.sha256 for one in sheets}
    files = transaction.read("files").to_pandas()
    ready = [_ready(one) for one in sheets if one.holds != _RATINGS_APART]
    apart = files["holds"] == _RATINGS_APART  # they come and go with their responses
    earlier = compare_stored(files[~apart], _contents(transaction), _originals(transaction), ready, claims)
    refused += earlier.refused
    not_taken = {str(error.fields["path"]) for error in refused}
    sheets = [one for one in sheets if one.rel_path not in not_taken]
    drop = _with_ratings(earlier.drop, files)
    dropped = _drop(transaction, drop)
    renewed = {
        (entry["rel_path"], entry["sheet"]): int(entry["n_read"]) for entry in files.to_dict("records")
        if _entry_group(entry) in drop
    }  # fmt: skip
    known = {_file_key(entry): entry for entry in transaction.read("files").to_pylist()}
    seen = duplicates.Seen(transaction.read("responses", list(duplicates.COLUMNS)).to_pandas())
    present = {one.rel_path for one in claims}
    accounts, tables = [], _Tables(config.language, key)
    for sheet in sheets:
        entry = known.get((sheet.raw.sha256, sheet.table.sheet, sheet.source_sha))
        if entry is not None:
            accounts.append(_known_account(sheet, entry, present))
            continue
        is_renewed = _group(sheet) in drop or sheet.rel_path in {path for path, _ in renewed}
        account = tables.add(sheet, seen, "replaced" if is_renewed else "new")
        accounts.append(replace(account, n_before=renewed.get((sheet.rel_path, sheet.table.sheet), 0)))
        known[_file_key(tables.entries[-1])] = tables.entries[-1]
    tables.write(transaction)
    if tables.entries or drop:
        renew_status(transaction)
        write_items(transaction, {one.instrument.sha256: one.instrument for one in sheets}.values())
    added = sum(int(entry["n_accepted"]) for entry in tables.entries if entry["holds"] != _RATINGS_APART)
    gone = {entry["rel_path"] for entry in known.values() if entry["file_sha256"] not in read} - present
    return Stored(tuple(accounts), tuple(refused), max(0, added - dropped), tuple(sorted(gone)))


class _Tables:
    """The rows that a run adds, gathered by table."""

    def __init__(self, lang: Lang, key: bytes) -> None:
        self.entries: list[dict[str, Any]] = []
        self._lang, self._key = lang, key
        self._parts: dict[str, list[pa.Table]] = {}

    def add(self, sheet: SheetRows, seen: duplicates.Seen, status: Status) -> FileAccount:
        """Take a sheet's good rows and its faults; return its account."""
        keep, copies = seen.take(sheet)
        account = _account(sheet, int(keep.sum()), len(copies), status)
        self.entries.append(_entry(sheet, account))
        if sheet.holds != _RATINGS_APART:
            self._parts.setdefault("identities", []).append(identity_rows(sheet, self._key))
        for name, rows in build_tables(sheet, keep, self._key).items():
            self._parts.setdefault(name, []).append(rows)
        self._parts.setdefault("quarantine", []).append(quarantine_table(sheet, copies, self._key, self._lang))
        return account

    def write(self, transaction: Transaction) -> None:
        """Stage all rows."""
        for name, parts in self._parts.items():
            # another version of a form may have other questions
            transaction.append(name, pa.concat_tables(parts, promote_options="default"))
        if self.entries:
            transaction.append("files", pa.Table.from_pylist(self.entries, schema=SCHEMAS["files"]))


def _without_overlaps(sheets: list[SheetRows]) -> tuple[list[SheetRows], list[FileRefusedError]]:
    """Refuse a file that two sources of different settings would read from the same columns for the same wave."""
    first: dict[tuple[str, ...], SheetRows] = {}
    taken, refused = [], []
    for sheet in sheets:
        other = first.setdefault((*_group(sheet), sheet.found.sha256), sheet)
        if other.source_sha == sheet.source_sha:
            taken.append(sheet)
        else:
            refused.append(
                FileRefusedError(
                    "source-overlap", path=sheet.rel_path, first=other.file.source_no, second=sheet.file.source_no,
                    wave=sheet.source.wave,
                )
            )  # fmt: skip
    return taken, refused


def _contents(transaction: Transaction) -> Mapping[Group, Collection[str]]:
    rows = transaction.read("responses", [*_GROUP, "content_sha"]).to_pandas().dropna(subset="content_sha")
    return {group: set(part) for group, part in rows.groupby(list(_GROUP))["content_sha"]}


def _with_ratings(groups: Collection[Group], files: pd.DataFrame) -> set[Group]:
    """Return groups with those of the ratings that stand in another sheet than their responses."""
    entries = files.to_dict("records")
    going = {_reading(entry) for entry in entries if _entry_group(entry) in groups}
    apart = [entry for entry in entries if entry["holds"] == _RATINGS_APART]
    return set(groups) | {_entry_group(entry) for entry in apart if _reading(entry) in going}


def _originals(transaction: Transaction) -> Mapping[Group, Collection[Group]]:
    copies = transaction.read("quarantine", [*_GROUP, "scope", "value"]).to_pandas()
    copies = copies[copies["scope"] == DUPLICATE]
    rows = transaction.read("responses", ["response_id", *_GROUP]).to_pandas()
    rows = rows[rows["response_id"].isin(copies["value"])]
    home: dict[str, Group] = {one[0]: one[1:] for one in rows.itertuples(index=False, name=None)}
    found: dict[Group, set[Group]] = {}
    for *group, original in copies[[*_GROUP, "value"]].itertuples(index=False, name=None):
        if original in home:
            found.setdefault((group[0], group[1], group[2], group[3]), set()).add(home[original])
    return found


def _ready(sheet: SheetRows) -> Ready:
    accepted = sheet.content[sheet.checked.accepted]
    return Ready(_group(sheet), sheet.rel_path, len(sheet.ids), {one for one in accepted if one is not None})


def _drop(transaction: Transaction, groups: Collection[Group]) -> int:
    """Take groups out of all tables; return how many responses went."""
    if not groups:
        return 0
    responses = transaction.read("responses")
    gone = _in_groups(responses, groups)
    ids = responses.filter(gone)["response_id"]
    instruments = {f"{ANSWERS_PREFIX}{group[2]}" for group in groups}
    for name in (*_BY_RESPONSE, *sorted(instruments)):
        rows = transaction.read(name)
        transaction.replace(name, rows.filter(pc.invert(pc.is_in(rows["response_id"], value_set=ids.combine_chunks()))))
    for name in ("files", "quarantine", "identities"):
        rows = transaction.read(name)
        transaction.replace(name, rows.filter(pc.invert(_in_groups(rows, groups))))
    return len(ids)


def _in_groups(rows: pa.Table, groups: Collection[Group]) -> pa.Array:
    columns = [rows[name].to_pylist() for name in _GROUP]
    return pa.array([group in groups for group in zip(*columns, strict=True)], type=pa.bool_())


def renew_status(transaction: Transaction) -> None:
    """Mark ratings that a later answer of the same enterprise on the same bank replaces, and responses of no others."""
    responses, ratings = transaction.read("responses"), transaction.read("ratings")
    told = responses.select(
        ["response_id", "instrument", "wave", "enterprise_id", "submitted_at", "status", "file_sha256", "sheet",
         "source_row"]
    ).to_pandas()  # fmt: skip
    paths = transaction.read("files", ["file_sha256", "rel_path"]).to_pandas().drop_duplicates("file_sha256")
    frame = ratings.select(["response_id", "bank_id"]).to_pandas().merge(told, on="response_id", how="left")
    frame = frame.merge(paths, on="file_sha256", how="left")
    frame["status"] = duplicates.current_status(frame)
    counting = set(frame["response_id"][frame["status"] != "superseded"])
    whole = told["status"].where(told["status"] == "erased", "accepted")
    replaced = told["response_id"].isin(frame["response_id"]) & ~told["response_id"].isin(counting)
    _set_status(transaction, "ratings", ratings, frame["status"])
    _set_status(transaction, "responses", responses, whole.mask(replaced, "superseded"))


def _set_status(transaction: Transaction, table: str, rows: pa.Table, status: pd.Series[Any]) -> None:
    new = pa.array(status.tolist(), type=pa.string())
    if not rows["status"].combine_chunks().equals(new):
        place = rows.schema.get_field_index("status")
        transaction.replace(table, rows.set_column(place, rows.schema.field(place), new))


def _account(sheet: SheetRows, n_accepted: int, n_duplicate: int, status: Status) -> FileAccount:
    return _full_account(
        sheet,
        n_read=sheet.table.n_counted,
        n_accepted=n_accepted,
        n_quarantined=int((~sheet.checked.accepted).sum()),
        n_duplicate=n_duplicate,
        status=status,
    )


def _known_account(sheet: SheetRows, entry: Mapping[str, Any], present: Collection[str]) -> FileAccount:
    """Return the account of a sheet that is stored: of the file itself, or of a copy, whose rows are all duplicates."""
    if entry["rel_path"] != sheet.rel_path and entry["rel_path"] in present:
        n = sheet.table.n_counted
        return _full_account(sheet, n_read=n, n_accepted=0, n_quarantined=0, n_duplicate=n, status="copy")
    counts = {name: int(entry[name]) for name in ("n_read", "n_accepted", "n_quarantined", "n_duplicate")}
    return _full_account(sheet, **counts, status="known")


def _full_account(
    sheet: SheetRows, *, n_read: int, n_accepted: int, n_quarantined: int, n_duplicate: int, status: Status
) -> FileAccount:
    return FileAccount(
        path=sheet.rel_path,
        sheet=sheet.table.sheet,
        wave=sheet.source.wave,
        instrument=sheet.source.instrument,
        source_no=sheet.file.source_no,
        n_read=n_read,
        n_accepted=n_accepted,
        n_quarantined=n_quarantined,
        n_duplicate=n_duplicate,
        extra=sheet.found.extra,
        reader=sheet.raw.reader,
        confidence=sheet.raw.confidence,
        reason=sheet.raw.reason,
        encoding=sheet.raw.encoding,
        skipped_sheets=sheet.raw.skipped_sheets,
        status=status,
        notes=_notes(sheet),
    )


def _notes(sheet: SheetRows) -> tuple[Note, ...]:
    columns = sheet.checked.columns.items()
    return (*sheet.table.notes, *(Note(column.note, {"question": name}) for name, column in columns if column.note))


def _entry(sheet: SheetRows, account: FileAccount) -> dict[str, Any]:
    given = {
        "file_sha256": sheet.raw.sha256,
        "rel_path": sheet.rel_path,
        "source_sha": sheet.source_sha,
        "instrument_version": sheet.instrument.version,
        "column_map_sha": sheet.found.sha256,
        "holds": sheet.holds,
    }
    return {name: given[name] if name in given else getattr(account, name) for name in _ENTRY}


def _file_key(entry: Mapping[str, Any]) -> tuple[str, str, str]:
    return entry["file_sha256"], entry["sheet"], entry["source_sha"]


def _entry_group(entry: Mapping[Any, Any]) -> Group:
    return entry["file_sha256"], entry["sheet"], entry["instrument"], entry["wave"]


def _reading(entry: Mapping[Any, Any]) -> tuple[str, ...]:
    """Return what is the same for all sheets of a file that one source reads together."""
    return entry["file_sha256"], entry["instrument"], entry["wave"], entry["source_sha"]


def _group(sheet: SheetRows) -> Group:
    return sheet.raw.sha256, sheet.table.sheet, sheet.source.instrument, sheet.source.wave
