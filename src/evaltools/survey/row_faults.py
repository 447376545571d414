"""What is wrong with one cell of a sheet, or with a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Rule = Literal[
    "type", "bank", "required", "constraint", "choice_filter", "relevant", "calculation", "consent", "wave", "weight",
    "state", "repeat", "dropped",
]  # fmt: skip

IN_DOUBT: Final = ("calculation-differs", "code-letter-first")
"""Codes of faults that leave the value where it is: somebody should look at it, and may confirm it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell, or with a row.

    Attributes
    ----------
    row
        Position among the rows of the sheet, from 0.
    question
        Name of the question, or the field of the tool (``submitted_at``).
    rule, code
        Which check, and what it found: the code stands in the catalogue.
    scope
        ``row``: the row is in quarantine; ``cell``: the row stays, only this answer is taken out or, where it is a
        calculated one, in doubt.
    """

    row: int
    question: str
    rule: Rule
    code: str
    scope: Literal["row", "cell"] = "row"
