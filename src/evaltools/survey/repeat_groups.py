"""The repeats of a form, and the one in which firms rate one bank after the other."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from pyxform import aliases
from pyxform.xls2json import RE_BEGIN_CONTROL, RE_END_CONTROL

from evaltools.errors import CampaignError
from evaltools.survey.instrument import Instrument
from evaltools.survey.instrument.sheets import columns_of
from evaltools.survey.roles import Roles

OF_SUBMISSIONS: Final = (
    "consent", "collector", "duration", "enterprise", "form_version", "ip", "started_at", "submitted_at",
)  # fmt: skip
"""Roles that say something of a whole submission, whatever banks it rates."""

_REFERENCE: Final = re.compile(r"\$\{\s*([^\s{}]+)\s*\}")


@dataclass(frozen=True, slots=True)
class RepeatGroup:
    """A repeat of a form.

    Attributes
    ----------
    path
        Names of its groups and its own, joined by ``/``.
    outer
        Name of the repeat that it stands in, "" outside.
    counted_by
        Question that says how often it is filled in; "" where none does, or a formula does.
    """

    name: str
    path: str
    outer: str
    counted_by: str

    @property
    def count_names(self) -> tuple[str, ...]:
        """Names under which a phone keeps the result of a formula that says how often it is filled in."""
        return f"{self.path}_count", f"{self.name}_count"


def read_repeats(instrument: Instrument) -> dict[str, RepeatGroup]:
    """Return the repeats of a form by name."""
    survey = next(sheet for sheet in instrument.sheets if sheet.name == "survey")
    columns = columns_of(survey)
    around: list[tuple[str, bool]] = []
    found: dict[str, RepeatGroup] = {}
    for row in survey.rows:
        kind = columns.code(row, "type")
        if not kind or aliases.yes_no.get(columns.code(row, "disabled")):
            continue
        if RE_END_CONTROL.search(kind):
            del around[-1:]
        elif begin := RE_BEGIN_CONTROL.search(kind):
            name, is_repeat = columns.code(row, "name"), aliases.control[begin["type"]] != "group"
            if is_repeat:
                outer = next((group for group, repeats in reversed(around) if repeats), "")
                count = _REFERENCE.fullmatch(columns.code(row, "control", "jr:count"))
                path = "/".join([*(group for group, _ in around), name])
                found[name] = RepeatGroup(name, path, outer, count[1] if count else "")
            around.append((name, is_repeat))
    return found


def rating_repeat(instrument: Instrument, roles: Roles) -> RepeatGroup | None:
    """Return the repeat that the question of the bank stands in, so that each of its rows is a rating.

    Raises
    ------
    CampaignError
        ``repeat-nested``: it stands in another repeat; ``repeat-role``: a question in it says something of the whole
        submission.
    """
    name = instrument.question(str(roles.one("bank"))).repeat
    if not name:
        return None
    repeat = read_repeats(instrument)[name]
    if repeat.outer:
        raise CampaignError("repeat-nested", instrument=instrument.name, repeat=name, outer=repeat.outer)
    inside = names_in(instrument, name)
    for role in OF_SUBMISSIONS:
        for question in sorted(inside.intersection(roles.several(role))):
            raise CampaignError("repeat-role", instrument=instrument.name, repeat=name, question=question, role=role)
    return repeat


def names_in(instrument: Instrument, repeat: str) -> frozenset[str]:
    """Return the names of the questions of a repeat; of those outside all repeats where it is ""."""
    return frozenset(question.name for question in instrument.questions if question.repeat == repeat)


def unread_questions(instrument: Instrument, roles: Roles, absent: Collection[str]) -> Iterable[tuple[str, str]]:
    """Yield questions that stand in repeats which are not read, each with its repeat, unless they are left out."""
    bank = roles.one("bank")
    read = ("", instrument.question(bank).repeat if bank else "")
    for question in instrument.answered:
        if question.repeat not in read and question.name not in absent:
            yield question.name, question.repeat
