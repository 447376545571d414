"""One regression of all banks, their own levels and common slopes, and the means that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evaltools.stats.arrays import BoolArray, FloatArray, IntArray, count_by, sum_by
from evaltools.stats.columns import cross_codes, read_codes, sort_labels
from evaltools.stats.regression.sampled_rows import SampledRows
from evaltools.stats.regression.solving import solve_linear
from evaltools.stats.regression.target import Mix, pooled_mix, target_mix
from evaltools.stats.regression.terms import read_item, read_part


@dataclass(frozen=True, slots=True, eq=False)
class BankModel:
    """A regression on G groups (bank, then wave) and k covariates; n of N rows are in it.

    Attributes
    ----------
    domains : frame, D rows
        The banks.
    n_waves : int
        1 or 2; G = D * n_waves.
    bank : int array, shape (N,)
        Bank of each row.
    inside, left_out : bool arrays, shape (N,)
        Rows in the regression; rows with the item that lack a covariate.
    rows : int array, shape (n,)
        Where the rows inside are.
    group, y, w : arrays, shape (n,)
        Their group, item and weight.
    answered : int array
        Groups that have rows; the first is the base of the regression.
    mix : Mix
        Covariates and target.
    coefficients : float array, shape (K,)
        Constant, groups after the first, covariates; NaN where `reason` says why.
    influence : float array, shape (n, K)
        Linearised values.
    reason : str
        "collinear" or "".
    """

    domains: pd.DataFrame
    n_waves: int
    bank: IntArray
    inside: BoolArray
    left_out: BoolArray
    rows: IntArray
    group: IntArray
    y: FloatArray
    w: FloatArray
    answered: IntArray
    mix: Mix
    coefficients: FloatArray
    influence: FloatArray
    reason: str

    @property
    def n_groups(self) -> int:
        """Number of groups G."""
        return len(self.domains) * self.n_waves


@dataclass(frozen=True, slots=True, eq=False)
class GroupMeans:
    """Means (G,), NaN in a group without one, and each row's linearised value in them (n, G)."""

    mean: FloatArray
    influence: FloatArray


def fit_banks(
    sampled: SampledRows,
    item: str,
    banks: Sequence[str],
    covariates: Sequence[str],
    target: Any,
    late: IntArray,
    *,
    n_waves: int,
) -> BankModel:
    """Fit the regression.

    Parameters
    ----------
    sampled
        The rows.
    item, banks, covariates
        Columns.
    target
        "pooled", or a frame.
    late : int array, shape (N,)
        Wave of each row, 0 or 1, in the order of `sampled`.
    n_waves
        1 or 2.
    """
    frame, order = sampled.frame, sampled.order
    codes = [sort_labels(read_codes(frame, name, role="by", declared=len(banks) == 1)) for name in banks]
    code, domains = cross_codes(codes, banks)
    bank = np.asarray(code, dtype=np.int64)[order]
    y = read_item(frame, item)[order]
    parts = [read_part(frame, name) for name in covariates]
    lacking = np.any([part.absent for part in parts], axis=0)[order]
    present = sampled.live & ~np.isnan(y)
    inside = present & ~lacking
    rows = np.flatnonzero(inside)
    w = sampled.rows.weight[rows]
    at = order[rows]
    held = [replace(part, columns=part.columns[at], absent=part.absent[at]) for part in parts]
    pooled = isinstance(target, str) and target == "pooled"
    mix = pooled_mix(held, w) if pooled else target_mix(target, held, sampled.design.weight)
    group = bank[rows] * n_waves + late[rows]
    answered = np.flatnonzero(count_by(group, len(domains) * n_waves))
    x = np.concatenate([np.ones((rows.size, 1)), group[:, None] == answered[1:], mix.columns], axis=1)
    fit = solve_linear(x, y[rows], w)
    reason = fit.reason if rows.size else ""
    return BankModel(
        domains, n_waves, bank, inside, present & lacking, rows, group, y[rows], w, answered, mix,
        fit.coefficients, fit.influence, reason,
    )  # fmt: skip


def raw_means(model: BankModel) -> GroupMeans:
    """Return the weighted mean of each group's rows."""
    total = sum_by(model.group, model.w, model.n_groups)
    above = sum_by(model.group, model.w * model.y, model.n_groups)
    mean = np.divide(above, total, out=np.full(model.n_groups, np.nan), where=total > 0)
    influence = np.zeros((model.rows.size, model.n_groups))
    influence[np.arange(model.rows.size), model.group] = model.w * (model.y - mean[model.group]) / total[model.group]
    return GroupMeans(mean, influence)


def adjusted_means(model: BankModel) -> GroupMeans:
    """Return the mean prediction of the target at each group."""
    answered, mix = model.answered, model.mix
    first = model.coefficients.size - mix.mean.size
    load = np.zeros((model.n_groups, model.coefficients.size))
    load[answered, 0] = 1.0
    load[answered[1:], np.arange(1, first)] = 1.0
    load[:, first:] = mix.mean
    mean = np.full(model.n_groups, np.nan)
    mean[answered] = np.einsum("gk,k->g", load[answered], model.coefficients)
    influence = np.einsum("ik,gk->ig", model.influence, load)
    influence += np.einsum("ik,k->i", mix.influence, np.nan_to_num(model.coefficients[first:]))[:, None]
    return GroupMeans(mean, influence)
