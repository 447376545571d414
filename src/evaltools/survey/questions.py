"""Read all questions of a sheet: each column by the type, the choices and the role of its question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd

from evaltools.config import Bank, Source
from evaltools.survey.instrument import BilingualText, Choice, Instrument, Question
from evaltools.survey.matching.columns import ColumnMap
from evaltools.survey.matching.option_columns import index_of
from evaltools.survey.privacy import ip_address
from evaltools.survey.readers import RawColumn, RawTable
from evaltools.survey.readers.cells import Cell
from evaltools.survey.readers.model import Coding
from evaltools.survey.roles import Roles
from evaltools.survey.values.choices import ChoiceIndex, index_choices
from evaltools.survey.values.coerce import Column, Objects, read_column, read_split
from evaltools.survey.values.dates import Order, read_dates, read_seconds
from evaltools.survey.values.identifiers import reader_for
from evaltools.survey.values.missing_words import marks_of
from evaltools.survey.values.written import how_written

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
    state : object array (n,) of text or None
        What keeps the answers from counting, by the tool: ``rejected`` or ``encrypted``.
    """

    submitted_at: Objects
    submitted_fault: Objects
    started_at: Objects
    duration_s: Objects
    ip: Objects
    native_id: Objects
    form_version: Objects
    state: Objects


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
        if question.name in found.unfilled:
            columns[question.name] = _blank(table.n_rows)
        if not found.has(question.name):
            continue
        recode = source.recode.get(question.name, {})
        marks = {**table.missing_marks, **marks_of(question)}
        typed = found.typed.get(question.name, {})
        if question.name in found.split:
            column = _read_split(table, found.split[question.name], typed, question, recode, marks)
            columns[question.name] = _noted(column, table, found.split[question.name], source, question)
            continue
        position = found.columns[question.name]
        raw = table.columns[position]
        role = roles.of(question.name)
        is_bank = "bank" in role
        choices = choice_index(question, {"": raw}, source, roles, banks)
        column = _as_bank(
            read_column(
                table.cells(position),
                _type(question, role),
                choices=choices,
                separator=table.separator,
                marks=marks,
                recode={} if choices is not None else recode,
                read=_identifier(question, role, table.cells(position)),
                written=how_written(question, raw, source, table.epoch),
            ),
            is_bank=is_bank,
        )
        columns[question.name] = _with_typed(column, table, typed)
    return columns


def _blank(n: int) -> Column:
    nothing = np.full(n, None, dtype=object)
    return Column(nothing, np.full(n, "blank", dtype=object), nothing.copy())


def read_fields(
    table: RawTable, columns: Mapping[str, Column], roles: Roles, *, orders: Mapping[str, Order] | None = None
) -> Fields:
    """Read what the tool or a question with the role says of submission, duration, address and version.

    Parameters
    ----------
    orders
        Field to the order of day and month in it, where the campaign file says so.
    """
    submitted, fault = _stamps(table, columns, roles, "submitted_at", orders or {})
    started, _ = _stamps(table, columns, roles, "started_at", orders or {})
    return Fields(
        submitted_at=submitted,
        submitted_fault=fault,
        started_at=started,
        duration_s=_field(table, columns, roles, "duration", read_seconds),
        ip=_field(table, columns, roles, "ip", ip_address),
        native_id=_field(table, columns, roles, "native_id", _text),
        form_version=_field(table, columns, roles, "form_version", _text),
        state=_field(table, columns, roles, "state", _text),
    )


def index_banks(banks: Sequence[Bank], recode: Mapping[str, str], coding: Coding = "") -> ChoiceIndex:
    """Prepare the campaign's banks for reading: by id, Chinese and English name, and other names.

    The numbers of a form's own list of banks mean what the source's recode says, and nothing else.
    """
    named = [
        Choice(bank.id, BilingualText(text, text))
        for bank in banks
        for text in (bank.name.zh, bank.name.en, *bank.aliases)
    ]
    index = index_choices(named, recode, first="label")
    return replace(index, numbers={}) if coding in ("number", "score", "numeral") else index


def choice_index(
    question: Question, columns: Mapping[str, RawColumn], source: Source, roles: Roles, banks: Sequence[Bank]
) -> ChoiceIndex | None:
    """Prepare what the cells of a question may hold; None where it has no choices.

    Parameters
    ----------
    columns
        Choice to its column where it has a column a choice; else "" to its one column.
    """
    recode = source.recode.get(question.name, {})
    raw = columns.get("")
    if raw is None:
        return _split_index(question, columns, recode)
    if "bank" in roles.of(question.name):
        return index_banks(banks, recode, raw.coding)
    return index_of(raw, question, recode) if question.choices else None


