"""What questions and columns are compared by: tier after tier, the surest first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from evaltools.survey.instrument import Question
from evaltools.survey.matching.option_columns import Group, group_options
from evaltools.survey.matching.path_labels import path_ends
from evaltools.survey.matching.wordings import even_dashes, label_key, name_key
from evaltools.survey.privacy import redact
from evaltools.survey.readers import RawColumn
from evaltools.text import normalise

How = Literal["campaign", "path", "name", "confirmed", "label", "number", "options"]
"""What a question and its column were brought together by."""

Confirmed = Mapping[str, Collection[str]]
"""Question to the headers that a person has confirmed for it, each as :func:`header_key` gives it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column, or the columns of one multiple choice.

    Attributes
    ----------
    face
        What to compare it by.
    is_group
        Whether each of the columns stands for a choice.
    """

    face: RawColumn
    columns: Group
    is_group: bool

    @property
    def places(self) -> tuple[int, ...]:
        """Positions of the columns."""
        return tuple(column.position for column in self.columns)


def candidates_of(columns: Sequence[RawColumn]) -> list[Candidate]:
    """Return what a question may be found in: each column, and each group of columns of one multiple choice.

    A column of a choice is compared by its header alone: it may be a question of its own that looks like a choice.
    """
    alone = [
        Candidate(
            column if column.option is None and not column.typed else replace(column, key=column.header),
            (column,),
            False,
        )
        for column in columns
    ]
    return alone + [Candidate(replace(group[0], header=group[0].key), group, True) for group in group_options(columns)]


class Tier(NamedTuple):
    """One way of comparing: a question and a column belong together where their keys meet."""

    how: How
    of_question: Callable[[Question], Collection[str]]
    of_column: Callable[[RawColumn], Collection[str]]


def header_text(column: RawColumn) -> str:
    """Return what a person knows a column by: its header, with the question above it where it is a row of a matrix.

    It is without what looks like an answer, since a file may lack its header row.
    """
    header = column.header if not column.lead or column.lead in column.header else f"{column.lead} — {column.header}"
    return redact(header)


def header_key(text: str) -> str:
    """Return the form in which a confirmed header and that of a file are compared."""
    return even_dashes(normalise(text))


def _question_labels(question: Question) -> set[str]:
    labels = {question.label.zh, question.label.en}
    return {key for label in labels for key in (label_key(label), even_dashes(normalise(label))) if key}


def _column_labels(column: RawColumn) -> set[str]:
    texts = {column.header, column.key}
    if column.lead:
        texts = {f"{column.lead}—{text}" for text in texts} | {column.header}
    return {key for text in texts for key in (label_key(text), even_dashes(normalise(text))) if key}


_BY_NAME: Final = (
    Tier("path", lambda question: {question.path}, lambda column: {column.key, column.header}),
    Tier("name", lambda question: {question.name}, lambda column: {column.key, column.header}),
    Tier(
        "name",
        lambda question: {name_key(question.path), name_key(question.name)},
        lambda column: {name_key(column.key), name_key(column.header)} if column.kind == "name" else set(),
    ),
)
_BY_LABEL: Final = (
    Tier("label", _question_labels, _column_labels),
    # the rows of a matrix, where the instrument's label does not repeat the question above them
    Tier(
        "label",
        _question_labels,
        lambda column: {label_key(column.key), label_key(column.header)} if column.lead else set(),
    ),
    Tier("label", _question_labels, path_ends),
)


def tiers(confirmed: Confirmed) -> tuple[Tier, ...]:
    """Return all ways of comparing in their order; what people have confirmed goes before labels."""
    decided = Tier("confirmed", lambda question: confirmed.get(question.name, ()), _header_keys)
    return (*_BY_NAME, decided, *_BY_LABEL) if confirmed else (*_BY_NAME, *_BY_LABEL)


def _header_keys(column: RawColumn) -> set[str]:
    return {header_key(header_text(column))}


def hits_of(questions: Iterable[Question], candidates: Iterable[Candidate], tier: Tier) -> dict[str, list[Candidate]]:
    """Return the candidates that agree with each question; a column of its own goes before columns of its choices."""
    by_key: dict[str, list[Candidate]] = {}
    for one in candidates:
        for key in tier.of_column(one.face):
            by_key.setdefault(key, []).append(one)
    hits: dict[str, list[Candidate]] = {}
    for question in questions:
        found = {id(one): one for key in tier.of_question(question) for one in by_key.get(key, ())}
        own = [one for one in found.values() if not one.is_group]
        if found:
            hits[question.name] = sorted(own or found.values(), key=lambda one: one.places)
    return hits
