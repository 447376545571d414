"""Time the reading of files the safe way, beside pandas on the same files in the same run.

An .xlsx of 200,000 rows x 100 columns beside ``pandas.read_excel`` with openpyxl; a csv of a million rows x 20 columns
beside ``pandas.read_csv``; and the ingest of 20,000 rows of 问卷星, from the raw file to the store. The files are made
from a seed. Each timing runs in a fresh process, of which the memory is sampled, that of its children included.

Run: ``python benchmarks/reading_speed.py --json build/reading_speed.json``
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
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench_json import add_figures
from reading_files import make_campaign, make_csv, make_workbook

COLUMNS = 100
LEAST_RATIO = 5.0
MOST_CSV_MB = 1200.0
SAMPLE_SECONDS = 0.02
Figures = dict[str, float]


def read_xlsx(path: Path) -> Figures:
    """Read a workbook the whole way: container, count, reading process, cells; then as a frame."""
    from evaltools.survey.readers import RawFile, read_files

    started = time.perf_counter()
    (file,) = read_files([path])
    if not isinstance(file, RawFile):
        raise file
    frame = file.tables[0].rows
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "rows": len(frame), "filled": int(frame.notna().sum().sum())}


def read_xlsx_by_pandas(path: Path) -> Figures:
    """Read the same workbook with pandas and openpyxl."""
    import pandas as pd

    started = time.perf_counter()
    frame = pd.read_excel(path, engine="openpyxl")
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "rows": len(frame), "filled": int(frame.notna().sum().sum())}


def read_csv(path: Path) -> Figures:
    """Read a csv the whole way; its cells stay coded."""
    from evaltools.survey.readers import RawFile, read_files

    started = time.perf_counter()
    (file,) = read_files([path])
    if not isinstance(file, RawFile):
        raise file
    seconds = time.perf_counter() - started
    (table,) = file.tables
    filled = sum(len(cells) - cells.codes.count(0) for cells in table.values)  # noqa: PD011 - not a frame
    return {"seconds": seconds, "rows": table.n_rows, "filled": filled}


def read_csv_by_pandas(path: Path) -> Figures:
    """Read the same csv with pandas; text stays text, as it does here."""
    import pandas as pd

    started = time.perf_counter()
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "rows": len(frame), "filled": int((frame != "").sum().sum())}


def ingest_campaign(folder: Path) -> Figures:
    """Bring a campaign's raw file into its store: reading, matching, checks, pseudonyms, Delta tables."""
    from evaltools.config import read_config
    from evaltools.survey.ingest import ingest

    config = read_config(folder)
    started = time.perf_counter()
    result = ingest(folder, config)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "rows": sum(one.n_read for one in result.files)}


TIMED: dict[str, Callable[[Path], Figures]] = {
    one.__name__: one for one in (read_xlsx, read_xlsx_by_pandas, read_csv, read_csv_by_pandas, ingest_campaign)
}


