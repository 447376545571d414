"""The choices of a question in two versions: whether they are one scale, one that can be recoded, or two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from evaltools.survey.instrument import Choice, Question
from evaltools.survey.matching.wordings import label_key
from evaltools.survey.values.choices import MISSING_CHOICES

ScaleChange = Literal["none", "order", "missing-choices", "labels", "names", "reversed", "declared", "points", "list"]
"""What became of a scale; `points` and `list` leave nothing to compare."""


class Scale(NamedTuple):
    """What became of a scale, and the choice of the newer version for each of the older one; None where both agree."""

    change: ScaleChange
    recode: Mapping[str, str] | None = None


SCALE_OK: Final = Scale("none")


def compare_scales(before: Question, after: Question, declared: Mapping[str, str] | None = None) -> Scale:
    """Compare the choices of two versions of a question.

    Choices that stand for a missing answer (``dk``, ``refused``, ``na``) are no points of a scale.

    Parameters
    ----------
    declared
        What a person says of it: choice of the older version to choice of the newer. It goes before every rule.

    Returns
    -------
    Scale
        By these rules, the first that holds: every older choice has its label among the newer ones: the same choices
        (``none``, or ``order`` where they are shown in another order), or others (``reversed``, ``names``), recoded
        by label. As many points of an ordered scale under other labels, none of which stands elsewhere in the other
        version: ``labels``, recoded point by point. Otherwise nothing can be compared: ``points``, ``list``.
    """
    if declared:
        return Scale("declared", declared)
    if not before.choices or not after.choices:
        return SCALE_OK if before.list_name == after.list_name else Scale("list")
    old, new = _points(before), _points(after)
    if len(old) != len(new):
        return Scale("points")
    by_label = _by_label(old, new)
    if len(by_label) == len(old):
        return _same_labels(before, after, by_label)
    in_place = {one.name: other.name for one, other in zip(old, new, strict=True)}
    if not (_is_ordered(before) and _is_ordered(after)) or any(in_place[one] != by_label[one] for one in by_label):
        return Scale("list")
    return Scale("labels", in_place)


def _same_labels(before: Question, after: Question, by_label: Mapping[str, str]) -> Scale:
    old, new = [one.name for one in _points(before)], [one.name for one in _points(after)]
    if any(name != other for name, other in by_label.items()):
        return Scale("reversed" if [by_label[name] for name in old] == old[::-1] else "names", by_label)
    if old != new:
        return Scale("order")
    marks = [{one.name for one in question.choices} - set(old) for question in (before, after)]
    return SCALE_OK if marks[0] == marks[1] else Scale("missing-choices")


def _points(question: Question) -> list[Choice]:
    return [one for one in question.choices if one.name not in MISSING_CHOICES]


def _by_label(old: Sequence[Choice], new: Sequence[Choice]) -> dict[str, str]:
    """Return older choices whose label, in Chinese or English, stands at exactly one of the newer ones."""
    found: dict[str, str] = {}
    for one in old:
        hits = {other.name for other in new if _labels(one) & _labels(other)}
        if len(hits) == 1:
            found[one.name] = hits.pop()
    return found if len(set(found.values())) == len(found) else {}


def _labels(choice: Choice) -> set[str]:
    return {key for text in (choice.label.zh, choice.label.en) if (key := label_key(text))}


def _is_ordered(question: Question) -> bool:
    """Say whether more is better or worse, or the choices are numbers: only such a scale has points."""
    return bool(question.polarity) or all(one.name.lstrip("-").isdecimal() for one in _points(question))