def _split_index(question: Question, columns: Mapping[str, RawColumn], recode: Mapping[str, str]) -> ChoiceIndex:
    # a cell may hold the option in the wording of the file
    worded = {column.option or name: name for name, column in columns.items()}
    return index_choices(question.choices, {**worded, **recode})


def _read_split(
    table: RawTable,
    places: Mapping[str, int],
    typed: Mapping[int, str],
    question: Question,
    recode: Mapping[str, str],
    marks: Mapping[str, str],
) -> Column:
    """Read a multiple choice with a column a choice; one of them may only hold what was typed."""
    blanks = {name: table.cells(position) for position, name in typed.items() if name and name not in places}
    beside = {position: name for position, name in typed.items() if name not in blanks}
    cells = {name: table.cells(position) for name, position in places.items()}
    index = _split_index(question, {name: table.columns[position] for name, position in places.items()}, recode)
    return _with_typed(read_split(cells, index, marks=marks, typed=blanks), table, beside)


def _noted(column: Column, table: RawTable, places: Mapping[str, int], source: Source, question: Question) -> Column:
    """Say so where the file shows a question by its options alone, and the campaign file does not say which it is."""
    alone = question.name not in source.columns and any(not table.columns[place].key for place in places.values())
    return replace(column, note="note-options-alone") if alone else column


def _with_typed(column: Column, table: RawTable, typed: Mapping[int, str]) -> Column:
    """Add what stands in columns of their own for the blanks of choices."""
    written = dict(column.typed)
    for position in typed:
        texts = read_column(table.cells(position), "text", marks=table.missing_marks).answers
        for row, text in enumerate(texts):
            if text and text != written.get(row):
                written[row] = " / ".join(part for part in (written.get(row), text) if part)
    return replace(column, typed=written) if typed else column


def _type(question: Question, roles: frozenset[str]) -> str:
    if "bank" in roles:
        return "select_one"
    if question.type == "metadata":
        return "datetime" if roles & {"submitted_at", "started_at"} else "text"
    return "decimal" if "weight" in roles and question.type == "text" else question.type


def _identifier(question: Question, roles: frozenset[str], cells: Iterable[object]) -> Any:
    if "enterprise" not in roles or question.choices:
        return None
    return reader_for(cells, is_credit_code=question.concept in CREDIT_CODES)


def _as_bank(column: Column, *, is_bank: bool) -> Column:
    """Give the faults of a bank their own codes; a bank whose id is `na` is a bank, not a missing answer."""
    if is_bank:
        for row, fault in enumerate(column.faults):
            column.faults[row] = _BANK_FAULTS.get(fault, fault)
        column.reasons[np.asarray(pd.notna(column.answers))] = None
    return column


def _stamps(
    table: RawTable, columns: Mapping[str, Column], roles: Roles, role: str, orders: Mapping[str, Order]
) -> tuple[Objects, Objects]:
    """Return time stamps in Beijing time and their faults; a field of the tool goes before a question."""
    if role in table.meta:
        cells = table.cells(table.meta[role]).map(_blank_as_none)
        values, faults = read_dates(cells.distinct, keep_time=True, order=orders.get(role), epoch=table.epoch)
        return cells.spread(values), cells.spread(faults)
    name = roles.one(role)
    nothing = np.full(table.n_rows, None, dtype=object)
    if name is None or name not in columns:
        return nothing, nothing.copy()
    stamps = nothing.copy()
    stamps[:] = [value if isinstance(value, datetime) else _midnight(value) for value in columns[name].answers]
    return stamps, nothing


def _midnight(value: Any) -> datetime | None:
    return None if value is None else datetime(value.year, value.month, value.day)


def _field(
    table: RawTable, columns: Mapping[str, Column], roles: Roles, role: str, read: Callable[[Cell], Cell]
) -> Objects:
    """Return what is read of a field of the tool, else of the question with the role, else nothing."""
    if role in table.meta:
        return table.cells(table.meta[role]).map(_blank_as_none).map(read).objects()
    values: Objects = np.full(table.n_rows, None, dtype=object)
    name = roles.one(role)
    if name is not None and name in columns:
        values[:] = [read(value) for value in columns[name].answers]
    return values


def _blank_as_none(cell: Cell) -> Cell:
    return None if isinstance(cell, str) and not cell.strip() else cell


def _text(cell: Cell) -> str | None:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return None if cell is None else str(cell).strip()
