"""Disclosure control of microdata: hide what would single a unit out of a table with one row an answer.

Pure functions, frames in, frames out. A *unit* is who is protected, mostly an enterprise; a *field* is what an outsider
may know of it (its bank, size, sector, the month of its loan). Units that look alike in all fields that stay visible
are a *class*; every class holds at least k units (k-anonymity, Samarati 2001). Sensitive answers are the matter of
:mod:`evaltools.survey.disclosure_answers`.

A number that links the rows of a unit makes its whole set of rows one thing to be recognised by. So classes are counted
over linked sets of rows, and a link that k units do not share is cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.errors import RefusedError

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def link_rows(frame: pd.DataFrame, *, unit: str, where: Sequence[str], k: int) -> pd.Series[int]:
    """Say which rows of a unit may be seen to belong together.

    Parameters
    ----------
    frame
        One row an answer.
    unit
        Column that says whose row it is; never missing.
    where
        Columns that a unit is recognised by when its rows are linked, the one to keep links within last:
        ``("wave", "bank")``.
    k
        Least number of units that must share what linked rows show.

    Returns
    -------
    Series of int
        The same number for linked rows, never for rows of two units. A unit whose set of `where` fewer than k units
        share is taken apart by the last column of `where`, and what is still rare into single rows. Links yield to
        `where` itself: where fewer than k units have a single row of some values of `where`, so that these would have
        to be hidden, linked rows of as many more units as it takes are made single.

    Raises
    ------
    RefusedError
        ``disclosure-few``: the frame holds fewer than k units.
    """
    units = _codes(frame[unit])
    _require_units(units, k)
    places = [_codes(frame[name]) for name in where]
    link = units
    for apart in (places[-1], np.arange(len(frame))):
        sets = _Sets.of(link, units, places)
        rare = sets.is_rare(sets.folded(_paired(*places)), k)
        link = _paired(link, np.where(rare[sets.of_row], apart + 1, 0))
    link = _with_enough_single(_yielding(link, units, places, k), units, places, k)
    return pd.Series(link, index=frame.index, name="link")


def hide_rare(
    frame: pd.DataFrame,
    *,
    unit: str,
    link: pd.Series[int],
    fields: Sequence[str],
    k: int,
    parents: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """Say which cells to hide so that every class of linked rows holds at least k units.

    Parameters
    ----------
    frame
        One row an answer. A missing value is a value like any other: nobody answered.
    unit, k
        As in :func:`link_rows`.
    link
        From :func:`link_rows`.
    fields
        From the most to the least worth keeping.
    parents
        For a field that tells another one (a stratum tells size and sector): the fields with which it is hidden. They
        stand before it in `fields`.

    Returns
    -------
    DataFrame of bool
        True where a cell is to be hidden; index of `frame`, columns `fields`. In linked rows a field is hidden in all
        of them or in none.

    Notes
    -----
    Rows are divided field by field. A value that at least k units of a class share stays; the other values of the class
    are hidden and make up one class of their own, in which "hidden" is a value. Where these are fewer than k units, the
    missing ones are taken from the most frequent value that can spare them, those first whose full set of values is
    rarest; where none can, the least frequent value is hidden as a whole. So nothing is hidden of a unit whose every
    value is shared by k units and by enough others beside them, no row is dropped, and the result depends on the order
    of the rows only where units are alike.
    """
    units = _codes(frame[unit])
    _require_units(units, k)
    columns = [_codes(frame[name]) for name in fields]
    sets = _Sets.of(np.asarray(link, dtype=np.int64), units, columns)
    folded = [sets.folded(column) for column in columns]
    rarity = sets.units_sharing(_paired(sets.sizes, *folded))
    node = sets.sizes
    hidden: dict[str, BoolArray] = {}
    for name, value in zip(fields, folded, strict=True):
        told = np.zeros(len(node), dtype=np.bool_)
        for parent in (parents or {}).get(name, ()):
            told |= hidden[parent]
        child = _paired(node, value)
        pool = sets.is_rare(child, k) & ~told
        pool = _filled(pool, node=node, child=child, units=sets.units, rarity=rarity, k=k)
        hidden[name] = pool | told
        node = _paired(node, np.where(hidden[name], -1, value))
    rows = {name: sets.to_rows(mask) for name, mask in hidden.items()}
    return pd.DataFrame(rows, index=frame.index, columns=list(fields), dtype=np.bool_)


def class_of_rows(frame: pd.DataFrame, *, unit: str, link: pd.Series[int], hidden: pd.DataFrame) -> pd.Series[int]:
    """Return a number for each row, equal for rows that an outsider cannot tell apart by fields and links.

    Parameters
    ----------
    frame, unit, link
        As in :func:`hide_rare`.
    hidden
        From :func:`hide_rare`; its columns are the fields.

    Returns
    -------
    Series of int
        Every class holds rows of at least k units.
    """
    shown = [np.where(hidden[name], -1, _codes(frame[name])) for name in hidden.columns]
    columns = [_codes(frame[name]) for name in hidden.columns]
    sets = _Sets.of(np.asarray(link, dtype=np.int64), _codes(frame[unit]), columns)
    alike = _paired(sets.sizes, *(sets.folded(column) for column in shown))
    place = np.empty(len(frame), dtype=np.int64)
    place[sets.rows] = sets.position
    return pd.Series(_paired(alike[sets.of_row], place), index=frame.index, name="class")


def units_by_class(classes: pd.Series[int], units: pd.Series[Any]) -> pd.Series[int]:
    """Return how many units each class holds, by the number of the class."""
    pairs = pd.DataFrame({"class": classes, "unit": units}).drop_duplicates()
    return pairs.groupby("class").size()


class _Sets:
    """Linked sets of rows, and values of rows as values of sets.

    Attributes
    ----------
    of_row : int array (rows,)
        Number of the set of each row.
    rows, position : int arrays (rows,)
        Rows ordered by their place in their set, and that place. Within a set rows stand in the order of their values,
        so that equal sets give equal folds.
    units, sizes : int arrays (sets,)
        Whose set it is, and of how many rows.
    """

    def __init__(self, of_row: IntArray, rows: IntArray, position: IntArray, units: IntArray, sizes: IntArray) -> None:
        self.of_row, self.rows, self.position = of_row, rows, position
        self.units, self.sizes = units, sizes

    @classmethod
    def of(cls, link: IntArray, units: IntArray, columns: Sequence[IntArray]) -> _Sets:
        _, first, of_row, sizes = np.unique(link, return_index=True, return_inverse=True, return_counts=True)
        order = np.lexsort((*columns[::-1], of_row))
        starts = np.cumsum(sizes) - sizes
        position = np.arange(len(link)) - np.repeat(starts, sizes)
        by_place = np.argsort(position, kind="stable")
        return cls(of_row, order[by_place], position[by_place], units[first], sizes)

    def folded(self, column: IntArray) -> IntArray:
        """Return a code for each set: equal for sets of one size with the same values in the same places."""
        code = np.zeros(len(self.sizes), dtype=np.int64)
        bounds = np.flatnonzero(np.diff(self.position, prepend=-1, append=-1))
        for start, stop in pairwise(bounds):
            rows = self.rows[start:stop]
            code[self.of_row[rows]] = _paired(code[self.of_row[rows]], column[rows])
        return code

    def units_sharing(self, code: IntArray) -> IntArray:
        """Return for each set how many units have a set of its code."""
        codes, counts = _count_units(code, self.units)
        return counts[np.searchsorted(codes, code)]

    def is_rare(self, code: IntArray, k: int) -> BoolArray:
        """Say of each set whether fewer than k units have a set of its size and code."""
        return np.asarray(self.units_sharing(_paired(self.sizes, code)) < k, dtype=np.bool_)

    def to_rows(self, mask: BoolArray) -> BoolArray:
        """Return what holds for a set for each of its rows."""
        return np.asarray(mask[self.of_row], dtype=np.bool_)


def _require_units(units: IntArray, k: int) -> None:
    count = len(np.unique(units))
    if count < k:
        raise RefusedError("disclosure-few", count=count, k=k)


def _yielding(link: IntArray, units: IntArray, places: Sequence[IntArray], k: int) -> IntArray:
    """Cut links of as many units as it takes that single rows can keep their place, wherever links can give them."""
    while True:
        sets = _Sets.of(link, units, places)
        cut = _given_up(sets, units, _paired(*places), k)
        if not cut.any():
            return link
        link = _paired(link, np.where(cut[sets.of_row], np.arange(len(link)) + 1, 0))


def _given_up(sets: _Sets, units: IntArray, place: IntArray, k: int) -> BoolArray:
    """Return which sets to take apart: for each place that lacks units, of the commonest kind that can spare them.

    Where no kind of linked set can, all sets of the rarest.
    """
    cut = np.zeros(len(sets.sizes), dtype=np.bool_)
    is_linked = (sets.sizes > 1)[sets.of_row]
    codes, counts = _count_units(place[~is_linked], units[~is_linked])
    lacking = {int(code): k - int(count) for code, count in zip(codes, counts, strict=True) if count < k}
    kind = _paired(sets.sizes, sets.folded(place))
    concerned = is_linked & np.isin(place, list(lacking))
    kinds: dict[int, set[int]] = {code: set() for code in lacking}
    for code, one in zip(place[concerned].tolist(), kind[sets.of_row[concerned]].tolist(), strict=True):
        kinds[code].add(one)
    members = {one: np.flatnonzero(kind == one).tolist() for one in set().union(*kinds.values())}
    for code, need in lacking.items():
        able = sorted((len(members[one]), one) for one in kinds[code] if members[one])
        if able:
            count, one = able[-1] if able[-1][0] >= k + need else able[0]
            taken = need if count >= k + need else count
            cut[members[one][:taken]] = True
            members[one] = members[one][taken:]
    return cut


def _with_enough_single(link: IntArray, units: IntArray, places: Sequence[IntArray], k: int) -> IntArray:
    """Cut some more links where rows of fewer than k units stand single: nothing that is hidden could protect those."""
    sets = _Sets.of(link, units, places)
    single = sets.sizes == 1
    code = _paired(sets.sizes, sets.folded(_paired(*places)))
    cut = _filled(single, node=np.zeros_like(code), child=code, units=sets.units, rarity=sets.units_sharing(code), k=k)
    return _paired(link, np.where(cut[sets.of_row], np.arange(len(link)) + 1, 0))


def _filled(
    pool: BoolArray, *, node: IntArray, child: IntArray, units: IntArray, rarity: IntArray, k: int
) -> BoolArray:
    """Return a pool with sets added, so that in each node it holds no unit or at least k.

    Parameters
    ----------
    pool, node, child, units, rarity : arrays (sets,)
        Sets that are in the pool of their node, whole children of it; which child each set is in, whose it is, and how
        many units have all its values: the rarest are added first.
    """
    need = _missing_units(pool, node, units, k)
    if not need.any():
        return pool
    donor, is_whole = _donors(pool, node=node, child=child, units=units, need=need, k=k)
    added = np.isin(child, donor[is_whole])
    is_part = np.isin(child, donor[~is_whole])
    unit_in_node, unit_in_child = _paired(node, units), _paired(child, units)
    free = np.flatnonzero(is_part & ~np.isin(unit_in_node, unit_in_node[pool]))
    order = free[np.lexsort((free, rarity[free], child[free]))]
    _, first = np.unique(unit_in_child[order], return_index=True)
    order = order[np.sort(first)]  # each unit once
    rank = np.arange(len(order)) - np.searchsorted(child[order], child[order])
    taken = order[rank < need[order]]
    return pool | added | np.isin(unit_in_child, unit_in_child[taken])


def _missing_units(pool: BoolArray, node: IntArray, units: IntArray, k: int) -> IntArray:
    """Return for each set how many units the pool of its node lacks; 0 where the node has no pool."""
    nodes, counts = _count_units(node[pool], units[pool])
    need = np.zeros(len(node), dtype=np.int64)
    concerned = np.isin(node, nodes[counts < k])
    need[concerned] = k - counts[np.searchsorted(nodes, node[concerned])]
    return need


def _donors(
    pool: BoolArray, *, node: IntArray, child: IntArray, units: IntArray, need: IntArray, k: int
) -> tuple[IntArray, BoolArray]:
    """Return the child that gives to the pool of each node that lacks units, and whether it goes into it whole."""
    children, counts = _count_units(child, units)
    first = np.unique(child, return_index=True)[1]
    able = np.flatnonzero((need[first] > 0) & ~pool[first])
    spares = counts[able] >= k + need[first][able]
    worth = np.where(spares, -counts[able], counts[able])
    order = able[np.lexsort((able, worth, ~spares, node[first][able]))]
    _, chosen = np.unique(node[first][order], return_index=True)
    donor = order[chosen]
    return children[donor], counts[donor] < k + need[first][donor]


def _count_units(code: IntArray, units: IntArray) -> tuple[IntArray, IntArray]:
    """Return the different codes in order, and how many units have each."""
    base = int(units.max(initial=0)) + 1
    codes, counts = np.unique(np.unique(code * base + units) // base, return_counts=True)
    return codes, counts.astype(np.int64)


def _codes(column: pd.Series[Any]) -> IntArray:
    """Return a number for each value, in the order of appearance; a missing value has one as well."""
    codes, _ = pd.factorize(column, use_na_sentinel=False)
    return np.asarray(codes, dtype=np.int64)


def _paired(*columns: IntArray) -> IntArray:
    """Return a number for each combination, counted from 0."""
    code = np.unique(columns[0], return_inverse=True)[1].astype(np.int64)
    for column in columns[1:]:
        other = np.unique(column, return_inverse=True)[1]
        code = np.unique(code * (int(other.max(initial=0)) + 1) + other, return_inverse=True)[1].astype(np.int64)
    return code
