import math

import pytest

from evaltools.content import content_path
from evaltools.errors import CampaignError
from evaltools.scoring.framework import parse_framework, read_framework
from evaltools.scoring.models import Unit


@pytest.fixture(scope="module")
def credit():
    return read_framework("credit_2022")


def test_weights_of_the_packaged_framework_are_whole(credit):
    assert math.isclose(sum(credit.overall_weights().values()), 1.0)
    assert {dimension.id for dimension in credit.dimensions} == {"access", "time", "materials", "cost", "service"}


def test_a_bank_without_visits_can_pass_the_weight_rule(credit):
    weights = credit.overall_weights()
    survey = sum(weights[indicator.id] for indicator in credit.of_source("survey"))
    assert survey >= credit.gate.weight_share


def test_every_share_is_scaled_from_0_to_1_and_every_five_point_item_from_1_to_5(credit):
    for indicator in credit.indicators:
        posts = {indicator.goalposts.worst, indicator.goalposts.best}
        if indicator.statistic == "share":
            assert posts == {0, 1}, indicator.id
        if indicator.unit == "points":
            assert (indicator.goalposts.worst, indicator.goalposts.best) == (1, 5), indicator.id


def test_process_items_have_the_recall_window_and_others_have_not(credit):
    windowed = {i.item for i in credit.of_source("survey") if i.window}
    assert {"steps", "documents", "trips", "days_to_decision", "days_to_money", "rate", "fees", "bridge_loan",
            "sat_steps", "sat_time", "sat_documents", "sat_cost", "sat_process", "sat_outcome"} <= windowed  # fmt: skip
    assert not {"sat_access", "sat_products", "sat_staff", "sat_policy", "sat_officer"} & windowed
    assert not any(i.window for i in credit.of_source("visit"))


@pytest.mark.parametrize("clause", ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "2.1", "2.2"])
def test_each_clause_that_the_questionnaires_measure_has_a_target(credit, clause):
    assert any(target.clause == clause for target in credit.targets)


def test_the_rate_target_holds_for_state_owned_banks_only(credit):
    (rate,) = [target for target in credit.targets if credit.indicator(target.indicator).item == "rate"]
    assert (rate.bank_types, rate.at_most, rate.statistic) == (("state_owned",), 5, "mean")


def test_promises_on_inclusive_loans_are_judged_on_micro_and_small_firms(credit):
    inclusive = [target for target in credit.targets if "Inclusive" in target.text.en or "inclusive" in target.text.en]
    assert {target.clause for target in inclusive} == {"1.3", "1.5"}
    for target in inclusive:
        assert credit.indicator(target.indicator).where["firm_size"] == ("micro", "small")


def test_goalposts_score_less_is_better_where_worst_is_above_best(credit):
    days = credit.indicator("days_to_decision").goalposts
    assert (30 - days.worst) * days.per_unit == 0
    assert (2 - days.worst) * days.per_unit == 100


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"indicators": [{"wieght": 1}]}, r"indicators\[1\] \(q\)\.wieght: unknown key; did you mean 'weight'"),
        ({"indicators": [{"weight": 0.7}]}, r"weights of dimension 'quality' add up to 0\.7"),
        ({"indicators": [{"goalposts": {"worst": 3, "best": 3}}]}, r"\(q\)\.goalposts: worst and best are the same"),
        ({"indicators": [{"statistic": "share"}]}, "'choices' .* go together"),
        ({"indicators": [{"statistic": "share_within"}]}, "'bound' .* go together"),
        ({"indicators": [{"id": "bank"}]}, "name of a column of every table"),
        ({"indicators": [{"unit": "miles"}]}, "unit 'miles' is used but not described; there are: days"),
        ({"indicators": [{"dimension": "speed"}]}, "dimension 'speed' is used but not described"),
        ({"gate": {"source": "visit"}}, r"source 'visit' has no indicator with a weight"),
        ({"targets": [{"indicator": "nothing"}]}, "indicator 'nothing' is used but not described"),
        ({"targets": [{"at_least": 3}]}, "needs one limit: at_most or at_least"),
        ({"targets": [{"statistic": "none", "at_most": None}]}, "rests on verified findings"),
        ({"targets": [{"statistic": "p90", "at_most": None, "at_least": 3}]}, "give at_most"),
        ({"delta": float("nan")}, "delta"),
        ({"alpha": None}, "alpha"),
    ],
)
def test_faults_name_the_key_and_the_mend(make_indicator, change, match):
    target = {"clause": "1", "indicator": "q", "statistic": "mean", "at_most": 3, "text": "t"}
    raw = {
        "schema": 1, "id": "x", "version": "1", "title": "x", "alpha": 0.05, "delta": 1.0,
        "gate": {"source": "survey", "answers": 4, "psus": 3, "weight_share": 0.8, "min_cell": 3},
        "units": {"points": "points", "days": "days"},
        "dimensions": [{"id": "quality", "weight": 1.0, "label": "quality"}],
        "indicators": [make_indicator("q")], "targets": [target],
    }  # fmt: skip
    for key, value in change.items():
        if isinstance(value, list):
            raw[key] = [raw[key][0] | value[0]]
        elif isinstance(value, dict):
            raw[key] = raw[key] | value
        else:
            raw[key] = value
    with pytest.raises(CampaignError, match=match):
        parse_framework(raw, "x.toml")


def test_a_framework_of_the_campaign_goes_before_the_packaged_one(tmp_path, credit):
    folder = tmp_path / "frameworks"
    folder.mkdir()
    (folder / "credit_2022.toml").write_text("schema = 1\nid = 'mine'\n", encoding="utf-8")
    with pytest.raises(CampaignError, match=r"credit_2022\.toml needs \d+ corrections"):
        read_framework("credit_2022", tmp_path)


def test_a_file_that_is_no_toml_is_named(tmp_path):
    folder = tmp_path / "frameworks"
    folder.mkdir()
    (folder / "bad.toml").write_text("schema = = 1", encoding="utf-8")
    with pytest.raises(CampaignError, match=r"bad\.toml cannot be read"):
        read_framework("bad", tmp_path)


def test_a_mark_in_front_that_an_editor_wrote_does_not_matter(tmp_path, credit):
    text = content_path("survey", "frameworks", "credit_2022.toml").read_text(encoding="utf-8")
    (tmp_path / "frameworks").mkdir()
    (tmp_path / "frameworks/credit_2022.toml").write_text(text, encoding="utf-8-sig")
    assert read_framework("credit_2022", tmp_path) == credit


def test_a_scale_whose_ends_are_swapped_is_an_error():
    with pytest.raises(ValueError, match="least is not below most"):
        Unit(zh="分", en="points", least=5, most=1)


def test_a_unit_may_be_one_word_for_both_languages():
    assert Unit.model_validate("%").in_lang("zh") == "%"
