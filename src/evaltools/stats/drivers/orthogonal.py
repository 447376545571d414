"""Johnson's relative weights: explained variance by way of orthogonal variables close to the drivers."""

from __future__ import annotations

import numpy as np

from evaltools.stats.arrays import FloatArray

LEAST_EIGENVALUE = 1e-10  # below which the drivers hold one of them twice


def relative_weights(correlation: FloatArray) -> FloatArray:
    """Return the relative weight of each driver.

    Parameters
    ----------
    correlation : float array, shape (B, p + 1, p + 1)
        Correlations of p drivers and, last, the outcome, in each of B replicates.

    Returns
    -------
    float array, shape (p, B)
        0 or more; the sum over drivers is R^2 of all. NaN where the drivers' correlations are singular.

    Notes
    -----
    With R_xx = P D P' and L = P D^(1/2) P': b = L^-1 r_xy, weight_j = sum_k L_jk^2 b_k^2.
    Source: Johnson (2000), Multivar. Behav. Res. 35. Equals `relWt` of R's iopsych.
    """
    drivers, outcome = correlation[:, :-1, :-1], correlation[:, :-1, -1]
    usable = np.asarray(np.isfinite(correlation).all(axis=(1, 2)), dtype=np.bool_)
    size, vector = np.linalg.eigh(np.where(usable[:, None, None], drivers, np.eye(drivers.shape[1])))
    usable &= np.asarray(size[:, 0] > LEAST_EIGENVALUE)
    root = np.sqrt(np.where(usable[:, None], size, 1.0))
    half = np.einsum("bik,bk,bjk->bij", vector, root, vector)
    slope = np.einsum("bik,bk,bjk,bj->bi", vector, 1 / root, vector, outcome)
    weights = np.einsum("bij,bj->bi", half * half, slope * slope)
    return np.where(usable[:, None], weights, np.nan).T
