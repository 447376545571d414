"""SurveyCTO: one wide table, or a table of submissions with one for each repeat, as csv (in a zip) or JSON; also Stata.

In the wide table the answers inside a repeat stand in columns of their own, ``steps_1``, ``steps_2``; only the form
tells them from other columns that end in a number, so they stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from evaltools.survey.readers.cells import Cell, Cells
from evaltools.survey.readers.columns import build_table, headers_of
from evaltools.survey.readers.flag_columns import differing_rows, holds_flags
from evaltools.survey.readers.model import REJECTED, Book, Note, RawColumn, RawTable, Sniff
from evaltools.survey.readers.recoding import recode
from evaltools.survey.readers.repeat_sheets import (
    KEY,
    PARENT_KEY,
    ReadTable,
    Table,
    link_tables,
    other_grids,
    parent_by_key,
    path_of,
    plain_table,
)

TOOL: Final = "surveycto"
# in lower case, since Stata files have them so
_OWN: Final = frozenset({
    "submissiondate", "completiondate", "starttime", "endtime", "deviceid", "subscriberid", "simid", "devicephonenum",
    "username", "duration", "caseid", "instanceid", "instancename", "formdef_version", "key", "parent_key",
    "review_status", "review_quality", "review_comments", "review_corrections",
})  # fmt: skip
_SURE: Final = frozenset({"formdef_version", "devicephonenum", "subscriberid", "simid"})
_ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "submitted_at": ("submissiondate", "completiondate", "endtime"),
    "started_at": ("starttime",),
    "duration": ("duration",),
    "native_id": ("key", "instanceid"),
    "form_version": ("formdef_version",),
}
_STATE: Final = "review_status"
_REJECTED: Final = "rejected"
_SET_OF: Final = re.compile(r"SET-OF-.+", re.IGNORECASE)


def sniff(book: Book) -> Sniff:
    """Judge by the columns that the server and the device add."""
    found = {header.lower() for header, _ in headers_of(book.first.row(0))}
    own = sorted(_OWN & found)
    if len(own) >= 4 and {"key", "instanceid"} & found and not _SURE.isdisjoint(found):
        return Sniff(0.93, f"columns {', '.join(own)}")
    if len(own) >= 3 and "formdef_version" in found:
        return Sniff(0.7, f"columns {', '.join(own)}")
    return Sniff(0.0, "columns of the server not found")


def read(book: Book) -> list[RawTable]:
    """Read the submissions, then the table of each repeat.

    A column of a choice (``fees_2``) is left out where the question's own column says the same in every row. Time
    stamps are those of the computer that exported, and name no zone. Submissions that were rejected are marked.

    Raises
    ------
    FileRefusedError
        ``repeat-parent``, ``repeat-rows-lost``; and what a csv that is loaded raises.
    """
    root = plain_table(book.first)
    if book.kind != "zip":
        return [_read_table(root, "").data]
    repeats = [one for grid in other_grids(book) if PARENT_KEY in (one := plain_table(grid)).keys]
    links = [parent_by_key(table, [root, *repeats]) for table in repeats]
    return link_tables([_read_table(table, path_of(table)) for table in (root, *repeats)], [None, *links])


def _read_table(table: Table, path: str) -> ReadTable:
    left = _options(table)
    columns: list[RawColumn] = []
    values: list[Cells] = []
    positions: dict[int, int] = {}
    for place, (header, nth) in enumerate(headers_of(table.grid.row(0))):
        if place in left:
            continue
        key = table.keys[place]
        positions[place] = len(columns)
        named = key if not path or key in (KEY, PARENT_KEY) else f"{path}/{key}"
        own = key.lower() in _OWN or _SET_OF.fullmatch(key) is not None
        columns.append(RawColumn(len(columns), header, named, "name", nth=nth, own=own))
        values.append(recode(table.values[place], _state) if key.lower() == _STATE else table.values[place])
    meta = _meta(columns, values)
    notes = [Note("note-time-no-zone", {"tool": "SurveyCTO"})] if "submitted_at" in meta else []
    data = build_table(table.grid, columns, n_header=1, separator=" ", values=values, meta=meta, notes=notes)
    return ReadTable(table, data, positions)


def _options(table: Table) -> set[int]:
    """Return the columns of choices whose question has a column of its own that says the same."""
    places = {key: place for place, key in reversed(list(enumerate(table.keys)))}
    options: dict[str, dict[int, str]] = {}
    for place, key in enumerate(table.keys):
        for question, option in _ways_to_part(key):
            if question in places and holds_flags(table.values[place]):
                options.setdefault(question, {})[place] = option
    return {
        place
        for question, parts in options.items()
        if not differing_rows(
            table.values[places[question]], [table.values[place] for place in parts], [[one] for one in parts.values()]
        )
        for place in parts
    }


def _ways_to_part(key: str) -> list[tuple[str, str]]:
    """Return how a header may be the name of a question and that of a choice: both may hold the sign between them."""
    return [
        (key[: found.start()], key[found.end() :])
        for found in re.finditer("_", key)
        if found.start() and key[found.end() :]
    ]


def _state(cell: Cell) -> Cell:
    return REJECTED if str(cell).strip().lower() == _REJECTED else None


def _meta(columns: Sequence[RawColumn], values: Sequence[Cells]) -> dict[str, int]:
    places = {column.key.lower(): column.position for column in reversed(columns)}
    found = {role: next((places[key] for key in keys if key in places), None) for role, keys in _ROLES.items()}
    state = places.get(_STATE)
    if state is not None and not values[state].is_blank:
        found["state"] = state
    return {role: place for role, place in found.items() if place is not None}
