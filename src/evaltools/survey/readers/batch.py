"""Read a batch of files: a look at each container here, its content in one limited process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from evaltools.errors import FileRefusedError, UsageError
from evaltools.survey.readers.child import ReadingProcess
from evaltools.survey.readers.choose import READERS
from evaltools.survey.readers.container import Container, open_container
from evaltools.survey.readers.model import Limits, RawFile, Reading
from evaltools.survey.readers.wire import decode_answer
from evaltools.text import clean

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
        size, container = len(container.data), replace(container, data=b"")  # or it would stay beside the cells
        return _raw_file(container, size, decode_answer(answer))
    except FileRefusedError as error:
        # its frames would keep the file's content in memory
        return error.with_traceback(None)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
        return FileRefusedError("reader-crashed", file=file)


def _raw_file(container: Container, size: int, reading: Reading) -> RawFile:
    return RawFile(
        path=container.path,
        sha256=container.sha256,
        size=size,
        reader=reading.reader,
        tool=reading.tool,
        confidence=reading.confidence,
        reason=reading.reason,
        encoding=reading.encoding,
        tables=reading.tables,
        skipped_sheets=reading.skipped_sheets,
    )
