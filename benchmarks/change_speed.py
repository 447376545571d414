"""Time `change` on one million answers x 20 items x 60 banks x 2 waves, the Parquet scan included.

The sampling unit is the firm (text ids, several hundred thousand of them), 5 % of the answers are missing. The file is
made from a seed; each timing runs in a fresh process, so that nothing is warm but the operating system's file cache.

``--peer``: first svy and `change` must agree to 1e-8 in every change and standard error on 100,000 rows and all items,
then svy is timed there, and on the million rows for a few items, scaled to all. ``--large``: a larger file, time and
memory of `change` alone.

Run: ``python benchmarks/change_speed.py --peer --large 10000000 --json build/change_speed.json``
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench_json import add_figures
from change_answers import ITEMS, make_answers

LIMIT_SECONDS = 2.0
AGREE = 1e-8
PEER_ROWS = 100_000
PEER_ITEMS = 2

Run = dict[str, Any]


def run_fresh(what: str, path: Path, items: int = len(ITEMS)) -> Run:
    """Run `change_runs.py` in a process of its own."""
    program = Path(__file__).resolve().with_name("change_runs.py")
    command = [sys.executable, str(program), what, str(path), "--items", str(items)]
    found: Run = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def time_change(path: Path, repeat: int) -> Run:
    """Time the scan and `change` in turn; the fastest of each, the largest memory."""
    scans, runs = [], []
    for _ in range(repeat):
        scans.append(run_fresh("scan", path))
        runs.append(run_fresh("change", path))
    seconds = min(run["seconds"] for run in runs)
    scan_seconds = min(run["seconds"] for run in scans)
    return {
        "seconds": seconds,
        "seconds_all": [run["seconds"] for run in runs],
        "cpu_seconds": min(run["cpu_seconds"] for run in runs),
        "scan_seconds": scan_seconds,
        "over_scan": seconds / scan_seconds,
        "peak_mb": max(run["peak_mb"] for run in runs),
        "same_bits": len({run["sha256"] for run in runs}) == 1,
        "changes": runs[0]["changes"],
    }


def largest_difference(ours: Run, theirs: Run) -> float:
    """Return the largest relative difference between changes and standard errors of the same item and bank."""
    largest = 0.0
    for name, numbers in theirs["changes"].items():
        for mine, other in zip(ours["changes"][name], numbers, strict=True):
            largest = max(largest, abs(mine - other) / max(abs(other), 1e-12))
    return largest


def compare_with_svy(small: Path, path: Path, ours: Run, repeat: int) -> Run:
    """Hold both against each other on the small file, all items; only then time `change` there, svy on the other."""
    theirs_small = run_fresh("svy", small)
    check = largest_difference(run_fresh("change", small), theirs_small)
    if not check <= AGREE:
        sys.exit(f"change and svy differ by {check:.1e}")
    at_small = time_change(small, repeat)
    theirs = run_fresh("svy", path, PEER_ITEMS)
    return {
        "largest_difference": max(check, largest_difference(ours, theirs)),
        "svy_100k_seconds": theirs_small["seconds_of_all_items"],
        "100k_seconds": at_small["seconds"],
        "100k_speedup_over_svy": theirs_small["seconds_of_all_items"] / at_small["seconds"],
        "svy_seconds": theirs["seconds_of_all_items"],
        "svy_items_timed": theirs["items_timed"],
        "svy_peak_mb": theirs["peak_mb"],
        "speedup_over_svy": theirs["seconds_of_all_items"] / ours["seconds"],
    }


def measure(rows: int, large: int, seed: int, repeat: int, *, peer: bool) -> Run:
    """Make the files and time everything that was asked for."""
    with tempfile.TemporaryDirectory() as folder:
        path, small, big = (Path(folder) / name for name in ("answers.parquet", "small.parquet", "big.parquet"))
        make_answers(path, rows, seed)
        found = time_change(path, repeat)
        found["file_mb"] = round(path.stat().st_size / 2**20, 1)
        if peer:
            make_answers(small, PEER_ROWS, seed)
            found.update(compare_with_svy(small, path, found, repeat))
        if large:
            make_answers(big, large, seed)
            name = f"{large // 1_000_000}m"
            at_large = time_change(big, repeat)
            for what in ("seconds", "cpu_seconds", "scan_seconds", "peak_mb", "same_bits"):
                found[f"{name}_{what}"] = at_large[what]
            # 1 where the cost is linear in the rows
            found[f"{name}_cost_per_row"] = at_large["cpu_seconds"] / large / (found["cpu_seconds"] / rows)
    del found["changes"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--large", type=int, default=0, help="rows of the larger file; 0: none")
    parser.add_argument("--peer", action="store_true", help="compare with svy, then time it")
    parser.add_argument("--seed", type=int, default=20221130)
    parser.add_argument("--repeat", type=int, default=3, help="fresh processes to time")
    parser.add_argument("--json", type=Path, help="write the result to this file")
    parser.add_argument("--bench", type=Path, help="add the figures to this bench.json")
    chosen = parser.parse_args()
    found = measure(chosen.rows, chosen.large, chosen.seed, chosen.repeat, peer=chosen.peer)
    for name, value in found.items():
        print(f"{name}: {value:.4g}" if isinstance(value, float) else f"{name}: {value}")
    if chosen.json:
        about = {"rows": chosen.rows, "items": len(ITEMS), "seed": chosen.seed, "limit_seconds": LIMIT_SECONDS}
        about |= {"cpus": os.cpu_count(), "python": platform.python_version()}
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(json.dumps(about | found, indent=2) + "\n", encoding="utf-8")
    if chosen.bench:
        numbers = {name: value for name, value in found.items() if type(value) in {int, float}}
        add_figures(chosen.bench, "change", numbers)
    if found["seconds"] > LIMIT_SECONDS or not found["same_bits"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
