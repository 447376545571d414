"""Adjustment of p-values for many comparisons at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import false_discovery_control
from statsmodels.stats.multitest import multipletests

FloatArray = npt.NDArray[np.float64]


def adjust_holm(p: FloatArray) -> FloatArray:
    """Return Holm's adjusted p-values: the chance of any false verdict in the family stays below the level.

    Parameters
    ----------
    p : array
        One value a member of the family. NaN, a member that cannot be tested, still counts in the family's size and
        stays NaN.

    Notes
    -----
    Source: Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    if not p.size:
        return p.copy()
    adjusted = multipletests(np.where(np.isnan(p), 1.0, p), method="holm")[1]
    return np.where(np.isnan(p), np.nan, adjusted)


def adjust_bh(p: FloatArray) -> FloatArray:
    """Return p-values adjusted by Benjamini and Hochberg (1995): the expected share of false ones among the accused.

    NaN, what cannot be tested, is no member of the family and stays NaN.
    """
    adjusted = np.full(p.shape, np.nan)
    known = ~np.isnan(p)
    if known.any():
        adjusted[known] = false_discovery_control(p[known], method="bh")
    return adjusted
