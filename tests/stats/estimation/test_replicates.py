"""`Replicates`: what may be given; what replicate weights make of small samples."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import DesignError, UsageError
from evaltools.stats import Design, Replicates, change, combine, estimate, estimate_change, totals
from evaltools.stats.estimation.replicates import replicate_factors

PAIR = ("r1", "r2")


def jackknife(frame: pd.DataFrame, weight: str = "w") -> tuple[pd.DataFrame, Design]:
    """Leave one row out at a time: what R's as.svrepdesign(type = "JK1") makes of rows as units."""
    n = len(frame)
    names = [f"r{k}" for k in range(n)]
    factors = (1 - np.eye(n)) * n / (n - 1) * frame[weight].to_numpy()[:, None]
    frame = pd.concat([frame, pd.DataFrame(factors, columns=names, index=frame.index)], axis=1)
    return frame, Design(weight=weight, replicates=Replicates(tuple(names), "jk1"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"columns": "r1", "kind": "jk1"}, "replicates-columns"),
        ({"columns": ("r1",), "kind": "jk1"}, "replicates-columns"),
        ({"columns": ("r1", "r1"), "kind": "jk1"}, "replicates-columns"),
        ({"kind": "jk2"}, "option-value: kind cannot be 'jk2'; choose one of: jk1, jkn, brr, fay, bootstrap"),
        ({"kind": "brr", "mse": 1}, "option-value: mse cannot be 1"),
        ({"kind": "fay"}, "replicates-option: replicate weights of kind 'fay' cannot have fay = None"),
        ({"kind": "brr", "fay": 0.3}, "replicates-option: .* 'brr' cannot have fay = 0.3"),
        ({"kind": "fay", "fay": 1.0}, "replicates-factors: fay .* cannot be 1.0"),
        ({"kind": "brr", "scale": 0.1}, "replicates-option: .* scale = 0.1"),
        ({"kind": "jk1", "scale": 0}, "replicates-factors: scale .* cannot be 0"),
        ({"kind": "jkn"}, "replicates-option: .* 'jkn' cannot have rscales = None"),
        ({"kind": "jkn", "rscales": (0.5,)}, "replicates-factors: rscales .* cannot be 1 values"),
        ({"kind": "jkn", "rscales": (0.5, -1)}, "replicates-factors: rscales"),
        ({"kind": "jkn", "rscales": (0, 0)}, "replicates-factors: rscales"),
    ],
)
def test_what_cannot_be_is_named(options, words):
    with pytest.raises(UsageError, match=words):
        Replicates(**{"columns": PAIR, **options})


@pytest.mark.parametrize(
    ("replicates", "factors"),
    [
        (Replicates(list("abcd"), "jk1"), [0.75] * 4),
        (Replicates(PAIR, "jkn", rscales=[0.5, 0.25], scale=2), [1, 0.5]),
        (Replicates(tuple("abcd"), "brr"), [0.25] * 4),
        (Replicates(tuple("abcd"), "fay", fay=0.5), [1] * 4),
        (Replicates(tuple("abcde"), "bootstrap"), [0.25] * 5),
        (Replicates(PAIR, "bootstrap", scale=0.1, rscales=np.array([1.0, 3.0])), [0.1, 0.3]),
    ],
)
def test_factors(replicates, factors):
    assert replicate_factors(replicates) == pytest.approx(factors)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weight": None}, "replicates-weight: brr replicate weights need the weight"),
        ({"stratum": "h"}, "option-pair: stratum = 'h' does not go with replicates = brr"),
        ({"psu": "firm"}, r"option-pair: psu = 'firm' does not go with replicates = brr"),
        ({"fpc": "n"}, "option-pair: fpc = 'n' does not go with replicates"),
        ({"lonely_psu": "adjust"}, "option-pair: lonely_psu = 'adjust'"),
        ({"overlap": "pattern"}, "option-pair: overlap = 'pattern'"),
        ({"weight": "r1"}, "replicates-columns: .* none of them the weight"),
    ],
)
def test_options_without_effect_are_refused(options, words):
    with pytest.raises(UsageError, match=words):
        Design(**{"weight": "w", "replicates": Replicates(PAIR, "brr"), **options})


def test_a_jackknifed_mean_is_the_linearised_one():
    """For a mean with equal weights both are s^2/n exactly: 14/3/4 of 1, 2, 3, 6."""
    frame, design = jackknife(pd.DataFrame({"q": [1.0, 2, 3, 6], "w": 1.0}))
    (row,) = estimate(frame, "q", design=design).to_dict("records")
    assert (row["estimate"], row["se"], row["df"]) == (3, pytest.approx(np.sqrt(14 / 12)), 3)
    assert (row["n"], row["n_psu"], row["flag"]) == (4, 4, "")


def test_a_replicate_without_answers_is_left_out_and_said():
    """Bank y has one row: the replicate without it has no mean there; the others agree."""
    frame, design = jackknife(pd.DataFrame({"q": [1.0, 2, 3, 6], "w": 1.0, "bank": list("xxxy")}))
    got = estimate(frame, "q", "bank", design)
    assert got["flag"].tolist() == ["", "one_psu;no_variation;replicates_undefined"]
    assert got["se"][1] == 0
    by_domain = Design(weight="w", replicates=design.replicates, df="domain")
    low = estimate(frame, "q", "bank", by_domain)
    assert low["df"].tolist() == [2, 0]
    assert low["flag"][1] == "one_psu;no_df;no_variation;replicates_undefined"
    assert low.loc[1, ["ci_low", "ci_high"]].isna().all()


