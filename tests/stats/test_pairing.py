"""The variance of a change from cells as they lie equals that from pairs of cells, sorted out one by one."""

from __future__ import annotations

import numpy as np
import pytest

from evaltools.stats import Design, arrays, contrast
from evaltools.stats.levels import linearise
from evaltools.stats.sums import open_source
from evaltools.stats.variance import variance_by_domain


def both_ways(frame, design, waves=("baseline", "endline"), item="score", stat="mean"):
    source = open_source(frame, [item], "bank", "wave", design)
    plan = contrast.plan_contrast(source.sample, waves, design, {})
    contribution = linearise(source.sample, source.read(0), stat).contribution
    steps = contribution[plan.after] - contribution[plan.before]
    return contrast.variance_in_order(plan.in_order, contribution), variance_by_domain(plan.plan, steps), plan


@pytest.mark.parametrize("lonely", ["remove", "adjust", "average", "certainty"])
@pytest.mark.parametrize("waves", [("baseline", "endline"), ("endline", "baseline")])
@pytest.mark.parametrize("piece", [3, arrays.PIECE])
def test_variance_from_cells_is_that_of_pairs(draw, monkeypatch, lonely, waves, piece):
    monkeypatch.setattr(arrays, "PIECE", piece)
    frame = draw(11, firms=40)
    frame.loc[frame["firm"] == "F1", "stratum"] = "d"  # alone in its stratum
    design = Design(weight="weight", stratum="stratum", psu="firm", lonely_psu=lonely)
    for stat in ("mean", "total"):
        got, expected, plan = both_ways(frame, design, waves, stat=stat)
        np.testing.assert_allclose(got, expected, rtol=1e-12)
        assert (got > 0).all()
        assert plan.both_domain.size > 0


def test_strata_that_differ_in_level_cost_no_digits(draw):
    """Firms in both waves whose two contributions are far from the mean of their stratum and near to each other."""
    frame = draw(5, firms=60)
    frame["score"] += frame["stratum"].map({"a": 0.0, "b": 1e6, "c": -1e6})
    got, expected, _ = both_ways(frame, Design(stratum="stratum", psu="firm"))
    np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_no_firm_or_every_firm_in_both_waves(draw, share):
    frame = draw(3, firms=40)
    if share:
        first = frame[frame["wave"] == "baseline"]
        frame = first.assign(wave="endline", score=first["score"] * 0.9 + 1)
        frame = type(first)({name: [*first[name], *frame[name]] for name in first})
    else:
        frame["firm"] += frame["wave"]
    got, expected, plan = both_ways(frame, Design(stratum="stratum", psu="firm"))
    np.testing.assert_allclose(got, expected, rtol=1e-12)
    assert plan.both_before.size == (len(frame) // 2 if share else 0)


def test_shared_firms_are_the_cells_of_both_waves(sample):
    _, _, plan = both_ways(sample, Design(stratum="stratum", psu="firm"))
    both = (plan.before < plan.sample.cells.size) & (plan.after < plan.sample.cells.size)
    assert plan.both_before.tolist() == plan.before[both].tolist()
    assert plan.both_after.tolist() == plan.after[both].tolist()
    assert plan.both_domain.tolist() == plan.domain[both].tolist()


@pytest.mark.parametrize(
    "design",
    [
        Design(stratum="stratum", psu="firm", overlap="pattern", lonely_psu="adjust"),
        Design(psu=("stratum", "firm"), fpc=("n_strata", "n_firms")),
    ],
)
def test_other_designs_are_paired(sample, design):
    frame = sample.assign(n_strata=20, n_firms=500)
    source = open_source(frame, ["score"], "bank", "wave", design)
    assert contrast.plan_contrast(source.sample, ("baseline", "endline"), design, {}).in_order is None


def test_a_third_wave_is_paired(sample):
    frame = sample.copy()
    frame.loc[::5, "wave"] = "midline"
    source = open_source(frame, ["score"], "bank", "wave", Design(psu="firm"))
    assert contrast.plan_contrast(source.sample, ("baseline", "endline"), Design(psu="firm"), {}).in_order is None


def test_pairs_are_sorted_out_once_and_only_when_asked_for(sample, monkeypatch):
    calls = []
    pair_cells = contrast.pair_cells
    monkeypatch.setattr(contrast, "pair_cells", lambda *given: calls.append(1) or pair_cells(*given))
    design = Design(stratum="stratum", psu="firm")
    source = open_source(sample, ["score"], "bank", "wave", design)
    plan = contrast.plan_contrast(source.sample, ("baseline", "endline"), design, {})
    assert not calls
    assert plan.before.size == plan.after.size == plan.psu.size == plan.domain.size
    assert len(calls) == 1
