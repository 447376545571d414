"""What a planned number of answers can show: power, the change that can be found, or the number that is needed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from evaltools.errors import UsageError
from evaltools.stats.small.inputs import require_between, require_count

LARGEST_N = 10_000_000


@dataclass(frozen=True, slots=True)
class ChangePower:
    """A plan for one change.

    Attributes
    ----------
    n_baseline, n_endline : int
        Answers of each wave.
    delta : float
        Change, in the unit of `sd`.
    power : float
        Chance that the two-sided test finds it.
    se, df : float
        Standard error of the change and degrees of freedom that this rests on.
    """

    n_baseline: int
    n_endline: int
    delta: float
    power: float
    se: float
    df: float


@dataclass(frozen=True, slots=True)
class _Plan:
    """What stays fixed while one of number, change and power is sought."""

    sd: tuple[float, float]
    overlap: float
    correlation: float
    deff: float
    alpha: float
    df: float | None

    def error(self, first: int, second: int) -> tuple[float, float]:
        both = self.overlap * min(first, second)
        one, two = self.sd
        shared = 2 * both * self.correlation * one * two / (first * second)
        variance = self.deff * (one**2 / first + two**2 / second - shared)
        if self.df is not None:
            return float(np.sqrt(variance)), self.df
        patterns = (both > 0) + (both < first) + (both < second)
        return float(np.sqrt(variance)), (first + second - both) / self.deff - patterns


def power_change(
    n_baseline: int | None,
    n_endline: int | None,
    sd: float | tuple[float, float],
    *,
    overlap: float = 0.0,
    correlation: float = 0.0,
    deff: float = 1.0,
    alpha: float = 0.05,
    delta: float | None = None,
    power: float | None = None,
    df: float | None = None,
) -> ChangePower:
    """Find the power for a change, the change for a power, or the number for both.

    Parameters
    ----------
    n_baseline, n_endline
        Planned answers of each wave, 2 or more. Both None, with `delta` and `power`: the same number in both is sought.
    sd
        Standard deviation of one answer, or (baseline, endline). Of a share p: sqrt(p (1 - p)).
    overlap
        Share of the smaller wave's units that answer in both, 0 to 1.
    correlation
        Between the two answers of one unit, -1 to 1; only with `overlap`.
    deff
        Design effect of clusters and weights, e.g. 1 + (m - 1) rho with m answers a cluster.
    alpha
        Two-sided level of the test.
    delta, power
        Change to be found, and chance to find it. Given one: the other is found.
    df
        Degrees of freedom. None: units, divided by deff, less the patterns (both, baseline only, endline only) that
        there are; with few clusters give clusters less strata.

    Returns
    -------
    ChangePower

    Raises
    ------
    UsageError
        ``power-unknown`` unless one of number, change and power is left out; ``power-out-of-reach``; ``option-pair``
        for a correlation without overlap; ``option-range``.

    Notes
    -----
    se^2 = deff (s1^2/n1 + s2^2/n2 - 2 n_both r s1 s2/(n1 n2)), n_both = overlap min(n1, n2).
    power = P(|T| > t_(1 - alpha/2)), T noncentral t with delta/se. Normal answers; for shares an approximation, good
    from 10 expected yes and no a wave.
    Source: Kish (1965), Survey Sampling, ch. 12; Cohen (1988). Equals R `power.t.test(strict = TRUE)` for "two.sample"
    (overlap 0) and "paired" (overlap 1, sd of the difference sd sqrt(2 (1 - r))).
    """
    plan = _Plan(_pair(sd), overlap, correlation, deff, alpha, df)
    _check(plan)
    numbers = (n_baseline, n_endline)
    given = [None not in numbers, delta is not None, power is not None]
    if given.count(False) != 1 or (None in numbers and numbers != (None, None)):
        raise UsageError("power-unknown", options=["n_baseline, n_endline", "delta", "power"])
    if delta is not None:
        require_between("delta", abs(delta), 0.0, np.inf)
    if power is not None:
        require_between("power", power, alpha, 1.0)
    if n_baseline is None or n_endline is None:
        assert delta is not None
        assert power is not None
        n_baseline = n_endline = _number(plan, abs(delta), power)
    n_baseline = require_count("n_baseline", n_baseline, 2, LARGEST_N)
    n_endline = require_count("n_endline", n_endline, 2, LARGEST_N)
    se, freedom = plan.error(n_baseline, n_endline)
    if freedom <= 0:
        raise UsageError("option-range", option="df", value=freedom, low=0, high="inf")
    if delta is None:
        assert power is not None
        delta = se * _distance(power, freedom, alpha)
    return ChangePower(n_baseline, n_endline, delta, t_power(abs(delta) / se, freedom, alpha), se, freedom)


def t_power(distance: float, df: float, alpha: float) -> float:
    """Return the chance that |T| passes its two-sided quantile when T is noncentral by `distance`."""
    quantile = float(special.stdtrit(df, 1 - alpha / 2))
    # the library's tail is NaN where it is too small for a float
    below, far_below = np.nan_to_num(special.nctdtr(df, distance, [quantile, -quantile]))
    return float(1.0 - below + far_below)


def _distance(power: float, df: float, alpha: float) -> float:
    """Return the noncentrality that gives the power."""
    high = 4.0
    while t_power(high, df, alpha) < power:
        high *= 2
    found = optimize.brentq(lambda value: t_power(value, df, alpha) - power, 0.0, high, xtol=1e-13, rtol=1e-14)
    return float(found)


def _number(plan: _Plan, delta: float, power: float) -> int:
    """Return the least number of answers a wave that reaches the power."""

    def reaches(n: int) -> bool:
        se, df = plan.error(n, n)
        return df > 0 and (se == 0 or t_power(delta / se, df, plan.alpha) >= power)

    high = 2
    while not reaches(high):
        high *= 2
        if high > LARGEST_N:
            raise UsageError("power-out-of-reach", delta=delta, power=power, most=LARGEST_N)
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high


def _pair(sd: float | tuple[float, float]) -> tuple[float, float]:
    first, second = sd if isinstance(sd, tuple) else (sd, sd)
    return require_between("sd", first, 0.0, np.inf), require_between("sd", second, 0.0, np.inf)


def _check(plan: _Plan) -> None:
    require_between("alpha", plan.alpha, 0.0, 1.0)
    require_between("deff", plan.deff, 0.0, np.inf)
    if not 0 <= plan.overlap <= 1:
        raise UsageError("option-range", option="overlap", value=plan.overlap, low=0, high=1)
    require_between("correlation", plan.correlation, -1.0, 1.0)
    if plan.correlation != 0 and plan.overlap == 0:
        raise UsageError("option-pair", option="correlation", value=plan.correlation, other="overlap", other_value=0)
    if plan.df is not None:
        require_between("df", plan.df, 0.0, np.inf)
