"""From answers by question to the columns of an export: ids of its own, one 0/1 column for each of several choices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import numpy as np
import pandas as pd

from evaltools.config import CampaignConfig, LocalText
from evaltools.survey.export.model import YES_NO, Column, Kind, Objects, Variable, both_languages, objects
from evaltools.survey.export.numbering import number_rows
from evaltools.survey.export.protection import Protected
from evaltools.survey.export.stored import DAYS, PLACES, Stored, column_of
from evaltools.survey.instrument import BilingualText, Choice, Instrument, Question
from evaltools.survey.roles import Roles
from evaltools.text import clean

Units = Mapping[tuple[str, str], LocalText]
"""Unit of measure by instrument and question."""

_MODES: Final = ("self", "interviewer", "visit", "record")

_KINDS: Final[Mapping[str, Kind]] = {
    "integer": "integer",
    "decimal": "decimal",
    "date": "date",
    "datetime": "datetime",
    "select_one": "choice",
}


def build_columns(
    protected: Protected,
    instrument: Instrument,
    roles: Roles,
    config: CampaignConfig,
    *,
    units: Units,
    with_texts: bool,
) -> list[Column]:
    """Return the columns of an export in their order, rows in theirs.

    Parameters
    ----------
    protected
        Answers that passed the disclosure check.
    units
        For the codebook.
    with_texts
        Also free text, which the check cannot judge.
    """
    stored = protected.stored
    columns = [*_fixed(stored, instrument, roles, config, own_psu=protected.own_psu)]
    for question in stored.questions:
        unit = units.get((instrument.name, question.name)) or BilingualText(question.unit, question.unit)
        columns += _of_question(stored, question, unit)
    if with_texts:
        columns += _texts(stored, instrument, {column.variable.name for column in columns})
    order, links = number_rows(columns, np.asarray(protected.link, dtype=np.int64))
    columns = [column.taken(order) for column in columns]
    return _with_numbers(columns, links, stored, own_psu=protected.own_psu)


def _fixed(
    stored: Stored, instrument: Instrument, roles: Roles, config: CampaignConfig, *, own_psu: bool
) -> Iterable[Column]:
    known = {
        "bank": [Choice(bank.id, BilingualText(bank.name.zh, bank.name.en)) for bank in config.banks],
        "wave": [Choice(name, _wave_label(name, wave.label)) for name, wave in config.waves.items()],
        "mode": [Choice(name, both_languages(f"export-mode-{name}")) for name in _MODES],
        "scenario": [choice for name in roles.several("scenario") for choice in instrument.question(name).choices],
    }
    for name in (*PLACES, *DAYS):
        if name not in stored.frame or (name == "psu" and not own_psu):
            continue
        kind: Kind = "decimal" if name == "weight" else "date" if name in DAYS else "choice"
        question = roles.one(name) if name not in ("stratum", "submitted_day") else None
        cells = _cells(stored, name, kind)
        choices = _choices(known.get(name, []), cells) if kind == "choice" else ()
        yield Column(
            Variable(name, kind, both_languages(f"export-column-{name}"), question or "", choices=choices),
            cells, _reasons(stored, name),
        )  # fmt: skip


def _wave_label(name: str, label: LocalText | None) -> BilingualText:
    return BilingualText(name, name) if label is None else BilingualText(label.zh, label.en)


def _of_question(stored: Stored, question: Question, unit: BilingualText | LocalText) -> Iterable[Column]:
    name = column_of(question)
    label = BilingualText(clean(question.label.zh), clean(question.label.en))
    about: dict[str, Any] = {"question": question.name, "type": question.type, "sensitivity": question.sensitivity}
    reasons = _reasons(stored, name)
    if question.type == "select_multiple":
        taken = [set(cell) if isinstance(cell, tuple) else set() for cell in stored.frame[name]]
        for choice in _choices(question.choices, objects(sorted(set().union(*taken)))):
            flags = [None if reason else int(choice.name in one) for one, reason in zip(taken, reasons, strict=True)]
            both = BilingualText(f"{label.zh}：{choice.label.zh}", f"{label.en}: {choice.label.en}")
            variable = Variable(f"{name}/{choice.name}", "flag", both, choices=YES_NO, **about)
            yield Column(variable, objects(flags), reasons)
        return
    kind = _KINDS.get(question.type, "text")
    cells = _cells(stored, name, kind)
    if kind == "integer" and any(isinstance(cell, float) for cell in cells):
        kind = "decimal"  # shared means of whole amounts
    choices = _choices(question.choices, cells) if kind == "choice" else ()
    yield Column(Variable(name, kind, label, choices=choices, unit=unit, **about), cells, reasons)


def _texts(stored: Stored, instrument: Instrument, taken: set[str]) -> Iterable[Column]:
    """Return free text: of text questions, and what was typed beside a choice."""
    for question in instrument.answered:
        if question.name not in stored.texts:
            continue
        name = question.name if question.sensitivity == "text" else f"{column_of(question)}/text"
        while name in taken:
            name += "_"
        label = BilingualText(clean(question.label.zh), clean(question.label.en))
        variable = Variable(name, "text", label, question.name, question.type, "text")
        yield Column(variable, *stored.texts[question.name])


def _with_numbers(columns: list[Column], links: Sequence[int], stored: Stored, *, own_psu: bool) -> list[Column]:
    """Put the numbers of this export in front: row, and what its rows belong together by."""
    name = "psu" if stored.is_visit else "enterprise"
    numbers = [_numbered("row", range(1, len(links) + 1)), _numbered(name, links)]
    if not own_psu and not stored.is_visit:
        numbers.append(_numbered("psu", links))
    if own_psu:
        place = next(place for place, column in enumerate(columns) if column.variable.name == "psu")
        columns[place] = _recoded(columns[place])
    return [*numbers, *columns]


def _recoded(psu: Column) -> Column:
    """Put numbers in the place of what primary sampling units are called, in the order in which they appear."""
    numbers: dict[Any, int] = {}
    cells = [None if cell is None else numbers.setdefault(cell, len(numbers) + 1) for cell in psu.cells.tolist()]
    return Column(Variable("psu", "integer", psu.variable.label), objects(cells), psu.reasons)


def _numbered(name: str, values: Iterable[int]) -> Column:
    cells = objects([int(value) for value in values])
    return Column(Variable(name, "id", both_languages(f"export-column-{name}")), cells, objects([None] * len(cells)))


def _cells(stored: Stored, name: str, kind: Kind) -> Objects:
    convert = _CONVERT[kind]
    reasons = stored.reasons[name]
    return objects(
        [None if reason else convert(cell) for cell, reason in zip(stored.frame[name], reasons, strict=True)]
    )


def _reasons(stored: Stored, name: str) -> Objects:
    return objects(stored.reasons[name].tolist())


def _choices(known: Iterable[Choice], cells: Objects) -> tuple[Choice, ...]:
    """Return the choices of a list, then what else was answered (an older version of the form had it), in order."""
    listed = {choice.name: choice for choice in known}
    others = sorted({cell for cell in cells if cell is not None} - set(listed))
    return (*listed.values(), *(Choice(name, BilingualText(name, name)) for name in others))


def _whole(cell: Any) -> int | float:
    return int(cell) if float(cell).is_integer() else float(cell)


def _measured(cell: Any) -> float:
    """Return a number with the 15 significant digits that a spreadsheet keeps, so that all formats hold the same."""
    return float(f"{float(cell):.15g}")


def _day(cell: Any) -> date:
    return cell.date() if isinstance(cell, datetime) else cell


def _moment(cell: Any) -> datetime:
    return pd.Timestamp(cell).to_pydatetime(warn=False)


def _text(cell: Any) -> str:
    return clean(str(cell)).strip()


_CONVERT: Final[Mapping[Kind, Callable[[Any], Any]]] = {
    "integer": _whole,
    "decimal": _measured,
    "date": _day,
    "datetime": _moment,
    "choice": str,
    "text": _text,
}
