"""Variables of a statistics file that are the choices of one question: 1 where it was taken, 0 or nothing where not.

SPSS may declare them as a set. Else they share the beginning of their names, and their labels share the question:
``Q5_1`` "Fees paid - Notary" (Qualtrics), "[Notary] Fees paid" (LimeSurvey), "Fees paid :: Notary" (KoboToolbox),
``3、支付过哪些费用(公证费)`` (问卷星). Questions that are answered by yes or no may look the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evaltools.survey.readers.cells import Cell, Cells
from evaltools.survey.readers.labelled import Variable
from evaltools.survey.readers.model import RawColumn
from evaltools.survey.readers.recoding import recode
from evaltools.survey.readers.ticks import Ticked, complete_ticks

NUMBERED: Final = re.compile(r"(?:[QqVv]|VAR|var)\d+(?:[_.]\d+)*")
"""Names that say nothing but the number of the question."""

_TAKEN: Final = re.compile(r"(?:已?选中?|勾选|yes|selected|checked|chosen|是|1)", re.IGNORECASE)
_NOT_TAKEN: Final = re.compile(
    r"(?:未[选勾]中?|没[有选]选?中?|no|not ?selected|unchecked|not chosen|否|0)", re.IGNORECASE
)
_SAYS_YES_OR_NO: Final = re.compile(r"yes|no|是|否|1|0", re.IGNORECASE)
# a hyphen inside a word or number joins
_DASH: Final = r"(?:[—–]+|(?<![0-9A-Za-z])-+|-+(?![0-9A-Za-z-]))"
# question and choice in one label
_SPLITS: Final = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"\[(?P<option>.+?)\]\s*(?P<lead>.+)",
        r"(?P<lead>.+?)\s*::\s*(?P<option>.+)",
        r"(?P<lead>.+?) - Selected Choice - (?P<option>.+)",
        r"(?P<lead>.+)\s*[(（](?P<option>[^()（）]+(?:[(（][^()（）]*[)）])?[^()（）]*)[)）]",
        rf"(?P<lead>.+?)\s*{_DASH}\s*(?P<option>.+)",
        rf"(?P<lead>.+)\s*{_DASH}\s*(?P<option>.+)",
        r"(?P<lead>.+?)\s*[:：]\s*(?P<option>.+)",
    )
)


@dataclass(frozen=True, slots=True)
class Parts:
    """Adjacent variables of one question: their places, its name and wording, and what each of them stands for."""

    places: tuple[int, ...]
    stem: str
    lead: str
    parts: tuple[str, ...]


def find_parts(variables: Sequence[Variable]) -> list[Parts]:
    """Return adjacent variables whose names begin alike; `lead` is "" where their labels do not share a question.

    Of several beginnings the one counts that most variables with one question share, else the longest.
    """
    found, start = [], 0
    while start < len(variables):
        ways = [_parts(variables, start, stem) for stem in _stems(variables[start].name)]
        ways = [way for way in ways if len(way.places) > 1]
        if not ways:
            start += 1
            continue
        shared = [way for way in ways if way.lead]
        found.append(max(shared, key=lambda way: len(way.places)) if shared else ways[0])
        start += len(found[-1].places)
    return found


def find_choices(variables: Sequence[Variable], parts: Iterable[Parts], sets: Mapping[str, Any]) -> dict[int, Ticked]:
    """Return, by place, the columns of variables that are choices.

    Parameters
    ----------
    sets
        Multiple response sets that the file declares, as pyreadstat gives them.
    """
    found: dict[int, Ticked] = {}
    places = {variable.name: place for place, variable in enumerate(variables)}
    for declared in sets.values():
        members = [places[name] for name in declared["variable_list"] if name in places]
        if not declared["is_dichotomy"] or len(members) < 2:
            continue
        counted = {str(declared["counted_value"]), f"{declared['counted_value']}.0"}
        ticked = [_ticks(variables[place], counted) for place in members]
        labels = [variables[place].label.strip() for place in members]
        lead, options = _split(labels)
        whole = Parts(
            tuple(members), "", str(declared["label"] or "").strip() or lead, options if lead else tuple(labels)
        )
        found |= _columns(variables, whole, ticked, is_sure=True)
    for group in parts:
        if any(place in found for place in group.places) or not _are_flags(variables, group):
            continue
        ticked = [_ticks(variables[place], {"1", "1.0"}) for place in group.places]
        is_sure = any(
            _says_selected(variables[place], part) for place, part in zip(group.places, group.parts, strict=True)
        )
        labelled = [variables[place].label for place in group.places]
        # names that begin alike are no more than a section of the form, where the labels have nothing in common
        if is_sure or group.lead or NUMBERED.fullmatch(group.stem) or not any(labelled):
            found |= _columns(variables, group, ticked, is_sure=is_sure)
    return found


def _stems(name: str) -> list[str]:
    """Return what stands before each underscore of a name, the longest first."""
    parts = name.split("_")
    return ["_".join(parts[:end]) for end in range(len(parts) - 1, 0, -1) if parts[0]]


def _parts(variables: Sequence[Variable], start: int, stem: str) -> Parts:
    """Return the variables from one on whose names begin with a stem."""
    stop = start
    while stop < len(variables) and variables[stop].name.startswith(f"{stem}_") and variables[stop].name != f"{stem}_":
        stop += 1
    lead, parts = _split([variable.label.strip() for variable in variables[start:stop]])
    return Parts(tuple(range(start, stop)), stem, lead, parts)


def _split(labels: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    for pattern in _SPLITS:
        found = [pattern.fullmatch(label) for label in labels]
        leads = {one["lead"].strip() for one in found if one}
        options = tuple(one["option"].strip() for one in found if one)
        if all(found) and len(leads) == 1 and len(set(options)) == len(labels):
            return leads.pop(), options
    return "", tuple(labels)


def _are_flags(variables: Sequence[Variable], group: Parts) -> bool:
    """Say whether all variables hold 1 and 0 alone, and some holds a value."""
    members = [variables[place] for place in group.places]
    held = [value for one in members for value in one.cells.occurring() if one.mark(value) is None]
    return bool(held) and all(_is_flag(value) for value in held) and all(map(_may_be_flag, members))


def _is_flag(value: object) -> bool:
    return isinstance(value, (int, float)) and value in (0, 1)


def _may_be_flag(variable: Variable) -> bool:
    """Say whether the labels of 1 and 0 say nothing else than taken and not taken."""
    zero = next((label for value, label in variable.values.items() if value == 0), "")
    return not zero or bool(_NOT_TAKEN.fullmatch(zero.strip()))


def _says_selected(variable: Variable, option: str) -> bool:
    """Say whether the labels speak of being selected, or repeat the choice: then it is no question of its own."""
    labels = {float(value): label.strip() for value, label in variable.values.items() if _is_flag(value)}
    one, zero = labels.get(1.0, ""), labels.get(0.0, "")
    if option and one == option:
        return True
    words = [label for label in (one, zero) if label]
    known = (not one or _TAKEN.fullmatch(one)) and (not zero or _NOT_TAKEN.fullmatch(zero))
    return bool(words and known) and not all(_SAYS_YES_OR_NO.fullmatch(word) for word in words)


def _ticks(variable: Variable, taken: set[str]) -> Cells:
    """Return 1, 0 and the marks of missing codes."""

    def read(cell: Cell) -> Cell:
        return variable.mark(cell) or (1 if str(cell) in taken else 0)

    return recode(variable.cells, read)


def _columns(
    variables: Sequence[Variable], group: Parts, ticked: Sequence[Cells], *, is_sure: bool
) -> dict[int, Ticked]:
    by_name = bool(group.stem) and not NUMBERED.fullmatch(group.stem)
    found = {}
    for place, part, cells in zip(group.places, group.parts, complete_ticks(ticked), strict=True):
        name = variables[place].name
        behind = name.removeprefix(f"{group.stem}_")
        if by_name:
            column = RawColumn(0, name, group.stem, "name", coding="name", option=behind)
        elif part:
            column = RawColumn(0, name, group.lead, "label", coding="label", option=part)
        else:
            column = RawColumn(0, name, group.stem, "name", coding="number", option=behind)
        found[place] = Ticked(column, cells, is_sure)
    return found
