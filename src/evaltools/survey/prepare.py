"""One sheet for one source, from cells to checked rows with ids and pseudonyms. Nothing is stored here."""

from __future__ import annotations

import numpy as np

from evaltools.config import CampaignConfig
from evaltools.errors import FileRefusedError
from evaltools.survey.checks import check_rows
from evaltools.survey.matching import match_columns
from evaltools.survey.plans import SourcePlan
from evaltools.survey.questions import read_fields, read_questions
from evaltools.survey.raw_files import SourceFile, place
from evaltools.survey.readers import RawFile, RawTable
from evaltools.survey.roles import is_identifying
from evaltools.survey.sheet_rows import SheetRows, content_hashes, enterprises, response_ids


def prepare_sheet(
    file: SourceFile,
    raw: RawFile,
    table: RawTable,
    plan: SourcePlan,
    config: CampaignConfig,
    key: bytes,
) -> SheetRows:
    """Match, read and check a sheet.

    Raises
    ------
    FileRefusedError
        ``rows-lost``: not as many rows as an independent count gave; ``bank-column-missing``; what
        :mod:`evaltools.survey.matching` and :mod:`evaltools.survey.checks` refuse.
    """
    instrument, roles = plan.instrument, plan.roles
    source, at = file.source, {"path": file.rel_path, "sheet": table.sheet, "place": place(file.rel_path, table.sheet)}
    if len(table.rows) != table.n_counted:
        raise FileRefusedError("rows-lost", **at, n_read=len(table.rows), n_counted=table.n_counted)
    found = match_columns(table, instrument, source, path=file.rel_path)
    columns = read_questions(table, found, instrument, source, roles, config.banks)
    fields = read_fields(table, columns, roles)
    wave = config.waves[source.wave]
    checked = check_rows(columns, fields, instrument, source, roles, wave, path=file.rel_path, sheet=table.sheet)
    enterprise = enterprises(checked, roles, key)
    bank = checked.columns.get(str(roles.one("bank")))
    if bank is None:
        raise FileRefusedError("bank-column-missing", **at, column=roles.one("bank"))
    return SheetRows(
        file=file,
        raw=raw,
        table=table,
        source_sha=plan.sha,
        instrument=instrument,
        roles=roles,
        found=found,
        fields=fields,
        checked=checked,
        identifying=tuple(name for name in checked.columns if is_identifying(instrument.question(name), roles)),
        row_numbers=tuple(int(number) for number in table.rows.index),
        ids=np.array(response_ids(raw.sha256, table.sheet, source, found, table.rows.index), dtype=object),
        content=content_hashes(checked, fields, instrument, enterprise, key),
        enterprise=enterprise,
        bank=bank.known,
    )
