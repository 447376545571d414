"""Grouping by sorted keys: the fast way and the way for very many keys are one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.stats import arrays


@settings(max_examples=50, deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=40))
def test_groups_are_sorted_and_stable(pairs):
    codes = [np.array([pair[k] for pair in pairs], dtype=np.int64) for k in range(2)]
    order, starts = arrays.group_by(codes, [5, 7])
    expected = sorted(range(len(pairs)), key=lambda row: pairs[row])
    assert order.tolist() == expected
    assert len(starts) == len(set(pairs))
    assert [pairs[row] for row in order[starts]] == sorted(set(pairs))
    slow, slow_starts = arrays.group_by(codes, [2**40, 2**40])
    assert slow.tolist() == expected
    assert slow_starts.tolist() == starts.tolist()


def test_codes_are_renumbered_without_gaps():
    for size in (10, 10**12):
        code, kept = arrays.compress(np.array([7, 2, 7, 9]), size)
        assert code.tolist() == [1, 0, 1, 2]
        assert kept.tolist() == [2, 7, 9]


def test_sums_of_nothing():
    empty = np.zeros(0, dtype=np.int64)
    assert arrays.float_sums(np.zeros(0), empty).size == 0
    assert arrays.segment_starts(empty).size == 0
    assert arrays.size_of(empty) == 0


def test_runs():
    starts = arrays.segment_starts(np.array([4, 4, 5, 7, 7, 7]))
    assert starts.tolist() == [0, 2, 3]
    assert arrays.segment_sizes(starts, 6).tolist() == [2, 1, 3]
    assert arrays.float_sums(np.arange(6.0), starts).tolist() == pytest.approx([1, 2, 12])
