"""`totals`: additive over chunks that share units, and what cannot be added."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import DesignError, UsageError
from evaltools.stats import Design, Totals, change, estimate, totals

FIRMS = Design(weight="weight", stratum="stratum", psu="firm")
ITEMS = ["score", "days"]


def test_chunks_may_hold_other_banks_waves_strata_and_firms(sample):
    """One chunk a bank: domains, waves, strata and units of the sum are those of either."""
    parts = [totals(part, ITEMS, "bank", "wave", FIRMS) for _, part in sample.groupby("bank")]
    whole = parts[2] + parts[0] + parts[1]
    pd.testing.assert_frame_equal(change(whole, ITEMS), change(sample, ITEMS, "bank", design=FIRMS), rtol=1e-10)
    waves = [totals(part, ITEMS, "bank", "wave", FIRMS) for _, part in sample.groupby("wave")]
    pd.testing.assert_frame_equal(
        change(waves[1] + waves[0], ITEMS), change(sample, ITEMS, "bank", design=FIRMS), rtol=1e-10
    )


def test_whole_numbers_add_to_the_same_bits(sample):
    """Origins are whole where answers are, weights of 1 too: no rounding anywhere."""
    design = Design(stratum="stratum", psu="firm")
    parts = [totals(sample.iloc[k::4], ["score"], "bank", "wave", design) for k in range(4)]
    whole = parts[0] + parts[1] + parts[2] + parts[3]
    alone = totals(sample, ["score"], "bank", "wave", design)
    assert whole.sums[0].origin == alone.sums[0].origin == round(whole.sums[0].origin)
    pd.testing.assert_frame_equal(change(whole, ["score"]), change(alone, ["score"]), check_exact=True)


def test_ratios_and_moments_add(sample):
    pair = ("days", "score")
    parts = [totals(sample.iloc[k::2], [pair], ["bank", "wave"], None, FIRMS) for k in range(2)]
    got = estimate(parts[0] + parts[1], [pair], stat="ratio")
    expected = estimate(sample, [pair], ["bank", "wave"], FIRMS, stat="ratio")
    pd.testing.assert_frame_equal(got, expected, rtol=1e-9)


def test_two_stage_units_are_shared_by_chunks():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({
        "town": rng.choice(list("ABCDE"), 60), "village": rng.choice(list("123"), 60), "towns": 30, "villages": 9,
        "weight": 2.0, "q": rng.normal(size=60), "wave": rng.choice(["baseline", "endline"], 60),
    })  # fmt: skip
    design = Design("weight", None, ("town", "village"), ("towns", "villages"))
    parts = [totals(frame.iloc[k::3], ["q"], None, "wave", design) for k in range(3)]
    got = change(parts[0] + parts[1] + parts[2], ["q"])
    pd.testing.assert_frame_equal(got, change(frame, ["q"], design=design), rtol=1e-9)


def test_without_psu_rows_of_all_chunks_are_units(sample):
    parts = [totals(sample.iloc[k::2], ["score"], None, "wave") for k in range(2)]
    pd.testing.assert_frame_equal(change(parts[0] + parts[1], ["score"]), change(sample, "score"), rtol=1e-10)


def test_an_item_that_a_chunk_has_not_asked():
    frame = pd.DataFrame({"firm": list("abcd"), "q": [np.nan, np.nan, 1e9 + 1, 1e9 + 3]})
    parts = [totals(frame[:2], ["q"], design=Design(psu="firm")), totals(frame[2:], ["q"], design=Design(psu="firm"))]
    for whole in (parts[0] + parts[1], parts[1] + parts[0]):
        pd.testing.assert_frame_equal(estimate(whole, ["q"]), estimate(frame, "q", design=Design(psu="firm")))


def test_totals_hold_their_columns(sample):
    held = totals(sample, ITEMS, "bank", "wave", FIRMS)
    assert isinstance(held, Totals)
    with pytest.raises(UsageError, match="totals-option: by = firm differs from bank"):
        estimate(held, ITEMS, "firm")
    with pytest.raises(UsageError, match="totals-option: wave = when differs from wave"):
        change(held, ITEMS, wave="when")
    with pytest.raises(UsageError, match=r"totals-items: .* hours. They hold: score, days"):
        change(held, ["hours"])
    with pytest.raises(UsageError, match="totals-option: design = psu"):
        change(held, ITEMS, design=Design("weight", "stratum", "bank"))
    with pytest.raises(UsageError, match="totals-no-wave"):
        change(totals(sample, ITEMS), ITEMS)
    with pytest.raises(UsageError, match="frame-type: data of type Totals"):
        totals(held, ITEMS)


def test_options_of_the_variance_may_change_afterwards(draw):
    frame = draw(3, firms=90)
    held = totals(frame, ITEMS, "bank", "wave", FIRMS)
    other = Design("weight", "stratum", "firm", overlap="pattern", df="domain")
    pd.testing.assert_frame_equal(change(held, None, design=other), change(frame, ITEMS, "bank", design=other))


def test_what_cannot_be_added(sample):
    held = totals(sample, ["score"], "bank", "wave", FIRMS)
    with pytest.raises(UsageError, match="totals-differ: Totals that differ in df, by, wave, items"):
        held + totals(sample, ["days"], None, None, Design("weight", "stratum", "firm", df="domain"))
    moved = totals(sample.assign(stratum="z"), ["score"], "bank", "wave", FIRMS)
    with pytest.raises(DesignError, match=r"psu-two-strata: .*: 40, such as F0"):
        held + moved
    counts = Design(stratum="stratum", psu="firm", fpc="population")
    known = totals(sample.assign(population=99), ["score"], design=counts)
    with pytest.raises(UsageError, match=r"totals-fpc-weights: weights come from the fpc \(population\)"):
        known + known
    weighed = Design("weight", "stratum", "firm", "population")
    parts = [totals(sample.assign(population=size), ["score"], design=weighed) for size in (99, 98)]
    with pytest.raises(DesignError, match="fpc-varies"):
        parts[0] + parts[1]
    with pytest.raises(TypeError, match="unsupported operand"):
        held + 1
