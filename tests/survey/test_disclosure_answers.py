"""A sensitive answer that a whole class gave is hidden; an amount stands for those of at least k units."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.survey.disclosure_answers import MOST_ALIKE, P_PERCENT, class_means, hide_alike, share_amounts

K = 3
NAN = float("nan")


@st.composite
def amounts(draw):
    """Rows of some classes, each of at least k units; many amounts are missing, equal or far apart."""
    rows = []
    for number in range(draw(st.integers(1, 4))):
        for unit in range(draw(st.integers(K, 12))):
            amount = draw(st.one_of(st.none(), st.sampled_from([0.0, 4.35, 4.35, 4.5, 5.0, 300.0]), st.floats(0, 9)))
            rows.append((number, f"c{number}u{unit}", NAN if amount is None else amount))
    return pd.DataFrame(rows, columns=["class", "unit", "amount"])


def shared(frame, k=K):
    return share_amounts(frame["amount"], classes=frame["class"], units=frame["unit"], k=k)


@settings(max_examples=60, deadline=None)
@given(amounts())
def test_an_amount_that_is_seen_stands_for_k_units_and_the_class_does_not_agree(frame):
    shown, hidden = shared(frame)
    assert shown.isna().equals(frame["amount"].isna() | hidden)
    rows = frame.assign(shown=shown)[shown.notna()]
    assert (rows.groupby(["class", "shown"])["unit"].nunique() >= K).all()
    answered = frame.dropna(subset="amount").groupby("class")["amount"]
    most = answered.agg(lambda one: one.value_counts().max() / len(one))
    assert (most[rows["class"].unique()] <= MOST_ALIKE).all()


@settings(max_examples=60, deadline=None)
@given(amounts())
def test_sums_stay_and_order_stays(frame):
    shown, hidden = shared(frame)
    seen = frame.assign(shown=shown)[shown.notna()]
    assert seen.groupby("class")["shown"].sum().tolist() == pytest.approx(
        seen.groupby("class")["amount"].sum().tolist(), rel=1e-6, abs=1e-6
    )
    ordered = seen.sort_values(["class", "amount"])
    assert (ordered.groupby("class")["shown"].diff().fillna(0) >= 0).all()
    assert not hidden[frame["amount"].isna()].any()


@settings(max_examples=50, deadline=None)
@given(amounts())
def test_nobody_comes_near_the_largest_amount(frame):
    """The second largest knows the sum and its own amount; what is left of the others must hide the largest."""
    shown, _ = shared(frame)
    for _, run in frame.assign(shown=shown).dropna().groupby(["class", "shown"]):
        *others, _, largest = sorted(run["amount"])
        assert sum(others) >= P_PERCENT * largest - 1e-9


def column(*cells):
    return pd.Series(cells, dtype=float)


def test_runs_of_k_in_order_of_size_and_the_rest_with_the_last():
    frame = pd.DataFrame({"class": 0, "unit": range(7), "amount": [4.0, 9.0, 5.0, 6.0, 8.0, 7.0, 10.0]})
    shown, hidden = shared(frame)
    assert shown.tolist() == [5.0, 8.5, 5.0, 5.0, 8.5, 8.5, 8.5]
    assert not hidden.any()


def test_an_amount_that_k_units_share_stays_as_it_is():
    frame = pd.DataFrame({"class": 0, "unit": range(6), "amount": [4.35, 4.35, 4.35, 4.9, 5.0, 5.1]})
    assert shared(frame)[0].tolist() == [4.35, 4.35, 4.35, 5.0, 5.0, 5.0]


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (column(4.35, 4.35, 4.35, 4.35), "all gave the same"),
        (column(4.35, 5.0, NAN, NAN), "fewer than k answered"),
        (column(0.0, 0.0, 1.0, 900.0), "one amount is most of the sum"),
    ],
)
def test_a_class_that_would_tell_is_hidden_whole(answers, why):
    frame = pd.DataFrame({"class": 0, "unit": range(4), "amount": answers})
    shown, hidden = shared(frame)
    assert shown.isna().all(), why
    assert hidden.tolist() == answers.notna().tolist()


def test_a_unit_with_two_rows_counts_once():
    frame = pd.DataFrame({"class": 0, "unit": [1, 1, 2, 2], "amount": [4.0, 5.0, 6.0, 7.0]})
    assert shared(frame)[1].all()
    more = pd.DataFrame({"class": 0, "unit": [1, 1, 2, 3, 4, 5], "amount": [4.0, 5.0, 6.0, 7.0, 8.0, 9.0]})
    assert shared(more)[0].tolist() == [6.5] * 6  # 4, 5 and 6 are of two units only


def test_choices_are_hidden_where_nine_in_ten_agree():
    answers = pd.Series(["yes"] * 19 + ["no"] + ["yes", "no", "yes", None], dtype=object)
    classes = pd.Series([0] * 20 + [1] * 4)
    hidden = hide_alike(answers, classes=classes, units=pd.Series(range(24)), k=K)
    assert hidden.tolist() == [True] * 20 + [False] * 4


def test_weights_become_the_mean_of_their_class():
    """Two strata in one class: a weight of 2 or 4 would tell which of them."""
    means = class_means(column(2.0, 4.0, 7.0, NAN), classes=pd.Series([0, 0, 1, 1]))
    assert means.tolist()[:3] == [3.0, 3.0, 7.0]
    assert np.isnan(means[3])
