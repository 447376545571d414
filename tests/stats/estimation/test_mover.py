"""The interval of a change of shares, and its p; published examples, invariants, coverage."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import UsageError
from evaltools.stats import Design, change
from evaltools.stats.estimation.mover import mover_interval
from evaltools.stats.intervals import wilson_interval


def wilson(share, n):
    low, high = wilson_interval(np.array(share), np.array(float(n)), 0.025)
    return float(low), float(high)


@pytest.mark.parametrize(
    ("first", "last", "limits"),
    [
        ((48, 80), (56, 70), (0.0524, 0.3339)),
        ((3, 10), (9, 10), (0.1705, 0.8090)),
        ((2, 7), (6, 7), (0.0582, 0.8062)),
        ((0, 29), (5, 56), (-0.0381, 0.1926)),
        ((0, 20), (0, 10), (-0.1611, 0.2775)),
        ((0, 10), (10, 10), (0.6075, 1.0)),
    ],
)
def test_newcombes_table(first, last, limits):
    """Newcombe (1998), Stat. Med. 17, 873-890, table II, method 10."""
    a, b = first[0] / first[1], last[0] / last[1]
    assert mover_interval(a, b, wilson(a, first[1]), wilson(b, last[1]), 0.0) == pytest.approx(limits, abs=6e-5)


@pytest.mark.parametrize(
    ("cells", "limits"),
    [
        ((14, 5, 0, 22), (0.011, 0.226)),  # Altman et al. (2000), Statistics with Confidence, table 6.2
        ((1, 1, 7, 12), (-0.507, -0.026)),  # Fagerland, Lydersen, Laake (2014), Stat. Med. 33: airways of 21 children
    ],
)
def test_published_pairs(cells, limits):
    """Method 10 of Newcombe (1998), 2635-2650: phi less n/2 where it is positive, which these authors subtract."""
    a, b, c, d = cells
    n = sum(cells)
    above = a * d - b * c
    phi = (max(above - n / 2, 0) if above > 0 else above) / np.sqrt((a + b) * (c + d) * (a + c) * (b + d))
    first, last = (a + c) / n, (a + b) / n
    got = mover_interval(first, last, wilson(first, n), wilson(last, n), phi)
    assert got == pytest.approx(limits, abs=6e-4)
    before, after = np.repeat([1, 0, 1, 0], cells), np.repeat([1, 1, 0, 0], cells)
    frame = pd.DataFrame({
        "firm": np.tile(np.arange(n), 2), "wave": np.repeat(["a", "b"], n), "ok": np.append(before, after)
    })  # fmt: skip
    row = change(frame, "ok", design=Design(psu="firm"), ci="mover").iloc[0]
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(got, rel=1e-9)


def panel(seed, n=40, moved=0.25):
    draws = np.random.Generator(np.random.Philox(key=seed))
    before = draws.random(n) < 0.6
    after = np.where(draws.random(n) < moved, True, before)
    return pd.DataFrame({
        "firm": np.tile(np.arange(n), 2), "wave": np.repeat(["a", "b"], n), "ok": np.append(before, after)
    })  # fmt: skip


def test_p_and_interval_agree():
    """At the level 1 - p one limit is 0."""
    frame = panel(4)
    p = change(frame, "ok", design=Design(psu="firm"), ci="mover")["p"][0]
    assert 0 < p < 0.2
    (row,) = change(frame, "ok", design=Design(psu="firm"), ci="mover", level=1 - p).to_dict("records")
    assert row["ci_low"] == pytest.approx(0, abs=1e-9)


def test_overlap_narrows_the_interval():
    frame = panel(5)
    together = change(frame, "ok", design=Design(psu="firm"), ci="mover").iloc[0]
    apart = change(frame, "ok", design=Design(), ci="mover").iloc[0]
    assert together["ci_high"] - together["ci_low"] < apart["ci_high"] - apart["ci_low"]


def test_turned_around_it_is_its_mirror_image():
    frame = panel(6)
    one = change(frame, "ok", design=Design(psu="firm"), ci="mover").iloc[0]
    other = change(frame.assign(ok=~frame["ok"]), "ok", design=Design(psu="firm"), ci="mover").iloc[0]
    assert [other["ci_low"], other["ci_high"]] == pytest.approx([-one["ci_high"], -one["ci_low"]])
    assert other["p"] == pytest.approx(one["p"])


def test_no_change_at_the_top_has_an_interval_and_p_1():
    frame = panel(7).assign(ok=1)
    (row,) = change(frame, "ok", design=Design(psu="firm"), ci="mover").to_dict("records")
    assert (row["change"], row["se"], row["p"], row["flag"]) == (0, 0, 1, "no_variation")
    assert row["ci_low"] < 0 < row["ci_high"]


def test_limits_stay_within_the_scale():
    frame = pd.DataFrame({"firm": range(12), "wave": list("aaaaaabbbbbb"), "ok": [0] * 6 + [1] * 6})
    (row,) = change(frame, "ok", design=Design(psu="firm"), ci="mover").to_dict("records")
    assert (row["change"], row["ci_high"]) == (1, 1)
    assert 0 < row["ci_low"] < 1
    assert 0 < row["p"] < 0.01


def test_a_wave_without_answers_has_neither():
    frame = panel(8).assign(ok=lambda rows: rows["ok"].where(rows["wave"] == "a"))
    frame["ok"] = frame["ok"].astype("Float64")
    (row,) = change(frame, "ok", design=Design(psu="firm"), ci="mover").to_dict("records")
    assert np.isnan([row["ci_low"], row["ci_high"], row["p"]]).all()
    assert row["flag"] == "no_answers;missing_moved"


def test_a_wave_without_degrees_of_freedom_has_a_reason():
    """Bank x has one firm in each of two strata at the baseline, though the design has many."""
    frame = panel(9).assign(stratum="s", bank="y")
    few = pd.DataFrame({"firm": [90, 91, 92, 93, 94, 95], "wave": list("aabbbb"), "ok": [0, 1, 1, 1, 0, 1]})
    few = few.assign(stratum=list("stssts"), bank="x")
    more = pd.DataFrame({"firm": [96, 97], "wave": ["a", "b"], "ok": [1, 0], "stratum": "t", "bank": "y"})
    design = Design(stratum="stratum", psu="firm")
    got = change(pd.concat([frame, few, more]), "ok", "bank", design=design, ci="mover")
    assert got["flag"].tolist() == ["no_df", ""]
    assert got.loc[0, ["ci_low", "ci_high", "p"]].isna().all()
    assert got.loc[0, "se"] > 0


@pytest.mark.parametrize("stat", ["total", "net_promoter", ("quantile", 0.5)])
def test_it_is_for_shares(stat):
    with pytest.raises(UsageError, match="option-pair: ci = mover does not go with stat"):
        change(panel(1), "ok", stat=stat, ci="mover")
    with pytest.raises(UsageError, match="stat-not-binary: ci = 'mover' is for items that are 0 or 1, and days is not"):
        change(panel(1).assign(days=7), "days", ci="mover")


@pytest.mark.parametrize(
    ("n", "share", "overlap"), [(15, 0.5, 1.0), (15, 0.9, 1.0), (15, 0.8, 0.0), (30, 0.95, 1.0), (30, 0.5, 0.5)]
)
def test_intervals_hold_the_truth(n, share, overlap):
    """No change, firms' answers correlated 0.5 on the normal scale; 1,500 samples, Monte Carlo error 0.6 %."""
    draws = np.random.Generator(np.random.Philox(key=[n, int(100 * share)]))
    samples, both = 1500, round(overlap * n)
    firms = draws.standard_normal((samples, 2 * n))
    second = np.concatenate([np.arange(both), np.arange(n, 2 * n - both)])
    cut = {0.9: 1.2815515655446004, 0.8: 0.8416212335729143, 0.95: 1.6448536269514722, 0.5: 0.0}[share]
    parts = []
    for wave, places in (("a", np.arange(n)), ("b", second)):
        z = np.sqrt(0.5) * (firms[:, places] + draws.standard_normal((samples, n)))
        number = np.arange(samples)[:, None]
        parts.append(pd.DataFrame({
            "sample": np.repeat(np.arange(samples), n), "wave": wave, "ok": (z < cut).ravel(),
            "firm": (number * 2 * n + places).ravel(),
        }))  # fmt: skip
    design = Design(stratum="sample", psu="firm", df="domain")
    got = change(pd.concat(parts), "ok", "sample", design=design, stat="proportion", ci="mover")
    held = (got["ci_low"] <= 0) & (got["ci_high"] >= 0)
    assert held.mean() > 0.95 - 2 * 0.006
    assert held.equals(got["p"] >= 0.05 - 1e-9)
