"""A campaign from raw files to verdicts: nothing lost, nothing twice, the same bytes each time."""

import json
import re
import shutil

import pandas as pd
import pytest

from evaltools.campaign import Campaign
from evaltools.content import content_path
from evaltools.errors import CampaignError, RefusedError, UsageError
from evaltools.scoring.result import to_json
from evaltools.skeleton import copy_demo


def test_rows_read_are_accounted_for_file_by_file(demo_stored):
    files = Campaign.open(demo_stored).quality().files
    assert len(files) == 8
    parts = files["n_accepted"] + files["n_quarantined"] + files["n_duplicate"]
    assert (files["n_read"] == parts).all()
    assert files["n_quarantined"].min() > 0


def test_a_second_ingest_adds_nothing_and_changes_no_file(demo_copy):
    campaign = Campaign.open(demo_copy)
    before = {path: path.read_bytes() for path in (demo_copy / "store").rglob("*") if path.is_file()}
    versions = campaign.store().versions()
    again = campaign.ingest()
    assert (again.new_rows, again.exit_code) == (0, 0)
    assert campaign.store().versions() == versions
    assert {path: path.read_bytes() for path in (demo_copy / "store").rglob("*") if path.is_file()} == before


def test_scores_are_the_same_bytes_in_another_copy_and_when_repeated(demo_copy, tmp_path):
    first = to_json(Campaign.open(demo_copy).score())
    assert to_json(Campaign.open(demo_copy).score()) == first
    copy_demo(tmp_path / "other")
    other = Campaign.open(tmp_path / "other")
    other.ingest()
    assert to_json(other.score()) == first


def test_a_score_is_kept_once_and_reads_back_as_it_was(demo_copy):
    campaign = Campaign.open(demo_copy)
    result = campaign.score()
    versions = campaign.store().versions()
    campaign.score()
    assert campaign.store().versions() == versions
    kept = campaign.sql("select bank_id, change from scores").set_index("bank_id")["change"]
    assert kept.to_dict() == pytest.approx(result.composites.set_index("bank")["change"].to_dict(), nan_ok=True)


def test_json_follows_the_contract(demo_stored):
    document = json.loads(to_json(Campaign.open(demo_stored)._score()))
    assert list(document) == ["schema", "inputs", "banks"]
    assert document["inputs"]["files"] == sorted(document["inputs"]["files"])
    assert all(path.startswith("raw/") for path in document["inputs"]["files"])
    assert not {"scores", "verdicts", "texts", "quarantine"} & set(document["inputs"]["tables"])
    assert len(document["banks"]) == 12
    assert document["inputs"]["replicates"] == 10_000
    judged = [bank for bank in document["banks"] if bank["gate"]["passed"]]
    assert sorted(bank["ranks"]["change"]["rank"] for bank in judged) == list(range(1, 12))
    assert sum(bank["relative"]["change"] for bank in judged) == pytest.approx(0, abs=1e-6)
    small = next(bank for bank in document["banks"] if bank["verdict"] == "too_few_data")
    assert small["gate"]["rule"] == "answers"
    assert set(small["composite"].values()) == {None}
    assert small["ranks"] is small["relative"] is None


def test_freezing_holds_the_framework_after_the_first_endline_answer(demo_copy):
    campaign = Campaign.open(demo_copy)
    assert "not_frozen" in campaign.verdicts()["flags"].iloc[0]
    campaign.freeze()
    assert "frozen_late" in campaign.verdicts()["flags"].iloc[0]
    own = demo_copy / "frameworks"
    own.mkdir()
    text = content_path("survey", "frameworks", "credit_2022.toml").read_text(encoding="utf-8")
    (own / "credit_2022.toml").write_text(text.replace("delta = 3.0", "delta = 1.0"), encoding="utf-8")
    changed = Campaign.open(demo_copy)
    with pytest.raises(RefusedError, match="freeze-differs"):
        changed.score()
    changed.score(unlock="δ agreed anew by the office")
    assert changed.head()["unlock_reason"] == "δ agreed anew by the office"
    assert "unlocked" in Campaign.open(demo_copy).verdicts()["flags"].iloc[0]


