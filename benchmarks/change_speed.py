"""Time `change` on one million answers x 20 items x 60 banks x 2 waves, the Parquet scan included.

The sampling unit is the firm (text ids, several hundred thousand of them), 5 % of the answers are missing. The file is
made from a seed; each timing runs in a fresh process, so that nothing is warm but the operating system's file cache.

Run: ``python benchmarks/change_speed.py --json build/change_speed.json``
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench_json import add_figures

ITEMS = [f"item_{number:02d}" for number in range(1, 21)]
LIMIT_SECONDS = 2.0


def make_answers(path: Path, rows: int, seed: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(seed)
    firms = rows * 2 // 5
    firm = rng.integers(0, firms, rows)
    stratum_of_firm = rng.integers(0, 9, firms)
    wave = rng.integers(0, 2, rows)
    bank = rng.integers(0, 60, rows)
    columns = {
        "firm": pa.array([f"E{number:07d}" for number in firm]),
        "bank": pa.array(np.array([f"bank_{number:02d}" for number in range(60)])[bank]),
        "wave": pa.array(np.array(["baseline", "endline"])[wave]),
        "stratum": pa.array(np.array([f"s{number}" for number in range(9)])[stratum_of_firm[firm]]),
        "weight": pa.array(np.round(1 + 4 * rng.random(firms), 3)[firm]),
    }
    liking = rng.normal(size=firms)[firm] + 0.2 * wave
    for item in ITEMS:
        value = np.clip(np.rint(3.3 + 0.6 * liking + rng.normal(size=rows)), 1, 5)
        columns[item] = pa.array(value.astype(np.int8), mask=rng.random(rows) < 0.05)
    pq.write_table(pa.table(columns), path)


def time_once(path: Path) -> dict[str, float | str]:
    """Scan the file and estimate every change; seconds, peak memory, and a digest of the result."""
    from hashlib import sha256

    import pyarrow.parquet as pq

    from evaltools.stats import Design, change

    design = Design(weight="weight", stratum="stratum", psu="firm")
    start, processor = time.perf_counter(), time.process_time()
    table = pq.read_table(path)
    scanned = time.perf_counter()
    result = change(table, ITEMS, by="bank", wave="wave", design=design)
    done = time.perf_counter()
    spent = time.process_time() - processor
    numbers = result.select_dtypes("number").to_numpy(dtype=np.float64)
    return {
        "seconds": done - start,
        "cpu_seconds": spent,
        "scan_seconds": scanned - start,
        "peak_mb": _peak_mb(),
        "rows": len(result),
        "sha256": sha256(numbers.tobytes()).hexdigest(),
    }


def _peak_mb() -> float:
    if sys.platform == "win32":
        return float("nan")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 1024), 1)


def time_fresh(rows: int, seed: int, repeat: int) -> dict[str, object]:
    """Make the file and time `repeat` fresh processes on it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.parquet"
        make_answers(path, rows, seed)
        command = [sys.executable, str(Path(__file__).resolve()), "--once", str(path)]
        runs = [
            json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            for _ in range(repeat)
        ]
        size = path.stat().st_size
    return {
        "rows": rows,
        "items": len(ITEMS),
        "seed": seed,
        "file_mb": round(size / 2**20, 1),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "seconds": min(run["seconds"] for run in runs),
        "seconds_all": [run["seconds"] for run in runs],
        "cpu_seconds": min(run["cpu_seconds"] for run in runs),
        "scan_seconds": min(run["scan_seconds"] for run in runs),
        "peak_mb": max(run["peak_mb"] for run in runs),
        "same_bits": len({run["sha256"] for run in runs}) == 1,
        "limit_seconds": LIMIT_SECONDS,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=20221130)
    parser.add_argument("--repeat", type=int, default=3, help="fresh processes to time")
    parser.add_argument("--json", type=Path, help="write the result to this file")
    parser.add_argument("--bench", type=Path, help="add the figures to this bench.json")
    parser.add_argument("--once", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.once:
        print(json.dumps(time_once(chosen.once)))
        return
    result = time_fresh(chosen.rows, chosen.seed, chosen.repeat)
    print(
        f"change: {result['seconds']:.2f} s (scan {result['scan_seconds']:.2f} s, limit {LIMIT_SECONDS} s), "
        f"{result['cpu_seconds']:.2f} s of processor, peak {result['peak_mb']} MB, "
        f"same bits on every run: {result['same_bits']}"
    )
    if chosen.json:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if chosen.bench:
        figures = {name: result[name] for name in ("seconds", "cpu_seconds", "scan_seconds", "peak_mb")}
        add_figures(chosen.bench, "change", {**figures, "over_scan": result["seconds"] / result["scan_seconds"]})
    if result["seconds"] > LIMIT_SECONDS or not result["same_bits"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
