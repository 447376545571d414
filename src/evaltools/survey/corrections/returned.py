"""Read a workbook that came back: its lines as texts, in whatever language the headers are and wherever they stand."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evaltools.errors import FileRefusedError, UsageError
from evaltools.survey.corrections.cells import as_text
from evaltools.survey.corrections.wording import COLUMNS, code_of, word
from evaltools.survey.export.codes import plain_text
from evaltools.survey.readers import RawTable, read_files
from evaltools.text import Lang

_NEEDED = ("file", "row", "question", "action", "new_value", "why", "who")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that came back; `number` is its row in the workbook, `cells` holds every column, "" where it lacks."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    @property
    def is_open(self) -> bool:
        """Whether nothing was filled in."""
        return not any(self.cells[name] for name in ("action", "new_value"))


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back: the lines, and the SHA-256 of the file."""

    entries: tuple[Entry, ...]
    sha256: str


def read_returned(path: Path, lang: Lang) -> Returned:
    """Read a workbook or csv with one line a cell.

    Raises
    ------
    FileRefusedError
        It cannot be read safely; see :func:`evaltools.survey.readers.read_files`.
    UsageError
        ``correct-file``: it is not there; ``correct-columns``: it lacks columns.
    """
    if not path.is_file():
        raise UsageError("correct-file", path=path.name)
    [read] = read_files([path], readers=["plain"])
    if isinstance(read, FileRefusedError):
        raise read
    table = read.tables[0]
    places = _places(table)
    if missing := [name for name in _NEEDED if name not in places]:
        raise UsageError("correct-columns", path=path.name, columns=[word("column", name, lang) for name in missing])
    entries = []
    for row, number in enumerate(table.row_numbers):
        texts = {name: as_text(table.values[place][row]) for name, place in places.items()}
        entries.append(Entry(number, {name: plain_text(texts.get(name, "")) for name in COLUMNS}))
    return Returned(tuple(entries), hashlib.sha256(path.read_bytes()).hexdigest())


def _places(table: RawTable) -> dict[str, int]:
    places: dict[str, int] = {}
    for column in table.columns:
        name = code_of("column", COLUMNS, column.header)
        if name is not None:
            places.setdefault(name, column.position)
    return places
