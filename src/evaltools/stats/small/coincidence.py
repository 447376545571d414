"""Krippendorff's alpha: agreement of any number of raters on any scale, with ratings missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import FloatArray
from evaltools.stats.design import require_choice
from evaltools.stats.intervals import require_level
from evaltools.stats.small.inputs import read_labels, require_count
from evaltools.stats.streams import open_stream

Metric = Literal["nominal", "ordinal", "interval", "ratio"]

FEWEST_UNITS = 10  # below, resampling units says little
MOST_UNDEFINED = 0.05  # of the replicates


@dataclass(frozen=True, slots=True)
class Alpha:
    """Krippendorff's alpha.

    Attributes
    ----------
    estimate : float
        1 when all agree, 0 at chance, below 0 when raters differ more than by chance; NaN with a flag.
    ci_low, ci_high : float
        Percentile limits of the bootstrap; NaN without one.
    observed, expected : float
        Disagreement seen and by chance, in squared units of the metric.
    n_units, n_values, n_single : int
        Units with two ratings or more; their ratings; units left out because they have one rating.
    flag : str
        ``no_units``, ``no_variation``, ``too_few_units`` (no limits below 10), ``unstable`` (more than 5 % of the
        replicates without variation: no limits), or "".
    """

    estimate: float
    ci_low: float
    ci_high: float
    observed: float
    expected: float
    n_units: int
    n_values: int
    n_single: int
    flag: str


def krippendorff_alpha(
    table: Any,
    metric: Metric = "nominal",
    *,
    level: float = 0.95,
    replicates: int | None = None,
    seed: int | None = None,
) -> Alpha:
    """Estimate how far raters agree beyond chance.

    Parameters
    ----------
    table : frame or array, shape (units, raters)
        One row a unit (a visit, a recording), one column a rater; missing where a rater did not rate.
    metric
        "nominal": any values. "ordinal": numbers in order. "interval": numbers. "ratio": numbers from 0 on.
    level
        Confidence level of the bootstrap.
    replicates, seed
        Both or none. Given: limits from so many resamplings of units, drawn from the stream of `seed`.

    Returns
    -------
    Alpha

    Raises
    ------
    UsageError
        ``small-table``, ``small-vector`` for text under a metric of numbers, ``small-ratio`` for negative values,
        ``option-value``, ``option-range``, ``option-pair``.

    Notes
    -----
    alpha = 1 - D_o/D_e. n_uc counts value c in unit u, m_u its ratings (units with m_u < 2 are left out), n_c the sum
    over units, n all ratings. D_o = (1/n) sum_u sum_ck o d(c, k), o = n_uc (n_uk - [c = k])/(m_u - 1);
    D_e = sum_ck n_c n_k d(c, k)/(n (n - 1)). d: nominal [c != k]; interval (c - k)^2; ratio ((c - k)/(c + k))^2;
    ordinal (r_c - r_k)^2 with r_c = sum_(g < c) n_g + n_c/2, the same as the sum from c to k less half of both ends.
    The bootstrap resamples units, so that raters are fixed.
    Source: Krippendorff (2011), Computing Krippendorff's alpha-reliability; Krippendorff (2019), Content Analysis,
    ch. 12. Equals its worked example.
    """
    require_choice("metric", metric, get_args(Metric))
    level = require_level(level)
    _require_both(replicates, seed)
    counts, values, single = _count(table, metric)
    n_units, n_values = counts.shape[0], int(counts.sum())
    nan = float("nan")
    if not n_units:
        return Alpha(nan, nan, nan, nan, nan, 0, 0, single, "no_units")
    observed, expected = _disagreement(counts, values, metric, np.ones((1, n_units)))
    if expected[0] <= 0:
        return Alpha(nan, nan, nan, 0.0, 0.0, n_units, n_values, single, "no_variation")
    low = high = nan
    flag = ""
    if replicates is not None and seed is not None:
        low, high, flag = _bootstrap(counts, values, metric, level, replicates, seed)
    estimate = float(1 - observed[0] / expected[0])
    return Alpha(estimate, low, high, float(observed[0]), float(expected[0]), n_units, n_values, single, flag)


def _count(table: Any, metric: Metric) -> tuple[FloatArray, FloatArray, int]:
    """Return how often each unit (U,) got each value (K,), the values in ascending order, and single-rated units."""
    frame = pd.DataFrame(table)
    if frame.ndim != 2 or frame.shape[1] < 2:
        raise UsageError("small-table", columns=frame.shape[1])
    flat = pd.concat([frame.iloc[:, place].astype(object) for place in range(frame.shape[1])], ignore_index=True)
    if metric != "nominal":
        numbers = pd.to_numeric(flat, errors="coerce").astype(np.float64)
        text = flat.map(lambda value: isinstance(value, str)).to_numpy(dtype=np.bool_)
        if text.any() or np.isinf(numbers).any():
            raise UsageError("small-vector", name="table", kind="text" if text.any() else "inf")
        flat = numbers
    code, labels = read_labels(flat)
    if metric == "ratio" and len(labels) and labels[0] < 0:
        raise UsageError("small-ratio", value=float(labels[0]))
    size = max(len(labels), 1)
    unit = np.tile(np.arange(len(frame)), frame.shape[1])
    given = code >= 0
    counts = np.bincount(unit[given] * size + code[given], minlength=len(frame) * size).reshape(-1, size)
    rated = counts.sum(axis=1)
    kept = counts[rated > 1].astype(np.float64)
    used = kept.any(axis=0)
    values = np.zeros(size) if metric == "nominal" else np.asarray(labels, dtype=np.float64)
    return kept[:, used], values[used], int(np.count_nonzero(rated == 1))


def _disagreement(
    counts: FloatArray, values: FloatArray, metric: Metric, weight: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return observed and expected disagreement (R,) when unit u counts `weight` (R, U) times."""
    margin = weight @ counts
    total = margin.sum(axis=1)
    per_unit = counts.sum(axis=1)
    if metric == "ordinal":
        places = margin.cumsum(axis=1) - margin / 2
        within = 2 * (per_unit * (places**2 @ counts.T) - (places @ counts.T) ** 2)
        by_chance = 2 * (total * (margin * places**2).sum(axis=1) - (margin * places).sum(axis=1) ** 2)
    else:
        distance = _distances(values, metric)
        within = np.einsum("uc,ck,uk->u", counts, distance, counts, optimize=False)[None, :]
        by_chance = np.einsum("rc,ck,rk->r", margin, distance, margin, optimize=False)
    observed = (weight * within / (per_unit - 1)).sum(axis=1) / total
    return observed, by_chance / (total * (total - 1))


