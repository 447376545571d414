"""Hold the intervals of scoring against the demonstration's known truth, over many seeds.

    python benchmarks/truth.py --seeds 200 --json truth.json [--raw-seeds 5] [--variant base]

Each seed draws a new campaign from the superpopulation of `data/demo`. The first seeds go the whole way (raw files,
ingest, store, scoring); the others hand the very same answers to scoring directly. On the whole way the composites of
both roads are compared as well. The truth is the change of the superpopulation, over the indicators that scoring used.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evaltools.config import Bank, DesignSettings, LocalText
from evaltools.content import content_path, find_content
from evaltools.scoring.chain import score_campaign
from evaltools.scoring.framework import read_framework
from evaltools.scoring.result import ScoreResult

sys.path.insert(0, str(content_path("demo")))

from demo_model import draw_sample
from demo_plan import SECTORS, SIZES, START, VARIANTS
from demo_records import answers_frame, visits_frame
from demo_truth import combine, read_framework_file, true_changes
from make_demo import FRAMEWORK, make_demo

LEAST_COVERAGE = 0.93
LARGEST_DIFFERENCE = 1e-8  # between composites of the two roads, points
Row = dict[str, Any]


def score_in_memory(seed: int, variant_name: str) -> ScoreResult:
    """Score the answers of a seed as they were drawn."""
    variant, sample = VARIANTS[variant_name], draw_sample(seed, variant_name)
    answers = {
        "enterprise_satisfaction": answers_frame(sample, variant),
        "mystery_visit": visits_frame(sample, variant),
    }
    banks = [Bank(id=one.id, name=LocalText(zh=one.zh, en=one.en), type=one.type) for one in variant.banks]
    order = tuple(f"{size}/{sector}" for size in SIZES for sector in SECTORS)
    return score_campaign(
        answers, read_framework(FRAMEWORK), banks=banks, start=START, inputs={"seed": seed},
        design=DesignSettings(strata_order=order),
    )  # fmt: skip


def score_from_files(seed: int, variant_name: str) -> ScoreResult:
    """Score a seed from its raw files: written, ingested into a store, read back."""
    from evaltools.campaign import Campaign

    with tempfile.TemporaryDirectory() as folder:
        make_demo(Path(folder), seed=seed, variant_name=variant_name)
        campaign = Campaign.open(folder)
        campaign.ingest()
        return campaign.score()


@lru_cache(maxsize=4)
def truth_of(variant_name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the framework's tables and the true changes under them."""
    framework = read_framework_file(find_content("frameworks", FRAMEWORK, ".toml").read_text(encoding="utf-8"))
    return framework, true_changes(framework, variant_name)


def compare(result: ScoreResult, variant_name: str, *, seed: int, road: str) -> list[Row]:
    """Return one row a bank: the interval of the composite's change beside the truth."""
    framework, truth = truth_of(variant_name)
    verdicts = result.verdicts.set_index("bank")
    used = result.changes[result.changes["used"].astype(bool)].groupby("bank")["indicator"].agg(set).to_dict()
    rows = []
    for found in result.composites.to_dict("records"):
        bank, known = found["bank"], truth[found["bank"]]
        names = used.get(bank, set())
        scores = {key: entry["score_change"] for key, entry in known["indicators"].items()}
        target = combine(framework, scores, names)[1] if names else known["composite"]
        rows.append({
            "seed": seed, "road": road, "bank": bank, "passed": bool(verdicts.loc[bank, "gate_passed"]),
            "verdict": verdicts.loc[bank, "verdict"], "truth": target, "truth_all": known["composite"],
            "n_used": len(names),
            **{key: float(found[key]) for key in ("change", "se", "df", "ci_low", "ci_high", "p_holm")},
        })  # fmt: skip
    return rows


def run_seed(task: tuple[int, str, bool]) -> list[Row]:
    """Score one seed; on the whole way by both roads, which must agree."""
    seed, variant_name, whole_way = task
    rows = compare(score_in_memory(seed, variant_name), variant_name, seed=seed, road="memory")
    if not whole_way:
        return rows
    from_files = compare(score_from_files(seed, variant_name), variant_name, seed=seed, road="files")
    for one, other in zip(rows, from_files, strict=True):
        gaps = [abs(one[key] - other[key]) for key in ("change", "se", "df")]
        missing = all(np.isnan(one[key]) and np.isnan(other[key]) for key in ("change", "se", "df"))
        other["difference"] = 0.0 if missing else float(np.max(gaps))
    return from_files


