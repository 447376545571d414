"""The benchmark of reading: its files are the same each time, and both readers find the same in them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

import reading_speed
from reading_files import make_campaign, make_csv, make_workbook

GOOD = {
    "xlsx": {"same_cells": True, "ratio": 5.0},
    "csv": {"same_cells": True, "peak_mb": 1200.0},
}


@pytest.mark.parametrize("make", [lambda path: make_workbook(path, 60, 100, 7), lambda path: make_csv(path, 60, 7)])
def test_files_are_drawn_from_the_seed(make, tmp_path):
    for name in ("a", "b"):
        make(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_both_readers_find_the_same(tmp_path):
    make_workbook(tmp_path / "f.xlsx", 150, 100, 7)
    make_csv(tmp_path / "f.csv", 150, 7)
    ours, peer = (read(tmp_path / "f.xlsx") for read in (reading_speed.read_xlsx, reading_speed.read_xlsx_by_pandas))
    assert (ours["rows"], ours["filled"]) == (peer["rows"], peer["filled"])
    ours, peer = (read(tmp_path / "f.csv") for read in (reading_speed.read_csv, reading_speed.read_csv_by_pandas))
    assert (ours["rows"], ours["filled"]) == (peer["rows"], peer["filled"])
    assert ours["rows"] == 150


def test_the_campaign_is_taken_in(tmp_path):
    make_campaign(tmp_path / "c", 120, 7)
    assert reading_speed.ingest_campaign(tmp_path / "c")["rows"] == 120


@pytest.mark.parametrize(
    ("kind", "change", "good"),
    [
        ("xlsx", {}, True),
        ("xlsx", {"ratio": 4.99}, False),
        ("xlsx", {"same_cells": False}, False),
        ("csv", {"peak_mb": 1200.1}, False),
        ("csv", {"same_cells": False}, False),
    ],
)
def test_what_is_good_enough(kind, change, good):
    assert reading_speed.is_good({**GOOD, kind: GOOD[kind] | change}) is good
    assert reading_speed.is_good({kind: GOOD[kind] | change}) is good
