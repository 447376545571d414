"""Read choices: names, labels, numbers or scores of a list, in either language, one or several in a cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from evaltools.survey.instrument.model import Choice
from evaltools.survey.readers.model import Coding
from evaltools.survey.values.typed_texts import ways_to_split, without_typed
from evaltools.text import normalise

MISSING_CHOICES: Final[Mapping[str, str]] = {"dk": "dont_know", "refused": "refused", "na": "not_applicable"}
"""Choice names that are no answers, and the reason that each of them gives."""

_SEPARATORS: Final = ("┋", ";", "；", "→", "|", ",", "，", "、", "\n")
_LONGEST: Final = 20_000
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{0,12})?")


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
    numbers
        Where numbers in the cells are no texts like any other: number to choice name, the empty string where it may
        mean two; None elsewhere.
    is_open
        Whether nothing but the cells says if they are names or labels, so that `first` is no more than likelier: see
        :func:`evaltools.survey.values.names_or_labels.settle`.
    """

    names: Mapping[str, str]
    labels: Mapping[str, str]
    recode: Mapping[str, str]
    order: tuple[str, ...]
    first: Literal["name", "label"]
    numbers: Mapping[str, str] | None = None
    is_open: bool = False

    def find(self, text: str) -> tuple[str | None, str | None]:
        """Return (choice name, None), or (None, fault): ``choice-unknown`` or ``choice-ambiguous``."""
        key = normalise(text)
        tables = (self.names, self.labels) if self.first == "name" else (self.labels, self.names)
        if self.numbers is not None and key not in self.recode and (number := as_number(key)) is not None:
            key, tables = number, (self.numbers, {})
        for table in (self.recode, *tables):
            if key in table:
                return (table[key], None) if table[key] else (None, "choice-ambiguous")
        return None, "choice-unknown"


def index_choices(
    choices: Sequence[Choice],
    recode: Mapping[str, str],
    *,
    first: Literal["name", "label"] = "name",
    coding: Coding = "",
) -> ChoiceIndex:
    """Prepare the choices of a question for reading.

    Parameters
    ----------
    first
        What the cells hold where the file leaves `coding` open.
    coding
        What the cells hold. ``number``: the place of the choice in the instrument's list, from 1; ``score``: see
        :func:`scores_of`; ``numeral``: one of these two, so that only a number counts which means the same choice
        either way.
    """
    names = _unique((choice.name, choice.name) for choice in choices)
    labels = _unique((text, choice.name) for choice in choices for text in (choice.label.zh, choice.label.en))
    numbers: Mapping[str, str] | None = None
    if coding in ("name", "label"):
        first = coding
    if coding == "label":
        # a number that is no label may be a name or a place in the list: only where both say the same
        names = {text: _agreed(text, name, _places(choices)) for text, name in names.items()}
    elif coding == "name":
        # a number that is no name is a code that the form does not know, even if some label is the same number
        labels = {text: name if as_number(text) is None else names.get(text, "") for text, name in labels.items()}
    elif coding in ("number", "score", "numeral"):
        first = "label"
        numbers = _numbers(choices, labels, coding)
    return ChoiceIndex(
        names=names,
        labels=labels,
        recode=_unique(recode.items()),
        order=tuple(choice.name for choice in choices),
        first=first,
        numbers=numbers,
        is_open=not coding,
    )


def scores_of(choices: Sequence[Choice]) -> dict[str, str] | None:
    """Return score to choice name ("" where two choices have it); None where the instrument knows no scores.

    They stand in the column `score` of the sheet `choices`; where it has none, names that are numbers are the scores.
    """
    given = [(row["score"], choice.name) for choice in choices for row in choice.attributes if row.get("score")]
    if not given:
        given = [(choice.name, choice.name) for choice in choices if choice.name not in MISSING_CHOICES]
        if not given or any(as_number(score) is None for score, _ in given):
            return None
    return _unique((as_number(score) or score, name) for score, name in given)


def as_number(text: str) -> str | None:
    """Return a number in the one way to write it (``3.0`` is ``3``); None for any other text."""
    if not _NUMBER.fullmatch(text):
        return None
    value = Decimal(text)
    return f"{value.normalize():f}" if value else "0"


