"""Do the intervals of alpha hold what they promise? Known populations, seeded."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaltools.stats import Design, scale_reliability

ITEMS = ["q1", "q2", "q3", "q4", "q5"]


def draw_samples(samples, firms, per_firm, seed, *, skewed=False):
    """Many samples, one a domain; the answers of a firm share part of the factor."""
    rng = np.random.Generator(np.random.Philox(key=[seed, 1]))
    shape = (samples, firms, per_firm)
    common = rng.normal(size=(samples, firms, 1)) * np.sqrt(0.5) + rng.normal(size=shape) * np.sqrt(0.5)
    noise = rng.exponential(size=(*shape, 5)) - 1 if skewed else rng.normal(size=(*shape, 5))
    values = (common[..., None] + noise).reshape(-1, 5)
    number = np.repeat(np.arange(samples), firms * per_firm)
    firm = np.arange(samples * firms).repeat(per_firm)
    return pd.DataFrame(values, columns=ITEMS).assign(sample=number, firm=firm)


def covered(table):
    """Population alpha: item variances 2, covariances 1, so 5/4 (1 - 10/30) = 5/6."""
    return float(np.mean((table["ci_low"] <= 5 / 6) & (table["ci_high"] >= 5 / 6)))


def test_feldt_covers_in_simple_random_samples():
    """1,000 samples of 40: Monte Carlo error 0.7 points."""
    found = scale_reliability(draw_samples(1000, 40, 1, seed=11), ITEMS, "sample").scale
    assert abs(covered(found) - 0.95) < 0.021


def test_the_design_interval_covers_where_firms_answer_three_times():
    """800 samples of 60 firms x 3 skewed answers: Monte Carlo error 0.8 points; strata are the samples."""
    frame = draw_samples(800, 60, 3, seed=12, skewed=True)
    design = Design(stratum="sample", psu="firm", df="domain")
    found = scale_reliability(frame, ITEMS, "sample", design=design).scale
    assert 0.92 < covered(found) < 0.97
    alone = scale_reliability(frame, ITEMS, "sample").scale
    assert covered(alone) < covered(found) - 0.01  # Feldt takes the three answers of a firm for three firms
