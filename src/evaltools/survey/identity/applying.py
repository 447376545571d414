"""Link the firms of a whole campaign in the store: pseudonyms, sampling units, pairs in doubt."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from evaltools.store import Transaction
from evaltools.store.schemas import SCHEMAS
from evaltools.survey.identity.linking import Entry, Links, find_links
from evaltools.survey.identity.names import similar_names
from evaltools.survey.identity.review import Review, Side
from evaltools.survey.identity.traces import Traces, traces_of
from evaltools.survey.sheet_rows import SheetRows
from evaltools.survey.storing import renew_status

Place = tuple[str, str, int]
"""SHA-256 of a file, sheet, row."""

_RESPONSE: Final = ("response_id", "instrument", "wave", "enterprise_id", "file_sha256", "sheet", "source_row",
                    "content_sha")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Linked:
    """The pairs that were found, where their rows stand, by response, and how many nobody has decided."""

    links: Links
    sides: Mapping[str, Side]
    n_open: int


def link_firms(
    transaction: Transaction, sheets: Iterable[SheetRows], review: Review, declared_psu: Collection[str]
) -> Linked:
    """Bring every stored response to the firm that it is of, as all that is stored and decided now says.

    Parameters
    ----------
    sheets
        What this run has read; names in clear are compared only among these.
    declared_psu
        Instruments whose sampling units the campaign names itself.

    Raises
    ------
    CampaignError
        ``review-contradiction``.
    """
    responses = transaction.read("responses", list(_RESPONSE)).to_pylist()
    entries = read_entries(transaction, responses)
    clear = _clear_texts(sheets)
    places = {one["response_id"]: _place(one) for one in responses}
    names = {one: clear[at].name for one, at in places.items() if at in clear and clear[at].name}
    unknown = {one.response_id for one in entries if one.code is None and one.response_id in names}
    links = find_links(entries, review.decisions, _similar(names, unknown))
    if apply_links(transaction, responses, links.enterprise, declared_psu):
        renew_status(transaction)
    decisions = {pair.ref: review.decisions.get(pair.ref) for pair in links.pairs}
    _store_pairs(transaction, links, decisions)
    sides = _sides(transaction, links, places, clear)
    return Linked(links, sides, sum(one is None for one in decisions.values()))


def read_entries(transaction: Transaction, responses: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """Return what the stored responses say of who answered; those that say nothing at all are left out."""
    said: dict[str, dict[str, str]] = {}
    for one in transaction.read("identities", ["response_id", "kind", "hash"]).to_pylist():
        said.setdefault(one["response_id"], {})[one["kind"]] = one["hash"]
    entries = []
    for one in responses:
        # a response that was stored before identities were kept has only its code's pseudonym
        own = said.get(one["response_id"], {"code": one["enterprise_id"]})
        code, name, phone = (own.get(kind) for kind in ("code", "name", "phone"))
        if code or name or phone:
            trace = one["content_sha"] or one["response_id"]
            entries.append(Entry(one["response_id"], one["wave"], code, name, phone, trace))
    return entries


def _clear_texts(sheets: Iterable[SheetRows]) -> dict[Place, Traces]:
    return {
        (sheet.raw.sha256, sheet.table.sheet, sheet.row_numbers[row]): traces
        for sheet in sheets
        if sheet.holds != "ratings"
        for row, traces in enumerate(traces_of(sheet))
    }


def _similar(names: Mapping[str, str | None], unknown: Collection[str]) -> list[tuple[str, str, float]]:
    """Compare each different name once; every response that gives it is meant."""
    first: dict[tuple[str, bool], str] = {}
    for one, name in sorted(names.items()):
        first.setdefault((str(name), one in unknown), one)
    open_names = {one: name for (name, is_open), one in first.items() if is_open}
    known = {one: name for (name, is_open), one in first.items() if not is_open}
    return similar_names(open_names, known) if open_names else []


def apply_links(
    transaction: Transaction,
    responses: Iterable[Mapping[str, Any]],
    enterprise: Mapping[str, str | None],
    declared_psu: Collection[str],
) -> bool:
    """Store the pseudonyms, and the sampling units that follow from them; say whether any changed."""
    changed = {
        one["response_id"]: (one["enterprise_id"], enterprise[one["response_id"]], one["instrument"])
        for one in responses
        if one["response_id"] in enterprise and one["enterprise_id"] != enterprise[one["response_id"]]
    }
    if not changed:
        return False
    rows = transaction.read("responses")
    known = zip(rows["response_id"].to_pylist(), rows["enterprise_id"].to_pylist(), strict=True)
    new = [changed[one][1] if one in changed else old for one, old in known]
    transaction.replace("responses", with_values(rows, "enterprise_id", new))
    ratings = transaction.read("ratings")
    units = [
        _unit(rating, *changed[rating["response_id"]], declared_psu) if rating["response_id"] in changed
        else rating["psu"]
        for rating in ratings.select(["response_id", "bank_id", "branch_id", "psu"]).to_pylist()
    ]  # fmt: skip
    transaction.replace("ratings", with_values(ratings, "psu", units))
    return True


def _unit(
    rating: Mapping[str, Any], before: str | None, after: str | None, instrument: str, declared_psu: Collection[str]
) -> str:
    """Return the sampling unit of a rating whose firm changed: the rule of :mod:`evaltools.survey.records` again."""
    branch = f"{rating['bank_id']}/{rating['branch_id']}" if rating["branch_id"] else None
    alone = branch or rating["response_id"]
    followed = rating["psu"] in (before, rating["response_id"]) or (
        branch is not None and rating["psu"] == branch and instrument not in declared_psu
    )
    return str((after or alone) if followed else rating["psu"])


def with_values(rows: pa.Table, name: str, values: list[Any]) -> pa.Table:
    """Return rows with other texts in one of their columns."""
    place = rows.schema.get_field_index(name)
    return rows.set_column(place, rows.schema.field(place), pa.array(values, type=pa.string()))


def _store_pairs(transaction: Transaction, links: Links, decisions: Mapping[str, bool | None]) -> None:
    words = {True: "same", False: "different", None: None}
    rows = [
        {
            "pair": pair.ref,
            "left_id": pair.left,
            "right_id": pair.right,
            "reason": pair.reason,
            "similarity": pair.similarity,
            "decision": words[decisions[pair.ref]],
        }
        for pair in links.pairs
    ]
    if rows or "firm_pairs" in transaction.tables:
        transaction.replace("firm_pairs", pa.Table.from_pylist(rows, schema=SCHEMAS["firm_pairs"]))


def _sides(
    transaction: Transaction, links: Links, places: Mapping[str, Place], clear: Mapping[Place, Traces]
) -> dict[str, Side]:
    shown = {one for pair in links.pairs for one in (pair.left, pair.right)}
    files = transaction.read("files", ["file_sha256", "rel_path"])
    needed = pa.array(sorted({places[one][0] for one in shown}), type=pa.string())
    paths = {
        one["file_sha256"]: one["rel_path"]
        for one in files.filter(pc.is_in(files["file_sha256"], value_set=needed)).to_pylist()
    }
    found = {}
    for one in shown:
        sha, sheet, row = places[one]
        traces = clear.get(places[one])
        name, phone = (traces.name, traces.phone) if traces else (None, None)
        found[one] = Side(paths.get(sha, ""), sheet, row, name, phone)
    return found


def _place(response: Mapping[str, Any]) -> Place:
    return response["file_sha256"], response["sheet"], response["source_row"]
