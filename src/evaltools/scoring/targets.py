"""Targets of the plan: met, not met, or cannot be told, each with its evidence; judged apart from the verdicts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaltools.scoring.changes import ChangeResult, join_flags
from evaltools.scoring.families import adjust_bh
from evaltools.scoring.findings import judge_findings
from evaltools.scoring.limits import (
    ROUNDING,
    BoolArray,
    FloatArray,
    effective_size,
    keeps,
    mean_limits,
    mean_p,
    quantile_limits,
    share_limits,
    share_p,
    weighted_quantile,
)
from evaltools.scoring.models import Target
from evaltools.scoring.preparation import ScoringData, SourceData
from evaltools.stats import estimate

TARGET_COLUMNS = (
    "bank", "clause", "indicator", "statistic", "value", "ci_low", "ci_high", "n", "verdict", "evidence",
    "limit", "bound", "soft", "unit", "p", "p_adjusted",
)  # fmt: skip
TARGET_VERDICTS = ("met", "not_met", "cannot_tell", "no_violation_found")

_P90 = 0.9


def judge_targets(data: ScoringData, changes: ChangeResult, *, alpha: float = 0.05) -> pd.DataFrame:
    """Judge every target at every bank it holds for, at the later wave.

    Parameters
    ----------
    data
        From `prepare_scoring`.
    changes
        From `measure_changes`; for targets that ask for a change against the baseline.
    alpha
        One-sided error of each limit, and the share of false accusations among all accusations from samples.

    Returns
    -------
    DataFrame
        `TARGET_COLUMNS`, one row a bank and target. ``ci_low`` and ``ci_high`` are one-sided limits, each with error
        `alpha`. ``verdict``: ``met`` when the limit on the wrong side still keeps the target; ``not_met`` when a
        sample breaks it with a p-value adjusted over banks x targets, a complete count breaks it, or a visit found a
        violation; ``no_violation_found`` for visits without one, which never prove a rule; else ``cannot_tell``.
        ``evidence`` is joined by ";": counts, locators of visits, and why nothing is told. Values from fewer firms
        than may be shown are NaN.
    """
    parts = []
    for target in data.framework.targets:
        source = data.of_source(data.framework.indicator(target.indicator).source)
        banks = [bank.id for bank in data.banks if not target.bank_types or bank.type in target.bank_types]
        part = _judge_one(data, source, target, changes, alpha)
        part["soft"] = target.soft
        parts.append(part[part["bank"].isin(banks)])
    if not parts:
        return pd.DataFrame(columns=list(TARGET_COLUMNS))
    frame = pd.concat(parts, ignore_index=True)
    frame["p_adjusted"] = adjust_bh(frame["p"].to_numpy(dtype=float))
    frame.loc[frame["p_adjusted"] <= alpha, "verdict"] = "not_met"
    frame["evidence"] = [
        join_evidence(evidence, "soft" if soft else "")
        for evidence, soft in zip(frame["evidence"], frame["soft"], strict=True)
    ]
    place = frame["bank"].map({bank: i for i, bank in enumerate(data.bank_ids)})
    order = place.sort_values(kind="stable").index
    return frame.loc[order, list(TARGET_COLUMNS)].reset_index(drop=True)


def join_evidence(*parts: str) -> str:
    """Join evidence by ";" in the order given."""
    return ";".join(part for part in parts if part)


def _judge_one(
    data: ScoringData, source: SourceData, target: Target, changes: ChangeResult, alpha: float
) -> pd.DataFrame:
    indicator = data.framework.indicator(target.indicator)
    if target.statistic in ("none", "every"):
        frame = judge_findings(source, target, data.bank_ids, data.waves[1], alpha=alpha)
    elif target.statistic == "change":
        frame = _judge_change(data, source, target, changes, alpha)
    else:
        frame = _judge_level(data, source, target, alpha)
    limit = target.at_most if target.at_most is not None else target.at_least
    return frame.assign(
        clause=target.clause, indicator=target.indicator, statistic=target.statistic, unit=indicator.unit,
        limit=np.nan if limit is None else limit, bound=np.nan if target.bound is None else target.bound,
    )  # fmt: skip


def _judge_level(data: ScoringData, source: SourceData, target: Target, alpha: float) -> pd.DataFrame:
    """Judge a mean, a share or a 90th percentile of the later wave."""
    columns = ["bank", "psu", "stratum", "weight", target.indicator]
    rows = source.frame.loc[source.frame["wave"] == data.waves[1], columns]
    table = _estimated(data, source, target, rows)
    share = data.framework.indicator(target.indicator).statistic != "mean" or target.statistic == "share_within"
    if target.statistic == "p90":
        frame = _judge_p90(rows, target, table, alpha)
    elif share:
        frame = _judge_share(target, table, alpha)
    else:
        mean, se, df = (table[name].to_numpy() for name in ("estimate", "se", "df"))
        frame = _judge_mean(target, mean, se, df, alpha)
    frame = frame.assign(bank=data.bank_ids, n=table["n"].to_numpy(dtype="int64"))
    if source.uncertainty == "none":
        value = frame["value"].to_numpy(dtype=float)
        kept = keeps(value, value, at_most=target.at_most, at_least=target.at_least)
        return _exact(frame.drop(columns="met"), kept)
    frame["verdict"] = np.where(frame["met"], "met", "cannot_tell")
    known = frame["value"].notna() & frame["p"].notna()
    firms = table["n_psu"].to_numpy(dtype="int64")
    small = (firms > 0) & (firms < source.min_psus(data.framework))
    frame["evidence"] = [
        join_evidence(f"n={n}", f"psu={psu}") if told else "no_df" if not df >= 1 else "no_variation"
        for n, psu, df, told in zip(frame["n"], firms, table["df"], known, strict=True)
    ]
    frame.loc[frame["n"] == 0, "evidence"] = "no_answers"
    frame.loc[small, "evidence"] = "small_cell" if source.uncertainty == "sampling" else "few_branches"
    frame.loc[small, ["value", "ci_low", "ci_high", "p"]] = np.nan
    frame.loc[small, "verdict"] = "cannot_tell"
    return frame.drop(columns="met")


def _estimated(data: ScoringData, source: SourceData, target: Target, rows: pd.DataFrame) -> pd.DataFrame:
    """Return estimate, se, df, n, n_psu of what the target is about, one row a bank in the campaign's order."""
    values = rows[target.indicator].to_numpy(dtype=float)
    if target.statistic == "share_within":
        values = np.where(np.isnan(values), np.nan, values <= float(target.bound or 0.0))
    elif target.statistic == "p90":
        own = rows["bank"].map(_quantiles(rows, target)).to_numpy(dtype=float)
        values = np.where(np.isnan(values), np.nan, values <= own)
    if not len(rows):
        found = pd.DataFrame(columns=["estimate", "se", "df", "n", "n_psu"], dtype=float)
    else:
        plain = rows.assign(target=values)
        found = estimate(plain, ["target"], by="bank", design=source.design).set_index("bank")
    found = found.reindex(data.bank_ids)[["estimate", "se", "df", "n", "n_psu"]].astype(float)
    return found.fillna({"n": 0.0, "n_psu": 0.0})


