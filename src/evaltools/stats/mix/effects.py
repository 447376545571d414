"""Change in units of spread: how large it is beside the differences between answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import special

from evaltools.stats.arrays import FloatArray, IntArray
from evaltools.stats.design import DEFAULT, Design, require_choice
from evaltools.stats.intervals import require_level
from evaltools.stats.levels import ROUNDING
from evaltools.stats.mix.linearised import (
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
from evaltools.stats.mix.stacked import Answered, Stacked, read_item, stack_waves
from evaltools.stats.reasons import add_reason

Spread = Literal["baseline", "pooled"]

_RESERVED = frozenset({"effect", "spread", "correction"})


@dataclass(frozen=True, slots=True, eq=False)
class _Moments:
    """Weights, means and variances of answers (with n - 1), answers: arrays (D, 2); variances NaN for one answer."""

    weight: FloatArray
    mean: FloatArray
    variance: FloatArray
    answers: IntArray


def standardised_effect(
    frame: Any,
    items: str | Sequence[str],
    by: str | Sequence[str] | None = None,
    wave: str = "wave",
    design: Design = DEFAULT,
    *,
    spread: Spread = "baseline",
    waves: tuple[object, object] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the change of every item in every domain in standard deviations of its answers.

    Parameters
    ----------
    frame : pandas frame or Arrow table
        Both waves stacked, one row an answer sheet.
    items, by, wave, design, waves, level
        As in `change`. Paired, unpaired or partly paired waves: units in both count through their covariance.
    spread
        Standard deviation of single answers in the domain that divides the change: "baseline", or "pooled" over both
        waves, whose variances are weighted by answers minus 1. An item with a ceiling has a small one: its effect looks
        large.

    Returns
    -------
    frame
        Columns `[*by, item, effect, se, df, ci_low, ci_high, p, change, spread, correction, n_baseline, n_endline,
        flag]`, one row a domain and item. `effect` = `correction` x `change` / `spread`. `flag`: ``no_spread`` (all
        answers that give the spread are equal, or there is one), ``few_psus`` (too few PSUs behind the spread for a
        correction: below 3, pooled below 4), and of `change` ``no_answers``, ``one_psu``, ``no_df``, ``no_variation``,
        ``overlap_unknown``, ``fpc_union``.

    Raises
    ------
    UsageError, DesignError
        As `change`; ``option-value`` for `spread`.

    Notes
    -----
    s^2 = n/(n - 1) sum w (y - ybar)^2 / sum w. Correction J(m) = G(m/2) / (sqrt(m/2) G((m - 1)/2)), G the gamma
    function, m the PSUs behind the spread minus 1 (baseline) or 2 (pooled). Linearised: J [u_change/s - change
    u_(s^2)/(2 s^3)].
    Source: Hedges (1981), J. Educ. Stat. 6; Becker (1988), Br. J. Math. Stat. Psychol. 41. Unweighted, one row a PSU:
    R metafor `escalc` SMD (pooled, independent waves) and SMCR (baseline, same respondents); errors as R survey 4.1.1
    `svycontrast` on totals.
    """
    level = require_level(level)
    require_choice("spread", spread, get_args(Spread))
    stacked = stack_waves(frame, items, by, wave, design, waves, reserved=_RESERVED)
    outcomes = [[_item_effect(stacked, read_item(stacked, name), spread)] for name in stacked.items]
    return as_table(stacked, outcomes, level, estimated="effect")


def correct_few(m: FloatArray) -> FloatArray:
    """Return Hedges' factor for a standard deviation with m degrees of freedom; NaN below 2."""
    usable = m >= 2
    half = np.where(usable, m, 2.0) / 2
    return np.where(usable, special.poch(half - 0.5, 0.5) / np.sqrt(half), np.nan)  # poch(a, b) = G(a + b)/G(a)


def _item_effect(stacked: Stacked, item: Answered, spread: Spread) -> Outcome:
    moments, counts = _moments(stacked, item), count_answers(stacked, item.present)
    share = _shares_of_variance(moments.answers, spread)
    used = share > 0
    variance = np.where(used, share * np.nan_to_num(moments.variance), 0.0).sum(axis=1)
    psus = np.where(used, counts.psus, 0).sum(axis=1) - np.count_nonzero(used, axis=1)
    change = moments.mean[:, 1] - moments.mean[:, 0]
    # answers that differ by rounding only have no spread
    flat = variance <= (ROUNDING * typical_size(stacked, item)) ** 2
    deviation = np.where(flat, np.nan, np.sqrt(variance))
    correction = correct_few(psus.astype(np.float64))
    effect = correction * change / deviation
    values = _contributions(stacked, item, moments, share, change, deviation, correction)
    df = degrees(stacked, counts)
    errors = judge(stacked, effect, values, np.abs(effect) + 1, df, item.weight)
    flags = reasons(stacked, counts, df, errors.se)
    answered = np.asarray((counts.answers > 0).all(axis=1))
    add_reason(flags, answered & flat, "no_spread")
    add_reason(flags, answered & np.isnan(correction), "few_psus")
    shown = {
        "change": change, "spread": np.where(answered, np.sqrt(np.where(flat, 0.0, variance)), np.nan),
        "correction": np.where(answered, correction, np.nan),
        "n_baseline": counts.answers[:, 0], "n_endline": counts.answers[:, 1],
    }  # fmt: skip
    return Outcome(effect, errors, flags, shown)


def _moments(stacked: Stacked, item: Answered) -> _Moments:
    weight = sum_waves(stacked, item.weight)
    mean = divide(sum_waves(stacked, item.weight * item.y), weight)
    square = (item.y - np.nan_to_num(mean)[stacked.domain, stacked.side]) ** 2
    answers = sum_waves(stacked, item.present.astype(np.float64))
    bessel = divide(answers, answers - 1)
    variance = divide(sum_waves(stacked, item.weight * square), weight) * bessel
    return _Moments(weight, mean, variance, answers.astype(np.int64))


def _shares_of_variance(answers: IntArray, spread: Spread) -> FloatArray:
    """Return what part of the squared spread each wave's variance is; shape (D, 2)."""
    if spread == "baseline":
        return np.stack([(answers[:, 0] > 1) * 1.0, np.zeros(answers.shape[0])], axis=1)
    own = np.maximum(answers - 1, 0).astype(np.float64)
    return np.nan_to_num(divide(own, np.broadcast_to(own.sum(axis=1, keepdims=True), own.shape)))


def _contributions(
    stacked: Stacked,
    item: Answered,
    moments: _Moments,
    share: FloatArray,
    change: FloatArray,
    deviation: FloatArray,
    correction: FloatArray,
) -> FloatArray:
    place, domain = (stacked.domain, stacked.side), stacked.domain
    unit = item.weight * np.nan_to_num(divide(np.ones(moments.weight.shape), moments.weight))[place]
    from_mean = item.y - np.nan_to_num(moments.mean)[place]
    answers = moments.answers.astype(np.float64)
    bessel = np.nan_to_num(divide(answers, answers - 1))[place]
    plain = np.nan_to_num(moments.variance)[place]
    of_square = share[place] * (bessel * from_mean**2 - plain)
    slope = change / (2 * deviation**3)
    sign = 2.0 * stacked.side - 1
    return np.asarray(
        correction[domain] * unit * (sign * from_mean / deviation[domain] - slope[domain] * of_square), dtype=np.float64
    )
