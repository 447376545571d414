"""The change that remains when both waves are given the same mix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from evaltools.stats.arrays import FloatArray
from evaltools.stats.design import DEFAULT, Design
from evaltools.stats.intervals import require_level
from evaltools.stats.mix.leverage import allow_for_cells
from evaltools.stats.mix.linearised import (
    Outcome,
    as_table,
    count_answers,
    degrees,
    divide,
    judge,
    reasons,
    typical_size,
)
from evaltools.stats.mix.margins import Mix, MixLevels, as_mix, mix_levels, read_mix, require_share
from evaltools.stats.mix.stacked import Answered, Stacked, read_item, stack_waves
from evaltools.stats.reasons import add_reason

MAX_EMPTY = 0.05  # share of the margins without answers above which there is no number


def standardise_change(
    frame: Any,
    items: str | Sequence[str],
    by: str | Sequence[str] | None = None,
    wave: str = "wave",
    design: Design = DEFAULT,
    *,
    mix: str | Sequence[str],
    margins: Any | None = None,
    waves: tuple[object, object] | None = None,
    max_empty: float = MAX_EMPTY,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the change of every item in every domain with the mix of both waves set to the same margins.

    Parameters
    ----------
    frame : pandas frame or Arrow table
        Both waves stacked, one row an answer sheet.
    items, by, wave, design, waves, level
        As in `change`.
    mix
        Columns whose combinations are the cells of the mix, such as size and sector; no row may lack them.
    margins
        Frame with the mix columns and `share`, shares or counts of the population, known without error; the same for
        all domains. Values are compared by their text. None: the mean of both waves' weighted shares of rows over all
        domains, taken as known.
    max_empty
        Largest share of the margins, 0 or more and below 1, that may lie in cells without answers in a wave of the
        domain. Such cells are left out of both waves and the others' margins scaled up, as if they had changed like the
        others; above this share there is no number.

    Returns
    -------
    frame
        Columns `[*by, item, change, se, df, ci_low, ci_high, p, baseline, endline, n_baseline, n_endline, empty_share,
        flag]`, one row a domain and item. `baseline`, `endline`: levels at the margins; `empty_share`: share of the
        margins in cells without answers in a wave. `flag`: ``empty_cell`` (`empty_share` above 0; no number where it
        is above `max_empty`), ``thin_cell`` (a cell rests on one PSU in a wave: its variance is not seen), and of
        `change` ``no_answers``, ``one_psu``, ``no_df``, ``no_variation``, ``overlap_unknown``, ``fpc_union``.

    Raises
    ------
    UsageError
        ``mix-columns``, ``mix-max-empty``, ``margins-share``, ``margins-repeated``, ``margins-absent`` and those of
        `change`.
    DesignError
        As `change`; ``frame-values-missing`` for a row without a mix.

    Notes
    -----
    theta_t = sum_c pi_c ybar_tc; u_i = pi_c w_i (y_i - ybar_tc)/W_tc, endline minus baseline, then the variance of the
    change. With `df="domain"` each further cell costs one degree of freedom. Source: Särndal, Swensson, Wretman (1992),
    section 7.6. Equals the contrast of R survey 4.1.1 `svyby(~y, ~domain + wave, svystandardize(...), svymean)`.
    """
    level, max_empty, columns = require_level(level), require_share(max_empty), as_mix(mix)
    stacked = stack_waves(frame, items, by, wave, design, waves, others=columns, reserved={"empty_share"})
    cells = read_mix(stacked, columns, margins)
    outcomes = [[standardised_item(stacked, cells, read_item(stacked, name), max_empty)] for name in stacked.items]
    return as_table(stacked, outcomes, level, estimated="change")


def standardised_item(stacked: Stacked, mix: Mix, item: Answered, max_empty: float) -> Outcome:
    """Return one item's standardised change."""
    levels = mix_levels(stacked, mix, item)
    used, empty = _margins_in_use(mix, levels, max_empty)
    standard = (used[:, None, :] * np.nan_to_num(levels.mean)).sum(axis=2)
    standard[np.isnan(used).any(axis=1)] = np.nan
    change = standard[:, 1] - standard[:, 0]
    values = _contributions(stacked, mix, item, levels, used)
    counts = count_answers(stacked, item.present)
    df = degrees(stacked, counts)
    errors = judge(stacked, change, values, typical_size(stacked, item), df, _weights(stacked, mix, item, levels, used))
    if stacked.design.df == "domain":
        cells = np.count_nonzero(np.nan_to_num(used) > 0, axis=1)
        errors = allow_for_cells(stacked, mix, item, values, np.zeros(values.size), errors, cells)
    flags = reasons(stacked, counts, df, errors.se)
    answered = (counts.answers > 0).all(axis=1)
    add_reason(flags, answered & (empty > 0), "empty_cell")
    thin = (np.nan_to_num(used)[:, None, :] > 0) & (levels.psus == 1)
    add_reason(flags, thin.any(axis=(1, 2)), "thin_cell")
    shown = {
        "baseline": standard[:, 0] + item.origin, "endline": standard[:, 1] + item.origin,
        "n_baseline": counts.answers[:, 0], "n_endline": counts.answers[:, 1],
        "empty_share": np.where(answered, empty, np.nan),
    }  # fmt: skip
    return Outcome(change, errors, flags, shown)


def _margins_in_use(mix: Mix, levels: MixLevels, max_empty: float) -> tuple[FloatArray, FloatArray]:
    """Return the margins (D, C) of cells with answers in both waves, NaN where too few have, and the share left out."""
    kept = np.where(levels.paired, mix.share, 0.0)
    held = kept.sum(axis=1)
    empty = np.where(levels.paired, 0.0, mix.share).sum(axis=1) + mix.unseen
    used = divide(kept, np.broadcast_to(held[:, None], kept.shape))
    used[empty > max_empty + 1e-12] = np.nan
    return used, empty


def _weights(stacked: Stacked, mix: Mix, item: Answered, levels: MixLevels, used: FloatArray) -> FloatArray:
    """Return what each row (N,) weighs in the standardised level of its wave."""
    factor = np.nan_to_num(divide(np.broadcast_to(used[:, None, :], levels.weight.shape), levels.weight))
    return np.asarray(factor[stacked.domain, stacked.side, mix.cell] * item.weight)


def _contributions(stacked: Stacked, mix: Mix, item: Answered, levels: MixLevels, used: FloatArray) -> FloatArray:
    sign = 2.0 * stacked.side - 1
    mean = np.nan_to_num(levels.mean)[stacked.domain, stacked.side, mix.cell]
    return np.asarray(sign * _weights(stacked, mix, item, levels, used) * (item.y - mean), dtype=np.float64)
