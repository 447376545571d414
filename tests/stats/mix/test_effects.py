"""Change in standard deviations: corrections, spreads, and where there is none; the error by leaving firms out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import UsageError
from evaltools.stats import Design, change, standardised_effect, superiority
from evaltools.stats.mix.effects import correct_few

FIRMS = Design(psu="firm")


def waves(first, last, *, paired=False):
    firm = [*range(len(first)), *(range(len(last)) if paired else range(100, 100 + len(last)))]
    return pd.DataFrame({"firm": firm, "wave": [1] * len(first) + [2] * len(last), "score": [*first, *last]})


def test_effect_by_hand():
    """Means 3 and 5, variance 2.5 at the baseline and 1 at the endline; J(4) and J(6) of Hedges' table."""
    rows = waves([1, 2, 3, 4, 5], [4, 5, 6])
    got = standardised_effect(rows, "score", design=FIRMS).iloc[0]
    assert got["spread"] == pytest.approx(np.sqrt(2.5))
    assert got["correction"] == pytest.approx(0.7979, abs=5e-5)
    assert got["effect"] == pytest.approx(got["correction"] * 2 / np.sqrt(2.5))
    both = standardised_effect(rows, "score", design=FIRMS, spread="pooled").iloc[0]
    assert both["spread"] == pytest.approx(np.sqrt((4 * 2.5 + 2 * 1) / 6))
    assert both["correction"] == pytest.approx(0.8686, abs=5e-5)


def test_unit_and_zero_of_the_answers_do_not_matter(draw):
    frame = draw(31, firms=50)
    design = Design(weight="weight", stratum="stratum", psu="firm", df="domain")
    got = standardised_effect(frame, "days", "bank", design=design)
    other = standardised_effect(frame.assign(days=frame["days"] * 24 + 1e6), "days", "bank", design=design)
    for column in ("effect", "se", "ci_low", "ci_high", "p"):
        np.testing.assert_allclose(other[column], got[column], rtol=1e-8)
    np.testing.assert_allclose(got["change"], change(frame, "days", "bank", design=design)["change"], rtol=1e-11)


@pytest.mark.parametrize("function", [standardised_effect, superiority])
def test_error_is_near_that_of_leaving_out_one_firm_at_a_time(function, draw):
    """The jackknife knows nothing of the linearisation; with 150 firms they agree to a few percent."""
    frame = draw(33, firms=150, missing=0.0)
    design = Design(weight="weight", stratum="stratum", psu="firm")
    name = "effect" if function is standardised_effect else "superiority"
    whole = function(frame, "score", design=design).iloc[0]
    squares = 0.0
    for _, firms in frame.groupby("stratum")["firm"]:
        names = firms.unique()
        without = [function(frame[frame["firm"] != firm], "score", design=design)[name][0] for firm in names]
        squares += (len(names) - 1) / len(names) * np.square(np.array(without) - np.mean(without)).sum()
    assert whole["se"] == pytest.approx(np.sqrt(squares), rel=0.05)


def test_the_same_firms_in_both_waves_have_a_smaller_error():
    rng = np.random.default_rng(1)
    first = rng.normal(3, 1, 40)
    last = first + rng.normal(0.5, 0.3, 40)
    paired, apart = (standardised_effect(waves(first, last, paired=p), "score", design=FIRMS).iloc[0] for p in (1, 0))
    assert paired["effect"] == pytest.approx(apart["effect"], rel=1e-12)
    assert paired["se"] < 0.7 * apart["se"]


@pytest.mark.parametrize(
    ("first", "last", "flag"),
    [
        ([3.3, 3.3, 3.3], [1.0, 2.0, 4.0], "no_spread"),
        ([3.0], [1.0, 2.0, 4.0], "one_psu;no_spread;few_psus"),
        ([3.0, 4.0], [1.0, 2.0, 4.0], "few_psus"),
        ([3.0, 4.0, np.nan], [np.nan, np.nan], "no_answers"),
    ],
)
def test_reasons_stand_where_there_is_no_number(first, last, flag):
    got = standardised_effect(waves(first, last), "score", design=FIRMS).iloc[0]
    assert got["flag"] == flag
    assert got[["effect", "se", "ci_low", "ci_high", "p"]].isna().all()


def test_an_unknown_spread_is_refused():
    with pytest.raises(UsageError, match="spread cannot be 'control'"):
        standardised_effect(waves([1, 2], [3]), "score", design=FIRMS, spread="control")


def test_correction_needs_two_degrees_of_freedom_and_tends_to_one():
    got = correct_few(np.array([1.0, 2.0, 1e6]))
    assert np.isnan(got[0])
    assert got[1] == pytest.approx(1 / np.sqrt(np.pi), rel=1e-12)  # G(1) / G(1/2)
    assert got[2] == pytest.approx(1 - 3 / (4e6 - 1), abs=1e-12)
