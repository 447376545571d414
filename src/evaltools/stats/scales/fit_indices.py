"""How well one factor reproduces the correlations: RMSEA with its interval, CFI, SRMR."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from evaltools.stats.arrays import FloatArray
from evaltools.stats.scales.one_factor import FactorFit

RMSEA_LEVEL = 0.90  # the interval that is reported for RMSEA by custom


@dataclass(frozen=True, slots=True)
class FitIndices:
    """Indices of a maximum-likelihood fit; NaN where nothing is left to test (df = 0).

    Attributes
    ----------
    chi2, df, p : float
        Test of exact fit for normal answers of a simple random sample.
    rmsea, rmsea_low, rmsea_high : float
        Misfit per degree of freedom, and its 90 % interval.
    cfi : float
        1 where the model leaves no more than chance, 0 where it is no better than no factor.
    srmr : float
        Root mean square of the residual correlations, diagonal included.
    """

    chi2: float
    df: int
    p: float
    rmsea: float
    rmsea_low: float
    rmsea_high: float
    cfi: float
    srmr: float


def fit_indices(correlation: FloatArray, fit: FactorFit, answers: float) -> FitIndices:
    """Compute the indices of one factor.

    Parameters
    ----------
    correlation : float array, shape (k, k)
        Observed correlations.
    fit
        From `fit_likelihood`.
    answers
        Effective number of answers N.

    Notes
    -----
    chi2 = N F, df = k (k - 3)/2. RMSEA = sqrt(max(chi2 - df, 0)/(df N)). CFI = 1 - max(chi2 - df, 0)/max(chi2_0 - df_0,
    chi2 - df, 0), with chi2_0 = -N log|R| and df_0 = k (k - 1)/2. SRMR = sqrt(2 sum_{i<=j} e_ij^2/(k (k + 1))).
    Source: Steiger (1990), Multivar. Behav. Res. 25; Bentler (1990), Psychol. Bull. 107; Browne and Cudeck (1992),
    Sociol. Methods Res. 21. Equals R lavaan 0.6-14 `fitMeasures`.
    """
    k = correlation.shape[0]
    df = k * (k - 3) // 2
    residual = correlation - np.outer(fit.loading, fit.loading) - np.diag(fit.unique)
    lower = residual[np.tril_indices(k)]
    srmr = float(np.sqrt(np.mean(lower * lower)))
    if df == 0:
        nan = float("nan")
        return FitIndices(answers * fit.discrepancy, 0, nan, nan, nan, nan, nan, srmr)
    chi2 = answers * fit.discrepancy
    excess = max(chi2 - df, 0.0)
    none = max(-answers * float(np.linalg.slogdet(correlation)[1]) - k * (k - 1) / 2, excess)
    low, high = (_noncentrality(chi2, df, tail) for tail in ((1 + RMSEA_LEVEL) / 2, (1 - RMSEA_LEVEL) / 2))
    size = df * answers
    return FitIndices(
        chi2, df, float(special.chdtrc(df, chi2)), float(np.sqrt(excess / size)), float(np.sqrt(low / size)),
        float(np.sqrt(high / size)), 1 - excess / none if none > 0 else 1.0, srmr,
    )  # fmt: skip


def _noncentrality(chi2: float, df: int, probability: float) -> float:
    """Return the noncentrality under which a chi-square of `chi2` or less has a probability; 0 if there is none."""

    def above(centre: float) -> float:
        return float(special.chndtr(chi2, df, centre)) - probability

    if special.chdtr(df, chi2) < probability:
        return 0.0
    top = max(chi2, 1.0)
    while above(top) > 0:
        top *= 2
    return float(optimize.brentq(above, 0.0, top, xtol=1e-12 * top, rtol=1e-14))
