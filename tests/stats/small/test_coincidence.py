"""Krippendorff's alpha: the published example, the bootstrap, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import UsageError
from evaltools.stats import krippendorff_alpha

_ = None
EXAMPLE = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ],
    dtype=float,
).T


@pytest.mark.parametrize(
    ("metric", "expected"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_published_example(metric, expected):
    """Four observers, twelve units (Krippendorff 2011, Computing Krippendorff's alpha-reliability)."""
    got = krippendorff_alpha(EXAMPLE, metric)
    assert round(got.estimate, 3) == expected
    assert (got.n_units, got.n_values, got.n_single) == (11, 40, 1)


def test_text_is_nominal():
    table = pd.DataFrame({"a": ["yes", "no", None, "yes"], "b": ["yes", "yes", "no", "yes"]})
    numbers = pd.DataFrame({"a": [1, 0, np.nan, 1], "b": [1, 1, 0, 1]})
    assert krippendorff_alpha(table).estimate == krippendorff_alpha(numbers).estimate
    with pytest.raises(UsageError, match=r"small-vector: table must be .* but holds text"):
        krippendorff_alpha(table, "ordinal")


def test_two_values_are_the_same_under_every_difference_metric():
    table = [[0, 0], [1, 1], [0, 1], [1, 1], [0, 0]]
    got = [krippendorff_alpha(table, metric).estimate for metric in ("nominal", "ordinal", "interval", "ratio")]
    np.testing.assert_allclose(got, got[0])


def test_order_of_units_and_raters_does_not_matter():
    turned = EXAMPLE[::-1, ::-1]
    for metric in ("nominal", "ordinal", "interval", "ratio"):
        assert krippendorff_alpha(turned, metric).estimate == pytest.approx(
            krippendorff_alpha(EXAMPLE, metric).estimate
        )


def test_the_bootstrap_repeats_and_rests_on_its_seed():
    one = krippendorff_alpha(EXAMPLE, "ordinal", replicates=500, seed=7)
    assert one == krippendorff_alpha(EXAMPLE, "ordinal", replicates=500, seed=7)
    assert one != krippendorff_alpha(EXAMPLE, "ordinal", replicates=500, seed=8)
    assert one.ci_low < one.estimate <= one.ci_high <= 1
    wide = krippendorff_alpha(EXAMPLE, "ordinal", replicates=500, seed=7, level=0.99)
    assert wide.ci_low <= one.ci_low


@pytest.mark.parametrize("metric", ["nominal", "ordinal", "interval", "ratio"])
def test_a_replicate_is_the_alpha_of_its_units(metric):
    """Units counted twice by weight are units written twice."""
    from evaltools.stats.small.coincidence import _count, _disagreement

    counts, values, _ = _count(EXAMPLE, metric)
    weight = np.array([[2.0] + [1.0] * 10, [0.0] * 5 + [1.0] * 6])
    observed, expected = _disagreement(counts, values, metric, weight)
    rated = EXAMPLE[(~np.isnan(EXAMPLE)).sum(axis=1) > 1]
    for place, table in enumerate((np.vstack([rated[:1], rated]), rated[5:])):
        assert 1 - observed[place] / expected[place] == pytest.approx(krippendorff_alpha(table, metric).estimate)


def test_reasons():
    assert krippendorff_alpha([[1, np.nan], [np.nan, 2]]).flag == "no_units"
    assert krippendorff_alpha([[1, 1], [1, 1]]).flag == "no_variation"
    few = krippendorff_alpha([[1, 1], [2, 2], [1, 2]], replicates=200, seed=1)
    assert few.flag == "too_few_units"
    assert np.isnan([few.ci_low, few.ci_high]).all()
    rare = krippendorff_alpha([[1, 1]] * 11 + [[1, 2]], replicates=200, seed=1)
    assert rare.flag == "unstable"
    assert np.isnan(rare.ci_low)


def test_what_is_refused():
    with pytest.raises(UsageError, match="option-pair: replicates = 500 does not go with seed = None"):
        krippendorff_alpha(EXAMPLE, replicates=500)
    with pytest.raises(UsageError, match="option-range: replicates must lie between 99"):
        krippendorff_alpha(EXAMPLE, replicates=10, seed=1)
    with pytest.raises(UsageError, match=r"small-table: .* but has 1 columns"):
        krippendorff_alpha([[1], [2]])
    with pytest.raises(UsageError, match=r"small-ratio: .* but there is -1"):
        krippendorff_alpha([[-1, 2], [3, 3]], "ratio")
    with pytest.raises(UsageError, match="option-value: metric cannot be 'polar'"):
        krippendorff_alpha(EXAMPLE, "polar")
