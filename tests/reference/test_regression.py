"""Regressions against R: survey, clubSandwich, MASS, ordinal; each test names its entry of regression.json."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools import stats
from evaltools.stats import (
    Design,
    adjust_case_mix,
    check_invariance,
    check_ordinal,
    difference_in_differences,
    fit_linear,
    fit_logistic,
)
from evaltools.stats.regression.ordinal import fit_odds

TOWNS = Design(weight="weight", stratum="stratum", psu="town")
COUNTED = Design(weight="weight", stratum="stratum", psu="town", fpc="towns")
VILLAGES = Design(stratum="region", psu=("town", "village"), fpc=("towns", "villages"))
BANKS = ["alpha", "beta", "gamma"]


@pytest.fixture(scope="module")
def r(r_value):
    return lambda entry: r_value(entry, "regression")


@pytest.fixture
def firms(table):
    return table("regression")


def equal(got, expected, rtol=1e-8):
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(expected, float), rtol=rtol, atol=0)


def equal_matrix(got, expected, rtol=1e-8):
    """Compare covariances on the scale of correlations: one that is 0 but for rounding has no digits to compare."""
    expected = np.asarray(expected, float)
    size = np.sqrt(np.outer(np.diagonal(expected), np.diagonal(expected)))
    np.testing.assert_allclose(np.asarray(got, float) / size, expected / size, rtol=0, atol=rtol)


def equal_fit(fit, expected, domain=0, *, same_df=True):
    rows = fit.frame.iloc[domain * len(fit.terms) : (domain + 1) * len(fit.terms)]
    assert rows["term"].tolist() == list(fit.terms) == expected["terms"]
    equal(rows["estimate"], expected["estimate"])
    equal(rows["se"], expected["se"])
    equal_matrix(fit.covariance[domain], expected["covariance"])
    assert (rows["n"] == expected["n"]).all()
    if same_df:
        assert (rows["df"] == expected["df"]).all()
    assert (rows["flag"] == "").all()


@pytest.mark.parametrize(
    ("entry", "terms", "design"),
    [
        ("linear-clusters", ["sector", "size"], TOWNS),
        ("linear-interaction", ["sector", "size", ("sector", "size")], TOWNS),
        ("linear-two-factors", ["sector", "bank", ("sector", "bank")], TOWNS),
        ("linear-fpc", ["sector", "size"], COUNTED),
    ],
)
def test_linear(firms, r, entry, terms, design):
    """linear-*: coefficients, covariance, df; rows without sector, size or days leave the fit, not the design."""
    equal_fit(fit_linear(firms, "days", terms, design), r(entry))


def test_linear_without_a_design(firms, r):
    """linear-plain: one term, a simple random sample."""
    equal_fit(fit_linear(firms, "days", "size", Design(df="domain")), r("linear-plain"))


def test_linear_in_two_stages(table, r):
    """linear-two-stages: towns and villages with population counts, weights from them."""
    equal_fit(fit_linear(table("stages"), "income", ["sex", "wave"], VILLAGES), r("linear-two-stages"))


def test_linear_in_domains(firms, r):
    """linear-domain-*: svyglm on the subset of each bank; with df="domain" also R's df of a subset."""
    fit = fit_linear(firms, "days", ["sector", "size"], Design("weight", "stratum", "town", df="domain"), by="bank")
    assert fit.domains["bank"].tolist() == BANKS
    for place, bank in enumerate(BANKS):
        equal_fit(fit, r(f"linear-domain-{bank}"), place)


@pytest.mark.parametrize("option", ["remove", "adjust", "average", "certainty"])
def test_linear_with_a_lonely_psu(firms, r, option):
    """linear-lonely-*: stratum river holds town T27 only."""
    part = firms[(firms["stratum"] != "river") | (firms["town"] == "T27")]
    equal_fit(
        fit_linear(part, "days", "size", Design("weight", "stratum", "town", lonely_psu=option)),
        r(f"linear-lonely-{option}"),
    )


