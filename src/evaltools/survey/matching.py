"""Find the column of each question: by the campaign file, by name and group path, by label; never by a guess."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from evaltools.config import ColumnRef, Source
from evaltools.errors import CampaignError, FileRefusedError
from evaltools.survey.choices import MISSING_CHOICES
from evaltools.survey.instrument import Instrument, Question
from evaltools.survey.privacy import redact
from evaltools.survey.raw_files import place
from evaltools.survey.readers import RawColumn, RawTable
from evaltools.survey.roles import Roles
from evaltools.text import normalise

_LEAD_NUMBER: Final = re.compile(
    r"^(?:第\s*[0-9]{1,3}\s*题\s*[:、.]?|[q问]?\s*[0-9]{1,3}\s*(?:[、:)]|\.(?![0-9]))|\([0-9]{1,3}\))\s*"
)
_TRAILING: Final = re.compile(
    r"(?:[*:?。\s]|[(\[【](?:必填|选填|必答|required|optional|单选题?|多选题?|填空题?|矩阵[^)\]】]{0,8})[)\]】])+$"
)
_MARKUP: Final = re.compile(r"\*\*|__|</?[a-z][^<>]{0,60}>")
_DASHES: Final = re.compile(r"\s*[-‐‑–—―−]+\s*")
_MANGLED: Final = {"lg==": ".", "ja==": "$"}
_NEAR: Final = 0.5
_LONGEST: Final = 200
# what collection tools add to every export
_TOOLS: Final = re.compile(r"_[a-z_]+|formhub/uuid|meta/\w+|来源|用户ID|总分")


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Which columns of a sheet hold an instrument's questions.

    Attributes
    ----------
    columns
        Question to position.
    split
        select_multiple that stands in one column a choice: question to choice name to position.
    extra
        Headers of columns that no question and no field of the tool claims, in the order of the sheet; never stored.
    sha256
        Of all of it, for the record in `files`.
    """

    columns: Mapping[str, int]
    split: Mapping[str, Mapping[str, int]]
    extra: tuple[str, ...]
    sha256: str

    def has(self, name: str) -> bool:
        """Say whether a question has a column here."""
        return name in self.columns or name in self.split


def match_columns(table: RawTable, instrument: Instrument, source: Source, *, path: str) -> ColumnMap:
    """Find the columns of an instrument's questions in a sheet.

    In this order, each only for what is still without a column: the campaign file (``[sources.columns]``); the name
    with its groups (``g_loan/steps``); the name alone; the name as other programs rewrite it (``g_loan.steps``); the
    label in either language, without question numbers and marks such as （必填）.

    Raises
    ------
    FileRefusedError
        ``column-named-missing``: a header of the campaign file is not there; ``column-ambiguous``: two columns for
        one question, or two questions for one column; ``column-missing``, with the nearest headers. Each lists all.
    """
    at = {"path": path, "sheet": table.sheet, "place": place(path, table.sheet)}
    found = _named(table, source, at)
    wanted = [one for one in instrument.answered if one.name not in source.absent and one.name not in found]
    wanted += [one for one in instrument.questions if one.type == "metadata" and one.name not in found]
    taken = {*found.values(), *table.meta.values()}
    clashes: dict[str, list[str]] = {}
    for keys_of_question, keys_of_column in _TIERS:
        free = [column for column in table.columns if column.position not in taken]
        hits = _hits(wanted, free, keys_of_question, keys_of_column)
        positions = [column.position for columns in hits.values() for column in columns]
        for name, columns in hits.items():
            if len(columns) > 1 or positions.count(columns[0].position) > 1:
                clashes.setdefault(name, [_shown(column) for column in columns])
            else:
                found[name] = columns[0].position
        taken |= set(positions)
        wanted = [one for one in wanted if one.name not in hits]
    if clashes:
        listed = [f"{name} ({', '.join(headers)})" for name, headers in clashes.items()]
        raise FileRefusedError("column-ambiguous", **at, columns="; ".join(listed))
    split = _split(wanted, [column for column in table.columns if column.position not in taken])
    _refuse_missing(table, [one for one in wanted if one.name not in split and _is_needed(one)], taken, at)
    claimed = taken | _parts(instrument, table, found, split)
    extra = tuple(
        redact(column.header)[:_LONGEST]
        for column in table.columns
        if column.position not in claimed and not _is_own(column)
    )
    return ColumnMap(found, split, extra, _sha256(table, found, split))


