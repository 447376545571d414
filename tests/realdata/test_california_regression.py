"""Regressions on the California schools, and a difference in differences, against R; the data stay outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaltools import stats
from evaltools.stats import Design, difference_in_differences, fit_linear, fit_logistic

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
SCHOOLS = SHARED / "realdata" / "california-schools" / "apistrat.csv"
VALUES = SHARED / "reference" / "open" / "estimation.json"

pytestmark = pytest.mark.skipif(
    not (SCHOOLS.is_file() and VALUES.is_file()), reason="the real data are not beside the repository"
)

STRATA = Design(weight="pw", stratum="stype", psu="cds", fpc="fpc")


def entry(name: str) -> dict[str, Any]:
    return next(e for e in json.loads(VALUES.read_text(encoding="utf-8"))["entries"] if e["id"] == name)


@pytest.fixture
def schools() -> pd.DataFrame:
    frame = pd.read_csv(SCHOOLS, encoding="utf-8")
    return frame.assign(wide=frame["sch.wide"] == "Yes", gain=frame["api00"] - frame["api99"])


def equal(got: Any, expected: Any, rtol: float = 1e-8) -> None:
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(expected, float), rtol=rtol)


def test_linear(schools):
    """strat-glm: svyglm(api00 ~ stype + meals)."""
    expected = entry("strat-glm")["value"]
    got = fit_linear(schools, "api00", ["stype", "meals"], STRATA).frame
    assert got["term"].tolist() == expected["name"]
    equal(got["estimate"], expected["estimate"])
    equal(got["se"], expected["se"])
    assert (got["df"] == expected["df"]).all()


def test_logistic(schools):
    """strat-logit: svyglm(sch.wide == "Yes" ~ stype + meals, quasibinomial), stopped where R stops."""
    expected = entry("strat-logit")["value"]
    got = fit_logistic(schools, "wide", ["stype", "meals"], STRATA).frame
    assert got["term"].tolist() == expected["name"]
    equal(got["estimate"], expected["estimate"])
    equal(got["se"], expected["se"])


def test_logistic_converged(schools):
    """What R's stop leaves: nothing of the estimates, 7e-5 of the standard errors."""
    expected = entry("strat-logit")["value"]
    got = fit_logistic(schools, "wide", ["stype", "meals"], STRATA, tolerance=1e-14).frame
    equal(got["estimate"], expected["estimate"], 1e-7)
    off = np.abs(got["se"] / np.asarray(expected["se"]) - 1)
    assert 1e-5 < off.max() < 1e-4


def test_one_mean(schools):
    """strat-ttest: svyttest(I(api00 - api99) ~ 0)."""
    expected = entry("strat-ttest")["value"]
    (row,) = stats.mean_test(schools, "gain", 0, STRATA).to_dict("records")
    for ours, theirs in (("t", "t"), ("df", "df"), ("p", "p"), ("estimate", "estimate")):
        equal(row[ours], expected[theirs])


def test_difference_in_differences():
    """did-cr2: clubSandwich coef_test, CR2, Satterthwaite."""
    given = entry("did-cr2")
    expected = pd.DataFrame(given["value"])
    got = difference_in_differences(pd.DataFrame(given["data"]), "y", "treated", "post", "cluster")
    for ours, theirs in (("estimate", "beta"), ("se", "se"), ("df", "df"), ("p", "p")):
        equal(got[ours], expected[theirs])
