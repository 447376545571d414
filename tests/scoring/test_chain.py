import json
import math

import numpy as np
import pandas as pd
import pytest

from evaltools.config import DesignSettings
from evaltools.errors import CampaignError, DesignError
from evaltools.scoring.chain import score_campaign
from evaltools.scoring.framework import read_framework
from evaltools.scoring.result import displayed, to_json

INPUTS = {"files": ["raw/b.xlsx", "raw/a.xlsx"], "tables": {"responses": 3, "files": 2}, "seed": 7}


@pytest.fixture
def framework(make_indicator, make_framework):
    target = {"clause": "1.3", "indicator": "q", "statistic": "mean", "at_least": 4, "text": "t"}
    return make_framework([make_indicator("q")], targets=[target])


@pytest.fixture
def answers(make_answers):
    cells = {
        ("b2", "baseline"): {"q": [1, 2, 3, 4, 3]}, ("b2", "endline"): {"q": [4, 4, 5, 4, 3]},
        ("b1", "baseline"): {"q": [3, 3]}, ("b1", "endline"): {"q": [3, 3]},
    }  # fmt: skip
    return {"firms": make_answers(cells)}


@pytest.fixture
def score(make_banks, start, framework, answers):
    def run(**changes):
        options = {"banks": make_banks("b2", "b1"), "start": start, "inputs": INPUTS} | changes
        table = options.pop("answers", answers)
        return score_campaign(table, options.pop("framework", framework), **options)

    return run


def test_json_follows_the_contract(score):
    text = to_json(score())
    document = json.loads(text)
    assert list(document) == ["schema", "inputs", "banks"]
    assert list(document["inputs"]) == ["files", "tables", "framework_sha", "seed", "replicates"]
    assert document["inputs"]["files"] == ["raw/a.xlsx", "raw/b.xlsx"]
    assert list(document["inputs"]["tables"]) == ["files", "responses"]
    assert document["inputs"]["replicates"] == 10_000
    keys = ["bank", "composite", "relative", "verdict", "detail", "gate", "flags", "ranks", "targets"]
    assert [list(bank) for bank in document["banks"]] == [keys, keys]
    assert [bank["bank"] for bank in document["banks"]] == ["b2", "b1"]
    scored, few = document["banks"]
    assert list(scored["composite"]) == [
        "baseline", "endline", "change", "se", "df", "ci_low", "ci_high", "p", "p_holm",
    ]  # fmt: skip
    assert (scored["composite"]["baseline"], scored["composite"]["endline"]) == (40.0, 75.0)
    assert scored["relative"] is None  # no other bank passed the gate
    assert (scored["ranks"]["change"]["rank"], scored["ranks"]["change"]["flags"]) == (None, ["no_others"])
    assert few["ranks"] is None
    assert scored["gate"] == {"passed": True, "rule": None, "fields": {}}
    assert list(scored["targets"][0]) == [
        "clause", "indicator", "statistic", "value", "ci_low", "ci_high", "n", "verdict", "evidence",
    ]  # fmt: skip
    assert scored["targets"][0]["evidence"] == ["n=5", "psu=5"]
    assert set(few["composite"].values()) == {None}
    assert (few["verdict"], few["gate"]["rule"], few["gate"]["fields"]["found"]) == ("too_few_data", "answers", 2)


def test_json_has_ten_digits_and_no_nan(score):
    text = to_json(score())
    assert "NaN" not in text
    se = json.loads(text)["banks"][0]["composite"]["se"]
    # squares 5.2 and 2 over 5 answers; each wave's stratum holds 7 firms, two of them of the other bank
    exact = 25 * math.sqrt(7 / 6 * (5.2 + 2) / 25)
    assert se == float(f"{exact:.10g}") != exact


def test_the_same_data_give_the_same_bytes_whatever_the_order_of_rows(score, answers):
    first = score()
    shuffled = {"firms": answers["firms"].sample(frac=1, random_state=3)}
    second = score(answers=shuffled)
    assert to_json(first) == to_json(second)
    assert first.score_id == second.score_id


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": INPUTS | {"seed": 8}},
        {"inputs": INPUTS | {"tables": {"responses": 4, "files": 2}}},
        {"design": DesignSettings(overlap="union")},
        {"flags": ["not_frozen"]},
        {"comparability": {"firms": {"q": "reworded"}}},
        {"headline": "standardised", "design": DesignSettings(margins={"all": 1})},
        {"doubtful": {"firms": ["r0001"]}},
    ],
)
def test_the_score_id_moves_with_whatever_can_move_a_number(score, change):
    assert score(**change).score_id != score().score_id


