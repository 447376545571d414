"""The sensitivity of calculated values: whoever knows them knows what they were computed from."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from evaltools.survey.instrument.model import Question, Sensitivity

_REFERENCE: Final = re.compile(r"\$\{\s*(?:last-saved#)?([^\s{}#]+)\s*\}")
_STRICTEST_FIRST: Final[tuple[Sensitivity, ...]] = ("direct", "text", "sensitive", "quasi", "plain")


def inherit_classes(questions: Sequence[Question], declared: Collection[str]) -> tuple[Question, ...]:
    """Give each calculation without a class of its own the strictest class of what it refers to.

    Parameters
    ----------
    questions
        In the order of the form.
    declared
        Names of those whose class stands in the form: its author knows that ``string-length(${phone})`` is harmless.
    """
    classes = {question.name: question.sensitivity for question in questions}
    computed = [one for one in questions if one.type == "calculate" and one.name not in declared]
    # a calculation may refer to a later one, so go on until nothing becomes stricter
    changed = True
    while changed:
        changed = False
        for one in computed:
            sources = [classes[name] for name in _REFERENCE.findall(one.calculation) if name in classes]
            strictest = min([classes[one.name], *sources], key=_STRICTEST_FIRST.index)
            changed |= strictest != classes[one.name]
            classes[one.name] = strictest
    return tuple([replace(one, sensitivity=classes[one.name]) for one in questions])
