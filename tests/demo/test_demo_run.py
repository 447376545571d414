"""The demonstration through the product: what was planted is found, what was drawn arrives, verdicts fit the truth."""

import json
import shutil

import pandas as pd
import pytest

from demo_model import draw_sample
from demo_plan import VARIANTS
from demo_records import answers_frame, visits_frame
from evaltools.campaign import Campaign
from evaltools.survey.answers import accepted_answers

# compared apart, or, as the size, told differently by a few firms at the endline
APART = ("response_id", "psu", "stratum", "firm_size")
DRAWN = {"enterprise_satisfaction": answers_frame, "mystery_visit": visits_frame}


@pytest.fixture(scope="module")
def campaign(demo_path, tmp_path_factory):
    """The committed campaign, ingested; its truth is not there."""
    folder = tmp_path_factory.mktemp("run")
    shutil.copytree(demo_path / "raw", folder / "raw")
    shutil.copy(demo_path / "campaign.toml", folder)
    return Campaign.open(folder)


@pytest.fixture(scope="module")
def ingested(campaign):
    return campaign.ingest()


def test_every_row_is_accounted_for_and_quarantine_stays_below_the_threshold(ingested):
    assert len(ingested.files) == 8
    assert not ingested.refused
    assert not ingested.unmatched
    assert not ingested.unused
    for one in ingested.files:
        assert one.n_read == one.n_accepted + one.n_quarantined + one.n_duplicate
        assert 0 < one.n_quarantined / one.n_read < 0.08
        assert one.extra == ()
    assert sum(one.n_accepted for one in ingested.files) == ingested.new_rows == 816 + 14 + 154


def test_each_file_is_read_by_its_own_reader(ingested):
    readers = {(one.reader, one.encoding) for one in ingested.files}
    assert readers == {("wjx", None), ("kobo", None), ("plain", "GB18030")}


def test_findings_are_exactly_what_was_planted(campaign, ingested, demo_path):
    planted = json.loads((demo_path / "truth.json").read_text("utf-8"))["findings"]
    keys = ["rule", "bank", "locator", "kind"]
    found = campaign.findings()[keys].astype(object)
    found = found.where(found.notna(), None).to_dict("records")
    order = ("locator", "rule")
    assert sorted(found, key=lambda one: [one[key] for key in order]) == sorted(
        planted, key=lambda one: [one[key] for key in order]
    )


def test_a_second_ingest_changes_nothing(campaign, ingested):
    before = campaign.store().versions()
    assert campaign.ingest().new_rows == 0
    assert campaign.store().versions() == before


@pytest.mark.parametrize("instrument", DRAWN)
def test_what_arrives_is_what_was_drawn(campaign, ingested, instrument):
    """All answers of all accepted rows, matched by what tells a row apart, equal the drawn ones."""
    drawn = DRAWN[instrument](draw_sample(20221130, "base"), VARIANTS["base"])
    arrived = accepted_answers(campaign.store(), instrument, waves=("baseline", "endline"))
    assert len(arrived) == len(drawn)
    key = ["wave", "bank", "submitted_at"] if instrument == "enterprise_satisfaction" else ["visit_code"]
    if instrument == "mystery_visit":
        wave_no = drawn["wave"].map({"baseline": 1, "endline": 2})
        drawn["visit_code"] = [f"YH{wave}-{number:04d}" for number, wave in enumerate(wave_no)]
    assert not drawn.duplicated(key).any()
    pairs = drawn.merge(arrived, on=key, suffixes=("_drawn", ""), validate="one_to_one")
    assert len(pairs) == len(drawn)
    shared = [name for name in drawn if name in arrived and name not in {*key, *APART}]
    assert len(shared) > 20
    for name in shared:
        ours, theirs = pairs[f"{name}_drawn"], pairs[name]
        if "date" in name or name.endswith("_on"):
            ours, theirs = pd.to_datetime(ours), pd.to_datetime(theirs)
        if pd.api.types.is_object_dtype(theirs) or pd.api.types.is_string_dtype(theirs):
            ours, theirs = _told(ours), _told(theirs)
        pd.testing.assert_series_equal(ours, theirs, check_names=False, check_dtype=False, obj=name)
    assert pairs.groupby("psu_drawn")["psu"].nunique().eq(1).all()
    assert pairs.groupby("psu")["psu_drawn"].nunique().eq(1).all()
    if instrument == "enterprise_satisfaction":
        assert pairs["stratum"].astype(str).equals(pairs["stratum_drawn"].astype(str))
        differs = pairs["firm_size"].astype(str) != pairs["firm_size_drawn"].astype(str)
        assert 1 <= differs.sum() <= 20
        assert set(pairs.loc[differs, "wave"]) == {"endline"}


def _told(column):
    """Return answers as text; what somebody did not know or found not applicable counts as missing, as when drawn."""
    texts = [";".join(cell) if isinstance(cell, tuple) else cell for cell in column]
    return pd.Series([None if text in ("dk", "na") or pd.isna(text) else str(text) for text in texts], dtype=object)


def test_verdicts_fit_the_truth(campaign, ingested, demo_path):
    truth = json.loads((demo_path / "truth.json").read_text("utf-8"))["changes"]
    score = campaign.score()
    verdicts = score.verdicts.set_index("bank")["verdict"]
    assert verdicts["guyu"] == "too_few_data"
    for bank, verdict in verdicts.items():
        change = truth[bank]["composite"]
        assert verdict in {"no_detectable_change", "too_few_data", "improved" if change > 0 else "worsened"}, bank
        assert change != 0 or verdict in {"no_detectable_change", "too_few_data"}, bank
    assert {"improved", "worsened", "no_detectable_change", "too_few_data"} <= set(verdicts)
    assert (verdicts == "improved").sum() >= 4
