"""Stata: versions 113 to 119, labels or codes, single and double precision, GB18030, SurveyCTO's names in lower case.

Versions 114 to 119 are written by pandas and pyreadstat; 113 and old files in GB18030, which neither writes, from the
format's description in the Stata Programming manual.
"""

from __future__ import annotations

import io
import struct
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat

from exports.truth import Dialect, Missing, Question, Row, Truth

_PYREADSTAT = {114: 10, 115: 12, 117: 13, 118: 14, 119: 15}
_EPOCH = datetime(1960, 1, 1)
_MISSING_DOUBLE = struct.pack("<Q", 0x7FE0000000000000)
# the refusal of the library to write a text that is longer than a cell of fixed width takes
_LONGEST_OLD = 244


@dataclass(frozen=True)
class Variable:
    """Name, label, labels of values, cells (numbers, text, dates; None), whether the cells are text."""

    name: str
    label: str
    labels: dict[int, str]
    cell: Callable[[Row], Any]
    is_text: bool = False
    form: str = "%10.0g"


def dialects() -> list[Dialect]:
    """Return the files of Stata."""
    found = [
        Dialect(f"stata/{version}/labels", "stata", "survey.dta", partial(write_labels, version=version),
                _too_long(version))
        for version in (114, 115, 117, 118, 119)
    ]  # fmt: skip
    found += [
        Dialect("stata/118/reasons", "stata", "survey.dta", partial(write_labels, version=118, reasons=True)),
        Dialect("stata/118/single", "stata", "survey.dta", partial(write_pandas, version=118)),
        Dialect("stata/119/strl", "stata", "survey.dta", partial(write_pandas, version=119, long_texts=True)),
        Dialect("stata/118/surveycto", "stata", "survey.dta", write_surveycto),
        Dialect("stata/113/utf8", "stata", "survey.dta", partial(write_old, version=113, encoding="utf-8"),
                _too_long(113)),
        Dialect("stata/114/gb18030", "stata", "survey.dta", partial(write_old, version=114, encoding="gb18030"),
                _too_long(114)),
        Dialect("stata/115/gb18030-big-endian", "stata", "survey.dta",
                partial(write_old, version=115, encoding="gb18030", order=">"), _too_long(115)),
    ]  # fmt: skip
    return found


def _too_long(version: int) -> frozenset[str]:
    # a text takes 244 bytes before version 117, and one of the comments has 300
    return frozenset({"comment"}) if version < 117 else frozenset()


# ---------------------------------------------------------------------------------------------------------------------
# What stands in a file


def _variables(truth: Truth, *, reasons: bool = False, surveycto: bool = False) -> list[Variable]:
    found: list[Variable] = []
    for question in truth.questions:
        label = f"{question.matrix} - {question.zh}" if question.matrix else question.zh
        if question.type == "select_multiple":
            if surveycto:
                found.append(Variable(question.name, label, {}, partial(_joined, question), is_text=True))
            found += [
                Variable(
                    f"{question.name}_{choice.name}",
                    f"{label} - {choice.zh}",
                    {},
                    partial(_tick, question, choice.name),
                )
                for choice in question.choices
            ]
            continue
        values = {place: choice.zh for place, choice in enumerate(question.choices, start=1)}
        form = {"date": "%tdCCYY-NN-DD", "datetime": "%tcCCYY-NN-DD!_HH:MM:SS"}.get(question.type, "%10.0g")
        cell = partial(_cell, question, reasons)
        found.append(Variable(question.name, label, values, cell, question.type == "text", form))
    return found


def _cell(question: Question, reasons: bool, row: Row) -> Any:
    value = row.answers[question.name]
    if isinstance(value, Missing):
        return ("s" if value is Missing.SKIPPED else None) if reasons and question.choices else None
    if question.choices:
        return [choice.name for choice in question.choices].index(str(value)) + 1
    if isinstance(value, (date, str)):
        return value
    return float(str(value))


def _joined(question: Question, row: Row) -> Any:
    value = row.answers[question.name]
    return " ".join(value) if isinstance(value, tuple) else ""


def _tick(question: Question, name: str, row: Row) -> Any:
    value = row.answers[question.name]
    return int(name in value) if isinstance(value, tuple) else None


def _days(value: date) -> int:
    return (value - _EPOCH.date()).days


def _stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return float((value - _EPOCH).total_seconds() * 1000)
    return float(_days(value)) if isinstance(value, date) else value


# ---------------------------------------------------------------------------------------------------------------------
# Writers


