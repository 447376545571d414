"""Joint draws: the factor of a covariance, also a singular one, and what is drawn with it."""

from __future__ import annotations

import numpy as np
import pytest

from evaltools.errors import UsageError
from evaltools.stats.ranking.draws import draw_errors, factor_covariance

THREE = np.array([[4.0, 1.0, 0.5], [1.0, 2.0, -0.3], [0.5, -0.3, 9e-12]])


@pytest.mark.parametrize(
    ("covariance", "rank"),
    [
        (np.diag([4.0, 1e-14, 9.0]), 3),
        (np.array([[2.0, 1.0], [1.0, 3.0]]), 2),
        (np.ones((4, 4)), 1),
        (np.zeros((2, 2)), 0),
    ],
    ids=["unequal", "correlated", "one and the same", "nothing"],
)
def test_factor_times_itself_is_the_covariance(covariance, rank):
    factor = factor_covariance(covariance)
    assert factor.shape[1] == rank
    np.testing.assert_allclose(factor @ factor.T, covariance, rtol=1e-12)


def test_changes_relative_to_the_mean_have_a_singular_covariance():
    centre = np.eye(5) - 0.2
    covariance = centre @ np.diag([1.0, 4.0, 2.0, 3.0, 5.0]) @ centre
    factor = factor_covariance(covariance)
    assert factor.shape == (5, 4)
    np.testing.assert_allclose(factor @ factor.T, covariance, atol=1e-12)
    assert np.abs(draw_errors(covariance, None, 100, seed=1).sum(axis=0)).max() < 1e-12


def test_a_combination_with_negative_variance_is_refused():
    with pytest.raises(UsageError, match="ranks-covariance"):
        factor_covariance(THREE)
    with pytest.raises(UsageError, match="ranks-covariance"):
        factor_covariance(np.array([[1.0, 1.5], [1.5, 1.0]]))


@pytest.mark.parametrize(("df", "spread"), [(None, 1.0), (5.0, 5 / 3)])
def test_draws_have_the_covariance(df, spread):
    """200,000 draws: Monte Carlo error of a variance below 0.5 % (normal), 1.2 % (t with 5 df: kurtosis 9)."""
    covariance = np.array([[2.0, 0.8], [0.8, 1.0]])
    errors = draw_errors(covariance, df, 200_000, seed=7)
    np.testing.assert_allclose(np.cov(errors), covariance * spread, rtol=0.05)
    assert np.abs(errors.mean(axis=1)).max() < 0.02


def test_more_variance_elsewhere_changes_no_draw_of_an_independent_unit():
    """Units in the order of their own numbers: the first normal numbers go to the first pivot."""
    first = draw_errors(np.diag([4.0, 1.0]), None, 50, seed=3)
    second = draw_errors(np.diag([4.0, 100.0]), None, 50, seed=3)
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_allclose(second[1], 10 * first[1], rtol=1e-15)
