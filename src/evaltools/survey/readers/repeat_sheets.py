"""Tables of repeats: to which row of which other table each of their rows belongs, and whether rows are gone.

KoboToolbox numbers the rows of every sheet (`_index`) and names the parent's (`_parent_index`). ODK Central and
SurveyCTO give every row a KEY, ``uuid:…/g_loan/banks[2]``, and the PARENT_KEY of the row that it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.cells import Cell, Cells
from evaltools.survey.readers.columns import column_values, headers_of
from evaltools.survey.readers.model import Book, Grid, Parent, RawTable
from evaltools.text import clean

INDEX: Final = "_index"
PARENT_INDEX: Final = "_parent_index"
PARENT_TABLE: Final = "_parent_table_name"
KEY: Final = "KEY"
PARENT_KEY: Final = "PARENT_KEY"
_INSTANCE: Final = re.compile(r"\[(\d{1,6})\]")
_UNSAFE: Final = re.compile(r"[\[\]*?:\\/]")
_LONGEST_NAME: Final = 31
# columns that name the parent's row, and what they name there; the best first
_LINKS: Final = (
    (PARENT_INDEX, INDEX),
    ("_submission__id", "_id"),
    ("_submission__uuid", "_uuid"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A grid with its headers, as a reader names them.

    Attributes
    ----------
    keys
        Of each column.
    values
        Cells below the header rows, column by column.
    n_header
        Rows at the top of the grid that hold no answers.
    """

    grid: Grid
    keys: list[str]
    values: list[Cells]
    n_header: int

    def place(self, key: str) -> int | None:
        """Return the position of the last column of a name: what is added stands behind what was asked."""
        places = [place for place, one in enumerate(self.keys) if one == key]
        return places[-1] if places else None


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """To which table each row of a repeat belongs, and by which columns of the two grids."""

    parent: Table
    own: int
    other: int


@dataclass(frozen=True, slots=True, eq=False)
class ReadTable:
    """A table as a reader hands it on; `positions` gives the place of each column of the grid that is kept."""

    source: Table
    data: RawTable
    positions: Mapping[int, int]


def link_tables(tables: Sequence[ReadTable], links: Sequence[Link | None]) -> list[RawTable]:
    """Return tables with their parents, in terms of the columns that are kept."""
    kept = {id(one.source): one.positions for one in tables}
    linked = []
    for one, link in zip(tables, links, strict=True):
        parent = None
        if link is not None:
            other = kept[id(link.parent)][link.other]
            parent = Parent(link.parent.grid.sheet, one.positions[link.own], other)
        linked.append(replace(one.data, parent=parent))
    return linked


def plain_table(grid: Grid) -> Table:
    """Return a grid with one row of headers."""
    return Table(grid, [header.strip() for header, _ in headers_of(grid.row(0))], column_values(grid, 1), 1)


def other_grids(book: Book) -> Iterable[Grid]:
    """Load the sheets of a book behind the first; those of the server itself, and those without a value, are left."""
    for name in book.sheets:
        if name == book.first.sheet or name.startswith("_"):
            continue
        try:
            yield book.load(name)
        except FileRefusedError as error:
            if error.code != "sheet-empty":
                raise


def parent_by_index(table: Table, root: Table, repeats: Sequence[Table]) -> Link:
    """Find the parents of a table of KoboToolbox.

    Raises
    ------
    FileRefusedError
        ``repeat-parent``: the table names a parent that the file does not have; ``repeat-rows-lost``: the numbering of
        its rows shows that some are gone.
    """
    parent = _named_parent(table, root, repeats)
    links = [] if parent is None else [(table.place(own), parent.place(other)) for own, other in _LINKS]
    link = next(((own, other) for own, other in links if own is not None and other is not None), None)
    if parent is None or link is None:
        raise FileRefusedError("repeat-parent", file=table.grid.file, sheet=clean(table.grid.sheet))
    own, index = table.place(INDEX), root.place(INDEX)
    if parent is root and own is not None and index is not None and table.keys[link[0]] == PARENT_INDEX:
        _refuse_lost_rows(table, own, link[0], set(_whole(root.values[index])))
    return Link(parent, *link)


