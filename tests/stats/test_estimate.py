"""`estimate`: numbers that can be checked by hand, reasons, intervals, design effects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import DesignError, UsageError
from evaltools.stats import Design, estimate, totals

COLUMNS = [
    "bank", "item", "stat", "estimate", "se", "df", "ci_low", "ci_high", "n", "n_psu", "n_eff", "deff",
    "missing_share", "flag",
]  # fmt: skip
FIRMS = Design(weight="weight", stratum="stratum", psu="firm")


def test_columns(sample):
    got = estimate(sample, ["score", "days"], "bank", FIRMS)
    assert got.columns.tolist() == COLUMNS
    assert isinstance(got.index, pd.RangeIndex)
    assert got["item"].tolist() == ["score", "days"] * 3


def test_four_rows_by_hand():
    """Mean of 1, 2, 3, 6 is 3; squares 4 + 1 + 0 + 9 = 14; V = 4/3 * 14/16 (one stratum, rows are units)."""
    (row,) = estimate(pd.DataFrame({"q": [1, 2, 3, 6]}), "q").to_dict("records")
    assert (row["estimate"], row["n"], row["n_psu"], row["df"]) == (3, 4, 4, 3)
    assert row["se"] == pytest.approx(np.sqrt(14 / 12), rel=1e-14)
    # qt(.975, 3) in R
    assert row["ci_high"] - 3 == pytest.approx(3.18244630528371 * np.sqrt(14 / 12), rel=1e-12)
    # without weights that expand to a population the comparison is a sample with replacement: this very design
    assert (row["deff"], row["n_eff"]) == (pytest.approx(1), pytest.approx(4))


def test_twelve_firms_df_by_hand():
    """Twelve firms, three strata: design df 9. Bank x: six firms in two strata, so 4; bank y: six in three, so 3."""
    frame = pd.DataFrame({
        "firm": [f"F{k}" for k in range(12)],
        "stratum": list("aaaaaabbbbcc"),
        "bank": list("xxxxyyxxyyyy"),
        "q": [1, 2, 4, 3, 5, 5, 2, 1, 4, 4, 3, 2],
    })  # fmt: skip
    designs = {rule: Design(stratum="stratum", psu="firm", df=rule) for rule in ("design", "domain")}
    assert estimate(frame, "q", "bank", designs["design"])["df"].tolist() == [9, 9]
    assert estimate(frame, "q", "bank", designs["domain"])["df"].tolist() == [4, 3]


def test_firms_outside_the_domain_count_in_the_design():
    """Two of four firms rate x: V = 4/3 (0.5^2 + 0.5^2)/4. Had the others been dropped it were 2/1 of that sum."""
    frame = pd.DataFrame({"firm": list("abcd"), "bank": list("xxyy"), "q": [1.0, 2, 7, 7]})
    x, y = estimate(frame, "q", "bank", Design(psu="firm")).to_dict("records")
    assert x["se"] == pytest.approx(np.sqrt(4 / 3 * 0.5 / 4))
    assert (y["se"], y["flag"]) == (0, "no_variation")


def test_a_missing_answer_leaves_the_firm_in_the_design():
    frame = pd.DataFrame({"firm": list("abcd"), "q": [1.0, 2, np.nan, np.nan]})
    (row,) = estimate(frame, "q", design=Design(psu="firm")).to_dict("records")
    assert row["se"] == pytest.approx(np.sqrt(4 / 3 * 0.5 / 4))
    assert (row["n"], row["n_psu"], row["df"], row["missing_share"]) == (2, 2, 3, 0.5)


def test_all_missing_group_is_a_row_with_a_reason():
    frame = pd.DataFrame({"bank": list("xxyy"), "q": [1.0, 2, np.nan, np.nan]})
    row = estimate(frame, "q", "bank").iloc[1]
    assert (row["bank"], row["n"], row["missing_share"], row["flag"]) == ("y", 0, 1, "no_answers")
    assert row[["estimate", "se", "df", "ci_low", "ci_high", "n_eff", "deff"]].isna().all()


def test_a_single_psu_and_equal_answers_are_said():
    frame = pd.DataFrame({"firm": list("abbc"), "bank": list("xyyz"), "q": [1.0, 2, 4, 0.1]})
    got = estimate(frame, "q", "bank", Design(psu="firm"))
    assert got["flag"].tolist() == ["one_psu;no_variation"] * 3
    equal = estimate(pd.DataFrame({"q": [0.1] * 7 + [0.3 - 0.2]}), "q").iloc[0]
    assert (equal["flag"], equal["se"], equal["ci_low"]) == ("no_variation", 0, equal["estimate"])


def test_a_ratio_without_denominator():
    frame = pd.DataFrame({"bank": list("xxyy"), "above": [1.0, 2, 3, 4], "below": [0.0, 0, 2, 4]})
    got = estimate(frame, [("above", "below")], "bank", stat="ratio")
    assert got["flag"].tolist() == ["no_denominator", ""]
    assert got["estimate"].isna().tolist() == [True, False]
    assert got["se"].isna().tolist() == [True, False]


def test_one_stratum_of_one_firm_fails_by_name():
    frame = pd.DataFrame({"firm": list("abc"), "stratum": ["城东", "城东", "城西/小微"], "q": [1.0, 2, 3]})
    with pytest.raises(DesignError, match=r"lonely-psu: .*Such strata: 1, first 城西/小微 \(PSU c\).*remove, adjust"):
        estimate(frame, "q", design=Design(stratum="stratum", psu="firm"))


def test_a_census_stratum_of_one_firm_adds_nothing_and_does_not_fail():
    frame = pd.DataFrame({"firm": list("abc"), "stratum": list("ssl"), "n": [9, 9, 1], "q": [1.0, 2, 3]})
    got = estimate(frame, "q", design=Design(stratum="stratum", psu="firm", fpc="n"))
    assert got["se"][0] > 0


def test_average_where_every_stratum_is_lonely_gives_no_error():
    frame = pd.DataFrame({"firm": list("ab"), "q": [1.0, 2]})
    got = estimate(frame, "q", design=Design(stratum="firm", psu="firm", lonely_psu="average")).iloc[0]
    assert np.isnan(got["se"])
    assert got["flag"] == "no_df"


def test_weights_from_population_counts():
    """Two of ten and two of four: weights 5 and 2."""
    frame = pd.DataFrame({"stratum": list("aabb"), "n": [10, 10, 4, 4], "q": [1.0, 3, 5, 9]})
    got = estimate(frame, "q", design=Design(stratum="stratum", fpc="n")).iloc[0]
    assert got["estimate"] == pytest.approx((5 * 4 + 2 * 14) / 14)
    assert estimate(frame, "q", design=Design(stratum="stratum", fpc="n"), stat="total")["estimate"][0] == 48


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ({"n": [10, 10, 12]}, "fpc-varies: population column n differs in 2 rows"),
        ({"n": [2, 2, 2]}, "fpc-too-small: stage 1: 3 units were sampled from a population of 2"),
        ({"n": [0.3, 0.3, 0.3]}, "fpc-invalid: population column n is below 1 in 3 rows"),
        ({"n": [9, np.nan, 9]}, r"frame-values-missing: column n \(fpc\) is missing in 1 rows"),
    ],
)
def test_population_counts_are_checked(frame, words):
    with pytest.raises(DesignError, match=words):
        estimate(pd.DataFrame({"q": [1.0, 2, 3], "w": [1, 1, 1], **frame}), "q", design=Design(weight="w", fpc="n"))


TOWNS = pd.DataFrame({
    "town": ["A", "A", "B", "C", "C"], "village": ["1", "2", "1", "1", "2"], "towns": 6, "villages": [4, 4, 3, 5, 5],
    "q": [1.0, 2, 3, 5, 4],
})  # fmt: skip


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("fail", "lonely-unit: stage 2: .*Such units: 1"),
        ("average", "lonely-average-stage: .*at stage 2 there are units .*: 1"),
    ],
)
def test_a_single_unit_below_a_psu(option, words):
    """Town B has one of its three villages in the sample."""
    design = Design(psu=("town", "village"), fpc=("towns", "villages"), lonely_psu=option)
    with pytest.raises(DesignError, match=words):
        estimate(TOWNS, "q", design=design)


def test_later_stages_count_only_with_population_counts():
    """As in R: without fpc the first stage alone makes the variance."""
    one, two = (estimate(TOWNS, "q", design=Design(psu=psu)) for psu in ("town", ("town", "village")))
    pd.testing.assert_frame_equal(one, two)
    with_fpc = estimate(
        TOWNS, "q", design=Design(psu=("town", "village"), fpc=("towns", "villages"), lonely_psu="remove")
    )
    assert with_fpc["n_psu"].tolist() == [3]


def test_interval_of_a_proportion_stays_inside_0_and_1():
    frame = pd.DataFrame({"bank": list("xxxxxxyyyyyy"), "ok": [1, 1, 1, 1, 1, 0] + [1] * 6})
    t = estimate(frame, "ok", "bank")
    assert t["ci_high"][0] > 1
    beta = estimate(frame, "ok", "bank", ci="beta")
    assert (beta["ci_high"] <= 1).all()
    # all six agree: Clopper and Pearson's lower limit for 6 of 6, (alpha/2)^(1/6)
    assert beta["ci_low"][1] == pytest.approx(0.025 ** (1 / 6), rel=1e-9)
    assert beta["flag"][1] == "no_variation"
    logit = estimate(frame, "ok", "bank", ci="logit")
    assert logit[["ci_low", "ci_high"]].iloc[1].isna().all()
    proportion = estimate(frame, "ok", "bank", stat="proportion")
    pd.testing.assert_frame_equal(proportion.drop(columns="stat"), beta.drop(columns="stat"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ci": "score"}, "option-value: ci cannot be 'score'; choose one of: auto, t, logit, beta, wilson"),
        ({"ci": "logit"}, "stat-not-binary: ci = 'logit' is for items that are 0 or 1, and score is not"),
        ({"ci": "beta", "stat": "total"}, "option-pair: ci = beta does not go with stat = total"),
        ({"stat": ("median", 0.5)}, r"option-value: stat cannot be \('median', 0.5\); choose one of: mean, total"),
        ({"stat": ("quantile", 1)}, r"option-range: stat must lie between 0 and 1"),
        ({"stat": ("quantile", True)}, "option-value: stat cannot be"),
        ({"stat": ("top_box", float("inf"))}, "option-value: stat cannot be"),
        (
            {"stat": ("quantile", 0.5), "ci": "wilson"},
            r"option-pair: ci = wilson does not go with stat = quantile\(0.5\)",
        ),
        ({"stat": "proportion"}, "stat-not-binary: stat = 'proportion'"),
        ({"stat": None}, "option-value: stat cannot be None"),
        ({"level": 1}, "option-range: level must lie between 0 and 1"),
        ({"level": True}, "option-range: level"),
        ({"by": "item"}, "by-columns: .* 'item'"),
        ({"by": ["bank", "bank"]}, "by-columns: .* 'bank'"),
    ],
)
def test_what_is_not_offered_names_option_and_value(sample, options, words):
    with pytest.raises(UsageError, match=words):
        estimate(sample, "score", **options)


def test_pairs_are_for_ratios(sample):
    with pytest.raises(UsageError, match=r"stat-pairs: stat = 'mean' takes single columns; .* days/score"):
        estimate(sample, [("days", "score")])


def test_waves_of_totals_are_pooled(sample):
    held = totals(sample, ["score"], "bank", "wave", FIRMS)
    pd.testing.assert_frame_equal(estimate(held, ["score"]), estimate(sample, "score", "bank", FIRMS), rtol=1e-12)
