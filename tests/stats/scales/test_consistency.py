"""`scale_reliability`: small tables by hand, reasons, reversed items, other roads to the same numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from evaltools.errors import UsageError
from evaltools.stats import Design, Replicates, scale_reliability
from evaltools.stats.scales.alpha import alpha_of

ITEMS = ["q1", "q2", "q3", "q4"]


def draw(n=80, seed=1, loadings=(0.8, 0.7, 0.6, 0.7)):
    """n firms answer items that share one factor."""
    rng = np.random.default_rng(seed)
    liking = rng.normal(size=n)
    answers = {
        f"q{k}": liking * loading + rng.normal(0, 0.6, n) for k, loading in enumerate(loadings, start=1)
    }  # fmt: skip
    return pd.DataFrame({**answers, "bank": np.where(np.arange(n) % 2, "east", "west"), "weight": rng.uniform(1, 4, n)})


def test_alpha_of_two_items_by_hand():
    """Variances 2 and 2, covariance 1: alpha = 2 (1 - 4/6)."""
    assert alpha_of(np.array([[2.0, 1.0], [1.0, 2.0]])) == pytest.approx(2 / 3)


def test_equal_answers_to_all_items_are_perfectly_consistent():
    frame = pd.DataFrame({name: np.arange(12) % 5 for name in ITEMS})
    (row,) = scale_reliability(frame, ITEMS).scale.to_dict("records")
    assert row["alpha"] == pytest.approx(1)
    assert row["std_alpha"] == pytest.approx(1)


def test_domains_at_once_are_domains_alone():
    """All but the error, which counts the units outside the domain too, as the error of any domain does."""
    frame = draw()
    both = scale_reliability(frame, ITEMS, "bank").scale.drop(columns=["se", "df"])
    for place, bank in enumerate(["east", "west"]):
        alone = scale_reliability(frame[frame["bank"] == bank], ITEMS, "bank").scale.drop(columns=["se", "df"])
        pd.testing.assert_frame_equal(both.iloc[[place]].reset_index(drop=True), alone)


def test_the_wave_is_one_more_column_of_the_domains():
    frame = draw().assign(wave=lambda table: np.where(table.index < 40, "baseline", "endline"))
    found = scale_reliability(frame, ITEMS, "bank", "wave")
    assert found.scale[["bank", "wave"]].to_numpy().tolist() == [
        ["east", "baseline"], ["east", "endline"], ["west", "baseline"], ["west", "endline"],
    ]  # fmt: skip
    assert len(found.items) == 16


def test_an_arrow_table_gives_the_same():
    frame = draw()
    design = Design(weight="weight")
    pd.testing.assert_frame_equal(
        scale_reliability(pa.Table.from_pandas(frame), ITEMS, "bank", design=design).scale,
        scale_reliability(frame, ITEMS, "bank", design=design).scale,
    )


def test_units_and_scales_of_items_change_nothing_but_means():
    frame = draw()
    moved = frame.assign(**{name: 5 + 10 * frame[name] for name in ITEMS})
    left, right = scale_reliability(frame, ITEMS), scale_reliability(moved, ITEMS)
    columns = ["alpha", "se", "ci_low", "ci_high", "std_alpha", "omega_total"]
    np.testing.assert_allclose(left.scale[columns].to_numpy(), right.scale[columns].to_numpy(), rtol=1e-10)


def test_rows_with_a_gap_are_left_out_and_counted():
    frame = draw()
    frame.loc[:7, "q1"] = np.nan
    (row,) = scale_reliability(frame, ITEMS).scale.to_dict("records")
    assert (row["n"], row["missing_share"]) == (72, pytest.approx(0.1))
    (whole,) = scale_reliability(frame.loc[8:], ITEMS).scale.to_dict("records")
    assert row["alpha"] == whole["alpha"]


def test_weights_of_zero_are_no_answers():
    frame = draw()
    frame.loc[:9, "weight"] = 0.0
    (row,) = scale_reliability(frame, ITEMS, design=Design(weight="weight")).scale.to_dict("records")
    assert (row["n"], row["missing_share"]) == (70, 0)


def test_a_reversed_item_is_an_error_that_names_it_and_turning_mends_it():
    frame = draw()
    against = frame.assign(q3=-frame["q3"])
    with pytest.raises(UsageError, match=r"scale-reversed: .*: q3\. .*\(now \(\)\)"):
        scale_reliability(against, ITEMS)
    with pytest.raises(UsageError, match=r"scale-reversed: .*: q3\. .*\(now q3\)"):
        scale_reliability(frame, ITEMS, reverse=["q3"])
    turned = scale_reliability(against, ITEMS, reverse="q3")
    assert turned.scale["alpha"][0] == pytest.approx(scale_reliability(frame, ITEMS).scale["alpha"][0])
    assert turned.items["turned"].tolist() == [False, False, True, False]
    assert turned.items["mean"][2] == pytest.approx(against["q3"].mean())


def test_an_item_that_runs_against_the_others_in_one_bank_is_flagged():
    frame = draw(200)
    frame.loc[frame["bank"] == "east", "q4"] *= -0.3
    found = scale_reliability(frame, ITEMS, "bank")
    assert found.scale["flag"].tolist() == ["negative_item", ""]
    assert found.items.query("flag != ''")[["bank", "item", "flag"]].to_numpy().tolist() == [
        ["east", "q4", "negative_item"]
    ]


@pytest.mark.parametrize(
    ("n", "flag", "known"),
    [(9, "few_answers", []), (20, "few_for_factor", ["alpha"]), (30, "", ["alpha", "omega_total"])],
)
def test_too_few_answers_give_a_reason(n, flag, known):
    found = scale_reliability(draw(n), ITEMS)
    (row,) = found.scale.to_dict("records")
    assert row["flag"] == flag
    for name in ("alpha", "omega_total", "ci_low", "se"):
        expected = name in known or (name in {"ci_low", "se"} and "alpha" in known)
        assert np.isfinite(row[name]) == expected
    assert found.items["loading"].notna().all() == ("omega_total" in known)


def test_two_items_have_alpha_and_no_factor():
    (row,) = scale_reliability(draw(), ["q1", "q2"]).scale.to_dict("records")
    assert row["flag"] == "two_items"
    assert np.isfinite(row["alpha"])
    assert np.isnan(row["omega_total"])


def test_an_item_without_variation_gives_a_reason():
    found = scale_reliability(draw().assign(q2=3.0), ITEMS)
    assert found.scale["flag"].tolist() == ["no_variation"]
    assert found.scale["omega_total"].isna().all()
    assert found.items["flag"].tolist() == ["", "no_variation", "", ""]


def test_the_factor_may_not_explain_an_item_whole():
    """q1 is the sum of the others' factors: least squares drives its unique variance to the bound."""
    frame = draw(60, seed=4)
    frame["q1"] = frame[["q2", "q3", "q4"]].sum(axis=1)
    (row,) = scale_reliability(frame, ITEMS).scale.to_dict("records")
    assert "improper" in row["flag"]
    assert np.isnan(row["omega_total"])


