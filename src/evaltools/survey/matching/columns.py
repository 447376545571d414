"""Find the column of each question: by the campaign file, by name and group path, by label; never by a guess."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Final

from evaltools.config import ColumnRef, Source
from evaltools.errors import CampaignError, FileRefusedError
from evaltools.survey.instrument import Instrument, Question
from evaltools.survey.matching.column_keys import Candidate, Confirmed, How, candidates_of, hits_of, tiers
from evaltools.survey.matching.option_columns import choices_of, owner_of, recognise, typed_columns
from evaltools.survey.matching.path_labels import split_by_labels
from evaltools.survey.matching.question_numbers import agreed, numbered
from evaltools.survey.matching.wordings import label_key, name_key, shown
from evaltools.survey.privacy import redact
from evaltools.survey.raw_files import place
from evaltools.survey.readers import RawColumn, RawTable
from evaltools.survey.repeat_groups import unread_questions
from evaltools.survey.roles import Roles
from evaltools.survey.values.choices import MISSING_CHOICES
from evaltools.survey.values.codings import refuse_unclear_numbers
from evaltools.survey.values.units import UNITS, find_unit
from evaltools.text import normalise

_NEAR: Final = 0.5
_LONGEST: Final = 200
_STAMPS: Final = ("submitted_at", "started_at")
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
    typed
        Question to position to choice name of the columns that hold what was typed into the blanks of choices; "" where
        a column belongs to no single choice.
    unfilled
        Questions without a column because nobody answered them, where a tool then leaves it out.
    how
        Question to what its column was found by.
    """

    columns: Mapping[str, int]
    split: Mapping[str, Mapping[str, int]]
    extra: tuple[str, ...]
    sha256: str
    typed: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    unfilled: frozenset[str] = frozenset()
    how: Mapping[str, How] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Say whether a question has a column here."""
        return name in self.columns or name in self.split


def match_columns(
    table: RawTable, instrument: Instrument, source: Source, *, path: str, confirmed: Confirmed | None = None
) -> ColumnMap:
    """Find the columns of an instrument's questions in a sheet.

    In this order, each only for what is still without a column: the campaign file (``[sources.columns]``); the name
    with its groups (``g_loan/steps``); the name alone; the name as other programs rewrite it (``g_loan.steps``); what
    a person has confirmed; the label in either language, without question numbers and marks such as （必填）; the
    choices, for a multiple choice that the file shows by its options alone; the number, where order and wording agree
    (:mod:`evaltools.survey.matching.question_numbers`). A question's own column goes before columns of its choices.

    Raises
    ------
    FileRefusedError
        ``column-named-missing``: a header of the campaign file is not there; ``column-ambiguous``: two columns for
        one question, or two questions for one column; ``column-missing``, with the nearest headers;
        ``column-confirmed-gone``: the same, where headers that a person has confirmed are among those that lack. Each
        lists all.
        ``column-options-…``: see :func:`~evaltools.survey.matching.option_columns.choices_of`; and those of
        :func:`~evaltools.survey.values.codings.refuse_unclear_numbers`.
    """
    at = {"path": path, "sheet": table.sheet, "place": place(path, table.sheet)}
    candidates = candidates_of(table.columns)
    found = _named(table, candidates, instrument, source, at)
    wanted = [one for one in instrument.answered if one.name not in source.absent and one.name not in found]
    wanted += [one for one in instrument.questions if one.type == "metadata" and one.name not in found]
    taken = {*_places(found.values()), *table.meta.values()}
    clashes: dict[str, list[str]] = {}
    how: dict[str, How] = dict.fromkeys(found, "campaign")
    for tier in tiers(confirmed or {}):
        free = [one for one in candidates if taken.isdisjoint(one.places)]
        hits = hits_of(wanted, free, tier)
        positions = Counter(position for one in hits.values() for position in _places(one))
        for name, several in hits.items():
            if len(several) > 1 or any(positions[position] > 1 for position in several[0].places):
                clashes.setdefault(name, [shown(one.columns[0]) for one in several])
            else:
                found[name], how[name] = several[0], tier.how
        taken |= set(positions)
        wanted = [one for one in wanted if one.name not in hits]
    if clashes:
        listed = [f"{name} ({', '.join(headers)})" for name, headers in clashes.items()]
        raise FileRefusedError("column-ambiguous", **at, columns="; ".join(listed))
    free = [one for one in candidates if taken.isdisjoint(one.places)]
    nameless = {one.columns: one for one in free if one.is_group and not one.face.key}
    found |= {name: nameless[group] for name, group in recognise(list(nameless), wanted).items()}
    how |= {name: "options" for name in found if name not in how}
    by_number = agreed(numbers_of(table, instrument, source, found), instrument.answered, _questions_of(table))
    found |= by_number
    how |= dict.fromkeys(by_number, "number")
    wanted = [one for one in wanted if one.name not in found]
    mapped = _column_map(table, instrument, source, found, wanted, at, confirmed or {})
    return replace(mapped, how={**dict.fromkeys(mapped.split, "options"), **how})


def match_as_far(
    table: RawTable, instrument: Instrument, source: Source, *, path: str, confirmed: Confirmed | None = None
) -> tuple[ColumnMap | None, tuple[str, ...], FileRefusedError | None]:
    """Match a sheet as far as it goes.

    Returns
    -------
    tuple
        The columns; the questions that lack theirs; what refuses the sheet. No columns (None) where something else
        than lacking ones refuses it.
    """
    try:
        return match_columns(table, instrument, source, path=path, confirmed=confirmed), (), None
    except FileRefusedError as error:
        missing = missing_questions(error)
        if not missing:
            return None, (), error
        rest = source.model_copy(update={"absent": (*source.absent, *missing)})
        return match_columns(table, instrument, rest, path=path, confirmed=confirmed), missing, error


def numbers_of(
    table: RawTable, instrument: Instrument, source: Source, found: Mapping[str, Candidate]
) -> dict[str, Candidate]:
    """Return, for questions without a column, the columns that the order of the form and the tool's numbers propose."""
    asked = [one for one in instrument.answered if one.type != "calculate" and one.name not in source.absent]
    if all(one.name in found for one in asked):
        return {}
    taken = {*_places(found.values())}
    return numbered(asked, found, [one for one in _questions_of(table) if taken.isdisjoint(one.places)])


