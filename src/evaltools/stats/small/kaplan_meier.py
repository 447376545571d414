"""The share of cases still open after a time, when some had not been settled at the cut-off."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import special

from evaltools.stats.arrays import FloatArray
from evaltools.stats.design import require_choice
from evaltools.stats.intervals import require_level
from evaltools.stats.reasons import add_reason, no_reasons
from evaltools.stats.small.event_times import FEWEST_CLUSTERS, Cases, Curve, count_clusters, curve_of, read_cases

SurvivalInterval = Literal["log-log", "log", "plain"]


def survival_curve(
    time: Any,
    event: Any,
    *,
    group: Any = None,
    cluster: Any = None,
    level: float = 0.95,
    conf: SurvivalInterval = "log-log",
) -> pd.DataFrame:
    """Estimate the share of cases that are open after each time, by Kaplan and Meier.

    Parameters
    ----------
    time : vector, shape (N,)
        Time from start to event, or to the cut-off where the case is still open; 0 or more, none missing.
    event : vector, shape (N,)
        1 or True: the event was seen. 0 or False: open at the cut-off (censored).
    group : vector, shape (N,), optional
        Values that get a curve each, such as the wave.
    cluster : vector, shape (N,), optional
        Branch or firm: cases of one cluster are not independent. None: every case is.
    level
        Confidence level.
    conf
        Scale on which the normal limits are symmetric. "log-log" stays between 0 and 1 by itself.

    Returns
    -------
    frame
        Columns `[group, time, n_risk, n_event, n_censored, survival, se, ci_low, ci_high, flag]`, `group` only where
        given; one row a distinct time. `se` is that of `survival`. `flag`: ``no_event_yet`` (survival is 1),
        ``none_open`` (survival is 0: neither se nor limits with Greenwood), ``few_clusters`` (below 8), joined by ";".

    Raises
    ------
    UsageError
        ``small-vector``, ``small-sizes``, ``small-missing``, ``small-time``, ``small-event``, ``option-value``,
        ``option-range``.

    Notes
    -----
    Greenwood: V(log S) = sum d/(n (n - d)). With `cluster` V(S) is the sum over clusters of the squared sums of the
    infinitesimal jackknife. Limits: plain S -+ z se; log: exp(log S -+ z se/S); log-log:
    exp(-exp(log(-log S) -+ z se/(S log S))); plain and log are cut at 0 and 1. Censoring must not depend on how long a
    case would have taken.
    Source: Kaplan and Meier (1958), J. Am. Stat. Assoc. 53; Kalbfleisch and Prentice (2002), ch. 1; Therneau and
    Grambsch (2000), ch. 2 and 7. Equals R survival 3.5 `survfit(Surv(time, event) ~ group, cluster = )`.
    """
    require_choice("conf", conf, get_args(SurvivalInterval))
    level = require_level(level)
    cases = read_cases(time, event, group, cluster)
    tables = [_table(cases, number, conf, level) for number in range(len(cases.groups))]
    found = pd.concat(tables, ignore_index=True) if tables else _table(cases, 0, conf, level)
    if group is not None:
        found.insert(0, "group", cases.groups.repeat([len(table) for table in tables]))
    return found


def _table(cases: Cases, group: int, conf: SurvivalInterval, level: float) -> pd.DataFrame:
    curve = curve_of(cases, group)
    se = _errors(curve)
    low, high = _limits(curve.survival, se, conf, level)
    flags = no_reasons(curve.time.size)
    add_reason(flags, curve.survival == 1, "no_event_yet")
    add_reason(flags, curve.survival == 0, "none_open")
    if cases.cluster is not None and count_clusters(cases, group) < FEWEST_CLUSTERS:
        add_reason(flags, np.ones(curve.time.size, dtype=np.bool_), "few_clusters")
    return pd.DataFrame(
        {
            "time": curve.time, "n_risk": curve.at_risk, "n_event": curve.events, "n_censored": curve.censored,
            "survival": curve.survival, "se": se, "ci_low": low, "ci_high": high, "flag": flags.astype(str),
        }
    )  # fmt: skip


def _errors(curve: Curve) -> FloatArray:
    if curve.parts is not None:
        found: FloatArray = np.sqrt((curve.parts**2).sum(axis=0))
    else:
        found = curve.survival * np.sqrt(curve.hazard_variance.cumsum())
    return np.where(curve.survival > 0, found, np.nan)


def _limits(
    survival: FloatArray, se: FloatArray, conf: SurvivalInterval, level: float
) -> tuple[FloatArray, FloatArray]:
    z = float(special.ndtri((1 + level) / 2))
    if conf == "plain":
        return np.maximum(survival - z * se, 0.0), np.minimum(survival + z * se, 1.0)
    inner = (survival > 0) & (survival < 1)
    share = np.where(inner, survival, 0.5)
    relative = z * se / share
    if conf == "log":
        relative = np.where(survival == 1, 0.0, relative)
        share = np.where(survival == 1, 1.0, share)
        return share * np.exp(-relative), np.minimum(share * np.exp(relative), 1.0)
    half = relative / np.log(share)
    low, high = np.exp(np.log(share) * np.exp(-half)), np.exp(np.log(share) * np.exp(half))
    return np.where(inner, low, np.nan), np.where(inner, high, np.nan)
