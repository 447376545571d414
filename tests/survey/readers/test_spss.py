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
from evaltools.survey.readers.sav_scan import scan_sav

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
    assert (reading.reader, reading.tool, reading.encoding, table.n_counted) == ("spss", "spss", "UTF-8", 10)
    assert [column.coding for column in table.columns] == ["label", "", "", "", ""]


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
    scan = scan_sav((tmp_path / "p").read_bytes(), file="p", limits=Limits())
    assert (scan.stated, scan.counted) == (len(rows), len(rows))
    # a text of more than 255 bytes is stored as several variables
    assert scan.variables >= 3


def test_too_many_cells(sav, read):
    with pytest.raises(FileRefusedError, match="file-cells"):
        read(sav(), "f.sav", limits=Limits(max_cells=49))


def write(tmp_path, frame, labels=None, values=None, **options):
    pyreadstat.write_sav(frame, tmp_path / "s", column_labels=labels, variable_value_labels=values or {}, **options)
    return (tmp_path / "s").read_bytes()


def notes_of(table):
    return {note.code: dict(note.fields) for note in table.notes}


def test_cells_are_counted_before_they_are_read(tmp_path, read, monkeypatch):
    monkeypatch.setattr(pyreadstat, "read_sav", None)
    data = write(tmp_path, pd.DataFrame({"a": [1.0] * 10, "b": [2.0] * 10}))
    with pytest.raises(FileRefusedError, match="file-cells"):
        read(data, "f.sav", limits=Limits(max_cells=19))


def test_zsav_that_unpacks_to_more_than_it_should_is_refused_by_its_list_of_blocks(tmp_path, read):
    data = write(tmp_path, pd.DataFrame({"a": [1.5] * 400_000}), compress=True)
    assert len(data) < 20_000
    with pytest.raises(FileRefusedError, match=r"unpacked-size: f\.zsav is over 1000 bytes when unpacked"):
        read(data, "f.zsav", limits=Limits(max_part=1000))
    with pytest.raises(FileRefusedError, match="unpacked-size"):
        read(data, "f.zsav", limits=Limits(ratio_from=1000, max_ratio=10))


@pytest.mark.parametrize("change", [-1, 1])
def test_zsav_block_of_another_size_than_listed_is_refused(change, tmp_path, read):
    data = bytearray(write(tmp_path, pd.DataFrame({"a": [1.5] * 100}), compress=True))
    at = len(data) - 8  # size of the last block unpacked, then packed
    size = int.from_bytes(data[at : at + 4], "little")
    data[at : at + 4] = (size + change).to_bytes(4, "little")
    with pytest.raises(FileRefusedError, match="sav-damaged"):
        read(bytes(data), "f.zsav")


SELECTED = {1: "选中", 0: "未选中"}
DECLINED = {1: "Yes", 0: "Not Selected"}


@pytest.mark.parametrize(
    ("labels", "values", "lead", "is_sure"),
    [
        (["3、费用(公证费)", "3、费用(保险费)"], SELECTED, "3、费用", True),
        (["[公证费] 费用", "[保险费] 费用"], DECLINED, "费用", True),
        (["费用 - Selected Choice - 公证费", "费用 - Selected Choice - 保险费"], None, "费用", False),
        (["费用 :: 公证费", "费用 :: 保险费"], {1: "1", 0: "0"}, "费用", False),
        (["3、费用—公证费", "3、费用—保险费"], {1: "是", 0: "否"}, "3、费用", False),
        (["公证费", "保险费"], SELECTED, "", True),
    ],
    ids=["wjx", "limesurvey", "qualtrics", "kobo", "yes-or-no", "options-alone"],
)
def test_variables_of_choices(labels, values, lead, is_sure, tmp_path, read):
    frame = pd.DataFrame({"Q1": [5.0] * 3, "Q3_1": [1.0, 0.0, None], "Q3_2": [0.0, 0.0, None]})
    coded = dict.fromkeys(("Q3_1", "Q3_2"), values) if values else {}
    table = read(write(tmp_path, frame, ["年限", *labels], coded), "f.sav").tables[0]
    options = [column for column in table.columns if column.option is not None]
    assert [(c.key, c.option) for c in options] == [(lead, "公证费"), (lead, "保险费")]
    assert len(table.columns) == (3 if is_sure else 5)
    assert [[row[c.position] for c in options] for row in rows_of(table)] == [[1, 0], [0, 0], [None, None]]
    assert ("note-two-ways" in notes_of(table)) is not is_sure


def test_choices_by_name_and_marks_among_them(tmp_path, read):
    frame = pd.DataFrame({"fees_none": [1.0, 0.0, -3.0], "fees_notary": [0.0, 1.0, -3.0]})
    coded = {name: {1: "选中", 0: "未选中", -3: "(跳过)"} for name in frame}
    table = read(write(tmp_path, frame, ["费用-无", "费用-公证费"], coded), "f.sav").tables[0]
    assert [(c.key, c.kind, c.coding, c.option) for c in table.columns] == [
        ("fees", "name", "name", "none"),
        ("fees", "name", "name", "notary"),
    ]
    assert rows_of(table) == [[1, 0], [0, 1], ["<skipped_by_logic>"] * 2]


