"""Tables of survey tools with columns of their own in front and one header a question."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from evaltools.survey.readers.cells import Cells
from evaltools.survey.readers.columns import build_table, column_values, headers_of
from evaltools.survey.readers.links import holds_links, note_links
from evaltools.survey.readers.model import Grid, Note, RawColumn, RawTable
from evaltools.survey.readers.stems import find_stems, name_stems

SIGNS: Final = "-—:：_"
"""What stands between a question and its option or row where a tool has no sign of its own for it."""


@dataclass(frozen=True, slots=True)
class OwnColumns:
    """What a tool adds to the answers.

    Attributes
    ----------
    roles
        Header, without blanks and in small letters, to role.
    others
        Headers of the further ones.
    """

    roles: Mapping[str, str]
    others: frozenset[str]

    def found(self, headers: Sequence[str]) -> list[str]:
        """Return those of the headers that are the tool's own."""
        return [header.strip() for header in headers if self.has(header)]

    def has(self, header: str) -> bool:
        """Say whether a header is one of them."""
        return own_key(header) in self.roles or own_key(header) in self.others


def own_key(header: str) -> str:
    """Return a header of a tool as it is compared: without blanks, brackets half-width, in small letters."""
    return re.sub(r"\s+", "", header).replace("（", "(").replace("）", ")").lower()


def read_labels(grid: Grid, own: OwnColumns) -> list[RawTable]:
    """Read a table whose headers are wordings of questions, with those of options and rows behind them."""
    columns = [
        RawColumn(position, header, header.strip(), "label", nth=nth, coding="label")
        for position, (header, nth) in enumerate(headers_of(grid.row(0)))
    ]
    asked = [None if own.has(column.header) else "asked" for column in columns]
    stems = find_stems([column.key for column in columns], asked, SIGNS)
    named, values = name_stems(columns, stems, column_values(grid, 1))
    return table_of_answers(grid, named, values, own)


def table_of_answers(
    grid: Grid,
    columns: Sequence[RawColumn],
    values: Sequence[Cells],
    own: OwnColumns,
    *,
    n_header: int = 1,
    separator: str = "",
    missing_marks: Mapping[str, str] | None = None,
    notes: Sequence[Note] = (),
) -> list[RawTable]:
    """Build the one table of a tool's export; links to files are left out."""
    links = [column for column in columns if not own.has(column.header) and holds_links(values[column.position])]
    dropped = {column.position for column in links}
    kept = [column for column in columns if column.position not in dropped]
    cells = [values[column.position] for column in kept]
    kept = [replace(column, position=place, own=own.has(column.header)) for place, column in enumerate(kept)]
    meta = {
        role: column.position
        for column in reversed(kept)
        if (role := own.roles.get(own_key(column.header))) is not None
    }
    return [
        build_table(
            grid, kept, n_header=n_header, separator=separator, values=cells, meta=meta,
            missing_marks=missing_marks, notes=(*notes, *note_links(links)),
        )
    ]  # fmt: skip