def _questions_of(table: RawTable) -> list[Candidate]:
    """Return the columns that may be questions: not what the tool says of the answers."""
    own = set(table.meta.values())
    return [one for one in candidates_of(table.columns) if own.isdisjoint(one.places)]


def _places(candidates: Iterable[Candidate]) -> list[int]:
    return [position for one in candidates for position in one.places]


def _column_map(
    table: RawTable,
    instrument: Instrument,
    source: Source,
    found: Mapping[str, Candidate],
    wanted: Sequence[Question],
    at: Mapping[str, str],
    confirmed: Confirmed,
) -> ColumnMap:
    """Say which column each found question has, and each choice of those that have a column a choice."""
    taken = {*_places(found.values()), *table.meta.values()}
    columns = {name: one.places[0] for name, one in found.items() if not one.is_group}
    questions = {question.name: question for question in instrument.questions}
    split = {
        name: choices_of(one.columns, questions[name], source.recode.get(name, {}), at)
        for name, one in found.items()
        if one.is_group
    }
    split |= _split(wanted, [column for column in table.columns if column.position not in taken])
    missing = [one for one in wanted if one.name not in split and _is_needed(one)]
    refuse_unclear_numbers(table, columns, questions.values(), source, at)
    owners = {owner_of(one.columns[0]): questions[name] for name, one in found.items()}
    free = [column for column in table.columns if column.position not in taken]
    typed = typed_columns(free, owners, source.recode)
    claimed = taken | _parts(instrument, table, columns, split) | {place for one in typed.values() for place in one}
    claimed |= {one.position for one in free if one.option is not None and not one.typed and owner_of(one) in owners}
    extra = tuple(
        shown_header(column) for column in table.columns if column.position not in claimed and not is_own(column)
    )
    # where all columns are accounted for, none of them can be a question under another name
    unfilled = missing if table.sparse and not extra else []
    _refuse_missing(table, [] if unfilled else missing, taken, at, confirmed)
    names = frozenset(one.name for one in unfilled)
    return ColumnMap(columns, split, extra, _sha256(table, columns, split, typed), typed, names)


