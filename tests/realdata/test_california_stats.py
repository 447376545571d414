"""`estimate` and `change` on the California schools samples against R survey 4.1.1; the data stay outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaltools.stats import Design, change, estimate

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
SCHOOLS = SHARED / "realdata" / "california-schools"
VALUES = SHARED / "reference" / "open"

pytestmark = pytest.mark.skipif(
    not (SCHOOLS.is_dir() and VALUES.is_dir()), reason="the real data are not beside the repository"
)

STRATA = Design(weight="pw", stratum="stype", psu="cds")
STRATA_FPC = Design(weight="pw", stratum="stype", psu="cds", fpc="fpc")


def schools(name: str) -> pd.DataFrame:
    return pd.read_csv(SCHOOLS / f"{name}.csv", encoding="utf-8")


def stacked(frame: pd.DataFrame) -> pd.DataFrame:
    waves = {"baseline": "api99", "endline": "api00"}
    return pd.concat([frame.assign(wave=wave, api=frame[item]) for wave, item in waves.items()], ignore_index=True)


def entry(name: str) -> Any:
    for file in ("california-schools.json", "estimation.json"):
        for found in json.loads((VALUES / file).read_text(encoding="utf-8"))["entries"]:
            if found["id"] == name:
                return found.get("rows", found.get("value"))
    raise KeyError(name)


def assert_equal(got: pd.DataFrame, name: str, columns: list[str], key: str = "stype") -> None:
    expected = pd.DataFrame(entry(name))
    if "domain" in expected:
        assert got[key].tolist() == expected["domain"].tolist()
    for column in columns:
        np.testing.assert_allclose(got[column].to_numpy(float), expected[column].to_numpy(float), rtol=1e-8)


@pytest.mark.parametrize(
    ("name", "file", "design"),
    [
        ("strat-panel-nofpc", "apistrat", STRATA),
        ("strat-panel-fpc", "apistrat", STRATA_FPC),
        ("clus1-panel-fpc", "apiclus1", Design(weight="pw", psu="dnum", fpc="fpc")),
        ("clus1-panel-nofpc", "apiclus1", Design(weight="pw", psu="dnum")),
    ],
)
def test_change_in_panels(name, file, design):
    got = change(stacked(schools(file)), "api", by="stype", design=design)
    assert_equal(got, name, ["baseline", "endline", "change", "se"])
    assert (got["flag"] == "").all()


def test_change_with_partial_overlap_and_levels():
    """Baseline without rows 3, 6, 9..., endline without 5, 10, 15...; levels in the stacked design."""
    frame = schools("apistrat")
    row = np.arange(1, len(frame) + 1)
    both = pd.concat(
        [
            stacked(frame[row % 3 != 0]).query("wave == 'baseline'"),
            stacked(frame[row % 5 != 0]).query("wave == 'endline'"),
        ]
    )
    got = change(both, "api", by="stype", design=STRATA)
    assert_equal(got, "strat-partial-overlap", ["baseline", "endline", "change", "se"])
    for wave in ("baseline", "endline"):
        levels = estimate(both, "api", by=["stype", "wave"], design=STRATA).query("wave == @wave")
        assert_equal(levels.rename(columns={"se": f"se_{wave}"}), "strat-partial-overlap", [f"se_{wave}"])


def test_means_with_fpc():
    got = estimate(schools("apistrat"), ["api99", "api00", "meals", "enroll"], design=STRATA_FPC)
    assert_equal(got, "strat-mean", ["estimate", "se", "df", "ci_low", "ci_high"])


def test_design_effect():
    assert_equal(estimate(schools("apistrat"), ["api99", "api00"], design=STRATA_FPC), "strat-deff", ["deff"])


@pytest.mark.parametrize("method", ["logit", "beta"])
def test_proportions(method):
    frame = schools("apistrat")
    frame["reached"] = frame["sch.wide"] == "Yes"
    got = estimate(frame, "reached", by="stype", design=STRATA_FPC, ci=method)
    assert_equal(got, f"strat-prop-{method}", ["estimate", "ci_low", "ci_high"])


def test_ratio():
    got = estimate(schools("apistrat"), [("api.stu", "enroll")], by="stype", design=STRATA_FPC, stat="ratio")
    assert_equal(got, "strat-ratio", ["estimate", "se"])


def test_two_stages():
    """R leaves out a row as a whole where any of the three items is missing, so that is done here beforehand."""
    frame = schools("apiclus2")
    items = ["api00", "api99", "enroll"]
    frame[items] = frame[items].where(frame["enroll"].notna())
    design = Design(psu=("dnum", "snum"), fpc=("fpc1", "fpc2"))
    assert_equal(estimate(frame, items, design=design), "clus2-mean", ["estimate", "se", "df"])
    assert_equal(estimate(schools("apiclus2"), "api00", by="stype", design=design), "clus2-domain", ["estimate", "se"])


def test_ultimate_clusters():
    got = estimate(schools("apiclus2"), ["api00", "api99"], design=Design(weight="pw", psu="dnum"))
    assert_equal(got, "clus2-ultimate", ["estimate", "se", "df"])


def test_total():
    got = estimate(schools("apisrs"), "enroll", design=Design(weight="pw", fpc="fpc"), stat="total")
    assert_equal(got, "srs-total", ["estimate", "se"])


@pytest.mark.parametrize("option", ["remove", "adjust", "average", "certainty"])
def test_lonely_psu(option):
    frame = schools("apistrat")
    frame = pd.concat([frame[frame["stype"] != "H"], frame[frame["stype"] == "H"].head(1)])
    got = estimate(frame, "api00", design=Design(weight="pw", stratum="stype", psu="cds", lonely_psu=option))
    assert_equal(got, f"lonely-{option}", ["estimate", "se"])
