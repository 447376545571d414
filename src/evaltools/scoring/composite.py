"""The composite and its dimensions: a weighted mean of scores, with the error of its change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.scoring.aggregation import aggregate, gradient
from evaltools.scoring.changes import ChangeResult, bank_table, t_interval
from evaltools.scoring.families import adjust_holm
from evaltools.scoring.gate import GateResult
from evaltools.scoring.preparation import ScoringData
from evaltools.stats import ChangeEstimate, combine, endline_covariance

FloatArray = npt.NDArray[np.float64]

COMPOSITE_COLUMNS = (
    "bank", "baseline", "endline", "change", "se", "df", "ci_low", "ci_high", "p", "p_holm", "sim_low", "sim_high",
    "weight_share", "n_baseline", "n_endline", "psu_baseline", "psu_endline",
)  # fmt: skip
DIMENSION_COLUMNS = (
    "bank", "dimension", "baseline", "endline", "change", "se", "df", "ci_low", "ci_high", "weight_share",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class CompositeResult:
    """Composites and dimensions.

    Attributes
    ----------
    frame : DataFrame, one row a bank
        `COMPOSITE_COLUMNS`, points of 0-100, not cut at the ends. NaN where the gate failed. ``sim_low`` and
        ``sim_high`` hold for all banks at once; counts are those of the gate.
    dimensions : DataFrame, banks x dimensions rows
        `DIMENSION_COLUMNS`; ``weight_share`` is the share of the dimension's weight that is in use.
    covariance, covariance_endline : array, shape (banks, banks)
        Of the composites' changes and of their endline levels, firms that rate two banks included; NaN in rows and
        columns of a bank whose gate failed.
    """

    frame: pd.DataFrame
    dimensions: pd.DataFrame
    covariance: FloatArray
    covariance_endline: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class SourceErrors:
    """What each source adds to the error of a combination; arrays of shape (sources, banks).

    Attributes
    ----------
    variance, df
        Linearised variance, 0 for a source without uncertainty, and its degrees of freedom by the design's rule.
    interval_variance, interval_df
        Those with the correction for few PSUs.
    """

    variance: FloatArray
    df: FloatArray
    interval_variance: FloatArray
    interval_df: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Weighting:
    """One weighting of the scores and its derivatives by each level in its own unit, banks x indicators."""

    weights: pd.DataFrame
    baseline: pd.DataFrame
    endline: pd.DataFrame


def score_composites(data: ScoringData, gate: GateResult, changes: ChangeResult) -> CompositeResult:
    """Combine the changes of the indicators into the composite and its dimensions.

    Parameters
    ----------
    data, gate, changes
        From `prepare_scoring`, `check_gate` and `measure_changes`.

    Notes
    -----
    The same indicators with the same weights stand in both waves, so change = endline - baseline. Under the geometric
    mean the error is that of the linearised change. Sources are independent: their variances add up, with the degrees
    of freedom of Satterthwaite (1946), Biometrics Bulletin 2, 110-114. Interval and p come from the same t
    distribution, whose standard error and df are those for few PSUs (`evaltools.stats.combine`); ``se`` and ``df`` are
    those of the design. p is adjusted by Holm over the banks that passed the gate; simultaneous limits are by
    Bonferroni over the same banks.
    """
    weights = bank_table(changes.frame, "weight")
    failed = ~gate.table["gate_passed"].to_numpy(dtype=bool)
    frame = _combined(data, changes, weights, family=max(len(gate.passed), 1))
    frame.loc[failed, [name for name in frame.columns if name != "bank"]] = np.nan
    frame["p_holm"] = np.nan
    frame.loc[~failed, "p_holm"] = adjust_holm(frame.loc[~failed, "p"].to_numpy(dtype=float))
    columns = ["weight_share", "n_baseline", "n_endline", "psu_baseline", "psu_endline"]
    frame[columns] = gate.table[columns].to_numpy()
    frame = frame.astype(dict.fromkeys(columns[1:], "int64"))
    covariance, covariance_endline = _between_banks(data, changes, weights)
    for matrix in (covariance, covariance_endline):
        matrix[failed, :], matrix[:, failed] = np.nan, np.nan
    return CompositeResult(
        frame[list(COMPOSITE_COLUMNS)], _score_dimensions(data, changes), covariance, covariance_endline
    )


def _score_dimensions(data: ScoringData, changes: ChangeResult) -> pd.DataFrame:
    weights, parts = bank_table(changes.frame, "weight"), []
    for dimension in data.framework.dimensions:
        full = {i.id: i.weight for i in data.framework.indicators if i.dimension == dimension.id}
        inside = weights[list(full)]
        total = inside.sum(axis=1)
        own = weights * 0.0
        own[list(full)] = inside.div(total.where(total > 0), axis=0)
        part = _combined(data, changes, own.fillna(0.0))
        absent = (total == 0).to_numpy()
        part.loc[absent, [name for name in part.columns if name != "bank"]] = np.nan
        part["weight_share"] = ((inside > 0) * pd.Series(full)).sum(axis=1).to_numpy()
        parts.append(part.assign(dimension=dimension.id))
    frame = pd.concat(parts, ignore_index=True)
    place = frame["bank"].map({bank: i for i, bank in enumerate(data.bank_ids)})
    order = place.sort_values(kind="stable").index
    return frame.loc[order, list(DIMENSION_COLUMNS)].reset_index(drop=True)


def _combined(data: ScoringData, changes: ChangeResult, weights: pd.DataFrame, *, family: int = 1) -> pd.DataFrame:
    """Return levels, change and its error of one weighting of the scores, one row a bank in the campaign's order.

    ``sim_low`` and ``sim_high`` hold for `family` banks at once.
    """
    how, alpha = data.framework.aggregation, data.framework.alpha
    frame = pd.DataFrame({"bank": data.bank_ids})
    for name in ("baseline", "endline"):
        frame[name] = aggregate(bank_table(changes.frame, f"score_{name}").to_numpy(), weights.to_numpy(), how)
    frame["change"] = frame["endline"] - frame["baseline"]
    errors = source_errors(data, changes, weights)
    variance, df = satterthwaite(errors.variance, errors.df)
    frame["se"], frame["df"] = np.sqrt(variance), df
    change = frame["change"].to_numpy(dtype=float)
    variance, df = satterthwaite(*interval_basis(errors))
    frame["ci_low"], frame["ci_high"], frame["p"] = t_interval(change, np.sqrt(variance), df, level=1 - alpha)
    frame["sim_low"], frame["sim_high"], _ = t_interval(change, np.sqrt(variance), df, level=1 - alpha / family)
    return frame


def interval_basis(errors: SourceErrors) -> tuple[FloatArray, FloatArray]:
    """Return the variance and df of each source on which intervals and p-values of the composite rest."""
    return errors.interval_variance, errors.interval_df


def satterthwaite(variances: FloatArray, dfs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Add the variances of independent sources and return the degrees of freedom of the sum.

    Parameters
    ----------
    variances, dfs : array, shape (sources, ...)
        A source with variance 0 adds nothing. A source with a variance but without degrees of freedom (NaN, or below
        1) leaves the sum without them: NaN.

    Returns
    -------
    variance, df : array, shape (...)
        df is NaN where the sum is 0.
    """
    total = variances.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(variances > 0, variances**2 / np.where(dfs >= 1, dfs, np.nan), 0.0)
        df = total**2 / parts.sum(axis=0)
    return total, np.where(total > 0, df, np.nan)


