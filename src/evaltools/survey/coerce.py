"""Turn the raw cells of one column into values of its question's type, each distinct cell once.

Nothing is guessed: a cell is read whole, or it is a fault with its code.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.survey.choices import (
    MISSING_CHOICES,
    ChoiceIndex,
    cell_text,
    missing_reason,
    read_choice,
    read_choices,
)
from evaltools.survey.dates import read_dates, read_times
from evaltools.text import clean, normalise

Objects = npt.NDArray[np.object_]

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?")
# one comma may be a decimal sign elsewhere; two groups, or a group and a decimal point, can only be thousands
_THOUSANDS: Final = re.compile(r"[+-]?[0-9]{1,3}(?:(?:,[0-9]{3}){2,}(?:\.[0-9]+)?|,[0-9]{3}\.[0-9]+)")
_WITH_COMMA: Final = re.compile(r"[+-]?[0-9]+(?:[,.][0-9]+)+")
_WITH_UNIT: Final = re.compile(r"[约近]?[+-]?[0-9][0-9.,]*\s*(?:[^0-9\s].*)|[^0-9\s]+\s*[0-9][0-9.,]*\S*")
_MAX_EXACT: Final = 2**53


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The cells of one question, read.

    Attributes
    ----------
    answers : object array (n,)
        int, float, date, datetime, text, choice name, or a tuple of choice names; None where there is no answer. A
        choice that stands for a missing answer (``dk``) keeps its name here, since the form's logic may ask for it.
    reasons : object array (n,)
        Why there is no answer: ``blank``, ``skipped_by_logic``, ``dont_know``, ``refused``, ``not_applicable``, or
        what else the reader's marks say; None where there is one, or a fault.
    faults : object array (n,)
        Code of what is wrong with the cell; None where nothing is.
    typed : mapping row number to text
        What respondents wrote into the blank of a choice.
    """

    answers: Objects
    reasons: Objects
    faults: Objects
    typed: Mapping[int, str] = field(default_factory=dict)

    @property
    def known(self) -> Objects:
        """Answers, also without the choices that stand for a missing one."""
        known = self.answers.copy()
        known[np.asarray(pd.notna(self.reasons))] = None
        return known

    @property
    def is_blank(self) -> npt.NDArray[np.bool_]:
        """Rows in which the form holds nothing at all for the question."""
        return np.asarray(pd.isna(self.answers) & pd.isna(self.faults), dtype=bool)


Read = Callable[[object], tuple[Any, str | None]]


def read_column(
    cells: Sequence[object],
    kind: str,
    *,
    choices: ChoiceIndex | None = None,
    separator: str = " ",
    marks: Mapping[str, str] | None = None,
    recode: Mapping[str, str] | None = None,
    read: Read | None = None,
) -> Column:
    """Read a column of raw cells as one type of question.

    Parameters
    ----------
    cells
        As the reader gives them: text, numbers, dates, true or false; None or an empty text where blank.
    kind
        Type of the question: integer, decimal, date, datetime, time, select_one, select_multiple; anything else is
        text.
    choices
        Of a select_one or select_multiple.
    separator
        Between the choices of a select_multiple in this file.
    marks
        Cell text of the tool that stands for a missing answer, and its reason (``(跳过)``: ``skipped_by_logic``).
    recode
        Cell text to text of a question that is no choice; the choices carry theirs.
    read
        Reads one cell, instead of what the type says (identifiers).

    Returns
    -------
    Column
        Faults of numbers: ``not-a-number``, ``number-unit`` (15天), ``number-comma`` (1,234), ``not-whole``,
        ``number-size``; those of dates and choices: see their modules.
    """
    values, reasons = _without_marks(cells, marks or {}, recode or {})
    if read is not None:
        found, faults = _each(values, read)
    elif kind in {"date", "datetime"}:
        found, faults = read_dates(values.tolist(), keep_time=kind == "datetime")
    elif kind == "time":
        found, faults = read_times(values.tolist())
    elif choices is not None and kind in {"select_one", "select_multiple"}:
        return _read_choices(values, reasons, choices, separator if kind == "select_multiple" else None)
    elif kind == "select_multiple":
        found, faults = _each(values, lambda cell: read_list(cell, separator))
    else:
        found, faults = _each(values, {"integer": read_integer, "decimal": read_decimal}.get(kind, read_text))
    return Column(found, reasons, faults)


def read_split(
    cells: Mapping[str, Sequence[object]], choices: ChoiceIndex, *, marks: Mapping[str, str] | None = None
) -> Column:
    """Read a select_multiple that stands in one column a choice, with 1 where it is chosen and 0 where not.

    A row with nothing in all columns was not answered; the fault ``choice-flag`` is anything but 0, 1 and blank.
    """
    n = len(next(iter(cells.values())))
    chosen: list[list[str]] = [[] for _ in range(n)]
    values, reasons, faults = (np.full(n, None, dtype=object) for _ in range(3))
    answered = np.zeros(n, dtype=bool)
    for name in sorted(cells, key=choices.order.index):
        flags, missing = _without_marks(cells[name], marks or {}, {})
        for row, cell in enumerate(flags):
            if cell is None:
                reasons[row] = reasons[row] or missing[row]
                continue
            answered[row] = True
            text = normalise(cell_text(cell) or "?")
            if text in {"1", "true", "1.0"}:
                chosen[row].append(name)
            elif text not in {"0", "false", "0.0"}:
                faults[row] = "choice-flag"
    for row in np.flatnonzero(answered).tolist():
        # asked, and no choice taken, is an answer, unlike a row of blanks
        reasons[row], contradiction = missing_reason(chosen[row])
        faults[row] = faults[row] or contradiction
        values[row] = None if faults[row] else tuple(chosen[row])
    return Column(values, reasons, faults)


