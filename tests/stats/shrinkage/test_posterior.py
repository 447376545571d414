"""Empirical Bayes values: closed forms, reasons, and that intervals cover on average over the units."""

from __future__ import annotations

import numpy as np
import pytest

from evaltools.stats import reliability, shrink

EVEN = np.array([60.0, 64.0, 71.0, 66.0, 79.0])


def test_equal_errors_have_a_closed_form():
    """lambda = 49.5/53.5: every value keeps that share of its distance from 68."""
    got = shrink(EVEN, np.full(5, 2.0))
    share = 49.5 / 53.5
    np.testing.assert_allclose(got["reliability"], share, rtol=1e-12)
    np.testing.assert_allclose(got["shrunken"], 68 + share * (EVEN - 68), rtol=1e-12)
    np.testing.assert_allclose(got["expected_shift"], (share - 1) * (EVEN - 68), rtol=1e-10)
    first, second = 4 * share, (1 - share) ** 2 * 53.5 / 5
    third = 16 / 53.5**3 * (2 * 53.5**2 / 4)  # Var(tau2) = 2 (tau2 + v)^2/(K - 1)
    np.testing.assert_allclose(got["se_conditional"], np.sqrt(first + second), rtol=1e-12)
    assert first + second + 2 * third > 4  # the correction would make it worse than the value as measured
    np.testing.assert_allclose(got["se_corrected"], 2, rtol=1e-12)
    np.testing.assert_allclose(got["ci_high"] - got["shrunken"], 1.959963984540054 * got["se_corrected"], rtol=1e-12)


def test_the_correction_for_an_estimated_variance():
    """Twelve units, variance 9 of values beside an error of 2: lambda 5/9, g3 = v^2/9^3 times 2 9^2/11."""
    values = np.array([-3, 3] * 6) * np.sqrt(11 / 12)
    got = shrink(values, np.full(12, 2.0))
    first, second, third = 4 * 5 / 9, (4 / 9) ** 2 * 9 / 12, 16 / 9**3 * 2 * 81 / 11
    np.testing.assert_allclose(got["se_conditional"], np.sqrt(first + second), rtol=1e-12)
    np.testing.assert_allclose(got["se_corrected"], np.sqrt(first + second + 2 * third), rtol=1e-12)


def test_noisy_units_move_most_and_keep_to_their_side():
    se = np.array([0.5, 1.0, 6.0, 2.0, 9.0])
    got = shrink(EVEN, se)
    kept = (got["shrunken"] - reliability(EVEN, se).mean) / (EVEN - reliability(EVEN, se).mean)
    assert kept.rank().tolist() == [5, 4, 2, 3, 1]
    assert ((kept > 0) & (kept < 1)).all()
    np.testing.assert_allclose(kept, got["reliability"], rtol=1e-10)
    assert (got["se_conditional"] <= got["se_corrected"]).all()
    assert (got["se_corrected"] <= se).all()


def test_without_differences_all_values_are_the_mean():
    got = shrink(EVEN, np.full(5, 20.0))
    np.testing.assert_allclose(got["shrunken"], 68)
    assert got["flag"].eq("no_difference").all()
    assert (got["se_corrected"] > got["se_conditional"]).all()


def test_units_that_do_not_count_say_why():
    got = shrink([60, np.nan, 70, 64, 71], [2, 2, 0, 2, 3.0])
    assert got["flag"].tolist() == ["", "not_estimated", "no_variation", "", ""]
    assert got["shrunken"].isna().tolist() == [False, True, True, False, False]
    few = shrink([60, 61], [1, 1])
    assert few["flag"].eq("too_few_units").all()
    assert few[["shrunken", "se_corrected", "ci_low", "expected_shift"]].isna().all(axis=None)


def test_correlated_errors_borrow_from_the_units_that_share_them():
    """Units 0 and 1 share firms. 1 lies above the mean, so part of what lifts 0 is shared error: 0 is drawn further."""
    estimate, se = np.array([3.0, 2.5, -1.0, 0.5, -2.0]), np.ones(5)
    covariance = np.eye(5)
    covariance[0, 1] = covariance[1, 0] = 0.6
    alone, shared = shrink(estimate, se), shrink(estimate, se, covariance=covariance)
    assert shared["shrunken"][0] < alone["shrunken"][0]


@pytest.mark.parametrize("tau2", [0.0, 0.3, 1.0, 4.0])
def test_intervals_cover_on_average_over_units(tau2):
    """150 runs of 12 units: Monte Carlo error below .6 %; the error taken as known covers .85 at tau2 = .3."""
    rng = np.random.default_rng(5)
    hits, narrow = [], []
    for _ in range(150):
        se = np.sqrt(rng.uniform(0.5, 2, 12))
        truth = rng.normal(0, np.sqrt(tau2), 12)
        got = shrink(truth + rng.normal(0, se), se)
        hits.append(((got["ci_low"] <= truth) & (truth <= got["ci_high"])).mean())
        narrow.append((np.abs(got["shrunken"] - truth) <= 1.96 * got["se_conditional"]).mean())
    assert np.mean(hits) >= 0.95 - 0.012
    assert np.mean(hits) >= np.mean(narrow)
    if tau2 == 0.3:
        assert np.mean(narrow) < 0.90
