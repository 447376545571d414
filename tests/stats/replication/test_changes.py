"""The change under replicates: each replicate is the change with other weights; errors, limits, reasons."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import UsageError
from evaltools.stats import (
    Design,
    bootstrap_change,
    bootstrap_factors,
    change,
    draw_bootstrap,
    merge_single_strata,
    totals,
)
from evaltools.stats.replication.factors import draw_counts

ITEMS = {
    "mean": ["score", "days"], "total": ["score", "days"], "ratio": [("score", "days")], "proportion": ["solved"],
}  # fmt: skip


def reweighted(frame, draw, replicate):
    """The frame with weights multiplied by the factors of one replicate."""
    factor = dict(zip(draw.labels, bootstrap_factors(draw, replicate, replicate + 1)[:, 0], strict=True))
    return frame.assign(weight=frame["weight"] * frame["firm"].map(factor))


def unfolded(frame, draw, replicate):
    """The sample as drawn: a firm drawn twice is two firms; weights are times n/(n - 1)."""
    times = dict(zip(draw.labels, draw_counts(draw, replicate, replicate + 1)[:, 0], strict=True))
    scale = dict(zip(draw.labels, (draw.n_psu / (draw.n_psu - 1))[draw.stratum], strict=True))
    name = dict(zip(draw.labels, np.array(draw.strata)[draw.stratum], strict=True))
    copies = [
        frame.assign(firm=frame["firm"] + f"/{k}")[frame["firm"].map(times) > k]
        for k in range(int(max(times.values())))
    ]
    drawn = pd.concat(copies)
    original = drawn["firm"].str.split("/").str[0]
    return drawn.assign(weight=drawn["weight"] * original.map(scale), stratum=original.map(name))


@pytest.mark.parametrize("stat", list(ITEMS))
def test_each_replicate_is_the_change_with_its_weights(firms, patterns, stat):
    got = bootstrap_change(firms, ITEMS[stat], "bank", "wave", patterns, replicates=100, seed=4, stat=stat)
    draw = draw_bootstrap(firms, patterns, replicates=100, seed=4)
    point = change(firms, ITEMS[stat], "bank", design=patterns, stat=stat)
    np.testing.assert_allclose(got.table["change"], point["change"], rtol=1e-12)
    np.testing.assert_allclose(got.table["se"], point["se"], rtol=1e-12)
    for replicate in (0, 57, 99):
        again = change(reweighted(firms, draw, replicate), ITEMS[stat], "bank", design=patterns, stat=stat)
        np.testing.assert_allclose(got.replicates[replicate].reshape(-1), again["change"], rtol=1e-10)


@pytest.mark.parametrize("stat", ["mean", "total", "ratio"])
def test_errors_within_replicates_are_those_of_the_sample_as_drawn(firms, patterns, stat):
    """Every draw is a unit of its own; all strata here have three firms or more."""
    got = bootstrap_change(firms, ITEMS[stat], "bank", "wave", patterns, replicates=100, seed=4, stat=stat)
    draw = draw_bootstrap(firms, patterns, replicates=100, seed=4)
    assert draw.n_psu.min() > 2
    for replicate in (3, 64):
        again = change(
            unfolded(firms, draw, replicate), ITEMS[stat], "bank",
            design=Design(weight="weight", stratum="stratum", psu="firm"), stat=stat,
        )  # fmt: skip
        expected = (got.replicates[replicate].reshape(-1) - got.table["change"]) / again["se"]
        np.testing.assert_allclose(got.statistic[replicate].reshape(-1), expected, rtol=1e-8)


def test_the_variance_of_totals_is_the_linearised_one(firms, patterns):
    """20,000 replicates: relative Monte Carlo error of a variance about 1.2 % with these tails; four of them."""
    got = bootstrap_change(firms, ["score", "days"], "bank", "wave", patterns, replicates=20_000, seed=6, stat="total")
    np.testing.assert_allclose((got.table["se_bootstrap"] / got.table["se"]) ** 2, 1, atol=0.05)
    within = ((got.replicates - got.table["change"].to_numpy().reshape(1, 3, 2)) / got.statistic) ** 2
    np.testing.assert_allclose(within.mean(axis=0).reshape(-1), got.table["se"] ** 2, rtol=0.02)


def test_the_variance_of_means_tends_to_the_linearised_one(draw):
    """The relative difference is of order 1/n: 300 firms leave 1 % beside the Monte Carlo error of 1.4 %."""
    frame = draw(3, firms=300)
    design = Design(weight="weight", stratum="stratum", psu="firm", overlap="pattern")
    got = bootstrap_change(frame, "score", "bank", "wave", design, replicates=10_000, seed=6, studentise=False)
    np.testing.assert_allclose((got.table["se_bootstrap"] / got.table["se"]) ** 2, 1, atol=0.07)


def test_population_counts_are_in_the_replicates(firms):
    frame = firms.assign(size=50)
    design = Design(weight="weight", stratum="stratum", psu="firm", fpc="size")
    got = bootstrap_change(frame, "days", "bank", "wave", design, replicates=20_000, seed=6, stat="total")
    np.testing.assert_allclose((got.table["se_bootstrap"] / got.table["se"]) ** 2, 1, atol=0.05)


def test_items_domains_and_studentising_change_no_replicate(firms, patterns):
    both = bootstrap_change(firms, ["score", "days"], "bank", "wave", patterns, replicates=200, seed=9)
    one = bootstrap_change(firms, "days", "bank", "wave", patterns, replicates=200, seed=9, studentise=False)
    np.testing.assert_array_equal(one.replicates[:, :, 0], both.replicates[:, :, 1])
    assert one.statistic is None
    assert one.table[["studentised_low", "studentised_high", "p"]].isna().all(axis=None)
    whole = bootstrap_change(firms, "days", None, "wave", patterns, replicates=200, seed=9)
    assert whole.replicates.shape == (200, 1, 1)


def test_limits_and_p_are_places_in_the_order(firms, patterns):
    """199 replicates: percentiles at places 5 and 195, |t*| at place 190; p counts how many |t*| lie beyond."""
    got = bootstrap_change(firms, "days", "bank", "wave", patterns, replicates=199, seed=2)
    for domain, row in got.table.iterrows():
        ordered = np.sort(got.replicates[:, domain, 0])
        assert (row["percentile_low"], row["percentile_high"]) == (ordered[4], ordered[194])
        t = np.sort(np.abs(got.statistic[:, domain, 0]))
        assert row["studentised_low"] == pytest.approx(row["change"] - t[189] * row["se"], rel=1e-12)
        assert row["studentised_high"] == pytest.approx(row["change"] + t[189] * row["se"], rel=1e-12)
        assert row["p"] == pytest.approx((1 + (t >= abs(row["change"] / row["se"])).sum()) / 200)


@pytest.mark.parametrize("shift", [-9.0, -3.0, 0.0, 2.0, 6.0])
def test_p_and_interval_say_the_same(firms, patterns, shift):
    """Below .05 exactly where the 95 % interval leaves out 0."""
    moved = firms.assign(days=firms["days"] + shift * (firms["wave"] == "endline"))
    got = bootstrap_change(moved, "days", "bank", "wave", patterns, replicates=199, seed=2).table
    outside = (got["studentised_low"] > 0) | (got["studentised_high"] < 0)
    assert ((got["p"] < 0.05 + 1e-9) == outside).all()


def test_merged_strata_and_joined_patterns(firms):
    """What merging found necessary is what can be drawn from."""
    frame = firms[firms["firm"].isin([f"F{k}" for k in range(13)])]
    design = Design(weight="weight", stratum="stratum", psu="firm", overlap="pattern")
    merged = merge_single_strata(frame, design)
    frame = frame.assign(stratum=merged.stratum)
    got = bootstrap_change(
        frame, "score", "bank", "wave", design, replicates=100, seed=1, joined_patterns=merged.joined_patterns
    )
    assert np.isfinite(got.table["se"]).all()
    assert got.draw.n_psu.min() >= 2


def test_two_firms_in_a_stratum_give_both_to_the_error():
    """One is drawn and has no variance of its own: the error within is that of both, at the replicate's levels."""
    frame = pd.DataFrame(
        {
            "firm": ["a", "b", "c", "d"] * 2, "stratum": ["x", "x", "y", "y"] * 2,
            "wave": ["baseline"] * 4 + ["endline"] * 4, "y": [1.0, 4.0, 2.0, 8.0, 3.0, 5.0, 9.0, 6.0],
        }
    )  # fmt: skip
    got = bootstrap_change(
        frame, "y", None, "wave", Design(stratum="stratum", psu="firm"), replicates=100, seed=1, stat="total"
    )
    within = (got.replicates - got.table["change"][0])[:, 0, 0] / got.statistic[:, 0, 0]
    moved = got.replicates[:, 0, 0] != got.table["change"][0]
    np.testing.assert_allclose(within[moved], got.table["se"][0], rtol=1e-12)


