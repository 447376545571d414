"""Power of McNemar's test for a planned number of pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from evaltools.errors import UsageError
from evaltools.stats.arrays import FloatArray, IntArray
from evaltools.stats.small.discordant import exact_p
from evaltools.stats.small.inputs import require_between, require_count

LARGEST_N = 2_000


@dataclass(frozen=True, slots=True)
class PairsPower:
    """A plan for pairs.

    Attributes
    ----------
    n : int
        Pairs.
    power : float
        Chance that the test finds the change.
    size : float
        Chance that it finds one where there is none, with as many discordant pairs.
    """

    n: int
    power: float
    size: float


def power_pairs(
    n: int | None,
    p10: float,
    p01: float,
    *,
    alpha: float = 0.05,
    exact: bool = True,
    power: float | None = None,
) -> PairsPower:
    """Find the power of McNemar's test for n pairs, or the number of pairs for a power.

    Parameters
    ----------
    n
        Pairs. None, with `power`: the number that is needed.
    p10, p01
        Chance of a pair with yes at the baseline only, and at the endline only; both above 0, together at most 1.
    alpha
        Two-sided level.
    exact
        True: chance over all outcomes that the exact test reaches `alpha`. False: Connor's normal approximation, for
        which `size` is `alpha`; it promises too much where discordant pairs are few.
    power
        Chance to be reached.

    Returns
    -------
    PairsPower
        The exact power does not rise evenly with n: the number that is needed is the least from which on it stays
        reached for the next 50.

    Raises
    ------
    UsageError
        ``power-unknown`` unless one of n and power is given; ``power-out-of-reach``; ``option-range``.

    Notes
    -----
    N ~ Binomial(n, p10 + p01) discordant pairs, X | N ~ Binomial(N, p01/(p10 + p01)); the test rejects where
    2 P(Binomial(N, 1/2) <= min(X, N - X)) <= alpha. Connor: power = Phi((sqrt(n) |d| - z sqrt(s))/sqrt(s - d^2)),
    s = p10 + p01, d = p01 - p10.
    Source: Duffy (1984), Biometrics 40; Connor (1987), Biometrics 43.
    """
    for option, value in (("alpha", alpha), ("p10", p10), ("p01", p01)):
        require_between(option, value, 0.0, 1.0)
    if p10 + p01 > 1:
        raise UsageError("option-range", option="p10 + p01", value=p10 + p01, low=0, high=1)
    if (n is None) == (power is None):
        raise UsageError("power-unknown", options=["n", "power"])
    if power is not None:
        require_between("power", power, alpha, 1.0)
        n = _number(p10, p01, alpha, power, exact=exact)
    n = require_count("n", n, 1, LARGEST_N)
    if not exact:
        return PairsPower(n, float(_connor(np.array([n]), p10, p01, alpha)[0]), alpha)
    middle = (p10 + p01) / 2
    (found,), (size,) = (_exact_power(np.array([n]), *pair, alpha) for pair in ((p10, p01), (middle, middle)))
    return PairsPower(n, float(found), float(size))


def _exact_power(numbers: IntArray, p10: float, p01: float, alpha: float) -> FloatArray:
    """Return the exact power for each number of pairs."""
    apart = p10 + p01
    discordant = np.arange(int(numbers.max()) + 1)
    fewest = _critical(discordant, alpha)
    gain = p01 / apart
    rejected = special.bdtr(np.maximum(fewest, 0), discordant, gain)
    rejected = rejected + special.bdtr(np.maximum(fewest, 0), discordant, 1 - gain)
    rejected = np.where(fewest >= 0, rejected, 0.0)
    log_ways = special.gammaln(numbers[:, None] + 1) - special.gammaln(discordant + 1)
    within = discordant <= numbers[:, None]
    rest = np.where(within, numbers[:, None] - discordant, 0)
    log_chance = log_ways - special.gammaln(rest + 1) + special.xlogy(discordant, apart) + special.xlog1py(rest, -apart)
    return np.asarray((np.where(within, np.exp(log_chance), 0.0) * rejected).sum(axis=1))


def _critical(discordant: IntArray, alpha: float) -> IntArray:
    """Return the largest count of the rarer direction that is rejected for each number of pairs, -1 where none is."""
    guess = special.bdtrik(alpha / 2, np.maximum(discordant, 1), 0.5)
    found = np.clip(np.nan_to_num(np.floor(guess)), 0, discordant // 2).astype(np.int64) + 1
    for _ in range(3):
        rejected = exact_p(np.minimum(found, discordant), discordant, "exact")[0] <= alpha
        found = np.where((found >= 0) & ~rejected, found - 1, found)
    return np.asarray(found, dtype=np.int64)


def _connor(numbers: IntArray, p10: float, p01: float, alpha: float) -> FloatArray:
    apart, moved = p10 + p01, abs(p01 - p10)
    z = float(special.ndtri(1 - alpha / 2))
    return np.asarray(special.ndtr((np.sqrt(numbers) * moved - z * np.sqrt(apart)) / np.sqrt(apart - moved**2)))


def _number(p10: float, p01: float, alpha: float, power: float, *, exact: bool) -> int:
    stays = 50 if exact else 0
    top = 64
    while True:
        numbers = np.arange(1, top + stays + 1)
        reached = (_exact_power if exact else _connor)(numbers, p10, p01, alpha) >= power
        # the last number that falls short says from where on all do
        short = np.flatnonzero(~reached)
        first = int(short[-1]) + 2 if short.size else 1
        if first <= top:
            return first
        if top >= LARGEST_N or p10 == p01:
            raise UsageError("power-out-of-reach", delta=p01 - p10, power=power, most=LARGEST_N)
        top = min(2 * top, LARGEST_N)
