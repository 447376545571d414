"""Changes at one mix of firms: against stats' own standardised change, by hand, and as the headline."""

import numpy as np
import pandas as pd
import pytest

from evaltools.config import DesignSettings
from evaltools.errors import CampaignError
from evaltools.scoring.chain import score_campaign
from evaltools.scoring.preparation import prepare_scoring
from evaltools.scoring.standardising import join_cells, standardise
from evaltools.stats import Design, standardise_change

INPUTS = {"files": [], "tables": {}, "seed": 3}
MARGINS = {"small": 300.0, "micro": 500.0, "medium": 200.0}


@pytest.fixture
def framework(make_indicator, make_framework):
    return make_framework([make_indicator("q", weight=0.6), make_indicator("r", weight=0.4)])


@pytest.fixture
def answers(make_answers):
    """Two banks, 24 firms each, half of them in both waves, three strata, some answers missing, weights."""
    rng = np.random.default_rng(11)
    cells = {
        (bank, wave): {name: [float(one) for one in rng.integers(1, 6, 24)] for name in "qr"}
        for bank in ("a", "b")
        for wave in ("baseline", "endline")
    }
    table = make_answers(cells)
    number = np.tile(np.arange(24), 4)
    late = (table["wave"] == "endline").to_numpy()
    firm = number + 12 * late
    table["psu"] = table["bank"] + np.char.mod("-%d", firm)
    table["stratum"] = np.array(list(MARGINS), dtype=object)[firm % 3]
    table["weight"] = 1.0 + 0.2 * (firm % 4)
    table.loc[number % 7 == 3, "r"] = None
    return {"firms": table}


def test_it_is_the_standardised_change_of_stats_with_its_error(framework, answers, make_banks, start):
    settings = DesignSettings(overlap="union", df="design")
    data = prepare_scoring(answers, framework, banks=make_banks("a", "b"), start=start, design=settings)
    one_mix = standardise(data, MARGINS)
    assert one_mix.cells.to_numpy().tolist() == [[3, 3], [3, 3]]
    result = score_campaign(
        answers, framework, banks=make_banks("a", "b"), start=start, inputs=INPUTS, headline="standardised",
        design=DesignSettings(overlap="union", df="design", margins=MARGINS),
    )  # fmt: skip
    frame = answers["firms"].assign(q=lambda t: t["q"].astype(float), r=lambda t: t["r"].astype(float))
    margins = {"stratum": list(MARGINS), "share": list(MARGINS.values())}
    expected = standardise_change(
        frame, ["q", "r"], "bank", design=Design(weight="weight", stratum="stratum", psu="psu"), mix="stratum",
        margins=pd.DataFrame(margins),
    )  # fmt: skip
    for column in ("baseline", "endline", "change", "se"):
        assert result.changes[column].tolist() == pytest.approx(expected[column].tolist(), rel=1e-10)


def test_another_mix_alone_changes_the_raw_score_and_not_the_standardised_one(
    make_indicator, make_framework, make_answers, make_banks, start
):
    """Small firms say 2, large ones 4, in both waves; 4 of 5 are small at first, then 1 of 5."""
    cells = {
        ("a", "baseline"): {"q": [1.9, 2.1, 2.0, 2.0, 1.9, 2.1, 2.0, 2.0, 3.9, 4.1]},
        ("a", "endline"): {"q": [1.9, 2.1, 3.9, 4.1, 4.0, 4.0, 3.9, 4.1, 4.0, 4.0]},
    }
    table = make_answers(cells)
    table["stratum"] = ["small"] * 8 + ["large"] * 2 + ["small"] * 2 + ["large"] * 8
    framework = make_framework([make_indicator("q")])
    options = {"banks": make_banks("a"), "start": start, "inputs": INPUTS}
    design = DesignSettings(margins={"small": 50, "large": 50})
    raw = score_campaign({"firms": table}, framework, design=design, **options)
    assert raw.composites.loc[0, "change"] == pytest.approx(30)
    row = raw.mix.iloc[0]
    assert (row["raw"], row["standardised"], row["mix_effect"]) == pytest.approx((30, 0, 30), abs=1e-9)
    assert row["cells"] == 2
    standardised = score_campaign({"firms": table}, framework, design=design, headline="standardised", **options)
    assert standardised.composites.loc[0, "change"] == pytest.approx(0, abs=1e-9)
    assert standardised.composites.loc[0, "baseline"] == pytest.approx(50)
    assert raw.verdicts.loc[0, "verdict"] == "improved"
    assert standardised.verdicts.loc[0, "verdict"] == "no_detectable_change"
    assert raw.inputs["framework_sha"] != standardised.inputs["framework_sha"]
    assert standardised.estimates.equals(raw.estimates)


