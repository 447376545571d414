"""Banks beside each other at one mix of firms: adjusted levels and changes, what is noise, who lies outside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from evaltools.errors import UsageError
from evaltools.scoring.changes import join_flags
from evaltools.scoring.explaining.selection import (
    SMALL_CELL,
    at_places,
    in_order,
    in_use,
    own_answers,
    surveys,
    untold,
    with_mix,
)
from evaltools.scoring.families import adjust_bh
from evaltools.scoring.gate import GateResult, count_psus
from evaltools.scoring.preparation import ScoringData, SourceData
from evaltools.stats import adjust_case_mix, change, estimate, funnel_limits, shrink

FloatArray = npt.NDArray[np.float64]

BANK_COLUMNS = (
    "bank", "indicator", "of", "raw", "raw_se", "adjusted", "se", "df", "ci_low", "ci_high", "n", "reliability",
    "shrunken", "se_shrunken", "expected_shift", "funnel_low", "funnel_high", "outside", "p", "p_bh", "flag",
)  # fmt: skip
OF = ("level", "change")
_ADJUSTED = ("raw", "raw_se", "adjusted", "se", "df", "ci_low", "ci_high")


@dataclass(frozen=True, slots=True, eq=False)
class _Adjusted:
    """One indicator: rows by bank in the campaign's order, and their covariance where it is known (B, B)."""

    table: pd.DataFrame
    covariance: FloatArray | None


def compare_banks(data: ScoringData, gate: GateResult, wave: str | None = None) -> pd.DataFrame:
    """Compare banks as if each had been rated by firms of the same mix, and mark those that lie outside the funnel.

    Parameters
    ----------
    data, gate
        From the steps of scoring.
    wave
        Of the levels. None: the second.

    Returns
    -------
    DataFrame
        `BANK_COLUMNS`, two rows a bank and surveyed indicator in use, ``of`` being ``level`` or ``change``, in the
        indicator's unit. ``raw`` beside ``adjusted``: the mean, or the change, at the mix of all firms; the interval is
        that of the adjusted one. ``reliability``, ``shrunken``, ``se_shrunken`` and ``expected_shift`` are those of
        `evaltools.stats.shrink`. ``outside`` is ``above`` or ``below`` where the adjusted value lies beyond the funnel
        about the mean of all banks, with additive overdispersion; ``p`` tests the same, ``p_bh`` adjusts it over all
        banks and indicators of the same kind. NaN with a reason where fewer firms answered than may be shown, and for
        changes where the gate failed. ``no_mix``: nothing is known of the firms, adjusted is raw. ``n`` counts answers,
        for changes those of both waves.

    Raises
    ------
    UsageError
        ``option-value`` for a wave that is none of the two.

    Notes
    -----
    The mix is the stratum as declared; one made of several columns, such as size and sector, enters column by column.
    """
    wave = data.waves[1] if wave is None else wave
    if wave not in data.waves:
        raise UsageError("option-value", option="wave", value=wave, allowed=data.waves)
    parts = []
    for source in surveys(data):
        names = [one.id for one in in_use(data, source)]
        few, closed = _few(data, source, names, wave), untold(data, gate, names)
        frame = own_answers(data, source)
        at_wave = frame[frame["wave"] == wave].reset_index(drop=True)
        for name in names:
            if len(at_wave):
                parts.append(_judge(data, _adjust(data, source, at_wave, name, None), few, name, "level"))
            if set(data.waves) <= set(frame["wave"]):
                parts.append(_judge(data, _adjust(data, source, frame, name, "wave"), closed, name, "change"))
    if not parts:
        return pd.DataFrame(columns=list(BANK_COLUMNS))
    found = pd.concat(parts, ignore_index=True)
    for of in OF:
        own = found["of"] == of
        found.loc[own, "p_bh"] = adjust_bh(found.loc[own, "p"].to_numpy(dtype=float))
    order = [one.id for one in data.framework.indicators]
    return in_order(found, bank=data.bank_ids, indicator=order, of=OF)[list(BANK_COLUMNS)]