def _weighting(data: ScoringData, changes: ChangeResult, weights: pd.DataFrame) -> _Weighting:
    per_unit = np.array([indicator.goalposts.per_unit for indicator in data.framework.indicators])
    slopes = [
        gradient(bank_table(changes.frame, f"score_{name}").to_numpy(), weights.to_numpy(), data.framework.aggregation)
        for name in ("baseline", "endline")
    ]
    baseline, endline = (pd.DataFrame(part * per_unit, weights.index, weights.columns) for part in slopes)
    return _Weighting(weights, baseline, endline)


def source_errors(data: ScoringData, changes: ChangeResult, weights: pd.DataFrame) -> SourceErrors:
    """Return what each source adds to the error of one weighting (banks x indicators) of the scores."""
    of = _weighting(data, changes, weights)
    shape = (len(data.sources), len(data.bank_ids))
    result = SourceErrors(np.zeros(shape), np.full(shape, np.nan), np.zeros(shape), np.full(shape, np.nan))
    for row, source in enumerate(data.sources):
        found = changes.estimates.get(source.source)
        if found is None:
            continue
        before, after = (_coefficients(table, found) for table in (of.baseline, of.endline))
        combination = combine(found, after, baseline_coefficients=before)
        place = pd.Index(found.domains["bank"]).get_indexer(data.bank_ids)
        concerned = (weights[list(found.items)].sum(axis=1).to_numpy() > 0) & (place >= 0)
        for variance, df, se, own in (
            (result.variance, result.df, combination.se, combination.df),
            (result.interval_variance, result.interval_df, combination.interval_se, combination.interval_df),
        ):
            variance[row] = np.where(concerned, se[place] ** 2, 0.0)
            df[row] = np.where(place >= 0, own[place], np.nan)
    return result


def _between_banks(data: ScoringData, changes: ChangeResult, weights: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
    """Return the covariance between banks of the composite's change and of its endline, in the campaign's order."""
    of = _weighting(data, changes, weights)
    totals = np.zeros((2, len(data.bank_ids), len(data.bank_ids)))
    for found in changes.estimates.values():
        before, after = (_coefficients(table, found) for table in (of.baseline, of.endline))
        matrices = (
            combine(found, after, baseline_coefficients=before).covariance,
            endline_covariance(found, after),
        )
        place = pd.Index(found.domains["bank"]).get_indexer(data.bank_ids)
        here = np.flatnonzero(place >= 0)
        for total, matrix in zip(totals, matrices, strict=True):
            total[np.ix_(here, here)] += matrix[np.ix_(place[here], place[here])]
    return totals[0], totals[1]


def _coefficients(table: pd.DataFrame, found: ChangeEstimate) -> FloatArray:
    return table.reindex(index=found.domains["bank"], columns=list(found.items)).fillna(0.0).to_numpy(dtype=float)
