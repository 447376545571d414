"""Whether the ratings that are averaged belong together: consistency, one factor, ends of the scale, both waves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.scoring.explaining.selection import SMALL_CELL, hide, in_order, own_answers, ratings, surveys
from evaltools.scoring.models import Indicator
from evaltools.scoring.preparation import ScoringData, SourceData
from evaltools.stats import check_invariance, check_one_factor, floor_ceiling, scale_reliability

SCALE_COLUMNS = (
    "scale", "unit", "wave", "n_items", "n", "alpha", "se", "ci_low", "ci_high", "omega_total", "n_factors", "cfi",
    "srmr", "rmsea", "missing_share", "verdict", "flag",
)  # fmt: skip
ITEM_COLUMNS = (
    "scale", "wave", "indicator", "n", "mean", "item_rest", "alpha_if_dropped", "loading", "floor", "ceiling",
    "missing_share", "flag",
)  # fmt: skip
INVARIANCE_COLUMNS = (
    "scale", "indicator", "kind", "estimate", "standardised", "se", "df", "ci_low", "ci_high", "p", "p_bh",
    "n_baseline", "n_endline", "flag",
)  # fmt: skip
ALL_RATINGS = "(all)"
_SCALE_NUMBERS = ("alpha", "se", "ci_low", "ci_high", "omega_total", "n_factors", "cfi", "srmr", "rmsea")
_MOVE_NUMBERS = ("estimate", "standardised", "se", "df", "ci_low", "ci_high", "p", "p_bh")
_ITEM_NUMBERS = ("mean", "item_rest", "alpha_if_dropped", "loading", "floor", "ceiling")


@dataclass(frozen=True, slots=True, eq=False)
class ScaleChecks:
    """Checks of the scales.

    Attributes
    ----------
    scales : DataFrame, one row a scale and wave
        `SCALE_COLUMNS`: alpha with its interval, omega, and what speaks for one factor.
    items : DataFrame, one row a scale, wave and indicator
        `ITEM_COLUMNS`: ``floor`` and ``ceiling`` are the shares at the worst and the best end.
    invariance : DataFrame, two rows a scale of three or more and indicator
        `INVARIANCE_COLUMNS`: whether an item moved against the others between the waves.
    """

    scales: pd.DataFrame
    items: pd.DataFrame
    invariance: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class _Scale:
    """Indicators of one scale with the answers to them."""

    name: str
    unit: str
    items: tuple[str, ...]
    reverse: tuple[str, ...]
    ends: tuple[float, float]
    source: SourceData
    frame: pd.DataFrame


def check_scales(data: ScoringData, *, seed: int) -> ScaleChecks:
    """Check the ratings that form a scale: those in use of one dimension and one unit, and all of the unit together.

    Parameters
    ----------
    data
        From `prepare_scoring`.
    seed
        Of the random samples that eigenvalues are held against.

    Returns
    -------
    ScaleChecks
        As in `evaltools.stats.scale_reliability`, `check_one_factor`, `floor_ceiling` and `check_invariance`. Ratings
        whose goalposts run down are turned. Flags besides theirs: ``item_reversed`` (an item runs against the others
        though its goalposts do not: no coefficient), ``small_cell`` (fewer firms than may be shown).

    Raises
    ------
    UsageError
        ``scale-bounds`` where answers lie outside the ends that the framework gives their unit.
    """
    found = [_check(data, scale, seed) for scale in _scales(data)]
    return ScaleChecks(
        _join([one.scales for one in found], SCALE_COLUMNS),
        _join([one.items for one in found], ITEM_COLUMNS),
        _join([one.invariance for one in found], INVARIANCE_COLUMNS),
    )


def _join(parts: list[pd.DataFrame], columns: tuple[str, ...]) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True)[list(columns)] if filled else pd.DataFrame(columns=list(columns))


def _scales(data: ScoringData) -> Iterator[_Scale]:
    """Yield the scales of two indicators or more, in the order of the framework."""
    for source in surveys(data):
        groups: dict[tuple[str, str], list[Indicator]] = {}
        for one in ratings(data, source):
            groups.setdefault((one.unit, one.dimension), []).append(one)
        for unit in dict.fromkeys(unit for unit, _ in groups):
            own = {dimension: group for (of, dimension), group in groups.items() if of == unit}
            if len(own) > 1:
                own[ALL_RATINGS] = [one for group in own.values() for one in group]
            ends = data.framework.units[unit].ends
            for name, group in own.items():
                if len(group) > 1 and ends is not None:
                    turned = tuple(one.id for one in group if one.goalposts.per_unit < 0)
                    items = tuple(one.id for one in group)
                    yield _Scale(name, unit, items, turned, ends, source, own_answers(data, source))


def _check(data: ScoringData, scale: _Scale, seed: int) -> ScaleChecks:
    level, few = 1 - data.framework.alpha, _few(data, scale)
    table, items = _consistency(scale, level)
    table = in_order(_with_one_factor(scale, table, seed), wave=data.waves)
    why = np.array([few[str(wave), ""] for wave in table["wave"]], dtype=object)
    table = hide(table, _SCALE_NUMBERS, why)
    table["verdict"] = table["verdict"].where(why == "", "cannot_tell")
    items = _with_ends(scale, items, level).rename(columns={"item": "indicator"})
    items = in_order(items, wave=data.waves, indicator=scale.items)
    why = np.array([few[place] for place in zip(items["wave"], items["indicator"], strict=True)], dtype=object)
    items = hide(items, _ITEM_NUMBERS, why)
    moved = _invariance(data, scale, level)
    fewest = max((few[wave, ""] for wave in data.waves), default="")
    moved = hide(moved, _MOVE_NUMBERS, np.full(len(moved), fewest, dtype=object))
    named = {"scale": scale.name, "unit": scale.unit}
    return ScaleChecks(table.assign(**named), items.assign(**named), moved.assign(**named))


def _consistency(scale: _Scale, level: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the scale by wave and its items; without coefficients where an item runs against the others."""
    items = list(scale.items)
    try:
        done = scale_reliability(
            scale.frame, items, wave="wave", design=scale.source.design, reverse=scale.reverse, level=level
        )
    except UsageError as refused:
        if refused.code != "scale-reversed":
            raise
        whole = scale.frame.loc[scale.frame[items].notna().all(axis=1), "wave"]
        waves = sorted(set(scale.frame["wave"]))
        empty = dict.fromkeys(("alpha", "se", "ci_low", "ci_high", "omega_total", "missing_share"), np.nan)
        counts = [int((whole == wave).sum()) for wave in waves]
        table = pd.DataFrame({"wave": waves, "n_items": len(items), "n": counts, **empty, "flag": "item_reversed"})
        rows = pd.DataFrame([(wave, name) for wave in waves for name in items], columns=["wave", "item"])
        none = dict.fromkeys(("mean", "item_rest", "alpha_if_dropped", "loading"), np.nan)
        return table, rows.assign(**none, flag="item_reversed")
    return done.scale, done.items


