"""The numbers that a tool gives its questions, held against the order of the form.

Numbers shift with every question that is added, so they are believed only between two questions that were found by
name or wording, where as many questions lack a column as the tool has numbers left, in rising order throughout.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from evaltools.survey.instrument import Question
from evaltools.survey.matching.column_keys import Candidate
from evaltools.survey.matching.likeness import differs_in_nothing, likeness

SURE: Final = 0.8
"""From here on a wording that the number speaks for is taken for the question's, if nothing speaks against it."""


def numbered(
    questions: Sequence[Question], found: Mapping[str, Candidate], free: Iterable[Candidate]
) -> dict[str, Candidate]:
    """Return the column whose number stands where a question without a column should stand.

    Parameters
    ----------
    questions
        All that the file should hold, in the order of the form.
    found
        Questions that have their column; one without a number (a field of the tool) is passed over.
    free
        Columns that no question has.
    """
    by_number = _by_number(free)
    shown = [one for one in questions if one.name not in found or found[one.name].face.number is not None]
    places = [place for place, one in enumerate(shown) if one.name in found]
    numbers = [found[shown[place].name].face.number or 0 for place in places]
    if any(after < before for before, after in pairwise(numbers)):
        return {}  # the tool has another order than the form
    last = max([*numbers, *by_number], default=0) + 1
    bounds = [(-1, 0), *zip(places, numbers, strict=True), (len(shown), last)]
    pairs: dict[str, Candidate] = {}
    for (before, low), (after, high) in pairwise(bounds):
        lacking = shown[before + 1 : after]
        left = [number for number in sorted(by_number) if low < number < high]
        if len(lacking) == len(left) and all(len(by_number[number]) == 1 for number in left):
            pairs |= {one.name: by_number[number][0] for one, number in zip(lacking, left, strict=True)}
    return pairs


def agreed(
    pairs: Mapping[str, Candidate], questions: Collection[Question], candidates: Collection[Candidate]
) -> dict[str, Candidate]:
    """Return the pairs that the wording confirms: alike, different in no word with a meaning, each the other's best.

    Parameters
    ----------
    questions, candidates
        All, also those that have found each other: a wording that fits one of them better contradicts the number.
    """
    by_name = {one.name: one for one in questions}
    taken = {}
    for name, candidate in pairs.items():
        question, face = by_name[name], candidate.face
        score = likeness(question, face)
        if score < SURE or not differs_in_nothing(question, face):
            continue
        others = [likeness(one, face) for one in questions if one.name != name]
        rivals = [likeness(question, one.face) for one in candidates if set(one.places).isdisjoint(candidate.places)]
        if score > max([*others, *rivals], default=0.0):
            taken[name] = candidate
    return taken


def _by_number(candidates: Iterable[Candidate]) -> dict[int, list[Candidate]]:
    """Return the questions of the tool by number: the columns of one multiple choice are one, those of blanks none."""
    found: dict[int, list[Candidate]] = {}
    for one in candidates:
        if one.face.number is not None and (one.is_group or (one.face.option is None and not one.face.typed)):
            found.setdefault(one.face.number, []).append(one)
    return found
