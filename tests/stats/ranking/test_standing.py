"""League tables and groups, on statements that can be checked by eye."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.errors import UsageError
from evaltools.stats import league, order_groups, rank_sets, told_apart


def statements(size, *better):
    """Unit j surely better than unit k, for each pair "jk"."""
    apart = np.zeros((size, size), dtype=bool)
    for pair in better:
        apart[int(pair[0]), int(pair[1])] = True
    return apart


def ranks(*rank, flag=""):
    known = [value is not None for value in rank]
    return pd.DataFrame(
        {
            "position": range(len(rank)),
            "rank": pd.array([value if there else pd.NA for value, there in zip(rank, known, strict=True)], "Int64"),
            "flag": ["" if there else "not_estimated" for there in known],
        }
    )


@pytest.mark.parametrize(
    ("rank", "expected"), [((1,), [1, "1", 0, 0, 0, 1, "a"]), ((None,), [pd.NA, "", *[pd.NA] * 4, ""])]
)
def test_one_unit_alone(rank, expected):
    row = league(ranks(*rank), statements(1)).iloc[0]
    names = ["rank", "rank_range", "n_better", "n_worse", "n_alike", "tier", "groups"]
    assert [row[name] for name in names] == expected


def test_a_table_in_two_tiers():
    """0 and 1 are surely better than 2 and 3; nothing else is known."""
    got = league(ranks(2, 1, 3, 4), statements(4, "02", "03", "12", "13"))
    assert got["position"].tolist() == [1, 0, 2, 3]
    assert got["rank_range"].tolist() == ["1–2", "1–2", "3–4", "3–4"]
    assert got["tier"].tolist() == [1, 1, 2, 2]
    assert got["groups"].tolist() == ["a", "a", "b", "b"]
    assert got["order_open"].tolist() == [True, False, True, False]
    assert got[["n_better", "n_worse", "n_alike"]].to_numpy().tolist() == [[0, 2, 1], [0, 2, 1], [2, 0, 1], [2, 0, 1]]


def test_a_chain_has_overlapping_groups_and_one_tier():
    """Only the ends are told apart: 1-2, 1-3, 2-3, two groups that share the middle."""
    got = league(ranks(1, 2, 3), statements(3, "02"))
    assert got["rank_range"].tolist() == ["1–2", "1–3", "2–3"]
    assert got["groups"].tolist() == ["a", "ab", "b"]
    assert got["tier"].tolist() == [1, 1, 1]
    assert got["order_open"].tolist() == [True, True, False]


def test_everybody_told_apart():
    got = league(ranks(1, 2, 3), statements(3, "01", "02", "12"))
    assert got["rank_range"].tolist() == ["1", "2", "3"]
    assert got["tier"].tolist() == [1, 2, 3]
    assert not got["order_open"].any()


def test_units_without_a_rank_stand_last_and_say_why():
    got = league(ranks(None, 1, 2), statements(3, "12"))
    assert got["position"].tolist() == [1, 2, 0]
    assert got["rank_range"].tolist() == ["1", "2", ""]
    assert got["flag"].tolist() == ["", "", "not_estimated"]
    assert got.loc[2, ["rank", "n_better", "tier"]].isna().all()


def test_nobody():
    assert league(ranks(), np.zeros((0, 0), dtype=bool)).empty
    assert league(ranks(None), np.zeros((1, 1), dtype=bool))["rank_range"].tolist() == [""]


@pytest.mark.parametrize(
    ("table", "apart"),
    [
        (ranks(1, 2).drop(columns="rank"), statements(2)),
        (ranks(1, 2), statements(3)),
        (ranks(1, 2), np.zeros((2, 2))),
    ],
    ids=["column", "shape", "type"],
)
def test_a_matrix_that_does_not_belong_to_the_table_is_refused(table, apart):
    with pytest.raises(UsageError, match="league-ranks"):
        league(table, apart)


def test_more_than_twenty_six_groups_have_letters():
    size = 30
    got = league(ranks(*range(1, size + 1)), np.triu(np.ones((size, size), dtype=bool), 1))
    assert got["groups"].nunique() == size
    assert got["groups"].tolist()[25:28] == ["z", "a2", "b2"]


@given(size=st.integers(1, 8), data=st.data())
@settings(max_examples=60, deadline=None)
def test_groups_hold_exactly_the_pairs_that_are_alike(size, data):
    """Any relation: two units share a group if and only if they are not told apart, and no group lies in another."""
    apart = np.zeros((size, size), dtype=bool)
    for j in range(size):
        for k in range(j + 1, size):
            apart[j, k] = data.draw(st.booleans())
    groups = order_groups(apart)
    shared = np.zeros((size, size), dtype=bool)
    for group in groups:
        shared[np.ix_(group, group)] = True
    np.testing.assert_array_equal(shared, ~(apart | apart.T))
    assert not any(set(a) < set(b) for a in groups for b in groups)


def test_counts_are_those_of_the_simultaneous_sets():
    rng = np.random.default_rng(11)
    estimate, covariance = rng.normal(0, 3, 12), np.diag(rng.uniform(0.5, 2, 12))
    sets = rank_sets(estimate, covariance, replicates=1000, seed=5)
    got = league(sets, told_apart(estimate, covariance, replicates=1000, seed=5)).set_index("position")
    assert (got["n_better"] + 1).sort_index().tolist() == sets["simultaneous_low"].tolist()
    assert (12 - got["n_worse"]).sort_index().tolist() == sets["simultaneous_high"].tolist()
    assert (got["n_better"] + got["n_worse"] + got["n_alike"] == 11).all()
