"""Kitagawa's split: how much of a change is change within cells of the mix, and how much is the mix itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from evaltools.stats.arrays import BoolArray, FloatArray, IntArray
from evaltools.stats.design import DEFAULT, Design, require_choice
from evaltools.stats.intervals import require_level, two_sided_p
from evaltools.stats.mix.leverage import allow_for_cells
from evaltools.stats.mix.linearised import (
    Counts,
    Outcome,
    as_table,
    count_answers,
    degrees,
    divide,
    judge,
    reasons,
    sum_waves,
    typical_size,
)
from evaltools.stats.mix.margins import Mix, MixLevels, as_mix, mix_levels, read_mix, require_share
from evaltools.stats.mix.stacked import Answered, Stacked, read_item, stack_waves
from evaltools.stats.mix.standardised import MAX_EMPTY, standardised_item
from evaltools.stats.reasons import Reasons, add_reason

SplitWeights = Literal["average", "baseline", "endline"]

PARTS = ("raw", "rate", "composition", "standardised")

_OF_ENDLINE = {"average": 0.5, "baseline": 0.0, "endline": 1.0}


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One part of the split: `estimate` (D,), its derivatives by the cells' means and shares (D, 2, C)."""

    estimate: FloatArray
    by_mean: FloatArray
    by_share: FloatArray


def split_change(
    frame: Any,
    items: str | Sequence[str],
    by: str | Sequence[str] | None = None,
    wave: str = "wave",
    design: Design = DEFAULT,
    *,
    mix: str | Sequence[str],
    weights: SplitWeights = "average",
    margins: Any | None = None,
    waves: tuple[object, object] | None = None,
    max_empty: float = MAX_EMPTY,
    level: float = 0.95,
) -> pd.DataFrame:
    """Split the change of every item in every domain into a rate part and a composition part.

    Parameters
    ----------
    frame, items, by, wave, design, mix, margins, waves, level
        As in `standardise_change`; `margins` serve the standardised change alone.
    weights
        Whose mix weighs the cells' changes: "baseline" (and the endline's levels weigh the change of the mix),
        "endline" (and the baseline's levels), "average" (the mean of both: neither wave is preferred).
    max_empty
        Largest share of a domain's answers, mean of both waves, in cells that have answers in one wave only; above it
        there is no split. Below it such a cell counts as composition, at the level that it has.

    Returns
    -------
    frame
        Columns `[*by, item, part, estimate, se, df, ci_low, ci_high, p, n_baseline, n_endline, empty_share, flag]`,
        four rows a domain and item: `part` is "raw" (the change of `change`), "rate", "composition" (they add up to
        raw) and "standardised" (that of `standardise_change`). `empty_share` is that of the part; `flag` as in
        `standardise_change`, and ``reversal`` on all four rows where raw and standardised change have opposite signs,
        ``reversal_clear`` where besides both differ from 0 at `level`.

    Raises
    ------
    UsageError, DesignError
        As `standardise_change`.

    Notes
    -----
    With p_tc the share and m_tc the mean of cell c, q = (1 - a) p_0 + a p_1 and k = a m_0 + (1 - a) m_1, a = 0, 1, 1/2
    for "baseline", "endline", "average": rate = sum q_c (m_1c - m_0c), composition = sum k_c (p_1c - p_0c). Standard
    errors by linearisation, mix and means both estimated. Source: Kitagawa (1955), J. Am. Stat. Assoc. 50; errors as
    R survey 4.1.1 `svycontrast` on totals.
    """
    level, max_empty, columns = require_level(level), require_share(max_empty), as_mix(mix)
    require_choice("weights", weights, get_args(SplitWeights))
    stacked = stack_waves(frame, items, by, wave, design, waves, others=columns, reserved={"part", "empty_share"})
    cells = read_mix(stacked, columns, margins)
    outcomes = [
        _item_parts(stacked, cells, read_item(stacked, name), _OF_ENDLINE[weights], max_empty, level)
        for name in stacked.items
    ]
    return as_table(stacked, outcomes, level, parts=PARTS)


def _item_parts(
    stacked: Stacked, mix: Mix, item: Answered, of_endline: float, max_empty: float, level: float
) -> list[Outcome]:
    levels, counts = mix_levels(stacked, mix, item), count_answers(stacked, item.present)
    alone = ~levels.paired[:, None, :] & (levels.weight > 0)
    empty = np.where(alone, _shares(levels), 0.0).sum(axis=2).mean(axis=1)
    parts = [_outcome(stacked, item, counts, *_raw(stacked, item), np.zeros(empty.size))]
    for part, of_means in zip(_split(levels, alone, of_endline), (True, False), strict=True):
        residual, other = _contributions(stacked, mix, item, levels, part)
        estimate = np.where(empty <= max_empty + 1e-12, part.estimate, np.nan)
        found = _outcome(stacked, item, counts, residual + other, estimate, empty)
        if of_means and stacked.design.df == "domain":
            cells = np.count_nonzero(levels.paired, axis=1)
            found = replace(found, errors=allow_for_cells(stacked, mix, item, residual, other, found.errors, cells))
        if of_means:
            thin = levels.paired[:, None, :] & (levels.psus == 1)
            add_reason(found.flags, np.isfinite(estimate) & thin.any(axis=(1, 2)), "thin_cell")
        parts.append(found)
    standardised = standardised_item(stacked, mix, item, max_empty)
    shown = {name: standardised.shown[name] for name in parts[0].shown}
    return _flag_reversals([*parts, replace(standardised, shown=shown)], level)


