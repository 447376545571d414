"""From scores to one number: the weighted arithmetic or geometric mean, and its derivatives."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evaltools.scoring.models import Aggregation

FloatArray = npt.NDArray[np.float64]


def aggregate(scores: FloatArray, weights: FloatArray, how: Aggregation) -> FloatArray:
    """Return the weighted mean of scores.

    Parameters
    ----------
    scores : array, shape (..., I)
        Points, not cut at 0 and 100. Where the weight is 0 a score may be NaN.
    weights : array, shape (..., I)
        Not negative, adding up to 1, or to 0 where there is nothing to aggregate: then the result is 0.
    how
        Method and floor of the framework.

    Notes
    -----
    Arithmetic: sum_i w_i s_i. Geometric: exp(sum_i w_i ln max(s_i, floor)); a low score is then not made up for by a
    high one in full. Source: OECD and JRC (2008), Handbook on Constructing Composite Indicators, section 1.6 and 6.
    """
    held = np.where(weights > 0, scores, 1.0)
    if how.method == "arithmetic":
        return np.asarray((held * weights).sum(axis=-1))
    logs = (np.log(_floored(held, how)) * weights).sum(axis=-1)
    return np.where(weights.sum(axis=-1) > 0, np.exp(logs), 0.0)


def gradient(scores: FloatArray, weights: FloatArray, how: Aggregation) -> FloatArray:
    """Return the derivative of `aggregate` by each score; shape (..., I).

    Notes
    -----
    Arithmetic: w_i. Geometric: C w_i / s_i, and 0 for a score at or below the floor, which it does not leave for small
    changes: such a score then adds no error.
    """
    if how.method == "arithmetic":
        return np.broadcast_to(weights, np.broadcast_shapes(scores.shape, weights.shape)).astype(np.float64)
    held = np.where(weights > 0, scores, 1.0)
    slope = aggregate(scores, weights, how)[..., None] * weights / _floored(held, how)
    return np.where(held > float(how.floor or 0.0), slope, 0.0)


def below_floor(scores: FloatArray, how: Aggregation) -> npt.NDArray[np.bool_]:
    """Return where a score counts as the floor; never under the arithmetic mean."""
    if how.floor is None:
        return np.zeros(scores.shape, dtype=np.bool_)
    with np.errstate(invalid="ignore"):
        return np.asarray(scores <= how.floor)


def _floored(scores: FloatArray, how: Aggregation) -> FloatArray:
    return np.maximum(scores, float(how.floor or 0.0))
