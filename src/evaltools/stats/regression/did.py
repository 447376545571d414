"""Difference in differences between two sides and two waves, with errors that hold for few clusters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from evaltools.errors import DesignError, UsageError
from evaltools.stats.arrays import BoolArray, FloatArray, IntArray, compress
from evaltools.stats.columns import count_rows, read_codes, read_numbers, require_columns, require_frame
from evaltools.stats.intervals import require_level
from evaltools.stats.reasons import add_reason, no_reasons
from evaltools.stats.regression.fitting import require_binary_column, tidy
from evaltools.stats.regression.reduced import reduce_bias
from evaltools.stats.regression.solving import solve_linear
from evaltools.stats.regression.terms import as_terms, read_item, read_terms

FEWEST_CLUSTERS = 4  # on a side
FEWEST_DF = 4.0 - 1e-6  # but for rounding, 4; below this Satterthwaite's t is not to be relied on (Tipton 2015)


def difference_in_differences(
    frame: Any,
    outcome: str,
    treated: str,
    post: str,
    cluster: str,
    *,
    covariates: str | Sequence[str] = (),
    weights: str | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Compare the change of one side with that of the other.

    Parameters
    ----------
    frame : pandas frame or Arrow table, N rows
        Both waves stacked. Rows without outcome, side, wave or covariate leave the fit.
    outcome
        Numeric column.
    treated, post
        Columns of 0 and 1 (or truth values): the side, and whether the row is of the later wave.
    cluster
        Column of the units that the side was given to (banks, counties); rows of one are not independent.
    covariates
        Columns that enter as in `fit_linear`.
    weights
        Column of weights, 0 or more. None: all 1.
    level
        Confidence level, between 0 and 1.

    Returns
    -------
    frame
        `[term, estimate, se, df, t, ci_low, ci_high, p, n, n_clusters, flag]`, one row a term; "treated:post" (with
        the names of the columns) is the difference in differences, in units of the outcome. `flag` gives reasons:
        ``few_clusters`` (a side has fewer than 4: no error is given), ``low_df`` (df below 4: se and df, but neither
        interval nor p), ``collinear`` (a side lacks a wave, or a covariate follows from the others),
        ``absent_category``, ``no_answers``, ``no_variation``.

    Raises
    ------
    UsageError
        ``regression-not-binary``, ``regression-terms`` and those of `fit_linear`.
    DesignError
        ``frame-values-missing`` where the cluster or the weight is, ``weight-invalid``.

    Notes
    -----
    y = a + b treated + c post + d treated x post + covariates by (weighted) least squares; d is the difference of the
    two sides' changes, and no more: it says what the side made of it only as far as both would have moved alike.
    Source: Bell and McCaffrey (2002), Survey Methodology 28; Pustejovsky and Tipton (2018), J. Bus. Econ. Stat. 36.
    Equals R clubSandwich 0.5.8 `coef_test(vcov = "CR2", test = "Satterthwaite")` to 1e-8.
    """
    level = require_level(level)
    require_frame(frame)
    more = (covariates,) if isinstance(covariates, str) else tuple(covariates)
    terms = as_terms([treated, post, *more, (treated, post)])
    if outcome in terms or any(not isinstance(name, str) for name in more):
        raise UsageError("regression-terms", terms=repr(more))
    require_columns(frame, [outcome, treated, post, cluster, *more, *([weights] if weights else [])])
    y, side, late = (read_item(frame, name) for name in (outcome, treated, post))
    require_binary_column(side, treated)
    require_binary_column(late, post)
    found = read_terms(frame, terms)
    clusters = read_codes(frame, cluster, role="cluster").code
    w = _read_weights(frame, weights)
    rows = np.flatnonzero(~np.isnan(y) & ~found.absent & (w > 0))
    lacking = found.of_category & ~found.columns[rows].any(axis=0)
    codes = compress(clusters[rows], count_rows(frame))[0]
    columns, reason = _estimate(found.columns[np.ix_(rows, np.flatnonzero(~lacking))], y[rows], w[rows], codes)
    few = _fewest(side[rows], codes) < FEWEST_CLUSTERS
    return _table(found.names, lacking, columns, reason, few, rows.size, int(np.unique(codes).size), level)


def _read_weights(frame: Any, weights: str | None) -> FloatArray:
    if weights is None:
        return np.ones(count_rows(frame))
    w = read_numbers(frame, weights)
    missing = int(np.count_nonzero(np.isnan(w)))
    if missing:
        raise DesignError("frame-values-missing", column=weights, role="weight", rows=missing)
    invalid = int(np.count_nonzero((w < 0) | np.isinf(w)))
    if invalid:
        raise DesignError("weight-invalid", column=weights, rows=invalid)
    return w


def _estimate(x: FloatArray, y: FloatArray, w: FloatArray, clusters: IntArray) -> tuple[FloatArray, str]:
    """Return coefficient, standard error and df of each column, shape (3, K), and the reason where there are none."""
    empty = np.full((3, x.shape[1]), np.nan)
    if not y.size:
        return empty, "no_answers"
    fit = solve_linear(x, y, w)
    if fit.reason:
        return empty, fit.reason
    found = reduce_bias(x, w, fit.residuals, clusters)
    return np.stack([fit.coefficients, np.sqrt(np.diagonal(found.covariance)), found.df]), ""


def _fewest(side: FloatArray, clusters: IntArray) -> int:
    """Return how many clusters have rows on the side where fewer have."""
    return min(int(np.unique(clusters[side == value]).size) for value in (0.0, 1.0))


def _table(
    names: Sequence[str],
    lacking: BoolArray,
    columns: FloatArray,
    reason: str,
    few: bool,
    n: int,
    n_clusters: int,
    level: float,
) -> pd.DataFrame:
    estimate, se, df = np.full((3, len(names)), np.nan)
    estimate[~lacking], se[~lacking], df[~lacking] = columns
    flags = no_reasons(len(names))
    add_reason(flags, np.full(len(names), bool(reason)), reason)
    add_reason(flags, lacking, "absent_category")
    known = np.isfinite(estimate)
    if few:
        add_reason(flags, known, "few_clusters")
        se[:], df[:] = np.nan, np.nan
    found = tidy(estimate, se, np.where(np.isnan(df), np.inf, df), level, flags)
    low = known & (df < FEWEST_DF)
    add_reason(flags, low, "low_df")
    for column in ("ci_low", "ci_high", "p"):
        found[column] = np.where(low, np.nan, found[column])
    found["df"] = df
    table = pd.DataFrame({"term": list(names), **found})
    table["n"], table["n_clusters"] = n, n_clusters
    table["flag"] = pd.Series(flags, dtype="str")
    return table
