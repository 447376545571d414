"""Difference in differences with few clusters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import DesignError, UsageError
from evaltools.stats import difference_in_differences
from evaltools.stats.regression.reduced import reduce_bias


def draw(rng: np.random.Generator, clusters: int = 10, rows: int = 6, effect: float = 0.0) -> pd.DataFrame:
    cluster = np.repeat(np.arange(clusters), rows)
    treated, post = (cluster % 2 == 1).astype(int), np.tile([0, 1], clusters * rows // 2)
    y = rng.normal(0, 1, clusters)[cluster] + 0.3 * post + effect * treated * post + rng.normal(0, 1, cluster.size)
    return pd.DataFrame({"bank": cluster, "side": treated, "late": post, "y": y})


def by_dense_matrices(x, w, y, cluster):
    """Compute the same from n x n matrices, cluster by cluster, as the paper writes it."""
    bread = np.linalg.inv(x.T @ (w[:, None] * x))
    left = np.eye(len(y)) - x @ bread @ (x * w[:, None]).T
    residuals, meat, g = left @ y, 0, []
    for code in np.unique(cluster):
        held = cluster == code
        values, vectors = np.linalg.eigh(left[held] @ left[held].T)
        root = vectors @ np.diag(np.where(values > 1e-12, np.maximum(values, 1e-300) ** -0.5, 0)) @ vectors.T
        adjusted = root @ (w[held, None] * x[held])
        meat = meat + np.outer(adjusted.T @ residuals[held], adjusted.T @ residuals[held])
        g.append(left[held].T @ adjusted @ bread)
    g = np.stack(g)
    product = np.einsum("jnc,knc->cjk", g, g)
    df = np.trace(product, axis1=1, axis2=2) ** 2 / (product**2).sum(axis=(1, 2))
    return bread @ meat @ bread, df, residuals


@pytest.mark.parametrize("seed", range(6))
def test_small_matrices_equal_the_large_ones(seed):
    rng = np.random.default_rng(seed)
    cluster = np.sort(rng.integers(0, 7, 50))
    cluster = np.unique(cluster, return_inverse=True)[1]
    x = np.column_stack([np.ones(50), rng.normal(100, 1, 50), cluster == 2, rng.normal(0, 1e-3, 50)])
    w, y = rng.uniform(0.2, 5, 50), rng.normal(0, 1, 50)
    covariance, df, residuals = by_dense_matrices(x, w, y, cluster)
    got = reduce_bias(x, w, residuals, cluster)
    np.testing.assert_allclose(got.covariance, covariance, rtol=1e-6, atol=1e-9 * np.abs(covariance).max())
    np.testing.assert_allclose(got.df, df, rtol=1e-6)


def test_the_last_row_is_the_difference_of_the_changes():
    frame = draw(np.random.default_rng(1))
    got = difference_in_differences(frame, "y", "side", "late", "bank")
    means = frame.groupby(["side", "late"])["y"].mean()
    expected = (means[1, 1] - means[1, 0]) - (means[0, 1] - means[0, 0])
    assert got["term"].tolist() == ["(Intercept)", "side", "late", "side:late"]
    assert got["estimate"].iloc[-1] == pytest.approx(expected)
    assert got["n_clusters"].tolist() == [10] * 4
    assert (got["flag"] == "").all()


def test_false_alarms_of_ten_clusters_are_near_five_percent():
    """400 draws without a difference, five clusters a side: 5 % within two Monte Carlo errors (1.1 points each)."""
    rng = np.random.default_rng(20221130)
    rejected = [
        difference_in_differences(draw(rng), "y", "side", "late", "bank")["p"].iloc[-1] <= 0.05 for _ in range(400)
    ]
    assert abs(np.mean(rejected) - 0.05) < 0.022


def test_fewer_than_four_clusters_on_a_side_give_no_error():
    frame = draw(np.random.default_rng(2)).query("side == 0 or bank < 6")
    got = difference_in_differences(frame, "y", "side", "late", "bank")
    assert (got["flag"] == "few_clusters").all()
    assert got[["se", "df", "ci_low", "p"]].isna().all(axis=None)
    assert got["estimate"].notna().all()


def test_low_degrees_of_freedom_give_no_p():
    """A covariate that sets one cluster apart rests on it alone."""
    frame = draw(np.random.default_rng(3)).assign(city=lambda rows: (rows["bank"] == 0) * 1.0)
    frame.loc[frame["bank"] == 1, "city"] = 0.2
    got = difference_in_differences(frame, "y", "side", "late", "bank", covariates="city").set_index("term")
    assert got.loc["city", "df"] < 4
    assert got.loc["city", "flag"] == "low_df"
    assert np.isfinite(got.loc["city", "se"])
    assert np.isnan(got.loc["city", "p"])
    assert got.loc["side:late", "flag"] == ""


def test_a_side_without_a_wave_is_collinear():
    frame = draw(np.random.default_rng(4)).query("side == 0 or late == 1")
    got = difference_in_differences(frame, "y", "side", "late", "bank")
    assert (got["flag"] == "collinear").all()
    assert got["estimate"].isna().all()
    nobody = difference_in_differences(frame.assign(y=np.nan), "y", "side", "late", "bank")
    assert (nobody["flag"] == "no_answers").all()


def test_a_category_without_rows_and_rows_that_are_missing():
    frame = draw(np.random.default_rng(5)).assign(kind=lambda rows: np.where(rows["bank"] % 3 == 0, "a", "b"))
    frame.loc[0, "kind"] = "c"
    frame.loc[0, "y"] = np.nan
    got = difference_in_differences(frame, "y", "side", "late", "bank", covariates=["kind"]).set_index("term")
    assert got.loc["kindc", "flag"] == "absent_category"
    assert got.loc["side:late", "flag"] == ""
    assert (got["n"] == len(frame) - 1).all()


def test_answers_without_variation():
    frame = draw(np.random.default_rng(6)).assign(y=lambda rows: rows["side"] + 2.0 * rows["late"])
    got = difference_in_differences(frame, "y", "side", "late", "bank")
    assert got["flag"].str.contains("no_variation").all()
    assert got["p"].isna().all()


def test_refusals():
    frame = draw(np.random.default_rng(7)).assign(w=1.0)
    with pytest.raises(UsageError, match="regression-not-binary"):
        difference_in_differences(frame.assign(side=2 * frame["side"]), "y", "side", "late", "bank")
    with pytest.raises(UsageError, match="regression-terms"):
        difference_in_differences(frame, "y", "side", "side", "bank")
    with pytest.raises(UsageError, match="regression-terms"):
        difference_in_differences(frame, "y", "side", "late", "bank", covariates=[("side", "late")])
    with pytest.raises(DesignError, match=r"frame-values-missing.*bank \(cluster\)"):
        difference_in_differences(
            frame.assign(bank=frame["bank"].where(frame["bank"] > 0)), "y", "side", "late", "bank"
        )
    with pytest.raises(DesignError, match=r"frame-values-missing.*w \(weight\)"):
        difference_in_differences(frame.assign(w=np.nan), "y", "side", "late", "bank", weights="w")
    with pytest.raises(DesignError, match="weight-invalid"):
        difference_in_differences(frame.assign(w=-1.0), "y", "side", "late", "bank", weights="w")
