"""Notebooks, pages and records made from the demonstration itself."""

import json
import re

import nbformat
import pandas as pd
import pytest
import python_calamine

from evaltools.campaign import Campaign
from evaltools.content import content_path
from evaltools.run import run_campaign
from evaltools.scoring.result import to_json


@pytest.fixture(scope="module")
def reported(demo_stored, tmp_path_factory):
    """Return the demonstration with four of its reports, both small and whole ones."""
    campaign = Campaign.open(demo_stored)
    out = tmp_path_factory.mktemp("out")
    return campaign, campaign.report(("zh", "en"), banks=["guyu"], out=out), out


def test_every_report_notebook_runs_on_the_demonstration(reported):
    _, result, out = reported
    assert (result.failures, result.exit_code) == ((), 0)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["reports"]
    names = {path.stem for path in content_path("notebooks", "reports").glob("*.ipynb")}
    assert {(one["name"], one["lang"]) for one in manifest} == {(name, lang) for name in names for lang in ("zh", "en")}
    assert {one["bank"] for one in manifest if one["name"] == "bank_scorecard"} == {"guyu"}


def test_the_scoring_notebook_keeps_what_the_command_computes(reported):
    campaign, result, _ = reported
    kept = campaign.sql("select * from scores").drop(columns="score_id").rename(columns={"bank_id": "bank"})
    computed = Campaign.open(campaign.folder)._score()
    assert set(campaign.sql("select distinct score_id s from scores")["s"]) == {computed.score_id}
    assert {one.score_id for one in result.reports} == {computed.score_id}
    expected = computed.composites[list(kept.columns)].sort_values("bank", ignore_index=True)
    pd.testing.assert_frame_equal(kept.sort_values("bank", ignore_index=True), expected, check_dtype=False, rtol=0)


def test_the_page_shows_the_numbers_of_the_json(reported):
    campaign, _, out = reported
    page = re.sub(r"<[^>]+>", " ", (out / "zh/county_report.html").read_text(encoding="utf-8"))
    for bank in json.loads(to_json(campaign._score()))["banks"]:
        change = bank["composite"]["change"]
        if change is not None:
            assert f"{change:+.1f}".replace("-", "−") in page


def test_committed_notebooks_hold_no_outputs_and_a_start_notebook_runs(demo_copy):
    from nbclient import NotebookClient

    for path in content_path("notebooks").rglob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
    start = nbformat.read(content_path("notebooks", "explore", "start.ipynb"), as_version=4)
    NotebookClient(start, timeout=120, resources={"metadata": {"path": str(demo_copy)}}).execute()
    tables = [output for cell in start.cells for output in cell.get("outputs", []) if "data" in output]
    assert len(tables) >= 6


def identifying(folder) -> set[str]:
    """Names, phones, credit codes and IP addresses that stand in the raw files."""
    found = set()
    for path in folder.glob("raw/*/*.xlsx"):
        rows = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
        columns = [
            place for place, header in enumerate(rows[0])
            if re.search(r"企业名称|信用代码|电话|IP|enterprise_name|enterprise_code|contact_phone", str(header))
        ]  # fmt: skip
        assert len(columns) >= 3
        found |= {str(row[place]).strip() for row in rows[1:] for place in columns}
    return {value for value in found if len(value) >= 6 and not re.fullmatch(r"\(\S+\)", value)}


def test_no_identifier_reaches_a_page_a_notebook_or_a_record(reported):
    campaign, _, out = reported
    secret = identifying(campaign.folder)
    assert len(secret) > 500
    for path in out.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert not [value for value in secret if value in text]


def test_a_run_says_what_it_did_and_leaves_a_record(demo_copy, tmp_path, monkeypatch):
    monkeypatch.setattr("evaltools.report.render.NOTEBOOKS", ("scoring", "data_quality"))
    campaign = Campaign.open(demo_copy)
    record = run_campaign(campaign, out=tmp_path / "out", langs=("en",))
    assert record.exit_code == 0
    assert "1038 rows read = 984 accepted + 42 quarantined + 12 duplicate; 0 new." in record.lines("en")[0]
    kept = [json.loads(path.read_text(encoding="utf-8")) for path in (demo_copy / "runs").glob("*.json")]
    assert [one["exit_code"] for one in kept] == [0]
    assert (tmp_path / "out/index.html").resolve().as_posix() in kept[0]["written"]
    assert kept[0]["score_id"] == campaign._score().score_id
