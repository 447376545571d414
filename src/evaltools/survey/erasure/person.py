"""Find all rows of one respondent: in the raw files as they are now, and in the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from evaltools.errors import RefusedError
from evaltools.store import Transaction
from evaltools.survey.identity.traces import Traces, traces_of
from evaltools.survey.privacy import pseudonym
from evaltools.survey.sheet_rows import SheetRows
from evaltools.survey.values.identifiers import compact

LONG_NATIVE: Final = 16
"""Signs from which an id that the tool gave is the only one of its kind; 1, 2, 3 stand in every export."""

Place = tuple[str, str, int]
"""SHA-256 of a file, sheet, row as a person sees it."""

_STORED: Final = ("response_id", "enterprise_id", "file_sha256", "sheet", "source_row", "content_sha")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one response, in a raw file or in the store: keyed hashes, None where it does not say."""

    response_id: str
    place: Place
    code: str | None
    enterprise: str | None
    contact: tuple[str, str] | None
    native: str | None
    content: str | None = None
    is_native_long: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """All that is known of one respondent's responses, in the store and in the raw files."""

    records: tuple[Known, ...]

    @property
    def responses(self) -> frozenset[str]:
        """Ids of the responses."""
        return frozenset(one.response_id for one in self.records)

    @property
    def places(self) -> frozenset[Place]:
        """Rows in files; those of a repeat's sheet are not among them."""
        return frozenset(one.place for one in self.records)

    @property
    def enterprises(self) -> frozenset[str]:
        """Pseudonyms of the enterprise."""
        return frozenset(name for one in self.records for name in (one.code, one.enterprise) if name is not None)

    @property
    def marks(self) -> frozenset[tuple[str, str]]:
        """Kind and keyed hash of everything by which a row may be known again."""
        found = {("row", one.response_id) for one in self.records}
        for one in self.records:
            found |= {("content", one.content)} if one.content else set()
            found |= {("native", one.native)} if one.native and one.is_native_long else set()
            found |= {("code", one.code)} if one.code else set()
            found |= {("contact", "/".join(one.contact))} if one.contact else set()
        return frozenset(found)


def find_person(given: str, known: Iterable[Known], key: bytes) -> Person | None:
    """Find the respondent whom an id names, with everything that hangs together with the rows it names.

    Parameters
    ----------
    given
        Pseudonym, response id, credit code or other identifier of the enterprise, or the id that the tool gave.

    Returns
    -------
    Person or None
        None where nothing answers to it.

    Raises
    ------
    RefusedError
        ``forget-several``: several respondents answer to it.
    """
    records = _with_firms(known)
    text = given.strip()
    code = pseudonym([compact(text)], key, "enterprise")[0]
    native = pseudonym([text], key, "native")[0]
    sure = [one for one in records if text in (one.response_id, one.enterprise, one.code) or code == one.code]
    named = sure or [one for one in records if native == one.native]
    persons: list[tuple[Known, ...]] = []
    for start in named:
        if not any(start in one for one in persons):
            persons.append(_hang_together(start, records))
    if len(persons) > 1:
        raise RefusedError("forget-several", count=len(persons))
    return Person(persons[0]) if persons else None


def stored_records(transaction: Transaction) -> Iterator[Known]:
    """Yield what the store knows: of responses, and of rows in quarantine by their identities."""
    said: dict[str, dict[str, Any]] = {}
    for one in transaction.read("identities").to_pylist():
        row = said.setdefault(one["response_id"], {"place": (one["file_sha256"], one["sheet"], one["source_row"])})
        row[one["kind"]] = one["hash"]
    responses = {one["response_id"]: one for one in transaction.read("responses", list(_STORED)).to_pylist()}
    for name in {**responses, **said}:
        row, one = said.get(name, {}), responses.get(name, {})
        place = (one["file_sha256"], one["sheet"], one["source_row"]) if one else row["place"]
        code = row.get("code", None if row else one.get("enterprise_id"))
        contact = (row["name"], row["phone"]) if {"name", "phone"} <= row.keys() else None
        yield Known(name, place, code, one.get("enterprise_id"), contact, row.get("native"), one.get("content_sha"))


def raw_records(sheets: Iterable[SheetRows], key: bytes) -> Iterator[Known]:
    """Yield what the raw files say, row by row, also of rows that were never stored."""
    for sheet in sheets:
        if sheet.holds == "ratings":
            continue
        for row, traces in enumerate(traces_of(sheet)):
            yield _raw_record(sheet, row, traces, key)


def _raw_record(sheet: SheetRows, row: int, traces: Traces, key: bytes) -> Known:
    hashes = traces.hashes(key)
    contact = (hashes["name"], hashes["phone"]) if {"name", "phone"} <= hashes.keys() else None
    place = (sheet.raw.sha256, sheet.table.sheet, sheet.row_numbers[row])
    content = None if sheet.content[row] is None else str(sheet.content[row])
    is_long = traces.native is not None and len(traces.native) >= LONG_NATIVE
    return Known(str(sheet.ids[row]), place, traces.code, None, contact, hashes.get("native"), content, is_long)


def _with_firms(known: Iterable[Known]) -> list[Known]:
    """Return records of raw files with the firm that the store has linked their row to."""
    records = list(known)
    firms = {one.place: one.enterprise for one in records if one.enterprise is not None}
    return [replace(one, enterprise=one.enterprise or firms.get(one.place)) for one in records]


def _hang_together(start: Known, records: Collection[Known]) -> tuple[Known, ...]:
    """Return all records of the respondent of one: same row, code, firm or content, and same name and telephone.

    The last counts where they come with one code at most, and where the store knows of no other firm.
    """
    codes: dict[tuple[str, str] | None, set[str]] = {}
    for one in records:
        codes.setdefault(one.contact, set()).update([one.code] if one.code else [])
    chosen = {start}
    rest = set(records) - chosen
    while True:
        ids = {one.response_id for one in chosen}
        places = {one.place for one in chosen}
        firms = {name for one in chosen for name in (one.code, one.enterprise)} - {None}
        contacts = {one.contact for one in chosen if len(codes[one.contact]) <= 1} - {None}
        contents = {one.content for one in chosen} - {None}
        more = {
            one
            for one in rest
            if one.response_id in ids
            or one.place in places
            or one.code in firms
            or one.enterprise in firms
            or one.content in contents
            or (one.contact in contacts and (one.enterprise is None or not firms))
        }
        if not more:
            return tuple(sorted(chosen, key=lambda one: (one.place, one.response_id)))
        chosen |= more
        rest -= more
