"""Targets that allow no violation, judged by verified findings: visits and complete counts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaltools.scoring.limits import share_limits
from evaltools.scoring.models import Target
from evaltools.scoring.preparation import SourceData

_SHOWN = 5  # locators in the evidence; the count says how many there are


def judge_findings(source: SourceData, target: Target, banks: list[str], wave: str, *, alpha: float) -> pd.DataFrame:
    """Judge "none" and "every" targets.

    Parameters
    ----------
    source
        Ratings of visits (``uncertainty`` branch) or of a complete count (none).
    target
        Its indicator is a share: under "none" of violations, under "every" of visits that kept the rule.
    banks
        In the order of the result.
    wave
        The wave that is judged.
    alpha
        Error of the one-sided limits.

    Returns
    -------
    DataFrame
        [bank, value, ci_low, ci_high, n, verdict, evidence, p], one row a bank; p is NaN, for a finding is no test.
        One violation is ``not_met``. Without any, visits give ``no_violation_found`` with the limit up to which
        violations may still occur, a complete count gives ``met``.
    """
    held = (source.frame["wave"] == wave) & source.frame[target.indicator].notna()
    rows = source.frame.loc[held, ["bank", "psu", "response_id", target.indicator]]
    violated = rows[target.indicator] == (1.0 if target.statistic == "none" else 0.0)
    by_bank = rows.groupby("bank")
    n = by_bank.size().reindex(banks, fill_value=0).to_numpy(dtype=np.float64)
    branches = np.array(by_bank["psu"].nunique().reindex(banks, fill_value=0), dtype=np.float64)
    broken = [sorted(rows.loc[violated & (rows["bank"] == bank), "response_id"].astype(str)) for bank in banks]
    with np.errstate(invalid="ignore"):
        value = np.array([len(found) for found in broken]) / np.where(n > 0, n, np.nan)
    # visits of one branch may agree, so the limits rest on the number of branches
    low, high = share_limits(value, branches, alpha=alpha)
    if target.statistic == "every":
        value, low, high = 1 - value, 1 - high, 1 - low
    complete = source.uncertainty == "none"
    if complete:
        low = high = np.full(len(banks), np.nan)
    told = [_verdict(found, int(size), complete=complete) for found, size in zip(broken, n, strict=True)]
    return pd.DataFrame({
        "bank": banks, "value": value, "ci_low": low, "ci_high": high, "n": n.astype("int64"),
        "verdict": [verdict for verdict, _ in told], "evidence": [evidence for _, evidence in told], "p": np.nan,
    })  # fmt: skip


def _verdict(broken: list[str], n: int, *, complete: bool) -> tuple[str, str]:
    if not n:
        return "cannot_tell", "no_answers"
    if broken:
        shown = [f"visit:{name}" for name in broken[:_SHOWN]]
        return "not_met", ";".join([f"violations={len(broken)}", f"n={n}", *shown])
    return ("met" if complete else "no_violation_found"), f"violations=0;n={n}"
