"""One table of a file for one source: its columns found, its cells read. Nothing is checked here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from evaltools.config import CampaignConfig, Source
from evaltools.errors import FileRefusedError
from evaltools.survey.corrections.applying import Outcome, Reading, apply_lines
from evaltools.survey.instrument import Instrument
from evaltools.survey.matching.columns import ColumnMap, match_columns, missing_questions
from evaltools.survey.plans import SourcePlan
from evaltools.survey.questions import Fields, read_fields, read_questions
from evaltools.survey.raw_files import SourceFile, place
from evaltools.survey.readers import RawTable
from evaltools.survey.readers.model import Note
from evaltools.survey.values.coerce import Column
from evaltools.survey.values.written import refuse_units


@dataclass(frozen=True, slots=True, eq=False)
class ReadSheet:
    """A table that was read for a source.

    Attributes
    ----------
    given
        As it stands in the file; `table` has the corrections in force.
    outcomes
        What became of each of them.
    """

    given: RawTable
    table: RawTable
    found: ColumnMap
    columns: Mapping[str, Column]
    fields: Fields
    outcomes: tuple[Outcome, ...] = ()


def read_sheet(
    file: SourceFile,
    table: RawTable,
    plan: SourcePlan,
    config: CampaignConfig,
    key: bytes,
    *,
    within: Collection[str] | None = None,
) -> ReadSheet:
    """Find the columns of a table, replace corrected cells, and read them.

    Parameters
    ----------
    key
        The campaign's key: corrections are held against hashes of the raw cells.
    within
        Only these questions; None: all of the form.

    Raises
    ------
    FileRefusedError
        ``rows-lost``: not as many rows as an independent count gave; what :mod:`evaltools.survey.matching.columns` and
        :mod:`evaltools.survey.values.written` refuse.
    """
    if table.n_rows != table.n_counted:
        at = {"path": file.rel_path, "sheet": table.sheet, "place": place(file.rel_path, table.sheet)}
        raise FileRefusedError("rows-lost", **at, n_read=table.n_rows, n_counted=table.n_counted)
    instrument, source = plan.instrument, file.source
    if within is not None:
        instrument, source = part_of(instrument, within), source_of(source, within)
    found = match_columns(table, instrument, source, path=file.rel_path, confirmed=plan.confirmed)
    table = _with_note(table, found)
    refuse_units(table, found, instrument, source, path=file.rel_path)
    given = table
    outcomes: tuple[Outcome, ...] = ()
    if plan.corrections:
        reading = Reading(found, instrument, source, plan.roles, config.banks)
        corrected = apply_lines(table, plan.corrections, reading, key)
        table, outcomes = corrected.table, corrected.outcomes
    columns = read_questions(table, found, instrument, source, plan.roles, config.banks)
    fields = read_fields(table, columns, plan.roles, orders=source.dates)
    return ReadSheet(given, table, found, columns, fields, outcomes)


def has_column(file: SourceFile, table: RawTable, plan: SourcePlan, name: str) -> bool:
    """Say whether a table has a column for a question."""
    if name in file.source.absent:
        return False
    part, source = part_of(plan.instrument, {name}), source_of(file.source, {name})
    try:
        found = match_columns(table, part, source, path="", confirmed=plan.confirmed)
    except FileRefusedError as error:
        return not missing_questions(error) and error.code != "column-named-missing"
    return found.has(name)


def _with_note(table: RawTable, found: ColumnMap) -> RawTable:
    """Return a table with a note on the questions that were found by their number."""
    names = [name for name, how in found.how.items() if how == "number"]
    return replace(table, notes=(*table.notes, Note("note-by-number", {"questions": names}))) if names else table


def part_of(instrument: Instrument, names: Collection[str]) -> Instrument:
    """Return an instrument with some of its questions alone."""
    return replace(instrument, questions=tuple(one for one in instrument.questions if one.name in names))


def source_of(source: Source, names: Collection[str]) -> Source:
    """Return a source with the headers of some questions alone, since the others stand in another table."""
    return source.model_copy(update={"columns": {name: one for name, one in source.columns.items() if name in names}})
