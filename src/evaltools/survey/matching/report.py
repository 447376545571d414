"""What `evaltools match` says of a file: the column of each question, and for questions without one what may be it.

A proposal is only ever written into the review file; a person decides. No answer is read here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from evaltools.config import CampaignConfig, Source
from evaltools.errors import EvaltoolsError, FileRefusedError, message
from evaltools.survey.ingest import read_sources
from evaltools.survey.instrument import Instrument, Question
from evaltools.survey.matching.column_keys import Candidate, candidates_of, header_key, header_text
from evaltools.survey.matching.columns import ColumnMap, is_own, match_as_far, numbers_of
from evaltools.survey.matching.likeness import likeness
from evaltools.survey.matching.review import REVIEW, Line, Review, read_review, write_review
from evaltools.survey.plans import SourcePlan, read_plans
from evaltools.survey.prepare_repeat import find_ratings
from evaltools.survey.raw_files import SourceFile, find_raw_files, with_reader
from evaltools.survey.readers import RawFile, RawTable
from evaltools.survey.repeat_groups import names_in
from evaltools.survey.sheet_reading import has_column, part_of, source_of
from evaltools.text import Lang

_LIKELY: Final = 0.5
_PROPOSED: Final = 2
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Proposal:
    """A column that may be a question's; `why` is ``number``, ``wording`` or both, joined by ``+``."""

    question: Question
    header: str
    why: str
    similarity: float


@dataclass(frozen=True, slots=True)
class QuestionMatch:
    """A question and its column.

    Attributes
    ----------
    header
        See :func:`~evaltools.survey.matching.column_keys.header_text`; None where there is none.
    how
        As :data:`~evaltools.survey.matching.column_keys.How` says, or ``proposed``, ``missing``, ``unasked`` (no column
        is needed) and ``unclear`` (the table cannot be matched at all, see its problem).
    """

    question: Question
    header: str | None
    how: str
    similarity: float | None = None


@dataclass(frozen=True, slots=True)
class TableMatch:
    """One table of a file, read for one source; `problem` is what refuses the file, None where nothing does."""

    source_no: int
    source: Source
    sheet: str
    questions: tuple[QuestionMatch, ...]
    proposals: tuple[Proposal, ...]
    extra: tuple[str, ...]
    problem: EvaltoolsError | None


@dataclass(frozen=True, slots=True)
class MatchResult:
    """What was found in a file."""

    path: str
    tables: tuple[TableMatch, ...]
    refused: tuple[FileRefusedError, ...]

    @property
    def n_proposed(self) -> int:
        """Pairs that a person is to judge."""
        return sum(len(table.proposals) for table in self.tables)

    @property
    def exit_code(self) -> int:
        """4 where an ingest would refuse the file, else 0."""
        return 4 if self.refused or any(table.problem for table in self.tables) else 0

    def to_dict(self) -> dict[str, Any]:
        """Return what ``evaltools match --json`` prints."""
        return {
            "path": self.path,
            "refused": [{"code": error.code, "text": error.text()} for error in self.refused],
            "tables": [_table_dict(table) for table in self.tables],
            "review": REVIEW,
            "n_proposed": self.n_proposed,
        }

    def notices(self, lang: Lang) -> list[str]:
        """Return what a person should do, a line each."""
        problems = [*self.refused, *(table.problem for table in self.tables if table.problem)]
        lines = list(dict.fromkeys(error.text(lang) for error in problems))
        if self.n_proposed:
            lines.append(message("match-proposed", {"count": self.n_proposed, "path": REVIEW}, lang))
        return lines


def match_file(folder: Path, config: CampaignConfig, path: Path, *, reader: str | None = None) -> MatchResult:
    """Match a raw file for all of its sources and write what is in doubt into the review file.

    Parameters
    ----------
    folder, config
        The campaign; only its review file is written, and no line that stands there is changed.
    path
        A file of the campaign.
    reader
        Name of the reader; None: that of the source, or the surest.

    Raises
    ------
    FileRefusedError
        ``file-absent``, ``file-outside``; ``match-no-source``: no source claims it.
    CampaignError
        What :func:`~evaltools.survey.plans.read_plans` and :mod:`~evaltools.survey.matching.review` object to.
    """
    plans = read_plans(folder, config, reader=reader)
    found = find_raw_files(folder, config, [path])
    if found.refused:
        raise found.refused[0]
    if not found.files:
        raise FileRefusedError("match-no-source", path=", ".join(found.unmatched))
    found = with_reader(found, reader)
    review = read_review(folder)
    tables: list[TableMatch] = []
    refused: list[FileRefusedError] = []
    for file, raw in read_sources(found.files, lambda done, total, what: None):
        if isinstance(raw, RawFile):
            tables += _match_raw(file, raw, plans.of(file), review)
        else:
            refused.append(raw)
    write_review(folder, review.with_lines(line for table in tables for line in _lines(table)))
    unique = {str(error): error for error in refused}
    return MatchResult(found.files[0].rel_path, tuple(tables), tuple(unique.values()))


def _match_raw(file: SourceFile, raw: RawFile, plan: SourcePlan, review: Review) -> list[TableMatch]:
    parts, problem = _parts(file, raw, plan)
    tables = [_match_table(file, table, plan, within, review) for table, within in parts]
    return [replace(one, problem=one.problem or problem) for one in tables]


