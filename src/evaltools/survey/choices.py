"""Read choices: names or labels of a list, in either language, one or several in a cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from evaltools.survey.instrument_model import Choice
from evaltools.text import normalise

MISSING_CHOICES: Final[Mapping[str, str]] = {"dk": "dont_know", "refused": "refused", "na": "not_applicable"}
"""Choice names that are no answers, and the reason that each of them gives."""

_TYPED: Final = re.compile(r"\s*(?:〖([^〖〗]*)〗|【([^【】]*)】)\s*$")
_SEPARATORS: Final = ("┋", ";", "；", "|", ",", "，", "、", "\n")


@dataclass(frozen=True, slots=True)
class ChoiceIndex:
    """What a cell of a question may hold, and the choice it means.

    Attributes
    ----------
    names, labels
        Normalised text to choice name; the empty string where two choices answer to the same text.
    recode
        Cell text of the source, normalised, to choice name: goes before all others.
    order
        Choice names as the instrument lists them.
    first
        Whether a text that is the name of one choice and the label of another means the name or the label.
    """

    names: Mapping[str, str]
    labels: Mapping[str, str]
    recode: Mapping[str, str]
    order: tuple[str, ...]
    first: Literal["name", "label"]

    def find(self, text: str) -> tuple[str | None, str | None]:
        """Return (choice name, None), or (None, fault): ``choice-unknown`` or ``choice-ambiguous``."""
        key = normalise(text)
        tables = (self.names, self.labels) if self.first == "name" else (self.labels, self.names)
        for table in (self.recode, *tables):
            if key in table:
                return (table[key], None) if table[key] else (None, "choice-ambiguous")
        return None, "choice-unknown"


def index_choices(
    choices: Sequence[Choice], recode: Mapping[str, str], *, first: Literal["name", "label"] = "name"
) -> ChoiceIndex:
    """Prepare the choices of a question for reading."""
    return ChoiceIndex(
        names=_unique((choice.name, choice.name) for choice in choices),
        labels=_unique((text, choice.name) for choice in choices for text in (choice.label.zh, choice.label.en)),
        recode=_unique(recode.items()),
        order=tuple(choice.name for choice in choices),
        first=first,
    )


def read_choice(cell: object, index: ChoiceIndex) -> tuple[str | None, str | None, str | None]:
    """Read a cell that holds one choice.

    Returns
    -------
    tuple of (choice name, fault, typed)
        `typed` is what the respondent wrote into the choice's own blank (``其他〖…〗``), None where nothing.
    """
    text = cell_text(cell)
    if text is None:
        return None, "choice-unknown", None
    name, fault = index.find(text)
    if name is None and (found := _TYPED.search(text)):
        bare, fault = index.find(text[: found.start()])
        return bare, fault, (found[1] or found[2] or "").strip() or None
    return name, fault, None


def read_choices(
    cell: object, index: ChoiceIndex, separator: str
) -> tuple[tuple[str, ...] | None, str | None, str | None]:
    """Read a cell that holds any number of choices.

    Returns
    -------
    tuple of (choice names in the order of the instrument, fault, typed)
        A text is taken apart at the separator of the file, else at another one, never inside ``〖…〗``, and only where
        every part is a choice. ``1.3`` that a spreadsheet holds as a number is no list: ``choice-number``.
    """
    if isinstance(cell, float) and not cell.is_integer():
        return None, "choice-number", None
    text = cell_text(cell)
    if text is None:
        return None, "choice-unknown", None
    faults: list[str] = []
    for parts in _ways_apart(text, separator, index):
        found = [read_choice(part, index) for part in parts]
        if all(name is not None for name, _, _ in found):
            return _in_order((name for name, _, _ in found if name), index), None, _joined(typed for *_, typed in found)
        faults += [fault for _, fault, _ in found if fault]
    return None, "choice-ambiguous" if "choice-ambiguous" in faults else "choice-unknown", None


def missing_reason(names: Sequence[str]) -> tuple[str | None, str | None]:
    """Return (reason, None) for ``dk`` alone, (None, ``choice-contradiction``) for it beside an answer, else Nones."""
    marks = [name for name in names if name in MISSING_CHOICES]
    if not marks:
        return None, None
    return (MISSING_CHOICES[marks[0]], None) if len(names) == 1 else (None, "choice-contradiction")


def cell_text(cell: object) -> str | None:
    """Return a cell as the text that a person sees, whole numbers without ``.0``; None for dates."""
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell) if isinstance(cell, (str, int)) else None


def _ways_apart(text: str, separator: str, index: ChoiceIndex) -> Iterable[list[str]]:
    yield [text]
    for sign in dict.fromkeys((separator, *_SEPARATORS)):
        parts = [part.strip() for part in _split_outside_brackets(text, sign)]
        if len([part for part in parts if part]) > 1 or (len(parts) > 1 and parts[0]):
            yield [part for part in parts if part]
    yield from _words_apart(text.split(), index)


def _split_outside_brackets(text: str, sign: str) -> list[str]:
    return re.split(rf"{re.escape(sign)}(?![^〖]*〗)", text) if sign else [text]


def _words_apart(words: list[str], index: ChoiceIndex) -> list[list[str]]:
    """Put words together again to labels that hold spaces themselves; only where there is exactly one way."""
    if not 1 < len(words) <= 200:
        return []
    ways: list[list[list[str]]] = [[[]], *([] for _ in words)]
    longest = max((len(label.split()) for label in (*index.labels, *index.names)), default=1)
    for end in range(1, len(words) + 1):
        for start in range(max(0, end - longest), end):
            part = " ".join(words[start:end])
            if ways[start] and index.find(part)[0] is not None:
                ways[end] += [[*way, part] for way in ways[start]]
        del ways[end][2:]
    return ways[-1] if len(ways[-1]) == 1 else []


def _in_order(names: Iterable[str], index: ChoiceIndex) -> tuple[str, ...]:
    place = {name: number for number, name in enumerate(index.order)}
    return tuple(sorted(set(names), key=lambda name: (place.get(name, len(place)), name)))


def _joined(typed: Iterable[str | None]) -> str | None:
    return " / ".join(part for part in typed if part) or None


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text, name in pairs:
        key = normalise(text)
        if key:
            found[key] = name if found.get(key, name) == name else ""
    return found
