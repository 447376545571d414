"""Ordinal superiority: how often an endline answer beats a baseline answer, which a ceiling does not distort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from evaltools.stats.arrays import (
    FloatArray,
    IntArray,
    float_sums,
    group_by,
    segment_sizes,
    segment_starts,
    size_of,
    sum_by,
)
from evaltools.stats.design import DEFAULT, Design
from evaltools.stats.intervals import logit_interval, require_level, two_sided_p
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
)
from evaltools.stats.mix.stacked import Answered, Stacked, read_item, stack_waves
from evaltools.stats.reasons import add_reason

_RESERVED = frozenset({"superiority", "difference", "ties"})


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """Each row's midrank share among the answers of the other wave `against` (N,); per domain `tied` (D,)."""

    against: FloatArray
    tied: FloatArray


def superiority(
    frame: Any,
    items: str | Sequence[str],
    by: str | Sequence[str] | None = None,
    wave: str = "wave",
    design: Design = DEFAULT,
    *,
    waves: tuple[object, object] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate how likely an endline answer is above a baseline answer, ties counted half.

    Parameters
    ----------
    frame : pandas frame or Arrow table
        Both waves stacked, one row an answer sheet.
    items, by, wave, design, waves, level
        As in `change`. Only the order of answers counts; a higher number is better.

    Returns
    -------
    frame
        Columns `[*by, item, superiority, se, df, ci_low, ci_high, p, difference, ties, n_baseline, n_endline, flag]`,
        one row a domain and item. `superiority` lies between 0 and 1, 1/2 is no change; `difference` is it less 1/2;
        `ties` the share of pairs with equal answers. Interval and p are of the logit. `flag`: ``all_ties`` (every
        answer is the same), ``separated`` (every endline answer is above, or below, every baseline answer: no error can
        be estimated), and of `change` ``no_answers``, ``one_psu``, ``no_df``, ``no_variation``, ``overlap_unknown``,
        ``fpc_union``.

    Raises
    ------
    UsageError, DesignError
        As `change`.

    Notes
    -----
    theta = sum_i w_i F0(y_i)/W1 over the endline, F0(y) = P(Y0 < y) + P(Y0 = y)/2 weighted; contributions w_i
    (F0(y_i) - theta)/W1 and w_j (1 - F1(y_j) - theta)/W0, summed by unit, so waves that overlap count through their
    covariance.
    Interval: logit(theta) -+ t se/(theta (1 - theta)). Source: Brunner and Munzel (2000), Biom. J. 42; DeLong, DeLong,
    Clarke-Pearson (1988), Biometrics 44; clustered: Obuchowski (1997), Biometrics 53.
    """
    level = require_level(level)
    stacked = stack_waves(frame, items, by, wave, design, waves, reserved=_RESERVED)
    outcomes = [[_item_superiority(stacked, read_item(stacked, name))] for name in stacked.items]
    table = as_table(stacked, outcomes, level, estimated="superiority")
    judged = [_on_logit_scale(outcome, level) for (outcome,) in outcomes]
    low, high, p = (np.stack(part, axis=1).reshape(-1) for part in zip(*judged, strict=True))
    return table.assign(ci_low=low, ci_high=high, p=p)


def _on_logit_scale(outcome: Outcome, level: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return limits and p (D,); NaN where there is nothing between 0 and 1 that varies."""
    theta, se, df = outcome.estimate, outcome.errors.interval_se, outcome.errors.interval_df
    inner = (theta > 0) & (theta < 1) & (se > 0)
    low, high = logit_interval(np.where(inner, theta, np.nan), se, df, level)
    safe = np.where(inner, theta, 0.5)
    p = two_sided_p(special.logit(safe), np.where(inner, se / (safe * (1 - safe)), np.nan), df)
    return low, high, p


def _item_superiority(stacked: Stacked, item: Answered) -> Outcome:
    weight = sum_waves(stacked, item.weight)
    placed = _place(stacked, item, weight)
    favourable = np.where(stacked.side == 1, placed.against, 1 - placed.against)
    sums = divide(sum_waves(stacked, item.weight * favourable), weight)
    theta = _snap(np.where((weight > 0).all(axis=1), sums[:, 1], np.nan))
    inverse = np.nan_to_num(divide(np.ones(weight.shape), weight))[stacked.domain, stacked.side]
    values = item.weight * inverse * (favourable - theta[stacked.domain])
    counts = count_answers(stacked, item.present)
    df = degrees(stacked, counts)
    errors = judge(stacked, theta, values, np.ones(theta.size), df, item.weight)
    flags = reasons(stacked, counts, df, errors.se)
    add_reason(flags, placed.tied == 1, "all_ties")
    add_reason(flags, (theta == 0) | (theta == 1), "separated")
    shown: dict[str, FloatArray | IntArray] = {
        "difference": theta - 0.5, "ties": placed.tied,
        "n_baseline": counts.answers[:, 0], "n_endline": counts.answers[:, 1],
    }  # fmt: skip
    return Outcome(theta, errors, flags, shown)


def _place(stacked: Stacked, item: Answered, weight: FloatArray) -> _Placed:
    """Place each answer among those of the other wave of its domain."""
    rank = _ranks(item.y)
    order, starts = group_by([stacked.domain, rank], [stacked.n_domains, size_of(rank)])
    domain = stacked.domain[order][starts]
    side = stacked.side[order]
    mass = [float_sums(np.where(side == wave, item.weight[order], 0.0), starts) for wave in range(2)]
    held = segment_sizes(starts, order.size)
    place: list[FloatArray] = []
    share: list[FloatArray] = []
    for wave in range(2):
        part = np.nan_to_num(divide(mass[wave], weight[domain, wave]))
        place.append(_before(part, domain) + part / 2)
        share.append(part)
    against = np.empty(order.size)
    against[order] = np.where(side == 1, np.repeat(place[0], held), np.repeat(place[1], held))
    tied = sum_by(domain, share[0] * share[1], stacked.n_domains)
    return _Placed(against, _snap(np.where((weight > 0).all(axis=1), tied, np.nan)))


def _snap(share: FloatArray) -> FloatArray:
    """Return shares with exact 0 and 1 where they differ from them by the rounding of sums only."""
    near = np.rint(share)
    return np.where(np.abs(share - near) < ROUNDING, near, share)


def _ranks(y: FloatArray) -> IntArray:
    _, rank = np.unique(y, return_inverse=True)
    return rank.astype(np.int64)


def _before(part: FloatArray, domain: IntArray) -> FloatArray:
    """Return the sum of `part` over the groups before each in its domain."""
    sums = np.cumsum(part)
    starts = segment_starts(domain)
    offset = np.repeat(np.concatenate([[0.0], sums])[starts], segment_sizes(starts, part.size))
    return np.asarray(sums - part - offset)