def check_sources(
    sources: Iterable[Source],
    instruments: Mapping[str, Instrument],
    roles: Mapping[str, Roles],
    bank_ids: Iterable[str],
) -> None:
    """Check that what the campaign file says of questions, choices and banks names such that there are.

    Parameters
    ----------
    instruments, roles
        By name of the instrument.

    Raises
    ------
    CampaignError
        ``source-question``: an unknown question under columns, absent, recode or comparability; ``source-choice``: a
        recode to no choice of its question, or to no bank; ``source-repeat``: a question inside a repeat.
    """
    banks = tuple(bank_ids)
    for number, source in enumerate(sources, start=1):
        instrument = instruments[source.instrument]
        known = {question.name: question for question in instrument.questions}
        for key in ("columns", "absent", "recode", "comparability"):
            for name in getattr(source, key):
                if name not in known:
                    near = [one for one in known if _alike(one, name) >= _NEAR]
                    raise CampaignError(
                        "source-question", number=number, key=key, name=name, instrument=instrument.name, near=near
                    )
        for name, mapping in source.recode.items():
            is_bank = name == roles[instrument.name].one("bank")
            choices = set(banks) if is_bank else {choice.name for choice in known[name].choices} | set(MISSING_CHOICES)
            for target in sorted(set(mapping.values()) - choices) if is_bank or known[name].choices else ():
                raise CampaignError("source-choice", number=number, question=name, name=target, known=sorted(choices))
        for question in instrument.answered:
            if question.repeat and question.name not in source.absent:
                raise CampaignError(
                    "source-repeat", instrument=instrument.name, question=question.name, repeat=question.repeat
                )


def label_key(text: str) -> str:
    """Return the form of a header or label in which equal ones are equal: no number in front, no mark behind."""
    text = _DASHES.sub("-", _MARKUP.sub("", normalise(text)))
    return _TRAILING.sub("", _LEAD_NUMBER.sub("", text.lstrip("* "))).strip()


def _named(table: RawTable, source: Source, at: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, int] = {}
    missing, ambiguous = [], []
    for name, wanted in source.columns.items():
        header = wanted.header if isinstance(wanted, ColumnRef) else wanted
        columns = _with_header(table, header)
        if isinstance(wanted, ColumnRef):
            columns = columns[wanted.nth - 1 : wanted.nth]
        if not columns:
            near = ", ".join(_nearest([header], table.columns)) or "-"
            missing.append(f"{name} = '{header}' ({near})")
        elif len(columns) > 1:
            ambiguous.append(f"{name} ({', '.join(_shown(column) for column in columns)})")
        else:
            found[name] = columns[0].position
    if missing:
        raise FileRefusedError("column-named-missing", **at, count=len(missing), columns="; ".join(missing))
    if ambiguous:
        raise FileRefusedError("column-ambiguous", **at, columns="; ".join(ambiguous))
    return found


def _with_header(table: RawTable, header: str) -> list[RawColumn]:
    for key in (
        lambda column: column.header == header,
        lambda column: column.key == header,
        lambda column: normalise(column.header) == normalise(header),
        lambda column: normalise(column.key) == normalise(header),
    ):
        columns = sorted((column for column in table.columns if key(column)), key=lambda column: column.position)
        if columns:
            return columns
    return []


# ---------------------------------------------------------------------------------------------------------------------
# Tiers: what a question and a column are compared by

_Keys = tuple[Callable[[Question], set[str]], Callable[[RawColumn], set[str]]]


def _folded(text: str) -> str:
    """Return a name as it survives other programs: dots of R, hyphens of ODK, dots mangled by a database, capitals."""
    text = normalise(text)
    for mangled, sign in _MANGLED.items():
        text = text.replace(mangled, sign)
    return re.sub(r"[/.:\-]", "/", text)


def _question_labels(question: Question) -> set[str]:
    labels = {question.label.zh, question.label.en}
    return {key for label in labels for key in (label_key(label), _DASHES.sub("-", normalise(label))) if key}


def _column_labels(column: RawColumn) -> set[str]:
    texts = {column.header, column.key}
    if column.lead:
        texts = {f"{column.lead}—{text}" for text in texts} | {column.header}
    return {key for text in texts for key in (label_key(text), _DASHES.sub("-", normalise(text))) if key}


