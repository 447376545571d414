"""The variance between units: closed forms, reasons, and that its limits cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.errors import UsageError
from evaltools.stats import reliability

EVEN = np.array([60.0, 64.0, 71.0, 66.0, 79.0])


def test_equal_errors_have_a_closed_form():
    """tau2 = variance of the values minus the error's: 53.5 - 4; all methods agree, every unit has 49.5/53.5."""
    got = reliability(EVEN, np.full(5, 2.0))
    assert got.tau2 == pytest.approx(EVEN.var(ddof=1) - 4, rel=1e-12)
    assert got.tau2_paule_mandel == pytest.approx(got.tau2, rel=1e-12)
    np.testing.assert_allclose(got.reliability, 49.5 / 53.5, rtol=1e-12)
    assert got.typical == pytest.approx(49.5 / 53.5)
    assert got.mean == pytest.approx(68)
    assert got.mean_se == pytest.approx(np.sqrt(53.5 / 5))
    assert got.q == pytest.approx(53.5 * 4 / 4)
    assert got.tau2_low < got.tau2 < got.tau2_high
    assert (got.reliability_low < got.reliability).all()


def test_errors_above_all_differences_leave_nothing_between():
    got = reliability(EVEN, np.full(5, 22.0))
    assert (got.tau2, got.tau2_low, got.tau2_paule_mandel, got.typical) == (0, 0, 0, 0)
    assert (got.reliability == 0).all()
    assert got.tau2_high == 0
    assert set(got.flags) == {
        "interval_empty"
    }  # Q = .442, below the .484 of chi-squared: chance alone would make them differ more


def test_units_that_do_not_count_say_why():
    got = reliability([60, np.nan, 70, 64, 71], [2, 2, 0, np.nan, 3.0])
    assert got.flags.tolist() == ["too_few_units", "not_estimated", "no_variation", "not_estimated", "too_few_units"]
    assert got.n_units == 2
    assert np.isnan([got.tau2, got.tau2_low, got.mean, got.q_p, *got.reliability]).all()
    assert reliability([], []).n_units == 0
    more = reliability([60, np.nan, 70, 64, 71, 65], [2, 2, 0, 2, 3.0, 2])
    assert more.n_units == 4
    assert np.isnan(more.reliability).tolist() == [False, True, True, False, False, False]


def test_units_of_measure_and_origin_do_not_matter():
    se = np.array([1.0, 2.0, 1.5, 3.0, 0.7])
    got = reliability(EVEN, se)
    moved = reliability(1e4 * (EVEN - 50), 1e4 * se)
    assert moved.tau2 == pytest.approx(1e8 * got.tau2, rel=1e-9)
    np.testing.assert_allclose(moved.reliability, got.reliability, rtol=1e-9)


@given(seed=st.integers(0, 10**6), shared=st.sampled_from([0.0, 0.3, 0.9]))
@settings(max_examples=25, deadline=None)
def test_the_full_covariance_of_independent_units_changes_nothing(seed, shared):
    """And equal correlation c with equal errors v only takes c v from the errors: V = (1 - c) v I + c v 11'."""
    rng = np.random.default_rng(seed)
    y, v = rng.normal(0, 1.5, 7), rng.uniform(0.2, 2, 7)
    if shared == 0:
        got, full = reliability(y, np.sqrt(v)), reliability(y, np.sqrt(v), covariance=np.diag(v))
    else:
        v = np.full(7, v[0])
        got = reliability(y, np.sqrt((1 - shared) * v))
        full = reliability(y, np.sqrt(v), covariance=v[0] * (shared + (1 - shared) * np.eye(7)))
    for name in ("tau2", "tau2_low", "tau2_high", "tau2_paule_mandel", "q"):
        assert getattr(full, name) == pytest.approx(getattr(got, name), rel=1e-7, abs=1e-9)


def test_values_relative_to_their_mean_have_a_singular_covariance_and_the_same_variance_between():
    """Taking the mean of all away takes one combination's variance away, which tau2 does not rest on."""
    rng = np.random.default_rng(3)
    centre = np.eye(6) - 1 / 6
    se = rng.uniform(0.5, 1.5, 6)
    y = rng.normal(0, 2, 6) + rng.normal(0, se)
    covariance = centre @ np.diag(se**2) @ centre
    got = reliability(centre @ y, np.sqrt(np.diag(covariance)), covariance=covariance)
    whole = reliability(y, se)
    for name in ("tau2", "tau2_low", "tau2_high", "q"):
        assert getattr(got, name) == pytest.approx(getattr(whole, name), rel=1e-6)
    assert got.mean == pytest.approx(0, abs=1e-12)


def test_limits_cover_the_true_variance():
    """500 runs of 12 units, tau2 = 1 beside errors of .7 to 1.4: 95 %, Monte Carlo error 1 %."""
    rng = np.random.default_rng(20221130)
    hits = []
    for _ in range(500):
        se = rng.uniform(0.7, 1.4, 12)
        got = reliability(rng.normal(0, 1, 12) + rng.normal(0, se), se)
        hits.append(got.tau2_low <= 1 <= got.tau2_high)
    assert 0.95 - 0.025 <= np.mean(hits) <= 0.95 + 0.025


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"se": [1.0, 2.0]}, "shrink-shape"),
        ({"covariance": np.eye(3)}, "shrink-shape"),
        ({"se": [1, 1, 1, 1, -1]}, "shrink-negative: se is negative in 1 places"),
        ({"covariance": np.diag([1, 1, 1, 1, 2.0])}, "shrink-covariance"),
        ({"covariance": 2 - np.eye(5)}, "ranks-covariance"),
        ({"level": 0}, "option-range"),
    ],
)
def test_what_is_refused(arguments, code):
    with pytest.raises(UsageError, match=code):
        reliability(EVEN, **({"se": np.ones(5)} | arguments))
