"""What an export is made of: variables, their cells, and why a cell is empty. All frozen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from evaltools.config import LocalText
from evaltools.errors import message
from evaltools.survey.instrument.model import BilingualText, Choice
from evaltools.survey.quality import REASONS

Objects = npt.NDArray[np.object_]
Kind = Literal["id", "integer", "decimal", "choice", "flag", "date", "datetime", "text"]
Format = Literal["csv", "xlsx", "sav", "dta"]

FORMATS: Final[tuple[Format, ...]] = ("csv", "xlsx", "sav", "dta")
SUPPRESSED: Final = "suppressed"
MISSING: Final = (*REASONS, SUPPRESSED)
"""Why a cell is empty; the order gives the codes of SPSS and Stata."""

NO_UNIT: Final = BilingualText("", "")
YES_NO: Final = (Choice("0", BilingualText("否", "No")), Choice("1", BilingualText("是", "Yes")))


@dataclass(frozen=True, slots=True)
class Variable:
    """One column of an export.

    Attributes
    ----------
    name
        Its name in csv and xlsx. A choice of a question that takes several is ``question/choice``.
    kind
        What its cells are: ``id`` a number of this export alone, ``flag`` 0 or 1, ``choice`` the name of a choice.
    label
        Wording of the question, or what the column is.
    question
        Name of the question that it comes from, "" where it comes from none.
    type, sensitivity
        Those of the question, "" without one.
    choices
        What a ``choice`` or ``flag`` may be, in the order of the form.
    unit
        Of a number, where the framework or the form tells it.
    """

    name: str
    kind: Kind
    label: BilingualText
    question: str = ""
    type: str = ""
    sensitivity: str = ""
    choices: tuple[Choice, ...] = ()
    unit: BilingualText | LocalText = NO_UNIT


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A variable with its cells.

    Attributes
    ----------
    cells : object array (n,)
        int, float, str, date or datetime by the variable's kind; None where `reasons` has one.
    reasons : object array (n,)
        One of `MISSING`, None where there is a value.
    """

    variable: Variable
    cells: Objects
    reasons: Objects

    def taken(self, order: npt.NDArray[np.int64]) -> Column:
        """Return the column with its rows in another order."""
        return Column(self.variable, self.cells[order], self.reasons[order])


def objects(values: Sequence[Any]) -> Objects:
    """Return values as an object array, tuples kept whole."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def both_languages(code: str) -> BilingualText:
    """Return a text of the message catalogue in both languages."""
    return BilingualText(message(code, {}, "zh"), message(code, {}, "en"))
