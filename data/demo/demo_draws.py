"""Drawing: streams of random numbers by purpose, exact tables of probabilities, and the way from one to the other.

Answers are drawn through a Gaussian copula: a standard normal made of a firm's (or branch's) effect, shared between
waves and banks, an effect of the single rating, and noise, is carried through the table of probabilities of its item.
Only uniform draws are taken from the generator, so the same seed gives the same campaign everywhere.
"""

from __future__ import annotations

from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from demo_items import (
    OUTCOME_SHIFT,
    SURVEY_ITEMS,
    VISIT_ITEMS,
    FloatArray,
    Item,
    probabilities,
    scenario_offset,
    survey_quality,
    visit_quality,
)
from demo_plan import VARIANTS

IntArray = NDArray[np.int64]

BLANK, SKIPPED, DONT_KNOW, NOT_APPLICABLE = -1, -2, -3, -4


class Stream:
    """Uniform draws for one purpose; purposes do not disturb each other."""

    def __init__(self, seed: int, purpose: str) -> None:
        self._generator = np.random.Generator(np.random.PCG64([seed, crc32(purpose.encode())]))

    def uniform(self, n: int) -> FloatArray:
        """Return n numbers of [0, 1)."""
        return self._generator.random(n)

    def normal(self, n: int) -> FloatArray:
        """Return n standard normal numbers."""
        return ndtri(np.clip(self._generator.random(n), 1e-12, 1 - 1e-12))

    def below(self, limit: int, n: int) -> IntArray:
        """Return n whole numbers of 0 to limit - 1."""
        return np.minimum((self._generator.random(n) * limit).astype(np.int64), limit - 1)

    def choose(self, shares: FloatArray, n: int) -> IntArray:
        """Return n positions, each with its share as probability."""
        return np.minimum(np.searchsorted(np.cumsum(shares), self._generator.random(n), side="right"), len(shares) - 1)

    def shuffled(self, n: int) -> IntArray:
        """Return 0 to n - 1 in random order."""
        return np.argsort(self._generator.random(n), kind="stable")


@lru_cache(maxsize=8)
def tables(variant_name: str) -> dict[str, dict[str, FloatArray]]:
    """Return the probabilities of each item, shape (B, 2, C, K), under the keys `survey` and `visits`.

    `sat_outcome` depends on the decision: its contexts are stratum * 2 + mode, three times, by `approved`.
    """
    variant = VARIANTS[variant_name]
    survey = {item.name: probabilities(item, survey_quality(variant, item)) for item in SURVEY_ITEMS}
    outcome = next(item for item in SURVEY_ITEMS if item.name == "sat_outcome")
    by_decision = [survey_quality(variant, outcome) + shift for shift in OUTCOME_SHIFT]
    survey["sat_outcome"] = probabilities(outcome, np.concatenate(by_decision, axis=2))
    visits = {
        item.name: probabilities(item, visit_quality(variant, item), scenario_offset(variant, item))
        for item in VISIT_ITEMS
    }
    return {"survey": survey, "visits": visits}


def draw_codes(
    stream: Stream,
    table: FloatArray,
    item: Item,
    cell: tuple[IntArray, IntArray, IntArray],
    effects: tuple[FloatArray, FloatArray],
) -> IntArray:
    """Draw the position of each answer among the item's levels.

    Parameters
    ----------
    table
        Probabilities of the item, shape (B, 2, C, K).
    cell
        Bank, period and context of each answer.
    effects
        Effect of the firm (or branch) and of the rating (or visit), standard normal.
    """
    shared, own = item.loading
    sign = -1.0 if item.slope < 0 else 1.0
    noise = np.sqrt(1 - shared**2 - own**2) * stream.normal(len(cell[0]))
    uniform = ndtr(sign * (shared * effects[0] + own * effects[1]) + noise)
    if item.kind in ("yes_no", "fee_sets", "zero_or"):  # what a positive slope favours stands first, not last
        uniform = 1 - uniform
    below = np.cumsum(table, axis=-1)[..., :-1][cell]
    return (uniform[:, None] > below).sum(axis=1)
