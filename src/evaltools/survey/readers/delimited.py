"""csv and tsv text to a grid; a file that cannot be read whole is refused with the line.

Rows are read by the csv module and counted by a pattern that knows the same grammar (RFC 4180, section 2): a quote
opens a field only as its first sign, two quotes inside a quoted field are one, line ends are CR LF, LF or CR.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.cells import Coder
from evaltools.survey.readers.encodings import judge_encoding, line_ends, read_text
from evaltools.survey.readers.model import Grid, Limits

_DELIMITERS = (",", ";", "\t")
_SAMPLE = 50  # records
_SAMPLE_PIECES = 4  # of the text, about a million signs each
_BLOCK = 4096  # rows
_LONG = 100_000  # signs of a record
_HINT = re.compile(r"sep=([,;\t])(?:\r\n|\r|\n)", re.IGNORECASE)
_END_OF_FILE = "\x1a"  # left by old programs behind the last line


def read_delimited(data: bytes, *, file: str, limits: Limits) -> tuple[Grid, str]:
    """Read a text file into a grid; its text is never in memory as a whole.

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
        Those of :func:`evaltools.survey.readers.encodings.judge_encoding`; ``csv-quote``, ``csv-ragged``,
        ``csv-field``, ``file-cells``, ``rows-mismatch``, ``sheet-empty``.
    """
    text = _Text(data, judge_encoding(data, file=file))
    sample = list(islice(text.pieces(), _SAMPLE_PIECES))
    hint = _HINT.match(sample[0])
    delimiter = hint[1] if hint else _sniff_delimiter("".join(sample), is_whole=len(sample) < _SAMPLE_PIECES)
    text = replace(text, start=hint.end() if hint else 0)
    skipped = 1 if hint else 0
    counted, width = count_records(text.pieces(), delimiter, file=file, skipped=skipped)
    if counted * width > limits.max_cells:
        raise FileRefusedError("file-cells", file=file, limit=limits.max_cells)
    return _read_rows(_lines(text.pieces()), delimiter, counted, skipped, file, limits), text.encoding


def find_records(text: str) -> tuple[str, list[tuple[int, int, int]]]:
    """Find where each record of a text stands, without reading it.

    Returns
    -------
    tuple of (delimiter, records)
        Of each record its first sign, the sign behind its last field, and its number as in :func:`read_delimited`.

    Raises
    ------
    FileRefusedError
        ``csv-quote``: the text is no such table.
    """
    hint = _HINT.match(text)
    delimiter = hint[1] if hint else _sniff_delimiter(text, is_whole=True)
    record, _, _ = _patterns(delimiter)
    start, number = (hint.end(), 1) if hint else (0, 0)
    records = []
    while start < len(text):
        found = record.match(text, start)
        if found is None:
            raise FileRefusedError("csv-quote", file="", line=1 + line_ends(text[:start]))
        number += 1
        records.append((start, found.start(1), number))
        start = found.end()
    return delimiter, records


@dataclass(frozen=True, slots=True)
class _Text:
    """The text of a file from its sign `start` on, decoded anew each time that it is gone through."""

    data: bytes
    encoding: str
    start: int = 0

    def pieces(self) -> Iterator[str]:
        """Yield it piece by piece."""
        pieces = read_text(self.data, self.encoding)
        held = next(pieces, "")[self.start :]
        for piece in pieces:
            yield held
            held = piece
        yield held.removesuffix(_END_OF_FILE)


def count_records(pieces: Iterable[str], delimiter: str, *, file: str, skipped: int = 0) -> tuple[int, int]:
    """Count the records that hold a value, and the fields of the first, without the csv module.

    Parameters
    ----------
    pieces
        The text, cut anywhere.
    skipped
        Lines of the file before it.

    Raises
    ------
    FileRefusedError
        ``csv-quote``: a quoted field is not closed, or text follows its closing quote; with the line. ``csv-ragged``
        for a very long record of too many fields.
    """
    record, blank, field = _patterns(delimiter)
    following = iter(pieces)
    counted, width, line = 0, 0, 1 + skipped
    text, is_last = "", False
    while not is_last:
        text, is_last = _longer(text, following)
        start = 0
        while start < len(text):
            found = record.match(text, start)
            if not is_last and (found is None or found.end() == len(text)):
                break
            if found is None:
                raise FileRefusedError("csv-quote", file=file, line=line + line_ends(text[:start]))
            if not blank.fullmatch(text, start, found.start(1)):
                counted += 1
                width = width or _fields(field, text, start, found.start(1))
                if found.start(1) - start > _LONG:
                    _refuse_wide(text[start : found.start(1)], delimiter, width, file, line + line_ends(text[:start]))
            start = found.end()
        line += line_ends(text[:start])
        text = text[start:]
    return counted, width


def _refuse_wide(record: str, delimiter: str, width: int, file: str, line: int) -> None:
    """Refuse a very long record of more fields than the first, before the csv module makes them all."""
    if '"' not in record and (found := record.rstrip(delimiter).count(delimiter) + 1) > width:
        raise FileRefusedError("csv-ragged", file=file, line=line, found=found, expected=width)


def _longer(text: str, following: Iterator[str]) -> tuple[str, bool]:
    """Return a text with at least as much again of what follows, and whether that was all."""
    parts, wanted = [text], max(1, len(text))
    for piece in following:
        parts.append(piece)
        wanted -= len(piece)
        if wanted <= 0:
            return "".join(parts), False
    return "".join(parts), True


@cache
def _patterns(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return patterns of a record with its end, of a record without a value, and of a field with its delimiter."""
    # possessive quantifiers: no way back, so time is linear in the length
    one = rf'(?:"[^"]*+(?:""[^"]*+)*+"|[^"{delimiter}\r\n][^{delimiter}\r\n]*+)?+'
    record = re.compile(rf"{one}(?:{delimiter}{one})*+(\r\n|\r|\n|\Z)")
    blank = re.compile(rf'(?:"")?+(?:{delimiter}(?:"")?+)*+')
    return record, blank, re.compile(rf"{one}({delimiter}|\Z)")


