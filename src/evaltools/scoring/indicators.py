"""Answers to indicators: the value of each rating in the indicator's unit, or the reason why it has none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.errors import CampaignError
from evaltools.scoring.models import Framework, Indicator

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
TextArray = npt.NDArray[np.object_]

# choices that stand for "no answer" in every list of every instrument
MISSING_CHOICES = {"dk": "dont_know", "refused": "refused", "na": "not_applicable"}
# the question is not about this rating: it counts neither as an answer nor as a missing one
NOT_ELIGIBLE = ("not_asked", "outside_window", "not_applicable", "not_in_base")
MISSING = ("dont_know", "refused", "not_answered", "not_a_number", "window_unknown")


@dataclass(frozen=True, slots=True, eq=False)
class IndicatorValues:
    """Values and reasons of the ratings of one instrument.

    Attributes
    ----------
    numbers : DataFrame, one row a rating, one float column an indicator
        In the indicator's unit; a share is 0 or 1. NaN: not scored.
    reasons : DataFrame of the same shape, str
        "" where the rating is scored, else one of `NOT_ELIGIBLE` or `MISSING`.
    """

    numbers: pd.DataFrame
    reasons: pd.DataFrame


def indicator_frame(
    answers: pd.DataFrame, framework: Framework, instrument: str, *, waves: tuple[str, str], start: date
) -> IndicatorValues:
    """Compute all indicators of one instrument for each rating.

    Parameters
    ----------
    answers
        One row an accepted rating with columns ``wave``, ``event_date`` and one column a question; its index is kept.
    framework
        Names, for each indicator, the item, the statistic, the condition and whether the recall window holds.
    instrument
        Which indicators: those that read this instrument.
    waves
        Before and after.
    start
        First day of the campaign. A windowed indicator counts in the first wave for events before it, in the second
        for events on it or later; without a date the rating is not scored (``window_unknown``).

    Raises
    ------
    CampaignError
        ``framework-item`` where the answers have no column of an item that the framework names; ``framework-choices``
        where a share is taken of answers that are numbers.
    """
    chosen = [indicator for indicator in framework.indicators if indicator.instrument == instrument]
    _require_items(answers, chosen, instrument)
    window = _window(answers, waves, start)
    plain = answers.reset_index(drop=True)
    values: dict[str, FloatArray] = {}
    reasons: dict[str, TextArray] = {}
    for indicator in chosen:
        value, reason = _one_indicator(plain, indicator)
        if indicator.window:
            # who is outside the window is not asked about, so a missing answer there is none of the indicator's
            late = np.where(window == "outside_window", ~np.isin(reason, NOT_ELIGIBLE), reason == "") & (window != "")
            reason[late] = window[late]
        value[reason != ""] = np.nan
        values[indicator.id], reasons[indicator.id] = value, reason
    return IndicatorValues(pd.DataFrame(values, index=answers.index), pd.DataFrame(reasons, index=answers.index))


def count_reasons(answers: pd.DataFrame, reasons: pd.DataFrame) -> pd.DataFrame:
    """Count ratings by bank, wave, indicator and reason; reason "" is a scored rating.

    Returns
    -------
    DataFrame
        [bank, wave, indicator, reason, n], one row for each combination that occurs.
    """
    keys = answers[["bank", "wave"]].reset_index(drop=True)
    long = [
        pd.DataFrame(
            {"bank": keys["bank"], "wave": keys["wave"], "indicator": name, "reason": reasons[name].to_numpy()}
        )
        for name in reasons.columns
    ]
    columns = ["bank", "wave", "indicator", "reason"]
    if not long:
        return pd.DataFrame(columns=[*columns, "n"])
    return pd.concat(long, ignore_index=True).groupby(columns, sort=False).size().reset_index(name="n")


def missing_shares(reasons: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Return the share of missing among the ratings that an indicator is about.

    Parameters
    ----------
    reasons
        As in `IndicatorValues`.
    groups
        Columns ``bank`` and ``wave``, aligned with `reasons` by position.

    Returns
    -------
    DataFrame
        Index (bank, wave), one column an indicator; NaN where no rating was eligible.
    """
    missing = reasons.isin(MISSING).reset_index(drop=True)
    eligible = missing | reasons.isin([""]).reset_index(drop=True)
    keys = [groups["bank"].reset_index(drop=True), groups["wave"].reset_index(drop=True)]
    total = eligible.groupby(keys).sum()
    return missing.groupby(keys).sum() / total.where(total > 0)


