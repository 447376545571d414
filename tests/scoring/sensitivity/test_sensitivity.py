"""Sensitivity: nothing varies and nothing moves; one variant is scoring with another framework; shares and indices."""

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import UsageError
from evaltools.scoring.chain import judge_banks
from evaltools.scoring.preparation import prepare_scoring
from evaltools.scoring.sensitivity.analysis import analyse_sensitivity
from evaltools.scoring.sensitivity.base import gather_base
from evaltools.scoring.sensitivity.choices import Choices, input_groups, variants_of, varying_groups
from evaltools.scoring.sensitivity.evaluation import NOT_JUDGED, evaluate, score
from evaltools.scoring.verdicts import OUTCOMES

NOTHING = Choices(concentration=None, methods=(), normalisations=(), leave_out=0.0)
VISIT = {"source": "visit", "uncertainty": "branch", "instrument": "visits"}
INDICATORS = {"p": ("x", 0.4), "q": ("x", 0.6), "r": ("z", 0.7), "v": ("z", 0.3)}


@pytest.fixture
def answers(make_answers):
    """Four banks of 20 firms, half in both waves, three visited branches; c lacks q, d has too few answers."""
    rng = np.random.default_rng(4)
    firms, visits = {}, {}
    for bank, gain in {"a": 1.2, "b": 0.1, "c": -0.8, "d": 1.0}.items():
        n = 3 if bank == "d" else 20
        for late, wave in enumerate(("baseline", "endline")):
            firms[bank, wave] = {name: (2.8 + gain * late + rng.normal(0, 0.8, n)).tolist() for name in "pqr"}
            visits[bank, wave] = {"v": (3 + gain * late + rng.normal(0, 0.5, 3)).tolist()}
        if bank == "c":
            firms[bank, "endline"]["q"] = [None] * n
    table, seen = make_answers(firms), make_answers(visits, mode="visit")
    number = table.groupby(["bank", "wave"]).cumcount()
    table["psu"] = table["bank"] + (number + 10 * (table["wave"] == "endline")).astype(str)
    seen["branch"] = [f"br{k}" for k in seen.groupby(["bank", "wave"]).cumcount()]
    return {"firms": table, "visits": seen}


@pytest.fixture
def judge(make_indicator, make_framework, make_banks, answers, start):
    """Steps of scoring; `weights` and `goalposts` of indicators and other keys of the framework may be others."""

    def run(weights=None, goalposts=None, **changes):
        indicators = [
            make_indicator(
                name,
                dimension=dimension,
                weight=(weights or {}).get(name, weight),
                goalposts=(goalposts or {}).get(name, {"worst": 1, "best": 5}),
                **(VISIT if name == "v" else {}),
            )
            for name, (dimension, weight) in INDICATORS.items()
        ]
        options = {"dimensions": {"x": 0.55, "z": 0.45}, "gate": {"weight_share": 0.6}} | changes
        framework = make_framework(indicators, **options)
        data = prepare_scoring(answers, framework, banks=make_banks(*"abcd"), start=start)
        return judge_banks(data)

    return run


def test_without_a_choice_every_verdict_and_rank_holds_in_every_variant(judge):
    found = analyse_sensitivity(judge(), seed=1, variants=100, choices=NOTHING)
    assert found.verdicts["bank"].tolist() == ["a", "b", "c"]
    assert (found.verdicts[["holds_share", "detail_share"]] == 1).all(axis=None)
    assert (found.ranks["holds_share"] == 1).all()
    assert found.verdicts["change_low"].tolist() == pytest.approx(found.verdicts["change"].tolist())
    assert found.indices.empty
    assert (found.variants["n_same"] == 3).all()
    assert found.variants["rank_correlation"].tolist() == pytest.approx([1] * 100)


