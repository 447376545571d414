"""Compare what a file holds with what was to be written, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evaltools.errors import DamageError
from evaltools.survey.export.model import Column
from evaltools.survey.instrument.model import BilingualText


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A column as it was read from a file: values, and reasons where there are none."""

    name: str
    cells: Sequence[Any]
    reasons: Sequence[Any]


def compare(file: str, columns: Sequence[Column], found: Sequence[Found], *, first_row: int) -> None:
    """Compare columns with those of a file.

    Parameters
    ----------
    file
        Its name, for messages.
    columns
        What was to be written.
    found
        What was read, its columns named as those of the first, in their order.
    first_row
        Number of the first row of data as a person sees it.

    Raises
    ------
    DamageError
        ``export-readback``, with the first row and column that differ.
    """
    require_equal(file, "columns", [column.variable.name for column in columns], [one.name for one in found])
    for column, one in zip(columns, found, strict=True):
        name = column.variable.name
        require_equal(file, "rows", len(column.cells), len(one.cells), column=name)
        if list(column.cells) == list(one.cells) and list(column.reasons) == list(one.reasons):
            continue
        wanted = zip(column.cells, column.reasons, strict=True)
        read = zip(one.cells, one.reasons, strict=True)
        row = next(row for row, (left, right) in enumerate(zip(wanted, read, strict=True)) if left != right)
        raise DamageError("export-readback", file=file, place=_cell(first_row + row), column=name)


def require_equal(file: str, what: str, wanted: object, read: object, *, column: str = "-") -> None:
    """Compare what a file says of a column or of itself: ``columns``, ``rows``, ``labels``, ``missing``, ``format``.

    Raises
    ------
    DamageError
        ``export-readback``.
    """
    if wanted != read:
        raise DamageError("export-readback", file=file, place=_PLACES[what], column=column)


def _cell(row: int) -> BilingualText:
    return BilingualText(f"第{row}行", f"row {row}")


_PLACES = {
    "columns": BilingualText("列名", "names of the columns"),
    "rows": BilingualText("行数", "number of rows"),
    "labels": BilingualText("标签", "labels"),
    "missing": BilingualText("缺失值代码", "missing codes"),
    "format": BilingualText("格式", "format"),
    "damaged": BilingualText("整个文件", "the whole file"),
}
