"""腾讯问卷, 腾讯文档 收集表 and 金山表单: each known by its own columns."""

import pytest

from .conftest import rows_of, xlsx

FRONT = ["编号", "开始答题时间", "结束答题时间", "答题时长"]
OWN = ["12", "2022/10/8 9:00", "2022/10/8 9:03", "180"]


def survey(read, headers, *rows):
    lines = [[*FRONT, *headers, "IP", "UA", "Referrer"], *([*OWN, *row, "1.1.1.1", "x", ""] for row in rows)]
    reading = read(xlsx({"Sheet1": lines}), "1234567.xlsx")
    assert (reading.reader, reading.confidence) == ("tencent_survey", 0.95)
    return reading.tables[0]


def test_columns_of_the_survey_tool(read):
    table = survey(read, ["1.所属行业", "2. 意见", "10、备注"], ["工业", "好", ""])
    assert dict(table.meta) == {"native_id": 0, "started_at": 1, "submitted_at": 2, "duration": 3, "ip": 7}
    assert [(c.key, c.number, c.coding) for c in table.columns[4:7]] == [
        ("所属行业", 1, "label"), ("意见", 2, "label"), ("备注", 10, "label"),
    ]  # fmt: skip


def test_a_column_an_option_and_a_column_a_row(read):
    headers = ["1.费用:评估费", "1.费用:保险费：车险", "2.是否满意:时间", "2.是否满意:材料", "3.单独:一列"]
    table = survey(read, headers, ["A.评估费", "", "满意", "一般", "x"], ["", "B.保险费：车险", "", "满意", "y"])
    assert [(c.key, c.lead, c.option) for c in table.columns[4:9]] == [
        ("费用", None, "评估费"),
        ("费用", None, "保险费：车险"),
        ("时间", "是否满意", None),
        ("材料", "是否满意", None),
        ("单独:一列", None, None),
    ]
    assert [row[4:6] for row in rows_of(table)] == [["评估费", None], [None, "保险费：车险"]]


def test_links_to_files_are_left_out(read):
    link = '=HYPERLINK("https://wj.qq.com/api/files/download?survey_id=1")'
    table = survey(read, ["1.请上传合同", "2.意见"], [link, "好"])
    assert [c.key for c in table.columns[4:5]] == ["意见"]
    assert [note.code for note in table.notes] == ["note-dropped-files"]


def test_collected_form(read):
    rows = [
        ["提交者（自动）", "提交时间（自动）", "所属行业（必填）", "意见"],
        ["昵称", "2022年10月8日 10:13", "工业", "好"],
    ]
    reading = read(xlsx({"收集结果": rows}), "收集结果.xlsx")
    assert (reading.reader, reading.confidence) == ("tencent_form", 0.95)
    assert reading.reason == "columns 提交者（自动）, 提交时间（自动）; 1 headers with （必填）"
    assert dict(reading.tables[0].meta) == {"submitted_at": 1}
    assert [c.key for c in reading.tables[0].columns[2:]] == ["所属行业（必填）", "意见"]


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0]])
def test_collected_form_in_any_order(order, read):
    lines = [["提交时间（自动）", "意见", "提交者（自动）"], ["2022/10/8 10:13:20", "好", "昵称"]]
    reading = read("\n".join(",".join(row[place] for place in order) for row in lines) + "\n")
    assert (reading.reader, reading.tables[0].meta["submitted_at"]) == ("tencent_form", order.index(0))


def test_wps_form_is_taken_without_much_certainty(read):
    reading = read("提交时间,填写人,意见\n2022-10-08 10:13:20,WPS用户,好\n")
    assert (reading.reader, reading.confidence) == ("wps_form", 0.4)
    assert dict(reading.tables[0].meta) == {"submitted_at": 0}


def test_a_ledger_with_one_of_these_columns_is_no_form(read):
    assert read("提交时间,企业,意见\n2022-10-08,甲,好\n").reader == "plain"
