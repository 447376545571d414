"""Files of tools that leave a question out where nobody answered it: blank, unless it may stand under another name."""

import pytest

from evaltools.config import Source
from evaltools.errors import FileRefusedError
from evaltools.survey.instrument import read_instrument_file
from evaltools.survey.matching.columns import match_columns
from evaltools.survey.questions import read_questions
from evaltools.survey.readers import RawColumn, RawTable
from evaltools.survey.readers.cells import code_cells
from evaltools.survey.roles import Roles

FORM = """
| survey |
| | type | name | label::zh | label::en |
| | integer | steps | 办理环节数 | Steps |
| | decimal | rate | 年利率 | Rate |
| | select_multiple yn | fees | 费用 | Fees |

| choices |
| | list_name | name | label::zh | label::en |
| | yn | a | 甲 | A |
"""


@pytest.fixture
def read(tmp_path):
    (tmp_path / "f.md").write_text(FORM, encoding="utf-8")
    form = read_instrument_file(tmp_path / "f.md")

    def read(*headers, sparse=True, **settings):
        columns = tuple(RawColumn(place, one, one, "name", own=one == "_id") for place, one in enumerate(headers))
        values = [code_cells(["1", "2"]) for _ in headers]
        table = RawTable("", columns, [1, 2], values, {}, {}, " ", 2, sparse=sparse)
        source = Source(pattern="raw/*", instrument="f", wave="w", mode="self", channel="x", **settings)
        found = match_columns(table, form, source, path="f.json")
        return read_questions(table, found, form, source, Roles({}), [])

    return read


def test_what_nobody_answered_is_blank(read):
    columns = read("_id", "steps")
    assert list(columns) == ["steps", "rate", "fees"]
    assert (columns["rate"].answers.tolist(), columns["rate"].reasons.tolist()) == ([None, None], ["blank", "blank"])


def test_a_column_of_the_campaign_file_may_lack_as_well(read):
    assert set(read("steps", columns={"rate": "yearly_rate"})) == {"steps", "rate", "fees"}


def test_a_question_that_may_stand_under_another_name_is_refused(read):
    with pytest.raises(FileRefusedError, match=r"column-missing: .*\(2 in all\): rate \('the_rate'\); fees"):
        read("steps", "the_rate")


def test_other_files_have_a_column_for_every_question(read):
    with pytest.raises(FileRefusedError, match=r"column-missing: .*\(2 in all\): rate; fees"):
        read("steps", sparse=False)
