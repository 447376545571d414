"""SPSS .sav and .zsav, through pyreadstat: value labels as text, declared missing codes as marks with a reason."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any, Final

import pyreadstat

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.cells import code_cells
from evaltools.survey.readers.labelled import Variable
from evaltools.survey.readers.model import Limits, Reading
from evaltools.survey.readers.sav_scan import scan_sav
from evaltools.survey.readers.statistics_table import statistics_table

TOOL: Final = "spss"
# what pyreadstat raises over damaged files, depending on where the damage is
_DAMAGE: Final = (
    pyreadstat.ReadstatError,
    pyreadstat.PyreadstatError,
    LookupError,
    OverflowError,
    TypeError,
    ValueError,
)


def read_sav(data: bytes, *, file: str, limits: Limits) -> Reading:
    """Read a .sav file.

    A value with a label is given as the label. A code that the file declares missing, or labels as skipped or empty,
    becomes ``<reason>``.

    Parameters
    ----------
    data
        Content of the file.
    file
        Its name, for messages.

    Raises
    ------
    FileRefusedError
        ``sav-damaged``: cut short, or not read by ReadStat; ``rows-mismatch``; ``file-cells``; ``unpacked-size``.
    """
    scan = scan_sav(data, file=file, limits=limits)
    if scan.counted * scan.variables > limits.max_cells:
        raise FileRefusedError("file-cells", file=file, limit=limits.max_cells)
    try:
        cells, meta = pyreadstat.read_sav(io.BytesIO(data), user_missing=True, output_format="dict")
    except _DAMAGE as error:
        raise FileRefusedError("sav-damaged", file=file) from error
    names = list(meta.column_names)
    read = len(cells[names[0]]) if names else 0
    if scan.counted != read or scan.stated not in (None, read):
        raise FileRefusedError("rows-mismatch", file=file, sheet="", read=read, counted=scan.counted)
    variables = [_variable(name, cells[name], meta) for name in names]
    table, origin = statistics_table(variables, scan.counted, sets=meta.mr_sets or {})
    tool = TOOL if origin is None else origin.tool
    return Reading("spss", tool, 1.0, "SPSS system file", str(meta.file_encoding), (), (table,))


def _variable(name: str, cells: Sequence[Any], meta: Any) -> Variable:
    ranges = [(one["lo"], one["hi"]) for one in meta.missing_ranges.get(name, [])]
    return Variable(
        name=name,
        label=meta.column_names_to_labels.get(name) or "",
        cells=code_cells(cells),
        values=meta.variable_value_labels.get(name, {}),
        is_missing=_missing_in(ranges),
        is_scale=meta.variable_measure.get(name) == "scale",
    )


def _missing_in(ranges: Sequence[tuple[Any, Any]]) -> Callable[[Any], bool]:
    return lambda value: any(type(value) is type(low) and low <= value <= high for low, high in ranges)
