import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as sps

from evaltools.scoring.limits import (
    effective_size,
    keeps,
    mean_limits,
    mean_p,
    quantile_limits,
    share_limits,
    share_p,
    weighted_quantile,
)


def one(value):
    return np.array([float(value)])


def test_no_violation_in_ten_visits_leaves_up_to_26_percent():
    """1 - 0.05 ** (1/10), the rule of three's exact form."""
    low, high = share_limits(one(0), one(10), alpha=0.05)
    assert (low[0], high[0]) == (0.0, pytest.approx(1 - 0.05**0.1))


def test_limits_of_a_share_equal_the_binomial_test_turned_round():
    """Clopper and Pearson: at the lower limit 7 or more of 10 have a chance of 5 %."""
    low, high = share_limits(one(0.7), one(10), alpha=0.05)
    assert sps.binom.sf(6, 10, low[0]) == pytest.approx(0.05)
    assert sps.binom.cdf(7, 10, high[0]) == pytest.approx(0.05)


@given(st.integers(0, 40), st.integers(1, 40), st.floats(0.01, 0.99))
def test_p_of_a_share_and_its_limit_agree(hits, extra, limit):
    size = hits + extra
    share = one(hits / size)
    low, high = share_limits(share, one(size), alpha=0.05)
    above = share_p(share, one(size), at_most=limit)[0]
    below = share_p(share, one(size), at_least=limit)[0]
    assert above == pytest.approx(sps.binom.sf(hits - 1, size, limit), abs=1e-9)
    assert (above < 0.05) == (low[0] > limit) or abs(low[0] - limit) < 1e-9
    assert (below < 0.05) == (high[0] < limit) or abs(high[0] - limit) < 1e-9


def test_effective_size_of_a_simple_sample_is_nearly_n():
    """p(1-p)/se^2 with se^2 = p(1-p)/(n-1), df = n - 1: n - 1."""
    p, n = 0.4, 30
    size = effective_size(one(p), one((p * (1 - p) / (n - 1)) ** 0.5), one(n - 1), one(n), one(n), alpha=0.05)
    assert size[0] == pytest.approx(n - 1)


def test_effective_size_is_the_number_of_psus_where_nothing_varies_and_never_above_n():
    size = effective_size(np.array([0.0, 0.5]), np.array([0.0, 0.01]), one(5), one(12), one(6), alpha=0.05)
    assert list(size) == [6.0, 12.0]


def test_a_mean_without_variation_or_degrees_of_freedom_has_no_limits():
    low, high = mean_limits(np.array([5.0, 5.0]), np.array([0.0, 1.0]), np.array([9.0, 0.0]), alpha=0.05)
    assert np.isnan([*low, *high]).all()
    assert np.isnan(mean_p(one(5), one(0), one(9), at_most=4)).all()


def test_mean_at_the_limit_has_p_one_half():
    assert mean_p(one(5), one(1), one(9), at_most=5)[0] == pytest.approx(0.5)
    assert mean_p(one(4), one(1), one(9), at_least=5)[0] == pytest.approx(sps.t.sf(1, 9))


def test_the_limit_itself_is_kept_and_nan_keeps_nothing():
    values = np.array([7.9, 8.0, 8.1, np.nan])
    assert list(keeps(values, values, at_most=8)) == [True, True, False, False]
    assert list(keeps(values, values, at_least=8)) == [False, True, True, False]


def test_the_ninth_of_ten_is_the_90th_percentile():
    values, weights = np.arange(1.0, 11.0), np.ones(10)
    assert weighted_quantile(values, weights, 0.9) == 9.0
    assert weighted_quantile(values, np.where(values == 10, 3.0, 1.0), 0.9) == 10.0
    assert np.isnan(weighted_quantile(np.array([np.nan]), np.ones(1), 0.9))


@pytest.mark.parametrize(("n", "bounded"), [(28, False), (29, True)])
def test_29_answers_are_needed_to_bound_the_90th_percentile_from_above(n, bounded):
    """The largest of n bounds the 0.9 quantile at 95 % once 0.9 ** n is at most 0.05."""
    _, high = quantile_limits(np.arange(float(n)), np.ones(n), 0.9, float(n), alpha=0.05)
    assert (high == n - 1) if bounded else np.isnan(high)


def test_limits_of_a_quantile_enclose_it():
    values = np.arange(1.0, 101.0)
    low, high = quantile_limits(values, np.ones(100), 0.9, 100.0, alpha=0.05)
    # order statistics by the binomial: P(X <= 84) < .05 <= P(X <= 85) at n = 100, p = .9
    assert low < 90 < high
    assert sps.binom.cdf(low - 1, 100, 0.9) < 0.05 <= sps.binom.cdf(low, 100, 0.9)


def test_values_of_weight_0_are_none():
    values, weights = np.array([1.0, 2.0, 9.0]), np.array([1.0, 1.0, 0.0])
    assert weighted_quantile(values, weights, 1.0) == 2
    assert math.isnan(weighted_quantile(values, np.zeros(3), 0.9))
