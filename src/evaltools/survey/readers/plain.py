"""Any table whose first row holds the headers."""

from __future__ import annotations

from evaltools.survey.readers.columns import build_table, column_values, headers_of, kind_of, separator_of
from evaltools.survey.readers.model import Book, RawColumn, Sniff, TableData

TOOL = "plain"


def sniff(book: Book) -> Sniff:
    """Take every file, after all others have declined."""
    return Sniff(0.1, f"first row as headers, {book.first.width} columns")


def read(book: Book) -> list[TableData]:
    """Read a table with one header row.

    A header in the form of a question's name is a "name", any other a "label". Choices in one cell are taken to be
    joined by ``┋`` or ``;`` where the table holds that sign, else by a comma.
    """
    grid, columns = book.first, []
    for position, (header, nth) in enumerate(headers_of(grid.row(0))):
        key = header.strip()
        columns.append(RawColumn(position, header, key, kind_of(key), nth=nth))
    return [build_table(grid, columns, n_header=1, separator=separator_of(column_values(grid, 1)))]
