"""Tell whether a column holds names of choices or labels, where one text is the name of one and the label of another.

No single cell can say: with choices named 1 and 2 and labelled ``2`` and ``3``, a 2 is either. The other cells of the
column can, where some of them are names alone or labels alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from evaltools.survey.values.choices import ChoiceIndex, read_choice, read_choices


def settle(index: ChoiceIndex, cells: Iterable[object], separator: str | None) -> ChoiceIndex:
    """Return the index that a column is to be read with.

    Parameters
    ----------
    cells
        Those of the column that hold an answer.
    separator
        Between the choices of a cell; None where a cell holds one.

    Returns
    -------
    ChoiceIndex
        The same where the file says what its cells hold, or no text has two meanings. Else names go first where every
        cell that can be one only is a name, labels where it is a label; where the column does not tell, the texts of
        two meanings are ambiguous.
    """
    double = {text for text, name in index.names.items() if text not in index.recode} & index.labels.keys()
    double = {text for text in double if index.names[text] != index.labels[text]}
    if not index.is_open or not double:
        return index
    sides = {_side(cell, index, separator) for cell in cells} - {""}
    if sides == {"names"}:
        return replace(index, first="name")
    if sides == {"labels"}:
        return replace(index, first="label")
    unclear = dict.fromkeys(double, "")
    return replace(index, names={**index.names, **unclear}, labels={**index.labels, **unclear})


def _side(cell: object, index: ChoiceIndex, separator: str | None) -> str:
    is_name = _is_read(cell, replace(index, labels={}), separator)
    is_label = _is_read(cell, replace(index, names={}), separator)
    return "" if is_name == is_label else "names" if is_name else "labels"


def _is_read(cell: object, index: ChoiceIndex, separator: str | None) -> bool:
    return (read_choice(cell, index) if separator is None else read_choices(cell, index, separator))[0] is not None
