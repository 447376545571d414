"""KoboToolbox exports with XML names, as .xlsx or csv, group paths or not; also after R has rewritten the headers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from evaltools.survey.readers.cells import Cell, Cells
from evaltools.survey.readers.columns import build_table, column_values, headers_of
from evaltools.survey.readers.model import Book, Grid, RawColumn, Sniff, TableData

TOOL: Final = "kobo"
_OWN: Final = frozenset({
    "_id", "_uuid", "_submission_time", "_validation_status", "_notes", "_status", "_submitted_by", "__version__",
    "_tags", "_index",
})  # fmt: skip
# role to the columns that give it, the best first
_ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "submitted_at": ("_submission_time", "end"),
    "started_at": ("start",),
    "native_id": ("_uuid", "_id"),
    "form_version": ("__version__",),
}
_XML_PATH: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]*(?:/[A-Za-z0-9_.:-]+)*")
_HXL: Final = re.compile(r"\s*#[A-Za-z]\w*(?:\s*\+\s*\w+)*\s*")
_YES: Final = frozenset({"1", "1.0", "TRUE", "True", "true"})
_OPTION: Final = _YES | {"0", "0.0", "FALSE", "False", "false"}
_NO_ZONE: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?")


def sniff(book: Book) -> Sniff:
    """Judge by the columns that the server adds."""
    own = sorted(_OWN & set(_keys(book.first)))
    if len(own) >= 3 and {"_uuid", "_submission_time"} & set(own):
        return Sniff(0.95, f"columns {', '.join(own)}")
    if {"_uuid", "_submission_time"} <= set(own):
        return Sniff(0.8, f"columns {', '.join(own)}")
    return Sniff(0.0, "columns of the server not found")


def read(book: Book) -> list[TableData]:
    """Read an export; `key` is the full path of a question.

    Columns of single options (``question/option``) are folded into their question: left out where it has a column of
    its own, else joined to one that is added behind the last. In the second case they stay, for a group of yes-or-no
    questions looks the same. ``_submission_time`` is written with its zone (UTC), which the export leaves out.
    """
    grid = book.first
    n_header = 2 if grid.n_rows > 1 and _is_hxl(grid.row(1)) else 1
    headers, keys, values = headers_of(grid.row(0)), _keys(grid), column_values(grid, n_header)
    options = _find_options(keys, values)
    folded = {place for question, places in options.items() if question in keys for place in places}
    columns: list[RawColumn] = []
    kept: list[Cells | list[Cell]] = []
    for place, ((header, nth), key) in enumerate(zip(headers, keys, strict=True)):
        if place not in folded:
            columns.append(_column(len(columns), header, key, nth))
            kept.append(values[place].map(_in_utc) if key == "_submission_time" else values[place])
    for question, places in options.items():
        if question not in keys:
            columns.append(_column(len(columns), question, question, 1))
            kept.append(_join([keys[place] for place in places], [values[place] for place in places]))
    return [build_table(grid, columns, n_header=n_header, separator=" ", values=kept, meta=_meta(columns))]


def _keys(grid: Grid) -> list[str]:
    headers = [header.strip() for header, _ in headers_of(grid.row(0))]
    if not {"X_uuid", "X_submission_time"} <= set(headers):
        return headers
    # R: "." for "/", X before a leading underscore, the byte-order mark spelt out in the first name
    plain = (header.removeprefix("X.U.FEFF.").replace(".", "/") for header in headers)
    return [header[1:] if header.startswith("X_") else header for header in plain]


def _column(position: int, header: str, key: str, nth: int) -> RawColumn:
    return RawColumn(position, header, key, "name" if _XML_PATH.fullmatch(key) else "label", nth=nth)


def _meta(columns: Sequence[RawColumn]) -> dict[str, int]:
    places = {column.key: column.position for column in reversed(columns)}
    found = {role: next((places[key] for key in keys if key in places), None) for role, keys in _ROLES.items()}
    return {role: place for role, place in found.items() if place is not None}


def _is_hxl(row: Sequence[Cell]) -> bool:
    """Say whether a row holds tags of the humanitarian exchange language and nothing else."""
    return all(isinstance(cell, str) and _HXL.fullmatch(cell) for cell in row if cell is not None)


def _find_options(keys: Sequence[str], values: Sequence[Cells]) -> dict[str, list[int]]:
    """Return the questions whose options have columns of their own, with these columns."""
    children: dict[str, list[int]] = {}
    for place, key in enumerate(keys):
        question, slash, option = key.rpartition("/")
        if slash and question and option:
            children.setdefault(question, []).append(place)
    found = {}
    for question, places in children.items():
        flags = [place for place in places if _holds_flags(values[place])]
        if question in keys and flags:
            found[question] = flags
        elif len(flags) == len(places) > 1 and _answered_together([values[place] for place in places]):
            found[question] = places
    return found


def _holds_flags(cells: Cells) -> bool:
    return all(str(cell) in _OPTION for cell in cells.occurring())


def _answered_together(columns: Sequence[Cells]) -> bool:
    """Say whether every row answers all options or none, and some row answers."""
    blanks = [sum(cell is None for cell in row) for row in zip(*columns, strict=True)]
    return any(n == 0 for n in blanks) and all(n in (0, len(columns)) for n in blanks)


def _join(keys: Sequence[str], columns: Sequence[Cells]) -> list[Cell]:
    names = [key.rpartition("/")[2] for key in keys]
    rows = zip(*columns, strict=True)
    return [
        " ".join(name for name, cell in zip(names, row, strict=True) if cell is not None and str(cell) in _YES) or None
        for row in rows
    ]


def _in_utc(cell: Cell) -> Cell:
    if isinstance(cell, datetime):
        return cell.isoformat() + "+00:00"
    return f"{cell}+00:00" if isinstance(cell, str) and _NO_ZONE.fullmatch(cell) else cell
