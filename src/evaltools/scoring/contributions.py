"""What each indicator and dimension adds to the change of a bank's composite; the parts add up to the whole."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.scoring.changes import ChangeResult, bank_table
from evaltools.scoring.composite import CompositeResult
from evaltools.scoring.linearised import variances_of
from evaltools.scoring.models import Aggregation
from evaltools.scoring.preparation import ScoringData
from evaltools.stats import joint_covariance

FloatArray = npt.NDArray[np.float64]

CONTRIBUTION_COLUMNS = (
    "bank", "dimension", "indicator", "weight", "score_baseline", "score_endline", "score_change", "contribution",
    "se", "df", "ci_low", "ci_high",
)  # fmt: skip

_SMALL = 1e-4  # below this logarithmic change series are more exact than differences of nearly equal numbers


def measure_contributions(data: ScoringData, changes: ChangeResult, composites: CompositeResult) -> pd.DataFrame:
    """Split the change of each composite into indicators and dimensions.

    Parameters
    ----------
    data, changes, composites
        From the steps before.

    Returns
    -------
    DataFrame
        `CONTRIBUTION_COLUMNS`: for each bank and dimension one row with indicator "" and one for each of its
        indicators that is used; banks whose gate failed have none. ``contribution`` is in points of the composite and
        adds up to its change, over the indicators and over the dimensions. A dimension's scores are those of
        `CompositeResult.dimensions`. ``se`` is NaN where no part of a contribution has an uncertainty.

    Notes
    -----
    Arithmetic: w_i (s1_i - s0_i). Geometric: w_i L(C1, C0) (ln s1_i - ln s0_i) with the logarithmic mean
    L(a, b) = (a - b) / (ln a - ln b), so that the sum is C1 - C0 without a remainder; errors are linearised, the
    dependence of L on all scores included. Source: Ang (2005), Energy Policy 33, 867-871 (logarithmic mean Divisia).
    Intervals reach as many standard errors as that of the indicator's or the dimension's own change.
    """
    weights = bank_table(changes.frame, "weight").to_numpy()
    scores = [bank_table(changes.frame, f"score_{wave}").to_numpy() for wave in ("baseline", "endline")]
    how = data.framework.aggregation
    parts, slopes = split_change(scores[0], scores[1], weights, how)
    dimensions = data.framework.dimensions
    own = np.array([[i.dimension == d.id for i in data.framework.indicators] for d in dimensions], dtype=np.float64)
    whole = np.concatenate([np.einsum("bi,di->bd", parts, own), parts], axis=1)
    slopes = np.concatenate([np.einsum("bij,di->bdj", slopes, own), slopes], axis=1)
    variance = _variances(data, changes, slopes)
    se = np.where(variance > 0, np.sqrt(variance), np.nan)
    of_dimensions = composites.dimensions["df"].to_numpy(dtype=float).reshape(len(data.banks), len(dimensions))
    df = np.concatenate([of_dimensions, bank_table(changes.frame, "df").to_numpy()], axis=1)
    own_reach = [_reach(table, len(weights)) for table in (composites.dimensions, changes.frame)]
    reach = se * np.concatenate(own_reach, axis=1)
    low, high = whole - reach, whole + reach
    frame = _labelled(data, changes, composites)
    for name, values in (("contribution", whole), ("se", se), ("df", df), ("ci_low", low), ("ci_high", high)):
        frame[name] = values.reshape(-1)
    shown = (frame["weight"] > 0).to_numpy()
    return frame.loc[shown].sort_values("place", kind="stable")[list(CONTRIBUTION_COLUMNS)].reset_index(drop=True)


def split_change(
    baseline: FloatArray, endline: FloatArray, weights: FloatArray, how: Aggregation
) -> tuple[FloatArray, FloatArray]:
    """Split the change of an aggregate exactly among its indicators, with the derivatives of each part.

    Parameters
    ----------
    baseline, endline, weights : array, shape (B, I)
        Scores and weights; a row of weights adds up to 1 or to 0.
    how
        Method and floor.

    Returns
    -------
    parts : array, shape (B, I)
    slopes : array, shape (B, I, 2I)
        Derivative of each part by all baseline scores, then by all endline scores.
    """
    used = weights > 0
    first, last = (np.where(used, scores, 1.0) for scores in (baseline, endline))
    eye = np.eye(weights.shape[1])
    if how.method == "arithmetic":
        parts = weights * (last - first)
        return parts, np.concatenate([-weights[:, :, None] * eye, weights[:, :, None] * eye], axis=2)
    floor = float(how.floor or 0.0)
    move0, move1 = (np.where(used & (scores > floor), 1.0, 0.0) for scores in (first, last))
    first, last = np.maximum(first, floor), np.maximum(last, floor)
    logs = weights * (np.log(last) - np.log(first))
    total = logs.sum(axis=1, keepdims=True)
    before = np.exp((weights * np.log(first)).sum(axis=1, keepdims=True))
    mean = before * _mean_growth(total)
    by_before, by_after = _mean_slopes(total)
    # d(part_i)/d(s_j) = logs_i dL/dC dC/ds_j + L d(logs_i)/d(s_j), with dC/ds_j = C w_j / s_j
    after = before * np.exp(total)
    slope0, slope1 = move0 * weights / first, move1 * weights / last
    down = logs[:, :, None] * (by_before * before * slope0)[:, None, :] - (mean * slope0)[:, :, None] * eye
    up = logs[:, :, None] * (by_after * after * slope1)[:, None, :] + (mean * slope1)[:, :, None] * eye
    return mean * logs, np.concatenate([down, up], axis=2)


def _mean_growth(total: FloatArray) -> FloatArray:
    """Return L(C1, C0) / C0 = (exp(T) - 1) / T for T = ln(C1 / C0), 1 at T = 0."""
    safe = np.where(total == 0, 1.0, total)
    return np.where(total == 0, 1.0, np.expm1(safe) / safe)


def _mean_slopes(total: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the derivatives of L(C1, C0) by C0 and by C1, which depend on T = ln(C1 / C0) alone."""
    small = np.abs(total) < _SMALL
    t = np.where(small, 1.0, total)
    by_before = np.where(small, 0.5 + total / 6 + total**2 / 24, (np.expm1(t) - t) / t**2)
    by_after = np.where(small, 0.5 - total / 6 + total**2 / 24, (np.expm1(-t) + t) / t**2)
    return by_before, by_after


