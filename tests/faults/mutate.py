"""Read a hundred thousand damaged files: each must be read whole, refused with a reason, or go to quarantine.

    python tests/faults/mutate.py --n 100000 --json F                    the readers
    python tests/faults/mutate.py --n 2000 --through ingest --json F     the command line, into a store

Ends with 0 only if every file ended in 0 (still valid, every row accounted for), 4 or 5, without a traceback, in
bounded memory, and every bomb was refused in time. What failed is kept under build/faults/. The last line is the
summary.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "benchmarks")]

import seeds  # noqa: E402
from bombs import BOMBS  # noqa: E402
from light import is_harmless, set_off  # noqa: E402
from mutations import mutate  # noqa: E402
from through import Outcome, ingest_file, read_batch  # noqa: E402

KEPT = HERE.parents[1] / "build" / "faults"
GOOD = (0, 4, 5)
MOST_MEGABYTES = 2560
BATCH = 100


def mutants(numbers: range, seed: int, through: str) -> Iterator[tuple[int, seeds.Seed, bytes]]:
    """Yield each mutant with its number; a number gives the same mutant on every machine."""
    good = seeds.for_ingest() if through == "ingest" else seeds.for_readers()
    for number in numbers:
        draw = Random(f"{seed}/{number}")
        origin = draw.choice(good)
        yield number, origin, mutate(origin.content, draw)


def run_share(numbers: range, seed: int, through: str) -> dict[str, Any]:
    """Try a share of the mutants in this process."""
    warnings.simplefilter("error")
    exits: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    bad: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for number, origin, content, outcome in _outcomes(Path(folder), numbers, seed, through):
            exits[str(outcome.exit_code)] += 1
            codes.update(outcome.codes)
            if outcome.exit_code not in GOOD or outcome.fault:
                KEPT.mkdir(parents=True, exist_ok=True)
                kept = KEPT / f"{through}-{seed}-{number}-{origin.file}"
                kept.write_bytes(content)
                bad.append({"file": kept.name, "exit": outcome.exit_code, "fault": outcome.fault})
    return {"exits": exits, "codes": codes, "bad": bad, "megabytes": _most_memory()}


def _outcomes(
    folder: Path, numbers: range, seed: int, through: str
) -> Iterator[tuple[int, seeds.Seed, bytes, Outcome]]:
    waiting: list[tuple[int, seeds.Seed, bytes]] = []
    for entry in mutants(numbers, seed, through):
        if through == "ingest":
            yield *entry, ingest_file(folder, entry[1], entry[2])
            continue
        waiting.append(entry)
        if len(waiting) == BATCH or entry[0] == numbers[-1]:
            files = [(f"{number}-{origin.file}", content) for number, origin, content in waiting]
            for one, outcome in zip(waiting, read_batch(folder, files), strict=True):
                yield *one, outcome
            waiting = []


def _most_memory() -> float:
    try:
        import resource
    except ImportError:  # Windows keeps no such record
        return 0.0
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / unit


def run(n: int, seed: int, through: str, workers: int) -> dict[str, Any]:
    """Try `n` mutants, shared out among processes; return counts and what failed."""
    size = -(-n // workers)
    shares = [range(start, min(start + size, n)) for start in range(0, n, size)]
    total: dict[str, Any] = {"exits": Counter(), "codes": Counter(), "bad": [], "megabytes": 0.0}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for part in pool.map(run_share, shares, [seed] * len(shares), [through] * len(shares)):
            total["exits"] += part["exits"]
            total["codes"] += part["codes"]
            total["bad"] += part["bad"]
            total["megabytes"] = max(total["megabytes"], part["megabytes"])
    return total


def main(arguments: list[str] | None = None) -> int:
    """Parse, try, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--through", choices=("readers", "ingest"), default="readers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--no-bombs", action="store_true", help="leave the bombs out; through the ingest there are none"
    )
    parser.add_argument("--json", type=Path)
    given = parser.parse_args(arguments)
    began = time.monotonic()
    with_bombs = given.through == "readers" and not given.no_bombs
    bombs = {name: set_off(name) for name in BOMBS} if with_bombs else {}
    total = run(given.n, given.seed, given.through, max(1, min(given.workers, given.n)))
    live = [name for name, outcome in bombs.items() if not is_harmless(outcome)]
    is_good = not total["bad"] and not live and total["megabytes"] < MOST_MEGABYTES
    report = {
        "n": given.n, "through": given.through, "seed": given.seed, "good": is_good,
        "exits": dict(sorted(total["exits"].items())), "codes": dict(total["codes"].most_common()),
        "most_megabytes": round(total["megabytes"], 1), "seconds": round(time.monotonic() - began, 1),
        "bad": total["bad"], "bombs": bombs, "bombs_not_refused": live,
    }  # fmt: skip
    if given.json:
        given.json.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for entry in total["bad"][:20]:
        print(f"build/faults/{entry['file']}: ended in {entry['exit']}: {entry['fault']}")
    for name in live:
        print(f"bomb: {name}: {bombs[name]}")
    print(_summary(report))
    return 0 if is_good else 1


def _summary(report: Mapping[str, Any]) -> str:
    exits = ", ".join(f"{count} in {code}" for code, count in report["exits"].items())
    bombs = f"{len(report['bombs']) - len(report['bombs_not_refused'])} of {len(report['bombs'])} bombs refused; "
    return (
        f"{'good' if report['good'] else 'BAD'}: {report['n']} mutants through {report['through']} ended: {exits}; "
        f"{len(report['bad'])} faults; {bombs if report['bombs'] else ''}at most {report['most_megabytes']:.0f} MB; "
        f"{report['seconds']:.0f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
