"""Refuse columns whose numbers do not say which choice they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evaltools.config import Source
from evaltools.errors import FileRefusedError
from evaltools.survey.instrument import Question
from evaltools.survey.matching.option_columns import index_of
from evaltools.survey.matching.wordings import shown
from evaltools.survey.readers import RawTable
from evaltools.survey.values.choices import as_number, cell_text, scores_of
from evaltools.text import normalise


def refuse_unclear_numbers(
    table: RawTable,
    columns: Mapping[str, int],
    questions: Iterable[Question],
    source: Source,
    at: Mapping[str, str],
) -> None:
    """Refuse a sheet some of whose columns may be read in two ways, or in none.

    Raises
    ------
    FileRefusedError
        ``choice-scores-missing``: scores of choices, and the instrument has none; ``wjx-coding-unknown``: numbers that
        are places in the list or scores, which give different choices. Each lists all columns.
    """
    without, unclear = [], []
    for question in questions:
        if question.name not in columns or not question.choices:
            continue
        column = table.columns[columns[question.name]]
        listed = f"{question.name} ({shown(column)})"
        if column.coding == "score" and scores_of(question.choices) is None:
            without.append(listed)
        elif column.coding == "numeral":
            index = index_of(column, question, source.recode.get(question.name, {}))
            texts = {cell_text(cell) for cell in table.cells(column.position).occurring()} - {None}
            numbers = {text for text in texts if text is not None and as_number(normalise(text)) is not None}
            if any(index.find(text)[1] == "choice-ambiguous" for text in numbers):
                unclear.append(listed)
    for code, names in (("choice-scores-missing", without), ("wjx-coding-unknown", unclear)):
        if names:
            raise FileRefusedError(code, **at, count=len(names), columns="; ".join(names))