def shown_header(column: RawColumn) -> str:
    """Return the header of a column that no question claims, for the account."""
    return redact(column.header)[:_LONGEST]


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
        By name of the instrument, ``name@version`` where a source names the version.

    Raises
    ------
    CampaignError
        ``source-question``: an unknown question under columns, absent, recode, dates, units or comparability;
        ``source-choice``: a recode to no choice of its question, or to no bank; ``source-unit``: no such unit;
        ``source-repeat``: a question inside a repeat that is not the one of the bank.
    """
    banks = tuple(bank_ids)
    for number, source in enumerate(sources, start=1):
        instrument, its_roles = instruments[source.form], roles[source.form]
        known = {question.name: question for question in instrument.questions}
        for key in ("columns", "absent", "recode", "dates", "units", "comparability"):
            for name in getattr(source, key):
                if name not in known and not (key == "dates" and name in _STAMPS):
                    near = [one for one in known if _alike(one, name) >= _NEAR]
                    raise CampaignError(
                        "source-question", number=number, key=key, name=name, instrument=instrument.name, near=near
                    )
        for name, mapping in source.recode.items():
            is_bank = name == its_roles.one("bank")
            choices = set(banks) if is_bank else {choice.name for choice in known[name].choices} | set(MISSING_CHOICES)
            for target in sorted(set(mapping.values()) - choices) if is_bank or known[name].choices else ():
                raise CampaignError("source-choice", number=number, question=name, name=target, known=sorted(choices))
        for name, unit in source.units.items():
            if find_unit(unit) is None:
                raise CampaignError("source-unit", number=number, question=name, unit=unit, known=tuple(UNITS))
        for name, repeat in unread_questions(instrument, its_roles, source.absent):
            raise CampaignError("source-repeat", instrument=instrument.name, question=name, repeat=repeat)


def _named(
    table: RawTable,
    candidates: Sequence[Candidate],
    instrument: Instrument,
    source: Source,
    at: Mapping[str, str],
) -> dict[str, Candidate]:
    found: dict[str, Candidate] = {}
    missing, ambiguous = [], []
    several = {question.name for question in instrument.questions if question.type == "select_multiple"}
    for name, wanted in source.columns.items():
        header = wanted.header if isinstance(wanted, ColumnRef) else wanted
        columns = _with_header(table, header)
        if isinstance(wanted, ColumnRef):
            columns = columns[wanted.nth - 1 : wanted.nth]
        # the header of one choice stands for all of its question's
        known = {one.columns: one for column in columns for one in [_holder(candidates, column, name in several)]}
        if not columns and table.sparse:
            continue
        if not columns:
            near = ", ".join(_nearest([header], table.columns)) or "-"
            missing.append(f"{name} = '{header}' ({near})")
        elif len(known) > 1:
            ambiguous.append(f"{name} ({', '.join(shown(column) for column in columns)})")
        else:
            found[name] = next(iter(known.values()))
    if missing:
        raise FileRefusedError("column-named-missing", **at, count=len(missing), columns="; ".join(missing))
    if ambiguous:
        raise FileRefusedError("column-ambiguous", **at, columns="; ".join(ambiguous))
    return found


def _holder(candidates: Sequence[Candidate], column: RawColumn, is_several: bool) -> Candidate:
    in_group = is_several and column.option is not None and not column.typed
    return next(one for one in candidates if column in one.columns and one.is_group == in_group)


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


def _split(questions: Sequence[Question], columns: Sequence[RawColumn]) -> dict[str, dict[str, int]]:
    """Find a select_multiple that has only columns of its choices (``g_loan/fees/notary``)."""
    by_key: dict[str, list[int]] = {}
    for column in columns:
        by_key.setdefault(name_key(column.key), []).append(column.position)
    split = {}
    for question in questions:
        if question.type != "select_multiple":
            continue
        for stem in (question.path, question.name):
            places = {choice.name: by_key.get(name_key(f"{stem}/{choice.name}"), []) for choice in question.choices}
            if any(places.values()) and all(len(positions) <= 1 for positions in places.values()):
                split[question.name] = {name: positions[0] for name, positions in places.items() if positions}
                break
    return {**split_by_labels([one for one in questions if one.name not in split], columns), **split}


def _parts(
    instrument: Instrument, table: RawTable, found: Mapping[str, int], split: Mapping[str, Mapping[str, int]]
) -> set[int]:
    """Return the columns of choices, also those that stand beside their question's own column: they are not extra."""
    parts = {position for positions in split.values() for position in positions.values()}
    own = [question for question in instrument.answered if question.name in found]
    names = {question.name: _split([question], table.columns).get(question.name, {}) for question in own}
    return parts | {position for positions in names.values() for position in positions.values()}