def test_displayed_scores_are_cut_and_nan_stays():
    assert [displayed(value) for value in (-3.0, 50.0, 104.0)] == [0.0, 50.0, 100.0]
    assert math.isnan(displayed(math.nan))


def test_partly_given_weights_are_refused(score, answers):
    answers["firms"]["weight"] = [1.0] * 13 + [None]
    with pytest.raises(CampaignError, match="1 of 14 ratings of instrument 'firms' have no weight"):
        score()


def test_weights_weigh(score, answers):
    answers["firms"]["weight"] = [3.0, 1, 1, 1, 1, *[1.0] * 9]
    first = score().changes.iloc[0]
    assert first["baseline"] == pytest.approx((3 * 1 + 2 + 3 + 4 + 3) / 7)


def test_a_firm_in_two_strata_is_an_error(score, answers):
    answers["firms"]["psu"] = ["x", "x", *[f"f{k}" for k in range(12)]]
    answers["firms"].loc[1, "stratum"] = "other"
    with pytest.raises(DesignError, match="psu-two-strata"):
        score()


def test_a_single_firm_in_a_stratum_is_merged_and_recorded(score, answers):
    answers["firms"].loc[0, "stratum"] = "single"
    result = score()
    assert result.merged_strata[["source", "stratum", "merged_with"]].to_numpy().tolist() == [
        ["survey", "single", "all"]
    ]  # fmt: skip
    assert result.composites["se"].iloc[0] > 0


def test_only_a_baseline_gives_levels_and_no_change(score, answers):
    result = score(answers={"firms": answers["firms"][answers["firms"]["wave"] == "baseline"]})
    assert result.estimates.iloc[0]["estimate"] == 2.6
    assert result.changes["change"].isna().all()
    assert result.verdicts["verdict"].tolist() == ["too_few_data"] * 2
    assert json.loads(to_json(result))["banks"][0]["targets"][0]["verdict"] == "cannot_tell"


def test_no_answers_at_all_give_a_result(score):
    result = score(answers={})
    assert result.verdicts["verdict"].tolist() == ["too_few_data"] * 2
    assert result.estimates["flag"].unique().tolist() == ["no_answers"]


def test_counts_account_for_every_rating_and_indicator(score, answers):
    answers["firms"].loc[0, "q"] = "dk"
    counts = score().counts
    assert counts["n"].sum() == len(answers["firms"])
    assert counts.set_index("reason").loc["dont_know", "n"] == 1


def test_one_mean_of_schools_in_one_dimension(make_indicator, make_framework, make_banks, make_answers, start):
    """Another field: an index of schools, all schools in both waves, weights, plain strata."""
    index = make_indicator("api", instrument="school", unit="points", goalposts={"worst": 200, "best": 1000})
    framework = make_framework([index], delta=1.0, gate={"answers": 5, "psus": 5, "min_cell": 1})
    before = np.array([500.0, 620, 580, 710, 640, 590])
    gain = np.array([40.0, 10, 25, 30, 20, 25])
    table = make_answers({("e", "baseline"): {"api": before}, ("e", "endline"): {"api": before + gain}}, panel=True)
    table["weight"], table["mode"] = [2.0, 1, 1, 1, 1, 2] * 2, "record"
    settings = DesignSettings(overlap="union", df="design")
    result = score_campaign(
        {"school": table}, framework, banks=make_banks("e"), start=start, inputs=INPUTS, design=settings
    )
    row = result.changes.iloc[0]
    weight = np.array([2.0, 1, 1, 1, 1, 2])
    mean = (weight * gain).sum() / weight.sum()
    residual = weight * (gain - mean) / weight.sum()
    assert row["change"] == pytest.approx(mean)
    assert row["se"] == pytest.approx(math.sqrt(6 / 5 * (residual**2).sum()))
    assert row["df"] == 5
    assert result.composites.iloc[0]["change"] == pytest.approx(mean / 8)
    assert json.loads(to_json(result))["banks"][0]["targets"] == []
    assert result.verdicts.loc[0, "verdict"] == "improved"


