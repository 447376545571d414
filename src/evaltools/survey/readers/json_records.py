"""Records of a JSON text: parsed strictly, found in the shapes that collecting servers give, and counted twice."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.json_scan import scan_json
from evaltools.survey.readers.model import Limits
from evaltools.text import clean

LISTS: Final = ("results", "value")
"""Key of the list of records in an answer of KoboToolbox (API version 2), and of an OData service (ODK Central)."""

_COUNTS: Final = ("count", "@odata.count")
_NEXT: Final = ("next", "@odata.nextLink")
_LONGEST_NUMBER: Final = 40
_SHOWN: Final = 20


class _UnfitError(Exception):
    """Something that JSON allows and a table of answers cannot hold; raised from within the json module."""


def read_records(text: str, *, file: str, limits: Limits) -> tuple[list[Mapping[str, Any]], int]:
    """Return the records of a JSON text in their order, and how many objects stand in all lists at and below them.

    The second comes from a walk over the signs of the text, and the number of records was held against it.

    Parameters
    ----------
    text
        A list of objects; or an object with such a list under one of `LISTS`.

    Raises
    ------
    FileRefusedError
        ``json-broken``, with the line; ``json-key`` (a key stands twice in an object), ``json-number`` (not a number,
        or one that no column can hold), ``json-shape`` (no list of objects), ``json-page`` (one page of more answers),
        ``rows-mismatch``, ``sheet-empty``; and those of :func:`evaltools.survey.readers.json_scan.scan_json`.
    """
    scan = scan_json(text, file=file, limits=limits)
    key, records = _listed(_parsed(text, file), file)
    counted = scan.records.get(key, 0)
    if counted != len(records):
        raise FileRefusedError("rows-mismatch", file=file, sheet="", read=len(records), counted=counted)
    if not records:
        raise FileRefusedError("sheet-empty", file=file, sheet="")
    return records, scan.objects.get(key, 0)


def _parsed(text: str, file: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse, parse_float=_real, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise FileRefusedError("json-broken", file=file, line=error.lineno) from None
    except _UnfitError as unfit:
        code, part = unfit.args
        raise FileRefusedError(code, file=file, part=clean(part)) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _UnfitError("json-key", next(key for key in keys if keys.count(key) > 1))
    return found


def _refuse(text: str) -> Any:
    raise _UnfitError("json-number", text)


def _real(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text[:_SHOWN])


def _whole(text: str) -> int:
    return int(text) if len(text) <= _LONGEST_NUMBER else _refuse(f"{text[:_SHOWN]}…")


def _listed(content: Any, file: str) -> tuple[str, list[Mapping[str, Any]]]:
    """Return the list of records and its key; "" for a list at the top."""
    if isinstance(content, dict):
        key = next((name for name in LISTS if isinstance(content.get(name), list)), None)
        if key is None:
            raise FileRefusedError("json-shape", file=file, part="")
        _refuse_page(content, len(content[key]), file)
        records = content[key]
    else:
        key, records = "", content
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise FileRefusedError("json-shape", file=file, part=key)
    return key, records


def _refuse_page(content: Mapping[str, Any], held: int, file: str) -> None:
    """Refuse one page of an answer that goes on."""
    goes_on = any(content.get(name) for name in _NEXT)
    stated = next((content[name] for name in _COUNTS if isinstance(content.get(name), int)), f"> {held}")
    if goes_on or stated not in (held, f"> {held}"):
        raise FileRefusedError("json-page", file=file, held=held, stated=stated)
