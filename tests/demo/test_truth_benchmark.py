import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def benchmark():
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "truth.py"
    spec = importlib.util.spec_from_file_location("truth_benchmark", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _row(seed, bank, change, low, high, truth, verdict="no_detectable_change", **more):
    return {
        "seed": seed, "road": "memory", "bank": bank, "passed": verdict != "too_few_data", "verdict": verdict,
        "truth": truth, "change": change, "se": 1.0, "df": 10.0, "ci_low": low, "ci_high": high, **more,
    }  # fmt: skip


def test_summary_by_hand(benchmark):
    """Two banks, two seeds; one interval of four misses, one verdict is false, one bank never passes."""
    rows = pd.DataFrame(
        [
            _row(1, "a", 1.0, -1.0, 3.0, 0.0),
            _row(1, "b", 5.0, 2.0, 8.0, 4.0, "improved"),
            _row(1, "c", np.nan, np.nan, np.nan, 9.0, "too_few_data"),
            _row(2, "a", 3.0, 1.0, 5.0, 0.0, "improved"),
            _row(2, "b", 3.0, 0.0, 6.0, 4.0),
            _row(2, "c", np.nan, np.nan, np.nan, 9.0, "too_few_data"),
        ]
    )
    got = benchmark.summarise(rows)
    assert got["coverage"] == 0.75
    assert got["intervals"] == 4
    assert got["mean_width"] == 5.0
    assert got["bias"] == pytest.approx((1 + 1 + 3 - 1) / 4)
    assert (got["lowest_bank"]["bank"], got["lowest_bank"]["coverage"]) == ("a", 0.5)
    assert got["false_verdict_share_of_campaigns"] == 0.5
    assert got["false_verdict_share_of_banks"] == pytest.approx(1 / 6)
    assert got["never_passed"] == ["c"]
    assert got["largest_difference_between_roads"] is None
    assert got["passed_without_interval"] == 0


def test_a_seed_in_memory_writes_its_summary(benchmark, tmp_path, capsys):
    code = benchmark.main(["--seeds", "1", "--raw-seeds", "0", "--workers", "1", "--json", str(tmp_path / "t.json")])
    result = json.loads((tmp_path / "t.json").read_text("utf-8"))
    assert code == int(result["coverage"] < 0.93)
    assert (result["seeds"], result["variant"], result["coverage_by_road"].keys()) == (1, "base", {"memory"})
    assert "guyu" in result["never_passed"]
    assert result["intervals"] >= 9
    assert f"lowest bank  {result['lowest_bank']['bank']}" in capsys.readouterr().out


def test_truth_is_taken_over_the_indicators_that_were_used(benchmark):
    """A bank without visits has other weights; its truth must not be that of the whole framework."""
    result = benchmark.score_in_memory(1, "base")
    rows = {row["bank"]: row for row in benchmark.compare(result, "base", seed=1, road="memory")}
    assert rows["chenxi"]["truth"] == rows["chenxi"]["truth_all"]
    changes = result.changes.copy()
    changes["used"] &= changes["source"] == "survey"
    partial = benchmark.compare(
        type(result)(**{name: getattr(result, name) for name in result.__slots__} | {"changes": changes}),
        "base",
        seed=1,
        road="memory",
    )
    row = next(row for row in partial if row["bank"] == "chenxi")
    assert row["truth"] != pytest.approx(row["truth_all"], abs=1e-3)


def test_roads_that_part_are_a_failure(benchmark, monkeypatch, tmp_path, capsys):
    result = {"banks": [], "lowest_bank": {"bank": "a", "coverage": 1.0}, "coverage": 1.0, "coverage_mc_error": 0.0,
              "intervals": 1, "false_verdict_share_of_campaigns": 0.0, "seconds": 0.0}  # fmt: skip
    for apart, code in ((1e-12, 0), (1e-3, 1), (None, 0), (float("nan"), 1)):
        monkeypatch.setattr(
            benchmark, "run", lambda *_, apart=apart: result | {"largest_difference_between_roads": apart}
        )
        assert benchmark.main(["--json", str(tmp_path / "t.json")]) == code
    assert "differ by 1.0e-03" in capsys.readouterr().out
