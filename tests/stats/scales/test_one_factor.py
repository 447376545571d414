"""One factor: exact correlations give their loadings back; signs, bounds and order of items."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.stats.scales.one_factor import LEAST_UNIQUE, fit_likelihood, fit_minres, omega_total

loadings = st.lists(st.floats(0.3, 0.9), min_size=3, max_size=8)


def correlations(loading):
    values = np.array(loading)
    return np.outer(values, values) + np.diag(1 - values * values)


@given(loadings)
def test_exact_correlations_give_their_loadings_back(loading):
    for fit in (fit_minres(correlations(loading)), fit_likelihood(correlations(loading))):
        assert fit.converged
        np.testing.assert_allclose(fit.loading, loading, atol=1e-7)
        assert fit.discrepancy == pytest.approx(0, abs=1e-12)


def test_omega_of_equal_loadings_by_hand():
    """Four loadings of 0.7: (4 x 0.7)^2 / ((4 x 0.7)^2 + 4 x 0.51)."""
    correlation = correlations([0.7] * 4)
    assert omega_total(correlation, fit_minres(correlation)) == pytest.approx(7.84 / 9.88)


@given(loadings, st.randoms(use_true_random=False))
def test_the_order_of_items_does_not_matter(loading, random):
    k = len(loading)
    noise = np.array([[random.uniform(-0.04, 0.04) for _ in range(k)] for _ in range(k)])
    correlation = correlations(loading) + (1 - np.eye(k)) * (noise + noise.T) / 2
    order = list(range(k))
    random.shuffle(order)
    there = fit_minres(correlation)
    here = fit_minres(correlation[np.ix_(order, order)])
    if not (there.improper or here.improper):
        np.testing.assert_allclose(here.loading, there.loading[order], atol=1e-5)


def test_a_turned_item_has_the_same_loading_turned():
    sign = np.array([1, 1, -1, 1])
    correlation = correlations([0.8, 0.7, 0.6, 0.5]) * np.outer(sign, sign)
    np.testing.assert_allclose(fit_likelihood(correlation).loading, [0.8, 0.7, -0.6, 0.5], atol=1e-8)


def test_an_impossible_loading_stops_at_its_bound_and_is_called_improper():
    """r12 r13 / r23 = 1.35: the first item would need a loading above 1."""
    correlation = np.array([[1, 0.9, 0.9], [0.9, 1, 0.6], [0.9, 0.6, 1]])
    for fit in (fit_minres(correlation), fit_likelihood(correlation)):
        assert fit.improper
        assert fit.unique.min() == pytest.approx(LEAST_UNIQUE)
