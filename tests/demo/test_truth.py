import json
import tomllib

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from demo_draws import tables
from demo_items import SURVEY_ITEMS, VISIT_ITEMS
from demo_model import draw_sample
from demo_plan import BANKS, MIXES, VARIANTS
from demo_records import answers_frame, visits_frame
from demo_survey import MODE_SHARE
from demo_truth import combine, measured, true_changes, true_values
from evaltools.config import read_config
from evaltools.content import find_content
from evaltools.scoring.framework import read_framework
from evaltools.scoring.indicators import indicator_frame

SCALE = 40


@pytest.fixture(scope="module")
def framework():
    return tomllib.loads(find_content("frameworks", "credit_2022", ".toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def indicators(framework):
    return {one["id"]: one for one in framework["indicators"]}


@pytest.fixture(scope="module")
def large():
    """A sample SCALE times as large, with missing answers, dates outside the window, two modes."""
    sample, variant = draw_sample(11, "base", scale=SCALE), VARIANTS["base"]
    return {
        "enterprise_satisfaction": answers_frame(sample, variant),
        "mystery_visit": visits_frame(sample, variant),
    }


@pytest.mark.parametrize("instrument", ["enterprise_satisfaction", "mystery_visit"])
def test_means_of_a_large_sample_tend_to_the_truth(instrument, large, indicators, written):
    """Values as scoring reads them, 12 banks x 2 waves: errors over their standard errors look standard normal.

    Ratings of a firm are correlated, so standard errors are taken over firms (over branches for visits).
    """
    answers, start = large[instrument], read_config(written()).start
    values = indicator_frame(
        answers, read_framework("credit_2022"), instrument, waves=("baseline", "endline"), start=start
    ).numbers
    scores = []
    for name in values.columns:
        truth = true_values(indicators[name], "base")
        for (bank, wave), part in values[name].groupby([answers["bank"], answers["wave"]]):
            expected = truth[[one.id for one in BANKS].index(bank), int(wave == "endline")]
            deviation = (part - expected).groupby(answers["psu"]).agg(["sum", "count"])
            n = deviation["count"].sum()
            if n:
                scores.append(deviation["sum"].sum() / np.sqrt((deviation["sum"] ** 2).sum()))
    scores = pd.Series(scores)
    assert len(scores) > 250
    assert scores.abs().max() < 5.5
    assert scores.abs().mean() == pytest.approx(np.sqrt(2 / np.pi), abs=0.12)
    assert abs(scores.mean()) < 0.25


def test_probabilities_add_up_to_one():
    for kind in ("survey", "visits"):
        for name, table in tables("base")[kind].items():
            np.testing.assert_allclose(table.sum(axis=-1), 1, atol=1e-12, err_msg=name)
            assert table.min() >= 0


def test_share_approved_by_hand(indicators):
    # 0.72 of the applications are approved, 0.16 refused; the pending 0.12 do not count
    np.testing.assert_allclose(true_values(indicators["approved"], "base"), 0.72 / 0.88)


def test_a_yes_no_question_by_hand(indicators):
    """Main bank at changhe (town, level .05, gain .70), micro and small firms: P = Phi(0.2 + 0.25 quality)."""
    sectors = np.array([-0.12, 0.05, 0.06])
    strata = np.concatenate([-0.22 + sectors, 0.05 + sectors])
    shares = np.array(MIXES["town"][:6])
    for wave, quality in enumerate((0.05, 0.05 + 0.70)):
        expected = (shares * norm.cdf(0.20 + 0.25 * (strata + quality))).sum() / shares.sum()
        assert true_values(indicators["main_bank"], "base")[1, wave] == pytest.approx(expected, rel=1e-12)


def test_days_to_money_is_the_sum_of_both_parts(indicators):
    first = indicators["days_to_money"] | {"item": "days_to_decision"}
    second = indicators["days_to_money"] | {"item": "days_from_decision"}
    np.testing.assert_allclose(
        true_values(indicators["days_to_money"], "base"), true_values(first, "base") + true_values(second, "base")
    )


def test_composite_is_the_weighted_mean_over_what_is_used(framework):
    two = {
        "dimensions": [{"id": "a", "weight": 0.5}, {"id": "b", "weight": 0.3}, {"id": "c", "weight": 0.2}],
        "indicators": [
            {"id": "a1", "dimension": "a", "weight": 0.25},
            {"id": "a2", "dimension": "a", "weight": 0.75},
            {"id": "b1", "dimension": "b", "weight": 1},
            {"id": "c1", "dimension": "c", "weight": 1},
        ],
    }
    scores = {"a1": 4.0, "a2": 8.0, "b1": -1.0, "c1": 100.0}
    assert combine(two, scores, {"a1", "a2", "b1"}) == ({"a": 7.0, "b": -1.0}, pytest.approx((0.5 * 7 - 0.3) / 0.8))
    assert combine(two, scores, {"a2", "c1"}) == ({"a": 8.0, "c": 100.0}, pytest.approx((0.5 * 8 + 0.2 * 100) / 0.7))
    overall = {one["id"]: one["weight"] for one in framework["dimensions"]}
    base = true_changes(framework, "base")["chenxi"]
    assert base["composite"] == pytest.approx(sum(overall[key] * base["dimensions"][key] for key in overall))


def test_the_bank_with_one_branch_has_no_visits_in_its_score(framework):
    used = measured(framework, "base")
    assert {one.id for one in BANKS if one.branches == 1} == {"guyu"}
    assert not any(name.startswith("visit_") for name in used["guyu"])
    assert any(name.startswith("visit_") for name in used["maixiang"])


def test_the_county_holds_every_kind_of_bank(framework):
    changes = {bank: entry["composite"] for bank, entry in true_changes(framework, "base").items()}
    gains = {bank.id for bank in BANKS if changes[bank.id] > 10 and bank.n >= 30}
    assert gains == {"chenxi", "changhe", "wangshu", "yunhe-rural", "chengbo"}
    assert [bank for bank, change in changes.items() if change < 0] == ["qingqiong"]
    assert {bank for bank, change in changes.items() if change == 0} == {"yunhe-city", "xingzhu", "maixiang"}
    yuanxiu = true_changes(framework, "base")["yuanxiu"]["indicators"]
    assert yuanxiu["sat_access"]["baseline"] > 4.7
    assert 0 < changes["yuanxiu"] < framework["delta"]
    assert min(bank.n for bank in BANKS) == 9
    assert max(bank.n for bank in BANKS) == 60


def test_no_bank_changed_under_null(framework):
    for entry in true_changes(framework, "null").values():
        assert entry["composite"] == 0
        assert not any(one["change"] for one in entry["indicators"].values())


def test_control_items_never_change():
    for variant in VARIANTS:
        for name in ("ctl_network", "ctl_transport"):
            table = tables(variant)["survey"][name]
            np.testing.assert_array_equal(table[:, 0], table[:, 1])


def test_written_truth_is_the_computed_one(written, framework):
    changes = json.loads((written() / "truth.json").read_text("utf-8"))["changes"]
    for bank, entry in true_changes(framework, "base").items():
        assert changes[bank]["composite"] == pytest.approx(entry["composite"], abs=1e-9)
        assert changes[bank]["indicators"].keys() == entry["indicators"].keys()


def test_an_indicator_whose_truth_is_unknown_is_refused(indicators):
    with pytest.raises(ValueError, match=r"'steps': no truth is known under the conditions \['sector'\]"):
        true_values(indicators["steps"] | {"where": {"sector": ["industry"]}}, "base")


def test_each_item_is_a_question_of_its_instrument_and_its_levels_are_choices():
    from evaltools.survey.instrument import read_instrument

    for instrument, items, inner in (
        ("enterprise_satisfaction", SURVEY_ITEMS, {"days_from_decision"}),
        ("mystery_visit", VISIT_ITEMS, {"days", "days_to_pay"}),
    ):
        form = read_instrument(instrument)
        for item in items:
            if item.name in inner:
                continue
            question = form.question(item.name)
            assert not question.required, item.name
            levels = {one for level in item.levels for one in (level if isinstance(level, tuple) else (level,))}
            if question.choices:
                assert levels <= {choice.name for choice in question.choices}, item.name


def test_modes_are_shared_as_planned(large):
    share = large["enterprise_satisfaction"]["mode"].eq("self").groupby(large["enterprise_satisfaction"]["wave"]).mean()
    np.testing.assert_allclose(share, MODE_SHARE[0], atol=0.02)
