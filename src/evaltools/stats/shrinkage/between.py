"""How much of the differences between units is real: the variance between them, and the reliability of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from evaltools.errors import UsageError
from evaltools.stats.arrays import BoolArray, FloatArray
from evaltools.stats.intervals import require_level
from evaltools.stats.ranking.draws import factor_covariance
from evaltools.stats.reasons import Reasons, add_reason, no_reasons
from evaltools.stats.shrinkage.restricted import Given, fit_at, fit_restricted, profile_q, q_limits

LEAST_UNITS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """The variance between units beside that of sampling.

    Attributes
    ----------
    tau2, tau2_low, tau2_high : float
        Variance between units (REML) and its Q-profile limits, unit of the estimates squared. NaN with too few units.
    tau2_paule_mandel : float
        The same by Paule and Mandel's method of moments, as a check.
    mean, mean_se : float
        Mean over units, weighted by 1/(tau2 + se^2), and its standard error.
    q, q_df, q_p : float, int, float
        Cochran's Q, its degrees of freedom and p: whether sampling alone could make the units differ so.
    reliability, reliability_low, reliability_high : float arrays, shape (D,)
        tau2/(tau2 + se^2) of each unit, 0 to 1, and the same at the limits of tau2.
    typical : float
        tau2/(tau2 + s^2) with the typical sampling variance s^2 of Higgins and Thompson: I squared.
    n_units : int
        Units that count.
    flags : object array, shape (D,)
        Reasons, joined by ";": ``not_estimated``, ``no_variation`` (se = 0), ``too_few_units`` (fewer than three),
        ``interval_empty`` (units differ less than sampling alone would make them: both limits of tau2 are 0).
    """

    tau2: float
    tau2_low: float
    tau2_high: float
    tau2_paule_mandel: float
    mean: float
    mean_se: float
    q: float
    q_df: int
    q_p: float
    reliability: FloatArray
    reliability_low: FloatArray
    reliability_high: FloatArray
    typical: float
    n_units: int
    flags: Reasons


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What is given: values and errors (D,) of all units, which of them count, those as a model, and reasons."""

    estimate: FloatArray
    se: FloatArray
    counts: BoolArray
    given: Given
    flags: Reasons


def reliability(
    estimate: npt.ArrayLike,
    se: npt.ArrayLike,
    *,
    covariance: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> Reliability:
    """Estimate how much of the differences between units is real.

    Parameters
    ----------
    estimate, se : arrays, shape (D,)
        One value a unit and its standard error. A unit with NaN, or with se = 0, does not count.
    covariance : array, shape (D, D), optional
        Joint covariance, where units share respondents; its diagonal must be se squared. None: independent.
    level
        Confidence level, between 0 and 1.

    Returns
    -------
    Reliability

    Raises
    ------
    UsageError
        ``shrink-shape``, ``shrink-negative``, ``shrink-covariance``, ``ranks-covariance``, ``option-range``.

    Notes
    -----
    y_b = theta_b + e_b, theta_b with mean mu and variance tau2, e with the covariance given. tau2 maximises the
    restricted likelihood. Limits: {tau2: y'P y between the quantiles of chi-squared with K - 1}.
    Source: Harville (1977), J. Am. Stat. Assoc. 72; Viechtbauer (2007), Stat. Med. 26; Paule and Mandel (1982), J. Res.
    NBS 87; Higgins and Thompson (2002), Stat. Med. 21. Equals R metafor `rma(method = "REML")` and `confint`.
    """
    level = require_level(level)
    measured = read_measured(estimate, se, covariance)
    if measured.given.y.size < LEAST_UNITS:
        return _too_few(measured)
    given, df = measured.given, measured.given.y.size - 1
    fit, low_high = fit_restricted(given), q_limits(given, level)
    if low_high[1] == 0:
        add_reason(measured.flags, measured.counts, "interval_empty")
    heterogeneity = fit_at(given, 0.0).quadratic
    weight = 1 / given.variance
    common = df * float(weight.sum()) / (float(weight.sum()) ** 2 - float((weight * weight).sum()))
    shares = [reliability_at(measured, tau2) for tau2 in (fit.tau2, *low_high)]
    return Reliability(
        fit.tau2, *low_high, profile_q(given, float(df)), fit.mean, float(np.sqrt(fit.mean_variance)),
        heterogeneity, df, float(special.chdtrc(df, heterogeneity)), shares[0], shares[1], shares[2],
        fit.tau2 / (fit.tau2 + common), given.y.size, measured.flags,
    )  # fmt: skip


def read_measured(estimate: npt.ArrayLike, se: npt.ArrayLike, covariance: npt.ArrayLike | None) -> Measured:
    """Check what is given and set aside units that do not count."""
    values, errors = np.asarray(estimate, dtype=np.float64), np.asarray(se, dtype=np.float64)
    if values.ndim != 1 or errors.shape != values.shape:
        raise UsageError("shrink-shape", estimate=values.shape, other="se", shape=errors.shape)
    if (errors < 0).any():
        raise UsageError("shrink-negative", name="se", count=int(np.count_nonzero(errors < 0)))
    known = np.isfinite(values) & np.isfinite(errors)
    counts = known & (errors > 0)
    spread, singular = errors[counts] ** 2, False
    if covariance is not None:
        matrix = np.asarray(covariance, dtype=np.float64)
        if matrix.shape != (values.size, values.size):
            raise UsageError("shrink-shape", estimate=values.shape, other="covariance", shape=matrix.shape)
        kept = matrix[np.ix_(counts, counts)]
        if not np.allclose(kept.diagonal(), spread, rtol=1e-8, atol=0) or not np.isfinite(kept).all():
            raise UsageError("shrink-covariance")
        singular = factor_covariance(kept).shape[1] < spread.size
        spread = kept
    flags = no_reasons(values.size)
    add_reason(flags, ~known, "not_estimated")
    add_reason(flags, known & ~counts, "no_variation")
    if np.count_nonzero(counts) < LEAST_UNITS:
        add_reason(flags, counts, "too_few_units")
    return Measured(values, errors, counts, Given(values[counts], spread, singular), flags)


def reliability_at(measured: Measured, tau2: float) -> FloatArray:
    """Return tau2/(tau2 + se^2) of each unit (D,) that counts; NaN for others."""
    counts = measured.counts
    return np.where(counts, tau2 / np.where(counts, tau2 + measured.se**2, 1.0), np.nan)


def _too_few(measured: Measured) -> Reliability:
    nan, none = float("nan"), np.full(measured.estimate.size, np.nan)
    size = int(np.count_nonzero(measured.counts))
    return Reliability(
        nan, nan, nan, nan, nan, nan, nan, max(size - 1, 0), nan, none, none, none, nan, size, measured.flags
    )
