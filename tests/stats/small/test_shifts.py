"""Hodges-Lehmann: what is exact and when, reasons, and that shifting and turning the data does what it must."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.errors import UsageError
from evaltools.stats import hodges_lehmann

WHOLE = st.lists(st.integers(-9, 9), min_size=1, max_size=9)


def limits(shift):
    return [shift.estimate, shift.ci_low, shift.ci_high]


def test_by_hand():
    """Differences 1, 2, 6: averages 1, 1.5, 2, 3.5, 4, 6; median 2.75; 3 pairs allow no 95 % limits."""
    got = hodges_lehmann([4, 5, 9], [3, 3, 3], paired=True)
    assert (got.estimate, got.p, got.method) == (2.75, 0.25, "exact")
    assert got.flag == "level_not_reached"
    assert np.isnan([got.ci_low, got.ci_high]).all()
    assert got.level == 0.75


def test_six_pairs_are_the_fewest_for_limits():
    got = hodges_lehmann([1.0, 2.1, 3.3, 4.6, 5.0, 7.0], paired=True)
    assert (got.ci_low, got.ci_high, got.level) == (1.0, 7.0, 1 - 2 / 64)
    assert got.p == 2 / 64
    assert hodges_lehmann([1.0, 2.1, 3.3, 4.6, 5.0], paired=True).flag == "level_not_reached"


def test_missing_values_and_zeros_are_counted():
    got = hodges_lehmann([1, 2, np.nan, 5, 8], [1, np.nan, 3, 3, 4], paired=True, exact=True)
    assert (got.n, got.n_missing, got.n_zero, got.method) == (3, 2, 1, "permutation")
    two = hodges_lehmann([1, np.nan, 2], [5, 6], paired=False)
    assert (two.n, two.n_missing) == ((2, 2), 1)


@pytest.mark.parametrize(
    ("x", "y", "paired", "flag", "estimate"),
    [
        ([], [], True, "no_pairs", np.nan),
        ([3, 4], [3, 4], True, "no_variation", 0.0),
        ([], [1, 2], False, "no_values", np.nan),
        ([2, 2], [2, 2, 2], False, "no_variation", 0.0),
    ],
)
def test_too_little_gives_a_reason(x, y, paired, flag, estimate):
    got = hodges_lehmann(x, y, paired=paired)
    assert (got.flag, got.method) == (flag, "none")
    np.testing.assert_equal(got.estimate, estimate)
    assert np.isnan([got.p, got.ci_low, got.ci_high, got.statistic]).all()


def test_decimals_that_differ_by_rounding_are_tied():
    """0.3 - 0.1 and 0.4 - 0.2 are the same difference, though not the same float."""
    got = hodges_lehmann([0.3, 0.4, 1.5], [0.1, 0.2, 1.0], paired=True, exact=True)
    assert got.method == "permutation"
    assert got.statistic == 6


def test_differences_given_as_such_are_tied_as_well():
    given = hodges_lehmann([0.3 - 0.1, 0.2, 0.7 - 0.5, -0.4, 0.6, 0.1 + 0.2 - 0.3], paired=True)
    plain = hodges_lehmann([0.2, 0.2, 0.2, -0.4, 0.6, 0.0], paired=True)
    assert (given.n_zero, given.method, given.p) == (1, "asymptotic", plain.p)


def test_all_differences_the_same():
    got = hodges_lehmann([3, 4, 5, 6], [1, 2, 3, 4], paired=True, exact=False)
    assert (got.estimate, got.flag) == (2.0, "level_not_reached")


def test_extreme_samples_without_reach():
    """Two against two: even full separation does not reach 95 %."""
    for exact in ("auto", False):
        got = hodges_lehmann([1, 2], [3, 4.5], paired=False, exact=exact)
        assert got.flag == "level_not_reached"
        assert got.p > 0.05


@given(WHOLE)
def test_turning_the_differences_turns_everything(values):
    one = hodges_lehmann(values, paired=True, exact=True)
    other = hodges_lehmann([-value for value in values], paired=True, exact=True)
    np.testing.assert_allclose(limits(one), [-other.estimate, -other.ci_high, -other.ci_low])
    np.testing.assert_allclose(one.p, other.p)


@given(WHOLE, WHOLE, st.integers(-50, 50))
def test_shifting_a_sample_shifts_the_estimate(x, y, by):
    one = hodges_lehmann(x, y, paired=False, exact=True)
    other = hodges_lehmann([value + by for value in x], y, paired=False, exact=True)
    np.testing.assert_allclose(np.array(limits(one)) + by, limits(other))


def test_limits_with_ties_hold_their_level():
    """All samples of 7 from -1, 0, 1 with chances .2, .3, .5: closed limits hold the median pseudo-shift at 95 %."""
    chance = {-1: 0.2, 0: 0.3, 1: 0.5}
    # averages of two are -1, -.5, 0, .5, 1; half of their chance lies at .5 and above, so any shift in [0, .5] is one
    covered = total = 0.0
    for values in itertools.combinations_with_replacement((-1, 0, 1), 7):
        counts = [values.count(value) for value in (-1, 0, 1)]
        ways = np.prod(range(1, 8)) / np.prod([np.prod(range(1, count + 1)) for count in counts])
        weight = ways * np.prod([chance[value] ** count for value, count in zip((-1, 0, 1), counts, strict=True)])
        got = hodges_lehmann(values, paired=True, exact=True)
        total += weight
        low = -np.inf if np.isnan(got.ci_low) else got.ci_low
        high = np.inf if np.isnan(got.ci_high) else got.ci_high
        covered += weight * (low <= 0.5 <= high)
    assert total == pytest.approx(1)
    assert covered >= 0.95


def test_options_that_do_nothing_are_errors():
    with pytest.raises(UsageError, match="option-pair: correct = True does not go with exact = True"):
        hodges_lehmann([1, 2], paired=True, exact=True, correct=True)
    with pytest.raises(UsageError, match="option-pair: y = None does not go with paired = False"):
        hodges_lehmann([1, 2], paired=False)
    with pytest.raises(UsageError, match=r"option-pair: tolerance = 0\.1 does not go with exact = True"):
        hodges_lehmann([1.0, 2.0], paired=True, exact=True, tolerance=0.1)
    with pytest.raises(UsageError, match="option-range: tolerance"):
        hodges_lehmann([1.0, 2.0], paired=True, tolerance=0)
    with pytest.raises(UsageError, match="option-value: exact cannot be 'yes'"):
        hodges_lehmann([1, 2], paired=True, exact="yes")


def test_too_much_for_exact_and_for_all_averages():
    many = np.arange(1.0, 402.0)
    with pytest.raises(UsageError, match=r"small-exact-size: .* up to 400 values, and there are 401"):
        hodges_lehmann(many, paired=True, exact=True)
    with pytest.raises(UsageError, match=r"small-exact-size: .* up to 150 values, and there are 151"):
        hodges_lehmann(many[:75], many[75:151], paired=False, exact=True)
    with pytest.raises(UsageError, match="small-averages: this needs 25005000 combinations"):
        hodges_lehmann(np.arange(5001.0), np.arange(5000.0), paired=False)
