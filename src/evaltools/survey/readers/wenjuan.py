"""问卷网 (wenjuan.com), which is not 问卷星: exports in words (``Q25_25.题干``) or codes (``Q25``, ``Q25_A1``)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.cells import Cells
from evaltools.survey.readers.columns import column_values, headers_of
from evaltools.survey.readers.listed import OwnColumns, own_key, table_of_answers
from evaltools.survey.readers.model import Book, Grid, Note, RawColumn, RawTable, Sniff
from evaltools.survey.readers.stems import find_stems, name_stems
from evaltools.survey.readers.wenjuan_codes import CodedQuestion, read_codes

TOOL: Final = "wenjuan"
_OWN: Final = OwnColumns(
    roles={
        "答题序号": "native_id", "seq": "native_id", "开始时间": "started_at", "start": "started_at",
        "提交时间": "submitted_at", "finish": "submitted_at", "答题时长": "duration", "time_used": "duration",
        "ip地址": "ip", "ip": "ip",
    },
    others=frozenset({
        "来源", "source", "ip省份", "ip_province", "ip城市", "ip_city", "浏览器", "browser", "操作系统", "os",
    }),
)  # fmt: skip
_WORDED: Final = re.compile(r"\s*Q(\d{1,4})_\d{1,4}\s*[.、．]\s*(.+)", re.DOTALL)
_CODED: Final = re.compile(r"Q(\d{1,4})(?:[_|]A(\d{1,4}))?(\|open)?")
# a damaged first header still ends like this
_SEQUENCE: Final = re.compile(r".{0,3}seq", re.IGNORECASE)
_FLAGS: Final = frozenset({"0", "1", "0.0", "1.0"})


def sniff(book: Book) -> Sniff:
    """Judge by the tool's own columns and the names of its questions."""
    answers = _answers(book)
    headers = [header for header, _ in headers_of(answers.row(0))]
    own = _OWN.found(_mended(headers))
    named = sum(1 for header in headers if _WORDED.fullmatch(header) or _CODED.fullmatch(header.strip()))
    if named and len(own) >= 3:
        return Sniff(0.95 if len(own) >= 5 else 0.8, f"columns {', '.join(own)}; {named} columns named Q…")
    return Sniff(0.0, "columns of the tool not found")


def read(book: Book) -> list[RawTable]:
    """Read an export in words or in codes.

    Codes are put into words where the code list lies beside the answers, in the same workbook or archive; else they are
    taken for the places of the options in the form. A column with an option, or a row of a matrix, belongs to the
    question before it; so does ``|open``, which holds what was typed.
    """
    grid = _answers(book)
    headers = headers_of(grid.row(0))
    mended = _mended([header for header, _ in headers])
    notes = (
        [Note("note-header-mended", {"header": headers[0][0], "meant": mended[0]})]
        if mended[0] != headers[0][0]
        else []
    )
    values = column_values(grid, 1)
    columns = [
        RawColumn(position, mended[position], mended[position].strip(), "label", nth=nth, coding="label")
        for position, (_, nth) in enumerate(headers)
    ]
    if any(_WORDED.fullmatch(column.header) for column in columns):
        named, values = _in_words(columns, values)
    else:
        codes = _codes(book, grid)
        named, values = _in_codes(columns, values, codes)
        notes += [] if codes else [Note("note-option-numbers", {})]
    return table_of_answers(grid, named, values, _OWN, notes=notes)


def _mended(headers: Sequence[str]) -> list[str]:
    """Return the headers, the first one without what came before it."""
    first = headers[0].strip() if headers else ""
    is_sequence = _SEQUENCE.fullmatch(first) and own_key(first) != "seq" and "finish" in map(own_key, headers)
    return ["seq", *headers[1:]] if is_sequence else list(headers)


def _answers(book: Book) -> Grid:
    """Return the sheet of answers: the first, or where that is a code list, the one in words, else the next."""
    if not read_codes(book.first):
        return book.first
    others = _others(book, book.first)
    worded = [grid for grid in others if any(_WORDED.fullmatch(header) for header, _ in headers_of(grid.row(0)))]
    return next(iter((*worded, *others)), book.first)


def _codes(book: Book, answers: Grid) -> Mapping[str, CodedQuestion]:
    return next((codes for grid in _others(book, answers) if (codes := read_codes(grid))), {})


def _others(book: Book, grid: Grid) -> list[Grid]:
    found = []
    for sheet in book.sheets if len(book.sheets) > 1 else ():
        if sheet != grid.sheet:
            try:
                found.append(book.first if sheet == book.first.sheet else book.load(sheet))
            except FileRefusedError as error:
                if error.code != "sheet-empty":
                    raise
    return found


def _in_words(columns: Sequence[RawColumn], values: Sequence[Cells]) -> tuple[list[RawColumn], list[Cells]]:
    named = []
    for column in columns:
        question = _WORDED.fullmatch(column.header)
        named.append(replace(column, key=question[2].strip(), number=int(question[1])) if question else column)
    stems = find_stems([column.key for column in named], [column.number for column in named], "_")
    return name_stems(named, stems, values)


def _in_codes(
    columns: Sequence[RawColumn], values: Sequence[Cells], codes: Mapping[str, CodedQuestion]
) -> tuple[list[RawColumn], list[Cells]]:
    parts = [_CODED.fullmatch(column.header.strip()) for column in columns]
    chosen = {part[1] for part in parts if part is not None and part[3] is None}
    blanks = Counter(part[1] for part in parts if part is not None and part[3] is not None)
    flags = _flagged(parts, values)
    named: list[RawColumn] = []
    cells: list[Cells] = []
    for column, part, value in zip(columns, parts, values, strict=True):
        listed = codes.get(f"Q{part[1]}") if part is not None else None
        is_answer = part is not None and part[3] is None and (part[2] is None or part[1] not in flags)
        cells.append(listed.worded(value) if listed is not None and is_answer else value)
        if part is None:
            named.append(column)
            continue
        owner = _question(column, part, listed)
        if part[3] is not None and part[1] in chosen:
            named.append(replace(owner, option=_option(part[2], listed), typed=True))
        elif part[3] is not None:
            named.append(owner if blanks[part[1]] == 1 else _part(owner, part))
        elif part[2] is not None:
            flag = replace(owner, option=_option(part[2], listed))
            named.append(flag if part[1] in flags else _part(owner, part))
        else:
            named.append(owner)
    return named, cells


def _question(column: RawColumn, part: re.Match[str], listed: CodedQuestion | None) -> RawColumn:
    if listed is not None:
        return replace(column, key=listed.wording, number=int(part[1]), coding="label")
    return replace(column, key=f"Q{part[1]}", kind="name", number=int(part[1]), coding="number")


def _part(owner: RawColumn, part: re.Match[str]) -> RawColumn:
    """Return the column of one row of a matrix, or of one of several blanks, of which the file has no wording."""
    return replace(owner, key=f"Q{part[1]}_A{part[2]}", kind="name")


def _option(place: str | None, listed: CodedQuestion | None) -> str | None:
    return listed.options.get(place, place) if listed is not None and place is not None else place


def _flagged(parts: Sequence[re.Match[str] | None], values: Sequence[Cells]) -> set[str]:
    """Return the numbers of questions whose columns say of each option whether it was chosen."""
    columns: dict[str, list[set[str]]] = {}
    for part, value in zip(parts, values, strict=True):
        if part is not None and part[2] is not None and part[3] is None:
            columns.setdefault(part[1], []).append({str(cell).strip() for cell in value.occurring()})
    return {number for number, texts in columns.items() if any(texts) and all(one <= _FLAGS for one in texts)}