def test_equal_answers_have_no_variation():
    frame, design = jackknife(pd.DataFrame({"q": [0.3] * 6, "w": [1.0, 2.5, 3.1, 0.7, 1.9, 2.2]}))
    assert estimate(frame, "q", design=design)["flag"].tolist() == ["no_variation"]


def test_a_large_mean_costs_no_digits():
    frame, design = jackknife(pd.DataFrame({"q": [1.0, 2, 3, 6], "w": [1.0, 2, 3, 4]}))
    small = estimate(frame, "q", design=design)["se"][0]
    assert estimate(frame.assign(q=frame["q"] + 1e9), "q", design=design)["se"][0] == pytest.approx(small, rel=1e-9)


def test_both_waves_are_estimated_again_so_their_covariance_counts():
    """Firms left out in both waves at once: the variance of the paired differences 1, 2, 3, 2 over 4."""
    frame = pd.DataFrame({"firm": list("abcd"), "q": [1.0, 5, 3, 6], "w": 1.0})
    left_out, design = jackknife(frame)
    moved = left_out.assign(q=[2.0, 7, 6, 8])
    both = pd.concat([left_out.assign(wave="a"), moved.assign(wave="b")])
    (row,) = change(both, "q", design=design).to_dict("records")
    assert (row["change"], row["se"]) == (2, pytest.approx(np.sqrt(np.var([1, 2, 3, 2], ddof=1) / 4)))
    assert (row["df"], row["flag"]) == (3, "")
    by_domain = Design(weight="w", replicates=design.replicates, df="domain")
    assert change(both, "q", design=by_domain)["df"].tolist() == [3]


def jackknifed_firms(sample: pd.DataFrame, **options) -> tuple[pd.DataFrame, Design, int]:
    """Leave one firm out at a time, by factors of the weight."""
    firms = sorted(sample["firm"].unique())
    n = len(firms)
    kept = pd.DataFrame((1 - np.eye(n)) * n / (n - 1), index=firms, columns=[f"r{k}" for k in range(n)])
    frame = pd.concat([sample, kept.reindex(sample["firm"]).reset_index(drop=True)], axis=1)
    return frame, Design("weight", replicates=Replicates(tuple(kept.columns), "jk1", combined=False, **options)), n


@pytest.mark.parametrize("mse", [False, True])
@pytest.mark.parametrize("stat", ["mean", "total", ("quantile", 0.5), ("share_within", 3), ("top_box", 4)])
def test_jackknifed_firms_come_near_the_linearised_error(sample, stat, mse):
    """Forty firms, no strata: the errors of changes and of levels differ by less than 15 %."""
    frame, design, n = jackknifed_firms(sample, mse=mse)
    linear = Design(weight="weight", psu="firm")
    got, near = (change(frame, "score", design=one, stat=stat) for one in (design, linear))
    assert got["change"][0] == pytest.approx(near["change"][0])
    assert got["se"][0] == pytest.approx(near["se"][0], rel=0.15)
    assert got["df"][0] == near["df"][0] == n - 1
    levels = [estimate(frame, "score", "wave", one, stat=stat)["se"] for one in (design, linear)]
    np.testing.assert_allclose(*levels, rtol=0.15)


@pytest.mark.parametrize("mse", [False, True])
def test_mover_takes_the_covariance_of_the_replicates(sample, mse):
    frame, design, _ = jackknifed_firms(sample, mse=mse)
    limits = ["ci_low", "ci_high", "p"]
    got, near = (
        change(frame, "score", design=one, stat=("top_box", 4), ci="mover").iloc[0]
        for one in (design, Design(weight="weight", psu="firm"))
    )
    assert got[limits].tolist() == pytest.approx(near[limits].tolist(), abs=0.02)


def test_a_wave_without_rows_has_no_change():
    frame, design = jackknife(pd.DataFrame({"q": [1.0, 2, 3, 6], "w": 1.0, "wave": "a"}))
    for stat in ("mean", ("quantile", 0.5)):
        found = estimate_change(frame, "q", design=design, waves=("a", "b"), stat=stat)
        assert found.flags.tolist() == [["no_answers"]]
        assert np.isnan(found.se).all()


def test_what_replicate_weights_cannot_give():
    frame, design = jackknife(pd.DataFrame({"q": [1.0, 2, 3, 6] * 2, "w": 1.0, "wave": list("aaaabbbb")}))
    with pytest.raises(UsageError, match="replicates-totals: Totals are not made"):
        totals(frame, "q", design=design)
    held = totals(frame, "q", design=Design(weight="w"))
    with pytest.raises(UsageError, match="totals-option: design"):
        estimate(held, None, design=design)
    found = estimate_change(frame, "q", design=design)
    assert found.influence is None
    with pytest.raises(UsageError, match="combine-stages"):
        combine(found, np.ones((1, 1)))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_missing_replicate_weights_are_counted(value):
    frame, design = jackknife(pd.DataFrame({"q": [1.0, 2, 3, 6], "w": 1.0}))
    frame.loc[2, "r1"] = value
    with pytest.raises(DesignError, match=r"replicates-invalid: column r1 .* in 1 rows"):
        estimate(frame, "q", design=design)
    with pytest.raises(UsageError, match=r"frame-column-missing: .* r2"):
        estimate(frame.drop(columns="r2"), "q", design=design)


def test_an_empty_frame_has_a_reason():
    frame, design = jackknife(pd.DataFrame({"q": [1.0, 2, 3, 6], "w": 1.0}))
    for stat in ("mean", ("quantile", 0.5)):
        assert estimate(frame.iloc[:0], "q", design=design, stat=stat)["flag"].tolist() == ["no_answers"]
