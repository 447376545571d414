"""Surveys drawn from a known population, many at once: two waves of one provider, as frames for `change`.

A firm has a latent opinion in each wave (correlated where it answers in both); items are steps or curves of it, so the
true change of an item is a number of its own that no estimator is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

Strata = Literal["none", "county", "own"]
Shape = Literal["even", "skew", "ceiling_0.5", "ceiling_0.8", "ceiling_0.5_to_0.8", "skew_grows"]
FloatArray = NDArray[np.float64]

LEVELS = np.array([-0.5, 0.0, 0.5])  # what three strata add to the latent opinion
DRIFTED = (2, 2, 2, 1, 1, 0)  # strata of six firms at an endline that drew them unevenly
BELOW_TOP = np.array([1.0, 0.5, 0.2, 0.07])  # of the firms below the top of a scale 1-5: share below 5, 4, 3, 2
COMMON = 0.5  # share of several items' variance that is the firm's opinion
ALIKE = 0.5  # correlation of a firm's opinions in both waves
BRANCH = 3  # firms of one cluster
GRID, SPAN = 20_001, 9.0


@dataclass(frozen=True, slots=True)
class Survey:
    """How one survey is drawn.

    Attributes
    ----------
    n : tuple of int
        Firms asked at the baseline and at the endline.
    overlap : float
        Share of the smaller wave's firms that are asked in both.
    shape
        Of the item: even (normal), skew (log-normal, sigma 0.8), a scale of 1 to 5 with half or 80 % at the top; two
        that truly change.
    weights_cv : float
        Coefficient of variation of gamma weights; 0: none.
    clustering : float
        Correlation within clusters of three firms, which are the PSUs; 0: the firm is.
    strata
        None; three strata shared by all surveys, as those of a county by its banks; three of each survey's own.
    missing : float
        Share of answers that are missing, at random.
    shift : float
        What the endline adds to the latent opinion; 0: nothing changed.
    drift : bool
        The endline draws the three strata 1 : 2 : 3 where the baseline drew them alike, and its weights make up for
        it. Needs strata and overlap 0.
    """

    n: tuple[int, int]
    overlap: float
    shape: Shape
    weights_cv: float = 0.0
    clustering: float = 0.0
    strata: Strata = "none"
    missing: float = 0.0
    shift: float = 0.0
    drift: bool = False


def draw_surveys(
    survey: Survey, repetitions: int, rng: np.random.Generator, shapes: Sequence[Shape] = ()
) -> pd.DataFrame:
    """Draw many surveys and stack them.

    Parameters
    ----------
    survey, repetitions, rng
        What is drawn, how often, from which stream.
    shapes
        Several items in place of the survey's own: half of what moves each is common to all.

    Returns
    -------
    frame
        Columns repetition, wave (0, 1), psu, stratum, weight, and "item", or "item_0" and so on; a missing answer is
        NaN.
    """
    firms = _firms(survey)
    size = (repetitions, len(firms["stratum"]))
    share = survey.clustering
    own = rng.normal(size=size)
    common = rng.normal(size=(repetitions, int(firms["cluster"].max()) + 1))[:, firms["cluster"]]
    weight = np.broadcast_to(firms["base"], size)
    if survey.weights_cv:
        weight = weight * rng.gamma(survey.weights_cv**-2, survey.weights_cv**2, size=size)
    level = LEVELS[firms["stratum"]] if survey.strata != "none" else 0.0
    parts = []
    for wave in range(2):
        opinion = np.sqrt(ALIKE) * own + np.sqrt(1 - ALIKE) * rng.normal(size=size)
        opinion = np.sqrt(1 - share) * opinion + np.sqrt(share) * common
        asked = firms["asked"][:, wave]
        values = {}
        for place, shape in enumerate(shapes or (survey.shape,)):
            of_item = opinion
            if shapes:
                of_item = np.sqrt(COMMON) * opinion + np.sqrt(1 - COMMON) * rng.normal(size=size)
            value = _item(of_item + level, replace(survey, shape=shape), wave)
            value[rng.random(size) < survey.missing] = np.nan
            values[f"item_{place}" if shapes else "item"] = value[:, asked]
        parts.append(_stack(survey, firms, values, weight[:, asked], asked, wave))
    return pd.concat(parts, ignore_index=True)


@lru_cache(maxsize=64)
def true_change(survey: Survey) -> float:
    """Return the change of the item in the population, by numerical integration over the latent opinion."""
    opinion = np.linspace(-SPAN, SPAN, GRID)
    density = _density(opinion, survey.strata != "none")
    density /= density.sum()
    return float(((_item(opinion, survey, 1) - _item(opinion, survey, 0)) * density).sum())


def _firms(survey: Survey) -> dict[str, Any]:
    both = round(survey.overlap * min(survey.n))
    total = sum(survey.n) - both
    place = np.arange(total)
    asked = np.stack([place < survey.n[0], place >= survey.n[0] - both], axis=1)
    stratum, base = place % len(LEVELS), np.ones(total)
    if survey.drift:
        late = asked[:, 1]
        stratum = np.where(late, np.array(DRIFTED)[place % len(DRIFTED)], stratum)
        for level in range(len(LEVELS)):
            base[late & (stratum == level)] = len(DRIFTED) / len(LEVELS) / DRIFTED.count(level)
    order = np.lexsort((place, stratum if survey.strata != "none" else np.zeros(total)))
    cluster = np.empty(total, dtype=np.int64)
    cluster[order] = np.arange(total) // BRANCH
    if survey.strata != "none":  # a cluster lies in one stratum
        cluster = np.unique(np.stack([stratum, cluster]), axis=1, return_inverse=True)[1].reshape(-1)
    return {"asked": asked, "stratum": stratum, "cluster": cluster, "base": base}


def _stack(
    survey: Survey,
    firms: dict[str, Any],
    values: dict[str, FloatArray],
    weight: FloatArray,
    asked: NDArray[np.bool_],
    wave: int,
) -> pd.DataFrame:
    repetitions, size = weight.shape
    repetition = np.repeat(np.arange(repetitions), size)
    unit = firms["cluster"] if survey.clustering else np.arange(len(asked))
    stratum = np.tile(firms["stratum"][asked] if survey.strata != "none" else np.zeros(size, np.int64), repetitions)
    if survey.strata == "own":
        stratum = stratum + repetition * len(LEVELS)
    return pd.DataFrame({
        "repetition": repetition,
        "wave": wave,
        "psu": np.tile(unit[asked], repetitions) + repetition * len(asked),
        "stratum": stratum,
        "weight": weight.reshape(-1),
        **{name: value.reshape(-1) for name, value in values.items()},
    })  # fmt: skip


def _item(opinion: FloatArray, survey: Survey, wave: int) -> FloatArray:
    opinion = opinion + survey.shift * wave
    if survey.shape == "even":
        return opinion
    if survey.shape in ("skew", "skew_grows"):
        return np.exp(0.8 * opinion) * (1.25 if survey.shape == "skew_grows" and wave else 1.0)
    top = {"ceiling_0.5": (0.5, 0.5), "ceiling_0.8": (0.8, 0.8), "ceiling_0.5_to_0.8": (0.5, 0.8)}[survey.shape][wave]
    steps = _steps(top, survey.strata != "none")
    return 1.0 + np.searchsorted(steps, opinion.reshape(-1)).reshape(opinion.shape)


@lru_cache(maxsize=16)
def _steps(top: float, stratified: bool) -> FloatArray:
    """Return the four thresholds of the latent opinion, rising, so that the share `top` stands above the last."""
    opinion = np.linspace(-SPAN, SPAN, GRID)
    below = special.ndtr(opinion[:, None] - (LEVELS if stratified else np.zeros(1))).mean(axis=1)
    return np.interp((1 - top) * BELOW_TOP[::-1], below, opinion)


def _density(opinion: FloatArray, stratified: bool) -> FloatArray:
    levels = LEVELS if stratified else np.zeros(1)
    return np.exp(-((opinion[:, None] - levels) ** 2) / 2).mean(axis=1)


def named(survey: Survey) -> str:
    """Return a scenario's name, the sizes and the overlap left out."""
    parts = {"strata": survey.strata, "weights_cv": survey.weights_cv, "clustering": survey.clustering}
    parts |= {"shape": survey.shape, "missing": survey.missing}
    return " ".join(f"{key}={value}" for key, value in parts.items())


def with_change(survey: Survey) -> Survey:
    """Return the scenario with an item of the same kind that truly changes between the waves."""
    return replace(survey, shape="skew_grows" if survey.shape == "skew" else "ceiling_0.5_to_0.8")
