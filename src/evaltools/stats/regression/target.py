"""The mix of firms that banks are adjusted to, and whether a bank has firms like them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaltools.errors import DesignError, UsageError
from evaltools.stats.arrays import BoolArray, FloatArray, IntArray, count_by
from evaltools.stats.columns import count_rows, is_arrow, read_numbers, require_columns, require_frame
from evaltools.stats.regression.terms import Part, read_part
from evaltools.stats.units import SHOWN


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """A target for k regressors of n rows.

    Attributes
    ----------
    parts : tuple of Part
        Covariates of the n rows.
    names : tuple of str, length k
        The regressors.
    columns : float array, shape (n, k)
        Their values.
    mean : float array, shape (k,)
        The target's mean of each.
    influence : float array, shape (n, k)
        Linearised value of each row in that mean; 0 where the target is known.
    """

    parts: tuple[Part, ...]
    names: tuple[str, ...]
    columns: FloatArray
    mean: FloatArray
    influence: FloatArray


def pooled_mix(parts: Sequence[Part], w: FloatArray) -> Mix:
    """Return the mix of the rows themselves, with weights (n,)."""
    used = [_used(part) for part in parts]
    columns = np.concatenate([part.columns for part in used], axis=1)
    total = w.sum()
    mean = np.einsum("i,ij->j", w, columns) / (total if total else 1.0)
    names = tuple(name for part in used for name in part.names)
    return Mix(tuple(used), names, columns, mean, w[:, None] * (columns - mean) / (total if total else 1.0))


def target_mix(target: Any, parts: Sequence[Part], weight: str | None) -> Mix:
    """Return the mix of a population given as a frame, weighted by a column if it has it.

    Raises
    ------
    UsageError
        ``regression-target`` where it is no frame with rows, ``frame-column-missing``, ``regression-target-category``
        for categories that no row in the regression has.
    DesignError
        ``frame-values-missing``, ``weight-invalid`` in the target.
    """
    if isinstance(target, str):
        raise UsageError("regression-target", target=repr(target))
    require_frame(target)
    require_columns(target, [part.name for part in parts])
    if not count_rows(target):
        raise UsageError("regression-target", target="0 rows")
    used = [_used(part) for part in parts]
    w = _target_weights(target, weight)
    mean = np.concatenate([_target_mean(target, part, w) for part in used])
    columns = np.concatenate([part.columns for part in used], axis=1)
    names = tuple(name for part in used for name in part.names)
    return Mix(tuple(used), names, columns, mean, np.zeros(columns.shape))


def covers(mix: Mix, group: IntArray, n_groups: int) -> BoolArray:
    """Return which groups (G,) have rows like the target.

    Every category of the target has a row in the group, and no mean of the target lies beyond all its rows.

    Parameters
    ----------
    mix
        The target.
    group : int array, shape (n,)
        Group of each row.
    n_groups
        Number of groups G.
    """
    covered = np.ones(n_groups, dtype=np.bool_)
    start = 0
    for part in mix.parts:
        mean = mix.mean[start : start + len(part.names)]
        start += len(part.names)
        if part.labels is None:
            low, high = np.full(n_groups, np.inf), np.full(n_groups, -np.inf)
            np.minimum.at(low, group, part.columns[:, 0])
            np.maximum.at(high, group, part.columns[:, 0])
            covered &= (low <= mean[0]) & (mean[0] <= high)
            continue
        # the base category is where no other is
        shares = np.append(1.0 - mean.sum(), mean)
        held = np.concatenate([1.0 - part.columns.sum(axis=1, keepdims=True), part.columns], axis=1) > 0
        for share, rows in zip(shares, held.T, strict=True):
            if share > 1e-12:
                covered &= count_by(group[rows], n_groups) > 0
    return covered


def _used(part: Part) -> Part:
    """Return the part with the categories that its rows have, the first of them the base."""
    if part.labels is None:
        return part
    held = np.concatenate([1.0 - part.columns.sum(axis=1, keepdims=True), part.columns], axis=1)
    used = np.flatnonzero(held.any(axis=0))
    labels = tuple(part.labels[place] for place in used)
    names = tuple(f"{part.name}{label}" for label in labels[1:])
    return Part(part.name, labels, names, held[:, used[1:]], part.absent)


def _target_weights(target: Any, weight: str | None) -> FloatArray:
    present = target.column_names if is_arrow(target) else list(target.columns)
    if weight is None or weight not in present:
        return np.ones(count_rows(target))
    w = read_numbers(target, weight)
    missing = int(np.count_nonzero(np.isnan(w)))
    if missing:
        raise DesignError("frame-values-missing", column=weight, role="target", rows=missing)
    invalid = int(np.count_nonzero((w < 0) | np.isinf(w)))
    if invalid or not w.sum():
        raise DesignError("weight-invalid", column=weight, rows=invalid or w.size)
    return w


def _target_mean(target: Any, part: Part, w: FloatArray) -> FloatArray:
    found = read_part(target, part.name)
    missing = int(np.count_nonzero(found.absent))
    if missing:
        raise DesignError("frame-values-missing", column=part.name, role="target", rows=missing)
    if (found.labels is None) != (part.labels is None):
        raise UsageError("frame-not-numeric", column=part.name, kind="text")
    mean = np.asarray(np.einsum("i,ij->j", w, found.columns) / w.sum(), dtype=np.float64)
    if part.labels is None or found.labels is None:
        return mean
    share = dict(zip(found.labels, np.append(1.0 - mean.sum(), mean), strict=True))
    unknown = [str(label) for label, part_share in share.items() if part_share > 0 and label not in part.labels]
    if unknown:
        raise UsageError("regression-target-category", column=part.name, categories=unknown[:SHOWN])
    return np.array([share.get(label, 0.0) for label in part.labels[1:]], dtype=np.float64)
