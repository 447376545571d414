"""Prove that log, raw and clean data agree: every cell of the store is the raw one, or the one that a line gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from evaltools.config import CampaignConfig
from evaltools.errors import message
from evaltools.store.schemas import ANSWERS_PREFIX
from evaltools.survey.corrections.applying import applied
from evaltools.survey.corrections.keeping import not_applied
from evaltools.survey.corrections.lines import question_in
from evaltools.survey.corrections.log import Correction
from evaltools.survey.corrections.opening import Copies, Opened, open_files
from evaltools.survey.corrections.replay import same_value
from evaltools.survey.instrument import Question
from evaltools.survey.records import answers_table, build_tables
from evaltools.survey.sheet_rows import SheetRows
from evaltools.survey.values.coerce import read_column
from evaltools.survey.values.written import how_written
from evaltools.text import Lang

Kind = Literal[
    "file-refused", "not-ingested", "line-not-applied", "row-missing", "row-extra", "store-differs", "value-differs",
    "changed-without-line", "texts-differ",
]  # fmt: skip
_KEY: Final = ("response_id", "bank_id", "repeat_no")
_PLACE: Final = ("file_sha256", "sheet", "instrument", "wave", "source_row")
_SHOWN: Final = 20

Row = tuple[str, int]
"""Id of a response, number of the rating."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where log, raw data and clean data do not agree; no value is shown."""

    kind: Kind
    locator: str


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What was compared.

    Attributes
    ----------
    lines, in_force, applied
        Lines of the log; of these, those in force; of these, those whose row and old value are still in the raw data.
    rows, cells
        Ratings in the store, and their answers, that were compared with the raw data.
    corrected
        Answers that a line changed.
    followed
        Answers in a corrected row that changed with it by the form's logic: taken out, asked again, calculated.
    differences
        All places where something does not agree.
    """

    lines: int = 0
    in_force: int = 0
    applied: int = 0
    rows: int = 0
    cells: int = 0
    corrected: int = 0
    followed: int = 0
    differences: tuple[Difference, ...] = field(default_factory=tuple)

    @property
    def exit_code(self) -> int:
        """8 where anything differs, else 0."""
        return 8 if self.differences else 0

    def to_dict(self) -> dict[str, Any]:
        """Return what ``evaltools correct --review --json`` prints."""
        return asdict(self)

    def report(self, lang: Lang) -> list[str]:
        """Return the differences, the first of them where there are many, then the counts."""
        told = [
            message("correct-differs", {"kind": message(f"correct-{one.kind}", {}, lang), "locator": one.locator}, lang)
            for one in self.differences[:_SHOWN]
        ]
        counts = {name: getattr(self, name) for name in _COUNTS}
        return [*told, message("correct-reviewed", {**counts, "differences": len(self.differences)}, lang)]


_COUNTS: Final = ("lines", "in_force", "applied", "rows", "cells", "corrected", "followed")


def review_log(folder: Path, config: CampaignConfig) -> Reviewed:
    """Read all raw files anew, with the log and without, and compare both with the store, cell by cell."""
    opened = open_files(folder, config)
    sheets, not_ready = opened.prepared()
    log = opened.plans.log
    found = [Difference("file-refused", str(one.fields.get("path"))) for one in (*opened.refused, *not_ready)]
    lost = {note.fields["id"] for note in not_applied(log.active, sheets)}
    found += [Difference("line-not-applied", line.locator) for line in log.active if line.correction_id in lost]
    stored = _Stored(opened)
    counts: Counter[str] = Counter()
    for sheet in stored.with_ids(stored.first(sheets)):
        found += _compare(sheet, stored, opened.key, counts)
    return Reviewed(
        lines=len(log.lines),
        in_force=len(log.active),
        applied=len(log.active) - len(lost),
        rows=counts["rows"],
        cells=counts["cells"],
        corrected=counts["corrected"],
        followed=counts["followed"],
        differences=tuple(found),
    )


class _Stored:
    """The committed rows, by file and row."""

    def __init__(self, opened: Opened) -> None:
        self._store = opened.store
        files = self._store.read("files", ["file_sha256", "sheet", "source_sha"]).to_pylist()
        self._files = {tuple(one.values()) for one in files}
        self.copies = Copies(self._store)
        rows = self._store.read("responses", ["response_id", *_PLACE]).to_pylist()
        self.responses = {one["response_id"] for one in rows}
        self._places: dict[tuple[Any, ...], list[str]] = {}
        for one in rows:
            self._places.setdefault(tuple(one[name] for name in _PLACE), []).append(one["response_id"])
        self._answers: dict[str, dict[Row, dict[str, Any]]] = {}
        self._texts: dict[str, list[tuple[Any, ...]]] = {}
        for one in self._store.read("texts").to_pylist():
            self._texts.setdefault(one["response_id"], []).append(_text_key(one))

    @staticmethod
    def first(sheets: Iterable[SheetRows]) -> Iterator[SheetRows]:
        """Yield the sheets without those of copied files."""
        seen: set[tuple[str, str, str, str, str]] = set()
        for sheet in sheets:
            key = (sheet.raw.sha256, sheet.table.sheet, sheet.source.instrument, sheet.source.wave, sheet.found.sha256)
            if key not in seen:
                seen.add(key)
                yield sheet

    def with_ids(self, sheets: Iterable[SheetRows]) -> list[SheetRows]:
        """Return the sheets with the ids that their rows were stored under.

        A file that was rewritten when a respondent was erased has another fingerprint; its rows have kept their ids.
        """
        listed = list(sheets)
        renamed: dict[str, str] = {}
        for sheet in listed:
            at = (sheet.raw.sha256, sheet.table.sheet, sheet.source.instrument, sheet.source.wave)
            for own, row in zip(sheet.ids, sheet.row_numbers, strict=True):
                held = self._places.get((*at, row), []) if own not in self.responses else []
                if len(held) == 1:
                    renamed[own] = held[0]
        ids = [np.array([renamed.get(one, one) for one in sheet.ids], dtype=object) for sheet in listed]
        return [replace(sheet, ids=own) for sheet, own in zip(listed, ids, strict=True)]

    def has(self, sheet: SheetRows) -> bool:
        """Say whether a sheet was stored as it would be read now."""
        return (sheet.raw.sha256, sheet.table.sheet, sheet.source_sha) in self._files

    def answers(self, instrument: str) -> Mapping[Row, dict[str, Any]]:
        """Return the answers of an instrument."""
        if instrument not in self._answers:
            rows = self._store.read(f"{ANSWERS_PREFIX}{instrument}").to_pylist()
            self._answers[instrument] = {(one["response_id"], one["repeat_no"]): one for one in rows}
        return self._answers[instrument]

    def texts(self, ids: Iterable[str], items: set[str]) -> list[tuple[Any, ...]]:
        """Return what some responses hold as free text."""
        return sorted((one for name in ids for one in self._texts.get(name, []) if one[1] in items), key=repr)


def _text_key(text: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(text[name] for name in ("response_id", "item", "repeat_no", "text"))


def _compare(sheet: SheetRows, stored: _Stored, key: bytes, counts: Counter[str]) -> Iterator[Difference]:
    if not stored.has(sheet):
        yield Difference("not-ingested", _place(sheet))
        return
    if sheet.holds == "responses":
        yield from _row_differences(sheet, [one in stored.responses for one in sheet.ids], stored)
        return
    answers = stored.answers(sheet.instrument.name)
    is_there = [(str(one), int(nth)) in answers for one, nth in zip(sheet.ids, sheet.repeat_no, strict=True)]
    yield from _row_differences(sheet, is_there, stored)
    keep = np.array(is_there, dtype=bool) & sheet.checked.accepted
    rows = np.flatnonzero(keep)
    counts["rows"] += len(rows)
    yield from _cell_differences(sheet, rows, answers, counts)
    expected = build_tables(sheet, keep, key)["texts"].to_pylist()
    items = {question.name for question in sheet.instrument.questions}
    if sorted(map(_text_key, expected), key=repr) != stored.texts(dict.fromkeys(sheet.ids[rows]), items):
        yield Difference("texts-differ", _place(sheet))


def _row_differences(sheet: SheetRows, is_there: Iterable[bool], stored: _Stored) -> Iterator[Difference]:
    """Yield rows that count and are not stored, or are stored and do not count."""
    for row, (accepted, there) in enumerate(zip(sheet.checked.accepted, is_there, strict=True)):
        if sheet.holds == "ratings" and sheet.ids[row] not in stored.responses:
            continue
        if accepted and not there and not stored.copies.has(sheet, row):
            yield Difference("row-missing", _place(sheet, row))
        elif there and not accepted:
            yield Difference("row-extra", _place(sheet, row))


def _cell_differences(
    sheet: SheetRows, rows: Any, answers: Mapping[Row, dict[str, Any]], counts: Counter[str]
) -> Iterator[Difference]:
    lines = _lines(sheet)
    clean, raw = (_answers(one, rows, sheet) for one in (sheet, sheet.before or sheet))
    for place, row in enumerate(rows.tolist()):
        kept = answers[str(sheet.ids[row]), int(sheet.repeat_no[row])]
        own = lines.get(row, {})
        for name, column in clean.items():
            counts["cells"] += 1
            value, line = column[place], own.get(name)
            if kept.get(name) != value:
                yield Difference("store-differs", _place(sheet, row, name))
            if line is not None and not _is_new_value(*line, value):
                yield Difference("value-differs", _place(sheet, row, name))
            if raw[name][place] == value:
                continue
            if not own:
                yield Difference("changed-without-line", _place(sheet, row, name))
            counts["corrected" if line is not None else "followed"] += 1


def _lines(sheet: SheetRows) -> dict[int, dict[str, tuple[Correction, SheetRows]]]:
    """Return the lines on the answers of each row, with those on the submission that a rating belongs to."""
    found: dict[int, dict[str, tuple[Correction, SheetRows]]] = {}
    if sheet.parents is not None:
        above = _lines(sheet.parents.sheet)
        found = {row: dict(above[up]) for row, up in enumerate(sheet.parents.rows.tolist()) if up in above}
    for one in applied(sheet.outcomes):
        if one.row is not None and one.line.action in ("change", "blank"):
            found.setdefault(one.row, {})[one.line.question] = (one.line, sheet)
    return found


def _answers(sheet: SheetRows, rows: Any, key_of: SheetRows) -> dict[str, list[Any]]:
    key = {"response_id": key_of.ids[rows], "bank_id": key_of.bank[rows], "repeat_no": key_of.repeat_no[rows]}
    table = answers_table(sheet, rows, key)
    return {name: table[name].to_pylist() for name in table.column_names if name not in _KEY}


def _is_new_value(line: Correction, sheet: SheetRows, value: Any) -> bool:
    """Say whether an answer is what its line gives; a number or date may be written in another way than it is kept."""
    if line.action == "blank":
        return value is None
    question = question_in(sheet, line.question)
    if question is not None and question.choices:
        names = value if isinstance(value, list) else [value]
        return set(names) == set(line.new_value.split()) or value is None
    return value is not None and (same_value(value, line.new_value) or value == _read_alone(line, question, sheet))


def _read_alone(line: Correction, question: Question | None, sheet: SheetRows) -> Any:
    """Return a line's new value as it is read in the units and the order of dates of its column."""
    if question is None or question.name not in sheet.found.columns:
        return None
    column = sheet.table.columns[sheet.found.columns[question.name]]
    written = how_written(question, column, sheet.source, sheet.table.epoch)
    return read_column([line.new_value], question.type, written=written).answers[0]


def _place(sheet: SheetRows, row: int | None = None, name: str = "") -> str:
    where = f"{sheet.rel_path}#{sheet.table.sheet}" if sheet.table.sheet else sheet.rel_path
    if row is None:
        return where
    return f"{where}{'!' if sheet.table.sheet else '#'}row {sheet.row_numbers[row]} {name}".rstrip()
