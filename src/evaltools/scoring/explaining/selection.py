"""Which answers are explained, and what may be shown of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.scoring.gate import GateResult
from evaltools.scoring.models import Indicator
from evaltools.scoring.preparation import ScoringData, SourceData
from evaltools.stats.regression.terms import MOST_CATEGORIES
from evaltools.survey.answers import NO_STRATUM

SMALL_CELL = "small_cell"


def surveys(data: ScoringData) -> list[SourceData]:
    """Return the sources whose answers are a sample of respondents, as far as anybody answered."""
    return [source for source in data.sources if source.uncertainty == "sampling" and len(source.frame)]


def in_use(data: ScoringData, source: SourceData) -> list[Indicator]:
    """Return the indicators of a source that the composite weighs and the campaign does not leave out."""
    return [one for one in source.indicators if one.weight > 0 and one.id not in data.exclusions]


def ratings(data: ScoringData, source: SourceData) -> list[Indicator]:
    """Return those in use that are means of answers on a scale with two ends."""
    return [one for one in in_use(data, source) if data.framework.is_rating(one)]


def own_answers(data: ScoringData, source: SourceData) -> pd.DataFrame:
    """Return the source's frame with the answers on other banks blank: their firms stay in the design."""
    frame = source.frame.copy()
    frame.loc[~frame["bank"].isin(data.bank_ids), source.items] = np.nan
    return frame


def with_mix(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return a frame with the columns that make up the mix of firms, and their names.

    A stratum such as ``small/services`` is taken apart, so that size and sector count each by itself; a firm without a
    stratum has no value. A column in which all firms are alike, or too many differ, says nothing and is left out.
    """
    strata = frame["mix"].where(frame["mix"] != NO_STRATUM)
    parts = strata.str.split("/", expand=True)
    if parts.isna().any(axis=1)[strata.notna()].any():
        parts = strata.to_frame()  # strata of unequal make are kinds of their own
    parts.columns = [f"mix_{number}" for number in range(1, parts.shape[1] + 1)]
    chosen = [name for name in parts.columns if 1 < parts[name].nunique() <= MOST_CATEGORIES]
    return pd.concat([frame, parts[chosen].astype(object).where(parts[chosen].notna(), None)], axis=1), chosen


def untold(data: ScoringData, gate: GateResult, names: Sequence[str]) -> pd.DataFrame:
    """Return, banks x indicators, why a change is not told: the gate's reason for it, ``gate``, or ""."""
    failed = ~gate.table.set_index("bank")["gate_passed"].astype(bool)
    reasons = gate.reasons.loc[data.bank_ids, list(names)]
    return reasons.mask((reasons == "") & failed.to_numpy()[:, None], "gate")


def at_places(table: pd.DataFrame, banks: Sequence[str], indicators: Sequence[str]) -> npt.NDArray[np.object_]:
    """Return the cells of a table banks x indicators that rows of another stand for."""
    rows, columns = table.index.get_indexer(pd.Index(banks)), table.columns.get_indexer(pd.Index(indicators))
    return np.asarray(table.to_numpy(dtype=object)[rows, columns], dtype=object)


def hide(frame: pd.DataFrame, columns: Sequence[str], reasons: npt.NDArray[np.object_]) -> pd.DataFrame:
    """Return the frame with some columns empty, and the reason as the flag, where there is a reason."""
    shown = pd.Series(reasons, index=frame.index, dtype=object) == ""
    hidden = frame.copy()
    for name in columns:
        hidden[name] = frame[name].astype(float).where(shown)
    hidden["flag"] = frame["flag"].astype(object).where(shown, reasons)
    return hidden


def in_order(frame: pd.DataFrame, **orders: Sequence[str]) -> pd.DataFrame:
    """Return the rows whose values stand in the given orders, sorted by them."""
    kept = frame.loc[np.logical_and.reduce([frame[name].isin(list(order)) for name, order in orders.items()])]
    places = pd.DataFrame({name: pd.Index(order).get_indexer(pd.Index(kept[name])) for name, order in orders.items()})
    order = places.sort_values(list(orders), kind="stable").index
    return kept.iloc[order].reset_index(drop=True)
