"""How a reading travels between the processes: JSON and bare numbers, never pickle; the reading process is not trusted.

An answer is the length of its JSON in eight bytes, the JSON, then the codes of all columns, four bytes a cell.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime, time
from typing import Any, Final

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.cells import Cell, Cells
from evaltools.survey.readers.model import Note, Parent, RawColumn, Reading, TableData

# dates travel as a pair of one letter and ISO text
_PARSERS: Final[Mapping[str, Callable[[str], Cell]]] = {
    "s": datetime.fromisoformat,
    "d": date.fromisoformat,
    "t": time.fromisoformat,
}
_LENGTH: Final = 8
_WIDTH: Final = 4


def encode_reading(reading: Reading) -> bytes:
    """Return a reading as an answer."""
    tables = [_encode_table(table) for table in reading.tables]
    head = {name: getattr(reading, name) for name in ("reader", "tool", "confidence", "reason", "encoding")}
    content = {"reading": {**head, "skipped_sheets": reading.skipped_sheets, "tables": tables}}
    codes = [_encode_codes(column.codes) for table in reading.tables for column in table.values]
    return _answer(content, codes)


def encode_refusal(error: FileRefusedError) -> bytes:
    """Return a refusal as an answer; its fields are texts, numbers and lists of texts."""
    return _answer({"refused": {"code": error.code, "fields": error.fields}})


def decode_answer(answer: bytes) -> Reading:
    """Return the reading.

    Raises
    ------
    FileRefusedError
        The answer is a refusal.
    KeyError, TypeError, ValueError, RecursionError
        The answer is not one that `encode_reading` or `encode_refusal` gives.
    """
    length = int.from_bytes(answer[:_LENGTH], "little")
    content = json.loads(answer[_LENGTH : _LENGTH + length])
    if "refused" in content:
        raise FileRefusedError(content["refused"]["code"], **content["refused"]["fields"])
    codes = _Codes(memoryview(answer)[_LENGTH + length :])
    reading = content["reading"]
    tables = tuple(_decode_table(table, codes) for table in reading.pop("tables"))
    return Reading(**{**reading, "skipped_sheets": tuple(reading["skipped_sheets"])}, tables=tables)


def _answer(content: Mapping[str, Any], codes: Iterable[bytes] = ()) -> bytes:
    text = json.dumps(content, default=str).encode()
    return b"".join((len(text).to_bytes(_LENGTH, "little"), text, *codes))


def _encode_table(table: TableData) -> dict[str, Any]:
    return {
        "sheet": table.sheet, "columns": [asdict(column) for column in table.columns],
        "row_numbers": list(table.row_numbers),
        "distinct": [[_encode(cell) for cell in column.distinct] for column in table.values],
        "meta": dict(table.meta), "missing_marks": dict(table.missing_marks), "separator": table.separator,
        "n_counted": table.n_counted, "left_out": list(table.left_out.items()),
        "notes": [[note.code, dict(note.fields)] for note in table.notes],
        "parent": None if table.parent is None else asdict(table.parent),
    }  # fmt: skip


def _decode_table(table: dict[str, Any], codes: _Codes) -> TableData:
    n = len(table["row_numbers"])
    values = [
        Cells([_decode(cell) for cell in distinct], codes.take(n, len(distinct))) for distinct in table.pop("distinct")
    ]
    return TableData(
        columns=tuple(RawColumn(**column) for column in table.pop("columns")),
        values=values,
        left_out={int(number): str(reason) for number, reason in table.pop("left_out")},
        notes=tuple(Note(code, fields) for code, fields in table.pop("notes")),
        parent=None if (parent := table.pop("parent")) is None else Parent(**parent),
        **table,
    )


def _encode_codes(codes: array[int]) -> bytes:
    if sys.byteorder == "big":
        codes = array("I", codes)
        codes.byteswap()
    return codes.tobytes()


class _Codes:
    """The codes of an answer, column by column."""

    def __init__(self, left: memoryview) -> None:
        self._left = left

    def take(self, n: int, below: int) -> array[int]:
        """Return the next `n` codes; each must name one of so many distinct cells."""
        codes = array("I")
        codes.frombytes(self._left[: _WIDTH * n])
        self._left = self._left[_WIDTH * n :]
        if sys.byteorder == "big":
            codes.byteswap()
        if len(codes) != n or (n and max(codes) >= below):
            raise ValueError("codes")
        return codes


def _encode(cell: Cell) -> Any:
    if isinstance(cell, date):
        return ["s" if isinstance(cell, datetime) else "d", cell.isoformat()]
    return ["t", cell.isoformat()] if isinstance(cell, time) else cell


def _decode(cell: Any) -> Cell:
    return _PARSERS[cell[0]](cell[1]) if isinstance(cell, list) else cell
