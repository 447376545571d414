"""csv files of a zip archive as the sheets of a book.

The archive is read from memory and nothing is unpacked to a disk: names of entries are labels, never paths. Whatever is
no csv file (photographs, recordings) is listed and not read.
"""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.archive import DAMAGE, is_table
from evaltools.survey.readers.delimited import read_delimited
from evaltools.survey.readers.model import Book, Grid, Limits
from evaltools.text import clean

_UTF8: Final = 0x800


@contextmanager
def open_zip(data: bytes, *, sheet: str | None, file: str, limits: Limits) -> Iterator[Book]:
    """Open an archive; its csv files are read one by one, when they are asked for.

    Parameters
    ----------
    data
        The whole archive, which :func:`evaltools.survey.readers.archive.check_archive` has judged.
    sheet
        Name of the csv file that is read first; None takes the one of the shortest name that holds a value, since
        tools name the tables of repeats after the table that they belong to.
    file
        Name of the archive, for messages.

    Raises
    ------
    FileRefusedError
        ``sheet-missing``, ``sheet-empty``, ``zip-duplicate``, ``file-damaged``, and those of
        :func:`evaltools.survey.readers.delimited.read_delimited`; also while a csv file is read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            tables = _Tables(archive, _entries(archive, file), file, limits)
            if sheet is not None and sheet not in tables.entries:
                known = [clean(name) for name in tables.entries]
                raise FileRefusedError("sheet-missing", file=file, sheet=sheet, sheets=known)
            first, encoding = tables.first() if sheet is None else tables.read(sheet)
            unread = [_name(entry) for entry in archive.infolist() if not (is_table(entry.filename) or entry.is_dir())]
            yield Book(
                file, "zip", tuple(tables.entries), first, lambda name: tables.read(name)[0], encoding,
                unread=_by_folder(unread),
            )  # fmt: skip
    except DAMAGE as error:
        raise FileRefusedError("file-damaged", file=file, problem=type(error).__name__) from error


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """The csv files of an open archive."""

    archive: zipfile.ZipFile
    entries: Mapping[str, zipfile.ZipInfo]
    file: str
    limits: Limits

    def first(self) -> tuple[Grid, str]:
        """Read the one of the shortest name that holds a value."""
        for name in sorted(self.entries, key=lambda name: (len(name), name)):
            try:
                return self.read(name)
            except FileRefusedError as error:
                if error.code != "sheet-empty":
                    raise
        raise FileRefusedError("sheet-empty", file=self.file, sheet="")

    def read(self, name: str) -> tuple[Grid, str]:
        """Read one, and say in which encoding it is."""
        content = self.archive.read(self.entries[name])
        grid, encoding = read_delimited(content, file=f"{self.file}/{clean(name)}", limits=self.limits)
        return replace(grid, sheet=name), encoding


def _entries(archive: zipfile.ZipFile, file: str) -> dict[str, zipfile.ZipInfo]:
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        if is_table(entry.filename) and found.setdefault(_name(entry), entry) is not entry:
            raise FileRefusedError("zip-duplicate", file=file, part=clean(_name(entry)))
    return found


def _name(entry: zipfile.ZipInfo) -> str:
    """Return an entry's name; where it is not marked as UTF-8, programs in China write it in GB18030."""
    if entry.flag_bits & _UTF8 or entry.filename.isascii():
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return entry.filename


def _by_folder(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of files, those of one folder as one."""
    folders = Counter(name.rpartition("/")[0] for name in names if "/" in name)
    single = [clean(name) for name in names if "/" not in name]
    return (*single, *(f"{clean(folder)}/ ({count})" for folder, count in folders.items()))
