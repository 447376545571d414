"""Variances of many functions of the same levels, from one covariance matrix a bank."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_ROUNDING = 1e-13  # share of what the levels' own variances add up to, below which a variance is only rounding


def variances_of(slopes: FloatArray, covariance: FloatArray) -> FloatArray:
    """Return g' V g for each function and bank.

    Parameters
    ----------
    slopes : array, shape (F, B, N)
        Derivatives g of F functions by the N levels of each bank.
    covariance : array, shape (B, N, N)
        V of each bank.

    Returns
    -------
    array, shape (F, B)
        0 where nothing but rounding is left, as when all firms gain the same.
    """
    # einsum of two operands is not handed to BLAS: the same bits whatever the number of threads
    variance = (np.einsum("fbi,bij->fbj", slopes, covariance) * slopes).sum(axis=2)
    scale = (slopes**2 * np.einsum("bii->bi", covariance)).sum(axis=2)
    return np.where(variance > _ROUNDING * scale, variance, 0.0)
