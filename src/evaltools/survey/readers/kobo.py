"""KoboToolbox exports by names or labels, with group paths or without, as .xlsx, csv or JSON; also after R."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from evaltools.survey.readers.cells import Cell, Cells
from evaltools.survey.readers.columns import build_table, column_values
from evaltools.survey.readers.flag_columns import without_zeros
from evaltools.survey.readers.kobo_headers import Headers, has_server_columns, read_headers
from evaltools.survey.readers.kobo_options import Options, find_options
from evaltools.survey.readers.model import REJECTED, Book, Grid, Note, RawColumn, RawTable, Sniff
from evaltools.survey.readers.recoding import recode
from evaltools.survey.readers.repeat_sheets import ReadTable, Table, link_tables, other_grids, parent_by_index

TOOL: Final = "kobo"
# role to the columns that give it, the best first
_ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "submitted_at": ("_submission_time", "end"),
    "started_at": ("start",),
    "native_id": ("_uuid", "_id"),
    "form_version": ("__version__",),
}
_STATES: Final = ("_validation_status", "_validation_status/uid")
_NOT_APPROVED: Final = frozenset({"validation_status_not_approved", "not approved"})
# of the server, and what the phone records by itself
_OWN: Final = re.compile(
    r"_.*|formhub/uuid|(?:.*/)?(?:meta/\w+|start|end|today|deviceid|username|phonenumber|simserial|subscriberid|email|audit)"
)
_TO_PARENT: Final = frozenset({"_parent_index", "_submission__id", "_submission__uuid"})
# where somebody is, and where files of theirs can be fetched
_NEVER: Final = frozenset({"_geolocation", "_attachments"})
_SHOWN: Final = 8
_LINK: Final = re.compile(r"https?://\S+")
_HXL: Final = re.compile(r"\s*#[A-Za-z]\w*(?:\s*\+\s*\w+)*\s*")
# also as a spreadsheet writes the time once it has saved the file
_NO_ZONE: Final = re.compile(r"\d+[-/.]\d+[-/.]\d+[T ]+\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?:\s*[AP]M)?", re.IGNORECASE)


def sniff(book: Book) -> Sniff:
    """Judge by the columns that the server adds."""
    own = has_server_columns(book.first.row(0))
    if len(own) >= 3 and {"_uuid", "_submission_time"} & set(own):
        return Sniff(0.95, f"columns {', '.join(own)}")
    if {"_uuid", "_submission_time"} <= set(own):
        return Sniff(0.8, f"columns {', '.join(own)}")
    return Sniff(0.0, "columns of the server not found")


def read(book: Book) -> list[RawTable]:
    """Read an export: the submissions, then the table of each repeat.

    `key` is the full path of a question. A multiple choice that has both a column of all choices and one for each
    keeps the first where the choices are names, and the others where they are labels, since labels that hold spaces
    cannot be told apart once they are joined by one. ``_submission_time`` is written with its zone (UTC), which the
    export leaves out. Answers that a reviewer did not approve are marked as rejected.

    Raises
    ------
    FileRefusedError
        ``repeat-parent``, ``repeat-rows-lost``; and what a sheet that is loaded raises.
    """
    root, headers = _open(book.first)
    if not _TO_PARENT.isdisjoint(root.keys):
        return [_read_table(root, headers).data]
    others = [one for grid in other_grids(book) if not _TO_PARENT.isdisjoint((one := _open(grid))[0].keys)]
    repeats = [table for table, _ in others]
    links = [None, *(parent_by_index(table, root, repeats) for table in repeats)]
    tables = link_tables([_read_table(table, own) for table, own in [(root, headers), *others]], links)
    # the API leaves a question out of every submission that does not answer it
    return [replace(table, sparse=book.kind == "json") for table in tables]


def _open(grid: Grid) -> tuple[Table, Headers]:
    n_header = 2 if grid.n_rows > 1 and _is_hxl(grid.row(1)) else 1
    values = column_values(grid, n_header)
    headers = read_headers(grid.row(0), values)
    return Table(grid, headers.keys, values, n_header), headers


def _read_table(table: Table, headers: Headers) -> ReadTable:
    links = _links(table)
    left = links | {place for place, key in enumerate(table.keys) if key in _NEVER}
    options: dict[int, Options] = {}
    found = find_options(headers, table.values)
    for one in found:
        if one.differing:
            continue  # the column of all choices stands, the others stay as they are
        if one.summary is not None and headers.kind == "name":
            left |= one.places.keys()
        else:
            left |= set() if one.summary is None else {one.summary}
            options |= dict.fromkeys(one.places, one)
    columns: list[RawColumn] = []
    values: list[Cells] = []
    positions: dict[int, int] = {}
    for place, (header, nth) in enumerate(headers.texts):
        if place not in left:
            positions[place] = len(columns)
            columns.append(_column(len(columns), header, nth, headers, options.get(place), place))
            values.append(_cells(table, place, options.get(place)))
    data = build_table(
        table.grid, columns, n_header=table.n_header, separator=" ", values=values, meta=_meta(columns, values),
        notes=_notes(table, links, found),
    )  # fmt: skip
    return ReadTable(table, data, positions)


def _notes(table: Table, links: Iterable[int], options: Iterable[Options]) -> list[Note]:
    notes = []
    if names := [table.keys[place] for place in sorted(links)]:
        notes.append(Note("note-dropped-files", {"columns": names}))
    numbers = table.grid.numbers[table.n_header :]
    for one in options:
        if one.differing:
            rows = [numbers[place] for place in one.differing[:_SHOWN]]
            fields = {"column": one.question, "count": len(one.differing), "rows": rows}
            notes.append(Note("note-options-differ", fields))
    return notes


def _column(position: int, header: str, nth: int, headers: Headers, options: Options | None, place: int) -> RawColumn:
    sign = headers.sign if headers.kind == "label" else ""
    if options is not None:
        option = options.places[place]
        return RawColumn(position, header, options.question, headers.kind, nth=nth, option=option, path_sign=sign)
    key = headers.keys[place]
    own = _OWN.fullmatch(key) is not None
    return RawColumn(position, header, key, headers.kind, nth=nth, path_sign=sign, own=own)


def _cells(table: Table, place: int, options: Options | None) -> Cells:
    cells, key = table.values[place], table.keys[place]
    if options is not None and options.summary is not None:
        return without_zeros(cells, table.values[options.summary])
    if key in _STATES:
        return recode(cells, lambda cell: REJECTED if str(cell).casefold() in _NOT_APPROVED else None)
    return recode(cells, _in_utc) if key == "_submission_time" else cells


def _meta(columns: Sequence[RawColumn], values: Sequence[Cells]) -> dict[str, int]:
    places = {column.key: column.position for column in reversed(columns)}
    found = {role: next((places[key] for key in keys if key in places), None) for role, keys in _ROLES.items()}
    state = (places[key] for key in _STATES if key in places and REJECTED in values[places[key]].occurring())
    return {role: place for role, place in (*found.items(), ("state", next(state, None))) if place is not None}


def _links(table: Table) -> set[int]:
    """Return the columns of addresses that files of respondents can be fetched from."""
    return {
        place
        for place, (key, cells) in enumerate(zip(table.keys, table.values, strict=True))
        if key.endswith("_URL")
        and key.removesuffix("_URL") in table.keys
        and all(_LINK.fullmatch(str(cell)) for cell in cells.occurring())
    }


def _is_hxl(row: Sequence[Cell]) -> bool:
    """Say whether a row holds tags of the humanitarian exchange language and nothing else."""
    return all(isinstance(cell, str) and _HXL.fullmatch(cell) for cell in row if cell is not None)


def _in_utc(cell: Cell) -> Cell:
    if isinstance(cell, datetime):
        return cell.isoformat() + "+00:00"
    return f"{cell.strip()}+00:00" if isinstance(cell, str) and _NO_ZONE.fullmatch(cell.strip()) else cell