def time_fresh(name: str, path: Path) -> Figures:
    """Time one of `TIMED` in a fresh process; `peak_mb` is the most that it and its children held at one moment."""
    import psutil

    command = [sys.executable, str(Path(__file__).resolve()), "--once", name, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        watched, peak = psutil.Process(process.pid), 0
        while process.poll() is None:
            try:
                family = (watched, *watched.children(recursive=True))
                peak = max(peak, sum(one.memory_info().rss for one in family))
            except psutil.NoSuchProcess:
                continue
            time.sleep(SAMPLE_SECONDS)
        answer = process.communicate()[0]
    if process.returncode:
        raise SystemExit(f"{name} ended with {process.returncode}")
    figures: Figures = json.loads(answer)
    print(f"  {name}: {figures['seconds']:.1f} s, peak {peak / 2**20:.0f} MB", flush=True)
    return {**figures, "peak_mb": round(peak / 2**20, 1)}


def compare(kind: str, path: Path) -> dict[str, Any]:
    """Time our reader and its peer on a file; both must find the same rows and as many filled cells."""
    ours, peer = time_fresh(f"read_{kind}", path), time_fresh(f"read_{kind}_by_pandas", path)
    return {
        "file_mb": round(path.stat().st_size / 2**20, 1),
        "rows": ours["rows"],
        "filled": ours["filled"],
        "same_cells": (ours["rows"], ours["filled"]) == (peer["rows"], peer["filled"]),
        "seconds": ours["seconds"],
        "cpu_seconds": ours["cpu_seconds"],
        "peak_mb": ours["peak_mb"],
        "peer_seconds": peer["seconds"],
        "peer_cpu_seconds": peer["cpu_seconds"],
        "peer_peak_mb": peer["peak_mb"],
        "ratio": peer["seconds"] / ours["seconds"],
        "rows_per_second": ours["rows"] / ours["seconds"],
    }


def measure(chosen: argparse.Namespace) -> dict[str, Any]:
    """Make the files that are asked for, and time them."""
    result: dict[str, Any] = {"seed": chosen.seed, "cpus": os.cpu_count(), "python": platform.python_version()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if chosen.rows:
            print(f"xlsx, {chosen.rows} rows x {COLUMNS} columns", flush=True)
            make_workbook(folder / "wide.xlsx", chosen.rows, COLUMNS, chosen.seed)
            result["xlsx"] = compare("xlsx", folder / "wide.xlsx")
        if chosen.csv_rows:
            print(f"csv, {chosen.csv_rows} rows x 20 columns", flush=True)
            make_csv(folder / "long.csv", chosen.csv_rows, chosen.seed)
            result["csv"] = compare("csv", folder / "long.csv")
        if chosen.ingest_rows:
            print(f"ingest, {chosen.ingest_rows} rows of 问卷星", flush=True)
            make_campaign(folder / "campaign", chosen.ingest_rows, chosen.seed)
            ingested = time_fresh("ingest_campaign", folder / "campaign")
            result["ingest"] = {**ingested, "rows_per_second": ingested["rows"] / ingested["seconds"]}
    return result


def keep(path: Path, result: dict[str, Any]) -> None:
    """Add the figures to `bench.json`: reading_xlsx_seconds, reading_csv_peak_mb, ingest_rows_per_second ..."""
    names = ("seconds", "cpu_seconds", "peak_mb", "peer_seconds", "peer_cpu_seconds", "peer_peak_mb", "ratio")
    for kind in ("xlsx", "csv"):
        if kind in result:
            add_figures(path, f"reading_{kind}", {name: result[kind][name] for name in (*names, "rows_per_second")})
    if "ingest" in result:
        add_figures(path, "ingest", {name: result["ingest"][name] for name in (*names[:3], "rows_per_second")})


def is_good(result: dict[str, Any]) -> bool:
    """Say whether nothing was lost, the workbook was read fast enough, and the csv in little memory."""
    xlsx, csv = result.get("xlsx"), result.get("csv")
    return (xlsx is None or (xlsx["same_cells"] and xlsx["ratio"] >= LEAST_RATIO)) and (
        csv is None or (csv["same_cells"] and csv["peak_mb"] <= MOST_CSV_MB)
    )


def spent_cpu() -> float:
    """Return the processor time of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000, help="of the workbook; 0 leaves it out")
    parser.add_argument("--csv-rows", type=int, default=1_000_000, help="0 leaves the csv out")
    parser.add_argument("--ingest-rows", type=int, default=20_000, help="0 leaves the ingest out")
    parser.add_argument("--seed", type=int, default=20221130)
    parser.add_argument("--json", type=Path, help="write the result to this file")
    parser.add_argument("--bench", type=Path, help="add the figures to this bench.json")
    parser.add_argument("--once", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.once:
        before = spent_cpu()
        figures = TIMED[chosen.once[0]](Path(chosen.once[1]))
        print(json.dumps({**figures, "cpu_seconds": spent_cpu() - before}))
        return
    result = measure(chosen)
    print(json.dumps(result, indent=1))
    if chosen.json:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if chosen.bench:
        keep(chosen.bench, result)
    if not is_good(result):
        sys.exit(1)


if __name__ == "__main__":
    main()
