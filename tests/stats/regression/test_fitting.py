"""Linear and logistic regression: names, reasons, refusals, and a second system for the coefficients."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from evaltools.errors import DesignError, UsageError
from evaltools.stats import Design, fit_linear, fit_logistic
from evaltools.stats.estimation.replicates import Replicates

FIRMS = Design(weight="weight", stratum="stratum", psu="firm")


def draw(seed: int, n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "firm": [f"F{k}" for k in rng.integers(0, n // 3, n)], "weight": rng.uniform(1, 5, n).round(2),
            "size": rng.gamma(2, 10, n).round(1), "kind": rng.choice(["farm", "shop", "works"], n),
            "bank": rng.choice(["north", "south"], n),
        }
    )  # fmt: skip
    frame["stratum"] = frame["firm"].str[-1].map(lambda digit: "odd" if digit in "13579" else "even")
    frame["days"] = 5 + 0.1 * frame["size"] + (frame["kind"] == "shop") + rng.normal(0, 1, n)
    frame["loan"] = (rng.random(n) < 1 / (1 + np.exp(0.5 - 0.05 * frame["size"]))).astype(int)
    return frame


@pytest.mark.parametrize("seed", range(3))
def test_coefficients_equal_statsmodels(seed):
    import statsmodels.api as sm

    frame = draw(seed)
    x = np.column_stack([np.ones(len(frame)), frame["size"], frame["kind"] == "shop", frame["kind"] == "works"])
    linear = sm.WLS(frame["days"].to_numpy(), x.astype(float), weights=frame["weight"].to_numpy()).fit()
    logistic = sm.GLM(
        frame["loan"].to_numpy(), x.astype(float), family=sm.families.Binomial(), var_weights=frame["weight"].to_numpy()
    ).fit(tol=1e-14, maxiter=200)
    terms = ["size", "kind"]
    np.testing.assert_allclose(fit_linear(frame, "days", terms, FIRMS).coefficients[0], linear.params, rtol=1e-9)
    settled = fit_logistic(frame, "loan", terms, FIRMS, tolerance=1e-14)
    np.testing.assert_allclose(settled.coefficients[0], logistic.params, rtol=1e-8)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), tolerance=st.sampled_from([1e-4, 1e-8, 1e-10]))
def test_the_tolerance_bounds_how_far_the_maximum_is(seed, tolerance):
    """What is left of the deviance is less than its last change, so less than R's rule allows."""
    frame = draw(seed, 80)
    stopped = fit_logistic(frame, "loan", "size", FIRMS, tolerance=tolerance)
    settled = fit_logistic(frame, "loan", "size", FIRMS, tolerance=1e-14)
    assert (stopped.frame["flag"] == settled.frame["flag"]).all()
    x = np.column_stack([np.ones(len(frame)), frame["size"]])

    def deviance(fit):
        eta = x @ fit.coefficients[0]
        return -2 * (frame["weight"] * (frame["loan"] * eta - np.logaddexp(0, eta))).sum()

    if (settled.frame["flag"] == "").all():
        assert -1e-12 <= deviance(stopped) / deviance(settled) - 1 < 2 * tolerance
        np.testing.assert_allclose(stopped.frame["se"], settled.frame["se"], rtol=10 * np.sqrt(tolerance))


def test_where_r_runs_away_the_converged_fit_is_given():
    """Steps that are not halved end at probabilities of 0 and 1 here: R gives a slope of 6e12, without a warning."""
    frame = pd.DataFrame(
        {"a": [-18, -14, 9, 12, 14, 30], "y": [1, 0, 1, 1, 1, 1], "w": [1, 1, 1, 1, 1000, 100]}, dtype=float
    )
    fit = fit_logistic(frame, "y", "a", Design("w"))
    pd.testing.assert_frame_equal(fit.frame, fit_logistic(frame, "y", "a", Design("w"), tolerance=1e-14).frame)
    x = np.column_stack([np.ones(6), frame["a"]])
    left = frame["w"] * (frame["y"] - 1 / (1 + np.exp(-x @ fit.coefficients[0])))
    np.testing.assert_allclose(left @ x, 0, atol=1e-8)


@pytest.mark.parametrize("tolerance", [0, 1, -1e-8, np.nan, "1e-8", True, None])
def test_tolerances_that_are_none(tolerance):
    with pytest.raises(UsageError, match=r"option-range.*tolerance"):
        fit_logistic(draw(0), "loan", "size", tolerance=tolerance)


