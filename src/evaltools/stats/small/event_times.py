"""Numbers at risk and events by time, of cases that may still be open at the cut-off; and by cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import BoolArray, FloatArray, IntArray, size_of
from evaltools.stats.small.inputs import read_labels, read_vector, require_same_size, require_whole

FEWEST_CLUSTERS = 8  # below, a variance between clusters is a guess


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """Cases, N of them.

    Attributes
    ----------
    time : float array, shape (N,)
        From start to event, or to the cut-off for a case that is open.
    closed : bool array, shape (N,)
        The event was seen.
    group, cluster : int arrays, shape (N,)
        Codes; all 0 where there is one group; `cluster` None: every case is independent.
    groups : index, length G
        Values of the groups.
    """

    time: FloatArray
    closed: BoolArray
    group: IntArray
    groups: pd.Index
    cluster: IntArray | None


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Kaplan-Meier curve of one group at its T distinct times.

    Attributes
    ----------
    time, survival : float arrays, shape (T,)
    at_risk, events, censored : int arrays, shape (T,)
    hazard_variance : float array, shape (T,)
        Greenwood's terms d/(n (n - d)), 0 where n = d.
    parts : float array, shape (C, T), or None
        What each cluster adds to the survival: its derivative by the weight of the cluster's cases.
    """

    time: FloatArray
    survival: FloatArray
    at_risk: IntArray
    events: IntArray
    censored: IntArray
    hazard_variance: FloatArray
    parts: FloatArray | None


def read_cases(time: Any, event: Any, group: Any, cluster: Any) -> Cases:
    """Read the vectors of cases.

    Raises
    ------
    UsageError
        ``small-vector``, ``small-sizes``, ``small-missing``, ``small-time`` for a negative time, ``small-event`` for an
        event that is neither 0 nor 1.
    """
    times, events = read_vector("time", time), read_vector("event", event)
    require_same_size(time=times.size, event=events.size)
    require_whole("time", np.isnan(times))
    require_whole("event", np.isnan(events))
    if (times < 0).any():
        raise UsageError("small-time", rows=int(np.count_nonzero(times < 0)), value=float(times.min()))
    if not np.isin(events, (0.0, 1.0)).all():
        raise UsageError("small-event", value=float(events[~np.isin(events, (0.0, 1.0))][0]))
    codes, labels = (np.zeros(times.size, dtype=np.int64), pd.Index([""])) if group is None else _codes("group", group)
    clusters = None if cluster is None else _codes("cluster", cluster)[0]
    for name, part in (("group", codes), ("cluster", clusters)):
        if part is not None:
            require_same_size(**{"time": times.size, name: part.size})
    return Cases(times, events == 1, codes, labels, clusters)


def curve_of(cases: Cases, group: int) -> Curve:
    """Return the Kaplan-Meier curve of one group.

    Notes
    -----
    S(t) = product over times s <= t of 1 - d/n. A case open at the cut-off leaves those at risk after its time. A
    cluster's part is -S(t) sum_(s <= t) (d_c - y_c d/n)/(n - d), d_c and y_c its events and cases at risk: the
    infinitesimal jackknife, summed over the cluster.
    """
    inside = cases.group == group
    time, place = np.unique(cases.time[inside], return_inverse=True)
    closed = cases.closed[inside]
    events = np.bincount(place, weights=closed, minlength=time.size)
    leaving = np.bincount(place, minlength=time.size)
    at_risk = leaving[::-1].cumsum()[::-1].astype(np.float64)
    survival = np.cumprod(1 - events / np.maximum(at_risk, 1)).astype(np.float64)
    left = at_risk - events
    variance = np.divide(events, at_risk * left, out=np.zeros(time.size), where=left > 0)
    parts = None
    if cases.cluster is not None:
        shape = (size_of(cases.cluster), time.size)
        flat = cases.cluster[inside] * time.size + place
        own_events = np.bincount(flat, weights=closed, minlength=shape[0] * shape[1]).reshape(shape)
        own_leaving = np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape)
        own_risk = own_leaving[:, ::-1].cumsum(axis=1)[:, ::-1]
        moved = own_events - own_risk * (events / np.maximum(at_risk, 1))
        step = np.divide(moved, left, out=np.zeros(shape), where=left > 0)
        parts = -survival * step.cumsum(axis=1)
    return Curve(
        time, survival, at_risk.astype(np.int64), events.astype(np.int64),
        (leaving - events).astype(np.int64), variance, parts,
    )  # fmt: skip


def count_clusters(cases: Cases, group: int) -> int:
    """Return in how many clusters a group has cases."""
    assert cases.cluster is not None
    return int(np.unique(cases.cluster[cases.group == group]).size)


def _codes(name: str, values: Any) -> tuple[IntArray, pd.Index]:
    code, labels = read_labels(values)
    require_whole(name, code < 0)
    return code, labels
