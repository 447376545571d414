"""Pooling branches: reasons, shrinking, and coverage of the bank's share."""

from __future__ import annotations

import numpy as np
import pytest

from evaltools.errors import UsageError
from evaltools.stats import pool_branches

Y, N = [3, 5, 8, 2, 9, 7, 1, 6], [10, 10, 12, 8, 12, 9, 6, 10]


def test_branches_are_drawn_towards_the_bank():
    got = pool_branches(Y, N)
    k = (1 - got.rho) / got.rho
    np.testing.assert_allclose(got.shrunken, (np.array(Y) + got.share * k) / (np.array(N) + k))
    between = (got.shrunken - got.share) * (got.raw - got.shrunken)
    assert (between >= 0).all()
    assert (got.n_branches, got.n_trials, got.df, got.flag) == (8, 77, 7, "")
    assert got.ci_low < got.share < got.ci_high


def test_the_adjusted_overdispersion_is_larger_than_the_likeliest():
    assert pool_branches(Y, N).rho > pool_branches(Y, N, method="ml").rho > 0


def test_branches_widen_the_interval_of_plain_counts():
    alike, apart = pool_branches([5] * 8, [10] * 8), pool_branches([0, 10] * 4, [10] * 8)
    assert (alike.flag, alike.rho) == ("no_overdispersion", 0.0)
    assert apart.ci_high - apart.ci_low > 2 * (alike.ci_high - alike.ci_low)
    assert (alike.share, apart.share) == pytest.approx((0.5, 0.5))
    assert alike.se == pytest.approx(np.sqrt(0.25 / 80))


def test_one_visit_a_branch_needs_no_overdispersion():
    got = pool_branches([1, 0, 1, 1, 0, 1], [1] * 6)
    assert got.flag == "one_visit_a_branch"
    assert np.isnan(got.rho)
    assert got.se == pytest.approx(np.sqrt(4 / 6 * 2 / 6 / 6))
    assert got.ci_low < got.share < got.ci_high


def test_all_yes_or_all_no_have_limits_as_if_each_branch_were_one_visit():
    """Five branches: 1 - .025^(1/5)."""
    got = pool_branches([0] * 5, [4, 3, 5, 2, 6])
    assert (got.flag, got.share, got.ci_low) == ("no_variation", 0, 0)
    assert got.ci_high == pytest.approx(1 - 0.025**0.2)
    assert pool_branches([4, 3, 5, 2, 6], [4, 3, 5, 2, 6]).ci_low == pytest.approx(0.025**0.2)


def test_few_branches_give_a_reason():
    got = pool_branches([3, 5, 2], [10, 10, 8])
    assert (got.flag, got.share) == ("too_few_branches", 10 / 28)
    assert np.isnan([got.rho, got.se, got.ci_low, got.ci_high]).all()
    assert np.isnan(got.shrunken).all()
    none = pool_branches([0, 0], [0, 0])
    assert none.flag == "no_trials"
    assert np.isnan(none.share)


def test_a_branch_without_visits_is_the_bank():
    got = pool_branches([*Y, 0], [*N, 0])
    one = pool_branches(Y, N)
    assert (got.share, got.rho, got.n_branches) == (one.share, one.rho, 8)
    assert np.isnan(got.raw[-1])
    assert (got.shrunken[-1], got.weight[-1]) == (got.share, 0)


def test_order_does_not_matter_and_turning_yes_and_no_turns_the_share():
    one, other = pool_branches(Y, N), pool_branches(np.array(N) - Y, N)
    assert other.share == pytest.approx(1 - one.share)
    assert other.rho == pytest.approx(one.rho, rel=1e-6)
    assert pool_branches(Y[::-1], N[::-1]).ci_low == pytest.approx(one.ci_low)


def test_what_is_refused():
    with pytest.raises(UsageError, match="small-successes: successes exceed trials at 1 branches"):
        pool_branches([3, 5], [2, 8])
    with pytest.raises(UsageError, match="option-value: method cannot be 'moments'"):
        pool_branches(Y, N, method="moments")
    with pytest.raises(UsageError, match="small-sizes: "):
        pool_branches([[1, 2]], [[3, 4]])


@pytest.mark.slow
@pytest.mark.parametrize(("branches", "share", "rho"), [(5, 0.5, 0.3), (8, 0.8, 0.3), (12, 0.8, 0.1)])
def test_the_interval_covers(branches, share, rho):
    """400 samples of branches with 3 to 8 visits: 95 % limits cover 94 % or more, less 2 Monte Carlo errors (1.1 %)."""
    rng = np.random.Generator(np.random.Philox(key=branches))
    covered = 0
    for _ in range(400):
        trials = rng.integers(3, 9, branches)
        own = rng.beta(share * (1 - rho) / rho, (1 - share) * (1 - rho) / rho, branches)
        got = pool_branches(rng.binomial(trials, own), trials)
        covered += got.ci_low <= share <= got.ci_high
    assert covered / 400 >= 0.94 - 2 * 0.011