def write_labels(truth: Truth, version: int, *, reasons: bool = False) -> bytes:
    """Return a file with value labels; with `reasons`, ``.s`` where a choice question was skipped."""
    variables = [one for one in _variables(truth, reasons=reasons) if one.name not in _too_long(version)]
    columns: dict[str, Any] = {}
    for one in variables:
        cells = [_stored(one.cell(row)) for row in truth.rows]
        if one.is_text:
            columns[one.name] = pd.Series([cell or "" for cell in cells], dtype=object)
        elif any(isinstance(cell, str) for cell in cells):
            columns[one.name] = pd.Series(cells, dtype=object)
        else:
            columns[one.name] = pd.Series(cells, dtype=float)
    coded = {name for name, column in columns.items() if "s" in set(column) and name != "comment"}
    labels = {
        one.name: {**one.labels, **({"s": "跳过"} if one.name in coded else {})} for one in variables if one.labels
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f.dta"
        pyreadstat.write_dta(
            pd.DataFrame(columns),
            path,
            version=_PYREADSTAT[version],
            column_labels=[one.label[:80] for one in variables],
            variable_value_labels=labels,
            missing_user_values={name: ["s"] for name in coded},
            variable_format={one.name: one.form for one in variables if one.form != "%10.0g"},
        )
        return path.read_bytes()


def write_pandas(truth: Truth, version: int, *, long_texts: bool = False) -> bytes:
    """Return a file as pandas writes it, numbers in single precision."""
    columns: dict[str, Any] = {}
    labels: dict[str, dict[int, str]] = {}
    formats: dict[str, str] = {}
    for one in _variables(truth):
        cells = [one.cell(row) for row in truth.rows]
        if one.is_text:
            columns[one.name] = [cell or "" for cell in cells]
        elif one.form != "%10.0g":
            columns[one.name] = pd.Series(pd.to_datetime(cells))
            formats[one.name] = "td" if one.form.startswith("%td") else "tc"
        else:
            columns[one.name] = np.array([np.nan if cell is None else cell for cell in cells], dtype="float32")
            labels |= {one.name: one.labels} if one.labels else {}
    out = io.BytesIO()
    pd.DataFrame(columns).to_stata(
        out,
        version=version,
        write_index=False,
        convert_dates=formats,
        value_labels=labels,
        time_stamp=_EPOCH,
        convert_strl=["comment"] if long_texts else None,
    )
    return out.getvalue()


def write_surveycto(truth: Truth) -> bytes:
    """Return a file as SurveyCTO's own do-file makes it: its variables in lower case, times of the exporter's zone."""
    columns: dict[str, Any] = {
        "submissiondate": pd.Series([row.submitted for row in truth.rows]),
        "starttime": pd.Series([row.started for row in truth.rows]),
        "deviceid": ["d1"] * len(truth.rows),
        "devicephonenum": ["13800000000"] * len(truth.rows),
        "duration": [str(int((row.submitted - row.started).total_seconds())) for row in truth.rows],
    }
    labels: dict[str, dict[int, str]] = {}
    formats = {"submissiondate": "tc", "starttime": "tc"}
    for one in _variables(truth, surveycto=True):
        cells = [one.cell(row) for row in truth.rows]
        if one.is_text:
            columns[one.name] = [cell or "" for cell in cells]
        elif one.form != "%10.0g":
            columns[one.name] = pd.Series(pd.to_datetime(cells))
            formats[one.name] = "td" if one.form.startswith("%td") else "tc"
        else:
            columns[one.name] = pd.Series(cells, dtype=float)
            labels |= {one.name: one.labels} if one.labels else {}
    columns["formdef_version"] = [2210051010] * len(truth.rows)
    columns["key"] = [f"uuid:{row.uuid}" for row in truth.rows]
    out = io.BytesIO()
    pd.DataFrame(columns).to_stata(
        out, version=118, write_index=False, convert_dates=formats, value_labels=labels, time_stamp=_EPOCH
    )
    return out.getvalue()


def write_old(truth: Truth, version: int, encoding: str, order: str = "<") -> bytes:
    """Return a file of a version before 117, with text in an encoding that it does not state; numbers are doubles."""
    variables = [one for one in _variables(truth) if one.name != "comment"]
    cells = [[one.cell(row) for row in truth.rows] for one in variables]
    widths = [
        min(_LONGEST_OLD, max(1, *(len((cell or "").encode(encoding)) for cell in column))) if one.is_text else 255
        for one, column in zip(variables, cells, strict=True)
    ]
    head = struct.pack(f"{order}BBBBHI", version, 2 if order == "<" else 1, 1, 0, len(variables), len(truth.rows))
    out = [head, b"".ljust(81, b"\0"), b"01 Dec 2022 08:00".ljust(18, b"\0"), bytes(widths)]
    out += [one.name.encode().ljust(33, b"\0") for one in variables]
    out.append(bytes(2 * (len(variables) + 1)))
    shown = ["%9s" if one.is_text else one.form for one in variables]
    # a format has 12 bytes in version 113
    out += [form.encode().ljust(49, b"\0") if version > 113 else form[:3].encode().ljust(12, b"\0") for form in shown]
    out += [(one.name if one.labels else "").encode().ljust(33, b"\0") for one in variables]
    out += [_fitted(one.label, 81, encoding) for one in variables]
    out.append(bytes(5))
    for place in range(len(truth.rows)):
        for width, column in zip(widths, cells, strict=True):
            out.append(_old_cell(column[place], width, encoding, order))
    out += [_old_labels(one, encoding, order) for one in variables if one.labels]
    return b"".join(out)


def _old_cell(cell: Any, width: int, encoding: str, order: str) -> bytes:
    if width <= _LONGEST_OLD:
        return (cell or "").encode(encoding).ljust(width, b"\0")
    if cell is None:
        return _MISSING_DOUBLE if order == "<" else _MISSING_DOUBLE[::-1]
    return struct.pack(f"{order}d", _stored(cell))


def _old_labels(variable: Variable, encoding: str, order: str) -> bytes:
    texts = [text.encode(encoding) + b"\0" for text in variable.labels.values()]
    starts = [sum(map(len, texts[:place])) for place in range(len(texts))]
    table = struct.pack(f"{order}2i", len(texts), sum(map(len, texts)))
    table += struct.pack(f"{order}{len(texts)}i", *starts)
    table += struct.pack(f"{order}{len(texts)}i", *variable.labels) + b"".join(texts)
    return struct.pack(f"{order}i", len(table)) + variable.name.encode().ljust(33, b"\0") + bytes(3) + table


def _fitted(text: str, width: int, encoding: str) -> bytes:
    """Return a text of fixed width, cut between two signs."""
    cut = text
    while len(cut.encode(encoding)) >= width:
        cut = cut[:-1]
    return cut.encode(encoding).ljust(width, b"\0")
