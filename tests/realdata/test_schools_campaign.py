"""California schools through the commands of a campaign: raw csv to change, equal to R's survey."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from evaltools.campaign import Campaign

HERE = Path(__file__).parent
SHARED = Path(__file__).parents[3] / "shared"
DATA = SHARED / "realdata" / "california-schools"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not here")


@pytest.fixture(scope="module")
def r_rows():
    entries = json.loads((SHARED / "reference/open/california-schools.json").read_text(encoding="utf-8"))["entries"]
    return {entry["id"]: {row["domain"].lower(): row for row in entry["rows"]} for entry in entries[:5]}


def campaign_of(folder: Path, rows: dict[str, list[dict[str, str]]]) -> Campaign:
    shutil.copytree(HERE / "schools", folder)
    for wave, wave_rows in rows.items():
        (folder / "raw" / wave).mkdir(parents=True)
        with (folder / "raw" / wave / f"{wave}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, fieldnames=list(wave_rows[0]))
            writer.writeheader()
            writer.writerows(wave_rows)
    return Campaign.open(folder)


def read(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize(
    ("entry", "file", "psu"),
    [("strat-panel-nofpc", "apistrat.csv", None), ("clus1-panel-nofpc", "apiclus1.csv", "dnum")],
)
def test_change_of_a_panel_equals_r(tmp_path, r_rows, entry, file, psu):
    rows = read(file)
    campaign = campaign_of(tmp_path / "c", {"baseline": rows, "endline": rows})
    if psu is not None:  # one stratum, districts as PSUs
        text = (tmp_path / "c/campaign.toml").read_text(encoding="utf-8")
        text = text.replace('school_type = "stype"', f'school_type = "stype", district = "{psu}"')
        text += '\n[roles.school]\npsu = "district"\nstratum = []\n'
        (tmp_path / "c/campaign.toml").write_text(text, encoding="utf-8")
        form = (tmp_path / "c/instruments/school.md").read_text(encoding="utf-8")
        row = "| | text | district | 学区 | District | plain | district | | yes |\n"
        form = form.replace("| | decimal | pw", f"{row}| | decimal | pw")
        (tmp_path / "c/instruments/school.md").write_text(form, encoding="utf-8")
        campaign = Campaign.open(tmp_path / "c")
    check(campaign, r_rows[entry], n=len(rows))


def test_change_with_partial_overlap_equals_r(tmp_path, r_rows):
    rows = read("apistrat.csv")
    baseline = [row for number, row in enumerate(rows, start=1) if number % 3]
    endline = [row for number, row in enumerate(rows, start=1) if number % 5]
    campaign = campaign_of(tmp_path / "c", {"baseline": baseline, "endline": endline})
    check(campaign, r_rows["strat-partial-overlap"], n=None)


def check(campaign: Campaign, expected: dict[str, dict[str, float]], *, n: int | None) -> None:
    ingested = campaign.ingest()
    assert (ingested.exit_code, sum(one.n_quarantined + one.n_duplicate for one in ingested.files)) == (0, 0)
    if n is not None:
        assert ingested.new_rows == 2 * n
    change = campaign.change().set_index("bank")
    assert set(change.index) == set(expected)
    for bank, row in expected.items():
        got = change.loc[bank, ["baseline", "endline", "change", "se"]].astype(float).tolist()
        assert got == pytest.approx([row["baseline"], row["endline"], row["change"], row["se"]], rel=1e-8)
    verdicts = campaign.verdicts().set_index("bank")
    assert verdicts.loc["e", "verdict"] == "improved"
