"""Adjustment of p-values for many comparisons at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evaltools.stats.intervals import adjust_p_values

FloatArray = npt.NDArray[np.float64]


def adjust_holm(p: FloatArray, member: npt.NDArray[np.bool_] | None = None) -> FloatArray:
    """Return Holm's adjusted p-values: the chance of any false verdict in the family stays below the level.

    Parameters
    ----------
    p : array, shape (..., M)
        One value a member of the family; each row of the last axis is a family. NaN, a member that cannot be tested,
        still counts in the family's size and stays NaN.
    member : bool array, shape (..., M), optional
        Which values belong to the family at all; others get NaN. None: all.

    Notes
    -----
    The k-th smallest of m becomes max over j <= k of (m - j + 1) p_j, at most 1.
    Source: Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    held = np.ones(p.shape, dtype=np.bool_) if member is None else member
    filled = np.where(held, np.where(np.isnan(p), 1.0, p), np.inf)  # those outside stand last and move nobody
    order = np.argsort(filled, axis=-1, kind="stable")
    left = held.sum(axis=-1, keepdims=True) - np.arange(p.shape[-1])
    sharpened = np.take_along_axis(filled, order, axis=-1) * np.maximum(left, 1)
    adjusted = np.empty(p.shape)
    np.put_along_axis(adjusted, order, np.minimum(np.maximum.accumulate(sharpened, axis=-1), 1.0), axis=-1)
    return np.where(held & ~np.isnan(p), adjusted, np.nan)


def adjust_bh(p: FloatArray) -> FloatArray:
    """Return p-values adjusted by Benjamini and Hochberg (1995): the expected share of false ones among the accused.

    NaN, what cannot be tested, is no member of the family and stays NaN.
    """
    return adjust_p_values(p)


def adjust_hochberg(p: FloatArray) -> FloatArray:
    """Return Hochberg's adjusted p-values: never above Holm's, but safe only where tests are not negatively related.

    Parameters
    ----------
    p : array
        One value a member of the family. NaN counts in the family's size and stays NaN.

    Notes
    -----
    The k-th smallest of m becomes min over j >= k of (m - j + 1) p_j.
    Source: Hochberg (1988), Biometrika 75, 800-802.
    """
    filled = np.where(np.isnan(p), 1.0, p)
    order = np.argsort(filled, kind="stable")
    sharpened = filled[order] * np.arange(p.size, 0, -1)
    adjusted = np.empty(p.size)
    adjusted[order] = np.minimum(np.minimum.accumulate(sharpened[::-1])[::-1], 1.0)
    return np.where(np.isnan(p), np.nan, adjusted)
