"""Files for `reading_speed.py`, drawn from a seed: a wide workbook, a long csv, a campaign of one export.

The workbook and the csv are what a survey is: mostly choices, some numbers and dates, ids, a little free text.
"""

from __future__ import annotations

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

SCALE = ("非常满意", "满意", "一般", "不满意", "非常不满意")
CHOICES = (
    SCALE,
    ("是", "否"),
    ("晨曦国民银行云河支行", "长河国民银行云河支行", "云河城市银行", "云河农村商业银行", "云河萤火村镇银行"),
    ("制造业", "批发和零售业", "建筑业", "住宿和餐饮业", "农、林、牧、渔业", "其他"),
)
WORDS = (
    "手续", "材料", "贷款", "利率", "审批", "时间", "客户经理", "服务", "很好", "希望", "能够", "更快", "抵押", "评估",
)  # fmt: skip
FIRST_DAY = datetime(2022, 10, 1)
BLANKS = 0.05


def make_workbook(path: Path, rows: int, columns: int, seed: int) -> None:
    """Write an .xlsx of one sheet; its strings stand in line, as the writers of large exports put them."""
    import xlsxwriter

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"created": FIRST_DAY})  # or the file would tell when it was made
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet("数据")
        sheet.write_row(0, 0, ["序号", *(f"{number}、问题{number}" for number in range(1, columns))])
        rng = random.Random(seed)
        for row in range(1, rows + 1):
            for column, cell in enumerate(wide_row(rng, row, columns)):
                if isinstance(cell, str):
                    sheet.write_string(row, column, cell)
                elif isinstance(cell, datetime):
                    sheet.write_datetime(row, column, cell, day)
                elif cell is not None:
                    sheet.write_number(row, column, cell)


def wide_row(rng: random.Random, number: int, columns: int) -> list[Any]:
    """Return a row: of 100 columns 59 are choices, 25 numbers, 6 dates, 3 free text, 3 ids, 3 multiple choices."""
    row: list[Any] = [number]
    for column in range(1, columns):
        share = column / columns
        if rng.random() < BLANKS:
            row.append(None)
        elif share < 0.6:
            row.append(rng.choice(CHOICES[column % len(CHOICES)]))
        elif share < 0.85:
            row.append(rng.randrange(1000) if column % 2 else round(rng.random() * 500, 2))
        elif share < 0.91:
            row.append(FIRST_DAY + timedelta(days=rng.randrange(60)))
        elif share < 0.94:
            row.append("".join(rng.choices(WORDS, k=rng.randint(3, 12))) if rng.random() < 0.4 else None)
        elif share < 0.97:
            row.append(f"E{rng.randrange(10**8):08d}")
        else:
            row.append("┋".join(rng.sample(CHOICES[3], 2)) if rng.random() < 0.5 else "(跳过)")
    return row


def make_csv(path: Path, rows: int, seed: int) -> None:
    """Write a csv of 20 columns in UTF-8."""
    rng = random.Random(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["序号", "提交时间", "企业", "银行", *(f"问题{number}" for number in range(1, 17))])
        for number in range(1, rows + 1):
            moment = FIRST_DAY + timedelta(seconds=rng.randrange(60 * 86_400))
            row = [number, moment.isoformat(" "), f"E{rng.randrange(400_000):07d}", rng.choice(CHOICES[2])]
            row += ["" if rng.random() < BLANKS else rng.choice(CHOICES[place % 2]) for place in range(10)]
            row += [rng.randrange(100) for _ in range(4)] + [round(rng.random() * 10, 2)]
            text = "".join(rng.choices(WORDS, k=4)) if rng.random() < 0.2 else ""
            writer.writerow([*row, f"{text},“好”" if rng.random() < 0.1 else text])


def make_campaign(folder: Path, rows: int, seed: int) -> Path:
    """Copy the demonstration and put one long export of 问卷星 in the place of its raw files; return the export.

    Each row is one of the demonstration's with a number, a moment, a firm and a telephone of its own.
    """
    import xlsxwriter
    from python_calamine import CalamineWorkbook

    from evaltools.skeleton import copy_demo

    copy_demo(folder)
    (path,) = folder.glob("raw/baseline/214371092_*.xlsx")
    header, *answers = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    for other in folder.glob("raw/*/*"):
        other.unlink()
    rng = random.Random(seed)
    with xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("Sheet1")
        sheet.write_row(0, 0, header)
        for number in range(1, rows + 1):
            sheet.write_row(number, 0, _as_another(rng.choice(answers), number, header))
    return path


def _as_another(row: list[Any], number: int, header: list[str]) -> list[Any]:
    from stdnum.cn import uscc

    stem = f"91419999DEMA{number:05d}"
    moment = datetime(2022, 10, 1, 8) + timedelta(days=number % 20, seconds=number * 37 % 36_000)
    own = {
        "序号": number,
        "提交答卷时间": f"{moment:%Y/%m/%d %H:%M:%S}",
        "2、企业名称": f"云河县演示{number:05d}号有限公司",
        "3、统一社会信用代码": stem + uscc.calc_check_digit(stem),
        "4、联系电话": f"199{number:08d}",
    }
    return [own.get(name, cell) for name, cell in zip(header, row, strict=True)]
