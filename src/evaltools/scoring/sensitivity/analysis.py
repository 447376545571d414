"""The sensitivity analysis as a whole: in how many variants each verdict and rank holds, and what moves them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.errors import UsageError
from evaltools.scoring.chain import ScoringSteps
from evaltools.scoring.sensitivity.base import Base, gather_base
from evaltools.scoring.sensitivity.choices import METHODS, NORMALISATIONS, Choices, Variants, input_groups, variants_of
from evaltools.scoring.sensitivity.evaluation import NOT_JUDGED, Evaluated, evaluate, rank
from evaltools.scoring.sensitivity.indices import no_indices, sobol_indices
from evaltools.scoring.verdicts import OUTCOMES
from evaltools.stats.streams import open_stream

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

VERDICT_COLUMNS = (
    "bank", "verdict", "detail", "holds_share", "detail_share", "improved_share", "worsened_share", "unchanged_share",
    "not_judged_share", "change", "change_low", "change_high",
)  # fmt: skip
RANK_COLUMNS = ("bank", "of", "rank", "holds_share", "rank_low", "rank_median", "rank_high")
VARIANT_COLUMNS = ("variant", "method", "normalisation", "left_out", "n_same", "n_judged", "rank_correlation")
MOST_VARIANTS = 100_000
LEAST_VARIANTS = 100
_MIDDLE = (5.0, 95.0)  # percentiles between which nine in ten variants lie


@dataclass(frozen=True, slots=True, eq=False)
class SensitivityResult:
    """What became of the verdicts under other choices.

    Attributes
    ----------
    verdicts : DataFrame, one row a bank that passed the gate
        `VERDICT_COLUMNS`. ``holds_share``: share of the variants with the same verdict; ``detail_share``: with the
        same detail as well; the other shares add up to 1. ``change_low`` and ``change_high`` hold nine in ten variants.
    ranks : DataFrame, two rows a bank
        `RANK_COLUMNS`, ``of`` being ``level`` (endline composite) or ``change``; ranks between which nine in ten
        variants lie. NaN where a bank is judged in no variant.
    indices : DataFrame
        See `sobol_indices`; no rows where they were not asked for.
    variants : DataFrame, one row a variant
        `VARIANT_COLUMNS`: what was chosen, how many of the judged banks keep their verdict, and Spearman's correlation
        of the ranks of change with those of the composite itself.
    choices
        What varied.
    seed, n_variants
        Of the draws.
    """

    verdicts: pd.DataFrame
    ranks: pd.DataFrame
    indices: pd.DataFrame
    variants: pd.DataFrame
    choices: Choices
    seed: int
    n_variants: int


def analyse_sensitivity(
    steps: ScoringSteps, *, seed: int, variants: int = 2000, choices: Choices | None = None, indices: bool = True
) -> SensitivityResult:
    """Work out verdicts and ranks again under many other choices of weights, aggregation and scale.

    Parameters
    ----------
    steps
        From `judge_banks`.
    seed
        Of the variants; equal seeds give equal results.
    variants
        How many, 100 to 100,000. The Monte Carlo error of a share s is sqrt(s (1 - s) / variants).
    choices
        What varies; None: all, as `Choices` says.
    indices
        Whether to say as well which choice moves what, which takes longer than all the rest.

    Raises
    ------
    UsageError
        ``option-range``.

    Notes
    -----
    Source: OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 7; Saisana, Saltelli, Tarantola
    (2005), J. R. Stat. Soc. A 168, 307-323.
    """
    if not LEAST_VARIANTS <= variants <= MOST_VARIANTS:
        raise UsageError("option-range", option="variants", value=variants, low=LEAST_VARIANTS, high=MOST_VARIANTS)
    varied = choices or Choices()
    base = gather_base(steps.data, steps.gate, steps.changes)
    uniform = open_stream(seed, "scoring.sensitivity").random((variants, len(input_groups(base))))
    drawn = variants_of(uniform, base, varied)
    found = evaluate(base, drawn)
    own = steps.verdicts.set_index("bank").loc[list(base.banks)]
    scores = steps.composites.frame.set_index("bank").loc[list(base.banks)]
    return SensitivityResult(
        verdicts=_verdicts(base, found, own, scores),
        ranks=_ranks(base, found, scores),
        indices=sobol_indices(base, varied, seed=seed, level=1 - base.alpha) if indices else no_indices(),
        variants=_list_variants(steps, drawn, found, own, scores),
        choices=varied,
        seed=seed,
        n_variants=variants,
    )


def _codes(own: pd.DataFrame) -> list[int]:
    return [
        OUTCOMES.index((str(verdict), str(detail)))
        for verdict, detail in zip(own["verdict"], own["detail"], strict=True)
    ]


def _called(verdict: str) -> list[int]:
    return [number for number, (name, _) in enumerate(OUTCOMES) if name == verdict]


def _same(found: Evaluated, own: pd.DataFrame) -> BoolArray:
    columns = [np.isin(found.outcome[:, number], _called(str(one))) for number, one in enumerate(own["verdict"])]
    return np.stack(columns, axis=1) if columns else np.zeros((len(found.outcome), 0), dtype=np.bool_)


def _verdicts(base: Base, found: Evaluated, own: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    known = ("improved", "worsened", "no_detectable_change")
    shares = [np.isin(found.outcome, _called(name)).mean(axis=0) for name in known]
    judged = found.outcome != NOT_JUDGED
    low, high = _middle(np.where(judged, found.change, np.nan))
    return pd.DataFrame({
        "bank": base.banks, "verdict": own["verdict"].to_numpy(), "detail": own["detail"].to_numpy(),
        "holds_share": _same(found, own).mean(axis=0), "detail_share": (found.outcome == _codes(own)).mean(axis=0),
        "improved_share": shares[0], "worsened_share": shares[1], "unchanged_share": shares[2],
        "not_judged_share": 1.0 - sum(shares), "change": scores["change"].to_numpy(dtype=float),
        "change_low": low, "change_high": high,
    })[list(VERDICT_COLUMNS)]  # fmt: skip


def _ranks(base: Base, found: Evaluated, scores: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for of, column, ranks in (("level", "endline", found.rank_level), ("change", "change", found.rank_change)):
        own = _own_ranks(scores, column)
        low, high = _middle(ranks)
        parts.append(pd.DataFrame({
            "bank": base.banks, "of": of, "rank": own, "holds_share": (ranks == own).mean(axis=0), "rank_low": low,
            "rank_median": _percentile(ranks, 50.0), "rank_high": high,
        }))  # fmt: skip
    frame = pd.concat(parts, ignore_index=True)
    place = {bank: number for number, bank in enumerate(base.banks)}
    return frame.loc[frame["bank"].map(place).sort_values(kind="stable").index, list(RANK_COLUMNS)].reset_index(
        drop=True
    )


def _own_ranks(scores: pd.DataFrame, column: str) -> FloatArray:
    values = scores[column].to_numpy(dtype=float)[None, :]
    return np.asarray(rank(values, np.ones(values.shape, dtype=np.bool_))[0], dtype=np.float64)


def _list_variants(
    steps: ScoringSteps, drawn: Variants, found: Evaluated, own: pd.DataFrame, scores: pd.DataFrame
) -> pd.DataFrame:
    names = [indicator.id for indicator in steps.data.framework.indicators]
    return pd.DataFrame({
        "variant": np.arange(len(drawn.left_out)), "method": np.array(METHODS)[drawn.geometric.astype(np.int64)],
        "normalisation": np.array(NORMALISATIONS)[drawn.normalisation],
        "left_out": np.array([*names, ""], dtype=object)[drawn.left_out],
        "n_same": _same(found, own).sum(axis=1), "n_judged": (found.outcome != NOT_JUDGED).sum(axis=1),
        "rank_correlation": _correlations(found.rank_change, _own_ranks(scores, "change")),
    })[list(VARIANT_COLUMNS)]  # fmt: skip


def _correlations(ranks: FloatArray, own: FloatArray) -> FloatArray:
    """Return Spearman's correlation of each row with the composite's own ranks; NaN where a bank is not judged."""
    if not own.size:  # no bank passed the gate
        return np.full(len(ranks), np.nan)
    left, right = ranks - ranks.mean(axis=1, keepdims=True), own - own.mean()
    size = np.sqrt((left**2).sum(axis=1) * (right**2).sum())
    found = np.divide((left * right).sum(axis=1), size, out=np.full(len(ranks), np.nan), where=size > 0)
    return np.asarray(found, dtype=np.float64)


def _middle(values: FloatArray) -> Sequence[FloatArray]:
    return [_percentile(values, q) for q in _MIDDLE]


def _percentile(values: FloatArray, q: float) -> FloatArray:
    """Return a percentile of each column's values that are there, a value that occurs; NaN for a column without."""
    ordered = np.sort(values, axis=0)  # NaN stands last
    count = np.count_nonzero(~np.isnan(values), axis=0)
    place = np.maximum(np.ceil(count * q / 100).astype(np.int64) - 1, 0)
    return np.asarray(ordered[place, np.arange(values.shape[1])], dtype=np.float64)
