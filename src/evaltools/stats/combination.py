"""A linear combination of items' changes in each domain, with the covariance between domains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from evaltools.errors import UsageError
from evaltools.stats.arrays import BoolArray, FloatArray, IntArray, count_by, size_of, sum_by
from evaltools.stats.contrast import change_df
from evaltools.stats.few_units import FewUnits, adjust_for_few_units
from evaltools.stats.levels import ROUNDING
from evaltools.stats.variance import covariance_of_domains, variance_by_domain

if TYPE_CHECKING:
    from evaltools.stats.differences import ChangeEstimate, Influence


@dataclass(frozen=True, slots=True, eq=False)
class Combination:
    """One number a domain from several items.

    Attributes
    ----------
    baseline, endline, change : float arrays, shape (D,)
        The combination of levels and of changes.
    se_baseline, se_endline, se, df : float arrays, shape (D,)
        Standard errors of the three, in the variance strata of the change; df of the change.
    interval_se, interval_df : float arrays, shape (D,)
        What interval and p of the change rest on: for few PSUs under ``df="domain"``, else `se` and `df`. A PSU's share
        of the weight is the mean of its shares in the items, by what each item contributes to the error.
    covariance : float array, shape (D, D)
        Of the changes; PSUs that two domains share count. NaN in rows and columns of a domain without a change, 0 where
        nothing varies.
    n_baseline, n_endline : int arrays, shape (D,)
        Answers to the items that are used; where a PSU's items differ in number of answers, the largest.
    psu_baseline, psu_endline : int arrays, shape (D,)
        PSUs with an answer to any item that is used.
    """

    baseline: FloatArray
    endline: FloatArray
    change: FloatArray
    se_baseline: FloatArray
    se_endline: FloatArray
    se: FloatArray
    df: FloatArray
    interval_se: FloatArray
    interval_df: FloatArray
    covariance: FloatArray
    n_baseline: IntArray
    n_endline: IntArray
    psu_baseline: IntArray
    psu_endline: IntArray


def combine(
    estimate: ChangeEstimate, coefficients: FloatArray, *, baseline_coefficients: FloatArray | None = None
) -> Combination:
    """Combine the items of each domain with given coefficients.

    Parameters
    ----------
    estimate : ChangeEstimate
        From `estimate_change`, single-stage.
    coefficients : float array, shape (D, I)
        Coefficient of each item in each domain. An item with coefficient 0 may be NaN; another coefficient on a NaN
        item makes the domain NaN.
    baseline_coefficients : float array, shape (D, I), optional
        Those of the baseline where they differ, as for the linearised change of a function that is not linear: then
        the levels are those of the linearisation, and only errors, df and counts have a meaning of their own.

    Returns
    -------
    Combination
        In the unit of coefficient times item.

    Raises
    ------
    UsageError
        ``combine-shape``, ``combine-stages``.

    Notes
    -----
    A PSU's contribution to the combination is that combination of its contributions, so the covariance between items
    is in it. Source: Särndal, Swensson, Wretman (1992), section 5.5. Equals R survey 4.1.1 `svycontrast`.
    """
    influence = estimate.influence
    if influence is None:
        raise UsageError("combine-stages")
    weights = _coefficients(estimate, coefficients)
    before = weights if baseline_coefficients is None else _coefficients(estimate, baseline_coefficients)
    used = (weights != 0) | (before != 0)
    first = _row_sums(before[influence.domain] * influence.baseline)
    last = _row_sums(weights[influence.domain] * influence.endline)
    covariance = covariance_of_domains(influence.plan, influence.psu, last - first)
    baseline, endline = _combine_levels(before, estimate.baseline), _combine_levels(weights, estimate.endline)
    change = _combine_levels(weights, estimate.change) if before is weights else endline - baseline
    se_baseline, se_endline = _standard_error(influence, first, baseline), _standard_error(influence, last, endline)
    size = _combine_levels(np.abs(before), np.abs(estimate.baseline))
    size += _combine_levels(np.abs(weights), np.abs(estimate.endline))
    still = _only_rounding(covariance.diagonal(), se_baseline + se_endline, size)
    absent = np.isnan(change)
    for where, value in ((still, 0.0), (absent, np.nan)):
        covariance[where, :] = value
        covariance[:, where] = value
    counts = [_count(influence, used, held) for held in (influence.n_baseline, influence.n_endline)]
    df = change_df(
        estimate.design, estimate.design_df, [part.psus for part in counts], [part.strata for part in counts]
    )
    se, df = np.sqrt(np.maximum(covariance.diagonal(), 0.0)), np.where(absent, np.nan, df)
    adjusted = FewUnits(se, df)
    if influence.shares is not None and influence.layout is not None:
        shares = _mean_shares(influence, before, 0), _mean_shares(influence, weights, 1)
        adjusted = adjust_for_few_units(influence.layout, first, last, shares, se, df)
    return Combination(
        baseline=baseline,
        endline=endline,
        change=change,
        se_baseline=se_baseline,
        se_endline=se_endline,
        se=se,
        df=df,
        interval_se=adjusted.se,
        interval_df=adjusted.df,
        covariance=covariance,
        n_baseline=counts[0].answers,
        n_endline=counts[1].answers,
        psu_baseline=counts[0].psus,
        psu_endline=counts[1].psus,
    )


def endline_covariance(estimate: ChangeEstimate, coefficients: FloatArray) -> FloatArray:
    """Return the covariance between domains of a combination of endline levels.

    Parameters
    ----------
    estimate, coefficients
        As in `combine`.

    Returns
    -------
    float array, shape (D, D)
        In the variance strata of the change, as `Combination.se_endline`; PSUs that two domains share count.

    Raises
    ------
    UsageError
        ``combine-shape``, ``combine-stages``.
    """
    influence = estimate.influence
    if influence is None:
        raise UsageError("combine-stages")
    last = _row_sums(_coefficients(estimate, coefficients)[influence.domain] * influence.endline)
    return covariance_of_domains(influence.plan, influence.psu, last)


@dataclass(frozen=True, slots=True, eq=False)
class _Counts:
    answers: IntArray
    psus: IntArray
    strata: IntArray


def _coefficients(estimate: ChangeEstimate, given: FloatArray) -> FloatArray:
    weights = np.asarray(given, dtype=np.float64)
    if weights.shape != estimate.change.shape or not np.isfinite(weights).all():
        raise UsageError("combine-shape", shape=weights.shape, expected=estimate.change.shape)
    return weights


def _row_sums(values: FloatArray) -> FloatArray:
    # column after column: the order of the sum does not depend on memory layout
    total = np.zeros(values.shape[0])
    for column in values.T:
        total += column
    return total


def _mean_shares(influence: Influence, coefficients: FloatArray, wave: int) -> FloatArray:
    """Return each pair's share of the weight (P,) in a wave, over the items by what they contribute to the error."""
    part = (influence.baseline, influence.endline)[wave]
    shares = cast("tuple[FloatArray, FloatArray]", influence.shares)[wave]
    n_domains = coefficients.shape[0]
    size = np.stack([np.sqrt(sum_by(influence.domain, column * column, n_domains)) for column in part.T], axis=1)
    size = np.abs(coefficients) * size
    whole = _row_sums(size)
    # where no item varies each one that is used counts the same
    size = np.where((whole > 0)[:, None], size, (coefficients != 0).astype(np.float64))
    whole = np.where(whole > 0, whole, np.maximum(_row_sums(size), 1.0))
    return _row_sums((size / whole[:, None])[influence.domain] * shares)