@pytest.mark.parametrize("method", ["arithmetic", "geometric"])
def test_a_variant_is_scoring_with_another_framework(judge, method):
    """Two roads: weights, goalposts and aggregation of a drawn variant written into a framework and scored."""
    steps = judge()
    base = gather_base(steps.data, steps.gate, steps.changes)
    choices = Choices(methods=(method,), normalisations=("stretched",), leave_out=0.0)
    uniform = np.random.default_rng(9).random((3, len(input_groups(base))))
    drawn = variants_of(uniform, base, choices)
    found = evaluate(base, drawn)
    floor = {"aggregation": {"method": "geometric", "floor": 1.0}} if method == "geometric" else {}
    for number in range(3):
        best = drawn.worst[number] + 100 / drawn.per_unit[number]
        posts = {name: {"worst": drawn.worst[number, k], "best": best[k]} for k, name in enumerate(INDICATORS)}
        weights = dict(zip(INDICATORS, drawn.within[number], strict=True))
        shares = dict(zip("xz", drawn.dimensions[number], strict=True))
        other = judge(weights, posts, dimensions=shares, **floor)
        own = other.composites.frame.iloc[:3]
        scored = score(base, variants_of(uniform[[number]], base, choices))
        assert scored.change[0] == pytest.approx(own["change"].to_numpy())
        assert scored.endline[0] == pytest.approx(own["endline"].to_numpy())
        assert found.rank_change[number].tolist() == own["change"].rank(ascending=False).tolist()
        verdicts = [OUTCOMES[place][0] for place in found.outcome[number]]
        assert verdicts == other.verdicts["verdict"].tolist()[:3]


def test_an_indicator_that_is_left_out_gives_its_weight_to_its_dimension(judge):
    steps = judge()
    base = gather_base(steps.data, steps.gate, steps.changes)
    choices = Choices(concentration=None, methods=(), normalisations=(), leave_out=1.0)
    uniform = np.full((4, len(input_groups(base))), 0.5)
    uniform[:, -1] = [0.1, 0.3, 0.6, 0.9]  # each of the four indicators in turn
    drawn = variants_of(uniform, base, choices)
    assert drawn.left_out.tolist() == [0, 1, 2, 3]
    assert score(base, drawn).weights[:, 0].tolist() == pytest.approx(
        np.array([[0, 0.55, 0.315, 0.135], [0.55, 0, 0.315, 0.135], [0.22, 0.33, 0, 0.45], [0.22, 0.33, 0.45, 0]])
    )


def test_a_variant_without_enough_weight_is_not_judged(judge):
    """Bank c lacks q: without p its dimension is empty, and 45 % of the weight is left of the variant's."""
    steps = judge()
    base = gather_base(steps.data, steps.gate, steps.changes)
    choices = Choices(concentration=None, methods=(), normalisations=(), leave_out=1.0)
    uniform = np.full((1, len(input_groups(base))), 0.5)
    uniform[:, -1] = 0.1
    found = evaluate(base, variants_of(uniform, base, choices))
    assert found.outcome[0, 2] == NOT_JUDGED
    assert np.isnan(found.rank_change[0, 2])
    assert sorted(found.rank_change[0, :2]) == [1, 2]


def test_weights_scatter_as_said_around_those_of_the_framework(judge):
    steps = judge()
    base = gather_base(steps.data, steps.gate, steps.changes)
    uniform = np.random.default_rng(2).random((20_000, len(input_groups(base))))
    drawn = variants_of(uniform, base, Choices(concentration=30.0, leave_out=0.0))
    assert drawn.dimensions.sum(axis=1) == pytest.approx(np.ones(20_000))
    # Dirichlet: mean w, variance w (1 - w) / 31; four Monte Carlo errors
    spread = np.sqrt(0.55 * 0.45 / 31)
    assert drawn.dimensions[:, 0].mean() == pytest.approx(0.55, abs=4 * spread / np.sqrt(20_000))
    assert drawn.dimensions[:, 0].std() == pytest.approx(spread, rel=0.03)
    assert drawn.within[:, :2].sum(axis=1) == pytest.approx(np.ones(20_000))


def test_goalposts_from_the_baseline_are_the_banks_mean_and_spread(judge):
    steps = judge()
    base = gather_base(steps.data, steps.gate, steps.changes)
    uniform = np.full((1, len(input_groups(base))), 0.5)
    drawn = variants_of(uniform, base, Choices(concentration=None, normalisations=("baseline",), leave_out=0.0))
    levels = base.baseline[:, 0]
    assert drawn.worst[0, 0] == pytest.approx(levels.mean() - 2.5 * levels.std(ddof=1))
    assert 100 / drawn.per_unit[0, 0] == pytest.approx(5 * levels.std(ddof=1))
    assert drawn.worst[0, 1] == 1  # two banks have q: their spread says nothing


