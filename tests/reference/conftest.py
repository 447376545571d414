"""Seeded tables of this folder and R's values for them; `make_reference.R` made both."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def r_value() -> Callable[[str], Any]:
    """Return the value of an entry of reference.json."""
    entries = json.loads((HERE / "reference.json").read_text(encoding="utf-8"))["entries"]
    return lambda entry: entries[entry]["value"]


@pytest.fixture(scope="session")
def table() -> Callable[[str], pd.DataFrame]:
    """Return a table of this folder by name."""
    return lambda name: pd.read_csv(HERE / f"{name}.csv", encoding="utf-8")
