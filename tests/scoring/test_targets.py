import math

import numpy as np
import pandas as pd
import pytest

from evaltools.scoring.changes import measure_changes
from evaltools.scoring.gate import check_gate
from evaltools.scoring.preparation import prepare_scoring
from evaltools.scoring.targets import judge_targets

VISIT = {"source": "visit", "uncertainty": "branch", "instrument": "visits"}
SHARE = {"statistic": "share", "choices": ["yes"], "unit": "share", "goalposts": {"worst": 0, "best": 1}}
DAYS = {"unit": "days", "goalposts": {"worst": 30, "best": 2}}


@pytest.fixture
def judge(make_framework, make_banks, start):
    """The judged targets of some banks; answers by instrument."""

    def run(indicators, targets, answers, *banks):
        framework = make_framework(indicators, targets=[{"clause": "1", "text": "t"} | one for one in targets])
        data = prepare_scoring(answers, framework, banks=make_banks(*(banks or ("a",))), start=start)
        return judge_targets(data, measure_changes(data, check_gate(data)))

    return run


@pytest.fixture
def days(make_answers):
    """One bank's days at the endline; nothing at the baseline."""

    def build(values):
        return {"firms": make_answers({("a", "endline"): {"d": values}, ("a", "baseline"): {"d": [None]}})}

    return build


WITHIN = {"indicator": "d", "statistic": "share_within", "bound": 8, "at_least": 0.9}


def test_the_eighth_working_day_is_within_eight(judge, make_indicator, days):
    row = judge([make_indicator("d", **DAYS)], [WITHIN], days([8] * 30)).iloc[0]
    assert (row["value"], row["verdict"]) == (1.0, "met")
    assert row["ci_low"] == pytest.approx(0.05 ** (1 / 30))
    late = judge([make_indicator("d", **DAYS)], [WITHIN], days([9] * 30)).iloc[0]
    assert (late["value"], late["verdict"]) == (0.0, "not_met")


