"""The search for a shift: R's digits at R's tolerance, the jump itself at a small one, roots of smooth functions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.stats import hodges_lehmann
from evaltools.stats.small.searching import find_root

BEFORE, AFTER = [12, 9, 15, 8, 22, 11, 13, 30, 7, 10], [8, 8, 11, 7, 15, 12, 9, 18, 6, 8]


def test_pairs_at_the_tolerance_of_r():
    """R 4.2.2: wilcox.test(AFTER, BEFORE, paired=TRUE, conf.int=TRUE, exact=FALSE, correct=FALSE)."""
    got = hodges_lehmann(AFTER, BEFORE, paired=True, tolerance=1e-4)
    assert [got.estimate, got.ci_low, got.ci_high] == pytest.approx(
        [-2.99994937463668, -6.50000123353662, -1.00000214122156], rel=1e-13
    )


@given(st.lists(st.integers(-20, 20), min_size=8, max_size=30), st.lists(st.integers(-20, 20), min_size=8, max_size=30))
def test_a_fine_search_ends_at_the_jump(x, y):
    there = hodges_lehmann(x, y, paired=False, exact=False)
    found = hodges_lehmann(x, y, paired=False, exact=False, tolerance=1e-10)
    if there.flag:
        assert found.flag == there.flag
        return
    limits = [found.ci_low, found.ci_high]
    np.testing.assert_allclose(limits, [there.ci_low, there.ci_high], atol=1e-6)
    assert found.p == there.p


@pytest.mark.parametrize("target", [0.1, 0.5, 2.0, 7.0])
def test_root_of_a_smooth_function(target):
    found = find_root(lambda x: math.exp(x) - target, -5.0, 3.0, (math.exp(-5) - target, math.exp(3) - target), 1e-12)
    assert found == pytest.approx(math.log(target), abs=1e-11)


def test_a_root_at_an_end():
    assert find_root(lambda x: x, 0.0, 1.0, (0.0, 1.0), 1e-9) == 0.0
    assert find_root(lambda x: x - 1, 0.0, 1.0, (-1.0, 0.0), 1e-9) == 1.0
