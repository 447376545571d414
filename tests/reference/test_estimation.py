"""Quantiles, recoded answers, intervals and replicate weights against R survey 4.1.1; entries of estimation.json."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.stats import Design, Replicates, change, estimate
from evaltools.stats.estimation.mover import mover_interval
from evaltools.stats.intervals import wilson_interval

FIRMS = Design(weight="weight", stratum="stratum", psu="firm")
FIRMS_FPC = Design(weight="weight", stratum="stratum", psu="firm", fpc="fpc")
KINDS = {"jk1": "jk1_", "jkn": "jkn_", "brr": "brr_", "fay": "fay_", "bootstrap": "boot_"}
FILE = "estimation"


def equal(got, expected):
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(expected, float), rtol=1e-8)


def assert_rows(got, expected, **columns):
    """Hold columns of a result against those of R; by default estimate and se."""
    expected = pd.DataFrame(expected)
    if "bank" in got:
        assert got["bank"].tolist() == expected["domain"].tolist()
    for ours, theirs in (columns or {"estimate": "estimate", "se": "se"}).items():
        equal(got[ours], expected[theirs])


@pytest.fixture(scope="module")
def replicated(table, r_value):
    """Return a function that gives the answers with replicate weights of a kind, and their design."""

    def build(kind, *, mse):
        prefix = KINDS[kind]
        factors = table("replicates").set_index("firm")
        columns = [name for name in factors if name.startswith(prefix)]
        frame = table("answers")
        parts = factors[columns].reindex(frame["firm"]).reset_index(drop=True)
        combined = kind not in {"jk1", "jkn"}
        if combined:
            parts = parts.mul(frame["weight"], axis=0)
        replicates = Replicates(
            tuple(columns), kind, fay=0.3 if kind == "fay" else None, mse=mse, combined=combined,
            rscales=tuple(r_value("rscales", FILE)) if kind == "jkn" else None,
        )  # fmt: skip
        return pd.concat([frame, parts], axis=1), Design(weight="weight", replicates=replicates)

    return build


@pytest.mark.parametrize("mse", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_replicate_weights(replicated, r_value, kind, mse):
    """replicate-*: svrepdesign; means, totals, ratios, quantiles, proportions of banks, change of means."""
    expected = r_value(f"replicate-{kind}{'-mse' if mse else ''}", FILE)
    frame, design = replicated(kind, mse=mse)
    whole = estimate(frame, "days", design=design)
    assert_rows(whole, expected["whole"], estimate="estimate", se="se", deff="deff")
    assert whole["df"][0] == expected["degf"]
    deff = {"estimate": "estimate", "se": "se", "deff": "deff"}
    assert_rows(estimate(frame, "days", "bank", design), expected["mean"], **deff)
    assert_rows(estimate(frame, "paid", "bank", design, stat="total"), expected["total"], **deff)
    assert_rows(estimate(frame, [("paid", "asked")], "bank", design, stat="ratio"), expected["ratio"])
    limits = {"estimate": "estimate", "se": "se", "ci_low": "low", "ci_high": "high", "df": "df"}
    median = estimate(frame, "days", "bank", design, stat=("quantile", 0.5), ci="t")
    assert_rows(median, expected["median"], **limits)
    assert_rows(estimate(frame, "days", None, design, stat=("quantile", 0.75), ci="t"), expected["upper"], **limits)
    for method in ("logit", "beta"):
        got = estimate(frame, "solved", "bank", design, ci=method)
        defined = ~got["flag"].str.contains(
            "replicates_undefined"
        )  # elsewhere R's fit of a share of 0 or 1 stops early
        assert defined.sum() >= 2
        rows = pd.DataFrame(expected[method])[defined]
        assert_rows(got[defined], rows, estimate="estimate", ci_low="low", ci_high="high")
    moved = change(frame, "days", "bank", design=design)
    assert_rows(moved, expected["change"], baseline="baseline", endline="endline", se="se")
    assert set(moved["df"]) == {expected["degf"]}
    assert_rows(change(frame, "paid", "bank", design=design, stat="total"), expected["change_total"], se="se")
    medians = change(frame, "days", "bank", design=design, stat=("quantile", 0.5))
    assert_rows(medians, expected["change_median"], baseline="baseline", endline="endline", se="se")
    by_domain = Design(weight="weight", replicates=design.replicates, df="domain")
    assert estimate(frame, "days", "bank", by_domain)["df"].tolist() == expected["domain_df"]


@pytest.mark.parametrize("item", ["days", "score"])
@pytest.mark.parametrize(("kind", "ci"), [("mean", "t"), ("xlogit", "logit"), ("beta", "beta")])
def test_quantiles(table, r_value, kind, ci, item):
    """quantile-*: svyquantile of the whole and of banks, answers without ties (days) and with many (score)."""
    frame = table("answers")
    for p, rows in r_value(f"quantile-{kind}-{item}", FILE).items():
        for by, part in ((None, rows[:1]), ("bank", rows[1:])):
            got = estimate(frame, item, by, FIRMS_FPC, stat=("quantile", float(p)), ci=ci)
            expected = pd.DataFrame(part)
            assert_rows(got, expected, estimate="estimate", df="df")
            largest = [frame[item].max()] if by is None else frame.groupby("bank")[item].max()
            at_top = expected["estimate"].to_numpy() == np.asarray(largest)
            for ours, theirs in (("ci_low", "low"), ("ci_high", "high"), *([("se", "se")] if ci == "t" else [])):
                # where no answer lies above, R takes the largest for both limits; here there is none
                equal(got[ours], np.where(at_top, np.nan, pd.to_numeric(expected[theirs], errors="coerce")))


def test_quantiles_of_two_stages(table, r_value):
    """quantile-stages: the share up to the quantile has the variance of both stages."""
    expected = pd.DataFrame(r_value("quantile-stages", FILE))
    design = Design(stratum="region", psu=("town", "village"), fpc=("towns", "villages"))
    for p, row in zip((0.25, 0.5, 0.75), expected.to_dict("records"), strict=True):
        got = estimate(table("stages"), "income", design=design, stat=("quantile", p), ci="t").iloc[0]
        equal(got[["estimate", "ci_low", "ci_high", "se"]], [row["estimate"], row["low"], row["high"], row["se"]])


def test_shares_of_recoded_answers(table, r_value):
    """share-within, top-box: svyciprop of the comparison, by bank."""
    expected = r_value("share-within", FILE)
    for ci in ("logit", "beta"):
        got = estimate(table("answers"), "days", "bank", FIRMS_FPC, stat=("share_within", 9.1), ci=ci)
        assert_rows(got, expected[ci], estimate="estimate", ci_low="low", ci_high="high")
        assert_rows(got, expected["mean"], estimate="estimate", se="se", deff="deff")
    got = estimate(table("answers"), "score", "bank", FIRMS_FPC, stat=("top_box", 4))
    assert_rows(got, r_value("top-box", FILE), estimate="estimate", ci_low="low", ci_high="high")
    assert got["stat"].unique().tolist() == ["top_box(4)"]


def test_net_promoter(table, r_value):
    """net-promoter: svymean of -100, 0, 100."""
    frame = table("answers").assign(recommend=lambda rows: 2 * rows["score"])
    got = estimate(frame, "recommend", "bank", FIRMS, stat="net_promoter")
    assert_rows(got, r_value("net-promoter", FILE))


def test_change_of_quantiles(table, r_value):
    """change-quantile: linearised shares over their slopes, stacked; levels keep the error of `estimate`."""
    expected = pd.DataFrame(r_value("change-quantile", FILE))
    got = change(table("answers"), "days", "bank", design=FIRMS, stat=("quantile", 0.5))
    assert_rows(got, expected, baseline="baseline", endline="endline")
    known = expected["se_baseline"].notna()
    assert_rows(got[known], expected[known], se="se")
    assert got.loc[~known, ["se", "p"]].isna().all(axis=None)
    assert got.loc[~known, "flag"].tolist() == ["missing_moved;quantile_edge"]
    for wave in ("baseline", "endline"):
        part = estimate(table("answers"), "days", ["bank", "wave"], FIRMS, stat=("quantile", 0.5))
        equal(part.query("wave == @wave")["se"], expected[f"se_{wave}"])


def test_wilson(r_value):
    """wilson: prop.test(correct = FALSE); and through `estimate`, on a simple random sample."""
    for row in r_value("wilson", FILE):
        share, size = np.array([row["x"] / row["n"]]), np.array([float(row["n"])])
        np.testing.assert_allclose(
            np.concatenate(wilson_interval(share, size, 0.025)), [row["low"], row["high"]], rtol=1e-8, atol=1e-12
        )
        frame = pd.DataFrame({"ok": [1] * row["x"] + [0] * (row["n"] - row["x"])})
        (got,) = estimate(frame, "ok", ci="wilson").to_dict("records")
        np.testing.assert_allclose([got["ci_low"], got["ci_high"]], [row["low"], row["high"]], rtol=1e-8, atol=1e-12)


def limits_of(share, n):
    low, high = wilson_interval(np.array(share), np.array(float(n)), 0.025)
    return float(low), float(high)


def test_mover_of_independent_samples(r_value):
    """mover-independent: Newcombe (1998), table II, method 10, here with all digits."""
    for row in r_value("mover-independent", FILE):
        first, last = row["x1"] / row["n1"], row["x2"] / row["n2"]
        got = mover_interval(first, last, limits_of(first, row["n1"]), limits_of(last, row["n2"]), 0.0)
        np.testing.assert_allclose(got, [row["low"], row["high"]], rtol=1e-8, atol=1e-12)
        frame = pd.DataFrame({
            "wave": ["a"] * row["n1"] + ["b"] * row["n2"],
            "ok": np.concatenate([np.arange(n) < x for x, n in ((row["x1"], row["n1"]), (row["x2"], row["n2"]))]),
        })  # fmt: skip
        for design in (Design(), Design(psu="number")):
            moved = change(frame.assign(number=range(len(frame))), "ok", design=design, ci="mover").iloc[0]
            np.testing.assert_allclose(moved[["ci_low", "ci_high"]].astype(float), got, rtol=1e-8, atol=1e-12)


def test_mover_of_pairs(r_value):
    """mover-paired: Newcombe (1998), 2635-2650, method 8, with phi as it is; and method 10 through `change`."""
    for row in r_value("mover-paired", FILE):
        cells = [row[name] for name in "abcd"]
        n = sum(cells)
        first, last = (row["a"] + row["b"]) / n, (row["a"] + row["c"]) / n
        got = mover_interval(first, last, limits_of(first, n), limits_of(last, n), row["phi"])
        equal(got, [row["low"], row["high"]])
        before, after = np.repeat([1, 1, 0, 0], cells), np.repeat([1, 0, 1, 0], cells)
        frame = pd.DataFrame({
            "firm": np.tile(np.arange(n), 2), "wave": np.repeat(["a", "b"], n), "ok": np.append(before, after)
        })  # fmt: skip
        moved = change(frame, "ok", design=Design(psu="firm"), ci="mover", stat="proportion").iloc[0]
        equal(moved[["ci_low", "ci_high"]].astype(float), [row["corrected_low"], row["corrected_high"]])
