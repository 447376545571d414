"""How consistently the items of a scale are answered: alpha, omega, and what each item adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import BoolArray, FloatArray, IntArray
from evaltools.stats.design import DEFAULT, Design, require_choice
from evaltools.stats.intervals import require_level
from evaltools.stats.means import estimate
from evaltools.stats.reasons import Reasons, add_reason, domain_table, no_reasons
from evaltools.stats.scales.alpha import alpha_if_dropped, alpha_of, feldt_interval, item_rest, log_interval
from evaltools.stats.scales.answers import ScaleAnswers, design_frame, read_scale
from evaltools.stats.scales.moments import Moments, correlation_of, item_moments, weighted_moments
from evaltools.stats.scales.one_factor import fit_minres, omega_total

AlphaInterval = Literal["auto", "feldt", "design"]

FEW = 10  # answers below which no coefficient is given
FEW_FOR_FACTOR = 30  # answers below which no factor is fitted, and at least
PER_ITEM = 5  # answers for each item


@dataclass(frozen=True, slots=True, eq=False)
class ScaleReliability:
    """What `scale_reliability` returns.

    Attributes
    ----------
    scale : frame
        One row a domain: `[*by, wave, n_items, n, alpha, se, df, ci_low, ci_high, std_alpha, omega_total,
        missing_share, flag]`.
    items : frame
        One row a domain and item: `[*by, wave, item, turned, mean, sd, item_rest, alpha_if_dropped, loading, flag]`.
    """

    scale: pd.DataFrame
    items: pd.DataFrame


def scale_reliability(
    frame: Any,
    items: Sequence[str],
    by: str | Sequence[str] | None = None,
    wave: str | None = None,
    design: Design = DEFAULT,
    *,
    reverse: Sequence[str] = (),
    level: float = 0.95,
    ci: AlphaInterval = "auto",
) -> ScaleReliability:
    """Measure how consistently the items of a scale are answered.

    Parameters
    ----------
    frame : pandas frame or Arrow table, N rows
        One row an answer sheet. A row counts where all items are answered (complete cases), so that every coefficient
        rests on the same rows; `missing_share` tells how many do not.
    items
        Two or more numeric columns.
    by, wave
        Columns that form the domains; the wave is one more.
    design
        Weights, strata, units. With any of them the interval rests on the units; the default is a simple random sample.
    reverse
        Items worded the other way round; they count with their sign turned.
    level
        Confidence level, between 0 and 1.
    ci
        "feldt": exact for normal answers of a simple random sample to items that measure alike. "design": from the
        linearised variance between units, symmetric in log(1 - alpha). "auto": "feldt" without weights, strata, units
        and population counts, else "design".

    Returns
    -------
    ScaleReliability
        Frames `scale` and `items`. Means are of the answers as given, loadings and correlations of the turned ones.
        `flag`: ``few_answers`` (fewer than 10, or no more than items: no coefficient), ``few_for_factor`` (fewer than
        30, or than 5 an item: no omega, no loadings), ``two_items`` (one factor is not determined), ``no_variation``
        (an item, or the sum), ``improper`` (the factor explains an item whole), ``negative_item`` (an item moves
        against the others), ``no_df``.

    Raises
    ------
    UsageError
        ``scale-items``, ``scale-reverse``, ``scale-reversed`` (over all rows an item clearly runs against the others
        and is not turned), ``option-pair`` for "feldt" with a design that it does not know, and those of reading.

    Notes
    -----
    alpha = k/(k - 1) (1 - A/T): A and T are the totals of w sum_j (x_j - m_j)^2 and w (sum_j (x_j - m_j))^2, so its
    error is that of a ratio. Source: Cronbach (1951), Psychometrika 16; van Zyl, Neudecker, Nel (2000), Psychometrika
    65, on its distribution. Equals R psych 2.2.9 `alpha` and `omega`.
    """
    level = require_level(level)
    require_choice("ci", ci, get_args(AlphaInterval))
    if ci == "feldt" and not design.plain:
        raise UsageError("option-pair", option="ci", value=ci, other="design", other_value=design)
    answers = read_scale(frame, items, by, wave, design, reverse, least=2)
    require_one_direction(answers)
    moments = item_moments(answers)
    n, k = answers.n, len(answers.items)
    enough = _enough(n, k)
    covariance = np.where(enough[:, None, None], moments.covariance, np.nan)
    alpha = alpha_of(covariance)
    se, df = _linearised_error(frame, answers, moments, design)
    se = np.where(np.isfinite(alpha), se, np.nan)
    simple = ci == "feldt" or (ci == "auto" and design.plain)
    low, high = feldt_interval(alpha, n.astype(np.float64), k, level) if simple else log_interval(alpha, se, df, level)
    omega, loading, improper = _factors(covariance, n)
    rest = item_rest(covariance)
    flags = _scale_flags(answers, alpha, covariance, improper, rest)
    add_reason(flags, enough & ~(df > 0), "no_df")
    scale = answers.domains.reset_index(drop=True).assign(
        n_items=k, n=n, alpha=alpha, se=se, df=df, ci_low=low, ci_high=high,
        std_alpha=alpha_of(correlation_of(covariance)), omega_total=omega, missing_share=answers.missing_share,
        flag=flags.astype(str),
    )  # fmt: skip
    return ScaleReliability(scale, _item_table(answers, moments, covariance, rest, loading))


def require_one_direction(answers: ScaleAnswers) -> None:
    """Raise ``scale-reversed`` where, over all rows, an item clearly runs against the scale and is not turned.

    The direction of the scale is that of its first principal component; clearly means beyond 1.96/sqrt(n) of no
    correlation with it.
    """
    rows = answers.complete
    n = int(np.count_nonzero(rows))
    if n < FEW:
        return
    _, covariance = weighted_moments(answers.scores[rows], answers.weight[rows])
    correlation = correlation_of(covariance)
    if np.isnan(correlation).any():
        return
    size, vector = np.linalg.eigh(correlation)
    loading = vector[:, -1] * np.sqrt(size[-1])
    loading = -loading if loading.sum() < 0 else loading
    against = [item for item, value in zip(answers.items, loading, strict=True) if value < -1.96 / np.sqrt(n)]
    if against:
        turned = [item for item, turn in zip(answers.items, answers.turned, strict=True) if turn]
        raise UsageError("scale-reversed", items=against, reverse=turned or "()")


def _linearised_error(
    frame: Any, answers: ScaleAnswers, moments: Moments, design: Design
) -> tuple[FloatArray, FloatArray]:
    """Return the standard error of alpha and its degrees of freedom, each (D,)."""
    centred = np.where(answers.complete[:, None], answers.scores - moments.mean[answers.domain], np.nan)
    k = len(answers.items)
    columns = {"own": (centred * centred).sum(axis=1), "whole": centred.sum(axis=1) ** 2, "domain": answers.domain}
    table, named = design_frame(frame, design, columns)
    found = estimate(table, [("own", "whole")], "domain", named, stat="ratio").set_index("domain")
    found = found.reindex(np.arange(len(answers.domains)))
    return k / (k - 1) * found["se"].to_numpy(dtype=np.float64), found["df"].to_numpy(dtype=np.float64)


def _factors(covariance: FloatArray, n: IntArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return omega (D,), loadings (D, k) and which solutions are improper (D,); NaN where no factor can be fitted."""
    n_domains, k = covariance.shape[:2]
    omega, loading = np.full(n_domains, np.nan), np.full((n_domains, k), np.nan)
    improper = np.zeros(n_domains, dtype=np.bool_)
    correlation = correlation_of(covariance)
    usable = enough_for_factor(n, k) & (k > 2) & np.isfinite(correlation).all(axis=(1, 2))
    for place in np.flatnonzero(usable):
        fit = fit_minres(correlation[place])
        loading[place], improper[place] = fit.loading, fit.improper or not fit.converged
        omega[place] = np.nan if improper[place] else omega_total(correlation[place], fit)
    return omega, loading, improper


