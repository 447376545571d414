"""Columns that stand for one choice each: what their cells say of it.

Most tools write 1 and 0, some a mark and nothing, some the choice itself and nothing. A choice that is worded ``0`` or
``否`` says yes or no by the same cell, according to how the other columns of its question are written.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from evaltools.survey.values.choices import ChoiceIndex, as_number, cell_text, read_choice
from evaltools.survey.values.typed_texts import without_typed
from evaltools.text import normalise

_YES: Final = frozenset({"1", "1.0", "true", "y", "yes", "t", "是", "已选", "选中", "已选中", "√", "✓", "✔"})
_NO: Final = frozenset({"0", "0.0", "false", "n", "no", "f", "否", "未选", "未选中", "×"})

Style = Literal["flags", "wordings", ""]
"""How the columns of a question are written; "" where that cannot be told, or where they differ."""


class Flag(NamedTuple):
    """What a cell in the column of a choice may say.

    Attributes
    ----------
    says
        Whether the choice was taken, as a yes or a no; None where the cell is neither.
    is_own
        Whether the cell is the choice itself.
    typed
        What was typed into the blank of the choice.
    """

    says: bool | None
    is_own: bool
    typed: str | None = None

    def is_chosen(self, style: Style) -> bool | None:
        """Return whether the choice was taken; None where the cell does not say."""
        if self.says is False and self.is_own:
            return None if not style else style == "wordings"
        return True if self.is_own else self.says


def read_flag(cell: object, name: str, index: ChoiceIndex) -> Flag:
    """Read a cell in the column of a choice: a yes (1, true, Y, 是, 已选), a no (0, false, N, 否, 未选), or the choice.

    Parameters
    ----------
    index
        Its recode holds the wordings of the choices in the file.
    """
    text = cell_text(cell) or ""
    key = normalise(text)
    says = _says(key)
    number = as_number(key)
    if number is not None:
        own = {as_number(wording) for wording, choice in index.recode.items() if choice == name}
        return Flag(says, number in own)
    found, _, typed = read_choice(text, index)
    if found == name or says is not None:
        return Flag(says, found == name, typed if found == name else None)
    marked = [typed for ways in without_typed(text) for bare, typed in ways if _says(normalise(bare))]
    return Flag(True, False, marked[0] or None) if marked else Flag(None, False)


def style_of(flags: Iterable[Flag]) -> Style:
    """Tell how the columns of one question are written from the cells that can be only one or the other."""
    kinds = {"wordings" if flag.says is None else "flags" for flag in flags if (flag.says is None) == flag.is_own}
    return "flags" if kinds == {"flags"} else "wordings" if kinds == {"wordings"} else ""


def _says(key: str) -> bool | None:
    return True if key in _YES else False if key in _NO else None
