"""McNemar's exact test: what it gives, and what it cannot reach."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.errors import UsageError
from evaltools.stats import mcnemar

COUNTS = st.integers(0, 60)


def test_published_example():
    """1 and 7 discordant pairs: exact .070, mid-p .039 (Fagerland, Lydersen, Laake 2013, airways before and after)."""
    assert mcnemar(1, 7).p == pytest.approx(18 / 256)
    assert mcnemar(1, 7, method="mid-p").p == pytest.approx(10 / 256)


def test_below_six_discordant_pairs_five_percent_is_out_of_reach():
    got = mcnemar(0, np.arange(8))
    assert got.n_discordant.tolist() == list(range(8))
    assert got.least_p.tolist() == [1, 1, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625]
    assert got.flags.tolist() == ["too_few_pairs"] * 6 + ["", ""]
    assert (got.p == got.least_p).all()


def test_mid_p_reaches_it_one_pair_earlier():
    got = mcnemar(0, np.arange(8), method="mid-p")
    assert got.least_p.tolist() == [1, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125]
    assert got.flags.tolist() == ["too_few_pairs"] * 5 + [""] * 3


def test_the_level_decides_what_has_to_be_reached():
    assert mcnemar(0, 6, level=0.99).flags.item() == "too_few_pairs"
    assert mcnemar(0, 4, level=0.8).flags.item() == ""


def test_tables_of_any_shape():
    got = mcnemar(np.array([[2, 1], [0, 5]]), np.array([[11, 7], [0, 5]]))
    assert got.p.shape == got.flags.shape == (2, 2)
    assert got.p[0, 0] == pytest.approx(0.0224609375)
    assert got.p[1, 0] == 1


@given(COUNTS, COUNTS)
def test_directions_are_alike_and_mid_p_is_smaller(b, c):
    one, other = mcnemar(b, c), mcnemar(c, b)
    assert one.p == other.p
    assert one.least_p <= one.p * (1 + 1e-12)
    assert mcnemar(b, c, method="mid-p").p <= one.p <= 1


def test_the_exact_test_keeps_its_level():
    """Chance of p <= 5 % over all outcomes of 6 to 40 discordant pairs: never above 5 %; the mid-p up to 7.7 %."""
    from scipy import stats

    passed = []
    for n in range(6, 41):
        b = np.arange(n + 1)
        chance = stats.binom.pmf(b, n, 0.5)
        assert chance[mcnemar(b, n - b).p <= 0.05].sum() <= 0.05
        passed.append(chance[mcnemar(b, n - b, method="mid-p").p <= 0.05].sum())
    assert 0.05 < max(passed) < 0.08


def test_other_methods_are_refused():
    with pytest.raises(UsageError, match="option-value: method cannot be 'asymptotic'"):
        mcnemar(1, 2, method="asymptotic")
