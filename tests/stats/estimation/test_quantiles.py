"""Quantiles: the rule, their limits, and how often these hold the truth."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from evaltools.stats import Design, change, estimate

FIRMS = Design(weight="weight", stratum="stratum", psu="firm")


def quantile(frame, p, by=None, design=None, **options):
    return estimate(frame, "q", by, Design() if design is None else design, stat=("quantile", p), **options)


def test_the_smallest_answer_whose_share_reaches_p():
    """Shares of 1, 2, 3, 6 are 0.25, 0.5, 0.75, 1."""
    frame = pd.DataFrame({"q": [6, 2, 3, 1]})
    found = {p: quantile(frame, p)["estimate"][0] for p in (0.01, 0.25, 0.26, 0.5, 0.51, 0.75, 0.76, 0.99)}
    assert found == {0.01: 1, 0.25: 1, 0.26: 2, 0.5: 2, 0.51: 3, 0.75: 3, 0.76: 6, 0.99: 6}


def test_weights_count():
    frame = pd.DataFrame({"q": [1, 2, 3], "w": [1.0, 1.0, 8.0]})
    assert quantile(frame, 0.1, design=Design(weight="w"))["estimate"][0] == 1
    assert quantile(frame, 0.21, design=Design(weight="w"))["estimate"][0] == 3


def test_rows_of_weight_0_and_missing_ones_are_no_answers():
    frame = pd.DataFrame({"q": [1, 2, np.nan, 9], "w": [1.0, 1.0, 1.0, 0.0]})
    (row,) = quantile(frame, 0.99, design=Design(weight="w")).to_dict("records")
    assert (row["estimate"], row["n"]) == (2, 2)


def test_median_limits_of_ten_answers_are_the_second_and_the_ninth():
    """Order statistics of a sample of 10: 1 - 2 * P(at most 1 of 10 below the median) = 0.9785."""
    (row,) = quantile(pd.DataFrame({"q": np.arange(10, 110, 10)}), 0.5).to_dict("records")
    assert (row["estimate"], row["ci_low"], row["ci_high"]) == (50, 20, 90)


@pytest.mark.parametrize(("n", "bounded"), [(35, False), (36, True)])
def test_36_answers_bound_the_ninetieth_percentile(n, bounded):
    """0.9^36 = 0.0225 is the first power below 0.025; before, no answer bounds it from above."""
    (row,) = quantile(pd.DataFrame({"q": np.arange(n)}), 0.9).to_dict("records")
    assert row["ci_low"] >= 0
    assert (row["ci_high"] == n - 1) == bounded
    assert ("quantile_edge" in row["flag"]) == (not bounded or np.isnan(row["se"]))


def test_where_no_answer_lies_above_there_is_no_error():
    (row,) = quantile(pd.DataFrame({"q": [1, 2, 2, 2]}), 0.5, ci="t").to_dict("records")
    assert row["estimate"] == 2
    assert np.isnan([row["se"], row["ci_low"], row["ci_high"]]).all()
    assert row["flag"] == "quantile_edge"


def test_ties_widen_woodruffs_limits_and_not_those_by_order():
    """Forty of fifty answers are 2: the median is sure. The share up to it is 0.9, whose upper limit leads to 3."""
    frame = pd.DataFrame({"q": [1] * 5 + [2] * 40 + [3] * 5})
    by_order, woodruff = (quantile(frame, 0.5, ci=ci).iloc[0] for ci in ("auto", "t"))
    assert (by_order["ci_low"], by_order["ci_high"]) == (2, 2)
    assert (woodruff["ci_low"], woodruff["ci_high"]) == (2, 3)


def test_a_domain_without_answers_has_a_reason():
    frame = pd.DataFrame({"q": [1.0, 2, 3, np.nan], "bank": list("xxxy")})
    got = quantile(frame, 0.5, "bank")
    assert got["flag"][1] == "no_answers"
    assert got.loc[1, ["estimate", "se", "df", "ci_low", "ci_high"]].isna().all()
    assert quantile(frame.iloc[:0], 0.5)["flag"].tolist() == ["no_answers"]


def test_another_level_leaves_the_error(sample):
    frame = sample.rename(columns={"days": "q"})
    wide, narrow = (quantile(frame, 0.5, "bank", FIRMS, level=level) for level in (0.99, 0.8))
    assert wide["se"].tolist() == narrow["se"].tolist()
    assert (wide["ci_low"] <= narrow["ci_low"]).all()
    assert (wide["ci_high"] >= narrow["ci_high"]).all()


def test_bank_by_bank_is_all_at_once(sample):
    frame = sample.rename(columns={"days": "q"})
    together = quantile(frame, 0.7, "bank", FIRMS)
    for number, bank in enumerate(together["bank"]):
        alone = quantile(frame.assign(q=frame["q"].where(frame["bank"] == bank)), 0.7, None, FIRMS).iloc[0]
        columns = ["estimate", "se", "df", "ci_low", "ci_high", "n", "n_psu", "deff"]
        np.testing.assert_allclose(
            alone[columns].astype(float), together.loc[number, columns].astype(float), rtol=1e-12
        )


def test_change_of_a_quantile_without_overlap_adds_the_variances(sample):
    apart = sample.assign(firm=sample["firm"] + sample["wave"], stratum=sample["stratum"] + sample["wave"])
    got = change(apart, "days", "bank", design=FIRMS, stat=("quantile", 0.5))
    levels = estimate(apart, "days", ["bank", "wave"], FIRMS, stat=("quantile", 0.5)).set_index(["bank", "wave"])["se"]
    for row in got.itertuples():
        assert row.se**2 == pytest.approx(levels[row.bank, "baseline"] ** 2 + levels[row.bank, "endline"] ** 2)


def test_a_quantile_at_the_edge_of_a_wave_has_no_change_error():
    frame = pd.DataFrame({"firm": list(range(8)) * 2, "wave": ["a"] * 8 + ["b"] * 8, "days": [*range(8), *[5] * 8]})
    (row,) = change(frame, "days", design=Design(psu="firm"), stat=("quantile", 0.5)).to_dict("records")
    assert row["change"] == 2
    assert np.isnan([row["se"], row["p"], row["ci_low"]]).all()
    assert row["flag"] == "quantile_edge"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), min_size=1, max_size=40),
    st.sampled_from([0.1, 0.25, 0.5, 0.8, 0.9]),
    st.sampled_from([1.0, 0.25, 1024.0]),
)
def test_the_rule_holds_for_any_weights(answers, p, scale):
    """Counted out: the weight up to the quantile reaches p of all, the weight below does not, and scale is nothing."""
    frame = pd.DataFrame(answers, columns=["q", "w"]).assign(w=lambda rows: rows["w"] * scale)
    design = Design(weight="w", lonely_psu="remove")
    found = quantile(frame, p, design=design)["estimate"][0]
    total = frame["w"].sum()
    assert frame.loc[frame["q"] <= found, "w"].sum() >= p * total * (1 - 1e-12)
    assert frame.loc[frame["q"] < found, "w"].sum() <= p * total * (1 + 1e-12)
    shuffled = frame.sample(frac=1, random_state=1)
    assert quantile(shuffled, p, design=design)["estimate"][0] == found


@pytest.mark.parametrize(
    ("n", "p", "clusters", "spread"),
    [(10, 0.5, 10, 0.0), (30, 0.5, 30, 0.6), (30, 0.9, 30, 0.0), (60, 0.9, 15, 0.6)],
)
def test_intervals_hold_the_truth(n, p, clusters, spread):
    """Lognormal days, firms in clusters (correlation 0.1), unequal weights: at least 95 % of 1,500 samples.

    Monte Carlo error 0.6 %. Woodruff's interval covers 65 % for n = 10, p = 0.9, and 91 % in the last cell.
    """
    draws = np.random.Generator(np.random.Philox(key=[n, clusters]))
    samples, cluster = 1500, np.tile(np.arange(n) % clusters, (1500, 1))
    shared = np.take_along_axis(draws.standard_normal((samples, clusters)), cluster, axis=1)
    z = np.sqrt(0.1) * shared + np.sqrt(0.9) * draws.standard_normal((samples, n))
    frame = pd.DataFrame({
        "sample": np.repeat(np.arange(samples), n),
        "psu": (np.arange(samples)[:, None] * clusters + cluster).ravel(),
        "q": np.exp(2 + 0.6 * z).ravel(),
        "w": np.exp(spread * draws.standard_normal(samples * n)),
    })  # fmt: skip
    got = quantile(frame, p, "sample", Design(weight="w", stratum="sample", psu="psu", df="domain"))
    truth = np.exp(2 + 0.6 * {0.5: 0.0, 0.9: 1.2815515655446004}[p])
    missed = (got["ci_low"] > truth) | (got["ci_high"] < truth)
    assert 1 - missed.mean() > 0.95 - 2 * 0.006
