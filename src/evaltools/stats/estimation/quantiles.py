"""Quantiles of all domains and waves from one sort, by the rule of R's `svyquantile`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evaltools.stats.arrays import BoolArray, FloatArray, IntArray, count_by
from evaltools.stats.estimation.places import Places

_BITS = 26


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """One item's answers, sorted within S slots; K answers with positive weight.

    Attributes
    ----------
    values : float array, shape (K,)
        Answers in ascending order within each slot.
    cumulated : float array, shape (K,)
        Weight up to and with each answer, within its slot.
    start, count : int arrays, shape (S,)
        Where each slot begins, and how many answers it has.
    total : float array, shape (S,)
        Weight of each slot.
    """

    values: FloatArray
    cumulated: FloatArray
    start: IntArray
    count: IntArray
    total: FloatArray


def rank_answers(places: Places, values: FloatArray, present: BoolArray) -> Ranked:
    """Sort an item's answers within domain and wave, and cumulate their weights.

    Parameters
    ----------
    places
        Rows, N of them.
    values : float array, shape (N,)
        Answers.
    present : bool array, shape (N,)
        Which are there and have a positive weight.
    """
    row = np.flatnonzero(present)
    row = row[np.argsort(values[row], kind="stable")]
    row = row[np.argsort(places.slot[row], kind="stable")]
    count = count_by(places.slot[row], places.n_slots)
    start = np.cumsum(count) - count
    cumulated = _cumulate(places.weight[row], start, count)
    total = np.zeros(places.n_slots)
    held = count > 0
    total[held] = cumulated[(start + count - 1)[held]]
    return Ranked(values[row], cumulated, start, count, total)


def find_quantiles(ranked: Ranked, p: float) -> FloatArray:
    """Return the smallest answer of each slot up to which the share of the weight reaches p; shape (S,), NaN if none.

    Notes
    -----
    Sums of weights are exact, then rounded, and compared as R compares them: where a share equals p but for the
    rounding of p times the sum, the answer may be the next one, as in R.
    Source: Hyndman and Fan (1996), Am. Stat. 50, definition 1. Equals R survey 4.1.1 `svyquantile(qrule = "math")`,
    except where p is below the share of the smallest answer: there R gives the second smallest.
    """
    return _take(ranked, np.full(ranked.start.size, p), lowest=0)


def invert_shares(ranked: Ranked, share: FloatArray) -> FloatArray:
    """Return the quantile of each slot at its own share, shape (S,); NaN where the share is not between 0 and 1.

    A share below that of the smallest answer gives the second smallest, as R survey 4.1.1 does for limits.
    """
    with np.errstate(invalid="ignore"):
        inside = (share >= 0) & (share <= 1)
    return np.where(inside, _take(ranked, np.where(inside, share, 0.5), lowest=1), np.nan)


def first_where(ranked: Ranked, test: Callable[[FloatArray], BoolArray]) -> FloatArray:
    """Return the smallest answer of each slot at which a test of the share up to it holds; shape (S,), NaN if none.

    Parameters
    ----------
    ranked
        Sorted answers.
    test
        Takes shares (S,) and says where the test holds (S,); it holds for all shares above one for which it does.
    """
    low, high = ranked.start.copy(), ranked.start + ranked.count
    last = max(ranked.values.size - 1, 0)
    while (low < high).any():
        middle = (low + high) // 2
        at = np.minimum(middle, last)
        with np.errstate(invalid="ignore", divide="ignore"):
            holds = test(ranked.cumulated[at] / ranked.total)
        open_ = low < high
        high = np.where(open_ & holds, middle, high)
        low = np.where(open_ & ~holds, middle + 1, low)
    found = low < ranked.start + ranked.count
    return np.where(found, ranked.values[np.minimum(low, last)] if ranked.values.size else np.nan, np.nan)


def _take(ranked: Ranked, share: FloatArray, *, lowest: int) -> FloatArray:
    """Return the answer at a share (S,); `lowest` is the place of the one below the first answer's share."""
    if not ranked.values.size:
        return np.full(share.size, np.nan)
    below = _count_up_to(ranked, share * ranked.total)
    at = np.maximum(below - 1, 0)
    last = np.maximum(ranked.count - 1, 0)
    reached = np.minimum(ranked.start + at, ranked.values.size - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        exact = share - ranked.cumulated[reached] / ranked.total == 0
    step = np.where(exact, at, np.minimum(at + 1, last))
    step = np.where((below == 0) & ~exact, np.minimum(lowest, last), step)
    found = ranked.values[np.minimum(ranked.start + step, ranked.values.size - 1)]
    return np.where(ranked.count > 0, found, np.nan)


def _count_up_to(ranked: Ranked, weight: FloatArray) -> IntArray:
    """Return how many answers of each slot have a cumulated weight of at most `weight` (S,)."""
    low, high = ranked.start.copy(), ranked.start + ranked.count
    while (low < high).any():
        middle = (low + high) // 2
        inside = low < high
        holds = inside & (ranked.cumulated[np.minimum(middle, ranked.values.size - 1)] <= weight)
        low = np.where(holds, middle + 1, low)
        high = np.where(inside & ~holds, middle, high)
    return low - ranked.start


def _cumulate(weight: FloatArray, start: IntArray, count: IntArray) -> FloatArray:
    """Cumulate weights (K,) within slots, exactly, and round once.

    Each weight is split into three whole numbers of 26 bits, whose sums lose nothing whatever their order.
    """
    if not weight.size:
        return weight
    left = np.ldexp(weight, _BITS - int(np.frexp(weight.max())[1]))
    total = np.zeros(weight.size)
    parts = []
    for _ in range(3):
        whole = np.rint(left)
        running = np.cumsum(whole.astype(np.int64))
        before = np.where(start > 0, running[np.maximum(start - 1, 0)], 0)
        parts.append((running - np.repeat(before, count)).astype(np.float64))
        left = np.ldexp(left - whole, _BITS)
    for part in reversed(parts):  # the smallest first, so that one rounding is left
        total = part + np.ldexp(total, -_BITS)
    return np.ldexp(total, int(np.frexp(weight.max())[1]) - _BITS)
