"""Values with labels, as SPSS and Stata keep them: labels as text, missing codes as marks that name a reason."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any, Final

from evaltools.survey.readers.cells import Cell, Cells
from evaltools.survey.readers.model import Note
from evaltools.survey.readers.recoding import recode

# the wording of a missing code's label to its reason; the order matters ("不适用" before "不")
_REASONS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), reason)
    for pattern, reason in (
        (r"跳过|未显示|skip", "skipped_by_logic"),
        (r"不适用|not applicable|n/?a\b|inapplicable", "not_applicable"),
        (r"不知道|不了解|不清楚|说不清|don.?t know|do not know|\bdk\b", "dont_know"),
        (r"拒答|拒绝|不愿|refus|prefer not", "refused"),
    )
)
_TEXT_MARKS: Final = frozenset({"(空)", "（空）", "空", "(跳过)", "（跳过）", "跳过"})
_EXACT: Final = 1e15


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A variable of a file.

    Attributes
    ----------
    name, label
        Its name, and its wording, "" where it has none.
    cells
        Values as they are stored: numbers, text, dates; missing codes among them.
    values
        Value to label.
    is_missing
        Whether a value is a missing code.
    is_scale
        Whether the file says that the values are measurements, so that a label names a point on the scale.
    """

    name: str
    label: str
    cells: Cells
    values: Mapping[Any, str]
    is_missing: Callable[[Any], bool]
    is_scale: bool = False

    def mark(self, value: Any) -> str | None:
        """Return the mark of a value that is a missing code, or is labelled as skipped or empty; None for an answer."""
        label = self.values.get(value, "")
        if self.is_missing(value) or label.strip() in _TEXT_MARKS:
            return mark_of(reason_of(label) or "blank")
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Cells as a person reads them; the flags say what people should know of the variable.

    Attributes
    ----------
    is_coded
        Whether the variable has labels of answers.
    same
        Whether several codes have one label, so that the codes were kept.
    unexplained
        Whether missing codes occur whose label does not say why an answer is missing.
    """

    cells: Cells
    is_coded: bool
    same: bool
    unexplained: bool


def mark_of(reason: str) -> str:
    """Return the text that stands for a missing answer."""
    return f"<{reason}>"


MARKS: Final[Mapping[str, str]] = {mark_of(reason): reason for reason in (*(one for _, one in _REASONS), "blank")}
"""Text of a cell that stands for a missing answer, to its reason."""


def read_labels(variable: Variable) -> Labelled:
    """Return the cells of a variable as labels, and codes where there is none.

    Missing codes become marks; so does a code that is labelled as empty or skipped, and, among numbers that have no
    labels, one that is labelled as refused or not known. Where the labels name points of a scale the numbers stay.
    """
    occurring = [cell for cell in variable.cells.occurring() if variable.mark(cell) is None]
    answers = {value: label for value, label in variable.values.items() if variable.mark(value) is None}
    is_partial = any(value not in answers for value in occurring)
    repeated = {label for label, n in Counter(map(_folded, answers.values())).items() if n > 1}
    same = any(_folded(answers[value]) in repeated for value in occurring if value in answers)

    def read(cell: Cell) -> Cell:
        label = variable.values.get(cell, "")
        if (mark := variable.mark(cell)) is not None:
            return mark
        if label and is_partial and (reason := reason_of(label)):
            return mark_of(reason)
        is_kept = not label or _folded(label) in repeated or (is_partial and variable.is_scale)
        return plain(cell) if is_kept else label

    unexplained = any(
        variable.is_missing(cell) and not reason_of(variable.values.get(cell, ""))
        for cell in variable.cells.occurring()
    )
    return Labelled(recode(variable.cells, read), bool(answers), same, unexplained)


def reason_of(label: str) -> str | None:
    """Return why an answer is missing, as the label of its code says; None where it does not say."""
    return next((reason for pattern, reason in _REASONS if pattern.search(label)), None)


def plain(cell: Any) -> Cell:
    """Return a stored value as a cell: whole numbers as such unless they may have lost digits, durations in seconds."""
    if isinstance(cell, float):
        if math.isnan(cell):
            return None
        return int(cell) if cell.is_integer() and abs(cell) < _EXACT else cell
    if isinstance(cell, timedelta):
        return cell.total_seconds()
    if cell is None or isinstance(cell, (str, int, date, time)):
        return cell or None if isinstance(cell, str) else cell
    return str(cell)


def note_labels(read: Mapping[str, Labelled]) -> list[Note]:
    """Return what people should know of the variables, by their names."""
    flags = {
        "note-labels-same": [name for name, one in read.items() if one.same],
        "note-codes-missing": [name for name, one in read.items() if one.unexplained],
    }
    return [Note(code, {"columns": names}) for code, names in flags.items() if names]


def _folded(label: str) -> str:
    return re.sub(r"\s+", " ", label).strip().casefold()
