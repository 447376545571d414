"""The header rows of a Qualtrics export: short name, wording, and the tool's own id as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from evaltools.survey.readers.cells import Cell
from evaltools.survey.readers.columns import headers_of
from evaltools.survey.readers.model import Grid

Part = Literal["question", "row", "option", "typed", "own", "identifying", "file", "tool", "blank"]

_RECORD: Final = re.compile(r"R_[A-Za-z0-9]+")
_LEGACY: Final = re.compile(r"V\d{1,2}")
# names of the tool's own columns, or what the second row of an old export has for them, to what it calls them since
_OWN: Final = {
    "StartDate": "startDate", "EndDate": "endDate", "RecordedDate": "recordedDate", "Status": "status",
    "IPAddress": "ipAddress", "Progress": "progress", "Duration (in seconds)": "duration", "Finished": "finished",
    "ResponseId": "_recordId", "ResponseID": "_recordId", "ExternalReference": "externalDataReference",
    "ExternalDataReference": "externalDataReference", "DistributionChannel": "distributionChannel",
    "UserLanguage": "userLanguage", "ResponseSet": "responseSet",
}  # fmt: skip
_IDENTIFYING: Final = {
    "RecipientLastName": "recipientLastName", "RecipientFirstName": "recipientFirstName",
    "RecipientEmail": "recipientEmail", "LocationLatitude": "locationLatitude",
    "LocationLongitude": "locationLongitude", "LocationAccuracy": "locationAccuracy", "Name": "name",
    "EmailAddress": "emailAddress",
}  # fmt: skip
_TIMING: Final = re.compile(
    r".*_(?:FIRST_CLICK|LAST_CLICK|PAGE_SUBMIT|CLICK_COUNT|BROWSER|VERSION|OS|RESOLUTION|DO)|"
    r".*_(?:FIRST_CLICK|DO)_\w+|.*[0-9a-f]{16,}(?:Par)?(?:Topics|Sentiment\w*)"
)
_FILES: Final = re.compile(r".*_FILE_(?:ID|NAME|SIZE|TYPE)")
_TYPED: Final = re.compile(r"(.*QID\d+)(?:_\d+)?_TEXT")
_ROW: Final = re.compile(r"(.*QID\d+)_(\d+)")
_SELECTED: Final = " - Selected Choice"


@dataclass(frozen=True, slots=True)
class Heading:
    """A column, as its header rows describe it.

    Attributes
    ----------
    header, nth
        Short name, and which of its equals it is, from 1.
    part
        What it holds.
    id
        Of the question (``QID5``) or the tool's own field (``startDate``); the short name where the file has no ids.
    text
        Wording of the question.
    part_text
        Wording of the row, of the choice, or of the choice that a text was typed for; "" for a question.
    zone
        Name of the time zone of a time stamp; "" where the file names none.
    """

    header: str
    nth: int
    part: Part
    id: str
    text: str
    part_text: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """All columns, and how many rows describe them; `has_ids` where one of these holds the tool's ids."""

    headings: tuple[Heading, ...]
    n_rows: int
    has_ids: bool


@dataclass(frozen=True, slots=True)
class _Raw:
    name: str
    nth: int
    text: str
    ids: dict[str, Any] = field(default_factory=dict)


def own_columns(grid: Grid) -> list[str]:
    """Return the names of the tool's own columns; those of an old export stand in the second row."""
    names = [str(cell or "") for cell in grid.row(0)]
    if is_legacy(grid):
        names = [str(cell or "") for cell in grid.row(1)]
    return [name for name in names if name in _OWN or name in _IDENTIFYING]


def is_legacy(grid: Grid) -> bool:
    """Say whether the first row numbers the tool's own columns (V1, V2 ...) and the second names them."""
    if grid.n_rows < 2:
        return False
    named = [str(cell or "") for cell in grid.row(1)]
    return sum(1 for cell in grid.row(0) if _LEGACY.fullmatch(str(cell or ""))) >= 5 and "ResponseID" in named


