"""The table of visits: pairs, reasons, who is left out, and the numbers of the functions below it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import DesignError, UsageError
from evaltools.stats import hodges_lehmann, mcnemar, paired_shares, visit_changes

KINDS = {"told": "share", "days": "number"}


def visits(bank: str, told: list[tuple[float, float]], days: list[tuple[float, float]]) -> pd.DataFrame:
    """One branch a pair, one scenario."""
    rows = [
        {"bank": bank, "branch": f"{bank}{place}", "scenario": "loan", "wave": wave, "told": t[side], "days": d[side]}
        for place, (t, d) in enumerate(zip(told, days, strict=True))
        for side, wave in enumerate(("2022-10", "2022-11"))
    ]
    return pd.DataFrame(rows)


TOLD = [(0, 1)] * 7 + [(1, 0)] + [(1, 1)] * 3 + [(0, 0)]
DAYS = [(9, 6), (8, 8), (12, 7), (10, 9), (7, 7), (15, 9), (9, 4), (11, 10), (8, 6), (14, 9), (9, 9), (10, 12)]
FRAME = visits("east", TOLD, DAYS)


def compare(frame, **options):
    return visit_changes(frame, ["told", "days"], kinds=KINDS, **options)


def test_a_share_is_tango_with_mcnemar():
    row = compare(FRAME).table.iloc[0]
    shares, test = paired_shares(3, 1, 7, 1), mcnemar(7, 1)
    assert (row["bank"], row["indicator"], row["kind"]) == ("east", "told", "share")
    assert (row["baseline"], row["endline"], row["change"]) == (4 / 12, 10 / 12, 0.5)
    assert (row["ci_low"], row["ci_high"], row["p"]) == (shares.ci_low, shares.ci_high, test.p)
    assert (row["n_pairs"], row["n_discordant"], row["least_p"]) == (12, 8, 2 / 256)
    assert row["flag"] == ""


def test_a_number_is_hodges_lehmann():
    row = compare(FRAME).table.iloc[1]
    before, after = np.array(DAYS).T
    shift = hodges_lehmann(after, before, paired=True, exact=True)
    assert (row["change"], row["ci_low"], row["ci_high"], row["p"]) == (
        shift.estimate, shift.ci_low, shift.ci_high, shift.p,
    )  # fmt: skip
    assert (row["baseline"], row["endline"]) == (np.median(before), np.median(after))
    assert (row["n_pairs"], row["n_discordant"]) == (12, 9)


def test_below_six_discordant_pairs_the_table_says_so():
    table = compare(visits("west", TOLD[3:8], DAYS[:5])).table
    assert table["flag"].tolist() == ["too_few_pairs", "level_not_reached;too_few_pairs"]
    assert table["least_p"].tolist() == [0.0625, 0.25]


def test_no_discordant_pairs():
    table = compare(visits("west", [(1, 1)] * 8, [(5, 5)] * 8)).table
    assert table["flag"].tolist() == ["no_discordant_pairs;too_few_pairs", "no_variation;too_few_pairs"]
    assert table["p"].isna().tolist() == [False, True]
    assert table["change"].tolist() == [0, 0]


def test_banks_are_rows_and_one_does_not_move_the_other():
    other = visits("west", TOLD[2:], DAYS[2:])
    both = compare(pd.concat([other, FRAME], ignore_index=True)).table
    assert both["bank"].tolist() == ["east", "east", "west", "west"]
    pd.testing.assert_frame_equal(both[:2], compare(FRAME).table)
    pd.testing.assert_frame_equal(both[2:].reset_index(drop=True), compare(other).table)
    whole = compare(pd.concat([other, FRAME], ignore_index=True), by=None).table
    assert whole.columns[0] == "indicator"
    assert whole["n_pairs"].tolist() == [22, 22]


def test_order_of_rows_does_not_matter():
    shuffled = FRAME.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(compare(shuffled).table, compare(FRAME).table)


def test_visits_without_a_partner_are_counted_and_named():
    extra = pd.DataFrame(
        [
            {"bank": "east", "branch": "east99", "scenario": "loan", "wave": "2022-10", "told": 1, "days": 3},
            {"bank": "east", "branch": "east0", "scenario": "loan", "wave": "2022-11", "told": 1, "days": 3},
            {"bank": "south", "branch": "s1", "scenario": "loan", "wave": "2022-11", "told": 1, "days": 3},
        ]
    )
    got = compare(pd.concat([FRAME, extra], ignore_index=True))
    assert got.unpaired.columns.tolist() == ["bank", "branch", "scenario", "wave", "n_visits", "reason"]
    assert got.unpaired.drop(columns=["bank", "scenario"]).to_numpy().tolist() == [
        ["east0", "2022-10", 1, "several_visits"],
        ["east99", "2022-10", 1, "other_wave_absent"],
        ["east0", "2022-11", 2, "several_visits"],
        ["s1", "2022-11", 1, "other_wave_absent"],
    ]
    table = got.table.set_index(["bank", "indicator"])
    assert table.loc[("east", "told"), ["n_baseline", "n_endline", "n_unpaired", "n_pairs"]].tolist() == [13, 13, 4, 11]
    assert table.loc["south", "flag"].tolist() == ["no_pairs", "no_pairs"]
    assert table.loc["south", ["change", "p", "least_p"]].isna().all(axis=None)


def test_a_column_that_tells_visits_apart_pairs_them():
    doubled = pd.concat([FRAME.assign(visit=1), FRAME.assign(visit=2)], ignore_index=True)
    assert compare(doubled).table["n_pairs"].tolist() == [0, 0]
    got = compare(doubled, pair=("bank", "branch", "scenario", "visit"))
    assert got.table["n_pairs"].tolist() == [24, 24]
    assert got.unpaired.empty


def test_a_value_that_was_not_observed_leaves_its_pair_out():
    frame = FRAME.astype({"told": float})
    frame.loc[[0, 3], "told"] = np.nan
    table = compare(frame).table
    assert table["n_missing"].tolist() == [2, 0]
    assert table["n_pairs"].tolist() == [10, 12]


def test_waves_may_be_named():
    more = pd.concat([FRAME, FRAME.assign(wave="2022-12")], ignore_index=True)
    with pytest.raises(UsageError, match="waves-two: "):
        compare(more)
    got = compare(more, waves=("2022-11", "2022-10")).table
    assert got["change"][0] == -compare(FRAME).table["change"][0]
    with pytest.raises(UsageError, match="wave-absent: "):
        compare(more, waves=("2022-11", "2023-10"))
    with pytest.raises(UsageError, match="waves-pair: "):
        compare(more, waves=("2022-11", "2022-11"))


def test_what_is_refused():
    with pytest.raises(UsageError, match=r"visits-by: by \(city\) must be among pair"):
        compare(FRAME.assign(city="x"), by="city")
    with pytest.raises(UsageError, match="visits-kinds: kinds must name each indicator once"):
        visit_changes(FRAME, ["told", "days"], kinds={"told": "share"})
    with pytest.raises(UsageError, match=r"stat-not-binary: .* and days is not"):
        visit_changes(FRAME, ["days"], kinds={"days": "share"})
    with pytest.raises(UsageError, match="option-value: kinds cannot be 'money'"):
        visit_changes(FRAME, ["days"], kinds={"days": "money"})
    with pytest.raises(DesignError, match="frame-values-missing: column branch"):
        compare(FRAME.assign(branch=None))
    with pytest.raises(UsageError, match="frame-column-missing: "):
        compare(FRAME.drop(columns="days"))


def test_columns_of_the_result_cannot_name_pairs():
    for name in ("kind", "wave", "reason"):
        with pytest.raises(UsageError, match=f"by-columns: these names cannot stand in by: {name}"):
            compare(FRAME.assign(kind=1, reason=1), pair=("bank", name))
    with pytest.raises(UsageError, match="visits-by: "):
        compare(FRAME, pair=(), by=None)
    with pytest.raises(UsageError, match="visits-kinds: "):
        visit_changes(FRAME, "told", kinds={"told": "share"})


def test_an_arrow_table_and_ordered_waves():
    arrow = pytest.importorskip("pyarrow")
    pd.testing.assert_frame_equal(
        compare(arrow.Table.from_pandas(FRAME)).table, compare(FRAME).table, check_dtype=False
    )
    post_first = FRAME.assign(wave=pd.Categorical(FRAME["wave"], categories=["2022-11", "2022-10"], ordered=True))
    assert compare(post_first).table["change"][0] == -compare(FRAME).table["change"][0]
