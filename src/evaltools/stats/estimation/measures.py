"""Standard errors and degrees of freedom of levels, by linearisation or by replicate weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from evaltools.stats.arrays import BoolArray, FloatArray, IntArray
from evaltools.stats.estimation.places import Places, place_rows, sum_indicator
from evaltools.stats.estimation.quantiles import Ranked, find_quantiles, rank_answers
from evaltools.stats.estimation.replicate_variance import (
    Spread,
    rank_df,
    read_pair,
    replicate_levels,
    require_replicates,
    spread_of,
)
from evaltools.stats.estimation.replicates import Replicates
from evaltools.stats.estimation.statistic import Statistic, recoding_of
from evaltools.stats.levels import Stat
from evaltools.stats.sums import Item, ItemSums, Recoding, Source

Pair = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class QuantileSums:
    """A quantile of one item in S slots, and the share of answers up to it.

    Attributes
    ----------
    ranked
        Sorted answers.
    quantile : float array, shape (S,)
        NaN where there is no answer.
    sums
        Totals of the 0/1 value "at most the quantile".
    pair
        That value and whether there is an answer, by row.
    """

    ranked: Ranked
    quantile: FloatArray
    sums: ItemSums
    pair: Pair


def sum_quantile(source: Source, places: Places, item: Item, p: float) -> QuantileSums:
    """Find an item's quantiles, and sum the answers up to them."""
    values, present = read_pair(places, item, None)
    ranked = rank_answers(places, values, present > 0)
    quantile = find_quantiles(ranked, p)
    with np.errstate(invalid="ignore"):
        inside = ((values <= quantile[places.slot]) & (present > 0)).astype(np.float64)
    sums = sum_indicator(places, source.sample, inside, present)
    return QuantileSums(ranked, quantile, sums, (inside, present))


@dataclass(frozen=True, slots=True, eq=False)
class Replication:
    """Replicate weights at work: rows, what the weights are, the recoding of answers."""

    places: Places
    replicates: Replicates
    recode: Recoding | None


def replicate_item(replication: Replication, item: Item, sums: ItemSums, stat: Stat, pair: Pair | None) -> FloatArray:
    """Return an item's levels with each replicate weight, minus its origin; shape (S, R).

    `pair` holds numerator and denominator by row where they are not the item's own answers.
    """
    pair = read_pair(replication.places, item, replication.recode) if pair is None else pair
    return replicate_levels(replication.places, replication.replicates, pair, sums, stat)


def replicate_spread(replication: Replication, levels: FloatArray, estimate: FloatArray) -> Spread:
    """Return the spread of levels (D, R) about the estimate (D,), or about their mean."""
    return spread_of(replication.replicates, levels, estimate)


def logit_error(replication: Replication, levels: FloatArray, share: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return the standard error of shares that their spread on the logit scale stands for, and where that has gaps.

    Parameters
    ----------
    replication
        Replicate weights.
    levels : float array, shape (D, R)
        Shares with each replicate weight; one of 0 or 1 has no logit, and is left out.
    share : float array, shape (D,)
        Of the full sample.

    Notes
    -----
    se(logit p) p (1 - p), with the variance of the replicated logits. Equals R survey 4.1.1
    `svyciprop(method = "logit")` on `svrepdesign`, where no replicate share is 0 or 1: there R's fit does not converge.
    """
    inner = (levels > 0) & (levels < 1)
    logits = np.where(inner, special.logit(np.where(inner, levels, 0.5)), np.nan)
    between = (share > 0) & (share < 1)
    centre = special.logit(np.where(between, share, 0.5))
    spread = spread_of(replication.replicates, logits, centre)
    return np.sqrt(np.maximum(spread.variance, 0.0)) * share * (1 - share), spread.undefined & between


def domain_ranks(replication: Replication, item: Item, slots: Sequence[IntArray]) -> FloatArray:
    """Return the degrees of freedom of the rows that answer an item in some slots, one set of slots a value."""
    places = replication.places
    names = item if isinstance(item, tuple) else (item,)
    present = places.weight > 0
    for name in names:
        present &= read_pair(places, name, None)[1] > 0
    groups: list[BoolArray] = [present & np.isin(places.slot, chosen) for chosen in slots]
    return rank_df(places, replication.replicates, groups)


def design_rank(replication: Replication) -> int:
    """Return the degrees of freedom of all rows, the rank of the replicate weights minus 1."""
    every = np.ones(replication.places.weight.size, dtype=np.bool_)
    return int(rank_df(replication.places, replication.replicates, [every])[0])


def open_replication(source: Source, statistic: Statistic) -> Replication | None:
    """Return the replicate weights of a source's design at work, or None where it has none."""
    replicates = source.design.replicates
    if replicates is None:
        return None
    require_replicates(source.frame, source.design)
    return Replication(place_rows(source), replicates, recoding_of(statistic))