def test_the_same_seed_gives_the_same_result_and_shares_add_up(judge):
    one, two, other = (analyse_sensitivity(judge(), seed=seed, variants=300) for seed in (5, 5, 6))
    for name in ("verdicts", "ranks", "indices", "variants"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))
    assert not one.verdicts.equals(other.verdicts)
    shares = one.verdicts[["improved_share", "worsened_share", "unchanged_share", "not_judged_share"]]
    assert shares.sum(axis=1).tolist() == pytest.approx([1] * 3)
    assert (one.verdicts["detail_share"] <= one.verdicts["holds_share"]).all()
    assert (one.verdicts["change_low"] <= one.verdicts["change_high"]).all()


def test_indices_are_shares_and_name_the_only_choice_that_varies(judge):
    alone = Choices(methods=(), normalisations=(), leave_out=0.0)
    found = analyse_sensitivity(judge(), seed=1, variants=100, choices=alone).indices
    of_change = found[found["output"] == "change"]
    assert found["choice"].unique().tolist() == ["weights"]
    assert of_change["first"].tolist() == of_change["total"].tolist() == [1] * 3
    every = analyse_sensitivity(judge(), seed=1, variants=100).indices
    changes = every[(every["output"] == "change") & (every["flag"] == "")]
    sums = changes.groupby("bank")[["first", "total"]].sum()
    assert (sums["first"] < 1.15).all()
    assert (sums["total"] > 0.85).all()


def test_indices_may_be_left_out(judge):
    assert analyse_sensitivity(judge(), seed=1, variants=100, indices=False).indices.empty


def test_groups_that_do_not_vary_are_known(judge):
    steps = judge()
    base = gather_base(steps.data, steps.gate, steps.changes)
    assert varying_groups(base, NOTHING) == []
    assert varying_groups(base, Choices()) == ["weights", "aggregation", "normalisation", "left_out"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"concentration": -1.0}, "option-range: concentration"),
        ({"leave_out": 1.5}, "option-range: leave_out"),
        ({"methods": ("harmonic",)}, "option-value: methods"),
        ({"stretch": 1.5, "normalisations": ("goalposts",)}, "option-pair: stretch = 1.5"),
        ({"floor": 5.0, "methods": ("arithmetic",)}, "option-pair: floor = 5.0"),
    ],
)
def test_options_out_of_range_or_without_effect_are_errors(options, message):
    with pytest.raises(UsageError, match=message):
        Choices(**options)


def test_too_few_variants_are_refused(judge):
    with pytest.raises(UsageError, match="option-range: variants"):
        analyse_sensitivity(judge(), seed=1, variants=10)


def test_a_bank_whose_firms_all_gain_the_same_has_no_variation_in_any_variant(
    make_indicator, make_framework, make_banks, make_answers, start
):
    """A variance that is but rounding must not make a verdict, whatever the weights."""
    framework = make_framework([make_indicator("p", weight=0.7), make_indicator("q", weight=0.3)])
    first = {"p": [1.0, 1.3, 2.2, 3.1, 2.7, 1.9, 2.3], "q": [2.1, 1.7, 3.3, 2.9, 1.1, 2.6, 2.2]}
    last = {"p": [value + 0.7 for value in first["p"]], "q": [value + 0.1 for value in first["q"]]}
    answers = make_answers({("a", "baseline"): first, ("a", "endline"): last}, panel=True)
    steps = judge_banks(prepare_scoring({"firms": answers}, framework, banks=make_banks("a"), start=start))
    straight = Choices(methods=("arithmetic",))
    found = analyse_sensitivity(steps, seed=1, variants=200, choices=straight)
    assert found.verdicts.loc[0, ["verdict", "holds_share"]].tolist() == ["no_variation", 1]


def test_where_no_bank_passed_the_gate_tables_are_empty(judge):
    found = analyse_sensitivity(judge(gate={"answers": 1000}), seed=1, variants=100)
    assert [len(table) for table in (found.verdicts, found.ranks, found.indices)] == [0, 0, 0]
    assert found.variants["n_judged"].tolist() == [0] * 100
    assert found.variants["rank_correlation"].isna().all()
