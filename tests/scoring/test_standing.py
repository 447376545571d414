"""Change beside the other banks, ranks with their confidence, values drawn to the mean."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaltools.scoring.chain import score_campaign
from evaltools.scoring.result import to_json
from evaltools.scoring.standing import draws_for

INPUTS = {"files": [], "tables": {}, "seed": 3}


@pytest.fixture
def framework(make_indicator, make_framework):
    return make_framework([make_indicator("q")])


@pytest.fixture
def cells():
    """Five banks of ten firms that stay, gains of 1.5, .4, .3, 0 and -1.5 with noise, and one bank with too few."""
    rng = np.random.default_rng(8)
    found = {}
    for bank, gain in {"a": 1.5, "b": 0.4, "c": 0.3, "d": 0.0, "e": -1.5}.items():
        base = 3 + rng.normal(0, 0.5, 10)
        found[bank, "baseline"] = {"q": base.tolist()}
        found[bank, "endline"] = {"q": (base + gain + rng.normal(0, 0.3, 10)).tolist()}
    found["few", "baseline"], found["few", "endline"] = {"q": [1.0, 2.0]}, {"q": [4.0, 5.0]}
    return found


@pytest.fixture
def score(make_banks, start, framework, make_answers):
    def run(cells, *banks, **options):
        table = make_answers(cells, panel=True)
        table["psu"] = options.pop("psu", table["psu"])
        named = banks or ("a", "b", "c", "d", "e", "few")
        options = {"inputs": INPUTS, **options}
        return score_campaign({"firms": table}, framework, banks=make_banks(*named), start=start, **options)

    return run


def test_relative_change_is_the_change_less_the_mean_of_the_others(score, cells):
    result = score(cells)
    change = result.composites["change"].to_numpy()[:5]
    expected = [change[k] - np.delete(change, k).mean() for k in range(5)]
    assert result.relative["change"].tolist()[:5] == pytest.approx(expected)
    assert np.isnan(result.relative["change"].iloc[5])
    # banks that share no firm: var + mean of the others' variances over their number
    variance = result.composites["se"].to_numpy()[:5] ** 2
    errors = [np.sqrt(variance[k] + np.delete(variance, k).sum() / 16) for k in range(5)]
    assert result.relative["se"].tolist()[:5] == pytest.approx(errors)


def test_firms_that_rate_two_banks_make_their_difference_more_certain(score, cells):
    """b's firms are a's and their noise is alike: the two changes move together."""
    rng = np.random.default_rng(1)
    shared = 3 + rng.normal(0, 1, 10)
    two = {(bank, wave): {"q": (shared * (1 + 0.5 * late) + rng.normal(0, 0.05, 10)).tolist()}
           for bank in "ab" for late, wave in enumerate(("baseline", "endline"))}  # fmt: skip
    apart = score(two, "a", "b").relative.loc[0, "se"]
    together = score(two, "a", "b", psu=[f"f{k}" for k in range(10)] * 4).relative.loc[0, "se"]
    assert together < apart / 2


@given(shift=st.floats(-1, 1))
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_shift_of_all_banks_moves_every_change_and_no_relative_one(shift, score, cells):
    moved = {
        (bank, wave): {"q": [one + shift * (wave == "endline") for one in items["q"]]}
        for (bank, wave), items in cells.items()
    }
    plain, shifted = score(cells), score(moved)
    difference = shifted.composites["change"] - plain.composites["change"]
    assert difference[:5].tolist() == pytest.approx([25 * shift] * 5, abs=1e-9)
    for column in ("change", "se", "p", "p_holm"):
        assert shifted.relative[column].tolist() == pytest.approx(plain.relative[column].tolist(), nan_ok=True)


def test_ranks_say_who_can_be_told_apart(score, cells):
    result = score(cells)
    ranks = result.ranks
    of_change = ranks[ranks["of"] == "change"].set_index("bank")
    assert of_change["rank"].tolist() == result.composites["change"][:5].rank(ascending=False).tolist()
    assert of_change.loc["a", ["simultaneous_low", "simultaneous_high"]].tolist() == [1, 1]
    assert of_change.loc["e", ["simultaneous_low", "simultaneous_high"]].tolist() == [5, 5]
    assert of_change.loc["b", ["n_better", "n_worse", "n_alike"]].sum() == 4
    assert set(of_change.loc["b", "groups"]) & set(of_change.loc["c", "groups"])
    assert of_change.loc["c", "n_alike"] > 0
    assert (of_change["simultaneous_low"] <= of_change["rank"]).all()
    assert (of_change["rank"] <= of_change["simultaneous_high"]).all()
    assert (of_change["marginal_low"] >= of_change["simultaneous_low"]).all()
    assert set(ranks["bank"]) == {"a", "b", "c", "d", "e"}


def test_json_gives_relative_and_ranks_and_null_where_the_gate_failed(score, cells):
    document = json.loads(to_json(score(cells)))
    first, few = document["banks"][0], document["banks"][-1]
    assert list(first["relative"]) == ["change", "se", "df", "ci_low", "ci_high", "p", "p_holm"]
    assert list(first["ranks"]) == ["level", "change"]
    assert first["ranks"]["change"]["rank"] == 1
    assert isinstance(first["ranks"]["change"]["simultaneous_high"], int)
    assert 0 <= first["ranks"]["change"]["p_best_third"] <= 1
    assert first["ranks"]["change"]["flags"] == []
    assert few["relative"] is few["ranks"] is None


def test_the_seed_moves_nothing_but_the_draws_and_is_fixed_where_none_is_given(score, cells):
    one, other = score(cells), score(cells, inputs={**INPUTS, "seed": 4})
    assert one.score_id != other.score_id
    assert one.relative.equals(other.relative)
    assert not one.ranks["p_best_third"].equals(other.ranks["p_best_third"])
    assert score(cells).ranks.equals(one.ranks)
    assert score(cells, inputs={**INPUTS, "seed": None}).inputs["seed"] > 0


@pytest.mark.parametrize(("banks", "draws"), [(1, 10_000), (100, 10_000), (200, 2_500), (400, 1_000)])
def test_fewer_draws_for_many_banks(banks, draws):
    assert draws_for(banks) == draws


def test_one_bank_has_neither_a_rank_nor_others(score, cells):
    one = {key: value for key, value in cells.items() if key[0] == "a"}
    result = score(one, "a")
    assert result.ranks["flag"].tolist() == ["no_others", "no_others"]
    assert result.relative["flag"].tolist() == ["no_others"]
    document = json.loads(to_json(result))["banks"][0]
    assert document["relative"] is None
    assert document["ranks"]["level"]["rank"] is None


def test_values_are_drawn_to_the_mean_by_their_noise(score, cells):
    shrunken = score(cells).shrunken
    of_change = shrunken[shrunken["of"] == "change"]
    mean = of_change["estimate"].mean()
    assert ((of_change["shrunken"] - mean).abs() < (of_change["estimate"] - mean).abs() + 1e-9).all()
    assert of_change["reliability"].between(0.9, 1).all()
    assert of_change["expected_shift"].iloc[0] < 0 < of_change["expected_shift"].iloc[4]


def test_banks_that_all_changed_their_tool_are_compared_with_each_other_only(score, cells, framework, make_answers,
                                                                            make_banks, start):  # fmt: skip
    """a, b and c went from kobo to wjx, d alone from kobo to csv, e kept kobo: a shift of the tool falls out."""
    table = make_answers(cells, panel=True)
    late = table["wave"] == "endline"
    table.loc[late & table["bank"].isin(["a", "b", "c"]), "tool"] = "wjx"
    table.loc[late & (table["bank"] == "d"), "tool"] = "csv"

    def run(shift):
        moved = table.copy()
        new = late & moved["bank"].isin(["a", "b", "c"])
        moved.loc[new, "q"] = moved.loc[new, "q"].astype(float) + shift
        return score_campaign(
            {"firms": moved}, framework, banks=make_banks("a", "b", "c", "d", "e"), start=start, inputs=INPUTS
        )

    result = run(0.0)
    assert result.verdicts["gate_rule"].tolist() == ["tool_confounded"] * 4 + [""]
    assert result.relative["flag"].tolist() == ["shared_shift"] * 3 + ["gate", "no_others"]
    assert result.relative["change"][:3].sum() == pytest.approx(0)
    assert result.relative["change"][3:].isna().all()
    assert result.composites["change"][:4].isna().all()
    only = score({key: value for key, value in cells.items() if key[0] in "abc"}, "a", "b", "c").relative
    assert result.relative["change"][:3].tolist() == pytest.approx(only["change"].tolist())
    assert run(0.7).relative["change"][:3].tolist() == pytest.approx(result.relative["change"][:3].tolist())
