"""One run of `change`, of svy, or of the bare scan on a file of answers, in a process of its own.

Run: ``python benchmarks/change_runs.py {change,svy,scan} FILE [--items 20]``; prints JSON. Seconds count from the
opening of the file to the last number; imports come before.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from change_answers import BANKS, ITEMS, WAVES

Run = dict[str, Any]


def run_change(path: Path, items: list[str]) -> Run:
    """Read the file and estimate every change."""
    import pyarrow.dataset  # noqa: F401  read_table loads it on its first call
    import pyarrow.parquet as pq

    from evaltools.stats import Design, change

    design = Design(weight="weight", stratum="stratum", psu="firm")
    watch = Watch()
    table = pq.read_table(path, read_dictionary=["bank", "wave", "stratum"], pre_buffer=False)
    result = change(table, items, by="bank", wave="wave", design=design)
    spent = watch.read()
    numbers = result.select_dtypes("number").to_numpy(dtype=np.float64)
    held = {
        f"{item}/{bank}": [estimate, se]
        for item, bank, estimate, se in zip(result["item"], result["bank"], result["change"], result["se"], strict=True)
    }
    return {**spent, "sha256": sha256(numbers.tobytes()).hexdigest(), "changes": held}


def run_svy(path: Path, items: list[str]) -> Run:
    """Do the same with svy, as its own guide says: means of all domains, then contrasts with their covariance.

    svy has no call for several items by domains at once, so the time of an item is told apart from that of the file.
    """
    import svy

    watch = Watch()
    data = svy.read_parquet(path)
    sample = svy.Sample(data, svy.Design(stratum="stratum", psu="firm", wgt="weight"))
    opened = watch.read()["seconds"]
    before, after = WAVES
    differences = {bank: svy.estd(bank, after) - svy.estd(bank, before) for bank in BANKS}
    held = {}
    for item in items:
        means = sample.estimation.mean(item, by=("bank", "wave"), drop_nulls=True)
        table = means.contrast(differences).to_polars()
        for bank, estimate, se in zip(table["contrast"], table["est"], table["se"], strict=True):
            held[f"{item}/{bank}"] = [estimate, se]
    spent = watch.read()
    every = opened + (spent["seconds"] - opened) * len(ITEMS) / len(items)
    return {**spent, "seconds_of_all_items": every, "items_timed": len(items), "changes": held}


def run_scan(path: Path, items: list[str]) -> Run:
    """Only read the file, every column as it comes."""
    import pyarrow.dataset  # noqa: F401  as above
    import pyarrow.parquet as pq

    watch = Watch()
    table = pq.read_table(path, pre_buffer=False)
    return {**watch.read(), "rows": table.num_rows, "columns": len(items) + 5}


class Watch:
    """Wall and processor time since it was made, and the process's peak memory."""

    def __init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        """Return seconds, processor seconds and peak memory so far."""
        return {
            "seconds": time.perf_counter() - self._wall,
            "cpu_seconds": time.process_time() - self._processor,
            "peak_mb": _peak_mb(),
        }


def _peak_mb() -> float:
    if sys.platform == "win32":
        return float("nan")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 1024), 1)


RUNS: dict[str, Callable[[Path, list[str]], Run]] = {"change": run_change, "svy": run_svy, "scan": run_scan}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=sorted(RUNS))
    parser.add_argument("file", type=Path)
    parser.add_argument("--items", type=int, default=len(ITEMS), help="how many of the items")
    chosen = parser.parse_args()
    print(json.dumps(RUNS[chosen.what](chosen.file, ITEMS[: chosen.items])))


if __name__ == "__main__":
    main()
