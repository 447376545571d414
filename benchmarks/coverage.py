"""How often 95 % intervals of a change hold the truth, cell by cell, for every interval that was considered.

    python benchmarks/coverage.py --reps 5000 --seed 1 --json coverage.json [--workers 2] [--every 1] [--pages]

Each cell is one kind of survey, drawn `--reps` times and estimated in one call of `change`, every repetition a domain.
Methods: "t_design" (Student's t with the degrees of freedom of the whole design, as R and svy do), "t_domain" (with
those of the domain's smaller wave), "bootstrap_t" (Rao-Wu, studentised; in a part of the cells), "auto" (what `change`
gives). Cells where the population truly changes are marked "changed" and reported, not judged. Exit 1 where "auto"
falls below 94 % in a cell, less two Monte Carlo errors, or does not lie between 94.5 and 96.5 % on average. ``--pages``
writes the figures into both methods pages.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats as sps

from evaltools.stats import Design, change
from populations import Shape, Strata, Survey, draw_surveys, named, true_change, with_change

LEVEL = 0.95
LEAST, LOWEST_MEAN, HIGHEST_MEAN = 0.94, 0.945, 0.965
SIZES = ((15, 15), (30, 30), (60, 60), (15, 60))
OVERLAPS = (0.0, 0.5, 1.0)
SHAPES: tuple[Shape, ...] = ("even", "skew", "ceiling_0.5", "ceiling_0.8")
DRAWS = 399  # bootstrap replicates of a repetition
PAGES = ("change-intervals.md", "change-intervals.zh-CN.md")
BEGIN, END = "<!-- coverage.py -->", "<!-- end -->"
FLAT = 1e-6  # a replicate whose error is below this share of the sample's has drawn equal answers only
DESIGN = Design(weight="weight", stratum="stratum", psu="psu", overlap="pattern", df="domain")
Row = dict[str, Any]
FloatArray = NDArray[np.float64]


def cells() -> Iterator[Survey]:
    """Yield every kind of survey that is judged."""
    for n, overlap, shape, cv, missing in product(SIZES, OVERLAPS, SHAPES, (0.0, 0.6), (0.0, 0.15)):
        for strata, clustering in product(("none", "county"), (0.0, 0.05)):
            yield Survey(n, overlap, shape, cv, clustering, cast("Strata", strata), missing)
        yield Survey(n, overlap, shape, cv, 0.0, "own", missing)


def changed_cells() -> Iterator[Survey]:
    """Yield surveys of an item that truly changes, with an unequal variance in its wake."""
    for n, overlap, shape, cv, clustering in product(
        (*SIZES, (60, 15)), OVERLAPS, ("skew", "ceiling_0.5"), (0.0, 0.6), (0.0, 0.05)
    ):
        yield with_change(Survey(n, overlap, cast("Shape", shape), cv, clustering, "county", 0.15))


def run_cell(task: tuple[Survey, bool, int, Sequence[int]]) -> list[Row]:
    """Draw, estimate and count one cell."""
    survey, judged, repetitions, seed = task
    rng = np.random.default_rng(seed)
    frame, truth = draw_surveys(survey, repetitions, rng), true_change(survey)
    found = change(frame, "item", by="repetition", wave="wave", design=DESIGN)
    value, se = found["change"].to_numpy(), found["se"].to_numpy()
    whole = frame["psu"].nunique() - frame["stratum"].nunique()
    limits = {
        "t_design": _t_limits(value, se, np.full(len(value), float(whole))),
        "t_domain": _t_limits(value, se, found["df"].to_numpy()),
        "auto": (found["ci_low"].to_numpy(), found["ci_high"].to_numpy()),
    }
    if judged and survey.strata == "none" and not survey.clustering and survey.missing:
        limits["bootstrap_t"] = bootstrap_t(frame, value, rng)
    return [_count(survey, judged, method, low, high, truth) for method, (low, high) in limits.items()]


def bootstrap_t(frame: pd.DataFrame, value: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return studentised bootstrap limits, resampling firms within both, baseline only, endline only.

    Source: Davison and Hinkley (1997), Bootstrap Methods and their Application, ch. 5; Rao, Wu, Yue (1992), Survey
    Methodology 18, for n - 1 of n.
    """
    first, last, weight = _as_arrays(frame)
    groups = _patterns(first, last)
    low, high = np.full((2, len(value)), np.nan)
    for place in range(len(value)):
        counts = np.zeros((DRAWS, weight.shape[1]))
        for group in groups:
            n = len(group)
            counts[:, group] = rng.multinomial(n - 1, np.full(n, 1 / n), size=DRAWS) * (n / (n - 1))
        parts = [(wave[place], weight[place] * counts) for wave in (first, last)]
        (start, start_part), (end, end_part) = (_mean(y, w) for y, w in parts)
        error = np.sqrt(np.maximum(_variance(end_part - start_part, groups, counts), 0.0))
        one = np.ones((1, weight.shape[1]))
        (m0, u0), (m1, u1) = (_mean(wave[place], weight[place] * one) for wave in (first, last))
        own = np.sqrt(np.maximum(_variance(u1 - u0, groups, one), 0.0))[0]
        varies = error > FLAT * own
        t = (end - start - (m1 - m0)[0])[varies] / error[varies]
        if own > 0 and len(t) > DRAWS // 2:
            tails = np.quantile(t, [(1 + LEVEL) / 2, (1 - LEVEL) / 2])
            low[place], high[place] = value[place] - tails * own
    return low, high