def _reach(frame: pd.DataFrame, banks: int) -> FloatArray:
    """Return how many standard errors the intervals of changes reach, by bank; NaN where there is none."""
    low, high, se = (frame[name].to_numpy(dtype=float) for name in ("ci_low", "ci_high", "se"))
    reach: FloatArray = np.divide((high - low) / 2, se, out=np.full(len(se), np.nan), where=se > 0)
    return reach.reshape(banks, -1)


def _variances(data: ScoringData, changes: ChangeResult, slopes: FloatArray) -> FloatArray:
    """Return the linearised variance of functions of the scores with given derivatives (B, K, 2I); shape (B, K)."""
    names = [indicator.id for indicator in data.framework.indicators]
    per_unit = np.array([indicator.goalposts.per_unit for indicator in data.framework.indicators])
    slopes = slopes * np.concatenate([per_unit, per_unit])
    total = np.zeros(slopes.shape[:2])
    for found in changes.estimates.values():
        column = np.array([names.index(item) for item in found.items])
        place = pd.Index(found.domains["bank"]).get_indexer(data.bank_ids)
        own = slopes[:, :, np.concatenate([column, column + len(names)])].transpose(1, 0, 2)
        variance = variances_of(own, joint_covariance(found)[place]).T
        total += np.where((place >= 0)[:, None], variance, 0.0)
    return total


def _labelled(data: ScoringData, changes: ChangeResult, composites: CompositeResult) -> pd.DataFrame:
    """Return names, weights and scores of dimensions and indicators, bank by bank; ``place`` is the order of rows."""
    shares = {i.id: i.dimension for i in data.framework.indicators}
    items = changes.frame[["bank", "dimension", "indicator", "weight", "score_baseline", "score_endline"]]
    weight = items.assign(dimension=items["indicator"].map(shares)).groupby(["bank", "dimension"])["weight"].sum()
    whole = composites.dimensions.rename(columns={"baseline": "score_baseline", "endline": "score_endline"})
    whole = whole.assign(
        indicator="", weight=weight.reindex(pd.MultiIndex.from_frame(whole[["bank", "dimension"]])).to_numpy()
    )[items.columns.tolist()]
    order = {dimension.id: number for number, dimension in enumerate(data.framework.dimensions)}
    parts = []
    for number, bank in enumerate(data.bank_ids):
        part = pd.concat([whole[whole["bank"] == bank], items[items["bank"] == bank]], ignore_index=True)
        part["place"] = number * len(order) + part["dimension"].map(order)
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    frame["score_change"] = frame["score_endline"] - frame["score_baseline"]
    return frame
