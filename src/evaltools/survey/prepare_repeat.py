"""Submissions that rate one bank after the other, from cells to checked rows: responses and, apart, their ratings.

Decision 0004 says what becomes of submissions without ratings, ratings without a submission, and faults of either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from evaltools.config import CampaignConfig
from evaltools.errors import FileRefusedError
from evaltools.survey.checks import Checked, check_rows
from evaltools.survey.corrections.applying import with_dropped
from evaltools.survey.matching.columns import ColumnMap, shown_header
from evaltools.survey.matching.wordings import name_key
from evaltools.survey.plans import SourcePlan
from evaltools.survey.privacy import first_key
from evaltools.survey.raw_files import SourceFile, place
from evaltools.survey.readers import RawFile
from evaltools.survey.repeat_groups import RepeatGroup, names_in
from evaltools.survey.repeats import (
    ORPHAN,
    Family,
    Places,
    draw_family,
    find_family,
    spread,
    spread_column,
    spread_fields,
)
from evaltools.survey.row_faults import Fault
from evaltools.survey.sheet_reading import ReadSheet, has_column, read_sheet
from evaltools.survey.sheet_rows import (
    Parents,
    SheetRows,
    answers_given,
    bank_of,
    content_hashes,
    enterprises,
    identifying_names,
    response_ids,
)
from evaltools.survey.values.coerce import Objects, read_column
from evaltools.text import clean

_LONGEST_NAME: Final = 31


def prepare_ratings(
    file: SourceFile, raw: RawFile, plan: SourcePlan, repeat: RepeatGroup, config: CampaignConfig, key: bytes
) -> list[SheetRows]:
    """Match, read and check the submissions of a file and the rows of the repeat in which they rate banks.

    Returns
    -------
    list of SheetRows
        The responses, then the ratings.

    Raises
    ------
    FileRefusedError
        ``repeat-missing``: the file has no table and no columns of the repeat; ``repeat-ambiguous``: several tables;
        ``repeat-parent-twice``; and what :func:`evaltools.survey.sheet_reading.read_sheet` and
        :func:`evaltools.survey.checks.check_rows` refuse.
    """
    inside = names_in(plan.instrument, repeat.name)
    given = read_sheet(file, raw.tables[0], plan, config, key, within=names_in(plan.instrument, ""))
    counts = _stated_counts(given, repeat)
    family = find_ratings(file, raw, plan, repeat, counts)
    answers = read_sheet(file, family.table, plan, config, key, within=inside)
    outer = _with_faults(_check(file, given, plan, config), _count_faults(family, counts))
    inner = _check(file, _joined(answers, given, outer, family.parents, plan), plan, config, within=inside)
    ratings = _with_faults(_told(inner, outer, family.parents), _family_faults(outer, family.parents, plan))
    responses = _with_faults(outer, _empty_faults(outer, family.parents, ratings.accepted))
    said = _said(answers_given(inner, plan.instrument, inside), family, len(outer.accepted))
    rows = _response_rows(file, _without_unread(raw, family), given, responses, plan, key, said)
    return [replace(rows, found=_without_drawn(given, family)), _rating_rows(rows, answers, ratings, family, inside)]


# ---------------------------------------------------------------------------------------------------------------------
# The table of the repeat


def find_ratings(file: SourceFile, raw: RawFile, plan: SourcePlan, repeat: RepeatGroup, counts: Objects) -> Family:
    """Find the table of the repeat in which banks are rated, or draw it from numbered columns.

    Parameters
    ----------
    counts
        How many ratings each submission says that it has; None where it does not say.

    Raises
    ------
    FileRefusedError
        ``repeat-missing``, ``repeat-ambiguous``, ``repeat-parent-twice``.
    """
    main = raw.tables[0]
    bank = str(plan.roles.one("bank"))
    tables = [one for one in raw.tables[1:] if one.parent is not None and has_column(file, one, plan, bank)]
    named = [one for one in tables if _is_named_after(one.sheet, repeat.name)]
    tables = named if len(named) == 1 else tables
    at = {"path": file.rel_path, "sheet": main.sheet, "place": place(file.rel_path, main.sheet), "repeat": repeat.name}
    if len(tables) > 1:
        raise FileRefusedError("repeat-ambiguous", **at, sheets=[one.sheet for one in tables])
    if tables and tables[0].parent is not None and tables[0].parent.sheet == main.sheet:
        return find_family(main, tables[0], path=file.rel_path)
    names = {one.name: one.path for one in plan.instrument.questions if one.repeat == repeat.name}
    drawn = None if tables else draw_family(main, names, repeat.name, counts)
    if drawn is None:
        raise FileRefusedError("repeat-missing", **at, bank=bank)
    return drawn


def _is_named_after(sheet: str, repeat: str) -> bool:
    """Say whether a sheet is called after a repeat: by the name alone, its path, or behind that of the form."""
    stem = re.sub(r"(?:~\d+)?(?:\.csv)?$", "", sheet)
    return stem == repeat[:_LONGEST_NAME] or stem.endswith((f"/{repeat}", f"-{repeat}", f"_{repeat}"))


def _stated_counts(given: ReadSheet, repeat: RepeatGroup) -> Objects:
    """Return how many ratings each submission says that it has; None where it does not say."""
    if repeat.counted_by in given.columns:
        return given.columns[repeat.counted_by].known
    names = {name_key(name) for name in repeat.count_names}
    claimed = set(given.found.columns.values())
    for column in given.table.columns:
        if name_key(column.key) in names and column.position not in claimed:
            return read_column(given.table.cells(column.position), "integer").answers
    return np.full(given.table.n_rows, None, dtype=object)


def _without_unread(raw: RawFile, family: Family) -> RawFile:
    """Return the file with the tables that are not read named as such."""
    unread = (one.sheet for one in raw.tables[1:] if one is not family.table)
    return replace(raw, skipped_sheets=(*raw.skipped_sheets, *map(clean, unread)))


def _without_drawn(given: ReadSheet, family: Family) -> ColumnMap:
    """Return the columns of the submissions' table without those that its ratings were drawn out of."""
    drawn = {shown_header(given.table.columns[position]) for position in family.drawn}
    return replace(given.found, extra=tuple(header for header in given.found.extra if header not in drawn))


