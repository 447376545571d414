"""Change a campaign's key and keep every link: each keyed hash is hashed again by the new key (decision 0005)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from evaltools.config import CampaignConfig
from evaltools.errors import EvaltoolsError, RefusedError
from evaltools.store import Store, Transaction
from evaltools.survey.erasure.journal import Change, settle_pending, stage
from evaltools.survey.identity.applying import apply_links, read_entries, with_values
from evaltools.survey.identity.linking import Entry, find_links, firm_ref
from evaltools.survey.identity.review import REVIEW, Review, read_review, table_content
from evaltools.survey.ingest import LOCK_TIMEOUT_S, STORE
from evaltools.survey.plans import Plans, read_plans
from evaltools.survey.privacy import KEY_FILE, key_fingerprint, load_key, rotate_hash, rotations
from evaltools.survey.roles import is_identifying

_HASHES: Final = {
    "responses": ("enterprise_id", "collector_hash", "ip_hash", "content_sha"),
    "ratings": ("shopper_hash",),
    "quarantine": ("value_sha",),
    "identities": ("hash",),
    "frame": ("enterprise_id",),
    "contacts": ("enterprise_id",),
}
"""Columns that hold nothing but keyed hashes; `psu` and `branch_id` of ratings sometimes do. Tombstones of the erased
need no new hash: each says how often the key had been rotated when it was made.
"""

_NEW_KEY_BYTES: Final = 32


def rotate_key(folder: Path, config: CampaignConfig, *, lock_timeout: float = LOCK_TIMEOUT_S) -> dict[str, Any]:
    """Give a campaign a new key; no pseudonym of before is left in the store or can be read from an earlier version.

    Returns
    -------
    dict
        ``fingerprint`` before and after, ``rotations`` until now, ``store`` states before and after.

    Raises
    ------
    RefusedError
        ``rekey-demo``: everybody knows the key of a demonstration; ``rekey-empty``: nothing was stored yet; and what
        :func:`evaltools.survey.privacy.load_key` refuses.
    CampaignError
        The instruments or the review of firms cannot be read.
    """
    if config.public_demo_key is not None:
        raise RefusedError("rekey-demo")
    plans, store = read_plans(folder, config), Store.open(folder / STORE)
    settle_pending(folder, store, lock_timeout)
    try:
        with store.writing(lock_timeout) as transaction:
            before = transaction.key_fingerprint
            if before is None:
                raise RefusedError("rekey-empty")
            key = load_key(folder, config, stored_fingerprint=before)
            new = secrets.token_bytes(_NEW_KEY_BYTES)
            review = _rotate(transaction, read_review(folder), new, plans)
            rotated = key.rotated(new)
            transaction.change_key_fingerprint(key_fingerprint(rotated))
            transaction.erase_history()
            changes = [Change(folder / KEY_FILE, rotated.text.encode("ascii"))]
            changes += [Change(folder / REVIEW, review)] if review is not None else []
            stage(folder, changes, transaction.number + 1)
            told = {"before": transaction.number, "after": transaction.number + 1}
    finally:
        with suppress(EvaltoolsError):  # what stopped the work says more; the next writer settles the files
            settle_pending(folder, store, lock_timeout)
    fingerprint = {"before": before, "after": key_fingerprint(rotated)}
    return {"fingerprint": fingerprint, "rotations": rotations(rotated), "store": told}


def _rotate(transaction: Transaction, review: Review, new: bytes, plans: Plans) -> bytes | None:
    """Replace all keyed hashes; return the review of firms under its new references, None where there is none."""
    responses = transaction.read("responses").to_pylist()
    entries = read_entries(transaction, responses)
    _rotate_ratings(transaction, responses, new, plans)
    for table, columns in _HASHES.items():
        if table in transaction.tables:
            rows = transaction.read(table)
            for column in columns:
                rows = _mapped(rows, column, lambda found: rotate_hash(found, new))
            transaction.replace(table, rows)
    responses = transaction.read("responses").to_pylist()
    refs = _renamed(entries, read_entries(transaction, responses))
    decisions = {_ref(ref, refs): same for ref, same in review.decisions.items()}
    links = find_links(read_entries(transaction, responses), decisions)
    apply_links(transaction, responses, links.enterprise, plans.declaring("psu"))
    if "firm_pairs" in transaction.tables:
        pairs = transaction.read("firm_pairs")
        transaction.replace("firm_pairs", _mapped(pairs, "pair", lambda ref: _ref(ref, refs)))
    lines = [[_ref(ref, refs), *line[1:]] for ref, line in review.lines.items()]
    return table_content(lines) if lines else None


def _renamed(before: list[Entry], after: list[Entry]) -> dict[str, str]:
    """Return what a decision now calls each firm that it knew by its old hashes."""
    now = {one.response_id: firm_ref(one.firm) for one in after}
    return {firm_ref(one.firm): now[one.response_id] for one in before}


def _ref(pair: str, refs: Mapping[str, str]) -> str:
    return "-".join(sorted(refs.get(part, part) for part in pair.split("-")))


def _rotate_ratings(transaction: Transaction, responses: list[dict[str, Any]], new: bytes, plans: Plans) -> None:
    """Rotate sampling units and branches, where they are keyed: the firm's pseudonym, or a question that identifies."""
    firms = {one["response_id"]: (one["instrument"], one["enterprise_id"]) for one in responses}
    keyed = {role: _keyed(plans, role) for role in ("psu", "branch")}
    rows = transaction.read("ratings")
    units, branches = [], []
    for one in rows.select(["response_id", "psu", "branch_id"]).to_pylist():
        instrument, firm = firms[one["response_id"]]
        psu, branch = one["psu"], one["branch_id"]
        is_keyed = psu is not None and (psu == firm or (instrument in keyed["psu"] and psu != one["response_id"]))
        units.append(rotate_hash(psu, new) if is_keyed else psu)
        branches.append(rotate_hash(branch, new) if branch is not None and instrument in keyed["branch"] else branch)
    transaction.replace("ratings", with_values(with_values(rows, "psu", units), "branch_id", branches))


def _keyed(plans: Plans, role: str) -> Collection[str]:
    return {
        plan.instrument.name
        for plan in plans.by_source.values()
        if any(is_identifying(plan.instrument.question(name), plan.roles) for name in plan.roles.several(role))
    }


def _mapped(rows: pa.Table, name: str, change: Callable[[str], str]) -> pa.Table:
    return with_values(rows, name, [None if one is None else change(one) for one in rows[name].to_pylist()])
