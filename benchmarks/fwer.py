"""How often a campaign holds a false verdict, and how often a true change is found.

    python benchmarks/fwer.py --seed 1 --json fwer.json [--campaigns 3000] [--workers 2]

Twelve banks, five items, one composite: every campaign goes through `estimate_change`, `combine`, the gate's counts,
Holm and `judge_change`, as scoring does. `false_any` is the share of campaigns with a verdict "improved" or "worsened"
on a bank that did not change, or with the wrong sign; `upper95` its exact one-sided limit. `power` is the share of the
banks that truly changed and were found. `power_naive_t` and `false_any_naive_t` are those of Welch's t test on the
answers, unweighted, as if no firm had answered twice, with Holm as well: it has the more power where weights are noise,
the less in a panel, and is wrong where the endline drew the strata unevenly. Exit 1 where an `upper95` is above 6 %.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats as sps

from evaltools.scoring.changes import t_interval
from evaltools.scoring.families import adjust_holm
from evaltools.scoring.verdicts import judge_change
from evaltools.stats import Combination, Design, combine, estimate_change
from populations import Shape, Survey, draw_surveys

BANKS, AT_ONCE, ALPHA, DELTA, MOST = 12, 25, 0.05, 5.0, 0.06
ANSWERS, PSUS = 10, 8  # the gate's
SHAPES: tuple[Shape, ...] = ("ceiling_0.8", "ceiling_0.5", "ceiling_0.8", "skew", "even")
POINTS = np.array([25.0, 25.0, 25.0, 12.5, 15.0]) / len(SHAPES)  # of the composite, for one unit of each item
SHARED = 0.2  # share of a bank's firms that rate the next bank as well
DESIGN = Design(weight="weight", stratum="stratum", psu="psu", overlap="pattern", df="domain")
Row = dict[str, Any]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A kind of campaign: how each bank is surveyed, and how many of them truly change by how much."""

    name: str
    survey: Survey
    changed: int = 0
    shift: float = 0.0


def scenarios() -> list[Scenario]:
    """Return the kinds of campaign that are judged."""
    few = Survey((15, 15), 0.5, "even", weights_cv=0.6, strata="own", missing=0.1)
    kinds = {
        "15/15, half overlap": few,
        "30/30, no overlap": replace(few, n=(30, 30), overlap=0.0),
        "30/30, panel": replace(few, n=(30, 30), overlap=1.0),
        "15/60, half overlap": replace(few, n=(15, 60)),
        "60/60, half overlap, clusters": replace(few, n=(60, 60), clustering=0.05),
        "15/15, half overlap, equal weights": replace(few, weights_cv=0.0, missing=0.0),
        "60/60, no overlap, strata drawn unevenly at the endline": replace(
            few, n=(60, 60), overlap=0.0, weights_cv=0.0, drift=True
        ),
    }
    shifts = {15: 1.0, 30: 0.7, 60: 0.5}
    found = [Scenario(f"nothing changed, {name}", survey) for name, survey in kinds.items()]
    found += [Scenario(f"4 of 12 improved, {name}", survey, 4, shifts[min(survey.n)]) for name, survey in kinds.items()]
    return found


def run_batch(task: tuple[Scenario, int, Sequence[int]]) -> tuple[int, int, int, int, int]:
    """Draw and judge some campaigns.

    Returns
    -------
    counts
        Campaigns with a false verdict, the same by the t test, banks that changed, found, found by the t test.
    """
    scenario, campaigns, seed = task
    frame = draw_campaigns(scenario, campaigns, np.random.default_rng(seed))
    items = [name for name in frame if str(name).startswith("item_")]
    found = estimate_change(frame, items, by="repetition", wave="wave", design=DESIGN, waves=(0, 1))
    composite = combine(found, np.tile(POINTS, (len(found.domains), 1)))
    verdict = judge(composite, campaigns)
    naive = judge_naively(frame, items, campaigns)
    true = np.zeros((campaigns, BANKS), dtype=np.int64)
    true[:, : scenario.changed] = 1
    moved = true != 0
    false = [int(((judged != 0) & (judged != true)).any(axis=1).sum()) for judged in (verdict, naive)]
    hits = [int((judged == true)[moved].sum()) for judged in (verdict, naive)]
    return false[0], false[1], int(moved.sum()), hits[0], hits[1]


