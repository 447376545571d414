"""The difference of two shares on the same pairs, with Tango's score interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from evaltools.stats.arrays import FloatArray, IntArray
from evaltools.stats.intervals import require_level
from evaltools.stats.reasons import Reasons, add_reason, no_reasons
from evaltools.stats.small.inputs import read_counts

HALVINGS = 80  # leaves less than the spacing of floats near 1e-7 of an interval of length 2


@dataclass(frozen=True, slots=True, eq=False)
class PairedShares:
    """Two shares on the same pairs; all arrays have the shape of the counts.

    Attributes
    ----------
    n : int array
        Pairs.
    baseline, endline, change : float arrays
        Shares of yes, and endline minus baseline; NaN without pairs.
    ci_low, ci_high : float arrays
        Score limits of the change, between -1 and 1.
    p : float array
        Two-sided p of the same score test at no change; NaN without discordant pairs.
    flags : object array
        ``no_pairs``, ``no_discordant_pairs``, or "".
    """

    n: IntArray
    baseline: FloatArray
    endline: FloatArray
    change: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    p: FloatArray
    flags: Reasons


def paired_shares(n11: Any, n10: Any, n01: Any, n00: Any, *, level: float = 0.95) -> PairedShares:
    """Estimate the change of a share from pairs of yes/no answers.

    Parameters
    ----------
    n11, n10, n01, n00 : counts, any shapes that go together
        Pairs with yes in both waves; yes at the baseline only; yes at the endline only; yes in none.
    level
        Confidence level.

    Returns
    -------
    PairedShares
        Limits exist for every table with a pair, also without discordant pairs.

    Raises
    ------
    UsageError
        ``small-counts``, ``small-sizes``, ``option-range``.

    Notes
    -----
    For a change d let q(d) be the likeliest share of losses (n10) when gains (n01) exceed losses by d: the larger root
    of 2n q^2 + ((2n - n01 + n10) d - n01 - n10) q - n10 d (1 - d) = 0. The score is
    z(d) = (n01 - n10 - n d) / sqrt(n (2 q(d) + d (1 - d))); the limits are where |z| is the normal quantile, and p
    comes from z(0) = (n01 - n10)/sqrt(n01 + n10), McNemar's statistic without correction. It is asymptotic: its p can
    fall below that of the exact test, which decides where pairs are few.
    Source: Tango (1998), Statistics in Medicine 17, 891-908.
    """
    level = require_level(level)
    both, lost, gained, none = read_counts(n11=n11, n10=n10, n01=n01, n00=n00)
    n = both + lost + gained + none
    usable = n > 0
    size = np.where(usable, n, 1).astype(np.float64)
    z = float(special.ndtri((1 + level) / 2))
    gains, losses = gained.astype(np.float64), lost.astype(np.float64)
    high = np.where(usable, _upper(gains, losses, size, z), np.nan)
    low = np.where(usable, -_upper(losses, gains, size, z), np.nan)
    apart = gains + losses
    statistic = np.abs(gains - losses) / np.sqrt(np.where(apart > 0, apart, 1.0))
    flags = no_reasons(n.size)
    add_reason(flags, ~usable.ravel(), "no_pairs")
    add_reason(flags, (usable & (apart == 0)).ravel(), "no_discordant_pairs")
    return PairedShares(
        n=n,
        baseline=np.where(usable, (both + lost) / size, np.nan),
        endline=np.where(usable, (both + gained) / size, np.nan),
        change=np.where(usable, (gained - lost) / size, np.nan),
        ci_low=low,
        ci_high=high,
        p=np.where(apart > 0, 2 * special.ndtr(-statistic), np.nan),
        flags=flags.reshape(n.shape),
    )


def _upper(gained: FloatArray, lost: FloatArray, n: FloatArray, z: float) -> FloatArray:
    """Return the upper limit; the lower one is minus that of gains and losses exchanged."""
    low = (gained - lost) / n
    high = np.ones(low.shape)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        share = _lost_share(middle, gained, lost, n)
        spread = np.sqrt(n * np.maximum(2 * share + middle * (1 - middle), 0.0))
        inside = n * middle - (gained - lost) < z * spread
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return high


def _lost_share(change: FloatArray, gained: FloatArray, lost: FloatArray, n: FloatArray) -> FloatArray:
    linear = (2 * n - gained + lost) * change - gained - lost
    constant = -lost * change * (1 - change)
    root = np.sqrt(np.maximum(linear * linear - 8 * n * constant, 0.0))
    # the same root twice: each form loses digits where the other does not
    total = linear + root
    stable = np.divide(-2 * constant, total, out=np.zeros(total.shape), where=total > 0)
    return np.where(linear > 0, stable, (root - linear) / (4 * n))