def test_errors_of_one_unit_a_row_are_those_of_white():
    """Without a design the sandwich is HC0 times n/(n - 1)."""
    import statsmodels.api as sm

    frame = draw(3)
    white = sm.OLS(frame["days"].to_numpy(), sm.add_constant(frame["size"].to_numpy())).fit(cov_type="HC0")
    n = len(frame)
    np.testing.assert_allclose(
        fit_linear(frame, "days", "size").covariance[0], white.cov_params() * n / (n - 1), rtol=1e-9
    )


def test_a_binary_regressor_is_the_difference_of_means():
    frame = pd.DataFrame({"y": [1.0, 2, 3, 6, 8], "late": [False, False, False, True, True]})
    got = fit_linear(frame, "y", "late").frame
    assert got["estimate"].tolist() == pytest.approx([2, 5])
    assert got["df"].tolist() == [3, 3]  # 5 rows - 1 stratum - 1 slope


def test_large_numbers_keep_their_digits():
    """A year near 2022 and an outcome near 1e9: the slope is the same as with both centred."""
    rng = np.random.default_rng(4)
    year = 2022 + rng.integers(0, 4, 60) / 12
    y = 1e9 + 3 * (year - 2022) + rng.normal(0, 0.1, 60)
    plain = fit_linear(pd.DataFrame({"y": y, "year": year}), "y", "year").frame
    centred = fit_linear(pd.DataFrame({"y": y - 1e9, "year": year - 2022}), "y", "year").frame
    np.testing.assert_allclose(
        plain.loc[1, ["estimate", "se"]].to_numpy(float), centred.loc[1, ["estimate", "se"]].to_numpy(float), rtol=1e-6
    )


def test_categories_are_named_as_in_r_and_keep_a_declared_order():
    frame = draw(5)
    assert fit_linear(frame, "days", "kind").terms == ("(Intercept)", "kindshop", "kindworks")
    frame["kind"] = pd.Categorical(frame["kind"], ["works", "shop", "farm", "nobody"], ordered=True)
    assert fit_linear(frame, "days", "kind").terms == ("(Intercept)", "kindshop", "kindfarm")
    both = fit_linear(frame, "days", ["size", ("size", "kind"), "kind"])
    assert both.terms == ("(Intercept)", "size", "kindshop", "kindfarm", "size:kindshop", "size:kindfarm")


def test_an_arrow_table_gives_the_same():
    frame = draw(6)
    frame.loc[[3, 8], "kind"] = None
    frame.loc[[5, 9], "days"] = np.nan
    table = pa.Table.from_pandas(frame)
    ours, theirs = (fit_linear(part, "days", ["kind", "size"], FIRMS, by="bank") for part in (frame, table))
    pd.testing.assert_frame_equal(ours.frame, theirs.frame)
    table = table.set_column(table.column_names.index("kind"), "kind", table["kind"].dictionary_encode())
    pd.testing.assert_frame_equal(ours.frame, fit_linear(table, "days", ["kind", "size"], FIRMS, by="bank").frame)


def test_missing_rows_leave_the_fit_and_stay_in_the_design():
    """A firm without an answer contributes 0 and still counts as a PSU."""
    frame = draw(7)
    frame.loc[frame["firm"] == frame["firm"][0], "days"] = np.nan
    frame.loc[frame["kind"] == "works", "weight"] = 0.0
    kept = fit_linear(frame, "days", "size", FIRMS)
    dropped = fit_linear(frame.dropna(subset=["days"]), "days", "size", FIRMS)
    assert kept.frame["n"].tolist() == [int((frame["days"].notna() & (frame["weight"] > 0)).sum())] * 2
    np.testing.assert_allclose(kept.coefficients, dropped.coefficients, rtol=1e-12)
    assert kept.frame["df"][0] == dropped.frame["df"][0] + 1
    assert not np.allclose(kept.frame["se"], dropped.frame["se"], rtol=1e-6)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), factor=st.floats(1e-3, 1e3))
def test_order_of_rows_and_scale_of_weights_change_nothing(seed, factor):
    frame = draw(seed, 60)
    shuffled = frame.sample(frac=1, random_state=seed).assign(weight=lambda rows: rows["weight"] * factor)
    for fit, outcome in ((fit_linear, "days"), (fit_logistic, "loan")):
        first, second = (
            fit(part, outcome, ["size", "kind"], Design("weight", psu="firm")) for part in (frame, shuffled)
        )
        assert first.frame["flag"].tolist() == second.frame["flag"].tolist()
        np.testing.assert_allclose(first.coefficients, second.coefficients, rtol=1e-7)
        np.testing.assert_allclose(first.covariance, second.covariance, rtol=1e-6, atol=1e-12)


