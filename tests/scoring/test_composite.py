import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats as sps

from evaltools.scoring.changes import measure_changes, measure_levels
from evaltools.scoring.composite import satterthwaite, score_composites
from evaltools.scoring.gate import check_gate
from evaltools.scoring.preparation import prepare_scoring

VISIT = {"source": "visit", "uncertainty": "branch", "instrument": "visits"}


@pytest.fixture
def score(make_banks, start):
    """Changes, composites and the gate of some banks."""

    def run(framework, answers, *banks, **options):
        data = prepare_scoring(answers, framework, banks=make_banks(*(banks or ("a",))), start=start, **options)
        gate = check_gate(data)
        changes = measure_changes(data, gate)
        return data, changes, score_composites(data, gate, changes)

    return run


@pytest.fixture
def two_sources(make_indicator, make_framework):
    """A five-point item of weight .8 and a visited share of weight .2 in one dimension."""
    visited = make_indicator(
        "v", weight=0.2, statistic="share", choices=["yes"], unit="share", goalposts={"worst": 0, "best": 1}, **VISIT
    )
    return make_framework([make_indicator("q", weight=0.8), visited])


def visits(make_answers, baseline, endline):
    table = make_answers({("a", "baseline"): {"v": baseline}, ("a", "endline"): {"v": endline}}, mode="visit")
    table["branch"] = [f"br{k}" for k in range(len(baseline))] + [f"br{k}" for k in range(len(endline))]
    return table


def test_composite_of_two_sources_counted_by_hand(score, two_sources, make_answers):
    """Survey: 2 2 3 3 -> 3 3 4 4, other firms. Visits: the same three branches, 0 0 1 -> 1 0 1.

    Survey: mean 2.5 -> 3.5, scores 37.5 -> 62.5. Each wave's variance of the mean is s2/4 = (1/3)/4 = 1/12; of the
    change 1/6 in item units, (1/6) (.8 * 25)^2 = 400/6 in points; df = 4 - 1 = 3, of the interval 8 - 2 = 6.
    Visits: 1/3 -> 2/3, differences 1 0 0, variance of their mean (1/3)/3 = 1/9, (1/9) (.2 * 100)^2 = 400/9; df = 2.
    """
    survey = make_answers({("a", "baseline"): {"q": [2, 2, 3, 3]}, ("a", "endline"): {"q": [3, 3, 4, 4]}})
    answers = {"firms": survey, "visits": visits(make_answers, ["no", "no", "yes"], ["yes", "no", "yes"])}
    _, changes, composites = score(two_sources, answers)
    row = composites.frame.iloc[0]
    assert row["baseline"] == pytest.approx(0.8 * 37.5 + 0.2 * 100 / 3)
    assert row["endline"] == pytest.approx(0.8 * 62.5 + 0.2 * 200 / 3)
    assert row["change"] == pytest.approx(20 + 20 / 3)
    variance = 400 / 6 + 400 / 9
    df = variance**2 / ((400 / 6) ** 2 / 3 + (400 / 9) ** 2 / 2)
    assert (row["se"], row["df"]) == pytest.approx((math.sqrt(variance), df))
    df = variance**2 / ((400 / 6) ** 2 / 6 + (400 / 9) ** 2 / 2)
    assert row["p"] == pytest.approx(2 * sps.t.sf(row["change"] / row["se"], df))
    assert row["ci_low"] == pytest.approx(row["change"] - sps.t.ppf(0.975, df) * row["se"])
    by_item = changes.frame.set_index("indicator")
    assert list(by_item["se"]) == pytest.approx([math.sqrt(1 / 6), 1 / 3])
    assert list(by_item["df"]) == [3, 2]
    assert list(by_item["weight"]) == pytest.approx([0.8, 0.2])


def test_firms_in_both_waves_are_not_two_independent_ones(score, make_indicator, make_framework, make_answers):
    """1 2 3 4 -> 2 3 4 5 by the same firms: each gains 1, so nothing varies."""
    framework = make_framework([make_indicator("q")])
    cells = {("a", "baseline"): {"q": [1, 2, 3, 4]}, ("a", "endline"): {"q": [2, 3, 4, 5]}}
    _, _, panel = score(framework, {"firms": make_answers(cells, panel=True)})
    _, _, fresh = score(framework, {"firms": make_answers(cells)})
    assert panel.frame.loc[0, "change"] == fresh.frame.loc[0, "change"] == 25
    assert panel.frame.loc[0, "se"] == 0
    assert fresh.frame.loc[0, "se"] == pytest.approx(25 * math.sqrt(2 * (5 / 3) / 4))
    assert panel.frame.loc[0, ["p", "p_holm", "ci_low", "sim_high"]].isna().all()


