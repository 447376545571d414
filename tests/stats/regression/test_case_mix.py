"""Means of banks adjusted to one mix of firms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import DesignError, UsageError
from evaltools.stats import Design, adjust_case_mix, change, estimate

FIRMS = Design(psu="firm")


def draw(seed: int, n: int = 300) -> pd.DataFrame:
    """Bank b is as good as bank a, but serves farms, which are slower to serve everywhere."""
    rng = np.random.default_rng(seed)
    bank = rng.choice(["a", "b"], n)
    kind = np.where(rng.random(n) < np.where(bank == "b", 0.8, 0.2), "farm", "shop")
    days = 8.0 + 4 * (kind == "farm") + rng.normal(0, 1, n)
    wave = rng.choice(["base", "end"], n)
    return pd.DataFrame(
        {"bank": bank, "kind": kind, "days": days - (wave == "end"), "wave": wave, "firm": rng.integers(0, 150, n)}
    )


def test_what_the_mix_makes_goes_away():
    got = adjust_case_mix(draw(1), "days", "bank", "kind", FIRMS).frame
    assert got["raw"][1] - got["raw"][0] > 2
    assert abs(got["adjusted"][1] - got["adjusted"][0]) < 0.4
    assert (got["flag"] == "").all()


def test_a_covariate_of_chance_changes_little_and_one_bank_nothing():
    frame = draw(2).assign(noise=np.random.default_rng(3).normal(size=300))
    got = adjust_case_mix(frame, "days", "bank", "noise", FIRMS).frame
    np.testing.assert_allclose(got["adjusted"], got["raw"], atol=0.1)
    alone = adjust_case_mix(frame.assign(bank="a"), "days", "bank", "kind", FIRMS).frame
    plain = estimate(frame, "days", design=FIRMS)
    assert alone["adjusted"][0] == pytest.approx(alone["raw"][0]) == pytest.approx(plain["estimate"][0])
    assert alone["se"][0] == pytest.approx(alone["raw_se"][0]) == pytest.approx(plain["se"][0])
    assert alone["df"][0] == plain["df"][0] - 1


def test_raw_levels_and_changes_are_those_of_the_core():
    frame = draw(4)
    got = adjust_case_mix(frame, "days", "bank", "kind", Design(psu="firm", df="domain")).frame
    plain = estimate(frame, "days", "bank", Design(psu="firm", df="domain"))
    np.testing.assert_allclose(got[["raw", "raw_se"]], plain[["estimate", "se"]], rtol=1e-10)
    assert got["df"].tolist() == plain["df"].tolist()
    for overlap in ("union", "pattern"):
        design = Design(psu="firm", df="domain", overlap=overlap)
        waves = adjust_case_mix(frame, "days", "bank", "kind", design, "wave").frame
        core = change(frame, ["days"], "bank", design=design)
        np.testing.assert_allclose(
            waves[["raw_baseline", "raw_endline", "raw_change", "raw_se", "df"]],
            core[["baseline", "endline", "change", "se", "df"]], rtol=1e-10,
        )  # fmt: skip


def test_the_covariance_is_that_of_a_difference():
    """Firms at both banks: the variance of the difference equals that of the bank's coefficient."""
    from evaltools.stats import fit_linear

    frame = draw(5)
    covariance = adjust_case_mix(frame, "days", "bank", "kind", FIRMS).covariance
    slope = fit_linear(frame, "days", ["bank", "kind"], FIRMS).covariance[0, 1, 1]
    assert covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1] == pytest.approx(slope)


def test_no_overlap():
    """Bank c serves no farm; bank d only firms larger than the pooled mean."""
    frame = pd.concat([draw(6), draw(7, 40).assign(bank="c", kind="shop"), draw(8, 40).assign(bank="d")])
    frame["size"] = np.random.default_rng(9).uniform(0, 10, len(frame)) + 20 * (frame["bank"] == "d")
    got = adjust_case_mix(frame, "days", "bank", ["kind", "size"], FIRMS).frame
    assert got["flag"].tolist() == ["", "", "no_overlap", "no_overlap"]
    assert got["adjusted"].notna().all()
    shops = pd.DataFrame({"kind": ["shop"]})
    assert (adjust_case_mix(frame, "days", "bank", "kind", FIRMS, target=shops).frame["flag"] == "").all()


def test_no_overlap_in_one_wave():
    frame = draw(10)
    frame = frame[(frame["bank"] == "a") | (frame["wave"] == "base") | (frame["kind"] == "farm")]
    assert adjust_case_mix(frame, "days", "bank", "kind", FIRMS, "wave").frame["flag"].tolist() == ["", "no_overlap"]


