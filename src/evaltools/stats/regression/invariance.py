"""Whether items mean the same in both waves: firms are compared at the same level of the rest of the scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import BoolArray, FloatArray, IntArray, count_by
from evaltools.stats.design import DEFAULT, Design, require_choice
from evaltools.stats.intervals import adjust_p_values, require_level
from evaltools.stats.reasons import Reasons, add_reason, domain_table, no_reasons
from evaltools.stats.regression.fitting import tidy
from evaltools.stats.regression.moments import Moments, moments_of, regress_on_rest
from evaltools.stats.regression.sampled_rows import (
    SampledRows,
    Spread,
    add_wave_reasons,
    after_wave,
    contributions,
    count_units,
    df_of_changes,
    read_two_waves,
    spread_of,
)
from evaltools.stats.regression.terms import read_item
from evaltools.stats.sums import as_items
from evaltools.stats.variance import variance_by_domain

Matching = Literal["true_score", "rest"]

KINDS = ("uniform", "slope")
NEGLIGIBLE = 0.1  # of the item's standard deviation
FEWEST_ROWS = 10  # complete rows a wave


def check_invariance(
    frame: Any,
    items: Sequence[str],
    wave: str = "wave",
    design: Design = DEFAULT,
    *,
    by: str | Sequence[str] | None = None,
    waves: tuple[object, object] | None = None,
    matching: Matching = "true_score",
    level: float = 0.95,
) -> pd.DataFrame:
    """Check that the items of a scale mean the same in both waves, before the scale's change is believed.

    Parameters
    ----------
    frame : pandas frame or Arrow table
        Both waves stacked. Rows with an answer to all items count; the others stay in the design.
    items
        Three or more numeric columns that are to measure one thing, in one direction.
    wave, design, by, waves
        As in `change`; a firm in both waves is one cluster with `psu`.
    matching
        At what level of the rest of the scale waves are compared. "true_score": the rest score (mean of the other
        items) freed of its error of measurement, so that a true change of all items alike raises no alarm. "rest": the
        rest score as it is, which is the plain regression; it raises false alarms where the true level has changed,
        the more the shorter the scale.
    level
        Confidence level; 1 - level is also the false discovery rate of the flag.

    Returns
    -------
    frame
        `[*by, item, kind, estimate, standardised, se, df, t, ci_low, ci_high, p, p_bh, n_baseline, n_endline, flag]`,
        two rows an item. kind "uniform": endline minus baseline of the item for firms at the average level of the rest;
        "slope": what is added to that one standard deviation of the rest above. Both in the item's unit,
        `standardised` by the item's standard deviation within waves. `p_bh` is adjusted over items and kinds of the
        domain. `flag`: ``shifted`` (p_bh <= 1 - level), ``negligible`` (shifted by less than 0.1 standard deviations),
        ``no_answers``, ``few_answers`` (below 10 complete rows in a wave), ``no_common_scale`` (the other items do not
        go together in a wave, so there is nothing to match on), ``no_df``, ``no_variation``.

    Raises
    ------
    UsageError
        ``regression-few-items`` below three items, ``option-value``, and those of `change`.
    DesignError
        As `change`.

    Notes
    -----
    In wave g: r the mean rest score, k_g = cov(item, rest)_g / v_g, with v_g the variance of the true rest score, which
    is the mean covariance between the rest's items (alpha times its variance); for "rest" its plain variance.
    uniform = m_2 - k_2 (r_2 - c) - m_1 + k_1 (r_1 - c), m the item's mean, c the mean rest score of both waves;
    slope = (k_2 - k_1) s, s the standard deviation of the rest. All are functions of weighted moments; linearised, they
    take the errors of the design. c and s are places at which to look, not estimates.
    Source: Shealy and Stout (1993), Psychometrika 58 (matching on the true score); Swaminathan and Rogers (1990), J.
    Educ. Meas. 27 (uniform and not); Benjamini and Hochberg (1995), J. R. Stat. Soc. B 57. "rest" equals R survey 4.1.1
    `svyglm(item ~ I(rest - c) * wave)`, "true_score" `svycontrast` of the moments, to 1e-8.
    """
    level = require_level(level)
    require_choice("matching", matching, get_args(Matching))
    names = [name for name in as_items(items) if isinstance(name, str)]
    if len(names) < 3 or len(names) < len(items):
        raise UsageError("regression-few-items", items=items)
    sampled, contrast = read_two_waves(frame, names, by, design, wave, waves)
    late = after_wave(sampled, contrast)
    answers = np.stack([read_item(sampled.frame, name)[sampled.order] for name in names])
    inside = sampled.live & ~np.isnan(answers).any(axis=0)
    spread = spread_of(sampled, contrast)
    group = sampled.domain[inside] * 2 + late[inside]
    moments = moments_of(answers[:, inside], sampled.rows.weight[inside], group, 2 * sampled.sample.shape[0])
    shifts = [_shift(sampled, spread, inside, moments, place, matching) for place in range(len(names))]
    table, flags = _table(sampled, spread, late, inside, names, shifts, level)
    add_wave_reasons(flags, sampled, contrast, np.repeat(np.arange(sampled.sample.shape[0]), len(names) * len(KINDS)))
    table["flag"] = pd.Series(flags, dtype="str")
    return table


@dataclass(frozen=True, slots=True, eq=False)
class _Shift:
    """One item: estimate and standard error (D, 2), its standard deviation (D,), whether there is no scale (D,)."""

    estimate: FloatArray
    se: FloatArray
    deviation: FloatArray
    unmatched: BoolArray


def _shift(
    sampled: SampledRows, spread: Spread, inside: BoolArray, moments: Moments, place: int, matching: Matching
) -> _Shift:
    """Compute the difference between waves of one item at equal level of the rest."""
    match = regress_on_rest(moments, place, true_score=matching == "true_score")
    first, last = slice(0, None, 2), slice(1, None, 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = moments.weight
        centre = (weight[first] * match.rest[first] + weight[last] * match.rest[last]) / (weight[first] + weight[last])
        spread_rest = _within(weight, match.rest_variance)
        at = np.repeat(centre, 2) - match.rest
        expected = match.mean + match.slope * at
        estimate = np.stack(
            [expected[last] - expected[first], (match.slope[last] - match.slope[first]) * spread_rest], axis=1
        )
    sign = np.tile([-1.0, 1.0], centre.size)
    of = moments.group
    by_kind = (
        match.mean_influence - match.slope[of] * match.rest_influence + at[of] * match.slope_influence,
        np.repeat(spread_rest, 2)[of] * match.slope_influence,
    )
    variances = []
    for values in by_kind:
        rows = np.zeros(inside.size)
        rows[inside] = np.nan_to_num(sign[of] * values)
        variances.append(variance_by_domain(spread.plan, contributions(sampled, spread, rows)))
    se = np.sqrt(np.maximum(np.stack(variances, axis=1), 0.0))
    unmatched = np.asarray(~np.isfinite(match.slope).reshape(-1, 2).all(axis=1), dtype=np.bool_)
    return _Shift(estimate, se, _within(weight, match.variance), unmatched)


def _within(weight: FloatArray, variance: FloatArray) -> FloatArray:
    """Return the standard deviation within waves of each domain, from variances by domain and wave (2 D,)."""
    shares = weight.reshape(-1, 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.sqrt((shares * variance.reshape(-1, 2)).sum(axis=1) / shares.sum(axis=1)))


def _table(
    sampled: SampledRows,
    spread: Spread,
    late: IntArray,
    inside: BoolArray,
    names: Sequence[str],
    shifts: Sequence[_Shift],
    level: float,
) -> tuple[pd.DataFrame, Reasons]:
    n_domains, size = sampled.sample.shape[0], len(names)
    masks = [inside & (late == wave) for wave in (0, 1)]
    counts = [count_by(sampled.domain[mask], n_domains) for mask in masks]
    units = [count_units(sampled, sampled.domain, n_domains, mask) for mask in masks]
    df = df_of_changes(sampled, spread, [part[0] for part in units], [part[1] for part in units])
    fewest = np.minimum(*counts)
    usable = np.stack([(fewest >= FEWEST_ROWS) & ~shift.unmatched for shift in shifts], axis=1)[:, :, None]

    def flat(name: str) -> FloatArray:
        values = np.stack([getattr(shift, name) for shift in shifts], axis=1)
        return np.where(usable, values, np.nan).reshape(-1)

    estimate, se = flat("estimate"), flat("se")
    deviation = np.repeat(np.stack([shift.deviation for shift in shifts], axis=1), 2)
    rows = np.repeat(np.arange(n_domains), size * 2)
    flags = no_reasons(rows.size)
    add_reason(flags, (fewest == 0)[rows], "no_answers")
    add_reason(flags, ((fewest > 0) & (fewest < FEWEST_ROWS))[rows], "few_answers")
    unmatched = np.repeat(np.stack([shift.unmatched for shift in shifts], axis=1), 2)
    add_reason(flags, unmatched & (fewest >= FEWEST_ROWS)[rows], "no_common_scale")
    se[(se <= 1e-12 * deviation) & np.isfinite(estimate)] = 0.0
    found = tidy(estimate, se, np.where(np.isfinite(estimate), df[rows], np.nan), level, flags)
    table = domain_table(sampled.sample.domains, [name for name in names for _ in KINDS])
    table["kind"] = list(KINDS) * (n_domains * size)
    table["estimate"] = found.pop("estimate")
    table["standardised"] = np.divide(estimate, deviation, out=np.full(rows.size, np.nan), where=deviation > 0)
    for name, values in found.items():
        table[name] = values
    table["p_bh"] = adjust_p_values(table["p"].to_numpy().reshape(n_domains, -1)).reshape(-1)
    table["n_baseline"], table["n_endline"] = counts[0][rows], counts[1][rows]
    _judge(flags, table, 1 - level)
    return table, flags


def _judge(flags: Reasons, table: pd.DataFrame, alpha: float) -> None:
    shifted = np.asarray(table["p_bh"] <= alpha, dtype=np.bool_)
    add_reason(flags, shifted, "shifted")
    add_reason(flags, shifted & np.asarray(table["standardised"].abs() < NEGLIGIBLE, dtype=np.bool_), "negligible")
