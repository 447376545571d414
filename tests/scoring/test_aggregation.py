"""Arithmetic and geometric means of scores, their derivatives, and the key in the framework that chooses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from evaltools.errors import CampaignError
from evaltools.scoring.aggregation import aggregate, below_floor, gradient
from evaltools.scoring.changes import measure_changes
from evaltools.scoring.composite import score_composites
from evaltools.scoring.freeze import framework_sha
from evaltools.scoring.gate import check_gate
from evaltools.scoring.models import Aggregation
from evaltools.scoring.preparation import prepare_scoring
from evaltools.scoring.verdicts import judge_verdicts

MEAN = Aggregation()
GEOMETRIC = Aggregation(method="geometric", floor=1.0)


def test_both_means_by_hand():
    """Scores 25 and 100 at equal weights: 62.5, and sqrt(2500) = 50; a weight of 0 needs no score."""
    scores, weights = np.array([25.0, 100.0, np.nan]), np.array([0.5, 0.5, 0.0])
    assert aggregate(scores, weights, MEAN) == 62.5
    assert aggregate(scores, weights, GEOMETRIC) == pytest.approx(50)
    assert aggregate(scores, weights * 0, GEOMETRIC) == aggregate(scores, weights * 0, MEAN) == 0


def test_a_score_below_the_floor_counts_as_the_floor_and_moves_nothing():
    scores, weights = np.array([-5.0, 100.0]), np.array([0.5, 0.5])
    assert aggregate(scores, weights, GEOMETRIC) == pytest.approx(10)
    assert gradient(scores, weights, GEOMETRIC) == pytest.approx([0, 0.5 * 10 / 100])
    assert below_floor(scores, GEOMETRIC).tolist() == [True, False]
    assert not below_floor(scores, MEAN).any()


scores_of_three = hnp.arrays(float, 3, elements=st.floats(5, 100))


@given(scores=scores_of_three, raw=hnp.arrays(float, 3, elements=st.floats(0.1, 1)))
def test_the_gradient_is_the_slope(scores, raw):
    weights, step = raw / raw.sum(), 1e-4
    for how in (MEAN, GEOMETRIC):
        moved = [
            (aggregate(scores + step * e, weights, how) - aggregate(scores - step * e, weights, how)) / (2 * step)
            for e in np.eye(3)
        ]
        assert gradient(scores, weights, how) == pytest.approx(moved, rel=1e-5)


@given(scores=scores_of_three)
def test_the_geometric_mean_is_never_above_the_arithmetic_one(scores):
    weights = np.array([0.2, 0.3, 0.5])
    assert aggregate(scores, weights, GEOMETRIC) <= aggregate(scores, weights, MEAN) + 1e-9


def test_geometric_composite_and_its_error_by_hand(make_indicator, make_framework, make_answers, make_banks, start):
    """Other firms in each wave, all in one stratum: C = sqrt(p q), var = g' S g with S the covariance of the means.

    p: 2 3 4 3 -> 3 4 5 4, q: 3 3 2 4 -> 3 4 4 5 on scales of 1 to 5.
    """
    framework = make_framework(
        [make_indicator("p", weight=0.5), make_indicator("q", weight=0.5)],
        aggregation={"method": "geometric", "floor": 1.0},
    )
    first, last = np.array([[2.0, 3], [3, 3], [4, 2], [3, 4]]), np.array([[3.0, 3], [4, 4], [5, 4], [4, 5]])
    cells = {("a", wave): {"p": rows[:, 0].tolist(), "q": rows[:, 1].tolist()}
             for wave, rows in (("baseline", first), ("endline", last))}  # fmt: skip
    data = prepare_scoring({"firms": make_answers(cells)}, framework, banks=make_banks("a"), start=start)
    gate = check_gate(data)
    changes = measure_changes(data, gate)
    row = score_composites(data, gate, changes).frame.iloc[0]
    scores = [(values.mean(axis=0) - 1) * 25 for values in (first, last)]
    levels = [np.sqrt(values.prod()) for values in scores]
    assert (row["baseline"], row["endline"]) == pytest.approx(levels)
    variance = 0.0
    for values, score, level in zip((first, last), scores, levels, strict=True):
        slope = level * 0.5 / score * 25
        variance += slope @ (np.cov(values.T) / 4) @ slope
    assert (row["se"], row["df"]) == (pytest.approx(np.sqrt(variance)), 3)


def test_scores_below_the_floor_are_flagged(make_indicator, make_framework, make_answers, make_banks, start):
    framework = make_framework(
        [make_indicator("p", weight=0.5), make_indicator("q", weight=0.5)],
        aggregation={"method": "geometric", "floor": 30.0},
    )
    cells = {("a", wave): {"p": [2, 2, 2.5, 1], "q": [4, 4, 5, 3]} for wave in ("baseline", "endline")}
    data = prepare_scoring({"firms": make_answers(cells)}, framework, banks=make_banks("a"), start=start)
    gate = check_gate(data)
    changes = measure_changes(data, gate)
    assert changes.frame["flag"].tolist() == ["at_floor", ""]
    verdicts = judge_verdicts(framework, gate, changes, score_composites(data, gate, changes))
    assert verdicts.loc[0, "flags"] == "at_floor"


def test_the_key_is_part_of_the_freeze_and_silence_means_the_arithmetic_mean(make_indicator, make_framework):
    silent = make_framework([make_indicator("q")])
    said = make_framework([make_indicator("q")], aggregation="arithmetic")
    geometric = make_framework([make_indicator("q")], aggregation={"method": "geometric", "floor": 1})
    higher = make_framework([make_indicator("q")], aggregation={"method": "geometric", "floor": 2})
    shas = [framework_sha(one) for one in (silent, said, geometric, higher)]
    assert shas[0] == shas[1]
    assert len(set(shas)) == 3


@pytest.mark.parametrize("key", ["geometric", {"method": "arithmetic", "floor": 1}, {"floor": 1}, "harmonic"])
def test_a_floor_without_effect_and_a_geometric_mean_without_floor_are_faults(make_indicator, make_framework, key):
    with pytest.raises(CampaignError, match="aggregation"):
        make_framework([make_indicator("q")], aggregation=key)
