"""`change`: degrees of freedom countable by hand, the second road by loops, reasons instead of numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from evaltools.errors import DesignError, UsageError
from evaltools.stats import Design, change, estimate_change

COLUMNS = [
    "bank", "item", "stat", "baseline", "endline", "change", "se", "df", "ci_low", "ci_high", "p", "n_baseline",
    "n_endline", "n_both", "flag",
]  # fmt: skip
FIRMS = Design(weight="weight", stratum="stratum", psu="firm")


def rows(text: str) -> pd.DataFrame:
    """Read a table: firm stratum bank wave(b/e) score, one row a line; "." is a missing answer."""
    records = [line.split() for line in text.strip().splitlines()]
    frame = pd.DataFrame(records, columns=["firm", "stratum", "bank", "wave", "score"])
    frame["wave"] = frame["wave"].map({"b": "baseline", "e": "endline"})
    frame["score"] = frame["score"].replace(".", None).astype(float)
    return frame


# eight firms in two strata; bank x: three answer at the baseline (F1 F2 in s, F5 in t), four at the endline
COUNTABLE = rows("""
    F1 s x b 3
    F1 s x e 4
    F2 s x b 2
    F2 s x e 3
    F3 s y b 5
    F3 s y e 4
    F4 s x e 5
    F5 t x b 1
    F5 t x e 3
    F6 t y b 2
    F6 t y e 4
    F7 t y b 3
    F8 t y e 5
    F8 t x e .
