"""What a row says of who answered, in clear and as keyed hashes. Clear text never leaves the memory of an ingest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from evaltools.store.schemas import SCHEMAS
from evaltools.survey.identity.names import comparable_name, comparable_phone
from evaltools.survey.privacy import pseudonym
from evaltools.survey.sheet_rows import SheetRows

NAMES: Final = frozenset({"enterprise.name", "enterprise_name"})
PHONES: Final = frozenset({"enterprise.phone", "enterprise_phone"})
"""Concepts of the questions for a firm's name and its telephone, see `CREDIT_CODES` for its code."""


@dataclass(frozen=True, slots=True)
class Traces:
    """What one row of a sheet says of who answered: comparable texts in clear, `code` as a keyed hash already."""

    code: str | None
    name: str | None
    phone: str | None
    native: str | None

    def hashes(self, key: bytes) -> dict[str, str]:
        """Return keyed hashes by kind, without those that the row does not give."""
        found = {kind: pseudonym([getattr(self, kind)], key, kind)[0] for kind in ("name", "phone", "native")}
        return {kind: one for kind, one in {"code": self.code, **found}.items() if one is not None}


def traces_of(sheet: SheetRows) -> list[Traces]:
    """Return the traces of all rows of a sheet of responses."""
    names = _first(sheet, NAMES, comparable_name)
    phones = _first(sheet, PHONES, comparable_phone)
    native = [None if one is None else str(one).strip() or None for one in sheet.fields.native_id]
    return [Traces(*row) for row in zip(sheet.enterprise, names, phones, native, strict=True)]


def identity_rows(sheet: SheetRows, key: bytes) -> pa.Table:
    """Return a sheet's rows of the table `identities`; nothing of a row without consent.

    Rows in quarantine and copies are among them, so that all of a respondent can be found again.
    """
    silent = {fault.row for fault in sheet.checked.faults if fault.rule == "consent"}
    rows = [row for place, traces in enumerate(traces_of(sheet)) if place not in silent
            for row in _rows(sheet, place, traces, key)]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SCHEMAS["identities"])


def _rows(sheet: SheetRows, place: int, traces: Traces, key: bytes) -> Iterator[dict[str, object]]:
    for kind, hashed in traces.hashes(key).items():
        yield {
            "response_id": sheet.ids[place],
            "kind": kind,
            "hash": hashed,
            "instrument": sheet.source.instrument,
            "wave": sheet.source.wave,
            "file_sha256": sheet.raw.sha256,
            "sheet": sheet.table.sheet,
            "source_row": sheet.row_numbers[place],
        }


def _first(sheet: SheetRows, concepts: frozenset[str], comparable: Callable[[str], str | None]) -> list[str | None]:
    """Return each row's answer to the first identifying question of some concepts that the sheet has."""
    for name in sheet.identifying:
        if sheet.instrument.question(name).concept in concepts and name in sheet.checked.columns:
            cells = sheet.checked.columns[name].answers
            return [None if cell is None else comparable(str(cell)) for cell in cells]
    return [None] * len(sheet.ids)
