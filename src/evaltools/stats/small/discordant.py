"""McNemar's test on the discordant pairs, and what it can reach at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from scipy import special

from evaltools.stats.arrays import FloatArray, IntArray
from evaltools.stats.design import require_choice
from evaltools.stats.intervals import require_level
from evaltools.stats.reasons import Reasons, add_reason, no_reasons
from evaltools.stats.small.inputs import read_counts

PairedMethod = Literal["exact", "mid-p"]


@dataclass(frozen=True, slots=True, eq=False)
class PairedTest:
    """McNemar's test of one or many tables; all arrays have the shape of the counts.

    Attributes
    ----------
    n_discordant : int array
        Pairs whose two answers differ.
    p : float array
        Two-sided p-value.
    least_p : float array
        The smallest p that so many discordant pairs can give: all in one direction.
    flags : object array
        ``too_few_pairs`` where `least_p` is above 1 - level, else "".
    """

    n_discordant: IntArray
    p: FloatArray
    least_p: FloatArray
    flags: Reasons


def mcnemar(b: Any, c: Any, *, method: PairedMethod = "exact", level: float = 0.95) -> PairedTest:
    """Test whether yes became as often no as no became yes.

    Parameters
    ----------
    b, c : counts, any shapes that go together
        Discordant pairs of either direction. Pairs that agree do not matter.
    method
        "exact": binomial, never above its level. "mid-p": counts the outcomes as extreme as the one seen by half;
        closer to its level on average, but can pass it.
    level
        1 - level is the p that `flags` asks whether it can be reached.

    Returns
    -------
    PairedTest
        Without discordant pairs p = 1. Below 6 discordant pairs (5 with mid-p) 5 % cannot be reached whatever is seen.

    Raises
    ------
    UsageError
        ``small-counts``, ``small-sizes``, ``option-value``, ``option-range``.

    Notes
    -----
    n = b + c, k = min(b, c), X ~ Binomial(n, 1/2): p = min(1, 2 P(X <= k)). mid-p = p - P(X = k), or p - P(X = k)/2
    where b = c. least_p = 2/2^n, or 1/2^n with mid-p. Pairs have to be independent of each other.
    Source: McNemar (1947), Psychometrika 12; Fagerland, Lydersen, Laake (2013), BMC Med. Res. Methodol. 13:91. Equals
    R `binom.test(b, b + c)`.
    """
    require_choice("method", method, get_args(PairedMethod))
    level = require_level(level)
    gained, lost = read_counts(b=b, c=c)
    n = gained + lost
    p, least = exact_p(np.minimum(gained, lost), n, method)
    flags = no_reasons(n.size)
    add_reason(flags, (least > 1 - level).ravel(), "too_few_pairs")
    return PairedTest(n, p, least, flags.reshape(n.shape))


def exact_p(fewer: IntArray, n: IntArray, method: PairedMethod) -> tuple[FloatArray, FloatArray]:
    """Return the two-sided p of `fewer` in one direction among n discordant pairs, and the least p of n."""
    below = special.bdtr(fewer, n, 0.5)
    p = np.minimum(2 * below, 1.0)
    least = np.minimum(np.ldexp(2.0, -n), 1.0)
    if method == "mid-p":
        at = below - np.where(fewer > 0, special.bdtr(np.maximum(fewer - 1, 0), n, 0.5), 0.0)
        p = np.where(n > 0, p - np.where(2 * fewer == n, at / 2, at), 1.0)
        least = np.ldexp(1.0, -n)
    return np.asarray(p), np.asarray(least)
