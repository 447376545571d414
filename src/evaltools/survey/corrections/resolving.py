"""Which faults of a sheet the corrections in force have settled."""

from __future__ import annotations

from collections.abc import Mapping

from evaltools.survey.corrections.applying import applied
from evaltools.survey.row_faults import Fault
from evaltools.survey.sheet_rows import SheetRows

Cell = tuple[int, str]
"""Place of a row in its sheet, and the question."""


def resolved_faults(sheet: SheetRows) -> list[tuple[Fault, str]]:
    """Return the faults that a sheet no longer has, in rows with corrections, each with the line that settled it."""
    if sheet.before is None:
        return []
    lines: dict[int, dict[str, str]] = {}
    for one in applied(sheet.outcomes):
        if one.row is not None and one.line.action != "confirm":
            lines.setdefault(one.row, {})[one.line.question] = one.line.correction_id
    left = {(fault.row, fault.question, fault.code) for fault in sheet.checked.faults}
    return [
        (fault, _settled_by(lines[fault.row], fault.question))
        for fault in sheet.before.checked.faults
        if fault.row in lines and (fault.row, fault.question, fault.code) not in left
    ]


def confirmed_cells(sheet: SheetRows) -> Mapping[Cell, str]:
    """Return the cells that somebody has confirmed, each with the line that says so."""
    return {
        (one.row, one.line.question): one.line.correction_id
        for one in applied(sheet.outcomes)
        if one.row is not None and one.line.action == "confirm"
    }


def dropped_rows(sheet: SheetRows) -> Mapping[int, str]:
    """Return the rows that the log drops, each with the line that says so."""
    return {
        one.row: one.line.correction_id
        for one in applied(sheet.outcomes)
        if one.row is not None and one.line.action == "drop"
    }


def _settled_by(lines: Mapping[str, str], question: str) -> str:
    """Return the line on the cell, else the one that drops the row, else the last of the row."""
    return lines.get(question) or lines.get("") or [*lines.values()][-1]
