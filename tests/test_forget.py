"""The command that forgets: the demonstration without one firm, its reports marked, scores as if it had never been."""

import json
import shutil
import subprocess
import sys
from datetime import date

import openpyxl
import pytest

from evaltools.campaign import Campaign
from evaltools.errors import DamageError
from evaltools.forget import forget
from evaltools.report.manifest import ReportEntry, file_sha256, verify_reports, write_manifest
from evaltools.scoring.result import to_json


def firm_of_both_waves(campaign):
    rows = campaign.store().read("responses").to_pandas().dropna(subset="enterprise_id")
    waves = rows.groupby("enterprise_id").agg(n=("wave", "nunique"), rows=("wave", "size"))
    return waves[waves["n"] == 2].sort_values(["rows"], kind="stable").index[-1]


def banks(campaign):
    return json.loads(to_json(campaign.score()))["banks"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Work where no reports of anybody stand."""
    monkeypatch.chdir(tmp_path)


def report_on(folder, text, score="s1"):
    folder.mkdir(parents=True)
    page = folder / "county.html"
    page.write_text(text, encoding="utf-8")
    write_manifest(folder, [ReportEntry("county", None, "zh", "html", page.name, file_sha256(page), score)])
    return page


def without_rows(raw, gone):
    """Take rows out of workbooks in another way than the product: through a library that writes them anew."""
    for path in raw.rglob("*.xlsx"):
        book = openpyxl.load_workbook(path)
        for sheet in book.worksheets:
            for row in gone.get((path.name, sheet.title), ()):
                for cell in sheet[row]:
                    cell.value = None
        book.save(path)


def test_the_others_score_as_if_the_firm_had_never_answered(demo_copy, tmp_path):
    campaign = Campaign.open(demo_copy)
    firm = firm_of_both_waves(campaign)
    store = campaign.store()
    names = dict(zip(*(store.read("files")[name].to_pylist() for name in ("file_sha256", "rel_path")), strict=True))
    gone = {}
    for one in store.read("responses").to_pylist():
        if one["enterprise_id"] == firm:
            gone.setdefault((names[one["file_sha256"]].rpartition("/")[2], one["sheet"]), []).append(one["source_row"])
    never = tmp_path / "never"
    shutil.copytree(demo_copy / "raw", never / "raw")
    shutil.copy(demo_copy / "campaign.toml", never)
    without_rows(never / "raw", gone)
    before = banks(campaign)
    receipt = forget(campaign, firm)
    assert sum(one["rows"] for one in receipt["raw"]) == sum(map(len, gone.values()))
    other = Campaign.open(never)
    other.ingest()
    after = banks(campaign)
    assert after == banks(other)
    assert after != before
    assert firm not in campaign.store().read("responses")["enterprise_id"].to_pylist()


def test_reports_made_before_are_marked_and_pages_that_name_the_firm_are_removed(demo_copy, tmp_path):
    campaign = Campaign.open(demo_copy)
    firm = firm_of_both_waves(campaign)
    score = campaign.score().score_id
    clean = report_on(tmp_path / "clean", "county")
    named = report_on(demo_copy / "reports", f"<p>{firm}</p>", score)
    known = report_on(tmp_path / "known", "county", score)
    other = report_on(tmp_path / "other", "county", "of another campaign")
    (demo_copy / "runs").mkdir()
    record = {"written": [str(known), str(other), str(tmp_path / "nowhere" / "page.html")]}
    (demo_copy / "runs" / "1.json").write_text(json.dumps(record), encoding="utf-8")
    assert verify_reports(clean.parent) == 1
    receipt = forget(campaign, firm, reports=[clean.parent], today=date(2022, 12, 20))
    for page in (clean, named, known):
        with pytest.raises(DamageError, match=r"superseded_by_erasure: .* since 2022-12-20"):
            verify_reports(page.parent)
    assert (clean.exists(), named.exists(), known.exists()) == (True, False, True)
    assert {one["folder"]: one["removed"] for one in receipt["reports"]} == {"clean": 0, "reports": 1, "known": 0}
    assert verify_reports(other.parent) == 1


def test_the_command_reads_the_id_from_its_input_and_never_says_it(demo_copy):
    firm = firm_of_both_waves(Campaign.open(demo_copy))
    command = [sys.executable, "-m", "evaltools", "forget", str(demo_copy), "-"]
    done = subprocess.run(command, input=firm, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "erasures/" in done.stdout
    again = subprocess.run([*command, "--json"], input=firm, capture_output=True, encoding="utf-8", check=False)
    assert (again.returncode, json.loads(again.stdout)) == (0, {"receipt": None})
    wrong = subprocess.run(command, input="91410000SECRET", capture_output=True, encoding="utf-8", check=False)
    assert wrong.returncode == 2
    assert "SECRET" not in wrong.stderr + wrong.stdout


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [(["rekey"], 9, "rekey-demo"), (["anonymise"], 2, "anonymise-sure"), (["anonymise", "--yes"], 9, "anonymise-raw")],
)
def test_what_must_not_happen_by_mistake_is_refused(demo_raw, args, code, said):
    command, *options = args
    done = subprocess.run(
        [sys.executable, "-m", "evaltools", command, str(demo_raw), *options],
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.partition(":")[0]) == (code, said)
    assert (demo_raw / "raw").exists()