_TIERS: Final[tuple[_Keys, ...]] = (
    (lambda question: {question.path}, lambda column: {column.key, column.header}),
    (lambda question: {question.name}, lambda column: {column.key, column.header}),
    (
        lambda question: {_folded(question.path), _folded(question.name)},
        lambda column: {_folded(column.key), _folded(column.header)} if column.kind == "name" else set(),
    ),
    (_question_labels, _column_labels),
    # the rows of a matrix, where the instrument's label does not repeat the question above them
    (_question_labels, lambda column: {label_key(column.key), label_key(column.header)} if column.lead else set()),
)


def _hits(
    questions: Iterable[Question],
    columns: Iterable[RawColumn],
    keys_of_question: Callable[[Question], set[str]],
    keys_of_column: Callable[[RawColumn], set[str]],
) -> dict[str, list[RawColumn]]:
    by_key: dict[str, list[RawColumn]] = {}
    for column in columns:
        for key in keys_of_column(column):
            by_key.setdefault(key, []).append(column)
    hits: dict[str, list[RawColumn]] = {}
    for question in questions:
        found = {column.position: column for key in keys_of_question(question) for column in by_key.get(key, ())}
        if found:
            hits[question.name] = [found[position] for position in sorted(found)]
    return hits


def _split(questions: Iterable[Question], columns: Iterable[RawColumn]) -> dict[str, dict[str, int]]:
    """Find a select_multiple that has only columns of its choices (``g_loan/fees/notary``)."""
    by_key: dict[str, list[int]] = {}
    for column in columns:
        by_key.setdefault(_folded(column.key), []).append(column.position)
    split = {}
    for question in questions:
        if question.type != "select_multiple":
            continue
        for stem in (question.path, question.name):
            places = {choice.name: by_key.get(_folded(f"{stem}/{choice.name}"), []) for choice in question.choices}
            if any(places.values()) and all(len(positions) <= 1 for positions in places.values()):
                split[question.name] = {name: positions[0] for name, positions in places.items() if positions}
                break
    return split


def _parts(
    instrument: Instrument, table: RawTable, found: Mapping[str, int], split: Mapping[str, Mapping[str, int]]
) -> set[int]:
    """Return the columns of choices, also those that stand beside their question's own column: they are not extra."""
    parts = {position for positions in split.values() for position in positions.values()}
    own = [question for question in instrument.answered if question.name in found]
    names = {question.name: _split([question], table.columns).get(question.name, {}) for question in own}
    return parts | {position for positions in names.values() for position in positions.values()}


def _is_own(column: RawColumn) -> bool:
    return bool(_TOOLS.fullmatch(column.key))


def _is_needed(question: Question) -> bool:
    return question.sensitivity != "direct" and question.type not in ("calculate", "metadata")


def _refuse_missing(table: RawTable, missing: Iterable[Question], taken: set[int], at: Mapping[str, str]) -> None:
    free = [column for column in table.columns if column.position not in taken]
    listed = []
    for question in missing:
        near = ", ".join(_nearest([question.name, question.label.zh, question.label.en], free))
        listed.append(f"{question.name}{f' ({near})' if near else ''}")
    if listed:
        raise FileRefusedError("column-missing", **at, count=len(listed), columns="; ".join(listed))


def _nearest(texts: Iterable[str], columns: Iterable[RawColumn], n: int = 2) -> list[str]:
    keys = [label_key(text) for text in texts if text]
    scored = [
        (max(_alike(key, label_key(text)) for key in keys for text in (column.key, column.header)), column)
        for column in columns
    ]
    best = sorted((pair for pair in scored if pair[0] >= _NEAR), key=lambda pair: (-pair[0], pair[1].position))
    return [_shown(column) for _, column in best[:n]]


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one[:200], other[:200], autojunk=False).ratio()


def _shown(column: RawColumn) -> str:
    """Return a header for a message: where a file has no header row, the first answers stand there."""
    text = redact(column.header)
    return f"'{text[:60]}{'…' if len(text) > 60 else ''}'"


def _sha256(table: RawTable, found: Mapping[str, int], split: Mapping[str, Mapping[str, int]]) -> str:
    record = {
        "columns": {name: [position, table.columns[position].header] for name, position in found.items()},
        "split": {name: dict(places) for name, places in split.items()},
    }
    return hashlib.sha256(json.dumps(record, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")).hexdigest()
