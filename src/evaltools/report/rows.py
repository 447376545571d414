"""Rows of a frame as plain mappings."""

from __future__ import annotations

from typing import Any

import pandas as pd


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one mapping a row, keyed by column name."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
