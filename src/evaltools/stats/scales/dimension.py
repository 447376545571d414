"""Whether items may be averaged into one score: one factor, or more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from evaltools.stats.arrays import FloatArray
from evaltools.stats.design import DEFAULT, Design
from evaltools.stats.reasons import domain_table
from evaltools.stats.scales.answers import read_scale
from evaltools.stats.scales.consistency import enough_for_factor
from evaltools.stats.scales.fit_indices import FitIndices, fit_indices
from evaltools.stats.scales.moments import correlation_of, item_moments
from evaltools.stats.scales.one_factor import FactorFit, fit_likelihood, fit_minres
from evaltools.stats.scales.parallel import count_factors, random_eigenvalues
from evaltools.stats.streams import require_replicates, require_seed

Verdict = Literal["fits", "doubtful", "not_one_dimensional", "cannot_tell"]

GOOD_CFI, POOR_CFI = 0.95, 0.90
GOOD_SRMR, POOR_SRMR = 0.08, 0.10
GOOD_RMSEA, POOR_RMSEA = 0.08, 0.10
WEAK = 0.40  # loading below which an item hardly belongs
_NUMBERS = ("n_factors", "first_share", "chi2", "df", "p", "rmsea", "rmsea_low", "rmsea_high", "cfi", "srmr")


@dataclass(frozen=True, slots=True, eq=False)
class OneFactor:
    """What `check_one_factor` returns.

    Attributes
    ----------
    scale : frame
        One row a domain: `[*by, wave, n_items, n, n_eff, n_factors, first_share, chi2, df, p, rmsea, rmsea_low,
        rmsea_high, cfi, srmr, missing_share, verdict, flag]`.
    items : frame
        One row a domain and item: `[*by, wave, item, turned, loading, unique, loading_minres, eigenvalue, by_chance]`;
        the eigenvalues are those of the correlations, largest first, beside what chance gives.
    """

    scale: pd.DataFrame
    items: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    indices: FitIndices
    likelihood: FactorFit
    minres: FactorFit
    eigenvalues: FloatArray
    by_chance: FloatArray


def check_one_factor(
    frame: Any,
    items: Sequence[str],
    by: str | Sequence[str] | None = None,
    wave: str | None = None,
    design: Design = DEFAULT,
    *,
    seed: int,
    draws: int = 200,
    reverse: Sequence[str] = (),
) -> OneFactor:
    """Check whether one factor accounts for the items, before their mean is called one thing.

    Parameters
    ----------
    frame : pandas frame or Arrow table, N rows
        One row an answer sheet; a row counts where all items are answered.
    items
        Three or more numeric columns.
    by, wave
        Columns that form the domains; the wave is one more.
    design
        The weight is used, and counted by its effective number of answers; strata and units are not, see the notes.
    seed, draws
        Of the random samples that the eigenvalues are held against, and how many.
    reverse
        Items worded the other way round.

    Returns
    -------
    OneFactor
        Frames `scale` and `items`. `verdict` by this rule, `n_factors` being the eigenvalues above those of chance:

        - ``not_one_dimensional``: `n_factors` is 2 or more, and cfi < 0.90 or srmr > 0.10 or rmsea > 0.10;
        - ``fits``: `n_factors` is 1, cfi >= 0.95, srmr <= 0.08, rmsea <= 0.08, and every loading is 0.40 or more;
        - ``doubtful``: all else;
        - ``cannot_tell``: too few answers, an item that does not vary, a singular or improper solution, or three items,
          which one factor always reproduces.

        `flag`: ``few_answers`` (fewer than 30, or than 5 an item), ``no_variation``, ``singular`` (an item follows from
        the others), ``improper``, ``three_items``, ``negative_item`` (a loading below 0: turn the item), ``weak_item``.

    Raises
    ------
    UsageError
        ``scale-items``, ``scale-reverse``, ``option-range``, and those of reading.

    Notes
    -----
    The indices assume normal answers of a simple random sample. Answers on five points, skewed ones and firms that
    answer several times make chi2 and RMSEA too large and correlations too small; SRMR and parallel analysis suffer
    less.
    Source: Hu and Bentler (1999), Struct. Equ. Modeling 6 (limits); Horn (1965), Psychometrika 30.
    Equals R lavaan 0.6-14 `cfa` and `fitMeasures`, psych 2.2.9 `fa`.
    """
    seed, draws = require_seed(seed), require_replicates(draws, 20)
    answers = read_scale(frame, items, by, wave, design, reverse, least=3)
    moments = item_moments(answers)
    n, k = answers.n, len(answers.items)
    correlation = correlation_of(moments.covariance)
    enough = enough_for_factor(n, k) & (moments.answers > k)
    found = [
        _fit_domain(correlation[place], float(moments.answers[place]), seed, draws)
        if enough[place]
        else ("few_answers" if n[place] else "no_answers")
        for place in range(n.size)
    ]
    scale = answers.domains.reset_index(drop=True).assign(n_items=k, n=n, n_eff=moments.answers)
    found_rows = pd.DataFrame([_row(part, k) for part in found], columns=[*_NUMBERS, "verdict", "flag"])
    for name in _NUMBERS:
        scale[name] = found_rows[name]
    scale = scale.assign(missing_share=answers.missing_share, verdict=found_rows["verdict"], flag=found_rows["flag"])
    table = domain_table(answers.domains, answers.items).assign(turned=np.tile(answers.turned, n.size))
    return OneFactor(scale, table.assign(**_item_columns(found, k)))


def _fit_domain(correlation: FloatArray, effective: float, seed: int, draws: int) -> _Found | str:
    """Fit a domain, or return the reason why not."""
    k = correlation.shape[0]
    if np.isnan(correlation).any():
        return "no_variation"
    eigenvalues = np.asarray(np.linalg.eigvalsh(correlation)[::-1], dtype=np.float64)
    if eigenvalues[-1] < 1e-8:
        return "singular"
    likelihood = fit_likelihood(correlation)
    by_chance = random_eigenvalues(effective, k, seed, draws)
    return _Found(
        fit_indices(correlation, likelihood, effective), likelihood, fit_minres(correlation), eigenvalues, by_chance
    )


def _row(found: _Found | str, k: int) -> dict[str, object]:
    if isinstance(found, str):
        return {**dict.fromkeys(_NUMBERS, np.nan), "verdict": "cannot_tell", "flag": found}
    indices = found.indices
    n_factors = count_factors(found.eigenvalues, found.by_chance)
    flags = _reasons(found, k)
    return {
        "n_factors": n_factors, "first_share": float(found.eigenvalues[0]) / k, "chi2": indices.chi2, "df": indices.df,
        "p": indices.p, "rmsea": indices.rmsea, "rmsea_low": indices.rmsea_low, "rmsea_high": indices.rmsea_high,
        "cfi": indices.cfi, "srmr": indices.srmr, "verdict": _judge(indices, n_factors, flags), "flag": ";".join(flags),
    }  # fmt: skip


def _reasons(found: _Found, k: int) -> list[str]:
    fit = found.likelihood
    flags = ["improper"] if fit.improper or not fit.converged else []
    flags += ["three_items"] if k == 3 else []
    flags += ["negative_item"] if (fit.loading < 0).any() else []
    flags += ["weak_item"] if (np.abs(fit.loading) < WEAK).any() else []
    return flags


def _judge(indices: FitIndices, n_factors: int, flags: Sequence[str]) -> Verdict:
    if "improper" in flags or "three_items" in flags:
        return "cannot_tell"
    poor = indices.cfi < POOR_CFI or indices.srmr > POOR_SRMR or indices.rmsea > POOR_RMSEA
    if n_factors >= 2 and poor:
        return "not_one_dimensional"
    good = indices.cfi >= GOOD_CFI and indices.srmr <= GOOD_SRMR and indices.rmsea <= GOOD_RMSEA
    return "fits" if n_factors == 1 and good and not flags else "doubtful"


def _item_columns(found: Sequence[_Found | str], k: int) -> dict[str, FloatArray]:
    names = ("loading", "unique", "loading_minres", "eigenvalue", "by_chance")
    parts = [
        np.full((len(names), k), np.nan)
        if isinstance(part, str)
        else np.stack([
            part.likelihood.loading, part.likelihood.unique, part.minres.loading, part.eigenvalues, part.by_chance,
        ])
        for part in found
    ]  # fmt: skip
    return dict(zip(names, np.concatenate([np.empty((len(names), 0)), *parts], axis=1), strict=True))
