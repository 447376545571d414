"""Microsoft Forms: its own columns, quizzes, headings with line ends, and csv that Excel saved in another encoding."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.encodings import judge_encoding

from .conftest import rows_of, xlsx

OWN = ["ID", "Start time", "Completion time", "Email", "Name"]
START, END = datetime(2022, 10, 8, 9, 0), datetime(2022, 10, 8, 9, 10)
SENT = [1, START, END, "anonymous", "张三"]


def table_of(read, headers, *answers, own=OWN, sent=SENT):
    reading = read(xlsx({"Sheet1": [[*own, *headers], *([*sent, *row] for row in answers)]}), "f.xlsx")
    assert (reading.reader, reading.tool) == ("msforms", "msforms")
    return reading.tables[0]


def notes_of(table):
    return {note.code: dict(note.fields) for note in table.notes}


def test_name_and_address_never_become_columns(read):
    table = table_of(read, ["支付过哪些费用\r\n（可多选）", "意见\xa0"], ["没有收费;公证费;", "好"])
    assert [(c.key, c.kind) for c in table.columns] == [
        ("id", "name"),
        ("started_at", "name"),
        ("submitted_at", "name"),
        ("支付过哪些费用 （可多选）", "label"),
        ("意见", "label"),
    ]
    assert dict(table.meta) == {"native_id": 0, "started_at": 1, "submitted_at": 2}
    assert rows_of(table) == [[1, START, END, "没有收费;公证费;", "好"]]
    assert table.separator == ";"
    assert notes_of(table)["note-dropped-identifying"] == {"columns": ["Email", "Name"]}
    assert "note-time-no-zone" in notes_of(table)


def test_a_question_that_is_worded_like_a_column_of_the_tool_stays(read):
    table = table_of(read, ["银行", "Email", "Name2"], ["甲", "b@example.invalid", "李四"])
    assert [c.header for c in table.columns[3:]] == ["银行", "Email", "Name2"]
    table = table_of(read, ["Name", "银行"], ["李四", "甲"])
    assert [(c.header, c.kind) for c in table.columns[3:]] == [("Name", "label"), ("银行", "label")]


def test_newer_columns_and_those_of_a_quiz(read):
    own = [*OWN, "Language", "Last modified time", "Total points", "Quiz feedback"]
    headers = ["环节", "Points - 环节", "Feedback - 环节", "Points - 别的"]
    table = table_of(read, headers, ["3", 1, None, "x"], own=own, sent=[*SENT, "中文", None, 1, None])
    assert [c.header for c in table.columns[3:]] == ["Language", "Last modified time", "环节", "Points - 别的"]
    assert notes_of(table)["note-dropped-tool"]["columns"] == [
        "Total points", "Quiz feedback", "Points - 环节", "Feedback - 环节",
    ]  # fmt: skip


def test_headings_in_chinese(read):
    table = table_of(read, ["环节"], ["3"], own=["ID", "开始时间", "完成时间", "电子邮件", "名称"])
    assert set(table.meta) == {"native_id", "started_at", "submitted_at"}
    assert len(table.columns) == 4


def test_csv_and_files_that_are_none(read):
    text = "Id,Start time,Completion time,Email,Name,环节\n1,10/8/2022 9:00,10/8/2022 9:10,anonymous,,3\n"
    assert read(text).reader == "msforms"
    assert read(text.encode("gb18030")).reader == "msforms"
    assert read("ID,Name,环节\n1,甲,3\n").reader == "plain"


WESTERN = (
    "Café", "naïve – “quoted”", "don’t", "Zürich", "Señor Núñez", "100 €", "ça va", "Smørrebrød", "5 ½ days", "Ärger",
    "Élan… vital", "façade", "über", "£20",
)  # fmt: skip


@pytest.mark.parametrize("text", WESTERN)
def test_csv_in_windows_1252_is_refused_and_never_turned_into_chinese(text, read):
    content = f"Id,Start time,Completion time,Email,Name,Q\n1,10/8/2022 9:00,10/8/2022 9:10,anonymous,,{text}\n"
    with pytest.raises(FileRefusedError, match="text-encoding"):
        read(content.encode("cp1252"))


@given(st.lists(st.sampled_from(WESTERN), min_size=1, max_size=20))
def test_no_mixture_of_western_answers_passes_for_chinese(texts):
    with pytest.raises(FileRefusedError, match="text-encoding"):
        judge_encoding("\n".join(texts).encode("cp1252"), file="f.csv")
