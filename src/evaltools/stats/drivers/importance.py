"""Which drivers an outcome goes together with: their shares of its explained variance, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import FloatArray
from evaltools.stats.design import DEFAULT, Design, require_choice
from evaltools.stats.drivers.orthogonal import relative_weights
from evaltools.stats.drivers.replicated import correlations_of, psu_of_rows, psu_totals, replicate_sums
from evaltools.stats.drivers.subsets import (
    LEAST_PIVOT,
    explained_by_all,
    explained_by_subsets,
    shapley_contributions,
)
from evaltools.stats.intervals import require_level
from evaltools.stats.reasons import Reasons, add_reason, no_reasons
from evaltools.stats.replication.factors import draw_bootstrap
from evaltools.stats.scales.answers import ScaleAnswers, read_scale

Method = Literal["shapley", "relative_weights"]

MOST = 12  # drivers whose 2^12 subsets are taken one by one
PER_DRIVER = 10  # sampling units that each driver needs
COLLINEAR = 10.0  # variance inflation above which drivers cannot be told apart
LITTLE = 0.10  # adjusted R^2 below which shares are of next to nothing
DEFINED = 0.95  # share of replicates that must be defined for an interval


@dataclass(frozen=True, slots=True, eq=False)
class _Domain:
    """What is found in one domain: arrays by driver (p,), or a reason why not."""

    n: int
    n_psu: int
    r2: float
    adjusted: float
    columns: dict[str, FloatArray]
    reasons: Reasons


def key_drivers(
    frame: Any,
    outcome: str,
    drivers: Sequence[str],
    design: Design = DEFAULT,
    *,
    method: Method = "shapley",
    by: str | Sequence[str] | None = None,
    replicates: int = 500,
    seed: int,
    level: float = 0.95,
) -> pd.DataFrame:
    """Share out the explained variance of an outcome among its drivers.

    Parameters
    ----------
    frame : pandas frame or Arrow table, N rows
        One row an answer sheet, the unit of analysis; a row counts where outcome and all drivers are answered.
    outcome, drivers
        Numeric columns, two drivers or more.
    design
        Weights, and the strata and units that the bootstrap draws.
    method
        "shapley": what a driver adds to R^2, averaged over all orders (LMG), up to 12 drivers. "relative_weights":
        Johnson's, for any number.
    by
        Columns that form the domains; None: one domain.
    replicates, seed
        Of the rescaled bootstrap, 100 replicates or more.
    level
        Confidence level, between 0 and 1.

    Returns
    -------
    frame
        `[*by, driver, share, se, ci_low, ci_high, contribution, rank, correlation, vif, r2, r2_adjusted, n, n_psu,
        flag]`, one row a domain and driver. `contribution` is in units of R^2 and sums to it, `share` is its part;
        `correlation` tells the direction; limits are percentiles of the replicates (shares cannot be negative, so a
        lower limit above 0 proves nothing). `flag`: ``few_answers`` (fewer than 10 sampling units a driver: no shares),
        ``no_variation``, ``collinear`` (variance inflation of the driver above 10: shares divide what cannot be told
        apart), ``singular`` (a driver follows from others; no relative weights), ``explains_little`` (adjusted R^2, n
        being the units, below 0.10: shares of next to nothing), ``replicates_undefined`` (more than 5 % of the
        replicates have no shares: no interval), ``no_answers``.

    Raises
    ------
    UsageError
        ``drivers-names``, ``drivers-too-many`` for "shapley", ``option-value``, ``option-range``, those of reading.
    DesignError
        ``bootstrap-lonely``, ``bootstrap-too-many``, those of `draw_bootstrap`.

    Notes
    -----
    Shares describe answers that go together. They do not say what would happen to the outcome if a driver changed.
    Source: Lindeman, Merenda, Gold (1980); Grömping (2007), Am. Stat. 61; Johnson (2000), Multivar. Behav. Res. 35;
    Rao, Wu, Yue (1992), Survey Methodology 18.
    """
    require_choice("method", method, get_args(Method))
    level = require_level(level)
    names = _require_names(outcome, drivers, method)
    answers = read_scale(frame, [*names, outcome], by, None, design, (), least=3)
    draw = draw_bootstrap(frame, design, wave=None, replicates=replicates, seed=seed)
    psu = psu_of_rows(frame, design)
    rows = [np.flatnonzero(answers.complete & (answers.domain == place)) for place in range(len(answers.domains))]
    n_psu = [int(np.unique(psu[inside]).size) for inside in rows]
    enough = [count >= PER_DRIVER * len(names) for count in n_psu]
    totals = [
        psu_totals(answers.scores[inside], answers.weight[inside], psu[inside], draw.labels.size)
        for inside, use in zip(rows, enough, strict=True)
        if use
    ]
    sums = iter(replicate_sums(totals, draw))
    found = [
        _measure(next(sums), inside.size, count, len(names), method, level)
        if use
        else _without(inside.size, count, len(names), "few_answers")
        for inside, count, use in zip(rows, n_psu, enough, strict=True)
    ]
    return _table(answers, names, found)


def _require_names(outcome: str, drivers: Sequence[str], method: Method) -> tuple[str, ...]:
    names: tuple[object, ...] = (drivers,) if isinstance(drivers, str) else tuple(drivers)
    texts = tuple(name for name in names if isinstance(name, str))
    if len(texts) < len(names) or len(names) < 2 or len(set(names)) < len(names) or outcome in names:
        raise UsageError("drivers-names", drivers=[repr(name) for name in names], outcome=repr(outcome))
    if method == "shapley" and len(names) > MOST:
        raise UsageError("drivers-too-many", drivers=len(names), most=MOST)
    return texts


def _measure(sums: FloatArray, n: int, n_psu: int, p: int, method: Method, level: float) -> _Domain:
    correlation = correlations_of(sums, p + 1)
    if np.isnan(correlation[0]).any():
        return _without(n, n_psu, p, "no_variation")
    if method == "shapley":
        contribution = shapley_contributions(explained_by_subsets(correlation))
    else:
        contribution = relative_weights(correlation)
    whole = contribution.sum(axis=0)
    share = contribution / np.where(whole > 0, whole, np.nan)
    inflation = _inflation(correlation[0, :-1, :-1])
    r2 = explained_by_all(correlation[0])
    adjusted = 1 - (1 - r2) * (n_psu - 1) / (n_psu - p - 1)
    columns, defined = _spread(share, level)
    reasons = no_reasons(p)
    add_reason(reasons, np.isfinite(inflation) & (inflation > COLLINEAR), "collinear")
    add_reason(reasons, np.isinf(inflation) | np.isnan(share[:, 0]), "singular")
    add_reason(reasons, np.full(p, adjusted < LITTLE), "explains_little")
    add_reason(reasons, np.full(p, not defined and np.isfinite(share[:, 0]).all()), "replicates_undefined")
    columns |= {
        "contribution": contribution[:, 0], "rank": _ranks(share[:, 0]), "correlation": correlation[0, :-1, -1],
        "vif": inflation,
    }  # fmt: skip
    return _Domain(n, n_psu, r2, adjusted, columns, reasons)


def _spread(share: FloatArray, level: float) -> tuple[dict[str, FloatArray], bool]:
    """Return share, error and limits from the replicates (columns after the first), and whether enough are defined."""
    drawn = share[:, 1:]
    kept = drawn[:, np.isfinite(drawn).all(axis=0)]
    defined = kept.shape[1] >= DEFINED * drawn.shape[1]
    empty = np.full(share.shape[0], np.nan)
    if not defined:
        return {"share": share[:, 0], "se": empty, "ci_low": empty, "ci_high": empty}, False
    low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2], axis=1)
    return {"share": share[:, 0], "se": kept.std(axis=1, ddof=1), "ci_low": low, "ci_high": high}, True


def _inflation(drivers: FloatArray) -> FloatArray:
    """Return each driver's variance inflation 1/(1 - R^2 on the other drivers); infinite where it follows from them."""
    p = drivers.shape[0]
    left = np.empty(p)
    for driver in range(p):
        order = [*(other for other in range(p) if other != driver), driver]
        left[driver] = 1 - explained_by_all(drivers[np.ix_(order, order)])
    return np.where(left > LEAST_PIVOT, 1 / np.maximum(left, LEAST_PIVOT), np.inf)


