"""A table as an export writes it: one column of each kind, every reason for a missing answer, hostile texts."""

from datetime import date, datetime

import pytest

from evaltools.survey.export.model import MISSING, YES_NO, Column, Variable, objects
from evaltools.survey.instrument.model import BilingualText, Choice

FIVE = (
    Choice("1", BilingualText("非常不满意", "Very dissatisfied")),
    Choice("5", BilingualText("非常满意", "Very satisfied")),
)
SIZES = (Choice("micro", BilingualText("微型", "Micro")), Choice("NA", BilingualText("小型", "Small")))
TEXTS = ("NA", "None", "=1+1", "+1", "-5", "@SUM(A1)", "＝1", "'引号", "(blank)", '两行\n逗号,引号"', "_x0041_", "001")


def column(name, kind, cells, label="标签", **about):
    """Cells in MISSING stand for the reasons themselves."""
    reasons = [cell if cell in MISSING else None for cell in cells]
    values = [None if reason else cell for cell, reason in zip(cells, reasons, strict=True)]
    return Column(Variable(name, kind, BilingualText(label, name), **about), objects(values), objects(reasons))


@pytest.fixture
def columns():
    n = len(TEXTS)
    reasons = list(MISSING)

    def filled(*cells):
        return [*cells, *reasons][:n] + [cells[0]] * (n - len(cells) - len(reasons))

    return [
        column("row", "id", list(range(1, n + 1))),
        column(
            "满意度 satisfaction with everything the bank does",
            "choice",
            filled("5", "1"),
            "总体满意程度",
            choices=FIVE,
        ),
        column("size", "choice", filled("NA", "micro"), "企业规模", choices=SIZES),
        column("fees/none", "flag", filled(1, 0), "费用：没有", choices=YES_NO),
        column("days", "integer", filled(0, -98, 365), "用了几个工作日？"),
        column("rate", "decimal", filled(4.35, 0.3, -1e-7), "年利率（%）"),
        column("on", "date", filled(date(2022, 9, 28), date(1900, 3, 1)), "日期"),
        column("at", "datetime", filled(datetime(2022, 9, 28, 8, 5, 3), datetime(2022, 10, 1)), "时间"),
        column("comment", "text", list(TEXTS), "意见" * 200),
        column("typed", "text", filled("其他"), "其他"),
    ]
