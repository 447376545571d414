"""Replay a cleaning log on a frame of raw answers: every line is applied, or answered with the reason why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import pandas as pd

from evaltools.errors import UsageError

Action = Literal["change", "blank", "drop", "keep"]

OUTCOMES: Final = (
    "applied", "kept", "dropped", "repeated", "unchanged", "row_unknown", "row_dropped", "question_unknown",
    "old_value_differs", "action_unknown", "replaced",
)  # fmt: skip
"""What can become of a line; `applied`, `kept` and `dropped` are the good ones."""


@dataclass(frozen=True, slots=True)
class LogColumns:
    """Names of a log's columns, and what its own words for actions mean.

    Attributes
    ----------
    row, question, action, new
        Columns that hold the key of the row, the question, what is done, and the new value.
    old
        Column with the value that the change was made from; None where the log has none. Where it is blank nothing is
        compared.
    actions
        The log's words to actions.
    """

    row: str
    question: str
    action: str
    new: str
    old: str | None = None
    actions: Mapping[str, Action] = field(
        default_factory=lambda: {
            "change": "change", "change_response": "change", "blank": "blank", "blank_response": "blank",
            "drop": "drop", "remove_survey": "drop", "keep": "keep", "no_action": "keep",
        }
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """What a log makes of raw answers.

    Attributes
    ----------
    clean : DataFrame
        The raw frame with the changes, without the rows that were dropped; order and columns are those of the raw
        one, all columns of objects.
    outcomes : DataFrame
        A row a line of the log, on its index: ``[row, question, action, outcome]``; `outcome` is one of `OUTCOMES`.
    """

    clean: pd.DataFrame
    outcomes: pd.DataFrame


def replay(
    raw: pd.DataFrame, log: pd.DataFrame, *, key: str, columns: LogColumns, missing: str | None = None
) -> Replayed:
    """Apply a cleaning log to raw answers.

    Lines are taken in their order. A later line on the same cell takes the place of an earlier one; where it says the
    same, it is only `repeated`. A line whose old value is not what the raw frame holds is not applied: the log was made
    from other data. Numbers are compared as numbers, so ``5e+05`` is ``500000``, and 1 and 0 with TRUE and FALSE.

    Parameters
    ----------
    raw
        Cells are text, or None where blank; one row a respondent.
    log
        Cells are text.
    key
        Column of `raw` that the log names rows by; each value there once.
    columns
        How to read the log.
    missing
        What a blanked cell holds.

    Raises
    ------
    UsageError
        ``replay-key``: `raw` lacks the key or holds a value of it twice; ``replay-columns``: `log` lacks a column.
    """
    _check(raw, log, key, columns)
    places = {value: place for place, value in enumerate(raw[key])}
    cells = {name: raw[name].astype(object).to_numpy(copy=True) for name in raw.columns}
    lines = [_Line.of(one, columns) for one in log.to_dict("records")]
    dropped = {line.row for line in lines if line.action == "drop"} & places.keys()
    outcomes: list[str] = []
    last: dict[tuple[str, str], int] = {}
    gone: set[str] = set()
    for number, line in enumerate(lines):
        outcome = _refusal(line, places, cells, dropped)
        if not outcome and line.action == "keep":
            outcome = "kept"
        elif not outcome and line.action == "drop":
            outcome = "repeated" if line.row in gone else "dropped"
            gone.add(line.row)
        elif not outcome:
            outcome = _apply(line, places[line.row], raw, cells, missing, last, outcomes)
            if outcome == "applied":
                last[line.row, line.question] = number
        outcomes.append(outcome)
    clean = pd.DataFrame(cells, index=raw.index, dtype=object)
    table = pd.DataFrame(
        {
            "row": [line.row for line in lines],
            "question": [line.question for line in lines],
            "action": [line.action or "" for line in lines],
            "outcome": outcomes,
        },
        index=log.index,
    )
    return Replayed(clean[~raw[key].isin(dropped)], table)


def same_value(one: Any, other: Any) -> bool:
    """Say whether two cells hold the same value: as text, as numbers, or as true and false."""
    first, second = _plain(one), _plain(other)
    if first == second:
        return True
    truths = _TRUTHS.get(first.casefold()), _TRUTHS.get(second.casefold())
    if None not in truths:
        return truths[0] == truths[1]
    numbers = _number(first), _number(second)
    return None not in numbers and numbers[0] == numbers[1]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a log; `action` is None where its word is not known."""

    row: str
    question: str
    action: Action | None
    new: str
    old: str

    @classmethod
    def of(cls, record: Mapping[Any, Any], columns: LogColumns) -> _Line:
        text = {name: _plain(record[name]) for name in _names(columns)}
        return cls(
            text[columns.row],
            text[columns.question],
            columns.actions.get(text[columns.action]),
            text[columns.new],
            text[columns.old] if columns.old else "",
        )


_TRUTHS: Final = {"true": True, "false": False, "1": True, "0": False}


def _check(raw: pd.DataFrame, log: pd.DataFrame, key: str, columns: LogColumns) -> None:
    if key not in raw.columns or not raw[key].is_unique or raw[key].isna().any():
        raise UsageError("replay-key", key=key)
    if absent := [name for name in _names(columns) if name not in log.columns]:
        raise UsageError("replay-columns", columns=absent, known=list(log.columns))


def _names(columns: LogColumns) -> list[str]:
    names = (columns.row, columns.question, columns.action, columns.new, columns.old)
    return [name for name in names if name is not None]


def _refusal(line: _Line, places: Mapping[str, int], cells: Mapping[str, Any], dropped: set[str]) -> str:
    """Return why a line cannot be applied; "" where it can."""
    if line.action is None:
        return "action_unknown"
    if line.row not in places:
        return "row_unknown"
    if line.action in ("change", "blank"):
        if line.question not in cells:
            return "question_unknown"
        if line.row in dropped:
            return "row_dropped"
    return ""


def _apply(
    line: _Line,
    place: int,
    raw: pd.DataFrame,
    cells: Mapping[str, Any],
    missing: str | None,
    last: Mapping[tuple[str, str], int],
    outcomes: list[str],
) -> str:
    column = cells[line.question]
    before = last.get((line.row, line.question))
    if line.old and not same_value(raw[line.question].iloc[place], line.old):
        return "old_value_differs"
    new = missing if line.action == "blank" else _in_notation(line.new, column[place])
    if same_value(column[place], new):
        return "unchanged" if before is None else "repeated"
    if before is not None:
        outcomes[before] = "replaced"
    column[place] = new
    return "applied"


def _in_notation(new: str, cell: Any) -> str:
    """Write a truth as the column writes it: a log says 1 where the data say TRUE."""
    text = _plain(cell)
    if text.casefold() in ("true", "false") and new in ("0", "1"):
        truth = "true" if new == "1" else "false"
        return truth.upper() if text.isupper() else truth.capitalize() if text.istitle() else truth
    return new


def _plain(value: Any) -> str:
    return "" if value is None or value is pd.NA or value != value else str(value).strip()


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
