"""Hold what was read against the form and the campaign: the form's logic, bank, consent, dates.

A row with any fault goes to quarantine as a whole, every fault of it listed. An answer that the form's own logic says
should not be there is taken out and listed, a calculated value that does not follow from the answers is listed; its row
stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.config import Source, Wave
from evaltools.errors import FileRefusedError
from evaltools.survey.instrument import Instrument
from evaltools.survey.logic.form import FormLogic, compile_logic
from evaltools.survey.logic.walk import Exceptions, walk_form
from evaltools.survey.questions import CREDIT_CODES, Fields
from evaltools.survey.raw_files import place
from evaltools.survey.roles import Roles, is_identifying
from evaltools.survey.row_faults import Fault
from evaltools.survey.values.coerce import Column, Objects
from evaltools.survey.values.identifiers import is_letter_first

Bools = npt.NDArray[np.bool_]

_YES: Final = frozenset({"yes", "y", "1", "true"})


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """The rows of a sheet after all checks.

    Attributes
    ----------
    columns
        As read, without the answers that the form's logic took out, with the calculations that the sheet lacks.
    faults
        By row, then in the order of the form.
    accepted : bool array (n,)
        Rows without a fault of scope ``row``.
    computed
        Names of the columns that are no columns of the sheet.
    """

    columns: Mapping[str, Column]
    faults: tuple[Fault, ...]
    accepted: Bools
    computed: frozenset[str] = frozenset()


def check_rows(
    columns: Mapping[str, Column],
    fields: Fields,
    instrument: Instrument,
    source: Source,
    roles: Roles,
    wave: Wave,
    *,
    path: str,
    sheet: str,
    within: Collection[str] | None = None,
) -> Checked:
    """Check all rows of a sheet.

    Parameters
    ----------
    within
        Only these questions are checked, with the help of the others; None: all.

    Raises
    ------
    FileRefusedError
        ``column-blank``: a required column is empty in every row that should have it; all such columns are listed.
    InstrumentError
        What the form says of a column cannot be read, or not be computed on a table; see
        :func:`evaltools.survey.logic.compile_expression`.
    """
    logic = compile_logic(instrument)
    logic.require(columns.keys())
    readable = ~_given(fields.state)
    consenting = consented(columns, logic, roles, len(fields.submitted_at)) | ~readable
    counted = consenting & readable
    walked = walk_form(
        logic, columns, _times_of_filling(fields), counted=counted, exceptions=_exceptions(instrument, roles)
    )
    if blank := [name for name in walked.blank if within is None or name in within]:
        at = {"path": path, "sheet": sheet, "place": place(path, sheet)}
        raise FileRefusedError("column-blank", **at, columns=blank)
    found = (
        *walked.faults,
        *_type_faults(walked.columns),
        *_code_faults(walked.columns, instrument, roles),
        *_wave_faults(walked.columns, fields, source, roles, wave),
        *_weight_faults(walked.columns, roles),
    )
    faults = [fault for fault in found if counted[fault.row]]
    faults += [
        Fault(int(row), roles.one("consent") or "", "consent", "no-consent") for row in np.flatnonzero(~consenting)
    ]
    faults += [Fault(int(row), "state", "state", fields.state[row]) for row in np.flatnonzero(~readable)]
    if within is not None:
        faults = [fault for fault in faults if fault.question in within]
    order = {question.name: number for number, question in enumerate(instrument.questions)}
    faults.sort(key=lambda fault: (fault.row, order.get(fault.question, len(order))))
    accepted = np.ones(len(consenting), dtype=bool)
    accepted[[fault.row for fault in faults if fault.scope == "row"]] = False
    return Checked(walked.columns, tuple(faults), accepted, walked.computed)


def consented(columns: Mapping[str, Column], logic: FormLogic, roles: Roles, n: int) -> Bools:
    """Return the rows whose respondent agreed; all where the form or the file has no such question.

    Whoever did not agree is only counted: nothing else of the row is checked or kept.
    """
    name = roles.one("consent")
    if name is None or name not in columns:
        return np.ones(n, dtype=bool)
    column = columns[name]
    answered = _given(column.answers)
    rule = next(one.constraint for one in logic.questions if one.question.name == name)
    if rule is not None and not rule.names and not rule.uses_today:
        current = pd.Series(column.answers, dtype=object)
        return answered & rule.holds(pd.DataFrame({name: current}), current)
    said_yes: Bools = np.array([str(value).casefold() in _YES for value in column.answers], dtype=bool)
    return answered & said_yes


def _exceptions(instrument: Instrument, roles: Roles) -> Exceptions:
    return Exceptions(
        # a row without its bank or its weight counts nowhere, whatever the form's logic says
        always=frozenset(name for role in ("bank", "weight") for name in roles.several(role)),
        # banks are those of the campaign
        unlisted=frozenset(roles.several("bank")),
        identifying=frozenset(
            question.name
            for question in instrument.questions
            if is_identifying(question, roles) and question.sensitivity != "direct"
        ),
    )


def _times_of_filling(fields: Fields) -> npt.NDArray[np.datetime64]:
    """Return when each form was filled in, NaT where that is not known."""
    return np.array(fields.submitted_at.tolist(), dtype="datetime64[us]")


def _type_faults(columns: Mapping[str, Column]) -> Iterator[Fault]:
    for name, column in columns.items():
        for row in np.flatnonzero(_given(column.faults)):
            code = column.faults[row]
            yield Fault(int(row), name, "bank" if code.startswith("bank-") else "type", code)


def _code_faults(columns: Mapping[str, Column], instrument: Instrument, roles: Roles) -> Iterator[Fault]:
    """Yield rows whose credit code begins with a letter: it is accepted, and somebody should look at it."""
    name = roles.one("enterprise")
    if name is None or name not in columns or instrument.question(name).concept not in CREDIT_CODES:
        return
    for row, code in enumerate(columns[name].answers):
        if code is not None and is_letter_first(str(code)):
            yield Fault(row, name, "type", "code-letter-first", "cell")


def _given(cells: Objects) -> Bools:
    return np.asarray(pd.notna(cells), dtype=bool)


def _wave_faults(
    columns: Mapping[str, Column], fields: Fields, source: Source, roles: Roles, wave: Wave
) -> Iterator[Fault]:
    """Yield rows that were handed in outside the wave; a visit without such a time counts by its own day."""
    name, days = "submitted_at", [stamp.date() if stamp else None for stamp in fields.submitted_at]
    event = roles.one("event_date")
    if source.mode == "visit" and not any(days) and event in columns:
        name, days = str(event), [_day(value) for value in columns[str(event)].answers]
    for row, day in enumerate(days):
        if fields.submitted_fault[row] is not None:
            yield Fault(row, "submitted_at", "type", fields.submitted_fault[row])
        elif day is not None and not wave.start <= day <= wave.end:
            yield Fault(row, name, "wave", "outside-wave")


def _day(value: Any) -> date | None:
    return value.date() if isinstance(value, datetime) else value


def _weight_faults(columns: Mapping[str, Column], roles: Roles) -> Iterator[Fault]:
    name = roles.one("weight")
    if name is None or name not in columns:
        return
    for row, value in enumerate(columns[name].answers):
        if value is not None and not value > 0:
            yield Fault(row, name, "weight", "weight-not-positive")
