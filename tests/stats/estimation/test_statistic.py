"""What `stat` may ask for, and answers recoded for it; numbers that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from evaltools.errors import UsageError
from evaltools.stats import Design, change, estimate, totals
from evaltools.stats.estimation.statistic import read_statistic

DAYS = pd.DataFrame({"days": [2, 8, 8, 9, 30, np.nan], "bank": list("xxxyyy")})


@pytest.mark.parametrize(
    ("stat", "label", "form"),
    [
        ("mean", "mean", "mean"),
        ("net_promoter", "net_promoter", "mean"),
        (("quantile", 0.9), "quantile(0.9)", "proportion"),
        (["quantile", np.float64(0.5)], "quantile(0.5)", "proportion"),
        (("share_within", 8), "share_within(8)", "proportion"),
        (("share_within", 1234567.25), "share_within(1234567.25)", "proportion"),
        (("top_box", np.int64(4)), "top_box(4)", "proportion"),
    ],
)
def test_labels(stat, label, form):
    found = read_statistic(stat)
    assert (found.label, found.form) == (label, form)


@pytest.mark.parametrize(
    ("stat", "words"),
    [
        ("median", r"option-value: stat cannot be 'median'; choose one of: mean, .*\(quantile, p\)"),
        (("quantile",), "option-value: stat cannot be"),
        (("quantile", "0.5"), "option-value: stat cannot be"),
        (("quantile", 1.0), r"option-range: stat must lie between 0 and 1, but is \('quantile', 1.0\)"),
        (("share_within", None), "option-value"),
        (("top_box", float("nan")), "option-value"),
        (("net_promoter", 9), "option-value"),
    ],
)
def test_what_is_not_offered_is_named(stat, words):
    with pytest.raises(UsageError, match=words):
        read_statistic(stat)


def test_the_bound_counts_as_within():
    """3 of 5 answers are at most 8, 4 at most 9; the missing one is in neither."""
    assert estimate(DAYS, "days", stat=("share_within", 8))["estimate"][0] == 0.6
    assert estimate(DAYS, "days", stat=("share_within", 9))["estimate"][0] == 0.8
    got = estimate(DAYS, "days", "bank", stat=("share_within", 8))
    assert got["estimate"].tolist() == [1, 0]
    assert got["n"].tolist() == [3, 2]
    assert got["stat"].unique().tolist() == ["share_within(8)"]


def test_shares_have_the_intervals_of_proportions():
    frame = pd.DataFrame({"score": [5, 4, 4, 3, 1, 2, 5], "ok": [1, 1, 1, 0, 0, 0, 1]})
    for ci in ("auto", "t", "logit", "beta", "wilson"):
        top = estimate(frame, "score", stat=("top_box", 4), ci=ci)
        plain = estimate(frame, "ok", stat="proportion", ci=ci)
        pd.testing.assert_frame_equal(top.drop(columns=["item", "stat"]), plain.drop(columns=["item", "stat"]))


def test_net_promoter_by_hand():
    """Four of ten promote (9, 10), three detract (0 to 6): 40 - 30 = 10 points."""
    frame = pd.DataFrame({"recommend": [10, 9, 9, 10, 8, 7, 7, 6, 0, 3, None]})
    (row,) = estimate(frame, "recommend", stat="net_promoter").to_dict("records")
    assert (row["estimate"], row["n"]) == (pytest.approx(10), 10)
    # 100 four times, -100 three times, 0 three times: 4*90^2 + 3*110^2 + 3*10^2 = 69000; a root of 69000/(9*10)
    assert row["se"] == pytest.approx(np.sqrt(11 / 10 * 69000 / 100))


@pytest.mark.parametrize("wrong", [11, -1, 7.5])
def test_net_promoter_needs_whole_answers_from_0_to_10(wrong):
    frame = pd.DataFrame({"recommend": [10, 9, wrong, np.nan]})
    with pytest.raises(UsageError, match=r"stat-not-promoter: .* column recommend has rows with others: 1"):
        estimate(frame, "recommend", stat="net_promoter")


@pytest.mark.parametrize("stat", ["net_promoter", ("share_within", 8), ("top_box", 8), ("quantile", 0.5)])
def test_totals_hold_no_answers(stat):
    held = totals(DAYS, "days", "bank")
    with pytest.raises(UsageError, match=r"stat-totals: .* looks at single answers"):
        estimate(held, None, stat=stat)
    with pytest.raises(UsageError, match="stat-totals"):
        change(held, None, stat=stat)


def test_pairs_are_for_ratios():
    with pytest.raises(UsageError, match=r"stat-pairs: stat = 'top_box\(4\)' takes single columns"):
        estimate(DAYS, [("days", "days")], stat=("top_box", 4))


@pytest.mark.parametrize("stat", ["net_promoter", ("share_within", 3), ("top_box", 4), ("quantile", 0.6)])
def test_changes_of_recoded_answers_are_differences_of_levels(sample, stat):
    design = Design(weight="weight", stratum="stratum", psu="firm")
    got = change(sample, "score", "bank", design=design, stat=stat)
    for wave in ("baseline", "endline"):
        part = estimate(sample, "score", ["bank", "wave"], design, stat=stat).query("wave == @wave")
        np.testing.assert_allclose(got[wave], part["estimate"], rtol=1e-12)
    np.testing.assert_allclose(got["change"], got["endline"] - got["baseline"])
    assert got["stat"].unique().tolist() == [read_statistic(stat).label]


@pytest.mark.parametrize("stat", ["net_promoter", ("share_within", 3), ("quantile", 0.6)])
def test_an_arrow_table_gives_the_same(sample, stat):
    frame = sample[["bank", "score", "weight"]]
    got = estimate(pa.Table.from_pandas(frame), "score", "bank", Design(weight="weight"), stat=stat)
    pd.testing.assert_frame_equal(got, estimate(frame, "score", "bank", Design(weight="weight"), stat=stat))
