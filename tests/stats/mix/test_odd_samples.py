"""A number or a reason, whatever the sample: few rows, weights of 0, missing answers, domains in one wave only."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.stats import (
    Design,
    attrition,
    change_by_presence,
    estimate_relative_change,
    split_change,
    standardise_change,
    standardised_effect,
    superiority,
)

DESIGNS = [
    Design(psu="firm", lonely_psu="remove"),
    Design(weight="w", stratum="h", psu="firm", df="domain", overlap="pattern", lonely_psu="adjust"),
]
FUNCTIONS = {
    "standardise_change": lambda frame, design: standardise_change(
        frame, ["q", "c"], "bank", design=design, mix="size"
    ),
    "split_change": lambda frame, design: split_change(frame, ["q", "c"], "bank", design=design, mix="size"),
    "change_by_presence": lambda frame, design: change_by_presence(frame, ["q", "c"], "bank", design=design),
    "attrition": lambda frame, design: attrition(frame, "bank", design=design, items=["q", "c"]).answers,
    "standardised_effect": lambda frame, design: standardised_effect(frame, ["q", "c"], "bank", design=design),
    "superiority": lambda frame, design: superiority(frame, ["q", "c"], "bank", design=design),
    "relative_change": lambda frame, design: estimate_relative_change(frame, ["q", "c"], "bank", design=design),
}


def draw_odd(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 25))
    rows = pd.DataFrame({
        "firm": rng.integers(0, rng.integers(1, 12), n), "wave": rng.integers(1, 3, n),
        "bank": rng.choice(list("abc"), n), "size": rng.choice(list("xyz"), n), "w": rng.choice([0.0, 1, 2.5, 1e6], n),
        "q": rng.choice([1.0, 3.3, 5.0, np.nan, 1e9], n, p=[0.3, 0.3, 0.2, 0.15, 0.05]), "c": 5.0,
    })  # fmt: skip
    both = pd.DataFrame({"firm": [0, 1], "wave": [1, 2], "bank": "a", "size": "x", "w": 1.0, "q": 2.0, "c": 5.0})
    return pd.concat([rows, both], ignore_index=True).assign(h=lambda rows: rows["firm"] % 2)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_number_or_a_reason(name, seed):
    for design in DESIGNS:
        got = FUNCTIONS[name](draw_odd(seed), design)
        assert not np.isinf(got[["se", "ci_low", "ci_high"]].to_numpy(float)).any()
        assert not (got["ci_low"] > got["ci_high"]).any()
        assert (got.loc[got["se"].isna(), "flag"] != "").all()
        assert got.loc[got["se"] == 0, "flag"].str.contains("no_variation").all()
        assert got.loc[got["se"] == 0, "p"].isna().all()
