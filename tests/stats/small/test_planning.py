"""Power of a change: the variance formula, what is refused, and simulated tests."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evaltools.errors import UsageError
from evaltools.stats import power_change

SAMPLES = 20_000  # a power near .8 has a Monte Carlo error of .3 points


def test_the_standard_error_by_hand():
    """30 and 20, half of 20 in both, r = .6, deff 1.5: 1.5 x 4 (1/30 + 1/20 - 2 x 10 x .6/600)."""
    got = power_change(30, 20, 2.0, overlap=0.5, correlation=0.6, deff=1.5, delta=1.0)
    assert got.se == pytest.approx(np.sqrt(6 * (1 / 30 + 1 / 20 - 12 / 600)))
    assert got.df == pytest.approx(40 / 1.5 - 3)


def test_degrees_of_freedom_are_units_less_patterns():
    assert power_change(20, 20, 1, delta=1).df == 38
    assert power_change(20, 20, 1, overlap=1, correlation=0.5, delta=1).df == 19
    assert power_change(20, 30, 1, overlap=1, correlation=0.5, delta=1).df == 28
    assert power_change(20, 20, 1, delta=1, df=9).df == 9


def test_each_of_the_three_is_found():
    power = power_change(40, 40, 1.2, delta=0.8).power
    assert power_change(40, 40, 1.2, power=power).delta == pytest.approx(0.8)
    found = power_change(None, None, 1.2, delta=0.8, power=power - 1e-9)
    assert found.n_baseline == found.n_endline == 40
    assert found.power == pytest.approx(power)


def test_direction_does_not_matter():
    assert power_change(20, 25, 1, delta=-0.5).power == power_change(20, 25, 1, delta=0.5).power


def test_power_at_a_tiny_change_is_the_level_and_at_a_huge_one_is_one():
    assert power_change(20, 20, 1, delta=1e-9).power == pytest.approx(0.05)
    assert power_change(20, 20, 1, delta=1e3).power == 1
    assert power_change(2, 2, 1, power=0.999).power == pytest.approx(0.999)


@pytest.mark.parametrize("given", [{}, {"delta": 1.0, "power": 0.8}])
def test_one_has_to_be_left_out(given):
    with pytest.raises(UsageError, match="power-unknown: leave out exactly one of these"):
        power_change(20, 20, 1, **given)


def test_numbers_are_left_out_together():
    with pytest.raises(UsageError, match="power-unknown: "):
        power_change(20, None, 1, delta=1, power=0.8)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"overlap": 1.2}, "overlap"), ({"deff": 0}, "deff"), ({"alpha": 1}, "alpha"), ({"delta": 0}, "delta"),
        ({"df": 0}, "df"), ({"overlap": 1, "correlation": 1}, "correlation"), ({"sd": -1}, "sd"),
        ({"n_baseline": 1}, "n_baseline"), ({"n_endline": 20.5}, "n_endline"),
    ],
)  # fmt: skip
def test_options_outside_their_range(options, name):
    given = {"n_baseline": 20, "n_endline": 20, "sd": 1.0, "delta": 1.0} | options
    with pytest.raises(UsageError, match=f"option-range: {name} "):
        power_change(given.pop("n_baseline"), given.pop("n_endline"), given.pop("sd"), **given)


def test_a_correlation_without_overlap_does_nothing():
    with pytest.raises(UsageError, match=r"option-pair: correlation = 0.5 does not go with overlap = 0"):
        power_change(20, 20, 1, correlation=0.5, delta=1)


def test_out_of_reach():
    with pytest.raises(UsageError, match=r"power-out-of-reach: a change of 1e-06 does not reach power 0.9"):
        power_change(None, None, 1, delta=1e-6, power=0.9)


def draws(key, *shape):
    return np.random.Generator(np.random.Philox(key=key)).standard_normal(shape)


def test_simulated_power_with_partial_overlap():
    """24 and 20 firms, 10 in both with r = .6: change, its estimated error, t test; within 2 points."""
    n1, n2, both, r, delta = 24, 20, 10, 0.6, 0.75
    first, second = draws(1, SAMPLES, n1), draws(2, SAMPLES, n2)
    second[:, :both] = r * first[:, :both] + np.sqrt(1 - r * r) * second[:, :both]
    second += delta
    shared = (first[:, :both] - first[:, :both].mean(axis=1, keepdims=True)) * second[:, :both]
    variance = first.var(axis=1, ddof=1) / n1 + second.var(axis=1, ddof=1) / n2
    variance -= 2 * both * (shared.sum(axis=1) / (both - 1)) / (n1 * n2)
    plan = power_change(n1, n2, 1.0, overlap=0.5, correlation=r, delta=delta)
    t = (second.mean(axis=1) - first.mean(axis=1)) / np.sqrt(np.maximum(variance, 1e-12))
    seen = (np.abs(t) > stats.t.ppf(0.975, plan.df)).mean()
    assert plan.power == pytest.approx(seen, abs=0.02)


def test_simulated_power_with_clusters():
    """12 branches a wave with 5 visits each, rho = .2: t test of branch means with 22 df; within 2 points."""
    branches, visits, rho, delta = 12, 5, 0.2, 0.75
    own = [np.sqrt(rho) * draws(key, SAMPLES, branches) for key in (3, 4)]
    rest = [np.sqrt((1 - rho) / visits) * draws(key, SAMPLES, branches) for key in (5, 6)]
    p = stats.ttest_ind(own[0] + rest[0] + delta, own[1] + rest[1], axis=1).pvalue
    n = branches * visits
    plan = power_change(n, n, 1.0, deff=1 + (visits - 1) * rho, delta=delta, df=2 * branches - 2)
    assert plan.power == pytest.approx((p <= 0.05).mean(), abs=0.02)


def test_simulated_power_of_a_share():
    """60 answers a wave, 50 % to 75 %: t test of 0/1 answers; within 2 points."""
    rng = np.random.Generator(np.random.Philox(key=9))
    before, after = rng.random((SAMPLES, 60)) < 0.5, rng.random((SAMPLES, 60)) < 0.75
    p = stats.ttest_ind(after.astype(float), before.astype(float), axis=1).pvalue
    plan = power_change(60, 60, (0.5, np.sqrt(0.75 * 0.25)), delta=0.25)
    assert plan.power == pytest.approx((p <= 0.05).mean(), abs=0.02)
