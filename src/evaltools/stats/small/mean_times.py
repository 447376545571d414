"""The mean time up to a horizon, and its change between waves: what can be said while cases are open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from evaltools.errors import UsageError
from evaltools.stats.arrays import FloatArray
from evaltools.stats.intervals import require_level
from evaltools.stats.small.event_times import FEWEST_CLUSTERS, Cases, count_clusters, curve_of, read_cases
from evaltools.stats.small.inputs import require_between


@dataclass(frozen=True, slots=True, eq=False)
class _Area:
    """Area under one group's curve: `parts` (C,) are the clusters', None where cases are independent."""

    estimate: float
    variance: float
    n: int
    n_event: int
    n_cluster: int | None
    parts: FloatArray | None
    reason: str


def restricted_mean(
    time: Any, event: Any, horizon: float, *, group: Any = None, cluster: Any = None, level: float = 0.95
) -> pd.DataFrame:
    """Estimate the mean of min(time, horizon), open cases included as far as they were seen.

    Parameters
    ----------
    time, event, group, cluster, level
        As in `survival_curve`.
    horizon
        Up to where time counts, in the unit of `time`; set it before the data are seen.

    Returns
    -------
    frame
        One row a group: `[group, horizon, estimate, se, df, ci_low, ci_high, n, n_event, flag]`; `n_event` up to the
        horizon, `df` clusters less one, infinite without `cluster`. `flag`: ``no_cases``, ``beyond_follow_up`` (open
        cases were not seen up to the horizon: no number), ``no_variation`` (se = 0: no limits), ``few_clusters``
        (below 8), joined by ";".

    Raises
    ------
    UsageError
        As `survival_curve`; ``option-range`` for a horizon that is not above 0.

    Notes
    -----
    The area under the Kaplan-Meier curve from 0 to the horizon. V = sum over event times t <= horizon of A(t)^2
    d/(n (n - d)), A(t) the area from t to the horizon; with `cluster` the sum of squared sums of the infinitesimal
    jackknife. Limits are normal, with `cluster` by t with clusters - 1 df.
    Source: Irwin (1949), J. Hyg. 47; Royston and Parmar (2013), BMC Med. Res. Methodol. 13:152. Equals R survival 3.5
    `summary(survfit(...), rmean = horizon)`, with `cluster` `residuals(..., type = "rmst")`.
    """
    level = require_level(level)
    horizon = require_between("horizon", horizon, 0.0, np.inf)
    cases = read_cases(time, event, group, cluster)
    areas = [_area(cases, number, horizon) for number in range(len(cases.groups))]
    rows = []
    for area in areas:
        se, df = float(np.sqrt(area.variance)), _freedom(area)
        half = _half(se, df, level)
        counts = {"n": area.n, "n_event": area.n_event}
        rows.append(
            {"horizon": horizon, "estimate": area.estimate, "se": se, "df": df, "ci_low": area.estimate - half,
             "ci_high": area.estimate + half, **counts, "flag": area.reason}
        )  # fmt: skip
    found = pd.DataFrame(rows)
    if group is not None:
        found.insert(0, "group", cases.groups)
    return found


def change_restricted_mean(
    time: Any,
    event: Any,
    horizon: float,
    *,
    wave: Any,
    waves: tuple[object, object] | None = None,
    cluster: Any = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the change of the mean time up to a horizon between two waves.

    Parameters
    ----------
    time, event, horizon, cluster, level
        As in `restricted_mean`. A cluster with cases in both waves is not two independent ones: its covariance counts.
    wave : vector, shape (N,)
        Wave of each case.
    waves
        (before, after). None: the two values there are, sorted.

    Returns
    -------
    frame
        One row: `[horizon, baseline, endline, change, se, df, ci_low, ci_high, p, n_baseline, n_endline, flag]`;
        negative: faster. `df` that of the wave with fewer clusters. Flags as in `restricted_mean`, of either wave.

    Raises
    ------
    UsageError
        As `restricted_mean`; ``waves-two``, ``waves-pair``, ``wave-absent``.

    Notes
    -----
    change = endline - baseline; V the sum of both, or with `cluster` sum over clusters of (endline part - baseline
    part)^2. Limits and p from the same distribution, normal or t.
    """
    level = require_level(level)
    horizon = require_between("horizon", horizon, 0.0, np.inf)
    cases = read_cases(time, event, wave, cluster)
    chosen = _choose(cases, waves)
    before, after = (_area(cases, number, horizon) for number in chosen)
    if before.parts is not None and after.parts is not None:
        variance = float(((after.parts - before.parts) ** 2).sum())
    else:
        variance = before.variance + after.variance
    moved, se = after.estimate - before.estimate, float(np.sqrt(variance))
    df = min(_freedom(before), _freedom(after))
    half = _half(se, df, level)
    reasons = [reason for area in (before, after) for reason in area.reason.split(";") if reason]
    return pd.DataFrame(
        {
            "horizon": [horizon], "baseline": before.estimate, "endline": after.estimate, "change": moved, "se": se,
            "df": df, "ci_low": moved - half, "ci_high": moved + half,
            "p": 2 * float(special.stdtr(df, -abs(moved) / se)) if se > 0 and df > 0 else np.nan,
            "n_baseline": before.n, "n_endline": after.n, "flag": ";".join(dict.fromkeys(reasons)),
        }
    )  # fmt: skip


def _area(cases: Cases, group: int, horizon: float) -> _Area:
    curve = curve_of(cases, group)
    n = int(np.count_nonzero(cases.group == group))
    clusters = None if cases.cluster is None else count_clusters(cases, group)
    if not n:
        return _Area(np.nan, np.nan, 0, 0, clusters, None, "no_cases")
    within = curve.time <= horizon
    n_event = int(curve.events[within].sum())
    if curve.time[-1] < horizon and curve.survival[-1] > 0:
        return _Area(np.nan, np.nan, n, n_event, clusters, None, "beyond_follow_up")
    time = np.concatenate(([0.0], curve.time[within], [horizon]))
    width = np.diff(time)
    survival = np.concatenate(([1.0], curve.survival[within]))
    areas = survival * width
    after = areas[::-1].cumsum()[::-1][1:]  # from each time to the horizon
    parts = None
    if curve.parts is None:
        variance = float((after**2 * curve.hazard_variance[within]).sum())
    else:
        parts = (curve.parts[:, within] * width[1:]).sum(axis=1)
        variance = float((parts**2).sum())
    reasons = ["no_variation"] if variance == 0 else []
    reasons += ["few_clusters"] if clusters is not None and clusters < FEWEST_CLUSTERS else []
    return _Area(float(areas.sum()), variance, n, n_event, clusters, parts, ";".join(reasons))


def _freedom(area: _Area) -> float:
    return np.inf if area.n_cluster is None else float(area.n_cluster - 1)


def _half(se: float, df: float, level: float) -> float:
    return float(special.stdtrit(df, (1 + level) / 2)) * se if se > 0 and df > 0 else np.nan


def _choose(cases: Cases, waves: tuple[object, object] | None) -> tuple[int, int]:
    there = list(cases.groups)
    if waves is None:
        if len(there) != 2:
            raise UsageError("waves-two", column="wave", waves=[str(value) for value in there])
        return 0, 1
    given: object = waves
    if not isinstance(given, (tuple, list)) or len(given) != 2 or given[0] == given[1]:
        raise UsageError("waves-pair", waves=repr(waves))
    absent = [str(value) for value in waves if value not in there]
    if absent:
        raise UsageError("wave-absent", column="wave", waves=absent, there=[str(value) for value in there])
    return there.index(waves[0]), there.index(waves[1])