def _ranks(share: FloatArray) -> FloatArray:
    """Return 1 for the largest share; equal ones get the lower number."""
    return np.where(np.isfinite(share), 1 + (share[None, :] > share[:, None]).sum(axis=1), np.nan)


def _without(n: int, n_psu: int, p: int, reason: str) -> _Domain:
    empty = np.full(p, np.nan)
    names = ("share", "se", "ci_low", "ci_high", "contribution", "rank", "correlation", "vif")
    reasons = no_reasons(p)
    add_reason(reasons, np.ones(p, dtype=np.bool_), "no_answers" if n == 0 else reason)
    return _Domain(n, n_psu, float("nan"), float("nan"), dict.fromkeys(names, empty), reasons)


def _table(answers: ScaleAnswers, drivers: Sequence[str], found: Sequence[_Domain]) -> pd.DataFrame:
    p = len(drivers)
    table = answers.domains.iloc[np.repeat(np.arange(len(found)), p)].reset_index(drop=True)
    table["driver"] = list(drivers) * len(found)
    for name in ("share", "se", "ci_low", "ci_high", "contribution", "rank", "correlation", "vif"):
        table[name] = np.concatenate([np.empty(0), *(part.columns[name] for part in found)])
    for name in ("r2", "adjusted", "n", "n_psu"):
        table["r2_adjusted" if name == "adjusted" else name] = np.repeat([getattr(part, name) for part in found], p)
    table["flag"] = np.concatenate([no_reasons(0), *(part.reasons for part in found)]).astype(str)
    return table
