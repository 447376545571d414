"""Choice filters: whether what somebody chose was on offer, given the other answers of the row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.survey.instrument.model import Question
from evaltools.survey.logic.expression import Expression, truth
from evaltools.survey.logic.signatures import Surroundings
from evaltools.survey.logic.values import BoolArray, IntArray, Values


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """A chosen choice and a row of the sheet `choices` that lists it, for each answer.

    Attributes
    ----------
    row, line : int arrays (p,)
        Row of the answers, and row of the question's choices.
    chosen : int array (p,)
        Number of the chosen choice over all answers: a choice that stands twice has two pairs.
    """

    row: IntArray
    line: IntArray
    chosen: IntArray


def not_offered(
    choice_filter: Expression,
    question: Question,
    answers: npt.NDArray[np.object_],
    columns: Callable[[str], Values],
    around: Surroundings,
) -> BoolArray:
    """Say in which rows a choice was made that the filter leaves out.

    Parameters
    ----------
    choice_filter
        Compiled for the question.
    answers : object array (n,)
        Choice names, tuples of them, or None. What is no choice of the question is left to others.
    columns, around
        Values of the other questions, and what else the filter reads; n rows each, or one for all.
    """
    lines = choice_rows(question)
    pairs = _pairs(answers, [name for name, _ in lines])
    cells = {
        name: Values("text", np.array([line.get(name, "") for _, line in lines], dtype=object), codes=pairs.line)
        for name in choice_columns(question)
    }
    values = choice_filter.compute(lambda name: columns(name).rows(pairs.row), _at(around, pairs.row, cells))
    offered = truth(values, len(pairs.row))
    n_chosen = int(pairs.chosen[-1]) + 1 if len(pairs.chosen) else 0
    is_offered = np.bincount(pairs.chosen, weights=offered, minlength=n_chosen) > 0
    found = np.zeros(len(answers), dtype=np.bool_)
    found[pairs.row[~is_offered[pairs.chosen]]] = True
    return found


def choice_columns(question: Question) -> frozenset[str]:
    """Return the columns of the sheet `choices` that a filter of a question can read."""
    return frozenset({"name", *(name for one in question.choices for cells in one.attributes for name in cells)})


def choice_rows(question: Question) -> list[tuple[str, Mapping[str, str]]]:
    """Return the rows of a question's choices: the name of the choice, and its cells by column."""
    return [(one.name, {**cells, "name": one.name}) for one in question.choices for cells in one.attributes or ({},)]


def _pairs(answers: npt.NDArray[np.object_], names: list[str]) -> _Pairs:
    """Pair every distinct answer with its choices once, then repeat that for the rows that have it."""
    codes, distinct = pd.factorize(answers)
    lines_of = {name: [line for line, other in enumerate(names) if other == name] for name in set(names)}
    lines: list[list[int]] = []
    chosen: list[list[int]] = []
    for answer in distinct:
        known = [name for name in (answer if isinstance(answer, tuple) else (answer,)) if name in lines_of]
        lines.append([line for name in known for line in lines_of[name]])
        chosen.append([number for number, name in enumerate(known) for _ in lines_of[name]])
    # an answer that is missing has no pairs
    counts = np.array([*map(len, lines), 0])[codes]
    row = np.repeat(np.arange(len(answers)), counts)
    within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    place = np.repeat(np.array([*_starts(lines), 0])[codes], counts) + within
    numbers = _joined(chosen)[place]
    # numbers begin anew in each row, and are equal for the lines of one choice
    is_new = np.ones(len(row), dtype=np.bool_)
    is_new[1:] = (row[1:] != row[:-1]) | (numbers[1:] != numbers[:-1])
    return _Pairs(row, _joined(lines)[place], np.cumsum(is_new) - 1)


def _starts(parts: list[list[int]]) -> list[int]:
    lengths = [len(part) for part in parts]
    return [int(end) - length for end, length in zip(np.cumsum(lengths), lengths, strict=True)]


def _joined(parts: list[list[int]]) -> npt.NDArray[Any]:
    return np.array([one for part in parts for one in part], dtype=np.intp)


def _at(around: Surroundings, rows: IntArray, cells: Mapping[str, Values]) -> Surroundings:
    today = None if around.today is None else around.today.rows(rows)
    now = None if around.now is None else around.now.rows(rows)
    return Surroundings(None, today, now, around.lang, cells)
