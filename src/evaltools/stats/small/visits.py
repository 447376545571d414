"""The table of mystery visits: each bank's change by indicator, from visits of the same scenario in both waves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import FloatArray, IntArray
from evaltools.stats.columns import read_numbers, require_columns, require_frame
from evaltools.stats.design import require_choice
from evaltools.stats.intervals import require_level
from evaltools.stats.small.discordant import mcnemar
from evaltools.stats.small.score_pairs import paired_shares
from evaltools.stats.small.shifts import SMALL, hodges_lehmann
from evaltools.stats.small.visit_pairs import VisitPairs, pair_visits
from evaltools.stats.sums import as_columns

VisitKind = Literal["share", "number"]

_OWN = {"indicator", "kind", "n_pairs", "n_discordant", "least_p", "n_unpaired", "n_missing", "n_visits", "reason"}


@dataclass(frozen=True, slots=True, eq=False)
class VisitChanges:
    """Changes between two waves of visits.

    Attributes
    ----------
    table : frame
        One row a domain and indicator, see `visit_changes`.
    unpaired : frame
        `[*pair, wave, n_visits, reason]`: visits that are in no pair, by name. ``other_wave_absent``, or
        ``several_visits`` of one key in a wave.
    """

    table: pd.DataFrame
    unpaired: pd.DataFrame


def visit_changes(
    frame: Any,
    indicators: Sequence[str],
    *,
    kinds: Mapping[str, VisitKind],
    pair: str | Sequence[str] = ("bank", "branch", "scenario"),
    wave: str = "wave",
    by: str | Sequence[str] | None = "bank",
    waves: tuple[object, object] | None = None,
    level: float = 0.95,
) -> VisitChanges:
    """Compare visits of the same key in two waves.

    Parameters
    ----------
    frame : pandas frame or Arrow table
        One row a visit.
    indicators
        Columns of numbers: 0/1 for "share", days, steps or documents for "number"; missing where not observed.
    kinds
        What each indicator is. "share": Tango's limits and McNemar's exact test. "number": Hodges-Lehmann with
        Wilcoxon's test, exact or by permutation below 50 pairs.
    pair
        Columns that make two visits a pair when they agree. With several visits of one key in a wave add the column
        that tells them apart.
    wave
        Column of the wave.
    by
        Columns of `pair` whose values get rows. None: all visits together.
    waves
        (before, after). None: the two values there are, sorted.
    level
        Confidence level.

    Returns
    -------
    VisitChanges
        Columns of `table`: `[*by, indicator, kind, baseline, endline, change, ci_low, ci_high, p, n_pairs,
        n_discordant, least_p, n_baseline, n_endline, n_unpaired, n_missing, flag]`. `baseline` and `endline` are
        shares or medians of the pairs, `change` the difference of shares or the Hodges-Lehmann shift (not the
        difference of the medians). `n_discordant` pairs whose values differ; `least_p` the smallest p they allow;
        `n_baseline`, `n_endline` visits; `n_unpaired` those in no pair; `n_missing` pairs with a value missing.
        `flag`: ``no_pairs``, ``no_discordant_pairs``, ``no_variation``, ``too_few_pairs``
        (`least_p` above 1 - level), ``level_not_reached`` (no limits), joined by ";".

    Raises
    ------
    UsageError
        ``frame-type``, ``frame-column-missing``, ``frame-not-numeric``, ``by-columns``, ``visits-by``,
        ``visits-kinds``, ``stat-not-binary``, ``waves-two``, ``waves-pair``, ``wave-absent``, ``option-value``.
    DesignError
        ``frame-values-missing`` where a column of `pair` or the wave is missing.

    Notes
    -----
    The pairs of one branch are taken as independent; where scenarios of a branch move together, p is too small.
    Source: as `paired_shares`, `mcnemar`, `hodges_lehmann`.
    """
    level = require_level(level)
    require_frame(frame)
    columns, keys = as_columns(by), as_columns(pair)
    _check(indicators, kinds, keys, columns, wave)
    require_columns(frame, [*keys, wave, *indicators])
    pairs = pair_visits(frame, keys, wave, columns, waves)
    tables = [_compare(frame, pairs, indicator, kinds[indicator], level) for indicator in indicators]
    table = pd.concat(tables, ignore_index=True)
    # domain by domain, indicators in the order they were given
    order = np.arange(len(table)).reshape(len(tables), -1).T.ravel()
    return VisitChanges(table.iloc[order].reset_index(drop=True), pairs.unpaired)


def _compare(frame: Any, pairs: VisitPairs, indicator: str, kind: VisitKind, level: float) -> pd.DataFrame:
    """Return the rows of one indicator, one a domain."""
    values = read_numbers(frame, indicator)
    if kind == "share" and not np.isin(values[~np.isnan(values)], (0.0, 1.0)).all():
        raise UsageError("stat-not-binary", option="kinds", value="share", item=indicator)
    before, after = values[pairs.before], values[pairs.after]
    known = ~(np.isnan(before) | np.isnan(after))
    size = len(pairs.domains)
    build = _shares if kind == "share" else _numbers
    found = pairs.domains.assign(indicator=indicator, kind=kind)
    part = build(pairs.domain[known], before[known], after[known], size, level)
    counts = _counts(pairs, np.bincount(pairs.domain[~known], minlength=size))
    return pd.concat([found, part.drop(columns="flag"), counts, part["flag"]], axis=1)


def _counts(pairs: VisitPairs, missing: IntArray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "n_baseline": pairs.visits[:, 0], "n_endline": pairs.visits[:, 1], "n_unpaired": pairs.lost.sum(axis=1),
            "n_missing": missing,
        }
    )  # fmt: skip


def _shares(domain: IntArray, before: FloatArray, after: FloatArray, size: int, level: float) -> pd.DataFrame:
    cell = domain * 4 + 2 * before.astype(np.int64) + after.astype(np.int64)
    none, gained, lost, both = np.bincount(cell, minlength=4 * size).reshape(size, 4).T
    shares = paired_shares(both, lost, gained, none, level=level)
    test = mcnemar(gained, lost, level=level)
    flags = [
        ";".join(part for part in (share, few) if part) if share != "no_pairs" else share
        for share, few in zip(shares.flags, test.flags, strict=True)
    ]
    there = shares.n > 0
    return pd.DataFrame(
        {
            "baseline": shares.baseline, "endline": shares.endline, "change": shares.change, "ci_low": shares.ci_low,
            "ci_high": shares.ci_high, "p": np.where(there, test.p, np.nan), "n_pairs": shares.n,
            "n_discordant": test.n_discordant, "least_p": np.where(there, test.least_p, np.nan),
            "flag": flags,
        }
    )  # fmt: skip


def _numbers(domain: IntArray, before: FloatArray, after: FloatArray, size: int, level: float) -> pd.DataFrame:
    rows = []
    for number in range(size):
        one, two = before[domain == number], after[domain == number]
        small = one.size < SMALL
        shift = hodges_lehmann(two, one, paired=True, exact=True if small else "auto", level=level)
        moved = one.size - shift.n_zero
        least = min(float(np.ldexp(2.0, -moved)), 1.0)
        few = ["too_few_pairs"] if one.size and least > 1 - level else []
        rows.append(
            {
                "baseline": _median(one), "endline": _median(two), "change": shift.estimate,
                "ci_low": shift.ci_low, "ci_high": shift.ci_high, "p": shift.p, "n_pairs": one.size,
                "n_discordant": moved, "least_p": least if one.size else np.nan,
                "flag": ";".join([*([shift.flag] if shift.flag else []), *few]),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _median(values: FloatArray) -> float:
    return float(np.median(values)) if values.size else np.nan


def _check(
    indicators: Sequence[str], kinds: Mapping[str, VisitKind], pair: Sequence[str], by: Sequence[str], wave: str
) -> None:
    taken = [name for name in pair if name == wave or name in _OWN]
    if taken:
        raise UsageError("by-columns", columns=taken)
    outside = [name for name in by if name not in pair]
    if outside or not pair:
        raise UsageError("visits-by", columns=outside, pair=list(pair))
    given = [] if isinstance(indicators, str) else list(indicators)
    if not given or set(given) != set(kinds) or len(set(given)) < len(given):
        raise UsageError("visits-kinds", indicators=given, kinds=list(kinds))
    for kind in kinds.values():
        require_choice("kinds", kind, get_args(VisitKind))
