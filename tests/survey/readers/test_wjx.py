"""问卷星 by text, number and score: columns by name, matrix headers, options, marks."""

from __future__ import annotations

import pytest

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


def table_of(read, headers, *rows, name="123456789_按序号_评价_2_1.xlsx", reader=None, leading=LEADING):
    """A table of columns behind those of the tool, a row of answers each."""
    cells = [[*ANSWERS[: len(leading)], *row] for row in rows]
    return read(xlsx({"Sheet1": [[*leading, *headers], *cells]}), name, reader=reader).tables[0]


@pytest.mark.parametrize(
    "headers",
    [
        ["3、支付过哪些费用？（可多选）(评估费)", "3(公证费)", "3(其他(请注明))"],
        ["3. 支付过哪些费用？（可多选）(评估费)", "3 (公证费)", "3 (其他(请注明))"],
    ],
)
def test_options_of_a_multiple_choice_carry_its_wording(headers, read):
    columns = table_of(read, [*headers, "4、下一题"], [1, 0, -2, 3], [1, 1, 0, 1]).columns[6:]
    assert [(c.key, c.option, c.number, c.coding) for c in columns] == [
        ("支付过哪些费用？（可多选）", "评估费", 3, "label"),
        ("支付过哪些费用？（可多选）", "公证费", 3, "label"),
        ("支付过哪些费用？（可多选）", "其他(请注明)", 3, "label"),
        ("下一题", None, 4, "number"),
    ]


@pytest.mark.parametrize("form", ["{}({})", "第{}题({})", "{}（{}）"])
def test_options_whose_headers_lack_the_question(form, read):
    headers = [form.format(3, "评估费"), form.format(3, "公证费"), form.format(4, "甲"), form.format(4, "乙")]
    columns = table_of(read, headers, [1, 0, 0, 1], [-3, -3, 1, 1]).columns[6:]
    assert [(c.key, c.option, c.number) for c in columns] == [
        ("", "评估费", 3), ("", "公证费", 3), ("", "甲", 4), ("", "乙", 4),
    ]  # fmt: skip


def test_rows_of_a_matrix_in_old_headers_are_told_from_options_by_their_cells(read):
    columns = table_of(read, ["第7题(时间)", "第7题(材料)"], [5, 4], [3, 3], [1, -2]).columns[6:]
    assert [(c.key, c.option, c.coding) for c in columns] == [("时间", None, "number"), ("材料", None, "number")]


def test_a_bracket_at_the_end_of_a_wording_alone_makes_no_option(read):
    columns = table_of(read, ["3、满意度(单选)", "4、其他(选填)"], [1, 0], [1, 1]).columns[6:]
    assert [(c.key, c.option) for c in columns] == [("满意度(单选)", None), ("其他(选填)", None)]


def test_ranks_count_as_chosen(read):
    table = table_of(read, ["5、最看重什么(利率)", "5(速度)", "5(服务)"], [2, 1, -2], [1, 3, 2], [-3, -3, -3])
    assert [row[6:] for row in rows_of(table)] == [[1, 1, "(空)"], [1, 1, 1], ["(跳过)"] * 3]
    assert [note.code for note in table.notes] == ["note-option-numbers", "note-ranks"]
    assert table.columns[6].option == "利率"


def test_marks_of_numbered_exports_are_put_in_words(read):
    """But where other numbers below zero stand, -2 may be an answer."""
    table = table_of(read, ["1、满意度", "2、比去年变化"], [-2, -2], [-3, -5], [4, 3])
    assert [row[6:] for row in rows_of(table)] == [["(空)", -2], ["(跳过)", -5], [4, 3]]


def test_numeric_marks_in_a_file_of_unknown_kind_are_told_of(read):
    table = table_of(read, ["1、满意度", "2、比去年变化"], [-2, -2], [-3, "(跳过)"], [4, 3], name="第一批.xlsx")
    assert [row[6:] for row in rows_of(table)] == [["(空)", -2], ["(跳过)", "(跳过)"], [4, 3]]
    assert [(note.code, note.fields["columns"]) for note in table.notes] == [("note-numeric-marks", ["1、满意度"])]


def test_numbers_below_zero_are_answers_in_exports_by_text(read):
    table = table_of(read, ["1、比去年变化"], [-2], ["-3"], name="1_按文本_评价_2_2.xlsx")
    assert [row[6] for row in rows_of(table)] == [-2, "-3"]


@pytest.mark.parametrize(
    ("name", "reader", "coding"),
    [
        ("123456789_按文本_评价_2_1.xlsx", None, "label"),
        ("123456789_按序号_评价_2_1.xlsx", None, "number"),
        ("123456789_按分数_评价_2_1.xlsx", None, "score"),
        ("123456789_按选项序号_评价.xlsx", None, "number"),
        ("123456789_按序号_按分数排名的评价_2_1.xlsx", None, "number"),
        ("123456789_按序号_评价_2_1 (1).xlsx", None, "number"),
        ("第一批.xlsx", None, "numeral"),
        ("按序号和按分数.xlsx", None, "numeral"),
        ("第一批.xlsx", "wjx-text", "label"),
        ("第一批.xlsx", "wjx-number", "number"),
        ("123456789_按序号_评价_2_1.xlsx", "wjx-score", "score"),
    ],
)
def test_what_numbers_are_is_said_by_the_file_name_or_the_reader(name, reader, coding, read):
    columns = table_of(read, ["1、满意度", "2、意见"], [4, "好"], [5, "3"], name=name, reader=reader).columns[6:]
    assert [c.coding for c in columns] == [coding, "label"]


