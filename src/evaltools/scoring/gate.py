"""The gate: which banks have enough comparable answers for a change, decided from counts alone."""

from __future__ import annotations

import json
import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaltools.scoring.preparation import ScoringData, SourceData

# the verdict that a failed rule gives; a bank without rule has passed
RULE_VERDICTS: Mapping[str, str] = {
    "answers": "too_few_data",
    "psus": "too_few_data",
    "weight_share": "too_few_data",
    "items_not_comparable": "not_comparable",
    "mode_confounded": "not_comparable",
    "tool_confounded": "not_comparable",
}
GATE_COLUMNS = (
    "bank", "gate_passed", "gate_rule", "gate_fields", "weight_share",
    "n_baseline", "n_endline", "psu_baseline", "psu_endline",
)  # fmt: skip

_Row = Mapping[Hashable, Any]  # one bank's values by column

_ROUNDING = 1e-9  # weights such as 0.35 are not exact: 80 % must not fail for the last bit


@dataclass(frozen=True, slots=True, eq=False)
class GateResult:
    """Outcome of the gate.

    Attributes
    ----------
    table : DataFrame, one row a bank
        `GATE_COLUMNS`: ``gate_rule`` is "" or the first rule that failed, ``gate_fields`` JSON with what was found and
        required; counts are ratings and PSUs of the gate's source with a value of any weighted indicator.
    used : DataFrame of bool, banks x weighted indicators
        Which indicators enter the composite.
    reasons : DataFrame of str, banks x all indicators
        "" or why an indicator cannot be used: no_answers, small_cell, few_branches, not_comparable, excluded.
    """

    table: pd.DataFrame
    used: pd.DataFrame
    reasons: pd.DataFrame

    @property
    def passed(self) -> list[str]:
        """Banks that passed, in the campaign's order."""
        return [str(bank) for bank in self.table.loc[self.table["gate_passed"].astype(bool), "bank"]]


def check_gate(data: ScoringData) -> GateResult:
    """Judge, before any change is computed, which banks can be judged at all.

    The rules in their order: answers and PSUs in each wave, share of the composite's weight, comparable items,
    overlapping modes, overlapping tools. An indicator counts when both waves have the PSUs that its source needs.

    Parameters
    ----------
    data
        From `prepare_scoring`.
    """
    reasons = pd.concat([_unusable(data, source) for source in data.sources], axis=1)
    weights = {name: weight for name, weight in data.framework.overall_weights().items() if weight > 0}
    reasons = reasons[[indicator.id for indicator in data.framework.indicators]]
    used = reasons[list(weights)].isin([""])
    counts = _gate_counts(data, list(weights))
    by_bank = [table.to_dict("index") for table in (used, counts, reasons)]
    rows = [_judge_bank(data, bank, *(table[bank] for table in by_bank)) for bank in data.bank_ids]
    return GateResult(pd.DataFrame(rows, columns=list(GATE_COLUMNS)), used, reasons)


def banks_of_one_shift(data: ScoringData, gate: GateResult) -> list[list[str]]:
    """Return the banks that failed for mode or tool alone, in groups that changed them in the same way.

    Within a group the shift is common to all, so that their changes can be compared with each other, though none can
    be taken as it is. Groups of one bank are left out.
    """
    used = gate.used.to_dict("index")
    groups: dict[str, list[str]] = {}
    for bank, rule in zip(gate.table["bank"], gate.table["gate_rule"], strict=True):
        if str(rule).endswith("_confounded"):
            shift = json.dumps(_shifts(data, str(bank), used[bank]), sort_keys=True)
            groups.setdefault(shift, []).append(str(bank))
    return [banks for banks in groups.values() if len(banks) > 1]


def count_psus(source: SourceData) -> pd.DataFrame:
    """Count the PSUs with a value of each indicator.

    Returns
    -------
    DataFrame
        Index (bank, wave), one column an indicator; only banks and waves that occur.
    """
    keys = [source.frame[name] for name in ("bank", "wave", "psu")]
    held = source.frame[source.items].notna().groupby(keys).any()
    return held.groupby(level=["bank", "wave"]).sum()


