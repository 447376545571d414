"""Reliability, empirical Bayes, funnel limits against R metafor 3.8.1 and written-out formulas; shrinkage.json."""

from __future__ import annotations

import numpy as np
import pytest

from evaltools.stats import funnel_limits, reliability, shrink

CASES = ["banks", "changes", "schools"]  # the last has no variance between units by REML


def equal(got, expected, rtol=1e-6, atol=1e-9):
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(expected, float), rtol=rtol, atol=atol)


@pytest.mark.parametrize("case", CASES)
def test_variance_between_units_and_its_limits(r_value, case):
    """reliability-*: tau2 by REML, Q-profile limits, Paule-Mandel, mean, Q, I squared."""
    r = r_value(f"reliability-{case}", "shrinkage")
    got = reliability(r["estimate"], r["se"])
    ours = (got.tau2, got.tau2_low, got.tau2_high, got.tau2_paule_mandel, got.mean, got.mean_se, got.q, got.q_p)
    names = ("tau2", "low", "high", "paule_mandel", "mean", "mean_se", "q", "q_p")
    equal(ours, [r[name] for name in names])
    equal(got.typical, r["i2"])
    equal(got.reliability, r["tau2"] / (r["tau2"] + np.square(r["se"])))


@pytest.mark.parametrize("case", CASES)
def test_empirical_bayes_values(r_value, case):
    """reliability-*: blup(); corrected-*: the error with tau2 estimated."""
    r = r_value(f"reliability-{case}", "shrinkage")
    got = shrink(r["estimate"], r["se"])
    equal(got["shrunken"], r["shrunken"])
    equal(got["se_conditional"], r["se_conditional"])
    equal(got["se_corrected"], r_value(f"corrected-{case}", "shrinkage"))


def test_correlated_estimates(r_value):
    """reliability-correlated: rma.mv with the full covariance, its ranef, Q-profile on the same V."""
    r = r_value("reliability-correlated", "shrinkage")
    se = np.sqrt(np.diag(r["covariance"]))
    found = reliability(r["estimate"], se, covariance=r["covariance"])
    ours = (found.tau2, found.tau2_low, found.tau2_high, found.tau2_paule_mandel, found.mean, found.mean_se, found.q)
    equal(ours, [r[name] for name in ("tau2", "low", "high", "paule_mandel", "mean", "mean_se", "q")])
    equal(found.q_p, r["q_p"], rtol=1e-6, atol=0)
    got = shrink(r["estimate"], se, covariance=r["covariance"])
    for name in ("shrunken", "se_conditional", "se_corrected"):
        equal(got[name], r[name])


@pytest.mark.parametrize("kind", ["additive", "multiplicative", None])
def test_funnel_limits(r_value, kind):
    """funnel-banks: winsorised phi, additive variance, upper limits of both levels."""
    banks, r = r_value("reliability-banks", "shrinkage"), r_value("funnel-banks", "shrinkage")
    got = funnel_limits(banks["estimate"], banks["se"], overdispersion=kind)
    equal([got.target, got.phi], [r["target"], r["phi"]], rtol=1e-8)
    equal(got.tau2, r["tau2"] if kind == "additive" else 0.0, rtol=1e-8)
    for level, high in zip((0.95, 0.998), r[kind or "none"], strict=True):
        rows = got.limits[got.limits["level"] == level]
        equal(rows["z"], r["z"], rtol=1e-8)
        equal(rows["high"], high, rtol=1e-8)
        equal(rows["low"], 2 * r["target"] - np.array(high), rtol=1e-8)


def test_exact_limits_of_shares(r_value):
    """funnel-shares: binomial limits between counts."""
    r = r_value("funnel-shares", "shrinkage")
    got = funnel_limits(r["estimate"], n=r["n"])
    equal([got.target, got.phi], [r["target"], r["phi"]], rtol=1e-8)
    for level, low, high in zip((0.95, 0.998), r["low"], r["high"], strict=True):
        rows = got.limits[got.limits["level"] == level]
        equal(rows["z"], r["z"], rtol=1e-8)
        equal(rows["exact_low"], np.clip(low, 0, 1), rtol=1e-8)
        equal(rows["exact_high"], np.clip(high, 0, 1), rtol=1e-8)