def test_a_name_that_the_layout_contradicts_is_not_believed(read):
    """Exports by text join several choices in one cell; columns of options come from the others."""
    headers = ["1、满意度", "2、费用(评估费)", "2(公证费)"]
    assert table_of(read, headers, [4, 1, 0], name="1_按文本_评价_1_1.xlsx").columns[6].coding == "numeral"


@pytest.mark.parametrize(("totals", "coding"), [((9, 6, 4), "score"), ((9, 6, 5), "numeral"), ((0, 0, 0), "numeral")])
def test_sums_of_points_show_that_numbers_are_scores(totals, coding, read):
    rows = [[4, 5, totals[0]], [3, 3, totals[1]], [-3, 4, totals[2]]]
    columns = table_of(read, ["1、环节", "2、材料", "总分"], *rows, name="第一批.xlsx").columns[6:]
    assert [c.coding for c in columns[:2]] == [coding, coding]


def test_a_number_with_typed_text_behind_it_is_a_number(read):
    assert table_of(read, ["1、行业"], [2], ["3〖渔业〗"]).columns[6].coding == "number"


def test_what_was_typed_in_a_column_of_its_own_belongs_to_its_question(read):
    headers = ["25、从哪里知道", "25、(其他（请补充）:)", "26、下一题"]
    columns = table_of(read, headers, ["其他", "广播", "x"], name="1_按文本_评价_1_1.xlsx").columns[6:]
    assert [(c.key, c.option, c.typed) for c in columns] == [
        ("从哪里知道", None, False),
        ("从哪里知道", "其他（请补充）", True),
        ("下一题", None, False),
    ]


def test_what_was_typed_may_stand_among_the_options(read):
    headers = ["5、费用(评估费)", "5、(其他:)", "5(公证费)"]
    columns = table_of(read, headers, [1, "律师费", 0], [0, "(空)", 1]).columns[6:]
    assert [(c.key, c.option, c.typed) for c in columns] == [
        ("费用", "评估费", False), ("费用", "其他", True), ("费用", "公证费", False),
    ]  # fmt: skip


def test_typed_texts_with_a_separator_in_them_are_noted(read):
    table = table_of(read, ["1、费用"], ["评估费┋其他〖甲┋乙〗"], ["其他〖甲〗"], name="1_按文本_评价_1_1.xlsx")
    assert [(note.code, note.fields["count"]) for note in table.notes] == [("note-typed-signs", 1)]


def test_what_was_typed_may_stand_behind_the_flag(read):
    table = table_of(read, ["5、费用(评估费)", "5(其他)"], [1, "1〖律师费〗"], [0, 0])
    assert [c.option for c in table.columns[6:]] == ["评估费", "其他"]


def test_options_in_an_export_by_score_are_told_of(read):
    """What an option without points looks like there, chosen or not, is nowhere documented."""
    headers = ["5、费用(评估费)", "5(公证费)"]
    table = table_of(read, headers, [1, 0], [0, 1], name="123456789_按分数_评价_2_2.xlsx")
    assert [note.code for note in table.notes] == ["note-option-scores"]
    points = table_of(read, headers, [2, 0], [0, 3], name="123456789_按分数_评价_2_2.xlsx")
    assert [(c.key, c.option) for c in points.columns[6:]] == [("费用(评估费)", None), ("5(公证费)", None)]


def test_links_to_files_are_left_out(read):
    link = "https://alifile.wjx.cn/upload/1.png?Expires=1664000000"
    table = table_of(
        read, ["1、上传合同", "2、网址", "3、意见"], [link, "https://a.example/wjx", "好"], ["(空)", "无", "好"]
    )
    assert [c.key for c in table.columns[6:]] == ["网址", "意见"]
    assert [c.position for c in table.columns] == list(range(8))
    [note] = [note for note in table.notes if note.code == "note-dropped-files"]
    assert note.fields["columns"] == ["1、上传合同"]
    assert link not in str(rows_of(table))


def test_users_and_sums_of_points_are_no_questions(read):
    table = columns_of(read, "1、满意度", leading=["序号", "用户ID", *LEADING[1:], "总分"])
    assert dict(table.meta)["native_id"] == 0
    assert [c.number for c in table.columns] == [None] * 8 + [1]


def test_why_it_was_taken_for_this_tool(read):
    reading = read(xlsx({"S": [[*LEADING, "1、满意度"], [*ANSWERS, 1]]}), "1_按序号_评价_1_1.xlsx")
    assert (
        reading.reason
        == "columns 序号, 所用时间, 提交答卷时间, 来源, 来源详情, 来自IP; 1 numbered questions; file name with 按序号"
    )


def test_other_tools_of_the_country_are_not_taken_for_it(read):
    """问卷网 and 腾讯问卷 number their questions too, and have other leading columns."""
    assert read("答题序号,来源,开始时间,提交时间,答题时长,Q1_1.题干\n1,2,3,4,5,6\n").reader == "wenjuan"
    assert read("编号,开始答题时间,结束答题时间,答题时长,1.题干,2.题干\n1,2,3,4,5,6\n").reader == "tencent_survey"


@pytest.mark.parametrize(
    ("cells", "reader", "signs"),
    [
        (["(跳过)", "3"], "wjx", "(跳过)"),
        (["好", "-3"], "wjx", "-2, -3"),
        (["好", "3"], "plain", ""),
    ],
)
def test_without_its_leading_columns_it_is_known_by_its_marks(cells, reader, signs, read):
    """People take addresses away before they hand a file on; a -3 must not pass for a number then."""
    reading = read(xlsx({"S": [["1、意见", "2、办理环节"], cells, ["无", "5"]]}), "handed on.xlsx")
    assert reading.reader == reader
    assert reading.reason.endswith(f"2 numbered questions; cells with {signs}") == (reader == "wjx")
