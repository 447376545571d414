"""What a reader hands on: the cells of a file as they stand, and what is known of its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from evaltools.survey.readers.cells import Cell, Cells

if TYPE_CHECKING:
    import pandas as pd

Epoch = Literal[1900, 1904]
Kind = Literal["xlsx", "xls", "ods", "zip", "json", "parquet", "sav", "dta", "text"]
Coding = Literal["", "name", "label", "number", "score", "numeral"]

REJECTED: Final = "rejected"
ENCRYPTED: Final = "encrypted"
"""What a column of the role `state` holds beside blanks: reviewers turned the answers down; they cannot be read."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file may ask for; beyond it the file is refused.

    Sizes are bytes. `max_ratio` is judged on parts above `ratio_from` only, since a tiny part may pack well.
    `max_cells` counts the rectangle that holds all cells of a sheet; `cell_bytes` is what a cell with a text may take
    in a worksheet's XML, so that a part far too large for its cells is refused before anything is unpacked.
    `memory` and `cpu_seconds` bind where the operating system knows such limits, `seconds` (wall clock) everywhere.
    """

    max_bytes: int = 200_000_000
    max_part: int = 1 << 30
    max_ratio: float = 100.0
    ratio_from: int = 1_000_000
    max_parts: int = 10_000
    max_cells: int = 25_000_000
    cell_bytes: int = 64
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
    coding
        What the cells of a choice question hold: names or labels of choices, their numbers in the order of the form,
        or their scores; "numeral" where they are numbers or scores and nothing in the file says which; "" where the
        tool leaves it open, and what the key is says which is tried first.
    option
        Choice that the column stands for, where a multiple choice has a column for each: its name, label or number
        as `coding` says; None elsewhere. `key` is then that of the question. A cell is 1 where it was chosen, 0 where
        it was not, and blank (or a missing mark) where the question has no answer. "" as the key stands for a question
        of which the file shows the options alone.
    typed
        Whether the column holds what respondents typed into the blank of a choice: that of `option`, or of whichever
        was chosen where it is None. `key`, `lead` and `number` are those of the question.
    unit
        What the file itself says below the header that the column's numbers count (``万元``); "" where it says nothing.
    amounts
        Unit that the file gives above its header for all amounts of money, whether this column holds any or not.
    path_sign
        What joins wordings in `header` and `key` where these may begin with the wordings of groups; "" elsewhere.
    own
        Whether the tool adds the column to every export, so that nobody misses it.
    """

    position: int
    header: str
    key: str
    kind: Literal["name", "label"]
    lead: str | None = None
    number: int | None = None
    nth: int = 1
    coding: Coding = ""
    option: str | None = None
    typed: bool = False
    unit: str = ""
    amounts: str = ""
    path_sign: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a reader found or did and that people should know: a code of the catalogue and its fields."""

    code: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Parent:
    """To which row of another table each row of a repeat belongs.

    Attributes
    ----------
    sheet
        Name of the table that holds the parents.
    own, other
        Position of the column here that holds the parent's key, and of that key over there.
    """

    sheet: str
    own: int
    other: int


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """A sheet, or the whole of a file without sheets.

    Attributes
    ----------
    sheet
        Name of the sheet, "" where the format has none.
    row_numbers
        As a person sees them, from 1. Wholly blank rows are left out.
    values
        The cells of each `RawColumn`, one a row. A cell is str, int, float, bool, datetime, date, time or None; None is
        blank, text is never taken for missing. A number that may have lost digits (1e15 and more) stays a float.
    meta
        Role to position: submitted_at, started_at, duration, ip, native_id, form_version, source_detail, state
        (`REJECTED` or `ENCRYPTED` in rows whose answers do not count, for what the tool says of them).
    missing_marks
        Text of a cell that stands for a missing answer, to its reason.
    separator
        What stands between the choices of a multiple choice; "" where that is not known of the tool.
    n_counted
        Rows counted without the reader's help; equal to `n_rows`, or the file would have been refused.
    left_out
        Row number to reason of rows between or below the answers that hold none: ``total``, ``signature``,
        ``heading``, ``explanation``. They are not counted.
    notes
        What else people should know of the table.
    parent
        For the table of a repeat, where its parents are.
    epoch
        Year from which the workbook counts its days: what a date that is stored as a bare number means.
    sparse
        Whether the tool leaves a question out that nobody answered, so that a column may lack in a file.
    """

    sheet: str
    columns: tuple[RawColumn, ...]
    row_numbers: list[int]
    values: list[Cells]
    meta: Mapping[str, int]
    missing_marks: Mapping[str, str]
    separator: str
    n_counted: int
    left_out: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    parent: Parent | None = None
    epoch: Epoch = 1900
    sparse: bool = False

    @property
    def n_rows(self) -> int:
        """Rows of answers."""
        return len(self.row_numbers)

    def cells(self, position: int) -> Cells:
        """Return the cells of a column."""
        return self.values[position]

    @property
    def rows(self) -> pd.DataFrame:
        """The cells as a frame, made anew each time: object columns 0..k-1, the row numbers as the index."""
        # imported here, so that the reading process starts without it
        import pandas as pd

        index = pd.Index(self.row_numbers, dtype="int64", name="row")
        columns = {place: pd.Series(cells.objects(), index, dtype=object) for place, cells in enumerate(self.values)}
        return pd.DataFrame(columns, index)


"""The same, as the readers call it."""


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
    """Rows of a sheet that hold a value, all of one width.

    Attributes
    ----------
    file, sheet
        Names, for messages.
    numbers
        The rows' numbers as a person sees them, from 1.
    columns
        Each with a cell for every row.
    n_counted
        How many rows there are, found by another way.
    merged
        Merged cells as (first row, first column, last row, last column); rows as in `numbers`, columns from 0.
    epoch
        Year from which the workbook counts its days.
    """

    file: str
    sheet: str
    numbers: list[int]
    columns: list[Cells]
    n_counted: int
    merged: tuple[tuple[int, int, int, int], ...] = ()
    epoch: Epoch = 1900

    @property
    def n_rows(self) -> int:
        """Rows, those of the header among them."""
        return len(self.numbers)

    @property
    def width(self) -> int:
        """Columns."""
        return len(self.columns)

    def row(self, place: int) -> list[Cell]:
        """Return the cells of a row, by its place among the rows, from 0."""
        return [column[place] for column in self.columns]


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """A file that was opened: one grid or several, each read when it is asked for.

    Attributes
    ----------
    file, kind
        The file's name, for messages, and what it is.
    sheets
        Names of the visible sheets of a workbook, or of the tables in an archive, in their order; ("",) where the
        format has none.
    first
        The sheet that is asked for; else the first that holds a value.
    load
        Reads another sheet; raises ``sheet-empty`` where it holds no value.
    encoding
        Of a text file.
    unread
        Names of hidden sheets, and of files in an archive that hold no table.
    """

    file: str
    kind: Kind
    sheets: tuple[str, ...]
    first: Grid
    load: Callable[[str], Grid]
    encoding: str | None = None
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """All that a reader made of a file, as it travels from the reading process."""

    reader: str
    tool: str
    confidence: float
    reason: str
    encoding: str | None
    skipped_sheets: tuple[str, ...]
    tables: tuple[RawTable, ...]


@dataclass(frozen=True, slots=True)
class Sniff:
    """How sure a reader is that a file is its own (0 to 1), and from what."""

    confidence: float
    reason: str


class Reader(Protocol):
    """What each reader module offers."""

    @property
    def TOOL(self) -> str:  # noqa: N802 - a constant of the module
        """Name of the collecting tool."""
        ...

    def sniff(self, book: Book) -> Sniff:
        """Judge from the header and the first rows."""
        ...

    def read(self, book: Book) -> list[RawTable]:
        """Name the columns, and say what stands for missing; the first table is the main one, then its repeats."""
        ...
