"""问卷星 by option text: columns by name, matrix headers, marks."""

from __future__ import annotations

import pytest

from evaltools.errors import FileRefusedError

from .conftest import rows_of, xlsx

LEADING = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP"]
ANSWERS = ["1", "2022/10/1 8:05:03", "137秒", "微信", "云河", "1.2.3.4(云河省-云河市)"]


def columns_of(read, *questions, leading=LEADING, order=None):
    headers = [*leading, *questions]
    cells = [*ANSWERS[: len(leading)], *["x"] * len(questions)]
    reading = read(xlsx({"Sheet1": [headers, cells]}), "123456789_按文本_评价_2_1.xlsx")
    assert reading.reader == "wjx"
    return reading.tables[0]


def test_leading_columns_are_found_by_name(read):
    """The sum of points stands behind the IP or at the end; the order of the others is free too."""
    table = columns_of(read, "1、您的企业名称", "总分", leading=[*reversed(LEADING)])
    assert dict(table.meta) == {
        "native_id": 5, "submitted_at": 4, "duration": 3, "source_detail": 1, "ip": 0,
    }  # fmt: skip
    assert [c.number for c in table.columns] == [None] * 6 + [1, None]
    assert table.columns[6].key == "您的企业名称"


@pytest.mark.parametrize(
    ("header", "key", "number"),
    [
        ("3、贷款的环节", "贷款的环节", 3),
        ("3.贷款的环节", "贷款的环节", 3),
        ("3. 贷款的\t环节\u3000数", "贷款的 环节 数", 3),
        ("12、您在2022年9月—11月贷款几次？", "您在2022年9月—11月贷款几次？", 12),
        ("25、(其他（请补充）:)", "(其他（请补充）:)", 25),
    ],
)
def test_question_headers(header, key, number, read):
    column = columns_of(read, header, "99、另一题").columns[6]
    assert (column.key, column.number, column.lead, column.header, column.kind) == (key, number, None, header, "label")


@pytest.mark.parametrize(
    "headers",
    [
        ["7、请评价—环节", "7、时间", "7、材料", "8、下一题"],
        ["7、请评价—1.环节", "2.时间", "3.材料", "8、下一题"],
        ["7、请评价——1、环节", "7、2.时间", "7、3.材料", "8.下一题"],
        ["7、请评价—环节", "7、请评价—时间", "7、请评价—材料", "8、下一题"],
        ["7.请评价—环节", "2.时间", "3.材料", "8.下一题"],
    ],
)
def test_lead_of_a_matrix_is_carried_forward(headers, read):
    columns = columns_of(read, *headers).columns[6:]
    assert [(c.lead, c.key, c.number) for c in columns] == [
        ("请评价", "环节", 7),
        ("请评价", "时间", 7),
        ("请评价", "材料", 7),
        (None, "下一题", 8),
    ]


def test_row_two_of_question_one_is_told_from_question_two_by_its_sign(read):
    columns = columns_of(read, "1、请评价—1.环节", "2.时间", "2、下一题").columns[6:]
    assert [(c.lead, c.key, c.number) for c in columns] == [
        ("请评价", "环节", 1),
        ("请评价", "时间", 1),
        (None, "下一题", 2),
    ]


def test_matrix_ends_with_a_column_of_another_kind(read):
    columns = columns_of(read, "1、甲—a", "1、b", "总分", "1、c").columns[6:]
    assert [c.lead for c in columns] == ["甲", "甲", None, None]


def test_marks_and_answers_stay_as_they_stand(read):
    """What was typed into a choice stays behind it, the separator inside it included."""
    answer = "评估┋其他〖修路┋(桥)〗"
    rows = [[*LEADING, "1、收费"], [*ANSWERS, answer], [*ANSWERS, "(跳过)"], [*ANSWERS, "（空）"]]
    reading = read(xlsx({"Sheet1": rows}), "f.xlsx")
    table = reading.tables[0]
    assert [row[6] for row in rows_of(table)] == [answer, "(跳过)", "（空）"]
    assert table.missing_marks["(跳过)"] == table.missing_marks["（跳过）"] == "skipped_by_logic"
    assert table.missing_marks["(空)"] == table.missing_marks["（空）"] == "blank"
    assert table.separator == "┋"
    assert reading.confidence > 0.9


def test_csv_in_gb18030(read):
    text = ",".join([*LEADING, "1、满意度"]) + "\r\n" + ",".join([*ANSWERS, "非常满意"]) + "\r\n"
    reading = read(text.encode("gb18030"))
    assert (reading.reader, reading.encoding) == ("wjx", "GB18030")
    assert rows_of(reading.tables[0]) == [[*ANSWERS, "非常满意"]]


@pytest.mark.parametrize("header", ["3(评估费)", "第3题(评估费)", "3（评估费）"])
def test_export_by_number_is_refused_by_name(header, read):
    rows = [[*LEADING, header], [*ANSWERS, 1], [*ANSWERS, -3], [*ANSWERS, 0]]
    with pytest.raises(FileRefusedError, match=r"wjx-by-number: f\.xlsx .*评估费.* by option text"):
        read(xlsx({"Sheet1": rows}), "f.xlsx")


def test_other_tools_of_the_country_are_not_taken_for_it(read):
    """问卷网 and 腾讯问卷 number their questions too, and have other leading columns."""
    assert read("答题序号,来源,开始时间,提交时间,答题时长,Q1_1.题干\n1,2,3,4,5,6\n").reader == "plain"
    assert read("编号,开始答题时间,结束答题时间,答题时长,1.题干,2.题干\n1,2,3,4,5,6\n").reader == "plain"