def test_unlocking_what_is_not_locked_is_an_error(demo_copy):
    with pytest.raises(UsageError, match="unlock-unneeded"):
        Campaign.open(demo_copy).score(unlock="just in case")


@pytest.mark.parametrize("n", [1, 3])
def test_scoring_needs_two_waves_and_never_picks_two_of_three(demo_copy, n):
    path = demo_copy / "campaign.toml"
    text = path.read_text(encoding="utf-8")
    if n == 3:
        text = text.replace("[waves.endline]", "[waves.middle]\nstart = 2022-10-25\nend = 2022-11-20\n[waves.endline]")
    else:
        head, tail = text.split("[waves.endline]")
        text = (head + tail[tail.index("# ----") :]).replace('wave = "endline"', 'wave = "baseline"')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CampaignError, match=f"campaign-waves: .* has {n} "):
        Campaign.open(demo_copy).score()


def test_another_file_moves_the_score_id(demo_raw, tmp_path):
    visits = next((demo_raw / "raw/endline").glob("*.csv"))
    aside = visits.rename(tmp_path / visits.name)
    campaign = Campaign.open(demo_raw)
    campaign.ingest()
    before = campaign.score().score_id
    aside.rename(visits)
    assert campaign.ingest().new_rows > 0
    assert campaign.score().score_id != before


def test_what_notebooks_ask_for_is_plain_frames(demo_stored):
    campaign = Campaign.open(demo_stored)
    for frame in (
        campaign.change(),
        campaign.composite(),
        campaign.verdicts(),
        campaign.targets(),
        campaign.provenance(),
    ):
        assert isinstance(frame, pd.DataFrame)
        assert frame.index.equals(pd.RangeIndex(len(frame)))


def test_status_counts_accepted_answers_by_wave(demo_stored):
    state = Campaign.open(demo_stored).status()
    answers = Campaign.open(demo_stored).quality().files.groupby(["wave", "instrument"])["n_accepted"].sum()
    replaced = Campaign.open(demo_stored).sql(
        "select wave, instrument, count(*) n from responses where status='superseded' group by all"
    )
    expected = answers.sub(replaced.set_index(["wave", "instrument"])["n"], fill_value=0)
    for (wave, instrument), count in expected.items():
        assert state["waves"][wave][instrument] == count


def test_a_campaign_without_endline_has_reasons_not_numbers(demo_raw):
    shutil.rmtree(demo_raw / "raw/endline")
    campaign = Campaign.open(demo_raw)
    result = campaign.ingest()
    assert len(result.unused) == 4
    assert set(campaign.verdicts()["verdict"]) == {"too_few_data"}
    assert campaign.composite()["change"].isna().all()


def test_merged_strata_are_printed_with_the_provenance(demo_raw):
    text = (demo_raw / "campaign.toml").read_text(encoding="utf-8")
    text = re.sub(r"^strata_order = \[[^\]]*\]", "", text, flags=re.MULTILINE)
    finer = '\n[roles.enterprise_satisfaction]\nstratum = ["firm_size", "sector", "has_main_bank", "loan_type"]\n'
    (demo_raw / "campaign.toml").write_text(text + finer, encoding="utf-8")
    campaign = Campaign.open(demo_raw)
    campaign.ingest()
    provenance = campaign.provenance().set_index("name")["value"]
    assert provenance["merged_strata"].startswith("survey: ")
    merged = campaign._score().merged_strata
    assert len(merged) > 0
    assert all(f"{stratum} " in provenance["merged_strata"] for stratum in merged["stratum"])


def test_a_misspelt_choice_in_a_framework_is_named_and_never_counts_as_0_percent(demo_copy):
    text = content_path("survey", "frameworks", "credit_2022.toml").read_text(encoding="utf-8")
    assert 'choices = ["yes"]' in text
    (demo_copy / "frameworks").mkdir()
    (demo_copy / "frameworks/credit_2022.toml").write_text(
        text.replace('choices = ["yes"]', 'choices = ["Yes"]', 1).replace('base = ["yes", "no"]', "", 1),
        encoding="utf-8",
    )
    with pytest.raises(
        CampaignError, match=r"names the choice 'Yes' of '\w+', which has none of that name\. There are: "
    ):
        Campaign.open(demo_copy).change()
