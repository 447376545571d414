"""Tango's score limits: published and hand-made tables, all tables of ten pairs, coverage."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from evaltools.stats import mcnemar, paired_shares

Z2 = stats.norm.ppf(0.975) ** 2
TABLES = np.array([row for row in itertools.product(range(11), repeat=4) if sum(row) == 10])


def test_published_example():
    """n = 21, (1, 1, 7, 12): 7 losses, 1 gain; limits -.517 and -.026 (Fagerland, Lydersen, Laake 2014, airways)."""
    got = paired_shares(1, 7, 1, 12)
    assert got.change == pytest.approx(-6 / 21)
    assert (round(float(got.ci_low), 3), round(float(got.ci_high), 3)) == (-0.517, -0.026)


def test_without_discordant_pairs_limits_are_those_of_the_score_equation():
    """Gains and losses 0: n d^2 = z^2 d (1 - d), so the limits are -+ z^2/(n + z^2); no p."""
    got = paired_shares([20, 0, 5], 0, 0, [10, 30, 0])
    np.testing.assert_allclose(got.ci_high, Z2 / (np.array([30, 30, 5]) + Z2), rtol=1e-12)
    np.testing.assert_allclose(got.ci_low, -got.ci_high, rtol=1e-12)
    assert np.isnan(got.p).all()
    assert got.flags.tolist() == ["no_discordant_pairs"] * 3


def test_all_pairs_changed_the_same_way():
    got = paired_shares(0, 0, 9, 0)
    assert (got.change, got.ci_high) == (1.0, 1.0)
    assert 0 < got.ci_low < 1
    other = paired_shares(0, 9, 0, 0)
    assert (other.ci_low, other.ci_high) == (-1.0, -got.ci_low)


def test_no_pairs_give_a_reason():
    got = paired_shares([0, 3], [0, 1], [0, 2], [0, 4])
    assert got.flags.tolist() == ["no_pairs", ""]
    assert np.isnan([got.change[0], got.ci_low[0], got.ci_high[0], got.p[0]]).all()
    assert (got.baseline[1], got.endline[1]) == (0.4, 0.5)


def test_every_table_of_ten_pairs():
    """Limits enclose the change, lie in [-1, 1], and leave 0 out exactly where p is below 5 %."""
    got = paired_shares(*TABLES.T)
    assert (got.ci_low <= got.change).all()
    assert (got.change <= got.ci_high).all()
    assert (got.ci_low >= -1).all()
    assert (got.ci_high <= 1).all()
    apart = got.flags == ""
    outside = (got.ci_low > 0) | (got.ci_high < 0)
    assert (outside[apart] == (got.p[apart] < 0.05)).all()
    turned = paired_shares(*TABLES[:, [0, 2, 1, 3]].T)
    np.testing.assert_array_equal(turned.ci_low, -got.ci_high)


def test_a_wider_level_is_wider_and_level_has_no_other_effect():
    one, other = paired_shares(5, 4, 9, 2), paired_shares(5, 4, 9, 2, level=0.99)
    assert other.ci_low < one.ci_low
    assert other.ci_high > one.ci_high
    assert other.p == one.p


def test_the_score_p_can_be_below_the_exact_one():
    assert paired_shares(1, 7, 1, 12).p == pytest.approx(0.0339, abs=5e-5)
    assert mcnemar(7, 1).p > 0.05


@pytest.mark.parametrize("shares", [(0.3, 0.3, 0.1, 0.3), (0.55, 0.05, 0.25, 0.15), (0.9, 0.02, 0.06, 0.02)])
def test_coverage_over_all_outcomes(shares):
    """Exact coverage for 20 pairs, summed over every table: near 95 %, never below 92.5 % in these."""
    n = 20
    rows = np.array([(n - b - c, b, c) for b in range(n + 1) for c in range(n + 1 - b)])
    got = paired_shares(rows[:, 0], rows[:, 1], rows[:, 2], 0)
    chance = stats.multinomial.pmf(rows, n, [shares[0] + shares[3], shares[1], shares[2]])
    change = shares[2] - shares[1]
    covered = chance[(got.ci_low <= change) & (change <= got.ci_high)].sum()
    assert 0.925 <= covered <= 0.995
