"""What a person is told of a file: what is in it, what is wrong with it, and nothing that anybody answered."""

from __future__ import annotations

import json

import pytest

from evaltools.survey.inspection import inspect_files
from evaltools.survey.instrument import read_instrument_file

FORM = """
| survey |              |         |               |               |             |
|        | type         | name    | label::中文 (zh) | label::English (en) | sensitivity |
|        | integer      | steps   | 办理环节数        | Steps         | plain       |
|        | text         | comment | 意见             | Comments      | text        |
| settings |         |           |
|          | version | form_title |
|          | 1       | Small     |
"""
HEAD = "序号,提交答卷时间,所用时间,来源,来源详情,来自IP,1、办理环节数,2、你的电话13912345678"
WJX = f"{HEAD}\n1,2022/10/8 9:00:00,60秒,微信,,1.2.3.4(省),3,x\n"


@pytest.fixture
def form(tmp_path):
    path = tmp_path / "small.md"
    path.write_text(FORM, encoding="utf-8")
    return read_instrument_file(path)


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(WJX, encoding="utf-8-sig")
    return path


def test_a_file_is_described_without_an_answer(export):
    (found,) = inspect_files([export])
    (table,) = found.tables
    assert (found.reader, found.refused, table.n_rows, table.n_questions) == ("wjx", None, 1, 2)
    assert [one.role for one in table.columns if one.role != "question"] == [
        "native_id", "submitted_at", "duration", "tool", "source_detail", "ip",
    ]  # fmt: skip
    (steps,) = [one for one in table.columns if one.number == 1]
    assert (steps.content, steps.n_distinct, steps.n_blank) == ("number", 1, 0)
    text = json.dumps(found.to_dict(), ensure_ascii=False) + "\n".join(found.lines("zh"))
    assert "13912345678" not in text
    assert "1.2.3.4" not in text


def test_an_instrument_is_held_against_the_columns(export, form):
    (found,) = inspect_files([export], instrument=form)
    items = found.tables[0].items
    assert (items.matched, items.missing) == (("steps",), ("comment",))
    assert items.problem.code == "column-missing"
    assert "    对照问卷“small”：2题中有1题找到对应的列" in found.lines("zh")
    assert "    questions without a column: comment" in found.lines("en")
    assert found.to_dict()["tables"][0]["items"]["n_matched"] == 1


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    path = tmp_path / "broken.xlsx"
    path.write_bytes(b"PK\x03\x04")
    (found,) = inspect_files([path])
    assert found.to_dict()["refused"]["code"] == "file-truncated"
    assert found.lines("zh")[0].startswith("broken.xlsx：不能读取。file-truncated: ")


def test_a_reader_may_be_named(export):
    (found,) = inspect_files([export], reader="plain")
    assert (found.reader, found.confidence) == ("plain", 1.0)