def test_satterthwaite_by_hand():
    """(4 + 1)^2 / (16/8 + 1/2) = 10; a source without variance does not count; one without df spoils the sum."""
    variances = np.array([[4.0, 4.0, 0.0, 4.0], [1.0, 0.0, 0.0, 1.0]])
    dfs = np.array([[8.0, 8.0, 8.0, 8.0], [2.0, np.nan, np.nan, 0.0]])
    total, df = satterthwaite(variances, dfs)
    assert list(total) == [5, 4, 0, 5]
    assert list(df[:2]) == [10, 8]
    assert np.isnan(df[2:]).all()


def test_a_missing_indicator_gives_its_weight_to_its_dimension_and_a_missing_dimension_to_the_others(
    score, make_indicator, make_framework, make_answers
):
    """Dimensions x .9 (p .5, q .5) and z .1 (r): q and r unanswered leave p all the weight; 45 % is enough here."""
    framework = make_framework(
        [
            make_indicator("p", dimension="x", weight=0.5),
            make_indicator("q", dimension="x", weight=0.5),
            make_indicator("r", dimension="z", weight=1.0),
        ],
        dimensions={"x": 0.9, "z": 0.1},
        gate={"weight_share": 0.4},
    )
    cells = {("a", wave): {"p": [2, 3, 3, 4], "q": ["dk"] * 4, "r": [None] * 4} for wave in ("baseline", "endline")}
    cells["a", "endline"]["p"] = [3, 4, 4, 5]
    data, changes, composites = score(framework, {"firms": make_answers(cells)})
    assert list(changes.frame["weight"]) == [1, 0, 0]
    assert composites.frame.loc[0, "change"] == 25
    assert composites.frame.loc[0, "weight_share"] == pytest.approx(0.45)
    x, z = composites.dimensions.to_dict("records")
    assert (x["change"], x["weight_share"]) == (25, 0.5)
    assert (np.isnan(z["change"]), z["weight_share"]) == (True, 0)
    assert [dimension.id for dimension in data.framework.dimensions] == ["x", "z"]


def test_scores_beyond_the_goalposts_are_not_cut_in_the_test(score, make_indicator, make_framework, make_answers):
    framework = make_framework([make_indicator("days", unit="days", goalposts={"worst": 30, "best": 2})])
    cells = {("a", "baseline"): {"days": [40, 44, 48, 44]}, ("a", "endline"): {"days": [30, 29, 31, 30]}}
    _, _, composites = score(framework, {"firms": make_answers(cells)})
    row = composites.frame.iloc[0]
    assert (row["baseline"], row["endline"]) == pytest.approx((-50, 0))


def test_holm_counts_the_banks_that_passed_the_gate(score, make_indicator, make_framework, make_answers):
    """p = (p1 < p2 < p3): 3 p1, 2 p2, p3, never falling; the bank that failed is not in the family."""
    framework = make_framework([make_indicator("q")])
    cells = {}
    for bank, gain in {"a": 2, "b": 1, "c": 0.5, "few": 1}.items():
        base = [1.0, 1.5, 2.0, 2.5, 3.0] if bank != "few" else [1.0, 2.0]
        cells[bank, "baseline"] = {"q": base}
        cells[bank, "endline"] = {"q": [value + gain for value in base]}
    _, _, composites = score(framework, {"firms": make_answers(cells)}, "a", "b", "c", "few")
    frame = composites.frame.set_index("bank")
    p = frame["p"]
    assert p["a"] < p["b"] < p["c"]
    second = max(3 * p["a"], 2 * p["b"])
    assert list(frame["p_holm"][:3]) == pytest.approx([3 * p["a"], second, max(second, p["c"])])
    assert frame.loc["few", ["baseline", "change", "se", "p", "p_holm", "sim_low"]].isna().all()
    reach = sps.t.ppf(1 - 0.05 / 3 / 2, 8) * 25 * (2 * 0.625 / 5) ** 0.5  # two samples of five
    assert frame.loc["a", "sim_low"] == pytest.approx(frame.loc["a", "change"] - reach)


def test_a_complete_ledger_adds_level_but_no_variance(score, make_indicator, make_framework, make_answers):
    ledger = {"source": "ledger", "uncertainty": "none", "instrument": "ledger"}
    framework = make_framework([make_indicator("q", weight=0.8), make_indicator("l", weight=0.2, **ledger)])
    firms = make_answers({("a", "baseline"): {"q": [2, 2, 3, 3]}, ("a", "endline"): {"q": [3, 3, 4, 4]}})
    cases = make_answers({("a", "baseline"): {"l": [1]}, ("a", "endline"): {"l": [5]}}, mode="record")
    _, changes, composites = score(framework, {"firms": firms, "ledger": cases})
    assert composites.frame.loc[0, "change"] == pytest.approx(0.8 * 25 + 0.2 * 100)
    assert composites.frame.loc[0, "se"] == pytest.approx(0.8 * 25 * math.sqrt(1 / 6))
    row = changes.frame.set_index("indicator").loc["l"]
    assert row["used"]
    assert math.isnan(row["se"])


