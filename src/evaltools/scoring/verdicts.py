"""The verdict on each bank: improved, worsened, or not shown, and never without the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from evaltools.scoring.changes import ChangeResult, join_flags
from evaltools.scoring.composite import CompositeResult
from evaltools.scoring.gate import RULE_VERDICTS, GateResult
from evaltools.scoring.models import Framework

VERDICT_COLUMNS = ("bank", "verdict", "detail", "gate_passed", "gate_rule", "gate_fields", "flags")
VERDICTS = ("improved", "worsened", "no_detectable_change", "too_few_data", "not_comparable", "no_variation")

# flags of single indicators that concern the verdict as soon as one indicator in use has them ...
_LIFTED = ("overlap_unknown", "reworded", "rescaled")
# ... and those that concern it when much of the composite's weight has them: in a small sample one answer moves a share
_LIFTED_BY_WEIGHT = ("missing_moved",)


def judge_verdicts(
    framework: Framework,
    gate: GateResult,
    changes: ChangeResult,
    composites: CompositeResult,
    *,
    flags: Iterable[str] = (),
) -> pd.DataFrame:
    """Judge each bank.

    Parameters
    ----------
    framework
        Its alpha and its delta, the change that counts as meaningful.
    gate, changes, composites
        From the steps before.
    flags
        What concerns all banks, such as ``not_frozen``.

    Returns
    -------
    DataFrame
        `VERDICT_COLUMNS`, one row a bank. ``detail`` of improved and worsened is ``materially`` when the simultaneous
        limit passes delta, else ""; of no_detectable_change ``ruled_out`` when the interval lies inside plus or minus
        delta, else ``cannot_tell``. ``flags`` are joined by ";".
    """
    scores = composites.frame.set_index("bank")
    rows = []
    for outcome in gate.table.to_dict("records"):
        bank, rule = str(outcome["bank"]), str(outcome["gate_rule"])
        if outcome["gate_passed"]:
            verdict, detail = judge_change(dict(scores.T[bank]), alpha=framework.alpha, delta=framework.delta)
        else:
            verdict, detail = RULE_VERDICTS[rule], "cannot_tell"
        partial = "partial_weight" if outcome["gate_passed"] and outcome["weight_share"] < 1 - 1e-9 else ""
        if verdict == "too_few_data" and not rule:
            rule = "no_df"
        rows.append({
            "bank": bank,
            "verdict": verdict,
            "detail": detail,
            "gate_passed": bool(outcome["gate_passed"]),
            "gate_rule": rule,
            "gate_fields": str(outcome["gate_fields"]),
            "flags": join_flags(*flags, partial, _lifted(changes.frame, bank, 1 - framework.gate.weight_share)),
        })  # fmt: skip
    return pd.DataFrame(rows, columns=list(VERDICT_COLUMNS))


def judge_change(row: Mapping[str, float], *, alpha: float, delta: float) -> tuple[str, str]:
    """Judge one change that passed the gate.

    Parameters
    ----------
    row
        ``change se df ci_low ci_high p_holm sim_low sim_high``, points.
    alpha
        Level of the adjusted p-value; the value itself is significant.
    delta
        Meaningful change, points.

    Returns
    -------
    verdict, detail
        ``no_variation`` where the standard error is 0, ``too_few_data`` where no degrees of freedom are left.
    """
    if row["se"] == 0:
        return "no_variation", "cannot_tell"
    if np.isnan(row["p_holm"]):
        return "too_few_data", "cannot_tell"
    if row["p_holm"] <= alpha:
        if row["change"] > 0:
            return "improved", "materially" if row["sim_low"] > delta else ""
        return "worsened", "materially" if row["sim_high"] < -delta else ""
    inside = -delta < row["ci_low"] and row["ci_high"] < delta
    return "no_detectable_change", "ruled_out" if inside else "cannot_tell"


def _lifted(changes: pd.DataFrame, bank: str, much: float) -> str:
    rows = changes[(changes["bank"] == bank) & changes["used"].astype(bool)]
    weight: dict[str, float] = {}
    for flags, share in zip(rows["flag"], rows["weight"], strict=True):
        for flag in str(flags).split(";"):
            weight[flag] = weight.get(flag, 0.0) + float(share)
    lifted = [flag for flag in _LIFTED if flag in weight]
    return join_flags(*lifted, *(flag for flag in _LIFTED_BY_WEIGHT if weight.get(flag, 0.0) > much))