def test_reasons():
    frame = draw(11)
    inside = adjust_case_mix(frame.assign(owner=frame["bank"]), "days", "bank", "owner", FIRMS)
    assert (inside.frame["flag"] == "collinear").all()
    assert np.isnan(inside.covariance).all()
    gone = frame.assign(days=frame["days"].where((frame["bank"] == "a") | (frame["wave"] == "base")))
    waves = adjust_case_mix(gone, "days", "bank", "kind", FIRMS, "wave")
    assert waves.frame["flag"].tolist() == ["", "no_answers"]
    assert np.isnan(waves.covariance[:, 1]).all()
    assert np.isfinite(waves.frame["adjusted_baseline"][1])
    nobody = adjust_case_mix(frame.assign(days=np.nan), "days", "bank", "kind", FIRMS).frame
    assert nobody["flag"].tolist() == ["no_answers"] * 2
    still = adjust_case_mix(frame.assign(days=1.0), "days", "bank", "kind", FIRMS).frame
    assert still["flag"].tolist() == ["no_variation"] * 2
    few = adjust_case_mix(frame.assign(firm=frame["bank"]), "days", "bank", "kind", FIRMS).frame
    assert few["flag"].tolist() == ["no_df"] * 2
    assert few["ci_low"].isna().all()
    assert adjust_case_mix(frame, "days", "bank", "kind", wave="wave").frame["flag"].tolist() == ["overlap_unknown"] * 2


def test_rows_without_a_covariate_are_counted():
    frame = draw(12)
    frame.loc[frame.index[:30], "kind"] = None
    got = adjust_case_mix(frame, "days", "bank", "kind", FIRMS).frame
    assert (got["n"] + got["n_left_out"]).tolist() == frame.groupby("bank").size().tolist()
    assert got["n_left_out"].sum() == 30


def test_population_counts_with_partial_overlap_are_flagged():
    frame = draw(13).assign(firms=1000)
    got = adjust_case_mix(frame, "days", "bank", "kind", Design(psu="firm", fpc="firms"), "wave").frame
    assert got["flag"].tolist() == ["fpc_union"] * 2


def test_target_weights():
    frame = draw(14).assign(w=1.0)
    design = Design(weight="w", psu="firm")
    weighted = pd.DataFrame({"kind": ["farm", "shop"], "w": [3, 1]})
    counted = pd.DataFrame({"kind": ["farm", "farm", "farm", "shop"]})
    first, second = (
        adjust_case_mix(frame, "days", "bank", "kind", design, target=part) for part in (weighted, counted)
    )
    pd.testing.assert_frame_equal(first.frame, second.frame)


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("national", "regression-target"),
        (pd.DataFrame({"kind": []}), "regression-target"),
        (pd.DataFrame({"size": [1]}), "frame-column-missing"),
        (pd.DataFrame({"kind": ["farm", "mill"]}), "regression-target-category.*mill"),
        (pd.DataFrame({"kind": [1, 2]}), "frame-not-numeric"),
        (3, "frame-type"),
    ],
)
def test_targets_that_cannot_be_read(target, code):
    with pytest.raises(UsageError, match=code):
        adjust_case_mix(draw(0), "days", "bank", "kind", target=target)


def test_targets_with_gaps():
    frame = draw(0).assign(w=1.0)
    with pytest.raises(DesignError, match="frame-values-missing"):
        adjust_case_mix(frame, "days", "bank", "kind", target=pd.DataFrame({"kind": ["farm", None]}))
    for weight, code in ((np.nan, "frame-values-missing"), (-1.0, "weight-invalid"), (0.0, "weight-invalid")):
        target = pd.DataFrame({"kind": ["farm"], "w": [weight]})
        with pytest.raises(DesignError, match=code):
            adjust_case_mix(frame, "days", "bank", "kind", Design(weight="w"), target=target)


@pytest.mark.parametrize("covariates", [[], ["kind", "kind"], ["bank"], ["days"], [("kind", "firm")]])
def test_covariates_that_cannot_be(covariates):
    with pytest.raises(UsageError, match="regression-terms"):
        adjust_case_mix(draw(0), "days", "bank", covariates)


def test_other_refusals():
    with pytest.raises(UsageError, match="option-pair"):
        adjust_case_mix(draw(0), "days", "bank", "kind", waves=("base", "end"))
    with pytest.raises(UsageError, match="by-columns"):
        adjust_case_mix(draw(0).assign(raw="x"), "days", "raw", "kind")
