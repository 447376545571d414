"""Frames without rows have no domains, so results have no rows; infinite answers are refused by their column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaltools import stats
from evaltools.errors import UsageError

FRAME = pd.DataFrame({
    "bank": ["a", "b"] * 12, "wave": [0, 0, 1, 1] * 6, "firm": [f"F{k // 2}" for k in range(24)],
    "yes": [0.0, 1, 1] * 8, "score": [1.0, 2, 3, 4, 5, 3, 2, 4] * 3, "days": [float(k * k % 17) for k in range(24)],
    "size": [float(k * 7 % 11) for k in range(24)], "sort": list("ppqpqq") * 4, "late": [0.0, 0, 1, 1] * 6,
})  # fmt: skip

CALLS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "estimate": lambda f: stats.estimate(f, "score", "bank"),
    "fit_linear": lambda f: stats.fit_linear(f, "score", ["size", "sort", ("size", "sort")], by="bank").frame,
    "fit_logistic": lambda f: stats.fit_logistic(f, "yes", ["score", "sort"], by="bank").frame,
    "adjust_case_mix": lambda f: stats.adjust_case_mix(f, "score", "bank", "sort").frame,
    "scale_reliability": lambda f: stats.scale_reliability(f, ["score", "days"], "bank").scale,
    "check_one_factor": lambda f: stats.check_one_factor(f, ["score", "days", "size"], "bank", seed=1).scale,
    "floor_ceiling": lambda f: stats.floor_ceiling(f, ["score"], "bank"),
    "key_drivers": lambda f: stats.key_drivers(f, "score", ["days", "size"], by="bank", replicates=100, seed=1),
}


@pytest.mark.parametrize("name", CALLS)
def test_without_rows_there_are_no_domains(name):
    full, empty = CALLS[name](FRAME), CALLS[name](FRAME.iloc[:0])
    assert len(full) > 0
    assert (len(empty), list(empty.columns)) == (0, list(full.columns))


def test_without_rows_and_domains_there_is_a_reason():
    table = stats.difference_in_differences(FRAME.iloc[:0], "score", "yes", "late", "firm")
    assert set(table["flag"]) == {"no_answers"}


@pytest.mark.parametrize("value", [np.inf, -np.inf])
@pytest.mark.parametrize("name", [name for name in CALLS if name not in {"fit_logistic"}])
def test_an_infinite_answer_is_refused(name, value):
    with pytest.raises(UsageError, match="frame-not-finite: column score is infinite in 1 rows"):
        CALLS[name](FRAME.assign(score=FRAME["score"].where(FRAME.index != 3, value)))


def test_an_infinite_outcome_of_clusters_is_refused():
    frame = FRAME.assign(score=FRAME["score"].where(FRAME.index != 3, np.inf))
    with pytest.raises(UsageError, match="frame-not-finite: column score"):
        stats.difference_in_differences(frame, "score", "yes", "late", "firm")
    with pytest.raises(UsageError, match="frame-not-finite: column score"):
        stats.check_invariance(frame, ["score", "days", "size"])
