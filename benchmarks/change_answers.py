"""The file that `change_speed.py` times: answers of firms about banks in two waves, written in groups of rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

ITEMS = [f"item_{number:02d}" for number in range(1, 21)]
BANKS = [f"bank_{number:02d}" for number in range(60)]
WAVES = ["baseline", "endline"]
STRATA = [f"s{number}" for number in range(9)]
GROUP = 1_000_000  # rows made and written at once, so that ten million need no more memory than one


@dataclass(frozen=True, slots=True)
class Firms:
    """Stratum, weight and liking of each firm, arrays of shape (F,)."""

    stratum: NDArray[np.int64]
    weight: NDArray[np.float64]
    liking: NDArray[np.float64]


def make_answers(path: Path, rows: int, seed: int) -> None:
    """Write `rows` answers of two firms for every five rows; the same file for the same seed."""
    import pyarrow.parquet as pq

    rng = np.random.default_rng(seed)
    count = rows * 2 // 5
    firms = Firms(rng.integers(0, len(STRATA), count), np.round(1 + 4 * rng.random(count), 3), rng.normal(size=count))
    first = _answers(firms, rng, min(GROUP, rows))
    with pq.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        for start in range(GROUP, rows, GROUP):
            writer.write_table(_answers(firms, rng, min(GROUP, rows - start)))


def _answers(firms: Firms, rng: np.random.Generator, rows: int) -> pa.Table:
    import pyarrow as pa

    firm = rng.integers(0, firms.stratum.size, rows)
    wave = rng.integers(0, len(WAVES), rows)
    columns = {
        "firm": pa.array([f"E{number:07d}" for number in firm]),
        "bank": pa.array(np.array(BANKS)[rng.integers(0, len(BANKS), rows)]),
        "wave": pa.array(np.array(WAVES)[wave]),
        "stratum": pa.array(np.array(STRATA)[firms.stratum[firm]]),
        "weight": pa.array(firms.weight[firm]),
    }
    liking = firms.liking[firm] + 0.2 * wave
    for item in ITEMS:
        value = np.clip(np.rint(3.3 + 0.6 * liking + rng.normal(size=rows)), 1, 5)
        columns[item] = pa.array(value.astype(np.int8), mask=rng.random(rows) < 0.05)
    return pa.table(columns)
