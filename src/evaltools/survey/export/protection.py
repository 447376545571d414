"""The disclosure check of an export: which cells are hidden or made coarse before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import pandas as pd

from evaltools.errors import RefusedError
from evaltools.survey.disclosure import class_of_rows, hide_rare, link_rows
from evaltools.survey.disclosure_answers import class_means, hide_alike, share_amounts
from evaltools.survey.export.model import SUPPRESSED
from evaltools.survey.export.stored import Stored, column_of
from evaltools.survey.roles import Roles

LEAST_UNITS: Final = 3
"""What business statistics ask of any figure; a framework can ask for more, not for less."""

WHERE: Final = ("wave", "bank")
_HOW: Final = ("mode", "channel", "tool")


@dataclass(frozen=True, slots=True)
class Check:
    """What the disclosure check did to the answers of an instrument.

    Attributes
    ----------
    units, k
        How many enterprises (or branches) there are, and the least number that must look alike.
    unit
        ``enterprise`` or ``branch``.
    links_cut
        Units whose rows are no longer linked, or not all of them.
    hidden
        Cells hidden by column; columns without any are left out.
    shared
        Cells by column of which the mean of several units is given in place of the amount.
    coarse
        Columns of which a coarser value is given in all rows.
    """

    instrument: str
    unit: str
    units: int
    k: int
    rows: int
    links_cut: int
    hidden: dict[str, int]
    shared: dict[str, int]
    coarse: tuple[str, ...]

    @property
    def cells_hidden(self) -> int:
        """How many cells were hidden in all."""
        return sum(self.hidden.values())

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for the manifest."""
        names = ("instrument", "unit", "units", "k", "rows", "links_cut", "cells_hidden", "hidden", "shared")
        return {name: getattr(self, name) for name in names} | {"coarse": list(self.coarse)}


@dataclass(frozen=True, slots=True, eq=False)
class Protected:
    """Answers that may be shown, which rows may be seen to belong together, and what the check did."""

    stored: Stored
    link: pd.Series[int]
    own_psu: bool
    check: Check


def protect(
    stored: Stored, roles: Roles, *, instrument: str, start: date, min_cell: int, min_branches: int
) -> Protected:
    """Hide, coarsen and merge until the answers can be shown.

    Parameters
    ----------
    stored
        Answers as they are in the store.
    roles
        Roles of the instrument's questions.
    instrument
        Its name, for messages.
    start
        First day of the campaign: months are cut there, so that answers before and after it can be told apart.
    min_cell, min_branches
        Least enterprises, and least branches of visits, that a figure of the framework needs.

    Raises
    ------
    RefusedError
        ``export-few``: fewer units than that; ``export-nothing-left``: no row could keep its bank or its wave.

    Notes
    -----
    Quasi-identifiers, from the most to the least worth keeping: wave, bank, the questions of class ``quasi`` in the
    order of the form, stratum, branch, own PSU, month of the event, day of submission. Mode, channel and tool say how
    the campaign asked; they are hidden with bank or wave, which they may tell. Days of events are always cut to months;
    sensitive amounts are always shared means; weights are means of their class.
    """
    k = max(LEAST_UNITS, min_branches if stored.is_visit else min_cell)
    unit = "branch" if stored.is_visit else "enterprise"
    units = int(stored.unit.nunique())
    if units < k:
        raise RefusedError("export-few", instrument=instrument, units=units, k=k)
    frame, coarse = _coarse(stored, start)
    own_psu = not stored.is_visit and bool((frame["psu"].astype(object) != stored.unit.astype(object)).any())
    fields = _fields(stored, own_psu=own_psu)
    # a reason is a value: whoever did not answer looks like others who did not
    marked = frame[fields].astype(object).where(stored.reasons[fields].isna(), stored.reasons[fields])
    marked["unit"] = stored.unit
    link = link_rows(marked, unit="unit", where=WHERE, k=k)
    hidden = hide_rare(marked, unit="unit", link=link, fields=fields, k=k, parents=_parents(stored, roles))
    if hidden[list(WHERE)].any(axis=1).all():
        raise RefusedError("export-nothing-left", instrument=instrument, units=units, k=k)
    classes = class_of_rows(marked, unit="unit", link=link, hidden=hidden)
    for name in [one for one in _HOW if one in frame]:
        hidden[name] = hidden[list(WHERE)].any(axis=1)
    shared = _sensitive(stored, frame, hidden, classes, k)
    shown = _shown(stored, frame, hidden)
    linked = pd.DataFrame({"unit": stored.unit, "link": link}).drop_duplicates()
    cut = linked["unit"].value_counts() > 1
    counts = hidden.sum()
    check = Check(
        instrument=instrument, unit=unit, units=units, k=k, rows=len(frame), links_cut=int(cut.sum()),
        hidden={str(name): int(count) for name, count in counts.items() if count}, shared=shared, coarse=coarse,
    )  # fmt: skip
    return Protected(shown, link, own_psu, check)


