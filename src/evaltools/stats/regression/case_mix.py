"""Banks with different firms, compared as if each had the same mix of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import FloatArray, IntArray, count_by
from evaltools.stats.design import DEFAULT, Design
from evaltools.stats.intervals import require_level, t_interval, two_sided_p
from evaltools.stats.levels import ROUNDING
from evaltools.stats.reasons import Reasons, add_reason, no_reasons
from evaltools.stats.regression.bank_model import BankModel, GroupMeans, adjusted_means, fit_banks, raw_means
from evaltools.stats.regression.sampled_rows import (
    RESERVED,
    SampledRows,
    Spread,
    add_wave_reasons,
    after_wave,
    contributions,
    count_units,
    covariance_of,
    df_of_changes,
    df_of_groups,
    read_rows,
    read_two_waves,
    spread_of,
)
from evaltools.stats.regression.target import covers
from evaltools.stats.sums import as_columns
from evaltools.stats.variance import variance_by_domain


@dataclass(frozen=True, slots=True, eq=False)
class CaseMix:
    """Adjusted means, or adjusted changes, of D banks.

    Attributes
    ----------
    frame : frame, D rows
        The tidy table that `adjust_case_mix` describes.
    domains : frame, D rows
        The `by` columns, sorted.
    covariance : float array, shape (D, D)
        Of the adjusted means (with waves: changes), firms that rate two banks and the common slopes included; NaN in
        rows and columns of a bank without one.
    slopes : frame
        `[term, estimate]`, the common slopes of the covariates.
    """

    frame: pd.DataFrame
    domains: pd.DataFrame
    covariance: FloatArray
    slopes: pd.DataFrame


def adjust_case_mix(
    frame: Any,
    item: str,
    by: str | Sequence[str],
    covariates: str | Sequence[str],
    design: Design = DEFAULT,
    wave: str | None = None,
    *,
    target: Any = "pooled",
    waves: tuple[object, object] | None = None,
    level: float = 0.95,
) -> CaseMix:
    """Estimate what each bank's mean would be if all had firms of the same mix.

    Parameters
    ----------
    frame : pandas frame or Arrow table
        One row an answer sheet; with `wave` both waves stacked.
    item
        Numeric column.
    by
        Columns whose values are the banks.
    covariates
        Columns that describe the firms: numbers, or categories as in `fit_linear`.
    design, waves, level
        As in `estimate`; with `wave` as in `change`.
    wave
        Column of the wave. None: means of all rows. Given: levels of both waves, and their change.
    target
        "pooled": the mix of all rows in the regression, whose error counts. Or a frame with the covariates' columns,
        one row a firm of the population (weighted by the design's weight column if it has one), taken as known.

    Returns
    -------
    CaseMix
        `frame` without wave: `[*by, item, raw, raw_se, adjusted, se, df, ci_low, ci_high, n, n_left_out, flag]`; with:
        `[*by, item, raw_baseline, raw_endline, raw_change, raw_se, adjusted_baseline, adjusted_endline,
        adjusted_change, se, df, ci_low, ci_high, p, n_baseline, n_endline, n_left_out, flag]`. Raw and adjusted come
        from the same rows, those with item and covariates; `n_left_out` have the item only. `flag`: ``no_overlap`` (in
        a wave of the bank a category of the target has no row, or the target's mean lies beyond all its rows: adjusted
        by extrapolation), ``no_answers``, ``collinear`` (covariates follow from the bank), ``no_df``,
        ``no_variation``.

    Raises
    ------
    UsageError
        ``regression-terms``, ``regression-target``, ``regression-target-category``, ``regression-categories``, and
        those of `estimate` or `change`.
    DesignError
        As `estimate`; ``frame-values-missing`` where the target has gaps.

    Notes
    -----
    y = a_g + x'b, g the bank (and wave), by weighted least squares; adjusted_g = a_g + t'b, t the target's mean of x:
    the prediction of every firm of the target at bank g, averaged. u_i = u_i(a_g) + t'u_i(b) + b'u_i(t). df: the
    design's minus the slopes; under df="domain" the bank's own, as slopes come from all banks.
    Source: Lane and Nelder (1982), Biometrics 38; Graubard and Korn (1999), Biometrics 55. Equals the same contrast
    of R survey 4.1.1 `svyglm` with `svyrecvar` to 1e-8; `svypredmeans` leaves out the covariance of slopes and mix.
    """
    level = require_level(level)
    names = (covariates,) if isinstance(covariates, str) else tuple(covariates)
    banks = as_columns(by, RESERVED)
    given: tuple[object, ...] = names
    wrong = any(not isinstance(name, str) or names.count(name) > 1 or name in {*banks, item, wave} for name in given)
    if not names or not banks or wrong:
        raise UsageError("regression-terms", terms=repr(covariates))
    columns = [item, *banks, *names]
    if wave is None:
        if waves is not None:
            raise UsageError("option-pair", option="waves", value=repr(waves), other="wave", other_value=None)
        sampled = read_rows(frame, columns, None, design)
        spread, late = spread_of(sampled), np.zeros(sampled.order.size, dtype=np.int64)
    else:
        sampled, contrast = read_two_waves(frame, columns, None, design, wave, waves)
        spread, late = spread_of(sampled, contrast), after_wave(sampled, contrast)
    model = fit_banks(sampled, item, banks, names, target, late, n_waves=1 if wave is None else 2)
    table, covariance = _compare(sampled, spread, model, level)
    flags = table["flag"].to_numpy(dtype=object)
    if wave is not None:
        add_wave_reasons(flags, sampled, contrast, np.zeros(flags.size, dtype=np.int64))
    table["flag"] = pd.Series(flags, dtype="str")
    table.insert(len(banks), "item", item)
    first = model.coefficients.size - len(model.mix.names)
    slopes = pd.DataFrame({"term": model.mix.names, "estimate": model.coefficients[first:]})
    return CaseMix(table, model.domains, covariance, slopes)


def _compare(sampled: SampledRows, spread: Spread, model: BankModel, level: float) -> tuple[pd.DataFrame, FloatArray]:
    """Return the table and the covariance between banks."""
    raw, adjusted = raw_means(model), adjusted_means(model)
    effect, raw_effect = (_of_banks(means.mean, model.n_waves) for means in (adjusted, raw))
    raw_parts, parts = (_contributions(sampled, spread, model, means) for means in (raw, adjusted))
    covariance = covariance_of(spread, parts)[0]
    unknown = np.isnan(effect)
    covariance[unknown[:, None] | unknown[None, :]] = np.nan
    raw_variance = np.array([variance_by_domain(spread.plan, part)[0] for part in raw_parts])
    raw_se = np.where(np.isnan(raw_effect), np.nan, np.sqrt(np.maximum(raw_variance, 0.0)))
    se = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
    still = se <= ROUNDING * np.abs(model.y).max(initial=0.0)  # answers that are all equal
    covariance[(still[:, None] | still[None, :]) & ~np.isnan(covariance)] = 0.0
    se[still] = 0.0
    df, counts = _freedom(sampled, spread, model)
    df = np.where(unknown, np.nan, df)
    low, high = t_interval(effect, se, df, level)
    columns = _levels("raw", raw, raw_effect) | {"raw_se": raw_se} | _levels("adjusted", adjusted, effect)
    columns |= {"se": se, "df": df, "ci_low": low, "ci_high": high}
    if model.n_waves == 1:
        columns["n"] = counts[0]
    else:
        columns |= {"p": two_sided_p(effect, se, df), "n_baseline": counts[0], "n_endline": counts[1]}
    columns["n_left_out"] = count_by(model.bank[model.left_out], len(model.domains))
    columns["flag"] = _reasons(model, counts, effect, se, df)
    return pd.concat([model.domains, pd.DataFrame(columns)], axis=1), covariance


def _levels(label: str, means: GroupMeans, effect: FloatArray) -> dict[str, Any]:
    """Return the columns of one kind of mean: the mean itself, or both waves and the change."""
    if means.mean.size == effect.size:
        return {label: effect}
    baseline, endline = means.mean[0::2], means.mean[1::2]
    return {f"{label}_baseline": baseline, f"{label}_endline": endline, f"{label}_change": effect}


def _of_banks(means: FloatArray, n_waves: int) -> FloatArray:
    return means if n_waves == 1 else means[1::2] - means[0::2]


def _contributions(sampled: SampledRows, spread: Spread, model: BankModel, means: GroupMeans) -> list[FloatArray]:
    """Return what each cell contributes to each bank's mean or change."""
    parts = []
    for bank in range(len(model.domains)):
        rows = np.zeros(sampled.order.size)
        of_waves = means.influence[:, bank * model.n_waves : (bank + 1) * model.n_waves]
        rows[model.rows] = of_waves[:, 0] if model.n_waves == 1 else of_waves[:, 1] - of_waves[:, 0]
        parts.append(contributions(sampled, spread, rows))
    return parts


def _freedom(sampled: SampledRows, spread: Spread, model: BankModel) -> tuple[FloatArray, list[IntArray]]:
    """Return df (D,) and the rows of each wave, (D,) each."""
    n_domains, n_waves = len(model.domains), model.n_waves
    late = np.zeros(sampled.order.size, dtype=np.int64)
    late[model.rows] = model.group % n_waves
    masks = [model.inside & (late == wave) for wave in range(n_waves)]
    units = [count_units(sampled, model.bank, n_domains, mask) for mask in masks]
    psus, strata = [part[0] for part in units], [part[1] for part in units]
    if n_waves == 1:
        df = df_of_groups(sampled, spread, psus[0], strata[0])
    else:
        df = df_of_changes(sampled, spread, psus, strata)
    if sampled.design.df == "design":
        df = df - len(model.mix.names)
    return df, [count_by(model.bank[mask], n_domains) for mask in masks]


def _reasons(
    model: BankModel, counts: Sequence[IntArray], effect: FloatArray, se: FloatArray, df: FloatArray
) -> Reasons:
    flags = no_reasons(effect.size)
    answered = np.minimum.reduce(list(counts)) > 0
    add_reason(flags, ~answered, "no_answers")
    add_reason(flags, answered & np.full(effect.size, bool(model.reason)), model.reason)
    known = np.isfinite(effect)
    covered = covers(model.mix, model.group, model.n_groups).reshape(-1, model.n_waves).all(axis=1)
    add_reason(flags, known & ~covered, "no_overlap")
    add_reason(flags, known & ~(df > 0), "no_df")
    add_reason(flags, known & (se == 0), "no_variation")
    return flags
