"""Intervals of a change where there are few PSUs: the textbook cases exactly, the hard ones by simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sps

from evaltools.stats import Design, change, combine, estimate_change
from evaltools.stats.intervals import two_sided_p

DOMAIN = Design(psu="firm", overlap="pattern", df="domain")


def waves(baseline: list[float], endline: list[float], *, shared: int = 0) -> pd.DataFrame:
    """Return both waves stacked; the first `shared` firms answer in both."""
    late = [*range(shared), *range(len(baseline), len(baseline) + len(endline) - shared)]
    return pd.DataFrame({
        "wave": ["baseline"] * len(baseline) + ["endline"] * len(endline),
        "firm": [f"F{k}" for k in (*range(len(baseline)), *late)],
        "score": [*baseline, *endline],
    })  # fmt: skip


def test_a_panel_with_equal_weights_is_the_paired_t_test():
    before, after = [3.0, 4, 2, 5, 4, 1, 3, 2], [4.0, 4, 3, 5, 5, 3, 3, 1]
    row = change(waves(before, after, shared=8), "score", design=DOMAIN).iloc[0]
    paired = sps.ttest_rel(after, before)
    low, high = paired.confidence_interval(0.95)
    assert [row["p"], row["ci_low"], row["ci_high"]] == pytest.approx([paired.pvalue, low, high], rel=1e-12)


def test_two_samples_of_one_size_and_variance_are_the_two_sample_t_test():
    before = [1.0, 2, 4, 7, 9, 13]
    after = [value + 2.5 for value in before]
    row = change(waves(before, after), "score", design=DOMAIN).iloc[0]
    plain = sps.ttest_ind(after, before)
    low, high = plain.confidence_interval(0.95)
    assert [row["p"], row["ci_low"], row["ci_high"]] == pytest.approx([plain.pvalue, low, high], rel=1e-12)


def test_a_small_wave_without_variation_does_not_narrow_the_interval():
    """All of 10 answers at the top say little about the spread; the 40 others do."""
    flat, spread = [5.0] * 10, [5.0] * 24 + [4.0] * 8 + [3.0] * 4 + [1.0] * 4
    row = change(waves(flat, spread), "score", design=DOMAIN).iloc[0]
    plain = change(waves(flat, spread), "score", design=DOMAIN, ci="t").iloc[0]
    assert row["se"] == plain["se"] == pytest.approx(np.std(spread, ddof=1) / 40**0.5, rel=1e-12)
    assert row["ci_high"] - row["ci_low"] > 1.15 * (plain["ci_high"] - plain["ci_low"])


@pytest.mark.parametrize(("weight", "flag"), [(40.0, ""), (65.0, "one_psu")])
def test_a_firm_that_outweighs_all_others_of_a_wave_leaves_no_interval(weight, flag):
    """Of 15 answers one weighs 40 or 65, the others 1: shares .74 and .82, sums of squared shares .55 and .68."""
    values = [float(1 + k % 5) for k in range(15)]
    frame = waves(values, values[::-1]).assign(weight=1.0)
    frame.loc[0, "weight"] = weight
    design = Design(weight="weight", psu="firm", overlap="pattern", df="domain")
    row = change(frame, "score", design=design).iloc[0]
    plain = change(frame, "score", design=design, ci="t").iloc[0]
    assert (row["flag"], row["se"], row["df"]) == (flag, plain["se"], plain["df"])
    assert np.isnan([row["ci_low"], row["ci_high"], row["p"]]).tolist() == [bool(flag)] * 3
    combined = combine(estimate_change(frame, "score", design=design), np.ones((1, 1)))
    assert np.isnan(combined.interval_se[0]) == bool(flag)


def test_se_and_df_stay_those_of_the_design():
    frame = waves([3.0, 4, 2, 5, 4], [4.0, 4, 3, 5, 5, 3, 3, 1], shared=3)
    columns = ["change", "se", "df"]
    assert change(frame, "score", design=DOMAIN)[columns].equals(change(frame, "score", design=DOMAIN, ci="t")[columns])


def test_under_whole_design_df_auto_is_t():
    frame = waves([3.0, 4, 2, 5, 4], [4.0, 4, 3, 5, 5, 3, 3, 1], shared=3)
    design = Design(psu="firm", overlap="pattern")
    pd.testing.assert_frame_equal(change(frame, "score", design=design), change(frame, "score", design=design, ci="t"))


def test_one_firm_with_all_the_weight_has_no_interval():
    frame = waves([3.0, 4, 2, 5, 4, 3], [4.0, 4, 3, 5, 5, 3], shared=6).assign(weight=[1.0] + [0.0] * 5 + [1.0] * 6)
    row = change(frame, "score", design=Design(weight="weight", psu="firm", overlap="pattern", df="domain")).iloc[0]
    assert "one_psu" in row["flag"]
    assert np.isnan(row[["ci_low", "ci_high", "p"]].to_numpy(float)).all()


def test_one_item_alone_combines_to_its_own_interval():
    """`combine` with one coefficient gives the se and df that `change` used."""
    rng = np.random.default_rng(4)
    frame = waves(list(rng.integers(1, 6, 14).astype(float)), list(rng.integers(1, 6, 50).astype(float)), shared=7)
    found = estimate_change(frame.assign(weight=rng.gamma(3, 1, 64)), "score",
                            design=Design(weight="weight", psu="firm", overlap="pattern", df="domain"))  # fmt: skip
    twice = combine(found, np.array([[2.0]]))
    assert twice.interval_se == pytest.approx(2 * found.interval_se[:, 0], rel=1e-12)
    assert twice.interval_df == pytest.approx(found.interval_df[:, 0], rel=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.01, 100), st.floats(-50, 50), st.floats(0.1, 10), st.integers(0, 2**31))
def test_unit_and_origin_of_item_and_weight_do_not_matter(weighted, origin, unit, seed):
    rng = np.random.default_rng(seed)
    frame = waves(list(rng.normal(size=9)), list(rng.normal(size=12)), shared=5).assign(weight=rng.gamma(3, 1, 21))
    design = Design(weight="weight", psu="firm", overlap="pattern", df="domain")
    plain = change(frame, "score", design=design).iloc[0]
    moved = change(
        frame.assign(score=origin + unit * frame["score"], weight=weighted * frame["weight"]), "score", design=design
    ).iloc[0]
    assert moved[["ci_low", "ci_high"]].to_list() == pytest.approx(
        [unit * plain["ci_low"], unit * plain["ci_high"]], rel=1e-6, abs=1e-9
    )
    assert moved["p"] == pytest.approx(plain["p"], rel=1e-6)


def test_the_interval_holds_0_where_p_is_above_its_level():
    rng = np.random.default_rng(8)
    frame = pd.concat(
        [waves(list(rng.normal(size=8)), list(rng.normal(0.8, 1, size=11)), shared=4).assign(bank=k) for k in range(40)]
    ).assign(firm=lambda f: f["firm"] + f["bank"].astype(str))
    found = change(frame, "score", by="bank", design=DOMAIN, level=0.9)
    outside = (found["ci_low"] > 0) | (found["ci_high"] < 0)
    assert outside.equals(found["p"] < 0.1)
    assert 0 < outside.sum() < 40


@pytest.mark.parametrize(("n", "top"), [((15, 60), 0.8), ((15, 15), 0.8), ((15, 60), 0.5)])
def test_intervals_hold_the_truth_at_a_ceiling(n, top):
    """4,000 campaigns, half of the smaller wave in both: 94 % or more, where Student's t falls to 89 %."""
    rng = np.random.default_rng(20221130)
    campaigns, both = 4000, n[0] // 2
    steps = sps.norm.ppf([(1 - top) / 2, 1 - top])  # 3, 4, 5
    parts = []
    opinion = rng.normal(size=(campaigns, sum(n) - both))
    for wave, firms in ((0, slice(0, n[0])), (1, slice(n[0] - both, None))):
        value = 0.5**0.5 * opinion[:, firms] + 0.5**0.5 * rng.normal(size=opinion[:, firms].shape)
        place = np.arange(opinion.shape[1])[firms]
        parts.append(pd.DataFrame({
            "campaign": np.repeat(np.arange(campaigns), len(place)), "wave": wave,
            "firm": (np.arange(campaigns)[:, None] * opinion.shape[1] + place).reshape(-1),
            "score": 3.0 + np.searchsorted(steps, value.reshape(-1)),
        }))  # fmt: skip
    found = change(pd.concat(parts), "score", by="campaign", design=DOMAIN)
    known = found["ci_low"].notna() & (found["ci_high"] > found["ci_low"])
    covered = ((found["ci_low"] <= 0) & (found["ci_high"] >= 0))[known].mean()
    assert covered >= 0.94 - 2 * (0.94 * 0.06 / campaigns) ** 0.5
    assert covered <= 0.985


def test_p_comes_from_the_interval_errors():
    frame = waves([3.0, 4, 2, 5, 4, 2, 2], [4.0, 4, 3, 5, 5, 3, 3, 1], shared=3)
    found = estimate_change(frame, "score", design=DOMAIN)
    p = two_sided_p(found.change, found.interval_se, found.interval_df)[0, 0]
    assert change(frame, "score", design=DOMAIN)["p"][0] == p
