import json

import pytest

from evaltools.scoring.gate import check_gate
from evaltools.scoring.preparation import prepare_scoring


@pytest.fixture
def judge(make_framework, make_banks, start):
    """The gate's row of bank "a"."""

    def run(framework, answers, **options):
        data = prepare_scoring(answers, framework, banks=make_banks("a"), start=start, **options)
        gate = check_gate(data)
        row = gate.table.iloc[0].to_dict()
        return row | {"gate_fields": json.loads(row["gate_fields"]), "reasons": gate.reasons.loc["a"].to_dict()}

    return run


@pytest.fixture
def two_items(make_indicator, make_framework):
    """Items p and q of weight .85 and .15; the gate asks for 4 answers, 3 firms, 80 % of the weight."""
    return make_framework([make_indicator("p", weight=0.85), make_indicator("q", weight=0.15)])


def firms(make_answers, n=(4, 4), p="3", q="3", **columns):
    cells = {
        ("a", wave): {"p": [p] * size, "q": [q] * size} for wave, size in zip(("baseline", "endline"), n, strict=True)
    }
    return {"firms": make_answers(cells, **columns)}


def test_exactly_the_required_answers_pass(judge, two_items, make_answers):
    row = judge(two_items, firms(make_answers))
    assert (row["gate_passed"], row["gate_rule"], row["gate_fields"]) == (True, "", {})
    assert (row["n_baseline"], row["psu_endline"], row["weight_share"]) == (4, 4, pytest.approx(1.0))


def test_one_answer_short_names_the_wave_and_the_numbers(judge, two_items, make_answers):
    row = judge(two_items, firms(make_answers, n=(4, 3)))
    assert row["gate_rule"] == "answers"
    assert row["gate_fields"] == {"wave": "endline", "found": 3, "required": 4}


def test_many_answers_of_few_firms_are_few(judge, two_items, make_answers):
    answers = firms(make_answers)
    answers["firms"].loc[:3, "psu"] = ["x", "x", "y", "y"]
    row = judge(two_items, answers)
    assert (row["gate_rule"], row["gate_fields"]["found"]) == ("psus", 2)


def test_answers_come_before_psus_and_weight(judge, two_items, make_answers):
    answers = firms(make_answers, n=(3, 4), p="dk")
    answers["firms"]["psu"] = "x"
    assert judge(two_items, answers)["gate_rule"] == "answers"


def test_below_80_percent_of_the_weight_nothing_is_scored(judge, two_items, make_answers):
    row = judge(two_items, firms(make_answers, p="dk"))
    assert (row["gate_rule"], row["gate_fields"]) == ("weight_share", {"found": 0.15, "required": 0.8})
    assert row["reasons"] == {"p": "no_answers", "q": ""}


def test_exactly_80_percent_pass(judge, make_indicator, make_framework, make_answers):
    framework = make_framework(
        [make_indicator("p", weight=0.1 + 0.7), make_indicator("q", weight=0.2)],
    )
    row = judge(framework, firms(make_answers, q="dk"))
    assert (row["gate_passed"], row["weight_share"]) == (True, pytest.approx(0.8))


def test_an_indicator_that_too_few_firms_answered_in_one_wave_is_not_used(judge, two_items, make_answers):
    answers = firms(make_answers)
    answers["firms"].loc[:1, "q"] = "dk"
    row = judge(two_items, answers)
    assert row["reasons"] == {"p": "", "q": "small_cell"}
    assert row["weight_share"] == pytest.approx(0.85)


def test_modes_that_do_not_meet_are_confounded_with_the_wave(judge, two_items, make_answers):
    answers = firms(make_answers)
    answers["firms"]["mode"] = ["self"] * 4 + ["interviewer"] * 4
    row = judge(two_items, answers)
    assert row["gate_rule"] == "mode_confounded"
    assert row["gate_fields"] == {"source": "survey", "baseline": ["self"], "endline": ["interviewer"]}


def test_one_shared_mode_is_a_bridge(judge, two_items, make_answers):
    answers = firms(make_answers)
    answers["firms"]["mode"] = ["self"] * 4 + ["interviewer"] * 3 + ["self"]
    assert judge(two_items, answers)["gate_passed"]


def test_tools_that_do_not_meet_are_confounded_too_and_unknown_ones_are_not(judge, two_items, make_answers):
    answers = firms(make_answers)
    answers["firms"]["tool"] = ["wjx"] * 4 + ["kobo"] * 4
    assert judge(two_items, answers)["gate_rule"] == "tool_confounded"
    answers["firms"]["tool"] = ["wjx"] * 4 + [None] * 4
    assert judge(two_items, answers)["gate_passed"]


def test_too_few_answers_are_said_before_confounding(judge, two_items, make_answers):
    answers = firms(make_answers, n=(3, 3))
    answers["firms"]["mode"] = ["self"] * 3 + ["interviewer"] * 3
    assert judge(two_items, answers)["gate_rule"] == "answers"


def test_items_that_cannot_be_compared_are_dropped_and_may_fail_the_gate(judge, two_items, make_answers):
    light = judge(two_items, firms(make_answers), comparability={"firms": {"q": "not_comparable"}})
    assert (light["gate_passed"], light["reasons"]) == (True, {"p": "", "q": "not_comparable"})
    heavy = judge(two_items, firms(make_answers), comparability={"firms": {"p": "not_comparable"}})
    assert heavy["gate_rule"] == "items_not_comparable"


def test_visits_need_branches_and_their_number_is_that_of_the_framework(
    judge, make_indicator, make_framework, make_answers
):
    visit = {"source": "visit", "uncertainty": "branch", "instrument": "visits"}
    framework = make_framework(
        [make_indicator("p", weight=0.9), make_indicator("v", weight=0.1, **visit)], gate={"branches": 2}
    )
    visits = make_answers({("a", "baseline"): {"v": [3, 4, 5]}, ("a", "endline"): {"v": [3, 4, 5]}}, mode="visit")
    visits["branch"] = ["x", "y", "y", "x", "x", "x"]
    row = judge(framework, firms(make_answers) | {"visits": visits})
    assert row["reasons"] == {"p": "", "v": "few_branches"}
    visits.loc[5, "branch"] = "y"
    assert judge(framework, firms(make_answers) | {"visits": visits})["reasons"]["v"] == ""


def test_a_bank_without_any_answer_has_a_row(judge, two_items, make_answers):
    answers = firms(make_answers)
    answers["firms"]["bank"] = "other"
    row = judge(two_items, answers)
    assert (row["gate_rule"], row["n_baseline"]) == ("answers", 0)
    assert judge(two_items, {})["gate_rule"] == "answers"


def test_answers_of_weight_0_do_not_open_the_gate(judge, two_items, make_answers):
    answers = firms(make_answers)
    answers["firms"]["weight"] = [0.0] * 2 + [1.0] * (len(answers["firms"]) - 2)
    row = judge(two_items, answers)
    assert (row["gate_rule"], row["gate_fields"]["found"], row["n_baseline"]) == ("answers", 2, 2)
