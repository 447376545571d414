"""What respondents typed into the blank of a choice, in brackets behind it: ``其他〖律师费〗``, or ``其他【律师费】``.

The typed text may itself hold separators and brackets, and so may the wording of a choice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

_BRACKETS: Final = {"〖": "〗", "【": "】"}
# nobody types more of them, and each is looked at in its turn
_MOST: Final = 50
_Close = Callable[[str, int, str], int | None]


def ways_to_split(text: str, sign: str) -> list[list[str]]:
    """Return the ways to take a text apart at a sign that is not part of a typed text, the likeliest first.

    A typed text ends with the bracket that closes its own, or with the first one before a separator; brackets may also
    be none at all, but signs of a wording.
    """
    if not sign or sign not in text:
        return [[text]]
    if sum(map(text.count, _BRACKETS)) > _MOST:
        return [text.split(sign)]
    ways = [_split(text, sign, _closed_by_pairs), _split(text, sign, _closed_before_signs), text.split(sign)]
    return [way for place, way in enumerate(ways) if way not in ways[:place]]


def without_typed(text: str) -> list[list[tuple[str, str]]]:
    """Return (text before a bracket, what stands in it) for each bracket that the end of the text may close.

    Those that leave the brackets between them paired are the first list; the others, which count only where none of
    the first does, are the second.
    """
    text = text.strip()
    opening = next((one for one, close in _BRACKETS.items() if text.endswith(close)), None)
    if opening is None or text.count(opening) > _MOST:
        return []
    found = [(text[:place].rstrip(), text[place + 1 : -1].strip()) for place in _places(text, opening) if place]
    paired = [one for one in found if _is_paired(one[1], opening)]
    return [paired, [one for one in found if one not in paired]]


def _split(text: str, sign: str, close: _Close) -> list[str]:
    parts, start, place = [], 0, 0
    while place < len(text):
        if text[place] in _BRACKETS and (end := close(text, place, sign)) is not None:
            place = end
        elif text.startswith(sign, place):
            parts.append(text[start:place])
            start = place = place + len(sign)
            continue
        place += 1
    return [*parts, text[start:]]


def _closed_by_pairs(text: str, opened: int, _: str) -> int | None:
    """Return where the bracket that is opened closes, counting those of its kind in between."""
    depth = 0
    for place in range(opened, len(text)):
        depth += (text[place] == text[opened]) - (text[place] == _BRACKETS[text[opened]])
        if not depth:
            return place
    return None


def _closed_before_signs(text: str, opened: int, sign: str) -> int | None:
    found = re.compile(rf"{_BRACKETS[text[opened]]}\s*(?={re.escape(sign)}|$)").search(text, opened)
    return None if found is None else found.start()


def _places(text: str, sign: str) -> Iterator[int]:
    return (place for place, one in enumerate(text) if one == sign)


def _is_paired(text: str, opening: str) -> bool:
    depth = 0
    for sign in text:
        depth += (sign == opening) - (sign == _BRACKETS[opening])
        if depth < 0:
            return False
    return depth == 0
