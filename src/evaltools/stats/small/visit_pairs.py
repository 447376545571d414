"""Pairing the visits of two waves by scenario and branch: which have a partner, and which not, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import IntArray
from evaltools.stats.columns import Codes, cross_codes, declared_order, read_codes, sort_labels


@dataclass(frozen=True, slots=True, eq=False)
class VisitPairs:
    """Visits of two waves, K keys in all.

    Attributes
    ----------
    domains : frame, D rows
        Values of the `by` columns, sorted.
    domain : int array, shape (P,)
        Domain of each pair.
    before, after : int arrays, shape (P,)
        Rows of the frame.
    unpaired : frame
        Columns `[*pair, wave, n_visits, reason]`: keys without a partner (``other_wave_absent``), or with more than one
        visit in a wave (``several_visits``), which nothing says how to pair.
    visits, lost : int arrays, shape (D, 2)
        Visits of each wave, and those of them that are not in a pair.
    """

    domains: pd.DataFrame
    domain: IntArray
    before: IntArray
    after: IntArray
    unpaired: pd.DataFrame
    visits: IntArray
    lost: IntArray


def pair_visits(
    frame: Any, pair: Sequence[str], wave: str, by: Sequence[str], waves: tuple[object, object] | None
) -> VisitPairs:
    """Pair the visits of two waves that agree in all columns of `pair`."""
    parts = [sort_labels(read_codes(frame, name, role="pair")) for name in pair]
    key, keys = cross_codes(parts, list(pair))
    found = read_codes(frame, wave, role="wave")
    chosen = _choose(found, wave, waves, declared_order(frame, wave))
    place = _wave_place(found, chosen)
    domain, domains = _domains(keys, by)
    inside = np.flatnonzero(place >= 0)
    cell = key[inside] * 2 + place[inside]
    visits = np.bincount(cell, minlength=2 * len(keys)).reshape(-1, 2)
    once = (visits == 1).all(axis=1)
    row = np.full(2 * len(keys), -1, dtype=np.int64)
    row[cell] = inside
    rows = row.reshape(-1, 2)[once]
    by_domain = np.zeros((len(domains), 2), dtype=np.int64)
    np.add.at(by_domain, domain, visits)
    lost = np.zeros_like(by_domain)
    np.add.at(lost, domain[~once], visits[~once])
    unpaired = _unpaired(keys, visits, wave, chosen)
    return VisitPairs(domains, domain[once], rows[:, 0], rows[:, 1], unpaired, by_domain, lost)


def _domains(keys: pd.DataFrame, by: Sequence[str]) -> tuple[IntArray, pd.DataFrame]:
    """Return the domain of each key, and the domains."""
    if not by:
        return np.zeros(len(keys), dtype=np.int64), pd.DataFrame(index=range(1))
    return cross_codes([sort_labels(read_codes(keys, name, role="by")) for name in by], list(by))


def _choose(
    found: Codes, wave: str, waves: tuple[object, object] | None, declared: list[object]
) -> tuple[object, object]:
    there = list(found.labels)
    names = [str(label) for label in there]
    if waves is None:
        labels = declared or list(sort_labels(found).labels)
        if len(labels) != 2:
            raise UsageError("waves-two", column=wave, waves=names)
        return labels[0], labels[1]
    given: object = waves
    if not isinstance(given, (tuple, list)) or len(given) != 2 or given[0] == given[1]:
        raise UsageError("waves-pair", waves=repr(waves))
    absent = [str(value) for value in waves if value not in there]
    if absent:
        raise UsageError("wave-absent", column=wave, waves=absent, there=names)
    return waves


def _wave_place(found: Codes, chosen: tuple[object, object]) -> IntArray:
    """Return 0 for rows of the baseline, 1 for the endline, -1 for others."""
    labels = list(found.labels)
    place = np.full(len(labels), -1, dtype=np.int64)
    for number, value in enumerate(chosen):
        place[labels.index(value)] = number
    return place[found.code]


def _unpaired(keys: pd.DataFrame, visits: IntArray, wave: str, waves: tuple[object, object]) -> pd.DataFrame:
    several = np.asarray((visits > 1).any(axis=1))
    tables = []
    for number, value in enumerate(waves):
        rows = np.flatnonzero((visits[:, number] > 0) & (several | (visits[:, 1 - number] == 0)))
        table = keys.iloc[rows].reset_index(drop=True)
        table[wave] = pd.Series([value] * rows.size, index=table.index)
        table["n_visits"] = visits[rows, number]
        table["reason"] = np.where(several[rows], "several_visits", "other_wave_absent")
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
