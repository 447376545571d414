"""Interval limits and p-values against values of R 4.2.2; the R line stands beside each number."""

from __future__ import annotations

import numpy as np
import pytest

from evaltools.stats.intervals import beta_interval, logit_interval, t_interval, t_quantile, two_sided_p


def test_t_quantiles():
    """qt(.975, c(1, 2.5, 7, 197, 1e6)); qt(.995, 7)."""
    got = t_quantile(np.array([1, 2.5, 7, 197, 1e6]), 0.95)
    expected = [12.7062047361747, 3.57465484200369, 2.36462425159278, 1.97207903377850, 1.95996635681411]
    np.testing.assert_allclose(got, expected, rtol=1e-9)
    assert t_quantile(np.array(7.0), 0.99) == pytest.approx(3.49948329735049, rel=1e-9)


def test_p_and_interval_agree():
    """2 * pt(-2.36462425159278, 7) is 0.05: the limit is 0 exactly where p is alpha."""
    estimate, se, df = np.array([2.36462425159278]), np.array([1.0]), np.array([7.0])
    assert two_sided_p(estimate, se, df)[0] == pytest.approx(0.05, rel=1e-9)
    assert t_interval(estimate, se, df, 0.95)[0][0] == pytest.approx(0, abs=1e-9)


def test_no_p_without_error_or_df():
    got = two_sided_p(np.array([1.0, 1.0, np.nan]), np.array([0.0, 1.0, 1.0]), np.array([5.0, 0.0, 5.0]))
    assert np.isnan(got).all()


def test_logit_limits_do_not_exist_at_0_and_1():
    low, high = logit_interval(np.array([0.0, 0.3, 1.0]), np.array([0.0, 0.1, 0.0]), np.full(3, 9.0), 0.95)
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, False, True]
    assert 0 < low[1] < 0.3 < high[1] < 1


def test_beta_limits_of_a_simple_random_sample_are_clopper_and_pearson():
    """binom.test(3, 14): 0.0465792878898673, 0.507975677048472. se^2 = p q / n and df = n - 1 make n* = n."""
    p, n = np.array([3 / 14]), np.array([14.0])
    low, high = beta_interval(p, np.sqrt(p * (1 - p) / n), n - 1, n, 0.95)
    assert (low[0], high[0]) == pytest.approx((0.0465792878898673, 0.507975677048472), rel=1e-9)


def test_beta_limits_where_all_agree():
    """binom.test(0, 8): 0, 0.369416647552819; binom.test(8, 8): 0.630583352447181, 1."""
    low, high = beta_interval(np.array([0.0, 1.0]), np.zeros(2), np.full(2, 7.0), np.full(2, 8.0), 0.95)
    np.testing.assert_allclose(low, [0, 0.630583352447181], rtol=1e-9)
    np.testing.assert_allclose(high, [0.369416647552819, 1], rtol=1e-9)


def test_beta_limits_need_df():
    low, high = beta_interval(np.array([0.5]), np.array([0.2]), np.array([0.0]), np.array([4.0]), 0.95)
    assert np.isnan(low[0])
    assert np.isnan(high[0])
