"""How alike the wording of a question and the header of a column are, and whether the difference could mean something.

A likeness never decides by itself: it puts a pair before a person. Together with the question's number it decides only
where the two wordings differ in nothing but words without a meaning of their own.
"""

from __future__ import annotations

from typing import Final

from evaltools.survey.instrument import Question
from evaltools.survey.matching.wordings import label_key, name_key
from evaltools.survey.readers import RawColumn

_LONGEST: Final = 300
# what may come and go in a Chinese question without making another one of it; negations, words of time, place and
# degree, letters and figures are not among them
_EMPTY: Final = frozenset("的了吗呢吧啊么您你贵请问是在该这,，。.?？!！、；;：:（）()[]【】“”\"'‘’《》-— ")


def likeness(question: Question, column: RawColumn) -> float:
    """Return how alike a question and a column are, 0 to 1: the best of its wordings (or its name) and the header."""
    found = [alike(one, other) for one in _wordings(question) for other in _headers(column) if one and other]
    if column.kind == "name":
        found.append(alike(name_key(question.name), name_key(column.key).rpartition("/")[2]))
    return max(found, default=0.0)


def differs_in_nothing(question: Question, column: RawColumn) -> bool:
    """Say whether a header is one of the question's wordings but for words without a meaning of their own."""
    pairs = ((one, other) for one in _wordings(question) for other in _headers(column))
    return any(one and other and _EMPTY.issuperset(changed_signs(one, other)) for one, other in pairs)


def alike(one: str, other: str) -> float:
    """Return how alike two texts are, 0 to 1."""
    from rapidfuzz import fuzz

    return fuzz.ratio(one[:_LONGEST], other[:_LONGEST]) / 100


def changed_signs(one: str, other: str) -> str:
    """Return the signs of both texts that are not common to them."""
    from rapidfuzz.distance import Levenshtein

    edits = [edit for edit in Levenshtein.opcodes(one, other) if edit.tag != "equal"]
    return "".join(one[edit.src_start : edit.src_end] + other[edit.dest_start : edit.dest_end] for edit in edits)


def _wordings(question: Question) -> set[str]:
    return {label_key(label)[:_LONGEST] for label in (question.label.zh, question.label.en) if label}


def _headers(column: RawColumn) -> set[str]:
    texts = {column.header, column.key}
    if column.lead:
        texts |= {f"{column.lead}-{column.key}"}
    return {label_key(text[:_LONGEST]) for text in texts}