def _combine_levels(weights: FloatArray, levels: FloatArray) -> FloatArray:
    return _row_sums(np.where(weights != 0, weights * np.where(weights != 0, levels, 0.0), 0.0))


def _standard_error(influence: Influence, part: FloatArray, level: FloatArray) -> FloatArray:
    error = np.sqrt(np.maximum(variance_by_domain(influence.plan, part), 0.0))
    return np.where(np.isnan(level), np.nan, error)


def _only_rounding(variance: FloatArray, errors: FloatArray, size: FloatArray) -> BoolArray:
    """Return where the variance of a change (D,) is but rounding beside the errors and the size of its levels."""
    with np.errstate(invalid="ignore"):
        least = ROUNDING * errors + 4 * np.finfo(np.float64).eps * size
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)) < least, dtype=np.bool_)


def _count(influence: Influence, used: BoolArray, answers: IntArray) -> _Counts:
    n_domains = used.shape[0]
    held = np.where(used[influence.domain], answers, 0).max(axis=1, initial=0)
    answered = held > 0
    n_strata = size_of(influence.stratum)
    cell = influence.domain[answered] * n_strata + influence.stratum[answered]
    strata = np.count_nonzero(count_by(cell, n_domains * n_strata).reshape(n_domains, n_strata), axis=1)
    return _Counts(
        sum_by(influence.domain, held, n_domains).astype(np.int64),
        count_by(influence.domain[answered], n_domains),
        np.asarray(strata, dtype=np.int64),
    )
