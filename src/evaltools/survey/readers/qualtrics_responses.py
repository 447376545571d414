"""What a Qualtrics export says of the responses themselves: codes or wordings, zones, previews, unfinished ones."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.cells import Cell, Cells
from evaltools.survey.readers.model import Coding, Note
from evaltools.survey.readers.qualtrics_headings import Heading
from evaltools.survey.readers.recoding import recode
from evaltools.survey.readers.ticks import Ticked

_TIMES: Final = ("startDate", "endDate", "recordedDate")
# with slashes where a spreadsheet has saved the file
_STAMP: Final = re.compile(r"(\d{4})[-/](\d\d?)[-/](\d\d?)[ T]+(\d\d?):(\d\d)(?::(\d\d)(?:\.\d+)?)?")
# types of response: previews and tests, by number or by wording
_PREVIEW: Final = re.compile(r"1|2|9|17|.*(?:preview|test|vorschau|预览).*", re.IGNORECASE)
_UNFINISHED: Final = re.compile(r"0|false|falsch|否", re.IGNORECASE)
_LEFT_OUT: Final[Mapping[str, str]] = {
    "identifying": "note-dropped-identifying", "file": "note-dropped-files", "tool": "note-dropped-tool",
}  # fmt: skip


def coding_of(headings: Sequence[Heading], values: Sequence[Cells]) -> Coding:
    """Say from the tool's own columns whether choices are codes or wordings."""
    texts = {
        str(cell)
        for own in ("status", "finished")
        for cells in _own(own, headings, values)
        for cell in cells.occurring()
    }
    if not texts:
        return ""
    return "name" if all(text.isdigit() for text in texts) else "label"


def coding_within(cells: Cells) -> Coding:
    """Say from a column's own cells whether they are codes or wordings: old exports number what else would tell."""
    return "name" if all(str(cell).isdigit() for cell in cells.occurring()) else "label"


def finished_rows(headings: Sequence[Heading], values: Sequence[Cells]) -> list[bool]:
    """Return for each row whether the response was finished; True where the file does not say."""
    for cells in _own("finished", headings, values):
        is_finished = [cell is None or not _UNFINISHED.fullmatch(str(cell)) for cell in cells.distinct]
        return [is_finished[code] for code in cells.codes]
    return [True] * (len(values[0]) if values else 0)


def in_zone(heading: Heading, cells: Cells, *, file: str) -> Cells:
    """Write the time stamps of a column with the zone that the header names for it.

    Raises
    ------
    FileRefusedError
        ``time-zone``: the zone is not known.
    """
    if heading.id not in _TIMES or not heading.zone:
        return cells
    try:
        zone = ZoneInfo(heading.zone)
    except (KeyError, ValueError, OSError) as error:
        raise FileRefusedError("time-zone", file=file, zone=heading.zone, column=heading.header) from error
    return recode(cells, lambda cell: _stamp_in(zone, cell))


def note_responses(
    headings: Sequence[Heading], values: Sequence[Cells], ticked: Mapping[int, Ticked], n_seen: int
) -> list[Note]:
    """Note previews, unfinished responses, times without a zone, and columns that were left out or are there twice."""
    notes = []
    previews = sum(_count(cells, _PREVIEW) for cells in _own("status", headings, values))
    unfinished = sum(_count(cells, _UNFINISHED) for cells in _own("finished", headings, values))
    for code, count in (("note-preview", previews), ("note-incomplete", unfinished), ("note-seen-unanswered", n_seen)):
        if count:
            notes.append(Note(code, {"tool": "Qualtrics", "count": count}))
    for part, code in _LEFT_OUT.items():
        if names := [heading.header for heading in headings if heading.part == part]:
            notes.append(Note(code, {"columns": names}))
    if any(_lacks_zone(heading, cells) for heading, cells in zip(headings, values, strict=True)):
        notes.append(Note("note-time-no-zone", {"tool": "Qualtrics"}))
    if unsure := sorted({headings[place].text for place, one in ticked.items() if not one.is_sure}):
        notes.append(Note("note-two-ways", {"columns": unsure}))
    return notes


def _own(own: str, headings: Sequence[Heading], values: Sequence[Cells]) -> list[Cells]:
    return [cells for heading, cells in zip(headings, values, strict=True) if heading.id == own][:1]


def _count(cells: Cells, pattern: re.Pattern[str]) -> int:
    codes = {code for code, cell in enumerate(cells.distinct) if cell is not None and pattern.fullmatch(str(cell))}
    return sum(code in codes for code in cells.codes)


def _lacks_zone(heading: Heading, cells: Cells) -> bool:
    """Say whether a column holds times that stand as they are, in no zone that is known."""
    if heading.id not in _TIMES:
        return False
    texts = [cell.strip() for cell in cells.occurring() if isinstance(cell, str)]
    return not heading.zone or any(_STAMP.fullmatch(text) is None for text in texts)


def _stamp_in(zone: ZoneInfo, cell: Cell) -> Cell:
    if isinstance(cell, str) and (found := _STAMP.fullmatch(cell.strip())):
        try:
            year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
            cell = datetime(year, month, day, hour, minute, second)
        except ValueError:
            return cell
    if isinstance(cell, datetime) and cell.tzinfo is None:
        return cell.replace(tzinfo=zone).isoformat()
    return cell
