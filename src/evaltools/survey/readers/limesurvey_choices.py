"""Which columns of a LimeSurvey export are the choices of one question, and what is ticked there.

An export does not say what kind of question it shows. Of a multiple choice each column holds ``Y`` and nothing, or
``Yes``, ``No`` and ``N/A``, or the two numbers that these were converted to. The rows of an array may hold the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

from evaltools.survey.readers.cells import Cell, Cells
from evaltools.survey.readers.limesurvey_headings import Heading
from evaltools.survey.readers.model import Coding
from evaltools.survey.readers.recoding import fill_blanks, recode
from evaltools.survey.readers.ticks import complete_ticks

_COMMENT: Final = "comment"
_OTHER: Final = "other"
_UPLOAD: Final = "filecount"
_NOT_ASKED: Final = "N/A"
_WORDS: Final[Mapping[str, Cell]] = {"Yes": 1, "No": 0, "是": 1, "否": 0, _NOT_ASKED: None}
_PAIRS: Final = (("Yes", "No"), ("是", "否"), ("Male", "Female"))
_NUMBERS: Final[tuple[Mapping[str, Cell], ...]] = ({"1": 1, "2": 0}, {"1": 1, "0": 0})


@dataclass(frozen=True, slots=True, eq=False)
class Ticks:
    """Columns that may be those of a multiple choice.

    Attributes
    ----------
    places, cells
        The columns, and their cells as 1, 0 and blank.
    is_sure
        Whether they can be nothing else.
    coding
        What the answers of this export are, as far as these columns tell: codes ("name"), wordings ("label"), or "".
    """

    places: tuple[int, ...]
    cells: tuple[Cells, ...]
    is_sure: bool
    coding: Coding


def group_parts(headings: Sequence[Heading]) -> list[list[int]]:
    """Return the places of the columns that belong to parts of one question, question by question."""
    groups: dict[tuple[str, int], list[int]] = {}
    run = 0
    for place, heading in enumerate(headings):
        # two questions of one wording stand apart; two of one code are refused
        if not heading.code and (not heading.has_part or heading.text != headings[place - 1].text):
            run += 1
        if heading.has_part:
            groups.setdefault((heading.question, 0 if heading.code else run), []).append(place)
    return list(groups.values())


def find_ticks(
    places: Sequence[int], headings: Sequence[Heading], values: Sequence[Cells], mark: str | None
) -> Ticks | None:
    """Read the columns of a question's parts as choices; None where they cannot be that.

    Parameters
    ----------
    mark
        What stands for a question that was not shown; None where a blank does, too.
    """
    known = {(headings[place].code, headings[place].subs) for place in places}
    chosen = [place for place in places if _may_be_choice(headings[place], known)]
    if not headings[places[0]].code and len(chosen) > 2 and _coded([values[chosen[-1]]], mark) is None:
        chosen = chosen[:-1]  # without codes the text behind the choice "other" is known by what it is not
    found = _coded([values[place] for place in chosen], mark)
    if not chosen or found is None:
        return None
    meanings, answers = found
    cells = [recode(values[place], lambda cell: meanings.get(str(cell), cell)) for place in chosen]
    cells = complete_ticks(cells) if mark is None else [fill_blanks(column, 0) for column in cells]
    return Ticks(tuple(chosen), tuple(cells), answers != "", answers)


def typed_choice(heading: Heading, known: Set[tuple[str, tuple[str, ...]]]) -> str | None:
    """Return the choice that a column of typed texts belongs to: its code, "" for whichever was taken.

    Parameters
    ----------
    known
        Codes of all columns, with those of their subquestions.

    Returns
    -------
    str or None
        None where the column holds no such texts.
    """
    last = heading.subs[-1] if heading.subs else ""
    base = last.removesuffix(_COMMENT)
    if last == _OTHER:
        return last
    is_comment = last != base and (heading.code, (base,) if base else ()) in known
    return base if is_comment else None


def uploads(headings: Sequence[Heading]) -> set[int]:
    """Return the places of the columns of questions that took files: names and addresses of files, and their number."""
    questions = {heading.code for heading in headings if heading.subs[-1:] == (_UPLOAD,)}
    return {place for place, heading in enumerate(headings) if heading.code and heading.code in questions}


def blank_not_asked(cells: Cells) -> Cells | None:
    """Return the cells of a yes-or-no question without ``N/A``; None where it is no such question, or has none.

    With answers in full the tool writes that where the question has no answer.
    """
    texts = {str(cell) for cell in cells.occurring()}
    if _NOT_ASKED not in texts or not any(texts <= {*pair, _NOT_ASKED} and texts & set(pair) for pair in _PAIRS):
        return None
    return recode(cells, lambda cell: None if cell == _NOT_ASKED else cell)


def _may_be_choice(heading: Heading, known: Set[tuple[str, tuple[str, ...]]]) -> bool:
    return len(heading.subs) < 2 and heading.subs != (_UPLOAD,) and typed_choice(heading, known) is None


def _coded(columns: Iterable[Cells], mark: str | None) -> tuple[Mapping[str, Cell], Coding] | None:
    """Return what the cells mean as ticks, and what they say of all answers: "" where they may be no ticks at all."""
    texts = {str(cell) for column in columns for cell in column.occurring()} - {mark}
    if texts <= {"Y"}:
        return {"Y": 1}, "name" if texts else ""
    if texts <= set(_WORDS):
        return _WORDS, "label" if _NOT_ASKED in texts else ""
    numbers = next((one for one in _NUMBERS if texts <= set(one)), None)
    return None if numbers is None else (numbers, "")
