"""One generated truth, written as each tool exports it, is read back: how many cells come out different, silently.

    python benchmarks/dialects.py --json F [--seeds 3]

A dialect is a tool, its options, a format and an encoding (`benchmarks/exports/`). Each file goes the way of a raw
file: container, reader by its own judgement, matching, reading of every answer. A cell is equal, or its file, column,
row or cell was refused or flagged, or it is silently different. Ends with 1 if any is silently different, or if a
reader does not know its own file.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from exports.check import read_back
from exports.registry import all_dialects
from exports.truth import Dialect, make_truth

SHOWN = 20


def try_dialect(dialect: Dialect, seeds: int) -> dict[str, Any]:
    """Read a dialect back for several draws of the truth; count its cells by what became of them."""
    cells = Counter[str](equal=0, refused=0, flagged=0, different=0)
    told: list[str] = []
    recognised = True
    for seed in range(1, seeds + 1):
        truth = make_truth(seed)
        in_row = sum(question.name not in dialect.loses for question in truth.questions)
        found = read_back(dialect, truth)
        recognised &= all(one.kind != "reader" for one in found)
        whole = any(one.row == 0 and one.kind == "refused" for one in found)
        counts = Counter(one.kind for one in found if one.question)
        cells["refused"] += in_row * len(truth.rows) if whole else 0
        cells["flagged"] += counts["flagged"]
        cells["different"] += counts["different"] + sum(one.kind == "different" and not one.question for one in found)
        cells["equal"] += 0 if whole else in_row * len(truth.rows) - counts.total()
        told += [str(one) for one in found]
    return {"name": dialect.name, "recognised": recognised, "cells": dict(cells), "differences": told[:SHOWN]}


def main(arguments: list[str] | None = None) -> int:
    """Write, read back, compare, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--seeds", type=int, default=3, help="draws of the truth for each dialect")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args(arguments)
    began = time.monotonic()
    entries = [try_dialect(dialect, given.seeds) for dialect in all_dialects()]
    totals = Counter[str]()
    for entry in entries:
        totals.update(entry["cells"])
    report: dict[str, Any] = {
        "dialects": len(entries), "tools": len({entry["name"].split("/")[0] for entry in entries}),
        "cells": dict(totals), "silently_different": totals["different"],
        "not_recognised": [entry["name"] for entry in entries if not entry["recognised"]],
        "seconds": round(time.monotonic() - began, 1), "entries": entries,
    }  # fmt: skip
    if given.json:
        given.json.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for entry in entries:
        for line in entry["differences"][:5]:
            print(f"{entry['name']}: {line}")
    print(
        f"{report['dialects']} dialects of {report['tools']} tools, {sum(totals.values())} cells: "
        f"{totals['equal']} equal, {totals['refused']} in files refused, {totals['flagged']} flagged, "
        f"{totals['different']} silently different; "
        f"{len(report['not_recognised'])} files not recognised; {report['seconds']} s"
    )
    return 1 if totals["different"] or report["not_recognised"] else 0


if __name__ == "__main__":
    sys.exit(main())
