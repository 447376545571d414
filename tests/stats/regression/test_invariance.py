"""Whether items mean the same in both waves: false alarms, power, reasons."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control

from evaltools.errors import UsageError
from evaltools.stats import Design, check_invariance

ITEMS = ["q0", "q1", "q2", "q3"]
FIRMS = Design(psu="firm", df="domain")


def draw(rng: np.random.Generator, *, firms: int = 120, change: float = 0.0, shift: float = 0.0) -> pd.DataFrame:
    """Four items of one scale in two waves, a third of the firms in both; item q0 may shift alone."""
    level, pattern, parts = rng.normal(0, 1, firms), rng.integers(0, 3, firms), []
    for wave in (0, 1):
        kept = np.flatnonzero((pattern == 0) | (pattern == wave + 1))
        true = level[kept] + change * wave + rng.normal(0, 0.3, kept.size)
        answers = np.linspace(0.6, 0.9, 4) * true[:, None] + rng.normal(0, 0.7, (kept.size, 4))
        answers[:, 0] += shift * wave
        parts.append(pd.DataFrame(answers, columns=ITEMS).assign(firm=kept, wave=wave))
    return pd.concat(parts, ignore_index=True)


def rates(matching: str, draws: int, **how: float) -> tuple[float, float]:
    """Return how often any item, and how often q0, is flagged."""
    rng = np.random.default_rng(20221130)
    found = [
        check_invariance(draw(rng, **how), ITEMS, design=FIRMS, matching=matching).set_index("item")["flag"]
        for _ in range(draws)
    ]
    shifted = [flags.str.contains("shifted").groupby(level=0).any() for flags in found]
    return float(np.mean([part.any() for part in shifted])), float(np.mean([part["q0"] for part in shifted]))


def test_a_true_change_raises_no_alarm():
    """All firms gain half a standard deviation, no item shifts: 150 draws, 5 % plus two Monte Carlo errors (1.8)."""
    assert rates("true_score", 150, change=0.5, firms=250)[0] <= 0.086


def test_the_plain_regression_does_raise_alarms():
    """Why the true score is matched on: the same draws, matched on the rest score as it is."""
    assert rates("rest", 120, change=0.5, firms=250)[0] > 0.09


def test_an_item_that_shifts_is_found():
    """Half a point with 120 firms: nine times in ten, and it stands out from the others."""
    assert rates("true_score", 60, change=0.3, shift=0.5)[1] > 0.8


def test_the_columns_hang_together():
    frame = draw(np.random.default_rng(5), shift=0.8)
    got = check_invariance(frame, ITEMS, design=FIRMS)
    assert got["item"].tolist() == [item for item in ITEMS for _ in range(2)]
    assert got["kind"].tolist() == ["uniform", "slope"] * 4
    np.testing.assert_allclose(got["p_bh"], false_discovery_control(got["p"]))
    within = np.sqrt(
        sum((frame["wave"] == wave).mean() * frame.loc[frame["wave"] == wave, "q0"].var(ddof=0) for wave in (0, 1))
    )
    assert got["standardised"][0] == pytest.approx(got["estimate"][0] / within)
    assert got["flag"][0] == "shifted"
    assert got["n_baseline"].unique() == (frame["wave"] == 0).sum()


def test_equal_waves_show_nothing():
    """The same answers twice: every difference is 0 and no firm adds anything."""
    first = draw(np.random.default_rng(6)).query("wave == 0")
    got = check_invariance(pd.concat([first, first.assign(wave=1)]), ITEMS, design=FIRMS)
    np.testing.assert_allclose(got["estimate"], 0, atol=1e-12)
    assert (got["flag"] == "no_variation").all()
    assert got["p_bh"].isna().all()


def test_bank_by_bank_is_all_at_once():
    banks = [draw(np.random.default_rng(seed)).assign(bank=bank) for seed, bank in enumerate("ab")]
    frame = pd.concat(banks, ignore_index=True)
    frame["firm"] = frame["bank"] + frame["firm"].astype(str)
    together = check_invariance(frame, ITEMS, design=FIRMS, by="bank")
    for bank in "ab":
        alone = frame.assign(**{item: frame[item].where(frame["bank"] == bank) for item in ITEMS})
        np.testing.assert_allclose(
            together.loc[together["bank"] == bank, ["estimate", "se", "p_bh"]].to_numpy(),
            check_invariance(alone, ITEMS, design=FIRMS)[["estimate", "se", "p_bh"]].to_numpy(), rtol=1e-9,
        )  # fmt: skip


def test_a_small_shift_in_a_large_sample_is_negligible():
    got = check_invariance(draw(np.random.default_rng(8), firms=40_000, shift=0.05), ITEMS, design=FIRMS)
    assert got["flag"][0] == "shifted;negligible"


def test_reasons():
    frame = draw(np.random.default_rng(9))
    few = check_invariance(frame[(frame["wave"] == 0) | (frame["firm"] < 12)], ITEMS, design=FIRMS)
    assert (few["flag"] == "few_answers").all()
    assert few["estimate"].isna().all()
    gone = check_invariance(frame.assign(q1=frame["q1"].where(frame["wave"] == 0)), ITEMS, design=FIRMS)
    assert (gone["flag"] == "no_answers").all()
    rng = np.random.default_rng(10)
    noise = frame.assign(**{item: rng.normal(size=len(frame)) for item in ITEMS})
    assert (check_invariance(noise, ITEMS, design=FIRMS)["flag"] == "no_common_scale").all()
    assert check_invariance(frame, ITEMS)["flag"].str.contains("overlap_unknown").all()


def test_refusals():
    frame = draw(np.random.default_rng(0))
    with pytest.raises(UsageError, match="regression-few-items"):
        check_invariance(frame, ITEMS[:2])
    with pytest.raises(UsageError, match="regression-few-items"):
        check_invariance(frame, ["q0", "q1", ("q2", "q3")])
    with pytest.raises(UsageError, match="option-value"):
        check_invariance(frame, ITEMS, matching="total")