def parent_by_key(table: Table, tables: Sequence[Table]) -> Link:
    """Find the parents of a table of ODK Central or SurveyCTO among all tables, the main one first.

    Raises
    ------
    FileRefusedError
        ``repeat-parent``: no other table has keys; ``repeat-rows-lost``: the numbers in the keys show a gap.
    """
    own, key = table.place(PARENT_KEY), table.place(KEY)
    others = [(one, place) for one in tables if one is not table and (place := one.place(KEY)) is not None]
    if own is None or not others:
        raise FileRefusedError("repeat-parent", file=table.grid.file, sheet=clean(table.grid.sheet))
    wanted = set(table.values[own].occurring())
    parent, other = max(others, key=lambda pair: len(wanted & set(pair[0].values[pair[1]].occurring())))
    if key is not None:
        _refuse_gaps(table, own, key)
    return Link(parent, own, other)


def path_of(table: Table) -> str:
    """Return the path of a repeat in its form, from the keys of its rows; "" where they do not tell."""
    key = table.place(KEY)
    keys = [] if key is None else table.values[key].occurring()
    paths = {_INSTANCE.sub("", str(one).partition("/")[2]) for one in keys}
    return paths.pop() if len(paths) == 1 else ""


def _named_parent(table: Table, root: Table, repeats: Sequence[Table]) -> Table | None:
    """Return the table that the rows of another name as their parent's; of a name nobody bears there can be but one."""
    place = table.place(PARENT_TABLE)
    names = set() if place is None else {str(name) for name in table.values[place].occurring()}
    if len(names) > 1:
        return None
    # sheets have shorter names: some signs are taken out, and 31 are kept
    known = {short for name in names for short in (name, _UNSAFE.sub("", name)[:_LONGEST_NAME])}
    found = next((one for one in (*repeats, root) if one is not table and one.grid.sheet in known), None)
    return found or (root if not names or len(repeats) == 1 else None)


def _refuse_lost_rows(table: Table, own: int, link: int, parents: Collection[int | None]) -> None:
    """Refuse a gap in the numbers of rows, unless a parent is gone as well: then somebody took a submission out."""
    numbers = zip(_whole(table.values[own]), _whole(table.values[link]), strict=True)
    rows = sorted(
        (number, parent, place)
        for place, (number, parent) in enumerate(numbers)
        if number is not None and parent is not None
    )
    for (before, parent_before, _), (after, parent_after, place) in pairwise([(0, 0, 0), *rows]):
        if after > before + 1 and all(number in parents for number in range(parent_before + 1, parent_after)):
            raise _lost(table, place, after - before - 1)


def _refuse_gaps(table: Table, own: int, key: int) -> None:
    """Refuse rows whose keys do not count from 1 on within their parent."""
    numbered: dict[Cell, dict[int, int]] = {}
    for place, (parent, name) in enumerate(zip(table.values[own], table.values[key], strict=True)):
        if numbers := _INSTANCE.findall(str(name).rpartition("/")[2]):
            numbered.setdefault(parent, {})[int(numbers[-1])] = place
    for places in numbered.values():
        last = max(places)
        if last > len(places):
            raise _lost(table, places[last], last - len(places))


def _lost(table: Table, place: int, count: int) -> FileRefusedError:
    row = table.grid.numbers[table.n_header + place]
    return FileRefusedError(
        "repeat-rows-lost", file=table.grid.file, sheet=clean(table.grid.sheet), row=row, count=count
    )


def _whole(cells: Cells) -> list[int | None]:
    known = {cell: int(str(cell)) if re.fullmatch(r"\d{1,9}", str(cell)) else None for cell in cells.occurring()}
    return [known.get(cell) for cell in cells]
