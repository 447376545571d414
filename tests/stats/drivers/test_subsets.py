"""Explained variance of all subsets against regressions one by one."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evaltools.stats.drivers.orthogonal import relative_weights
from evaltools.stats.drivers.subsets import explained_by_all, explained_by_subsets, shapley_contributions


def correlations(seed, p):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(40, p + 1)) + rng.normal(size=(40, 1))
    return np.corrcoef(values.T)


@given(st.integers(0, 10_000), st.integers(2, 6))
def test_every_subset_is_its_own_regression(seed, p):
    correlation = correlations(seed, p)
    found = explained_by_subsets(correlation[None])[:, 0]
    for size in range(p + 1):
        for subset in combinations(range(p), size):
            inside, outcome = correlation[np.ix_(subset, subset)], correlation[list(subset), p]
            expected = outcome @ np.linalg.solve(inside, outcome) if subset else 0.0
            place = sum(1 << (p - 1 - driver) for driver in subset)
            np.testing.assert_allclose(found[place], expected, atol=1e-10)
    np.testing.assert_allclose(explained_by_all(correlation), found[-1], atol=1e-12)


@given(st.integers(0, 10_000), st.integers(2, 6))
def test_both_ways_share_out_all_of_it_and_nothing_below_0(seed, p):
    correlation = correlations(seed, p)[None]
    explained = explained_by_subsets(correlation)
    for contribution in (shapley_contributions(explained), relative_weights(correlation)):
        np.testing.assert_allclose(contribution.sum(axis=0), explained[-1], atol=1e-10)
        assert (contribution > -1e-12).all()


def test_replicates_are_computed_apart():
    both = np.stack([correlations(1, 4), correlations(2, 4)])
    for way in (relative_weights, lambda part: shapley_contributions(explained_by_subsets(part))):
        np.testing.assert_allclose(way(both)[:, 1], way(both[1:])[:, 0])


def test_a_driver_given_twice_is_shared_in_halves():
    """Two copies of one driver, r = 0.6 with the outcome: R^2 is 0.36 with either or both."""
    correlation = np.array([[1, 1, 0.6], [1, 1, 0.6], [0.6, 0.6, 1]])[None]
    explained = explained_by_subsets(correlation)
    np.testing.assert_allclose(explained[:, 0], [0, 0.36, 0.36, 0.36])
    np.testing.assert_allclose(shapley_contributions(explained)[:, 0], [0.18, 0.18])
