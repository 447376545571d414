"""The beta-binomial likelihood in its product form: against scipy's distribution, and its derivatives against steps."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evaltools.stats.small import overdispersion as od

Y, N = np.array([3, 5, 8, 2, 9, 7]), np.array([10, 10, 12, 8, 12, 9])
TAILS = od.count_tails(Y, N)


def log_likelihood(share, rho):
    k = (1 - rho) / rho
    return stats.betabinom.logpmf(Y, N, share * k, (1 - share) * k).sum()


def test_the_profile_is_the_likelihood_at_its_best_share():
    rho = np.array([0.05, 0.2, 0.6])
    share = od.likeliest_share(TAILS, rho)
    ways = log_likelihood(0.5, 0.5) - _product(0.5, 0.5)  # binomial coefficients, the same for all parameters
    got = od.profile(TAILS, rho, adjusted=False)
    expected = [log_likelihood(s, r) - ways for s, r in zip(share, rho, strict=True)]
    np.testing.assert_allclose(got, expected, rtol=1e-10)
    for s, r in zip(share, rho, strict=True):
        assert log_likelihood(s, r) >= max(log_likelihood(s - 0.01, r), log_likelihood(s + 0.01, r))


def test_without_overdispersion_it_is_binomial():
    assert od.likeliest_share(TAILS, np.zeros(1))[0] == pytest.approx(Y.sum() / N.sum())
    p = Y.sum() / N.sum()
    expected = (Y * np.log(p) + (N - Y) * np.log(1 - p)).sum()
    assert od.profile(TAILS, np.zeros(1), adjusted=False)[0] == pytest.approx(expected)


def test_the_adjustment_is_half_the_log_information_of_the_logit():
    rho, step = 0.15, 1e-4
    share = float(od.likeliest_share(TAILS, np.array([rho]))[0])
    logit = np.log(share / (1 - share))
    at = [log_likelihood(1 / (1 + np.exp(-place)), rho) for place in (logit - step, logit, logit + step)]
    bend = -(at[0] - 2 * at[1] + at[2]) / step**2
    plain, adjusted = (od.profile(TAILS, np.array([rho]), adjusted=flag)[0] for flag in (False, True))
    assert plain - adjusted == pytest.approx(0.5 * np.log(bend), rel=1e-5)


def test_the_information_is_that_of_all_outcomes():
    """Numerical scores of scipy's distribution over 0 .. 5 successes of one branch."""
    share, rho, step = 0.3, 0.2, 1e-5
    y = np.arange(6)

    def log_chance(a, b):
        m, r = 1 / (1 + np.exp(-a)), 1 / (1 + np.exp(-b))
        k = (1 - r) / r
        return stats.betabinom.logpmf(y, 5, m * k, (1 - m) * k)

    a, b = np.log(share / (1 - share)), np.log(rho / (1 - rho))
    scores = np.stack(
        [
            (log_chance(a + step, b) - log_chance(a - step, b)) / (2 * step),
            (log_chance(a, b + step) - log_chance(a, b - step)) / (2 * step),
        ]
    )
    expected = (scores * np.exp(log_chance(a, b))) @ scores.T
    np.testing.assert_allclose(od.information(np.array([5]), share, rho), expected, rtol=1e-7)
    np.testing.assert_allclose(od.information(np.array([5, 5]), share, rho), 2 * expected, rtol=1e-7)


def test_the_border_is_found():
    assert od.fit_dispersion(od.count_tails(np.array([5, 5, 5, 5]), np.full(4, 10)), adjusted=True) == 0
    apart = od.fit_dispersion(od.count_tails(np.array([0, 10, 0, 10, 9]), np.full(5, 10)), adjusted=False)
    assert 0.5 < apart < 1


def _product(share, rho):
    total = 0.0
    for y, n in zip(Y, N, strict=True):
        yes, no, every = np.arange(y), np.arange(n - y), np.arange(n)
        total += np.log(share * (1 - rho) + yes * rho).sum() + np.log((1 - share) * (1 - rho) + no * rho).sum()
        total -= np.log(1 - rho + every * rho).sum()
    return total
