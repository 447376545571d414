"""Public exports that nobody here wrote; row counts were taken from the files' descriptions and by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaltools.survey.readers import RawFile, read_files

REAL = Path(__file__).parents[2].parent / "shared" / "realdata"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the real data is not here")


@pytest.fixture(scope="module")
def files():
    names = [
        "kobo-talafar/cleaningtools_raw_data.csv",
        "wenjuan/colleges_results_desensitized_d66869e1.csv",
        "bank-mystery-visits/ESIP_2021_Quantitative_data.xlsx",
        "bank-mystery-visits/Mystery_2022_quantitive_data.xlsx",
    ]
    return dict(zip(names, read_files([REAL / name for name in names]), strict=True))


def table_of(files, name):
    file = files[name]
    assert isinstance(file, RawFile)
    return file, file.tables[0]


def test_kobo_after_r(files):
    """632 interviews, 348 columns, 188 of them options of questions that have a column of their own."""
    file, table = table_of(files, "kobo-talafar/cleaningtools_raw_data.csv")
    assert (file.reader, file.encoding, table.rows.shape) == ("kobo", "UTF-8", (632, 160))
    assert table.columns[0].key == "start"
    assert set(table.meta) == {"started_at", "submitted_at", "native_id"}
    assert table.rows[table.meta["native_id"]].nunique() == 632
    assert "primary_livelihood" in {column.key for column in table.columns}


def test_wenjuan_is_gb18030_and_not_wjx(files):
    file, table = table_of(files, "wenjuan/colleges_results_desensitized_d66869e1.csv")
    assert (file.reader, file.encoding, table.rows.shape) == ("wenjuan", "GB18030", (2326, 40))
    assert [column.key for column in table.columns[2:32]] == [f"Q{number}" for number in range(1, 31)]
    assert {column.kind for column in table.columns[2:32]} == {"name"}
    assert [note.code for note in table.notes] == ["note-header-mended", "note-option-numbers"]
    # the first header is damaged; the numbers below it are the answers' own
    assert table.rows[table.meta["native_id"]].nunique() == 2326
    assert table.rows[2].value_counts().to_dict() == {"2": 1438, "1": 888}


def test_mystery_visits_repeat_their_headers(files):
    """199 visits in 2021, each question as text and again as code; 253 in 2022."""
    _, first = table_of(files, "bank-mystery-visits/ESIP_2021_Quantitative_data.xlsx")
    _, second = table_of(files, "bank-mystery-visits/Mystery_2022_quantitive_data.xlsx")
    assert (len(first.rows), len(second.rows)) == (199, 253)
    assert max(column.nth for column in first.columns) >= 2
    assert len({(column.header, column.nth) for column in first.columns}) == len(first.columns)


def test_phantom_rows_and_old_workbooks():
    """The form has 222 rows on its first sheet; the .xls has formatted blanks in all 256 columns."""
    paths = [REAL / "xlsforms" / name for name in ("ipa_cati.xlsx", "pyxform_bug_extra_columns.xls")]
    read = read_files(paths, readers=["plain", "plain"])
    assert [len(file.tables[0].rows) for file in read if isinstance(file, RawFile)] == [222, 3]