""")


def test_columns_types_and_order(sample):
    got = change(sample, ["score", "days"], by="bank", design=FIRMS)
    assert got.columns.tolist() == COLUMNS
    assert isinstance(got.index, pd.RangeIndex)
    assert got["bank"].tolist() == ["north", "north", "south", "south", "west", "west"]
    assert got["item"].tolist() == ["score", "days"] * 3
    assert {name: str(got[name].dtype) for name in ("change", "df", "n_both", "flag")} == {
        "change": "float64", "df": "float64", "n_both": "int64", "flag": "str",
    }  # fmt: skip


@pytest.mark.parametrize("overlap", ["union", "pattern"])
def test_equals_loops_over_strata_and_firms(draw, by_hand, overlap):
    sample = draw(7, firms=90)
    design = Design("weight", "stratum", "firm", overlap=overlap)
    got = change(sample, ["score", "days"], by="bank", design=design).set_index(["bank", "item"])
    for bank, item in got.index:
        value, error = by_hand(sample, sample["bank"] == bank, item, pattern=overlap == "pattern")
        assert got.loc[(bank, item), "change"] == pytest.approx(value, rel=1e-10)
        assert got.loc[(bank, item), "se"] == pytest.approx(error, rel=1e-10)


def test_design_df_is_firms_minus_strata():
    """Eight firms in two strata: 6, whatever the bank."""
    got = change(COUNTABLE, "score", by="bank", design=Design(stratum="stratum", psu="firm"))
    assert got["df"].tolist() == [6, 6]


def test_domain_df_is_of_the_smaller_wave():
    """Bank x: baseline F1, F2, F5 in s and t -> 3 - 2 = 1 (F8's answer at the endline is missing, so it has F1, F2, F4,
    F5 there -> 4 - 2). Bank y: baseline F3, F6, F7 -> 3 - 2; endline F3, F6, F8 -> 3 - 2.
    """
    got = change(COUNTABLE, "score", by="bank", design=Design(stratum="stratum", psu="firm", df="domain"))
    assert got["df"].tolist() == [1, 1]
    assert got["n_baseline"].tolist() == [3, 3]
    assert got["n_endline"].tolist() == [4, 3]
    assert got["n_both"].tolist() == [3, 2]


def test_domain_df_counts_strata_not_patterns():
    """Ten firms of one stratum, five in both waves and five at the endline only: 5 - 1, not 5 - 2."""
    both = [f"F{k} s x {wave} {k % 5 + 1}" for k in range(5) for wave in "be"]
    late = [f"G{k} s x e {k % 4 + 1}" for k in range(5)]
    design = Design(stratum="stratum", psu="firm", df="domain", overlap="pattern")
    got = change(rows("\n".join(both + late)), "score", by="bank", design=design)
    assert got["df"].tolist() == [4]


def test_pattern_ignores_the_bank():
    """F1 is in both waves though it rates x at the baseline and y at the endline: n of its stratum stays two."""
    frame = rows("""
        F1 s x b 3
        F1 s y e 4
        F2 s x b 2
        F2 s y e 2
    """)
    got = change(frame, "score", by="bank", design=Design(stratum="stratum", psu="firm", overlap="pattern"))
    assert got["n_both"].tolist() == [0, 0]
    assert got["flag"].tolist() == ["no_answers", "no_answers"]


def test_bank_absent_from_a_wave_has_a_row():
    got = change(COUNTABLE[COUNTABLE["wave"].eq("endline") | COUNTABLE["bank"].eq("y")], "score", by="bank",
                 design=Design(psu="firm"))  # fmt: skip
    row = got.iloc[0]
    assert (row["bank"], row["n_baseline"], row["n_endline"], row["flag"]) == ("x", 0, 4, "no_answers")
    assert np.isnan(row[["baseline", "change", "se", "df", "ci_low", "ci_high", "p"]].to_numpy(float)).all()
    assert row["endline"] == 3.75


def test_equal_shift_of_all_firms_has_no_variation_and_no_p():
    frame = rows("\n".join(f"F{k} s x b {k / 7 + 0.1}\nF{k} s x e {k / 7 + 1.4}" for k in range(1, 12)))
    (row,) = change(frame, "score", by="bank", design=Design(psu="firm")).to_dict("records")
    assert row["change"] == pytest.approx(1.3)
    assert (row["se"], row["flag"]) == (0.0, "no_variation")
    assert np.isnan(row["p"])


def test_no_degrees_of_freedom():
    """Two firms in two strata leave 0 df: an SE, but no interval and no p."""
    frame = rows("F1 s x b 1\nF1 s x e 3\nF2 t x b 2\nF2 t x e 5\nF3 s y b 1\nF4 t y b 1")
    design = Design(stratum="stratum", psu="firm", df="domain")
    row = change(frame, "score", by="bank", design=design).iloc[0]
    assert (row["df"], row["flag"]) == (0, "no_df")
    assert row["se"] > 0
    assert np.isnan(row[["ci_low", "ci_high", "p"]].to_numpy(float)).all()


def test_one_psu_is_said():
    got = change(COUNTABLE[COUNTABLE["firm"].isin(["F1", "F3", "F6"])], "score", by="bank", design=Design(psu="firm"))
    assert got["flag"].str.contains("one_psu").tolist() == [True, False]


def test_missing_moved_by_more_than_ten_points():
    """Baseline 1 of 10 missing; endline 2 of 10 is 10 points and passes, 3 of 10 is flagged."""

    def frame(missing: int) -> pd.DataFrame:
        return rows("\n".join(
            f"F{k} s x b {'.' if k < 1 else k}\nF{k} s x e {'.' if k < missing else k * k}" for k in range(10)
        ))  # fmt: skip

    assert change(frame(2), "score", design=Design(psu="firm"))["flag"].tolist() == [""]
    assert change(frame(3), "score", design=Design(psu="firm"))["flag"].tolist() == ["missing_moved"]


def test_without_psu_waves_are_independent():
    frame = COUNTABLE[COUNTABLE["bank"] == "x"]
    got = change(frame, "score", design=Design()).iloc[0]
    one_row_each = change(frame.assign(firm=np.arange(len(frame))), "score", design=Design(psu="firm")).iloc[0]
    assert got["flag"] == "overlap_unknown;missing_moved"
    assert got["n_both"] == 0
    assert got["se"] == pytest.approx(one_row_each["se"], rel=1e-12)


def test_fpc_with_partial_overlap_is_flagged_where_it_matters():
    """Stratum s has a firm in one wave only, stratum t has none: only the bank of s is flagged."""
    frame = rows("""
        F1 s x b 3
        F1 s x e 4
        F2 s x b 2
        F2 s x e 5
        F3 s x e 5
        F5 t y b 1
        F5 t y e 3
        F6 t y b 2
        F6 t y e 5
    """).assign(population=20)
    design = Design(stratum="stratum", psu="firm", fpc="population")
    assert change(frame, "score", by="bank", design=design)["flag"].tolist() == ["fpc_union", ""]


def test_census_in_two_halves_gives_zero_and_says_so():
    frame = rows("F1 s x b 3\nF2 s x b 2\nF3 s x e 5\nF4 s x e 1").assign(population=4)
    (flag,) = change(frame, "score", design=Design(psu="firm", fpc="population"))["flag"]
    assert flag == "no_variation;fpc_union"


def test_waves_are_chosen_and_others_left_out():
    frame = pd.concat([COUNTABLE, COUNTABLE.assign(wave="later", firm=lambda f: "L" + f["firm"], score=9.0)])
    design = Design(stratum="stratum", psu="firm")
    chosen = change(frame, "score", by="bank", design=design, waves=("baseline", "endline"))
    pd.testing.assert_frame_equal(chosen, change(COUNTABLE, "score", by="bank", design=design))
    turned = change(COUNTABLE, "score", by="bank", design=design, waves=("endline", "baseline"))
    assert turned["change"].tolist() == (-chosen["change"]).tolist()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"ci": "beta"}, UsageError, "option-value: ci cannot be 'beta'"),
        ({"stat": ("quantile", 0)}, UsageError, r"option-range: stat must lie between 0 and 1"),
        ({"stat": "total", "ci": "mover"}, UsageError, "option-pair: ci = mover does not go with stat = total"),
        ({"ci": "mover"}, UsageError, "stat-not-binary: ci = 'mover' is for items"),
        ({"stat": "median"}, UsageError, "option-value: stat cannot be 'median'"),
        ({"stat": "proportion"}, UsageError, "stat-not-binary: stat = 'proportion' .* score is not"),
        ({"stat": "ratio"}, UsageError, "stat-ratio: .* none: score"),
        ({"level": 95}, UsageError, "option-range: level must lie between 0 and 1, but is 95"),
        ({"waves": ("baseline", "endlin")}, UsageError, "wave-absent: column wave has no wave endlin"),
        ({"waves": ("endline", "endline")}, UsageError, "waves-pair"),
        ({"wave": "bank"}, UsageError, "waves-two: column bank should have two waves, but has: north, south, west"),
        ({"by": "se"}, UsageError, "by-columns: .* 'se'"),
        ({"design": Design(psu="frim")}, UsageError, "frame-column-missing: .* frim. Near them: firm"),
        ({"design": Design(fpc="weight", overlap="pattern")}, UsageError, "pattern-fpc"),
        ({"design": Design(psu="firm", stratum="bank")}, DesignError, "psu-two-strata: .* F0"),
        ({"design": Design(psu="firm", stratum="firm")}, DesignError, "lonely-psu: .* F0"),
    ],
)  # fmt: skip
def test_what_is_not_offered_names_option_and_value(sample, options, error, words):
    with pytest.raises(error, match=words):
        change(sample, "score", **options)


def test_lonely_pattern_stratum_is_named():
    frame = rows("F1 s x b 3\nF1 s x e 4\nF2 s x b 2\nF2 s x e 4\nF3 s x e 1")
    with pytest.raises(DesignError, match=r"lonely-psu: .*Such strata: 1, first s \(endline_only\) \(PSU F3\)"):
        change(frame, "score", design=Design(stratum="stratum", psu="firm", overlap="pattern"))


@pytest.mark.parametrize("kind", ["pandas", "arrow"])
def test_ordered_categories_say_which_wave_comes_first(kind):
    """By the alphabet "post" comes before "pre", and the change would have the wrong sign."""
    named = COUNTABLE.assign(wave=COUNTABLE["wave"].map({"baseline": "pre", "endline": "post"}))
    categories = pd.CategoricalDtype(["screening", "pre", "post"], ordered=True)
    frame = named.assign(wave=named["wave"].astype(categories))
    design = Design(stratum="stratum", psu="firm")
    got = change(frame if kind == "pandas" else pa.Table.from_pandas(frame), "score", by="bank", design=design)
    pd.testing.assert_frame_equal(got, change(COUNTABLE, "score", by="bank", design=design))
    turned = change(named, "score", by="bank", design=design)
    assert turned["change"].tolist() == (-got["change"]).tolist()


def test_joined_patterns_without_patterns_are_refused():
    with pytest.raises(UsageError, match=r"option-pair: joined_patterns = .* overlap = union"):
        estimate_change(COUNTABLE, "score", design=Design(psu="firm"), joined_patterns={"baseline_only": "both"})
