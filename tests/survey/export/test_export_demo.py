"""The demonstration's export passes the check that anybody could make with the file alone, by the command line."""

import csv
import json
import os
import subprocess
import sys

import pandas as pd
import pytest

from evaltools.campaign import Campaign
from evaltools.content import content_path
from evaltools.survey.answers import accepted_answers

QUASI = ["wave", "bank", "firm_size", "sector", "stratum", "event_date", "submitted_day"]


@pytest.fixture(scope="module")
def exported(demo_stored, tmp_path_factory):
    out = tmp_path_factory.mktemp("export") / "demo"
    command = [
        sys.executable,
        "-m",
        "evaltools",
        "export",
        str(demo_stored),
        "--out",
        str(out),
        "--lang",
        "en",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return out, json.loads(done.stdout)


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return pd.DataFrame(list(csv.DictReader(stream)), dtype=object)


def test_at_least_five_firms_look_alike_whatever_of_them_is_known(exported):
    rows = read(exported[0] / "enterprise_satisfaction.csv")
    looks = rows[QUASI].apply(tuple, axis=1).groupby(rows["enterprise"]).agg(lambda cells: repr(sorted(cells)))
    assert looks.value_counts().min() >= 5


def test_what_the_campaign_asks_is_still_there(exported, demo_stored):
    """Every rating, with its bank, wave and scores; nothing but what may identify, or is sensitive, was touched."""
    campaign = Campaign.open(demo_stored)
    answers = accepted_answers(campaign.store(), "enterprise_satisfaction", waves=tuple(campaign.config.waves))
    rows = read(exported[0] / "enterprise_satisfaction.csv")
    assert len(rows) == len(answers)
    assert not (rows[["bank", "wave"]] == "(suppressed)").any(axis=None)
    answers["fees/none"] = answers["fees"].map(lambda one: one and float("none" in one))
    for item in ("sat_time", "sat_outcome", "days_to_money", "fees/none"):
        seen = pd.to_numeric(rows[item].where(~rows[item].str.startswith("(")))
        true = pd.to_numeric(answers[item], errors="coerce")
        pd.testing.assert_frame_equal(
            seen.groupby([rows["bank"], rows["wave"]]).agg(["count", "mean"]),
            true.groupby([answers["bank"], answers["wave"]]).agg(["count", "mean"]),
            check_names=False,
        )


def test_the_report_of_the_check_adds_up(exported):
    out, told = exported
    assert told == json.loads((out / "export.json").read_text(encoding="utf-8"))
    firms, visits = told["disclosure"]
    assert (firms["unit"], firms["k"], visits["unit"], visits["k"]) == ("enterprise", 5, "branch", 3)
    rows = read(out / "enterprise_satisfaction.csv")
    for name, count in firms["hidden"].items():
        assert (rows[name] == "(suppressed)").sum() == count
    assert firms["cells_hidden"] == sum(firms["hidden"].values())


def test_every_format_holds_the_same_rows(exported):
    out, told = exported
    assert {(one["format"], one["rows"]) for one in told["files"] if one["instrument"] == "mystery_visit"} == {
        ("csv", 154), ("csv", len(read(out / "mystery_visit.codebook.csv"))), ("xlsx", 154), ("sav", 154), ("dta", 154),
    }  # fmt: skip


def test_a_campaign_too_small_ends_with_the_code_for_refused(demo_copy, tmp_path):
    framework = demo_copy / "frameworks"
    framework.mkdir()
    text = content_path("survey", "frameworks", "credit_2022.toml").read_text(encoding="utf-8")
    text = text.replace("min_cell = 5 ", "min_cell = 5000 ")
    (framework / "credit_2022.toml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "evaltools", "export", str(demo_copy), "--out", str(tmp_path / "out")]
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", check=False, env={**os.environ, "LC_ALL": "C"}
    )
    assert done.returncode == 9
    assert "export-few: instrument 'enterprise_satisfaction' has answers of 570 units, fewer than 5000" in done.stderr
    assert not (tmp_path / "out").exists()