def _distances(values: FloatArray, metric: Metric) -> FloatArray:
    if metric == "nominal":
        return 1 - np.eye(values.size)
    apart = values[:, None] - values[None, :]
    if metric == "ratio":
        total = values[:, None] + values[None, :]
        apart = np.divide(apart, total, out=np.zeros(apart.shape), where=total > 0)
    return np.asarray(apart**2)


def _bootstrap(
    counts: FloatArray, values: FloatArray, metric: Metric, level: float, replicates: int, seed: int
) -> tuple[float, float, str]:
    n_units = counts.shape[0]
    if n_units < FEWEST_UNITS:
        return np.nan, np.nan, "too_few_units"
    random = open_stream(seed, "krippendorff_alpha")
    drawn = random.integers(0, n_units, size=(replicates, n_units))
    flat = drawn + n_units * np.arange(replicates)[:, None]
    weight = np.bincount(flat.ravel(), minlength=replicates * n_units).reshape(replicates, n_units).astype(np.float64)
    observed, expected = _disagreement(counts, values, metric, weight)
    varied = expected > 0
    if varied.mean() < 1 - MOST_UNDEFINED:
        return np.nan, np.nan, "unstable"
    alpha = 1 - observed[varied] / expected[varied]
    low, high = np.quantile(alpha, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high), ""


def _require_both(replicates: int | None, seed: int | None) -> None:
    if (replicates is None) != (seed is None):
        raise UsageError("option-pair", option="replicates", value=replicates, other="seed", other_value=seed)
    if replicates is not None:
        require_count("replicates", replicates, 100, 1_000_000)
        require_count("seed", seed, 0, 2**63 - 1)
