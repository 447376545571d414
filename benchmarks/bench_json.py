"""`benchmarks/results/bench.json`: one object to which every benchmark adds its figures, keeping the others'."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path


def add_figures(path: Path, bench: str, figures: Mapping[str, float]) -> None:
    """Write figures as top-level numbers named ``<bench>_<what>``; those of other benchmarks stay."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    kept.update({f"{bench}_{what}": round(value, 4) for what, value in figures.items()})
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    beside.replace(path)