def test_a_bank_that_one_firm_rates_loses_replicates():
    frame = pd.DataFrame(
        {
            "firm": list("abcdef") * 2, "bank": (["north"] * 5 + ["south"]) * 2,
            "wave": ["baseline"] * 6 + ["endline"] * 6, "y": np.arange(12.0) ** 2,
        }
    )  # fmt: skip
    got = bootstrap_change(frame, "y", "bank", "wave", Design(psu="firm"), replicates=500, seed=1).table.set_index(
        "bank"
    )
    assert got.loc["south", "n_lost"] == pytest.approx(500 * (5 / 6) ** 5, abs=45)  # never drawn; 4 errors
    assert "replicates_lost" in got.loc["south", "flag"]
    assert got.loc["south", ["se_bootstrap", "percentile_low", "studentised_low", "p"]].isna().all()
    assert got.loc["north", "flag"] == ""


def test_a_wave_without_answers_has_a_reason_and_no_replicates():
    frame = pd.DataFrame({"firm": range(8), "wave": ["a"] * 4 + ["b"] * 4, "y": [1.0, 2, 3, 4] + [np.nan] * 4})
    for stat in ("mean", "total"):
        got = bootstrap_change(frame, "y", None, "wave", Design(psu="firm"), replicates=100, seed=1, stat=stat)
        assert got.table["flag"][0].startswith("no_answers")
        assert np.isnan(got.replicates).all()
        assert got.table["n_lost"][0] == 0