def _few(data: ScoringData, source: SourceData, names: list[str], wave: str) -> pd.DataFrame:
    """Return, banks x indicators, why a level is not shown."""
    index = pd.MultiIndex.from_product([data.bank_ids, [wave]])
    firms = count_psus(source)[names].reindex(index).fillna(0).to_numpy(dtype=np.int64)
    least = source.min_psus(data.framework)
    reasons = np.where(firms == 0, "no_answers", np.where(firms < least, SMALL_CELL, "")).astype(object)
    return pd.DataFrame(reasons, index=pd.Index(data.bank_ids, name="bank"), columns=names)


def _adjust(data: ScoringData, source: SourceData, frame: pd.DataFrame, name: str, wave: str | None) -> _Adjusted:
    """Estimate one indicator at the mix of all firms, or as it is where nothing is known of them."""
    covariance, answered = None, frame[name].notna()
    if not answered.any():
        table = pd.DataFrame(columns=["bank", *_ADJUSTED, "n", "flag"])
    elif covariates := with_mix(frame[answered])[1]:
        mixed, level = with_mix(frame)[0], 1 - data.framework.alpha
        waves = None if wave is None else data.waves
        done = adjust_case_mix(mixed, name, "bank", covariates, source.design, wave, waves=waves, level=level)
        place = pd.Index(done.domains["bank"]).get_indexer(pd.Index(data.bank_ids))
        there = np.minimum.outer(place, place) >= 0
        covariance = np.where(there, done.covariance[np.ix_(place, place)], np.nan)
        table = done.frame.rename(columns={"raw_change": "raw", "adjusted_change": "adjusted"})
    else:
        table = _as_it_is(data, source, frame, name, wave)
    if "n_baseline" in table:
        table = table.assign(n=table[["n_baseline", "n_endline"]].sum(axis=1))
    return _Adjusted(table[["bank", *_ADJUSTED, "n", "flag"]].set_index("bank").reindex(data.bank_ids), covariance)


def _as_it_is(data: ScoringData, source: SourceData, frame: pd.DataFrame, name: str, wave: str | None) -> pd.DataFrame:
    """Return the plain means, or changes, in the columns of the adjusted ones."""
    level = 1 - data.framework.alpha
    if wave is None:
        table = estimate(frame, [name], "bank", source.design, level=level).rename(columns={"estimate": "raw"})
    else:
        table = change(frame, [name], "bank", wave, source.design, waves=data.waves, level=level)
        table = table.rename(columns={"change": "raw"})
    return table.assign(raw_se=table["se"], adjusted=table["raw"], flag=table["flag"] + ";no_mix")


def _judge(data: ScoringData, found: _Adjusted, reasons: pd.DataFrame, name: str, of: str) -> pd.DataFrame:
    """Lay one indicator's banks beside what chance alone would make of them."""
    table, level = found.table, 1 - data.framework.alpha
    why = at_places(reasons, data.bank_ids, [name] * len(data.bank_ids))
    told = {one: np.where(why == "", table[one].to_numpy(dtype=float), np.nan) for one in _ADJUSTED}
    shrunken = shrink(told["adjusted"], told["se"], covariance=_of_told(found.covariance, told["se"]), level=level)
    funnel = funnel_limits(told["adjusted"], told["se"], levels=(level,))
    limits, spread = funnel.limits, np.sqrt(told["se"] ** 2 + funnel.tau2)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (told["adjusted"] - funnel.target) / np.where(told["se"] > 0, spread, np.nan)
    notes = zip(table["flag"].fillna("").astype(str), shrunken["flag"], limits["flag"], why, strict=True)
    return pd.DataFrame({
        "bank": data.bank_ids, "indicator": name, "of": of, **told,
        "n": table["n"].fillna(0).to_numpy(dtype=np.int64),
        "reliability": shrunken["reliability"], "shrunken": shrunken["shrunken"],
        "se_shrunken": shrunken["se_corrected"], "expected_shift": shrunken["expected_shift"],
        "funnel_low": limits["low"], "funnel_high": limits["high"], "outside": limits["outside"].astype(object),
        "p": 2 * special.ndtr(-np.abs(z)),
        "flag": [reason or join_flags(str(one), str(two), str(three)) for one, two, three, reason in notes],
    })  # fmt: skip


def _of_told(covariance: FloatArray | None, se: FloatArray) -> FloatArray | None:
    """Return the covariance with its diagonal equal to the squared errors that are told."""
    if covariance is None:
        return None
    own = np.where(np.isnan(np.add.outer(se, se)), np.nan, covariance)
    np.fill_diagonal(own, se**2)
    return own
