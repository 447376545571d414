"""Columns of single choices: which of them are one question, and which choice each of them stands for.

A multiple choice may have a column a choice, with 1 where it was chosen; a choice with a blank may have a column for
what was typed into it. No wording is taken for another one here that is not the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from evaltools.errors import FileRefusedError
from evaltools.survey.instrument import Question
from evaltools.survey.matching.wordings import label_key, shown
from evaltools.survey.readers import RawColumn
from evaltools.survey.values.choices import MISSING_CHOICES, ChoiceIndex, index_choices

Group = tuple[RawColumn, ...]


def group_options(columns: Iterable[RawColumn]) -> list[Group]:
    """Return the columns of choices, those of one question together.

    Two questions with one wording stay apart: the choice that comes again begins the second.
    """
    groups: list[dict[str, RawColumn]] = []
    last: dict[object, dict[str, RawColumn]] = {}
    for column in columns:
        if column.option is None or column.typed:
            continue
        owner = owner_of(column)
        if owner not in last or column.option in last[owner]:
            last[owner] = {}
            groups.append(last[owner])
        last[owner][column.option] = column
    return [tuple(group.values()) for group in groups]


def owner_of(column: RawColumn) -> object:
    """Return what is equal for all columns of one question of the tool."""
    return column.key, column.lead, column.number, column.kind


def choices_of(group: Group, question: Question, recode: Mapping[str, str], at: Mapping[str, str]) -> dict[str, int]:
    """Return the position of the column of each choice.

    Raises
    ------
    FileRefusedError
        ``column-options-type``: the question takes one answer; ``column-options-unknown``: options that are no choice
        of it; ``column-options-twice``: an option that two choices answer to, or two options for one choice.
    """
    if question.type != "select_multiple":
        fields = {"question": question.name, "type": question.type, "columns": ", ".join(map(shown, group))}
        raise FileRefusedError("column-options-type", **at, **fields)
    found = [_choice_of(column, question, recode) for column in group]
    times = Counter(found)
    unknown = [column for column, name in zip(group, found, strict=True) if name is None]
    twice = [column for column, name in zip(group, found, strict=True) if name == "" or times[name] > 1]
    for code, wrong in (("column-options-unknown", unknown), ("column-options-twice", twice)):
        if wrong:
            raise FileRefusedError(code, **at, question=question.name, columns=", ".join(map(shown, wrong)))
    return {str(name): column.position for column, name in zip(group, found, strict=True)}


def recognise(groups: Sequence[Group], questions: Iterable[Question]) -> dict[str, Group]:
    """Find the questions of groups whose headers show the options alone.

    A group is a question's where it has exactly its choices (those that stand for a missing answer may lack), and
    neither the group nor the question fits another.
    """
    fits = [
        (question.name, group)
        for question in questions
        if question.type == "select_multiple"
        for group in groups
        if _is_list_of(group, question)
    ]
    names, taken = [name for name, _ in fits], [group for _, group in fits]
    return {name: group for name, group in fits if names.count(name) == 1 and taken.count(group) == 1}


def typed_columns(
    columns: Iterable[RawColumn], owners: Mapping[object, Question], recode: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[int, str]]:
    """Return, by question, the columns of what was typed into the blanks of choices, and the choice of each.

    Parameters
    ----------
    owners
        What :func:`owner_of` gives for the columns that questions were found in, to the question.

    Returns
    -------
    dict
        Question to position to choice name, "" where the column belongs to no single choice.
    """
    found: dict[str, dict[int, str]] = {}
    for column in columns:
        question = owners.get(owner_of(column))
        if column.typed and question is not None and question.choices:
            name = None if column.option is None else _choice_of(column, question, recode.get(question.name, {}))
            found.setdefault(question.name, {})[column.position] = name or ""
    return found


def index_of(column: RawColumn, question: Question, recode: Mapping[str, str]) -> ChoiceIndex:
    """Prepare the choices of a question for the cells or the option of a column."""
    return index_choices(
        question.choices, recode, first="name" if column.kind == "name" else "label", coding=column.coding
    )


def _choice_of(column: RawColumn, question: Question, recode: Mapping[str, str]) -> str | None:
    """Return the choice that a column stands for; None where there is none, "" where there are two."""
    option = str(column.option)
    if not question.choices:
        return option  # the list stands in a file of its own
    if column.kind == "name" and column.coding == "number" and _is_other_name(option, question):
        return ""
    name, fault = index_of(column, question, recode).find(option)
    if name is not None or fault == "choice-ambiguous":
        return name or ""
    key = label_key(option)
    alike = {
        choice.name
        for choice in question.choices
        if key and key in {label_key(choice.label.zh), label_key(choice.label.en)}
    }
    return None if not alike else alike.pop() if len(alike) == 1 else ""


def _is_other_name(option: str, question: Question) -> bool:
    """Say whether the number behind the name of a variable is the place of one choice and the name of another."""
    names = [choice.name for choice in question.choices]
    return option.isdigit() and option in names and names.index(option) + 1 != int(option)


def _is_list_of(group: Group, question: Question) -> bool:
    found = [_choice_of(column, question, {}) for column in group]
    listed = {choice.name for choice in question.choices}
    return len(group) > 1 and len(set(found)) == len(found) and listed - set(MISSING_CHOICES) <= set(found) <= listed