def month_of(day: date | None, start: date) -> date | None:
    """Return the first day of a date's month, or the campaign's first day where it lies between them."""
    if day is None:
        return None
    plain = day.date() if isinstance(day, datetime) else day
    first = plain.replace(day=1)
    return start if first < start <= plain else first


def _coarse(stored: Stored, start: date) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the answers with all days that may identify cut to months, and which columns these are."""
    days = [
        column_of(question) for question in stored.questions
        if question.sensitivity == "quasi" and question.type in ("date", "datetime")
    ]  # fmt: skip
    frame = stored.frame.copy()
    days = [name for name in ("event_date", *days) if name in frame]
    for name in days:
        months = [month_of(None if pd.isna(day) else day, start) for day in frame[name]]
        frame[name] = pd.Series(months, index=frame.index, dtype=object)
    return frame, tuple(days)


def _fields(stored: Stored, *, own_psu: bool) -> list[str]:
    quasi = [column_of(question) for question in stored.questions if question.sensitivity == "quasi"]
    psu = ["psu"] if own_psu else []
    others = [name for name in ("stratum", "branch", *psu, "event_date", "submitted_day") if name in stored.frame]
    return [*WHERE, *quasi, *others]


def _parents(stored: Stored, roles: Roles) -> dict[str, list[str]]:
    """Return what each field would tell: it is hidden where that is hidden."""
    strata = roles.several("stratum")
    sizes = [column_of(one) for one in stored.questions if one.name in strata and one.sensitivity == "quasi"]
    told: dict[str, list[str]] = {name: list(WHERE) for name in ("branch", "psu", "event_date", "submitted_day")}
    told["stratum"] = sizes
    told["psu"] += [*sizes, "stratum"]
    return {name: [one for one in parents if one in stored.frame] for name, parents in told.items()}


def _sensitive(
    stored: Stored, frame: pd.DataFrame, hidden: pd.DataFrame, classes: pd.Series[int], k: int
) -> dict[str, int]:
    """Work on sensitive answers and on weights in place; return how many amounts were replaced, by column."""
    replaced: dict[str, int] = {}
    for question in stored.questions:
        if question.sensitivity != "sensitive":
            continue
        name = column_of(question)
        if question.type in ("integer", "decimal"):
            amounts, hidden[name] = share_amounts(frame[name], classes=classes, units=stored.unit, k=k)
            replaced[name] = int(((amounts != frame[name]) & amounts.notna()).sum())
            frame[name] = amounts
        else:
            hidden[name] = hide_alike(frame[name], classes=classes, units=stored.unit, k=k)
    means = class_means(frame["weight"], classes=classes)
    replaced["weight"] = int(((means != frame["weight"]) & means.notna()).sum())
    frame["weight"] = means
    return {name: count for name, count in replaced.items() if count}


def _shown(stored: Stored, frame: pd.DataFrame, hidden: pd.DataFrame) -> Stored:
    reasons = stored.reasons.copy()
    for name in hidden.columns:
        reasons[name] = reasons[name].mask(hidden[name], SUPPRESSED)
        frame[name] = frame[name].mask(hidden[name])
    return Stored(frame, reasons, stored.unit, stored.is_visit, stored.questions, stored.texts)
