"""Levels and changes of every indicator, in its own unit and as a score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.scoring.aggregation import below_floor
from evaltools.scoring.gate import GateResult
from evaltools.scoring.preparation import ScoringData, SourceData
from evaltools.stats import ChangeEstimate, estimate, estimate_change, intervals

FloatArray = npt.NDArray[np.float64]

ESTIMATE_COLUMNS = (
    "bank", "wave", "indicator", "stat", "estimate", "se", "df", "ci_low", "ci_high", "n", "n_psu",
    "missing_share", "flag",
)  # fmt: skip
CHANGE_COLUMNS = (
    "bank", "indicator", "dimension", "source", "stat", "unit", "baseline", "endline", "change", "se", "df", "ci_low",
    "ci_high", "p", "n_baseline", "n_endline", "n_both", "score_baseline", "score_endline", "score_change", "used",
    "weight", "meaning", "flag",
)  # fmt: skip

_MOVED = 0.10 + 1e-9  # a share of missing answers that moves by more than 10 points, not exactly 10, is flagged
_NUMBERS = ("baseline", "endline", "change", "se", "df")
_ERRORS = ("interval_se", "interval_df")  # what interval and p rest on, with the correction for few PSUs
_COUNTS = ("n_baseline", "n_endline", "n_both")


@dataclass(frozen=True, slots=True, eq=False)
class ChangeResult:
    """Changes of all indicators.

    Attributes
    ----------
    frame : DataFrame, banks x indicators rows
        `CHANGE_COLUMNS`. Numbers are NaN where the gate failed or the indicator cannot be used or shown; ``flag`` says
        why. ``weight`` is the share of the composite that the indicator has at this bank, so that the composite's
        change is the sum of ``weight * score_change`` under the arithmetic mean. ``meaning`` holds the interval
        against the indicator's own delta: ``beyond_delta``, ``within_delta``, or "" where it reaches over or there is
        none. Scores are not cut at 0 and 100.
    estimates
        Source to what `evaltools.stats` estimated, for linear combinations; sources without uncertainty or without
        answers in both waves are not in it.
    """

    frame: pd.DataFrame
    estimates: Mapping[str, ChangeEstimate]


def measure_levels(data: ScoringData, *, level: float = 0.95) -> pd.DataFrame:
    """Estimate every indicator for each bank and wave.

    Parameters
    ----------
    data
        From `prepare_scoring`.
    level
        Of the intervals.

    Returns
    -------
    DataFrame
        `ESTIMATE_COLUMNS`, one row a bank, wave and indicator, in the order of campaign and framework. The estimate is
        NaN, with a flag, without answers and where fewer firms answered than may be shown. Limits of shares stay
        between 0 and 1 and exist where all agree (Korn and Graubard); those of a mean do not where nothing varies.
    """
    parts = [_levels_of(data, source, wave, level) for source in data.sources for wave in data.waves]
    frame = pd.concat(parts, ignore_index=True)
    order = {
        "bank": data.bank_ids,
        "wave": list(data.waves),
        "indicator": [indicator.id for indicator in data.framework.indicators],
    }
    place = pd.DataFrame({key: frame[key].map({v: i for i, v in enumerate(values)}) for key, values in order.items()})
    return frame.loc[place.sort_values(list(order)).index, list(ESTIMATE_COLUMNS)].reset_index(drop=True)


def measure_changes(data: ScoringData, gate: GateResult) -> ChangeResult:
    """Estimate the change of every indicator at the banks that passed the gate.

    Parameters
    ----------
    data
        From `prepare_scoring`.
    gate
        From `check_gate`.

    Notes
    -----
    Intervals and p-values of single indicators are those of `evaltools.stats.change` for few PSUs, two-sided, not
    adjusted for many indicators: they describe, the verdict rests on the composite.
    """
    estimates: dict[str, ChangeEstimate] = {}
    parts = []
    for source in data.sources:
        grids, found = _grids_of(data, source)
        parts.append(grids)
        if found is not None:
            estimates[source.source] = found
    names = [indicator.id for indicator in data.framework.indicators]
    grids = {name: pd.concat([part[name] for part in parts], axis=1)[names] for name in parts[0]}
    return ChangeResult(_as_frame(data, gate, grids), estimates)


def effective_weights(data: ScoringData, gate: GateResult) -> pd.DataFrame:
    """Return each indicator's share of the composite, banks x all indicators.

    Rows sum to 1, or are 0 where the gate failed. Weights are made whole within the dimension over the indicators in
    use, then over the dimensions that are left.
    """
    weights = pd.DataFrame(0.0, index=gate.reasons.index, columns=gate.reasons.columns, dtype=float)
    for dimension in data.framework.dimensions:
        own = {i.id: i.weight for i in data.framework.indicators if i.dimension == dimension.id and i.weight > 0}
        inside = gate.used[list(own)].astype(float) * pd.Series(own)
        total = inside.sum(axis=1)
        weights[list(own)] = inside.div(total.where(total > 0), axis=0).fillna(0.0) * dimension.weight
    total = weights.sum(axis=1)
    weights = weights.div(total.where(total > 0), axis=0).fillna(0.0)
    weights.loc[~gate.table.set_index("bank")["gate_passed"].astype(bool)] = 0.0
    return weights


def t_interval(
    change: FloatArray, se: FloatArray, df: FloatArray, *, level: float | FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return lower limit, upper limit and two-sided p of an estimate by Student's t; NaN where nothing varies."""
    low, high = intervals.t_interval(change, np.where(se > 0, se, np.nan), df, level)
    return low, high, intervals.two_sided_p(change, se, df)


