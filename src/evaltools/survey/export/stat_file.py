"""Write and read back .sav and .dta: value labels, variable labels and reasons for missing answers are kept.

Answers of every kind but text are numbers: a choice its code, a day what the program counts days by. So each variable
has room for the codes of missing answers, user-missing in SPSS and extended missing in Stata. A missing text is the
same mark as in csv: neither program knows kinds of missing text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from evaltools.survey.export.codes import (
    LETTERS,
    MARKS,
    REASON_OF_MARK,
    choice_codes,
    cut,
    plain_text,
    protected_text,
    reason_label,
    sav_codes,
)
from evaltools.survey.export.model import MISSING, Column, Objects, objects
from evaltools.survey.export.readback import Found, compare, require_equal
from evaltools.text import Lang

Program = Literal["sav", "dta"]

_STATA_VERSION: Final = 14  # release 118; pyreadstat's own default is one that only the largest edition of Stata opens
_FIRST_DAY: Final = {"sav": datetime(1582, 10, 14), "dta": datetime(1960, 1, 1)}
_UNIT: Final = {
    ("sav", "date"): timedelta(seconds=1), ("sav", "datetime"): timedelta(seconds=1),
    ("dta", "date"): timedelta(days=1), ("dta", "datetime"): timedelta(milliseconds=1),
}  # fmt: skip
_SHOWN: Final = {
    ("sav", "date"): "SDATE10", ("sav", "datetime"): "DATETIME20", ("sav", "decimal"): "F10.2",
    ("dta", "date"): "%td", ("dta", "datetime"): "%tc",
}  # fmt: skip
_MEASURE: Final = {"choice": "nominal", "flag": "nominal", "id": "nominal", "text": "nominal"}
# where ReadStat writes the time of writing: a sav at these bytes, a dta behind this word
_SAV_CLOCK: Final = (92, b"01 Jan 2200:00:00")
_DTA_CLOCK: Final = (b"<timestamp>\x11", b"01 Jan 2022 00:00")


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A column as a statistical program holds it.

    Attributes
    ----------
    cells
        Numbers, for Stata with the letters of missing values among them; or texts.
    missing
        Code of each reason; empty for texts.
    labels
        Value labels: of the choices, and of the codes of missing answers.
    read
        Turns a cell that is not missing back into a value.
    """

    name: str
    label: str
    column: Column
    cells: Objects
    missing: Mapping[str, Any]
    labels: Mapping[Any, str]
    shown: str | None
    read: Callable[[Any], Any]


def write_stat(
    columns: Sequence[Column],
    names: Mapping[str, str],
    path: Path,
    *,
    program: Program,
    lang: Lang,
    title: str,
    file: str,
) -> None:
    """Write columns as .sav or .dta.

    Parameters
    ----------
    names
        Name of each variable in the file.
    title
        Label of the file.
    file
        Its name, for messages.

    Raises
    ------
    DamageError
        ``export-readback``: the library could not write it.
    """
    import pyreadstat

    coded = [_coded(column, names[column.variable.name], program, lang) for column in columns]
    frame = pd.DataFrame({one.name: _typed(one) for one in coded})
    about: dict[str, Any] = {
        "file_label": cut(title, size=60),
        "column_labels": {one.name: one.label for one in coded},
        "variable_value_labels": {one.name: dict(one.labels) for one in coded if one.labels},
        "variable_format": {one.name: one.shown for one in coded if one.shown},
    }
    if program == "sav":
        write: Callable[..., None] = pyreadstat.write_sav
        about["missing_ranges"] = {one.name: [_range(one)] for one in coded if one.missing}
        about["variable_measure"] = {one.name: _MEASURE.get(one.column.variable.kind, "scale") for one in coded}
        about["row_compress"] = True
    else:
        write = pyreadstat.write_dta
        about["missing_user_values"] = {one.name: list(one.missing.values()) for one in coded if one.missing}
        about["version"] = _STATA_VERSION
    try:
        write(frame, path, **about)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError):
        require_equal(file, "damaged", True, False)
    _stop_clock(path, program)


def check_stat(
    columns: Sequence[Column], names: Mapping[str, str], path: Path, *, program: Program, lang: Lang, file: str
) -> None:
    """Compare a .sav or .dta with the columns that were written into it, labels and missing codes included.

    Raises
    ------
    DamageError
        ``export-readback``.
    """
    import pyreadstat

    read = pyreadstat.read_sav if program == "sav" else pyreadstat.read_dta
    try:
        cells, meta = read(path, user_missing=True, disable_datetime_conversion=True, output_format="dict")
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError):
        require_equal(file, "damaged", True, False)
    coded = [_coded(column, names[column.variable.name], program, lang) for column in columns]
    require_equal(file, "columns", [one.name for one in coded], list(meta.column_names))
    for one in coded:
        require_equal(file, "labels", one.label, meta.column_names_to_labels[one.name], column=one.name)
        require_equal(file, "labels", dict(one.labels), meta.variable_value_labels.get(one.name, {}), column=one.name)
        require_equal(file, "missing", *_missing_codes(one, meta, program), column=one.name)
        if one.shown:
            require_equal(file, "format", one.shown, meta.original_variable_types[one.name], column=one.name)
    found = [_found(one, cells[one.name]) for one in coded]
    compare(file, columns, found, first_row=1)


