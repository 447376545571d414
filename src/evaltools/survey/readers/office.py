"""Spreadsheets laid out by hand: titles above the header, headers of two rows, merged cells, totals, signatures.

Nothing is taken away unsaid: what was read as title, header, total or signature is noted with its rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.columns import build_table, kind_of, separator_of
from evaltools.survey.readers.layout import Layout, find_layout, header_texts
from evaltools.survey.readers.layout_merged import fill_down
from evaltools.survey.readers.layout_rows import find_left_out
from evaltools.survey.readers.layout_words import fold, unit_in, without_unit
from evaltools.survey.readers.model import Book, Grid, Note, RawColumn, RawTable, Sniff
from evaltools.survey.readers.sheet_kinds import kind_of_sheet
from evaltools.survey.readers.wjx_cells import marks_in
from evaltools.text import clean

TOOL: Final = "office"
_LEAST, _MOST, _STEP = 0.4, 0.6, 0.1
_SHOWN: Final = 20


def sniff(book: Book) -> Sniff:
    """Judge by what a plain table does not have; where there is nothing of it, the file is for another reader."""
    grid = book.first
    layout = find_layout(grid)
    if (other := kind_of_sheet(grid, layout, book.sheets)) is not None:
        return Sniff(_LEAST, other[1])
    left_out = find_left_out(grid, layout)
    found = [*layout.evidence]
    found += [f"rows of kind {why}" for why in dict.fromkeys(left_out.values())]
    found += ["cells merged downwards"] if fill_down(grid, layout, left_out)[1] else []
    if not found:
        return Sniff(0.0, "no layout but a header row")
    return Sniff(min(_MOST, _LEAST + _STEP * (len(found) - 1)), "; ".join(found))


def read(book: Book) -> list[RawTable]:
    """Read the sheet: a header of one to three rows, each column under its group; answers without what is none.

    Raises
    ------
    FileRefusedError
        ``sheet-codebook``, ``sheet-form``: the sheet lists codes, or questions, and no answers.
    """
    grid = book.first
    layout = find_layout(grid)
    if (other := kind_of_sheet(grid, layout, book.sheets)) is not None:
        raise FileRefusedError(other[0], file=grid.file, sheet=clean(grid.sheet), columns=other[1])
    left_out = find_left_out(grid, layout)
    cells, filled = fill_down(grid, layout, left_out)
    values = [column.rows(layout.first) for column in cells]
    columns, marks = _name_columns(grid, layout), marks_in(values)
    notes = _notes(grid, layout, left_out, [(columns[place].header, n) for place, n in filled.items()])
    return [
        build_table(
            grid,
            columns,
            n_header=layout.first,
            separator=separator_of(values),
            values=values,
            missing_marks=marks,
            left_out={grid.numbers[place]: why for place, why in left_out.items()},
            notes=[*notes, Note("note-marks", {"marks": list(marks)})] if marks else notes,
        )
    ]


def _name_columns(grid: Grid, layout: Layout) -> list[RawColumn]:
    """Return the columns: a header below a group is the row of a matrix, and its group what leads to it."""
    units = grid.row(layout.units) if layout.units is not None else [None] * grid.width
    seen: dict[str, int] = {}
    columns = []
    for position, (group, key) in enumerate(header_texts(grid, layout)):
        header = f"{group}—{key}" if group else key
        seen[header] = seen.get(header, 0) + 1
        # below a group only the key holds the whole wording of the column
        wording = key if group else without_unit(key)
        columns.append(
            RawColumn(
                position, header, wording, kind_of(key), group or None,
                nth=seen[header], unit=unit_in(units[position]), amounts=layout.money,
            )
        )  # fmt: skip
    return columns


def _notes(grid: Grid, layout: Layout, left_out: Mapping[int, str], filled: Sequence[tuple[str, int]]) -> list[Note]:
    notes = []
    if layout.evidence:
        titles = _rows(grid, range(layout.header))
        header = _rows(grid, range(layout.header, layout.first))
        notes.append(Note("note-office-top", {"titles": titles or "-", "header": header}))
    if layout.money:
        notes.append(Note("note-office-money", {"unit": layout.money}))
    for why in dict.fromkeys(left_out.values()):
        places = [place for place, one in left_out.items() if one == why]
        notes.append(Note(f"note-office-{why}", {"count": len(places), "rows": _rows(grid, places)}))
    if filled:
        shown = ", ".join(f"{fold(header)} ({n})" for header, n in filled)
        notes.append(Note("note-office-merged", {"count": sum(n for _, n in filled), "columns": shown}))
    return notes


def _rows(grid: Grid, places: Sequence[int]) -> str:
    """Return row numbers as a person reads them, not more than are of use."""
    shown = [str(grid.numbers[place]) for place in places[:_SHOWN]]
    return ", ".join([*shown, *(["…"] if len(places) > _SHOWN else [])])
