"""Stata .dta, versions 113 to 119, through pyreadstat: value labels as text, ``.a`` to ``.z`` as marks of a reason."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import pyreadstat

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.cells import Cell, Cells, code_cells
from evaltools.survey.readers.dta_scan import DtaScan, scan_dta
from evaltools.survey.readers.encodings import decode
from evaltools.survey.readers.labelled import Variable
from evaltools.survey.readers.model import Limits, Note, Reading
from evaltools.survey.readers.recoding import recode
from evaltools.survey.readers.single_precision import EXACT, shortest
from evaltools.survey.readers.statistics_table import statistics_table

TOOL: Final = "stata"
_DAMAGE: Final = (
    pyreadstat.ReadstatError,
    pyreadstat.PyreadstatError,
    LookupError,
    OverflowError,
    TypeError,
    ValueError,
)
_EPOCH: Final = datetime(1960, 1, 1)
_FORMAT: Final = re.compile(r"%-?(?:t(?P<unit>[dcwmqh])|d)(?P<detail>.*)")
_TIME_OF_DAY: Final = re.compile(r"(?:[Hh]h?|H|h|MM|SS|s+|[:._]|am|AM)+")
# periods in a year, and the letter that Stata shows before the period
_PERIODS: Final[Mapping[str, int]] = {"w": 52, "m": 12, "q": 4, "h": 2}
_ONE_BYTE: Final = "ISO-8859-1"  # each byte is one sign, so that nothing is lost before the encoding is known


def read_dta(data: bytes, *, file: str, limits: Limits) -> Reading:
    """Read a .dta file.

    A value with a label is given as the label, in the language that the file has in use. Text of versions before 118
    states no encoding: it is UTF-8 or GB18030, judged as that of a text file. Numbers in single precision are given
    with the digits that they were typed with. Dates of any format are dates; months, weeks, quarters and half-years
    are text as Stata shows them, and time stamps with leap seconds (``%tC``) stay numbers.

    Parameters
    ----------
    data
        Content of the file.
    file
        Its name, for messages.

    Raises
    ------
    FileRefusedError
        ``dta-version``, ``dta-damaged``, ``rows-mismatch``, ``file-cells``, ``text-encoding``.
    """
    scan = scan_dta(data, file=file)
    if scan.counted * scan.variables > limits.max_cells:
        raise FileRefusedError("file-cells", file=file, limit=limits.max_cells)
    try:
        cells, meta = pyreadstat.read_dta(
            io.BytesIO(data),
            user_missing=True,
            output_format="dict",
            disable_datetime_conversion=True,
            encoding=None if scan.is_unicode else _ONE_BYTE,
        )
    except _DAMAGE as error:
        raise FileRefusedError("dta-damaged", file=file) from error
    names = list(meta.column_names)
    read = len(cells[names[0]]) if names else 0
    if not scan.counted == scan.stated == read:
        raise FileRefusedError("rows-mismatch", file=file, sheet="", read=read, counted=scan.counted)
    variables = [_variable(name, cells[name], meta) for name in names]
    encoding = "UTF-8"
    if not scan.is_unicode:
        variables, encoding = _decoded(variables, file)
    table, origin = statistics_table(variables, scan.counted, sets={}, notes=_notes(scan, meta, variables))
    tool = TOOL if origin is None else origin.tool
    return Reading("stata", tool, 1.0, f"Stata file, version {scan.version}", encoding, (), (table,))


def _variable(name: str, cells: Sequence[Any], meta: Any) -> Variable:
    kind = meta.readstat_variable_types[name]
    read = code_cells(cells)
    if kind != "string":
        read = recode(read, _reader(meta.original_variable_types[name], is_single=kind == "float"))
    return Variable(
        name=name,
        label=meta.column_names_to_labels.get(name) or "",
        cells=read,
        values=meta.variable_value_labels.get(name, {}),
        # in a variable of numbers a letter is a missing code
        is_missing=_never if kind == "string" else _is_letter,
    )


def _never(_: object) -> bool:
    return False


def _is_letter(value: object) -> bool:
    return isinstance(value, str) and len(value) == 1


def _reader(shown: str, *, is_single: bool) -> Callable[[Cell], Cell]:
    """Return what turns a stored number into a date, by the format of its variable, or into its shortest digits."""
    form = _FORMAT.fullmatch(shown)
    unit = "d" if form is not None and form["unit"] is None else "" if form is None else form["unit"]

    def read(cell: Cell) -> Cell:
        if not isinstance(cell, (int, float)):
            return cell
        if unit and form is not None:
            return _date_of(cell, unit, form["detail"])
        return shortest(cell) if is_single and isinstance(cell, float) else cell

    return read


def _date_of(number: float, unit: str, detail: str) -> Cell:
    try:
        if unit == "d":
            return (_EPOCH + timedelta(days=number)).date()
        if unit == "c":
            stamp = _EPOCH + timedelta(milliseconds=number)
            return stamp.time() if detail and _TIME_OF_DAY.fullmatch(detail) else stamp
    except (OverflowError, ValueError):
        return number
    year, period = divmod(int(number), _PERIODS[unit])
    return f"{1960 + year}{unit}{period + 1}"


def _decoded(variables: Sequence[Variable], file: str) -> tuple[list[Variable], str]:
    """Return the variables with their text as it was meant, and its encoding: one for the whole file."""
    texts = sorted({text.encode("latin-1") for variable in variables for text in _texts_of(variable)})
    _, encoding = decode(b"\n".join(texts), file=file)
    codec = "gb18030" if encoding == "GB18030" else "utf-8"

    def meant(text: str) -> str:
        return text.encode("latin-1").decode(codec)

    def cells_of(variable: Variable) -> Cells:
        return variable.cells.map(lambda cell: meant(cell) if isinstance(cell, str) else cell)

    return [
        Variable(
            name=meant(one.name),
            label=meant(one.label),
            cells=cells_of(one),
            values={value: meant(label) for value, label in one.values.items()},
            is_missing=one.is_missing,
        )
        for one in variables
    ], encoding


def _texts_of(variable: Variable) -> Iterable[str]:
    yield from (variable.name, variable.label, *variable.values.values())
    yield from (cell for cell in variable.cells.occurring() if isinstance(cell, str))


def _notes(scan: DtaScan, meta: Any, variables: Sequence[Variable]) -> list[Note]:
    notes = []
    single = {name for name, kind in meta.readstat_variable_types.items() if kind == "float"}
    if inexact := [one.name for one in variables if one.name in single and _is_inexact(one.cells)]:
        notes.append(Note("note-single-precision", {"columns": inexact}))
    if scan.languages:
        notes.append(Note("note-dta-languages", {"languages": list(scan.languages), "used": scan.language}))
    if meta.notes:
        notes.append(Note("note-dta-notes", {"count": len(meta.notes)}))
    return notes


def _is_inexact(cells: Cells) -> bool:
    return any(isinstance(cell, float) and abs(cell) >= EXACT for cell in cells.occurring())