def is_own(column: RawColumn) -> bool:
    """Say whether the tool wrote a column by itself, so that it is no question of anybody's."""
    return column.own or bool(_TOOLS.fullmatch(column.key))


def _is_needed(question: Question) -> bool:
    return question.sensitivity != "direct" and question.type not in ("calculate", "metadata")


def _refuse_missing(
    table: RawTable, missing: Sequence[Question], taken: set[int], at: Mapping[str, str], confirmed: Confirmed
) -> None:
    free = [column for column in table.columns if column.position not in taken]
    listed = []
    for question in missing:
        near = ", ".join(_nearest([question.name, question.label.zh, question.label.en], free))
        listed.append(f"{question.name}{f' ({near})' if near else ''}")
    if listed:
        names = [question.name for question in missing]
        gone = [f"{name} = '{header}'" for name in names for header in confirmed.get(name, ())]
        code, more = ("column-confirmed-gone", {"gone": "; ".join(gone)}) if gone else ("column-missing", {})
        raise FileRefusedError(code, **at, **more, count=len(listed), columns="; ".join(listed), questions=names)


def missing_questions(error: FileRefusedError) -> tuple[str, ...]:
    """Return the questions for whose lack of a column a file was refused; none where another fault refused it."""
    names = error.fields.get("questions") if error.code in ("column-missing", "column-confirmed-gone") else None
    return tuple(str(name) for name in names) if isinstance(names, list) else ()


def _nearest(texts: Iterable[str], columns: Iterable[RawColumn], n: int = 2) -> list[str]:
    keys = [label_key(text) for text in texts if text]
    scored = [
        (max(_alike(key, label_key(text)) for key in keys for text in (column.key, column.header)), column)
        for column in columns
    ]
    best = sorted((pair for pair in scored if pair[0] >= _NEAR), key=lambda pair: (-pair[0], pair[1].position))
    return [shown(column) for _, column in best[:n]]


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one[:200], other[:200], autojunk=False).ratio()


def _sha256(
    table: RawTable,
    found: Mapping[str, int],
    split: Mapping[str, Mapping[str, int]],
    typed: Mapping[str, Mapping[int, str]],
) -> str:
    record = {
        "columns": {name: [position, table.columns[position].header] for name, position in found.items()},
        "split": {name: dict(places) for name, places in split.items()},
        **({"typed": {name: dict(places) for name, places in typed.items()}} if typed else {}),
    }
    return hashlib.sha256(json.dumps(record, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")).hexdigest()
