"""Real answers to a personality inventory: reversed items are found, five scales, not one."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from evaltools.errors import UsageError
from evaltools.stats import check_one_factor, scale_reliability

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
FILE = SHARED / "realdata" / "scales" / "psych__bfi.csv"
REVERSED = {"A": ["A1"], "C": ["C4", "C5"], "E": ["E1", "E2"], "N": [], "O": ["O2", "O5"]}

pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="needs ../shared/realdata/scales")


@pytest.fixture(scope="module")
def inventory():
    return pd.read_csv(FILE, encoding="utf-8")


def items_of(scale):
    return [f"{scale}{number}" for number in range(1, 6)]


@pytest.mark.parametrize("scale", [name for name, turned in REVERSED.items() if turned])
def test_the_keyed_items_are_those_that_are_found(inventory, scale):
    with pytest.raises(UsageError, match="scale-reversed") as caught:
        scale_reliability(inventory, items_of(scale))
    assert caught.value.fields["items"] == REVERSED[scale]


@pytest.mark.parametrize(("scale", "alpha"), [("A", 0.70), ("C", 0.73), ("E", 0.76), ("N", 0.81), ("O", 0.60)])
def test_alpha_is_what_the_manual_prints(inventory, scale, alpha):
    """Values of the manual of psych, from pairs of answers; here rows with a gap are left out."""
    (row,) = scale_reliability(inventory, items_of(scale), reverse=REVERSED[scale]).scale.to_dict("records")
    assert row["alpha"] == pytest.approx(alpha, abs=0.012)
    assert row["n"] > 2650
    assert row["ci_low"] < row["alpha"] < row["ci_high"]


def test_twenty_five_items_of_five_scales_are_not_one(inventory):
    items = [item for scale in REVERSED for item in items_of(scale)]
    turned = [item for names in REVERSED.values() for item in names]
    (row,) = check_one_factor(inventory, items, seed=1, reverse=turned).scale.to_dict("records")
    assert row["verdict"] == "not_one_dimensional"
    assert row["n_factors"] >= 5
