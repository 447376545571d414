"""`key_drivers`: shares of explained variance, their intervals, reasons, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from evaltools.errors import DesignError, UsageError
from evaltools.stats import Design, key_drivers

DRIVERS = ["speed", "cost", "staff"]


def draw(n=200, seed=3, slopes=(1.0, 0.5, 0.0), noise=1.0):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 3))
    outcome = values @ np.array(slopes) + noise * rng.normal(size=n)
    bank = np.where(np.arange(n) % 2, "east", "west")
    return pd.DataFrame(values, columns=DRIVERS).assign(overall=outcome, bank=bank, weight=rng.uniform(1, 3, n))


def shares(frame, drivers=DRIVERS, **options):
    return key_drivers(frame, "overall", drivers, seed=1, **{"replicates": 100, **options})


@pytest.mark.parametrize("method", ["shapley", "relative_weights"])
def test_contributions_sum_to_what_is_explained(method):
    got = shares(draw(), method=method)
    assert got["contribution"].sum() == pytest.approx(got["r2"][0])
    assert got["share"].sum() == pytest.approx(1)
    assert got["rank"].tolist() == [1, 2, 3]
    assert (got["ci_low"] <= got["share"])[:2].all()
    assert (got["ci_high"] >= got["share"])[:2].all()
    assert got["flag"].tolist() == ["", "", ""]


def test_uncorrelated_drivers_share_by_their_squared_correlations():
    """A full factorial of signs: contributions are slopes^2 over the variance, whatever the order."""
    signs = np.array([[a, b, c] for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)] * 8, float)
    frame = pd.DataFrame(signs, columns=DRIVERS).assign(overall=signs @ np.array([2.0, 1.0, 0.0]))
    for method in ("shapley", "relative_weights"):
        got = shares(frame, method=method)
        np.testing.assert_allclose(got["contribution"], [0.8, 0.2, 0], atol=1e-12)
        np.testing.assert_allclose(got["vif"], 1)


def test_the_order_of_drivers_and_their_units_do_not_matter():
    frame = draw()
    got = shares(frame).set_index("driver")
    other = shares(frame.assign(cost=100 - 7 * frame["cost"]), DRIVERS[::-1]).set_index("driver").loc[DRIVERS]
    for name in ("share", "se", "ci_low", "vif"):
        np.testing.assert_allclose(other[name], got[name], rtol=1e-9)
    assert other["correlation"]["cost"] == pytest.approx(-got["correlation"]["cost"])


def test_domains_at_once_are_domains_alone():
    """The draw is of the whole sample, so shares agree, and so do replicates where the other bank is a stratum."""
    frame = draw(400)
    design = Design(stratum="bank", weight="weight")
    both = shares(frame, by="bank", design=design)
    alone = shares(frame[frame["bank"] == "west"].reset_index(drop=True), by="bank", design=design)
    pd.testing.assert_frame_equal(both.iloc[3:].reset_index(drop=True), alone, rtol=1e-9)


def test_an_arrow_table_gives_the_same():
    frame = draw()
    pd.testing.assert_frame_equal(shares(pa.Table.from_pandas(frame)), shares(frame))


def test_firms_that_answer_thrice_have_wider_intervals_than_three_firms():
    frame = pd.concat([draw(90, noise=3.0)] * 3, ignore_index=True).assign(firm=lambda table: table.index % 90)
    together, apart = shares(frame, design=Design(psu="firm")), shares(frame)
    np.testing.assert_allclose(together["share"], apart["share"], rtol=1e-9)
    assert (together["se"] > 1.4 * apart["se"]).all()
    assert together["n_psu"].tolist() == [90, 90, 90]


def test_the_bootstrap_error_is_that_of_repeated_samples():
    """300 samples of 200: their spread is known to 4 %, a bootstrap of 500 to 3 %; they agree within 15 %."""
    spread = np.std([shares(draw(seed=seed))["share"] for seed in range(300)], axis=0, ddof=1)
    errors = np.mean([shares(draw(seed=seed), replicates=500)["se"] for seed in range(20)], axis=0)
    np.testing.assert_allclose(errors[:2], spread[:2], rtol=0.15)


def test_the_same_seed_gives_the_same_bits():
    frame = draw()
    pd.testing.assert_frame_equal(shares(frame), shares(frame), check_exact=True)
    assert key_drivers(frame, "overall", DRIVERS, replicates=100, seed=2)["se"][0] != shares(frame)["se"][0]


@pytest.mark.parametrize(
    ("frame", "flags"),
    [
        (draw(29), ["few_answers"] * 3),
        (draw().assign(overall=1.0), ["no_variation"] * 3),
        (draw().assign(cost=0.1), ["no_variation"] * 3),
        (draw(noise=9.0), ["explains_little"] * 3),
        (draw().assign(cost=lambda table: table["speed"] + table["cost"] / 5), ["collinear", "collinear", ""]),
        (draw().assign(overall=np.nan), ["no_answers"] * 3),
    ],
)
def test_reasons(frame, flags):
    got = shares(frame)
    assert got["flag"].tolist() == flags
    assert got["share"].isna().all() == (flags[0] in {"few_answers", "no_variation", "no_answers"})


def test_a_driver_that_follows_from_others_has_shapley_shares_and_no_relative_weights():
    frame = draw().assign(cost=lambda table: 2 * table["speed"])
    shapley = shares(frame)
    assert shapley["flag"].tolist() == ["singular", "singular", ""]
    assert shapley["share"][0] == pytest.approx(shapley["share"][1])
    johnson = shares(frame, method="relative_weights")
    assert johnson["flag"].tolist() == ["singular"] * 3
    assert johnson["share"].isna().all()


def test_few_units_are_few_answers_however_often_they_answer():
    frame = pd.concat([draw(20)] * 10, ignore_index=True).assign(firm=lambda table: table.index % 20)
    assert shares(frame, design=Design(psu="firm"))["flag"].tolist() == ["few_answers"] * 3


@pytest.mark.parametrize(
    ("drivers", "options", "error"),
    [
        (["speed"], {}, "drivers-names"),
        (["speed", "speed"], {}, "drivers-names"),
        (["speed", "overall"], {}, "drivers-names: .*'overall'"),
        ([f"x{k}" for k in range(13)], {}, "drivers-too-many: .*12.*13.*relative_weights"),
        (DRIVERS, {"method": "beta"}, "option-value: method"),
        (DRIVERS, {"replicates": 50}, "option-range: replicates"),
        (DRIVERS, {"by": "share"}, "by-columns"),
        (DRIVERS, {"level": 0}, "option-range: level"),
    ],
)
def test_what_is_refused(drivers, options, error):
    with pytest.raises(UsageError, match=error):
        shares(draw(), drivers, **options)


def test_a_stratum_with_one_firm_cannot_be_drawn():
    frame = draw().assign(stratum=["alone"] + ["rest"] * 199)
    with pytest.raises(DesignError, match="bootstrap-lonely"):
        shares(frame, design=Design(stratum="stratum"))
