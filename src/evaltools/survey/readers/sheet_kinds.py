"""Sheets that lie beside the answers and are none: a list of codes, a list of questions."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from evaltools.survey.readers.cells import Cells
from evaltools.survey.readers.layout import Layout, header_texts
from evaltools.survey.readers.model import Grid
from evaltools.text import normalise

_QUESTION: Final = frozenset(
    {"question", "questions", "question text", "variable", "field", "题目", "题干", "问题", "变量", "变量名", "字段"}
)
_VALUE: Final = frozenset(
    {"value", "values", "code", "codes", "取值", "值", "代码", "编码", "选项代码", "选项值", "变量值"}
)
_MEANING: Final = frozenset(
    {"description", "label", "labels", "meaning", "含义", "说明", "标签", "选项", "取值说明", "值标签", "描述"}
)
_TYPES: Final = frozenset(
    {
        "text", "short text", "long text", "date", "time", "number", "numeric", "integer", "decimal", "radio",
        "radio button", "radio buttons", "checkbox", "checkboxes", "check box", "drop-down", "dropdown", "list",
        "yes/no", "scale", "matrix", "one choice", "multiple choice", "single choice", "file upload", "section",
        "单选", "单选题", "多选", "多选题", "填空", "填空题", "矩阵", "矩阵题", "矩阵单选题", "矩阵量表题", "量表",
        "量表题", "简答题", "问答题", "下拉题", "排序题", "日期", "数字", "文本", "单行文本", "多行文本",
    }
)  # fmt: skip
_FORM: Final = frozenset({"survey", "choices"})
_WIDEST: Final = 8
_MOSTLY: Final = 0.8


def kind_of_sheet(grid: Grid, layout: Layout, sheets: Collection[str] = ()) -> tuple[str, str] | None:
    """Return (code, what shows it) of a sheet that lists codes or questions; None where it may be answers.

    Parameters
    ----------
    sheets
        Names of all sheets of the workbook: one with `survey` and `choices` is a form.
    """
    if {normalise(name) for name in sheets} >= _FORM:
        return "sheet-form", ", ".join(sorted(_FORM))
    headers = [normalise(text) for _, text in header_texts(grid, layout)]
    if form := _of_a_form(headers):
        return "sheet-form", ", ".join(form)
    if grid.width > _WIDEST or not _QUESTION & set(headers):
        return None
    question = next(place for place, header in enumerate(headers) if header in _QUESTION)
    told = [header for header in headers if header in _QUESTION | _VALUE | _MEANING]
    if _VALUE & set(headers) and _MEANING & set(headers) and _has_blanks(grid.columns[question], layout.first):
        return "sheet-codebook", ", ".join(told)
    if any(_holds(column, layout.first, _TYPES) for column in grid.columns):
        return "sheet-form", headers[question]
    return None


def _of_a_form(headers: Collection[str]) -> tuple[str, ...]:
    """Return the columns by which the sheets of an XLSForm are known; none where it is no form."""
    worded = any(header == "label" or header.startswith("label:") for header in headers)
    for first in ("type", "list_name", "list name"):
        if first in headers and "name" in headers and worded:
            return first, "name", "label"
    return ()


def _has_blanks(column: Cells, first: int) -> bool:
    """Say whether most questions stand once above several values."""
    codes = column.codes[first:]
    return len(codes) > 1 and codes.count(0) >= len(codes) / 3


def _holds(column: Cells, first: int, words: Collection[str]) -> bool:
    """Say whether a column holds hardly anything but some words; what stands in brackets behind them does not count."""
    cells = [cell for cell in column.rows(first) if cell is not None]
    bare = [normalise(cell).partition("(")[0].strip() for cell in cells if isinstance(cell, str)]
    known = [text for text in bare if text in words]
    return len(cells) > 1 and len(known) >= _MOSTLY * len(cells)
