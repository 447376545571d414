"""A domain's change beside that of the others: what a shift common to all cannot move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import FloatArray
from evaltools.stats.combination import Combination, combine
from evaltools.stats.design import DEFAULT, Design, require_linearised
from evaltools.stats.differences import estimate_change
from evaltools.stats.intervals import require_level, t_interval, two_sided_p
from evaltools.stats.levels import Stat
from evaltools.stats.reasons import Reasons, add_reason, domain_table, no_reasons
from evaltools.stats.sums import Item, as_columns


def relative_change(change: FloatArray, covariance: FloatArray, df: FloatArray, *, level: float = 0.95) -> pd.DataFrame:
    """Compare each domain's change with the mean of the others' changes.

    Parameters
    ----------
    change : float array, shape (B,)
        Changes of the domains, in one unit. NaN: the domain has none, and is left out of the others' mean.
    covariance : float array, shape (B, B)
        Their covariance, unit squared; rows and columns of a domain that is left out are not read.
    df : float array, shape (B,)
        Degrees of freedom of each change; infinite where its variance is known. NaN or not above 0: its variance is
        not known, so the domain is left out too.
    level
        Confidence level, between 0 and 1.

    Returns
    -------
    frame
        Columns `[position, relative, se, df, ci_low, ci_high, p, flag]`, one row a domain in the order given;
        `position` is 0..B-1, `relative` its change minus the plain mean of the other domains' changes, in the unit of
        the change. `flag`: ``no_change``, ``no_df`` (the domain is left out), ``no_others`` (no other domain is left),
        ``no_variation`` (se = 0, so no p).

    Raises
    ------
    UsageError
        ``relative-shape``, ``option-range``.

    Notes
    -----
    r = L c with L_bb = 1 and L_bk = -1/(K - 1) over the K domains that count; V(r_b) = L_b V L_b', so units that two
    domains share count. df_b = (sum_k a_k)^2 / sum_k (a_k^2 / df_k) with a_k = L_bk^2 V_kk. The r_b sum to 0, and a
    constant added to every change moves none of them.
    Source: Satterthwaite (1946), Biometrics Bull. 2; two domains without covariance: Welch (1947), Biometrika 34.
    """
    level = require_level(level)
    changes, matrix, freedom = (np.asarray(part, dtype=np.float64) for part in (change, covariance, df))
    if changes.ndim != 1 or matrix.shape != (changes.size, changes.size) or freedom.shape != changes.shape:
        raise UsageError("relative-shape", change=changes.shape, covariance=matrix.shape, df=freedom.shape)
    there = np.isfinite(changes) & np.isfinite(matrix.diagonal())
    counted = there & (freedom > 0)
    shown = counted if np.count_nonzero(counted) > 1 else np.zeros_like(counted)
    found = np.full((3, changes.size), np.nan)
    if shown.any():
        found[:, shown] = _contrast(changes[shown], matrix[np.ix_(shown, shown)], freedom[shown])
    relative, se, joint_df = found
    low, high = t_interval(relative, se, joint_df, level)
    flags = no_reasons(changes.size)
    add_reason(flags, ~there, "no_change")
    add_reason(flags, there & ~counted, "no_df")
    add_reason(flags, counted & ~shown, "no_others")
    add_reason(flags, se == 0, "no_variation")
    columns = {
        "position": np.arange(changes.size), "relative": relative, "se": se, "df": joint_df, "ci_low": low,
        "ci_high": high, "p": two_sided_p(relative, se, joint_df), "flag": flags,
    }  # fmt: skip
    return pd.DataFrame(columns).astype({"flag": "str"})


def estimate_relative_change(
    frame: Any,
    items: str | Sequence[Item] | None,
    by: str | Sequence[str],
    wave: str = "wave",
    design: Design = DEFAULT,
    *,
    waves: tuple[object, object] | None = None,
    stat: Stat = "mean",
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate every item's change in every domain beside the mean change of the other domains.

    Parameters
    ----------
    frame, items, by, wave, design, waves, stat, level
        As in `change`; single-stage. A unit that answers in several domains ties their changes, which counts.

    Returns
    -------
    frame
        Columns `[*by, item, stat, change, relative, se, df, ci_low, ci_high, p, flag]`, one row a domain and item; all
        but `change` as `relative_change` gives them. `flag` also holds the reasons of `change`.

    Raises
    ------
    UsageError, DesignError
        As `change` and `combine`.
    """
    require_linearised(design)
    columns = as_columns(by, {"relative"})
    found = estimate_change(frame, items, columns, wave, design, waves=waves, stat=stat)
    parts = []
    for place in range(len(found.items)):
        only = np.zeros(found.change.shape)
        only[:, place] = 1.0
        parts.append(_with_interval(combine(found, only), level))
    table = domain_table(found.domains, found.items)
    table["stat"] = found.stat
    table["change"] = found.change.reshape(-1)
    for name in ("relative", "se", "df", "ci_low", "ci_high", "p"):
        table[name] = np.stack([part[name].to_numpy() for part in parts], axis=1).reshape(-1)
    own = np.stack([part["flag"].to_numpy(dtype=object) for part in parts], axis=1)
    table["flag"] = _join_reasons(found.flags.reshape(-1), own.reshape(-1))
    return table


def _with_interval(joint: Combination, level: float) -> pd.DataFrame:
    """Return the relative changes with the errors of the design, and limits and p from those for few PSUs."""
    table = relative_change(joint.change, joint.covariance, joint.df, level=level)
    known = (joint.interval_se > 0) & (joint.interval_df > 0)
    growth = np.divide(joint.interval_se, joint.se, out=np.ones(joint.se.size), where=known & (joint.se > 0))
    wider, df = joint.covariance * np.outer(growth, growth), np.where(known, joint.interval_df, joint.df)
    few = relative_change(joint.change, wider, df, level=level)
    # a domain whose own error is not known for so few units still counts among the others
    shown = known | (joint.se == 0)
    return table.assign(**{name: few[name].where(shown) for name in ("ci_low", "ci_high", "p")})


def _contrast(change: FloatArray, covariance: FloatArray, df: FloatArray) -> FloatArray:
    """Return relative change, its standard error and df, shape (3, K), of K > 1 domains."""
    size = change.size
    scale = size / (size - 1)  # c_b less the mean of the others is this times c_b less the mean of all
    own = covariance.diagonal()
    variance = scale**2 * (own - 2 * covariance.mean(axis=1) + covariance.mean())
    summed = np.abs(covariance)
    rounding = 8 * np.finfo(np.float64).eps * scale**2 * (own + 2 * summed.mean(axis=1) + summed.mean())
    se = np.sqrt(np.where(variance > rounding, variance, 0.0))
    weights = np.full((size, size), 1 / (size - 1) ** 2)
    np.fill_diagonal(weights, 1.0)
    parts = weights * own
    spent = (parts * parts / df).sum(axis=1)
    joint = np.divide(parts.sum(axis=1) ** 2, spent, out=np.full(size, np.inf), where=spent > 0)
    return np.stack([scale * (change - change.mean()), se, joint])


def _join_reasons(first: Reasons, last: Reasons) -> pd.Series:
    """Return both lists of reasons as one, each reason once."""
    joined = [f"{a};{b}".split(";") for a, b in zip(first, last, strict=True)]
    return pd.Series([";".join(dict.fromkeys(filter(None, reasons))) for reasons in joined], dtype="str")
