"""Two versions of an instrument, item by item: what changed in which respect, and whether answers can be compared.

The rules are fixed and are printed with every verdict; a person's word in the campaign file (`comparability`,
`rescale`) goes before them. Each respect has a verdict of its own, and the worst of them is the item's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, get_args

from evaltools.survey.instrument import BilingualText, Instrument, Question
from evaltools.survey.matching.likeness import alike, changed_signs
from evaltools.survey.matching.wordings import label_key
from evaltools.survey.versions.scales import ScaleChange, compare_scales

Verdict = Literal["same", "rescaled", "reworded", "not_comparable"]
VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)
"""From the best to the worst."""

Respect = Literal[
    "wording", "meaning", "hint", "type", "unit", "polarity", "relevance", "constraint", "calculation", "required",
    "position", "name", "scale-order", "scale-missing-choices", "scale-labels", "scale-names", "scale-reversed",
    "scale-declared", "scale-points", "scale-list", "added", "removed",
]  # fmt: skip

RULES: Final[Mapping[Respect, Verdict]] = {
    "position": "same",
    "name": "same",
    "required": "same",
    "scale-names": "rescaled",
    "scale-labels": "rescaled",
    "scale-reversed": "rescaled",
    "scale-declared": "rescaled",
    "wording": "reworded",
    "hint": "reworded",
    "constraint": "reworded",
    "scale-order": "reworded",
    "scale-missing-choices": "reworded",
    "meaning": "not_comparable",
    "type": "not_comparable",
    "unit": "not_comparable",
    "polarity": "not_comparable",
    "relevance": "not_comparable",
    "calculation": "not_comparable",
    "scale-points": "not_comparable",
    "scale-list": "not_comparable",
    "added": "not_comparable",
    "removed": "not_comparable",
}
"""The verdict on an item that changed in one respect alone."""

REWORDED: Final = 0.8
"""Wordings that are less alike than this ask something else; so do those that differ in a figure or a negation."""

_NEGATIONS: Final = frozenset("不没無无未非否勿莫别")
_NEGATING: Final = frozenset(("not", "no", "never", "without", "none", "nor"))
_WORD: Final = re.compile(r"[a-z']+")
_PUNCTUATION: Final = re.compile(r"[\s,.;:!?()\[\]\"'“”‘’、，。；：！？（）【】《》·…—-]+")
_SAME_TYPE: Final = frozenset({"integer", "decimal"})
_REFERENCE: Final = re.compile(r"\$\{([^}]+)\}")
_SCALE: Final[Mapping[ScaleChange, Respect]] = {
    "order": "scale-order",
    "missing-choices": "scale-missing-choices",
    "labels": "scale-labels",
    "names": "scale-names",
    "reversed": "scale-reversed",
    "declared": "scale-declared",
    "points": "scale-points",
    "list": "scale-list",
}


@dataclass(frozen=True, slots=True)
class ItemChange:
    """An item in two versions; one of both is None where a version lacks it.

    Attributes
    ----------
    respects
        What changed, in the order of :data:`RULES`.
    verdict
        The worst that these say.
    recode
        Choice of the older version to that of the newer; None where the names of choices mean the same.
    """

    before: Question | None
    after: Question | None
    respects: tuple[Respect, ...]
    verdict: Verdict
    recode: Mapping[str, str] | None = None

    @property
    def item(self) -> str:
        """Name in the newer version, or in the older where the newer has none."""
        return (self.after or self.before).name  # type: ignore[union-attr]  # one of both is there


def compare_versions(
    before: Instrument, after: Instrument, declared: Mapping[str, Mapping[str, str]] | None = None
) -> tuple[ItemChange, ...]:
    """Compare two versions of an instrument.

    Items belong together that have the same name, or else the same concept where that is unique in both versions.

    Parameters
    ----------
    declared
        Question of the older version to its recode: choice of the older version to choice of the newer.

    Returns
    -------
    tuple of ItemChange
        Items of the newer version in its order, then those that it lost.
    """
    pairs = _pairs(before, after)
    names = {one.name: other.name for one, other in pairs}
    by_after = {other.name: one for one, other in pairs}
    moved = _moved([(one.name, other.name) for one, other in pairs], after)
    changes = []
    for question in after.answered:
        old = by_after.get(question.name)
        if old is None:
            changes.append(ItemChange(None, question, ("added",), RULES["added"]))
        else:
            recode = (declared or {}).get(old.name)
            changes.append(_compare(old, question, names, recode, is_moved=question.name in moved))
    lost = [one for one in before.answered if one.name not in names]
    return (*changes, *(ItemChange(one, None, ("removed",), RULES["removed"]) for one in lost))


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of several verdicts; of none ``same``."""
    return max(verdicts, key=VERDICTS.index, default="same")


