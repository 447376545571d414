"""ODK Central: a zip of one csv for the submissions and one for each repeat, one csv alone, or its OData feed as JSON.

A multiple choice may have a column a choice beside its own; there the server writes 0 also for whoever was not asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from evaltools.survey.readers.cells import Cells, code_cells
from evaltools.survey.readers.columns import build_table, headers_of
from evaltools.survey.readers.flag_columns import where_taken, without_zeros
from evaltools.survey.readers.model import ENCRYPTED, REJECTED, Book, RawColumn, RawTable, Sniff
from evaltools.survey.readers.repeat_sheets import (
    KEY,
    PARENT_KEY,
    ReadTable,
    Table,
    link_tables,
    other_grids,
    parent_by_index,
    parent_by_key,
    path_of,
    plain_table,
)

TOOL: Final = "odk_central"
_OWN: Final = frozenset({
    "SubmissionDate", "KEY", "SubmitterID", "SubmitterName", "AttachmentsPresent", "AttachmentsExpected", "Status",
    "ReviewState", "DeviceID", "Edits", "FormVersion",
    PARENT_KEY,
})  # fmt: skip
_FEED: Final = ("__id", "__system/submissionDate")
# role to the columns that give it, in a csv and in the feed
_ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "submitted_at": ("SubmissionDate", "__system/submissionDate"),
    "started_at": ("start",),
    "native_id": ("KEY", "__id"),
    "form_version": ("FormVersion", "__system/formVersion"),
}
_REVIEW: Final = ("ReviewState", "__system/reviewState")
_STATUS: Final = ("Status", "__system/status")
_POSITION: Final = ("-Latitude", "-Longitude", "-Altitude", "-Accuracy")
_REJECTED: Final = "rejected"


def sniff(book: Book) -> Sniff:
    """Judge by the columns that the server adds."""
    headers = [header for header, _ in headers_of(book.first.row(0))]
    if set(_FEED) <= set(headers):
        return Sniff(0.95, f"columns {', '.join(_FEED)}")
    own = sorted(_OWN & set(headers))
    if len(own) >= 6 and {"KEY", "SubmissionDate", "ReviewState", "AttachmentsExpected"} & set(own):
        return Sniff(0.95, f"columns {', '.join(own)}")
    return Sniff(0.0, "columns of the server not found")


def read(book: Book) -> list[RawTable]:
    """Read the submissions, then the table of each repeat.

    `key` is a question's name with its groups, from the root of the form. A column of a choice (``fees/notary``) is
    left out where the question has a column of its own; else it is blank in rows where no choice was taken. The four
    columns of a position become one. Submissions that a reviewer rejected, and those that stand encrypted in the file,
    are marked as such.

    Raises
    ------
    FileRefusedError
        ``repeat-parent``, ``repeat-rows-lost``; and what a csv that is loaded raises.
    """
    root = plain_table(book.first)
    if book.kind == "json":
        repeats = [plain_table(grid) for grid in other_grids(book)]
        links = [parent_by_index(table, root, repeats) for table in repeats]
        read_tables = [_read_table(table, _as_they_stand(table)) for table in (root, *repeats)]
    else:
        repeats = [one for grid in other_grids(book) if PARENT_KEY in (one := plain_table(grid)).keys]
        links = [parent_by_key(table, [root, *repeats]) for table in repeats]
        read_tables = [_read_table(table, _pieces(table), path_of(table)) for table in (root, *repeats)]
    return link_tables(read_tables, [None, *links])


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """A column to be: where its cells are from, and the choice that it stands for."""

    place: int
    header: str
    nth: int
    cells: Cells
    option: str | None = None


def _read_table(table: Table, pieces: Iterable[_Piece], path: str = "") -> ReadTable:
    columns: list[RawColumn] = []
    values: list[Cells] = []
    positions: dict[int, int] = {}
    for one in pieces:
        positions[one.place] = len(columns)
        key = one.header if one.option is None else one.header.partition("/")[0]
        key = key if not path or key in (KEY, PARENT_KEY) else f"{path}/{key}"
        own = one.header in _OWN or one.header.startswith("__")
        columns.append(RawColumn(len(columns), one.header, key, "name", nth=one.nth, option=one.option, own=own))
        values.append(one.cells)
    places = {column.key: column.position for column in reversed(columns)}
    meta = {role: next((places[key] for key in keys if key in places), None) for role, keys in _ROLES.items()}
    if (state := _state(table)) is not None:
        meta["state"] = len(columns)
        columns.append(RawColumn(len(columns), "ReviewState, Status", "ReviewState, Status", "name"))
        values.append(state)
    known = {role: place for role, place in meta.items() if place is not None}
    return ReadTable(
        table, build_table(table.grid, columns, n_header=1, separator=" ", values=values, meta=known), positions
    )


def _as_they_stand(table: Table) -> Iterator[_Piece]:
    for place, (header, nth) in enumerate(headers_of(table.grid.row(0))):
        yield _Piece(place, header, nth, table.values[place])


def _pieces(table: Table) -> Iterator[_Piece]:
    """Give the columns of a csv: a position as one, columns of choices only where they are all that there is."""
    positions = _positions(table.keys)
    parts = {place for places in positions.values() for place in places}
    answered = _answered(table)
    for one in _as_they_stand(table):
        question, slash, option = one.header.partition("/")
        if one.place in positions:
            cells = _joined([table.values[place] for place in positions[one.place]])
            yield replace(one, header=one.header.removesuffix(_POSITION[0]), cells=cells)
        elif slash and question in answered:
            yield replace(one, cells=without_zeros(one.cells, answered[question]), option=option)
        elif not (one.place in parts or (slash and question in table.keys)):
            yield one


def _positions(keys: Sequence[str]) -> dict[int, list[int]]:
    """Return the places of the four columns of each position, by the first of them."""
    found = {}
    for place, key in enumerate(keys):
        stem = key.removesuffix(_POSITION[0])
        names = [f"{stem}{suffix}" for suffix in _POSITION]
        if stem != key and set(names) <= set(keys):
            found[place] = [keys.index(name) for name in names]
    return found


def _joined(columns: Sequence[Cells]) -> Cells:
    rows = zip(*columns, strict=True)
    return code_cells([" ".join(str(cell) for cell in row if cell is not None) or None for row in rows])


def _answered(table: Table) -> dict[str, Cells]:
    """Return, for each question that has columns of its choices alone, in which rows one of them was taken."""
    options: dict[str, list[Cells]] = {}
    for key, cells in zip(table.keys, table.values, strict=True):
        question, slash, _ = key.partition("/")
        if slash and question not in table.keys:
            options.setdefault(question, []).append(cells)
    return {question: where_taken(columns) for question, columns in options.items()}


def _state(table: Table) -> Cells | None:
    """Return what keeps a submission from counting; None where nothing does in any."""
    review, status = (next((place for key in keys if (place := table.place(key)) is not None), None)
                      for keys in (_REVIEW, _STATUS))  # fmt: skip
    nothing = code_cells([None] * (table.grid.n_rows - 1))
    states = [
        ENCRYPTED if unreadable is not None else REJECTED if verdict == _REJECTED else None
        for verdict, unreadable in zip(
            nothing if review is None else table.values[review],
            nothing if status is None else table.values[status],
            strict=True,
        )
    ]
    return code_cells(states) if any(states) else None