def _enough(n: IntArray, k: int) -> BoolArray:
    return np.asarray((n >= FEW) & (n > k), dtype=np.bool_)


def enough_for_factor(n: IntArray, k: int) -> BoolArray:
    """Return where there are answers enough (D,) to fit a factor to k items."""
    return np.asarray((n >= FEW_FOR_FACTOR) & (n >= PER_ITEM * k), dtype=np.bool_)


def _scale_flags(
    answers: ScaleAnswers, alpha: FloatArray, covariance: FloatArray, improper: BoolArray, rest: FloatArray
) -> Reasons:
    n, k = answers.n, len(answers.items)
    flags = no_reasons(n.size)
    enough = _enough(n, k)
    add_reason(flags, ~enough, "few_answers")
    add_reason(flags, enough & ~enough_for_factor(n, k), "few_for_factor")
    add_reason(flags, np.full(n.size, k == 2), "two_items")
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    still = np.asarray(np.isnan(alpha) | (variance <= 0).any(axis=1), dtype=np.bool_)
    add_reason(flags, enough & still, "no_variation")
    add_reason(flags, improper, "improper")
    add_reason(flags, np.asarray((rest < 0).any(axis=1), dtype=np.bool_), "negative_item")
    return flags


def _item_table(
    answers: ScaleAnswers, moments: Moments, covariance: FloatArray, rest: FloatArray, loading: FloatArray
) -> pd.DataFrame:
    variance = np.diagonal(moments.covariance, axis1=1, axis2=2)
    table = domain_table(answers.domains, answers.items)
    flags = no_reasons(len(table))
    add_reason(flags, np.repeat(np.isnan(covariance).all(axis=(1, 2)), len(answers.items)), "few_answers")
    add_reason(flags, (variance == 0).reshape(-1), "no_variation")
    add_reason(flags, (rest < 0).reshape(-1), "negative_item")
    return table.assign(
        turned=np.tile(answers.turned, len(answers.domains)),
        mean=(moments.mean * np.where(answers.turned, -1.0, 1.0)).reshape(-1), sd=np.sqrt(variance).reshape(-1),
        item_rest=rest.reshape(-1), alpha_if_dropped=alpha_if_dropped(covariance).reshape(-1),
        loading=loading.reshape(-1), flag=flags.astype(str),
    )  # fmt: skip