def draw_campaigns(scenario: Scenario, campaigns: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw campaigns; repetition is campaign x bank, and some firms of a bank rate the next one too."""
    parts = []
    for bank in range(BANKS):
        survey = replace(scenario.survey, shift=scenario.shift if bank < scenario.changed else 0.0)
        part = draw_surveys(survey, campaigns, rng, SHAPES)
        part["bank"] = bank
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    own_psus = frame["psu"].max() + 1
    place = frame["psu"] % (own_psus // campaigns)
    # the same firm at two banks is one PSU of one stratum; what it thinks of each is drawn apart
    pairs = (frame["bank"] + 1) // 2 if not scenario.survey.clustering else frame["bank"]
    unit = np.where(place < SHARED * min(scenario.survey.n), pairs, BANKS + frame["bank"])
    frame["psu"] = unit * own_psus + frame["psu"]
    frame["repetition"] = frame["repetition"] * BANKS + frame["bank"]
    return frame


def judge(composite: Combination, campaigns: int) -> NDArray[np.int64]:
    """Return 1 improved, -1 worsened, 0 neither, campaigns x banks."""
    low, high, p = t_interval(composite.change, composite.interval_se, composite.interval_df, level=1 - ALPHA)
    passed = np.minimum(composite.n_baseline, composite.n_endline) >= ANSWERS
    passed &= np.minimum(composite.psu_baseline, composite.psu_endline) >= PSUS
    family = np.maximum(passed.reshape(campaigns, BANKS).sum(axis=1), 1).repeat(BANKS)
    reach = sps.t.isf(ALPHA / family / 2, composite.interval_df) * composite.interval_se
    adjusted = np.concatenate([_holm(part) for part in np.where(passed, p, np.nan).reshape(campaigns, BANKS)])
    rows = pd.DataFrame({
        "change": composite.change, "se": composite.se, "df": composite.df, "ci_low": low, "ci_high": high,
        "p_holm": adjusted, "sim_low": composite.change - reach, "sim_high": composite.change + reach,
    }).to_dict("records")  # fmt: skip
    signs = {"improved": 1, "worsened": -1}
    verdicts = [judge_change({str(k): float(v) for k, v in row.items()}, alpha=ALPHA, delta=DELTA)[0] for row in rows]
    found = np.array([signs.get(verdict, 0) for verdict in verdicts], dtype=np.int64)
    return np.where(passed, found, 0).reshape(campaigns, BANKS)


def judge_naively(frame: pd.DataFrame, items: list[str], campaigns: int) -> NDArray[np.int64]:
    """Return the same from Welch's t test on the answers' own composites."""
    score = ((frame[items] - frame[items].mean()) * POINTS).sum(axis=1)  # a missing answer counts as the average one
    cells = score.groupby([frame["wave"], frame["repetition"]]).agg(["mean", "std", "count"])
    parts = [cells.loc[wave, name].to_numpy() for wave in (1, 0) for name in ("mean", "std", "count")]
    t, p = sps.ttest_ind_from_stats(*parts, equal_var=False)
    adjusted = np.concatenate([_holm(part) for part in p.reshape(campaigns, BANKS)])
    return np.where(adjusted <= ALPHA, np.sign(t), 0).astype(np.int64).reshape(campaigns, BANKS)


def _holm(p: FloatArray) -> FloatArray:
    adjusted = np.full(p.shape, np.nan)
    known = ~np.isnan(p)
    adjusted[known] = adjust_holm(p[known])
    return adjusted


def run(campaigns: int, seed: int, workers: int) -> list[Row]:
    """Run every scenario; the draws of a batch depend on seed, scenario and batch alone."""
    batches = -(-campaigns // AT_ONCE)
    every = scenarios()
    tasks = [(one, AT_ONCE, (seed, k, b)) for k, one in enumerate(every) for b in range(batches)]
    if workers == 1:
        parts = [run_batch(task) for task in tasks]
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            parts = list(pool.map(run_batch, tasks, chunksize=8))
    counts = np.array(parts).reshape(len(every), batches, 5).sum(axis=1)
    return [_row(one.name, batches * AT_ONCE, *count) for one, count in zip(every, counts, strict=True)]


def _row(name: str, campaigns: int, false: int, false_naive: int, moved: int, found: int, naive: int) -> Row:
    upper = float(sps.beta.ppf(0.95, false + 1, campaigns - false)) if false < campaigns else 1.0
    return {
        "scenario": name,
        "campaigns": campaigns,
        "false_any": float(false / campaigns),
        "upper95": upper,
        "false_any_naive_t": float(false_naive / campaigns),
        "power": float(found / moved) if moved else None,
        "power_naive_t": float(naive / moved) if moved else None,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, run, write, print; 1 where false verdicts are too many."""
    parser = argparse.ArgumentParser(description="False verdicts of a campaign, and power.")
    parser.add_argument("--campaigns", type=int, default=3000, help="campaigns of each scenario (default 3000)")
    parser.add_argument("--seed", type=int, default=20221130)
    parser.add_argument("--json", type=Path, required=True, help="file to write the rows to")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args(arguments)
    begun = time.perf_counter()
    rows = run(given.campaigns, given.seed, given.workers)
    given.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(pd.DataFrame(rows).round(4).to_string(index=False))
    print(f"{time.perf_counter() - begun:.0f} s")
    return 0 if max(row["upper95"] for row in rows) <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
