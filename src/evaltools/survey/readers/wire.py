"""How a reading travels between the processes: JSON and bare numbers, never pickle; the reading process is not trusted.

An answer is a JSON text of everything but the cells, then for each column a JSON text of its distinct cells and its
codes, four bytes a cell. A JSON text is preceded by its length in eight bytes.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, datetime, time
from itertools import compress
from typing import Any, Final

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.cells import Cell, Cells
from evaltools.survey.readers.model import Note, Parent, RawColumn, RawTable, Reading

# dates travel as a pair of one letter and ISO text
_PARSERS: Final[Mapping[str, Callable[[str], Cell]]] = {
    "s": datetime.fromisoformat,
    "d": date.fromisoformat,
    "t": time.fromisoformat,
}
_LENGTH: Final = 8
_WIDTH: Final = 4


def encode_reading(reading: Reading) -> list[bytes | memoryview]:
    """Return a reading as the pieces of an answer; a large one is never in memory twice."""
    tables = [_encode_table(table) for table in reading.tables]
    head = {name: getattr(reading, name) for name in ("reader", "tool", "confidence", "reason", "encoding")}
    pieces = _encode_text({"reading": {**head, "skipped_sheets": reading.skipped_sheets, "tables": tables}}, str)
    for table in reading.tables:
        for column in table.values:
            pieces += [*_encode_text(column.distinct, _encode_time), _encode_codes(column.codes)]
    return pieces


def encode_refusal(error: FileRefusedError) -> list[bytes | memoryview]:
    """Return a refusal as the pieces of an answer; its fields are texts, numbers and lists of texts."""
    return _encode_text({"refused": {"code": error.code, "fields": error.fields}}, str)


def decode_answer(answer: bytes) -> Reading:
    """Return the reading.

    Raises
    ------
    FileRefusedError
        The answer is a refusal.
    LookupError, TypeError, ValueError, AttributeError, RecursionError
        The answer is not one that `encode_reading` or `encode_refusal` gives.
    """
    parts = _Parts(memoryview(answer))
    content = parts.text()
    if "refused" in content:
        raise FileRefusedError(content["refused"]["code"], **content["refused"]["fields"])
    reading = content["reading"]
    tables = tuple(_decode_table(table, parts) for table in reading.pop("tables"))
    return Reading(**{**reading, "skipped_sheets": tuple(reading["skipped_sheets"])}, tables=tables)


def _encode_text(content: object, other: Callable[[Any], Any]) -> list[bytes | memoryview]:
    # a cell may hold half a surrogate pair
    text = json.dumps(content, ensure_ascii=False, default=other).encode("utf-8", "surrogatepass")
    return [len(text).to_bytes(_LENGTH, "little"), text]


def _encode_table(table: RawTable) -> dict[str, Any]:
    return {
        "sheet": table.sheet, "columns": [asdict(column) for column in table.columns],
        "row_numbers": list(table.row_numbers),
        "meta": dict(table.meta), "missing_marks": dict(table.missing_marks), "separator": table.separator,
        "n_counted": table.n_counted, "left_out": list(table.left_out.items()),
        "notes": [[note.code, dict(note.fields)] for note in table.notes],
        "parent": None if table.parent is None else asdict(table.parent), "epoch": table.epoch,
        "sparse": table.sparse,
    }  # fmt: skip


def _decode_table(table: dict[str, Any], parts: _Parts) -> RawTable:
    columns = tuple(RawColumn(**column) for column in table.pop("columns"))
    n = len(table["row_numbers"])
    return RawTable(
        columns=columns,
        values=[parts.cells(n) for _ in columns],
        left_out={int(number): str(reason) for number, reason in table.pop("left_out")},
        notes=tuple(Note(code, fields) for code, fields in table.pop("notes")),
        parent=None if (parent := table.pop("parent")) is None else Parent(**parent),
        **table,
    )


def _encode_codes(codes: array[int]) -> memoryview:
    if sys.byteorder == "big":
        codes = array("I", codes)
        codes.byteswap()
    return memoryview(codes).cast("B")


class _Parts:
    """What is left of an answer."""

    def __init__(self, left: memoryview) -> None:
        self._left = left

    def text(self) -> Any:
        """Take what stands in the next JSON text."""
        length = int.from_bytes(self._take(_LENGTH), "little")
        return json.loads(str(self._take(length), "utf-8", "surrogatepass"))

    def cells(self, n: int) -> Cells:
        """Take a column of `n` cells; each code must name one of its distinct cells, and those of no row go."""
        # imported here, so that the reading process starts without it
        import numpy as np

        distinct = [_PARSERS[cell[0]](cell[1]) if isinstance(cell, list) else cell for cell in self.text()]
        codes = np.frombuffer(self._take(_WIDTH * n), dtype="<u4")
        if distinct[:1] != [None] or len(codes) != n or codes.max(initial=0) >= len(distinct):
            raise ValueError("codes")
        kept = np.bincount(codes, minlength=len(distinct)) > 0
        kept[0] = True
        codes = (np.cumsum(kept) - 1)[codes]
        return Cells(list(compress(distinct, kept)), array("I", codes.astype(np.uint32).tobytes()))

    def _take(self, n: int) -> memoryview:
        taken, self._left = self._left[:n], self._left[n:]
        return taken


def _encode_time(cell: object) -> list[str]:
    if isinstance(cell, date):
        return ["s" if isinstance(cell, datetime) else "d", cell.isoformat()]
    if isinstance(cell, time):
        return ["t", cell.isoformat()]
    raise TypeError(type(cell).__name__)
