"""Small surveys whose choices are worded and named as awkwardly as a form allows."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

from exports.truth import Choice, Missing, Question, Row, Truth

_LABELS = (
    "1", "2", "3", "4", "0", "5", "10", "1.0", "２", "是", "否", "Yes", "no", "Y", "无", "有", "没有", "NA", "None",
    "不清楚", "其他", "其他【请注明】", "其他〖x〗", "(其他)", "甲", "乙", "甲┋乙", "甲、乙", "丙", "A", "B", "A;B",
    "x", "y", "x,y", "a", "b", "c", "a b", "b c", "时", "有 时", "一", "二", "1、一", "2、二", "0次", "1-2次", "满意",
    "不满意", "比较满意", "评估费", "评估费：", "选项(含税)", "1〖a〗",
)  # fmt: skip


def make_awkward(seed: int, rows: int = 12) -> Truth:
    """Draw a survey of a few questions with awkward choices; the same seed gives the same survey."""
    draw = random.Random(seed)
    questions = tuple(_question(draw, place) for place in range(draw.randrange(2, 5)))
    drawn = [_row(draw, number, questions) for number in range(1, rows + 1)]
    # a file that tells the two kinds of missing answers shows that only where it holds one that was left blank
    blank = replace(
        drawn[-1], answers={**drawn[-1].answers, **{question.name: Missing.BLANK for question in questions}}
    )
    return Truth((*questions, Question("code", "", "text", "编号", "Code")), (*drawn[:-1], blank))


def _question(draw: random.Random, place: int) -> Question:
    count = draw.randrange(2, 6)
    labels = draw.sample(_LABELS, count)
    names = [f"c{one}" for one in draw.sample(range(10), count)]
    if draw.random() < 0.4:
        names = [str(one) for one in draw.sample(range(7), count)]
    choices = tuple(Choice(name, label, label) for name, label in zip(names, labels, strict=True))
    kind = draw.choice(["select_one", "select_one", "select_multiple"])
    return Question(f"q{place}", "", kind, f"第几题目{'甲乙丙丁'[place]}", f"Question {place}", choices)


def _row(draw: random.Random, number: int, questions: tuple[Question, ...]) -> Row:
    submitted = datetime(2022, 10, 8, 9, 0, 0) + timedelta(minutes=number)
    answers: dict[str, object] = {question.name: _answer(draw, question) for question in questions}
    answers["code"] = f"x{number}"
    return Row(number, f"00000000-0000-4000-8000-{number:012x}", submitted - timedelta(minutes=3), submitted, answers)


def _answer(draw: random.Random, question: Question) -> object:
    if draw.random() < 0.1:
        return draw.choice([Missing.BLANK, Missing.SKIPPED])
    if question.type == "select_one":
        return draw.choice(question.choices).name
    taken = tuple(choice.name for choice in question.choices if draw.random() < 0.5)
    return taken or (question.choices[0].name,)
