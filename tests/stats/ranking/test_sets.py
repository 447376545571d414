"""Confidence sets of ranks: what follows by reason alone, reasons in place of numbers, invariants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.errors import UsageError
from evaltools.stats import rank_sets, told_apart

SETS = ["marginal_low", "marginal_high", "simultaneous_low", "simultaneous_high"]


def some_units(seed, size=6, shared=0.4):
    rng = np.random.default_rng(seed)
    se = rng.uniform(0.5, 2, size)
    correlation = shared + (1 - shared) * np.eye(size)
    return rng.normal(0, 2, size), se[:, None] * correlation * se


def test_far_apart_and_alike():
    """Two good banks that nobody can tell apart, one bad: ranks 1-2, 1-2 and 3."""
    got = rank_sets([90.0, 89.0, 50.0], np.eye(3), replicates=2000, seed=1)
    assert got["rank"].tolist() == [1, 2, 3]
    assert got[["simultaneous_low", "simultaneous_high"]].to_numpy().tolist() == [[1, 2], [1, 2], [3, 3]]
    assert got["p_worst_third"].tolist() == [0.0, 0.0, 1.0]
    assert got["p_best_third"].sum() == pytest.approx(1.0)
    assert got["p_best_third"][0] == pytest.approx(0.760, abs=0.03)  # P(N(1, 2) > 0); error of 2,000 draws 0.01
    assert got["flag"].eq("").all()


def test_shared_respondents_tell_banks_apart():
    """Difference 3, errors 1: alone z = 2.1, too little for three pairs; with correlation .8 z = 4.7."""
    estimate, correlated = [3.0, 0.0, 1.5], 0.8 + 0.2 * np.eye(3)
    assert not told_apart(estimate, np.eye(3), replicates=2000, seed=1).any()
    apart = told_apart(estimate, correlated, replicates=2000, seed=1)
    assert apart[0, 1]
    assert not apart[1, 0]


def test_low_is_best_where_days_are_ranked():
    estimate, covariance = some_units(4)
    high = rank_sets(-estimate, covariance, replicates=2000, seed=2)
    low = rank_sets(estimate, covariance, best="low", replicates=2000, seed=2)
    columns = ["rank", *SETS, "p_best_third", "p_worst_third"]
    assert low[columns].equals(high[columns])


def test_few_degrees_of_freedom_widen_sets():
    estimate, covariance = [6.0, 3.0, 0.0], np.eye(3)
    normal = rank_sets(estimate, covariance, replicates=5000, seed=1)
    few = rank_sets(estimate, covariance, df=[60, 3, 60], replicates=5000, seed=1)
    assert normal["simultaneous_high"].tolist() == [2, 3, 3]
    assert few["simultaneous_high"].tolist() == [3, 3, 3]
    assert few.equals(rank_sets(estimate, covariance, df=3, replicates=5000, seed=1))


def test_a_unit_without_an_estimate_has_no_rank_and_takes_no_place():
    estimate, covariance = some_units(5, size=4)
    with_gap = np.insert(estimate, 2, np.nan)
    wide = np.insert(np.insert(covariance, 2, np.nan, axis=0), 2, np.nan, axis=1)
    got = rank_sets(with_gap, wide, replicates=2000, seed=3)
    alone = rank_sets(estimate, covariance, replicates=2000, seed=3)
    assert got["flag"].tolist() == ["", "", "not_estimated", "", ""]
    assert got.loc[2, ["rank", *SETS]].isna().all()
    assert got.drop(index=2)[["rank", *SETS]].reset_index(drop=True).equals(alone[["rank", *SETS]])


@pytest.mark.parametrize(("se", "df", "reason"), [(0.0, 10, "no_variation"), (1.0, 0, "no_df"), (1.0, np.nan, "no_df")])
def test_a_unit_whose_error_is_unknown_is_told_apart_from_nobody(se, df, reason):
    got = rank_sets([50.0, 10.0, 0.0, -40.0], np.diag([se**2, 1, 1, 1]), df=[df, 10, 10, 10], replicates=2000, seed=1)
    assert got.loc[0, ["rank", "simultaneous_low", "simultaneous_high"]].tolist() == [1, 1, 4]
    assert got["flag"].tolist() == [reason, "", "", ""]
    assert np.isnan(got.loc[0, "p_best_third"])
    assert got.loc[3, ["simultaneous_low", "simultaneous_high"]].tolist() == [3, 4]  # surely below two, perhaps three


def test_two_units_have_no_thirds():
    got = rank_sets([5.0, 0.0], np.eye(2), replicates=2000, seed=1)
    assert got["flag"].tolist() == ["under_three", "under_three"]
    assert got["p_best_third"].isna().all()
    assert got["simultaneous_high"].tolist() == [1, 2]


def test_nobody_and_one():
    assert rank_sets([], np.zeros((0, 0)), seed=1).empty
    got = rank_sets([np.nan, 3.0], np.diag([np.nan, 1.0]), seed=1)
    assert got.loc[1, ["rank", *SETS]].tolist() == [1, 1, 1, 1, 1]


def test_units_that_share_all_respondents_are_not_told_apart():
    """Their difference has no variance: nothing says that it is real."""
    got = told_apart([2.0, 1.0, 0.0], np.ones((3, 3)), replicates=2000, seed=1)
    assert not got.any()


def test_the_seed_decides():
    estimate, covariance = some_units(8)
    one, two = (rank_sets(estimate, covariance, replicates=1000, seed=seed) for seed in (1, 2))
    assert one.equals(rank_sets(estimate, covariance, replicates=1000, seed=1))
    assert not one["p_best_third"].equals(two["p_best_third"])


def test_one_sided_sets_bound_one_side():
    estimate, covariance = some_units(9)
    lower = rank_sets(estimate, covariance, sides="lower", replicates=2000, seed=1)
    upper = rank_sets(estimate, covariance, sides="upper", replicates=2000, seed=1)
    both = rank_sets(estimate, covariance, replicates=2000, seed=1)
    assert lower["marginal_high"].eq(6).all()
    assert upper["marginal_low"].eq(1).all()
    assert (lower["marginal_low"] >= both["marginal_low"]).all()
    assert (upper["marginal_high"] <= both["marginal_high"]).all()


@given(seed=st.integers(0, 10**6), scale=st.sampled_from([1e-6, 1.0, 1e6]), shift=st.floats(-1e3, 1e3))
@settings(max_examples=12, deadline=None)
def test_sets_nest_and_do_not_depend_on_units_of_measure_or_order(seed, scale, shift):
    estimate, covariance = some_units(seed)
    got = rank_sets(estimate, covariance, replicates=1000, seed=seed)
    assert (got["simultaneous_low"] <= got["marginal_low"]).all()
    assert (got["marginal_low"] <= got["rank"]).all()
    assert (got["rank"] <= got["marginal_high"]).all()
    assert (got["marginal_high"] <= got["simultaneous_high"]).all()
    assert got["p_best_third"].sum() == pytest.approx(2)
    moved = rank_sets((estimate + shift) * scale, covariance * scale**2, replicates=1000, seed=seed)
    assert moved[SETS].equals(got[SETS])
    order = np.random.default_rng(seed).permutation(6)
    turned = rank_sets(estimate[order], covariance[np.ix_(order, order)], replicates=1000, seed=seed)
    assert turned["rank"].tolist() == got["rank"][order].tolist()


@given(seed=st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_simultaneous_sets_come_from_the_statements(seed):
    estimate, covariance = some_units(seed, size=7)
    got = rank_sets(estimate, covariance, replicates=1000, seed=seed)
    apart = told_apart(estimate, covariance, replicates=1000, seed=seed)
    assert got["simultaneous_low"].tolist() == (1 + apart.sum(axis=0)).tolist()
    assert got["simultaneous_high"].tolist() == (7 - apart.sum(axis=1)).tolist()
    assert not (apart & apart.T).any()
    assert (estimate[:, None] > estimate)[apart].all()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"estimate": [1.0, 2.0], "covariance": np.eye(3)}, "ranks-shape"),
        ({"df": [1.0, 2.0]}, "ranks-shape"),
        ({"covariance": np.array([[1, 0.5, 0], [0, 1, 0], [0, 0, 1]])}, "ranks-covariance"),
        ({"covariance": np.array([[1, np.nan, 0], [np.nan, 1, 0], [0, 0, 1]])}, "ranks-covariance"),
        ({"covariance": np.diag([1.0, -1.0, 1.0])}, "ranks-covariance"),
        ({"best": "low_est"}, "option-value"),
        ({"sides": "both"}, "option-value"),
        ({"level": 1.0}, "option-range"),
        ({"replicates": 999}, "option-range"),
        ({"replicates": 5000.0}, "option-range"),
        ({"seed": -1}, "option-range"),
        ({"seed": 2**64}, "option-range"),
        ({"seed": True}, "option-range"),
    ],
)
def test_what_is_refused(arguments, code):
    given_all = {"estimate": [1.0, 2.0, 3.0], "covariance": np.eye(3), "seed": 1} | arguments
    with pytest.raises(UsageError, match=code):
        rank_sets(given_all.pop("estimate"), given_all.pop("covariance"), **given_all)
