"""SurveyCTO: one wide csv or JSON, or a zip with a csv for each repeat.

Columns from programs that read such files; the layout of tables of repeats and the zone of the times (that of the
computer that exports) from memory.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

from exports.files import csv_bytes, zip_bytes
from exports.truth import Dialect, Missing, Row, Truth

LEADING = ("SubmissionDate", "starttime", "endtime", "deviceid", "subscriberid", "simid", "devicephonenum", "username",
           "duration", "caseid")  # fmt: skip
BEHIND = ("instanceID", "instanceName", "formdef_version", "review_status", "KEY")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Style:
    """How one export is laid out.

    `options` says whether choices have columns, `lower` whether all headers are in lower case, as behind Stata; `loans`
    adds a repeat, in columns of its own or, in a zip, in a table of its own; `iso` writes times year first.
    """

    form: str = "csv"
    options: bool = True
    lower: bool = False
    loans: bool = False
    iso: bool = False
    mark: bool = False


def dialects() -> list[Dialect]:
    """Return the exports of SurveyCTO."""
    base = Style()
    styles = {
        "wide/options/csv": base,
        "wide/summary/csv": replace(base, options=False),
        "wide/options-mark/csv": replace(base, mark=True),
        "wide/lower/csv": replace(base, lower=True),
        "wide/repeat/csv": replace(base, loans=True),
        "wide/iso/csv": replace(base, iso=True),
        "wide/options/json": replace(base, form="json"),
        "wide/repeat/json": replace(base, form="json", loans=True),
        "long/options/zip": replace(base, form="zip", loans=True),
        "long/summary/zip": replace(base, form="zip", options=False, loans=True),
    }
    return [
        Dialect(f"surveycto/{name}", "surveycto", f"firm_survey_WIDE.{style.form}", partial(_write, style=style))
        for name, style in styles.items()
    ]


def _write(truth: Truth, style: Style) -> bytes:
    headers = [*LEADING]
    for question in truth.questions:
        headers.append(question.name)
        if question.type == "select_multiple" and style.options:
            headers += [f"{question.name}_{choice.name}" for choice in question.choices]
    if style.loans and style.form != "zip":
        headers += ["loans_count", "amount_1", "amount_2"]
    elif style.loans:
        headers += ["SET-OF-loans"]
    headers += BEHIND
    headers = [header.lower() for header in headers] if style.lower else headers
    rows = [_cells(truth, row, style) for row in truth.rows]
    if style.form == "json":
        return json.dumps([dict(zip(headers, row, strict=True)) for row in rows], ensure_ascii=False).encode()
    table = csv_bytes([headers, *rows], "utf-8-sig" if style.mark else "utf-8", line_end="\n")
    if style.form == "csv":
        return table
    return zip_bytes({"firm_survey.csv": table, "firm_survey-loans.csv": csv_bytes(_loans(truth), "utf-8")})


def _cells(truth: Truth, row: Row, style: Style) -> list[str]:
    started, submitted = _moment(row.started, style), _moment(row.submitted, style)
    cells = [submitted, started, submitted, "356938035643809", "460001234567890", "", "", "collector3", "600", ""]
    for question in truth.questions:
        value = row.answers[question.name]
        cells.append(_cell(value, style))
        if question.type == "select_multiple" and style.options:
            cells += [str(int(choice.name in value)) if isinstance(value, tuple) else "" for choice in question.choices]
    if style.loans and style.form != "zip":
        cells += [("0", "", ""), ("1", "50", ""), ("2", "50", "80")][row.id % 3]
    elif style.loans:
        cells.append(f"uuid:{row.uuid}/loans")
    return [*cells, f"uuid:{row.uuid}", "", "2210080900", "approved", f"uuid:{row.uuid}"]


def _cell(value: object, style: Style) -> str:
    if isinstance(value, Missing):
        return ""
    if isinstance(value, tuple):
        return " ".join(value)
    return _moment(value, style) if isinstance(value, date) else str(value)


def _moment(moment: date, style: Style) -> str:
    if style.iso:
        return moment.isoformat().replace("T", " ")
    day = f"{_MONTHS[moment.month - 1]} {moment.day}, {moment.year}"
    if not isinstance(moment, datetime):
        return day
    half = "AM" if moment.hour < 12 else "PM"
    return f"{day} {moment.hour % 12 or 12}:{moment.minute:02}:{moment.second:02} {half}"


def _loans(truth: Truth) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = [("amount", "PARENT_KEY", "KEY", "SET-OF-loans")]
    for row in truth.rows:
        key = f"uuid:{row.uuid}"
        amounts = ("50", "80")[: row.id % 3]
        rows += [(one, key, f"{key}/loans[{nth}]", f"{key}/loans") for nth, one in enumerate(amounts, start=1)]
    return rows
