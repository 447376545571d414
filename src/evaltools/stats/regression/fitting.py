"""Linear and logistic regression with design-based errors, in every domain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import BoolArray, FloatArray, IntArray, count_by, sum_by
from evaltools.stats.design import DEFAULT, Design
from evaltools.stats.intervals import require_level, t_interval, two_sided_p
from evaltools.stats.reasons import Reasons, add_reason, no_reasons
from evaltools.stats.regression.sampled_rows import (
    SampledRows,
    contributions,
    count_units,
    covariance_of,
    df_of_groups,
    read_rows,
    spread_of,
)
from evaltools.stats.regression.solving import R_EPSILON, Solver, solve_linear, solve_logistic
from evaltools.stats.regression.terms import Regressors, Term, as_terms, read_item, read_terms


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """A regression in D domains on K regressors.

    Attributes
    ----------
    frame : frame, D * K rows
        The tidy table that `fit_linear` describes.
    terms : tuple of str, length K
        Regressors, the constant "(Intercept)" first.
    domains : frame, D rows
        The `by` columns, sorted.
    coefficients : float array, shape (D, K)
        NaN where `frame` gives a reason.
    covariance : float array, shape (D, K, K)
        Design-based, of the coefficients of one domain; NaN in rows and columns of a coefficient that is NaN.
    """

    frame: pd.DataFrame
    terms: tuple[str, ...]
    domains: pd.DataFrame
    coefficients: FloatArray
    covariance: FloatArray


def fit_linear(
    frame: Any,
    outcome: str,
    terms: str | Sequence[Term],
    design: Design = DEFAULT,
    *,
    by: str | Sequence[str] | None = None,
    level: float = 0.95,
) -> Regression:
    """Fit a linear regression by weighted least squares, with design-based errors.

    Parameters
    ----------
    frame : pandas frame or Arrow table, N rows
        One row an answer sheet. A row without outcome or term leaves the fit and stays in the design, as with R's
        `subset` of a design.
    outcome
        Numeric column.
    terms
        Columns. Numbers enter as they are; text and categories as one regressor a category but the first (in declared
        or sorted order), named as in R ("stypeH"). A pair ("a", "b") adds the interaction of two terms that are there.
    design
        Weights, strata, units, population counts and choices; all options of `estimate` work.
    by
        Columns whose values form domains; one regression in each.
    level
        Confidence level, between 0 and 1.

    Returns
    -------
    Regression
        `frame` has the columns `[*by, term, estimate, se, df, t, ci_low, ci_high, p, n, flag]`, `estimate` in units of
        the outcome a unit of the regressor; `df` is the design's (or domain's) minus the number of coefficients but
        one; `n` rows are in the fit. `flag` gives reasons, joined by ";": ``no_answers`` (no complete row),
        ``absent_category`` (no complete row has it; the other coefficients stand), ``collinear`` (regressors determine
        each other, so no coefficient is given), ``no_df``, ``no_variation`` (se = 0, so no p).

    Raises
    ------
    UsageError
        ``regression-terms``, ``regression-interaction``, ``regression-categories``, and those of `estimate`.
    DesignError
        As `estimate`.

    Notes
    -----
    b = A^-1 sum w x y, A = sum w x x'; u_i = A^-1 w_i x_i (y_i - x_i'b); V is that of the sum of u.
    Source: Fuller (1975), Sankhya C 37; Binder (1983), Int. Stat. Rev. 51. Equals R survey 4.1.1 `svyglm` to 1e-8.
    """
    return _fit(frame, outcome, terms, design, by, level, solve_linear, binary=False)


def fit_logistic(
    frame: Any,
    outcome: str,
    terms: str | Sequence[Term],
    design: Design = DEFAULT,
    *,
    by: str | Sequence[str] | None = None,
    level: float = 0.95,
    tolerance: float = R_EPSILON,
) -> Regression:
    """Fit a logistic regression by weighted pseudo-likelihood, with design-based errors.

    Parameters
    ----------
    frame, terms, design, by, level
        As in `fit_linear`.
    outcome
        Column of 0 and 1 (or of truth values).
    tolerance
        Change of the deviance, relative to it, at which iterations stop, between 0 and 1; R's `epsilon`, with R's
        default. Below 1e-13 the fit is the converged one.

    Returns
    -------
    Regression
        As `fit_linear`; `estimate` is a log odds ratio a unit of the regressor. A further reason is ``separated``:
        a combination of regressors tells the outcomes apart, so no finite coefficient fits best.

    Raises
    ------
    UsageError
        ``regression-not-binary``, ``option-range`` for the tolerance, and those of `fit_linear`.
    DesignError
        As `estimate`.

    Notes
    -----
    sum w x (y - m) = 0 with logit m = x'b; u_i = A^-1 w_i x_i (y_i - m_i), A = sum w m (1 - m) x x'.
    The default is R's: iterations stop as in `glm.fit`, and errors use m (1 - m) of the step before the last. Estimates
    are then within some 1e-6 standard errors of the converged ones, standard errors mostly within 1e-4 of themselves,
    but much further off where fitted probabilities come near 0 or 1. The converged fit is given where R's rule does not
    stop within 25 steps (R warns) or stops away from the maximum (R does not warn).
    Source: Binder (1983), Int. Stat. Rev. 51; Lumley (2010), Complex Surveys, ch. 6. Equals R survey 4.1.1
    `svyglm(family = quasibinomial)` with `control = list(epsilon = tolerance)` to 1e-8.
    """
    given: object = tolerance
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 < given < 1:
        raise UsageError("option-range", option="tolerance", value=repr(tolerance), low=0, high=1)
    solve = partial(solve_logistic, tolerance=float(tolerance))
    return _fit(frame, outcome, terms, design, by, level, solve, binary=True)


def require_binary_column(values: FloatArray, column: str) -> None:
    """Raise ``regression-not-binary`` unless all values present are 0 or 1."""
    other = int(np.count_nonzero(~(np.isnan(values) | (values == 0) | (values == 1))))
    if other:
        raise UsageError("regression-not-binary", column=column, rows=other)


def tidy(
    estimate: FloatArray, se: FloatArray, df: FloatArray, level: float, flags: Reasons
) -> dict[str, FloatArray | Reasons]:
    """Return the columns estimate to p of a table of coefficients, adding ``no_df`` and ``no_variation`` to flags."""
    known = np.isfinite(estimate)
    add_reason(flags, known & ~(df > 0), "no_df")
    add_reason(flags, known & (se == 0), "no_variation")
    low, high = t_interval(estimate, se, df, level)
    t = np.divide(estimate, se, out=np.full(estimate.shape, np.nan), where=known & (se > 0))
    p = two_sided_p(estimate, se, df)
    return {"estimate": estimate, "se": se, "df": df, "t": t, "ci_low": low, "ci_high": high, "p": p}


@dataclass(frozen=True, slots=True, eq=False)
class _Fits:
    """Coefficients (D, K), influence (N, K), reasons of domains (D,), and absent categories (D, K)."""

    coefficients: FloatArray
    influence: FloatArray
    reasons: Reasons
    lacking: BoolArray


def _fit(
    frame: Any,
    outcome: str,
    terms: str | Sequence[Term],
    design: Design,
    by: str | Sequence[str] | None,
    level: float,
    solve: Solver,
    *,
    binary: bool,
) -> Regression:
    level = require_level(level)
    chosen = as_terms(terms)
    if not chosen or outcome in chosen:
        raise UsageError("regression-terms", terms=repr(terms))
    sampled = read_rows(frame, [outcome, *(term for term in chosen if isinstance(term, str))], by, design)
    y = read_item(sampled.frame, outcome)
    if binary:
        require_binary_column(y, outcome)
    found = read_terms(sampled.frame, chosen)
    inside = (sampled.live & ~(np.isnan(y) | found.absent)[sampled.order]).astype(np.bool_)
    fits = _fit_domains(sampled, y[sampled.order], found, inside, solve)
    spread = spread_of(sampled)
    answered = contributions(sampled, spread, inside.astype(np.int64)).astype(np.int64)
    parts = [contributions(sampled, spread, column) for column in fits.influence.T]
    covariance = covariance_of(spread, parts, answered)
    unknown = np.isnan(fits.coefficients)
    covariance[unknown[:, :, None] | unknown[:, None, :]] = np.nan
    psus, strata = count_units(sampled, sampled.domain, sampled.sample.shape[0], inside)
    df = df_of_groups(sampled, spread, psus, strata) - np.count_nonzero(~fits.lacking, axis=1) + 1
    n = count_by(sampled.domain[inside], sampled.sample.shape[0])
    table = _table(sampled, found.names, fits, covariance, df, n, level)
    return Regression(table, found.names, sampled.sample.domains, fits.coefficients, covariance)


def _fit_domains(sampled: SampledRows, y: FloatArray, found: Regressors, inside: BoolArray, solve: Solver) -> _Fits:
    n_domains, size = sampled.sample.shape[0], len(found.names)
    x, w = found.columns[sampled.order], _relative_weights(sampled)
    coefficients = np.full((n_domains, size), np.nan)
    influence = np.zeros(x.shape)
    reasons, lacking = no_reasons(n_domains), np.zeros((n_domains, size), dtype=np.bool_)
    rows = np.flatnonzero(inside)
    rows = rows[np.argsort(sampled.domain[rows], kind="stable")]
    ends = np.cumsum(count_by(sampled.domain[rows], n_domains))
    for domain, held in zip(range(n_domains), np.split(rows, ends[:-1]), strict=False):  # no domain: one part
        if not held.size:
            reasons[domain] = "no_answers"
            continue
        lacking[domain] = found.of_category & ~x[held].any(axis=0)
        used = np.flatnonzero(~lacking[domain])
        fit = solve(x[np.ix_(held, used)], y[held], w[held])
        coefficients[domain, used] = fit.coefficients
        influence[np.ix_(held, used)] = fit.influence
        reasons[domain] = fit.reason
    return _Fits(coefficients, influence, reasons, lacking)


def _relative_weights(sampled: SampledRows) -> FloatArray:
    """Return weights (N,) relative to their mean over all rows of the domain, as R's `svyglm` takes them."""
    total = sum_by(sampled.domain, sampled.rows.weight, sampled.sample.shape[0])
    mean = total / np.maximum(count_by(sampled.domain, total.size), 1)
    return sampled.rows.weight / np.where(mean > 0, mean, 1.0)[sampled.domain]


def _table(
    sampled: SampledRows,
    names: Sequence[str],
    fits: _Fits,
    covariance: FloatArray,
    df: FloatArray,
    n: IntArray,
    level: float,
) -> pd.DataFrame:
    n_domains, size = fits.coefficients.shape
    flags = np.repeat(fits.reasons, size)
    add_reason(flags, fits.lacking.reshape(-1), "absent_category")
    estimate = fits.coefficients.reshape(-1)
    error = np.sqrt(np.maximum(np.diagonal(covariance, axis1=1, axis2=2), 0.0)).reshape(-1)
    known = np.isfinite(estimate)
    freedom = np.where(known, np.repeat(df, size), np.nan)
    table = sampled.sample.domains.iloc[np.repeat(np.arange(n_domains), size)].reset_index(drop=True)
    table["term"] = list(names) * n_domains
    for column, values in tidy(estimate, error, freedom, level, flags).items():
        table[column] = values
    table["n"] = np.repeat(n, size)
    table["flag"] = pd.Series(flags, dtype="str")
    return table
