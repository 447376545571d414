"""The choices behind a composite that are open to argument, and variants of them drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from evaltools.errors import UsageError
from evaltools.scoring.sensitivity.base import Base

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

Method = Literal["arithmetic", "geometric"]
Normalisation = Literal["goalposts", "stretched", "baseline"]
GROUPS = ("weights", "aggregation", "normalisation", "left_out")
METHODS: tuple[Method, ...] = ("arithmetic", "geometric")
NORMALISATIONS: tuple[Normalisation, ...] = ("goalposts", "stretched", "baseline")

FLOOR = 1.0
STRETCH = 1.25
REACH = 2.5  # standard deviations between the banks' mean and either goalpost under "baseline"
_LEAST_BANKS = 3  # below which the banks' spread says nothing about a scale


@dataclass(frozen=True, slots=True)
class Choices:
    """Which choices vary, and how far.

    Attributes
    ----------
    concentration
        Of the Dirichlet distributions around the framework's weights, one for the dimensions and one within each:
        a weight w has standard deviation sqrt(w (1 - w) / (concentration + 1)). None: weights do not vary.
    methods
        Ways of aggregation, equally likely. Empty: the framework's.
    floor
        Of the geometric mean, where the framework states none.
    normalisations
        Equally likely: ``goalposts`` of the framework; ``stretched``, each indicator's span times a factor of its own,
        log-uniform between 1/stretch and stretch, its middle kept; ``baseline``, goalposts 2.5 standard deviations
        around the mean of the banks' baseline levels, which are z-scores on the scale of points. Empty: goalposts.
    stretch
        Largest factor of a span.
    leave_out
        Probability of a variant without one of the weighted indicators, each as likely; its weight goes where the rule
        for missing indicators sends it.
    """

    concentration: float | None = 50.0
    methods: tuple[Method, ...] = METHODS
    floor: float = FLOOR
    normalisations: tuple[Normalisation, ...] = NORMALISATIONS
    stretch: float = STRETCH
    leave_out: float = 0.5

    def __post_init__(self) -> None:
        for option, value, low, high in (
            ("concentration", self.concentration or 1.0, 0.0, np.inf),
            ("floor", self.floor, 0.0, 100.0),
            ("stretch", self.stretch, 1.0, 10.0),
            ("leave_out", self.leave_out, -1e-9, 1.0 + 1e-9),
        ):
            if not low < value < high:
                raise UsageError("option-range", option=option, value=value, low=low, high=high)
        for option, names, allowed in (
            ("methods", self.methods, METHODS),
            ("normalisations", self.normalisations, NORMALISATIONS),
        ):
            unknown = [name for name in names if name not in allowed]
            if unknown:
                raise UsageError("option-value", option=option, value=repr(unknown[0]), allowed=allowed)
        for option, value, usual, needed, names in (
            ("floor", self.floor, FLOOR, "geometric", self.methods),
            ("stretch", self.stretch, STRETCH, "stretched", self.normalisations),
        ):
            if value != usual and needed not in names:
                raise UsageError("option-pair", option=option, value=value, other="choices", other_value=repr(names))


@dataclass(frozen=True, slots=True, eq=False)
class Variants:
    """V variants of the choices for I indicators in M dimensions.

    Attributes
    ----------
    within, dimensions : array, shapes (V, I) and (V, M)
        Weights within the dimensions, and of them; 0 for the indicator that is left out.
    geometric : bool array, shape (V,)
    worst, per_unit : array, shape (V, I)
        Goalpost that scores 0, and points for one unit.
    normalisation, left_out : int array, shape (V,)
        Place in `NORMALISATIONS`; place of the indicator that is left out, -1 for none.
    floor
        Of the geometric mean.
    """

    within: FloatArray
    dimensions: FloatArray
    geometric: npt.NDArray[np.bool_]
    worst: FloatArray
    per_unit: FloatArray
    normalisation: IntArray
    left_out: IntArray
    floor: float


def input_groups(base: Base) -> list[str]:
    """Return the group, one of `GROUPS`, of each uniform number that `variants_of` takes for a variant."""
    size = base.weight.size
    return [
        *["weights"] * (base.dimension_weight.size + size),
        "aggregation",
        *["normalisation"] * (1 + size),
        "left_out",
    ]


def varying_groups(base: Base, choices: Choices) -> list[str]:
    """Return the groups of choices that differ at all between variants."""
    vary = {
        "weights": choices.concentration is not None,
        "aggregation": len(set(choices.methods)) > 1,
        "normalisation": len(set(choices.normalisations)) > 1 or "stretched" in choices.normalisations,
        "left_out": choices.leave_out > 0 and bool((base.weight > 0).any()),
    }
    return [group for group in GROUPS if vary[group]]


def variants_of(uniform: FloatArray, base: Base, choices: Choices) -> Variants:
    """Turn uniform numbers into variants.

    Parameters
    ----------
    uniform : array, shape (V, K)
        Between 0 and 1, one column for each entry of `input_groups`.
    base
        The framework's weights and goalposts, the banks' levels.
    choices
        What varies.
    """
    size, n_dimensions = base.weight.size, base.dimension_weight.size
    ends = np.cumsum([n_dimensions, size, 1, 1, size])
    of_dimensions, of_weights, of_method, of_scale, of_spans, of_left = np.split(uniform, ends, axis=1)
    dimensions, within = _weights(of_dimensions, of_weights, base, choices.concentration)
    weighted = np.flatnonzero(base.weight > 0)
    left_out = np.full(len(uniform), -1, dtype=np.int64)
    drawn = of_left[:, 0] < choices.leave_out
    share = of_left[drawn, 0] / choices.leave_out if choices.leave_out > 0 else of_left[drawn, 0]
    left_out[drawn] = weighted[np.minimum((share * weighted.size).astype(np.int64), weighted.size - 1)]
    within[drawn, left_out[drawn]] = 0.0
    methods = choices.methods or (base.method,)
    scales = choices.normalisations or ("goalposts",)
    method = np.array([METHODS.index(name) for name in methods])[_pick(of_method[:, 0], len(methods))]
    scale = np.array([NORMALISATIONS.index(name) for name in scales])[_pick(of_scale[:, 0], len(scales))]
    worst, per_unit = _goalposts(of_spans, scale, base, choices.stretch)
    floor = choices.floor if base.floor is None else base.floor
    return Variants(within, dimensions, method == METHODS.index("geometric"), worst, per_unit, scale, left_out, floor)


def _pick(uniform: FloatArray, size: int) -> IntArray:
    return np.minimum((uniform * size).astype(np.int64), size - 1)


def _weights(
    of_dimensions: FloatArray, of_weights: FloatArray, base: Base, concentration: float | None
) -> tuple[FloatArray, FloatArray]:
    """Return weights of and within the dimensions: gamma variates by inversion, made whole, are Dirichlet."""
    if concentration is None:
        shape = (len(of_weights), 1)
        return np.tile(base.dimension_weight, shape), np.tile(base.weight, shape)

    def gamma(uniform: FloatArray, weight: FloatArray) -> FloatArray:
        drawn = special.gammaincinv(np.where(weight > 0, weight * concentration, 1.0), uniform)
        return np.where(weight > 0, np.maximum(drawn, np.finfo(np.float64).tiny), 0.0)

    dimensions, within = gamma(of_dimensions, base.dimension_weight), gamma(of_weights, base.weight)
    dimensions /= dimensions.sum(axis=1, keepdims=True)
    for number in range(base.dimension_weight.size):
        own = base.dimension == number
        within[:, own] /= within[:, own].sum(axis=1, keepdims=True)
    return dimensions, within


def _goalposts(uniform: FloatArray, scale: IntArray, base: Base, stretch: float) -> tuple[FloatArray, FloatArray]:
    worst, best = (np.tile(ends, (len(uniform), 1)) for ends in (base.worst, base.best))
    stretched = scale == NORMALISATIONS.index("stretched")
    factor = stretch ** (2 * uniform[stretched] - 1)
    middle, half = (base.worst + base.best) / 2, (base.best - base.worst) / 2
    worst[stretched], best[stretched] = middle - factor * half, middle + factor * half
    by_banks = scale == NORMALISATIONS.index("baseline")
    worst[by_banks], best[by_banks] = _baseline_goalposts(base)
    return worst, 100.0 / (best - worst)


def _baseline_goalposts(base: Base) -> tuple[FloatArray, FloatArray]:
    """Return goalposts from the banks' baseline levels; the framework's where the banks do not differ or are few."""
    levels = np.where(base.used, base.baseline, np.nan)
    count = base.used.sum(axis=0)
    mean = np.nansum(levels, axis=0) / np.maximum(count, 1)
    spread = np.sqrt(np.nansum((levels - mean) ** 2, axis=0) / np.maximum(count - 1, 1))
    told = (count >= _LEAST_BANKS) & (spread > 1e-9 * np.abs(base.best - base.worst))
    reach = REACH * spread * np.sign(base.best - base.worst)
    return np.where(told, mean - reach, base.worst), np.where(told, mean + reach, base.best)
