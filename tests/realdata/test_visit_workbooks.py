"""The workbooks of two campaigns of mystery visits: answers are read whole, and what is none is refused as such.

Counts were taken in the sheets. Data: 2 Degrees Investing Initiative, Data.2DII (MIT).
"""

from pathlib import Path

import pytest

from evaltools.errors import FileRefusedError
from evaltools.survey.readers import RawFile, read_files

DATA = Path(__file__).parents[3] / "shared" / "realdata" / "bank-mystery-visits"
NAMES = (
    "ESIP_2021_Quantitative_data.xlsx",
    "Mystery_2022_quantitive_data.xlsx",
    "ESIP_2021_Datamap.xlsx",
    "Mystery_2022_Feedback_Form.xlsx",
)

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not here")


@pytest.fixture(scope="module")
def files():
    return dict(zip(NAMES, read_files([DATA / name for name in NAMES]), strict=True))


@pytest.mark.parametrize(("name", "rows", "columns"), [(NAMES[0], 199, 163), (NAMES[1], 253, 54)])
def test_answers_are_read_whole_and_have_no_layout(files, name, rows, columns):
    file = files[name]
    assert isinstance(file, RawFile)
    [table] = file.tables
    assert (file.reader, len(table.row_numbers), len(table.columns)) == ("plain", rows, columns)
    assert (table.row_numbers[0], table.row_numbers[-1]) == (2, rows + 1)
    assert not table.left_out


def test_each_question_of_2021_stands_twice_as_text_and_as_code(files):
    [table] = files[NAMES[0]].tables
    text, code = [column for column in table.columns if column.header.startswith("1. What is your profile?")]
    assert (text.nth, code.nth) == (1, 2)
    cells = [list(table.values[column.position]) for column in (text, code)]
    assert all(str(one)[0] == str(other) for one, other in zip(*cells, strict=True))
    assert set(cells[1]) == {1, 2, 3, 4, 5, 6}


def test_the_data_map_is_a_list_of_codes_and_the_form_a_list_of_questions(files):
    for name, code, columns in (
        (NAMES[2], "sheet-codebook", "question, value, description"),
        (NAMES[3], "sheet-form", "question"),
    ):
        assert isinstance(files[name], FileRefusedError)
        assert (files[name].code, files[name].fields["columns"]) == (code, columns)
        assert "answers" in str(files[name])