def _fields(field: re.Pattern[str], text: str, start: int, end: int) -> int:
    return 1 + sum(1 for one in field.finditer(text, start, end) if one[1])


def _sniff_delimiter(text: str, *, is_whole: bool) -> str:
    """Return the delimiter that gives the first records one width, the widest; else the one most used in the first."""
    judged = [(*_judge(text, delimiter, is_whole=is_whole), delimiter) for delimiter in _DELIMITERS]
    best = max(judged, key=lambda entry: entry[:2])
    return best[2] if best[1] > 1 else ","


def _judge(text: str, delimiter: str, *, is_whole: bool) -> tuple[bool, int]:
    record, blank, field = _patterns(delimiter)
    widths: list[int] = []
    start = 0
    while start < len(text) and len(widths) < _SAMPLE:
        found = record.match(text, start)
        if found is None or (found.end() == len(text) and not is_whole):
            break
        if not blank.fullmatch(text, start, found.start(1)):
            widths.append(_fields(field, text, start, found.start(1)))
        start = found.end()
    width = widths[0] if widths else 0
    return width > 1 and len(set(widths)) == 1, width


def _lines(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a text with their ends."""
    held: list[str] = []
    for piece in pieces:
        held.append(piece)
        if "\n" in piece or "\r" in piece:
            # newline="" keeps the line ends inside fields and lets CR alone end a line
            *whole, last = io.StringIO("".join(held), newline="")
            yield from whole
            held = [last]
    yield from io.StringIO("".join(held), newline="")


def _read_rows(lines: Iterable[str], delimiter: str, counted: int, skipped: int, file: str, limits: Limits) -> Grid:
    numbers: list[int] = []
    columns: list[Coder] = []
    rows = _rows(lines, delimiter, skipped, numbers, file, limits)
    while block := list(islice(rows, _BLOCK)):
        columns = columns or [Coder("") for _ in block[0]]
        for column, fields in zip(columns, zip(*block, strict=True), strict=True):
            column.extend(fields)
    if not numbers:
        raise FileRefusedError("sheet-empty", file=file, sheet="")
    if len(numbers) != counted:
        raise FileRefusedError("rows-mismatch", file=file, sheet="", read=len(numbers), counted=counted)
    return Grid(file, "", numbers, [column.cells() for column in columns], counted)


def _rows(
    lines: Iterable[str], delimiter: str, skipped: int, numbers: list[int], file: str, limits: Limits
) -> Iterator[list[str]]:
    """Yield the fields of each row that holds a value; the rows' numbers go to `numbers`."""
    csv.field_size_limit(limits.max_field)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number, line, width = skipped, 1 + skipped, 0
    try:
        for fields in reader:
            number += 1
            if any(fields):
                width = width or len(fields)
                numbers.append(number)
                yield fields if len(fields) == width else _fit(fields, width, file, line)
            line = reader.line_num + 1 + skipped
    except csv.Error as error:
        if "field limit" in str(error):
            raise FileRefusedError("csv-field", file=file, line=line, limit=limits.max_field) from error
        raise FileRefusedError("csv-quote", file=file, line=line) from error


def _fit(fields: list[str], width: int, file: str, line: int) -> list[str]:
    """Return the fields of a row; more fields than the header has are let go where they are blank."""
    if len(fields) < width or any(fields[width:]):
        raise FileRefusedError("csv-ragged", file=file, line=line, found=len(fields), expected=width)
    return fields[:width]