def _with_one_factor(scale: _Scale, table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the table with what speaks for one factor; two items have nothing to speak for it."""
    names = ["n_factors", "cfi", "srmr", "rmsea"]
    if len(scale.items) < 3 or (table["flag"] == "item_reversed").any():
        return table.assign(**dict.fromkeys(names, np.nan), verdict="cannot_tell")
    done = check_one_factor(
        scale.frame, list(scale.items), wave="wave", design=scale.source.design, seed=seed, reverse=scale.reverse
    ).scale
    joined = table.merge(done[["wave", *names, "verdict", "flag"]], on="wave", suffixes=("", "_factor"))
    flags = [
        ";".join(dict.fromkeys(part for flag in pair for part in str(flag).split(";") if part))
        for pair in zip(joined["flag"], joined["flag_factor"], strict=True)
    ]
    return joined.drop(columns="flag_factor").assign(flag=flags)


def _with_ends(scale: _Scale, items: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return the items with the shares at the worst and the best end, of all who answered them."""
    ends = floor_ceiling(
        scale.frame, list(scale.items), wave="wave", design=scale.source.design, scale=scale.ends,
        reverse=scale.reverse, level=level,
    )  # fmt: skip
    shown = ends[["wave", "item", "n", "floor", "ceiling", "missing_share", "flag"]]
    joined = items.drop(columns=["n", "missing_share"], errors="ignore").merge(
        shown, on=["wave", "item"], suffixes=("", "_ends")
    )
    flags = [";".join(part for part in pair if part) for pair in zip(joined["flag"], joined["flag_ends"], strict=True)]
    return joined.drop(columns="flag_ends").assign(flag=flags)


def _few(data: ScoringData, scale: _Scale) -> dict[tuple[str, str], str]:
    """Return, by wave and item, and under "" for all items, whether too few firms answered to be shown."""
    answered = scale.frame[list(scale.items)].notna()
    answered[""] = answered.all(axis=1)
    firms = answered.groupby([scale.frame["wave"], scale.frame["psu"]]).any().groupby(level="wave").sum()
    small = (firms > 0) & (firms < scale.source.min_psus(data.framework))
    found = small.reindex(list(data.waves), fill_value=False)
    return {(wave, name): SMALL_CELL if found.loc[wave, name] else "" for wave in data.waves for name in found.columns}


def _invariance(data: ScoringData, scale: _Scale, level: float) -> pd.DataFrame:
    if len(scale.items) < 3 or not set(data.waves) <= set(scale.frame["wave"]):
        return pd.DataFrame(columns=list(INVARIANCE_COLUMNS))
    frame = scale.frame.copy()
    for name in scale.reverse:
        frame[name] = sum(scale.ends) - frame[name]
    found = check_invariance(frame, list(scale.items), "wave", scale.source.design, waves=data.waves, level=level)
    return found.rename(columns={"item": "indicator"})
