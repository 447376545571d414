"""Visits are compared pair by pair, and those in no pair are named."""

import pandas as pd
import pytest

from evaltools.scoring.explaining.visit_pairs import UNPAIRED_COLUMNS, VISIT_COLUMNS, compare_visits
from evaltools.stats import mcnemar, paired_shares

VISIT = {"source": "visit", "uncertainty": "branch", "instrument": "visits"}


@pytest.fixture
def framework(make_indicator, rated):
    extra = [
        make_indicator("posted", **VISIT, statistic="share", choices=["yes"], unit="share", weight=0.4,
                       dimension="seen", goalposts={"worst": 0, "best": 1}),
        make_indicator("steps", **VISIT, unit="days", weight=0.6, dimension="seen"),
    ]  # fmt: skip
    return rated({"quality": ["q"]}, extra=extra)


@pytest.fixture
def firms(make_answers):
    cells = {(bank, wave): {"q": [2, 3, 4, 5]} for bank in "ab" for wave in ("baseline", "endline")}
    return make_answers(cells)


def visits_of(rows):
    """Visits from (bank, branch, scenario, wave, posted, steps)."""
    table = pd.DataFrame(rows, columns=["bank", "branch", "scenario", "wave", "posted", "steps"])
    return table.assign(
        response_id=[f"v{k}" for k in range(len(table))], psu=None, stratum="all", mode="visit", tool="paper",
        weight=None, event_date=None,
    )  # fmt: skip


def eight_pairs():
    """Bank a: eight pairs; seven posted only at the endline, one in neither wave; always one step less."""
    return [
        ("a", f"br{k}", "loan", wave, "yes" if late and k else "no", 6 - late)
        for k in range(8)
        for late, wave in enumerate(("baseline", "endline"))
    ]


def test_a_share_is_tested_by_its_pairs(steps, framework, firms):
    found = compare_visits(steps(framework, firms, visits=visits_of(eight_pairs())).data)
    assert tuple(found.table.columns) == VISIT_COLUMNS
    row = found.table.set_index(["bank", "indicator"]).loc["a", "posted"]
    assert (row["baseline"], row["endline"], row["n_pairs"], row["n_discordant"]) == (0.0, 0.875, 8, 7)
    assert row["p"] == pytest.approx(mcnemar([7], [0]).p[0])
    assert row["p"] == pytest.approx(2 / 2**7)
    tango = paired_shares([0], [0], [7], [1])
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((tango.ci_low[0], tango.ci_high[0]))
    assert found.table.set_index(["bank", "indicator"]).loc[("a", "steps"), "change"] == -1


def test_every_bank_and_indicator_has_a_row_and_p_is_adjusted_over_all(steps, framework, firms):
    found = compare_visits(steps(framework, firms, visits=visits_of(eight_pairs())).data).table
    assert found[["bank", "indicator"]].to_numpy().tolist() == [
        ["a", "posted"], ["a", "steps"], ["b", "posted"], ["b", "steps"],
    ]  # fmt: skip
    assert found["flag"].tolist()[2:] == ["no_pairs", "no_pairs"]
    assert found["n_baseline"].tolist() == [8, 8, 0, 0]
    assert found["p_bh"].max() == pytest.approx(found["p"].max())


def test_five_pairs_that_differ_cannot_reach_five_percent(steps, framework, firms):
    rows = [row for row in eight_pairs() if row[1] in ("br1", "br2", "br3", "br4", "br5")]
    found = compare_visits(steps(framework, firms, visits=visits_of(rows)).data).table
    assert found["flag"].iloc[0] == "too_few_pairs"
    assert found["least_p"].iloc[0] == pytest.approx(2 / 2**5)


def test_what_is_in_no_pair_is_named_with_the_reason(steps, framework, firms):
    rows = [
        *eight_pairs(),
        ("a", "alone", "loan", "baseline", "yes", 5),
        ("b", "br0", "loan", "endline", "yes", 5), ("b", "br0", "loan", "endline", "no", 5),
        ("b", "br0", "loan", "baseline", "no", 5),
        ("b", None, "loan", "endline", "no", 5),
    ]  # fmt: skip
    found = compare_visits(steps(framework, firms, visits=visits_of(rows)).data)
    assert tuple(found.unpaired.columns) == UNPAIRED_COLUMNS
    told = {(row.bank, row.wave, row.reason): row.n_visits for row in found.unpaired.itertuples()}
    assert told == {
        ("a", "baseline", "other_wave_absent"): 1,
        ("b", "baseline", "several_visits"): 1,
        ("b", "endline", "several_visits"): 2,
        ("b", "endline", "key_missing"): 1,
    }
    counts = found.table.drop_duplicates("bank").set_index("bank")["n_unpaired"]
    assert counts.to_dict() == {"a": 1, "b": 4}


def test_without_scenarios_branches_make_the_pairs(steps, framework, firms):
    rows = [(bank, branch, None, *rest) for bank, branch, _, *rest in eight_pairs()]
    found = compare_visits(steps(framework, firms, visits=visits_of(rows)).data)
    assert found.table["n_pairs"].tolist() == [8, 8, 0, 0]
    assert found.unpaired.empty


def test_one_wave_of_visits_has_no_pairs(steps, framework, firms):
    rows = [row for row in eight_pairs() if row[3] == "baseline"]
    found = compare_visits(steps(framework, firms, visits=visits_of(rows)).data)
    assert set(found.table["flag"]) == {"no_pairs"}
    assert found.unpaired["reason"].tolist() == ["other_wave_absent"] * 8


def test_without_visits_there_are_no_rows(steps, rated, firms):
    found = compare_visits(steps(rated({"quality": ["q"]}), firms).data)
    assert (len(found.table), len(found.unpaired)) == (0, 0)
