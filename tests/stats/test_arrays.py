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


@settings(max_examples=50, deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=40))
def test_sorting_returns_the_codes_of_each_group(pairs):
    codes = [np.array([pair[k] for pair in pairs], dtype=np.int64) for k in range(2)]
    for sizes in ([5, 7], [2**40, 2**40]):
        found = arrays.sort_by(codes, sizes)
        groups = sorted(set(pairs))
        assert list(zip(*(found.code(k).tolist() for k in range(2)), strict=True)) == groups
        first = [pair[0] for pair in groups]
        assert found.runs(1).tolist() == [k for k, code in enumerate(first) if code not in first[:k]]
        assert found.runs(2).tolist() == list(range(len(groups)))


@settings(max_examples=50, deadline=None)
@given(lengths=st.lists(st.integers(1, 9), max_size=12), size=st.integers(1, 11))
def test_runs_cut_into_pieces_keep_every_element(lengths, size):
    keys = np.repeat(np.arange(len(lengths)), lengths)
    starts, sums = arrays.segment_starts(keys), np.zeros(len(lengths))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrays, "PIECE", size)
        for piece in arrays.run_pieces(starts, keys.size):
            assert (
                np.repeat(np.arange(piece.runs.start, piece.runs.stop), piece.held).tolist() == keys[piece.at].tolist()
            )
            sums[piece.runs] += np.add.reduceat(np.ones(piece.at.stop - piece.at.start), piece.starts)
    assert sums.tolist() == lengths


def test_two_threads_fetch_what_one_does(monkeypatch):
    rng = np.random.default_rng(7)
    values, order = rng.random(1001), rng.permutation(1001)
    monkeypatch.setattr(arrays, "PARALLEL_GATHER", 0)
    assert arrays.gather(values, order).tolist() == values[order].tolist()


def test_a_workspace_hands_out_the_same_array_again():
    space = arrays.Workspace()
    first = space.floats("y", 5)
    assert space.floats("y", 5) is first
    assert space.floats("x", 5) is not first
    assert space.floats("y", 6).size == 6
    assert arrays.floats_in(None, "y", 5) is not first


@pytest.mark.parametrize(("size", "kind"), [(1, np.int8), (128, np.int8), (129, np.int16), (40_000, np.int32)])
def test_short_codes_stand_for_the_same(size, kind):
    code = np.array([0, size - 1, size // 2])
    short = arrays.shorten(code, size)
    assert short.dtype == kind
    assert short.tolist() == code.tolist()
    assert arrays.recode(short, np.arange(size) * 2.5).tolist() == (code * 2.5).tolist()


@pytest.mark.parametrize("kind", [np.int8, np.bool_, np.int64])
def test_small_numbers_are_counted_beyond_their_type(monkeypatch, kind):
    monkeypatch.setattr(arrays, "PIECE", 100)
    values = np.ones(1000, dtype=kind)
    assert arrays.int_sums(values, np.array([0, 1, 300])).tolist() == [1, 299, 700]
    assert arrays.int_sums(values[:0], np.array([], dtype=np.int64)).size == 0
