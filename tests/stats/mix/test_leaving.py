"""Attrition: who counts as having left, rates by trait, and answers of those who left."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from evaltools.errors import UsageError
from evaltools.stats import Design, attrition, change, estimate

FIRMS = Design(psu="firm")

# of six firms at the baseline two come back; f is new; e answers twice at the baseline
ROWS = pd.DataFrame({
    "firm": list("abcdeeabf"), "wave": [1, 1, 1, 1, 1, 1, 2, 2, 2], "size": list("ssslll") + list("ssl"),
    "score": [5.0, 4, 2, 1, 2, 4, 5, 5, 5], "days": [3.0, 5, 9, 8, 7, 9, 1, 1, 1],
})  # fmt: skip


def test_rates_count_respondents_once():
    got = attrition(ROWS, design=FIRMS, traits="size").rates
    assert got[["trait", "value", "n_baseline", "n_stayed", "n_left"]].to_numpy().tolist() == [
        ["", "", 5, 2, 3], ["size", "l", 2, 0, 2], ["size", "s", 3, 2, 1],
    ]  # fmt: skip
    np.testing.assert_allclose(got["rate"], [0.6, 1.0, 1 / 3])
    assert got.loc[1, "ci_high"] == 1.0
    assert 0 < got.loc[1, "ci_low"] < 1


def test_rates_are_those_of_a_zero_one_column(draw):
    """Two roads: `estimate` of having left, over one row a firm and bank."""
    frame = draw(21, firms=60)
    design = Design(weight="weight", stratum="stratum", psu="firm", overlap="pattern", lonely_psu="adjust")
    got = attrition(frame, "bank", design=design).rates
    first = frame[frame["wave"] == "baseline"].drop_duplicates(["firm", "bank"])
    later = set(frame.loc[frame["wave"] == "endline", ["firm", "bank"]].itertuples(index=False, name=None))
    first = first.assign(gone=[float(pair not in later) for pair in zip(first["firm"], first["bank"], strict=True)])
    expected = estimate(first, "gone", "bank", design, ci="beta")
    for ours, theirs in (("rate", "estimate"), ("se", "se"), ("df", "df"), ("ci_low", "ci_low"), ("n_baseline", "n")):
        np.testing.assert_allclose(got[ours], expected[theirs], rtol=1e-12)


def test_weights_of_several_rows_are_averaged():
    rows = ROWS.assign(weight=[1.0, 1, 1, 1, 2, 4, 1, 1, 1])
    got = attrition(rows, design=Design(weight="weight", psu="firm")).rates.iloc[0]
    assert got["rate"] == pytest.approx((1 + 1 + 3) / 7)
    assert got["n_left"] == 3


def test_answers_of_those_who_left_less_those_who_stayed(draw):
    got = attrition(ROWS, design=FIRMS, items=["score", "days"]).answers.set_index("item")
    assert got.loc["score", ["stayed", "left", "difference", "n_stayed", "n_left"]].tolist() == [4.5, 2.25, -2.25, 2, 4]
    assert got["p_bh"].tolist() == pytest.approx([got["p"].max(), min(2 * got["p"]["days"], got["p"].max())])
    frame = draw(22, firms=60)
    gone = frame[frame["wave"] == "baseline"].copy()
    gone["side"] = (~gone["firm"].isin(frame.loc[frame["wave"] == "endline", "firm"])).astype(int)
    design = Design(weight="weight", stratum="stratum", psu="firm", df="domain")
    ours = attrition(frame, design=design, items="score").answers.iloc[0]
    theirs = change(gone, "score", wave="side", design=design).iloc[0]
    for column, other in (("difference", "change"), ("se", "se"), ("df", "df"), ("ci_low", "ci_low"), ("p", "p")):
        assert ours[column] == pytest.approx(theirs[other], rel=1e-12)


def test_nobody_left():
    rows = ROWS[ROWS["firm"].isin(["a", "b"])]
    got = attrition(rows, design=FIRMS, items="score")
    assert got.rates["rate"].tolist() == [0.0]
    assert got.rates["ci_high"][0] > 0
    assert got.answers[["left", "difference", "se", "p"]].isna().all(axis=None)
    assert got.answers["flag"].tolist() == ["no_answers"]


def test_rows_of_weight_zero_neither_answer_nor_stay():
    rows = ROWS.assign(weight=[0.0, 1, 1, 1, 1, 1, 1, 0, 1])
    got = attrition(rows, design=Design(weight="weight", psu="firm")).rates.iloc[0]
    assert got[["n_baseline", "n_stayed", "n_left"]].tolist() == [4, 0, 4]


def test_population_counts_belong_to_the_baseline():
    got = attrition(ROWS.assign(firms=20), design=Design(psu="firm", fpc="firms"), items="score")
    assert not got.answers["flag"].str.contains("fpc_union").any()
    plain = attrition(ROWS, design=FIRMS, items="score").answers["se"]
    np.testing.assert_allclose(got.answers["se"], plain * np.sqrt(1 - 5 / 20), rtol=1e-12)


def test_columns_named_like_our_own_are_read():
    got = attrition(ROWS.rename(columns={"size": "left"}), design=FIRMS, items="score", traits="left")
    assert got.rates["trait"].tolist() == ["", "left", "left"]
    same = attrition(ROWS, design=FIRMS, items="score")
    pd.testing.assert_frame_equal(got.answers, same.answers)


def test_arrow_gives_the_same_and_domains_stay_apart():
    rows = ROWS.assign(bank=list("xxxyyyxxy"))
    got = attrition(rows, "bank", design=FIRMS, items=["score"], traits=["size"])
    arrow = attrition(pa.Table.from_pandas(rows), "bank", design=FIRMS, items=["score"], traits=["size"])
    pd.testing.assert_frame_equal(got.rates, arrow.rates)
    pd.testing.assert_frame_equal(got.answers, arrow.answers)
    assert got.rates.loc[got.rates["trait"] == "", ["bank", "n_baseline", "n_left"]].to_numpy().tolist() == [
        ["x", 3, 1], ["y", 2, 2],
    ]  # fmt: skip


def test_a_domain_that_begins_at_the_endline_has_nobody_to_lose():
    rows = ROWS.assign(bank=list("xxxyyyxxa"))
    got = attrition(rows, "bank", design=FIRMS, items="score")
    assert got.rates["bank"].tolist() == got.answers["bank"].tolist() == ["x", "y"]
    assert got.answers["n_left"].tolist() == [1, 3]


def test_without_items_there_is_an_empty_table_of_answers():
    assert attrition(ROWS, design=FIRMS).answers.columns.tolist() == [
        "item", "stayed", "left", "difference", "se", "df", "ci_low", "ci_high", "p", "p_bh", "n_stayed", "n_left",
        "flag",
    ]  # fmt: skip


def test_one_firm_at_the_baseline_has_a_rate_and_a_reason():
    rows = ROWS[(ROWS["firm"] == "a") | (ROWS["wave"] == 2)]
    row = attrition(rows, design=Design(psu="firm", lonely_psu="remove")).rates.iloc[0]
    assert row[["n_baseline", "n_stayed", "n_left", "rate"]].tolist() == [1, 1, 0, 0.0]
    assert "one_psu;no_df" in row["flag"]
    assert np.isnan(row["ci_high"])


def test_refusals():
    with pytest.raises(UsageError, match="Design must name psu"):
        attrition(ROWS)
    with pytest.raises(UsageError, match="cannot stand in by: 'trait'"):
        attrition(ROWS.assign(trait=1), "trait", design=FIRMS)
    with pytest.raises(UsageError, match="no such columns: sector"):
        attrition(ROWS, design=FIRMS, traits="sector")
