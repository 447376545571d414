"""`estimate` against R survey 4.1.1 on the seeded tables; each test names its entry of reference.json."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.stats import Design, estimate

FIRMS = Design(weight="weight", stratum="stratum", psu="firm")


def equal(got, expected):
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(expected, float), rtol=1e-8)


@pytest.mark.parametrize("item", ["score", "days"])
def test_means_by_bank_and_wave(table, r_value, item):
    """mean-score, mean-days: svyby on the subset of rows with an answer; missing rows stay in the design."""
    expected = pd.DataFrame(r_value(f"mean-{item}")).sort_values(["bank", "wave"])
    got = estimate(table("answers"), [item], by=["bank", "wave"], design=FIRMS)
    assert got["bank"].tolist() == expected["bank"].tolist()
    assert got["wave"].tolist() == expected["wave"].tolist()
    for column in ("estimate", "se", "deff"):
        equal(got[column], expected[column])
    equal(got["n_eff"], got["n"] / expected["deff"].to_numpy())


def test_mean_with_fpc_interval_and_df(table, r_value):
    """mean-days-fpc: svymean, confint(df = degf), 64 firms in 4 strata."""
    expected = r_value("mean-days-fpc")
    design = Design(weight="weight", stratum="stratum", psu="firm", fpc="fpc")
    (row,) = estimate(table("answers"), "days", design=design).to_dict("records")
    equal([row["estimate"], row["se"], row["deff"]], [expected["estimate"], expected["se"], expected["deff"]])
    equal([row["ci_low"], row["ci_high"]], expected["ci"])
    assert row["df"] == expected["df"] == r_value("degf") == 60


def test_totals(table, r_value):
    """total-paid: svytotal by bank with deff."""
    expected = pd.DataFrame(r_value("total-paid"))
    got = estimate(table("answers"), "paid", by="bank", design=FIRMS, stat="total")
    for column in ("estimate", "se", "deff"):
        equal(got[column], expected[column])


def test_ratios(table, r_value):
    """ratio: svyratio by bank with deff, on rows with both answers."""
    expected = pd.DataFrame(r_value("ratio"))
    got = estimate(table("answers"), [("paid", "asked")], by="bank", design=FIRMS, stat="ratio")
    assert got["item"].unique().tolist() == ["paid/asked"]
    for column in ("estimate", "se", "deff"):
        equal(got[column], expected[column])


@pytest.mark.parametrize("method", ["logit", "beta"])
def test_proportion_intervals(table, r_value, method):
    """proportion-logit, proportion-beta: svyciprop of each bank's rows, df of the subset."""
    expected = pd.DataFrame(r_value(f"proportion-{method}"))
    got = estimate(table("answers"), "solved", by="bank", design=FIRMS, ci=method)
    for column in ("estimate", "ci_low", "ci_high"):
        equal(got[column], expected[column])


@pytest.mark.parametrize("option", ["remove", "adjust", "average", "certainty"])
def test_lonely_psu(table, r_value, option):
    """lonely-*: stratum village holds one firm; whole sample, banks and total."""
    expected = r_value(f"lonely-{option}")
    design = Design(weight="weight", stratum="stratum", psu="firm", lonely_psu=option)
    frame = table("single")
    whole = estimate(frame, "score", design=design)
    equal([whole["estimate"][0], whole["se"][0]], [expected["estimate"], expected["se"]])
    equal(estimate(frame, "score", design=design, stat="total")["se"][0], expected["total_se"])
    banks = estimate(frame, "score", by="bank", design=design)
    assert banks["bank"].tolist() == expected["banks"]
    equal(banks["se"], expected["bank_se"])


TOWNS = Design(stratum="region", psu=("town", "village"), fpc=("towns", "villages"))


def test_two_stage_means(table, r_value):
    """stages-mean: two stages with population counts, weights from them; domains cross villages."""
    expected = pd.DataFrame(r_value("stages-mean"))
    got = estimate(table("stages"), "income", by="sex", design=TOWNS)
    equal(got["estimate"], expected["estimate"])
    equal(got["se"], expected["se"])


def test_two_stage_total_and_df(table, r_value):
    """stages-total: svytotal; df = 10 towns - 2 regions."""
    expected = r_value("stages-total")
    (row,) = estimate(table("stages"), "income", design=TOWNS, stat="total").to_dict("records")
    equal([row["estimate"], row["se"]], [expected["estimate"], expected["se"]])
    assert row["df"] == expected["df"] == 8


@pytest.mark.parametrize("option", ["remove", "adjust"])
def test_two_stage_lonely_unit(table, r_value, option):
    """stages-lonely-*: town T04 keeps one of its 8 villages."""
    expected = r_value(f"stages-lonely-{option}")
    frame = table("stages").query("not (town == 'T04' and village == 'V2')")
    design = Design("weight", "region", ("town", "village"), ("towns", "villages"), lonely_psu=option)
    (row,) = estimate(frame, "income", design=design).to_dict("records")
    equal([row["estimate"], row["se"]], [expected["estimate"], expected["se"]])
