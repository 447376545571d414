"""Seeded tables of this folder and R's values for them; each `<name>.json` has its `make_<name>.R` beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def r_value() -> Callable[..., Any]:
    """Return the value of an entry of reference.json, or of another file of values."""

    def value(entry: str, file: str = "reference") -> Any:
        entries = json.loads((HERE / f"{file}.json").read_text(encoding="utf-8"))["entries"]
        return entries[entry]["value"]

    return value


@pytest.fixture(scope="session")
def table() -> Callable[[str], pd.DataFrame]:
    """Return a table of this folder by name."""
    return lambda name: pd.read_csv(HERE / f"{name}.csv", encoding="utf-8")
