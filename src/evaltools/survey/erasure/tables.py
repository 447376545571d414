"""Take one respondent's rows out of every table of the store; what stays is what it would be without them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from evaltools.store import Transaction
from evaltools.store.schemas import SCORE_TABLES
from evaltools.survey.erasure.elsewhere import struck
from evaltools.survey.erasure.person import Person, Place
from evaltools.survey.quarantine import DUPLICATE

_BY_ENTERPRISE: Final = ("frame", "contacts")
_SPOKEN: Final = {"texts": "text", "quarantine": "value"}
_COUNTS: Final = ("n_accepted", "n_quarantined", "n_duplicate")


def erase_rows(
    transaction: Transaction,
    person: Person,
    places: Collection[Place],
    corrections: Collection[str],
    renamed: Mapping[str, str],
    secrets: Collection[str],
) -> dict[str, int]:
    """Erase a respondent from the committed tables; return how many rows went, by table.

    Scores go altogether: they were computed with the respondent. Of files, the counts of rows become those of the file
    without the respondent, so that rows read = accepted + in quarantine + duplicates as before.

    Parameters
    ----------
    places
        All rows of the respondent, those of a repeat's sheet included.
    corrections
        Ids of the corrections of these rows.
    renamed
        SHA-256 of a raw file, or of the settings that it was read under, to what it is without the respondent.
    secrets
        What names the respondent; a mark takes its place where others have written it.
    """
    counts = _counts(transaction, person, places)
    removed: dict[str, int] = {}
    for table in transaction.tables:
        rows = transaction.read(table)
        if table in SCORE_TABLES:
            kept = rows.slice(0, 0)
        elif table == "files":
            kept = _files(rows, counts)
        else:
            kept = rows.filter(pc.invert(_own(table, rows, person, places, corrections)))
        if table in _SPOKEN:
            kept = _changed(kept, _SPOKEN[table], lambda text: None if text is None else struck(text, secrets))
        for name in {"file_sha256", "source_sha"}.intersection(kept.column_names):
            kept = _changed(kept, name, lambda sha: renamed.get(sha, sha))
        if kept.num_rows < rows.num_rows:
            removed[table] = rows.num_rows - kept.num_rows
        transaction.replace(table, kept)
    return removed


def _own(
    table: str, rows: pa.Table, person: Person, places: Collection[Place], corrections: Collection[str]
) -> pa.Array:
    """Return which rows of a table are the respondent's."""
    if table == "quarantine":
        keys = zip(*(rows[name].to_pylist() for name in ("file_sha256", "sheet", "row", "scope", "value")), strict=True)
        return _flags(
            (sha, sheet, row) in places or (scope == DUPLICATE and value in person.responses)
            for sha, sheet, row, scope, value in keys
        )
    if table == "corrections":
        return _flags(one in corrections for one in rows["correction_id"].to_pylist())
    if table == "firm_pairs":
        sides = zip(rows["left_id"].to_pylist(), rows["right_id"].to_pylist(), strict=True)
        return _flags(not person.responses.isdisjoint(pair) for pair in sides)
    name, wanted = (
        ("enterprise_id", person.enterprises) if table in _BY_ENTERPRISE else ("response_id", person.responses)
    )
    if name not in rows.column_names:
        return _flags([False] * rows.num_rows)
    return _flags(one in wanted for one in rows[name].to_pylist())


def _counts(transaction: Transaction, person: Person, places: Collection[Place]) -> Counter[tuple[Any, ...]]:
    """Return how many rows of each stored sheet are the respondent's, by what the sheet's account calls them."""
    found: Counter[tuple[Any, ...]] = Counter()
    home = {}
    columns = ["response_id", "file_sha256", "sheet", "instrument", "wave"]
    for one in transaction.read("responses", columns).to_pylist():
        if one["response_id"] in person.responses:
            group = tuple(one[name] for name in columns[1:])
            home[one["response_id"]] = group
            found[*group, "n_accepted", "responses"] += 1
    for name in transaction.read("ratings", ["response_id"])["response_id"].to_pylist():
        if name in home:
            sha, _, instrument, wave = home[name]
            found[sha, None, instrument, wave, "n_accepted", "ratings"] += 1
    held = transaction.read("quarantine", [*columns[1:], "row", "scope"]).to_pylist()
    rows = {
        (*(one[name] for name in columns[1:]), one["row"], one["scope"])
        for one in held
        if (one["file_sha256"], one["sheet"], one["row"]) in places
    }
    for *at, _, scope in rows:
        name = {"row": "n_quarantined", DUPLICATE: "n_duplicate"}.get(scope)
        if name is not None:
            found[*at, name] += 1
    return found


def _files(files: pa.Table, counts: Mapping[tuple[Any, ...], int]) -> pa.Table:
    entries = files.to_pylist()
    for entry in entries:
        group = (entry["file_sha256"], entry["sheet"], entry["instrument"], entry["wave"])
        accepted = (
            (group[0], None, *group[2:], "n_accepted", "ratings")
            if entry["holds"] == "ratings"
            else (*group, "n_accepted", "responses")
        )
        for name in _COUNTS:
            gone = counts.get(accepted if name == "n_accepted" else (*group, name), 0)
            entry[name] -= gone
            entry["n_read"] -= gone
    return pa.Table.from_pylist(entries, schema=files.schema)


def _flags(values: Any) -> pa.Array:
    return pa.array(list(values), type=pa.bool_())


def _changed(rows: pa.Table, name: str, change: Any) -> pa.Table:
    place = rows.schema.get_field_index(name)
    values = pa.array([change(one) for one in rows[name].to_pylist()], type=pa.string())
    return rows.set_column(place, rows.schema.field(place), values)
