"""Random designs against R survey: every level, error, df, interval, change and covariance; entries of designs.json."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "benchmarks"))

import designs  # noqa: E402
from designs import LIMIT, Difference, compare_design  # noqa: E402
from designs_draw import draw_design  # noqa: E402

ENTRIES = json.loads((HERE / "designs.json").read_text(encoding="utf-8"))["entries"]


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_random_design_equals_r(table, entry):
    """design-*: strata, lonely PSUs, stages, population counts, weights, domains, gaps and waves as drawn."""
    options = ENTRIES[entry]["options"]
    rows = table("designs")
    found = list(compare_design(options, rows[rows["design"] == options["number"]], ENTRIES[entry]["value"]))
    assert max(found, key=lambda one: one.relative).relative <= LIMIT
    assert len(found) > 20 or "refused" in json.dumps(ENTRIES[entry]["value"])


def test_the_designs_are_of_many_kinds():
    options = [entry["options"] for entry in ENTRIES.values()]
    count = {name: Counter(str(one[name]) for one in options) for name in ("lonely_psu", "overlap", "fpc", "psu")}
    assert set(count["lonely_psu"]) == {"fail", "remove", "adjust", "average", "certainty"}
    assert set(count["overlap"]) == {"union", "pattern"}
    assert len(count["fpc"]) == 3
    assert len(count["psu"]) == 3


def test_a_design_is_drawn_again_from_its_number():
    first, again = draw_design(5, 17), draw_design(5, 17)
    assert first.options == again.options
    assert first.rows.equals(again.rows)
    assert not first.rows.equals(draw_design(5, 18).rows)


def test_a_number_that_differs_is_found(table):
    """One standard error moved by a millionth is above the limit, and none of the others is."""
    name, entry = next(iter(ENTRIES.items()))
    entry = json.loads(json.dumps(entry))
    entry["value"]["levels"]["mean"][0]["se"] *= 1 + 1e-6
    rows = table("designs")
    rows = rows[rows["design"] == entry["options"]["number"]]
    above = [one for one in compare_design(entry["options"], rows, entry["value"]) if one.relative > LIMIT]
    assert [one.what for one in above] == ["se, mean of d0"], name


def test_the_benchmark_ends_with_2_without_r(monkeypatch, capsys):
    monkeypatch.setattr(designs, "has_r", lambda: False)
    monkeypatch.setattr(sys, "argv", ["designs.py"])
    assert designs.main() == 2
    assert "survey" in capsys.readouterr().out


@pytest.mark.parametrize(("relative", "code"), [(1e-9, 0), (1e-7, 1), (float("inf"), 1)])
def test_the_benchmark_ends_with_1_above_the_limit(tmp_path, capsys, relative, code):
    drawn = [draw_design(5, 17)]
    found = [Difference(17, "se", 1.0, 1.0, relative)]
    path = tmp_path / "out" / "designs.json"
    assert designs.report(drawn, {"r": "R", "survey": "4"}, found, 1.0, path) == code
    assert json.loads(path.read_text(encoding="utf-8"))["above_limit"] == code
    assert "'number': 17" in capsys.readouterr().out
