"""Which banks can be told apart: ranges of ranks that follow from simultaneous intervals.

If all simultaneous intervals hold their true values together, bank a is truly above bank b wherever a's lower limit
lies above b's upper limit. A bank's rank is then at least one more than the banks surely above it, and at most the
number of banks less those surely below it. The ranges hold together with the level of the intervals; they are wider
than the best that can be had, never too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class League:
    """Banks by change, highest first, with the ranks that the data allow.

    `frame` has the columns of the composites and `rank_low`, `rank_high` (1 is the best). `pairs_apart` of `pairs`
    pairs of banks can be ordered.
    """

    frame: pd.DataFrame
    pairs_apart: int
    pairs: int


def rank_league(composites: pd.DataFrame, judged: list[str]) -> League:
    """Order the banks that passed the gate and give each its range of ranks.

    Parameters
    ----------
    composites
        Columns ``bank change ci_low ci_high sim_low sim_high``; a missing simultaneous limit leaves a bank out.
    judged
        Banks whose change may be shown.
    """
    shown = composites[
        composites["bank"].isin(judged) & composites[["change", "sim_low", "sim_high"]].notna().all(axis=1)
    ]
    frame = shown.sort_values(["change", "bank"], ascending=[False, True], ignore_index=True)
    low, high = frame["sim_low"].to_numpy(dtype=float), frame["sim_high"].to_numpy(dtype=float)
    above = low[None, :] > high[:, None]  # [i, j]: j is surely above i
    frame = frame.assign(rank_low=1 + above.sum(axis=1), rank_high=len(frame) - above.sum(axis=0))
    return League(frame, int(np.count_nonzero(above)), len(frame) * (len(frame) - 1) // 2)
