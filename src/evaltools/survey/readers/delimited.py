"""csv and tsv text to a grid; a file that cannot be read whole is refused with the line.

Rows are read by the csv module and counted by a pattern that knows the same grammar (RFC 4180, section 2): a quote
opens a field only as its first sign, two quotes inside a quoted field are one, line ends are CR LF, LF or CR.
"""

from __future__ import annotations

import csv
import io
import re
from functools import cache

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.cells import Coder
from evaltools.survey.readers.encodings import decode, line_number
from evaltools.survey.readers.model import Grid, Limits

_DELIMITERS = (",", ";", "\t")
_SAMPLE = 50
_HINT = re.compile(r"sep=([,;\t])(?:\r\n|\r|\n)", re.IGNORECASE)
_END_OF_FILE = "\x1a"  # left by old programs behind the last line


def read_delimited(data: bytes, *, file: str, limits: Limits) -> tuple[Grid, str]:
    """Read a text file into a grid.

    Parameters
    ----------
    data
        Content of the file.
    file
        Its name, for messages.
    limits
        `max_cells` and `max_field` (signs in one field) are used.

    Returns
    -------
    tuple of (grid, encoding)
        The numbers of the grid's rows are those that a spreadsheet program shows.

    Raises
    ------
    FileRefusedError
        Those of :func:`evaltools.survey.readers.encodings.decode`; ``csv-quote``, ``csv-ragged``, ``csv-field``,
        ``file-cells``, ``rows-mismatch``, ``sheet-empty``.
    """
    text, encoding = decode(data, file=file)
    text = text.removesuffix(_END_OF_FILE)
    hint = _HINT.match(text)
    start = hint.end() if hint else 0
    delimiter = hint[1] if hint else _sniff_delimiter(text)
    counted, width = count_records(text, delimiter, start=start, file=file)
    if counted * width > limits.max_cells:
        raise FileRefusedError("file-cells", file=file, limit=limits.max_cells)
    grid = _read_rows(text[start:], delimiter, counted, 1 if hint else 0, file, limits)
    return grid, encoding


def count_records(text: str, delimiter: str, *, start: int = 0, file: str) -> tuple[int, int]:
    """Count the records that hold a value, and the fields of the first, without the csv module.

    Raises
    ------
    FileRefusedError
        ``csv-quote``: a quoted field is not closed, or text follows its closing quote; with the line.
    """
    record, blank, field = _patterns(delimiter)
    counted, width = 0, 0
    while start < len(text):
        found = record.match(text, start)
        if found is None:
            raise FileRefusedError("csv-quote", file=file, line=line_number(text, start))
        if not blank.fullmatch(text, start, found.start(1)):
            counted += 1
            width = width or 1 + sum(1 for one in field.finditer(text, start, found.start(1)) if one[1])
        start = found.end()
    return counted, width


@cache
def _patterns(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return patterns of a record with its end, of a record without a value, and of a field with its delimiter."""
    # possessive quantifiers: no way back, so time is linear in the length
    one = rf'(?:"[^"]*+(?:""[^"]*+)*+"|[^"{delimiter}\r\n][^{delimiter}\r\n]*+)?+'
    record = re.compile(rf"{one}(?:{delimiter}{one})*+(\r\n|\r|\n|\Z)")
    blank = re.compile(rf'(?:"")?+(?:{delimiter}(?:"")?+)*+')
    return record, blank, re.compile(rf"{one}({delimiter}|\Z)")


def _sniff_delimiter(text: str) -> str:
    """Return the delimiter that gives the first records one width, the widest; else the one most used in the first."""
    judged = [(*_judge(text, delimiter), delimiter) for delimiter in _DELIMITERS]
    best = max(judged, key=lambda entry: entry[:2])
    return best[2] if best[1] > 1 else ","


def _judge(text: str, delimiter: str) -> tuple[bool, int]:
    record, blank, field = _patterns(delimiter)
    widths: list[int] = []
    start = 0
    while start < len(text) and len(widths) < _SAMPLE:
        found = record.match(text, start)
        if found is None:
            break
        if not blank.fullmatch(text, start, found.start(1)):
            widths.append(1 + sum(1 for one in field.finditer(text, start, found.start(1)) if one[1]))
        start = found.end()
    width = widths[0] if widths else 0
    return width > 1 and len(set(widths)) == 1, width


def _read_rows(text: str, delimiter: str, counted: int, skipped: int, file: str, limits: Limits) -> Grid:
    csv.field_size_limit(limits.max_field)
    # newline="" keeps the line ends inside fields and lets CR alone end a line
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    numbers: list[int] = []
    columns: list[Coder] = []
    number, line = skipped, 1 + skipped
    try:
        for fields in reader:
            number += 1
            if any(fields):
                columns = columns or [Coder() for _ in fields]
                numbers.append(number)
                for column, field in zip(columns, _fit(fields, len(columns), file, line), strict=True):
                    column.add(field or None)
            line = reader.line_num + 1 + skipped
    except csv.Error as error:
        if "field limit" in str(error):
            raise FileRefusedError("csv-field", file=file, line=line, limit=limits.max_field) from error
        raise FileRefusedError("csv-quote", file=file, line=line) from error
    if not numbers:
        raise FileRefusedError("sheet-empty", file=file, sheet="")
    if len(numbers) != counted:
        raise FileRefusedError("rows-mismatch", file=file, sheet="", read=len(numbers), counted=counted)
    return Grid(file, "", numbers, [column.cells() for column in columns], counted)


def _fit(fields: list[str], width: int, file: str, line: int) -> list[str]:
    """Return the fields of a row; more fields than the header has are let go where they are blank."""
    if len(fields) < width or any(fields[width:]):
        raise FileRefusedError("csv-ragged", file=file, line=line, found=len(fields), expected=width)
    return fields[:width]
