"""Headers that begin with wordings of groups (``贷款/办理环节数``), or end in that of a choice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evaltools.survey.instrument import Choice, Question
from evaltools.survey.matching.wordings import label_key
from evaltools.survey.readers import RawColumn
from evaltools.text import normalise


def path_ends(column: RawColumn) -> set[str]:
    """Return what a header may say once the wordings of groups before it are gone, for comparing."""
    option = column.option
    if not column.path_sign or (option is not None and column.key.endswith(f"{column.path_sign}{option}")):
        return set()
    return _ends(column.key, column.path_sign) - {label_key(column.key)}


def split_by_labels(questions: Iterable[Question], columns: Iterable[RawColumn]) -> dict[str, dict[str, int]]:
    """Find multiple choices that have only columns of their choices (``贷款/支付过哪些费用/评估费``).

    Any of the signs may stand inside a wording, so a header is held against each question with each of its choices. A
    question of which two columns say the same, and columns that two questions claim, are left out.
    """
    said: dict[tuple[str, str], set[int]] = {}
    for column in columns:
        for wordings in _ways_apart(column):
            said.setdefault(wordings, set()).add(column.position)
    found = {}
    for question in questions:
        if question.type != "select_multiple":
            continue
        places = {choice.name: _places(choice, _wordings(question), said) for choice in question.choices}
        if any(places.values()) and all(len(positions) <= 1 for positions in places.values()):
            found[question.name] = {name: next(iter(one)) for name, one in places.items() if one}
    claimed = [position for places in found.values() for position in places.values()]
    return {
        name: places for name, places in found.items() if all(claimed.count(place) == 1 for place in places.values())
    }


def _places(choice: Choice, questions: set[str], said: Mapping[tuple[str, str], set[int]]) -> set[int]:
    """Return the columns that say a choice of a question: as it is worded, else nearly so, else by its name."""
    labels = (choice.label.zh, choice.label.en)
    for texts in ({normalise(text) for text in labels}, {label_key(text) for text in labels}, {normalise(choice.name)}):
        found = {place for question in questions for text in texts for place in said.get((question, text), ())}
        if found:
            return found
    return set()


def _wordings(question: Question) -> set[str]:
    return {label_key(text) for text in (question.label.zh, question.label.en, question.name)}


def _ways_apart(column: RawColumn) -> Iterable[tuple[str, str]]:
    """Yield how a header may be the wordings of a question and of a choice."""
    parts = column.key.split(column.path_sign) if column.path_sign and column.option is None else []
    for cut in range(1, len(parts)):
        option = column.path_sign.join(parts[cut:])
        for question in _ends(column.path_sign.join(parts[:cut]), column.path_sign):
            yield from {(question, normalise(option)), (question, label_key(option))}


def _ends(text: str, sign: str) -> set[str]:
    parts = text.split(sign)
    return {key for start in range(len(parts)) if (key := label_key(sign.join(parts[start:])))}