def test_bank_by_bank_is_all_at_once():
    frame = draw(8)
    together = fit_linear(frame, "days", ["size", "kind"], FIRMS, by="bank")
    for place, bank in enumerate(["north", "south"]):
        alone = fit_linear(
            frame.assign(days=frame["days"].where(frame["bank"] == bank)), "days", ["size", "kind"], FIRMS
        )
        np.testing.assert_allclose(together.covariance[place], alone.covariance[0], rtol=1e-10)


def test_separation_is_a_reason():
    """All large firms have a loan, no small one has."""
    frame = draw(9).assign(loan=lambda rows: rows["size"] > 20)
    fit = fit_logistic(frame, "loan", "size", FIRMS)
    assert fit.frame["flag"].tolist() == ["separated"] * 2
    assert fit.frame[["estimate", "se", "df", "t", "ci_low", "ci_high", "p"]].isna().all(axis=None)
    assert np.isnan(fit.covariance).all()


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(-2, 2), st.integers(-2, 2), st.booleans()), min_size=4, max_size=14))
def test_a_coefficient_exists_unless_a_plane_tells_the_outcomes_apart(rows):
    """The plane is looked for by a linear program: max sum of s(y) x'b with each at least 0, b bounded."""
    frame = pd.DataFrame(rows, columns=["a", "b", "y"])
    x = np.column_stack([np.ones(len(frame)), frame[["a", "b"]]])
    signed = np.where(frame["y"], 1, -1)[:, None] * x
    apart = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(frame)), bounds=[(-1, 1)] * 3).fun < -1e-6
    (flag,) = fit_logistic(frame, "y", ["a", "b"], Design(df="domain")).frame["flag"].str.split(";").str[0].unique()
    if np.linalg.matrix_rank(x) < 3:
        assert flag == "collinear"
    else:
        assert (flag == "separated") == apart


def test_a_category_in_which_all_agree_separates():
    frame = draw(10)
    frame.loc[frame["kind"] == "shop", "loan"] = 1
    assert (fit_logistic(frame, "loan", ["kind", "size"], FIRMS).frame["flag"] == "separated").all()


def test_an_outcome_that_never_varies_separates():
    assert (fit_logistic(draw(11).assign(loan=1), "loan", "size").frame["flag"] == "separated").all()


@pytest.mark.parametrize("fit", [fit_linear, fit_logistic])
def test_collinear_regressors_are_a_reason(fit):
    frame = draw(12).assign(double=lambda rows: 2 * rows["size"] + 1, still=3.0)
    for extra in ("double", "still"):
        got = fit(frame, "loan", ["size", extra]).frame
        assert got["flag"].tolist() == ["collinear"] * 3
        assert got["estimate"].isna().all()


def test_a_category_that_a_bank_lacks_costs_its_own_coefficient_only():
    frame = draw(13)
    frame = frame[(frame["bank"] == "north") | (frame["kind"] != "works")]
    got = fit_linear(frame, "days", ["kind", "size"], FIRMS, by="bank").frame.set_index(["bank", "term"])
    assert got.loc[("south", "kindworks"), "flag"] == "absent_category"
    assert np.isnan(got.loc[("south", "kindworks"), "estimate"])
    alone = fit_linear(
        frame.assign(days=frame["days"].where(frame["bank"] == "south")), "days", ["kind", "size"], FIRMS
    )
    assert got.loc["south", "flag"].tolist() == alone.frame["flag"].tolist() == ["", "", "absent_category", ""]
    assert got.loc[("north", "size"), "df"] + 1 == got.loc[("south", "size"), "df"]


def test_a_bank_without_the_base_category_has_nothing_to_compare_with():
    frame = draw(14)
    frame = frame[(frame["bank"] == "north") | (frame["kind"] != "farm")]
    got = fit_linear(frame, "days", "kind", FIRMS, by="bank").frame
    assert got["flag"].tolist() == [""] * 3 + ["collinear"] * 3


def test_a_bank_without_answers_and_one_without_variation():
    frame = draw(15).assign(days=lambda rows: np.where(rows["bank"] == "north", np.nan, 2 + 0.5 * rows["size"]))
    got = fit_linear(frame, "days", "size", FIRMS, by="bank").frame
    assert got["flag"].tolist() == ["no_answers"] * 2 + ["no_variation"] * 2
    assert got["n"].tolist()[:2] == [0, 0]
    assert got["estimate"].tolist()[2:] == pytest.approx([2, 0.5])
    assert got["p"].isna().all()


