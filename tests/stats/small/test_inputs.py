"""What is passed in is read or refused by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import UsageError
from evaltools.stats import hodges_lehmann, mcnemar, paired_shares, survival_curve
from evaltools.stats.small.inputs import read_labels, require_count


@pytest.mark.parametrize("bad", [-1, 2.5, np.nan, "3", None])
def test_counts_are_whole_and_not_negative(bad):
    with pytest.raises(UsageError, match="small-counts: b holds 1 values that are no counts"):
        mcnemar(bad, 3)


def test_shapes_have_to_go_together():
    with pytest.raises(UsageError, match=r"small-sizes: n11, n10, n01, n00 do not go together in size: \(2,\), \(3,\)"):
        paired_shares([1, 2], [1, 2, 3], 0, 0)
    with pytest.raises(UsageError, match="small-sizes: x, y"):
        hodges_lehmann([1, 2], [1], paired=True)


def test_a_vector_is_numbers():
    with pytest.raises(UsageError, match="small-vector: time must be one column of finite numbers"):
        survival_curve(["3", "4"], [1, 1])
    with pytest.raises(UsageError, match=r"small-vector: x must be .* holds inf"):
        hodges_lehmann([1, np.inf], paired=True)


def test_missing_and_impossible_cases_are_named():
    with pytest.raises(UsageError, match="small-missing: time is missing in 1 rows"):
        survival_curve([3, np.nan], [1, 1])
    with pytest.raises(UsageError, match="small-missing: group is missing in 1 rows"):
        survival_curve([3, 4], [1, 1], group=["a", None])
    with pytest.raises(UsageError, match="small-time: time is negative in 1 rows, the least is -2"):
        survival_curve([3, -2], [1, 1])
    with pytest.raises(UsageError, match=r"small-event: event is 1 .* but holds 2"):
        survival_curve([3, 4], [1, 2])


def test_labels_are_sorted_and_missing_ones_are_minus_one():
    code, labels = read_labels(["b", None, "a", "b"])
    assert code.tolist() == [1, -1, 0, 1]
    assert labels.tolist() == ["a", "b"]
    code, labels = read_labels([2, "a", 10])
    assert [labels[place] for place in code] == [2, "a", 10]


def test_declared_categories_keep_their_order():
    code, labels = read_labels(pd.Categorical(["pre", "post"], categories=["pre", "post"]))
    assert code.tolist() == [0, 1]
    assert list(labels) == ["pre", "post"]


def test_a_whole_number_within_bounds():
    assert require_count("n", np.int64(3), 1, 5) == 3
    for value in (0, 6, 2.0, True, None):
        with pytest.raises(UsageError, match="option-range: n must lie between 0 and 6"):
            require_count("n", value, 1, 5)
