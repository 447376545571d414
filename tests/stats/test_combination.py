"""`combine`: linear combinations of items' changes, covariance between banks, df from any item used."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import UsageError
from evaltools.stats import Design, change, combine, estimate_change

ITEMS = ["score", "days"]
FIRMS = Design(weight="weight", stratum="stratum", psu="firm", df="domain")


def test_one_item_is_its_change(sample):
    found = estimate_change(sample, ITEMS, "bank", design=FIRMS)
    got = combine(found, np.array([[0.0, 1.0]] * 3))
    expected = change(sample, "days", "bank", design=FIRMS)
    for name in ("baseline", "endline", "change", "se", "df", "n_baseline", "n_endline"):
        np.testing.assert_allclose(getattr(got, name), expected[name], rtol=1e-12)
    np.testing.assert_array_equal(got.psu_baseline, found.psu_baseline[:, 1])


def test_a_combination_of_items_is_the_change_of_the_combined_answer(sample):
    """Where no answer is missing, combining changes and combining answers are two roads to one number."""
    frame = sample.fillna({"score": 3.0, "days": 9.0})
    frame["both"] = 2 * frame["score"] - 0.5 * frame["days"]
    got = combine(estimate_change(frame, ITEMS, "bank", design=FIRMS), np.array([[2.0, -0.5]] * 3))
    expected = change(frame, "both", "bank", design=FIRMS)
    for name in ("baseline", "endline", "change", "se", "df"):
        np.testing.assert_allclose(getattr(got, name), expected[name], rtol=1e-9)


def test_covariance_gives_the_difference_between_banks(sample):
    """Two roads: variance of north - south from the matrix, and as one number of the whole sample."""
    frame = sample.fillna({"score": 3.0})
    found = estimate_change(frame, ["score"], "bank", design=FIRMS)
    covariance = combine(found, np.ones((3, 1))).covariance
    np.testing.assert_array_equal(covariance, covariance.T)
    pair = np.array([1.0, -1.0, 0.0])
    influence = found.influence
    values = pair[influence.domain] * (influence.endline - influence.baseline)[:, 0]
    by_firm = np.bincount(influence.psu, values)
    stratum = pd.Series(influence.stratum).groupby(influence.psu).first().to_numpy()
    n = frame.groupby("stratum")["firm"].nunique().to_numpy()
    expected = sum(
        n[h] / (n[h] - 1) * ((by_firm[stratum == h] ** 2).sum() - by_firm[stratum == h].sum() ** 2 / n[h])
        for h in range(3)
    )
    assert pair @ covariance @ pair == pytest.approx(expected, rel=1e-10)


def test_an_item_without_answers_counts_only_where_it_is_used(sample):
    frame = sample.assign(days=sample["days"].where(~((sample["bank"] == "west") & (sample["wave"] == "endline"))))
    found = estimate_change(frame, ITEMS, "bank", design=FIRMS)
    assert found.flags[:, 1].tolist() == ["", "", "no_answers;missing_moved"]
    unused = combine(found, np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 0.0]]))
    assert np.isfinite(unused.change).all()
    assert np.isfinite(unused.covariance).all()
    used = combine(found, np.array([[1.0, 1.0]] * 3))
    assert (
        np.isnan(used.change).tolist()
        == np.isnan(used.se).tolist()
        == np.isnan(used.df).tolist()
        == [False, False, True]
    )
    assert np.isnan(used.covariance[2]).all()
    assert np.isfinite(used.baseline[2])
    np.testing.assert_array_equal(used.covariance[:2, :2], unused.covariance[:2, :2])


def test_psus_and_df_of_any_item_used():
    """Firm a answers q only, b answers r only, c both, in both waves; d never. Using q: 2 PSUs, using both: 3."""
    frame = pd.DataFrame({
        "firm": list("abcd") * 2, "wave": ["baseline"] * 4 + ["endline"] * 4,
        "q": [1, np.nan, 2, np.nan, 3, np.nan, 5, np.nan], "r": [np.nan, 2, 3, np.nan, np.nan, 1, 2, np.nan],
    })  # fmt: skip
    found = estimate_change(frame, ["q", "r"], design=Design(psu="firm", df="domain"))
    first, both = combine(found, np.array([[1.0, 0.0]])), combine(found, np.array([[1.0, 1.0]]))
    assert (first.psu_baseline[0], first.n_endline[0], first.df[0]) == (2, 2, 1)
    assert (both.psu_baseline[0], both.n_endline[0], both.df[0]) == (3, 3, 2)


def test_an_empty_wave_gives_levels_of_the_other(sample):
    found = estimate_change(sample[sample["wave"] == "baseline"], ITEMS, "bank", design=FIRMS,
                            waves=("baseline", "endline"))  # fmt: skip
    got = combine(found, np.ones((3, 2)))
    assert np.isfinite(got.baseline).all()
    assert np.isnan(got.change).all()
    assert got.n_endline.tolist() == [0, 0, 0]


def test_lonely_options_hold_in_the_matrix(sample):
    frame = pd.concat([sample, sample.iloc[[0]].assign(firm="X", stratum="x")])
    for option in ("remove", "adjust", "average", "certainty"):
        found = estimate_change(frame, ["score"], "bank", design=Design("weight", "stratum", "firm", lonely_psu=option))
        got = combine(found, np.ones((3, 1)))
        np.testing.assert_allclose(np.sqrt(got.covariance.diagonal()), found.se[:, 0], rtol=1e-12)
        assert np.linalg.eigvalsh(got.covariance).min() > 0


@pytest.mark.parametrize("weights", [np.ones((3, 3)), np.ones(3), np.full((3, 2), np.nan)])
def test_coefficients_must_fit(sample, weights):
    with pytest.raises(UsageError, match="combine-shape: coefficients must be finite and of shape 3, 2"):
        combine(estimate_change(sample, ITEMS, "bank", design=FIRMS), weights)


def test_stages_are_refused(sample):
    frame = sample.assign(n=999, m=99, row=np.arange(len(sample)))
    design = Design(psu=("firm", "row"), fpc=("n", "m"), lonely_psu="remove")
    with pytest.raises(UsageError, match="combine-stages"):
        combine(estimate_change(frame, ["score"], "bank", design=design), np.ones((3, 1)))


@pytest.mark.parametrize("n", [7, 11, 29])
def test_a_combination_that_only_rounding_moves_does_not_vary(n):
    """Every firm gains the same: contributions cancel to a few last bits, which are no standard error."""
    draw = np.random.default_rng(n)
    before = pd.DataFrame({
        "bank": "a", "wave": "x", "firm": range(n), "weight": draw.uniform(1, 3, n), "score": draw.uniform(1, 5, n),
        "days": draw.integers(1, 30, n),
    })  # fmt: skip
    after = before.assign(wave="y", score=before["score"] + 0.1, days=before["days"] - 3)
    found = estimate_change(pd.concat([before, after]), ITEMS, "bank", design=Design(weight="weight", psu="firm"))
    got = combine(found, np.array([[12.5, -3.7]]))
    assert got.change == pytest.approx([12.5 * 0.1 + 3.7 * 3])
    assert (got.se.tolist(), got.covariance.tolist()) == ([0.0], [[0.0]])
    assert got.se_baseline[0] > 1
