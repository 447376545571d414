"""What is kept of an erased respondent: hashes of keyed hashes, so that no file brings the respondent back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256

import numpy as np
import pyarrow as pa

from evaltools.survey.erasure.person import Person, raw_records
from evaltools.survey.privacy import prefix_key, pseudonym, rotations
from evaltools.survey.readers import RawFile, RawTable
from evaltools.survey.readers.model import Note
from evaltools.survey.sheet_rows import SheetRows, enterprises
from evaltools.survey.values.identifiers import compact


def tombstone(kind: str, hashed: str) -> str:
    """Return what is kept of a keyed hash: without the key nobody can tell whose it is."""
    return sha256(f"evaltools: erased\x1f{kind}\x1f{hashed}".encode()).hexdigest()[:32]


def erasure_rows(erasure_id: str, person: Person, level: int, on: date) -> list[dict[str, object]]:
    """Return the rows of the table `erasures` for a respondent; `level` is how often the key was rotated by then."""
    return [
        {"erasure_id": erasure_id, "kind": kind, "hash": tombstone(kind, hashed), "level": level, "made_on": on}
        for kind, hashed in sorted(person.marks)
    ]


@dataclass(frozen=True, slots=True)
class Tombstones:
    """All that was erased from a campaign: level (rotations of the key at that time) to tombstones."""

    by_level: Mapping[int, frozenset[str]]

    @classmethod
    def read(cls, erasures: pa.Table) -> Tombstones:
        """Read the table `erasures`."""
        found: dict[int, set[str]] = {}
        for one in erasures.select(["level", "hash"]).to_pylist():
            found.setdefault(one["level"], set()).add(one["hash"])
        return cls({level: frozenset(hashes) for level, hashes in found.items()})

    def holds(self, kind: str, hashed: str, level: int) -> bool:
        """Say whether something was erased while the key had been rotated so many times."""
        return tombstone(kind, hashed) in self.by_level.get(level, ())

    def knows(self, given: str, key: bytes) -> bool:
        """Say whether the respondent whom an id names was erased."""
        text = given.strip()
        for level in self.by_level:
            then = prefix_key(key, level)
            [code], [native] = pseudonym([compact(text)], then, "enterprise"), pseudonym([text], then, "native")
            marks = (("code", code), ("code", text), ("row", text), ("native", native))
            if any(self.holds(kind, str(hashed), level) for kind, hashed in marks):
                return True
        return False

    def rows(self, sheet: SheetRows, key: bytes) -> set[int]:
        """Return the places of the rows of a sheet of responses that belong to somebody who was erased."""
        gone: set[int] = set()
        for level in self.by_level:
            gone |= self._rows_at(sheet, prefix_key(key, level), level, is_current=level == rotations(key))
        return gone

    def _rows_at(self, sheet: SheetRows, key: bytes, level: int, *, is_current: bool) -> set[int]:
        if not is_current:
            blank = np.full(len(sheet.ids), None, dtype=object)  # a content's hash is only known under the whole key
            sheet = replace(sheet, enterprise=enterprises(sheet.checked, sheet.roles, key), content=blank)
        return {
            row
            for row, one in enumerate(raw_records([sheet], key))
            # a code of its own says that another firm has the name and telephone of somebody who was erased
            if any(
                self.holds(kind, hashed, level)
                for kind, hashed in Person((one,)).marks
                if kind != "contact" or one.code is None
            )
        }


def without_erased(raw: RawFile, sheets: Iterable[SheetRows], tombstones: Tombstones, key: bytes) -> RawFile | None:
    """Return a file without the rows of erased respondents; None where it holds none."""
    gone: dict[str, set[int]] = {}
    erased_ids: set[str] = set()
    for sheet in sheets:
        if sheet.holds != "ratings":
            rows = tombstones.rows(sheet, key)
            erased_ids |= {str(sheet.ids[row]) for row in rows}
        else:
            rows = {row for row, one in enumerate(sheet.ids) if one in erased_ids}
        if rows:
            gone.setdefault(sheet.table.sheet, set()).update(rows)
    if not gone:
        return None
    return replace(raw, tables=tuple(_without(table, gone.get(table.sheet, set())) for table in raw.tables))


def _without(table: RawTable, rows: set[int]) -> RawTable:
    if not rows:
        return table
    kept = [place for place in range(table.n_rows) if place not in rows]
    numbers = [table.row_numbers[place] for place in sorted(rows)]
    return replace(
        table,
        row_numbers=[table.row_numbers[place] for place in kept],
        values=[cells.take(kept) for cells in table.values],
        n_counted=table.n_counted - len(rows),
        notes=(*table.notes, Note("note-erased", {"count": len(rows), "rows": numbers})),
    )
