"""How a column's numbers and dates are written: units of the question, of the column, of the workbook's calendar."""

from __future__ import annotations

import re
from typing import Final

from evaltools.config import Source
from evaltools.errors import FileRefusedError
from evaltools.survey.instrument import Instrument, Question
from evaltools.survey.matching.columns import ColumnMap
from evaltools.survey.privacy import redact
from evaltools.survey.raw_files import place
from evaltools.survey.readers import RawColumn, RawTable
from evaltools.survey.readers.model import Epoch
from evaltools.survey.values.coerce import Written
from evaltools.survey.values.numbers import Asked
from evaltools.survey.values.units import Unit, factor_between, find_unit, unit_of_word

_IN_BRACKETS: Final = re.compile(r"[(（\[【]\s*(?:单位\s*[:：]\s*)?([^()（）\[\]【】]{1,12})\s*[)）\]】]\s*[*＊]?\s*$")
_LONGEST_UNIT: Final = 40


def how_written(question: Question, column: RawColumn, source: Source, epoch: Epoch) -> Written:
    """Return what is known of a column beside its cells.

    The unit of its bare numbers is the one that the campaign file gives under ``[sources.units]``; else that of a row
    of units below the header; else the one in brackets at the end of the header; else, for money, the one that the
    sheet gives above its header; else that of the question.
    """
    unit = find_unit(question.unit)
    given, declared = _unit_of_column(question, column, source)
    return Written(Asked(unit, given, declared), source.dates.get(question.name), epoch)


def refuse_units(table: RawTable, found: ColumnMap, instrument: Instrument, source: Source, *, path: str) -> None:
    """Refuse a sheet in which a column counts in something else than its question.

    Raises
    ------
    FileRefusedError
        ``column-units``: all such columns, with both units.
    """
    listed = []
    for name, position in found.columns.items():
        question, column = instrument.question(name), table.columns[position]
        unit, (given, _) = find_unit(question.unit), _unit_of_column(question, column, source)
        if unit is not None and given is not None and factor_between(given, unit) is None:
            listed.append(f"{name} ('{redact(column.header)[:60]}': {given.words[0]}, {unit.words[0]})")
    if listed:
        at = {"path": path, "sheet": table.sheet, "place": place(path, table.sheet)}
        raise FileRefusedError("column-units", **at, count=len(listed), columns="; ".join(listed))


def _unit_of_column(question: Question, column: RawColumn, source: Source) -> tuple[Unit | None, bool]:
    """Return the unit of a column and whether the campaign file says so."""
    if question.name in source.units:
        return find_unit(source.units[question.name]), True
    bracket = _IN_BRACKETS.search(column.header[-_LONGEST_UNIT:])
    own = unit_of_word(column.unit) or unit_of_word(bracket[1] if bracket else "")
    asked = find_unit(question.unit)
    is_money = asked is not None and asked.kind == "money"
    return own or (unit_of_word(column.amounts) if is_money else None), False
