"""From checked rows to rows of the store's tables: typed, pseudonymous, redacted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from evaltools.store.schemas import ANSWERS_PREFIX, SCHEMAS
from evaltools.survey.instrument import Question
from evaltools.survey.privacy import pseudonym, redact, redact_codes
from evaltools.survey.readers.cells import code_cells
from evaltools.survey.roles import is_free_text, is_identifying, is_stored
from evaltools.survey.sheet_rows import SheetRows, hashed_role, row_identifiers
from evaltools.survey.values.coerce import Column, Objects
from evaltools.text import clean, normalise

NOT_ASKED: Final = "not_asked"
"""Reason in `missing` of a question that the source does not have."""

_ARROW: Final = {
    "integer": pa.int64(),
    "decimal": pa.float64(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
    "select_multiple": pa.list_(pa.string()),
}


def build_tables(sheet: SheetRows, keep: np.ndarray[Any, np.dtype[np.bool_]], key: bytes) -> dict[str, pa.Table]:
    """Return the rows that a sheet adds to the store's tables.

    Parameters
    ----------
    keep : bool array (n,)
        Accepted rows that are no exact duplicates.

    Returns
    -------
    dict of pyarrow.Table
        responses and ratings (all with status ``accepted``), answers_‹instrument›, missing, texts, weights; the first
        alone, or all but the first, for a sheet that holds only these.
    """
    rows = np.flatnonzero(keep)
    responses = {"responses": _table("responses", _responses(sheet, rows, key))} if sheet.holds != "ratings" else {}
    if sheet.holds == "responses":
        return responses
    ratings = _ratings(sheet, rows, key)
    rating_key = {name: ratings[name] for name in ("response_id", "bank_id", "repeat_no")}
    name = sheet.instrument.name
    return responses | {
        "ratings": _table("ratings", ratings),
        f"{ANSWERS_PREFIX}{name}": answers_table(sheet, rows, rating_key),
        "missing": _missing(sheet, rows, rating_key),
        "texts": _texts(sheet, rows),
        "weights": _weights(sheet, rows, rating_key),
    }


def _responses(sheet: SheetRows, rows: Any, key: bytes) -> dict[str, Any]:
    n, fields, source = len(rows), sheet.fields, sheet.source
    event = _by_role(sheet, "event_date")
    return {
        "response_id": sheet.ids[rows],
        "instrument": [source.instrument] * n,
        "wave": [source.wave] * n,
        "mode": [source.mode] * n,
        "channel": [source.channel] * n,
        "tool": [source.tool or sheet.raw.tool] * n,
        "form_version": _each(lambda text: redact_codes(clean(text)), fields.form_version[rows]),
        "enterprise_id": sheet.enterprise[rows],
        "collector_hash": hashed_role(sheet.checked, sheet.roles, "collector", key)[rows],
        "ip_hash": pseudonym(fields.ip[rows], key, "ip"),
        "started_at": fields.started_at[rows],
        "submitted_at": fields.submitted_at[rows],
        "duration_s": fields.duration_s[rows],
        "event_date": _each(_as_date, event[rows]),
        "status": ["accepted"] * n,
        "source_row": [sheet.row_numbers[row] for row in rows],
        "file_sha256": [sheet.raw.sha256] * n,
        "sheet": [sheet.table.sheet] * n,
        "content_sha": sheet.content[rows],
    }


def _ratings(sheet: SheetRows, rows: Any, key: bytes) -> dict[str, Any]:
    branch = _by_role(sheet, "branch")
    branch_question = sheet.roles.one("branch")
    if branch_question and is_identifying(sheet.instrument.question(branch_question), sheet.roles):
        branch_id = np.array(pseudonym(_each(str, branch), key, "branch"), dtype=object)
    else:
        branch_id = np.array(_each(lambda text: redact_codes(normalise(str(text))), branch), dtype=object)
    return {
        "response_id": sheet.ids[rows],
        "bank_id": sheet.bank[rows],
        "repeat_no": sheet.repeat_no[rows],
        "status": ["accepted"] * len(rows),
        "event_date": _each(_as_date, _by_role(sheet, "event_date")[rows]),
        "branch_id": branch_id[rows],
        "shopper_hash": hashed_role(sheet.checked, sheet.roles, "shopper", key)[rows],
        "scenario_id": _each(str, _by_role(sheet, "scenario")[rows]),
        "stratum": [_stratum(sheet, row) for row in rows],
        "psu": [_psu(sheet, row, branch_id[row], key) for row in rows],
    }


def _stratum(sheet: SheetRows, row: int) -> str | None:
    names = [name for name in sheet.roles.several("stratum") if name in sheet.checked.columns]
    columns = [sheet.checked.columns[name] for name in names]
    parts = [column.answers[row] if column.reasons[row] is None else None for column in columns]
    return "/".join("unknown" if part is None else _shown(part) for part in parts) or None


def _psu(sheet: SheetRows, row: int, branch: str | None, key: bytes) -> str:
    """Return who or what answers stand and fall together with: what the campaign says, else firm, branch, row."""
    names = [name for name in sheet.roles.several("psu") if name in sheet.checked.columns]
    parts = [sheet.checked.columns[name].answers[row] for name in names]
    if parts and all(part is not None for part in parts):
        text = "/".join(_shown(part) for part in parts)
        if any(is_identifying(sheet.instrument.question(name), sheet.roles) for name in names):
            return str(pseudonym([text], key, "psu")[0])
        return redact_codes(text)
    if sheet.enterprise[row] is not None:
        return str(sheet.enterprise[row])
    return f"{sheet.bank[row]}/{branch}" if branch else str(sheet.ids[row])


def answers_table(sheet: SheetRows, rows: Any, rating_key: Mapping[str, Any]) -> pa.Table:
    """Return what some rows answer, as the instrument's table of answers holds it.

    Parameters
    ----------
    rows : int array
        Places of the rows.
    rating_key
        Their ids, banks and numbers of ratings, by column.
    """
    arrays = {name: pa.array(list(values)) for name, values in rating_key.items()}
    arrays["response_id"] = arrays["response_id"].cast(pa.string())
    arrays["bank_id"] = arrays["bank_id"].cast(pa.string())
    arrays["repeat_no"] = arrays["repeat_no"].cast(pa.int64())
    for question in sheet.instrument.answered:
        if is_stored(question, sheet.roles):
            kind = pa.string() if _is_role(sheet, question, "bank") else _ARROW.get(question.type, pa.string())
            column = sheet.checked.columns.get(question.name)
            values = [None] * len(rows) if column is None else _answers_of(column, question, rows)
            arrays[question.name] = pa.array(values, type=kind)
    return pa.table(arrays)


def _answers_of(column: Column, question: Question, rows: Any) -> list[Any]:
    values = column.known[rows]
    if question.type == "select_multiple":
        return _each(list, values)
    if question.type in _ARROW:
        return _each(_as_date, values) if question.type == "date" else values.tolist()
    # what was typed where a code or a name was asked may hold a telephone
    return _each(lambda text: redact_codes(str(text)), values) if not question.choices else _each(str, values)


def _missing(sheet: SheetRows, rows: Any, rating_key: Mapping[str, Any]) -> pa.Table:
    parts = []
    for question in sheet.instrument.answered:
        if question.type == "calculate" or not (
            is_stored(question, sheet.roles) or is_free_text(question, sheet.roles)
        ):
            continue
        column = sheet.checked.columns.get(question.name)
        if column is None:
            reasons = np.full(len(rows), NOT_ASKED, dtype=object)
        else:
            reasons = np.where(pd.isna(column.reasons) & pd.isna(column.answers), "blank", column.reasons)[rows]
        gone = np.flatnonzero(pd.notna(reasons))
        if len(gone):
            part = {name: values[gone] for name, values in rating_key.items()}
            parts.append(part | {"item": [question.name] * len(gone), "reason": reasons[gone]})
    return _stacked("missing", parts)


def _texts(sheet: SheetRows, rows: Any) -> pa.Table:
    found: list[tuple[int, str, str]] = []
    for question in sheet.instrument.answered:
        column = sheet.checked.columns.get(question.name)
        if column is None:
            continue
        if is_free_text(question, sheet.roles):
            given = rows[pd.notna(column.answers[rows])]
            found += [(row, question.name, str(column.answers[row])) for row in given]
        elif column.typed and not is_identifying(question, sheet.roles):
            found += [(row, question.name, text) for row in rows if (text := column.typed.get(int(row)))]
    return _table(
        "texts",
        {
            "response_id": [sheet.ids[row] for row, _, _ in found],
            "item": [item for _, item, _ in found],
            "bank_id": [sheet.bank[row] for row, _, _ in found],
            "repeat_no": [sheet.repeat_no[row] for row, _, _ in found],
            "text": [redact(text, known=row_identifiers(sheet, row)) for row, _, text in found],
        },
    )


def _weights(sheet: SheetRows, rows: Any, rating_key: Mapping[str, Any]) -> pa.Table:
    name = sheet.roles.one("weight")
    if name is None or name not in sheet.checked.columns:
        return SCHEMAS["weights"].empty_table()
    base = [float(value) for value in sheet.checked.columns[name].answers[rows]]
    return _table("weights", {**rating_key, "base": base, "recipe": ["given"] * len(rows)})


def _by_role(sheet: SheetRows, role: str) -> Objects:
    name = sheet.roles.one(role)
    if name is None or name not in sheet.checked.columns:
        return np.full(len(sheet.ids), None, dtype=object)
    return sheet.checked.columns[name].known


def _is_role(sheet: SheetRows, question: Question, role: str) -> bool:
    return question.name in sheet.roles.several(role)


def _shown(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "+".join(value) if isinstance(value, tuple) else str(value)


def _as_date(value: Any) -> date:
    return value.date() if isinstance(value, datetime) else value


def _each(function: Callable[[Any], Any], values: Iterable[Any]) -> list[Any]:
    """Apply a function to each distinct value; None stays None."""
    coded = code_cells(values)
    found = [None, *map(function, coded.distinct[1:])]
    return [found[code] for code in coded.codes]


def _stacked(table: str, parts: list[dict[str, Any]]) -> pa.Table:
    if not parts:
        return SCHEMAS[table].empty_table()
    return pa.concat_tables([_table(table, part) for part in parts])


def _table(table: str, columns: Mapping[str, Any]) -> pa.Table:
    """Return a fixed table's rows in its own types; columns that are left out are missing."""
    schema = SCHEMAS[table]
    n = len(next(iter(columns.values())))
    arrays = [
        pa.array(list(columns[field.name]), type=field.type) if field.name in columns else pa.nulls(n, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
