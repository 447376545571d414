"""见数: the second row explains, options are columns of 0 and 1."""

import pytest

from .conftest import rows_of, xlsx

FRONT = ["作答 ID", "用户 ID", "开始时间", "结束时间", "作答总时长 (秒)", "IP", "省份"]
EXPLAINED = ["作答的编号", "用户的编号", "开始作答的时间", "结束作答的时间", "单位为秒", "IP 地址", "所在省份"]
OWN = ["1001", "u1", "2022-10-08 09:00:00", "2022-10-08 09:03:00", 180, "1.1.1.1", "河南省"]


def table_of(read, headers, explained, *rows):
    lines = [[*FRONT, *headers], *([[*EXPLAINED, *explained]] if explained else []), *([*OWN, *row] for row in rows)]
    reading = read(xlsx({"data": lines}), "导出.xlsx")
    assert (reading.reader, reading.confidence) == ("credamo", 0.95)
    return reading.tables[0]


def test_the_row_that_explains_is_no_answer(read):
    table = table_of(read, ["所属行业"], ["单选题"], ["工业"], ["农业"])
    assert (len(table.row_numbers), table.n_counted, table.row_numbers) == (2, 2, [3, 4])
    assert dict(table.meta) == {"native_id": 0, "started_at": 2, "submitted_at": 3, "duration": 4, "ip": 5}
    assert [row[7] for row in rows_of(table)] == ["工业", "农业"]


def test_a_file_from_which_it_was_taken_out(read):
    table = table_of(read, ["所属行业"], [], ["工业"])
    assert (table.n_counted, table.row_numbers) == (1, [2])


def test_codes_above_have_their_wording_below(read):
    assert table_of(read, ["Q1", "Q2.1"], ["所属行业", "意见"], ["工业", "好"]).columns[7].key == "所属行业"
    assert table_of(read, ["Q1", "Q2.1"], ["所属行业", "意见"], ["工业", "好"]).columns[8].key == "意见"


@pytest.mark.parametrize("sign", ["-", "_", " ", "："])
def test_columns_of_options_and_of_rows(sign, read):
    headers = [f"费用{sign}18-25元", f"费用{sign}26-35元", f"是否满意{sign}时间", f"是否满意{sign}材料", "意见"]
    table = table_of(
        read, headers, [f"第{place}题" for place in range(5)], [1, 0, "满意", "一般", "好"], [0, 1, None, "满意", ""]
    )
    assert [(c.key, c.lead, c.option) for c in table.columns[7:]] == [
        ("费用", None, "18-25元"),
        ("费用", None, "26-35元"),
        ("时间", "是否满意", None),
        ("材料", "是否满意", None),
        ("意见", None, None),
    ]
