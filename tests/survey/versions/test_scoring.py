"""The demonstration with its baseline on an older form: what may not be compared is not, and nothing else moves."""

from __future__ import annotations

import pytest

from evaltools.campaign import Campaign
from evaltools.content import content_path
from evaltools.skeleton import copy_demo

NAME = "enterprise_satisfaction"
TRIPS = "0 if everything was done online. |  | ${applied} "


def scored(folder, *edits):
    """Score the demonstration with its baseline collected on a form with these differences."""
    copy_demo(folder)
    text = content_path("survey", "instruments", f"{NAME}.md").read_text(encoding="utf-8")
    for old, new in [("| 2022.1 |", "| 2021.1 |"), *edits]:
        assert old in text
        text = text.replace(old, new)
    (folder / "instruments").mkdir()
    (folder / "instruments" / f"{NAME}@2021.1.md").write_text(text, encoding="utf-8")
    settings = (folder / "campaign.toml").read_text(encoding="utf-8")
    wave = f'instrument = "{NAME}"\nwave = "baseline"'
    assert wave in settings
    (folder / "campaign.toml").write_text(settings.replace(wave, f'{wave}\nversion = "2021.1"'), encoding="utf-8")
    campaign = Campaign.open(folder)
    assert campaign.ingest().exit_code == 0
    return campaign.change().set_index(["bank", "indicator"])


@pytest.mark.slow
def test_only_what_cannot_be_compared_is_left_out(tmp_path):
    same = scored(tmp_path / "same")
    other = scored(tmp_path / "other", (f"{TRIPS}= 'yes'", f"{TRIPS}!= 'no'"))
    lost = other[other["flag"] == "not_comparable"]
    assert set(lost.index.get_level_values("indicator")) == {"trips"}
    kept = other[~other["flag"].isin(("not_comparable", "gate"))]
    # a small bank has too few answers left for the gate
    gated = other[other["flag"] == "gate"].index.difference(same[same["flag"] == "gate"].index)
    assert gated.get_level_values("bank").nunique() == 1
    numbers = ["baseline", "endline", "change", "se", "p"]
    assert kept[numbers].equals(same.loc[kept.index, numbers])
