"""A domain's change beside the others': the contrast, its variance and df, and what a common shift leaves alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaltools.errors import UsageError
from evaltools.stats import Design, combine, estimate_change, estimate_relative_change, relative_change, totals
from evaltools.stats.estimation.replicates import Replicates

FIRMS = Design(weight="weight", stratum="stratum", psu="firm", overlap="pattern", df="domain", lonely_psu="adjust")
CHANGE = np.array([0.4, 0.1, -0.2, 0.3])
COVARIANCE = np.array([
    [0.040, 0.010, 0.000, 0.005],
    [0.010, 0.030, 0.008, 0.000],
    [0.000, 0.008, 0.050, 0.004],
    [0.005, 0.000, 0.004, 0.020],
])  # fmt: skip
DF = np.array([20.0, 15.0, 8.0, 30.0])


def test_contrast_of_four_domains_by_hand():
    got = relative_change(CHANGE, COVARIANCE, DF)
    weights = np.where(np.eye(4) == 1, 1.0, -1 / 3)
    np.testing.assert_allclose(got["relative"], weights @ CHANGE, rtol=1e-13)
    np.testing.assert_allclose(got["se"], np.sqrt(np.diag(weights @ COVARIANCE @ weights.T)), rtol=1e-13)
    parts = weights**2 * np.diag(COVARIANCE)
    df = parts.sum(axis=1) ** 2 / (parts**2 / DF).sum(axis=1)
    np.testing.assert_allclose(got["df"], df, rtol=1e-13)
    half = stats.t.ppf(0.975, df) * got["se"]
    np.testing.assert_allclose(got["ci_low"], got["relative"] - half, rtol=1e-12)
    np.testing.assert_allclose(got["ci_high"], got["relative"] + half, rtol=1e-12)
    np.testing.assert_allclose(got["p"], 2 * stats.t.sf(np.abs(got["relative"] / got["se"]), df), rtol=1e-12)
    assert got["position"].tolist() == [0, 1, 2, 3]
    assert (got["flag"] == "").all()


def test_two_independent_domains_are_welchs_test():
    rng = np.random.default_rng(5)
    first, last = rng.normal(1, 2, 12), rng.normal(0, 1, 9)
    variances = [first.var(ddof=1) / 12, last.var(ddof=1) / 9]
    got = relative_change(np.array([first.mean(), last.mean()]), np.diag(variances), np.array([11.0, 8.0]))
    welch = stats.ttest_ind(first, last, equal_var=False)
    assert got["p"][0] == pytest.approx(welch.pvalue, rel=1e-11)
    assert got["df"][0] == pytest.approx(welch.df, rel=1e-11)
    assert got["relative"][0] == -got["relative"][1]


@given(
    changes=st.lists(st.floats(-100, 100), min_size=2, max_size=12),
    shift=st.floats(-1e3, 1e3),
    common=st.floats(0, 1e3),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_shift_of_all_domains_moves_nothing(changes, shift, common, seed):
    """Not the numbers by a shift, nor the errors by an error that all domains share; the numbers sum to 0."""
    size = len(changes)
    root = np.random.default_rng(seed).normal(size=(size, size + 2))
    change, covariance, df = np.array(changes), root @ root.T, np.full(size, 20.0)
    plain = relative_change(change, covariance, df)
    moved = relative_change(change + shift, covariance + common, df)
    np.testing.assert_allclose(moved["relative"], plain["relative"], rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(moved["se"], plain["se"], rtol=1e-6)
    assert plain["relative"].sum() == pytest.approx(0, abs=1e-10)


def test_domains_without_a_change_or_a_variance_are_left_out():
    change, df = np.append(CHANGE, [np.nan, 9.0]), np.append(DF, [np.nan, 0.0])
    covariance = np.full((6, 6), np.nan)
    covariance[:4, :4] = COVARIANCE
    covariance[5, 5] = 0.0
    got = relative_change(change, covariance, df)
    pd.testing.assert_frame_equal(got.iloc[:4], relative_change(CHANGE, COVARIANCE, DF))
    assert got["flag"].tolist() == ["", "", "", "", "no_change", "no_df"]
    assert got.loc[4:, ["relative", "se", "df", "ci_low", "ci_high", "p"]].isna().all(axis=None)


def test_one_domain_has_no_others():
    got = relative_change(np.array([1.0, np.nan]), np.diag([1.0, 1.0]), np.array([9.0, 9.0]))
    assert got["flag"].tolist() == ["no_others", "no_change"]
    assert got["relative"].isna().all()
    assert relative_change(np.zeros(0), np.zeros((0, 0)), np.zeros(0)).empty


def test_an_error_that_is_all_common_leaves_no_variation():
    got = relative_change(np.array([1.0, 2.0, 4.0]), np.full((3, 3), 0.3), np.full(3, 10.0))
    assert (got["se"] == 0).all()
    assert got["p"].isna().all()
    assert (got["flag"] == "no_variation").all()


def test_known_variances_give_infinite_df():
    got = relative_change(np.array([1.0, 2.0]), np.diag([0.5, 0.5]), np.full(2, np.inf))
    assert np.isinf(got["df"]).all()
    assert got["p"][0] == pytest.approx(2 * stats.norm.sf(1.0), rel=1e-12)


@pytest.mark.parametrize("shape", [(3, 4), (3,), (4, 4)])
def test_shapes_must_fit(shape):
    with pytest.raises(UsageError, match="takes B changes"):
        relative_change(np.zeros(3), np.zeros(shape), np.ones(3))


def test_frame_gives_the_contrast_of_its_changes(draw):
    """Firms that rate two banks tie the banks together: the contrast of all contributions, by loops."""
    frame = draw(11, firms=60)
    got = estimate_relative_change(frame, ["score", "days"], "bank", design=FIRMS)
    assert got.columns.tolist() == [
        "bank", "item", "stat", "change", "relative", "se", "df", "ci_low", "ci_high", "p", "flag",
    ]  # fmt: skip
    for item in ("score", "days"):
        rows = got[got["item"] == item].set_index("bank")
        for bank in ("north", "south", "west"):
            estimate, error = contrast_by_loops(frame, item, bank)
            assert rows.loc[bank, "relative"] == pytest.approx(estimate, rel=1e-11)
            assert rows.loc[bank, "se"] == pytest.approx(error, rel=1e-11)


def test_limits_of_a_frame_are_wider_for_few_units(draw):
    """Errors and df are the design's; limits and p allow for few units where those of `change` do."""
    frame = draw(13, firms=60)
    design = Design(weight="weight", stratum="stratum", psu="firm")
    plain = estimate_relative_change(frame, "score", "bank", design=design)
    joint = combine(estimate_change(frame, "score", "bank", design=design), np.ones((3, 1)))
    expected = relative_change(joint.change, joint.covariance, joint.df)
    for column in ("relative", "se", "df", "ci_low", "ci_high", "p"):
        np.testing.assert_allclose(plain[column], expected[column], rtol=1e-13)
    few = estimate_relative_change(frame, "score", "bank", design=replace(design, df="domain"))
    assert few["se"].tolist() == plain["se"].tolist()
    assert (few["ci_high"] - few["ci_low"] > plain["ci_high"] - plain["ci_low"]).all()
    held = totals(frame, ["score"], "bank", "wave", design)
    pd.testing.assert_frame_equal(estimate_relative_change(held, None, "bank"), plain)


