"""Confidence sets of ranks, and how likely each unit is in the best and the worst third."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import BoolArray, FloatArray
from evaltools.stats.design import require_choice
from evaltools.stats.intervals import require_level
from evaltools.stats.ranking.draws import draw_errors
from evaltools.stats.ranking.pairs import Pairs, Sides, compare_pairs, surely_better, surely_better_of_one
from evaltools.stats.reasons import Reasons, add_reason, no_reasons
from evaltools.stats.streams import require_replicates, require_seed

Best = Literal["high", "low"]

LEAST_REPLICATES = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """The units that have a rank: R of D.

    Attributes
    ----------
    position : int array, shape (R,)
        Where they stand among all D.
    value : float array, shape (R,)
        Their estimates, signed so that large is good.
    pairs : Pairs
        Their comparisons.
    sure : bool array, shape (R,)
        Their error is known.
    se : float array, shape (D,)
        Standard errors of all units.
    flags : object array, shape (D,)
        Reasons of all units.
    """

    position: npt.NDArray[np.int64]
    value: FloatArray
    pairs: Pairs
    sure: BoolArray
    se: FloatArray
    flags: Reasons


def rank_sets(
    estimate: npt.ArrayLike,
    covariance: npt.ArrayLike,
    *,
    df: npt.ArrayLike | None = None,
    level: float = 0.95,
    best: Best = "high",
    replicates: int = 10_000,
    seed: int,
    sides: Sides = "two-sided",
) -> pd.DataFrame:
    """Rank units, with confidence sets of the ranks.

    Parameters
    ----------
    estimate : array, shape (D,)
        One value a unit. NaN: the unit has no rank and does not count among the others.
    covariance : array, shape (D, D)
        Joint covariance of the estimates, unit squared; units that share respondents are not independent. Rows and
        columns of a unit without an estimate may be NaN.
    df : array, shape (D,), or number, optional
        Degrees of freedom. The smallest of the ranked units serves for all: errors are drawn from a multivariate t.
        None: normal.
    level
        Confidence level, between 0 and 1.
    best
        "high": the largest value has rank 1. "low": the smallest.
    replicates
        Draws of the joint errors, 1,000 to 1,000,000.
    seed
        0 .. 2^64 - 1; the same seed gives the same sets.
    sides
        Of the marginal sets. "lower" bounds ranks from below only (how good at best; the high limit is the number of
        units), "upper" from above only. Simultaneous sets are two-sided always.

    Returns
    -------
    frame
        Columns `[position, estimate, se, rank, marginal_low, marginal_high, simultaneous_low, simultaneous_high,
        p_best_third, p_worst_third, flag]`, one row a unit in the order given. `rank` is 1 + the number of better
        units, so ties share the smaller rank. A marginal set covers the true rank of its unit with probability
        `level`, the simultaneous sets those of all units together. Ranks are nullable whole numbers.
        `p_best_third` is the share of draws around the estimates in which the unit has rank m or better, m = D/3
        rounded down. `flag`: ``not_estimated`` (no rank), ``no_variation`` (se = 0) and ``no_df``: a rank, but told
        apart from nobody and no probabilities; ``under_three``: fewer than three units, no thirds.

    Raises
    ------
    UsageError
        ``ranks-shape``, ``ranks-covariance`` (not a covariance), ``option-range``, ``option-value``.

    Notes
    -----
    Unit j's set is {1 + surely better units, ..., D - surely worse units}; see `told_apart`.
    Source: Mogstad, Romano, Shaikh, Wilhelm (2024), Rev. Econ. Stud. 91, 476-518. Equals the R package csranks.
    """
    level = require_level(level)
    require_choice("sides", sides, get_args(Sides))
    ranked = prepare_ranks(estimate, covariance, df, best, replicates, seed)
    better = surely_better(ranked.pairs, level)
    size = ranked.position.size
    single = [surely_better_of_one(ranked.pairs, unit, level, sides) for unit in range(size)]
    columns = {
        "rank": 1 + np.count_nonzero(ranked.value > ranked.value[:, None], axis=1),
        "marginal_low": np.array([1 + np.count_nonzero(over) for over, _ in single], dtype=np.int64),
        "marginal_high": np.array([size - np.count_nonzero(under) for _, under in single], dtype=np.int64),
        "simultaneous_low": 1 + np.count_nonzero(better, axis=0),
        "simultaneous_high": size - np.count_nonzero(better, axis=1),
    }
    values = np.asarray(estimate, dtype=np.float64)
    table = pd.DataFrame({"position": np.arange(values.size), "estimate": values, "se": ranked.se})
    for name, found in columns.items():
        table[name] = pd.array([pd.NA] * values.size, dtype="Int64")
        table.loc[ranked.position, name] = found
    for name, share in zip(("p_best_third", "p_worst_third"), _thirds(ranked), strict=True):
        table[name] = np.nan
        table.loc[ranked.position, name] = share
    table["flag"] = pd.array(ranked.flags, dtype="str")
    return table


def told_apart(
    estimate: npt.ArrayLike,
    covariance: npt.ArrayLike,
    *,
    df: npt.ArrayLike | None = None,
    level: float = 0.95,
    best: Best = "high",
    replicates: int = 10_000,
    seed: int,
) -> BoolArray:
    """Say which units are surely better than which; the statements from which the simultaneous sets come.

    Parameters
    ----------
    estimate, covariance, df, level, best, replicates, seed
        As in `rank_sets`.

    Returns
    -------
    bool array, shape (D, D)
        [j, k]: unit j is surely better than unit k. All statements hold together with probability `level`. False for
        units without a rank.

    Raises
    ------
    UsageError
        As `rank_sets`.

    Notes
    -----
    H_jk "j is not better than k" is rejected where (x_j - x_k)/se_jk exceeds c, the level-quantile of the largest
    (e_j - e_k)/se_jk over the pairs not rejected yet; repeated until nothing more is rejected.
    Source: as `rank_sets`.
    """
    level = require_level(level)
    ranked = prepare_ranks(estimate, covariance, df, best, replicates, seed)
    apart = np.zeros((ranked.se.size, ranked.se.size), dtype=np.bool_)
    apart[np.ix_(ranked.position, ranked.position)] = surely_better(ranked.pairs, level)
    return apart


def prepare_ranks(
    estimate: npt.ArrayLike,
    covariance: npt.ArrayLike,
    df: npt.ArrayLike | None,
    best: Best,
    replicates: int,
    seed: int,
) -> Ranked:
    """Check what is given, leave out units without an estimate, and draw the errors of the others."""
    require_choice("best", best, get_args(Best))
    replicates, seed = require_replicates(replicates, LEAST_REPLICATES), require_seed(seed)
    values, matrix = np.asarray(estimate, dtype=np.float64), np.asarray(covariance, dtype=np.float64)
    if values.ndim != 1 or matrix.shape != (values.size, values.size):
        raise UsageError("ranks-shape", estimate=values.shape, covariance=matrix.shape)
    variance = matrix.diagonal()
    known = np.isfinite(values) & np.isfinite(variance)
    kept = matrix[np.ix_(known, known)]
    _require_covariance(kept)
    freedom = _degrees(df, values.shape)
    sure = (variance > 0) & ~((freedom <= 0) | np.isnan(freedom))
    flags = no_reasons(values.size)
    add_reason(flags, ~known, "not_estimated")
    add_reason(flags, known & (variance == 0), "no_variation")
    add_reason(flags, known & ((freedom <= 0) | np.isnan(freedom)), "no_df")
    if np.count_nonzero(known) < 3:
        add_reason(flags, known, "under_three")
    smallest = float(freedom[known & sure].min(initial=np.inf))
    errors = draw_errors(kept, smallest if np.isfinite(smallest) else None, replicates, seed)
    signed = values[known] if best == "high" else -values[known]
    with np.errstate(invalid="ignore"):
        se = np.sqrt(np.where(variance >= 0, variance, np.nan))
    pairs = compare_pairs(signed, kept, sure[known], errors)
    return Ranked(np.flatnonzero(known), signed, pairs, sure[known], se, flags)


def _require_covariance(matrix: FloatArray) -> None:
    size = np.sqrt(np.abs(matrix.diagonal()))
    finite = bool(np.isfinite(matrix).all())
    if not finite or (matrix.diagonal() < 0).any() or (np.abs(matrix - matrix.T) > 1e-9 * size[:, None] * size).any():
        raise UsageError("ranks-covariance", units=matrix.shape[0])


def _degrees(df: npt.ArrayLike | None, shape: tuple[int, ...]) -> FloatArray:
    if df is None:
        return np.full(shape, np.inf)
    given = np.asarray(df, dtype=np.float64)
    if given.shape not in {(), shape}:
        raise UsageError("ranks-shape", estimate=shape, covariance=given.shape)
    return np.broadcast_to(given, shape)


def _thirds(ranked: Ranked) -> tuple[FloatArray, FloatArray]:
    """Return the share of draws in the best and in the worst third; NaN where that cannot be said."""
    size = ranked.position.size
    if size < 3:
        return np.full(size, np.nan), np.full(size, np.nan)
    third = size // 3
    drawn = ranked.value[:, None] + ranked.pairs.errors
    ordered = np.sort(drawn, axis=0)
    best = np.mean(drawn >= ordered[size - third], axis=1)
    worst = np.mean(drawn <= ordered[third - 1], axis=1)
    return np.where(ranked.sure, best, np.nan), np.where(ranked.sure, worst, np.nan)
