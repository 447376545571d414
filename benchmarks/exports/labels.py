"""What a respondent sees of questions and choices: numbered questions, labels, places in a list."""

from __future__ import annotations

from collections.abc import Sequence

from exports.truth import Missing, Question


def numbered(questions: Sequence[Question]) -> list[list[Question]]:
    """Return what a tool counts as one question: the rows of a matrix together."""
    groups: list[list[Question]] = []
    for question in questions:
        if question.matrix and groups and groups[-1][0].matrix == question.matrix:
            groups[-1].append(question)
        else:
            groups.append([question])
    return groups


def label_of(question: Question, name: object) -> str:
    """Return the Chinese label of a choice."""
    return next(choice.zh for choice in question.choices if choice.name == name)


def labels_of(question: Question, names: object) -> list[str]:
    """Return the Chinese labels of choices, in the order of the form."""
    return [choice.zh for choice in question.choices if choice.name in names]  # type: ignore[operator]


def place_of(question: Question, name: object) -> int:
    """Return the place of a choice in the form, from 1."""
    return [choice.name for choice in question.choices].index(str(name)) + 1


def flags_of(question: Question, value: object) -> list[int] | None:
    """Return 1 for each choice that was taken and 0 for each that was not; None where the question has no answer."""
    if isinstance(value, Missing):
        return None
    return [int(choice.name in value) for choice in question.choices]  # type: ignore[operator]