def test_feldt_is_for_simple_random_samples():
    frame = draw().assign(firm=lambda table: table.index // 2)
    simple = scale_reliability(frame, ITEMS, ci="feldt").scale
    pd.testing.assert_frame_equal(simple, scale_reliability(frame, ITEMS).scale)
    assert scale_reliability(frame, ITEMS, ci="design").scale["ci_low"][0] != simple["ci_low"][0]
    with pytest.raises(UsageError, match="option-pair: ci = feldt"):
        scale_reliability(frame, ITEMS, design=Design(psu="firm"), ci="feldt")


def test_one_unit_has_no_error():
    frame = draw().assign(firm=1)
    (row,) = scale_reliability(frame, ITEMS, design=Design(psu="firm", lonely_psu="remove")).scale.to_dict("records")
    assert row["flag"] == "no_df"
    assert np.isnan(row["ci_low"])
    assert np.isfinite(row["alpha"])


@pytest.mark.parametrize(
    ("items", "options", "error"),
    [
        (["q1"], {}, "scale-items: items must name at least 2"),
        ([("q1", "q2"), "q3"], {}, "scale-items"),
        (ITEMS, {"reverse": ["q9"]}, "scale-reverse: .*'q9'"),
        (ITEMS, {"by": "alpha"}, "by-columns: .*'alpha'"),
        (ITEMS, {"by": "bank", "wave": "bank"}, "by-columns: .*'bank'"),
        (ITEMS, {"level": 1.0}, "option-range: level"),
        (ITEMS, {"ci": "wald"}, "option-value: ci"),
        ([*ITEMS, "q5"], {}, "frame-column-missing: .*q5"),
    ],
)
def test_what_is_refused(items, options, error):
    with pytest.raises(UsageError, match=error):
        scale_reliability(draw(), items, **options)


def test_replicate_weights_are_not_offered():
    frame = draw().assign(r1=1.0, r2=2.0)
    design = Design(weight="weight", replicates=Replicates(("r1", "r2"), kind="bootstrap"))
    with pytest.raises(UsageError, match="option-not-offered: replicates"):
        scale_reliability(frame, ITEMS, design=design)
