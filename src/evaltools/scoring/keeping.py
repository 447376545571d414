"""From the frames of a score to rows of the store's tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa

from evaltools.scoring.result import ScoreResult
from evaltools.store.schemas import SCHEMAS


def store_rows(result: ScoreResult) -> Mapping[str, pa.Table]:
    """Return the rows that keep a score: table name to rows with `score_id` in front; nothing depends on the clock."""
    frames = {
        "estimates": result.estimates,
        "changes": result.changes,
        "dimensions": result.dimensions,
        "scores": result.composites,
        "verdicts": result.verdicts,
        "targets": result.targets,
    }
    return {name: _rows(name, frame, result.score_id) for name, frame in frames.items()}


def _rows(name: str, frame: pd.DataFrame, score_id: str) -> pa.Table:
    schema = SCHEMAS[name]
    kept = frame.rename(columns={"bank": "bank_id"}).assign(score_id=score_id)
    return pa.Table.from_pandas(kept[schema.names], schema=schema, preserve_index=False)
