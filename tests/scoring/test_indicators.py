from datetime import date

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import CampaignError
from evaltools.scoring.indicators import count_reasons, indicator_frame, missing_shares

WAVES = ("baseline", "endline")


@pytest.fixture
def values_of(make_indicator, make_framework, start):
    """Values and reasons of one indicator for the given answers."""

    def build(answers, **changes):
        framework = make_framework([make_indicator("q", **changes)])
        table = pd.DataFrame({"bank": "a", "wave": "baseline", "event_date": None} | answers)
        scored = indicator_frame(table, framework, "firms", waves=WAVES, start=start)
        return list(scored.numbers["q"]), list(scored.reasons["q"])

    return build


def test_five_point_answers_stored_as_text_are_numbers_and_no_answer_keeps_its_reason(values_of):
    values, reasons = values_of({"q": ["1", "5", "dk", "refused", "na", None, "", "x"]})
    assert values[:2] == [1.0, 5.0]
    assert np.isnan(values[2:]).all()
    assert reasons == ["", "", "dont_know", "refused", "not_applicable", "not_answered", "not_answered", "not_a_number"]


def test_the_eighth_day_is_within_eight_days(values_of):
    values, _ = values_of({"q": [7, 8, 8.0001, None]}, statistic="share_within", bound=8, unit="days")
    assert values[:3] == [1.0, 1.0, 0.0]
    assert np.isnan(values[3])


def test_the_base_of_a_share_leaves_out_what_is_pending(values_of):
    values, reasons = values_of({"q": ["yes", "no", "pending"]}, statistic="share", choices=["yes"], base=["yes", "no"])
    assert values[:2] == [1.0, 0.0]
    assert reasons == ["", "", "not_in_base"]


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_several_choices_in_a_cell_count_once(values_of, kind):
    cells = [kind(["none"]), kind(["notary", "valuation"]), kind(["dk"]), None, kind([])]
    values, reasons = values_of({"q": cells}, statistic="share", choices=["notary", "valuation"])
    assert values[:2] == [0.0, 1.0]
    assert reasons == ["", "", "dont_know", "not_answered", "not_answered"]


def test_points_give_choices_their_value(values_of):
    values, reasons = values_of({"q": ["report", "verbal", "no", "odd"]}, points={"report": 1, "verbal": 0.5, "no": 0})
    assert values[:3] == [1.0, 0.5, 0.0]
    assert reasons[3] == "not_a_number"


def test_a_condition_on_another_item_limits_who_is_asked(values_of):
    answers = {"q": ["5", "4", "3"], "kind": ["mortgage", "credit", None]}
    values, reasons = values_of(answers, where={"kind": ["mortgage"]})
    assert values[0] == 5.0
    assert reasons == ["", "not_asked", "not_asked"]


def test_process_items_count_before_the_start_at_the_baseline_and_from_it_on_at_the_endline(values_of):
    dates = [date(2022, 9, 27), date(2022, 9, 28), None, "2022-09-27"] * 2
    answers = {"q": ["3"] * 8, "wave": ["baseline"] * 4 + ["endline"] * 4, "event_date": dates}
    _, reasons = values_of(answers, window=True)
    assert reasons[:4] == ["", "outside_window", "window_unknown", ""]
    assert reasons[4:] == ["outside_window", "", "window_unknown", "outside_window"]


def test_a_missing_answer_keeps_its_own_reason_without_a_date(values_of):
    _, reasons = values_of({"q": ["dk", None]}, window=True)
    assert reasons == ["dont_know", "not_answered"]


def test_without_a_window_no_date_is_needed(values_of):
    assert values_of({"q": ["3"]})[0] == [3.0]


def test_reasons_are_counted_and_missing_is_a_share_of_those_it_is_about(make_indicator, make_framework, start):
    framework = make_framework([make_indicator("q", where={"asked": ["yes"]})])
    table = pd.DataFrame({
        "bank": "a", "wave": "baseline", "event_date": None,
        "q": ["1", "2", "dk", None, "5"], "asked": ["yes", "yes", "yes", "yes", "no"],
    })  # fmt: skip
    scored = indicator_frame(table, framework, "firms", waves=WAVES, start=start)
    counts = count_reasons(table, scored.reasons).set_index("reason")["n"]
    assert counts.to_dict() == {"": 2, "dont_know": 1, "not_answered": 1, "not_asked": 1}
    assert counts.sum() == len(table)
    assert missing_shares(scored.reasons, table)["q"]["a", "baseline"] == 0.5


def test_an_item_that_the_instrument_does_not_have_is_named(make_indicator, make_framework, start):
    framework = make_framework([make_indicator("q", item="sat_tmie")])
    table = pd.DataFrame({"bank": ["a"], "wave": ["baseline"], "sat_time": ["3"]})
    with pytest.raises(CampaignError, match=r"reads item 'sat_tmie'.*Near: sat_time"):
        indicator_frame(table, framework, "firms", waves=WAVES, start=start)


def test_a_missing_answer_outside_the_window_is_none_of_the_indicators(values_of):
    dates = [date(2022, 10, 1), date(2022, 10, 1), date(2022, 9, 1)]
    _, reasons = values_of({"q": ["dk", None, "dk"], "event_date": dates}, window=True)
    assert reasons == ["outside_window", "outside_window", "dont_know"]


@pytest.mark.parametrize("cells", [[True, False, None], [1, 0, 1], [1.0, float("nan"), 0.0]])
def test_a_share_of_choices_among_numbers_is_refused(values_of, cells):
    """No choice would match, and the share would be 0 without a word."""
    with pytest.raises(CampaignError, match=r"framework-choices: indicator 'q' .* 'share_within'"):
        values_of({"q": cells}, statistic="share", choices=["1"], unit="share")
