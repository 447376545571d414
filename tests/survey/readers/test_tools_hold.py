"""Whatever stands in a table, the readers of survey tools lose no row and raise nothing but a refusal."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.errors import FileRefusedError
from evaltools.survey.readers import limesurvey, msforms, qualtrics
from evaltools.survey.readers.book import single
from evaltools.survey.readers.delimited import read_delimited
from evaltools.survey.readers.model import Limits

HEADERS = (
    "id", "submitdate", "lastpage", "startlanguage", "seed", "Response ID", "Date submitted", "Last page", "fees[a]",
    "fees[b]", "fees[other]", "fees_a", "Fees [A]", "Fees [B]", "id. Response ID", "q. Fees [A]", "StartDate",
    "EndDate", "Status", "Finished", "ResponseId", "V1", "V2", "V3", "V4", "V5", "q_1", "q_2", "q_TEXT", "ID",
    "Start time", "Completion time", "Email", "Name", "Points - q", "q", "", "\n", "[", "] [", "a [b][c]",
    "photo[filecount]", "photo",
)  # fmt: skip
CELLS = (
    "", "Y", "N", "Yes", "No", "N/A", "1", "0", "2", "-99", "{question_not_shown}", "{lbrace}", "{quote}", "'=1", "=1",
    "-oth-", "2022-10-08 09:00:00", "1980-01-01 00:00:00", "ResponseID", "R_1", "Lead - A", "Lead - B", "A",
    "Fees - Other - Text",
    '{"ImportId":"QID1_1"}', '{"ImportId":"QID1","choiceId":"1"}', '{"ImportId":"QID1_TEXT"}', '{"ImportId":7}',
    '{"ImportId":"startDate","timeZone":"Asia/Shanghai"}', '{"ImportId"', "submitdate", "id", "seed", "fees_a",
)  # fmt: skip


@st.composite
def tables(draw):
    width = draw(st.integers(1, 8))
    header = draw(st.lists(st.sampled_from(HEADERS), min_size=width, max_size=width))
    rows = draw(st.lists(st.lists(st.sampled_from(CELLS), min_size=width, max_size=width), max_size=6))
    return [header, *rows]


@pytest.mark.parametrize("reader", [limesurvey, qualtrics, msforms], ids=lambda reader: reader.TOOL)
@settings(max_examples=150, deadline=None)
@given(rows=tables())
def test_no_row_is_lost(reader, rows):
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    held = sum(any(row) for row in rows)
    try:
        grid, encoding = read_delimited(out.getvalue().encode(), file="f.csv", limits=Limits())
        book = single(grid, "text", encoding)
        assert 0 <= reader.sniff(book).confidence < 1
        [table] = reader.read(book)
    except FileRefusedError:
        return
    assert 0 <= held - len(table.row_numbers) <= 3  # header rows
    assert len(table.row_numbers) == table.n_counted
    assert {len(cells) for cells in table.values} <= {table.n_counted}
    assert [column.position for column in table.columns] == list(range(len(table.columns)))
    assert len(table.columns) == len(table.values)
    assert all(0 <= place < len(table.columns) for place in table.meta.values())
