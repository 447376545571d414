"""The composite and its dimensions: a linear combination of changes, with the error of that combination."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.scoring.changes import ChangeResult, t_interval
from evaltools.scoring.families import adjust_holm
from evaltools.scoring.gate import GateResult
from evaltools.scoring.preparation import ScoringData
from evaltools.stats import combine

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
    """

    frame: pd.DataFrame
    dimensions: pd.DataFrame


def score_composites(data: ScoringData, gate: GateResult, changes: ChangeResult) -> CompositeResult:
    """Combine the changes of the indicators into the composite and its dimensions.

    Parameters
    ----------
    data, gate, changes
        From `prepare_scoring`, `check_gate` and `measure_changes`.

    Notes
    -----
    The same indicators with the same weights stand in both waves, so change = endline - baseline. Sources are
    independent: their variances add up, with the degrees of freedom of Satterthwaite (1946), Biometrics Bulletin 2,
    110-114. T = change / SE; interval and p from the same t distribution; p adjusted by Holm over the banks that
    passed the gate; simultaneous limits by Bonferroni over the same banks.
    """
    alpha = data.framework.alpha
    frame = _combined(data, changes, _grid(changes.frame, "weight"), level=1 - alpha)
    failed = frame["bank"].map(gate.table.set_index("bank")["gate_passed"]).eq(False).to_numpy()
    frame.loc[failed, [name for name in frame.columns if name != "bank"]] = np.nan
    frame["p_holm"] = np.nan
    frame.loc[~failed, "p_holm"] = adjust_holm(frame.loc[~failed, "p"].to_numpy(dtype=float))
    family = max(len(gate.passed), 1)
    parts = (frame[name].to_numpy(dtype=float) for name in ("change", "se", "df"))
    frame["sim_low"], frame["sim_high"], _ = t_interval(*parts, level=1 - alpha / family)
    columns = ["weight_share", "n_baseline", "n_endline", "psu_baseline", "psu_endline"]
    frame[columns] = gate.table[columns].to_numpy()
    frame = frame.astype(dict.fromkeys(columns[1:], "int64"))
    return CompositeResult(frame[list(COMPOSITE_COLUMNS)], _score_dimensions(data, changes))


def _score_dimensions(data: ScoringData, changes: ChangeResult) -> pd.DataFrame:
    weights, parts = _grid(changes.frame, "weight"), []
    for dimension in data.framework.dimensions:
        full = {i.id: i.weight for i in data.framework.indicators if i.dimension == dimension.id}
        inside = weights[list(full)]
        total = inside.sum(axis=1)
        own = weights * 0.0
        own[list(full)] = inside.div(total.where(total > 0), axis=0)
        part = _combined(data, changes, own.fillna(0.0), level=1 - data.framework.alpha)
        absent = (total == 0).to_numpy()
        part.loc[absent, [name for name in part.columns if name != "bank"]] = np.nan
        part["weight_share"] = ((inside > 0) * pd.Series(full)).sum(axis=1).to_numpy()
        parts.append(part.assign(dimension=dimension.id))
    frame = pd.concat(parts, ignore_index=True)
    place = frame["bank"].map({bank: i for i, bank in enumerate(data.bank_ids)})
    order = place.sort_values(kind="stable").index
    return frame.loc[order, list(DIMENSION_COLUMNS)].reset_index(drop=True)


def _combined(data: ScoringData, changes: ChangeResult, weights: pd.DataFrame, *, level: float) -> pd.DataFrame:
    """Return levels, change and its error of one weighting of the scores, one row a bank in the campaign's order."""
    banks = data.bank_ids
    used = weights > 0
    frame = pd.DataFrame({"bank": banks})
    for name in ("baseline", "endline"):
        scores = _grid(changes.frame, f"score_{name}")
        frame[name] = (scores.where(used, 0.0) * weights).sum(axis=1).to_numpy()
    frame["change"] = frame["endline"] - frame["baseline"]
    variances, dfs = _by_source(data, changes, weights)
    variance, df = satterthwaite(variances, dfs)
    frame["se"], frame["df"] = np.sqrt(variance), df
    parts = (frame[name].to_numpy(dtype=float) for name in ("change", "se", "df"))
    frame["ci_low"], frame["ci_high"], frame["p"] = t_interval(*parts, level=level)
    return frame


def satterthwaite(variances: FloatArray, dfs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Add the variances of independent sources and return the degrees of freedom of the sum.

    Parameters
    ----------
    variances, dfs : array, shape (sources, banks)
        A source with variance 0 adds nothing. A source with a variance but without degrees of freedom (NaN, or below
        1) leaves the sum without them: NaN.

    Returns
    -------
    variance, df : array, shape (banks,)
        df is NaN where the sum is 0.
    """
    total = variances.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(variances > 0, variances**2 / np.where(dfs >= 1, dfs, np.nan), 0.0)
        df = total**2 / parts.sum(axis=0)
    return total, np.where(total > 0, df, np.nan)


def _by_source(data: ScoringData, changes: ChangeResult, weights: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
    """Return variance and df of each source's part of the combination, sources x banks."""
    per_unit = {indicator.id: indicator.goalposts.per_unit for indicator in data.framework.indicators}
    shape = (len(data.sources), len(data.bank_ids))
    variances, dfs = np.zeros(shape), np.full(shape, np.nan)
    for row, source in enumerate(data.sources):
        found = changes.estimates.get(source.source)
        if found is None:
            continue
        scale = np.array([per_unit[name] for name in found.items])
        coefficients = weights.reindex(index=found.domains["bank"], columns=list(found.items)).fillna(0.0) * scale
        combination = combine(found, coefficients.to_numpy(dtype=float))
        table = pd.DataFrame({"se": combination.se, "df": combination.df}, index=found.domains["bank"])
        table = table.reindex(data.bank_ids)
        concerned = weights[list(found.items)].sum(axis=1).to_numpy() > 0
        variances[row] = np.where(concerned, table["se"].to_numpy(dtype=float) ** 2, 0.0)
        dfs[row] = table["df"].to_numpy(dtype=float)
    return variances, dfs


def _grid(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return one column of the changes as a table banks x indicators, in the order of the rows."""
    banks, names = frame["bank"].drop_duplicates(), frame["indicator"].drop_duplicates()
    values = frame[column].to_numpy(dtype=float).reshape(len(banks), len(names))
    return pd.DataFrame(values, index=pd.Index(banks, name="bank"), columns=list(names))
