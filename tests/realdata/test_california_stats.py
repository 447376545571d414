"""`estimate` and `change` on the California schools samples against R survey 4.1.1; the data stay outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaltools.stats import Design, Replicates, change, estimate
from evaltools.stats.intervals import beta_interval

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


def test_quantiles_by_the_rule_math():
    expected = entry("strat-quantile")
    got = [estimate(schools("apistrat"), "api00", design=STRATA_FPC, stat=("quantile", p)) for p in expected["p"]]
    assert [part["estimate"][0] for part in got] == expected["q"]


# svyquantile(~api00, subset(des, stype == s), p), strata, weights and fpc: quantile, limits "mean", SE
QUANTILES = {
    (0.1, "E"): (503, 476, 531, 13.8593715662056), (0.1, "H"): (467, 418, 518, 24.8808798377845),
    (0.1, "M"): (485, 409, 528, 29.6082470069636), (0.5, "E"): (671, 638, 720, 20.6630630623429),
    (0.5, "H"): (635, 599, 678, 19.6558950718498), (0.5, "M"): (648, 601, 676, 18.6606598783384),
    (0.9, "E"): (847, 832, 884, 13.1034058444126), (0.9, "H"): (764, 717, 868, 37.5701285550547),
    (0.9, "M"): (780, 765, 878, 28.1153942166965),
}  # fmt: skip


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_quantiles_by_domain_where_shares_tie_with_p(p):
    """50 or 100 equal weights: 5, 25 and 45 of 50 are p exactly, so R's answer hangs on rounding; so does ours."""
    got = estimate(schools("apistrat"), "api00", "stype", STRATA_FPC, stat=("quantile", p), ci="t")
    for row in got.itertuples():
        found = (row.estimate, row.ci_low, row.ci_high, row.se)
        assert found == pytest.approx(QUANTILES[p, row.stype], rel=1e-8)


def jackknife(frame: pd.DataFrame, unit: str, stratum: str | None) -> tuple[pd.DataFrame, list[str], list[float]]:
    """Return the frame with factors that leave one unit out of its stratum at a time, their names and (n_h-1)/n_h."""
    units = frame.drop_duplicates(unit)
    strata = units[stratum].to_numpy() if stratum else np.zeros(len(units))
    same = strata[:, None] == strata
    size = same.sum(axis=0)
    factors = np.where(same, size / (size - 1), 1.0)
    np.fill_diagonal(factors, 0.0)
    names = [f"r{k}" for k in range(len(units))]
    table = pd.DataFrame(factors, columns=names, index=units[unit])
    rows = table.reindex(frame[unit]).reset_index(drop=True)
    return pd.concat([frame, rows], axis=1), names, ((size - 1) / size).tolist()


def assert_close(got: pd.DataFrame, expected: dict[str, float]) -> None:
    found = [got["estimate"][0], got["se"][0]]
    np.testing.assert_allclose(found, [expected["estimate"], expected["se"]], rtol=1e-8)


def test_stratified_jackknife():
    frame, names, rscales = jackknife(schools("apistrat"), "cds", "stype")
    replicates = Replicates(tuple(names), "jkn", rscales=tuple(rscales), combined=False)
    design = Design(weight="pw", replicates=replicates)
    expected = {row["name"]: row for row in entry("strat-jkn")}
    mean = estimate(frame, "api00", design=design)
    assert_close(mean, expected["api00"])
    assert_close(estimate(frame, [("api.stu", "enroll")], design=design, stat="ratio"), expected["ratio"])
    assert mean["df"][0] == 197  # degf(as.svrepdesign(des, type = "JKn"))
    # svyquantile(~api00, as.svrepdesign(des, type = "JKn"), .5)
    median = estimate(frame, "api00", design=design, stat=("quantile", 0.5), ci="t")
    found = median[["estimate", "ci_low", "ci_high", "se"]].iloc[0].tolist()
    assert found == pytest.approx([668, 641, 695, 13.6911348569373], rel=1e-8)


def test_jackknife_of_clusters():
    frame, names, _ = jackknife(schools("apiclus1"), "dnum", None)
    design = Design(weight="pw", replicates=Replicates(tuple(names), "jk1", combined=False))
    got = estimate(frame, "api00", design=design)
    assert_close(got, entry("clus1-jk1")[0])
    assert got["df"][0] == 14


@pytest.mark.parametrize("name", ["wilson", "clopper-pearson"])
def test_single_proportions(name):
    """3 of 14; the number of independent answers is 14, as in a simple random sample."""
    share, size = np.array([3 / 14]), np.array([14.0])
    if name == "wilson":
        limits = estimate(pd.DataFrame({"ok": [1] * 3 + [0] * 11}), "ok", ci="wilson")[["ci_low", "ci_high"]].iloc[0]
    else:
        limits = np.concatenate(beta_interval(share, np.sqrt(share * (1 - share) / size), size - 1, size, 0.95))
    np.testing.assert_allclose(limits, entry(name), rtol=1e-8)
