"""Rows of the table `quarantine`: what was wrong, how to mend it, and a trace of the value that gives nobody away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from evaltools.errors import message
from evaltools.store.schemas import SCHEMAS
from evaltools.survey.corrections.resolving import confirmed_cells, dropped_rows, resolved_faults
from evaltools.survey.privacy import hidden, pseudonym, redact
from evaltools.survey.roles import is_identifying
from evaltools.survey.row_faults import IN_DOUBT, Fault
from evaltools.survey.sheet_rows import SheetRows, row_identifiers
from evaltools.survey.values.choices import cell_text
from evaltools.text import Lang, clean

DUPLICATE: Final = "duplicate"
"""Rule and scope of a row that is an exact copy of an accepted one; its `value` is the response id of that one."""
RESOLVED: Final = "resolved"
"""Scope of a fault that a correction has settled: it holds nothing back any more."""

_SHOWN: Final = 60


def quarantine_table(sheet: SheetRows, duplicates: Mapping[int, str], key: bytes, lang: Lang) -> pa.Table:
    """Return the faults of a sheet, and its exact duplicates, as rows of the table `quarantine`.

    Parameters
    ----------
    duplicates
        Row to the id of the response that it repeats.
    lang
        Language of the column `mend`.

    Notes
    -----
    `column` is the question's name, "" for the whole row. `value` of a plain field is the cell, redacted and cut; of
    any other field only its length. `value_sha` is keyed, so that a short value cannot be found by trying all. A fault
    that a correction has settled is kept with the id of its line in `resolved_by`; the `value` of a row that a line
    drops is the line's id.
    """
    confirmed, drops = confirmed_cells(sheet), dropped_rows(sheet)
    faults = [fault for fault in sheet.checked.faults if fault.row not in duplicates]
    rows = [
        _fault_row(sheet, fault, key, lang)
        | (_resolved(confirmed.get((fault.row, fault.question))) if fault.code in IN_DOUBT else {})
        | ({"value": drops[fault.row]} if fault.rule == "dropped" else {})
        for fault in faults
    ]
    if sheet.before is not None:
        rows += [
            _fault_row(sheet.before, fault, key, lang) | _resolved(line)
            for fault, line in resolved_faults(sheet) if fault.row not in duplicates
        ]  # fmt: skip
    copied = message("fault-duplicate", {}, lang)
    rows += [
        _row(sheet, row, DUPLICATE, DUPLICATE, DUPLICATE, copied) | {"value": original, "bank_id": sheet.bank[row]}
        for row, original in duplicates.items()
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMAS["quarantine"])


def _resolved(line: str | None) -> dict[str, Any]:
    return {} if line is None else {"scope": RESOLVED, "resolved_by": line}


def _fault_row(sheet: SheetRows, fault: Fault, key: bytes, lang: Lang) -> dict[str, Any]:
    header = _header(sheet, fault.question)
    mend = message(f"fault-{fault.code}", {"column": header}, lang)
    # nothing is kept of a row without consent
    bank = None if fault.rule == "consent" else sheet.bank[fault.row]
    row = _row(sheet, fault.row, fault.rule, fault.scope, fault.code, mend)
    row |= {"column": fault.question, "bank_id": bank}
    text = _cell(sheet, fault)
    if text is None:
        return row
    shown = hidden(text) if _is_private(sheet, fault) else _short(redact(text, known=row_identifiers(sheet, fault.row)))
    return row | {"value": shown, "value_sha": pseudonym([text], key, "value")[0]}


def _row(sheet: SheetRows, row: int, rule: str, scope: str, code: str, mend: str) -> dict[str, Any]:
    return {
        "file_sha256": sheet.raw.sha256,
        "sheet": sheet.table.sheet,
        "source_sha": sheet.source_sha,
        "instrument": sheet.source.instrument,
        "wave": sheet.source.wave,
        "row": sheet.row_numbers[row],
        "column": "",
        "rule": rule,
        "scope": scope,
        "reason": code,
        "mend": mend,
    }


def _header(sheet: SheetRows, name: str) -> str:
    position = sheet.found.columns.get(name, sheet.table.meta.get(name))
    return name if position is None else _short(redact(sheet.table.columns[position].header))


def _cell(sheet: SheetRows, fault: Fault) -> str | None:
    """Return the faulty cell as text; of a multiple choice in several columns, what was ticked."""
    name = fault.question
    if name in sheet.found.columns:
        position = sheet.found.columns[name]
    elif name in sheet.table.meta:
        position = sheet.table.meta[name]
    else:
        places = sheet.found.split.get(name, {})
        cells = {choice: sheet.table.cells(place)[fault.row] for choice, place in places.items()}
        return " ".join(f"{choice}={cell_text(cell)}" for choice, cell in cells.items() if cell is not None) or None
    cell = sheet.table.cells(position)[fault.row]
    text = None if cell is None else clean(cell_text(cell) or str(cell)).strip()
    return text or None


def _is_private(sheet: SheetRows, fault: Fault) -> bool:
    known = {question.name: question for question in sheet.instrument.questions}
    question = known.get(fault.question)
    if question is None:
        return False
    return question.sensitivity != "plain" or is_identifying(question, sheet.roles)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
