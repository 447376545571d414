"""Hold `estimate` and `change` against R survey on random designs.

Strata with one unit under every option, one and two stages, population counts, weights (also zeros and small ones),
domains that cross units, missing answers, waves that overlap in part, strata split by overlap, both rules for df.

Run: ``python benchmarks/designs.py --n 500 --json build/designs.json``
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from designs_draw import Drawn, draw_design
from evaltools.errors import DesignError
from evaltools.stats import Design, change, combine, estimate, estimate_change

HERE = Path(__file__).resolve().parent
LIMIT = 1e-8
ITEMS: dict[str, tuple[Any, str]] = {
    "mean": ("y", "mean"), "total": ("y", "total"), "share": ("b", "mean"), "ratio": (("y", "x"), "ratio"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """One number here and in R: which, of which design, and how far apart, relative to its size."""

    design: int
    what: str
    here: float
    there: float
    relative: float


def describe(options: dict[str, Any]) -> Design:
    """Return the Design that options of a drawn design stand for."""
    names = ("weight", "stratum", "lonely_psu", "overlap", "df")
    columns = {name: tuple(options[name]) if options[name] else None for name in ("psu", "fpc")}
    return Design(**{name: options[name] for name in names}, **columns)


def compare_design(options: dict[str, Any], rows: pd.DataFrame, value: dict[str, Any]) -> Iterator[Difference]:
    """Yield every number of one design beside R's."""
    yield from compare_levels(options, rows, value)
    yield from compare_changes(options, rows, value)


def compare_levels(options: dict[str, Any], rows: pd.DataFrame, value: dict[str, Any]) -> Iterator[Difference]:
    design, number, levels = describe(options), options["number"], value["levels"]
    if "refused" in levels:
        yield refusal(number, "levels", levels["refused"], lambda: estimate(rows, "y", "domain", design))
        return
    for stat, (item, kind) in ITEMS.items():
        got = estimate(rows, [item], "domain", design, stat=kind)
        for row, there in zip(got.to_dict("records"), levels[stat], strict=True):
            what = f"{stat} of {row['domain']}"
            yield difference(number, f"n, {what}", row["n"], there["n"])
            if there["n"] == 0:
                continue
            size = _size(rows, item, kind)
            yield difference(number, f"estimate, {what}", row["estimate"], there["estimate"], size)
            yield difference(number, f"se, {what}", row["se"], there["se"], 1e-6 * size)
            # of one answer, or of equal ones, R divides rounding by rounding
            if there["n"] > 1 and (there["se"] or 0.0) > 1e-9 * size:
                yield difference(number, f"deff, {what}", row["deff"], there["deff"])
            df = value["df"] if design.df == "design" else there["df"]
            yield difference(number, f"df, {what}", row["df"], df)
        if stat == "share":
            yield from compare_intervals(design, number, rows, levels[stat])


def compare_intervals(
    design: Design, number: int, rows: pd.DataFrame, levels: Sequence[dict[str, Any]]
) -> Iterator[Difference]:
    for ours, theirs in (("logit", "xlogit"), ("beta", "beta")):
        got = estimate(rows, ["b"], "domain", design, ci=ours)
        for row, there in zip(got.to_dict("records"), levels, strict=True):
            # where all answers agree R has no limits of either kind
            if theirs in there and (there["se"] or 0.0) > 1e-9:
                for end, limit in zip(("ci_low", "ci_high"), there[theirs], strict=True):
                    yield difference(number, f"{end} ({ours}), share of {row['domain']}", row[end], limit, 1e-3)


def compare_changes(options: dict[str, Any], rows: pd.DataFrame, value: dict[str, Any]) -> Iterator[Difference]:
    design, number, changes = describe(options), options["number"], value["changes"]
    waves = tuple(options["waves"])
    if "refused" in changes:
        yield refusal(
            number, "changes", changes["refused"], lambda: change(rows, "y", "domain", "wave", design, waves=waves)
        )
        return
    for stat, (item, kind) in ITEMS.items():
        got = estimate_change(rows, [item], "domain", "wave", design, waves=waves, stat=kind)
        there = {name: _numbers(part) for name, part in changes[stat].items()}
        position = [options["domains"].index(label) for label in got.domains["domain"]]
        size = _size(rows, item, kind)
        for name in ("baseline", "endline"):
            yield from differences(number, f"{name}, {stat}", getattr(got, name)[:, 0], there[name][position], size)
        both = np.isfinite(there["baseline"]) & np.isfinite(there["endline"])
        error = np.where(both, np.sqrt(np.maximum(np.diag(np.atleast_2d(there["covariance"])), 0.0)), np.nan)[position]
        yield from differences(number, f"se of change, {stat}", got.se[:, 0], error, 1e-6 * size)
        if design.df == "design":
            yield from differences(number, f"df of change, {stat}", got.df[both[position], 0],
                                   np.full(np.count_nonzero(both[position]), float(value["df_change"])))  # fmt: skip
        if got.influence is not None:
            covariance = combine(got, np.ones(got.change.shape)).covariance
            expected = np.atleast_2d(there["covariance"])[np.ix_(position, position)]
            least = np.maximum(error, 1e-6 * size)
            scale = np.outer(least, least)
            for k, j in zip(*np.triu_indices(len(position), 1), strict=True):
                if np.isfinite(scale[k, j]):
                    what = f"covariance {k}-{j} of change, {stat}"
                    yield difference(number, what, covariance[k, j], expected[k, j], scale[k, j])


