"""Random samples, and a slow second road to the same numbers: loops over strata and PSUs with plain formulas."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest


def draw_sample(seed: int, *, firms: int = 30, missing: float = 0.1) -> pd.DataFrame:
    """Firms in three strata rate one or two of three banks in one or both waves."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(firms):
        stratum = "abc"[number % 3]
        weight = round(float(rng.uniform(0.5, 8)), 2)
        waves = [("baseline", "endline"), ("baseline",), ("endline",)][0 if number < 12 else int(rng.integers(0, 3))]
        for wave in waves:
            banks = rng.choice(["north", "south", "west"], size=int(rng.integers(1, 3)), replace=False)
            rows += [
                {
                    "firm": f"F{number}", "stratum": stratum, "weight": weight, "wave": wave, "bank": str(bank),
                    "score": float(rng.integers(1, 6)) if rng.random() > missing else np.nan,
                    "days": float(np.round(rng.gamma(3, 4), 2)) if rng.random() > missing else np.nan,
                }
                for bank in banks
            ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="session")
def draw() -> Callable[..., pd.DataFrame]:
    """Return the function that draws a sample from a seed."""
    return draw_sample


@pytest.fixture(scope="session")
def sample() -> pd.DataFrame:
    return draw_sample(7, firms=40)


@pytest.fixture(scope="session")
def by_hand() -> Callable[..., tuple[float, float]]:
    """Return a function that computes the change and its standard error of one domain by loops."""

    def compute(frame: pd.DataFrame, inside: pd.Series, item: str, *, pattern: bool = False) -> tuple[float, float]:
        theta, total = {}, {}
        answered = inside & frame[item].notna()
        for wave in ("baseline", "endline"):
            part = frame[answered & (frame["wave"] == wave)]
            total[wave] = float(part["weight"].sum())
            theta[wave] = float((part["weight"] * part[item]).sum()) / total[wave]
        contribution = dict.fromkeys(frame["firm"], 0.0)
        for _, row in frame[answered].iterrows():
            sign = 1 if row["wave"] == "endline" else -1
            contribution[row["firm"]] += sign * row["weight"] * (row[item] - theta[row["wave"]]) / total[row["wave"]]
        strata: dict[object, list[float]] = {}
        for firm, rows in frame.groupby("firm"):
            key: object = rows["stratum"].iloc[0]
            if pattern:
                key = (key, tuple(sorted(set(rows["wave"]))))
            strata.setdefault(key, []).append(contribution[firm])
        variance = sum(len(u) / (len(u) - 1) * sum((v - sum(u) / len(u)) ** 2 for v in u) for u in strata.values())
        return theta["endline"] - theta["baseline"], float(np.sqrt(variance))

    return compute
