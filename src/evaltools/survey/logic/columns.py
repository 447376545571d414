"""Columns of typed cells, as they were read, to values of form logic."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.survey.instrument.model import Question, QuestionType
from evaltools.survey.logic.values import DAY, MOMENT, BoolArray, Kind, Values, in_beijing, moment_of, text_of

_RECORDED: Final[Mapping[str, QuestionType]] = {"start": "datetime", "end": "datetime", "today": "date"}
_KINDS: Final[Mapping[QuestionType, Kind]] = {
    "integer": "number", "decimal": "number", "date": "date", "datetime": "datetime",
}  # fmt: skip


def kind_of(question: Question) -> Kind:
    """Return what the answers to a question are in its form's logic; choices, times and results are text."""
    recorded = _RECORDED.get(question.list_name, "text") if question.type == "metadata" else question.type
    return _KINDS.get(recorded, "text")


def column_values(cells: npt.NDArray[np.object_], kind: Kind) -> Values:
    """Return the answers to a question as values, see :func:`read_cells`."""
    return read_cells(cells, kind)[0]


def read_cells(cells: npt.NDArray[np.object_], kind: Kind) -> tuple[Values, BoolArray]:
    """Return the answers to a question as values, and in which rows there is one.

    Parameters
    ----------
    cells : object array (n,)
        Numbers, dates, texts, lists of choice names; missing ones are None, NaN, NaT or empty.
    kind
        What they are to be: ``number``, ``date``, ``datetime`` or ``text``.
    """
    if kind == "number":
        numbers = _numbers(cells)
        blank = np.isnan(numbers)
        return Values("number", numbers, blank), ~blank
    try:
        codes, distinct = pd.factorize(cells)
    except TypeError:  # lists and arrays cannot be told apart by hash
        codes, distinct = pd.factorize(_objects([_hashable(cell) for cell in cells]))
    if kind == "text" and not {type(one) for one in distinct} <= {str, tuple}:
        # 1, 1.0 and True are the same to a dictionary and different texts
        codes, distinct = pd.factorize(_objects([None if _is_missing(cell) else _cell_text(cell) for cell in cells]))
    is_given = codes >= 0
    coded = Values(kind, _converted(distinct, kind), codes=np.where(is_given, codes, len(distinct)))
    # a dictionary that is nearly as long as the column saves nothing
    return coded.by_row() if len(distinct) > len(cells) // 4 else coded, is_given


def _converted(distinct: npt.NDArray[np.object_], kind: Kind) -> npt.NDArray[Any]:
    """Return distinct cells as values, with what is not answered at the end."""
    if kind == "text":
        return _objects([*(one if type(one) is str else _cell_text(one) for one in distinct), ""])
    moments = np.array([*(_cell_moment(one) for one in distinct), None], dtype=MOMENT)
    return moments.astype(DAY) if kind == "date" else moments


def _numbers(cells: npt.NDArray[np.object_]) -> npt.NDArray[np.float64]:
    try:
        return cells.astype(np.float64)
    except (TypeError, ValueError):
        return np.array([_cell_number(one) for one in cells], dtype=np.float64)


def _objects(cells: list[Any]) -> npt.NDArray[np.object_]:
    return np.fromiter(cells, dtype=object, count=len(cells))


def _hashable(cell: object) -> object:
    return tuple(cell) if isinstance(cell, (list, np.ndarray)) else cell


def _is_missing(cell: object) -> bool:
    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and np.isnan(cell))


def _cell_number(cell: Any) -> float:
    try:
        return float(cell)
    except (TypeError, ValueError):
        return np.nan


def _cell_moment(cell: object) -> datetime | None:
    if isinstance(cell, datetime):
        return in_beijing(cell)
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day)
    return moment_of(str(cell).strip().replace(" ", "T"))


def _cell_text(cell: object) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, (list, tuple, np.ndarray)):
        return " ".join(str(part) for part in cell)
    if isinstance(cell, (bool, np.bool_)):
        return "true" if cell else "false"
    if isinstance(cell, (int, float, np.number)):
        return text_of(float(cell))
    return cell.isoformat() if isinstance(cell, (date, time)) else str(cell)
