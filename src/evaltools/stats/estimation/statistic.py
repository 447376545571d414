"""What `stat` asks for: the form of the estimate, and how answers are recoded for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

import numpy as np

from evaltools.errors import UsageError
from evaltools.stats.columns import Answers
from evaltools.stats.levels import Stat
from evaltools.stats.sums import Item, Recoding, Totals, item_label

Recoded = Literal["share_within", "top_box", "net_promoter"]
StatOption = Literal["mean", "total", "ratio", "proportion", "net_promoter"] | tuple[str, float]

OFFERED = (*get_args(Stat), "net_promoter", "(quantile, p)", "(share_within, bound)", "(top_box, least)")
PROMOTER, DETRACTOR, TOP = 9, 6, 10  # answers from 9 promote, up to 6 detract, of 0 to 10


@dataclass(frozen=True, slots=True)
class Recode:
    """How answers become 0/1, or -100/0/100: the kind, and its bound (not used by "net_promoter")."""

    kind: Recoded
    bound: float


@dataclass(frozen=True, slots=True)
class Statistic:
    """What is estimated.

    Attributes
    ----------
    label : str
        As results name it: "mean", "quantile(0.9)", "share_within(8)".
    form : str
        The form of the estimate once answers are recoded; for a quantile that of the share up to it.
    recode : Recode or None
        How answers are recoded first.
    p : float or None
        The share that a quantile cuts off.
    """

    label: str
    form: Stat
    recode: Recode | None = None
    p: float | None = None


def read_statistic(stat: object) -> Statistic:
    """Return the statistic that an option asks for.

    Parameters
    ----------
    stat
        "mean", "total", "ratio", "proportion", "net_promoter", ("quantile", p), ("share_within", bound) or
        ("top_box", least).

    Raises
    ------
    UsageError
        ``option-value`` with what is offered; ``option-range`` unless p lies between 0 and 1.
    """
    if isinstance(stat, (tuple, list)) and len(stat) == 2:
        name, value = stat
        number = _as_number(value)
        if number is not None and name in {"share_within", "top_box"}:
            return Statistic(f"{name}({number:.15g})", "proportion", Recode(name, number))
        if number is not None and name == "quantile":
            if not 0 < number < 1:
                raise UsageError("option-range", option="stat", value=repr(stat), low=0, high=1)
            return Statistic(f"quantile({number:.15g})", "proportion", p=number)
    elif stat == "net_promoter":
        return Statistic("net_promoter", "mean", Recode("net_promoter", 0.0))
    elif isinstance(stat, str) and stat in get_args(Stat):
        return Statistic(stat, stat)  # type: ignore[arg-type]
    raise UsageError("option-value", option="stat", value=repr(stat), allowed=OFFERED)


def require_items(statistic: Statistic, items: tuple[Item, ...]) -> None:
    """Raise ``stat-ratio`` or ``stat-pairs`` where items are columns and should be pairs, or the other way round."""
    pairs = [item_label(item) for item in items if isinstance(item, tuple)]
    if statistic.form == "ratio" and len(pairs) < len(items):
        raise UsageError("stat-ratio", items=[item for item in items if isinstance(item, str)])
    if statistic.form != "ratio" and pairs:
        raise UsageError("stat-pairs", stat=statistic.label, items=pairs)


def require_answers(frame: object, statistic: Statistic) -> None:
    """Raise ``stat-totals`` where single answers are needed and the data are Totals, which hold sums."""
    if isinstance(frame, Totals) and (statistic.recode is not None or statistic.p is not None):
        raise UsageError("stat-totals", stat=statistic.label)


def recoding_of(statistic: Statistic) -> Recoding | None:
    """Return the function that recodes answers for a statistic; None where they stay as they are."""
    return None if statistic.recode is None else partial(recode_answers, recode=statistic.recode)


def recode_answers(found: Answers, item: str, recode: Recode) -> Answers:
    """Return the answers as 0/1, or as -100, 0 and 100.

    Parameters
    ----------
    found
        Answers as read, shape (N,).
    item
        Column, named in errors.
    recode
        "share_within": 1 up to the bound, which is included; "top_box": 1 from the bound on; "net_promoter": 100 from 9
        on, -100 up to 6.

    Raises
    ------
    UsageError
        ``stat-not-promoter`` where an answer is not a whole number from 0 to 10.
    """
    values = found.values
    with np.errstate(invalid="ignore"):
        if recode.kind == "share_within":
            new = (values <= recode.bound).astype(np.int8)
        elif recode.kind == "top_box":
            new = (values >= recode.bound).astype(np.int8)
        else:
            outside = ~found.absent & ~((values >= 0) & (values <= TOP) & (np.rint(values) == values))
            if outside.any():
                raise UsageError("stat-not-promoter", item=item, rows=int(np.count_nonzero(outside)))
            new = (100 * ((values >= PROMOTER).astype(np.int8) - (values <= DETRACTOR).astype(np.int8))).astype(np.int8)
    return Answers(new, found.absent, whole=True)


def _as_number(value: object) -> float | None:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        return None
    return float(value) if np.isfinite(value) else None
