"""One door: the demonstration explained, worked out once, on the answers as they were given."""

import numpy as np
import pandas as pd
import pytest

from evaltools.campaign import Campaign
from evaltools.config import DesignSettings
from evaltools.scoring.chain import score_campaign
from evaltools.scoring.explaining.explanation import Explanation

FRAMES = ("visits", "unpaired", "banks", "scales", "scale_items", "invariance", "drivers", "changes", "attrition",
          "leavers")  # fmt: skip


@pytest.fixture(scope="module")
def campaign(demo_stored):
    return Campaign.open(demo_stored)


@pytest.mark.parametrize("name", FRAMES)
def test_each_table_of_the_demonstration_is_a_plain_frame_with_rows(campaign, name):
    frame = getattr(campaign.explain(), name)
    assert isinstance(frame, pd.DataFrame)
    assert len(frame)
    assert frame.index.equals(pd.RangeIndex(len(frame)))
    assert getattr(campaign.explain(), name) is frame


def test_what_few_firms_said_is_nowhere(campaign):
    """Every level and change that the score hides for its small cell is hidden here too."""
    changes, explained = campaign.change(), campaign.explain()
    hidden = set(changes.loc[changes["flag"] == "small_cell", ["bank", "indicator"]].itertuples(index=False, name=None))
    assert hidden
    for frame, number in (
        (explained.banks.loc[explained.banks["of"] == "change"], "raw"),
        (explained.changes, "estimate"),
        (explained.leavers, "difference"),
    ):
        told = frame.loc[frame[number].notna(), ["bank", "indicator"]].itertuples(index=False, name=None)
        assert not hidden & set(told)


def test_raw_levels_and_changes_are_those_of_the_score(campaign):
    banks = campaign.explain().banks.set_index(["bank", "indicator"])
    for of, score, name in (
        ("level", campaign.estimates().query("wave == 'endline'"), "estimate"),
        ("change", campaign.change(), "change"),
    ):
        own = banks.loc[banks["of"] == of, "raw"]
        expected = score.set_index(["bank", "indicator"])[name].reindex(own.index)
        both = own.notna() & expected.notna()
        assert both.sum() > 200
        # a firm whose stratum is not known has no mix, so that it may be missing here
        assert np.isclose(own[both], expected[both]).mean() > 0.95


def test_seeds_move_draws_and_nothing_else(campaign):
    first, other = campaign.explain(), campaign.explain(seed=1)
    assert other is not first
    assert other.drivers["share"].equals(first.drivers["share"])
    assert not other.drivers["ci_low"].equals(first.drivers["ci_low"])
    assert other.banks.equals(first.banks)


def test_a_standardised_headline_is_explained_by_the_answers_as_given(rated, make_answers, make_banks, start):
    rng = np.random.default_rng(1)
    cells = {(bank, wave): {"q": rng.integers(1, 6, 12).tolist(), "r": rng.integers(1, 6, 12).tolist()}
             for bank in "abc" for wave in ("baseline", "endline")}  # fmt: skip
    table = make_answers(cells).assign(stratum=["small", "medium", "medium"] * 24)
    found = {
        headline: score_campaign(
            {"firms": table}, rated({"quality": ["q", "r"]}), banks=make_banks(*"abc"), start=start, headline=headline,
            inputs={}, design=DesignSettings(margins={"small": 500.0, "medium": 100.0}),
        )
        for headline in ("raw", "standardised")
    }  # fmt: skip
    assert not found["raw"].changes["change"].equals(found["standardised"].changes["change"])
    explained = [Explanation(one.raw, 1).scale_items for one in found.values()]
    assert explained[0].equals(explained[1])
    assert set(explained[0]["flag"].str.contains("scale-bounds")) == {False}
