"""How many answers lie at the lowest or highest point of an item, where change can no longer be seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from evaltools.errors import UsageError
from evaltools.stats.arrays import FloatArray
from evaltools.stats.design import DEFAULT, Design
from evaltools.stats.intervals import require_level
from evaltools.stats.means import estimate
from evaltools.stats.reasons import add_reason, domain_table, no_reasons
from evaltools.stats.scales.answers import ScaleAnswers, design_frame, read_scale

MARKED = 0.15  # share at an end above which a floor or ceiling is spoken of
SEVERE = 0.50
FEW = 10
WHOLE = "(scale)"


def floor_ceiling(
    frame: Any,
    items: Sequence[str],
    by: str | Sequence[str] | None = None,
    wave: str | None = None,
    design: Design = DEFAULT,
    *,
    scale: tuple[float, float] | None = None,
    reverse: Sequence[str] = (),
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the share of answers at the ends of each item, and of their mean.

    Parameters
    ----------
    frame : pandas frame or Arrow table, N rows
        One row an answer sheet. An item counts where it is answered, the mean where all are.
    items
        One or more numeric columns with the same scale.
    by, wave
        Columns that form the domains; the wave is one more.
    design
        Weights, strata, units of the intervals.
    scale
        (lowest, highest) point that could be chosen. None: the lowest and highest that anybody chose, which hides that
        an end was never chosen.
    reverse
        Items worded the other way round; they are turned within `scale`, which is then needed.
    level
        Confidence level, between 0 and 1.

    Returns
    -------
    frame
        `[*by, wave, item, n, floor, floor_low, floor_high, ceiling, ceiling_low, ceiling_high, missing_share, flag]`,
        one row a domain and item; with two items or more also "(scale)", their mean. Limits are Korn and Graubard's.
        `flag`: ``floor`` or ``ceiling`` above 15 %, ``severe_floor`` or ``severe_ceiling`` above 50 % (of fewer than 10
        answers none is said: ``few_answers``), ``no_answers``.

    Raises
    ------
    UsageError
        ``option-value`` where `scale` is no (lowest, highest), ``scale-bounds`` where answers lie outside,
        ``option-pair`` for `reverse` without `scale`, ``scale-items``, ``scale-reverse``, and those of reading.

    Notes
    -----
    Source: McHorney and Tarlov (1995), Qual. Life Res. 4 (15 %); Terwee et al. (2007), J. Clin. Epidemiol. 60.
    """
    level = require_level(level)
    if len(reverse) and scale is None:
        raise UsageError("option-pair", option="reverse", value=tuple(reverse), other="scale", other_value=None)
    answers = read_scale(frame, items, by, wave, design, reverse, least=1)
    values = np.where(answers.turned, -answers.scores, answers.scores)
    low, high = _bounds(values, scale, answers.items)
    values = np.where(answers.turned, low + high - values, values)
    labels = answers.items
    if len(labels) > 1:  # nan where an item is missing
        labels = (*labels, WHOLE)
        values = np.column_stack([values, values.mean(axis=1)])
    return _table(frame, answers, design, labels, {"floor": values <= low, "ceiling": values >= high}, values, level)


def _bounds(values: FloatArray, scale: tuple[float, float] | None, items: Sequence[str]) -> tuple[float, float]:
    if scale is None:
        there = values[np.isfinite(values)]
        return (float(there.min()), float(there.max())) if there.size else (0.0, 1.0)
    given: Any = scale
    pair = tuple(given) if isinstance(given, (tuple, list)) else ()
    points = [float(point) for point in pair if isinstance(point, (int, float))]
    if len(pair) != 2 or len(points) != 2 or not points[0] < points[1]:
        raise UsageError("option-value", option="scale", value=repr(scale), allowed=("(lowest, highest)",))
    low, high = points
    outside = np.asarray((values < low) | (values > high))
    if outside.any():
        bad = [items[place] for place in np.unique(np.nonzero(outside)[1])]
        raise UsageError("scale-bounds", scale=repr(scale), items=bad, rows=int(outside.any(axis=1).sum()))
    return low, high


def _table(
    frame: Any,
    answers: ScaleAnswers,
    design: Design,
    labels: Sequence[str],
    ends: dict[str, np.ndarray[Any, np.dtype[np.bool_]]],
    values: FloatArray,
    level: float,
) -> pd.DataFrame:
    columns: dict[str, Any] = {"domain": answers.domain}
    for end, there in ends.items():
        at_end = np.where(np.isfinite(values), there.astype(np.float64), np.nan)
        columns |= {f"{end} {place}": at_end[:, place] for place in range(len(labels))}
    data, named = design_frame(frame, design, columns)
    table = domain_table(answers.domains, labels)
    for end in ends:
        names = [f"{end} {place}" for place in range(len(labels))]
        found = estimate(data, names, "domain", named, stat="proportion", level=level)
        for name in ("n", "missing_share"):
            table[name] = found[name].to_numpy()
        for name, column in (("", "estimate"), ("_low", "ci_low"), ("_high", "ci_high")):
            table[f"{end}{name}"] = found[column].to_numpy()
    n = table["n"].to_numpy()
    flags = no_reasons(len(table))
    add_reason(flags, n == 0, "no_answers")
    add_reason(flags, (n > 0) & (n < FEW), "few_answers")
    for end in ends:
        share = table[end].to_numpy()
        add_reason(flags, (n >= FEW) & (share > MARKED) & (share <= SEVERE), end)
        add_reason(flags, (n >= FEW) & (share > SEVERE), f"severe_{end}")
    table["flag"] = flags.astype(str)
    shown = ["n", *(f"{end}{part}" for end in ends for part in ("", "_low", "_high")), "missing_share", "flag"]
    return table[[*answers.domains.columns, "item", *shown]]
