"""见数 Credamo: csv or .xlsx with a second row that explains, answers from the third, 0/1 columns of options."""

from __future__ import annotations

import re
from typing import Final

from evaltools.survey.readers.cells import Cell
from evaltools.survey.readers.columns import column_values, headers_of
from evaltools.survey.readers.listed import SIGNS, OwnColumns, own_key, table_of_answers
from evaltools.survey.readers.model import Book, Grid, RawColumn, RawTable, Sniff
from evaltools.survey.readers.stems import find_stems, name_stems

TOOL: Final = "credamo"
_OWN: Final = OwnColumns(
    roles={
        "作答id": "native_id",
        "开始时间": "started_at",
        "结束时间": "submitted_at",
        "作答总时长(秒)": "duration",
        "作答总时长": "duration",
        "ip": "ip",
    },
    others=frozenset({
        "用户id", "经度", "纬度", "省份", "城市", "设备类型", "操作系统类型", "浏览器类型", "屏幕分辨率", "作答状态",
    }),
)  # fmt: skip
_CODE: Final = re.compile(r"Q\d{1,4}(?:[._-]\d{1,4})*", re.IGNORECASE)


def sniff(book: Book) -> Sniff:
    """Judge by the tool's own columns."""
    own = _OWN.found([header for header, _ in headers_of(book.first.row(0))])
    keys = set(map(own_key, own))
    reason = f"columns {', '.join(own)}; {_n_header(book.first)} header rows"
    if "作答id" in keys and len(own) >= 4:
        return Sniff(0.95, reason)
    if len(own) >= 6 and {"开始时间", "结束时间"} <= keys:
        return Sniff(0.7, reason)
    return Sniff(0.0, "columns of the tool not found")


def read(book: Book) -> list[RawTable]:
    """Read an export; the row that explains is part of the header, and names questions that have codes for headers.

    A question with a column an option, or a row of a matrix a column, is put together.
    """
    grid = book.first
    n_header = _n_header(grid)
    explained = grid.row(1) if n_header == 2 else [None] * grid.width
    columns = [
        RawColumn(position, header, _wording(header, explained[position]), "label", nth=nth, coding="label")
        for position, (header, nth) in enumerate(headers_of(grid.row(0)))
    ]
    asked = [None if _OWN.has(column.header) else "asked" for column in columns]
    stems = find_stems([column.key for column in columns], asked, f"{SIGNS} ")
    named, values = name_stems(columns, stems, column_values(grid, n_header))
    return table_of_answers(grid, named, values, _OWN, n_header=n_header)


def _wording(header: str, explained: Cell) -> str:
    return str(explained).strip() if explained is not None and _CODE.fullmatch(header.strip()) else header.strip()


def _n_header(grid: Grid) -> int:
    """Return 2 where the second row explains: no cell under a time is one; 1 where somebody took that row out."""
    times = [
        place
        for place, (header, _) in enumerate(headers_of(grid.row(0)))
        if _OWN.roles.get(own_key(header)) in ("started_at", "submitted_at")
    ]
    if grid.n_rows < 2 or not times:
        return 1
    second = grid.row(1)
    return 1 if any(re.match(r"\s*\d", str(second[place] or "")) for place in times) else 2
