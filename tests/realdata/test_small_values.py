"""Small-sample statistics against R's values handed over beside the repository: exactly the published entries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaltools.scoring.families import adjust_bh, adjust_hochberg, adjust_holm
from evaltools.stats import hodges_lehmann, kappa, mcnemar, restricted_mean, scale_reliability, survival_curve

VALUES = Path(__file__).resolve().parents[3] / "shared" / "reference" / "open" / "estimation.json"

pytestmark = pytest.mark.skipif(not VALUES.is_file(), reason="the values are not beside the repository")


def entry(name: str) -> tuple[Any, Any]:
    for found in json.loads(VALUES.read_text(encoding="utf-8"))["entries"]:
        if found["id"] == name:
            return found["data"], found["value"]
    raise AssertionError(name)


def equal(got, expected, rtol=1e-8):
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(expected, float), rtol=rtol)


def test_mcnemar():
    equal(mcnemar(2, 11).p, entry("mcnemar-exact")[1])


def test_paired_shift_asymptotic():
    """R searches estimate and limits to 1e-4; the same search gives its digits, the jump itself lies that near."""
    data, r = entry("wilcoxon-paired-asymptotic")
    got = hodges_lehmann(data["after"], data["before"], paired=True, tolerance=1e-4)
    equal([got.p, got.estimate, got.ci_low, got.ci_high], [r["p"], r["hl"], *r["ci"]])
    there = hodges_lehmann(data["after"], data["before"], paired=True)
    np.testing.assert_allclose([there.estimate, there.ci_low, there.ci_high], [r["hl"], *r["ci"]], atol=1e-4)


def test_paired_shift_exact():
    data, r = entry("wilcoxon-paired-exact")
    got = hodges_lehmann(data["after"], data["before"], paired=True)
    equal([got.statistic, got.p, got.estimate, got.ci_low, got.ci_high], [r["v"], r["p"], r["hl"], *r["ci"]])


def test_shift_of_two_samples():
    data, r = entry("wilcoxon-two-sample")
    got = hodges_lehmann(data["a"], data["b"], paired=False)
    equal([got.statistic, got.p, got.estimate, got.ci_low, got.ci_high], [r["w"], r["p"], r["hl"], *r["ci"]])


def test_kaplan_meier():
    data, r = entry("kaplan-meier")
    got = survival_curve(data["time"], data["event"])
    equal(got["time"], r["time"])
    equal(got["survival"], r["surv"])
    equal(got["ci_low"], [np.nan if value == "NA" else value for value in r["lower"]])
    equal(got["ci_high"], [np.nan if value == "NA" else value for value in r["upper"]])
    area = restricted_mean(data["time"], data["event"], 20)
    equal([area["estimate"][0], area["se"][0]], [r["rmst20"], r["rmst20_se"]])


def test_kappa():
    data, r = entry("kappa")
    equal(kappa(data["a"], data["b"]).estimate, r["kappa"])
    equal(kappa(data["a"], data["b"], weights="quadratic").estimate, r["weighted"])


def test_adjusted_p_values():
    p, r = entry("p-adjust")
    for adjust, name in ((adjust_holm, "holm"), (adjust_bh, "bh"), (adjust_hochberg, "hochberg")):
        equal(adjust(np.array(p)), r[name])


def test_reliability_of_a_scale():
    """psych 2.2.9: alpha and omega; omega is fitted, so 1e-6."""
    data, r = entry("alpha-omega")
    frame = pd.DataFrame(data)
    found = scale_reliability(frame, list(frame.columns))
    row = found.scale.iloc[0]
    equal([row["alpha"], row["std_alpha"]], [r["raw_alpha"], r["std_alpha"]])
    equal(found.items["alpha_if_dropped"], r["drop_alpha"])
    equal(found.items["item_rest"], r["item_rest"])
    equal(row["omega_total"], r["omega_total"], rtol=1e-6)
