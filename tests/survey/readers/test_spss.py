"""SPSS files written by pyreadstat: labels, missing codes, truncated files."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.model import Limits
from evaltools.survey.readers.sav_scan import SavScan, scan_sav

from .conftest import rows_of, xlsx

LABELS = {1: "非常满意", 2: "满意", -3: "(跳过)", -2: "(空)", 8: "不适用", 9: "不知道", 10: "拒答"}


@pytest.fixture
def sav(tmp_path):
    frame = pd.DataFrame(
        {
            "Q1": [1.0, 2.0, 3.0, -3.0, -2.0, 8.0, 9.0, 10.0, 99.0, None],
            "bank": ["NA", "云河农商", "", "None", "x", "x", "x", "x", "x", None],
            "day": [date(2022, 10, 1)] * 9 + [None],
            "at": [datetime(2022, 10, 1, 8, 5, 3)] * 10,
            "code": [911101000000000001.0, 0.5, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, None],
        }
    )

    def write(name="f.sav", **options):
        pyreadstat.write_sav(
            frame,
            tmp_path / "source",
            column_labels=["您对办理环节的评价", "银行", "日期", "时间", "代码"],
            variable_value_labels={"Q1": LABELS},
            missing_ranges={"Q1": [-3, {"lo": 8, "hi": 99}]},
            **options,
        )
        return (tmp_path / "source").read_bytes()

    return write


@pytest.mark.parametrize("options", [{}, {"row_compress": True}, {"compress": True}], ids=["sav", "rows", "zsav"])
def test_labels_marks_and_types(options, sav, read):
    reading = read(sav(**options), "f.sav")
    table = reading.tables[0]
    rows = rows_of(table)
    marks = ["<skipped_by_logic>", "<blank>", "<not_applicable>", "<dont_know>", "<refused>", "<blank>"]
    assert [row[0] for row in rows] == ["非常满意", "满意", 3, *marks, None]
    assert rows[0][1:] == ["NA", date(2022, 10, 1), datetime(2022, 10, 1, 8, 5, 3), 911101000000000001.0]
    assert [row[1] for row in rows[1:4]] == ["云河农商", None, "None"]
    assert (type(rows[0][4]), type(rows[2][4])) == (float, int)
    assert {table.missing_marks[row[0]] for row in rows if str(row[0]).startswith("<")} == {
        "skipped_by_logic", "blank", "not_applicable", "dont_know", "refused",
    }  # fmt: skip
    assert (reading.reader, reading.encoding, table.n_counted) == ("spss", "UTF-8", 10)


def test_numbered_variables_are_matched_by_label_and_named_ones_by_name(sav, read):
    columns = read(sav(), "f.sav").tables[0].columns
    assert [(c.header, c.key, c.kind) for c in columns[:2]] == [
        ("Q1", "您对办理环节的评价", "label"),
        ("bank", "bank", "name"),
    ]


@pytest.mark.parametrize("options", [{}, {"row_compress": True}, {"compress": True}], ids=["sav", "rows", "zsav"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_file_cut_short_is_refused(options, share, sav, read):
    data = sav(**options)
    with pytest.raises(FileRefusedError, match="sav-damaged"):
        read(data[: int(len(data) * share)], "f.sav")


@pytest.mark.parametrize("options", [{}, {"row_compress": True}, {"compress": True}], ids=["sav", "rows", "zsav"])
def test_head_that_states_fewer_cases_than_there_are_is_refused(options, sav, read):
    """The library reads as many as the head states and says nothing: nine rows of ten."""
    data = bytearray(sav(**options))
    assert data[80:84] == (10).to_bytes(4, "little")
    data[80:84] = (9).to_bytes(4, "little")
    with pytest.raises(FileRefusedError, match=r"rows-mismatch: 9 rows .* but 10 counted"):
        read(bytes(data), "f.sav")


@pytest.mark.parametrize("options", [{}, {"row_compress": True}], ids=["sav", "rows"])
def test_head_that_does_not_state_the_number(options, sav, read):
    data = bytearray(sav(**options))
    data[80:84] = (-1).to_bytes(4, "little", signed=True)
    table = read(bytes(data), "f.sav").tables[0]
    assert (len(table.row_numbers), table.n_counted) == (10, 10)


NUMBERS = st.one_of(st.none(), st.sampled_from([0.0, 1.0, 151.0, -200.0, 0.5]))
TEXTS = st.sampled_from(["", "a", "NA", "十二个字的一段文字而已啊", "长" * 400])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(NUMBERS, TEXTS, NUMBERS), min_size=1, max_size=30),
    options=st.sampled_from([{}, {"row_compress": True}, {"compress": True}]),
    note=st.sampled_from([None, ["first", "second"]]),
)
def test_cases_are_counted_from_the_bytes(rows, options, note, tmp_path):
    frame = pd.DataFrame(rows, columns=["a", "b", "c"]).astype({"a": float, "c": float})
    labels = {"a": {1.0: "一", 151.0: "a label of more than eight signs"}}
    pyreadstat.write_sav(
        frame, tmp_path / "p", column_labels=["x", "标签", ""], note=note, variable_value_labels=labels, **options
    )
    assert scan_sav((tmp_path / "p").read_bytes(), file="p") == SavScan(len(rows), len(rows))


def test_too_many_cells(sav, read):
    with pytest.raises(FileRefusedError, match="file-cells"):
        read(sav(), "f.sav", limits=Limits(max_cells=49))


def test_reader_and_format_must_fit(sav, read):
    with pytest.raises(FileRefusedError, match=r"reader-unfit: reader 'plain' does not read f\.sav"):
        read(sav(), "f.sav", reader="plain")
    with pytest.raises(FileRefusedError, match=r"reader-unfit: reader 'spss' does not read f\.xlsx"):
        read(xlsx({"S": [["a"]]}), "f.xlsx", reader="spss")
    with pytest.raises(FileRefusedError, match="sheet-missing"):
        read(sav(), "f.sav", sheet="S")