def _shares(levels: MixLevels) -> FloatArray:
    """Return the share of its domain's and wave's weight that each cell has; shape (D, 2, C)."""
    whole = levels.weight.sum(axis=2, keepdims=True)
    return np.nan_to_num(divide(levels.weight, np.broadcast_to(whole, levels.weight.shape)))


def _split(levels: MixLevels, alone: BoolArray, of_endline: float) -> tuple[_Part, _Part]:
    """Return the rate part and the composition part; `alone` (D, 2, C): cells with answers in that wave only."""
    share, of_baseline = _shares(levels), 1 - of_endline
    # a cell with answers in one wave only has the same level in the other: all it does is composition
    mean = np.nan_to_num(np.where(levels.weight > 0, levels.mean, levels.mean[:, ::-1]))
    moved, shifted = mean[:, 1] - mean[:, 0], share[:, 1] - share[:, 0]
    mix = of_baseline * share[:, 0] + of_endline * share[:, 1]
    height = of_endline * mean[:, 0] + of_baseline * mean[:, 1]
    answered = (levels.weight.sum(axis=2) > 0).all(axis=1)
    by_mean = np.stack([of_endline * shifted, of_baseline * shifted], axis=1)
    rate = _Part(
        np.where(answered, (mix * moved).sum(axis=1), np.nan),
        np.where(alone, 0.0, np.stack([-mix, mix], axis=1)),
        np.stack([of_baseline * moved, of_endline * moved], axis=1),
    )
    composition = _Part(
        np.where(answered, (height * shifted).sum(axis=1), np.nan),
        np.where(alone, shifted[:, None, :], by_mean),
        np.stack([-height, height], axis=1),
    )
    return rate, composition


def _contributions(
    stacked: Stacked, mix: Mix, item: Answered, levels: MixLevels, part: _Part
) -> tuple[FloatArray, FloatArray]:
    """Return each row's contribution (N,) through the means, w (y - m_tc)/W_tc, and the shares, w (1[c] - p_tc)/W_t."""
    weight = levels.weight
    whole = np.broadcast_to(weight.sum(axis=2, keepdims=True), weight.shape)
    centred = part.by_share - (_shares(levels) * part.by_share).sum(axis=2, keepdims=True)
    through_mean, through_share = np.nan_to_num(divide(part.by_mean, weight)), np.nan_to_num(divide(centred, whole))
    place: tuple[IntArray, ...] = (stacked.domain, stacked.side, mix.cell)
    deviation = item.y - np.nan_to_num(levels.mean)[place]
    return item.weight * through_mean[place] * deviation, item.weight * through_share[place]


def _raw(stacked: Stacked, item: Answered) -> tuple[FloatArray, FloatArray]:
    """Return each row's contribution (N,) to the raw change, and the change (D,)."""
    weight = sum_waves(stacked, item.weight)
    mean = divide(sum_waves(stacked, item.weight * item.y), weight)
    place = (stacked.domain, stacked.side)
    unit = (2.0 * stacked.side - 1) * item.weight * np.nan_to_num(divide(np.ones(weight.shape), weight))[place]
    return unit * (item.y - np.nan_to_num(mean)[place]), mean[:, 1] - mean[:, 0]


def _outcome(
    stacked: Stacked, item: Answered, counts: Counts, values: FloatArray, estimate: FloatArray, empty: FloatArray
) -> Outcome:
    df = degrees(stacked, counts)
    errors = judge(stacked, estimate, values, typical_size(stacked, item), df, item.weight)
    flags = reasons(stacked, counts, df, errors.se)
    answered = np.asarray((counts.answers > 0).all(axis=1))
    add_reason(flags, answered & (empty > 0), "empty_cell")
    shown = {
        "n_baseline": counts.answers[:, 0], "n_endline": counts.answers[:, 1],
        "empty_share": np.where(answered, empty, np.nan),
    }  # fmt: skip
    return Outcome(estimate, errors, flags, shown)


def _flag_reversals(parts: list[Outcome], level: float) -> list[Outcome]:
    raw, standardised = parts[0], parts[-1]
    with np.errstate(invalid="ignore"):
        opposite = raw.estimate * standardised.estimate < 0
        clear = opposite & (_p(raw) <= 1 - level) & (_p(standardised) <= 1 - level)
    flagged = []
    for part in parts:
        flags: Reasons = part.flags.copy()
        add_reason(flags, opposite, "reversal")
        add_reason(flags, clear, "reversal_clear")
        flagged.append(replace(part, flags=flags))
    return flagged


def _p(outcome: Outcome) -> FloatArray:
    return two_sided_p(outcome.estimate, outcome.errors.interval_se, outcome.errors.interval_df)
