"""Read an exported truth back as a raw file goes: container, reader, matching, every answer; compare."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

from evaltools.config import Source
from evaltools.errors import FileRefusedError
from evaltools.survey.instrument import Instrument, read_instrument_file
from evaltools.survey.matching.columns import match_columns
from evaltools.survey.questions import Fields, read_fields, read_questions
from evaltools.survey.readers import Limits, RawTable
from evaltools.survey.readers.choose import read_content
from evaltools.survey.readers.container import open_container
from evaltools.survey.roles import Roles
from evaltools.text import clean
from exports.truth import Choice, Dialect, Missing, Question, Row, Truth

LIMITS = Limits()
NOBODY = Roles({})
_LANGUAGES = ("label::中文 (zh)", "label::English (en)")


@dataclass(frozen=True)
class Difference:
    """Something that did not come back as it was written.

    Attributes
    ----------
    dialect, row, question
        Where; row 0 is the whole file, question "" the whole row.
    kind
        ``reader``: another reader took the file for its own; ``refused``: the whole file was refused, with its code in
        `got`; ``flagged``: a cell was refused, with its code in `got`; ``different``: nobody was told.
    expected, got
        What was written, and what was read.
    """

    dialect: str
    row: int
    question: str
    kind: Literal["reader", "refused", "flagged", "different"]
    expected: str
    got: str

    @property
    def is_silent(self) -> bool:
        """Whether nobody was told of it."""
        return self.kind in ("different", "reader")

    def __str__(self) -> str:
        return f"row {self.row} {self.question}: {self.kind}, {self.expected} -> {self.got}"


def score_of(choices: tuple[Choice, ...], name: str) -> int:
    """Return the score that the instrument gives a choice: never its place in the list, so that the two are told apart.

    A scale of numbers is scored backwards, other choices by tens.
    """
    place = [choice.name for choice in choices].index(name) + 1
    return len(choices) + 1 - place if all(choice.name.isdigit() for choice in choices) else 10 * place


def read_back(dialect: Dialect, truth: Truth, *, columns: Mapping[str, Any] | None = None) -> list[Difference]:
    """Write a truth in a dialect, read it back, and return all that differs.

    Every question but those that the dialect loses is compared in every row, and the times of submission and start
    where the reader found them (to the minute, where the file holds no seconds).

    Parameters
    ----------
    columns
        What a campaign file would say under ``[sources.columns]``.
    """
    content = dialect.write(truth)
    try:
        reader, table = _read(content, dialect.file)
        if reader != dialect.reader:
            return [Difference(dialect.name, 0, "", "reader", dialect.reader, reader)]
        return _compare(dialect, truth, table, dict(columns or {}))
    except FileRefusedError as error:
        return [Difference(dialect.name, 0, "", "refused", f"{len(truth.rows)} rows", str(error))]


def _read(content: bytes, file: str) -> tuple[str, RawTable]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / file
        path.write_bytes(content)
        container = open_container(path, LIMITS)
    reading = read_content(container.data, container.kind, reader=None, sheet=None, file=file, limits=LIMITS)
    return reading.reader, reading.tables[0]


def _compare(dialect: Dialect, truth: Truth, table: RawTable, named: dict[str, Any]) -> list[Difference]:
    asked = [question for question in truth.questions if question.name not in dialect.loses]
    source = Source(
        pattern="raw/*", instrument="truth", wave="w", mode="self", channel="x",
        absent=tuple(sorted(dialect.loses)), columns=named,
    )  # fmt: skip
    instrument = instrument_of(truth.questions)
    found = match_columns(table, instrument, source, path=dialect.file)
    columns = read_questions(table, found, instrument, source, NOBODY, [])
    fields = read_fields(table, columns, NOBODY)
    if table.n_rows != len(truth.rows):
        return [_different(dialect, 0, "", f"{len(truth.rows)} rows", f"{table.n_rows} rows")]
    places = _places(truth, fields)
    if places is None:
        return [_different(dialect, 0, "", "the ids of the rows", "others")]
    differences = []
    for question in asked:
        column = columns.get(question.name)
        for row in truth.rows:
            place = places[row.id]
            if column is None:
                got: tuple[Any, Any, Any] = (None, "no column", None)
            else:
                got = (column.answers[place], column.reasons[place], column.faults[place])
            differences += _answer(dialect, question, row, got)
    return differences + _times(dialect, truth, fields, places)


def _answer(dialect: Dialect, question: Question, row: Row, got: tuple[Any, Any, Any]) -> list[Difference]:
    answer, reason, fault = got
    value = row.answers[question.name]
    if value is Missing.BLANK and question.type == "select_multiple" and dialect.blank_is_none:
        value = ()
    if fault is not None:
        return [Difference(dialect.name, row.id, question.name, "flagged", repr(value), fault)]
    if isinstance(value, Missing):
        reasons = {value.value} if dialect.tells_missing else {one.value for one in Missing}
        if answer is None and reason in reasons:
            return []
        return [_different(dialect, row.id, question.name, value, reason if answer is None else answer)]
    if reason is None and type(answer) is type(_plain(value)) and answer == _plain(value):
        return []
    return [_different(dialect, row.id, question.name, _plain(value), answer if reason is None else reason)]


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    return clean(value).strip() if isinstance(value, str) else value


def _places(truth: Truth, fields: Fields) -> dict[int, int] | None:
    """Return where each row of the truth stands: by its id in the file, else by its time, else as it was written."""
    ways: list[tuple[list[Any], Callable[[Row], Any]]] = [
        (list(fields.native_id), lambda row: row.uuid),
        (list(fields.native_id), lambda row: f"uuid:{row.uuid}"),
        (list(fields.native_id), lambda row: str(row.id)),
        (list(fields.submitted_at), lambda row: row.submitted),
        (list(fields.submitted_at), lambda row: row.submitted.replace(second=0)),
    ]
    for read, own in ways:
        wanted = [own(row) for row in truth.rows]
        if set(read) == set(wanted) and len(set(read)) == len(read):
            return {row.id: read.index(own(row)) for row in truth.rows}
    if any(value is not None for value in fields.native_id):
        return None
    return {row.id: place for place, row in enumerate(truth.rows)}


def _times(dialect: Dialect, truth: Truth, fields: Fields, places: dict[int, int]) -> list[Difference]:
    differences = []
    for name, read in (("submitted", fields.submitted_at), ("started", fields.started_at)):
        if all(stamp is None for stamp in read):
            continue
        to_the_minute = all(stamp is None or not stamp.second for stamp in read)
        for row in truth.rows:
            expected: datetime = getattr(row, name)
            expected = expected.replace(second=0) if to_the_minute else expected
            if read[places[row.id]] != expected:
                differences.append(_different(dialect, row.id, f"{name}_at", expected, read[places[row.id]]))
    return differences


def _different(dialect: Dialect, row: int, question: str, expected: object, got: object) -> Difference:
    return Difference(dialect.name, row, question, "different", repr(expected)[:200], repr(got)[:200])


# ---------------------------------------------------------------------------------------------------------------------
# The form of a truth


@cache
def instrument_of(questions: tuple[Question, ...]) -> Instrument:
    """Return the instrument of a truth: its groups, labels, choices with scores, relevance."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "truth.md"
        path.write_text(form_of(questions), encoding="utf-8")
        return read_instrument_file(path)


