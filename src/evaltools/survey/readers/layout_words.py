"""Words by which people lay out a sheet for printing: titles, units, numbers of columns, totals, signatures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from evaltools.survey.readers.cells import Cell
from evaltools.survey.values.units import unit_of_word
from evaltools.text import normalise

_CJK: Final = "\u3400-\u9fff\uf900-\ufaff"
_GAPS: Final = re.compile(rf"(?<=[{_CJK}])\s+(?=[{_CJK}])")
_TITLE: Final = re.compile(
    r"表$|[表单]([(（].*[)）])?$|台账|清单|统计|汇总|情况|明细|名单|登记|记录|问卷|调查|报告|附件|附表|一览"
    r"|\b(table|list|report|survey|ledger|form|summary|annex|appendix)\b"
)
_LABEL: Final = re.compile(
    r"(?:填报|填表|制表|报送|上报|编制|统计|审核|复核|调查|被调查|报告)?(?:单位|部门|机构|日期|时间|期间|人)(?:名称|[(（]?[签盖公]?[字章][)）]?)*"
    r"|(?:金额|计量|货币)?单位|单位负责人|分管(?:领导|负责人)|(?:主要)?负责人|经办人|审核|制表|填表|填报|联系(?:人|电话|方式)|电话|手机"
    r"|签[字名章]|盖章|[(（](?:签[字名章]|盖章|公章|签字盖章)[)）]|表号|制定机关|批准文号|有效期(?:至)?|年份|月份|所属[期区]间?|附件\d*"
)
_SIGNED: Final = re.compile(r"(?P<label>[^:]{1,20}):(?P<rest>.*)", re.DOTALL)
_DATED: Final = re.compile(r"[0-9]{2,4}\s*[年./-]\s*[0-9]{1,2}(?:\s*[月./-]\s*[0-9]{0,2}\s*日?)?|\s*年\s*月\s*日")
_EXPLAINED: Final = re.compile(
    r"[*※]?\s*(?:附?注|备注|说明|填[表报]说明|指标说明|数据来源|资料来源|notes?|source)\s*[0-9一二三四五]?\s*[:.、]"
)
_TOTAL: Final = re.compile(
    r"(?:合计|总计|小计|共计|累计|总和|合计数|总数|平均|平均值|平均数|均值|total|subtotal|sum|average|mean)"
    r"(?:\s*\([^()]*\))?\s*:?"
)
_NUMERIC: Final = re.compile(r"[+-]?[0-9][0-9.,]*\s*(?:[%‰]|万|亿|万元|亿元|元)?|[-‐‑–—―−/／]+|#[A-Z0-9/!?]+")
_BRACKETS: Final = re.compile(r"[(（\[【]\s*(?:单位\s*[:：]\s*)?(.*?)\s*[)）\]】]")
_LONGEST_UNIT: Final = 20
_STEMS: Final = "甲乙丙丁戊己庚辛壬癸"


def fold(cell: Cell) -> str:
    """Return a cell as text in one line, without the blanks that set Chinese signs apart (合  计, 办理⏎时间)."""
    if cell is None:
        return ""
    text = re.sub(r"\s+", " ", str(cell)).strip()
    return _GAPS.sub("", text)


def _key(cell: Cell) -> str:
    return normalise(fold(cell)) if isinstance(cell, str) else ""


def is_title(text: Cell) -> bool:
    """Say whether a text that stands alone in its row names a table."""
    return len(_key(text)) >= 3 and bool(_TITLE.search(_key(text)))


def is_label(cell: Cell) -> bool:
    """Say whether a cell is a field of the sheet's head or foot: ``填报单位：…``, ``审核人``."""
    key = _key(cell)
    found = _SIGNED.fullmatch(key)
    return bool(_LABEL.fullmatch(found["label"].strip() if found else key.rstrip(" :")))


def holds_fields(row: Sequence[Cell], *, colon: bool) -> bool:
    """Say whether a row holds fields of the head or foot alone, each with its value in the same cell or in the next.

    Parameters
    ----------
    colon
        Whether the first must have a colon behind it: without one, a header reads the same.
    """
    filled = [cell for cell in row if cell is not None and fold(cell)]
    if not filled or not is_label(filled[0]) or (colon and ":" not in _key(filled[0])):
        return False
    room = False  # whether the label in front leaves room for this cell
    for cell in filled:
        found = _SIGNED.fullmatch(_key(cell))
        if is_label(cell):
            room = not (found and found["rest"].strip())
        elif room:
            room = False
        elif not isinstance(cell, date) and not _DATED.fullmatch(_key(cell)):
            return False
    return ":" in _key(filled[0]) or len(filled) > 1


def has_values(row: Sequence[Cell]) -> bool:
    """Say whether a row of fields holds a value: behind a colon, or a cell that is no field."""
    found = [_SIGNED.fullmatch(_key(cell)) for cell in row if cell is not None]
    return any(one is None or one["rest"].strip() for one in found)


def is_explanation(cell: Cell) -> bool:
    """Say whether a text explains the table: ``注：…``, ``说明：…``."""
    return bool(_EXPLAINED.match(_key(cell)))


def is_total(cell: Cell) -> bool:
    """Say whether a cell is the word of a row of totals or means, and nothing else."""
    return bool(_TOTAL.fullmatch(_key(cell)))


def is_numeric(cell: Cell) -> bool:
    """Say whether a cell may be a figure of a row of totals: a number, as text too, a share, a dash, an error value."""
    if isinstance(cell, str):
        return bool(_NUMERIC.fullmatch(normalise(cell).upper()))
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def unit_in(cell: Cell) -> str:
    """Return the unit that a cell of a row of units names, "" where it names none."""
    if not isinstance(cell, str) or len(cell) > _LONGEST_UNIT:
        return ""
    found = _BRACKETS.fullmatch(cell.strip())
    word = fold(found[1] if found else cell)
    return word if unit_of_word(word) else ""


def without_unit(header: str) -> str:
    """Return a header without the unit in brackets behind it."""
    start = max(header.rfind("("), header.rfind("（"))
    return header[:start].rstrip() or header if start > 0 and unit_in(header[start:]) else header


def money_unit(row: Sequence[Cell]) -> str:
    """Return the unit of money that a line above the header names for the whole table (``单位：万元``)."""
    for cell in row:
        found = _SIGNED.fullmatch(_key(cell))
        word = found["rest"].strip() if found and "单位" in found["label"] else ""
        unit = unit_of_word(word)
        if unit is not None and unit.kind == "money":
            return word
    return ""


def counts_columns(row: Sequence[Cell]) -> bool:
    """Say whether a row numbers the columns: 1 2 3 …, （1）（2）…, 甲 乙 1 2 …; at least three."""
    texts = [re.sub(r"[()\[\]]", "", normalise(str(cell))) for cell in row if cell is not None]
    stems = next((place for place, text in enumerate(texts) if text not in _STEMS or not text), len(texts))
    if stems and texts[:stems] != list(_STEMS[:stems]):
        return False
    return len(texts) >= 3 and texts[stems:] == [str(number) for number in range(1, len(texts) - stems + 1)]
