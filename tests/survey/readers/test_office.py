"""Spreadsheets laid out by hand: every row is an answer, or is left out with its reason and its number."""

from __future__ import annotations

import csv
import io

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.errors import FileRefusedError, message
from evaltools.survey.readers.choose import read_content
from evaltools.survey.readers.model import Limits

from .conftest import rezip, rows_of, xlsx

TITLE = ["云河县银行办件情况统计表"]
LINE = ["填报单位：云河县金融办", None, None, None, None, "单位：万元"]
GROUPS = ["序号", "银行", "办理情况", None, None, "放款"]
HEADS = [None, None, "环节", "时间", "意见", "金额"]
UNITS = [None, None, "（个）", "（天）", None, "（万元）"]
STEMS = ["甲", "乙", 1, 2, 3, 4]
DATA = [
    [1, "甲银行", 3, "15天", "好", 100],
    [2, None, 4, "12", "快", 120],
    [3, "乙银行", 5, 9, "慢", 90],
]
TOTAL = ["合计", None, 12, None, None, 310]
SIGNED = ["填表人：张三", None, None, "审核人：李四", None, "2022年10月8日"]
NOTE = ["注：1.时间指资料齐全至放款。"]
FURTHER = ["2.金额为合同金额。"]
LAID_OUT = [TITLE, LINE, GROUPS, HEADS, UNITS, STEMS, *DATA, TOTAL, SIGNED, NOTE, FURTHER]
MERGES = [(0, 0, 0, 5), (2, 0, 3, 0), (2, 1, 3, 1), (2, 2, 2, 4), (6, 1, 7, 1), (9, 0, 9, 1)]


