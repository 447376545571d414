"""Disclosure control of sensitive answers: what everybody of a class answered, and amounts that show one unit.

Whoever knows that a unit belongs to a class learns its answer where the whole class gave the same one (Machanavajjhala
et al. 2007, l-diversity), and finds the unit where its amount stands in the class once. The functions take the classes
of :func:`evaltools.survey.disclosure.class_of_rows`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

MOST_ALIKE: Final = 0.9
"""Share of a class's units with one answer above which the answer is known of all of them."""

P_PERCENT: Final = 0.1
"""How near the second largest contributor may come to the largest one's amount: not within 10 % of it (p % rule)."""


def hide_alike(answers: pd.Series[Any], *, classes: pd.Series[int], units: pd.Series[Any], k: int) -> pd.Series[bool]:
    """Say which answers to a sensitive question to hide.

    Parameters
    ----------
    answers
        One a row; None or NaN where there is none, which is never hidden.
    classes, units
        Class and unit of each row.
    k
        Least number of units.

    Returns
    -------
    Series of bool
        True for the answers of a class in which fewer than k units answered, or more than `MOST_ALIKE` of them gave one
        answer.
    """
    known = answers.notna()
    rows = pd.DataFrame({"class": classes, "unit": units, "answer": pd.factorize(answers)[0]})[known].drop_duplicates()
    answered = rows.groupby("class")["unit"].nunique()
    most = rows.groupby(["class", "answer"]).size().groupby("class").max()
    open_classes = answered.index[(answered < k) | (most > MOST_ALIKE * answered)]
    return known & classes.isin(open_classes)


def share_amounts(
    amounts: pd.Series[float], *, classes: pd.Series[int], units: pd.Series[Any], k: int
) -> tuple[pd.Series[float], pd.Series[bool]]:
    """Replace sensitive amounts by means that at least k units of the class share.

    Parameters
    ----------
    amounts
        One a row, NaN where there is none.
    classes, units, k
        As in :func:`hide_alike`.

    Returns
    -------
    tuple of (amounts, hidden)
        In each class the amounts are taken in order of size in runs of at least k units, equal amounts together, and
        each is replaced by the mean of its run (microaggregation, Defays and Nanopoulos 1993); an amount that k units
        share stays as it is, and so does the sum of each run. Hidden: what :func:`hide_alike` hides, and runs whose
        largest amount the second largest contributor could estimate within `P_PERCENT`.
    """
    hidden = hide_alike(amounts, classes=classes, units=units, k=k)
    rows = pd.DataFrame({"class": classes, "unit": units, "amount": amounts})[amounts.notna() & ~hidden]
    rows = rows.sort_values(["class", "amount"], kind="stable")
    if rows.empty:
        return amounts.mask(hidden), hidden
    rows["run"] = _runs(rows, k)
    by_run = rows.groupby("run")["amount"]
    shared = amounts.copy()
    # round: the mean of equal amounts is that amount
    shared[rows.index] = by_run.transform("mean").round(10)
    rest = by_run.sum() - by_run.max() - by_run.nth(-2).groupby(rows["run"]).max()
    is_dominated = (by_run.min() >= 0) & (rest < P_PERCENT * by_run.max())
    hidden[rows.index] = rows["run"].map(is_dominated)
    return shared.mask(hidden), hidden


def class_means(values: pd.Series[float], *, classes: pd.Series[int]) -> pd.Series[float]:
    """Replace values by the mean of their class, so that they tell nothing that the class does not; NaN stays NaN.

    For sampling weights: they repeat the stratum even where it is hidden, and their sum by class stays what it was.
    """
    return values.groupby(classes).transform("mean").round(10).where(values.notna())


def _runs(rows: pd.DataFrame, k: int) -> list[int]:
    """Return the number of each row's run; the rows stand in the order of class and amount.

    A unit counts once a class. The last run of a class, where it is short, joins the one before.
    """
    counts = ~rows.duplicated(["class", "unit"])
    groups = counts.groupby([rows["class"], rows["amount"]], sort=False).agg(["sum", "size"])
    numbers: list[int] = []
    run, reached, last, starts = -1, k, None, 0
    for (class_, _), units, size in zip(groups.index, groups["sum"], groups["size"], strict=True):
        if class_ != last:
            _join_short(numbers, starts, reached, k)
            run, reached, last, starts = run + 1, 0, class_, len(numbers)
        elif reached >= k:
            run, reached = run + 1, 0
        numbers += [run] * int(size)
        reached += int(units)
    _join_short(numbers, starts, reached, k)
    return numbers


def _join_short(numbers: list[int], starts: int, reached: int, k: int) -> None:
    """Give a class's last run, where it holds fewer than k units, the number of the run before it."""
    if reached >= k or not numbers:
        return
    short = numbers[-1]
    for place in range(len(numbers) - 1, starts - 1, -1):
        if numbers[place] != short:
            break
        numbers[place] = short - 1
