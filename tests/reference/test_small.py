"""Visits and small samples against R: survival, psych, coin, VGAM, base; each test names its entry of small.json."""

from __future__ import annotations

import numpy as np
import pytest

from evaltools.stats import (
    change_restricted_mean,
    hodges_lehmann,
    kappa,
    krippendorff_alpha,
    mcnemar,
    paired_shares,
    pool_branches,
    power_change,
    power_pairs,
    restricted_mean,
    survival_curve,
)


@pytest.fixture(scope="module")
def small(r_value):
    return lambda entry: r_value(entry, "small")


def equal(got, expected, rtol=1e-8, atol=0.0):
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(expected, float), rtol=rtol, atol=atol)


def test_mcnemar(small):
    """mcnemar: binom.test, and the mid-p by summing outcomes."""
    r = small("mcnemar")
    equal(mcnemar(r["b"], r["c"]).p, r["p"])
    equal(mcnemar(r["b"], r["c"], method="mid-p").p, r["mid_p"])


def test_tango_limits(small):
    """tango: roots of a quartic; many tables at once."""
    r = small("tango")
    got = paired_shares(r["n11"], r["n10"], r["n01"], r["n00"])
    equal(got.ci_low, r["low"])
    equal(got.ci_high, r["high"])
    equal(got.p, r["p"])


PAIRS = {
    "one_exact": ("one", {}),
    "one_exact_90": ("one", {"level": 0.9}),
    "tied_asymptotic": ("tied", {"exact": False}),
    "tied_corrected": ("tied", {"correct": True}),
    "long_asymptotic": ("long", {}),
}


@pytest.mark.parametrize("case", PAIRS)
def test_shift_of_pairs(small, case):
    """wilcoxon-pairs: wilcox.test; where it is asymptotic R searches the limits with tol.root = 1e-12."""
    r = small("wilcoxon-pairs")
    data, options = PAIRS[case]
    got = hodges_lehmann(r[data], paired=True, **options)
    equal([got.statistic, got.p], [r[case]["statistic"], r[case]["p"]])
    equal([got.estimate, got.ci_low, got.ci_high], [r[case]["hl"], *r[case]["ci"]])


@pytest.mark.parametrize("case", ["exact", "asymptotic"])
def test_shift_of_samples(small, case):
    """wilcoxon-samples: wilcox.test without ties."""
    r = small("wilcoxon-samples")
    got = hodges_lehmann(r["x"], r["y"], paired=False, exact="auto" if case == "exact" else False)
    equal([got.statistic, got.p], [r[case]["statistic"], r[case]["p"]])
    equal([got.estimate, got.ci_low, got.ci_high], [r[case]["hl"], *r[case]["ci"]])


@pytest.mark.parametrize("correct", [False, True])
def test_shift_of_samples_with_ties(small, correct):
    """wilcoxon-samples: the statistic is 0 from -4 to -3; R's search stops somewhere there, here it is the middle."""
    r = small("wilcoxon-samples")
    expected = r["tied_corrected" if correct else "tied_asymptotic"]
    got = hodges_lehmann(r["xt"], r["yt"], paired=False, correct=correct)
    equal([got.statistic, got.p], [expected["statistic"], expected["p"]])
    equal([got.ci_low, got.ci_high], expected["ci"])
    assert -4 < expected["hl"] < -3
    assert got.estimate == -3.5


def test_permutation_p_with_ties(small):
    """wilcoxon-pairs, wilcoxon-samples: coin, distribution = "exact"."""
    r = small("wilcoxon-pairs")
    equal(hodges_lehmann(r["tied"], paired=True, exact=True).p, r["permutation"])
    r = small("wilcoxon-samples")
    equal(hodges_lehmann(r["xt"], r["yt"], paired=False, exact=True).p, r["permutation"])


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("conf", ["log-log", "log", "plain"])
def test_survival_curves(small, conf, clustered):
    """survival: survfit by wave, with and without cluster. At survival 0 R's clustered error is 0, ours none."""
    r = small("survival")
    expected = r[f"{conf}-cluster" if clustered else conf]
    cluster = r["firm"] if clustered else None
    got = survival_curve(r["time"], r["event"], group=r["wave"], cluster=cluster, conf=conf)
    assert got["group"].value_counts(sort=False).tolist() == expected["strata"]
    for column in ("time", "n_risk", "n_event", "n_censored", "survival"):
        equal(got[column], expected[column])
    open_ = got["survival"] > 0
    for column, name in (("se", "se"), ("ci_low", "low"), ("ci_high", "high")):
        equal(got.loc[open_, column], np.array(expected[name], dtype=float)[open_], atol=1e-15)
        assert got.loc[~open_, column].isna().all()
    assert (got.loc[~open_, "flag"] == "none_open").all()


