"""What a reader hands on: the cells of a file as they stand, and what is known of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import pandas as pd

# a datetime is a date, and a bool an int
Cell = str | int | float | date | time | None
Kind = Literal["xlsx", "xls", "ods", "sav", "text"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file may ask for; beyond it the file is refused.

    Sizes are bytes. `max_ratio` is judged on parts above `ratio_from` only, since a tiny part may pack well.
    `max_cells` counts the rectangle that holds all cells of a sheet; `cell_bytes` is the least that a cell takes
    in a worksheet's XML, so that a part's size bounds its cells before anything is unpacked.
    `memory` and `cpu_seconds` bind where the operating system knows such limits, `seconds` (wall clock) everywhere.
    """

    max_bytes: int = 200_000_000
    max_part: int = 1 << 30
    max_ratio: float = 100.0
    ratio_from: int = 1_000_000
    max_parts: int = 10_000
    max_cells: int = 20_000_000
    cell_bytes: int = 16
    max_field: int = 1_000_000
    memory: int = 2 << 30
    cpu_seconds: int = 120
    seconds: float = 180.0


@dataclass(frozen=True, slots=True)
class RawColumn:
    """A column of a file.

    Attributes
    ----------
    position
        Its place among the columns of the table, from 0.
    header
        The header as it stands, "" where a column with values has none.
    key
        What to match: a question's name with its group path (kind "name"), or its wording without its number
        (kind "label").
    kind
        Whether `key` is a name or a wording.
    lead
        Wording of the question that a row of a matrix belongs to; None outside a matrix.
    number
        Number that the tool gave the question; None where it gives none.
    nth
        Which of the columns with this same header it is, from 1.
    """

    position: int
    header: str
    key: str
    kind: Literal["name", "label"]
    lead: str | None = None
    number: int | None = None
    nth: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class TableData:
    """A table as it travels from the reading process: as `RawTable`, with plain lists for a frame."""

    sheet: str
    columns: tuple[RawColumn, ...]
    row_numbers: list[int]
    values: list[list[Cell]]
    meta: Mapping[str, int]
    missing_marks: Mapping[str, str]
    separator: str
    n_counted: int


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """A sheet, or the whole of a file without sheets.

    Attributes
    ----------
    sheet
        Name of the sheet, "" where the format has none.
    rows
        Object columns 0..k-1, one a `RawColumn`; the index holds row numbers as a person sees them, from 1.
        A cell is str, int, float, bool, datetime, date, time or None; None is blank, text is never taken for missing.
        A number that may have lost digits (1e15 and more) stays a float. Wholly blank rows are left out.
    meta
        Role to position: submitted_at, started_at, duration, ip, native_id, form_version, source_detail.
    missing_marks
        Text of a cell that stands for a missing answer, to its reason.
    separator
        What stands between the choices of a multiple choice.
    n_counted
        Rows counted without the reader's help; equal to ``len(rows)``, or the file would have been refused.
    """

    sheet: str
    columns: tuple[RawColumn, ...]
    rows: pd.DataFrame
    meta: Mapping[str, int]
    missing_marks: Mapping[str, str]
    separator: str
    n_counted: int


@dataclass(frozen=True, slots=True, eq=False)
class RawFile:
    """A file that was read whole: what it is, how that was judged, and its tables."""

    path: Path
    sha256: str
    size: int
    reader: str
    tool: str
    confidence: float
    reason: str
    encoding: str | None
    tables: tuple[RawTable, ...]
    skipped_sheets: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Rows of a sheet that hold a value, all of one width; the first is the header.

    `file` is the file's name, for messages; `numbers` are the rows' numbers as a person sees them;
    `n_counted` is how many there are, found by another way.
    """

    file: str
    sheet: str
    numbers: list[int]
    rows: list[list[Cell]]
    n_counted: int


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """All that a reader made of a file, as it travels from the reading process."""

    reader: str
    tool: str
    confidence: float
    reason: str
    encoding: str | None
    skipped_sheets: tuple[str, ...]
    tables: tuple[TableData, ...]


@dataclass(frozen=True, slots=True)
class Sniff:
    """How sure a reader is that a grid is its own (0 to 1), and from what."""

    confidence: float
    reason: str


class Reader(Protocol):
    """What each reader module offers."""

    @property
    def TOOL(self) -> str:  # noqa: N802 - a constant of the module
        """Name of the collecting tool."""
        ...

    def sniff(self, grid: Grid) -> Sniff:
        """Judge from the header and the first rows."""
        ...

    def read(self, grid: Grid) -> TableData:
        """Name the columns, and say what stands for missing."""
        ...
