"""One small survey with everything that has ever gone astray in an export, and what a writer of a dialect is."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum

Value = "str | int | Decimal | date | datetime | tuple[str, ...] | Missing"


class Missing(Enum):
    """Why there is no answer: the form never showed the question, or nobody filled it in."""

    SKIPPED = "skipped_by_logic"
    BLANK = "blank"


@dataclass(frozen=True)
class Choice:
    """A choice with its name in the form and its labels."""

    name: str
    zh: str
    en: str


@dataclass(frozen=True)
class Question:
    """A question; `group` is its path in the form, `matrix` the Chinese lead of the matrix that it is a row of.

    `unit` is what the instrument says that its numbers count.
    """

    name: str
    group: str
    type: str
    zh: str
    en: str
    choices: tuple[Choice, ...] = ()
    matrix: str = ""
    relevant: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Row:
    """One filled form; times are those of Beijing, whole seconds."""

    id: int
    uuid: str
    started: datetime
    submitted: datetime
    answers: Mapping[str, object]


@dataclass(frozen=True)
class Truth:
    """What every dialect must give back."""

    questions: tuple[Question, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Dialect:
    """One way in which one tool exports.

    Attributes
    ----------
    name
        Tool, options, format: ``wjx/number/xlsx``.
    reader
        The reader that must recognise it by itself.
    file
        File name as the tool writes it.
    write
        From the truth to the bytes of the file.
    loses
        Questions that this format cannot carry.
    tells_missing
        Whether a question that was not shown and one that was left blank differ in the file.
    blank_is_none
        Whether a multiple choice that was left blank is one of which no choice was taken.
    """

    name: str
    reader: str
    file: str
    write: Callable[[Truth], bytes]
    loses: frozenset[str] = field(default_factory=frozenset)
    tells_missing: bool = False
    blank_is_none: bool = False


YES_NO = (Choice("yes", "是", "Yes"), Choice("no", "否", "No"))
FIVE = (
    Choice("1", "非常不满意", "Very dissatisfied"),
    Choice("2", "不满意", "Dissatisfied"),
    Choice("3", "一般", "Neutral"),
    Choice("4", "满意", "Satisfied"),
    Choice("5", "非常满意", "Very satisfied"),
)
SECTORS = (
    Choice("agriculture", "农、林、牧、渔业", "Farming, forestry, fishing"),
    Choice("industry", "工业(含建筑业)", "Industry"),
    Choice("services", "服务业 批发和零售", "Services; trade"),
)
FEES = (
    Choice("none", "没有收费", "No fee"),
    Choice("valuation", "评估费", "Valuation fee"),
    Choice("insurance", "保险费，含车险", "Insurance, car included"),
    Choice("notary", "公证费 / 登记费", "Notary fee"),
)

QUESTIONS = (
    Question("code_no", "g_firm", "text", "企业档案编号", "File number of the firm"),
    Question("sector", "g_firm", "select_one", "所属行业", "Sector", SECTORS),
    Question("applied", "g_loan", "select_one", "是否在该行申请过贷款", "Did the firm apply for a loan there?", YES_NO),
    Question("applied_on", "g_loan", "date", "申请日期", "Date of application", relevant="${applied} = 'yes'"),
    Question(
        "steps", "g_loan", "integer", "办理环节数（个）", "Number of steps", relevant="${applied} = 'yes'", unit="count"
    ),
    Question(
        "rate", "g_loan", "decimal", "年化利率（%）", "Rate, % a year", relevant="${applied} = 'yes'", unit="percent"
    ),
    Question("fees", "g_loan", "select_multiple", "支付过哪些费用", "Fees paid", FEES, relevant="${applied} = 'yes'"),
    Question("sat_time", "g_rating", "select_one", "办理时间", "Time taken", FIVE, "您对下列方面是否满意"),
    Question("sat_cost", "g_rating", "select_one", "融资成本", "Cost of credit", FIVE, "您对下列方面是否满意"),
    Question("sat_staff", "g_rating", "select_one", "人员服务", "Staff", FIVE, "您对下列方面是否满意"),
    Question("visited_at", "g_end", "datetime", "最近一次到网点的时间", "Last visit to the branch"),
    Question("comment", "g_end", "text", "意见和建议", "Comments"),
)
_COMMENTS = (
    "办理很快，工作人员热情。",
    'He said "fine", twice',
    "第一行\n第二行",
    "NA",
    "None",
    "null",
    "0",
    "－",
    "无",
    "=1+1",
    "@SUM(A1)",
    "+86",
    "1,234",
    "评价：┋〖好〗",
    "a;b|c",
    "tab\there",
    "全角１２３",
    "emoji 😀",
    "尾部空格不算",
    "A" * 300,
)


def make_truth(seed: int = 20221130, rows: int = 40) -> Truth:
    """Draw the survey; the same seed gives the same answers."""
    draw = random.Random(seed)
    return Truth(QUESTIONS, tuple(_row(draw, number) for number in range(1, rows + 1)))


def _row(draw: random.Random, number: int) -> Row:
    submitted = datetime(2022, 10, 8, 9, 0, 0) + timedelta(seconds=draw.randrange(0, 12 * 86_400))
    started = submitted - timedelta(seconds=draw.randrange(40, 1_500))
    uuid = "-".join(f"{draw.getrandbits(4 * width):0{width}x}" for width in (8, 4, 4, 4, 12))
    return Row(number, uuid, started, submitted, _answers(draw, number))


def _answers(draw: random.Random, number: int) -> dict[str, object]:
    applied = draw.random() < 0.7
    loan: dict[str, object] = {
        "applied_on": date(2022, 1, 1) + timedelta(days=draw.randrange(0, 280)),
        "steps": draw.choice([0, 1, 3, 7, 30]),
        "rate": Decimal(draw.choice(["0", "3.85", "4.5", "12.125", "5"])),
        "fees": tuple(choice.name for choice in FEES[1:] if draw.random() < 0.5) or ("none",),
    }
    answers: dict[str, object] = {
        "code_no": draw.choice(["001", "0070", "12", "A-07", "1e3", "00"]) + str(number),
        "sector": draw.choice(SECTORS).name,
        "applied": "yes" if applied else "no",
        **{name: value if applied else Missing.SKIPPED for name, value in loan.items()},
        **{name: draw.choice(FIVE).name for name in ("sat_time", "sat_cost", "sat_staff")},
        "visited_at": datetime(2022, 9, 1, 8, 5, 0) + timedelta(minutes=draw.randrange(0, 40_000)),
        "comment": _COMMENTS[number % len(_COMMENTS)],
    }
    for name in ("rate", "sat_cost", "visited_at", "comment"):
        if answers[name] is not Missing.SKIPPED and draw.random() < 0.15:
            answers[name] = Missing.BLANK
    return answers
