"""Turn the raw cells of one column into values of its question's type, each distinct cell once.

Nothing is guessed: a cell is read whole, or it is a fault with its code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.survey.readers.cells import Cell, Cells, code_cells
from evaltools.survey.readers.model import Epoch
from evaltools.survey.values.choices import (
    MISSING_CHOICES,
    ChoiceIndex,
    cell_text,
    missing_reason,
    read_choice,
    read_choices,
)
from evaltools.survey.values.dates import Order, read_dates, read_times
from evaltools.survey.values.flags import Flag, read_flag, style_of
from evaltools.survey.values.names_or_labels import settle
from evaltools.survey.values.numbers import Asked, read_numbers
from evaltools.text import clean, normalise

Objects = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Written:
    """How the numbers and dates of a column are written, as far as that is known beside its cells.

    Attributes
    ----------
    asked
        Units of the question and of the column.
    order
        Of day and month in dates that end with the year; None: what the column proves.
    epoch
        Year from which the workbook counts its days.
    """

    asked: Asked = field(default_factory=Asked)
    order: Order | None = None
    epoch: Epoch = 1900


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
    note
        Code of what people should know of the column as a whole; None where there is nothing.
    """

    answers: Objects
    reasons: Objects
    faults: Objects
    typed: Mapping[int, str] = field(default_factory=dict)
    note: str | None = None

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
    cells: Iterable[Cell],
    kind: str,
    *,
    choices: ChoiceIndex | None = None,
    separator: str = " ",
    marks: Mapping[str, str] | None = None,
    recode: Mapping[str, str] | None = None,
    read: Read | None = None,
    written: Written | None = None,
) -> Column:
    """Read a column of raw cells as one type of question.

    Parameters
    ----------
    cells
        As the reader gives them: text, numbers, dates, true or false; None or an empty text where blank. Of a coded
        column each distinct cell is read once.
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
    written
        How numbers and dates are written.

    Returns
    -------
    Column
        Its faults: see :mod:`evaltools.survey.values.numbers`, :mod:`evaltools.survey.values.dates` and
        :mod:`evaltools.survey.values.choices`.
    """
    coded = code_cells(cells)
    values, reasons = _without_marks(coded.distinct, marks or {}, recode or {})
    values[~coded.held()] = None  # a header, or a row that was left out, proves nothing of the others
    written, note = written or Written(), None
    if read is not None:
        found, faults = _each(values, read)
    elif kind in {"date", "datetime"}:
        keep_time = kind == "datetime"
        found, faults = read_dates(values.tolist(), keep_time=keep_time, order=written.order, epoch=written.epoch)
    elif kind == "time":
        found, faults = read_times(values.tolist())
    elif choices is not None and kind in {"select_one", "select_multiple"}:
        return _read_choices(coded, values, reasons, choices, separator if kind == "select_multiple" else None)
    elif kind == "select_multiple":
        found, faults = _each(values, lambda cell: read_list(cell, separator))
    elif kind in {"integer", "decimal"}:
        found, faults, note = read_numbers(values.tolist(), whole=kind == "integer", asked=written.asked)
    else:
        found, faults = _each(values, read_text)
    return Column(coded.spread(found), coded.spread(reasons), coded.spread(faults), note=note)


def read_split(
    cells: Mapping[str, Sequence[Cell] | Cells],
    choices: ChoiceIndex,
    *,
    marks: Mapping[str, str] | None = None,
    typed: Mapping[str, Sequence[Cell] | Cells] | None = None,
) -> Column:
    """Read a select_multiple that stands in one column a choice, with 1 where it is chosen and 0 where not.

    A row with nothing in all columns was not answered; the fault ``choice-flag`` is a cell that does not say whether
    its choice was taken, see :mod:`evaltools.survey.values.flags`.

    Parameters
    ----------
    cells
        By choice.
    typed
        Columns of choices that only hold what was typed into their blank: chosen is where there is something.
    """
    blanks = dict(typed or {})
    n = len(next(iter((cells or blanks).values())))
    chosen: list[list[str]] = [[] for _ in range(n)]
    values, reasons, faults = (np.full(n, None, dtype=object) for _ in range(3))
    answered = np.zeros(n, dtype=bool)
    written: dict[int, str] = {}
    found = {
        name: _flags(column, name, choices, marks or {}, is_text=name not in cells)
        for name, column in {**blanks, **cells}.items()
    }
    style = style_of({flag for flags, _ in found.values() for flag in flags if flag is not None})
    for name in sorted(found, key=lambda name: (_place(name, choices), name)):
        for row, (flag, missing) in enumerate(zip(*found[name], strict=True)):
            if flag is None:
                reasons[row] = missing if reasons[row] in (None, "blank") else reasons[row]
                continue
            answered[row] = True
            is_chosen = flag.is_chosen(style)
            if is_chosen:
                chosen[row].append(name)
            faults[row] = faults[row] or ("choice-flag" if is_chosen is None else None)
            if flag.typed:
                written[row] = " / ".join(part for part in (written.get(row), flag.typed) if part)
    for row in np.flatnonzero(answered).tolist():
        # asked, and no choice taken, is an answer, unlike a row of blanks
        reasons[row], contradiction = missing_reason(chosen[row])
        faults[row] = faults[row] or contradiction
        values[row] = None if faults[row] else tuple(chosen[row])
    return Column(values, reasons, faults, written)


def _place(name: str, choices: ChoiceIndex) -> int:
    return choices.order.index(name) if name in choices.order else len(choices.order)


def _flags(
    cells: Iterable[Cell], name: str, choices: ChoiceIndex, marks: Mapping[str, str], *, is_text: bool
) -> tuple[Objects, Objects]:
    """Return the flag of each cell in the column of a choice, None where it is blank, and why it is."""
    coded = code_cells(cells)
    values, reasons = _without_marks(coded.distinct, marks, {})
    if is_text:
        flags, _ = _each(values, lambda cell: (Flag(says=True, is_own=True, typed=read_text(cell)[0]), None))
    else:
        flags, _ = _each(values, lambda cell: (read_flag(cell, name, choices), None))
    return coded.spread(flags), coded.spread(reasons)


def read_list(cell: object, separator: str) -> tuple[tuple[str, ...] | None, str | None]:
    """Read several texts of one cell: the choices of a list that the form does not have itself."""
    text, _ = read_text(cell)
    parts = (text or "").split(None if separator == " " else separator) if separator else [text or ""]
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
    for place, cell in enumerate(cells):
        values[place], reasons[place] = _meaning(cell, marked, replaced)
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
    for place, cell in enumerate(cells):
        if cell is not None:
            values[place], faults[place] = read(cell)
    return values, faults


def _read_choices(coded: Cells, cells: Objects, reasons: Objects, index: ChoiceIndex, separator: str | None) -> Column:
    values, faults, written = (np.full(len(cells), None, dtype=object) for _ in range(3))
    index = settle(index, (cell for cell in cells if cell is not None), separator)
    for place, cell in enumerate(cells):
        if cell is not None:
            values[place], faults[place], reason, written[place] = _choice_of(cell, index, separator)
            reasons[place] = reason or reasons[place]
    by_row = coded.spread(written)
    typed = {row: by_row[row] for row in np.flatnonzero(pd.notna(by_row)).tolist()} if any(written) else {}
    return Column(coded.spread(values), coded.spread(reasons), coded.spread(faults), typed)


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
