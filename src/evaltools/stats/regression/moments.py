"""Weighted means and covariances of items by group, with what each row adds to them (linearised values)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaltools.stats.arrays import FloatArray, IntArray, sum_by

LEAST_RELIABILITY = 0.3  # of the rest of a scale; below, its true score is too uncertain to match on


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """An item beside the rest of its scale, in G groups, n rows.

    Attributes
    ----------
    mean, variance, rest, rest_variance : float arrays, shape (G,)
        Of the item, and of the mean of the other items.
    slope : float array, shape (G,)
        Of the item on the rest score, or on its true score; NaN where that has no variance to speak of.
    mean_influence, rest_influence, slope_influence : float arrays, shape (n,)
        Linearised value of each row in `mean`, `rest`, `slope` of its group.
    """

    mean: FloatArray
    variance: FloatArray
    rest: FloatArray
    rest_variance: FloatArray
    slope: FloatArray
    mean_influence: FloatArray
    rest_influence: FloatArray
    slope_influence: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """I items in n rows and G groups.

    Attributes
    ----------
    group : int array, shape (n,)
        Group of each row.
    share : float array, shape (n,)
        Weight of each row over that of its group.
    weight : float array, shape (G,)
        Weight of each group.
    mean : float array, shape (I, G)
        Means; NaN in a group without rows.
    centred : float array, shape (I, n)
        Answers minus the mean of their group.
    """

    group: IntArray
    share: FloatArray
    weight: FloatArray
    mean: FloatArray
    centred: FloatArray


def moments_of(answers: FloatArray, weight: FloatArray, group: IntArray, n_groups: int) -> Moments:
    """Centre answers (I, n) of rows with given weights and groups (n,)."""
    total = sum_by(group, weight, n_groups)
    share = weight / total[group]
    mean = np.stack([sum_by(group, share * values, n_groups) for values in answers])
    mean[:, total == 0] = np.nan
    return Moments(group, share, total, mean, answers - mean[:, group])


def regress_on_rest(moments: Moments, place: int, *, true_score: bool) -> Match:
    """Regress an item (its place) on the mean of the others, or on the true score of that mean."""
    others = np.delete(moments.centred, place, axis=0)
    size = others.shape[0]
    item, rest = moments.centred[place], others.sum(axis=0) / size
    joint, plain = item * rest, rest * rest
    # the mean covariance between the others: all pairs are those of the sum less those of each with itself
    true = (plain * size * size - (others * others).sum(axis=0)) / (size * (size - 1)) if true_score else plain
    n_groups = moments.weight.size
    variance, rest_variance, above, below = (
        sum_by(moments.group, moments.share * values, n_groups) for values in (item * item, plain, joint, true)
    )
    usable = (below > LEAST_RELIABILITY * rest_variance) if true_score else rest_variance > 0
    slope = np.divide(above, below, out=np.full(below.size, np.nan), where=usable)
    inverse = np.divide(1.0, below, out=np.zeros(below.size), where=usable)
    # d(above/below) = (d above - slope d below)/below; the means drop out at first order
    bend = (joint - np.nan_to_num(slope)[moments.group] * true) * inverse[moments.group]
    return Match(
        moments.mean[place], variance, np.delete(moments.mean, place, axis=0).sum(axis=0) / size, rest_variance, slope,
        moments.share * item, moments.share * rest, moments.share * bend,
    )  # fmt: skip
