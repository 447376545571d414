"""Small samples whose answers depend on the size of the firm, and whose mix of sizes moves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

MEANS = np.array([[2.6, 3.2, 4.0], [2.9, 3.3, 4.1]])  # by wave and size
MIXES = {"panel": (0.35, 0.3, 0.35), "left": (0.65, 0.2, 0.15), "new": (0.15, 0.3, 0.55)}
WAVES = {"panel": (0, 1), "left": (0,), "new": (1,)}


def true_parts(shares: np.ndarray) -> dict[str, float]:
    """What the parts of `split_change` estimate, standardised to `shares` of small, medium and large."""
    panel, left, new = (np.array(MIXES[group]) for group in ("panel", "left", "new"))
    first, last = (panel + left) / 2, (panel + new) / 2
    return {
        "raw": last @ MEANS[1] - first @ MEANS[0],
        "rate": (first + last) / 2 @ (MEANS[1] - MEANS[0]),
        "composition": (MEANS[0] + MEANS[1]) / 2 @ (last - first),
        "standardised": shares @ (MEANS[1] - MEANS[0]),
    }


def draw_moving_mix(seed: int, *, samples: int = 1, firms: int = 12) -> pd.DataFrame:
    """So many samples, each with `firms` firms in the panel, as many that leave and as many that come."""
    rng = np.random.default_rng(seed)
    parts = []
    for group, mix in MIXES.items():
        size, level = rng.choice(3, size=(samples, firms), p=mix), rng.normal(0, 0.5, (samples, firms))
        for wave in WAVES[group]:
            answers = MEANS[wave][size] + level + rng.normal(0, 0.6, (samples, firms))
            parts.append(
                pd.DataFrame(
                    {
                        "sample": np.repeat(np.arange(samples), firms),
                        "firm": [f"{group}{number}" for number in range(samples * firms)],
                        "wave": wave,
                        "size": np.array(["small", "medium", "large"])[size].ravel(),
                        "score": answers.ravel(),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="session")
def truth_of_mix() -> Callable[[np.ndarray], dict[str, float]]:
    """Return the function that gives the true parts of such samples."""
    return true_parts


@pytest.fixture(scope="session")
def moving_mix() -> Callable[..., pd.DataFrame]:
    """Return the function that draws samples whose mix moves."""
    return draw_moving_mix
