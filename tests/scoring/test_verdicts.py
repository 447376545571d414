import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from evaltools.scoring.changes import measure_changes
from evaltools.scoring.composite import score_composites
from evaltools.scoring.families import adjust_bh, adjust_holm
from evaltools.scoring.gate import check_gate
from evaltools.scoring.preparation import prepare_scoring
from evaltools.scoring.verdicts import judge_change, judge_verdicts

NAN = math.nan


@pytest.mark.parametrize(
    ("change", "se", "p_holm", "interval", "simultaneous", "expected"),
    [
        (6.0, 1.0, 0.001, (4.0, 8.0), (3.1, 8.9), ("improved", "materially")),
        (6.0, 1.0, 0.001, (4.0, 8.0), (3.0, 9.0), ("improved", "")),
        (6.0, 2.0, 0.05, (2.0, 10.0), (0.1, 12.0), ("improved", "")),
        (6.0, 2.0, 0.0501, (2.0, 10.0), (-0.1, 12.0), ("no_detectable_change", "cannot_tell")),
        (-6.0, 1.0, 0.001, (-8.0, -4.0), (-8.9, -3.1), ("worsened", "materially")),
        (-6.0, 1.0, 0.001, (-8.0, -4.0), (-9.0, -3.0), ("worsened", "")),
        (0.5, 1.0, 0.8, (-1.5, 2.5), (-2.5, 3.5), ("no_detectable_change", "ruled_out")),
        (0.5, 1.25, 0.8, (-2.0, 3.0), (-3.0, 4.0), ("no_detectable_change", "cannot_tell")),
        (-1.0, 1.0, 0.4, (-3.0, 1.0), (-4.0, 2.0), ("no_detectable_change", "cannot_tell")),
        (4.0, 0.0, NAN, (NAN, NAN), (NAN, NAN), ("no_variation", "cannot_tell")),
        (4.0, 1.0, NAN, (NAN, NAN), (NAN, NAN), ("too_few_data", "cannot_tell")),
    ],
)
def test_verdict_table_with_a_meaningful_change_of_3(change, se, p_holm, interval, simultaneous, expected):
    row = {
        "change": change, "se": se, "p_holm": p_holm,
        "ci_low": interval[0], "ci_high": interval[1], "sim_low": simultaneous[0], "sim_high": simultaneous[1],
    }  # fmt: skip
    assert judge_change(row, alpha=0.05, delta=3.0) == expected


def test_holm_by_hand():
    """.01 .04 .03 -> 3 x .01, then 2 x .03, then .04 raised to .06."""
    assert list(adjust_holm(np.array([0.01, 0.04, 0.03]))) == pytest.approx([0.03, 0.06, 0.06])


def holm(p):
    """The textbook's way: from the smallest on, times the number of those that are left, never falling, at most 1."""
    adjusted, largest = np.full(len(p), NAN), 0.0
    for step, place in enumerate(sorted(range(len(p)), key=lambda k: 1.0 if np.isnan(p[k]) else p[k])):
        largest = max(largest, min(1.0, (len(p) - step) * (1.0 if np.isnan(p[place]) else p[place])))
        adjusted[place] = NAN if np.isnan(p[place]) else largest
    return adjusted


@given(p=hnp.arrays(float, (3, 5), elements=st.one_of(st.floats(0, 1), st.just(NAN))))
@settings(max_examples=40)
def test_holm_over_many_families_at_once_is_holm_of_each(p):
    for own, family in zip(adjust_holm(p), p, strict=True):
        assert own == pytest.approx(holm(family), nan_ok=True)


def test_who_is_no_member_of_the_family_does_not_count():
    adjusted = adjust_holm(np.array([0.01, 0.2, 0.02]), np.array([True, False, True]))
    assert adjusted == pytest.approx([0.02, NAN, 0.02], nan_ok=True)


def test_a_bank_that_cannot_be_tested_still_counts_in_the_family():
    adjusted = adjust_holm(np.array([0.01, np.nan]))
    assert adjusted[0] == pytest.approx(0.02)
    assert np.isnan(adjusted[1])
    assert adjust_holm(np.array([])).size == 0


def test_benjamini_hochberg_by_hand():
    """.01 .02 .04 of three tests: .03, .03, .04; what is not tested is no member."""
    assert list(adjust_bh(np.array([0.01, 0.04, 0.02]))) == pytest.approx([0.03, 0.04, 0.03])
    assert adjust_bh(np.array([0.01, np.nan]))[0] == pytest.approx(0.01)
    assert np.isnan(adjust_bh(np.array([np.nan]))).all()


@pytest.fixture
def judged(make_banks, start):
    def run(framework, answers, *banks, flags=(), **options):
        data = prepare_scoring(answers, framework, banks=make_banks(*banks), start=start, **options)
        gate = check_gate(data)
        changes = measure_changes(data, gate)
        composites = score_composites(data, gate, changes)
        return judge_verdicts(framework, gate, changes, composites, flags=flags).set_index("bank")

    return run


