"""Read a batch of files: a look at each container here, its content in one limited process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evaltools.errors import FileRefusedError, UsageError
from evaltools.survey.readers.cells import Cells
from evaltools.survey.readers.child import ReadingProcess
from evaltools.survey.readers.choose import READERS
from evaltools.survey.readers.container import Container, open_container
from evaltools.survey.readers.model import Limits, RawFile, RawTable, Reading, TableData
from evaltools.survey.readers.wire import decode_answer
from evaltools.text import clean

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

LIMITS = Limits()


def read_files(
    paths: Sequence[Path],
    *,
    readers: Sequence[str | None] | None = None,
    sheets: Sequence[str | None] | None = None,
    limits: Limits = LIMITS,
) -> list[RawFile | FileRefusedError]:
    """Read files whole, or say why one was not.

    Parameters
    ----------
    paths
        The files.
    readers
        For each file the name of a reader ("wjx", "kobo", "plain", "spss"), or None for the one that is surest.
        None for all: no name for any.
    sheets
        For each file the sheet of the workbook, or None for the first visible one that holds a value.
    limits
        What one file may ask for.

    Returns
    -------
    list
        One entry a path, in order: the file, or the error that refuses it (returned, not raised, so that one bad file
        does not hide the others).

    Raises
    ------
    UsageError
        ``reader-unknown``.
    ValueError
        `readers` or `sheets` are not as long as `paths`.
    """
    named = [None] * len(paths) if readers is None else readers
    chosen = [None] * len(paths) if sheets is None else sheets
    for reader in named:
        if reader is not None and reader not in READERS:
            raise UsageError("reader-unknown", reader=reader, allowed=READERS)
    with ReadingProcess(limits) as process:
        return [
            _read_file(process, Path(path), reader, sheet, limits)
            for path, reader, sheet in zip(paths, named, chosen, strict=True)
        ]


def _read_file(
    process: ReadingProcess, path: Path, reader: str | None, sheet: str | None, limits: Limits
) -> RawFile | FileRefusedError:
    file = clean(path.name)
    try:
        container = open_container(path, limits)
        answer = process.ask(container.data, container.kind, reader=reader, sheet=sheet, file=file)
        return _raw_file(container, decode_answer(answer))
    except FileRefusedError as error:
        # its frames would keep the file's content in memory
        return error.with_traceback(None)
    except (KeyError, TypeError, ValueError, RecursionError):
        return FileRefusedError("reader-crashed", file=file)


def _raw_file(container: Container, reading: Reading) -> RawFile:
    return RawFile(
        path=container.path,
        sha256=container.sha256,
        size=len(container.data),
        reader=reading.reader,
        tool=reading.tool,
        confidence=reading.confidence,
        reason=reading.reason,
        encoding=reading.encoding,
        tables=tuple(_raw_table(table) for table in reading.tables),
        skipped_sheets=reading.skipped_sheets,
    )


def _raw_table(table: TableData) -> RawTable:
    # imported here, so that the reading process starts without it
    import pandas as pd

    index = pd.Index(table.row_numbers, dtype="int64", name="row")
    rows = pd.DataFrame(
        {place: pd.Series(_objects(cells), index=index, dtype=object) for place, cells in enumerate(table.values)},
        index=index,
    )
    return RawTable(
        sheet=table.sheet,
        columns=table.columns,
        rows=rows,
        meta=table.meta,
        missing_marks=table.missing_marks,
        separator=table.separator,
        n_counted=table.n_counted,
        left_out=table.left_out,
        notes=table.notes,
        parent=table.parent,
    )


def _objects(cells: Cells) -> npt.NDArray[np.object_]:
    import numpy as np

    distinct = np.empty(len(cells.distinct), dtype=object)
    distinct[:] = cells.distinct
    objects: npt.NDArray[np.object_] = distinct[np.asarray(cells.codes)]
    return objects
