"""Sums, counts and errors of statistics whose rows carry their linearised contributions, and the table of results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from evaltools.stats.arrays import BoolArray, FloatArray, IntArray, compress, count_by, int_sums, sum_by
from evaltools.stats.contrast import change_df
from evaltools.stats.few_units import adjust_for_few_units
from evaltools.stats.intervals import t_interval, two_sided_p
from evaltools.stats.levels import ROUNDING, count_psus
from evaltools.stats.mix.stacked import Answered, Stacked
from evaltools.stats.reasons import Reasons, add_reason, domain_table, no_reasons
from evaltools.stats.sample import to_cells
from evaltools.stats.variance import variance_by_domain


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Answers, PSUs that gave them, strata that hold those: int arrays (D, 2), baseline and endline."""

    answers: IntArray
    psus: IntArray
    strata: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """Standard error and df by the design, and those that interval and p rest on: float arrays (D,).

    They differ where PSUs are few under ``df="domain"``, as in `change`.
    """

    se: FloatArray
    df: FloatArray
    interval_se: FloatArray
    interval_df: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One statistic of one item: estimate, errors, flags and what else its row shows, each of shape (D,)."""

    estimate: FloatArray
    errors: Errors
    flags: Reasons
    shown: dict[str, FloatArray | IntArray]


def sum_waves(stacked: Stacked, values: FloatArray) -> FloatArray:
    """Sum rows (N,) by domain and wave; shape (D, 2)."""
    return sum_by(stacked.domain * 2 + stacked.side, values, stacked.n_domains * 2).reshape(-1, 2)


def sum_groups(stacked: Stacked, group: IntArray, size: int, values: FloatArray) -> FloatArray:
    """Sum rows (N,) by domain, wave and group; shape (D, 2, size)."""
    key = (stacked.domain * 2 + stacked.side) * size + group
    return sum_by(key, values, stacked.n_domains * 2 * size).reshape(-1, 2, size)


def count_psus_of_groups(stacked: Stacked, group: IntArray, size: int, chosen: BoolArray) -> IntArray:
    """Count the PSUs that have a chosen row, by domain, wave and group; shape (D, 2, size)."""
    key = ((stacked.domain * 2 + stacked.side) * size + group)[chosen]
    n_psu = stacked.sample.units.n_psu
    _, pairs = compress(key * n_psu + stacked.psu[chosen], stacked.n_domains * 2 * size * n_psu)
    return count_by(pairs // n_psu, stacked.n_domains * 2 * size).reshape(-1, 2, size)


def count_answers(stacked: Stacked, chosen: BoolArray) -> Counts:
    """Count chosen rows, their PSUs and strata by domain and wave."""
    cells = stacked.sample.cells
    by_cell = to_cells(chosen.astype(np.int64), stacked.rows, cells.size)
    answered = by_cell if cells.psu is None else int_sums(by_cell, cells.psu)
    psus, strata = count_psus(stacked.sample, answered > 0)
    places = list(stacked.contrast.positions)
    return Counts(sum_waves(stacked, chosen.astype(np.float64)).astype(np.int64), psus[:, places], strata[:, places])


def divide(above: FloatArray, below: FloatArray) -> FloatArray:
    """Return the ratio; NaN where the denominator is not above 0."""
    return np.asarray(np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0))


def judge(
    stacked: Stacked,
    estimate: FloatArray,
    values: FloatArray,
    size: FloatArray,
    df: FloatArray,
    weight: FloatArray,
    second: BoolArray | None = None,
) -> Errors:
    """Return the errors of each domain's statistic; NaN where there is no estimate.

    Parameters
    ----------
    stacked
        Rows and arrangement.
    estimate, df : float arrays, shape (D,)
        The statistic, and its degrees of freedom by the design's rule.
    values : float array, shape (N,)
        Linearised contribution of each row, with its sign and weight.
    size : float array, shape (D,)
        What the statistic's rounding is measured by: an error below 1e-12 of it is 0.
    weight : float array, shape (N,)
        What each row weighs in its side of the comparison; 0 outside both.
    second : bool array, shape (N,), optional
        Rows of the second of the two sides that are compared; None: those of the endline.
    """
    second = stacked.side == 1 if second is None else second
    contrast, pairs = stacked.contrast, [_sum_pairs(stacked, np.where(side, values, 0.0)) for side in (~second, second)]
    error = np.sqrt(np.maximum(variance_by_domain(contrast.plan, pairs[0] + pairs[1]), 0.0))
    error = np.where(error < ROUNDING * np.nan_to_num(size), 0.0, error)
    se, df = np.where(np.isfinite(estimate), error, np.nan), np.where(np.isfinite(estimate), df, np.nan)
    if contrast.layout is None:
        return Errors(se, df, se, df)
    weights = [_sum_pairs(stacked, np.where(side, weight, 0.0)) for side in (~second, second)]
    first, last = (part / _filled(sum_by(contrast.domain, part, df.size))[contrast.domain] for part in weights)
    few = adjust_for_few_units(contrast.layout, -pairs[0], pairs[1], (first, last), se, df)
    return Errors(se, df, few.se, few.df)


def typical_size(stacked: Stacked, item: Answered) -> FloatArray:
    """Return how large the answers are that a change's rounding is measured by; shape (D,)."""
    far = divide(sum_waves(stacked, item.weight * np.abs(item.y)), sum_waves(stacked, item.weight))
    return np.asarray(np.nan_to_num(far).sum(axis=1) + 1e-3 * abs(item.origin), dtype=np.float64)