def test_a_reversal_is_flagged(make_indicator, make_framework, make_answers, make_banks, start):
    """Both kinds of firm fall by half a point, but the happier kind answers more often at the endline."""
    cells = {
        ("a", "baseline"): {"q": [1.9, 2.1, 2.0, 2.0, 1.9, 2.1, 2.0, 2.0, 3.9, 4.1]},
        ("a", "endline"): {"q": [1.4, 1.6, 3.4, 3.6, 3.5, 3.5, 3.4, 3.6, 3.5, 3.5]},
    }
    table = make_answers(cells)
    table["stratum"] = ["small"] * 8 + ["large"] * 2 + ["small"] * 2 + ["large"] * 8
    result = score_campaign(
        {"firms": table}, make_framework([make_indicator("q")]), banks=make_banks("a"), start=start, inputs=INPUTS,
        design=DesignSettings(margins={"small": 50, "large": 50}),
    )  # fmt: skip
    assert result.mix.loc[0, "raw"] > 0 > result.mix.loc[0, "standardised"]
    assert result.verdicts.loc[0, "flags"] == "mix_reversal"


@pytest.mark.parametrize(
    ("enough", "joined"),
    [
        ([True, True, True], [0, 1, 2]),
        ([False, True, True], [0, 0, 1]),
        ([True, False, True], [0, 1, 1]),
        ([True, True, False], [0, 1, 1]),
        ([False, False, False], [0, 0, 0]),
    ],
)
def test_cells_with_too_few_answers_join_their_neighbour(enough, joined):
    assert join_cells(np.array([enough])).tolist() == [joined]


def test_margins_are_needed_and_must_hold_every_stratum(framework, answers, make_banks, start):
    options = {"banks": make_banks("a", "b"), "start": start, "inputs": INPUTS}
    with pytest.raises(CampaignError, match=r"headline-margins: .*\[design\.margins\]"):
        score_campaign(answers, framework, headline="standardised", **options)
    design = DesignSettings(margins={"small": 3, "micro": 2})
    with pytest.raises(CampaignError, match=r"margins-stratum: 1 strata .*medium"):
        score_campaign(answers, framework, design=design, **options)


def test_without_margins_there_is_no_mix(framework, answers, make_banks, start):
    result = score_campaign(answers, framework, banks=make_banks("a", "b"), start=start, inputs=INPUTS)
    assert result.mix.empty


def test_an_excluded_indicator_leaves_its_weight_to_the_others(framework, answers, make_banks, start):
    options = {"banks": make_banks("a", "b"), "start": start, "inputs": INPUTS}
    with pytest.raises(CampaignError, match=r"exclusion-unknown: .* weight: s\. "):
        score_campaign(answers, framework, exclusions=["s"], **options)
    result = score_campaign(answers, framework, exclusions=["r"], **options)
    assert result.verdicts["gate_rule"].tolist() == ["weight_share"] * 2  # 60 % is left, 80 % are needed
    assert result.changes["flag"].tolist() == ["gate", "excluded"] * 2
