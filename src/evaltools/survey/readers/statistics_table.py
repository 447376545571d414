"""From the variables of a statistics file to a table: labels, choices, rows of a matrix, fields of the tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from evaltools.survey.readers.labelled import MARKS, Labelled, Variable, note_labels, read_labels
from evaltools.survey.readers.model import Coding, Note, RawColumn, RawTable
from evaltools.survey.readers.multiple_response import NUMBERED, Parts, find_choices, find_parts
from evaltools.survey.readers.statistics_tools import Origin, origin_of, roles_of
from evaltools.survey.readers.ticks import Ticked, arrange

_SELECTED: Final = " - Selected Choice"


def statistics_table(
    variables: Sequence[Variable], n_counted: int, *, sets: Mapping[str, Any], notes: Sequence[Note] = ()
) -> tuple[RawTable, Origin | None]:
    """Build the table of a file.

    A variable with a number for a name (Q1, V12_3) is matched by its label, any other by its name. Every case is a
    row, also one without any answer.

    Parameters
    ----------
    n_counted
        Cases, counted from the bytes.
    sets
        Multiple response sets that the file declares.

    Returns
    -------
    tuple of (table, tool that the file comes from, None where it may be any)
    """
    names = [variable.name for variable in variables]
    origin = origin_of(names)
    read = {variable.name: read_labels(variable) for variable in variables}
    parts = find_parts(variables)
    ticked = find_choices(variables, parts, sets)
    rows = {place: (group.lead, part) for group in parts for place, part in zip(group.places, group.parts, strict=True)}
    identifying = [name for name in names if origin is not None and name.casefold() in origin.identifying]
    plain = [
        None
        if variable.name in identifying
        else (_column(variable, read[variable.name], *rows.get(place, ("", ""))), read[variable.name].cells)
        for place, variable in enumerate(variables)
    ]
    columns, cells = arrange(plain, ticked)
    meta = roles_of(origin, [column.header for column in columns])
    table = RawTable(
        sheet="",
        columns=tuple(columns),
        row_numbers=list(range(1, n_counted + 1)),
        values=cells,
        meta=meta,
        missing_marks=MARKS,
        separator=" ",
        n_counted=n_counted,
        notes=(*notes, *note_labels(read), *_notes(identifying, ticked, parts), *_note_zone(origin, meta)),
    )
    return table, origin


def _column(variable: Variable, read: Labelled, lead: str, part: str) -> RawColumn:
    coding: Coding = "label" if read.is_coded else ""
    label = variable.label.strip().removesuffix(_SELECTED)
    if not label or not NUMBERED.fullmatch(variable.name):
        return RawColumn(0, variable.name, variable.name, "name", coding=coding)
    if lead:
        return RawColumn(0, variable.name, part, "label", lead, coding=coding)
    return RawColumn(0, variable.name, label, "label", coding=coding)


def _notes(identifying: Sequence[str], ticked: Mapping[int, Ticked], parts: Sequence[Parts]) -> list[Note]:
    notes = [Note("note-dropped-identifying", {"columns": list(identifying)})] if identifying else []
    doubtful = {place for place, one in ticked.items() if not one.is_sure}
    unsure = [group.lead or group.stem for group in parts if not doubtful.isdisjoint(group.places)]
    return notes + ([Note("note-two-ways", {"columns": unsure})] if unsure else [])


def _note_zone(origin: Origin | None, meta: Mapping[str, int]) -> list[Note]:
    return [Note("note-time-no-zone", {"tool": origin.tool})] if origin is not None and "submitted_at" in meta else []
