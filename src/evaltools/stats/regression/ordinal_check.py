"""Whether the change of a mean stands when the answers are taken as ordered, not as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import BoolArray, FloatArray, IntArray, count_by, sum_by
from evaltools.stats.columns import read_numbers
from evaltools.stats.design import DEFAULT, Design
from evaltools.stats.differences import change
from evaltools.stats.intervals import require_level
from evaltools.stats.reasons import Reasons, add_reason, no_reasons
from evaltools.stats.regression.fitting import tidy
from evaltools.stats.regression.ordinal import fit_odds
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
from evaltools.stats.variance import variance_by_domain

MOST_CATEGORIES = 20  # more distinct answers are a number, not an ordered scale


def check_ordinal(
    frame: Any,
    item: str,
    by: str | Sequence[str] | None = None,
    wave: str = "wave",
    design: Design = DEFAULT,
    *,
    waves: tuple[object, object] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Compare two waves by the odds of a higher answer, beside the change of the mean.

    Parameters
    ----------
    frame : pandas frame or Arrow table
        Both waves stacked.
    item
        Numeric column with at most 20 distinct values, whose order counts and whose distances may not.
    by, wave, design, waves, level
        As in `change`.

    Returns
    -------
    frame
        `[*by, item, change, p_change, log_odds, se, df, ci_low, ci_high, p, n_baseline, n_endline, flag]`, one row a
        domain. `log_odds` above 0: higher answers at the endline. `flag` gives reasons, joined by ";": ``disagrees``
        (exactly one of the two is significant at 1 - level, or both are, with opposite signs), ``no_answers`` (in a
        wave), ``one_category`` (all answers are equal), ``separated`` (a cut of the scale tells the waves apart),
        ``no_df``, ``no_variation``.

    Raises
    ------
    UsageError
        ``regression-too-many-answers``, and those of `change`.
    DesignError
        As `change`.

    Notes
    -----
    Proportional odds, one shift for all cuts of the scale, in each domain; weights enter the pseudo-likelihood, and
    errors are those of the design, PSUs in both waves included. df are those of `change` minus 1.
    Source: McCullagh (1980), J. R. Stat. Soc. B 42; Lumley (2010), Complex Surveys, ch. 5. Equals R survey 4.1.1
    `svyolr` and MASS `polr` to 1e-6.
    """
    level = require_level(level)
    mean = change(frame, [item], by, wave, design, waves=waves, level=level)
    sampled, contrast = read_two_waves(frame, [item], by, design, wave, waves)
    late = after_wave(sampled, contrast)
    y = read_numbers(sampled.frame, item)[sampled.order]
    inside = sampled.live & ~np.isnan(y)
    values, code = np.unique(y[inside], return_inverse=True)
    if values.size > MOST_CATEGORIES:
        raise UsageError("regression-too-many-answers", column=item, count=int(values.size), most=MOST_CATEGORIES)
    spread = spread_of(sampled, contrast)
    log_odds, influence, flags = _fit_domains(sampled, late, code, int(values.size), inside)
    variance = variance_by_domain(spread.plan, contributions(sampled, spread, influence))
    se = np.where(np.isfinite(log_odds), np.sqrt(np.maximum(variance, 0.0)), np.nan)
    df, counts = _freedom(sampled, spread, late, inside)
    found = tidy(log_odds, se, np.where(np.isfinite(log_odds), df, np.nan), level, flags)
    table = mean.iloc[:, : list(mean.columns).index("item") + 1].copy()
    table["change"], table["p_change"] = mean["change"], mean["p"]
    table["log_odds"] = found.pop("estimate")
    for name in ("se", "df", "ci_low", "ci_high", "p"):
        table[name] = found[name]
    table["n_baseline"], table["n_endline"] = counts
    add_wave_reasons(flags, sampled, contrast, np.arange(flags.size))
    add_reason(flags, _disagree(table, 1 - level), "disagrees")
    table["flag"] = pd.Series(flags, dtype="str")
    return table


def _fit_domains(
    sampled: SampledRows, late: IntArray, code: IntArray, size: int, inside: BoolArray
) -> tuple[FloatArray, FloatArray, Reasons]:
    """Return the log odds (D,), the influence of rows (N,), and reasons (D,)."""
    n_domains = sampled.sample.shape[0]
    log_odds, influence, flags = np.full(n_domains, np.nan), np.zeros(late.size), no_reasons(n_domains)
    weight = sampled.rows.weight[inside]
    slot = (sampled.domain[inside] * 2 + late[inside]) * size + code
    tables = sum_by(slot, weight, n_domains * 2 * size).reshape(n_domains, 2, size)
    answered = (tables.sum(axis=2) > 0).all(axis=1)
    add_reason(flags, ~answered, "no_answers")
    value = np.zeros(tables.shape)
    for domain in np.flatnonzero(answered):
        fit = fit_odds(tables[domain])
        log_odds[domain], value[domain] = fit.log_odds, fit.influence
        flags[domain] = fit.reason
    influence[inside] = weight * value.reshape(-1)[slot]
    return log_odds, influence, flags


def _freedom(
    sampled: SampledRows, spread: Spread, late: IntArray, inside: BoolArray
) -> tuple[FloatArray, tuple[IntArray, IntArray]]:
    """Return df (D,) and answers of baseline and endline, (D,) each."""
    n_domains = sampled.sample.shape[0]
    masks = [inside & (late == wave) for wave in (0, 1)]
    units = [count_units(sampled, sampled.domain, n_domains, mask) for mask in masks]
    df = df_of_changes(sampled, spread, [part[0] for part in units], [part[1] for part in units]) - 1
    first, last = (count_by(sampled.domain[mask], n_domains) for mask in masks)
    return df, (first, last)


def _disagree(table: pd.DataFrame, alpha: float) -> BoolArray:
    """Return where one of the two is significant and the other not, or both are with opposite signs."""
    known = table["p"].notna() & table["p_change"].notna()
    by_mean, by_order = table["p_change"] <= alpha, table["p"] <= alpha
    opposite = by_mean & by_order & (np.sign(table["change"]) != np.sign(table["log_odds"]))
    return np.asarray(known & ((by_mean != by_order) | opposite), dtype=np.bool_)