def read_choice(cell: object, index: ChoiceIndex) -> tuple[str | None, str | None, str | None]:
    """Read a cell that holds one choice.

    Returns
    -------
    tuple of (choice name, fault, typed)
        `typed` is what the respondent wrote into the choice's own blank (``其他〖…〗``), None where nothing.
    """
    text = cell_text(cell)
    if text is None or len(text) > _LONGEST:
        return None, "choice-unknown", None
    return _choice_in(text, index, is_strict=False)


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
    if text is None or len(text) > _LONGEST:
        return None, "choice-unknown", None
    faults: set[str | None] = set()
    # brackets within a typed text may be unpaired, which counts where nothing else fits
    for is_strict in (True, False):
        for ways in _ways_apart(text, separator, index):
            found = [_choices_in(parts, index, is_strict=is_strict) for parts in ways]
            answers = {names: typed for names, _, typed in reversed(found) if names is not None}
            if len(answers) == 1:
                [(names, typed)] = answers.items()
                return names, None, typed
            if answers:
                return None, "choice-ambiguous", None
            faults |= {fault for _, fault, _ in found}
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


def _choice_in(text: str, index: ChoiceIndex, *, is_strict: bool) -> tuple[str | None, str | None, str | None]:
    """Return (choice name, fault, typed) of a text that is one choice."""
    name, fault = index.find(text)
    for ways in without_typed(text)[: 1 if is_strict else 2] if name is None else ():
        readings = [(*index.find(bare), typed) for bare, typed in ways]
        found = {name: typed for name, _, typed in readings if name is not None}
        if len(found) == 1:
            [(name, typed)] = found.items()
            return name, None, typed or None
        if found or any(one == "choice-ambiguous" for _, one, _ in readings):
            return None, "choice-ambiguous", None
    return name, fault, None


def _choices_in(
    parts: Sequence[str], index: ChoiceIndex, *, is_strict: bool
) -> tuple[tuple[str, ...] | None, str | None, str | None]:
    """Return (choice names, fault, typed) of texts that are one choice each; the first that is none is the fault."""
    names, texts = [], []
    for part in parts:
        name, fault, typed = _choice_in(part, index, is_strict=is_strict)
        if name is None:
            return None, fault, None
        names.append(name)
        texts.append(typed)
    return _in_order(names, index), None, _joined(texts)


def _places(choices: Sequence[Choice]) -> dict[str, str]:
    return {str(place): choice.name for place, choice in enumerate(choices, start=1)}


def _agreed(text: str, name: str, places: Mapping[str, str]) -> str:
    number = as_number(text)
    return "" if number is not None and places.get(number, name) != name else name


def _numbers(choices: Sequence[Choice], labels: Mapping[str, str], coding: Coding) -> dict[str, str]:
    """Return what each number means; "" where it may mean two choices, or its meaning as a score is not known."""
    places, scores = _places(choices), scores_of(choices)
    if coding == "number":
        return places
    if coding == "score":
        return scores or {}
    if scores is None:
        return dict.fromkeys(places, "")
    worded = {number: name for text, name in labels.items() if (number := as_number(text)) is not None}
    meanings = [(number, name) for table in (places, scores, worded) for number, name in table.items()]
    return _unique(meanings)


def _ways_apart(text: str, separator: str, index: ChoiceIndex) -> Iterable[list[list[str]]]:
    """Yield the lists of parts that a text may be: those of the file's separator, then those of all others together.

    A file whose separator is not known has all of them together, for then one text may be read at several.
    """
    own = [[text], *_ways_at(text, separator, index)]
    others = [way for sign in _SEPARATORS if sign != separator for way in _ways_at(text, sign, index)]
    words = _put_together(text, " ", index)
    others += words if len(words) == 1 else []
    yield from (own, others) if separator else (own + others,)


def _ways_at(text: str, sign: str, index: ChoiceIndex) -> list[list[str]]:
    """Return the lists of parts that a text may be at one separator, which a choice may hold itself."""
    if not sign or sign not in text:
        return []
    ways = [[part.strip() for part in parts] for parts in ways_to_split(text, sign)]
    ways = [parts for parts in ways if sum(map(bool, parts)) > 1 or (len(parts) > 1 and parts[0])]
    return [*_put_together(text, sign, index), *([part for part in parts if part] for parts in ways)]


def _put_together(text: str, sign: str, index: ChoiceIndex) -> list[list[str]]:
    """Take a text apart at a sign and put it together again to choices that hold the sign; two ways at most."""
    parts = text.split() if sign == " " else text.split(sign)
    if parts and not parts[-1].strip():
        del parts[-1]
    if not 1 < len(parts) <= 200:
        return []
    known = (*index.labels, *index.names, *index.recode)
    longest = max((len(one.split() if sign == " " else one.split(sign)) for one in known), default=1)
    ways: list[list[list[str]]] = [[[]], *([] for _ in parts)]
    for end in range(1, len(parts) + 1):
        for start in range(max(0, end - longest), end):
            part = sign.join(parts[start:end]).strip()
            if ways[start] and index.find(part)[0] is not None:
                ways[end] += [[*way, part] for way in ways[start]]
        del ways[end][2:]
    return ways[-1]


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