def test_pass_fail_items_of_visits_only(make_indicator, make_framework, make_banks, make_answers, start):
    """Another field: visits without branch codes, each its own unit; the gate counts visits."""
    visit = {"source": "visit", "uncertainty": "branch", "instrument": "advice"}
    passed = visit | {
        "statistic": "share", "choices": ["yes"], "unit": "share", "goalposts": {"worst": 0, "best": 1}, "weight": 0.5,
    }  # fmt: skip
    graded = visit | {"points": {"report": 1, "verbal": 0.5, "no": 0}, "goalposts": {"worst": 0, "best": 1},
                      "weight": 0.5}  # fmt: skip
    framework = make_framework(
        [make_indicator("asked", **passed), make_indicator("summary", **graded)], gate={"source": "visit"}
    )
    cells = {
        ("dk", "baseline"): {"asked": ["no", "no", "yes", "no"] * 2, "summary": ["no", "no", "verbal", "no"] * 2},
        ("dk", "endline"): {"asked": ["yes", "yes", "yes", "no"] * 2, "summary": ["report", "verbal"] * 4},
    }
    table = make_answers(cells, mode="visit", tool=None)
    result = score_campaign({"advice": table}, framework, banks=make_banks("dk"), start=start, inputs=INPUTS)
    row = result.composites.iloc[0]
    assert (row["baseline"], row["endline"]) == pytest.approx((0.5 * 25 + 0.5 * 12.5, 0.5 * 75 + 0.5 * 75))
    asked = result.changes.iloc[0]
    # two samples of eight independent visits: s2/8 each, s2 = 3/16 * 8/7; df = 8 - 1
    assert (asked["se"], asked["df"]) == (pytest.approx(math.sqrt(2 * 3 / 16 / 7)), 7)
    assert result.verdicts.loc[0, "verdict"] == "improved"


def test_the_packaged_framework_scores_a_small_campaign(make_banks, start):
    framework = read_framework("credit_2022")
    rng = np.random.default_rng(20221130)
    items = {item for i in framework.of_source("survey") for item in (i.item, *i.where)}
    rows = []
    for wave, day, lift in (("baseline", "2022-09-01", 0.0), ("endline", "2022-10-20", 1.0)):
        for firm in range(30):
            row = dict.fromkeys(items, None) | {
                "response_id": f"{wave}{firm}", "bank": "a", "wave": wave, "psu": f"f{firm}", "stratum": "s",
                "mode": "self", "tool": "wjx", "event_date": day, "applied": "yes", "approved": "yes",
                "loan_type": "mortgage", "firm_size": "small", "fees": ["none"], "bridge_loan": "no",
                "first_loan": "no", "has_main_bank": "yes", "rate": 4.5 + rng.normal(0, 0.2),
            }  # fmt: skip
            row |= {i: str(int(rng.integers(2, 5) + lift)) for i in items if i.startswith("sat_")}
            row |= {i: int(rng.integers(3, 9)) for i in ("steps", "trips", "documents", "recommend")}
            row |= {i: int(rng.integers(3, 8)) for i in ("days_to_decision", "days_to_money")}
            rows.append(row)
    answers = {"enterprise_satisfaction": pd.DataFrame(rows)}
    result = score_campaign(
        answers, framework, banks=make_banks(("a", "state_owned")), start=start, inputs=INPUTS, flags=["not_frozen"]
    )
    verdict = result.verdicts.iloc[0]
    assert (verdict["verdict"], verdict["detail"]) == ("improved", "materially")
    assert verdict["flags"] == "not_frozen;partial_weight"
    targets = result.targets.set_index(["indicator", "statistic"])["verdict"]
    assert targets["days_inclusive_mortgage", "share_within"] == "met"
    assert targets["rate_inclusive", "mean"] == "met"
    assert targets["trips", "share_within"] == "not_met"
    assert targets["visit_tied_fee", "none"] == "cannot_tell"


def test_ratings_without_a_stratum_stand_last_in_the_declared_order(score, answers):
    answers["firms"].loc[0, "stratum"] = None
    answers["firms"].loc[1:, "stratum"] = "s"
    result = score(design=DesignSettings(strata_order=("r", "s")))
    assert result.merged_strata[["stratum", "merged_with"]].to_numpy().tolist() == [["all", "s"]]


def test_joined_parts_of_the_branches_are_recorded(make_indicator, make_framework, make_answers, make_banks, start):
    visit = {"source": "visit", "uncertainty": "branch", "instrument": "visits"}
    framework = make_framework([make_indicator("v", **visit)], gate={"source": "visit"})
    cells = {(bank, wave): {"v": [1, 2, 4, 5]} for bank in ("a", "b") for wave in ("baseline", "endline")}
    visits = make_answers(cells, mode="visit")
    visits["branch"] = list("wxyz") * 2 + list("wxyzwxyv")
    result = score_campaign({"visits": visits}, framework, banks=make_banks("a", "b"), start=start, inputs=INPUTS)
    assert result.merged_strata.to_numpy().tolist() == [
        ["visit", "b/baseline", "", "b/both+b/endline", "b"],
        ["visit", "b/endline", "", "b/baseline+b/both", "b"],
    ]