def difference(number: int, what: str, here: object, there: object, floor: float = 0.0) -> Difference:
    """Return one number beside R's, relative to R's or to `floor` if that is larger; NaN equals null only."""
    a = float("nan") if here is None else float(here)  # type: ignore[arg-type]
    b = float("nan") if there is None else float(there)  # type: ignore[arg-type]
    if np.isnan(a) or np.isnan(b):
        return Difference(number, what, a, b, 0.0 if np.isnan(a) and np.isnan(b) else float("inf"))
    return Difference(number, what, a, b, abs(a - b) / max(abs(b), floor, 1e-300))


def differences(number: int, what: str, here: Any, there: Any, floor: float = 0.0) -> Iterator[Difference]:
    for place, (a, b) in enumerate(zip(here, there, strict=True)):
        yield difference(number, f"{what} [{place}]", a, b, floor)


def refusal(number: int, what: str, reason: str, call: Any) -> Difference:
    """Return a difference of 0 where both refuse the design, of infinity where R alone does."""
    try:
        call()
    except DesignError as error:
        return Difference(number, f"{what}: {error.code}", float("nan"), float("nan"), 0.0)
    return Difference(number, f"{what}: only R refuses, {reason}", 0.0, float("nan"), float("inf"))


def run_r(drawn: Sequence[Drawn], folder: Path) -> dict[str, Any]:
    """Write the designs to a folder, run R on all of them at once, and return what it found."""
    pd.concat([part.rows for part in drawn]).to_csv(folder / "data.csv", index=False, float_format="%.17g")
    (folder / "designs.json").write_text(json.dumps([part.options for part in drawn]), encoding="utf-8")
    subprocess.run(["Rscript", "--vanilla", str(HERE / "designs.R"), str(folder)], check=True)
    found: dict[str, Any] = json.loads((folder / "values.json").read_text(encoding="utf-8"))
    return found


def has_r() -> bool:
    """Return whether R with the packages that designs.R needs is installed."""
    if shutil.which("Rscript") is None:
        return False
    check = "q(status = !all(sapply(c('survey', 'jsonlite'), requireNamespace, quietly = TRUE)))"
    return subprocess.run(["Rscript", "--vanilla", "-e", check], check=False, capture_output=True).returncode == 0


def _numbers(part: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.atleast_1d(np.array(part, dtype=np.float64))


def _size(rows: pd.DataFrame, item: Any, kind: str) -> float:
    """Return the size of a statistic whose own value may be near 0: that of its answers."""
    if kind == "ratio":
        return float(rows[item[0]].abs().mean() / rows[item[1]].mean())
    size = float(rows[item].abs().mean())
    return size * len(rows) if kind == "total" else size


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=500, help="designs to draw")
    parser.add_argument("--seed", type=int, default=20221130)
    parser.add_argument("--json", type=Path, help="write the result to this file")
    parser.add_argument("--keep", type=Path, help="keep data.csv, designs.json and values.json in this folder")
    chosen = parser.parse_args()
    if not has_r():
        print("R with the packages survey and jsonlite is needed (Debian: r-cran-survey r-cran-jsonlite)")
        return 2
    start = time.perf_counter()
    drawn = [draw_design(chosen.seed, number) for number in range(1, chosen.n + 1)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        found = run_r(drawn, folder)
    compared = [
        one
        for part, value in zip(drawn, found["values"], strict=True)
        for one in compare_design(part.options, part.rows, value)
    ]
    return report(drawn, found, compared, time.perf_counter() - start, chosen.json)


def report(
    drawn: Sequence[Drawn], found: dict[str, Any], compared: Sequence[Difference], seconds: float, path: Path | None
) -> int:
    """Print and write the worst differences; return the exit code."""
    worst = sorted(compared, key=lambda one: -one.relative)
    options = {part.number: part.options for part in drawn}
    above = [one for one in worst if one.relative > LIMIT]
    print(f"{found['r']}, survey {found['survey']}: {len(drawn)} designs, {len(compared)} numbers, {seconds:.0f} s")
    for one in worst[:1] if not above else above[:10]:
        print(f"{one.relative:.2e}  {one.what}: here {one.here:.17g}, R {one.there:.17g}")
        print(f"          {options[one.design]}")
    if path:
        largest = float(worst[0].relative)  # infinite where only one of the two has a number
        result = {
            "r": found["r"], "survey": found["survey"], "designs": len(drawn), "numbers": len(compared),
            "limit": LIMIT, "above_limit": len(above), "worst": largest if np.isfinite(largest) else None,
            "worst_number": worst[0].what, "worst_design": options[worst[0].design], "seconds": round(seconds, 1),
        }  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 1 if above else 0


if __name__ == "__main__":
    sys.exit(main())
