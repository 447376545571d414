"""Exact distributions of rank sums, and the tails and quantiles that tests and limits take from them."""

from __future__ import annotations

import numpy as np
from scipy import stats

from evaltools.stats.arrays import FloatArray, IntArray

FUZZ = 10 * np.finfo(np.float64).eps  # a quantile's tail counts as reached when it is short by rounding only


def double_ranks(values: FloatArray) -> IntArray:
    """Return twice the mid-ranks: whole numbers also where values are tied."""
    return np.rint(2 * stats.rankdata(values)).astype(np.int64)


def tie_term(values: FloatArray) -> float:
    """Return the sum of t^3 - t over groups of t equal values."""
    count = np.unique(values, return_counts=True)[1].astype(np.float64)
    return float((count**3 - count).sum())


def signed_rank_chances(ranks: IntArray) -> FloatArray:
    """Return the chance of each sum 0 .. sum(ranks) when every rank counts with chance 1/2."""
    chance = np.zeros(int(ranks.sum()) + 1)
    chance[0] = 1.0
    top = 0
    for rank in ranks:
        top += int(rank)
        chance[int(rank) : top + 1] += chance[: top + 1 - int(rank)].copy()
        chance[: top + 1] *= 0.5
    return chance


def rank_sum_chances(ranks: IntArray, drawn: int) -> FloatArray:
    """Return the chance of each sum 0 .. sum(ranks) of `drawn` ranks when all choices are as likely."""
    total = int(ranks.sum())
    ways = np.zeros((drawn + 1, total + 1))
    ways[0, 0] = 1.0
    for rank in ranks:
        ways[1:, int(rank) :] += ways[:-1, : total + 1 - int(rank)].copy()
    found: FloatArray = ways[drawn] / ways[drawn].sum()
    return found


def two_sided(chance: FloatArray, value: int, centre: tuple[int, int]) -> float:
    """Return the chance of a sum at least as far from its mean, `centre[0] / centre[1]`, as `value`."""
    top, bottom = centre
    away = np.abs(np.arange(chance.size) * bottom - top)
    return min(float(chance[away >= abs(value * bottom - top)].sum()), 1.0)


def lower_quantile(chance: FloatArray, tail: float) -> tuple[int, float]:
    """Return the least sum whose lower tail reaches `tail`, and the tail below it."""
    cumulative = np.cumsum(chance)
    at = int(np.argmax(cumulative >= tail - FUZZ))
    return at, float(cumulative[at - 1]) if at else 0.0