@pytest.mark.parametrize(("n", "verdict"), [(28, "cannot_tell"), (29, "met")])
def test_29_loans_in_time_are_needed_to_show_nine_in_ten(judge, make_indicator, days, n, verdict):
    """0.9 ** 28 = .052, 0.9 ** 29 = .047."""
    p90 = {"indicator": "d", "statistic": "p90", "at_most": 8}
    table = judge([make_indicator("d", **DAYS)], [WITHIN, p90], days([5, 8] * (n // 2) + [8] * (n % 2)))
    assert table["verdict"].tolist() == [verdict, verdict]
    assert table["value"].tolist() == [1.0, 8.0]


def test_mean_and_90th_percentile_can_part(judge, make_indicator, days):
    """Nine loans in 2 days and one in 30, fourfold: mean 4.8, but one in ten is late."""
    targets = [
        {"indicator": "d", "statistic": "mean", "at_most": 8},
        {"indicator": "d", "statistic": "p90", "at_most": 8},
    ]
    mean, p90 = judge([make_indicator("d", **DAYS)], targets, days(([2] * 9 + [30]) * 4)).to_dict("records")
    assert (mean["value"], mean["verdict"]) == (pytest.approx(4.8), "met")
    assert (p90["value"], p90["verdict"]) == (2.0, "cannot_tell")
    assert p90["ci_high"] == 30


def test_a_mean_that_is_surely_above_its_limit_is_not_met(judge, make_indicator, days):
    target = {"indicator": "d", "statistic": "mean", "at_most": 8}
    row = judge([make_indicator("d", **DAYS)], [target], days([20, 21, 22, 23])).iloc[0]
    assert (row["verdict"], row["evidence"]) == ("not_met", "n=4;psu=4")
    assert row["ci_low"] > 8


def test_a_mean_without_variation_is_shown_and_not_judged(judge, make_indicator, days):
    target = {"indicator": "d", "statistic": "mean", "at_most": 8}
    row = judge([make_indicator("d", **DAYS)], [target], days([9, 9, 9, 9])).iloc[0]
    assert (row["value"], row["verdict"], row["evidence"]) == (9, "cannot_tell", "no_variation")


def test_firms_that_each_stand_alone_in_their_stratum_leave_no_degrees_of_freedom(judge, make_indicator, days):
    answers = days([9, 10, 11, 12])
    answers["firms"]["stratum"] = ["h1", "h2", "h3", "h4", "h1"]
    others = answers["firms"].assign(bank="other", response_id=lambda t: "o" + t["response_id"])
    others["psu"] = [f"o{k}" for k in range(5)]
    answers["firms"] = pd.concat([answers["firms"], others], ignore_index=True)
    target = {"indicator": "d", "statistic": "mean", "at_most": 8}
    row = judge([make_indicator("d", **DAYS)], [target], answers).iloc[0]
    assert (row["value"], row["verdict"], row["evidence"]) == (10.5, "cannot_tell", "no_df")


def test_values_of_few_firms_are_not_shown(judge, make_indicator, days):
    row = judge([make_indicator("d", **DAYS)], [WITHIN], days([30, 30])).iloc[0]
    assert math.isnan(row["value"])
    assert math.isnan(row["p"])
    assert (row["n"], row["verdict"], row["evidence"]) == (2, "cannot_tell", "small_cell")


def test_without_answers_nothing_is_told(judge, make_indicator, days):
    row = judge([make_indicator("d", **DAYS)], [WITHIN], days([None, "dk"])).iloc[0]
    assert (row["n"], row["verdict"], row["evidence"]) == (0, "cannot_tell", "no_answers")


def test_accusations_from_samples_are_adjusted_over_banks(judge, make_indicator, make_answers):
    """Among many banks that keep the limit, the one p just under .05 accuses nobody."""
    borderline = [9.0, 8.4, 8.9, 8.2, 9.1, 7.5]
    good = [4.0, 5.0, 6.0, 5.5, 4.5, 5.2]
    target = {"indicator": "d", "statistic": "mean", "at_most": 8}
    names = [f"b{k}" for k in range(8)]
    cells = {(name, "endline"): {"d": borderline if name == "b0" else good} for name in names}
    cells["b0", "baseline"] = {"d": good}
    alone = judge([make_indicator("d", **DAYS)], [target], {"firms": make_answers(cells)}, "b0").iloc[0]
    among = judge([make_indicator("d", **DAYS)], [target], {"firms": make_answers(cells)}, *names).iloc[0]
    assert (alone["verdict"], among["verdict"]) == ("not_met", "cannot_tell")
    assert alone["p"] == pytest.approx(among["p"])
    assert 0.01 < alone["p"] < 0.05 < among["p_adjusted"]


def test_a_target_may_hold_for_some_banks_only(judge, make_indicator, make_answers):
    target = {"indicator": "r", "statistic": "mean", "at_most": 5, "bank_types": ["state_owned"]}
    cells = {(bank, "endline"): {"r": [4.0, 4.5, 4.2, 4.1]} for bank in ("a", "b")}
    banks = (("a", "state_owned"), ("b", "rural"))
    table = judge([make_indicator("r")], [target], {"firms": make_answers(cells)}, *banks)
    assert table[["bank", "verdict"]].to_numpy().tolist() == [["a", "met"]]


def test_a_soft_target_says_so_in_its_evidence(judge, make_indicator, days):
    row = judge([make_indicator("d", **DAYS)], [WITHIN | {"soft": True}], days([8] * 30)).iloc[0]
    assert row["soft"]
    assert row["evidence"] == "n=30;psu=30;soft"


@pytest.fixture
def visited(make_indicator, make_answers):
    def build(values, branches, **changes):
        table = make_answers({("a", "endline"): {"v": values}}, mode="visit")
        table["branch"] = branches
        firm = make_answers({("a", "endline"): {"q": [3.0] * 4}})
        indicators = [make_indicator("q", weight=0.9), make_indicator("v", weight=0.1, **(VISIT | SHARE | changes))]
        return indicators, {"visits": table, "firms": firm}

    return build


def test_one_violation_found_by_a_visit_is_enough_and_is_located(judge, visited):
    indicators, answers = visited(["no", "yes", "no", "na"], ["x", "y", "z", "z"])
    row = judge(indicators, [{"indicator": "v", "statistic": "none"}], answers).iloc[0]
    assert (row["value"], row["n"], row["verdict"]) == (pytest.approx(1 / 3), 3, "not_met")
    assert row["evidence"] == "violations=1;n=3;visit:r0002"
    assert math.isnan(row["p"])


def test_no_violation_in_three_branches_is_never_met_and_leaves_63_percent(judge, visited):
    """1 - .05 ** (1/3) = .63; two visits of one branch count once."""
    indicators, answers = visited(["no"] * 4, ["x", "y", "z", "z"])
    row = judge(indicators, [{"indicator": "v", "statistic": "none"}], answers).iloc[0]
    assert (row["value"], row["verdict"]) == (0.0, "no_violation_found")
    assert (row["ci_low"], row["ci_high"]) == (0.0, pytest.approx(1 - 0.05 ** (1 / 3)))


def test_every_visit_must_keep_the_rule(judge, visited):
    indicators, answers = visited(["yes", "yes", "no"], ["x", "y", "z"])
    row = judge(indicators, [{"indicator": "v", "statistic": "every"}], answers).iloc[0]
    assert (row["value"], row["verdict"]) == (pytest.approx(2 / 3), "not_met")
    assert row["evidence"] == "violations=1;n=3;visit:r0003"
    indicators, answers = visited(["yes"] * 3, ["x", "y", "z"])
    row = judge(indicators, [{"indicator": "v", "statistic": "every"}], answers).iloc[0]
    assert (row["value"], row["verdict"]) == (1.0, "no_violation_found")
    assert (row["ci_low"], row["ci_high"]) == (pytest.approx(0.05 ** (1 / 3)), 1.0)


def test_evidence_stays_short(judge, visited):
    indicators, answers = visited(["yes"] * 9, list("abcdefghi"))
    row = judge(indicators, [{"indicator": "v", "statistic": "none"}], answers).iloc[0]
    assert row["evidence"].count("visit:") == 5
    assert row["evidence"].startswith("violations=9;n=9;")


def test_a_bank_that_was_not_visited_cannot_be_judged(judge, visited):
    indicators, answers = visited(["na", None], ["x", "y"])
    row = judge(indicators, [{"indicator": "v", "statistic": "every"}], answers).iloc[0]
    assert (row["n"], row["verdict"], row["evidence"]) == (0, "cannot_tell", "no_answers")
    assert np.isnan([row["value"], row["ci_low"], row["ci_high"]]).all()


@pytest.mark.parametrize(("closed", "verdict"), [(["yes"] * 19 + ["no"], "not_met"), (["yes"] * 20, "met")])
def test_complete_counts_compare_exactly(judge, visited, closed, verdict):
    ledger = {"source": "ledger", "uncertainty": "none", "instrument": "visits"}
    indicators, answers = visited(closed, [None] * 20, **ledger)
    targets = [
        {"indicator": "v", "statistic": "share", "at_least": 1.0},
        {"indicator": "v", "statistic": "every"},
    ]
    table = judge(indicators, targets, answers)
    assert table["verdict"].tolist() == [verdict, verdict]
    assert table["ci_low"].isna().all()


def test_a_complete_share_at_its_limit_is_met(judge, visited):
    ledger = {"source": "ledger", "uncertainty": "none", "instrument": "visits"}
    indicators, answers = visited(["yes"] * 9 + ["no"], [None] * 10, **ledger)
    row = judge(indicators, [{"indicator": "v", "statistic": "share", "at_least": 0.9}], answers).iloc[0]
    assert (row["value"], row["verdict"], row["evidence"]) == (0.9, "met", "n=10")


@pytest.mark.parametrize("limit", ["at_most", "at_least"])
def test_a_complete_count_at_its_limit_is_met_whatever_the_sum_of_binary_fractions(
    judge, make_indicator, make_answers, limit
):
    """Rates of 4.35 on average; beside a bank far off some of their means miss it in the last digit."""
    banks = [f"b{k:02d}" for k in range(1, 31)]
    rates = {
        bank: [round(4.35 + side * 0.07 * step, 2) for step in range(1, k + 1) for side in (-1, 1)]
        for k, bank in enumerate(banks, 1)
    }
    cells = {(bank, "endline"): {"r": rates[bank]} for bank in banks} | {("other", "endline"): {"r": [90.1] * 500}}
    indicators, answers = _returns(make_indicator, make_answers, cells)
    table = judge(indicators, [{"indicator": "r", "statistic": "mean", limit: 4.35}], answers, *banks)
    assert set(table["verdict"]) == {"met"}


@pytest.mark.parametrize(("asked", "verdict"), [(0, "not_met"), (0.3, "met")])
@pytest.mark.parametrize("limit", ["at_least", "at_most"])
def test_a_complete_count_that_did_not_move_has_no_change(judge, make_indicator, make_answers, limit, asked, verdict):
    """Both waves have one mean, got from other rates; a limit that is no 0 is kept by the change that equals it."""
    banks, cells = [f"b{k:02d}" for k in range(30)], {}
    for k, bank in enumerate(banks):
        cells[bank, "baseline"] = {"r": [4.35, round(4.35 - 0.01 * k, 2), round(4.35 + 0.01 * k, 2)]}
        cells[bank, "endline"] = {"r": [round(4.35 + asked - 0.03 * k, 2), round(4.35 + asked + 0.03 * k, 2)]}
    indicators, answers = _returns(make_indicator, make_answers, cells)
    table = judge(indicators, [{"indicator": "r", "statistic": "change", limit: asked}], answers, *banks)
    assert set(table["verdict"]) == {verdict}


def _returns(make_indicator, make_answers, cells):
    """A complete return without weight beside a survey that passes the gate."""
    rate = make_indicator("r", weight=0, source="return", uncertainty="none", instrument="returns")
    waves = [(bank, wave) for bank in dict.fromkeys(bank for bank, _ in cells) for wave in ("baseline", "endline")]
    firms = make_answers({cell: {"q": [1.0, 3.0, 4.0, 5.0]} for cell in waves})
    return [make_indicator("q"), rate], {"returns": make_answers(cells), "firms": firms}


def test_less_than_before_is_judged_by_the_change(judge, make_indicator, make_answers):
    target = {"indicator": "q", "statistic": "change", "at_most": 0}
    cells = {
        ("down", "baseline"): {"q": [7, 8, 9, 8]}, ("down", "endline"): {"q": [3, 4, 5, 4]},
        ("up", "baseline"): {"q": [3, 4, 5, 4]}, ("up", "endline"): {"q": [7, 8, 9, 8]},
        ("flat", "baseline"): {"q": [3, 4, 5, 4]}, ("flat", "endline"): {"q": [4, 3, 5, 4]},
        ("few", "baseline"): {"q": [9, 9, 9, 8]}, ("few", "endline"): {"q": [1, 1]},
    }  # fmt: skip
    table = judge([make_indicator("q")], [target], {"firms": make_answers(cells)}, "down", "up", "flat", "few")
    table = table.set_index("bank")
    assert table["verdict"].to_dict() == {
        "down": "met", "up": "not_met", "flat": "cannot_tell", "few": "cannot_tell",
    }  # fmt: skip
    assert table.loc["down", "value"] == -4
    assert table.loc["down", "evidence"] == "n_baseline=4;n=4"
    assert table.loc["few", "evidence"] == "small_cell"
