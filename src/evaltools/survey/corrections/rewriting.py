"""The new cells of a corrected answer, written so that the file's own reader reads them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from evaltools.survey.corrections.cells import AnswerCells, as_text, is_other
from evaltools.survey.instrument import Question
from evaltools.survey.readers import RawTable
from evaltools.survey.readers.cells import Cell
from evaltools.survey.values.choices import ChoiceIndex, read_choices
from evaltools.survey.values.flags import read_flag

_SIGNS: Final = ("┋", ";", "；", "|", " ")


def blank_cells(cells: AnswerCells) -> dict[int, Cell]:
    """Return an empty cell for each position of an answer."""
    return dict.fromkeys(cells.all)


def changed_cells(
    value: str, table: RawTable, cells: AnswerCells, question: Question | None, index: ChoiceIndex | None
) -> dict[int, Cell] | None:
    """Return the new cell of each position that a new value changes; None where the file has no way to write it.

    What was typed into blanks goes, unless the new value still holds the choice "other".

    Parameters
    ----------
    value
        As in the log: names of choices joined by blanks, or a text.
    question
        None for a time stamp of the tool.
    index
        What the cells of its column may hold; None for a question without choices.
    """
    if question is None or index is None:
        return {cells.first: value}
    names = value.split() if question.type == "select_multiple" else [value]
    new = _flags(names, table, cells, index) if cells.is_split else _wordings(names, table, cells, index)
    if new is None:
        return None
    keeps = {choice.name for choice in question.choices if is_other(choice)}
    return new if keeps.intersection(names) else {**dict.fromkeys(cells.beside), **new}


def _wordings(
    names: Collection[str], table: RawTable, cells: AnswerCells, index: ChoiceIndex
) -> dict[int, Cell] | None:
    texts = [_wording(name, index) for name in names]
    written = [text for text in texts if text is not None]
    if len(written) < len(texts) or not written:
        return None
    if len(written) == 1:
        return {cells.first: written[0]}
    for sign in dict.fromkeys((table.separator, *_SIGNS)):
        text = sign.join(written)
        found, _, _ = read_choices(text, index, table.separator) if sign else (None, None, None)
        if found is not None and set(found) == set(names):
            return {cells.first: text}
    return None


def _wording(name: str, index: ChoiceIndex) -> str | None:
    """Return a text that the column's own rules read as a choice, and as no other."""
    tables: tuple[Mapping[str, str], ...] = (index.labels, index.names, index.recode, index.numbers or {})
    texts = (text for table in tables for text, choice in table.items() if choice == name)
    return next((text for text in texts if index.find(text) == (name, None)), None)


def _flags(names: Collection[str], table: RawTable, cells: AnswerCells, index: ChoiceIndex) -> dict[int, Cell] | None:
    """Return 1 and 0, or where the columns hold wordings and blanks, those."""
    if set(names) - cells.own.keys():
        return None
    flags = [
        read_flag(cell, name, index)
        for name, place in cells.own.items()
        for cell in table.values[place].occurring()
        if as_text(cell)
    ]
    is_worded = bool(flags) and not any(flag.says is not None for flag in flags)
    chosen = {name: (table.columns[place].option or name) if is_worded else "1" for name, place in cells.own.items()}
    return {place: chosen[name] if name in names else (None if is_worded else "0") for name, place in cells.own.items()}
