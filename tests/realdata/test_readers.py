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
        "qualtrics/legit_voting_choicetext.csv",
        "qualtrics/ropensci_sample_legacy2header.csv",
        "bank-mystery-visits/ESIP_2021_Quantitative_data.xlsx",
        "bank-mystery-visits/Mystery_2022_quantitive_data.xlsx",
        "xlsforms/ipa_cati.xlsx",
        "xlsforms/pyxform_bug_extra_columns.xls",
        "audit-birbhum/sp-birbhum.dta",
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
    assert (file.reader, file.encoding, table.rows.shape) == ("plain", "GB18030", (2326, 40))
    assert [column.header for column in table.columns[:4]] == ["2seq", "source", "Q1", "Q2|A1|open"]


def test_qualtrics_is_read_whole_with_its_further_header_rows(files):
    """158 answers as the file's own documentation counts them, the two extra header rows among them."""
    assert table_of(files, "qualtrics/legit_voting_choicetext.csv")[1].rows.shape == (158, 195)
    legacy, table = table_of(files, "qualtrics/ropensci_sample_legacy2header.csv")
    assert (legacy.encoding, table.rows.shape) == ("UTF-8-SIG", (2, 16))


def test_mystery_visits_repeat_their_headers(files):
    """199 visits in 2021, each question as text and again as code; 253 in 2022."""
    _, first = table_of(files, "bank-mystery-visits/ESIP_2021_Quantitative_data.xlsx")
    _, second = table_of(files, "bank-mystery-visits/Mystery_2022_quantitive_data.xlsx")
    assert (len(first.rows), len(second.rows)) == (199, 253)
    assert max(column.nth for column in first.columns) >= 2
    assert len({(column.header, column.nth) for column in first.columns}) == len(first.columns)


def test_phantom_rows_and_old_workbooks(files):
    """The form has 222 rows on its first sheet; the .xls has formatted blanks in all 256 columns."""
    assert len(table_of(files, "xlsforms/ipa_cati.xlsx")[1].rows) == 222
    assert len(table_of(files, "xlsforms/pyxform_bug_extra_columns.xls")[1].rows) == 3


def test_what_no_reader_is_for_is_refused(files):
    assert "file-kind: sp-birbhum.dta holds Stata" in str(files["audit-birbhum/sp-birbhum.dta"])
