"""Adjusted p-values of a family; Hochberg's against R."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evaltools.scoring.families import adjust_hochberg, adjust_holm

P = st.lists(st.floats(0, 1), min_size=1, max_size=12).map(np.array)


def test_hochberg_is_rs():
    """p.adjust(c(.001, .008, .012, .03, .04, .2, .21, .6), "hochberg"), R 4.2.2."""
    p = np.array([0.001, 0.008, 0.012, 0.03, 0.04, 0.2, 0.21, 0.6])
    np.testing.assert_allclose(adjust_hochberg(p), [0.008, 0.056, 0.072, 0.15, 0.16, 0.42, 0.42, 0.6])


def test_what_cannot_be_tested_still_counts():
    np.testing.assert_allclose(adjust_hochberg(np.array([np.nan, 0.01])), [np.nan, 0.02])


@given(P)
def test_hochberg_lies_between_p_and_holm(p):
    adjusted = adjust_hochberg(p)
    assert (adjusted >= p).all()
    assert (adjusted <= adjust_holm(p) + 1e-15).all()
    np.testing.assert_array_equal(adjust_hochberg(p[::-1]), adjusted[::-1])