def test_too_few_units_leave_no_degrees_of_freedom():
    frame = draw(16).assign(firm=lambda rows: np.where(rows["size"] > 15, "A", "B"))
    got = fit_linear(frame, "days", ["size", "kind"], Design(psu="firm")).frame
    assert (got["df"] == -2).all()
    assert (got["flag"] == "no_df").all()
    assert got[["ci_low", "p"]].isna().all(axis=None)


def test_several_by_columns_and_level():
    frame = draw(17).assign(wave=lambda rows: np.where(rows["size"] > 18, "late", "early"))
    wide = fit_linear(frame, "days", "size", FIRMS, by=["bank", "wave"], level=0.99).frame
    narrow = fit_linear(frame, "days", "size", FIRMS, by=["bank", "wave"]).frame
    assert wide[["bank", "wave"]].drop_duplicates().to_numpy().tolist() == [
        ["north", "early"], ["north", "late"], ["south", "early"], ["south", "late"],
    ]  # fmt: skip
    assert (wide["ci_low"] < narrow["ci_low"]).all()
    assert (wide["se"] == narrow["se"]).all()


@pytest.mark.parametrize(
    "terms", [[], ["size", "size"], [("size",)], [3], ["days"], [("size", "kind"), ("kind", "size"), "size", "kind"]]
)
def test_terms_that_cannot_be_read(terms):
    with pytest.raises(UsageError, match="regression-terms"):
        fit_linear(draw(0), "days", terms)


def test_an_interaction_needs_its_parts():
    with pytest.raises(UsageError, match=r"regression-interaction.*size:kind.*lacking: kind"):
        fit_linear(draw(0), "days", ["size", ("size", "kind")])
    with pytest.raises(UsageError, match="regression-interaction"):
        fit_linear(draw(0), "days", ["size", ("size", "size")])


def test_a_column_of_names_is_no_category():
    frame = draw(0, 400)
    with pytest.raises(UsageError, match=r"regression-categories.*firm has 1\d\d categories"):
        fit_linear(frame, "days", "firm")


def test_an_outcome_that_is_not_binary():
    with pytest.raises(UsageError, match=r"regression-not-binary.*days.*120 rows"):
        fit_logistic(draw(0), "days", "size")


def test_other_refusals():
    frame = draw(0)
    with pytest.raises(UsageError, match="frame-column-missing"):
        fit_linear(frame, "days", "sise")
    with pytest.raises(UsageError, match="frame-not-numeric"):
        fit_linear(frame, "kind", "size")
    with pytest.raises(UsageError, match="frame-not-numeric"):
        fit_linear(frame.assign(on=pd.Timestamp("2022-10-01")), "days", "on")
    with pytest.raises(UsageError, match="by-columns"):
        fit_linear(frame.assign(term="a"), "days", "size", by="term")
    with pytest.raises(UsageError, match="option-range"):
        fit_linear(frame, "days", "size", level=1)
    with pytest.raises(DesignError, match="lonely-psu"):
        fit_linear(
            frame.assign(stratum=frame["firm"].where(frame["firm"] == frame["firm"][0], "rest")), "days", "size", FIRMS
        )
    with pytest.raises(UsageError, match="option-not-offered"):
        fit_linear(
            frame.assign(r1=1.0, r2=2.0), "days", "size", Design("weight", replicates=Replicates(("r1", "r2"), "jk1"))
        )


def test_bits_do_not_depend_on_threads():
    code = (
        "import numpy as np, pandas as pd\n"
        "from evaltools.stats import Design, fit_linear, fit_logistic\n"
        "rng = np.random.default_rng(1); n = 20_000\n"
        "f = pd.DataFrame(rng.normal(size=(n, 8)), columns=list('abcdefgh')).assign(firm=rng.integers(0, 3000, n))\n"
        "f['y'] = f.sum(axis=1) + rng.normal(size=n); f['z'] = (f['a'] + rng.normal(size=n) > 0) * 1\n"
        "fits = [fit_linear(f, 'y', list('abcdefgh'), Design(psu='firm')), fit_logistic(f, 'z', list('abcdefgh'))]\n"
        "print([v.hex() for fit in fits for v in (*fit.coefficients[0], *fit.covariance[0].ravel())])\n"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
        ).stdout
        for threads in ("1", "2")
    }  # fmt: skip
    assert len(found) == 1