@pytest.mark.parametrize(
    ("entry", "terms", "design"),
    [
        ("logistic-clusters", ["sector", "size"], TOWNS),
        ("logistic-interaction", ["wave", "size", ("wave", "size")], TOWNS),
        ("logistic-fpc", ["sector", "wave"], COUNTED),
        ("logistic-plain", ["size"], Design(df="domain")),
    ],
)
def test_logistic(firms, r, entry, terms, design):
    """logistic-*: svyglm as it is, which stops before its weights have settled."""
    equal_fit(fit_logistic(firms, "loan", terms, design), r(entry))


def test_logistic_in_two_stages(table, r):
    """logistic-two-stages: towns and villages with population counts."""
    people = table("stages").assign(woman=lambda rows: rows["sex"] == "f")
    equal_fit(fit_logistic(people, "woman", ["income", "wave"], VILLAGES), r("logistic-two-stages"))


def test_logistic_in_domains(firms, r):
    """logistic-domain-*: weights count relative to the mean of the bank's rows, those that leave the fit included."""
    fit = fit_logistic(firms, "loan", ["sector", "size"], Design("weight", "stratum", "town", df="domain"), by="bank")
    for place, bank in enumerate(BANKS):
        equal_fit(fit, r(f"logistic-domain-{bank}"), place)


def test_logistic_with_weights_of_zero(firms, r):
    """logistic-rare: some 4 in 100 say yes; rows of weight 0 count in the mean weight."""
    slow = (firms["days"] > 18).where(firms["days"].notna()).astype("boolean")
    part = firms.assign(slow=slow, weight=firms["weight"].where(~(firms["size"] > 60), 0.0))
    equal_fit(fit_logistic(part, "slow", ["wave", "size"], TOWNS), r("logistic-rare"))


def test_logistic_that_stops_elsewhere(firms, r):
    """logistic-loose: epsilon 1e-3; logistic-settled-*: R restarted from its answer, weights those of the answer."""
    by_sector = fit_logistic(firms, "loan", ["sector", "size"], TOWNS, tolerance=1e-3)
    equal_fit(by_sector, r("logistic-loose"))
    settled = fit_logistic(firms, "loan", ["sector", "size"], TOWNS, tolerance=1e-14)
    equal_fit(settled, r("logistic-settled-clusters"))
    equal_fit(fit_logistic(firms, "loan", ["sector", "wave"], COUNTED, tolerance=1e-14), r("logistic-settled-fpc"))
    design = Design("weight", "stratum", "town", df="domain")
    equal_fit(fit_logistic(firms, "loan", "size", design, by="bank", tolerance=1e-14), r("logistic-settled-gamma"), 2)


def test_one_mean(firms, r):
    """t-test: svyttest(I(q3 - q4) ~ 0), df = 36 towns - 3 strata - 1."""
    expected = r("t-test")
    (row,) = stats.mean_test(firms.assign(gap=firms["q3"] - firms["q4"]), "gap", 0, TOWNS).to_dict("records")
    equal([row["t"], row["p"], row["estimate"]], [expected["t"], expected["p"], expected["estimate"]])
    equal([row["ci_low"], row["ci_high"]], expected["ci"])
    assert row["df"] == expected["df"] == 32


@pytest.mark.parametrize(
    ("entry", "covariates", "weights"),
    [
        ("cr2-plain", (), None),
        ("cr2-covariates", "age", None),
        ("cr2-weights", ["age"], "w"),
        ("cr2-leverage", ["kind"], None),
        ("cr2-leverage-weights", ["kind"], "w"),
    ],
)
def test_few_clusters(table, r, entry, covariates, weights):
    """cr2-*: clubSandwich coef_test(vcov="CR2", test="Satterthwaite"); clusters of 2 to 14 rows."""
    expected = r(entry)
    got = difference_in_differences(
        table("sides"), "y", "treated", "post", "cluster", covariates=covariates, weights=weights
    )
    assert got["term"].tolist() == expected["terms"]
    for column in ("estimate", "se", "df"):
        equal(got[column], expected[column])
    told = (got["df"] >= 4).to_numpy()
    equal(got["p"][told], np.asarray(expected["p"])[told])
    assert got["p"][~told].isna().all()


