"""Mystery visits to banks in six countries, before and after a new rule, through the commands of a campaign."""

import shutil
from pathlib import Path

import pytest

from evaltools.campaign import Campaign

HERE = Path(__file__).parent
DATA = Path(__file__).parents[3] / "shared" / "realdata" / "bank-mystery-visits"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not here")


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    folder = tmp_path_factory.mktemp("visits") / "c"
    shutil.copytree(HERE / "visits", folder)
    (folder / "raw").mkdir()
    for name in ("ESIP_2021_Quantitative_data.xlsx", "Mystery_2022_quantitive_data.xlsx"):
        shutil.copyfile(DATA / name, folder / "raw" / name)
    found = Campaign.open(folder)
    found.ingest()
    return found


def test_every_visit_is_stored(campaign):
    files = campaign.quality().files
    assert files.set_index("wave")["n_accepted"].to_dict() == {"baseline": 199, "endline": 253}
    assert files["n_quarantined"].sum() == 0


def test_a_question_that_stands_twice_is_read_as_text_and_levels_can_be_counted_by_hand(campaign):
    # Denmark 2021, "did the advisor give you a summary": counted in the sheet
    change = campaign.change().set_index(["bank", "indicator"])
    total = change.xs("summary_given", level="indicator")
    weighted = (total["baseline"] * total["n_baseline"]).sum() / total["n_baseline"].sum()
    assert weighted == pytest.approx((90 * 0.5 + 50 * 1.0) / 199)
    weighted = (total["endline"] * total["n_endline"]).sum() / total["n_endline"].sum()
    assert weighted == pytest.approx((187 * 0.5 + 37 * 1.0) / 253)
    assert total["n_baseline"].to_dict() == {
        "denmark": 35, "estonia": 20, "germany": 40, "greece": 40, "ireland": 24, "romania": 40,
    }  # fmt: skip


def test_waves_are_independent_without_a_firm_that_is_in_both(campaign):
    change = campaign.change()
    assert (change["n_both"] == 0).all()
    assert change["flag"].str.contains("overlap_unknown").all()


def test_every_country_has_a_verdict(campaign):
    verdicts = campaign.verdicts().set_index("bank")
    assert set(verdicts.index) == {"denmark", "estonia", "germany", "greece", "ireland", "romania"}
    assert verdicts["gate_passed"].all()
    assert set(verdicts["verdict"]) <= {"improved", "worsened", "no_detectable_change"}
