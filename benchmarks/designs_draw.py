"""Random sampling designs with answers to them: strata, units in one or two stages, waves, domains, weights, gaps.

Everything follows from a seed and a number by a counter-based generator, so a design can be drawn again alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

LONELY = ("fail", "remove", "adjust", "average", "certainty")


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """One design: its number, the options by name (as they go to R), and its rows."""

    number: int
    options: dict[str, Any]
    rows: pd.DataFrame


def draw_design(seed: int, number: int) -> Drawn:
    """Draw one design and its answers."""
    rng = np.random.Generator(np.random.Philox(key=[seed, number]))
    kind = str(rng.choice(["rows", "one", "two"], p=[0.15, 0.5, 0.35]))
    fpc = bool(rng.random() < (0.75 if kind == "two" else 0.4))
    overlap = "pattern" if kind != "rows" and not fpc and rng.random() < 0.4 else "union"
    waves = ["w1", "w2", "w3"][: int(rng.integers(2, 4))]
    units = _draw_units(rng, waves, two_stages=kind == "two")
    rows = _draw_rows(rng, units, waves)
    lonely = str(rng.choice(LONELY if not (kind == "two" and fpc) else ("remove", "adjust", "certainty")))
    weight = _draw_weights(rng, rows, zeros=lonely != "average") if not fpc or rng.random() < 0.5 else None
    by_row = kind == "rows"
    rows["fpc1"] = _populations(rng, rows, ["stratum"], None if by_row else "psu")
    rows["fpc2"] = _populations(rng, rows, ["psu"], "ssu")
    stages = [] if by_row else ["psu", "ssu"][: 1 if kind == "one" else 2]
    stratified = rng.random() < 0.9
    if not stratified:  # the population of the one stratum
        rows["fpc1"] = float(rows.groupby("stratum")["fpc1"].first().sum())
    options = {
        "number": number,
        "weight": None if weight is None else "weight",
        "stratum": "stratum" if stratified or overlap == "pattern" else None,
        "psu": stages or None,
        "fpc": ["fpc1", "fpc2"][: max(1, len(stages))] if fpc else None,
        "lonely_psu": lonely,
        "overlap": overlap,
        "df": str(rng.choice(["design", "domain"])),
        "waves": waves[-2:],
        "domains": sorted(set(rows["domain"])),
    }
    rows.insert(0, "design", number)
    return Drawn(number, options, rows)


def _draw_units(rng: np.random.Generator, waves: list[str], *, two_stages: bool) -> pd.DataFrame:
    """Units of the last stage by wave: some return, some do not."""
    found = []
    n_strata = int(rng.integers(1, 6))
    sizes = rng.integers(2, 9, n_strata)
    if rng.random() < 0.4:
        sizes[int(rng.integers(0, n_strata))] = 1
    returning = float(rng.choice([0.0, 0.5, 1.0]))
    for stratum, size in enumerate(sizes):
        for number in range(int(size)):
            psu = f"p{stratum}{number}"
            there = waves if rng.random() < returning else [str(rng.choice(waves))]
            for inner in range(int(rng.integers(1, 5)) if two_stages else 1):
                kept = [wave for wave in there if not two_stages or inner == 0 or rng.random() < 0.8]
                found += [(f"s{stratum}", psu, f"u{inner}", wave) for wave in kept]
    found += [(f"s{n_strata}", f"p{n_strata}{k}", "u0", wave) for k in range(2) for wave in waves]
    return pd.DataFrame(found, columns=["stratum", "psu", "ssu", "wave"])


def _draw_rows(rng: np.random.Generator, units: pd.DataFrame, waves: list[str]) -> pd.DataFrame:
    repeats = rng.integers(1, 4, len(units))
    rows = units.loc[np.repeat(units.index.to_numpy(), repeats)].reset_index(drop=True)
    n = len(rows)
    domains = np.array([f"d{k}" for k in range(int(rng.integers(1, 5)))])
    rows["domain"] = domains[rng.integers(0, domains.size, n)]
    level = float(rng.choice([0.0, 3.0, 500.0])) + rows["stratum"].str[1:].astype(float) * float(rng.choice([0, 1, 4]))
    effect = dict(zip(waves, [0.0, 0.3, 0.8], strict=False))
    of_psu = {psu: float(rng.normal()) for psu in sorted(set(rows["psu"]))}
    rows["y"] = (level + rows["psu"].map(of_psu) + rows["wave"].map(effect) + rng.normal(size=n)).round(3)
    rows["b"] = (rng.random(n) < float(rng.choice([0.2, 0.5, 0.9]))).astype(float)
    rows["x"] = rng.gamma(3.0, 2.0, n).round(2) + 0.1
    missing = float(rng.choice([0.0, 0.1, 0.4]))
    for item in ("y", "b", "x"):
        rows.loc[rng.random(n) < missing, item] = np.nan
    return rows.sample(frac=1.0, random_state=rng).reset_index(drop=True)


def _draw_weights(rng: np.random.Generator, rows: pd.DataFrame, *, zeros: bool) -> str | None:
    """Add a weight column, or return None where every row counts 1.

    No zeros under "average": there R counts a stratum whose only answers in the domain weigh 0, `estimate` does not.
    """
    kind = str(rng.choice(["none", "varying", "small", "zeros"], p=[0.2, 0.5, 0.15, 0.15]))
    if kind == "none":
        rows["weight"] = 1.0
        return None
    weight = np.exp(rng.normal(0.0, 0.6, len(rows))) * (0.05 if kind == "small" else 8.0)
    rows["weight"] = np.where((zeros and kind == "zeros") & (rng.random(len(rows)) < 0.15), 0.0, np.round(weight, 4))
    return "weight"


def _populations(rng: np.random.Generator, rows: pd.DataFrame, group: list[str], unit: str | None) -> pd.Series:
    """Units of the population by group: those sampled and some more, or no more (a census)."""
    held = rows.groupby(group)
    sampled = held.size() if unit is None else held[unit].nunique()
    more = rng.integers(1, 4, len(sampled)) * sampled.to_numpy() * (rng.random(len(sampled)) < 0.8)
    return rows[group[0]].map(sampled + more).astype(float)
