"""SPSS .sav and .zsav, through pyreadstat: value labels as text, declared missing codes as marks with a reason."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from typing import Any, Final

import pyreadstat

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.cells import Cell, code_cells
from evaltools.survey.readers.model import Limits, RawColumn, TableData
from evaltools.survey.readers.sav_scan import scan_sav

TOOL: Final = "spss"
_NUMBERED: Final = re.compile(r"(?:[QqVv]|VAR|var)\d+(?:[_.]\d+)*")
# the wording of a missing code's label to its reason; the order matters ("不适用" before "不")
_REASONS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), reason)
    for pattern, reason in (
        (r"跳过|未显示|skip", "skipped_by_logic"),
        (r"不适用|not applicable|n/?a\b|inapplicable", "not_applicable"),
        (r"不知道|不了解|不清楚|说不清|don.?t know|do not know|\bdk\b", "dont_know"),
        (r"拒答|拒绝|不愿|refus|prefer not", "refused"),
    )
)
_TEXT_MARKS: Final = frozenset({"(空)", "（空）", "空", "(跳过)", "（跳过）", "跳过"})
_EXACT: Final = 1e15
# what pyreadstat raises over damaged files, depending on where the damage is
_DAMAGE: Final = (
    pyreadstat.ReadstatError,
    pyreadstat.PyreadstatError,
    LookupError,
    OverflowError,
    TypeError,
    ValueError,
)


def read_sav(data: bytes, *, file: str, limits: Limits) -> tuple[TableData, str]:
    """Read a .sav file.

    A variable with a number for a name (Q1, V12_3) is matched by its label, any other by its name. A value with a label
    is given as the label. A code that the file declares missing, or labels as skipped or empty, becomes ``<reason>``.
    Every case is a row, also one without any answer.

    Parameters
    ----------
    data
        Content of the file.
    file
        Its name, for messages.

    Returns
    -------
    tuple of (table, encoding that the file names)

    Raises
    ------
    FileRefusedError
        ``sav-damaged``: cut short, or not read by ReadStat; ``rows-mismatch``; ``file-cells``.
    """
    scan = scan_sav(data, file=file)
    try:
        cells, meta = pyreadstat.read_sav(io.BytesIO(data), user_missing=True, output_format="dict")
    except _DAMAGE as error:
        raise FileRefusedError("sav-damaged", file=file) from error
    names = list(meta.column_names)
    read = len(cells[names[0]]) if names else 0
    if scan.counted != read or scan.stated not in (None, read):
        raise FileRefusedError("rows-mismatch", file=file, sheet="", read=read, counted=scan.counted)
    if read * len(names) > limits.max_cells:
        raise FileRefusedError("file-cells", file=file, limit=limits.max_cells)
    columns = tuple(_column(place, name, meta.column_names_to_labels.get(name)) for place, name in enumerate(names))
    values = [_values(cells[name], name, meta) for name in names]
    table = TableData(
        sheet="",
        columns=columns,
        row_numbers=list(range(1, read + 1)),
        values=[code_cells(column) for column in values],
        meta={},
        missing_marks={_mark(reason): reason for reason in (*(one for _, one in _REASONS), "blank")},
        separator=" ",
        n_counted=scan.counted,
    )
    return table, str(meta.file_encoding)


def _column(position: int, name: str, label: str | None) -> RawColumn:
    if label and _NUMBERED.fullmatch(name):
        return RawColumn(position, name, label.strip(), "label")
    return RawColumn(position, name, name, "name")


def _values(cells: Sequence[Any], name: str, meta: Any) -> list[Cell]:
    labels: Mapping[Any, str] = meta.variable_value_labels.get(name, {})
    ranges = [(one["lo"], one["hi"]) for one in meta.missing_ranges.get(name, [])]
    known: dict[Any, Cell] = {}
    values = []
    for cell in cells:
        if cell not in known:
            known[cell] = _value(cell, labels.get(cell), ranges)
        values.append(known[cell])
    return values


def _value(cell: Any, label: str | None, ranges: Sequence[tuple[Any, Any]]) -> Cell:
    value = _plain(cell)
    if value is None:
        return None
    if _is_missing(cell, ranges) or (label is not None and label.strip() in _TEXT_MARKS):
        return _mark(_reason(label or ""))
    return label or value


def _is_missing(cell: Any, ranges: Sequence[tuple[Any, Any]]) -> bool:
    return any(type(cell) is type(low) and low <= cell <= high for low, high in ranges)


def _reason(label: str) -> str:
    return next((reason for pattern, reason in _REASONS if pattern.search(label)), "blank")


def _mark(reason: str) -> str:
    return f"<{reason}>"


def _plain(cell: Any) -> Cell:
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, float):
        if math.isnan(cell):
            return None
        return int(cell) if cell.is_integer() and abs(cell) < _EXACT else cell
    if isinstance(cell, timedelta):
        return cell.total_seconds()
    if cell is None or isinstance(cell, (int, date, time)):
        return cell
    return str(cell)
