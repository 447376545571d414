"""A sheet after reading and checking: ids of its rows, what tells copies, who answered. Nothing of it is stored yet."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from evaltools.config import Source
from evaltools.errors import FileRefusedError
from evaltools.survey.checks import Checked
from evaltools.survey.corrections.applying import Outcome
from evaltools.survey.instrument import Instrument
from evaltools.survey.matching.columns import ColumnMap
from evaltools.survey.privacy import keyed_hash, pseudonym
from evaltools.survey.questions import Fields
from evaltools.survey.raw_files import SourceFile, place
from evaltools.survey.readers import RawFile, RawTable
from evaltools.survey.readers.cells import code_cells
from evaltools.survey.repeats import ORPHAN, Places
from evaltools.survey.roles import Roles, is_identifying
from evaltools.survey.values.coerce import Objects
from evaltools.text import normalise

_JSON: Final = json.JSONEncoder(ensure_ascii=False, default=str)


@dataclass(frozen=True, slots=True, eq=False)
class Parents:
    """Whose the rows of a repeat are.

    Attributes
    ----------
    sheet
        The rows of the submissions.
    rows : int array (n,)
        Place of each row's submission among them; `ORPHAN` where there is none.
    """

    sheet: SheetRows
    rows: Places


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
    repeat_no : int array (n,)
        Number of the rating within its response, from 1.
    holds
        Whether a row is a response with its one rating, a response whose ratings stand in another sheet, or a rating of
        a response there. `ids`, `content` and `enterprise` are then those of the response.
    parents
        Of ratings.
    given
        The table as it stands in the file, before corrections.
    outcomes
        What became of the corrections on the sheet; its cells are those after them.
    before
        The same sheet without its corrections; None where there are none, or where it could not be read without them.
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
    repeat_no: Places
    holds: Literal["all", "responses", "ratings"] = "all"
    parents: Parents | None = None
    given: RawTable | None = None
    outcomes: tuple[Outcome, ...] = ()
    before: SheetRows | None = None

    @property
    def source(self) -> Source:
        """The source that the sheet is read for."""
        return self.file.source

    @property
    def uncorrected(self) -> RawTable:
        """The table as it stands in the file."""
        return self.table if self.given is None else self.given

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
    checked: Checked,
    fields: Fields,
    instrument: Instrument,
    enterprise: Objects,
    key: bytes,
    ratings: Sequence[object] | None = None,
) -> Objects:
    """Return the keyed hash of each row's content, see :class:`SheetRows`.

    Parameters
    ----------
    enterprise
        As the campaign's first key gives it, so that a content hash can be rotated like any other.
    ratings
        What each row's ratings in another sheet say.
    """
    answers = _answers_as_json(checked, instrument)
    found = np.full(len(enterprise), None, dtype=object)
    for row, who in enumerate(zip(fields.native_id, fields.submitted_at, enterprise, strict=True)):
        if who == (None, None, None):
            continue
        content = [*map(_JSON.encode, who), answers[row]]
        content += [] if ratings is None else [_JSON.encode(ratings[row])]
        text = f"[{', '.join(content)}]".encode("utf-8", "replace")
        found[row] = keyed_hash(b"content\x1f" + text, key, 32)
    return found


def _answers_as_json(checked: Checked, instrument: Instrument) -> list[str]:
    """Return what :func:`answers_given` gives of each row as JSON; each distinct answer to a question is written once.

    Stored hashes are made of this text, so it is to the letter what the JSON of a whole row would be.
    """
    columns = []
    for name, answers in _answers_by_name(checked, instrument):
        coded, start = code_cells(answers), _JSON.encode(name)
        # 0.0 and -0.0 are one answer and two texts
        has_zero = any(isinstance(answer, float) and not answer for answer in coded.distinct)
        texts = [f"[{start}, {_JSON.encode(answer)}]" for answer in (answers if has_zero else coded.distinct)]
        columns.append(texts if has_zero else [texts[code] for code in coded.codes])
    rows = zip(*columns, strict=True) if columns else [()] * len(checked.accepted)
    return [f"[{', '.join(row)}]" for row in rows]


def answers_given(
    checked: Checked, instrument: Instrument, within: Collection[str] | None = None
) -> Callable[[int], list[object]]:
    """Return the function that gives what a row answers, question by question.

    What is computed here is left out: it follows from the rest, and may be computed otherwise tomorrow.
    """
    given = _answers_by_name(checked, instrument, within)
    return lambda row: [[name, answers[row]] for name, answers in given]


def _answers_by_name(
    checked: Checked, instrument: Instrument, within: Collection[str] | None = None
) -> list[tuple[str, Objects]]:
    names = {question.name for question in instrument.answered} & (checked.columns.keys() - checked.computed)
    return [(name, checked.columns[name].answers) for name in sorted(names) if within is None or name in within]


def identifying_names(names: Iterable[str], instrument: Instrument, roles: Roles) -> tuple[str, ...]:
    """Return those of some questions whose answers say who somebody is."""
    return tuple(name for name in names if is_identifying(instrument.question(name), roles))


def bank_of(checked: Checked, roles: Roles, *, path: str, sheet: str) -> Objects:
    """Return the bank of each rating.

    Raises
    ------
    FileRefusedError
        ``bank-column-missing``: no column of the sheet says it.
    """
    bank = checked.columns.get(str(roles.one("bank")))
    if bank is None:
        at = {"path": path, "sheet": sheet, "place": place(path, sheet)}
        raise FileRefusedError("bank-column-missing", **at, column=roles.one("bank"))
    return bank.known


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
    own = [text for name in sheet.identifying for text in _spellings(sheet, name, row)]
    if sheet.parents is None or sheet.parents.rows[row] == ORPHAN:
        return own
    return own + row_identifiers(sheet.parents.sheet, int(sheet.parents.rows[row]))


def _spellings(sheet: SheetRows, name: str, row: int) -> list[str]:
    """Return an identifier as it was read and as it was written."""
    texts = [sheet.checked.columns[name].answers[row]]
    if name in sheet.found.columns:
        texts.append(sheet.table.cells(sheet.found.columns[name])[row])
    return [str(text) for text in texts if text is not None]
