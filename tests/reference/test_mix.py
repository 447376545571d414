"""What stands behind a change against R survey and metafor; each test names its entry of mix.json."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evaltools.stats import (
    Design,
    attrition,
    change_by_presence,
    split_change,
    standardise_change,
    standardised_effect,
    superiority,
)
from evaltools.stats.intervals import adjust_p_values

FIRMS = Design(weight="weight", stratum="stratum", psu="firm")
MARGINS = pd.DataFrame({"size": ["small", "medium", "large"], "share": [0.45, 0.35, 0.2]})


@pytest.fixture(scope="module")
def frame(table):
    return table("mix")


@pytest.fixture
def mix(r_value):
    return lambda entry: r_value(entry, "mix")


def equal(got, expected):
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(expected, float), rtol=1e-8)


@pytest.mark.parametrize("item", ["score", "days"])
def test_standardised_change(frame, mix, item):
    """standardised-score, standardised-days: both waves of three banks at the same margins."""
    got, expected = (
        standardise_change(frame, item, "bank", design=FIRMS, mix="size", margins=MARGINS),
        mix(f"standardised-{item}"),
    )
    assert got["bank"].tolist() == expected["domain"]
    for column in ("baseline", "endline", "change", "se"):
        equal(got[column], expected[column])
    assert (got["empty_share"] == 0).all()


@pytest.mark.parametrize("weights", ["average", "baseline", "endline"])
def test_kitagawas_parts(frame, mix, weights):
    """split-*: both parts with errors, and they add up to the raw change."""
    got = split_change(frame, "days", "bank", design=FIRMS, mix="size", weights=weights).set_index(["bank", "part"])
    for bank, expected in mix(f"split-{weights}").items():
        for part, values in expected.items():
            equal(got.loc[(bank, part), ["estimate", "se"]], [values["estimate"], values["se"]])
        parts = got.loc[bank, "estimate"]
        assert parts["rate"] + parts["composition"] == pytest.approx(parts["raw"], rel=1e-12)


def test_panel_left_and_new(frame, mix):
    """presence: all nine parts, means of subclasses and their differences."""
    got = change_by_presence(frame, "score", "bank", design=FIRMS).set_index(["bank", "part"])
    for bank, expected in mix("presence").items():
        for part, values in expected.items():
            equal(got.loc[(bank, part), ["estimate", "se"]], [values["estimate"], values["se"]])


def test_two_stages_and_population_counts(table, r_value):
    """stages-change: rows take the same road as the core's sums, through both stages."""
    design = Design(stratum="region", psu=("town", "village"), fpc=("towns", "villages"))
    got, expected = change_by_presence(table("stages"), "income", "sex", design=design), r_value("stages-change")
    whole = got[got["part"] == "change"]
    assert whole["sex"].tolist() == expected["domain"]
    equal(whole[["estimate", "se"]], np.stack([expected["change"], expected["se"]], axis=1))


@pytest.mark.parametrize("spread", ["baseline", "pooled"])
def test_effect_with_the_error_of_its_spread(frame, mix, spread):
    """effect-*: before the correction for few, which is a constant."""
    got = standardised_effect(frame, "days", "bank", design=FIRMS, spread=spread).set_index("bank")
    for bank, expected in mix(f"effect-{spread}").items():
        row = got.loc[bank]
        equal(
            [row["effect"] / row["correction"], row["se"] / row["correction"]], [expected["estimate"], expected["se"]]
        )


def test_unweighted_effects_are_those_of_metafor(mix):
    """effect-metafor: SMD of independent waves, SMCR of respondents in both."""
    expected = mix("effect-metafor")
    rows = pd.DataFrame({"wave": [1] * 10 + [2] * 10, "y": expected["first"] + expected["last"]})
    alone = rows.assign(unit=range(20))
    equal(standardised_effect(alone, "y", design=Design(psu="unit"), spread="pooled")["effect"], [expected["smd"]])
    both = rows.assign(unit=[*range(10), *range(10)])
    equal(standardised_effect(both, "y", design=Design(psu="unit"))["effect"], [expected["smcr"]])


def test_superiority_weighted_and_clustered(frame, mix):
    """superiority: five levels, firms in both waves."""
    got = superiority(frame, "score", "bank", design=FIRMS).set_index("bank")
    for bank, expected in mix("superiority").items():
        equal(got.loc[bank, ["superiority", "se"]], [expected["estimate"], expected["se"]])


def test_superiority_of_independent_waves_is_delongs_and_brunners(mix):
    """superiority-delong: strata by wave give n/(n - 1) of each wave; scipy's statistic is the same t."""
    expected = mix("superiority-delong")
    first, last = expected["first"], expected["last"]
    rows = pd.DataFrame({"wave": [1] * len(first) + [2] * len(last), "y": first + last})
    rows["unit"] = range(len(rows))
    got = superiority(rows, "y", design=Design(psu="unit", overlap="pattern")).iloc[0]
    equal([got["superiority"], got["se"]], [expected["estimate"], expected["se"]])
    equal((got["superiority"] - 0.5) / got["se"], -stats.brunnermunzel(last, first).statistic)


def test_superiority_of_clusters_is_obuchowskis(mix):
    """superiority-obuchowski: fourteen clusters with two answers in each wave."""
    expected = mix("superiority-obuchowski")
    got = superiority(pd.DataFrame(expected["rows"]), "y", design=Design(psu="id")).iloc[0]
    equal([got["superiority"], got["se"]], [expected["estimate"], expected["se"]])


def test_attrition(frame, mix):
    """attrition: rates with beta intervals, and those who left less those who stayed."""
    found = attrition(frame, "bank", design=FIRMS, items="score")
    rates, answers = found.rates.set_index("bank"), found.answers.set_index("bank")
    for bank, expected in mix("attrition").items():
        equal(rates.loc[bank, ["rate", "ci_low", "ci_high"]], [expected["rate"], expected["low"], expected["high"]])
        assert rates.loc[bank, ["n_baseline", "n_left"]].tolist() == [expected["n"], expected["n_left"]]
        equal(answers.loc[bank, ["difference", "se"]], [expected["difference"], expected["se"]])


def test_adjusted_p_values(mix):
    """adjusted: NaN takes no part."""
    equal(
        adjust_p_values(np.array([[0.01, 0.04, 0.03, 0.5, np.nan]]))[0],
        [np.nan if p is None else p for p in mix("adjusted")],
    )