def test_answers_that_never_vary_have_no_p():
    frame = pd.DataFrame({"firm": range(20), "wave": ["a", "b"] * 10, "y": [3.0, 4.0] * 10})
    got = bootstrap_change(frame, "y", None, "wave", Design(psu="firm"), replicates=100, seed=1).table.iloc[0]
    assert "no_variation" in got["flag"]
    assert (got["change"], got["se_bootstrap"]) == (1.0, 0.0)
    assert np.isnan([got["p"], got["studentised_low"]]).all()


def test_replicates_without_variation_leave_no_studentised_limit():
    """Two firms a wave differ: in many replicates all answers are equal, and t* has no finite quantile."""
    answers = [5.0] * 9 + [4.0] + [5.0] * 9 + [3.0]
    frame = pd.DataFrame({"firm": range(20), "wave": ["a"] * 10 + ["b"] * 10, "y": answers})
    got = bootstrap_change(frame, "y", None, "wave", Design(psu="firm"), replicates=500, seed=1)
    assert np.isinf(got.statistic).mean() > 0.05
    assert "replicates_still" in got.table["flag"][0]
    assert np.isnan(got.table["studentised_low"][0])
    assert np.isfinite(got.table["percentile_low"][0])


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"stat": ("quantile", 0.5)}, "option-value: stat"),
        ({"level": 95}, "option-range: level"),
        ({"seed": None}, "option-range: seed"),
        ({"replicates": 10}, "option-range: replicates"),
    ],
)
def test_what_is_refused(firms, patterns, options, code):
    with pytest.raises(UsageError, match=code):
        bootstrap_change(firms, "score", "bank", "wave", patterns, **({"seed": 1} | options))


def test_totals_hold_no_order_of_rows(firms, patterns):
    held = totals(firms, ["score"], "bank", "wave", patterns)
    with pytest.raises(UsageError, match="frame-type"):
        bootstrap_change(held, "score", "bank", "wave", patterns, seed=1)


SCRIPT = """
import sys, hashlib
import numpy as np, pandas as pd
from evaltools.stats import Design, bootstrap_change, rank_sets, shrink
rng = np.random.default_rng(1)
frame = pd.DataFrame({"firm": np.tile(np.arange(300), 2), "stratum": np.tile(np.arange(300) % 4, 2),
                      "wave": np.repeat(["a", "b"], 300), "bank": rng.integers(0, 12, 600), "y": rng.gamma(2, 3, 600)})
got = bootstrap_change(frame, "y", "bank", "wave", Design(stratum="stratum", psu="firm"), replicates=300, seed=1)
covariance = np.cov(got.replicates[:, :, 0].T)
ranks = rank_sets(got.table["change"], covariance, replicates=1000, seed=1)
drawn = shrink(got.table["change"], np.sqrt(np.diag(covariance)), covariance=covariance)
bits = b"".join(np.ascontiguousarray(part).tobytes() for part in (
    got.replicates, got.statistic, ranks["p_best_third"].to_numpy(), drawn["se_corrected"].to_numpy()))
print(hashlib.sha256(bits).hexdigest())
"""


def test_threads_change_no_bit():
    """The same bits with one and with two threads of the linear algebra libraries."""
    found = []
    for threads in ("1", "2"):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment = os.environ | dict.fromkeys(names, threads)
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
        )
        found.append(run.stdout.strip())
    assert len(found[0]) == hashlib.sha256().digest_size * 2
    assert found[0] == found[1]
