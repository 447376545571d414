"""Ordinal superiority: pair by pair, what leaves it alone, ties and complete separation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from evaltools.stats import Design, superiority

FIRMS = Design(psu="firm")
WEIGHTED = Design(weight="weight", stratum="stratum", psu="firm", df="domain")


def waves(first, last):
    rows = [(1, y) for y in first] + [(2, y) for y in last]
    return pd.DataFrame(rows, columns=["wave", "score"]).assign(firm=lambda rows: range(len(rows)))


def test_pairs_by_hand():
    """Of six pairs two rise, two tie, two fall."""
    got = superiority(waves([1, 3], [1, 2, 3]), "score", design=FIRMS).iloc[0]
    assert got["superiority"] == pytest.approx((2 + 2 / 2) / 6)
    assert got["ties"] == pytest.approx(2 / 6)
    assert got["difference"] == pytest.approx(0, abs=1e-12)
    assert got["p"] == pytest.approx(1)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_weighted_share_of_all_pairs(seed, draw):
    frame = draw(seed, firms=30)
    got = superiority(frame, ["score", "days"], "bank", design=WEIGHTED).set_index(["bank", "item"])
    for (bank, item), row in got.iterrows():
        part = frame[(frame["bank"] == bank) & frame[item].notna()]
        first, last = part[part["wave"] == "baseline"], part[part["wave"] == "endline"]
        above = np.sign(last[item].to_numpy()[:, None] - first[item].to_numpy()[None, :]) / 2 + 0.5
        weight = np.outer(last["weight"], first["weight"])
        assert row["superiority"] == pytest.approx((above * weight).sum() / weight.sum(), rel=1e-10)


def test_only_the_order_counts_and_turning_it_turns_the_result(draw):
    frame = draw(41, firms=60)
    got = superiority(frame, "days", "bank", design=WEIGHTED)
    curved = superiority(frame.assign(days=np.exp(frame["days"] / 10)), "days", "bank", design=WEIGHTED)
    pd.testing.assert_frame_equal(curved, got, rtol=1e-10)
    turned = superiority(frame, "days", "bank", design=WEIGHTED, waves=("endline", "baseline"))
    np.testing.assert_allclose(turned["superiority"], 1 - got["superiority"], rtol=1e-10)
    np.testing.assert_allclose(turned["se"], got["se"], rtol=1e-10)
    np.testing.assert_allclose(turned["ci_low"], 1 - got["ci_high"], rtol=1e-10)


def test_domain_by_domain_is_all_at_once(draw):
    frame = draw(42, firms=60)
    design = Design(weight="weight", stratum="bank_stratum", psu="bank_firm")
    frame["bank_stratum"], frame["bank_firm"] = frame["bank"] + frame["stratum"], frame["bank"] + frame["firm"]
    together = superiority(frame, "score", "bank", design=design).set_index("bank")
    for bank, rows in frame.groupby("bank"):
        alone = superiority(rows, "score", design=design).iloc[0]
        assert alone[["superiority", "se", "ties"]].tolist() == pytest.approx(
            together.loc[bank, ["superiority", "se", "ties"]].tolist(), rel=1e-12
        )


def test_interval_and_p_are_of_the_logit():
    rows = waves([1, 2, 2, 3, 3, 4, 5, 5], [2, 3, 4, 4, 5, 5, 5, 5])
    got = superiority(rows, "score", design=FIRMS, level=0.9).iloc[0]
    theta, slope = got["superiority"], got["superiority"] * (1 - got["superiority"])
    half = stats.t.ppf(0.95, got["df"]) * got["se"] / slope
    assert got["ci_low"] == pytest.approx(special.expit(special.logit(theta) - half), rel=1e-12)
    assert got["p"] == pytest.approx(2 * stats.t.sf(special.logit(theta) * slope / got["se"], got["df"]), rel=1e-12)


def test_where_all_answers_are_the_same_there_is_nothing_to_compare():
    got = superiority(waves([5] * 7, [5] * 9), "score", design=FIRMS).iloc[0]
    assert got[["superiority", "ties"]].tolist() == [0.5, 1.0]
    assert got["flag"] == "no_variation;all_ties"
    assert got[["ci_low", "ci_high", "p"]].isna().all()


@pytest.mark.parametrize(("first", "last", "value"), [([1, 2, 2], [3, 4, 5], 1.0), ([3, 4, 5], [1, 2, 2], 0.0)])
def test_complete_separation_has_no_error(first, last, value):
    rows = waves(first, last).assign(weight=[0.1, 0.7, 0.3, 0.9, 1.1, 0.7])
    got = superiority(rows, "score", design=Design(weight="weight", psu="firm")).iloc[0]
    assert got["superiority"] == value
    assert got["flag"] == "no_variation;separated"
    assert got[["ci_low", "ci_high", "p"]].isna().all()


def test_a_ceiling_that_all_but_one_reach():
    got = superiority(waves([5] * 19 + [4], [5] * 20), "score", design=FIRMS).iloc[0]
    assert got["superiority"] == pytest.approx(0.525)
    assert got["flag"] == ""
    assert got["ci_low"] < 0.5 < got["ci_high"]


def test_a_domain_without_answers_in_a_wave():
    rows = waves([1, 2], [3, 4]).assign(bank=list("aabb"))
    got = superiority(rows, "score", "bank", design=FIRMS)
    assert (got["flag"] == "no_answers").all()
    assert got[["superiority", "se", "ties", "p"]].isna().all(axis=None)
