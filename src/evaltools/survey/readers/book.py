"""Open a file of any kind as a book of grids."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.delimited import read_delimited
from evaltools.survey.readers.model import Book, Grid, Kind, Limits


@contextmanager
def open_book(data: bytes, kind: Kind, *, sheet: str | None, file: str, limits: Limits) -> Iterator[Book]:
    """Open a file that holds one grid or several.

    Parameters
    ----------
    sheet
        The sheet that is read first; None: the first that holds a value.

    Raises
    ------
    FileRefusedError
        ``sheet-missing``: a sheet is named and the format has none; and those of the format.
    """
    if kind == "text":
        if sheet is not None:
            raise FileRefusedError("sheet-missing", file=file, sheet=sheet, sheets=[])
        grid, encoding = read_delimited(data, file=file, limits=limits)
        yield single(grid, kind, encoding)
        return
    if kind == "parquet":
        from evaltools.survey.readers.parquet import read_parquet

        if sheet is not None:
            raise FileRefusedError("sheet-missing", file=file, sheet=sheet, sheets=[])
        yield single(read_parquet(data, file=file, limits=limits), kind)
        return
    if kind == "json":
        from evaltools.survey.readers.json_book import open_json

        yield open_json(data, sheet=sheet, file=file, limits=limits)
        return
    if kind == "zip":
        from evaltools.survey.readers.zip_book import open_zip

        with open_zip(data, sheet=sheet, file=file, limits=limits) as book:
            yield book
        return
    from evaltools.survey.readers.workbook import open_workbook

    with open_workbook(data, kind, sheet=sheet, file=file, limits=limits) as book:
        yield book


def single(grid: Grid, kind: Kind, encoding: str | None = None) -> Book:
    """Return the book of a format without sheets."""
    return Book(grid.file, kind, ("",), grid, lambda _: grid, encoding)