def read_header(grid: Grid) -> Header:
    """Read the header rows: two, or three where the last holds the ids."""
    names, texts = headers_of(grid.row(0)), grid.row(1) if grid.n_rows > 1 else []
    ids = [_ids(cell) for cell in grid.row(2)] if grid.n_rows > 2 else []
    has_ids = sum(map(bool, ids)) > len(ids) // 2
    raws = [
        _Raw(name, nth, _flat(texts[place] if texts else None), ids[place] if has_ids else {})
        for place, (name, nth) in enumerate(names)
    ]
    return Header(_headings(raws, legacy=is_legacy(grid)), 3 if has_ids else _n_rows(grid, raws), has_ids)


def _n_rows(grid: Grid, raws: Sequence[_Raw]) -> int:
    """Count the header rows of a file without ids: the second is one unless it holds an answer."""
    place = next((place for place, raw in enumerate(raws) if "ResponseI" in raw.name + raw.text), None)
    is_answer = grid.n_rows > 1 and place is not None and _RECORD.fullmatch(str(grid.row(1)[place]))
    return 1 if is_answer or grid.n_rows < 2 else 2


def _ids(cell: Cell) -> dict[str, Any]:
    if not isinstance(cell, str) or not cell.lstrip().startswith('{"ImportId"'):
        return {}
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("ImportId"), str) else {}


def _flat(cell: Cell) -> str:
    return re.sub(r"\s+", " ", str(cell or "")).strip()


def _headings(raws: Sequence[_Raw], *, legacy: bool) -> tuple[Heading, ...]:
    parts = [_part_of(raw, raw.text if legacy else raw.name) for raw in raws]
    questions: dict[str, list[int]] = {}
    for place, (part, name) in enumerate(parts):
        if part in ("row", "option"):
            questions.setdefault(name, []).append(place)
    leads = {
        name: _shared([raws[place].text for place in places], "-" if legacy else " - ")
        for name, places in questions.items()
    }
    whole = {name for part, name in parts if part in ("question", "option")}
    return tuple(
        _heading(raw, part if part != "typed" or name in whole else "question", name, leads.get(name, ""))
        for raw, (part, name) in zip(raws, parts, strict=True)
    )


def _part_of(raw: _Raw, name: str) -> tuple[Part, str]:
    """Return what a column holds, and the id of its question or field."""
    own = str(raw.ids.get("ImportId", "")) or _OWN.get(name) or _IDENTIFYING.get(name) or raw.name
    if own in _OWN.values():
        return "own", own
    if own in _IDENTIFYING.values():
        return "identifying", own
    if not raw.name:
        return "blank", own
    if _FILES.fullmatch(own):
        return "file", own
    if _TIMING.fullmatch(own):
        return "tool", own
    if raw.text.endswith(" - Text") and (found := _TYPED.fullmatch(own)):
        return "typed", found[1]
    if "choiceId" in raw.ids:
        return "option", own
    if found := _ROW.fullmatch(own) or (None if raw.ids else re.fullmatch(r"(.+)_(\d+)", raw.name)):
        return "row", found[1]
    return "question", own


def _shared(texts: Sequence[str], sign: str) -> str:
    """Return what stands before the sign in all wordings of a question's parts; "" where they share nothing."""
    starts = [set(_starts(text, sign)) for text in texts]
    common = set.intersection(*starts) if starts else set()
    # choices may begin alike; the tool's own words tell where they begin
    return min((lead for lead in common if lead.endswith(_SELECTED)), key=len, default=max(common, key=len, default=""))


def _starts(text: str, sign: str) -> list[str]:
    return [text[: found.start()] for found in re.finditer(re.escape(sign), text) if found.start()]


def _heading(raw: _Raw, part: Part, name: str, lead: str) -> Heading:
    zone = str(raw.ids.get("timeZone", ""))
    if part == "typed":
        text, _, choice = raw.text.removesuffix(" - Text").rpartition(" - ")
        return Heading(raw.name, raw.nth, part, name, text.removesuffix(_SELECTED), choice)
    if part in ("row", "option") and lead:
        behind = re.sub(r"^\s*-\s*", "", raw.text[len(lead) :])
        return Heading(raw.name, raw.nth, part, name, lead.removesuffix(_SELECTED), behind)
    text = raw.text if part in ("own", "identifying") else raw.text.removesuffix(_SELECTED)
    return Heading(raw.name, raw.nth, "question" if part == "row" else part, name, text, zone=zone)
