"""What variants are computed from: levels, weights, goalposts, and one covariance matrix a bank and source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.scoring.changes import ChangeResult, bank_table
from evaltools.scoring.composite import interval_basis, source_errors
from evaltools.scoring.gate import GateResult
from evaltools.scoring.preparation import ScoringData
from evaltools.stats import joint_covariance

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class SourcePart:
    """One source's uncertainty at B banks.

    Attributes
    ----------
    column : int array, shape (2k,)
        Places of its levels among the 2I levels, baseline first.
    covariance : array, shape (B, 2k, 2k)
        Of these levels in their units.
    raised, df : array, shape (B,)
        Ratio of the variance on which intervals rest to the linearised one, and its degrees of freedom, as in the
        composite itself.
    """

    column: IntArray
    covariance: FloatArray
    raised: FloatArray
    df: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """The B banks that passed the gate, I indicators in M dimensions.

    Attributes
    ----------
    banks
        Ids.
    weight, dimension_weight, dimension : arrays, shapes (I,), (M,), (I,)
        Weights within dimensions, of them, and the dimension of each indicator.
    worst, best : array, shape (I,)
        Goalposts of the framework.
    used : bool array, shape (B, I)
        Which indicators a bank's composite has.
    baseline, endline : array, shape (B, I)
        Levels in the indicators' units, 0 where not used.
    method, floor
        Aggregation of the framework.
    sources
        Their uncertainty.
    alpha, delta, least_share
        Level of the verdicts, meaningful change, share of the weight that the gate asks for.
    """

    banks: tuple[str, ...]
    weight: FloatArray
    dimension_weight: FloatArray
    dimension: IntArray
    worst: FloatArray
    best: FloatArray
    used: BoolArray
    baseline: FloatArray
    endline: FloatArray
    method: Literal["arithmetic", "geometric"]
    floor: float | None
    sources: tuple[SourcePart, ...]
    alpha: float
    delta: float
    least_share: float


def gather_base(data: ScoringData, gate: GateResult, changes: ChangeResult) -> Base:
    """Gather what variants need from the steps of scoring."""
    framework, indicators = data.framework, data.framework.indicators
    place = np.flatnonzero(gate.table["gate_passed"].to_numpy(dtype=bool))
    weights = bank_table(changes.frame, "weight")
    used = weights.to_numpy()[place] > 0
    levels = [
        np.where(used, bank_table(changes.frame, wave).to_numpy()[place], 0.0) for wave in ("baseline", "endline")
    ]
    order = [dimension.id for dimension in framework.dimensions]
    return Base(
        banks=tuple(data.bank_ids[number] for number in place),
        weight=np.array([one.weight for one in indicators]),
        dimension_weight=np.array([dimension.weight for dimension in framework.dimensions]),
        dimension=np.array([order.index(one.dimension) for one in indicators]),
        worst=np.array([one.goalposts.worst for one in indicators]),
        best=np.array([one.goalposts.best for one in indicators]),
        used=used,
        baseline=levels[0],
        endline=levels[1],
        method=framework.aggregation.method,
        floor=framework.aggregation.floor,
        sources=_sources(data, changes, weights, place),
        alpha=framework.alpha,
        delta=framework.delta,
        least_share=framework.gate.weight_share,
    )


def _sources(
    data: ScoringData, changes: ChangeResult, weights: pd.DataFrame, place: IntArray
) -> tuple[SourcePart, ...]:
    errors = source_errors(data, changes, weights)
    variance, df = interval_basis(errors)
    banks = [data.bank_ids[number] for number in place]
    names = [indicator.id for indicator in data.framework.indicators]
    parts = []
    for row, source in enumerate(data.sources):
        found = changes.estimates.get(source.source)
        if found is None:
            continue
        column = np.array([names.index(item) for item in found.items])
        where = pd.Index(found.domains["bank"]).get_indexer(banks)
        matrix = np.where((where >= 0)[:, None, None], joint_covariance(found)[where], 0.0)
        plain = errors.variance[row][place]
        raised = np.divide(variance[row][place], plain, out=np.ones(len(place)), where=plain > 0)
        parts.append(SourcePart(np.concatenate([column, column + len(names)]), matrix, raised, df[row][place]))
    return tuple(parts)