def test_restricted_means(small):
    """restricted-mean: summary(survfit, rmean = 15); clustered from residuals(type = "rmst")."""
    data, r = small("survival"), small("restricted-mean")
    cases = (data["time"], data["event"], r["horizon"])
    got = restricted_mean(*cases, group=data["wave"])
    equal(got["estimate"], r["mean"])
    equal(got["se"], r["se"])
    equal(restricted_mean(*cases, group=data["wave"], cluster=data["firm"])["se"], r["cluster_se"])


def test_change_of_restricted_means(small):
    """restricted-mean: a firm's cases in both waves are one cluster; without clusters variances add up."""
    data, r = small("survival"), small("restricted-mean")
    cases = (data["time"], data["event"], r["horizon"])
    (row,) = change_restricted_mean(*cases, wave=data["wave"], cluster=data["firm"]).to_dict("records")
    equal([row["change"], row["se"]], [r["mean"][1] - r["mean"][0], r["change_se"]])
    (row,) = change_restricted_mean(*cases, wave=data["wave"]).to_dict("records")
    equal(row["se"], np.hypot(*r["se"]))


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
def test_kappa(small, weights):
    """kappa: psych::cohen.kappa; weighted standard errors by the published formula."""
    r = small("kappa")
    got = kappa(r["a"], r["b"], weights=weights)
    equal([got.estimate, got.se], [r[weights or "kappa"], r["se" if weights is None else f"{weights}_se"]])
    if weights is None:
        equal([got.ci_low, got.ci_high], r["ci"])


@pytest.mark.parametrize("place", range(4))
def test_krippendorff_alpha(small, place):
    """krippendorff: all pairs of ratings, one by one."""
    r = small("krippendorff")
    metric = ("nominal", "ordinal", "interval", "ratio")[place]
    equal(krippendorff_alpha(r["ratings"], metric).estimate, r["alpha"][place])


def test_pooled_branches(small):
    """branches: VGAM betabinomial, and the adjusted likelihood by optimize; all of them iterate."""
    r = small("branches")
    got = pool_branches(r["yes"], r["trials"], method="ml")
    error = got.se / (got.share * (1 - got.share))
    equal([got.share, got.rho, error], [r["share"], r["rho"], r["logit_se"]], rtol=1e-6)
    got = pool_branches(r["yes"], r["trials"])
    equal([got.share, got.rho], [r["adjusted_share"], r["adjusted_rho"]], rtol=1e-6)


def test_power_of_a_change(small):
    """power-change: power.t.test, two samples and paired."""
    r = small("power-change")
    equal(power_change(24, 24, 1.1, delta=0.7).power, r["two"])
    equal(power_change(24, 24, 1.1, power=0.8).delta, r["two_delta"])
    assert power_change(None, None, 1.1, delta=0.7, power=0.9).n_endline == r["two_n"]
    paired = {"overlap": 1.0, "correlation": 0.6}
    equal(power_change(18, 18, 1.1, **paired, delta=0.5).power, r["paired"])
    equal(power_change(18, 18, 1.1, **paired, power=0.9).delta, r["paired_delta"])


@pytest.mark.parametrize("case", range(3))
def test_power_of_pairs(small, case):
    """power-pairs: every table of n pairs, its chance and its test."""
    r = small("power-pairs")
    got = power_pairs(r["n"][case], r["p10"][case], r["p01"][case])
    equal([got.power, got.size], [r["power"][case], r["size"][case]])