def degrees(stacked: Stacked, counts: Counts) -> FloatArray:
    """Return the degrees of freedom of a comparison of both sides of `counts`, by the design's rule; shape (D,)."""
    psus, strata = ([part[:, 0], part[:, 1]] for part in (counts.psus, counts.strata))
    return change_df(stacked.design, stacked.contrast.design_df, psus, strata)


def reasons(stacked: Stacked, counts: Counts, df: FloatArray, se: FloatArray) -> Reasons:
    """Return the reasons that every comparison of two sides can have; shape (D,)."""
    flags = no_reasons(stacked.n_domains)
    answered = np.asarray((counts.answers > 0).all(axis=1))
    add_reason(flags, ~answered, "no_answers")
    add_reason(flags, answered & np.asarray((counts.psus == 1).any(axis=1)), "one_psu")
    add_reason(flags, answered & ~(df > 0), "no_df")
    add_reason(flags, se == 0, "no_variation")
    if stacked.design.psu is None:
        add_reason(flags, np.ones(flags.size, dtype=np.bool_), "overlap_unknown")
    add_reason(flags, stacked.contrast.fpc_union, "fpc_union")
    return flags


def as_table(
    stacked: Stacked,
    outcomes: Sequence[Sequence[Outcome]],
    level: float,
    *,
    parts: Sequence[str] = (),
    estimated: str = "estimate",
) -> pd.DataFrame:
    """Return one row a domain, item and part: what its outcome shows, with t intervals and p-values.

    Parameters
    ----------
    stacked
        Domains and items.
    outcomes
        Of each item, of each part.
    level
        Confidence level.
    parts
        Names of the parts, in a column `part`; none: there is one, and no such column.
    estimated
        Name of the column of estimates.
    """
    flat = [outcome for of_item in outcomes for outcome in of_item]
    n_parts = max(len(parts), 1)
    table = domain_table(stacked.sample.domains, [item for item in stacked.items for _ in range(n_parts)])
    if parts:
        table["part"] = list(parts) * (len(table) // len(parts))

    def column(values: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        return np.stack(values, axis=1).reshape(-1)

    estimate = column([outcome.estimate for outcome in flat])
    se, df, interval_se, interval_df = (
        column([getattr(outcome.errors, field.name) for outcome in flat]) for field in fields(Errors)
    )
    low, high = t_interval(estimate, interval_se, interval_df, level)
    columns = {
        estimated: estimate, "se": se, "df": df, "ci_low": low, "ci_high": high,
        "p": two_sided_p(estimate, interval_se, interval_df),
    }  # fmt: skip
    for name in flat[0].shown:
        columns[name] = column([outcome.shown[name] for outcome in flat])
    columns["flag"] = column([outcome.flags for outcome in flat])
    add_reason(columns["flag"], np.isnan(interval_se) & (se > 0) & (df > 0), "one_psu")
    return table.assign(**columns).astype({"flag": "str"})


def _sum_pairs(stacked: Stacked, values: FloatArray) -> FloatArray:
    """Sum rows (N,) by pair of unit and domain, over both waves; shape (P,)."""
    contrast = stacked.contrast
    by_cell = np.append(to_cells(np.nan_to_num(values), stacked.rows, stacked.sample.cells.size), 0.0)
    return np.asarray(by_cell[contrast.after] + by_cell[contrast.before])


def _filled(whole: FloatArray) -> FloatArray:
    return np.where(whole > 0, whole, 1.0)
