"""Names of variables that SPSS and Stata both take."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 31  # Stata takes 32, but pyreadstat adds a sign for the name of the value labels
_SPSS: Final = "all and by eq ge gt le lt ne not or to with"
_STATA: Final = (
    "aggregate array boolean break byte case catch class colvector complex const continue default delegate delete do "
    "double else eltypedef end enum explicit export external float for friend function global goto if in inline int "
    "local long mata matrix namespace new numeric null operator orgtypedef pointer polymorphic pragma private "
    "protected public quad real return rowvector scalar short signed static strl string struct super switch template "
    "this throw transmorphic try typedef typename union unsigned using vector version virtual void volatile while"
)
_RESERVED: Final = frozenset(f"{_SPSS} {_STATA}".split())


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Return a name for each name: ASCII letters, digits and ``_``, at most 31, different also without regard to case.

    A name that is fit already stays as it is.
    """
    wanted = list(names)
    found = {name: name for name in wanted if _is_fit(name)}
    taken: set[str] = set()
    for name in list(found):
        if name.lower() in taken:
            del found[name]
        taken.add(name.lower())
    for name in wanted:
        if name not in found:
            found[name] = _fitted(name, taken)
            taken.add(found[name].lower())
    return {name: found[name] for name in wanted}


def _is_fit(name: str) -> bool:
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) is not None
    return (
        plain and len(name) <= LONGEST and name.lower() not in _RESERVED and not re.fullmatch(r"str\d+", name.lower())
    )


def _fitted(name: str, taken: set[str]) -> str:
    stem = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_") or "v"
    stem = stem if stem[0].isalpha() else f"v_{stem}"
    number, candidate = 1, stem[:LONGEST]
    while candidate.lower() in taken or not _is_fit(candidate):
        number += 1
        ending = f"_{number}"
        candidate = stem[: LONGEST - len(ending)] + ending
    return candidate
