"""The tables of a file for one source, from cells to checked rows with ids and pseudonyms. Nothing is stored here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evaltools.config import CampaignConfig
from evaltools.errors import FileRefusedError
from evaltools.survey.checks import check_rows
from evaltools.survey.corrections.applying import with_dropped
from evaltools.survey.plans import SourcePlan
from evaltools.survey.prepare_repeat import prepare_ratings
from evaltools.survey.privacy import first_key
from evaltools.survey.raw_files import SourceFile
from evaltools.survey.readers import RawFile, RawTable
from evaltools.survey.repeats import ORPHAN
from evaltools.survey.sheet_reading import has_column, read_sheet
from evaltools.survey.sheet_rows import (
    SheetRows,
    bank_of,
    content_hashes,
    enterprises,
    identifying_names,
    response_ids,
)
from evaltools.text import clean


def prepare_file(
    file: SourceFile, raw: RawFile, plan: SourcePlan, config: CampaignConfig, key: bytes
) -> list[SheetRows]:
    """Match, read and check a file: its submissions and, where these rate several banks, their ratings.

    Raises
    ------
    FileRefusedError
        What :func:`prepare_sheet` and :func:`evaltools.survey.prepare_repeat.prepare_ratings` refuse.
    """
    sheets = _prepare(file, raw, plan, config, key)
    if not any(sheet.outcomes for sheet in sheets):
        return sheets
    try:
        before = _prepare(file, raw, replace(plan, corrections=()), config, key)
    except FileRefusedError:
        return sheets  # without its corrections the file could not be taken
    if [len(one.ids) for one in before] != [len(sheet.ids) for sheet in sheets]:
        return sheets  # a number of ratings was corrected, and with it the rows that are drawn from a wide table
    return [_beside(sheet, one) for sheet, one in zip(sheets, before, strict=True)]


def _beside(sheet: SheetRows, before: SheetRows) -> SheetRows:
    """Return a corrected sheet with what it was before; a row that counted already is told by its raw answers.

    Else its copy in another export would no longer be one.
    """
    counted = before.checked.accepted
    if before.parents is not None:
        rows = before.parents.rows
        counted = before.parents.sheet.checked.accepted[rows] & (rows != ORPHAN)
    return replace(sheet, before=before, content=np.where(counted, before.content, sheet.content))


def _prepare(file: SourceFile, raw: RawFile, plan: SourcePlan, config: CampaignConfig, key: bytes) -> list[SheetRows]:
    main, others = raw.tables[0], raw.tables[1:]
    if plan.repeat is None or has_column(file, main, plan, str(plan.roles.one("bank"))):
        raw = replace(raw, skipped_sheets=(*raw.skipped_sheets, *(clean(one.sheet) for one in others)))
        return [prepare_sheet(file, raw, main, plan, config, key)]
    return prepare_ratings(file, raw, plan, plan.repeat, config, key)


def prepare_sheet(
    file: SourceFile,
    raw: RawFile,
    table: RawTable,
    plan: SourcePlan,
    config: CampaignConfig,
    key: bytes,
) -> SheetRows:
    """Match, read and check a sheet whose rows are submissions that rate one bank each.

    Raises
    ------
    FileRefusedError
        ``bank-column-missing``; what :func:`evaltools.survey.sheet_reading.read_sheet` and
        :func:`evaltools.survey.checks.check_rows` refuse.
    """
    instrument, roles, source = plan.instrument, plan.roles, file.source
    read = read_sheet(file, table, plan, config, key)
    found, fields, at = read.found, read.fields, {"path": file.rel_path, "sheet": table.sheet}
    checked = check_rows(read.columns, fields, instrument, source, roles, config.waves[source.wave], **at)
    checked = with_dropped(checked, read.outcomes)
    enterprise = enterprises(checked, roles, key)
    return SheetRows(
        file=file,
        raw=raw,
        table=read.table,
        source_sha=plan.sha,
        instrument=instrument,
        roles=roles,
        found=found,
        fields=fields,
        checked=checked,
        identifying=identifying_names(checked.columns, instrument, roles),
        row_numbers=tuple(table.row_numbers),
        ids=np.array(response_ids(raw.sha256, table.sheet, source, found, table.row_numbers), dtype=object),
        content=content_hashes(checked, fields, instrument, enterprises(checked, roles, first_key(key)), key),
        enterprise=enterprise,
        bank=bank_of(checked, roles, **at),
        repeat_no=np.ones(table.n_rows, dtype=np.int64),
        given=read.given,
        outcomes=read.outcomes,
    )