@pytest.fixture
def cells():
    base, gain = [2.0, 2.5, 3.0, 3.5], 1.0
    better = [value + gain + step for value, step in zip(base, (-0.2, 0.1, 0.2, -0.1), strict=True)]
    return {
        ("better", "baseline"): {"q": base}, ("better", "endline"): {"q": better},
        ("worse", "baseline"): {"q": better}, ("worse", "endline"): {"q": base},
        ("same", "baseline"): {"q": base}, ("same", "endline"): {"q": [2.9, 2.6, 2.4, 3.1]},
        ("rigid", "baseline"): {"q": [3.0] * 4}, ("rigid", "endline"): {"q": [3.0] * 4},
        ("few", "baseline"): {"q": base}, ("few", "endline"): {"q": [5.0] * 3},
    }  # fmt: skip


def test_each_verdict_on_small_panels(judged, make_indicator, make_framework, make_answers, cells):
    framework = make_framework([make_indicator("q")])
    table = judged(framework, {"firms": make_answers(cells, panel=True)}, "better", "worse", "same", "rigid", "few")
    assert table["verdict"].to_dict() == {
        "better": "improved", "worse": "worsened", "same": "no_detectable_change", "rigid": "no_variation",
        "few": "too_few_data",
    }  # fmt: skip
    assert table.loc["better", "detail"] == "materially"
    assert table.loc["few", "gate_rule"] == "answers"
    assert not table.loc["few", "gate_passed"]


def test_confounded_modes_give_no_absolute_verdict(judged, make_indicator, make_framework, make_answers, cells):
    framework = make_framework([make_indicator("q")])
    answers = make_answers(cells, panel=True)
    answers.loc[(answers["bank"] == "better") & (answers["wave"] == "endline"), "mode"] = "interviewer"
    table = judged(framework, {"firms": answers}, "better", "worse")
    assert table.loc["better", ["verdict", "detail", "gate_rule"]].tolist() == [
        "not_comparable", "cannot_tell", "mode_confounded",
    ]  # fmt: skip
    assert table.loc["worse", "verdict"] == "worsened"


def test_flags_say_what_the_verdict_rests_on(judged, make_indicator, make_framework, make_answers, cells):
    framework = make_framework([make_indicator("q", weight=0.9), make_indicator("r", weight=0.1)])
    for items in cells.values():
        items["r"] = [None] * len(items["q"])
    answers = make_answers(cells, panel=True)
    answers["overlap_known"] = answers["bank"] != "worse"
    options = {"comparability": {"firms": {"q": "reworded"}}, "flags": ["not_frozen"]}
    table = judged(framework, {"firms": answers}, "better", "worse", "few", **options)
    assert table.loc["better", "flags"] == "not_frozen;partial_weight;reworded"
    assert table.loc["worse", "flags"] == "not_frozen;overlap_unknown;partial_weight;reworded"
    assert table.loc["few", "flags"] == "not_frozen"


def test_missing_answers_that_moved_are_flagged_where_much_of_the_weight_has_them(
    judged, make_indicator, make_framework, make_answers
):
    framework = make_framework([make_indicator("q", weight=0.9), make_indicator("r", weight=0.1)])
    values = [1.0, 2.0, 3.0, 4.0, 5.0]
    heavy = {("a", "baseline"): {"q": values, "r": values}, ("a", "endline"): {"q": [*values[:4], "dk"], "r": values}}
    light = {("a", "baseline"): {"q": values, "r": values}, ("a", "endline"): {"q": values, "r": [*values[:4], "dk"]}}
    assert judged(framework, {"firms": make_answers(heavy)}, "a").loc["a", "flags"] == "missing_moved"
    assert judged(framework, {"firms": make_answers(light)}, "a").loc["a", "flags"] == ""


def test_firms_that_all_gain_the_same_show_no_variation(judged, make_indicator, make_framework, make_answers):
    """A standard error of a few last bits would make any change significant."""
    framework = make_framework([make_indicator("q", weight=0.7), make_indicator("r", weight=0.3)])
    first = {"q": [1.0, 1.3, 2.2, 3.1, 2.7, 1.9, 2.3], "r": [2.1, 1.7, 3.3, 2.9, 1.1, 2.6, 2.2]}
    last = {"q": [value + 0.7 for value in first["q"]], "r": [value + 0.1 for value in first["r"]]}
    answers = make_answers({("a", "baseline"): first, ("a", "endline"): last}, panel=True)
    answers["weight"] = [1.3, 2.1, 0.7, 1.1, 1.9, 0.4, 2.8] * 2
    table = judged(framework, {"firms": answers}, "a")
    assert table.loc["a", ["verdict", "detail"]].tolist() == ["no_variation", "cannot_tell"]


def test_missing_answers_that_moved_by_exactly_ten_points_are_not_flagged(
    judged, make_indicator, make_framework, make_answers
):
    framework = make_framework([make_indicator("q")])
    answered = [1.0, 2.0, 3.0, 4.0, 5.0, 4.0]
    cells = {  # 0.4 - 0.3 is a little more than 0.1 in floating point
        ("a", "baseline"): {"q": [*answered, 2.0, "dk", "dk", "dk"]},
        ("a", "endline"): {"q": [*answered, "dk", "dk", "dk", "dk"]},
    }
    assert judged(framework, {"firms": make_answers(cells)}, "a").loc["a", "flags"] == ""
