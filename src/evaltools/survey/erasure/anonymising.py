"""Let go of every link to anybody: no key, no identities, ids drawn anew; only who answered together stays together."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from evaltools.config import CampaignConfig
from evaltools.errors import DamageError, EvaltoolsError, RefusedError
from evaltools.store import Store, Transaction
from evaltools.survey.erasure.journal import Change, settle_pending, stage
from evaltools.survey.identity.review import REVIEW
from evaltools.survey.ingest import LOCK_TIMEOUT_S, STORE
from evaltools.survey.privacy import ANONYMISED, KEY_FILE
from evaltools.survey.raw_files import RAW, find_raw_files

_RECEIPTS: Final = "erasures"
_GONE: Final = ("identities", "firm_pairs", "erasures", "texts", "corrections")
"""Tables that say who somebody is, or may: free text is redacted, but a name in it cannot be told from other words."""

_REDRAWN: Final = {
    "enterprise_id": "firm", "shopper_hash": "shopper", "response_id": "response", "file_sha256": "file",
}  # fmt: skip
_BLANK: Final = {
    "responses": ("collector_hash", "ip_hash", "content_sha", "source_row", "started_at", "duration_s"),
    "quarantine": ("value", "value_sha", "row"),
}
_DAYS: Final = {"responses": "submitted_at", "contacts": "contacted_at"}
_LINKING: Final = (
    "response_id", "enterprise_id", "shopper_hash", "collector_hash", "ip_hash", "content_sha", "value_sha",
    "file_sha256", "hash",
)  # fmt: skip
_SHOWN: Final = 10


class _Draws:
    """A random id for each old one, the same wherever the old one stands; what was drawn is kept nowhere."""

    def __init__(self) -> None:
        self._drawn: dict[tuple[str, str], str] = {}

    def of(self, kind: str, old: str) -> str:
        return self._drawn.setdefault((kind, old), secrets.token_hex(12))


def anonymise(
    folder: Path, config: CampaignConfig, *, today: date | None = None, lock_timeout: float = LOCK_TIMEOUT_S
) -> dict[str, Any]:
    """Make what is stored anonymous, prove that no link is left, and write the receipt. It cannot be taken back.

    Firms keep apart and together as sampling units, over both waves; answers stay. Times of submission are cut to the
    day. Nothing can be ingested afterwards.

    Raises
    ------
    RefusedError
        ``anonymise-raw``: raw files are still there, which name everybody; ``key-anonymised``: it was done before.
    DamageError
        ``anonymise-link``: a link would remain; nothing was changed.
    """
    store = Store.open(folder / STORE)
    settle_pending(folder, store, lock_timeout)
    found = find_raw_files(folder, config)
    there = sorted({*(one.rel_path for one in found.matched), *found.unmatched})
    if there:
        raise RefusedError("anonymise-raw", files=there[:_SHOWN], count=len(there), folder=RAW)
    try:
        with store.writing(lock_timeout) as transaction:
            if transaction.key_fingerprint == ANONYMISED:
                raise RefusedError("key-anonymised")
            receipt = _stage(folder, transaction, today or date.today())
    finally:
        with suppress(EvaltoolsError):  # what stopped the work says more; the next writer settles the files
            settle_pending(folder, store, lock_timeout)
    return receipt


def _stage(folder: Path, transaction: Transaction, on: date) -> dict[str, Any]:
    old = _links(transaction)
    units = _partition(transaction)
    rows = _redraw(transaction)
    checks = {"no_old_id": old.isdisjoint(_links(transaction)), "same_units": units == _partition(transaction)}
    if not all(checks.values()):
        raise DamageError("anonymise-link", checks=[name for name, good in checks.items() if not good])
    transaction.change_key_fingerprint(ANONYMISED)
    transaction.erase_history()
    gone = [folder / KEY_FILE, folder / REVIEW, *sorted((folder / "corrections").glob("*.csv"))]
    changes = [Change(path, None) for path in gone if path.is_file()]
    receipt = {
        "schema": 1,
        "receipt": f"{on:%Y-%m-%d}-anonymised",
        "date": on.isoformat(),
        "rule": "pipl-73-4",
        "store": {"before": transaction.number, "after": transaction.number + 1, "earlier_versions": "erased"},
        "emptied": rows,
        "removed": [one.path.relative_to(folder).as_posix() for one in changes],
        "checks": checks,
    }
    content = json.dumps(receipt, ensure_ascii=False, indent=1) + "\n"
    changes.append(Change(folder / _RECEIPTS / f"{receipt['receipt']}.json", content.encode("utf-8")))
    stage(folder, changes, transaction.number + 1)
    return receipt


def _redraw(transaction: Transaction) -> dict[str, int]:
    """Replace ids, blank what could be compared with another list; return the rows of the tables that were emptied."""
    draws, emptied = _Draws(), {}
    homes = {one["response_id"]: one["enterprise_id"] for one in transaction.read("responses").to_pylist()}
    for table in transaction.tables:
        rows = transaction.read(table)
        if table in _GONE:
            emptied[table] = rows.num_rows
            transaction.replace(table, rows.slice(0, 0))
            continue
        if table == "ratings":
            rows = _units_redrawn(rows, homes, draws)
        for name, kind in _REDRAWN.items():
            if name in rows.column_names:
                rows = _mapped(rows, name, partial(draws.of, kind))
        for name in _BLANK.get(table, ()):
            rows = _mapped(rows, name, lambda one: None)
        if table in _DAYS:
            rows = _mapped(rows, _DAYS[table], lambda at: datetime(at.year, at.month, at.day))
        transaction.replace(table, rows)
    return emptied


def _units_redrawn(rows: pa.Table, homes: dict[str, str | None], draws: _Draws) -> pa.Table:
    """Draw sampling units anew where they are a firm or a single response; a bank's branch is no person."""
    units = []
    for one in rows.select(["response_id", "psu"]).to_pylist():
        psu, firm = one["psu"], homes[one["response_id"]]
        if psu == one["response_id"]:
            psu = draws.of("response", psu)
        elif psu is not None and "/" not in psu:
            psu = draws.of("firm" if psu == firm else "psu", psu)
        units.append(psu)
    place = rows.schema.get_field_index("psu")
    return rows.set_column(place, rows.schema.field(place), pa.array(units, type=pa.string()))


def _links(transaction: Transaction) -> set[str]:
    """Return every id and hash by which a row could be found in another list, wherever it stands in a text column."""
    found: set[str] = set()
    for table in transaction.tables:
        rows = transaction.read(table)
        found |= {one for name in _LINKING if name in rows.column_names for one in rows[name].to_pylist() if one}
    return found


def _partition(transaction: Transaction) -> list[tuple[int, ...]]:
    """Return the sizes of the sampling units by bank, which no new name may change."""
    rows = transaction.read("ratings", ["bank_id", "psu"]).to_pandas()
    sizes = rows.groupby(["psu", "bank_id"], dropna=False).size()
    by_unit = sizes.groupby(level=0, dropna=False).apply(lambda one: tuple(sorted(one)))
    return sorted(by_unit.tolist())


def _mapped(rows: pa.Table, name: str, change: Callable[[Any], Any]) -> pa.Table:
    place = rows.schema.get_field_index(name)
    field = rows.schema.field(place)
    values = [None if one is None else change(one) for one in rows[name].to_pylist()]
    return rows.set_column(place, field, pa.array(values, type=field.type))
