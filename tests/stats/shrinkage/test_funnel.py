"""Funnel limits: counted by hand, overdispersion, exact limits, reasons."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evaltools.errors import UsageError
from evaltools.stats import funnel_limits
from evaltools.stats.shrinkage.funnel import exact_limits


def test_limits_by_hand():
    """Target 50: error 2 gives 50 -+ 3.92 at 95 %, and only the unit at 55 lies outside."""
    got = funnel_limits([55.0, 52.0, 47.0], [2.0, 2.0, 4.0], target=50, levels=(0.95,), overdispersion=None)
    assert got.limits["position"].tolist() == [0, 1, 2]
    np.testing.assert_allclose(got.limits["high"], [53.91993, 53.91993, 57.83986], rtol=1e-6)
    np.testing.assert_allclose(got.limits["low"], [46.08007, 46.08007, 42.16014], rtol=1e-6)
    assert got.limits["outside"].tolist() == ["above", "", ""]
    assert got.limits["z"].tolist() == [2.5, 1.0, -0.75]
    assert got.limits["exact_high"].isna().all()


def test_the_target_is_the_weighted_mean():
    assert funnel_limits([1.0, 2.0, 6.0], [1.0, 1.0, 0.5]).target == pytest.approx((1 + 2 + 4 * 6) / 6)
    assert funnel_limits([0.2, 0.5, 1.0], n=[10, 20, 10]).target == pytest.approx((2 + 10 + 10) / 40)


def test_one_wild_unit_does_not_widen_the_limits():
    """Ten quiet units and one at 12 standard errors: drawn in to the next, it leaves phi below 1."""
    z = np.array([-1.2, -0.9, -0.6, -0.3, -0.1, 0.1, 0.3, 0.6, 0.9, 1.2, 12.0])
    drawn = funnel_limits(z, np.ones(11), target=0, overdispersion="multiplicative")
    plain = funnel_limits(z, np.ones(11), target=0, overdispersion="multiplicative", winsor=0)
    assert drawn.phi < 1 < plain.phi
    assert (drawn.inflation, plain.inflation) == (1.0, plain.phi)
    assert plain.phi == pytest.approx((z**2).mean())
    assert drawn.limits.query("level == 0.998")["outside"].tolist()[-1] == "above"


def test_units_that_truly_differ_widen_them():
    rng = np.random.default_rng(2)
    se = rng.uniform(0.5, 2, 200)
    estimate = rng.normal(0, 1.5, 200) + rng.normal(0, se)
    got = {kind: funnel_limits(estimate, se, overdispersion=kind, winsor=0) for kind in ("additive", None)}
    assert got["additive"].tau2 == pytest.approx(2.25, rel=0.25)  # moment estimator of 200 units: error about 12 %
    outside = {kind: (found.limits.query("level == 0.95")["outside"] != "").mean() for kind, found in got.items()}
    assert outside["additive"] == pytest.approx(0.05, abs=0.03)
    assert outside[None] > 0.2


def test_shares_are_judged_by_exact_limits():
    """3 of 10 beside a target of 0.6: P(R <= 3) = .0548 under the target, so inside at 95 %."""
    got = funnel_limits([0.3, 0.6, 0.61, 0.2], n=[10, 40, 50, 10], target=0.6, levels=(0.95,), overdispersion=None)
    assert stats.binom.cdf(3, 10, 0.6) > 0.025 > stats.binom.cdf(2, 10, 0.6)
    assert got.limits["outside"].tolist() == ["", "", "", "below"]
    assert got.limits["exact_low"][0] < 0.3
    assert got.limits["exact_low"][3] > 0.2


def test_overdispersed_shares_are_judged_by_the_wide_limits():
    got = funnel_limits([0.3, 0.6, 0.61, 0.2], n=[10, 40, 50, 10], target=0.6, levels=(0.95,))
    assert got.tau2 > 0
    assert got.limits["outside"].tolist() == ["", "", "", ""]
    assert got.limits["low"][3] < 0.2 < got.limits["exact_low"][3]


@pytest.mark.parametrize("p", [0.001, 0.025, 0.5, 0.975, 0.999])
@pytest.mark.parametrize("target", [0.02, 0.5, 0.93])
def test_exact_limits_are_binomial_quantiles(p, target):
    """The limit lies in the step below the smallest count with P(R <= r) > p, whatever the number of answers."""
    n = np.array([1.0, 2, 7, 30, 250, 5000])
    r = stats.binom.ppf(p, n, target)
    r = np.where(stats.binom.cdf(r, n, target) > p, r, r + 1)
    at = exact_limits(target, n, p) * n
    assert (at <= r + 1e-9).all()
    assert (at >= np.maximum(r - 1, 0) - 1e-9).all()


def test_an_effective_number_need_not_be_whole():
    low, mid, high = exact_limits(0.7, np.array([20.0, 20.4, 21.0]), 0.025)
    assert min(low, high) - 0.02 < mid < max(low, high) + 0.02


def test_no_answers_no_error_no_limits():
    got = funnel_limits([0.5, np.nan, 0.6, 0.4, 0.7], n=[0, 10, 10, 20, 30], levels=(0.95,))
    assert got.limits["flag"].tolist() == ["not_estimated", "not_estimated", "", "", ""]
    assert got.limits["low"].isna().tolist() == [True, True, False, False, False]
    got = funnel_limits([5.0, 6.0, 7.0, 8.0], [0.0, 1, 1, np.nan], levels=(0.95,))
    assert got.limits["flag"].tolist() == ["no_variation", "too_few_units", "too_few_units", "not_estimated"]
    assert np.isnan(got.phi)
    assert got.limits["outside"].tolist() == ["", "", "", ""]


def test_shares_that_are_all_one_have_no_funnel():
    got = funnel_limits([1.0, 1.0, 1.0], n=[10, 20, 30], levels=(0.95,))
    assert got.target == 1
    assert got.limits["flag"].eq("no_variation").all()
    assert got.limits[["low", "exact_low"]].isna().all(axis=None)


def test_nobody():
    got = funnel_limits([], [])
    assert got.limits.empty
    assert np.isnan(got.target)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "funnel-error"),
        ({"se": [1, 1, 1], "n": [1, 1, 1]}, "funnel-error"),
        ({"se": [1.0, 2.0]}, "shrink-shape: estimates of shape .* and se"),
        ({"n": [1, 2, -3]}, "shrink-negative: n is negative in 1"),
        ({"n": [5, 5, 5], "target": 1.0}, "option-range: target"),
        ({"se": [1, 1, 1], "overdispersion": "both"}, "option-value: overdispersion"),
        ({"se": [1, 1, 1], "winsor": 0.5}, "option-value: winsor"),
        ({"se": [1, 1, 1], "levels": ()}, "option-value: levels"),
        ({"se": [1, 1, 1], "levels": (0.95, 95)}, "option-range: level"),
    ],
)
def test_what_is_refused(arguments, code):
    with pytest.raises(UsageError, match=code):
        funnel_limits([0.2, 0.3, 0.4], **arguments)


def test_with_n_estimates_are_shares():
    with pytest.raises(
        UsageError, match="funnel-share: with n the estimates are shares between 0 and 1, and 1 are not"
    ):
        funnel_limits([0.2, 30.0, 0.4], n=[5, 5, 5])
