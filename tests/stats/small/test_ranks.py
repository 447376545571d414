"""Distributions of rank sums: countable by hand, and against scipy's tables."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaltools.stats.small import ranks

VALUES = st.lists(st.integers(0, 4), min_size=1, max_size=8).map(lambda values: np.array(values, dtype=float))


def test_three_ranks_by_hand():
    """Signs of 1, 2, 3: sums 0 to 6, 3 in two ways."""
    np.testing.assert_allclose(ranks.signed_rank_chances(np.array([1, 2, 3])) * 8, [1, 1, 1, 2, 1, 1, 1])
    np.testing.assert_allclose(ranks.rank_sum_chances(np.array([1, 2, 3]), 2) * 3, [0, 0, 0, 1, 1, 1, 0])


@given(VALUES)
def test_signed_ranks_are_all_sign_patterns(values):
    doubled = ranks.double_ranks(values)
    chance = ranks.signed_rank_chances(doubled)
    sums = [int(doubled[list(pattern)].sum()) for pattern in itertools.product([False, True], repeat=values.size)]
    np.testing.assert_allclose(chance, np.bincount(sums, minlength=chance.size) / len(sums), atol=1e-15)


@given(VALUES, st.integers(1, 8))
def test_rank_sums_are_all_choices(values, drawn):
    drawn = min(drawn, values.size)
    doubled = ranks.double_ranks(values)
    chance = ranks.rank_sum_chances(doubled, drawn)
    sums = [int(doubled[list(choice)].sum()) for choice in itertools.combinations(range(values.size), drawn)]
    np.testing.assert_allclose(chance, np.bincount(sums, minlength=chance.size) / len(sums), atol=1e-15)


def test_p_without_ties_is_scipys():
    x = np.array([1.2, -0.4, 3.1, 0.9, -2.2, 4.0, 0.3])
    doubled = ranks.double_ranks(np.abs(x))
    p = ranks.two_sided(ranks.signed_rank_chances(doubled), int(doubled[x > 0].sum()), (int(doubled.sum()), 2))
    np.testing.assert_allclose(p, stats.wilcoxon(x, method="exact").pvalue)


def test_a_quantile_and_the_tail_below_it():
    """Six ranks: P(sum = 0) = 1/64, P(sum <= 1) = 2/64, so 2.5 % is reached at 1."""
    at, tail = ranks.lower_quantile(ranks.signed_rank_chances(np.arange(1, 7)), 0.025)
    assert (at, tail) == (1, 1 / 64)
    assert ranks.lower_quantile(ranks.signed_rank_chances(np.arange(1, 6)), 0.025) == (0, 0.0)


def test_ties_are_counted_in_cubes():
    assert ranks.tie_term(np.array([1.0, 1.0, 2.0, 3.0, 3.0, 3.0])) == 6 + 24