def bank_table(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return one column of the changes as a table banks x indicators, in the order of the rows."""
    banks, names = frame["bank"].drop_duplicates(), frame["indicator"].drop_duplicates()
    values = frame[column].to_numpy(dtype=float).reshape(len(banks), len(names))
    return pd.DataFrame(values, index=pd.Index(banks, name="bank"), columns=list(names))


def join_flags(*flags: str) -> str:
    """Join flag codes by ";", each once, sorted."""
    return ";".join(sorted({part for flag in flags for part in flag.split(";") if part}))


def _estimated(source: SourceData, rows: pd.DataFrame, level: float) -> pd.DataFrame:
    """Estimate means with limits by Student's t, shares with those for proportions."""
    means = [indicator.id for indicator in source.indicators if indicator.statistic == "mean"]
    shares = [name for name in source.items if name not in means]
    kinds: list[tuple[list[str], Literal["mean", "proportion"]]] = [(means, "mean"), (shares, "proportion")]
    parts = [
        estimate(rows, names, by="bank", design=source.design, stat=stat, level=level) for names, stat in kinds if names
    ]
    found = pd.concat(parts, ignore_index=True)
    still = (found["se"] == 0) & (found["stat"] == "mean")
    found.loc[still, ["ci_low", "ci_high"]] = np.nan
    return found


def _levels_of(data: ScoringData, source: SourceData, wave: str, level: float) -> pd.DataFrame:
    rows = source.frame[source.frame["wave"] == wave]
    index = pd.MultiIndex.from_product([data.bank_ids, source.items], names=["bank", "item"])
    if len(rows):
        found = _estimated(source, rows, level).set_index(["bank", "item"]).reindex(index)
    else:
        found = pd.DataFrame(index=index, columns=["estimate", "se", "df", "ci_low", "ci_high", "n", "n_psu", "flag"])
    if source.uncertainty == "none":
        found[["se", "df", "ci_low", "ci_high"]] = np.nan
    found[["n", "n_psu"]] = found[["n", "n_psu"]].astype(float).fillna(0).astype("int64")
    hidden = (found["n_psu"] > 0) & (found["n_psu"] < source.min_psus(data.framework))
    hidden &= source.uncertainty == "sampling"  # what a visit found is no firm's answer: it may be shown
    found.loc[hidden, ["estimate", "se", "df", "ci_low", "ci_high"]] = np.nan
    flags = found["flag"].fillna("").mask(found["n"] == 0, "no_answers")
    found["flag"] = [join_flags(flag, "small_cell" if hide else "") for flag, hide in zip(flags, hidden, strict=True)]
    frame = found.reset_index().rename(columns={"item": "indicator"}).assign(wave=wave)
    frame["stat"] = [data.framework.indicator(name).statistic for name in frame["indicator"]]
    shares = source.missing.reindex(pd.MultiIndex.from_product([data.bank_ids, [wave]]))
    frame["missing_share"] = shares.to_numpy(dtype=float).reshape(-1)
    return frame


def _grids_of(data: ScoringData, source: SourceData) -> tuple[dict[str, pd.DataFrame], ChangeEstimate | None]:
    """Return estimates as banks x indicators tables, one a quantity, and the estimate itself."""
    banks = pd.Index(data.bank_ids, name="bank")
    grids = {name: pd.DataFrame(np.nan, index=banks, columns=source.items) for name in (*_NUMBERS, *_ERRORS, *_COUNTS)}
    grids["flags"] = pd.DataFrame("", index=banks, columns=source.items, dtype=object)
    found = None
    if set(data.waves) <= set(source.frame["wave"]):
        found = estimate_change(
            source.frame, source.items, by="bank", wave="wave", design=source.design, waves=data.waves,
            joined_patterns=source.joined_patterns,
        )  # fmt: skip
        for name in (*_NUMBERS, *_ERRORS, *_COUNTS, "flags"):
            table = pd.DataFrame(getattr(found, name), index=found.domains["bank"], columns=source.items)
            grids[name] = table.reindex(banks)
    grids["flags"] = grids["flags"].fillna("").map(_kept) + _own_flags(data, source)
    if source.uncertainty == "none":
        for name in ("se", "df", *_ERRORS):
            grids[name][:] = np.nan
        found = None
    return grids, found


def _as_frame(data: ScoringData, gate: GateResult, grids: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Lay the tables banks x indicators out as rows, with scores, intervals and the reasons for what is not told."""
    indicators = data.framework.indicators
    failed = ~gate.table["gate_passed"].to_numpy(dtype=bool)[:, None]
    reasons = gate.reasons.to_numpy(dtype=object)
    untold = failed | (reasons != "")
    values = {name: np.where(untold, np.nan, grids[name].to_numpy(dtype=float)) for name in _NUMBERS}
    errors = (grids[name].to_numpy(dtype=float) for name in _ERRORS)
    values["ci_low"], values["ci_high"], values["p"] = t_interval(
        values["change"], *errors, level=1 - data.framework.alpha
    )
    worst = np.array([indicator.goalposts.worst for indicator in indicators])
    per_unit = np.array([indicator.goalposts.per_unit for indicator in indicators])
    values["score_baseline"] = (values["baseline"] - worst) * per_unit
    values["score_endline"] = (values["endline"] - worst) * per_unit
    values["score_change"] = values["change"] * per_unit
    values["weight"] = effective_weights(data, gate).to_numpy(dtype=float)
    size = len(data.banks)
    frame = pd.DataFrame({
        "bank": np.repeat(np.array(data.bank_ids, dtype=object), len(indicators)),
        "indicator": [i.id for i in indicators] * size,
        "dimension": [i.dimension for i in indicators] * size,
        "source": [i.source for i in indicators] * size,
        "stat": [i.statistic for i in indicators] * size,
        "unit": [i.unit for i in indicators] * size,
        **{name: table.reshape(-1) for name, table in values.items()},
        **{name: grids[name].fillna(0).to_numpy(dtype="int64").reshape(-1) for name in _COUNTS},
    })  # fmt: skip
    frame["used"] = frame["weight"] > 0
    frame["meaning"] = _meaning(values, [indicator.delta for indicator in indicators]).reshape(-1)
    closed = np.where(reasons != "", reasons, np.where(failed, "gate", ""))
    low = np.minimum(values["score_baseline"], values["score_endline"])
    floored = below_floor(low, data.framework.aggregation) & (values["weight"] > 0)
    notes = grids["flags"].to_numpy(dtype=object) + np.where(floored, ";at_floor", "").astype(object)
    frame["flag"] = [
        closed or join_flags(flags) for closed, flags in zip(closed.reshape(-1), notes.reshape(-1), strict=True)
    ]
    return frame[list(CHANGE_COLUMNS)]


def _meaning(values: Mapping[str, FloatArray], deltas: list[float | None]) -> npt.NDArray[np.object_]:
    """Return where an interval lies wholly beyond, or wholly within, the indicator's meaningful change."""
    delta = np.array([np.nan if one is None else one for one in deltas])
    low, high = values["ci_low"], values["ci_high"]
    beyond, within = (low > delta) | (high < -delta), (-delta < low) & (high < delta)
    return np.where(beyond, "beyond_delta", np.where(within, "within_delta", "")).astype(object)


def _kept(flags: str) -> str:
    # stats counts every empty cell as missing; what is missing here is judged among the ratings the indicator is about
    return ";".join(flag for flag in flags.split(";") if flag != "missing_moved")


def _own_flags(data: ScoringData, source: SourceData) -> pd.DataFrame:
    """Return flags that only scoring knows, each with ";" in front."""
    first, second = (
        source.missing.reindex(pd.MultiIndex.from_product([data.bank_ids, [wave]])).to_numpy(dtype=float)
        for wave in data.waves
    )
    with np.errstate(invalid="ignore"):
        moved = np.where(np.abs(second - first) > _MOVED, ";missing_moved", "").astype(object)
    notes = [data.comparability[name] for name in source.items]
    notes = [f";{note}" if note in ("reworded", "rescaled") else "" for note in notes]
    unknown = set(source.frame.loc[~source.frame["overlap_known"], "bank"])
    loose = np.array([";overlap_unknown" if bank in unknown else "" for bank in data.bank_ids], dtype=object)
    table = moved + np.array(notes, dtype=object) + loose[:, None]
    return pd.DataFrame(table, index=pd.Index(data.bank_ids, name="bank"), columns=source.items)
