"""Wilcoxon's tests with the Hodges-Lehmann shift: of pairs, and of two samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy import special

from evaltools.errors import UsageError
from evaltools.stats.arrays import FloatArray
from evaltools.stats.design import require_choice
from evaltools.stats.intervals import require_level
from evaltools.stats.small import ranks
from evaltools.stats.small.inputs import read_vector, require_same_size
from evaltools.stats.small.searching import search_pairs, search_samples

Exact = Literal["auto"] | bool
ShiftMethod = Literal["exact", "permutation", "asymptotic", "none"]

SMALL = 50  # below, "auto" computes exactly where nothing is tied, as R does
MOST_EXACT_PAIRS, MOST_EXACT_VALUES = (
    400,
    150,
)  # beyond, exact distributions take minutes and change no digit that counts
MOST_AVERAGES = 25_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Shift:
    """A shift, its limits and its test.

    Attributes
    ----------
    estimate : float
        Hodges-Lehmann estimate in the unit of the values; NaN without values.
    ci_low, ci_high : float
        Limits; NaN where the level cannot be reached.
    p, statistic : float
        Two-sided p; V (sum of the ranks of positive differences) or W (Mann-Whitney count of x above y).
    n : int or (int, int)
        Pairs, or values of x and of y, without the missing ones.
    n_zero, n_missing : int
        Pairs without difference; pairs or values left out because one is missing.
    level : float
        Level that the limits have (exact limits have more than was asked).
    method : str
        "exact", "permutation" (exact with ties or zeros), "asymptotic", "none".
    flag : str
        ``no_pairs``, ``no_values``, ``no_variation``, ``level_not_reached``, joined by ";", or "".
    """

    estimate: float
    ci_low: float
    ci_high: float
    p: float
    statistic: float
    n: int | tuple[int, int]
    n_zero: int
    n_missing: int
    level: float
    method: ShiftMethod
    flag: str


def hodges_lehmann(
    x: Any,
    y: Any = None,
    *,
    paired: bool,
    exact: Exact = "auto",
    correct: bool = False,
    level: float = 0.95,
    tolerance: float | None = None,
) -> Shift:
    """Estimate by how much x lies above y, with Wilcoxon's test of no shift.

    Parameters
    ----------
    x, y : vectors
        Endline and baseline, so that the shift is endline minus baseline. NaN: missing. With `paired` row i of both is
        a pair; `y` None: x holds differences.
    paired
        True: signed ranks of the differences. False: rank sum of two independent samples.
    exact
        "auto": exact below 50 pairs (values of each sample) without ties and zeros, else asymptotic. True: exact
        always; with ties or zeros by permutation. False: asymptotic.
    correct
        Continuity correction of the asymptotic test and limits.
    level
        Confidence level.
    tolerance
        None: asymptotic estimate and limits are taken at the jump of the statistic. A number: they are searched to this
        tolerance, as R does (its `tol.root` is 1e-4), and are off by as much. Exact results do not search.

    Returns
    -------
    Shift
        The estimate is the median of all averages of two differences (paired) or of all differences x - y; it is not
        the difference of the medians.

    Raises
    ------
    UsageError
        ``small-vector``, ``small-sizes``, ``small-averages``, ``small-exact-size``, ``option-value``,
        ``option-range``, and ``option-pair`` for `correct` with `exact=True`.

    Notes
    -----
    Differences that agree to 12 digits of the largest value are taken as equal. Zeros are left out of the paired test
    as R does. "exact": equals R 4.2.2 `wilcox.test`. "asymptotic": p as R; the limits are R's definition, the shift
    at which the statistic crosses the normal quantile; where the statistic is 0 on a whole interval the estimate is its
    middle. "permutation": p over all 2^n signs
    or all choices of ranks with mid-ranks (R coin); the limits are the order statistics of the exact case, zeros
    included, which then hold at least their level. Where there are zeros, p and limits can disagree; the limits are
    the cautious ones.
    Source: Hodges and Lehmann (1963), Ann. Math. Stat. 34; Hollander, Wolfe, Chicken (2014), ch. 3 and 4; Noether
    (1967), J. Am. Stat. Assoc. 62, for limits with ties; Streitberg and Röhmel (1986), Statistical Software Newsletter
    12, for the distributions.
    """
    if exact is not True and exact is not False:
        require_choice("exact", exact, ("auto", "True", "False"))
    if correct and exact is True:
        raise UsageError("option-pair", option="correct", value=True, other="exact", other_value=True)
    if tolerance is not None and exact is True:
        raise UsageError("option-pair", option="tolerance", value=tolerance, other="exact", other_value=True)
    if tolerance is not None and not tolerance > 0:
        raise UsageError("option-range", option="tolerance", value=repr(tolerance), low=0, high="inf")
    level = require_level(level)
    first = read_vector("x", x)
    if paired:
        return _of_pairs(first, y, exact, correct, level, tolerance)
    if y is None:
        raise UsageError("option-pair", option="y", value=None, other="paired", other_value=False)
    return _of_samples(first, read_vector("y", y), exact, correct, level, tolerance)


def _of_pairs(x: FloatArray, y: Any, exact: Exact, correct: bool, level: float, tolerance: float | None) -> Shift:
    if y is None:
        given = _snap(x, np.nanmax(np.abs(x), initial=0.0))
    else:
        second = read_vector("y", y)
        require_same_size(x=x.size, y=second.size)
        given = _snap(x - second, max(np.nanmax(np.abs(x), initial=0.0), np.nanmax(np.abs(second), initial=0.0)))
    differences = given[~np.isnan(given)]
    moved = differences[differences != 0]
    counts = {
        "n": differences.size,
        "n_zero": differences.size - moved.size,
        "n_missing": given.size - differences.size,
    }
    if not moved.size:
        reason = "no_variation" if differences.size else "no_pairs"
        return _without_test(0.0 if differences.size else np.nan, level, reason, counts)
    tied = np.unique(np.abs(moved)).size < moved.size or moved.size < differences.size
    rank = ranks.double_ranks(np.abs(moved))
    doubled = int(rank[moved > 0].sum())
    if exact is True or (exact == "auto" and not tied and differences.size < SMALL):
        _require_exact_size(differences.size, MOST_EXACT_PAIRS)
        averages = _averages(differences)
        steps = np.arange(1, differences.size + 1, dtype=np.int64)
        p = ranks.two_sided(ranks.signed_rank_chances(rank), doubled, (int(rank.sum()), 2))
        limits = _exact_limits(averages, ranks.signed_rank_chances(steps), level)
        return _shift(averages, limits, p, doubled / 2, "permutation" if tied else "exact", counts)
    averages = _averages(moved)
    n = float(moved.size)
    spread = _signed_spread(n, ranks.tie_term(np.abs(moved)))
    p = _normal_p(doubled / 2 - n * (n + 1) / 4, spread, correct)
    # between two jumps only equal differences are tied, not those of equal size on either side
    between = _signed_spread(n, ranks.tie_term(moved))
    reached = _pairs_reach(moved, correct, level)
    limits = _crossings(averages, between, correct, level) if reached else (np.nan, np.nan, level)
    found = _shift(averages, limits, p, doubled / 2, "asymptotic", counts)
    if tolerance is None or not reached:
        return found
    estimate, low, high = search_pairs(moved, correct, level, tolerance)
    return replace(found, estimate=estimate, ci_low=low, ci_high=high)


def _of_samples(
    x: FloatArray, y: FloatArray, exact: Exact, correct: bool, level: float, tolerance: float | None
) -> Shift:
    missing = int(np.isnan(x).sum() + np.isnan(y).sum())
    x, y = x[~np.isnan(x)], y[~np.isnan(y)]
    counts = {"n": (x.size, y.size), "n_zero": 0, "n_missing": missing}
    if not (x.size and y.size):
        return _without_test(np.nan, level, "no_values", counts)
    values = np.concatenate((x, y))
    total = values.size
    tied = np.unique(values).size < total
    if np.unique(values).size == 1:
        return _without_test(0.0, level, "no_variation", counts)
    rank = ranks.double_ranks(values)
    doubled = int(rank[: x.size].sum())
    statistic = doubled / 2 - x.size * (x.size + 1) / 2
    _require_averages(x.size * y.size)
    differences = np.sort((x[:, None] - y[None, :]).ravel())
    if exact is True or (exact == "auto" and not tied and max(x.size, y.size) < SMALL):
        _require_exact_size(total, MOST_EXACT_VALUES)
        chance = ranks.rank_sum_chances(rank, x.size)
        p = ranks.two_sided(chance, doubled, (x.size * int(rank.sum()), total))
        steps = np.arange(1, total + 1, dtype=np.int64)
        lowest = x.size * (x.size + 1) // 2
        limits = _exact_limits(differences, ranks.rank_sum_chances(steps, x.size)[lowest:], level)
        return _shift(differences, limits, p, statistic, "permutation" if tied else "exact", counts)
    spread = _sum_spread(x.size, y.size, ranks.tie_term(values))
    p = _normal_p(statistic - x.size * y.size / 2, spread, correct)
    between = _sum_spread(x.size, y.size, ranks.tie_term(x) + ranks.tie_term(y))
    limits = _crossings(differences, between, correct, level)
    found = _shift(differences, limits, p, statistic, "asymptotic", counts)
    if tolerance is None or np.isnan(limits[0]):
        return found
    estimate, low, high = search_samples(x, y, correct, level, tolerance)
    return replace(found, estimate=estimate, ci_low=low, ci_high=high)


def _shift(
    sorted_values: FloatArray,
    limits: tuple[float, float, float],
    p: float,
    statistic: float,
    method: ShiftMethod,
    counts: dict[str, Any],
) -> Shift:
    low, high, level = limits
    flag = "" if np.isfinite(low) else "level_not_reached"
    return Shift(_middle(sorted_values), low, high, p, statistic, level=level, method=method, flag=flag, **counts)


def _without_test(estimate: float, level: float, reason: str, counts: dict[str, Any]) -> Shift:
    nan = float("nan")
    return Shift(estimate, nan, nan, nan, nan, level=level, method="none", flag=reason, **counts)


def _snap(differences: FloatArray, largest: float) -> FloatArray:
    """Round away what subtracting decimals leaves, so that equal differences are equal."""
    if largest <= 0:
        return differences
    return np.round(differences, int(np.clip(12 - np.ceil(np.log10(largest)), -300, 300)))


def _averages(differences: FloatArray) -> FloatArray:
    n = differences.size
    _require_averages(n * (n + 1) // 2)
    row, column = np.triu_indices(n)
    return np.sort((differences[row] + differences[column]) / 2)


def _middle(sorted_values: FloatArray) -> float:
    half = sorted_values.size // 2
    if sorted_values.size % 2:
        return float(sorted_values[half])
    return float((sorted_values[half - 1] + sorted_values[half]) / 2)


def _exact_limits(sorted_values: FloatArray, chance: FloatArray, level: float) -> tuple[float, float, float]:
    """Return the order statistics whose tails are below (1 - level)/2, and the level that they have."""
    at, tail = ranks.lower_quantile(chance, (1 - level) / 2)
    if at == 0:
        return np.nan, np.nan, 1 - 2 * float(chance[0])
    return float(sorted_values[at - 1]), float(sorted_values[sorted_values.size - at]), 1 - 2 * tail


def _crossings(sorted_values: FloatArray, spread: float, correct: bool, level: float) -> tuple[float, float, float]:
    """Return the jumps at which the statistic, a count of values above d, crosses the two normal quantiles."""
    size = sorted_values.size
    needed = float(special.ndtri((1 + level) / 2)) * spread
    above = size - np.arange(1, size + 1) - size / 2  # just right of each value
    if correct:
        above = above - 0.5 * np.sign(above)
    if size / 2 - 0.5 * correct < needed:
        return np.nan, np.nan, level
    low, high = int(np.argmax(above < needed)), int(np.argmax(above < -needed))
    return float(sorted_values[low]), float(sorted_values[high]), level


def _pairs_reach(moved: FloatArray, correct: bool, level: float) -> bool:
    """Return whether the statistic at both extreme differences passes the quantile, R's condition for limits."""
    needed = float(special.ndtri((1 + level) / 2))
    for end in (moved.min(), moved.max()):
        rest = moved[moved != end] - end  # all on one side
        n = float(rest.size)
        if not n or n * (n + 1) / 4 - 0.5 * correct < needed * _signed_spread(n, ranks.tie_term(np.abs(rest))):
            return False
    return True


def _signed_spread(n: float, ties: float) -> float:
    return float(np.sqrt(n * (n + 1) * (2 * n + 1) / 24 - ties / 48))


def _sum_spread(first: int, second: int, ties: float) -> float:
    total = float(first + second)
    return float(np.sqrt(first * second / 12 * ((total + 1) - ties / (total * (total - 1)))))


def _normal_p(distance: float, spread: float, correct: bool) -> float:
    away = abs(distance) - (0.5 if correct and distance else 0.0)
    return float(min(2 * special.ndtr(-away / spread), 1.0))


def _require_exact_size(n: int, most: int) -> None:
    if n > most:
        raise UsageError("small-exact-size", values=n, most=most)


def _require_averages(count: int) -> None:
    if count > MOST_AVERAGES:
        raise UsageError("small-averages", count=count, most=MOST_AVERAGES)