# ---------------------------------------------------------------------------------------------------------------------
# Checks of both


def _check(
    file: SourceFile, read: ReadSheet, plan: SourcePlan, config: CampaignConfig, within: Collection[str] | None = None
) -> Checked:
    checked = check_rows(
        read.columns, read.fields, plan.instrument, file.source, plan.roles, config.waves[file.source.wave],
        path=file.rel_path, sheet=read.table.sheet, within=within,
    )  # fmt: skip
    return with_dropped(checked, read.outcomes)


def _joined(answers: ReadSheet, given: ReadSheet, outer: Checked, parents: Places, plan: SourcePlan) -> ReadSheet:
    """Return the ratings with what their submissions say beside."""
    around = {name: spread_column(column, parents) for name, column in outer.columns.items()}
    columns = {**around, **answers.columns}
    order = [question.name for question in plan.instrument.questions if question.name in columns]
    fields = spread_fields(given.fields, parents)
    return replace(answers, columns={name: columns[name] for name in order}, fields=fields)


def _with_faults(checked: Checked, further: Iterable[Fault]) -> Checked:
    """Return checked rows with further faults."""
    faults = sorted((*checked.faults, *further), key=lambda fault: fault.row)
    accepted = np.ones(len(checked.accepted), dtype=bool)
    accepted[[fault.row for fault in faults if fault.scope == "row"]] = False
    return replace(checked, faults=tuple(faults), accepted=accepted)


def _count_faults(family: Family, counts: Objects) -> list[Fault]:
    """Return submissions that have other rows than they say; one without any is told of as such."""
    there = family.counts(len(counts)).tolist()
    return [
        Fault(row, "", "repeat", "repeat-count")
        for row, (stated, n) in enumerate(zip(counts, there, strict=True))
        if n and stated is not None and stated != n
    ]


