"""Contributions add up to the composite's change, with the error of each; weights that are lost are accounted for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from evaltools.scoring.aggregation import aggregate
from evaltools.scoring.changes import measure_changes
from evaltools.scoring.composite import score_composites
from evaltools.scoring.contributions import measure_contributions, split_change
from evaltools.scoring.gate import check_gate
from evaltools.scoring.losses import list_lost_weights
from evaltools.scoring.models import Aggregation
from evaltools.scoring.preparation import prepare_scoring

METHODS = (Aggregation(), Aggregation(method="geometric", floor=1.0))
scores = hnp.arrays(float, (2, 4), elements=st.floats(-20, 120))


@given(first=scores, last=scores, raw=hnp.arrays(float, (2, 4), elements=st.floats(0.01, 1)))
def test_parts_add_up_to_the_whole_change(first, last, raw):
    weights = raw / raw.sum(axis=1, keepdims=True)
    for how in METHODS:
        parts, _ = split_change(first, last, weights, how)
        whole = aggregate(last, weights, how) - aggregate(first, weights, how)
        assert parts.sum(axis=1) == pytest.approx(whole, abs=1e-12)


@given(first=hnp.arrays(float, (1, 3), elements=st.floats(5, 100)), move=st.sampled_from([0.0, 1e-9, 1e-5, 0.1, 0.5]))
def test_derivatives_are_slopes_also_where_next_to_nothing_changes(first, move):
    weights, last = np.array([[0.2, 0.3, 0.5]]), first * (1 + move)
    step = 1e-3
    for how in METHODS:
        _, slopes = split_change(first, last, weights, how)
        for place in range(3):
            e = np.zeros((1, 3))
            e[0, place] = step
            moved = [
                (split_change(first + e, last, weights, how)[0] - split_change(first - e, last, weights, how)[0]),
                (split_change(first, last + e, weights, how)[0] - split_change(first, last - e, weights, how)[0]),
            ]
            for half, found in enumerate(moved):
                assert slopes[0, :, 3 * half + place] == pytest.approx(found[0] / (2 * step), rel=1e-4, abs=1e-6)


def test_geometric_parts_by_hand():
    """25 -> 100 and 64 -> 64 at equal weights: 40 -> 80; all of it comes from the first."""
    parts, _ = split_change(np.array([[25.0, 64]]), np.array([[100.0, 64]]), np.array([[0.5, 0.5]]), METHODS[1])
    assert parts[0] == pytest.approx([40, 0])


@pytest.fixture
def measured(make_indicator, make_framework, make_answers, make_banks, start):
    def run(**changes):
        framework = make_framework(
            [
                make_indicator("p", dimension="x", weight=0.25),
                make_indicator("q", dimension="x", weight=0.75),
                make_indicator("r", dimension="z", weight=1.0),
            ],
            **changes,
        )
        rng = np.random.default_rng(5)
        cells = {
            (bank, wave): {name: rng.integers(2, 6, 8).astype(float).tolist() for name in "pqr"}
            for bank in ("a", "b", "few")
            for wave in ("baseline", "endline")
        }
        cells["few", "endline"] = {name: values[:2] for name, values in cells["few", "endline"].items()}
        cells["b", "endline"]["p"] = ["dk"] * 8
        data = prepare_scoring(
            {"firms": make_answers(cells, panel=True)}, framework, banks=make_banks("a", "b", "few"), start=start
        )
        gate = check_gate(data)
        changes = measure_changes(data, gate)
        composites = score_composites(data, gate, changes)
        return data, gate, changes, composites

    return run


@pytest.mark.parametrize("aggregation", ["arithmetic", {"method": "geometric", "floor": 1}])
def test_indicators_and_dimensions_add_up_to_the_composite(measured, aggregation):
    data, _, changes, composites = measured(aggregation=aggregation, gate={"weight_share": 0.5})
    frame = measure_contributions(data, changes, composites)
    assert frame["bank"].unique().tolist() == ["a", "b"]
    assert frame[frame["bank"] == "b"]["indicator"].tolist() == ["", "q", "", "r"]
    whole = composites.frame.set_index("bank")["change"]
    for rows in (frame[frame["indicator"] == ""], frame[frame["indicator"] != ""]):
        sums = rows.groupby("bank")["contribution"].sum()
        assert (sums - whole[sums.index]).abs().max() < 1e-12


def test_errors_of_arithmetic_parts_are_those_of_indicator_and_dimension(measured):
    data, _, changes, composites = measured(gate={"weight_share": 0.5})
    frame = measure_contributions(data, changes, composites)
    single = frame[frame["indicator"] != ""].merge(changes.frame, on=["bank", "indicator"], suffixes=("", "_own"))
    assert single["contribution"].tolist() == pytest.approx((single["weight"] * 25 * single["change"]).tolist())
    assert single["se"].tolist() == pytest.approx((single["weight"] * 25 * single["se_own"]).tolist())
    assert single["df"].tolist() == single["df_own"].tolist()
    parts = frame[frame["indicator"] == ""].merge(
        composites.dimensions, on=["bank", "dimension"], suffixes=("", "_own")
    )
    assert parts["se"].tolist() == pytest.approx((parts["weight"] * parts["se_own"]).tolist())
    assert parts["ci_low"].tolist() == pytest.approx((parts["weight"] * parts["ci_low_own"]).tolist())


def test_lost_weights_name_the_reason_and_the_heirs(measured):
    data, gate, changes, _ = measured(gate={"weight_share": 0.5})
    lost = list_lost_weights(data, gate, changes.frame)
    assert lost.to_dict("records") == [
        {"bank": "b", "dimension": "x", "indicator": "p", "reason": "no_answers", "weight": 0.125,
         "taken_over_by": "q"},
    ]  # fmt: skip


def test_a_lost_dimension_goes_to_the_other_dimensions(make_indicator, make_framework, make_answers, make_banks, start):
    framework = make_framework(
        [make_indicator("p", dimension="x"), make_indicator("r", dimension="z")],
        dimensions={"x": 0.9, "z": 0.1},
    )
    cells = {("a", wave): {"p": [2, 3, 3, 4], "r": [None] * 4} for wave in ("baseline", "endline")}
    data = prepare_scoring({"firms": make_answers(cells)}, framework, banks=make_banks("a"), start=start)
    gate = check_gate(data)
    lost = list_lost_weights(data, gate, measure_changes(data, gate).frame)
    assert lost[["indicator", "taken_over_by"]].to_numpy().tolist() == [["r", "x"]]
