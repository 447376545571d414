"""How a reading travels between the processes: JSON, never pickle, since the reading process is not trusted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, datetime, time
from typing import Any, Final

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.model import Cell, RawColumn, Reading, TableData

# dates travel as a pair of one letter and ISO text; only columns that hold some are looked through
_PARSERS: Final[Mapping[str, Callable[[str], Cell]]] = {
    "s": datetime.fromisoformat,
    "d": date.fromisoformat,
    "t": time.fromisoformat,
}


def encode_reading(reading: Reading) -> bytes:
    """Return a reading as JSON."""
    tables = [_encode_table(table) for table in reading.tables]
    head = {name: getattr(reading, name) for name in ("reader", "tool", "confidence", "reason", "encoding")}
    return json.dumps({"reading": {**head, "skipped_sheets": reading.skipped_sheets, "tables": tables}}).encode()


def encode_refusal(error: FileRefusedError) -> bytes:
    """Return a refusal as JSON; its fields are texts, numbers and lists of texts."""
    return json.dumps({"refused": {"code": error.code, "fields": error.fields}}, default=str).encode()


def decode_answer(answer: bytes) -> Reading:
    """Return the reading.

    Raises
    ------
    FileRefusedError
        The answer is a refusal.
    KeyError, TypeError, ValueError, RecursionError
        The answer is not one that `encode_reading` or `encode_refusal` gives.
    """
    content = json.loads(answer)
    if "refused" in content:
        raise FileRefusedError(content["refused"]["code"], **content["refused"]["fields"])
    reading = content["reading"]
    tables = tuple(_decode_table(table) for table in reading.pop("tables"))
    return Reading(**{**reading, "skipped_sheets": tuple(reading["skipped_sheets"])}, tables=tables)


def _encode_table(table: TableData) -> dict[str, Any]:
    values = [[_encode(cell) for cell in column] for column in table.values]
    dated = [place for place, column in enumerate(values) if any(isinstance(cell, list) for cell in column)]
    columns = [asdict(column) for column in table.columns]
    return {
        "sheet": table.sheet, "columns": columns, "row_numbers": table.row_numbers, "values": values, "dated": dated,
        "meta": table.meta, "missing_marks": table.missing_marks, "separator": table.separator,
        "n_counted": table.n_counted,
    }  # fmt: skip


def _decode_table(table: dict[str, Any]) -> TableData:
    for place in table.pop("dated"):
        table["values"][place] = [_decode(cell) for cell in table["values"][place]]
    columns = tuple(RawColumn(**column) for column in table.pop("columns"))
    return TableData(columns=columns, **table)


def _encode(cell: Cell) -> Any:
    if isinstance(cell, date):
        return ["s" if isinstance(cell, datetime) else "d", cell.isoformat()]
    return ["t", cell.isoformat()] if isinstance(cell, time) else cell


def _decode(cell: Any) -> Cell:
    return _PARSERS[cell[0]](cell[1]) if isinstance(cell, list) else cell
