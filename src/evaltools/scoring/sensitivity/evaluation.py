"""Composite, error, verdict and rank of every bank in every variant at once."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from evaltools.scoring.changes import t_interval
from evaltools.scoring.composite import satterthwaite
from evaltools.scoring.families import adjust_holm
from evaltools.scoring.linearised import variances_of
from evaltools.scoring.sensitivity.base import Base
from evaltools.scoring.sensitivity.choices import Variants
from evaltools.scoring.verdicts import judge_changes

FloatArray = npt.NDArray[np.float64]

_BLOCK = 2_000_000  # numbers in one array of a block of variants
_ROUNDING = 1e-9
NOT_JUDGED = -1


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Arrays of shape (V, B): endline composite, change, the meaningful change on the variant's scale.

    `comparable` is the change in points of the framework: on another scale all changes are larger or smaller, and the
    meaningful one with them. `weights`, `slope_baseline`, `slope_endline` are (V, B, I): weights in use, and
    derivatives by each level in its unit. `judged`: enough of the variant's weight is in use.
    """

    endline: FloatArray
    change: FloatArray
    delta: FloatArray
    comparable: FloatArray
    judged: npt.NDArray[np.bool_]
    weights: FloatArray
    slope_baseline: FloatArray
    slope_endline: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """Arrays of shape (V, B): verdict, change, ranks.

    `outcome` is a place in `OUTCOMES`, -1 where not judged; `change` is in points of the framework; ranks are NaN
    where not judged.
    """

    outcome: npt.NDArray[np.int64]
    change: FloatArray
    rank_change: FloatArray
    rank_level: FloatArray


def evaluate(base: Base, variants: Variants) -> Evaluated:
    """Judge and rank all banks in all variants.

    Notes
    -----
    The error of a variant is that of its linearised change, from the covariance of the bank's indicators, with the
    degrees of freedom of the composite itself; p-values are adjusted by Holm within the variant. Goalposts that follow
    from the data are taken as given.
    """
    size = max(1, _BLOCK // max(2 * base.used.size, 1))
    parts = [_block(base, take(variants, rows)) for rows in _rows(len(variants.geometric), size)]
    return Evaluated(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Evaluated)))


def score(base: Base, variants: Variants) -> Scores:
    """Compute the composites of all banks in all variants; NaN where no weighted indicator is in use."""
    weights, judged = _effective(base, variants)
    per_unit, worst = variants.per_unit[:, None, :], variants.worst[:, None, :]
    levels = [(values - worst) * per_unit for values in (base.baseline, base.endline)]
    some = weights.sum(axis=2) > 0
    totals, slopes = [], []
    for scores in levels:
        floored = np.maximum(scores, variants.floor)
        plain = (weights * scores).sum(axis=2)
        geometric = np.exp((weights * np.log(floored)).sum(axis=2))
        bent = variants.geometric[:, None]
        totals.append(np.where(some, np.where(bent, geometric, plain), np.nan))
        curved = np.where(scores > variants.floor, geometric[:, :, None] * weights / floored, 0.0)
        slopes.append(np.where(bent[:, :, None], curved, weights) * per_unit)
    framework_unit = 100.0 / (base.best - base.worst)
    delta = base.delta * (weights * (per_unit / framework_unit)).sum(axis=2)
    change = totals[1] - totals[0]
    comparable = change * np.divide(base.delta, delta, out=np.full(delta.shape, np.nan), where=delta > 0)
    return Scores(totals[1], change, delta, comparable, judged & some, weights, *slopes)


def rank(values: FloatArray, judged: npt.NDArray[np.bool_]) -> FloatArray:
    """Rank each row, the largest first, ties sharing the better rank; NaN where not judged."""
    ranks = rankdata(np.where(judged, -values, np.inf), method="min", axis=1)
    return np.where(judged, ranks, np.nan)


def take(variants: Variants, rows: slice) -> Variants:
    """Return some of the variants."""
    chosen = {one.name: getattr(variants, one.name)[rows] for one in fields(variants) if one.name != "floor"}
    return replace(variants, **chosen)


def _rows(total: int, size: int) -> list[slice]:
    return [slice(start, start + size) for start in range(0, total, size)]


def _effective(base: Base, variants: Variants) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Return weights (V, B, I) made whole over the indicators in use, and where enough of the weight is in use."""
    shape = (len(variants.geometric), len(base.banks), base.weight.size)
    weights = np.broadcast_to(variants.within[:, None, :], shape) * base.used
    whole = np.zeros(variants.within.shape)
    for number in range(base.dimension_weight.size):
        own = base.dimension == number
        share = variants.dimensions[:, number]
        total = weights[:, :, own].sum(axis=2, keepdims=True)
        weights[:, :, own] *= np.divide(share[:, None, None], total, out=np.zeros_like(total), where=total > 0)
        full = variants.within[:, own].sum(axis=1, keepdims=True)
        whole[:, own] = variants.within[:, own] * np.divide(
            share[:, None], full, out=np.zeros_like(full), where=full > 0
        )
    total = weights.sum(axis=2, keepdims=True)
    weights = np.divide(weights, total, out=np.zeros(shape), where=total > 0)
    whole /= np.maximum(whole.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    share = np.einsum("vi,bi->vb", whole, base.used.astype(np.float64))
    return weights, share >= base.least_share - _ROUNDING


def _block(base: Base, variants: Variants) -> Evaluated:
    found = score(base, variants)
    variance, df = satterthwaite(*_variances(base, found))
    se = np.sqrt(variance)
    family = np.maximum(found.judged.sum(axis=1, keepdims=True), 1)
    low, high, p = t_interval(found.change, se, df, level=1 - base.alpha)
    sim_low, sim_high, _ = t_interval(found.change, se, df, level=1 - base.alpha / family)
    parts = {
        "change": found.change, "se": se, "ci_low": low, "ci_high": high, "sim_low": sim_low, "sim_high": sim_high,
        "p_holm": adjust_holm(p, found.judged),
    }  # fmt: skip
    outcome = np.where(found.judged, judge_changes(parts, alpha=base.alpha, delta=found.delta), NOT_JUDGED)
    return Evaluated(outcome, found.comparable, rank(found.change, found.judged), rank(found.endline, found.judged))


def _variances(base: Base, found: Scores) -> tuple[FloatArray, FloatArray]:
    """Return the variance of each variant's change from each source and its degrees of freedom, (sources, V, B)."""
    slopes = np.concatenate([-found.slope_baseline, found.slope_endline], axis=2)
    shape = (max(len(base.sources), 1), *found.change.shape)
    variances, dfs = np.zeros(shape), np.full(shape, np.nan)
    for row, source in enumerate(base.sources):
        own = slopes[:, :, source.column]
        variances[row] = variances_of(own, source.covariance) * source.raised
        dfs[row] = source.df
    return variances, dfs