@pytest.mark.parametrize("bank", BANKS)
def test_odds_without_weights(firms, r, bank):
    """odds-*: ordinal::clm, and MASS::polr, whose optimiser stops earlier."""
    expected = r(f"odds-{bank}")
    part = firms[(firms["bank"] == bank) & firms["q1"].notna()]
    fit = fit_odds(pd.crosstab(part["wave"], part["q1"]).to_numpy(float))
    equal(fit.log_odds, expected["clm"], 1e-8 if bank != "alpha" else 1e-7)
    equal(fit.log_odds, expected["polr"], 1e-6)


@pytest.mark.parametrize("bank", BANKS)
def test_odds_under_the_design(firms, r, bank):
    """odds-*: survey::svyolr, whose Hessian is by differences."""
    expected = r(f"odds-{bank}")
    row = check_ordinal(firms, "q1", "bank", "wave", TOWNS).set_index("bank").loc[bank]
    np.testing.assert_allclose(row["log_odds"], expected["svyolr"], rtol=1e-6, atol=1e-7)
    equal(row["se"], expected["svyolr_se"], 1e-6)


@pytest.mark.parametrize("matching", ["rest", "true_score"])
def test_items_in_both_waves(firms, r, matching):
    """items-*: svyglm on the rest score; svycontrast of moments for the true score."""
    items = ["q1", "q2", "q3", "q4"]
    got = check_invariance(firms, items, "wave", TOWNS, matching=matching)
    for item in items:
        expected, rows = r(f"items-{item}"), got[got["item"] == item]
        equal(rows["estimate"], expected[matching])
        equal(rows["se"], expected[f"{matching}_se"])
        equal(rows["standardised"], np.asarray(expected[matching]) / expected["deviation"])


@pytest.mark.parametrize(("entry", "design"), [("mix-pooled", TOWNS), ("mix-fpc", COUNTED)])
def test_case_mix(firms, r, entry, design):
    """mix-*: levels, slopes, and the covariance between banks, the pooled mix's own error included."""
    expected, got = r(entry), adjust_case_mix(firms, "days", "bank", ["sector", "size"], design)
    assert got.domains["bank"].tolist() == expected["names"]
    equal(got.frame["adjusted"], expected["adjusted"])
    equal(got.slopes["estimate"], expected["slopes"])
    equal_matrix(got.covariance, expected["covariance"])
    equal(got.frame["raw"], r("mix-raw")["estimate"])
    if entry == "mix-pooled":
        equal(got.frame["raw_se"], r("mix-raw")["se"])


def test_case_mix_of_a_known_population(firms, r):
    """mix-target: a quarter of each sector, size 30, without error."""
    target = pd.DataFrame({"sector": ["farming", "industry", "services", "trade"], "size": [10.0, 20, 40, 50]})
    expected, got = r("mix-target"), adjust_case_mix(firms, "days", "bank", ["sector", "size"], TOWNS, target=target)
    equal(got.frame["adjusted"], expected["adjusted"])
    equal_matrix(got.covariance, expected["covariance"])


def test_predictive_margins(firms, r):
    """mix-svypredmeans: the same levels; its variance with the mix known is that for the same rows as a target."""
    expected = r("mix-svypredmeans")
    rows = firms.dropna(subset=["days", "sector", "size"])
    got = adjust_case_mix(firms, "days", "bank", ["sector", "size"], TOWNS, target=rows)
    equal(got.frame["adjusted"], expected["estimate"])
    equal_matrix(got.covariance, expected["known"])


def test_case_mix_of_a_change(firms, r):
    """mix-change: common slopes over banks and waves; PSUs in both waves count once."""
    expected, got = r("mix-change"), adjust_case_mix(firms, "days", "bank", ["sector", "size"], TOWNS, "wave")
    equal(got.frame["adjusted_baseline"], expected["baseline"])
    equal(got.frame["adjusted_endline"], expected["endline"])
    equal(got.frame["adjusted_change"], np.subtract(expected["endline"], expected["baseline"]))
    equal_matrix(got.covariance, expected["covariance"])
