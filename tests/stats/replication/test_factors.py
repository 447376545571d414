"""Factors: what is drawn, from which stream, and what changes nothing about it."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from evaltools.errors import DesignError, UsageError
from evaltools.stats import Design, bootstrap_factors, change, draw_bootstrap
from evaltools.stats.estimation.replicates import Replicates
from evaltools.stats.replication.factors import scale_counts
from evaltools.stats.streams import open_stream

PLAIN = Design(stratum="stratum", psu="firm")


def two_strata(sizes=(3, 5)):
    """Firms of stratum a, then of b, all in both waves."""
    firms = [(f"{name}{k}", name) for name, size in zip("ab", sizes, strict=True) for k in range(size)]
    rows = [(firm, stratum, wave) for wave in ("baseline", "endline") for firm, stratum in firms]
    return pd.DataFrame(rows, columns=["firm", "stratum", "wave"])


def test_each_stratum_draws_one_less_than_it_has():
    """Stratum of 3: two draws, each counts 3/2. Stratum of 5: four draws, each counts 5/4. Their means are 1."""
    draw = draw_bootstrap(two_strata(), PLAIN, replicates=200, seed=1)
    factors = bootstrap_factors(draw)
    assert factors.shape == (8, 200)
    assert draw.strata == ("a", "b")
    np.testing.assert_allclose(factors[:3].mean(axis=0), 1, rtol=1e-15)
    np.testing.assert_allclose(factors[3:].mean(axis=0), 1, rtol=1e-15)
    assert set(np.unique(factors[:3])) == {0.0, 1.5, 3.0}
    assert set(np.unique(factors[3:])) <= {0.0, 1.25, 2.5, 3.75, 5.0}


def test_patterns_are_strata_of_their_own(firms, patterns):
    draw = draw_bootstrap(firms, patterns, replicates=100, seed=1)
    assert len(draw.strata) == 9
    assert "a (both)" in draw.strata
    factors = bootstrap_factors(draw)
    for stratum, n in enumerate(draw.n_psu):
        np.testing.assert_allclose(factors[draw.stratum == stratum].sum(axis=0), n, rtol=1e-14)


def test_factors_have_the_moments_of_the_method():
    """Mean 1, variance 1, covariance -1/(n - 1) within a stratum, 0 between; 40,000 replicates, error about 0.01."""
    factors = bootstrap_factors(draw_bootstrap(two_strata((4, 6)), PLAIN, replicates=40_000, seed=2))
    covariance = np.cov(factors)
    expected = np.zeros((10, 10))
    expected[:4, :4] = -1 / 3
    expected[4:, 4:] = -1 / 5
    np.fill_diagonal(expected, 1)
    np.testing.assert_allclose(covariance, expected, atol=0.04)
    np.testing.assert_allclose(factors.mean(axis=1), 1, atol=0.02)


def test_the_variance_of_a_total_is_the_closed_form():
    """All 9 equally likely draws from a stratum of 3: their variance is the linearised one, to the last digits."""
    frame = two_strata((3, 2)).query("stratum == 'a'")
    frame = frame.assign(y=[2.0, 7.0, 1.0, 3.0, 11.0, 4.0])
    draw = draw_bootstrap(frame, PLAIN, replicates=100, seed=1)
    counts = np.array([np.bincount([i, j], minlength=3) for i in range(3) for j in range(3)], float).T
    gain = frame.pivot_table(index="firm", columns="wave", values="y").eval("endline - baseline").to_numpy()
    totals = gain @ scale_counts(draw, counts)
    assert totals.mean() == pytest.approx(gain.sum())
    assert totals.var() == pytest.approx(change(frame, "y", design=PLAIN, stat="total")["se"][0] ** 2, rel=1e-12)


@pytest.mark.parametrize("design", [PLAIN, Design(stratum="stratum", psu="firm", fpc="size")], ids=["with", "without"])
def test_population_counts_shrink_the_factors(design):
    """f = 4/5 and 6/24: variances 1 - f."""
    frame = two_strata((4, 6)).assign(size=lambda t: t["stratum"].map({"a": 5, "b": 24}))
    factors = bootstrap_factors(draw_bootstrap(frame, design, replicates=20_000, seed=3))
    expected = [1.0] * 10 if design.fpc is None else [0.2] * 4 + [0.75] * 6
    np.testing.assert_allclose(factors.var(axis=1), expected, rtol=0.08)
    np.testing.assert_allclose(factors.mean(axis=1), 1, atol=0.04)


def test_any_block_is_that_part_of_the_whole(firms, patterns):
    draw = draw_bootstrap(firms, patterns, replicates=300, seed=5)
    whole = bootstrap_factors(draw)
    for start, stop in ((0, 1), (7, 90), (299, 300)):
        np.testing.assert_array_equal(bootstrap_factors(draw, start, stop), whole[:, start:stop])
    more = draw_bootstrap(firms, patterns, replicates=900, seed=5)
    np.testing.assert_array_equal(bootstrap_factors(more, 0, 300), whole)


def test_names_of_units_do_not_matter_and_the_order_of_rows_does(firms, patterns):
    """Pseudonyms differ between installations; categories, Arrow dictionaries and sorting change nothing either."""
    whole = bootstrap_factors(draw_bootstrap(firms, patterns, replicates=100, seed=1))
    renamed = firms.assign(firm=firms["firm"].map(lambda name: hashlib.sha256(name.encode()).hexdigest()))
    category = renamed.assign(firm=renamed["firm"].astype("category"))
    for frame in (renamed, category, pa.Table.from_pandas(renamed), pa.Table.from_pandas(category)):
        np.testing.assert_array_equal(bootstrap_factors(draw_bootstrap(frame, patterns, replicates=100, seed=1)), whole)
    first = draw_bootstrap(firms.iloc[::-1], patterns, replicates=100, seed=1)
    by_name = dict(zip(first.labels, bootstrap_factors(first), strict=True))
    again = draw_bootstrap(firms, patterns, replicates=100, seed=1)
    assert not all((by_name[name] == row).all() for name, row in zip(again.labels, whole, strict=True))


def test_another_stratum_changes_no_draw():
    """Stratum "aa" sorts between a and b and its rows come first."""
    frame = two_strata()
    more = pd.concat(
        [pd.DataFrame({"firm": ["x", "y"] * 2, "stratum": "aa", "wave": ["baseline"] * 2 + ["endline"] * 2}), frame]
    )
    before = bootstrap_factors(draw_bootstrap(frame, PLAIN, replicates=100, seed=1))
    draw = draw_bootstrap(more, PLAIN, replicates=100, seed=1)
    assert draw.strata == ("a", "aa", "b")
    np.testing.assert_array_equal(bootstrap_factors(draw)[2:], before)


def test_rows_of_other_waves_take_no_part():
    frame = two_strata()
    third = pd.DataFrame({"firm": ["z"], "stratum": ["a"], "wave": ["later"]})
    got = draw_bootstrap(pd.concat([third, frame]), PLAIN, waves=("baseline", "endline"), replicates=100, seed=1)
    np.testing.assert_array_equal(
        bootstrap_factors(got), bootstrap_factors(draw_bootstrap(frame, PLAIN, replicates=100, seed=1))
    )


def test_strata_named_alike_have_streams_of_their_own():
    """1 and "1" are two strata with one text."""
    frame = pd.DataFrame({"firm": range(12), "stratum": pd.Series([1] * 6 + ["1"] * 6, dtype=object)})
    draw = draw_bootstrap(frame, PLAIN, wave=None, replicates=100, seed=1)
    factors = bootstrap_factors(draw)
    assert draw.strata == ("1", "1 #2")
    assert not (factors[:6] == factors[6:]).all()


def test_bits_are_those_of_every_machine():
    factors = bootstrap_factors(draw_bootstrap(two_strata((7, 12)), PLAIN, replicates=100, seed=20221130))
    counts = np.concatenate([factors[:7] * 6 / 7, factors[7:] * 11 / 12]).round().astype(np.uint8)
    assert hashlib.sha256(counts.tobytes()).hexdigest()[:16] == "e9bc63cf7d7fa3da"


def test_a_stream_can_be_entered_anywhere():
    whole = open_stream(3, "name").random(40)
    np.testing.assert_array_equal(open_stream(3, "name", step=5).random(20), whole[20:])
    assert not (open_stream(3, "other").random(40) == whole).any()
    assert not (open_stream(4, "name").random(40) == whole).any()


def test_a_stratum_with_one_unit_is_named():
    frame = two_strata((1, 3))
    with pytest.raises(DesignError, match=r"bootstrap-lonely: .* first a \(PSU a0\)\. Merge"):
        draw_bootstrap(frame, PLAIN, replicates=100, seed=1)


def test_too_many_units_are_sent_to_linearisation():
    frame = pd.DataFrame({"y": np.zeros(50_001)})
    with pytest.raises(DesignError, match="bootstrap-too-many: there are 50001 PSUs"):
        draw_bootstrap(frame, Design(), wave=None, replicates=100, seed=1)


def test_a_population_smaller_than_the_sample_is_refused():
    frame = two_strata().assign(size=2)
    with pytest.raises(DesignError, match="fpc-too-small"):
        draw_bootstrap(frame, Design(stratum="stratum", psu="firm", fpc="size"), replicates=100, seed=1)


@pytest.mark.parametrize(
    ("design", "options", "code"),
    [
        (PLAIN, {"replicates": 99}, "option-range"),
        (PLAIN, {"seed": "x"}, "option-range"),
        (Design(psu=("firm", "stratum"), fpc=("n", "m")), {}, "bootstrap-stages"),
        (Design(weight="w", replicates=Replicates(columns=("r1", "r2"), kind="jk1")), {}, "option-pair"),
        (Design(psu="absent"), {}, "frame-column-missing"),
        (Design(psu="firm", fpc="absent"), {}, "frame-column-missing"),
        (Design(psu="firm", fpc="n", overlap="pattern"), {}, "pattern-fpc"),
        (Design(psu="firm", overlap="pattern"), {"wave": None}, "option-pair: overlap = pattern"),
        (PLAIN, {"joined_patterns": {"both": "baseline_only"}}, "option-pair: joined_patterns"),
    ],
)
def test_what_is_refused(design, options, code):
    with pytest.raises(UsageError, match=code):
        draw_bootstrap(two_strata(), design, **({"replicates": 100, "seed": 1} | options))


def test_blocks_lie_within_the_replicates():
    draw = draw_bootstrap(two_strata(), PLAIN, replicates=100, seed=1)
    for start, stop in ((-1, 5), (5, 5), (90, 101)):
        with pytest.raises(UsageError, match="option-range: start, stop"):
            bootstrap_factors(draw, start, stop)
