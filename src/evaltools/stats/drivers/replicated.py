"""Correlations of drivers and outcome in a domain, as sampled and in each replicate of the bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from evaltools.stats.arrays import FloatArray, IntArray, sum_by
from evaltools.stats.columns import count_rows, read_codes
from evaltools.stats.design import Design
from evaltools.stats.replication.factors import BootstrapDraw, bootstrap_factors

BLOCK = 100  # replicates whose factors are in memory at once


def psu_of_rows(frame: Any, design: Design) -> IntArray:
    """Return the PSU of each row (N,), numbered by first rows as in a bootstrap's draw."""
    if not design.psu_columns:
        return np.arange(count_rows(frame), dtype=np.int64)
    code = read_codes(frame, design.psu_columns[0], role="psu").code
    _, first = np.unique(code, return_index=True)
    place = np.empty(first.size, dtype=np.int64)
    place[np.argsort(first, kind="stable")] = np.arange(first.size)
    return place[code]


def psu_totals(values: FloatArray, weight: FloatArray, psu: IntArray, n_psu: int) -> sparse.csr_array:
    """Return totals by PSU of w, w z and w z z' (upper triangle), shape (1 + q + q (q + 1)/2, n_psu).

    Parameters
    ----------
    values : float array, shape (n, q)
        Complete answers of a domain; z is their distance from the mean, so that no digits are lost.
    weight, psu : float array, int array, shape (n,)
        Weight and PSU of each row.
    n_psu
        PSUs of the sample.
    """
    moved = values - values[0]  # so that equal answers are 0, and do not vary by rounding
    centred = moved - np.einsum("n,nk->k", weight / weight.sum(), moved)
    left, right = np.triu_indices(values.shape[1])
    weighted = weight[:, None] * centred
    columns = [weight, *weighted.T, *(weighted[:, left] * centred[:, right]).T]
    used, place = np.unique(psu, return_inverse=True)
    totals = np.stack([sum_by(place, column, used.size) for column in columns])
    rows, positions = np.indices(totals.shape)
    return sparse.csr_array((totals.ravel(), (rows.ravel(), used[positions.ravel()])), shape=(len(columns), n_psu))


def replicate_sums(totals: Sequence[sparse.csr_array], draw: BootstrapDraw) -> list[FloatArray]:
    """Return the sums of each domain's totals, as sampled and in each replicate; shapes (C, 1 + B).

    Sparse products are summed in a fixed order, so bits do not depend on threads.
    """
    as_sampled = np.ones((draw.labels.size, 1))
    found = [[np.asarray(part @ as_sampled)] for part in totals]
    for start in range(0, draw.replicates, BLOCK):
        factors = bootstrap_factors(draw, start, min(start + BLOCK, draw.replicates))
        for sums, part in zip(found, totals, strict=True):
            sums.append(np.asarray(part @ factors))
    return [np.concatenate(sums, axis=1) for sums in found]


def correlations_of(sums: FloatArray, q: int) -> FloatArray:
    """Return the correlations of q columns from sums (C, B); shape (B, q, q).

    NaN in a replicate that holds no row, or in which a column does not vary.
    """
    left, right = np.triu_indices(q)
    whole = np.where(sums[0] > 0, sums[0], np.nan)
    mean = sums[1 : q + 1] / whole
    covariance = np.empty((sums.shape[1], q, q))
    covariance[:, left, right] = (sums[q + 1 :] / whole - mean[left] * mean[right]).T
    covariance[:, right, left] = covariance[:, left, right]
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    # variances below a share of those sampled are rounding of equal answers
    spread = np.sqrt(np.where(variance > 1e-12 * variance[:1], variance, np.nan))
    return np.asarray(covariance / (spread[:, :, None] * spread[:, None, :]))
