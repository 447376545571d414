"""Write and read back csv: UTF-8 with a mark, text is text, a reason where there is no answer."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from evaltools.survey.export.codes import MARKS, REASON_OF_MARK, plain_text, protected_text
from evaltools.survey.export.model import Column, Kind
from evaltools.survey.export.readback import Found, compare, require_equal


def write_csv(columns: Sequence[Column], path: Path) -> None:
    """Write columns; the mark in front of UTF-8 is what spreadsheets in China need to read Chinese."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([protected_text(column.variable.name, formulas=True) for column in columns])
    writer.writerows(zip(*(_cells(column) for column in columns), strict=True))
    path.write_bytes(text.getvalue().encode("utf-8-sig"))


def check_csv(columns: Sequence[Column], path: Path, *, file: str) -> None:
    """Compare a file with the columns that were written into it.

    Raises
    ------
    DamageError
        ``export-readback``.
    """
    rows: list[list[str]] = []
    with path.open(encoding="utf-8-sig", newline="") as stream:
        try:
            rows += csv.reader(stream, strict=True)
        except (csv.Error, UnicodeDecodeError):
            require_equal(file, "damaged", True, False)
    wanted = [len(columns)] * (1 + len(columns[0].cells))
    require_equal(file, "rows", wanted, [len(row) for row in rows])
    header = [plain_text(name) for name in rows[0]]
    found = [
        _found(name, [row[place] for row in rows[1:]], columns[place].variable.kind)
        for place, name in enumerate(header)
    ]
    compare(file, columns, found, first_row=2)


def _cells(column: Column) -> list[str]:
    written = _WRITE.get(column.variable.kind, str)
    return [
        MARKS[reason] if reason else written(value) for value, reason in zip(column.cells, column.reasons, strict=True)
    ]


def _found(name: str, cells: list[str], kind: Kind) -> Found:
    reasons = [REASON_OF_MARK.get(cell) for cell in cells]
    read = _READ[kind]
    values = [None if reason else _or_text(read, cell) for cell, reason in zip(cells, reasons, strict=True)]
    return Found(name, values, reasons)


def _or_text(read: Callable[[str], Any], cell: str) -> Any:
    try:
        return read(cell)
    except ValueError:  # equal to nothing that could have been written
        return cell


def _choice_or_text(value: str) -> str:
    return protected_text(value, formulas=True)


_WRITE: Final[dict[Kind, Callable[[Any], str]]] = {
    "decimal": repr,
    "choice": _choice_or_text,
    "text": _choice_or_text,
    "date": date.isoformat,
    "datetime": datetime.isoformat,
}
_READ: Final[dict[Kind, Callable[[str], Any]]] = {
    "id": int,
    "integer": int,
    "flag": int,
    "decimal": float,
    "choice": plain_text,
    "text": plain_text,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
}
