"""Kappa: by hand, categories nobody used, missing ratings, and no variation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import UsageError
from evaltools.stats import kappa


def test_by_hand():
    """20 of 50 both yes, 15 both no, 5 and 10 apart: p_o = .7, p_e = .5, kappa .4."""
    a = ["yes"] * 25 + ["no"] * 25
    b = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    got = kappa(a, b)
    assert (got.observed, got.expected, got.estimate) == pytest.approx((0.7, 0.5, 0.4))
    assert got.categories == ("no", "yes")
    assert kappa(a, b, weights="quadratic").estimate == pytest.approx(0.4)  # two categories: weights say the same


def test_a_category_that_nobody_used_is_a_step_only_when_named():
    a, b = [1, 1, 2, 5], [1, 2, 2, 5]
    assert kappa(a, b, weights="linear").estimate != kappa(a, b, weights="linear", categories=range(1, 6)).estimate
    assert kappa(a, b).estimate == kappa(a, b, categories=range(1, 6)).estimate


def test_ordered_categoricals_say_themselves_which_steps_there_are():
    scale = pd.CategoricalDtype(["low", "middling", "high", "best"], ordered=True)
    a, b = (pd.Series(values, dtype=scale) for values in (["low", "high", "high", None], ["low", "high", "low", "low"]))
    got = kappa(a, b, weights="linear")
    assert (got.categories, got.n_missing) == (tuple(scale.categories), 1)
    assert got.estimate == kappa([1, 3, 3], [1, 3, 1], weights="linear", categories=(1, 2, 3, 4)).estimate
    assert kappa(a, b.astype(str), weights="linear").categories != tuple(scale.categories)


def test_missing_ratings_leave_the_unit_out():
    got = kappa([1, 2, None, 1, 2], [1, 2, 2, np.nan, 1])
    assert (got.n, got.n_missing) == (3, 2)
    assert got.estimate == kappa([1, 2, 2], [1, 2, 1]).estimate


@pytest.mark.parametrize(("a", "b", "flag"), [([], [], "no_units"), ([1, 1], [1, 1], "no_variation")])
def test_reasons(a, b, flag):
    got = kappa(a, b)
    assert got.flag == flag
    assert np.isnan([got.estimate, got.se, got.ci_low, got.ci_high]).all()


def test_full_agreement_and_limits_are_cut_at_one():
    assert kappa([1, 2, 3, 1], [1, 2, 3, 1]).estimate == pytest.approx(1)
    got = kappa([1, 2, 3, 1, 2, 2, 1], [1, 2, 3, 1, 2, 1, 1])
    assert got.ci_high == 1


def test_a_rating_outside_the_categories_is_named():
    with pytest.raises(UsageError, match="small-category: ratings 7 are not among the categories"):
        kappa([1, 7], [1, 2], categories=(1, 2))
    with pytest.raises(UsageError, match="small-category: "):
        kappa([1, 2], [1, 2], categories=(1, 2, 2))
    with pytest.raises(UsageError, match="small-sizes: a, b"):
        kappa([1], [1, 2])


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
def test_the_standard_error_is_that_of_resampled_units(weights):
    """300 units, 400 resamplings: their spread has a Monte Carlo error of 3.5 %."""
    rng = np.random.Generator(np.random.Philox(key=4))
    a = rng.integers(1, 5, 300)
    b = np.clip(a + rng.integers(-1, 2, 300), 1, 4)
    drawn = [kappa(a[rows], b[rows], weights=weights).estimate for rows in rng.integers(0, 300, (400, 300))]
    assert kappa(a, b, weights=weights).se == pytest.approx(np.std(drawn), rel=0.12)
