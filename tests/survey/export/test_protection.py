"""The disclosure check on answers as the store gives them: what counts as known, and what goes with what."""

from datetime import date

import pandas as pd
import pytest

from evaltools.survey.export.codebook import hide_small
from evaltools.survey.export.protection import month_of, protect
from evaltools.survey.export.stored import Stored
from evaltools.survey.instrument.model import BilingualText, Question
from evaltools.survey.roles import Roles

START = date(2022, 9, 28)
ROLES = Roles({"bank": ("bank",), "stratum": ("size",)})


def question(name, sensitivity, kind="select_one"):
    empty = dict.fromkeys(("list_name", "relevant", "constraint", "calculation", "choice_filter", "role"), "")
    return Question(
        name=name, path=name, type=kind, choices=(), label=BilingualText(name, name), hint=None, required=False,
        constraint_message=None, sensitivity=sensitivity, concept=name, polarity="", row=2, **empty,
    )  # fmt: skip


def stored(questions=(), *, n=12, is_visit=False, **columns):
    """Twelve firms, one rating each, of one bank and wave unless told otherwise."""
    plain = {"bank": ["jia"] * n, "wave": ["baseline"] * n, "channel": ["qr"] * n, "weight": [1.0] * n}
    plain |= {"psu": [f"p{number}" for number in range(n)], "stratum": ["all"] * n, "submitted_day": [START] * n}
    frame = pd.DataFrame(plain | columns)
    reasons = pd.DataFrame(
        {name: pd.Series([None if known else "blank" for known in frame[name].notna()], dtype=object) for name in frame}
    )
    unit = pd.Series([f"p{number}" for number in range(n)])
    return Stored(frame, reasons, unit, is_visit, tuple(questions), {})


def checked(one, **options):
    return protect(one, ROLES, instrument="firm_survey", start=START, **{"min_cell": 3, "min_branches": 3} | options)


@pytest.mark.parametrize(
    ("day", "month"),
    [
        (date(2022, 9, 27), date(2022, 9, 1)),
        (date(2022, 9, 28), START),
        (date(2022, 9, 30), START),
        (date(2022, 10, 31), date(2022, 10, 1)),
        (None, None),
    ],
)
def test_a_day_becomes_its_month_which_the_campaigns_start_cuts_in_two(day, month):
    assert month_of(day, START) == month


def test_a_stratum_goes_with_the_size_that_it_tells_and_the_weight_tells_neither():
    sizes = ["micro"] * 10 + ["small", "medium"]
    one = stored([question("size", "quasi")], size=sizes, stratum=sizes, weight=[2.0] * 10 + [5.0, 9.0])
    found = checked(one)
    gone = found.stored.reasons["size"] == "suppressed"
    assert gone.tolist() == [True] + [False] * 9 + [True] * 2
    assert (found.stored.reasons["stratum"] == "suppressed").equals(gone)
    weights = found.stored.frame["weight"]
    assert weights[gone].unique().tolist() == [pytest.approx(16 / 3)]
    assert weights.sum() == pytest.approx(34)
    assert found.check.hidden == {"size": 3, "stratum": 3}


def test_a_firm_that_did_not_answer_is_told_like_one_that_did():
    """The only one that left its size out would be known by that."""
    one = stored([question("size", "quasi")], size=["micro"] * 11 + [None])
    reasons = checked(one).stored.reasons["size"]
    assert reasons.tolist() == ["suppressed"] * 2 + [None] * 9 + ["suppressed"]


def test_a_channel_goes_with_the_bank_that_it_may_tell():
    one = stored(bank=["jia"] * 10 + ["yi", "bing"], channel=["qr"] * 10 + ["list_yi", "list_bing"])
    reasons = checked(one).stored.reasons
    assert (reasons["bank"] == "suppressed").tolist() == [True] + [False] * 9 + [True] * 2
    assert reasons["channel"].equals(reasons["bank"])


def test_an_own_psu_goes_where_few_firms_share_it():
    one = stored(psu=["north"] * 10 + ["south"] * 2)
    found = checked(one)
    assert found.own_psu
    assert (found.stored.reasons["psu"] == "suppressed").tolist() == [True] + [False] * 9 + [True] * 2
    assert not checked(stored()).own_psu


def test_answers_to_quasi_questions_of_several_choices_are_one_value():
    several = [("loan", "card")] * 9 + [("loan",)] * 3
    found = checked(stored([question("products", "quasi", "select_multiple")], products=several))
    assert found.check.cells_hidden == 0


def test_visits_protect_the_branch_and_not_the_firm():
    found = checked(stored(is_visit=True, branch=[f"branch {number}" for number in range(12)]), min_cell=99)
    assert (found.check.unit, found.check.k) == ("branch", 3)
    assert (found.stored.reasons["branch"] == "suppressed").all()
    assert not (found.stored.reasons["bank"] == "suppressed").any()


def test_sensitive_answers_of_every_type_are_looked_at():
    questions = [question("rate", "sensitive", "decimal"), question("default", "sensitive")]
    one = stored(questions, rate=[float(number) for number in range(1, 13)], default=["no"] * 11 + ["yes"])
    found = checked(one)
    assert found.stored.frame["rate"].tolist() == [2.0] * 3 + [5.0] * 3 + [8.0] * 3 + [11.0] * 3
    assert (found.stored.reasons["default"] == "suppressed").all()  # eleven of twelve said the same
    assert found.check.shared == {"rate": 8}


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([30, 0, 10], [30, 0, 10]),
        ([30, 2, 0, 8], [30, None, 0, None]),
        ([30, 2, 4, 8], [30, None, None, 8]),
        ([30, 1, 1, 8], [30, None, None, None]),
        ([2, 0], [None, 0]),
    ],
)
def test_a_small_count_is_hidden_and_cannot_be_told_from_the_total(counts, shown):
    assert hide_small(counts, 5) == shown
