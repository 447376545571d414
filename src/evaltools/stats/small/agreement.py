"""Agreement of two raters beyond chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import special

from evaltools.errors import UsageError
from evaltools.stats.arrays import FloatArray
from evaltools.stats.design import require_choice
from evaltools.stats.intervals import require_level
from evaltools.stats.small.inputs import read_labels, require_same_size

KappaWeights = Literal["linear", "quadratic"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two raters.

    Attributes
    ----------
    estimate, se, ci_low, ci_high : float
        Kappa, 1 when all agree and 0 at chance; NaN with a flag.
    observed, expected : float
        Weighted share of agreement, seen and by chance.
    n, n_missing : int
        Units rated by both; units left out because a rating is missing.
    categories : tuple
        In the order that weights use.
    flag : str
        ``no_units``, ``no_variation`` (agreement is certain by chance), or "".
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    observed: float
    expected: float
    n: int
    n_missing: int
    categories: tuple[object, ...]
    flag: str


def kappa(
    a: Any,
    b: Any,
    *,
    weights: KappaWeights | None = None,
    categories: Sequence[object] | None = None,
    level: float = 0.95,
) -> Agreement:
    """Estimate Cohen's kappa of two raters, each with one rating a unit.

    Parameters
    ----------
    a, b : vectors, shape (N,)
        Ratings; missing in either leaves the unit out.
    weights
        None: only the same category agrees. "linear", "quadratic": near categories agree in part, by their distance
        in the order of `categories`.
    categories
        All categories in their order. None: those of ordered categoricals, where both are of one scale; else those that
        occur, sorted, so that a scale point that nobody used does not count as a step.
    level
        Confidence level.

    Returns
    -------
    Agreement
        Limits are normal and cut at -1 and 1; with few units they are too short.

    Raises
    ------
    UsageError
        ``small-sizes``, ``small-category`` for a rating outside `categories`, ``option-value``, ``option-range``.

    Notes
    -----
    kappa = (p_o - p_e)/(1 - p_e), p_o = sum w_ij p_ij, p_e = sum w_ij p_i. p_.j; w_ij = 1 - |i - j|/(K - 1), or its
    square of the distance. n V = (sum p_ij (w_ij (1 - p_e) - (w_i. + w_.j)(1 - p_o))^2 - (p_o p_e - 2 p_e + p_o)^2) /
    (1 - p_e)^4 with w_i. = sum_j p_.j w_ij and w_.j = sum_i p_i. w_ij. Kappa falls when one category is rare although
    raters agree: read it with `observed`.
    Source: Cohen (1960), Educ. Psychol. Meas. 20; Fleiss, Cohen, Everitt (1969), Psychol. Bull. 72. Equals R psych
    `cohen.kappa`.
    """
    if weights is not None:
        require_choice("weights", weights, get_args(KappaWeights))
    level = require_level(level)
    counts, labels, missing = _cross(a, b, categories)
    n = int(counts.sum())
    size = len(labels)
    nan = float("nan")
    if not n:
        return Agreement(nan, nan, nan, nan, nan, nan, 0, missing, labels, "no_units")
    share = counts / n
    weight = _weights(size, weights)
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    observed, expected = float((weight * share).sum()), float((weight * np.outer(rows, columns)).sum())
    chance = 1 - expected
    if chance <= size * np.finfo(np.float64).eps:
        return Agreement(nan, nan, nan, nan, observed, expected, n, missing, labels, "no_variation")
    estimate = (observed - expected) / chance
    spread = (weight * columns).sum(axis=1)[:, None] + (weight * rows).sum(axis=1)[None, :]
    squares = float((share * (weight * chance - spread * (1 - observed)) ** 2).sum())
    centre = observed * expected - 2 * expected + observed
    se = float(np.sqrt(max(squares - centre**2, 0.0) / n)) / chance**2
    half = float(special.ndtri((1 + level) / 2)) * se
    low, high = max(estimate - half, -1.0), min(estimate + half, 1.0)
    return Agreement(estimate, se, low, high, observed, expected, n, missing, labels, "")


def _cross(a: Any, b: Any, categories: Sequence[object] | None) -> tuple[FloatArray, tuple[object, ...], int]:
    first, second = pd.Series(a, copy=False), pd.Series(b, copy=False)
    require_same_size(a=len(first), b=len(second))
    categories = _declared_scale(first, second) if categories is None else categories
    both = pd.concat([first.astype(object), second.astype(object)], ignore_index=True)
    code, found = read_labels(both)
    labels = tuple(found)
    if categories is not None:
        order = tuple(categories)
        outside = [label for label in labels if label not in order]
        if outside or len(set(order)) < len(order):
            raise UsageError("small-category", values=[str(value) for value in outside], categories=order)
        place = np.array([order.index(label) for label in labels] + [-1], dtype=np.int64)
        code, labels = place[code], order
    one, two = code[: len(first)], code[len(first) :]
    usable = (one >= 0) & (two >= 0)
    flat = one[usable] * len(labels) + two[usable]
    counts = np.bincount(flat, minlength=len(labels) ** 2).reshape(len(labels), len(labels)).astype(np.float64)
    return counts, labels, int(usable.size - usable.sum())


def _declared_scale(first: pd.Series, second: pd.Series) -> tuple[object, ...] | None:
    """Return the categories of two ordered categoricals of one scale; None where nothing declares an order."""
    scale = first.dtype
    if not isinstance(scale, pd.CategoricalDtype) or not scale.ordered or scale != second.dtype:
        return None
    return tuple(scale.categories)


def _weights(size: int, weights: KappaWeights | None) -> FloatArray:
    if weights is None or size == 1:
        return np.eye(size)
    place = np.arange(size)
    distance = np.abs(place[:, None] - place[None, :]) / (size - 1)
    return np.asarray(1 - distance if weights == "linear" else 1 - distance**2)