def _unusable(data: ScoringData, source: SourceData) -> pd.DataFrame:
    least = source.min_psus(data.framework)
    short = {"sampling": "small_cell", "branch": "few_branches", "none": "no_answers"}[source.uncertainty]
    counts = count_psus(source)
    fewest = np.min(
        [
            counts.reindex(pd.MultiIndex.from_product([data.bank_ids, [wave]])).fillna(0).to_numpy(dtype="int64")
            for wave in data.waves
        ],
        axis=0,
    )
    reasons = np.where(fewest == 0, "no_answers", np.where(fewest < least, short, "")).astype(object)
    reasons[:, [data.comparability[name] == "not_comparable" for name in source.items]] = "not_comparable"
    reasons[:, [name in data.exclusions for name in source.items]] = "excluded"
    return pd.DataFrame(reasons, index=pd.Index(data.bank_ids, name="bank"), columns=source.items)


def _gate_counts(data: ScoringData, weighted: list[str]) -> pd.DataFrame:
    source = data.of_source(data.framework.gate.source)
    names = [name for name in source.items if name in weighted and data.comparability[name] != "not_comparable"]
    held = source.frame.loc[source.frame[names].notna().any(axis=1), ["bank", "wave", "psu"]]
    answers = _by_wave(held, data.bank_ids, data.waves)
    psus = _by_wave(held.drop_duplicates(), data.bank_ids, data.waves)
    answers.columns, psus.columns = ["n_baseline", "n_endline"], ["psu_baseline", "psu_endline"]
    return pd.concat([answers, psus], axis=1)


def _by_wave(rows: pd.DataFrame, banks: list[str], waves: tuple[str, str]) -> pd.DataFrame:
    sizes = rows.groupby(["bank", "wave"]).size()
    counts = {wave: [int(sizes.get((bank, wave), 0)) for bank in banks] for wave in waves}
    return pd.DataFrame(counts, index=pd.Index(banks, name="bank"), dtype="int64")


def _judge_bank(data: ScoringData, bank: str, used: _Row, counts: _Row, reasons: _Row) -> dict[str, object]:
    weights = data.framework.overall_weights()
    share = math.fsum(weights[str(name)] for name in used if used[name])
    comparable = math.fsum(weights[str(name)] for name in used if reasons[name] != "not_comparable")
    rule, fields = _count_failure(data, counts, share, comparable) or _confounded(data, bank, used) or ("", {})
    return {
        "bank": bank,
        "gate_passed": rule == "",
        "gate_rule": rule,
        "gate_fields": json.dumps(fields, ensure_ascii=False, sort_keys=True),
        "weight_share": share,
        **{str(name): int(count) for name, count in counts.items()},
    }


def _count_failure(
    data: ScoringData, counts: _Row, share: float, comparable: float
) -> tuple[str, dict[str, object]] | None:
    gate = data.framework.gate
    for rule, stem, required in (("answers", "n", gate.answers), ("psus", "psu", gate.psus)):
        for wave, name in zip(data.waves, ("baseline", "endline"), strict=True):
            if counts[f"{stem}_{name}"] < required:
                return rule, {"wave": wave, "found": int(counts[f"{stem}_{name}"]), "required": required}
    if comparable < gate.weight_share - _ROUNDING:
        return "items_not_comparable", {"found": round(comparable, 4), "required": gate.weight_share}
    if share < gate.weight_share - _ROUNDING:
        return "weight_share", {"found": round(share, 4), "required": gate.weight_share}
    return None


def _confounded(data: ScoringData, bank: str, used: _Row) -> tuple[str, dict[str, object]] | None:
    return next(iter(_shifts(data, bank, used)), None)


def _shifts(data: ScoringData, bank: str, used: _Row) -> list[tuple[str, dict[str, object]]]:
    """Return each rule on mode or tool that a bank breaks, with the values of both waves."""
    found: list[tuple[str, dict[str, object]]] = []
    for column in ("mode", "tool"):
        for source in data.sources:
            both = _disjoint(source, bank, column, data.waves)
            if both is not None and any(used.get(name, False) for name in source.items):
                waves = dict(zip(data.waves, both, strict=True))
                found.append((f"{column}_confounded", {"source": source.source, **waves}))
    return found


def _disjoint(source: SourceData, bank: str, column: str, waves: tuple[str, str]) -> tuple[list[str], list[str]] | None:
    """Return the values of both waves where they share none: then a change may be one of the mode alone."""
    rows = source.frame.loc[source.frame["bank"] == bank, ["wave", column]].dropna()
    first, second = (sorted({str(v) for v in rows.loc[rows["wave"] == wave, column]}) for wave in waves)
    return (first, second) if first and second and not set(first) & set(second) else None