def workbook(rows, merges=(), options=None):
    """An .xlsx with merged ranges (first row, first column, last row, last column)."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, options or {})
    sheet = book.add_worksheet("台账")
    for first_row, first, last_row, last in merges:
        sheet.merge_range(first_row, first, last_row, last, "")
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if cell is not None:
                (sheet.write_string if isinstance(cell, str) else sheet.write)(number, column, cell)
    book.close()
    return out.getvalue()


def text(rows):
    """The rows as csv, all as wide as the widest."""
    out = io.StringIO()
    width = max(map(len, rows))
    csv.writer(out).writerows([[*row, *[None] * (width - len(row))] for row in rows])
    return out.getvalue()


def read_rows(rows):
    reading = read_content(text(rows).encode(), "text", reader=None, sheet=None, file="f.csv", limits=Limits())
    return reading.reader, reading.tables[0]


def notes(table):
    return {note.code: dict(note.fields) for note in table.notes}


def test_titles_two_header_rows_merged_banks_totals_and_signatures(read):
    reading = read(workbook(LAID_OUT, MERGES), "台账.xlsx")
    table = reading.tables[0]
    assert (reading.reader, reading.confidence) == ("office", 0.6)
    assert [(column.lead, column.key, column.header, column.unit) for column in table.columns] == [
        (None, "序号", "序号", ""),
        (None, "银行", "银行", ""),
        ("办理情况", "环节", "办理情况—环节", "个"),
        ("办理情况", "时间", "办理情况—时间", "天"),
        ("办理情况", "意见", "办理情况—意见", ""),
        ("放款", "金额", "放款—金额", "万元"),
    ]
    assert table.row_numbers == [7, 8, 9]
    assert rows_of(table)[1] == [2, "甲银行", 4, "12", "快", 120]  # the bank was merged over two rows
    assert dict(table.left_out) == {10: "total", 11: "signature", 12: "explanation", 13: "explanation"}
    assert notes(table) == {
        "note-office-top": {"titles": "1, 2", "header": "3, 4, 5, 6"},
        "note-office-money": {"unit": "万元"},
        "note-office-total": {"count": 1, "rows": "10"},
        "note-office-signature": {"count": 1, "rows": "11"},
        "note-office-explanation": {"count": 2, "rows": "12, 13"},
        "note-office-merged": {"count": 1, "columns": "银行 (1)"},
    }
    for code, fields in notes(table).items():
        assert "张三" not in message(code, fields, "zh")


def test_the_same_table_as_csv_has_lost_only_what_was_merged(read):
    table = read(text(LAID_OUT), "台账.csv").tables[0]
    assert [(column.lead, column.key) for column in table.columns][2:5] == [
        ("办理情况", "环节"), ("办理情况", "时间"), ("办理情况", "意见"),
    ]  # fmt: skip
    assert rows_of(table)[1] == ["2", None, "4", "12", "快", "120"]  # a blank cell that is not merged stays blank
    assert list(table.left_out.values()) == ["total", "signature", "explanation", "explanation"]


def test_a_two_row_header_without_a_title_is_known_by_the_columns_that_skip_its_second_row():
    reader, table = read_rows([GROUPS, HEADS, *DATA])
    assert reader == "office"
    assert [column.header for column in table.columns][2:4] == ["办理情况—环节", "办理情况—时间"]
    assert table.row_numbers == [3, 4, 5]


@pytest.mark.parametrize(
    "rows",
    [
        [["bank", None, "comment"], ["甲银行", "x", "好"], ["乙银行", "y", None]],
        [["bank", None, "comment"], ["甲银行", "x", None], ["乙银行", "y", None]],
        [["a", "b", "c", "d"], [1, 2, 3, 4]],
        [["a", "b", "c"], [1, 2, 3], [2, 5, 1]],
        [["银行", "环节"], ["甲银行", 3], ["乙银行", 5]],
        [["意见"], ["注：好"], ["合计"]],
        [["编号", "意见"], [1, "好"], [None, "注：要快"]],
        [["单位", "联系人", "电话"], ["甲公司", "张三", 1], ["乙公司", "李四", 2]],
    ],
)
def test_a_plain_table_stays_one_and_no_row_is_lost(rows):
    reader, table = read_rows(rows)
    assert reader == "plain"
    assert len(table.row_numbers) == len(rows) - 1


def test_a_firm_that_is_called_total_is_kept():
    """Among words, it has words too; among figures alone, its figures are not the sums."""
    _, table = read_rows([["企业", "环节", "意见"], ["甲", 3, "好"], ["合计", 7, "快"], ["乙", 5, "慢"]])
    assert [row[0] for row in rows_of(table)] == ["甲", "合计", "乙"]
    reader, table = read_rows([["企业", "环节", "天数"], ["甲公司", 3, 9], ["合计", 7, 7], ["乙公司", 5, 2]])
    assert (reader, [row[0] for row in rows_of(table)]) == ("plain", ["甲公司", "合计", "乙公司"])


def test_a_row_of_totals_may_hold_no_figure_where_numbers_count_the_rows():
    rows = [
        ["序号", "企业", "意见"],
        [1, "甲", "好"],
        [2, "乙", "慢"],
        ["合计", None, " "],
        ["填表人：张三", None, None],
    ]
    _, table = read_rows(rows)
    assert table.left_out == {4: "total", 5: "signature"}


@pytest.mark.parametrize(
    ("total", "kept"),
    [
        (["合计", 8, 11], False),
        (["合  计：", 8, None], False),
        (["平均", 4, 5.5], False),
        (["合计（2家）", "8", "-"], False),
        (["总计", 8, "好"], True),
        (["合计", None, None], True),
        (["共计", 9, 12], True),
    ],
)
def test_a_row_of_totals_adds_up(total, kept):
    _, table = read_rows([["企业", "环节", "天数"], ["甲公司", 3, 9], ["乙公司", 5, 2], total])
    assert (len(table.row_numbers) == 3) == kept
    assert len(table.row_numbers) + len(table.left_out) == 3


def test_a_printed_page_repeats_its_header_and_its_foot(read):
    page = [
        TITLE,
        ["银行", "环节", "意见"],
        ["甲银行", 3, "好"],
        ["乙银行", 4, "快"],
        ["填表人：张三", None, "审核人：李四"],
    ]
    table = read(
        workbook([*page, *page[:2], ["丙银行", 5, "慢"], page[-1]], [(0, 0, 0, 2), (5, 0, 5, 2)]), "f.xlsx"
    ).tables[0]
    assert [row[0] for row in rows_of(table)] == ["甲银行", "乙银行", "丙银行"]
    assert dict(table.left_out) == {5: "signature", 6: "heading", 7: "heading", 9: "signature"}


def test_a_merged_line_between_answers_is_a_heading_and_a_lone_text_is_an_answer(read):
    rows = [
        ["银行", "环节", "意见"],
        ["一、国有银行"],
        ["甲银行", 3, "好"],
        ["乙银行", None, None],
        ["丙银行", 4, "快"],
    ]
    table = read(workbook(rows, [(1, 0, 1, 2)]), "f.xlsx").tables[0]
    assert dict(table.left_out) == {2: "heading"}
    assert [row[0] for row in rows_of(table)] == ["甲银行", "乙银行", "丙银行"]


def test_only_merged_cells_are_filled_and_only_downwards(read):
    rows = [["银行", "网点", "环节"], ["甲银行", "东", 3], [None, "西", 4], [None, "南", 5], ["乙银行", None, 6]]
    table = read(workbook(rows, [(1, 0, 2, 0), (4, 0, 4, 1)]), "f.xlsx").tables[0]
    assert rows_of(table) == [["甲银行", "东", 3], ["甲银行", "西", 4], [None, "南", 5], ["乙银行", None, 6]]


def test_a_header_of_three_rows(read):
    rows = [
        ["银行", "贷款", None, None],
        [None, "信用", None, "抵押"],
        [None, "笔数", "金额", "金额"],
        ["甲银行", 1, 2, 3],
    ]
    merges = [(0, 0, 2, 0), (0, 1, 0, 3), (1, 1, 1, 2)]
    table = read(workbook(rows, merges), "f.xlsx").tables[0]
    assert [column.header for column in table.columns] == ["银行", "贷款—信用—笔数", "贷款—信用—金额", "贷款—抵押—金额"]
    assert table.row_numbers == [4]


def test_a_header_merged_over_two_columns_of_answers_is_no_group(read):
    rows = [["银行", "联系人及电话", None, "环节"], ["甲银行", "张三", "一二三", 3], ["乙银行", "李四", "四五六", 4]]
    table = read(workbook(rows, [(0, 1, 0, 2)]), "f.xlsx").tables[0]
    assert len(table.row_numbers) == 2


def test_sheets_that_begin_below_and_right_of_the_corner(read):
    rows = [[], [], [None, *TITLE], [None, "银行", "环节", "意见"], [None, "甲银行", 3, "好"], [None, None, 4, "快"]]
    table = read(workbook(rows, [(2, 1, 2, 3), (4, 1, 5, 1)]), "f.xlsx").tables[0]
    assert rows_of(table) == [["甲银行", 3, "好"], ["甲银行", 4, "快"]]
    assert table.row_numbers == [5, 6]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([["题目", "取值", "含义"], ["1. 类型", 1, "甲"], [None, 2, "乙"], [None, 3, "丙"]], "sheet-codebook"),
        ([["Question", "Type"], ["Date?", "Date"], ["Which bank?", "Short Text"], ["Why?", "Text"]], "sheet-form"),
        ([["题目", "题型"], ["申请过吗", "单选题"], ["哪些费用", "多选题（可多选）"]], "sheet-form"),
    ],
)
def test_a_list_of_codes_or_questions_is_refused_unless_a_reader_is_named(read, rows, code):
    with pytest.raises(FileRefusedError, match=code):
        read(xlsx({"S": rows}), "f.xlsx")
    assert len(read(xlsx({"S": rows}), "f.xlsx", reader="plain").tables[0].row_numbers) == len(rows) - 1


def test_a_header_alone_and_a_title_alone(read):
    assert read(workbook([TITLE, ["银行", "环节", "意见"]], [(0, 0, 0, 2)]), "f.xlsx").tables[0].row_numbers == []
    assert read(workbook([TITLE]), "f.xlsx").reader == "plain"


CELLS = (
    st.none()
    | st.sampled_from(["合计", "甲银行", "填表人：张三", "注：无", "银行", "好", "1", "（天）", "题目"])
    | st.integers(0, 5)
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=9))
def test_every_row_is_an_answer_or_is_named(rows):
    """Rows with a value = rows above the answers + answers + rows that are named as left out."""
    rows = [["银行", "环节", "意见"], *rows]
    reader, table = read_rows(rows)
    top = 1 if reader == "plain" or "note-office-top" not in notes(table) else None
    filled = [number for number, row in enumerate(rows, start=1) if any(cell is not None for cell in row)]
    if top is None:
        told = notes(table)["note-office-top"]
        top = len([one for part in told.values() for one in part.split(", ") if one != "-"])
    assert top + len(table.row_numbers) + len(table.left_out) == len(filled)
    assert table.n_counted == len(table.row_numbers)
    assert set(table.row_numbers).isdisjoint(table.left_out)


def test_a_unit_below_or_behind_a_header_is_no_part_of_its_wording(read):
    rows = [["银行", "时间", "金额（万元）", "企业（家）名称"], [None, "（天）", None, None], ["甲银行", 3, 5, "x"]]
    table = read(workbook(rows, [(0, 0, 1, 0), (0, 2, 1, 2), (0, 3, 1, 3)]), "f.xlsx").tables[0]
    assert [(column.header, column.key, column.unit) for column in table.columns] == [
        ("银行", "银行", ""),
        ("时间", "时间", "天"),
        ("金额（万元）", "金额", ""),
        ("企业（家）名称", "企业（家）名称", ""),
    ]


def test_merged_ranges_that_no_program_writes_are_refused(read):
    rows = [["银行", "环节"], *([f"银行{number}", number] for number in range(30))]
    many = b"".join(b'<mergeCell ref="A%d:B31"/>' % row for row in range(2, 31))
    data = rezip(
        xlsx({"S": rows}),
        {
            "xl/worksheets/sheet1.xml": lambda part: part.replace(
                b"</sheetData>", b"</sheetData><mergeCells>" + many + b"</mergeCells>"
            )
        },
    )
    with pytest.raises(FileRefusedError, match=r"file-damaged.*merged cells"):
        read(data, "f.xlsx")