def _require_items(answers: pd.DataFrame, indicators: Iterable[Indicator], instrument: str) -> None:
    for indicator in indicators:
        for item in (indicator.item, *indicator.where):
            if item not in answers.columns:
                near = get_close_matches(item, [str(column) for column in answers.columns], n=3)
                raise CampaignError(
                    "framework-item", indicator=indicator.id, item=item, instrument=instrument, near=near or "-"
                )


def _require_choices(text: pd.Series, indicator: Indicator) -> None:
    """Raise ``framework-choices`` where answers are numbers: no choice would ever match, and every share would be 0."""
    kinds = {type(cell).__name__ for cell in text.dropna() if not isinstance(cell, str)}
    if kinds:
        raise CampaignError(
            "framework-choices",
            indicator=indicator.id,
            item=indicator.item,
            choices=indicator.choices,
            kind=sorted(kinds),
        )


def _window(answers: pd.DataFrame, waves: tuple[str, str], start: date) -> TextArray:
    """Return "", ``outside_window`` or ``window_unknown`` for each rating."""
    if "event_date" in answers.columns:
        day = pd.to_datetime(answers["event_date"].astype(object), errors="coerce", format="ISO8601")
    else:
        day = pd.Series(pd.NaT, index=answers.index)
    before = (day < pd.Timestamp(start)).to_numpy()
    first = (answers["wave"] == waves[0]).to_numpy()
    reason = np.where(before == first, "", "outside_window").astype(object)
    reason[day.isna().to_numpy()] = "window_unknown"
    return reason


def _one_indicator(answers: pd.DataFrame, indicator: Indicator) -> tuple[npt.NDArray[np.float64], TextArray]:
    column = answers[indicator.item]
    text, several = _first_texts(column)
    reason = text.map(MISSING_CHOICES).fillna("").to_numpy(dtype=object)
    reason[text.isna().to_numpy()] = "not_answered"
    if indicator.statistic == "share":
        _require_choices(text, indicator)
        value = _holds_any(column, several, indicator.choices).astype(float)
        if indicator.base:
            outside = (reason == "") & ~_holds_any(column, several, indicator.base)
            reason[outside] = "not_in_base"
    else:
        value = _numbers(text, indicator)
        reason[(reason == "") & np.isnan(value)] = "not_a_number"
        if indicator.statistic == "share_within":
            value = (value <= float(indicator.bound or 0.0)).astype(float)
    reason[~_asked(answers, indicator)] = "not_asked"
    return value, reason


def _first_texts(column: pd.Series) -> tuple[pd.Series, BoolArray]:
    """Return each answer as text (of several choices the first), and where there are several choices in a cell."""
    cells = column.astype(object)
    several = cells.map(lambda cell: isinstance(cell, (list, tuple, np.ndarray))).to_numpy(dtype=bool)
    if several.any():
        cells = cells.copy()
        cells[several] = [cell[0] if len(cell) else None for cell in cells[several]]
    cells = cells.where(cells.notna(), None)
    return cells.map(lambda cell: cell.strip() or None if isinstance(cell, str) else cell), several


def _holds_any(column: pd.Series, several: BoolArray, choices: Iterable[str]) -> BoolArray:
    """Return where an answer is one of the choices, or holds one where several may be chosen."""
    names = list(choices)
    if not several.any():
        return column.isin(names).to_numpy(dtype=bool)
    hits = column.explode().isin(names)
    return hits.groupby(level=0, sort=True).any().to_numpy(dtype=bool)


def _numbers(text: pd.Series, indicator: Indicator) -> FloatArray:
    if indicator.points:
        return np.array(text.map(indicator.points), dtype=np.float64)
    value: FloatArray = np.array(pd.to_numeric(text, errors="coerce"), dtype=np.float64)
    value[~np.isfinite(value)] = np.nan
    return value


def _asked(answers: pd.DataFrame, indicator: Indicator) -> BoolArray:
    asked = np.ones(len(answers), dtype=bool)
    for item, choices in indicator.where.items():
        column = answers[item]
        asked &= _holds_any(column, _first_texts(column)[1], choices)
    return asked
