"""Which banks can be told apart: the ranges of ranks that scoring found, or those that follow from intervals.

Scoring gives confidence sets of ranks from all pairs of banks. Where it does not, as for very many banks, simultaneous
intervals give wider ones: if all of them hold their true values together, bank a is truly above bank b wherever a's
lower limit lies above b's upper limit. A bank's rank is then at least one more than the banks surely above it, and at
most the number of banks less those surely below it. These ranges hold together with the level of the intervals; they
are wider than the best that can be had, never too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class League:
    """Banks by change, highest first, with the ranks that the data allow.

    `frame` has the columns of the composites and `rank_low`, `rank_high` (1 is the best), `alike` (how many banks a
    bank cannot be told apart from). `pairs_apart` of `pairs` pairs of banks can be ordered.
    """

    frame: pd.DataFrame
    pairs_apart: int
    pairs: int


def rank_league(composites: pd.DataFrame, judged: list[str], ranks: pd.DataFrame | None = None) -> League:
    """Order the banks that passed the gate and give each its range of ranks.

    Parameters
    ----------
    composites
        Columns ``bank change ci_low ci_high sim_low sim_high``; a missing simultaneous limit leaves a bank out.
    judged
        Banks whose change may be shown.
    ranks
        From ``Campaign.ranks()``; None, or banks without a rank: from the simultaneous intervals.
    """
    shown = composites[
        composites["bank"].isin(judged) & composites[["change", "sim_low", "sim_high"]].notna().all(axis=1)
    ]
    frame = shown.sort_values(["change", "bank"], ascending=[False, True], ignore_index=True)
    pairs = len(frame) * (len(frame) - 1) // 2
    if ranks is not None and len(frame):
        found = ranks[ranks["of"] == "change"].set_index("bank").reindex(frame["bank"])
        if found["simultaneous_low"].notna().all():
            columns = {"rank_low": "simultaneous_low", "rank_high": "simultaneous_high", "alike": "n_alike"}
            frame = frame.assign(**{name: found[own].to_numpy() for name, own in columns.items()})
            return League(frame, int(found["n_better"].sum()), pairs)
    low, high = frame["sim_low"].to_numpy(dtype=float), frame["sim_high"].to_numpy(dtype=float)
    above = low[None, :] > high[:, None]  # [i, j]: j is surely above i
    alike = len(frame) - 1 - above.sum(axis=1) - above.sum(axis=0)
    frame = frame.assign(rank_low=1 + above.sum(axis=1), rank_high=len(frame) - above.sum(axis=0), alike=alike)
    return League(frame, int(np.count_nonzero(above)), pairs)