def _family_faults(outer: Checked, parents: Places, plan: SourcePlan) -> list[Fault]:
    """Return ratings without a submission, and those whose submission is in quarantine."""
    consent = _not_consenting(outer)
    faults = []
    for row, parent in enumerate(parents.tolist()):
        if parent == ORPHAN:
            faults.append(Fault(row, "", "repeat", "repeat-orphan"))
        elif parent in consent:
            faults.append(Fault(row, plan.roles.one("consent") or "", "consent", "no-consent"))
        elif not outer.accepted[parent]:
            faults.append(Fault(row, "", "repeat", "repeat-held"))
    return faults


def _told(inner: Checked, outer: Checked, parents: Places) -> Checked:
    """Return ratings without the faults that cannot be judged.

    These are the faults by the form's logic where the submission is in quarantine, and all where nobody agreed, or
    nobody knows whose the rating is.
    """
    consent = _not_consenting(outer)

    def is_told(fault: Fault) -> bool:
        parent = int(parents[fault.row])
        if parent == ORPHAN or parent in consent:
            return False
        return bool(outer.accepted[parent]) or fault.rule in ("type", "bank")

    return replace(inner, faults=tuple(fault for fault in inner.faults if is_told(fault)))


def _not_consenting(outer: Checked) -> set[int]:
    return {fault.row for fault in outer.faults if fault.rule == "consent"}


def _empty_faults(outer: Checked, parents: Places, accepted: npt.NDArray[np.bool_]) -> list[Fault]:
    """Return submissions without a rating that counts: their other answers would belong to no bank."""
    n = len(outer.accepted)
    there, good = (np.bincount(one[one != ORPHAN], minlength=n) for one in (parents, parents[accepted]))
    return [
        Fault(int(row), "", "repeat", "repeat-all-held" if there[row] else "repeat-none")
        for row in np.flatnonzero(outer.accepted & (good == 0))
    ]


# ---------------------------------------------------------------------------------------------------------------------
# Rows of both


def _said(answers: Callable[[int], list[object]], family: Family, n: int) -> list[object]:
    """Return what the ratings of each submission say."""
    said: list[list[object]] = [[] for _ in range(n)]
    for row, parent in enumerate(family.parents.tolist()):
        if parent != ORPHAN:
            said[parent].append(answers(row))
    return list(said)


def _response_rows(
    file: SourceFile,
    raw: RawFile,
    given: ReadSheet,
    checked: Checked,
    plan: SourcePlan,
    key: bytes,
    said: Sequence[object],
) -> SheetRows:
    table, n = given.table, given.table.n_rows
    enterprise = enterprises(checked, plan.roles, key)
    ids = response_ids(raw.sha256, table.sheet, file.source, given.found, table.row_numbers)
    return SheetRows(
        file=file,
        raw=raw,
        table=table,
        source_sha=plan.sha,
        instrument=plan.instrument,
        roles=plan.roles,
        found=given.found,
        fields=given.fields,
        checked=checked,
        identifying=identifying_names(given.columns, plan.instrument, plan.roles),
        row_numbers=tuple(table.row_numbers),
        ids=np.array(ids, dtype=object),
        content=content_hashes(
            checked, given.fields, plan.instrument, enterprises(checked, plan.roles, first_key(key)), key, said
        ),
        enterprise=enterprise,
        bank=np.full(n, None, dtype=object),
        repeat_no=np.ones(n, dtype=np.int64),
        holds="responses",
        given=given.given,
        outcomes=given.outcomes,
    )


def _rating_rows(
    responses: SheetRows, answers: ReadSheet, checked: Checked, family: Family, inside: Collection[str]
) -> SheetRows:
    own = {name: column for name, column in checked.columns.items() if name in inside}
    return replace(
        responses,
        table=answers.table,
        found=answers.found,
        fields=spread_fields(responses.fields, family.parents),
        checked=checked,
        identifying=identifying_names(own, responses.instrument, responses.roles),
        row_numbers=tuple(answers.table.row_numbers),
        ids=spread(responses.ids, family.parents),
        content=spread(responses.content, family.parents),
        enterprise=spread(responses.enterprise, family.parents),
        bank=bank_of(checked, responses.roles, path=responses.rel_path, sheet=answers.table.sheet),
        repeat_no=family.numbers,
        holds="ratings",
        given=answers.given,
        outcomes=answers.outcomes,
        parents=Parents(responses, family.parents),
    )