def test_frame_refuses_what_it_cannot_do(draw):
    frame = draw(13).assign(relative=1, w=1.0, r1=1.0, r2=1.0)
    with pytest.raises(UsageError, match="cannot stand in by: 'relative'"):
        estimate_relative_change(frame, "score", "relative", design=FIRMS)
    replicates = Design(weight="w", replicates=Replicates(("r1", "r2"), "jk1"))
    with pytest.raises(UsageError, match=r"replicates = .* is not offered"):
        estimate_relative_change(frame, "score", "bank", design=replicates)


def test_frame_keeps_the_reasons_of_the_change(draw):
    frame = draw(3)
    frame.loc[(frame["bank"] == "west") & (frame["wave"] == "endline"), "score"] = np.nan
    got = estimate_relative_change(frame, "score", "bank", design=FIRMS).set_index("bank")
    assert got.loc["west", "flag"] == "no_answers;missing_moved;no_change"
    assert np.isnan(got.loc["west", "relative"])
    assert got.loc["north", "relative"] == pytest.approx(got.loc["north", "change"] - got.loc["south", "change"])


def contrast_by_loops(frame, item, bank):
    held = frame[frame[item].notna()]
    others = sorted(set(held["bank"]) - {bank})
    factor = {bank: 1.0, **dict.fromkeys(others, -1 / len(others))}
    total = held.groupby(["bank", "wave"])["weight"].sum()
    mean = (held["weight"] * held[item]).groupby([held["bank"], held["wave"]]).sum() / total
    contribution = dict.fromkeys(frame["firm"], 0.0)
    for row in held.itertuples():
        sign = factor[row.bank] * (1 if row.wave == "endline" else -1)
        key = (row.bank, row.wave)
        contribution[row.firm] += sign * row.weight * (getattr(row, item) - mean[key]) / total[key]
    strata: dict[object, list[float]] = {}
    for firm, rows in frame.groupby("firm"):
        strata.setdefault((rows["stratum"].iloc[0], tuple(sorted(set(rows["wave"])))), []).append(contribution[firm])
    variance = sum(len(u) / (len(u) - 1) * sum((v - np.mean(u)) ** 2 for v in u) for u in strata.values() if len(u) > 1)
    variance += sum(u[0] ** 2 for u in strata.values() if len(u) == 1)
    estimate = sum(f * (mean[b, "endline"] - mean[b, "baseline"]) for b, f in factor.items())
    return estimate, float(np.sqrt(variance))
