"""Respondents who stayed, left and came new: the panel's own change, and what coming and going does to the change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evaltools.stats.arrays import BoolArray, FloatArray, IntArray, compress, count_by, size_of
from evaltools.stats.design import DEFAULT, Design
from evaltools.stats.intervals import require_level
from evaltools.stats.mix.linearised import (
    Counts,
    Outcome,
    as_table,
    count_answers,
    degrees,
    divide,
    judge,
    reasons,
    sum_groups,
    typical_size,
)
from evaltools.stats.mix.stacked import Answered, Stacked, read_item, read_units_of_rows, stack_waves

# how each part is made of six means: of the panel, of those in one wave only, of all; each at baseline and endline
_PARTS = {
    "change": (0, 0, 0, 0, -1, 1),
    "panel_change": (-1, 1, 0, 0, 0, 0),
    "turnover": (1, -1, 0, 0, -1, 1),
    "panel_baseline": (1, 0, 0, 0, 0, 0),
    "panel_endline": (0, 1, 0, 0, 0, 0),
    "left_baseline": (0, 0, 1, 0, 0, 0),
    "left_difference": (-1, 0, 1, 0, 0, 0),
    "new_endline": (0, 0, 0, 1, 0, 0),
    "new_difference": (0, -1, 0, 1, 0, 0),
}


@dataclass(frozen=True, slots=True, eq=False)
class _Means:
    """The six means of one item.

    Attributes
    ----------
    mean : float array, shape (D, 6)
        Less the item's origin; NaN where there is no answer.
    own, whole : float arrays, shape (N,)
        Each row's contribution to the mean of its group and wave, and to that of all of its wave.
    counts : Counts
        Arrays (D, 6).
    """

    mean: FloatArray
    own: FloatArray
    whole: FloatArray
    counts: Counts


def change_by_presence(
    frame: Any,
    items: str | Sequence[str],
    by: str | Sequence[str] | None = None,
    wave: str = "wave",
    design: Design = DEFAULT,
    *,
    waves: tuple[object, object] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Show the change of those who are in both waves apart from those who left and those who are new.

    Parameters
    ----------
    frame, items, by, wave, design, waves, level
        As in `change`, with rows. The respondent is the last stage of `psu`, which must be named. A respondent with a
        row of positive weight in both waves of the domain is in the domain's panel, whether or not it answered the
        item.

    Returns
    -------
    frame
        Columns `[*by, item, part, estimate, se, df, ci_low, ci_high, p, n_baseline, n_endline, flag]`, nine rows a
        domain and item. `part`: "change" (of all), "panel_change", "turnover" (the first less the second); the levels
        "panel_baseline", "panel_endline", "left_baseline", "new_endline" (no p); "left_difference" (left less panel, at
        the baseline) and "new_difference" (new less panel, at the endline). `n_*` are the answers of each wave that
        enter the part. `flag`: ``no_answers``, ``one_psu``, ``no_df``, ``no_variation``, ``fpc_union``.

    Raises
    ------
    UsageError
        ``presence-psu`` and those of `change`.
    DesignError
        As `change`.

    Notes
    -----
    Means of subclasses; each row carries w (y - mean)/W of its own mean, so covariance by shared units counts. change =
    panel_change + v new_difference - u left_difference, u and v the weighted shares of left and new. With
    `overlap="pattern"` the sizes of the groups are held fixed. Source: Kish (1965), Survey Sampling, section 12.4;
    subclasses: Särndal, Swensson, Wretman (1992), section 5.8. Equals R survey 4.1.1 `svycontrast` on totals.
    """
    level = require_level(level)
    stacked = stack_waves(frame, items, by, wave, design, waves, reserved={"part"})
    alone = _stands_alone(stacked)
    outcomes = [_item_parts(stacked, alone, read_item(stacked, name)) for name in stacked.items]
    table = as_table(stacked, outcomes, level, parts=tuple(_PARTS))
    levels = [part for part, coefficients in _PARTS.items() if sum(coefficients) == 1]
    table.loc[table["part"].isin(levels), "p"] = np.nan
    return table