def _quantiles(rows: pd.DataFrame, target: Target) -> dict[str, float]:
    return {
        str(bank): weighted_quantile(part[target.indicator].to_numpy(dtype=float), part["weight"].to_numpy(), _P90)
        for bank, part in rows.groupby("bank")
    }


def _judge_share(target: Target, table: pd.DataFrame, alpha: float) -> pd.DataFrame:
    share, size = table["estimate"].to_numpy(), _size(table, alpha)
    low, high = share_limits(share, size, alpha=alpha)
    p = share_p(share, size, at_most=target.at_most, at_least=target.at_least)
    met = keeps(low, high, at_most=target.at_most, at_least=target.at_least)
    return pd.DataFrame({"value": share, "ci_low": low, "ci_high": high, "met": met, "p": p})


def _judge_mean(target: Target, mean: FloatArray, se: FloatArray, df: FloatArray, alpha: float) -> pd.DataFrame:
    low, high = mean_limits(mean, se, df, alpha=alpha)
    p = mean_p(mean, se, df, at_most=target.at_most, at_least=target.at_least)
    met = keeps(low, high, at_most=target.at_most, at_least=target.at_least)
    return pd.DataFrame({"value": mean, "ci_low": low, "ci_high": high, "met": met, "p": p})


def _judge_p90(rows: pd.DataFrame, target: Target, table: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """Judge "nine in ten within the limit": the quantile keeps the limit exactly when that share reaches 0.9."""
    limit, result = float(target.at_most or 0.0), []
    for bank, size in zip(table.index, _size(table, alpha), strict=True):
        part = rows[rows["bank"] == bank]
        values, weights = part[target.indicator].to_numpy(dtype=float), part["weight"].to_numpy(dtype=float)
        low, high = quantile_limits(values, weights, _P90, size, alpha=alpha)
        known = np.isfinite(values) & (weights > 0)
        within = np.average(values[known] <= limit, weights=weights[known]) if known.any() else np.nan
        p = share_p(np.array([within]), np.array([size]), at_least=_P90)[0]
        result.append((weighted_quantile(values, weights, _P90), low, high, high <= limit, p))
    return pd.DataFrame(result, columns=["value", "ci_low", "ci_high", "met", "p"])


def _size(table: pd.DataFrame, alpha: float) -> FloatArray:
    share, se, df, n, psu = (table[name].to_numpy() for name in ("estimate", "se", "df", "n", "n_psu"))
    return effective_size(share, se, df, n, psu, alpha=alpha)


def _exact(frame: pd.DataFrame, kept: BoolArray) -> pd.DataFrame:
    """Judge a complete count: it has no error, so it is compared as it is."""
    frame["verdict"] = np.where(frame["value"].isna(), "cannot_tell", np.where(kept, "met", "not_met"))
    frame["evidence"] = [f"n={n}" if n else "no_answers" for n in frame["n"]]
    frame[["ci_low", "ci_high", "p"]] = np.nan
    return frame


def _changed_enough(rows: pd.DataFrame, target: Target) -> BoolArray:
    """Return where a complete count moved as far as the target asks; at a limit of 0 it must move at all."""
    before, after = (rows[name].to_numpy(dtype=float) for name in ("baseline", "endline"))
    sign, limit = (1.0, target.at_least) if target.at_least is not None else (-1.0, float(target.at_most or 0.0))
    # two equal shares of different counts may differ in the last digit: that is no change
    rounding = ROUNDING * np.fmax(np.abs(before), np.abs(after))
    beyond = sign * (after - before - limit)
    return np.asarray(beyond > rounding if limit == 0 else beyond >= -rounding, dtype=np.bool_)


def _judge_change(
    data: ScoringData, source: SourceData, target: Target, changes: ChangeResult, alpha: float
) -> pd.DataFrame:
    """Judge a change against its limit; of "less than before" and "more than before" no change keeps none."""
    rows = changes.frame[changes.frame["indicator"] == target.indicator].set_index("bank").reindex(data.bank_ids)
    change, se, df = (rows[name].to_numpy(dtype=float) for name in ("change", "se", "df"))
    frame = _judge_mean(target, change, se, df, alpha)
    frame["bank"], frame["n"] = data.bank_ids, rows["n_endline"].to_numpy(dtype="int64")
    frame["verdict"] = np.where(frame["met"], "met", "cannot_tell")
    frame = frame.drop(columns="met")
    if source.uncertainty == "none":
        return _exact(frame, _changed_enough(rows, target))
    counts = [
        join_evidence(f"n_baseline={b}", f"n={e}") for b, e in zip(rows["n_baseline"], rows["n_endline"], strict=True)
    ]
    untold = frame["p"].isna().to_numpy()
    frame["evidence"] = [
        join_flags(str(flag)) or "no_variation" if missing else count
        for flag, missing, count in zip(rows["flag"], untold, counts, strict=True)
    ]
    return frame
