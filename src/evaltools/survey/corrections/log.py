"""The campaign's correction log: files in ``corrections/`` that are only ever added, and what of them is in force.

A file holds the lines that were taken from one returned workbook. Their order is that of the files' numbers, then that
of the lines; of the lines on one cell the last one is in force.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, get_args

from evaltools.errors import CampaignError
from evaltools.store.disk import replace_file
from evaltools.survey.export.codes import plain_text, protected_text

FOLDER: Final = "corrections"
_FILE: Final = re.compile(r"([0-9]{4,})-[0-9a-f]{8}\.csv")

Action = Literal["change", "blank", "confirm", "drop", "undo"]
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)

Target = tuple[str, str, str, str, str]
"""What a line is about: file, sheet, row by its hash, question, column."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A line of the log.

    Attributes
    ----------
    correction_id
        Of the returned workbook's bytes and the line's place in it: the same line is never taken twice.
    file, sheet, row
        Where the row stood when the line was written: path below the campaign's folder, number as a person sees it.
    question
        Name of the question, or ``submitted_at``, ``started_at``; "" for the whole row.
    column
        Header of its column (the first of several), without what identifies somebody.
    action
        ``change`` to the new value, ``blank``, ``confirm`` that a doubtful value is right, ``drop`` the row, ``undo``
        another line.
    new_value
        Names of choices, joined by blanks; of other questions the text of the new cell.
    who, why
        Initials or a role; a code of :data:`evaltools.survey.corrections.wording.REASONS`.
    made_at
        When the line was taken: Beijing time, ISO 8601.
    row_sha, old_sha
        Keyed hashes of what tells the row from others, and of the raw cells that the line was made from.
    undoes
        The line that an ``undo`` takes back.
    """

    correction_id: str
    file: str
    sheet: str
    row: int
    question: str
    column: str
    action: Action
    new_value: str
    who: str
    why: str
    made_at: str
    row_sha: str
    old_sha: str
    undoes: str = ""

    @property
    def target(self) -> Target:
        """What the line is about."""
        return self.file, self.sheet, self.row_sha, self.question, self.column

    @property
    def locator(self) -> str:
        """Where that is, for people: ``raw/a.xlsx#Sheet1!row 17 days``."""
        return f"{self.file}#{f'{self.sheet}!' if self.sheet else ''}row {self.row} {self.question}".rstrip()


COLUMNS: Final = tuple(field.name for field in fields(Correction))


@dataclass(frozen=True)
class Log:
    """All lines of a campaign, in order."""

    lines: tuple[Correction, ...] = ()

    @cached_property
    def active(self) -> tuple[Correction, ...]:
        """Lines that are in force: the last on each target, unless that one is an ``undo``."""
        last = {line.target: line for line in self.lines}
        return tuple(line for line in self.lines if last[line.target] is line and line.action != "undo")

    @cached_property
    def ids(self) -> frozenset[str]:
        """Ids of all lines."""
        return frozenset(line.correction_id for line in self.lines)

    def of(self, file: str) -> tuple[Correction, ...]:
        """Return the lines that are in force on a file."""
        return tuple(self._by_file.get(file, ()))

    @cached_property
    def _by_file(self) -> dict[str, list[Correction]]:
        found: dict[str, list[Correction]] = {}
        for line in self.active:
            found.setdefault(line.file, []).append(line)
        return found

    def with_lines(self, lines: Iterable[Correction]) -> Log:
        """Return the log with further lines."""
        return Log((*self.lines, *lines))


def read_log(folder: Path) -> Log:
    """Read the log of a campaign; one without the folder has none.

    Raises
    ------
    CampaignError
        ``correction-file``: a file there is not one that this product wrote.
    """
    lines: list[Correction] = []
    for path in _files(folder):
        lines += _read_file(path)
    return Log(tuple(lines))


def append_lines(folder: Path, lines: Sequence[Correction], digest: str) -> Path:
    """Write lines as the next file of the log; the caller holds the campaign's lock.

    Parameters
    ----------
    digest
        SHA-256 of the workbook that they came in.
    """
    numbers = [_number(path) for path in _files(folder)]
    path = folder / FOLDER / f"{max(numbers, default=0) + 1:04d}-{digest[:8]}.csv"
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        writer.writerow([protected_text(str(cell), formulas=True) for cell in astuple(line)])
    path.parent.mkdir(exist_ok=True)
    replace_file(path, text.getvalue().encode("utf-8-sig"))
    return path


def lines_sha(sha: str, lines: Iterable[Correction]) -> str:
    """Return the hash of a file's settings together with the lines on it; without lines that of the settings."""
    told = [astuple(replace(line, made_at="", who="")) for line in lines]
    text = json.dumps([sha, told], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[: len(sha)] if told else sha


def _files(folder: Path) -> list[Path]:
    found = [path for path in (folder / FOLDER).glob("*.csv") if _FILE.fullmatch(path.name)]
    return sorted(found, key=lambda path: (_number(path), path.name))


def _number(path: Path) -> int:
    return int(path.name.split("-")[0])


def _read_file(path: Path) -> list[Correction]:
    where = f"{FOLDER}/{path.name}"
    try:
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise CampaignError("correction-file", path=where, row=1) from None
    if not rows or tuple(rows[0]) != COLUMNS:
        raise CampaignError("correction-file", path=where, row=1)
    lines = []
    for number, row in enumerate(rows[1:], start=2):
        cells = dict(zip(COLUMNS, map(plain_text, row), strict=False))
        if len(row) != len(COLUMNS) or cells["action"] not in ACTIONS or not cells["row"].isdecimal():
            raise CampaignError("correction-file", path=where, row=number)
        lines.append(_correction(cells))
    return lines


def _correction(cells: dict[str, str]) -> Correction:
    action = next(one for one in ACTIONS if one == cells["action"])
    texts = {name: cell for name, cell in cells.items() if name not in ("row", "action")}
    return Correction(row=int(cells["row"]), action=action, **texts)