def _stands_alone(stacked: Stacked) -> IntArray:
    """Return 1 for rows of respondents who are in one wave of the domain only, 0 for its panel; shape (N,)."""
    unit = read_units_of_rows(stacked)
    size = stacked.n_domains
    pair, kept = compress(unit * size + stacked.domain, size_of(unit) * size)
    live = stacked.rows.weight > 0
    held = [count_by(pair[live & (stacked.side == wave)], kept.size) > 0 for wave in range(2)]
    return (~(held[0] & held[1])[pair]).astype(np.int64)


def _item_parts(stacked: Stacked, alone: IntArray, item: Answered) -> list[Outcome]:
    means = _six_means(stacked, alone, item)
    return [_part(stacked, alone, item, means, np.array(coefficients)) for coefficients in _PARTS.values()]


def _six_means(stacked: Stacked, alone: IntArray, item: Answered) -> _Means:
    weight = sum_groups(stacked, alone, 2, item.weight)
    total = sum_groups(stacked, alone, 2, item.weight * item.y)
    weight = np.concatenate([weight, weight.sum(axis=2, keepdims=True)], axis=2)
    total = np.concatenate([total, total.sum(axis=2, keepdims=True)], axis=2)
    mean = divide(total, weight)
    level, inverse = np.nan_to_num(mean), np.nan_to_num(divide(np.ones(weight.shape), weight))
    own, whole = (
        item.weight * (item.y - level[place]) * inverse[place]
        for place in ((stacked.domain, stacked.side, alone), (stacked.domain, stacked.side, 2))
    )
    groups = [item.present & (alone == 0), item.present & (alone == 1), item.present]
    counts = [count_answers(stacked, chosen) for chosen in groups]
    answers, psus, strata = (
        np.concatenate([getattr(count, name) for count in counts], axis=1) for name in ("answers", "psus", "strata")
    )
    by_group = mean.transpose(0, 2, 1).reshape(stacked.n_domains, 6)
    return _Means(by_group, own, whole, Counts(answers, psus, strata))


def _part(stacked: Stacked, alone: IntArray, item: Answered, means: _Means, coefficients: IntArray) -> Outcome:
    used = coefficients != 0
    estimate = (means.mean[:, used] * coefficients[used]).sum(axis=1)
    by_group, of_all = coefficients[:4].reshape(2, 2), coefficients[4:]
    values = by_group[alone, stacked.side] * means.own + of_all[stacked.side] * means.whole
    # two sides are compared: where groups are in it, the groups, which have fewer answers than all
    sides = np.flatnonzero(used[:4]) if used[:4].any() else 4 + np.flatnonzero(of_all)
    sides = sides[[0, -1]]
    compared = Counts(*(part[:, sides] for part in (means.counts.answers, means.counts.psus, means.counts.strata)))
    df = degrees(stacked, compared)
    errors = judge(stacked, estimate, values, typical_size(stacked, item), df, *_sides(stacked, alone, item, used))
    shown: dict[str, FloatArray | IntArray] = {
        "n_baseline": _entering(means.counts, used, 0), "n_endline": _entering(means.counts, used, 1),
    }  # fmt: skip
    level = estimate + item.origin * coefficients.sum()
    if coefficients.sum():  # a level is compared with nothing
        errors = replace(errors, interval_se=errors.se, interval_df=errors.df)
    flags = reasons(stacked, compared, df, errors.se)
    return Outcome(level, errors, flags, shown)


def _sides(stacked: Stacked, alone: IntArray, item: Answered, used: BoolArray) -> tuple[FloatArray, BoolArray]:
    """Return what each row (N,) weighs in the two sides that are compared, and which rows are of the second."""
    if used[2:4].any():
        wave = int(np.flatnonzero(used[2:4])[0])
        return np.where(stacked.side == wave, item.weight, 0.0), alone == 1
    whole = used[4:].any()
    return item.weight if whole else np.where(alone == 0, item.weight, 0.0), stacked.side == 1


def _entering(counts: Counts, used: BoolArray, wave: int) -> IntArray:
    """Return the answers of a wave that enter a part; shape (D,)."""
    places = [4 + wave] if used[4 + wave] else [place for place in (wave, 2 + wave) if used[place]]
    return np.asarray(counts.answers[:, places].sum(axis=1), dtype=np.int64)