def summarise(rows: pd.DataFrame) -> dict[str, Any]:
    """Return coverage, width and verdicts over all rows, and by bank."""
    judged = rows[rows["passed"] & rows["ci_low"].notna()].copy()
    judged["covered"] = (judged["ci_low"] <= judged["truth"]) & (judged["truth"] <= judged["ci_high"])
    judged["width"] = judged["ci_high"] - judged["ci_low"]
    judged["error"] = judged["change"] - judged["truth"]
    wrong = ((rows["verdict"] == "improved") & (rows["truth"] <= 0)) | (
        (rows["verdict"] == "worsened") & (rows["truth"] >= 0)
    )
    by_bank = [_bank_row(bank, part, len(rows[rows["bank"] == bank])) for bank, part in judged.groupby("bank")]
    coverage = float(judged["covered"].mean())
    return {
        "coverage": coverage,
        "coverage_mc_error": float(np.sqrt(coverage * (1 - coverage) / len(judged))),
        "intervals": len(judged),
        "mean_width": float(judged["width"].mean()),
        "bias": float(judged["error"].mean()),
        "lowest_bank": min(by_bank, key=lambda row: row["coverage"]),
        "banks": by_bank,
        "false_verdict_share_of_campaigns": float(wrong.groupby(rows["seed"]).any().mean()),
        "false_verdict_share_of_banks": float(wrong.mean()),
        "never_passed": sorted(set(rows["bank"]) - set(judged["bank"])),
        "passed_without_interval": int((rows["passed"] & rows["ci_low"].isna()).sum()),
        "coverage_by_road": {road: float(part.mean()) for road, part in judged.groupby("road")["covered"]},
        "largest_difference_between_roads": float(rows["difference"].max()) if "difference" in rows else None,
    }


def _bank_row(bank: str, part: pd.DataFrame, campaigns: int) -> Row:
    n = len(part)
    coverage = float(part["covered"].mean())
    return {
        "bank": bank, "coverage": coverage, "mc_error": float(np.sqrt(coverage * (1 - coverage) / n)),
        "passed_share": n / campaigns, "mean_width": float(part["width"].mean()), "mean_df": float(part["df"].mean()),
        "truth": float(part["truth"].mean()), "bias": float(part["error"].mean()),
        "se_ratio": float(np.sqrt((part["se"] ** 2).mean()) / part["error"].std()) if n > 1 else None,
        "improved": float((part["verdict"] == "improved").mean()),
        "worsened": float((part["verdict"] == "worsened").mean()),
    }  # fmt: skip


def run(seeds: int, raw_seeds: int, variant_name: str, first: int, workers: int) -> dict[str, Any]:
    """Run all seeds and summarise them."""
    begun = time.perf_counter()
    tasks = [(first + k, variant_name, k < raw_seeds) for k in range(seeds)]
    if workers == 1:
        parts = [run_seed(task) for task in tasks]
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            parts = list(pool.map(run_seed, tasks, chunksize=1))
    summary = summarise(pd.DataFrame([row for part in parts for row in part]))
    head = {"seeds": seeds, "raw_seeds": raw_seeds, "variant": variant_name, "first_seed": first, "level": 0.95}
    return head | summary | {"seconds": round(time.perf_counter() - begun, 1)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, run, write, print; 1 where the coverage is below 93 % or the two roads part."""
    parser = argparse.ArgumentParser(description="Coverage of the demonstration's truth.")
    parser.add_argument("--seeds", type=int, default=200, help="campaigns to draw (default 200)")
    parser.add_argument("--raw-seeds", type=int, default=5, help="how many of them through raw files (default 5)")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--variant", default="base", choices=sorted(VARIANTS))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path, required=True, help="file to write the result to")
    given = parser.parse_args(arguments)
    result = run(given.seeds, min(given.raw_seeds, given.seeds), given.variant, given.first_seed, given.workers)
    given.json.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for bank in result["banks"]:
        ratio = bank["se_ratio"] or float("nan")
        print(
            f"{bank['bank']:12} coverage {bank['coverage']:.3f} ± {bank['mc_error']:.3f}"
            f"  width {bank['mean_width']:5.1f}  SE/SD {ratio:.2f}"
            f"  bias {bank['bias']:+.2f}  passed {bank['passed_share']:.2f}"
        )
    low = result["lowest_bank"]
    print(f"all banks    coverage {result['coverage']:.4f} ± {result['coverage_mc_error']:.4f} ({result['intervals']})")
    print(f"lowest bank  {low['bank']} {low['coverage']:.3f}")
    print(f"false verdict in {result['false_verdict_share_of_campaigns']:.3f} of the campaigns; {result['seconds']} s")
    apart = result["largest_difference_between_roads"] or 0.0
    if not apart <= LARGEST_DIFFERENCE:
        print(f"the answers as drawn and the raw files differ by {apart:.1e}")
        return 1
    return 0 if result["coverage"] >= LEAST_COVERAGE else 1


if __name__ == "__main__":
    raise SystemExit(main())
