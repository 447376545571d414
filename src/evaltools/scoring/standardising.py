"""Changes at one mix of firms: what each wave would have shown had the same kinds of firms answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.errors import CampaignError
from evaltools.scoring.preparation import ScoringData, SourceData
from evaltools.stats.arrays import sum_by

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MIX_COLUMNS = ("bank", "raw", "standardised", "mix_effect", "cells", "flag")

_LEAST = 2  # answers of a wave that a cell must hold to stand alone
_SHOWN = 5


@dataclass(frozen=True, slots=True, eq=False)
class Standardised:
    """Data whose changes are standardised, and how many cells of the mix each change rests on.

    `cells` is banks x indicators; NaN for an indicator whose source has no mix.
    """

    data: ScoringData
    cells: pd.DataFrame


def standardise(data: ScoringData, margins: Mapping[str, float]) -> Standardised:
    """Give both waves of every bank the mix of the population.

    Parameters
    ----------
    data
        From `prepare_scoring`.
    margins
        Stratum to its number of firms in the population, in the order in which neighbours are alike.

    Returns
    -------
    Standardised
        Each answer y of cell c is replaced by m_t + (y - m_tc) P_c W_t / W_tc, with m_tc and W_tc mean and weight of
        the cell's answers in the wave, P_c the cell's share of the population, m_t = sum_c P_c m_tc and W_t all weight:
        the weighted mean of these values is m_t, and their linearised contributions are those of the post-stratified
        mean, so that every step that follows gives the standardised change with its error.

    Raises
    ------
    CampaignError
        ``margins-stratum``: firms stand in a stratum that has no margin.

    Notes
    -----
    A cell with fewer than two answers in a wave joins the next cell that has them, in the order of the margins (the
    last ones the one before), for that bank and indicator; never by what was answered. Margins are taken as known.
    Source: Särndal, Swensson, Wretman (1992), section 7.6. Equals `evaltools.stats.standardise_change` where no cell is
    joined.
    """
    names = [indicator.id for indicator in data.framework.indicators]
    cells = pd.DataFrame(np.nan, index=data.bank_ids, columns=names)
    sources = []
    for source in data.sources:
        if source.uncertainty != "sampling":
            sources.append(source)
            continue
        changed, counts = _standardise_source(data, source, margins)
        cells[source.items] = counts
        sources.append(changed)
    return Standardised(replace(data, sources=tuple(sources)), cells)


def compare_mixes(
    raw: pd.DataFrame, standardised: pd.DataFrame, weights: pd.DataFrame, cells: pd.DataFrame
) -> pd.DataFrame:
    """Lay the raw and the standardised change of the composites side by side.

    Parameters
    ----------
    raw, standardised
        Composites by bank.
    weights, cells
        Weights in use and cells of the mix, banks x indicators.

    Returns
    -------
    DataFrame
        `MIX_COLUMNS`: ``mix_effect`` is the part of the raw change that comes from another mix of firms; ``cells`` the
        fewest cells that an indicator in use rests on; ``flag`` is ``mix_reversal`` where both changes differ in sign.
    """
    plain, adjusted = (frame["change"].to_numpy(dtype=float) for frame in (raw, standardised))
    fewest = cells.where(weights.to_numpy() > 0).min(axis=1).to_numpy()
    reversal = np.sign(plain) * np.sign(adjusted) < 0
    return pd.DataFrame({
        "bank": raw["bank"].to_numpy(), "raw": plain, "standardised": adjusted, "mix_effect": plain - adjusted,
        "cells": fewest, "flag": np.where(reversal, "mix_reversal", ""),
    })[list(MIX_COLUMNS)]  # fmt: skip


def _standardise_source(
    data: ScoringData, source: SourceData, margins: Mapping[str, float]
) -> tuple[SourceData, IntArray]:
    frame, strata = source.frame, list(margins)
    unknown = sorted(set(frame["mix"]) - set(strata))
    if unknown:
        raise CampaignError("margins-stratum", count=len(unknown), strata=unknown[:_SHOWN], source=source.source)
    share = np.array(list(margins.values()), dtype=np.float64)
    bank = pd.Index(data.bank_ids).get_indexer(pd.Index(frame["bank"]))
    scored = bank >= 0  # others stay in the design as they are
    late, cell = frame["wave"].eq(data.waves[1]), pd.Index(strata).get_indexer(pd.Index(frame["mix"]))
    slot = np.array([bank, late, cell])[:, scored]
    shape = (len(data.bank_ids), 2, len(strata))
    weight = frame["weight"].to_numpy(dtype=float)[scored]
    values = frame.loc[scored, source.items].to_numpy(dtype=float, copy=True)
    counts = np.zeros((len(data.bank_ids), len(source.items)), dtype=np.int64)
    for number in range(len(source.items)):
        values[:, number], counts[:, number] = _standardise_item(values[:, number], weight, slot, shape, share)
    changed = frame.copy()
    changed.loc[scored, source.items] = values
    return replace(source, frame=changed), counts


def _standardise_item(
    y: FloatArray, weight: FloatArray, slot: IntArray, shape: tuple[int, int, int], share: FloatArray
) -> tuple[FloatArray, IntArray]:
    """Return one indicator's values, standardised, and the cells that each bank's change rests on."""
    there = ~np.isnan(y)
    held = np.where(there, weight, 0.0)

    def sums(cell: IntArray, part: FloatArray) -> FloatArray:
        place = np.ravel_multi_index((slot[0], slot[1], cell), shape)
        return sum_by(place, part, int(np.prod(shape))).reshape(shape)

    group = join_cells(sums(slot[2], (held > 0).astype(np.float64)).min(axis=1) >= _LEAST)
    cell = group[slot[0], slot[2]]
    total = sums(cell, held)
    mean = np.divide(sums(cell, held * np.where(there, y, 0.0)), total, out=np.zeros(shape), where=total > 0)
    population = np.zeros((shape[0], shape[2]))
    np.add.at(population, (np.arange(shape[0])[:, None], group), share / share.sum())
    level = (population[:, None, :] * mean).sum(axis=2)
    factor = np.divide(
        population[:, None, :] * total.sum(axis=2, keepdims=True), total, out=np.zeros(shape), where=total > 0
    )
    own = (slot[0], slot[1], cell)
    moved = level[slot[0], slot[1]] + (y - mean[own]) * factor[own]
    return moved, np.count_nonzero(population, axis=1)


def join_cells(enough: npt.NDArray[np.bool_]) -> IntArray:
    """Join cells without enough answers to the next that has them, the last ones to the one before.

    Parameters
    ----------
    enough : bool array, shape (B, C)
        Whether a cell can stand alone.

    Returns
    -------
    int array, shape (B, C)
        Number of the joined cell of each cell, 0 and up.
    """
    before: IntArray = np.cumsum(enough, axis=1) - enough
    return np.asarray(np.minimum(before, np.maximum(enough.sum(axis=1, keepdims=True) - 1, 0)), dtype=np.int64)
