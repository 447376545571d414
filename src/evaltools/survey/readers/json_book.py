"""Records of a JSON file as the sheets of a book: one for the records, one for each list of objects inside them.

Objects inside a record are groups of questions, lists of objects are repeats. Columns are named by their path
(``g_loan/banks/bank``), as KoboToolbox names them in JSON; those that say which record a row of such a list belongs to
are called as in its workbooks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.cells import Cell, code_cells
from evaltools.survey.readers.encodings import decode
from evaltools.survey.readers.json_records import read_records
from evaltools.survey.readers.model import Book, Grid, Limits
from evaltools.survey.readers.repeat_sheets import INDEX, PARENT_INDEX, PARENT_TABLE
from evaltools.text import clean

JOINER: Final = "┋"
"""Between the texts of a list in one cell."""

_EXACT: Final = 1e15


def open_json(data: bytes, *, sheet: str | None, file: str, limits: Limits) -> Book:
    """Open a JSON file.

    Rows are numbered as the records stand in their list, from 1; those of a list inside them, over all records.

    Parameters
    ----------
    sheet
        The sheet that is read first: the path of a list inside the records; None, or "", for the records.

    Raises
    ------
    FileRefusedError
        ``sheet-missing``, ``file-cells``; ``json-list``: a list holds neither objects alone nor texts and numbers
        alone; ``json-key``: two keys of a record give one path; those of
        :func:`evaltools.survey.readers.json_records.read_records` and of
        :func:`evaltools.survey.readers.encodings.decode`.
    """
    text, encoding = decode(data, file=file)
    records, n_objects = read_records(text, file=file, limits=limits)
    sheets = _Sheets(file)
    for record in records:
        sheets.add("", record)
    read = sum(map(len, sheets.rows.values()))
    if read != n_objects:
        raise FileRefusedError("rows-mismatch", file=file, sheet="", read=read, counted=n_objects)
    grids = {name: _grid(file, name, rows, limits) for name, rows in sheets.rows.items()}
    if sheet is not None and sheet not in grids:
        raise FileRefusedError("sheet-missing", file=file, sheet=sheet, sheets=[clean(name) for name in grids if name])
    return Book(file, "json", tuple(grids), grids[sheet or ""], grids.__getitem__, encoding)


@dataclass(frozen=True, slots=True)
class _Row:
    sheet: str
    number: int
    cells: dict[str, Cell]


class _Sheets:
    """Rows by sheet, as they are found on the way down the records."""

    def __init__(self, file: str) -> None:
        self.rows: dict[str, list[dict[str, Cell]]] = {}
        self._file = file

    def add(self, sheet: str, record: Mapping[str, Any], above: _Row | None = None) -> None:
        """Add a record and, to their own sheets, the objects of its lists."""
        cells: dict[str, Cell] = {}
        rows = self.rows.setdefault(sheet, [])
        rows.append(cells)
        row = _Row(sheet, len(rows), cells)
        if above is not None:
            if above.cells.setdefault(INDEX, above.number) != above.number:
                raise FileRefusedError("json-key", file=self._file, part=INDEX)
            cells.update({INDEX: row.number, PARENT_TABLE: above.sheet or None, PARENT_INDEX: above.number})
        self._fill(row, record, sheet)

    def _fill(self, row: _Row, content: Mapping[str, Any], path: str) -> None:
        for key, value in content.items():
            if "@odata." in key:  # addresses of tables, nothing that was answered
                continue
            at = _path(path, key) if path else key
            if isinstance(value, dict) and not _is_place(value):
                self._fill(row, value, at)
            elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
                for one in value:
                    self.add(at, one, row)
            elif at in row.cells:
                raise FileRefusedError("json-key", file=self._file, part=clean(at))
            else:
                row.cells[at] = self._cell(value, at)

    def _cell(self, value: Any, path: str) -> Cell:
        if isinstance(value, dict):
            return " ".join(map(str, _numbers(value["coordinates"])))
        if not isinstance(value, list):
            return _single(value)
        parts = [_single(one) for one in value if not isinstance(one, (list, dict))]
        texts = ["" if part is None else str(part) for part in parts]
        if len(parts) < len(value) or (len(texts) > 1 and any(JOINER in text for text in texts)):
            raise FileRefusedError("json-list", file=self._file, part=clean(path))
        return JOINER.join(texts) or None


def _path(path: str, key: str) -> str:
    """Return the path of a key; KoboToolbox writes it whole, and a server's own keys stand outside the groups."""
    return key if key.startswith((f"{path}/", "__")) else f"{path}/{key}"


def _is_place(value: Mapping[str, Any]) -> bool:
    """Say whether an object is a position (RFC 7946)."""
    return isinstance(value.get("type"), str) and isinstance(value.get("coordinates"), list)


def _numbers(value: Any) -> Iterable[Cell]:
    if isinstance(value, list):
        return [number for one in value for number in _numbers(one)]
    return [_single(value)]


def _single(value: Any) -> Cell:
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < _EXACT else value
    return None if value == "" else value


def _grid(file: str, name: str, rows: Sequence[Mapping[str, Cell]], limits: Limits) -> Grid:
    headers = list(dict.fromkeys(key for row in rows for key in row))
    if len(headers) * len(rows) > limits.max_cells:
        raise FileRefusedError("file-cells", file=file, limit=limits.max_cells)
    columns = [code_cells([header, *(row.get(header) for row in rows)]) for header in headers]
    return Grid(file, name, list(range(len(rows) + 1)), columns, len(rows) + 1)
