"""What must not change an estimate, on generated samples."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.stats import Design, change, estimate, sums, totals

FIRMS = Design(weight="weight", stratum="stratum", psu="firm")
ITEMS = ["score", "days"]
SEEDS = st.integers(0, 5_000)
few = settings(max_examples=25, deadline=None)


def assert_same(left: pd.DataFrame, right: pd.DataFrame, *, but: tuple[str, ...] = ()) -> None:
    kept = [name for name in left.columns if name not in but]
    pd.testing.assert_frame_equal(left[kept], right[kept], rtol=1e-9, atol=1e-11)


@few
@given(seed=SEEDS, factor=st.floats(1e-3, 1e3))
def test_scaling_weights_changes_nothing(draw, seed, factor):
    frame = draw(seed)
    scaled = frame.assign(weight=frame["weight"] * factor)
    assert_same(change(frame, ITEMS, "bank", design=FIRMS), change(scaled, ITEMS, "bank", design=FIRMS))
    # the design effect compares with a sample without replacement, and so knows the size of the population
    assert_same(estimate(frame, ITEMS, "bank", FIRMS), estimate(scaled, ITEMS, "bank", FIRMS), but=("deff", "n_eff"))


@few
@given(seed=SEEDS)
def test_row_order_changes_nothing(draw, seed):
    frame = draw(seed)
    shuffled = frame.sample(frac=1, random_state=seed)
    assert_same(change(frame, ITEMS, "bank", design=FIRMS), change(shuffled, ITEMS, "bank", design=FIRMS))
    assert_same(estimate(frame, ITEMS, "bank", FIRMS), estimate(shuffled, ITEMS, "bank", FIRMS))


@few
@given(seed=SEEDS)
def test_bank_by_bank_equals_all_at_once(draw, seed):
    """One bank's rows with the other banks' answers blanked: the design stays, so the numbers do."""
    frame = draw(seed)
    together = change(frame, ITEMS, "bank", design=FIRMS)
    for bank, expected in together.groupby("bank"):
        alone = frame.assign(**{item: frame[item].where(frame["bank"] == bank) for item in ITEMS})
        got = change(alone, ITEMS, design=FIRMS)
        assert_same(got, expected.drop(columns="bank").reset_index(drop=True), but=("flag",))


@few
@given(seed=SEEDS, chunks=st.integers(2, 5))
def test_totals_of_chunks_are_totals_of_the_whole(draw, seed, chunks):
    """Chunks cut through firms, so that PSUs are shared."""
    frame = draw(seed)
    parts = [totals(frame.iloc[k::chunks], ITEMS, "bank", "wave", FIRMS) for k in range(chunks)]
    whole = parts[0]
    for part in parts[1:]:
        whole = whole + part
    assert_same(change(whole, ITEMS), change(frame, ITEMS, "bank", design=FIRMS))
    assert_same(estimate(whole, ITEMS), estimate(frame, ITEMS, "bank", FIRMS))


@few
@given(seed=SEEDS)
def test_disjoint_waves_are_an_independent_difference(draw, seed):
    """No firm in both waves, each wave a stratum of its own: variances add."""
    frame = draw(seed)
    frame = frame.assign(firm=frame["firm"] + frame["wave"], stratum=frame["stratum"] + frame["wave"])
    apart = estimate(frame, ITEMS, ["bank", "wave"], FIRMS).pivot_table(
        index=["bank", "item"], columns="wave", values="se"
    )
    got = change(frame, ITEMS, "bank", design=FIRMS).set_index(["bank", "item"])["se"]
    np.testing.assert_allclose(got.sort_index(), np.hypot(apart["baseline"], apart["endline"]), rtol=1e-10)
    pattern = Design("weight", "stratum", "firm", overlap="pattern")
    np.testing.assert_allclose(change(frame, ITEMS, "bank", design=pattern)["se"], got, rtol=1e-10)


@few
@given(seed=SEEDS, levels=st.tuples(st.floats(0.5, 0.99), st.floats(0.5, 0.99)))
def test_a_wider_level_never_changes_the_error_and_limits_enclose(draw, seed, levels):
    frame = draw(seed)
    narrow, wide = (change(frame, ITEMS, "bank", design=FIRMS, level=level) for level in sorted(levels))
    assert_same(narrow, wide, but=("ci_low", "ci_high"))
    for found in (narrow, wide):
        assert (found["ci_low"] <= found["change"]).all()
        assert (found["change"] <= found["ci_high"]).all()
    assert (wide["ci_low"] <= narrow["ci_low"]).all()


@few
@given(seed=SEEDS, shift=st.sampled_from([0.0, 1e9, -1e9]))
def test_a_large_mean_costs_no_digits(draw, seed, shift):
    """Whole numbers near 1e9 are exact, so the error must be that of the same answers near 0."""
    frame = draw(seed)
    moved = frame.assign(score=frame["score"] + shift)
    plain, far = (change(part, "score", "bank", design=FIRMS) for part in (frame, moved))
    np.testing.assert_allclose(far["se"], plain["se"], rtol=1e-11)
    np.testing.assert_allclose(far["change"], plain["change"], atol=3e-7)
    parts = [totals(moved.iloc[k::3], ["score"], "bank", "wave", FIRMS) for k in range(3)]
    np.testing.assert_allclose(change(parts[0] + parts[1] + parts[2], ["score"])["se"], plain["se"], rtol=1e-11)


@few
@given(seed=SEEDS)
def test_a_domain_mean_is_a_ratio_and_a_ratio_of_totals(draw, seed):
    """Two roads: the mean of a bank, and the ratio of score x inside to inside over the whole sample."""
    frame = draw(seed)
    inside = ((frame["bank"] == "north") & frame["score"].notna()).astype(float)
    frame = frame.assign(above=(frame["score"] * inside).fillna(0.0), inside=inside)
    mean = estimate(frame, "score", "bank", FIRMS).iloc[0]
    ratio = estimate(frame, [("above", "inside")], None, FIRMS, stat="ratio").iloc[0]
    assert (ratio["estimate"], ratio["se"]) == pytest.approx((mean["estimate"], mean["se"]), rel=1e-10)


def test_bits_are_the_same_with_one_thread_and_with_two(sample, monkeypatch):
    def run() -> tuple[pd.DataFrame, pd.DataFrame]:
        return change(sample, ITEMS, "bank", design=FIRMS), estimate(sample, ITEMS, "bank", FIRMS)

    alone = run()
    monkeypatch.setattr(sums, "PARALLEL_FROM", 0)
    for _ in range(5):
        for left, right in zip(alone, run(), strict=True):
            pd.testing.assert_frame_equal(left, right, check_exact=True)
