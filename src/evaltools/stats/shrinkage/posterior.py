"""Empirical Bayes values: each unit drawn to the mean by as much as its own noise calls for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from evaltools.stats.arrays import FloatArray
from evaltools.stats.intervals import require_level
from evaltools.stats.reasons import add_reason
from evaltools.stats.shrinkage.between import LEAST_UNITS, read_measured, reliability_at
from evaltools.stats.shrinkage.restricted import Fit, Given, fit_restricted


def shrink(
    estimate: npt.ArrayLike,
    se: npt.ArrayLike,
    *,
    covariance: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Draw each unit's value to the mean of all by as much as its sampling error calls for.

    Parameters
    ----------
    estimate, se : arrays, shape (D,)
        One value a unit and its standard error. A unit with NaN, or with se = 0, is left out.
    covariance : array, shape (D, D), optional
        Joint covariance, where units share respondents; its diagonal must be se squared. None: independent.
    level
        Confidence level of the intervals, between 0 and 1.

    Returns
    -------
    frame
        Columns `[position, estimate, se, reliability, shrunken, se_conditional, se_corrected, ci_low, ci_high,
        expected_shift, flag]`, one row a unit in the order given. `shrunken` is the empirical Bayes value (best linear
        unbiased prediction at the REML tau2). `se_conditional` is its prediction error with tau2 taken as known,
        `se_corrected` with what estimating tau2 adds, at most se; the interval is shrunken -+ z se_corrected and
        covers `level` on average over the units. `expected_shift` is shrunken - estimate: how far a second measurement
        of the same unit is expected to move by regression to the mean. `flag`: ``not_estimated``, ``no_variation``
        (se = 0), ``too_few_units`` (fewer than three), ``no_difference`` (tau2 = 0: all values are the mean).

    Raises
    ------
    UsageError
        As `reliability`.

    Notes
    -----
    With V = S + tau2 I: shrunken = mu + tau2 V^-1 (y - mu). Error: g1 + g2 conditional, g1 + g2 + 2 g3 corrected, with
    g1 = diag(tau2 I - tau2^2 V^-1), g2 = (1 - tau2 V^-1 1)^2 Var(mu), g3 = diag(V^-1 S V^-1 S V^-1) Var(tau2).
    Independent units: shrunken = lambda y + (1 - lambda) mu with lambda = tau2/(tau2 + se^2).
    Source: Kackar and Harville (1984), J. Am. Stat. Assoc. 79; Prasad and Rao (1990), J. Am. Stat. Assoc. 85; Datta and
    Lahiri (2000), Stat. Sinica 10; Morris (1983), J. Am. Stat. Assoc. 78. Values and `se_conditional` equal R metafor
    `blup(rma(method = "REML"))`.
    """
    level = require_level(level)
    measured = read_measured(estimate, se, covariance)
    counts, size = measured.counts, measured.estimate.size
    found = {
        name: np.full(size, np.nan)
        for name in ("reliability", "shrunken", "se_conditional", "se_corrected", "ci_low", "ci_high")
    }
    if measured.given.y.size >= LEAST_UNITS:
        fit = fit_restricted(measured.given)
        found["reliability"] = reliability_at(measured, fit.tau2)
        value, conditional, corrected = _predict(measured.given, fit)
        corrected = np.minimum(
            corrected, measured.se[counts]
        )  # the value as measured is never worse than its own error
        half = float(special.ndtri((1 + level) / 2)) * corrected
        parts = (value, conditional, corrected, value - half, value + half)
        for name, part in zip(("shrunken", "se_conditional", "se_corrected", "ci_low", "ci_high"), parts, strict=True):
            found[name][counts] = part
        if fit.tau2 == 0:
            add_reason(measured.flags, counts, "no_difference")
    table = pd.DataFrame({"position": np.arange(size), "estimate": measured.estimate, "se": measured.se, **found})
    table["expected_shift"] = table["shrunken"] - table["estimate"]
    table["flag"] = pd.array(measured.flags, dtype="str")
    return table


def _predict(given: Given, fit: Fit) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return predictions and their errors, tau2 known and tau2 estimated; shapes (K,)."""
    tau2, inverse, spread = fit.tau2, fit.inverse, given.spread
    value = fit.mean + tau2 * fit.residual
    if spread.ndim == 1:
        own, row = inverse, inverse
        moved = (spread * inverse) ** 2 * inverse
    else:
        own, row = inverse.diagonal(), inverse.sum(axis=1)
        moved = _product(_product(inverse, spread), _product(_product(inverse, spread), inverse)).diagonal()
    first = np.maximum(tau2 - tau2 * tau2 * own, 0.0)
    second = (1 - tau2 * row) ** 2 * fit.mean_variance
    third = moved / fit.information
    return value, np.sqrt(first + second), np.sqrt(first + second + 2 * third)


def _product(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return the matrix product, summed in a fixed order."""
    return np.asarray(np.einsum("ij,jk->ik", left, right), dtype=np.float64)