def _pairs(before: Instrument, after: Instrument) -> list[tuple[Question, Question]]:
    """Return the items that both versions have, in the order of the older."""
    new = {one.name: one for one in after.answered}
    known = {one.name for one in before.answered} & set(new)
    old_by_concept, new_by_concept = (
        _unique([one for one in form.answered if one.name not in known]) for form in (before, after)
    )
    pairs = []
    for one in before.answered:
        if one.name in known:
            pairs.append((one, new[one.name]))
        elif one.concept in new_by_concept and old_by_concept.get(one.concept) is one:
            pairs.append((one, new_by_concept[one.concept]))
    return pairs


def _unique(questions: list[Question]) -> dict[str, Question]:
    concepts = [one.concept for one in questions]
    return {one.concept: one for one in questions if concepts.count(one.concept) == 1}


def _moved(names: list[tuple[str, str]], after: Instrument) -> set[str]:
    """Return items that stand elsewhere among the items that both versions have: all but a longest run in order."""
    place = {one.name: number for number, one in enumerate(after.answered)}
    runs: list[list[str]] = []
    for _, name in names:
        before: list[str] = max((run for run in runs if place[run[-1]] < place[name]), key=len, default=[])
        runs.append([*before, name])
    longest: list[str] = max(runs, key=len, default=[])
    return {name for _, name in names} - set(longest)


def _compare(
    before: Question, after: Question, names: Mapping[str, str], declared: Mapping[str, str] | None, *, is_moved: bool
) -> ItemChange:
    scale = compare_scales(before, after, declared)
    is_other_type = before.type != after.type and {before.type, after.type} != _SAME_TYPE
    when, when_new = (
        (before.required, _logic(before.required_when, names)),
        (after.required, _logic(after.required_when)),
    )
    differs: dict[Respect, bool] = {
        "hint": _texts(before.hint) != _texts(after.hint),
        "type": is_other_type,
        "unit": before.unit != after.unit,
        "polarity": before.polarity != after.polarity,
        "required": when != when_new,
        "relevance": _logic(before.relevant, names) != _logic(after.relevant),
        "constraint": _logic(before.constraint, names) != _logic(after.constraint),
        "calculation": _logic(before.calculation, names) != _logic(after.calculation),
        "position": is_moved,
        "name": before.name != after.name,
    }
    found = {respect for respect, is_other in differs.items() if is_other} | _wording(before.label, after.label)
    if scale.change != "none" and not is_other_type:
        found.add(_SCALE[scale.change])
    respects = tuple(respect for respect in RULES if respect in found)
    verdict = worst(RULES[respect] for respect in respects)
    return ItemChange(before, after, respects, verdict, None if is_other_type else scale.recode)


def _logic(expression: str, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return an expression in the names of the newer version, without blanks."""
    renamed = _REFERENCE.sub(lambda match: f"${{{names.get(match[1].strip(), match[1].strip())}}}", expression)
    return re.sub(r"\s+", "", renamed)


def _texts(text: BilingualText | None) -> tuple[str, str] | None:
    return None if text is None else (_key(text.zh).replace(" ", ""), _key(text.en).replace(" ", ""))


def _wording(before: BilingualText, after: BilingualText) -> set[Respect]:
    """Return whether the wording changed, and whether it may mean something else: in the language that changed most."""
    pairs = ((_key(before.zh), _key(after.zh)), (_key(before.en), _key(after.en)))
    changed = [(one, other) for one, other in pairs if one.replace(" ", "") != other.replace(" ", "")]
    if any(alike(*pair) < REWORDED or _turns(*pair) for pair in changed):
        return {"meaning"}
    return {"wording"} if changed else set()


def _key(text: str) -> str:
    """Return a wording without its number, marks and punctuation; blanks stay for the sake of words."""
    return _PUNCTUATION.sub(" ", label_key(text)).strip()


def _turns(one: str, other: str) -> bool:
    """Say whether two wordings differ in a figure (a period, a limit) or in a negation."""
    signs = changed_signs(one, other)
    words = set(_WORD.findall(one)) ^ set(_WORD.findall(other))
    return not _NEGATIONS.isdisjoint(signs) or any(sign.isdigit() for sign in signs) or not _NEGATING.isdisjoint(words)
