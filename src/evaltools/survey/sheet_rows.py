"""A sheet after reading and checking: ids of its rows, what tells copies, who answered. Nothing of it is stored yet."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from evaltools.config import Source
from evaltools.survey.checks import Checked
from evaltools.survey.coerce import Objects
from evaltools.survey.instrument import Instrument
from evaltools.survey.matching import ColumnMap
from evaltools.survey.privacy import pseudonym
from evaltools.survey.questions import Fields
from evaltools.survey.raw_files import SourceFile
from evaltools.survey.readers import RawFile, RawTable
from evaltools.survey.roles import Roles
from evaltools.text import normalise


@dataclass(frozen=True, slots=True, eq=False)
class SheetRows:
    """A sheet that was read and checked, for one source; nothing of it is stored yet.

    Attributes
    ----------
    identifying
        Questions of this sheet whose answers say who somebody is.
    row_numbers : n numbers
        Rows of the sheet as a person sees them.
    ids : object array (n,)
        Response ids: a hash of file, sheet, instrument, wave, columns and row, the same on every run and machine.
    content : object array (n,)
        Keyed hash of what was answered and by whom; equal for exact duplicates. None where neither an id of the tool
        nor a time of submission nor an enterprise tells respondents apart.
    enterprise, bank : object arrays (n,)
        Pseudonym of the enterprise, id of the bank; None where there is none.
    """

    file: SourceFile
    raw: RawFile
    table: RawTable
    source_sha: str
    instrument: Instrument
    roles: Roles
    found: ColumnMap
    fields: Fields
    checked: Checked
    identifying: tuple[str, ...]
    row_numbers: tuple[int, ...]
    ids: Objects
    content: Objects
    enterprise: Objects
    bank: Objects

    @property
    def source(self) -> Source:
        """The source that the sheet is read for."""
        return self.file.source

    @property
    def rel_path(self) -> str:
        """Where the file is, below the campaign's folder."""
        return self.file.rel_path


def response_ids(sha256: str, sheet: str, source: Source, found: ColumnMap, rows: Iterable[int]) -> list[str]:
    """Return the id of each row of a sheet.

    The columns are part of it: a sheet may hold two ratings in one row, or both waves, each read by its own source.
    """
    stem = f"{sha256}\x1f{sheet}\x1f{source.instrument}\x1f{source.wave}\x1f{found.sha256}"
    return [hashlib.sha256(f"{stem}\x1f{row}".encode("utf-8", "replace")).hexdigest()[:24] for row in rows]


def content_hashes(
    checked: Checked, fields: Fields, instrument: Instrument, enterprise: Objects, key: bytes
) -> Objects:
    """Return the keyed hash of each row's content, see :class:`SheetRows`."""
    names = sorted(question.name for question in instrument.answered if question.name in checked.columns)
    values = [checked.columns[name].answers for name in names]
    found = np.full(len(enterprise), None, dtype=object)
    for row, (native, submitted, firm) in enumerate(
        zip(fields.native_id, fields.submitted_at, enterprise, strict=True)
    ):
        if native is None and submitted is None and firm is None:
            continue
        content = [native, submitted, firm, [[name, column[row]] for name, column in zip(names, values, strict=True)]]
        text = json.dumps(content, ensure_ascii=False, default=str).encode("utf-8", "replace")
        found[row] = hmac.new(key, b"content\x1f" + text, "sha256").hexdigest()[:32]
    return found


def enterprises(checked: Checked, roles: Roles, key: bytes) -> Objects:
    """Return the pseudonym of each row's enterprise; None where it is not known."""
    return hashed_role(checked, roles, "enterprise", key)


def hashed_role(checked: Checked, roles: Roles, role: str, key: bytes) -> Objects:
    """Return the pseudonym of the answer to the question of a role; None where there is none."""
    name = roles.one(role)
    if name is None or name not in checked.columns:
        return np.full(len(checked.accepted), None, dtype=object)
    values = checked.columns[name].answers
    # identifiers of enterprises were made comparable when they were read
    texts = [
        None if value is None else str(value) if role == "enterprise" else normalise(str(value)) for value in values
    ]
    found = np.empty(len(texts), dtype=object)
    found[:] = pseudonym(texts, key, role)
    return found


def row_identifiers(sheet: SheetRows, row: int) -> list[str]:
    """Return the identifying texts that a row gives, so that they can be struck out of its free text."""
    return [text for name in sheet.identifying for text in _spellings(sheet, name, row)]


def _spellings(sheet: SheetRows, name: str, row: int) -> list[str]:
    """Return an identifier as it was read and as it was written."""
    texts = [sheet.checked.columns[name].answers[row]]
    if name in sheet.found.columns:
        texts.append(sheet.table.rows.iloc[row, sheet.found.columns[name]])
    return [str(text) for text in texts if text is not None]
