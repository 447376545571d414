"""The verdict on each bank: improved, worsened, or not shown, and never without the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.scoring.changes import ChangeResult, join_flags
from evaltools.scoring.composite import CompositeResult
from evaltools.scoring.gate import RULE_VERDICTS, GateResult
from evaltools.scoring.models import Framework

VERDICT_COLUMNS = ("bank", "verdict", "detail", "gate_passed", "gate_rule", "gate_fields", "flags")
VERDICTS = ("improved", "worsened", "no_detectable_change", "too_few_data", "not_comparable", "no_variation")

# what a change can be called, with the detail
OUTCOMES = (
    ("improved", "materially"), ("improved", ""), ("worsened", "materially"), ("worsened", ""),
    ("no_detectable_change", "ruled_out"), ("no_detectable_change", "cannot_tell"), ("no_variation", "cannot_tell"),
    ("too_few_data", "cannot_tell"),
)  # fmt: skip
JUDGED_BY = ("change", "se", "ci_low", "ci_high", "p_holm", "sim_low", "sim_high")

FloatArray = npt.NDArray[np.float64]

# flags of single indicators that concern the verdict as soon as one indicator in use has them ...
_LIFTED = ("overlap_unknown", "reworded", "rescaled", "at_floor")
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
    parts = {name: np.array([row[name]], dtype=np.float64) for name in JUDGED_BY}
    return OUTCOMES[judge_changes(parts, alpha=alpha, delta=np.array([delta]))[0]]


def judge_changes(parts: Mapping[str, FloatArray], *, alpha: float, delta: FloatArray) -> npt.NDArray[np.int64]:
    """Judge many changes that passed the gate.

    Parameters
    ----------
    parts
        Arrays `JUDGED_BY` of one shape, as `judge_change` has them.
    alpha, delta
        As in `judge_change`; `delta` of the same shape.

    Returns
    -------
    int array
        Places in `OUTCOMES`.
    """
    change, low, high = parts["change"], parts["sim_low"], parts["sim_high"]
    inside = (-delta < parts["ci_low"]) & (parts["ci_high"] < delta)
    better = np.where(low > delta, OUTCOMES.index(("improved", "materially")), OUTCOMES.index(("improved", "")))
    worse = np.where(high < -delta, OUTCOMES.index(("worsened", "materially")), OUTCOMES.index(("worsened", "")))
    neither = [OUTCOMES.index(("no_detectable_change", detail)) for detail in ("ruled_out", "cannot_tell")]
    outcome = np.where(parts["p_holm"] <= alpha, np.where(change > 0, better, worse), np.where(inside, *neither))
    outcome = np.where(np.isnan(parts["p_holm"]), OUTCOMES.index(("too_few_data", "cannot_tell")), outcome)
    return np.where(parts["se"] == 0, OUTCOMES.index(("no_variation", "cannot_tell")), outcome)


def _lifted(changes: pd.DataFrame, bank: str, much: float) -> str:
    rows = changes[(changes["bank"] == bank) & changes["used"].astype(bool)]
    weight: dict[str, float] = {}
    for flags, share in zip(rows["flag"], rows["weight"], strict=True):
        for flag in str(flags).split(";"):
            weight[flag] = weight.get(flag, 0.0) + float(share)
    lifted = [flag for flag in _LIFTED if flag in weight]
    return join_flags(*lifted, *(flag for flag in _LIFTED_BY_WEIGHT if weight.get(flag, 0.0) > much))
