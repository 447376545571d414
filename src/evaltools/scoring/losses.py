"""Indicators that a bank's composite goes without: why, how much weight is lost, and which ones take it over."""

from __future__ import annotations

import pandas as pd

from evaltools.scoring.changes import bank_table
from evaltools.scoring.gate import GateResult
from evaltools.scoring.preparation import ScoringData

LOST_COLUMNS = ("bank", "dimension", "indicator", "reason", "weight", "taken_over_by")


def list_lost_weights(data: ScoringData, gate: GateResult, changes: pd.DataFrame) -> pd.DataFrame:
    """List the weighted indicators that do not enter a bank's composite.

    Parameters
    ----------
    data, gate
        From the steps before.
    changes
        Frame of `measure_changes`.

    Returns
    -------
    DataFrame
        `LOST_COLUMNS`, one row a bank that passed the gate and an indicator without use. ``weight`` is its share of
        the whole composite by the framework. ``taken_over_by`` names where it went, joined by ";": the indicators of
        its dimension that are in use, in proportion to their weights, or, where the dimension has none left, the other
        dimensions in proportion to theirs.
    """
    weights = bank_table(changes, "weight")
    used = {bank: set(weights.columns[row > 0]) for bank, row in zip(weights.index, weights.to_numpy(), strict=True)}
    overall = data.framework.overall_weights()
    rows = []
    for bank in gate.passed:
        in_use = [indicator for indicator in data.framework.indicators if indicator.id in used[bank]]
        left = [d.id for d in data.framework.dimensions if any(i.dimension == d.id for i in in_use)]
        for indicator in data.framework.indicators:
            if indicator.weight == 0 or indicator in in_use:
                continue
            heirs = [one.id for one in in_use if one.dimension == indicator.dimension] or left
            rows.append((bank, indicator.dimension, indicator.id, str(gate.reasons.loc[bank, indicator.id]),
                         overall[indicator.id], ";".join(heirs)))  # fmt: skip
    return pd.DataFrame(rows, columns=list(LOST_COLUMNS))
