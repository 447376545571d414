"""The one-sample t test."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp

from evaltools import stats
from evaltools.errors import UsageError
from evaltools.stats import Design

FRAME = pd.DataFrame({"gain": [1.0, 3, 2, 5, 4, np.nan], "bank": ["a", "a", "a", "b", "b", "b"]})


def test_against_a_value():
    """Students's t, on one degree of freedom fewer than the design has, as svyttest."""
    row = stats.mean_test(FRAME.dropna(), "gain", 2.5).iloc[0]
    plain = ttest_1samp(FRAME["gain"].dropna(), 2.5)
    assert row["t"] == pytest.approx(plain.statistic)
    assert (row["df"], row["value"], row["n"], row["flag"]) == (3, 2.5, 5, "")
    assert row["ci_low"] < row["estimate"] < row["ci_high"]


def test_by_bank_with_reasons():
    """Bank b has two answers: 2 units - 1 stratum - 1 leaves none; a constant gain has no t."""
    got = stats.mean_test(FRAME, "gain", 0.0, Design(df="domain"), by="bank")
    assert got["df"].tolist() == [1, 0]
    assert got["flag"].tolist() == ["", "no_df"]
    assert np.isnan(got["p"][1])
    still = stats.mean_test(FRAME.assign(gain=2.0), "gain", by="bank")
    assert still["flag"].tolist() == ["no_variation"] * 2
    assert still["t"].isna().all()


@pytest.mark.parametrize("value", [np.inf, np.nan, "0", True])
def test_values_that_are_none(value):
    with pytest.raises(UsageError, match="option-range"):
        stats.mean_test(FRAME, "gain", value)