def form_of(questions: tuple[Question, ...]) -> str:
    """Return the XLSForm of a truth as Markdown."""
    lists = {choices: f"list_{number}" for number, choices in enumerate(dict.fromkeys(_lists(questions)), start=1)}
    survey = [["type", "name", *_LANGUAGES, "relevant", "sensitivity", "unit"]]
    group = ""
    for question in questions:
        if question.group != group:
            survey += [["end_group"]] * bool(group)
            survey += [["begin_group", question.group, question.group, question.group]] * bool(question.group)
            group = question.group
        kind = f"{question.type} {lists[question.choices]}" if question.choices else question.type
        survey.append([kind, question.name, question.zh, question.en, question.relevant, "plain", question.unit])
    survey += [["end_group"]] * bool(group)
    choices = [["list_name", "name", *_LANGUAGES, "score"]]
    for listed, name in lists.items():
        choices += [[name, one.name, one.zh, one.en, str(score_of(listed, one.name))] for one in listed]
    return f"{_sheet('survey', survey)}\n{_sheet('choices', choices)}"


def _lists(questions: tuple[Question, ...]) -> list[tuple[Choice, ...]]:
    return [question.choices for question in questions if question.choices]


def _sheet(name: str, rows: list[list[str]]) -> str:
    width = len(rows[0])
    lines = ["| " + " | ".join(["", *row, *[""] * (width - len(row))]).strip() + " |" for row in rows]
    return f"| {name} |\n" + "\n".join(lines) + "\n"
