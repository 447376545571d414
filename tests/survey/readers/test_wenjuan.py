"""问卷网: exports in words and in codes, a damaged first header, the list of codes beside the answers."""

import pytest

from .conftest import rows_of, xlsx

FRONT = ["答题序号", "来源", "开始时间", "提交时间", "答题时长", "IP省份", "IP城市", "IP地址", "浏览器", "操作系统"]
OWN = [
    "7",
    "直接访问",
    "2022-10-01 08:00:00",
    "2022-10-01 08:02:17",
    "137",
    "河南",
    "新乡",
    "10.1.1.1",
    "Chrome",
    "Windows",
]
BACK = ["start", "finish", "time_used", "ip_province", "ip_city", "ip", "browser", "os"]
LAST = [OWN[2], OWN[3], "137", "河南", "新乡", "10.1.1.1", "Chrome", "Windows"]


def worded(read, headers, *rows):
    lines = [[*FRONT, *headers], *([*OWN, *row] for row in rows)]
    reading = read(xlsx({"Sheet1": lines}), "f.xlsx")
    assert (reading.reader, reading.confidence) == ("wenjuan", 0.95)
    return reading.tables[0]


def coded(read, headers, *rows, codes=None, first="seq"):
    lines = [[first, "source", *headers, *BACK], *(["7", "link", *row, *LAST] for row in rows)]
    sheets = {"data": lines} if codes is None else {"code": codes, "data": lines}
    reading = read(xlsx(sheets), "f.xlsx")
    assert reading.reader == "wenjuan"
    return reading.tables[0]


def named(table, start, stop):
    return [(c.kind, c.key, c.lead, c.number, c.option, c.typed, c.coding) for c in table.columns[start:stop]]


def test_headers_in_words(read):
    table = worded(read, ["Q1_1.所属行业", "Q2_2. 意见____建议"], ["工业", "好"])
    assert dict(table.meta) == {"native_id": 0, "started_at": 2, "submitted_at": 3, "duration": 4, "ip": 7}
    assert [(c.key, c.number) for c in table.columns[10:]] == [("所属行业", 1), ("意见____建议", 2)]


def test_columns_of_one_question_are_options_or_rows(read):
    headers = [
        "Q1_1.费用_评估费",
        "Q1_1.费用_公证费",
        "Q2_2.是否满意_时间",
        "Q2_2.是否满意_材料",
        "Q3_3.渠道_网上",
        "Q3_3.渠道_柜台",
    ]
    table = worded(read, headers, [1, 0, "满意", "一般", "网上", None], [0, 0, "满意", None, None, "柜台"])
    assert [(c.key, c.lead, c.option) for c in table.columns[10:]] == [
        ("费用", None, "评估费"),
        ("费用", None, "公证费"),
        ("时间", "是否满意", None),
        ("材料", "是否满意", None),
        ("渠道", None, "网上"),
        ("渠道", None, "柜台"),
    ]


def test_codes_without_their_list_are_places_of_options(read):
    headers = ["Q1", "Q2|A1|open", "Q3_A1", "Q3_A2", "Q4_A1", "Q4_A2", "Q5|A1|open", "Q5|A2|open"]
    table = coded(read, headers, [2, "农", 1, 0, 5, 4, "甲", "乙"], [1, "工", 0, 1, 3, 4, "丙", None])
    assert named(table, 2, 10) == [
        ("name", "Q1", None, 1, None, False, "number"),
        ("name", "Q2", None, 2, None, False, "number"),
        ("name", "Q3", None, 3, "1", False, "number"),
        ("name", "Q3", None, 3, "2", False, "number"),
        ("name", "Q4_A1", None, 4, None, False, "number"),
        ("name", "Q4_A2", None, 4, None, False, "number"),
        ("name", "Q5_A1", None, 5, None, False, "number"),
        ("name", "Q5_A2", None, 5, None, False, "number"),
    ]
    assert [note.code for note in table.notes] == ["note-option-numbers"]


def test_what_was_typed_beside_a_coded_choice(read):
    table = coded(read, ["Q1", "Q1|A3|open", "Q2_A1", "Q2_A2", "Q2|A2|open"], [3, "渔业", 1, 1, "律师费"])
    assert [(c.key, c.option, c.typed) for c in table.columns[2:7]] == [
        ("Q1", None, False), ("Q1", "3", True), ("Q2", "1", False), ("Q2", "2", False), ("Q2", "2", True),
    ]  # fmt: skip


CODES = [
    ["Q1", "所属行业", "单选题"],
    [None, 1, "农业"],
    [None, 2, "工业"],
    ["Q2", "费用", "多选题"],
    [None, 1, "评估费"],
    [None, 2, "公证费"],
    ["Q3", "意见", "填空题"],
]


@pytest.mark.parametrize("codes", [CODES, [[None if cell is None else str(cell) for cell in row] for row in CODES]])
def test_the_list_of_codes_beside_the_answers_gives_the_words(codes, read):
    table = coded(read, ["Q1", "Q2_A1", "Q2_A2", "Q3|A1|open"], [2, 1, 0, "好"], ["1.0", 0, 0, "2"], codes=codes)
    assert table.sheet == "data"
    assert [(c.kind, c.key, c.option, c.coding) for c in table.columns[2:6]] == [
        ("label", "所属行业", None, "label"),
        ("label", "费用", "评估费", "label"),
        ("label", "费用", "公证费", "label"),
        ("label", "意见", None, "label"),
    ]
    assert [row[2:6] for row in rows_of(table)] == [["工业", 1, 0, "好"], ["农业", 0, 0, "2"]]
    assert table.notes == ()


def test_a_code_that_the_list_does_not_know_stays(read):
    table = coded(read, ["Q1"], [9], codes=CODES)
    assert rows_of(table)[0][2] == 9


def test_a_damaged_first_header_is_mended_and_told(read):
    table = coded(read, ["Q1"], [1], first="2seq")
    assert table.columns[table.meta["native_id"]].key == "seq"
    assert [(note.code, note.fields) for note in table.notes] == [
        ("note-header-mended", {"header": "2seq", "meant": "seq"}),
        ("note-option-numbers", {}),
    ]


def test_questions_named_like_that_alone_are_another_tools(read):
    assert read("Q1,Q2,Q3\n1,2,3\n").reader == "plain"
    assert read("start,finish,ip,a,b\n1,2,3,4,5\n").reader == "plain"
