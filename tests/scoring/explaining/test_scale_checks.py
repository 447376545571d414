"""Ratings that are looked at together: the numbers of stats, scale by scale and wave by wave."""

import numpy as np
import pytest

from evaltools.errors import UsageError
from evaltools.scoring.explaining.scale_checks import (
    ALL_RATINGS,
    INVARIANCE_COLUMNS,
    ITEM_COLUMNS,
    SCALE_COLUMNS,
    check_scales,
)
from evaltools.stats import check_invariance, check_one_factor, floor_ceiling, scale_reliability

SERVICE, TIME = ["kind", "clear", "able", "fair"], ["fast", "short"]


def answers_of(make_answers, n=60, *, turned=()):
    """Three banks; one opinion a firm behind all ratings, from 1 to 5."""
    rng = np.random.default_rng(11)
    cells = {}
    for bank in "abc":
        for wave in ("baseline", "endline"):
            opinion = rng.normal(3.4, 0.8, n)
            cells[bank, wave] = {
                name: np.clip(np.round(opinion + rng.normal(0, 0.8, n)), 1, 5) for name in (*SERVICE, *TIME)
            }
            for name in turned:
                cells[bank, wave][name] = 6 - cells[bank, wave][name]
            cells[bank, wave] = {name: values.tolist() for name, values in cells[bank, wave].items()}
    return make_answers(cells, panel=True)


@pytest.fixture
def framework(rated):
    return rated({"service": SERVICE, "time": TIME})


def test_each_dimension_is_a_scale_and_all_of_the_unit_one_more(steps, framework, make_answers):
    found = check_scales(steps(framework, answers_of(make_answers)).data, seed=1)
    assert tuple(found.scales.columns) == SCALE_COLUMNS
    assert tuple(found.items.columns) == ITEM_COLUMNS
    assert tuple(found.invariance.columns) == INVARIANCE_COLUMNS
    assert found.scales[["scale", "wave", "n_items"]].to_numpy().tolist() == [
        ["service", "baseline", 4], ["service", "endline", 4], ["time", "baseline", 2], ["time", "endline", 2],
        [ALL_RATINGS, "baseline", 6], [ALL_RATINGS, "endline", 6],
    ]  # fmt: skip
    assert set(found.invariance["scale"]) == {"service", ALL_RATINGS}  # two items have no rest to be held against


def test_the_numbers_are_those_of_stats(steps, framework, make_answers):
    data = steps(framework, answers_of(make_answers)).data
    found, source = check_scales(data, seed=1), data.of_source("survey")
    own = scale_reliability(source.frame, SERVICE, wave="wave", design=source.design)
    service = found.scales[found.scales["scale"] == "service"]
    for name in ("alpha", "ci_low", "ci_high", "omega_total"):
        assert service[name].to_numpy() == pytest.approx(own.scale[name].to_numpy())
    factor = check_one_factor(source.frame, SERVICE, wave="wave", design=source.design, seed=1).scale
    assert service["cfi"].to_numpy() == pytest.approx(factor["cfi"].to_numpy())
    assert service["verdict"].tolist() == factor["verdict"].tolist() == ["fits", "fits"]
    items = found.items[found.items["scale"] == "service"]
    assert items["item_rest"].to_numpy() == pytest.approx(own.items["item_rest"].to_numpy())
    ends = floor_ceiling(source.frame, SERVICE, wave="wave", design=source.design, scale=(1, 5))
    ends = ends[ends["item"] != "(scale)"]
    assert items["ceiling"].to_numpy() == pytest.approx(ends["ceiling"].to_numpy())
    moved = check_invariance(source.frame, SERVICE, "wave", source.design, waves=data.waves)
    told = found.invariance[found.invariance["scale"] == "service"]
    assert told["estimate"].to_numpy() == pytest.approx(moved["estimate"].to_numpy())


def test_ratings_whose_goalposts_run_down_are_turned(steps, framework, rated, make_answers):
    down = rated({"service": SERVICE, "time": TIME}, fair={"goalposts": {"worst": 5, "best": 1}})
    plain = check_scales(steps(framework, answers_of(make_answers)).data, seed=1)
    turned = check_scales(steps(down, answers_of(make_answers, turned=["fair"])).data, seed=1)
    for name in ("alpha", "srmr"):
        assert turned.scales[name].to_numpy() == pytest.approx(plain.scales[name].to_numpy(), nan_ok=True)
    ends = [one.items.set_index(["scale", "wave", "indicator"]) for one in (plain, turned)]
    assert ends[1]["floor"].to_numpy() == pytest.approx(ends[0]["floor"].to_numpy())
    assert turned.invariance["p"].to_numpy() == pytest.approx(plain.invariance["p"].to_numpy())


def test_an_item_that_runs_against_the_others_is_flagged_and_gives_no_coefficient(steps, framework, make_answers):
    found = check_scales(steps(framework, answers_of(make_answers, turned=["fair"])).data, seed=1)
    service = found.scales[found.scales["scale"] == "service"]
    assert service["flag"].tolist() == ["item_reversed", "item_reversed"]
    assert service[["alpha", "cfi"]].isna().all(axis=None)
    assert service["verdict"].tolist() == ["cannot_tell", "cannot_tell"]
    items = found.items[found.items["scale"] == "service"]
    assert items["ceiling"].notna().all()


def test_fewer_firms_than_may_be_shown_show_nothing(steps, rated, make_answers):
    strict = rated(
        {"service": SERVICE, "time": TIME},
        gate={"source": "survey", "answers": 4, "psus": 3, "weight_share": 0.8, "min_cell": 200},
    )
    found = check_scales(steps(strict, answers_of(make_answers)).data, seed=1)
    assert set(found.scales["flag"]) == set(found.items["flag"]) == set(found.invariance["flag"]) == {"small_cell"}
    assert found.scales[["alpha", "cfi", "rmsea"]].isna().all(axis=None)
    assert set(found.scales["verdict"]) == {"cannot_tell"}
    assert found.items[["mean", "floor", "ceiling", "loading"]].isna().all(axis=None)
    assert found.invariance[["estimate", "p"]].isna().all(axis=None)


def test_answers_on_banks_outside_the_campaign_do_not_count(steps, framework, make_answers):
    table = answers_of(make_answers)
    inside = check_scales(steps(framework, table, "a", "b").data, seed=1)
    assert inside.scales["n"].tolist() == [120] * 6


def test_answers_beyond_the_scale_that_the_framework_names_are_an_error(steps, framework, make_answers):
    table = answers_of(make_answers)
    table.loc[0, "kind"] = 7
    with pytest.raises(UsageError, match="scale-bounds"):
        check_scales(steps(framework, table).data, seed=1)


def test_one_rating_is_no_scale(steps, rated, make_answers):
    found = check_scales(steps(rated({"service": ["kind"]}), answers_of(make_answers)).data, seed=1)
    assert (len(found.scales), len(found.items), len(found.invariance)) == (0, 0, 0)


def test_one_wave_has_scales_and_nothing_to_compare(steps, framework, make_answers):
    table = answers_of(make_answers)
    found = check_scales(steps(framework, table[table["wave"] == "baseline"], "a", "b", "c").data, seed=1)
    assert set(found.scales["wave"]) == {"baseline"}
    assert found.invariance.empty
