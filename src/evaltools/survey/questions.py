"""Read all questions of a sheet: each column by the type, the choices and the role of its question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd

from evaltools.config import Bank, Source
from evaltools.survey.choices import ChoiceIndex, index_choices
from evaltools.survey.coerce import Column, Objects, read_column, read_split
from evaltools.survey.dates import read_dates, read_seconds
from evaltools.survey.identifiers import reader_for
from evaltools.survey.instrument import BilingualText, Choice, Instrument, Question
from evaltools.survey.matching import ColumnMap
from evaltools.survey.privacy import ip_address
from evaltools.survey.readers import RawTable
from evaltools.survey.roles import Roles

CREDIT_CODES: Final = frozenset({"credit_code", "enterprise.code", "enterprise_code", "uscc"})
"""Concepts of questions whose answer is a unified social credit code."""

_BANK_FAULTS: Final = {"choice-unknown": "bank-unknown", "choice-ambiguous": "bank-ambiguous"}


@dataclass(frozen=True, slots=True, eq=False)
class Fields:
    """What a sheet says of each row beside the answers.

    Attributes
    ----------
    submitted_at, started_at : object arrays (n,) of datetime or None
        Beijing time.
    submitted_fault : object array (n,)
        Code where a time of submission is there and cannot be read; None elsewhere.
    duration_s : object array (n,) of float or None
    ip, native_id, form_version, collector : object arrays (n,) of text or None
        In clear; only keyed hashes of the first two and of the last leave this place.
    """

    submitted_at: Objects
    submitted_fault: Objects
    started_at: Objects
    duration_s: Objects
    ip: Objects
    native_id: Objects
    form_version: Objects


def read_questions(
    table: RawTable,
    found: ColumnMap,
    instrument: Instrument,
    source: Source,
    roles: Roles,
    banks: Sequence[Bank],
) -> dict[str, Column]:
    """Read the columns of all questions that have one, in the order of the form."""
    columns: dict[str, Column] = {}
    for question in instrument.questions:
        if not found.has(question.name):
            continue
        recode = source.recode.get(question.name, {})
        marks = table.missing_marks
        if question.name in found.split:
            cells = {name: cells_at(table, position) for name, position in found.split[question.name].items()}
            columns[question.name] = read_split(cells, index_choices(question.choices, recode), marks=marks)
            continue
        position = found.columns[question.name]
        kind = table.columns[position].kind
        role = roles.of(question.name)
        is_bank = "bank" in role
        choices = index_banks(banks, recode) if is_bank else _choices(question, recode, kind)
        columns[question.name] = _as_bank(
            read_column(
                cells_at(table, position),
                _type(question, role),
                choices=choices,
                separator=table.separator,
                marks=marks,
                recode={} if choices is not None else recode,
                read=_identifier(question, role),
            ),
            is_bank=is_bank,
        )
    return columns


def read_fields(table: RawTable, columns: Mapping[str, Column], roles: Roles) -> Fields:
    """Read what the tool or a question with the role says of submission, duration, address and version."""
    submitted, fault = _stamps(table, columns, roles, "submitted_at")
    started, _ = _stamps(table, columns, roles, "started_at")
    raw_duration = _raw(table, columns, roles, "duration")
    return Fields(
        submitted_at=submitted,
        submitted_fault=fault,
        started_at=started,
        duration_s=_objects(read_seconds(cell) for cell in raw_duration),
        ip=_objects(ip_address(cell) for cell in _raw(table, columns, roles, "ip")),
        native_id=_objects(_text(cell) for cell in _raw(table, columns, roles, "native_id")),
        form_version=_objects(_text(cell) for cell in _raw(table, columns, roles, "form_version")),
    )


def index_banks(banks: Sequence[Bank], recode: Mapping[str, str]) -> ChoiceIndex:
    """Prepare the campaign's banks for reading: by id, Chinese and English name, and other names."""
    named = [
        Choice(bank.id, BilingualText(text, text))
        for bank in banks
        for text in (bank.name.zh, bank.name.en, *bank.aliases)
    ]
    return index_choices(named, recode, first="label")


def cells_at(table: RawTable, position: int) -> list[Any]:
    """Return the raw cells of a column."""
    return table.rows.iloc[:, position].tolist()


def _choices(question: Question, recode: Mapping[str, str], kind: str) -> ChoiceIndex | None:
    if not question.choices:
        return None
    return index_choices(question.choices, recode, first="name" if kind == "name" else "label")


def _type(question: Question, roles: frozenset[str]) -> str:
    if "bank" in roles:
        return "select_one"
    if question.type == "metadata":
        return "datetime" if roles & {"submitted_at", "started_at"} else "text"
    return "decimal" if "weight" in roles and question.type == "text" else question.type


def _identifier(question: Question, roles: frozenset[str]) -> Any:
    if "enterprise" not in roles or question.choices:
        return None
    return reader_for(is_credit_code=question.concept in CREDIT_CODES)


def _as_bank(column: Column, *, is_bank: bool) -> Column:
    """Give the faults of a bank their own codes; a bank whose id is `na` is a bank, not a missing answer."""
    if is_bank:
        for row, fault in enumerate(column.faults):
            column.faults[row] = _BANK_FAULTS.get(fault, fault)
        column.reasons[np.asarray(pd.notna(column.answers))] = None
    return column


def _stamps(table: RawTable, columns: Mapping[str, Column], roles: Roles, role: str) -> tuple[Objects, Objects]:
    """Return time stamps in Beijing time and their faults; a field of the tool goes before a question."""
    if role in table.meta:
        return read_dates(_blank_as_none(cells_at(table, table.meta[role])), keep_time=True)
    name = roles.one(role)
    nothing = np.full(len(table.rows), None, dtype=object)
    if name is None or name not in columns:
        return nothing, nothing.copy()
    values = [value if isinstance(value, datetime) else _midnight(value) for value in columns[name].answers]
    return _objects(values), nothing


def _midnight(value: Any) -> datetime | None:
    return None if value is None else datetime(value.year, value.month, value.day)


def _raw(table: RawTable, columns: Mapping[str, Column], roles: Roles, role: str) -> list[Any]:
    if role in table.meta:
        return _blank_as_none(cells_at(table, table.meta[role]))
    name = roles.one(role)
    return columns[name].answers.tolist() if name is not None and name in columns else [None] * len(table.rows)


def _blank_as_none(cells: list[Any]) -> list[Any]:
    return [None if isinstance(cell, str) and not cell.strip() else cell for cell in cells]


def _text(cell: Any) -> str | None:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return None if cell is None else str(cell).strip()


def _objects(values: Any) -> Objects:
    listed = list(values)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array