def _as_arrays(frame: pd.DataFrame) -> tuple[FloatArray, FloatArray, FloatArray]:
    unit = frame["psu"] - frame.groupby("repetition")["psu"].transform("min")
    keyed = frame.assign(unit=unit)
    tables = [keyed[keyed["wave"] == wave].pivot_table(
        index="repetition", columns="unit", values="item", dropna=False, aggfunc="first"
    ) for wave in range(2)]  # fmt: skip
    columns = sorted(set(tables[0].columns) | set(tables[1].columns))
    weight = keyed.pivot_table(index="repetition", columns="unit", values="weight", aggfunc="first")
    first, last = (table.reindex(columns=columns).to_numpy() for table in tables)
    return first, last, weight.reindex(columns=columns).to_numpy()


def _patterns(first: FloatArray, last: FloatArray) -> list[NDArray[np.int64]]:
    held = [np.isfinite(wave).any(axis=0) for wave in (first, last)]
    patterns = (held[0] & held[1], held[0] & ~held[1], ~held[0] & held[1])
    return [np.flatnonzero(pattern) for pattern in patterns if pattern.any()]


def _mean(y: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    there = np.isfinite(y)
    held, safe = np.where(there, weight, 0.0), np.where(there, y, 0.0)
    total = held.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (held * safe).sum(axis=1) / total
        return mean, held * (safe - mean[:, None]) / total[:, None]


def _variance(part: FloatArray, groups: list[NDArray[np.int64]], counts: FloatArray) -> FloatArray:
    """Return the variance of the sum of contributions; drawn twice is two units of the same value."""
    variance = np.zeros(len(part))
    for group in groups:
        n, drawn = len(group), np.where(counts[:, group] > 0, counts[:, group], 1.0)
        inside = part[:, group]
        variance += n / (n - 1) * ((inside**2 / drawn).sum(axis=1) - inside.sum(axis=1) ** 2 / n)
    return variance


def _t_limits(value: FloatArray, se: FloatArray, df: FloatArray) -> tuple[FloatArray, FloatArray]:
    with np.errstate(invalid="ignore"):
        reach = sps.t.ppf((1 + LEVEL) / 2, np.where(df > 0, df, np.nan)) * np.where(se > 0, se, np.nan)
    return value - reach, value + reach


def _count(survey: Survey, judged: bool, method: str, low: FloatArray, high: FloatArray, truth: float) -> Row:
    known = np.isfinite(low) & np.isfinite(high) & (high > low)
    covered = float(((low <= truth) & (truth <= high))[known].mean())
    return {
        "scenario": named(survey) + ("" if judged else " changed"),
        "n": f"{survey.n[0]}/{survey.n[1]}",
        "overlap": survey.overlap,
        "method": method,
        "coverage": covered,
        "mc_se": float(np.sqrt(covered * (1 - covered) / known.sum())),
        "width": float((high - low)[known].mean()),
        "undefined": float(1 - known.mean()),
    }


def run(repetitions: int, seed: int, workers: int, every: int) -> list[Row]:
    """Run every cell (or each `every`-th) and return its rows; a cell's draws depend on seed and cell alone."""
    every_cell = [(survey, True) for survey in cells()] + [(survey, False) for survey in changed_cells()]
    tasks = [(survey, judged, repetitions, (seed, k)) for k, (survey, judged) in enumerate(every_cell)][::every]
    if workers == 1:
        parts = [run_cell(task) for task in tasks]
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            parts = list(pool.map(run_cell, tasks, chunksize=4))
    return [row for part in parts for row in part]


def summarise(rows: Sequence[Row]) -> pd.DataFrame:
    """Return mean, least and failing cells by method, judged and changed cells apart."""
    frame = pd.DataFrame(rows)
    frame["changed"] = frame["scenario"].str.endswith(" changed")
    frame["low"] = frame["coverage"] < LEAST - 2 * frame["mc_se"]
    grouped = frame.groupby(["changed", "method"])
    return pd.DataFrame({
        "cells": grouped.size(), "mean": grouped["coverage"].mean(), "least": grouped["coverage"].min(),
        "below": grouped["low"].sum(), "width": grouped["width"].mean(), "undefined": grouped["undefined"].mean(),
    }).reset_index()  # fmt: skip


def markdown(rows: Sequence[Row]) -> str:
    """Return the tables of the methods page: each method over all cells, then by size and shape."""
    frame = pd.DataFrame(rows)
    frame = frame[~frame["scenario"].str.endswith(" changed")]
    frame["shape"] = frame["scenario"].str.extract(r"shape=(\S+)")
    whole = summarise(rows)
    lines = ["| | cells | mean | least | below 94 % | width |", "|---|---|---|---|---|---|"]
    for row in whole.to_dict("records"):
        kind = f"`{row['method']}`{' changed' if row['changed'] else ''}"
        figures = f"{row['mean']:.1%} | {row['least']:.1%} | {row['below']} | {row['width']:.2f}"
        lines.append(f"| {kind} | {row['cells']} | {figures} |")
    shapes = list(frame["shape"].unique())
    lines += ["", "| n | | " + " | ".join(f"`{shape}`" for shape in shapes) + " |", "|---|---|" + "---|" * len(shapes)]
    for (n, method), part in frame[frame["method"].isin(["auto", "t_domain"])].groupby(["n", "method"], sort=False):
        found = part.groupby("shape")["coverage"].agg(["mean", "min"])
        cells = [f"{found.loc[shape, 'mean']:.1%} ({found.loc[shape, 'min']:.1%})" for shape in shapes]
        lines.append(f"| {n} | `{method}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def write_pages(rows: Sequence[Row]) -> None:
    """Put the tables between the two marks of each methods page."""
    for name in PAGES:
        path = Path(__file__).resolve().parents[1] / "docs" / "methods" / name
        text = path.read_text(encoding="utf-8")
        head, _, rest = text.partition(BEGIN)
        _, mark, tail = rest.partition(END)
        if not mark:
            raise SystemExit(f"{path}: the marks for the tables are missing")
        path.write_text(f"{head}{BEGIN}\n\n{markdown(rows)}\n\n{END}{tail}", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, run, write, print; 1 where the chosen interval does not keep its word."""
    parser = argparse.ArgumentParser(description="Coverage of the intervals of a change.")
    parser.add_argument("--reps", type=int, default=5000, help="repetitions of each cell (default 5000)")
    parser.add_argument("--seed", type=int, default=20221130)
    parser.add_argument("--json", type=Path, required=True, help="file to write the rows to")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--every", type=int, default=1, help="only each k-th cell")
    parser.add_argument("--pages", action="store_true", help="write the tables into docs/methods")
    given = parser.parse_args(arguments)
    begun = time.perf_counter()
    rows = run(given.reps, given.seed, given.workers, given.every)
    given.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    if given.pages:
        write_pages(rows)
    summary = summarise(rows)
    print(summary.round(4).to_string(index=False))
    chosen = summary[~summary["changed"] & (summary["method"] == "auto")].iloc[0]
    print(f"{time.perf_counter() - begun:.0f} s")
    return 0 if chosen["below"] == 0 and LOWEST_MEAN <= chosen["mean"] <= HIGHEST_MEAN else 1


if __name__ == "__main__":
    sys.exit(main())
