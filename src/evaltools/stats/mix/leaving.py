"""Attrition: who of the baseline is not there at the endline, and whether those who left had answered otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evaltools.stats.arrays import IntArray, compress, count_by, size_of, sum_by
from evaltools.stats.columns import is_arrow, read_codes, read_numbers
from evaltools.stats.design import DEFAULT, Design
from evaltools.stats.differences import estimate_change
from evaltools.stats.intervals import adjust_p_values, require_level, t_interval, two_sided_p
from evaltools.stats.means import estimate
from evaltools.stats.mix.stacked import Stacked, read_units_of_rows, stack_waves
from evaltools.stats.reasons import Reasons, domain_table
from evaltools.stats.sums import as_columns, as_items

_RESERVED = frozenset({"trait", "value", "rate", "n_left", "stayed", "left", "difference", "p_bh", "n_stayed"})


@dataclass(frozen=True, slots=True, eq=False)
class Attrition:
    """Attrition between two waves.

    Attributes
    ----------
    rates : frame
        Columns `[*by, trait, value, n_baseline, n_stayed, n_left, rate, se, df, ci_low, ci_high, flag]`, one row a
        domain, then one a value of each trait in the domain. `n_*` count respondents, `rate` is the weighted share
        that left.
    answers : frame
        Columns `[*by, item, stayed, left, difference, se, df, ci_low, ci_high, p, p_bh, n_stayed, n_left, flag]`, one
        row a domain and item: baseline means of those who stayed and of those who left, and left less stayed, in the
        item's unit. `p_bh` is adjusted over the items of the domain.
    """

    rates: pd.DataFrame
    answers: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class _Baseline:
    """Baseline rows: the `frame`, the respondent in its domain `pair` (N,), the column `status`: 1 where it left."""

    frame: pd.DataFrame
    pair: IntArray
    status: str


def attrition(
    frame: Any,
    by: str | Sequence[str] | None = None,
    wave: str = "wave",
    design: Design = DEFAULT,
    *,
    items: str | Sequence[str] = (),
    traits: str | Sequence[str] = (),
    waves: tuple[object, object] | None = None,
    level: float = 0.95,
) -> Attrition:
    """Show how many of the baseline's respondents left, and whether they differed from those who stayed.

    Parameters
    ----------
    frame, by, wave, design, waves, level
        As in `change`, with rows. The respondent is the last stage of `psu`, which must be named; it stayed if it has a
        row of positive weight at the endline of the same domain. `overlap` has no part in it: the sample is the
        baseline.
    items
        Numeric columns whose baseline answers are compared.
    traits
        Columns such as size or sector by which rates are shown besides, as they stood at the baseline.

    Returns
    -------
    Attrition
        Two tables; a domain without rows at the baseline is in neither. A respondent with several baseline rows counts
        once in a rate, with the mean of their weights. Intervals of rates are Korn and Graubard's. `flag`:
        ``no_answers`` (nobody, or nobody of one side), ``one_psu``, ``no_df``, ``no_variation``; of answers also
        ``missing_moved`` (missing shares differ by over 10 points).

    Raises
    ------
    UsageError
        ``presence-psu`` and those of `change`.
    DesignError
        As `change`.

    Notes
    -----
    rate: Hájek mean of the 0/1 of having left, over the baseline sample. left less stayed: difference of the means of
    two subclasses of it, with their covariance. Source: Korn and Graubard (1998), Survey Methodology 24; Särndal,
    Swensson, Wretman (1992), section 5.8; Benjamini and Hochberg (1995), J. R. Stat. Soc. B 57. Equals R survey 4.1.1
    `svyciprop(method = "beta")` and `svycontrast` of `svyby`.
    """
    level = require_level(level)
    columns, chosen = as_columns(by, _RESERVED), tuple(str(item) for item in as_items(items)) if len(items) else ()
    kinds = (traits,) if isinstance(traits, str) else tuple(traits)
    design = replace(design, overlap="union")
    stacked = stack_waves(frame, chosen or None, by, wave, design, waves, others=kinds)
    baseline = _read_baseline(stacked, [*columns, *stacked.items, *kinds, *design.columns])
    rates = [_rates(baseline, columns, trait, design, level) for trait in (None, *kinds)]
    rows = pd.concat(rates, ignore_index=True) if kinds else rates[0]
    return Attrition(rows, _answers(stacked, baseline, columns, level))


def _read_baseline(stacked: Stacked, columns: Sequence[str]) -> _Baseline:
    unit, size = read_units_of_rows(stacked), stacked.n_domains
    pair, kept = compress(unit * size + stacked.domain, size_of(unit) * size)
    late = (stacked.side == 1) & (stacked.rows.weight > 0)
    stays = count_by(pair[late], kept.size) > 0
    early = np.flatnonzero(stacked.side == 0)
    place, names = stacked.rows.order[early], list(dict.fromkeys(columns))
    if is_arrow(stacked.frame):
        table = stacked.frame.select(names).take(place).to_pandas()
    else:
        table = stacked.frame[names].iloc[place].reset_index(drop=True)
    status = "left"
    while status in names:
        status += "_"
    table[status] = np.where(stays[pair[early]], 0, 1)
    return _Baseline(table, pair[early], status)


def _rates(
    baseline: _Baseline, columns: tuple[str, ...], trait: str | None, design: Design, level: float
) -> pd.DataFrame:
    groups = [*columns, *([] if trait is None else [trait])]
    table = _one_row_each(baseline, trait, design)
    found = estimate(table, baseline.status, groups or None, design, ci="beta", level=level)
    plain = estimate(table, baseline.status, groups or None, Design(lonely_psu="remove"))  # only counts are read
    left = np.rint(np.nan_to_num(plain["estimate"].to_numpy()) * plain["n"].to_numpy()).astype(np.int64)
    rates = found[list(columns)].assign(
        trait=trait or "", value="" if trait is None else found[trait], n_baseline=found["n"],
        n_stayed=found["n"] - left, n_left=left, rate=found["estimate"],
    )  # fmt: skip
    rates = rates.astype({"trait": "str", "value": "str"})
    return rates.join(found[["se", "df", "ci_low", "ci_high", "flag"]])


def _one_row_each(baseline: _Baseline, trait: str | None, design: Design) -> pd.DataFrame:
    """Return one row a respondent, domain and value of the trait; weight 0 means that it does not answer."""
    table, key = baseline.frame, baseline.pair
    if trait is not None:
        codes = read_codes(table, trait, role="trait")
        key, _ = compress(key * codes.size + codes.code, size_of(key) * codes.size)
    first = ~pd.Index(key).duplicated()
    once = table[first].reset_index(drop=True)
    once[baseline.status] = once[baseline.status].astype(np.float64)
    if design.weight is None:
        return once
    weight = read_numbers(table, design.weight)
    size = size_of(key)
    total, counted = sum_by(key, weight, size), count_by(key[weight > 0], size)
    once[design.weight] = (total / np.maximum(counted, 1))[key[first]]
    once.loc[once[design.weight] == 0, baseline.status] = np.nan
    return once


def _answers(stacked: Stacked, baseline: _Baseline, columns: tuple[str, ...], level: float) -> pd.DataFrame:
    names = ("stayed", "left", "difference", "se", "df", "ci_low", "ci_high", "p", "p_bh", "n_stayed", "n_left", "flag")
    if not stacked.items:
        return pd.DataFrame(columns=[*columns, "item", *names])
    # the two sides of a comparison are here those who stayed and those who left, not two waves
    found = estimate_change(
        baseline.frame, stacked.items, columns or None, baseline.status, stacked.design, waves=(0, 1)
    )
    table = domain_table(found.domains, found.items)
    low, high = t_interval(found.change, found.interval_se, found.interval_df, level)
    p = two_sided_p(found.change, found.interval_se, found.interval_df)
    values = (
        found.baseline, found.endline, found.change, found.se, found.df, low, high, p, adjust_p_values(p),
        found.n_baseline, found.n_endline, _without(found.flags, "fpc_union"),
    )  # fmt: skip
    for name, part in zip(names, values, strict=True):
        table[name] = part.reshape(-1)
    return table.astype({"flag": "str"})


def _without(flags: Reasons, reason: str) -> Reasons:
    """Return reasons without one: a population count holds for the baseline, which is one sample."""
    kept = [";".join(part for part in text.split(";") if part != reason) for text in flags.reshape(-1)]
    return np.array(kept, dtype=object).reshape(flags.shape)
