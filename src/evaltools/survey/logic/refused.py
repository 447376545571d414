"""Functions that a form may call and a table cannot answer, each with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from evaltools.survey.logic.parser import LogicError

_BY_REASON: Final[Mapping[str, tuple[str, ...]]] = {
    # another value each time it is computed
    "chance": ("random", "randomize", "uuid"),
    # the table that it looks into was attached to the form and is no part of the export
    "file": ("instance", "pulldata", "search"),
    # reads other instances of a repeat, or counts them
    "repeat": ("count", "index", "indexed-repeat", "last", "position"),
    # what only the device knew
    "device": (
        "collect-is-phone-app", "device-info", "duration", "phone-call-duration", "phone-call-log", "property",
        "username", "version",
    ),
    # walks the form's document or asks for its texts
    "document": ("current", "id", "jr:itext", "lang", "local-name", "name", "namespace-uri"),
    # SurveyCTO's own; other tools do not know it
    "dialect": (
        "choice-label", "count-if", "de-duplicate", "empty", "geo-scatter", "hash", "item-at", "item-index",
        "item-present", "join-if", "linebreak", "max-if", "min-if", "rank-index", "rank-index-if", "rank-value",
        "relevant", "short-geopoint", "sum-if",
    ),
}  # fmt: skip
REFUSED: Final[Mapping[str, str]] = {
    function: reason for reason, functions in _BY_REASON.items() for function in functions
}
"""Function to the reason: ``chance``, ``file``, ``repeat``, ``device``, ``document`` or ``dialect``."""

_QUOTED_OR_CALL: Final = re.compile(r"'[^']*'|\"[^\"]*\"|(?P<function>[A-Za-z_][\w-]*(?:[.:][\w-]+)*)\s*\(")


def refuse_functions(text: str) -> None:
    """Look for such functions before an expression is read: most of them take paths, which are not read either.

    Raises
    ------
    LogicError
        ``logic-<reason>``, with the first function.
    """
    for found in _QUOTED_OR_CALL.finditer(text):
        reason = REFUSED.get(found["function"] or "")
        if reason is not None:
            raise LogicError(f"logic-{reason}", function=found["function"])
