"""Scales against R psych, lavaan, factanal and survey; each test names its entry of scales.json."""

from __future__ import annotations

import numpy as np
import pytest

from evaltools.stats import Design, check_one_factor, scale_reliability
from evaltools.stats.scales.answers import read_scale
from evaltools.stats.scales.moments import correlation_of, item_moments
from evaltools.stats.scales.one_factor import fit_minres
from evaltools.stats.scales.parallel import random_eigenvalues

ONE = ["speed", "papers", "advice", "clarity", "cost"]
TWO = [*ONE, "seats", "hours", "parking"]
FIRMS = Design(weight="weight", stratum="stratum", psu="firm")


def equal(got, expected, rtol=1e-8):
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(expected, float), rtol=rtol)


@pytest.mark.parametrize("bank", ["alpha", "beta"])
def test_reliability_equals_psych(table, r_value, bank):
    """reliability-*: alpha, standardised alpha, Feldt's limits, alpha if dropped, item-rest correlation, omega."""
    expected = r_value(f"reliability-{bank}", "scales")
    found = scale_reliability(table("scales"), ONE, "bank", reverse=["cost"])
    (row,) = found.scale[found.scale["bank"] == bank].to_dict("records")
    items = found.items[found.items["bank"] == bank]
    assert row["n"] == expected["n"]
    for name, value in (("alpha", "alpha"), ("std_alpha", "std_alpha"), ("ci_low", "low"), ("ci_high", "high")):
        equal(row[name], expected[value])
    for name, value in (("alpha_if_dropped", "drop"), ("item_rest", "rest"), ("sd", "sd"), ("loading", "minres")):
        equal(items[name], expected[value])
    equal(row["omega_total"], expected["omega"])
    equal(row["omega_total"], expected["omega_psych"], rtol=1e-6)  # psych stops at 1e-7 of the sum of squares
    equal(items["loading"], expected["minres_psych"], rtol=1e-4)


@pytest.mark.parametrize("bank", ["alpha", "beta"])
def test_reliability_under_the_design_equals_survey(table, r_value, bank):
    """design-*: alpha of svyvar, its error from the derivative and svyvar's covariance; firms answer twice."""
    expected = r_value(f"design-{bank}", "scales")
    found = scale_reliability(table("scales"), ONE, "bank", design=FIRMS, reverse=["cost"])
    (row,) = found.scale[found.scale["bank"] == bank].to_dict("records")
    items = found.items[found.items["bank"] == bank]
    equal([row["alpha"], row["se"], row["df"]], [expected["alpha"], expected["se"], expected["df"]])
    equal(items["sd"], expected["sd"])
    equal(items["mean"], np.array(expected["mean"]) * np.where(items["turned"], -1, 1))


def test_the_linearised_error_is_near_the_jackknife(table, r_value):
    """design-jackknife: 210 firms left out one by one give 5 % more, as a jackknife does at this size."""
    found = scale_reliability(table("scales"), ONE, "bank", design=FIRMS, reverse=["cost"])
    equal(found.scale["se"][0], r_value("design-jackknife", "scales"), rtol=0.06)


@pytest.mark.parametrize("entry", ["factor-one", "factor-two"])
def test_one_factor_equals_factanal_and_lavaan(table, r_value, entry):
    """factor-*: loadings to what factanal and lavaan iterate, chi-square, CFI, SRMR, RMSEA with its interval."""
    expected = r_value(entry, "scales")
    found = check_one_factor(table("scales"), ONE if entry == "factor-one" else TWO, seed=1, reverse=["cost"])
    (row,) = found.scale.to_dict("records")
    assert row["n"] == expected["n"]
    equal(found.items["loading"], expected["factanal"])
    np.testing.assert_allclose(found.items["loading"], expected["loading"], atol=1e-6)
    np.testing.assert_allclose(found.items["unique"], expected["unique"], atol=1e-6)
    equal(found.items["eigenvalue"], expected["eigenvalues"])
    for name, value in (("chi2", "chisq"), ("df", "df"), ("cfi", "cfi")):
        equal(row[name], expected[value])
    for name, value in (("rmsea", "rmsea"), ("rmsea_low", "rmsea.ci.lower"), ("rmsea_high", "rmsea.ci.upper"),
                        ("p", "pvalue"), ("srmr", "srmr")):  # fmt: skip
        assert row[name] == pytest.approx(expected[value], abs=1e-6)
    assert row["verdict"] == ("fits" if entry == "factor-one" else "not_one_dimensional")


def test_least_squares_loadings_are_those_of_the_check(table):
    answers = read_scale(table("scales"), ONE, None, None, Design(), ["cost"], least=2)
    loading = fit_minres(correlation_of(item_moments(answers).covariance)[0]).loading
    found = check_one_factor(table("scales"), ONE, seed=1, reverse=["cost"])
    assert found.items["loading_minres"].tolist() == loading.tolist()


def test_random_eigenvalues_are_those_of_another_generator(r_value):
    """parallel: the 95 % points of 20,000 samples, each known to about 0.005."""
    got = random_eigenvalues(60, 5, seed=1, draws=20_000)
    np.testing.assert_allclose(got, r_value("parallel", "scales"), atol=0.012)
