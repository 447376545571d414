"""Names of firms and telephones in the form in which equal ones are equal, and how alike two names are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from evaltools.text import normalise

SIMILAR: Final = 85.0
"""From so many of 100 on two names are shown to a person; what they are is never decided here."""

_LEGAL_FORM: Final = re.compile(
    r"(?:股份有限公司|有限责任公司|有限公司|公司|集团|农民专业合作社|专业合作社|合作社|个体工商户|经营部|经销部|工作室|商行|门市部"
    r"|(?:co|company|corp|corporation|inc|ltd|limited|llc)+)$"
)
_CONTAINED: Final = 4
_SHOWN: Final = 5
_BLOCK: Final = 512


def comparable_name(name: str) -> str | None:
    """Return a name without spaces, brackets and other punctuation; None where nothing is left."""
    kept = (sign for sign in normalise(name) if unicodedata.category(sign)[0] in "LN")
    return "".join(kept) or None


def comparable_phone(phone: str) -> str | None:
    """Return the digits of a telephone number without China's prefix; None for fewer than seven."""
    digits = re.sub(r"[^0-9]", "", normalise(phone))
    digits = re.sub(r"^(?:00)?86(?=1[3-9][0-9]{9}$)", "", digits)
    return digits if len(digits) >= 7 else None


def core(name: str) -> str:
    """Return a comparable name without its legal form: 青禾商贸 of 青禾商贸有限公司."""
    stripped = _LEGAL_FORM.sub("", name)
    return stripped or name


def similar_names(
    unknown: Mapping[str, str], known: Mapping[str, str], *, at_least: float = SIMILAR
) -> list[tuple[str, str, float]]:
    """Find the names that a person should compare.

    Parameters
    ----------
    unknown, known
        Key to comparable name; each of the first is compared with all of both.

    Returns
    -------
    list of (key of the first, key of the other, similarity from 0 to 100)
        At most five of each name, the most similar first; equal names are left out. A number in a name is a name: the
        second branch is not the third.
    """
    # loaded only where a firm gave no code
    from rapidfuzz import fuzz, process

    others = {**known, **unknown}
    keys, cores = list(others), [core(name) for name in others.values()]
    numbers = [_numbers(one) for one in cores]
    found: list[tuple[str, str, float]] = []
    wanted = list(unknown)
    for start in range(0, len(wanted), _BLOCK):
        block = wanted[start : start + _BLOCK]
        scores = process.cdist([core(unknown[key]) for key in block], cores, scorer=fuzz.ratio, score_cutoff=at_least)
        for key, row in zip(block, scores, strict=True):
            own = core(unknown[key])
            near = [
                (float(score) or 100.0, place)
                for place, score in enumerate(row)
                if (score or _is_contained(own, cores[place]))
                and keys[place] != key
                and others[keys[place]] != unknown[key]
                and numbers[place] == _numbers(own)
            ]
            found += [
                (key, keys[place], score) for score, place in sorted(near, key=lambda one: (-one[0], one[1]))[:_SHOWN]
            ]
    return found


def masked_name(name: str) -> str:
    """Return the first and last sign of a name without its legal form: enough to find the row, not the firm."""
    stem = core(name)
    return f"{stem[0]}…{stem[-1]}" if len(stem) > 2 else f"{stem[0]}…"


def masked_phone(phone: str) -> str:
    """Return the last two digits of a telephone number."""
    return f"…{phone[-2:]}"


def _is_contained(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= _CONTAINED and short in long


def _numbers(name: str) -> Sequence[str]:
    return re.findall(r"[0-9]+|[一二三四五六七八九十]+", name)
