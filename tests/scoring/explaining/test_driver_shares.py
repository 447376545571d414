"""Which ratings go together with the outcome that the framework names."""

from dataclasses import replace

import numpy as np
import pytest

from evaltools.errors import CampaignError
from evaltools.scoring.explaining.driver_shares import DRIVER_COLUMNS, find_drivers
from evaltools.scoring.freeze import framework_sha
from evaltools.stats import key_drivers

NAMES = ["overall", "near", "far", "days"]
ENDS = {"days": {"unit": "days", "goalposts": {"worst": 30, "best": 2}}}
EXPLAIN = {"outcome": "overall"}


@pytest.fixture
def answers(make_answers):
    """`overall` is mostly `near`; `far` has next to nothing to do with it; `days` is no rating."""
    rng = np.random.default_rng(5)
    cells = {}
    for bank in "ab":
        for wave in ("baseline", "endline"):
            near, far = rng.normal(3, 0.8, (2, 50))
            values = {"overall": 0.8 * near + 0.6 + rng.normal(0, 0.4, 50), "near": near, "far": far,
                      "days": rng.normal(9, 2, 50)}  # fmt: skip
            cells[bank, wave] = {name: one.tolist() for name, one in values.items()}
    return make_answers(cells, panel=True)


@pytest.fixture
def data(steps, rated, answers):
    return steps(rated({"quality": NAMES}, **ENDS, explain=EXPLAIN), answers).data


def test_shares_are_those_of_stats_for_both_waves_and_each(data):
    found = find_drivers(data, seed=3)
    assert tuple(found.columns) == DRIVER_COLUMNS
    assert found[["wave", "driver"]].to_numpy().tolist() == [
        [wave, driver] for wave in ("", "baseline", "endline") for driver in ("near", "far")
    ]
    source = data.of_source("survey")
    own = key_drivers(source.frame, "overall", ["near", "far"], replace(source.design, overlap="union"), seed=3)
    for name in ("share", "ci_low", "ci_high", "r2"):
        assert found[name].to_numpy()[:2] == pytest.approx(own[name].to_numpy())
    assert found["share"].to_numpy()[0] > 0.9


def test_equal_seeds_give_equal_bits_and_others_other_intervals(data):
    first, again, other = (find_drivers(data, seed=seed) for seed in (3, 3, 4))
    assert first.equals(again)
    assert first["share"].equals(other["share"])
    assert not first["ci_low"].equals(other["ci_low"])


def test_drivers_can_be_named_and_the_outcome_chosen(steps, rated, answers):
    named = rated({"quality": NAMES}, **ENDS, explain={"outcome": "overall", "drivers": ["near", "days"]})
    data = steps(named, answers).data
    assert find_drivers(data, seed=1)["driver"].unique().tolist() == ["near", "days"]
    assert find_drivers(data, "near", seed=1)["driver"].unique().tolist() == ["overall", "far"]
    with pytest.raises(KeyError, match="nothing"):
        find_drivers(data, "nothing", seed=1)


def test_too_few_firms_give_a_reason_and_no_share(steps, rated, answers):
    few = answers[answers.groupby(["bank", "wave"]).cumcount() < 5]
    found = find_drivers(steps(rated({"quality": NAMES}, **ENDS, explain=EXPLAIN), few).data, seed=1)
    assert set(found["flag"]) == {"few_answers"}
    assert found["share"].isna().all()
    assert found["n"].tolist() == [20, 20, 10, 10, 10, 10]


def test_a_wave_with_too_few_firms_has_no_shares_of_its_own(steps, rated, answers):
    kept = (answers["wave"] == "endline") | (answers.groupby(["bank", "wave"]).cumcount() < 5)
    found = find_drivers(steps(rated({"quality": NAMES}, **ENDS, explain=EXPLAIN), answers[kept]).data, seed=1)
    assert found["flag"].tolist() == ["", "", "few_answers", "few_answers", "", ""]
    assert found["share"].notna().tolist() == [True, True, False, False, True, True]


def test_one_firm_gives_a_reason_like_few(steps, rated, answers):
    found = find_drivers(steps(rated({"quality": NAMES}, **ENDS, explain=EXPLAIN), answers.iloc[:1]).data, seed=1)
    assert found["flag"].tolist() == ["few_answers"] * 4 + ["no_answers"] * 2


def test_answers_on_banks_outside_the_campaign_do_not_count(steps, rated, answers):
    found = find_drivers(steps(rated({"quality": NAMES}, **ENDS, explain=EXPLAIN), answers, "a").data, seed=1)
    assert found["n"].tolist()[:2] == [100, 100]


def test_more_drivers_than_have_subsets_are_shared_out_by_weights(steps, rated, make_answers):
    rng, names = np.random.default_rng(2), [f"q{k}" for k in range(14)]
    cells = {("a", wave): {name: rng.normal(3, 1, 300).tolist() for name in names} for wave in ("baseline", "endline")}
    data = steps(rated({"quality": names}, explain={"outcome": "q0"}), make_answers(cells)).data
    found = find_drivers(data, seed=1, replicates=100)
    assert len(found) == 3 * 13
    assert found["share"].to_numpy()[:13].sum() == pytest.approx(1)


def test_without_an_outcome_or_answers_there_are_no_rows(steps, rated, answers):
    assert find_drivers(steps(rated({"quality": NAMES}, **ENDS), answers).data, seed=1).empty
    named = rated({"quality": NAMES}, **ENDS, explain=EXPLAIN)
    assert find_drivers(steps(named, answers.iloc[:0], "a").data, seed=1).empty


@pytest.mark.parametrize(
    ("explain", "problem"),
    [
        ({"outcome": "nothing"}, "'nothing' is used but not described"),
        ({"outcome": "seen"}, "name a mean of what firms answered"),
        ({"outcome": "overall", "drivers": ["near", "seen"]}, "must come from the answers"),
        ({"outcome": "overall", "drivers": ["near"]}, "two or more"),
        ({"outcome": "overall", "drivers": ["near", "near"]}, "stands 2 times"),
        ({"outcome": "overall", "drivers": ["near", "overall"]}, "stands 2 times"),
        ({"outcom": "overall"}, "outcom"),
    ],
)
def test_what_cannot_be_explained_is_refused(rated, make_indicator, explain, problem):
    seen = make_indicator("seen", source="visit", uncertainty="branch", instrument="visits", dimension="seen")
    with pytest.raises(CampaignError, match=problem):
        rated({"quality": NAMES}, **ENDS, extra=[seen], explain=explain)


def test_what_explains_is_not_frozen(rated):
    plain, explained = (rated({"quality": NAMES}, **ENDS, **one) for one in ({}, {"explain": EXPLAIN}))
    assert framework_sha(plain) == framework_sha(explained)