def _parts(
    file: SourceFile, raw: RawFile, plan: SourcePlan
) -> tuple[list[tuple[RawTable, Collection[str] | None]], FileRefusedError | None]:
    """Return the tables that hold questions, and which (None: all); a repeat that was not found may be any table."""
    main, repeat = raw.tables[0], plan.repeat
    if repeat is None or has_column(file, main, plan, str(plan.roles.one("bank"))):
        return [(main, None)], None
    outer, inside = (names_in(plan.instrument, name) for name in ("", repeat.name))
    try:
        family = find_ratings(file, raw, plan, repeat, np.full(main.n_rows, None, dtype=object))
    except FileRefusedError as error:
        inner = [table for table in raw.tables[1:] if table.parent is not None]
        return ([(main, outer), *((table, inside) for table in inner)] if inner else [(main, None)]), error
    return [(main, outer), (family.table, inside)], None


def _match_table(
    file: SourceFile, table: RawTable, plan: SourcePlan, within: Collection[str] | None, review: Review
) -> TableMatch:
    instrument, source = plan.instrument, file.source
    if within is not None:
        instrument, source = part_of(instrument, within), source_of(source, within)
    found, missing, problem = match_as_far(table, instrument, source, path=file.rel_path, confirmed=plan.confirmed)
    if found is None:
        rows = tuple(QuestionMatch(one, None, "unclear") for one in instrument.answered)
        return TableMatch(file.source_no, source, table.sheet, rows, (), (), problem)
    proposals = _proposals(table, instrument, source, found, missing, review)
    best: dict[str, Proposal] = {}
    for one in proposals:
        best.setdefault(one.question.name, one)
    rows = tuple(_row(one, table, found, best, missing) for one in instrument.answered)
    return TableMatch(file.source_no, source, table.sheet, rows, tuple(proposals), found.extra, problem)


def _row(
    question: Question, table: RawTable, found: ColumnMap, best: Mapping[str, Proposal], missing: Collection[str]
) -> QuestionMatch:
    name = question.name
    if found.has(name):
        position = found.columns[name] if name in found.columns else min(found.split[name].values())
        return QuestionMatch(question, header_text(table.columns[position]), found.how[name])
    if name in best:
        return QuestionMatch(question, best[name].header, "proposed", best[name].similarity)
    return QuestionMatch(question, None, "missing" if name in missing else "unasked")


def _proposals(
    table: RawTable,
    instrument: Instrument,
    source: Source,
    found: ColumnMap,
    missing: Collection[str],
    review: Review,
) -> list[Proposal]:
    """Return, for each question that lacks its column, the free columns that are like it or have its number."""
    candidates = candidates_of(table.columns)
    owners = _owners(candidates, found)
    taken = {*table.meta.values(), *(position for one in owners.values() for position in one.places)}
    free = [one for one in candidates if taken.isdisjoint(one.places) and _may_be_asked(one)]
    by_number = numbers_of(table, instrument, source, owners)
    judged = {line.pair for line in review.lines if line.verdict is not None}
    proposals = []
    for question in instrument.answered:
        if question.name not in missing:
            continue
        pair = by_number.get(question.name)
        scored = [_proposal(question, one, is_number=one == pair) for one in free]
        scored = [one for one in scored if one.why and _pair(source, one) not in judged]
        scored.sort(key=lambda one: ("number" not in one.why, -one.similarity))
        proposals += list({one.header: one for one in scored}.values())[:_PROPOSED]
    return proposals


def _proposal(question: Question, candidate: Candidate, *, is_number: bool) -> Proposal:
    similarity = likeness(question, candidate.face)
    why = [*(["number"] if is_number else []), *(["wording"] if similarity >= _LIKELY else [])]
    return Proposal(question, header_text(candidate.face), "+".join(why), similarity)


def _pair(source: Source, one: Proposal) -> tuple[str, str, str, str]:
    return source.pattern, source.instrument, one.question.name, header_key(one.header)


def _may_be_asked(candidate: Candidate) -> bool:
    return 0 < len(candidate.face.header) <= _LONGEST and not any(is_own(column) for column in candidate.columns)


def _owners(candidates: Sequence[Candidate], found: ColumnMap) -> dict[str, Candidate]:
    """Return the columns that questions were found in."""
    alone = {one.places[0]: one for one in candidates if not one.is_group}
    groups = {frozenset(one.places): one for one in candidates if one.is_group}
    owners = {name: alone[position] for name, position in found.columns.items()}
    for name, places in found.split.items():
        group = groups.get(frozenset(places.values()))
        owners[name] = group or alone[min(places.values())]
    return owners


def _lines(table: TableMatch) -> Iterable[Line]:
    for one in table.proposals:
        yield Line(
            source=str(table.source_no),
            pattern=table.source.pattern,
            instrument=table.source.instrument,
            question=one.question.name,
            label=one.question.label.zh,
            header=one.header,
            why=one.why,
            similarity=f"{one.similarity:.0%}",
        )


def _table_dict(table: TableMatch) -> dict[str, Any]:
    return {
        "source": table.source_no,
        "wave": table.source.wave,
        "instrument": table.source.instrument,
        "sheet": table.sheet,
        "problem": None if table.problem is None else {"code": table.problem.code, "text": table.problem.text()},
        "questions": [
            {"question": one.question.name, "label": one.question.label.zh, "header": one.header, "how": one.how,
             "similarity": None if one.similarity is None else round(one.similarity, 2)}
            for one in table.questions
        ],
        "proposals": [
            {"question": one.question.name, "header": one.header, "why": one.why,
             "similarity": round(one.similarity, 2)}
            for one in table.proposals
        ],
        "extra": list(table.extra),
    }  # fmt: skip


def shown_rows(table: TableMatch, lang: Lang) -> list[list[str]]:
    """Return a table's questions for people: name, wording, header, how, similarity."""
    return [
        [
            one.question.name, one.question.label.in_lang(lang), one.header or "",
            message(f"match-how-{one.how}", {}, lang), "" if one.similarity is None else f"{one.similarity:.0%}",
        ]
        for one in table.questions
    ]  # fmt: skip