@pytest.mark.parametrize(
    "labels", [["(I02-01) Radio", "(I02-23) Net"], ["Do you agree?", "Were your questions answered?"]]
)
def test_a_section_of_questions_is_not_one_question(labels, tmp_path, read):
    frame = pd.DataFrame({"i_radio": [1.0, 0.0], "i_mosquito_net": [0.0, 1.0]})
    values = {name: {1: "Yes", 0: "No"} for name in frame}
    table = read(write(tmp_path, frame, labels, values), "f.sav").tables[0]
    assert [(c.key, c.option) for c in table.columns] == [("i_radio", None), ("i_mosquito_net", None)]
    assert notes_of(table) == {}


def test_names_of_choices_may_hold_underscores(tmp_path, read):
    names = ["g_fees_car_loan", "g_fees_car_own", "g_fees_none", "g_steps"]
    frame = pd.DataFrame({name: [1.0, 0.0] for name in names})
    labels = ["费用-车贷", "费用-自有", "费用-没有", "环节"]
    table = read(write(tmp_path, frame, labels), "f.sav").tables[0]
    assert [(c.key, c.option) for c in table.columns if c.option] == [
        ("g_fees", "car_loan"), ("g_fees", "car_own"), ("g_fees", "none"),
    ]  # fmt: skip


def test_what_only_ticks_are_written_for_is_completed(tmp_path, read):
    """Qualtrics leaves the others blank, and labels 1 with the choice."""
    frame = pd.DataFrame({"Q5_1": [1.0, None, None], "Q5_2": [None, 1.0, None]})
    coded = {"Q5_1": {1: "Notary"}, "Q5_2": {1: "No fee"}}
    labels = ["Fees - Selected Choice - Notary", "Fees - Selected Choice - No fee"]
    table = read(write(tmp_path, frame, labels, coded), "f.sav").tables[0]
    assert [c.option for c in table.columns] == ["Notary", "No fee"]
    assert rows_of(table) == [[1, 0], [0, 1], [None, None]]


def test_rows_of_a_matrix(tmp_path, read):
    frame = pd.DataFrame({"Q8_1": [1.0, 5.0], "Q8_2": [2.0, 4.0]})
    table = read(write(tmp_path, frame, ["8、满意—时间", "8、满意—成本"]), "f.sav").tables[0]
    assert [(c.key, c.lead, c.option) for c in table.columns] == [("时间", "8、满意", None), ("成本", "8、满意", None)]


def test_two_codes_of_one_label_stay_apart(tmp_path, read):
    """Labels are cut at 120 bytes, so two long ones may become equal."""
    frame = pd.DataFrame({"bank": [1.0, 2.0, 3.0]})
    table = read(write(tmp_path, frame, values={"bank": {1: "某银行", 2: "某 银行 ", 3: "某  银行"}}), "f.sav").tables[
        0
    ]
    assert rows_of(table) == [["某银行"], [2], [3]]
    assert notes_of(table)["note-labels-same"] == {"columns": ["bank"]}


def test_labels_of_refusals_among_numbers_are_reasons_and_points_of_a_scale_stay_numbers(tmp_path, read):
    frame = pd.DataFrame({"days": [5.0, 999.0, 998.0], "score": [0.0, 7.0, 10.0]})
    values = {"days": {999: "不知道", 998: "拒答"}, "score": {0: "非常不满意", 10: "非常满意"}}
    data = write(tmp_path, frame, values=values, variable_measure={"score": "scale"})
    table = read(data, "f.sav").tables[0]
    assert rows_of(table) == [[5, 0], ["<dont_know>", 7], ["<refused>", 10]]


def test_missing_codes_without_a_reason_are_blank_and_named(sav, read):
    assert notes_of(read(sav(), "f.sav").tables[0])["note-codes-missing"] == {"columns": ["Q1"]}


def test_variables_that_a_tool_adds(tmp_path, read):
    frame = pd.DataFrame(
        {
            "StartDate": [datetime(2022, 10, 8, 9)], "EndDate": [datetime(2022, 10, 8, 9, 10)], "Finished": [1.0],
            "ResponseId": ["R_1"], "RecipientEmail": ["a@example.invalid"], "Q1": [2.0],
        }
    )  # fmt: skip
    reading = read(write(tmp_path, frame, ["", "", "", "", "", "环节 - Selected Choice"]), "f.sav")
    table = reading.tables[0]
    assert (reading.reader, reading.tool) == ("spss", "qualtrics")
    assert dict(table.meta) == {"submitted_at": 1, "started_at": 0, "native_id": 3}
    assert [c.key for c in table.columns[4:]] == ["环节"]
    assert set(notes_of(table)) == {"note-dropped-identifying", "note-time-no-zone"}


def test_reader_and_format_must_fit(sav, read):
    with pytest.raises(FileRefusedError, match=r"reader-unfit: reader 'plain' does not read f\.sav"):
        read(sav(), "f.sav", reader="plain")
    with pytest.raises(FileRefusedError, match=r"reader-unfit: reader 'spss' does not read f\.xlsx"):
        read(xlsx({"S": [["a"]]}), "f.xlsx", reader="spss")
    with pytest.raises(FileRefusedError, match="sheet-missing"):
        read(sav(), "f.sav", sheet="S")
