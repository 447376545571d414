"""Visits of both waves in pairs: the same bank, branch and scenario, before and after."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evaltools.scoring.explaining.selection import in_order
from evaltools.scoring.families import adjust_bh
from evaltools.scoring.preparation import ScoringData, SourceData
from evaltools.stats import VisitChanges, visit_changes
from evaltools.stats.small.visits import VisitKind

VISIT_COLUMNS = (
    "bank", "indicator", "kind", "baseline", "endline", "change", "ci_low", "ci_high", "p", "p_bh", "n_pairs",
    "n_discordant", "least_p", "n_baseline", "n_endline", "n_unpaired", "n_missing", "flag",
)  # fmt: skip
UNPAIRED_COLUMNS = ("bank", "branch", "scenario", "wave", "n_visits", "reason")
_COUNTS = ("n_pairs", "n_discordant", "n_baseline", "n_endline", "n_unpaired", "n_missing")


def compare_visits(data: ScoringData) -> VisitChanges:
    """Compare the visits of both waves pair by pair, for each bank and indicator that visits measure.

    Parameters
    ----------
    data
        From `prepare_scoring`.

    Returns
    -------
    VisitChanges
        ``table``: `VISIT_COLUMNS`, one row a bank and indicator, in the order of campaign and framework; as in
        `evaltools.stats.visit_changes`, where shares are judged by McNemar's exact test and numbers by Hodges and
        Lehmann's shift. ``p_bh`` is adjusted over all rows. ``unpaired``: `UNPAIRED_COLUMNS`, the visits that are in no
        pair, by name; besides the reasons of `visit_changes` ``key_missing``, a visit of which branch or scenario is
        not known. No rows where nothing is visited.

    Notes
    -----
    Pairs agree in bank, branch and, where the visits name one, scenario. What a visit found is no firm's answer, so
    nothing is hidden for being few; few pairs are flagged.
    """
    found = [_compare(data, source) for source in data.sources if source.uncertainty == "branch"]
    tables, unpaired = [one.table for one in found], [one.unpaired for one in found]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(VISIT_COLUMNS))
    table = in_order(table, bank=data.bank_ids, indicator=[one.id for one in data.framework.indicators])
    table["p_bh"] = adjust_bh(table["p"].to_numpy(dtype=float))
    left = pd.concat(unpaired, ignore_index=True) if unpaired else pd.DataFrame(columns=list(UNPAIRED_COLUMNS))
    return VisitChanges(table[list(VISIT_COLUMNS)], left)


def _compare(data: ScoringData, source: SourceData) -> VisitChanges:
    frame = source.frame[source.frame["bank"].isin(data.bank_ids)]
    keys = ["bank", "branch", *(["scenario"] if frame["scenario"].notna().any() else [])]
    whole = frame[keys].notna().all(axis=1)
    nameless = frame[~whole].groupby(["bank", "wave"], sort=True).size().rename("n_visits").reset_index()
    nameless = nameless.assign(reason="key_missing")
    kept = frame[whole]
    kinds: dict[str, VisitKind] = {
        one.id: "number" if one.statistic == "mean" else "share" for one in source.indicators
    }
    if set(data.waves) <= set(kept["wave"]):
        done = visit_changes(
            kept, source.items, kinds=kinds, pair=keys, waves=data.waves, level=1 - data.framework.alpha
        )
        table, left = done.table, done.unpaired
    else:
        table = pd.DataFrame(columns=[name for name in VISIT_COLUMNS if name != "p_bh"])
        left = kept.groupby([*keys, "wave"], sort=True).size().rename("n_visits").reset_index()
        left = left.assign(reason="other_wave_absent")
    unpaired = pd.concat([left, nameless], ignore_index=True).reindex(columns=list(UNPAIRED_COLUMNS))
    return VisitChanges(_every_bank(data, source, table, kinds), unpaired)


def _every_bank(
    data: ScoringData, source: SourceData, table: pd.DataFrame, kinds: Mapping[str, VisitKind]
) -> pd.DataFrame:
    """Return a row for each bank and indicator; a bank without visits has none to pair."""
    index = pd.MultiIndex.from_product([data.bank_ids, source.items], names=["bank", "indicator"])
    full = table.set_index(["bank", "indicator"]).reindex(index)
    full["flag"] = full["flag"].astype(object).where(full["kind"].notna(), "no_pairs")
    full["kind"] = [kinds[name] for name in index.get_level_values("indicator")]
    visits = source.frame.groupby(["bank", "wave"]).size()
    for name, wave in zip(("n_baseline", "n_endline"), data.waves, strict=True):
        full[name] = [int(visits.get((bank, wave), 0)) for bank in index.get_level_values("bank")]
    full["n_unpaired"] = full["n_baseline"] + full["n_endline"] - 2 * _pairs(full)
    for name in _COUNTS:
        full[name] = full[name].astype(float).fillna(0).astype(np.int64)
    return full.reset_index()


def _pairs(full: pd.DataFrame) -> pd.Series:
    """Return the visited pairs, with or without a value on both sides."""
    return full[["n_pairs", "n_missing"]].astype(float).fillna(0).sum(axis=1)