def test_endline_data_cannot_move_a_baseline_score(score, make_indicator, make_framework, make_answers):
    framework = make_framework([make_indicator("q"), make_indicator("d", dimension="speed", unit="days",
                                goalposts={"worst": 30, "best": 2})])  # fmt: skip
    base = {"q": [1, 2, 3, 4], "d": [9, 10, 11, 12]}
    levels = []
    for endline in ({"q": [5] * 4, "d": [1, 2, 3, 4]}, {"q": [1, 1, 1, 2], "d": [99, 98, 97, 96]}):
        answers = make_answers({("a", "baseline"): base, ("a", "endline"): endline})
        _, changes, composites = score(framework, {"firms": answers})
        levels.append([*changes.frame["score_baseline"], composites.frame.loc[0, "baseline"]])
    assert levels[0] == levels[1]


def test_levels_hide_what_few_firms_said_and_say_why(make_indicator, make_framework, make_answers, make_banks, start):
    framework = make_framework([make_indicator("p", weight=0.5), make_indicator("q", weight=0.5)])
    cells = {
        ("a", "baseline"): {"p": [1, 2, 3], "q": [4, 5, "dk"]},
        ("a", "endline"): {"p": [1, 2, 3], "q": ["dk"] * 3},
    }
    data = prepare_scoring({"firms": make_answers(cells)}, framework, banks=make_banks("a"), start=start)
    levels = measure_levels(data).set_index(["wave", "indicator"])
    assert levels.loc[("baseline", "p"), "estimate"] == 2
    assert math.isnan(levels.loc[("baseline", "q"), "estimate"])
    assert levels["flag"].to_dict()["baseline", "q"] == "small_cell"
    assert levels["flag"].to_dict()["endline", "q"] == "no_answers"
    assert levels["n"].tolist() == [3, 2, 3, 0]
    assert levels["missing_share"].tolist() == pytest.approx([0, 1 / 3, 0, 1])


answers_of_a_wave = st.lists(
    st.tuples(*[st.one_of(st.none(), st.integers(1, 5)) for _ in range(3)]), min_size=5, max_size=12
)


@given(baseline=answers_of_a_wave, endline=answers_of_a_wave)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_contributions_of_indicators_and_dimensions_add_up(
    baseline, endline, score, make_indicator, make_framework, make_answers
):
    framework = make_framework(
        [
            make_indicator("p", dimension="x", weight=0.25),
            make_indicator("q", dimension="x", weight=0.75),
            make_indicator("r", dimension="z", weight=1.0, goalposts={"worst": 5, "best": 0}),
        ],
        gate={"weight_share": 0.1},
    )
    cells = {
        ("a", wave): dict(zip("pqr", map(list, zip(*rows, strict=True)), strict=True))
        for wave, rows in (("baseline", baseline), ("endline", endline))
    }
    _, changes, composites = score(framework, {"firms": make_answers(cells)})
    row, used = composites.frame.iloc[0], changes.frame[changes.frame["used"]]
    if used.empty:
        assert np.isnan(row["change"])
        return
    assert used["weight"].sum() == pytest.approx(1)
    assert (used["weight"] * used["score_change"]).sum() == pytest.approx(row["change"])
    parts = composites.dimensions.set_index("dimension")["change"].fillna(0)
    shares = used.groupby("dimension")["weight"].sum()
    assert (parts[shares.index] * shares).sum() == pytest.approx(row["change"])
    assert row["change"] == pytest.approx(row["endline"] - row["baseline"])


def test_limits_of_shares_stay_between_0_and_1_and_exist_where_all_agree(two_sources, make_answers, make_banks, start):
    firms = make_answers({("a", "baseline"): {"q": [3] * 6}, ("a", "endline"): {"q": [1, 2, 3, 4, 5, 3]}})
    visited = visits(make_answers, ["yes"] * 5 + ["no"], ["yes"] * 6)
    data = prepare_scoring({"firms": firms, "visits": visited}, two_sources, banks=make_banks("a"), start=start)
    levels = measure_levels(data).set_index(["indicator", "wave"])
    # Korn and Graubard (1998): se2 = p (1 - p)/5, so 5 effective branches of which 25/6 kept it; else all 6
    low, high = sps.beta.ppf(0.025, 25 / 6, 5 / 6 + 1), sps.beta.ppf(0.975, 25 / 6 + 1, 5 / 6)
    assert levels.loc[("v", "baseline"), ["ci_low", "ci_high"]].tolist() == pytest.approx([low, high])
    assert levels.loc[("v", "endline"), ["ci_low", "ci_high"]].tolist() == pytest.approx([0.025 ** (1 / 6), 1])
    assert levels.loc[("q", "baseline"), ["ci_low", "ci_high"]].isna().all()
    assert levels["flag"].to_dict()["q", "baseline"] == "no_variation"