def read_integer(cell: object) -> tuple[int | None, str | None]:
    """Read a whole number; ``15天`` and ``3.5`` are faults."""
    value, fault = read_decimal(cell)
    if value is None:
        return None, fault
    if not float(value).is_integer():
        return None, "not-whole"
    return (int(value), None) if abs(value) <= _MAX_EXACT else (None, "number-size")


def read_decimal(cell: object) -> tuple[float | None, str | None]:
    """Read a number: half-width or full-width digits, thousands commas only where they can be nothing else."""
    if isinstance(cell, bool) or not isinstance(cell, (str, int, float)):
        return None, "not-a-number"
    if isinstance(cell, int):
        return (float(cell), None) if abs(cell) <= _MAX_EXACT else (None, "number-size")
    if isinstance(cell, float):
        return (cell, None) if np.isfinite(cell) else (None, "not-a-number")
    text = unicodedata.normalize("NFKC", clean(cell[:200])).strip().replace("−", "-")
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    if _NUMBER.fullmatch(text):
        value = float(text)
        return (value, None) if np.isfinite(value) else (None, "number-size")
    if _WITH_COMMA.fullmatch(text):
        return None, "number-comma"
    return None, "number-unit" if _WITH_UNIT.fullmatch(text) else "not-a-number"


def read_list(cell: object, separator: str) -> tuple[tuple[str, ...] | None, str | None]:
    """Read several texts of one cell: the choices of a list that the form does not have itself."""
    text, _ = read_text(cell)
    parts = (text or "").split() if separator == " " else (text or "").split(separator)
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip())), None


def read_text(cell: object) -> tuple[str | None, str | None]:
    """Read a text: as it stands, without control characters; numbers as a person sees them."""
    text = cell_text(cell)
    return clean(str(cell) if text is None else text).strip(), None


def _without_marks(
    cells: Sequence[object], marks: Mapping[str, str], recode: Mapping[str, str]
) -> tuple[Objects, Objects]:
    """Return the cells with None where nothing was answered, and the reason there."""
    marked = {normalise(text): reason for text, reason in marks.items()}
    replaced = {normalise(text): new for text, new in recode.items()}
    values, reasons = np.full(len(cells), None, dtype=object), np.full(len(cells), None, dtype=object)
    known: dict[tuple[type, object], tuple[object, str | None]] = {}
    for row, cell in enumerate(cells):
        key = (type(cell), cell)
        if key not in known:
            known[key] = _meaning(cell, marked, replaced)
        values[row], reasons[row] = known[key]
    return values, reasons


def _meaning(cell: object, marked: Mapping[str, str], replaced: Mapping[str, str]) -> tuple[object, str | None]:
    text = normalise(cell_text(cell) or "") if isinstance(cell, (str, int, float)) else None
    if cell is None or text == "":
        return None, "blank"
    if text is not None and text in replaced:
        new = replaced[text]
        return (None, MISSING_CHOICES[new]) if new in MISSING_CHOICES else (new or None, None if new else "blank")
    if text is not None and text in marked:
        return None, marked[text]
    return cell, None


def _each(cells: Objects, read: Read) -> tuple[Objects, Objects]:
    values, faults = np.full(len(cells), None, dtype=object), np.full(len(cells), None, dtype=object)
    known: dict[tuple[type, object], tuple[Any, str | None]] = {}
    for row, cell in enumerate(cells):
        if cell is None:
            continue
        key = (type(cell), cell)
        if key not in known:
            known[key] = read(cell)
        values[row], faults[row] = known[key]
    return values, faults


def _read_choices(cells: Objects, reasons: Objects, index: ChoiceIndex, separator: str | None) -> Column:
    values, faults = np.full(len(cells), None, dtype=object), np.full(len(cells), None, dtype=object)
    typed: dict[int, str] = {}
    known: dict[tuple[type, object], tuple[Any, str | None, str | None, str | None]] = {}
    for row, cell in enumerate(cells):
        if cell is None:
            continue
        key = (type(cell), cell)
        if key not in known:
            known[key] = _choice_of(cell, index, separator)
        values[row], faults[row], reason, written = known[key]
        if reason is not None:
            reasons[row] = reason
        if written is not None:
            typed[row] = written
    return Column(values, reasons, faults, typed)


def _choice_of(
    cell: object, index: ChoiceIndex, separator: str | None
) -> tuple[str | tuple[str, ...] | None, str | None, str | None, str | None]:
    """Return (value, fault, missing reason, typed text)."""
    if separator is None:
        name, fault, typed = read_choice(cell, index)
        return name, fault, None if name is None else MISSING_CHOICES.get(name), typed
    names, fault, typed = read_choices(cell, index, separator)
    if names is None:
        return None, fault, None, None
    reason, fault = missing_reason(names)
    return (None if fault else names), fault, reason, typed
