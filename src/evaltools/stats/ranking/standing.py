"""League tables that order nobody who cannot be told apart without saying so."""

from __future__ import annotations

from string import ascii_lowercase

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import BoolArray, IntArray

DASH = "–"
_NEEDED = ("position", "rank", "flag")


def league(ranks: pd.DataFrame, apart: npt.ArrayLike) -> pd.DataFrame:
    """Lay out ranks as a table in which every order that is shown is either established or marked as open.

    Parameters
    ----------
    ranks : frame, D rows
        From `rank_sets`.
    apart : bool array, shape (D, D)
        From `told_apart` with the same arguments.

    Returns
    -------
    frame
        Columns `[position, rank, rank_range, n_better, n_worse, n_alike, tier, groups, order_open, flag]`, best first;
        units of one rank in the order given, units without a rank last. `n_better`, `n_worse` and `n_alike` count the
        units that are surely better, surely worse, and not told apart. `rank_range` is the simultaneous set as text,
        "2–7" or "3". `tier`: every unit of a tier is surely better than every unit of the next one. `groups` holds
        letters as `order_groups` forms groups: units that share a letter are not told apart. `order_open`: not told
        apart from the unit in the row below.

    Raises
    ------
    UsageError
        ``league-ranks`` where `ranks` lacks a column or `apart` does not belong to it.

    Notes
    -----
    Source: Goldstein and Spiegelhalter (1996), J. R. Stat. Soc. A 159, on what a league table may claim; the sets as
    `rank_sets`.
    """
    beaten = np.asarray(apart)
    missing = [name for name in _NEEDED if name not in ranks]
    if missing or beaten.dtype != np.bool_ or beaten.shape != (len(ranks), len(ranks)):
        raise UsageError("league-ranks", missing=missing, rows=len(ranks), shape=beaten.shape)
    rank = ranks["rank"].to_numpy(dtype=np.float64, na_value=np.nan)
    order = np.argsort(np.where(np.isnan(rank), np.inf, rank), kind="stable").astype(np.int64)
    shown = order[~np.isnan(rank[order])]
    inside = beaten[np.ix_(shown, shown)]
    better, worse = np.count_nonzero(inside, axis=0), np.count_nonzero(inside, axis=1)
    columns = {
        "rank": rank[shown], "n_better": better, "n_worse": worse, "n_alike": shown.size - 1 - better - worse,
        "tier": _tiers(inside),
    }  # fmt: skip
    ranges = [_range(int(low), int(high)) for low, high in zip(1 + better, shown.size - worse, strict=True)]
    texts = {"rank_range": ranges, "groups": _letters(inside)}
    table = pd.DataFrame({"position": ranks["position"].to_numpy()[order]})
    for name in ("rank", "rank_range", "n_better", "n_worse", "n_alike", "tier", "groups"):
        if name in texts:
            table[name] = pd.array(texts[name] + [""] * (order.size - shown.size), dtype="str")
        else:
            held = columns[name].astype(np.int64).tolist()
            table[name] = pd.array([*held, *[pd.NA] * (order.size - shown.size)], dtype="Int64")
    below = np.zeros(order.size, dtype=np.bool_)
    below[: max(shown.size - 1, 0)] = ~inside.diagonal(1)
    table["order_open"] = below
    table["flag"] = pd.array(ranks["flag"].to_numpy()[order], dtype="str")
    return table


def order_groups(apart: npt.ArrayLike) -> list[tuple[int, ...]]:
    """Return the largest groups of units of which no two are told apart.

    Parameters
    ----------
    apart : bool array, shape (D, D)
        [j, k]: unit j is surely better than unit k.

    Returns
    -------
    list of tuples of int
        Positions, ascending; groups overlap where "not told apart" is not transitive, and every pair that is not told
        apart shares a group. Sorted.

    Notes
    -----
    Starts from one group; each pair that is told apart splits the groups that hold both; groups inside others go.
    Source: Piepho (2004), J. Comput. Graph. Stat. 13, 456-466 (insert and absorb).
    """
    beaten = np.asarray(apart, dtype=np.bool_)
    groups = {frozenset(range(beaten.shape[0]))}
    for first, second in zip(*np.nonzero(np.triu(beaten | beaten.T)), strict=True):
        both = {group for group in groups if first in group and second in group}
        parts = {group - {int(unit)} for group in both for unit in (first, second)}
        groups -= both
        groups |= {part for part in parts if not any(part < other for other in groups | parts) and part not in groups}
    return sorted(tuple(sorted(group)) for group in groups if group)


def _tiers(apart: BoolArray) -> IntArray:
    """Return the tier of each unit, best first: a tier ends where all before are told apart from all after."""
    size = apart.shape[0]
    cuts = [bool(apart[:place, place:].all()) for place in range(1, size)]
    return np.cumsum([1, *cuts])[:size].astype(np.int64)


def _letters(apart: BoolArray) -> list[str]:
    letters = [""] * apart.shape[0]
    for number, group in enumerate(order_groups(apart)):
        for unit in group:
            letters[unit] += _letter(number)
    return letters


def _letter(number: int) -> str:
    wraps, place = divmod(number, len(ascii_lowercase))
    return ascii_lowercase[place] + (str(wraps + 1) if wraps else "")


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}{DASH}{high}"