def _coded(column: Column, name: str, program: Program, lang: Lang) -> Coded:
    variable = column.variable
    label = _label(variable.label.in_lang(lang), program)
    if variable.kind == "text":
        cells = [
            MARKS[reason] if reason else protected_text(value, formulas=False)
            for value, reason in zip(column.cells, column.reasons, strict=True)
        ]
        return Coded(name, label, column, objects(cells), {}, {}, None, plain_text)
    missing: Mapping[str, Any] = {} if variable.kind == "id" else sav_codes(column) if program == "sav" else LETTERS
    write, read = _numbers(column, program)
    numbers = [
        missing[reason] if reason else float(write(value))
        for value, reason in zip(column.cells, column.reasons, strict=True)
    ]
    names = {float(write(choice.name)): choice.label.in_lang(lang) for choice in _listed(column)}
    labels = {**names, **{code: reason_label(reason).in_lang(lang) for reason, code in missing.items()}}
    if program == "sav":
        labels = {code: cut(text, size=120) for code, text in labels.items()}
    return Coded(name, label, column, objects(numbers), missing, labels, _SHOWN.get((program, variable.kind)), read)


def _listed(column: Column) -> Sequence[Any]:
    return column.variable.choices if column.variable.kind in ("choice", "flag") else ()


def _label(text: str, program: str) -> str:
    return cut(text, signs=80) if program == "dta" else cut(text, size=255)


def _numbers(column: Column, program: Program) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Return how a value becomes a number, and a number the value again; a number that is none of ours stays one."""
    kind = column.variable.kind
    if kind == "choice":
        codes = choice_codes(column.variable)
        names = {float(code): name for name, code in codes.items()}
        return codes.__getitem__, lambda number: names.get(number, number)
    if kind in ("date", "datetime"):
        first, unit = _FIRST_DAY[program], _UNIT[program, kind]
        return _since(first, unit), _until(first, unit, is_day=kind == "date")
    return (lambda value: value), (lambda number: number)


def _since(first: datetime, unit: timedelta) -> Callable[[Any], float]:
    def number(day: Any) -> float:
        moment = day if isinstance(day, datetime) else datetime(day.year, day.month, day.day)
        return (moment - first) / unit

    return number


def _until(first: datetime, unit: timedelta, *, is_day: bool) -> Callable[[float], date]:
    def day(number: float) -> date:
        moment = first + number * unit
        return moment.date() if is_day else moment

    return day


def _typed(one: Coded) -> pd.Series[Any]:
    letters = sorted({cell for cell in one.cells if isinstance(cell, str)})
    if one.column.variable.kind == "text":
        return pd.Series(one.cells, dtype="object")
    if not letters:
        return pd.Series(one.cells.astype(np.float64))
    # as plain objects, numbers that follow a hundred letters would be taken for texts
    numbers = sorted({cell for cell in one.cells if not isinstance(cell, str)})
    return pd.Series(pd.Categorical(one.cells, categories=pd.Index([*numbers, *letters], dtype="object")))


def _range(one: Coded) -> dict[str, float]:
    codes = [one.missing[reason] for reason in MISSING]
    return {"lo": min(codes), "hi": max(codes)}


def _missing_codes(one: Coded, meta: Any, program: Program) -> tuple[Any, Any]:
    """Return the codes of missing answers that a variable is to have, and those that the file gives it."""
    if program == "sav":
        return [_range(one)] if one.missing else [], meta.missing_ranges.get(one.name, [])
    used = {LETTERS[reason] for reason in one.column.reasons if reason} if one.missing else set()
    return used, set(meta.missing_user_values.get(one.name, []))


def _found(one: Coded, cells: Sequence[Any]) -> Found:
    if one.missing:
        reason_of = {code: reason for reason, code in one.missing.items()}
    else:
        reason_of = dict(REASON_OF_MARK) if one.column.variable.kind == "text" else {}
    reasons = [reason_of.get(cell) for cell in cells]
    values = [None if reason else one.read(cell) for cell, reason in zip(cells, reasons, strict=True)]
    return Found(one.column.variable.name, values, reasons)


def _stop_clock(path: Path, program: Program) -> None:
    """Put a fixed time in the place of the time of writing, so that the same data give the same bytes."""
    content = bytearray(path.read_bytes())
    if program == "sav":
        place, clock = _SAV_CLOCK
    else:
        mark, clock = _DTA_CLOCK
        place = content.index(mark) + len(mark)
    content[place : place + len(clock)] = clock
    path.write_bytes(content)
