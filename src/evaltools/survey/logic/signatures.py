"""What a function of form logic is, and how plain functions of texts and numbers become such of columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from evaltools.survey.logic.values import FloatArray, Kind, Values, each, number, to_number, to_text
from evaltools.text import Lang

Apply = Callable[[tuple[Values, ...], "Surroundings"], Values]
Check = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an expression reads besides its questions.

    Attributes
    ----------
    current
        The answers to the question that it belongs to (``.``).
    today, now
        The day and the time of answering.
    lang
        The language in which the form was shown: labels of choices, names of months and days.
    choice
        In a choice filter, the cells of the choice by column of the sheet `choices`.
    """

    current: Values | None
    today: Values | None
    now: Values | None
    lang: Lang = "zh"
    choice: Mapping[str, Values] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of form logic.

    Attributes
    ----------
    least, most
        Number of arguments; `most` None: as many as one likes.
    apply
        Gives the values of the call. It sees one value a row, or one a distinct row, see `by_row`.
    quoted
        Places of arguments that must be quoted texts, each with a check that raises ValueError on a wrong one.
    by_row
        False: it takes values as they are and sees to the rows itself.
    step
        Further arguments come in such numbers.
    settled
        False: clients compute it differently, or at a moment that nobody knows, so that an exported value cannot be
        held against it.
    """

    least: int
    most: int | None
    apply: Apply
    quoted: tuple[tuple[int, Check], ...] = ()
    by_row: bool = True
    step: int = 1
    settled: bool = True


def of_texts(function: Callable[..., object], kind: Kind) -> Apply:
    """Lift a function of texts to columns."""
    dtype = {"boolean": np.bool_, "number": np.float64}.get(kind, object)

    def apply(arguments: tuple[Values, ...], _: Surroundings) -> Values:
        return Values(kind, each(function, *(to_text(argument) for argument in arguments), dtype=dtype))

    return apply


def of_numbers(function: Callable[..., FloatArray]) -> Apply:
    """Lift a function of number columns."""

    def apply(arguments: tuple[Values, ...], _: Surroundings) -> Values:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return number(function(*(to_number(argument) for argument in arguments)))

    return apply


def converted(convert: Callable[[Values], Values]) -> Apply:
    """Lift a conversion of one column."""
    return lambda arguments, _: convert(arguments[0])


def one_of(*allowed: str) -> Check:
    """Return a check that a quoted text is one of some words, capitals or not."""

    def check(value: str) -> None:
        if value.lower() not in allowed:
            raise ValueError(f"{value!r}: {', '.join(allowed)}")

    return check


NO_ARGUMENT_MEANS_CURRENT: Final = frozenset({"string", "number", "string-length", "normalize-space"})
"""Functions that read ``.`` where they are called without an argument."""
