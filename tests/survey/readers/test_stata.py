"""Stata files of all versions: labels, missing codes, dates, encodings, truncated and altered files."""

from __future__ import annotations

import struct
from contextlib import suppress
from datetime import date, datetime, time

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.dta_scan import scan_dta
from evaltools.survey.readers.model import Limits
from evaltools.survey.readers.single_precision import shortest

from .conftest import rows_of

VERSIONS = {114: 10, 115: 12, 117: 13, 118: 14, 119: 15}


@pytest.fixture
def dta(tmp_path):
    def write(frame, version=118, **options):
        pyreadstat.write_dta(frame, tmp_path / "f", version=VERSIONS[version], **options)
        return (tmp_path / "f").read_bytes()

    return write


def notes_of(table):
    return {note.code: dict(note.fields) for note in table.notes}


def frame():
    """Two answers, a refusal, a skip, a code that nobody explains, a point, a blank."""
    return pd.DataFrame(
        {
            "sat": pd.array([1, 2, "r", "s", "x", 3, None], dtype=object),
            "bank": ["甲", "NA", "", "None", "001", "x", "x"],
            "rate": [3.85, 0.0, 12.125, 1e15, 1.0, None, None],
        }
    )


OPTIONS = {
    "variable_value_labels": {"sat": {1: "满意", 2: "不满意", "r": "拒答", "s": "跳过"}},
    "missing_user_values": {"sat": ["r", "s", "x"]},
    "column_labels": ["您是否满意", "银行", "利率"],
}


@pytest.mark.parametrize("version", VERSIONS)
def test_labels_reasons_and_text(version, dta, read):
    reading = read(dta(frame(), version, **OPTIONS), "f.dta")
    table = reading.tables[0]
    assert (reading.reader, reading.tool, reading.encoding) == ("stata", "stata", "UTF-8")
    assert reading.reason == f"Stata file, version {version}"
    assert rows_of(table) == [
        ["满意", "甲", 3.85],
        ["不满意", "NA", 0],
        ["<refused>", None, 12.125],
        ["<skipped_by_logic>", "None", 1e15],
        ["<blank>", "001", 1],
        [3, "x", None],
        [None, "x", None],
    ]
    assert table.missing_marks["<refused>"] == "refused"
    assert (table.row_numbers, table.n_counted) == ([1, 2, 3, 4, 5, 6, 7], 7)
    assert [(c.key, c.kind, c.coding) for c in table.columns] == [
        ("sat", "name", "label"), ("bank", "name", ""), ("rate", "name", ""),
    ]  # fmt: skip
    assert notes_of(table) == {"note-codes-missing": {"columns": ["sat"]}}


def test_numbered_variables_are_matched_by_label(dta, read):
    data = dta(pd.DataFrame({"q1": [1.0], "v2_1": [1.0]}), column_labels=["办理环节", "天数"])
    assert [(c.key, c.kind) for c in read(data, "f.dta").tables[0].columns] == [
        ("办理环节", "label"),
        ("天数", "label"),
    ]


@pytest.mark.parametrize(
    ("form", "stored", "expected"),
    [
        ("%td", 22919, date(2022, 10, 1)),
        ("%tdCCYY-NN-DD", 22919, date(2022, 10, 1)),
        ("%-tdD_m_Y", 22919, date(2022, 10, 1)),
        ("%d", 22919, date(2022, 10, 1)),
        ("%tc", 1980230703000.0, datetime(2022, 10, 1, 8, 5, 3)),
        ("%tcCCYY.NN.DD_HH:MM:SS", 1980230703000.0, datetime(2022, 10, 1, 8, 5, 3)),
        ("%tcHH:MM", 29103000.0, time(8, 5, 3)),
        ("%tm", 753, "2022m10"),
        ("%tq", 251, "2022q4"),
        ("%th", 125, "2022h2"),
        ("%tw", 3263, "2022w40"),
        ("%tC", 1980230730000.0, 1980230730000),
        ("%ty", 2022, 2022),
        ("%td", 1e300, 1e300),
        ("%9.0g", 22919, 22919),
    ],
)
def test_dates_of_any_format(form, stored, expected, dta, read):
    data = dta(pd.DataFrame({"d": [float(stored), None]}), variable_format={"d": form})
    assert rows_of(read(data, "f.dta").tables[0]) == [[expected], [None]]


def test_single_precision_gives_the_digits_that_were_typed(tmp_path, read):
    numbers = [3.85, 0.1, 12.125, 4.0, np.nan]
    pd.DataFrame({"rate": np.array(numbers, dtype="float32")}).to_stata(tmp_path / "f", write_index=False, version=118)
    assert rows_of(read((tmp_path / "f").read_bytes(), "f.dta").tables[0]) == [[3.85], [0.1], [12.125], [4], [None]]


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_shortest_number_is_stored_the_same(number):
    short = shortest(number)
    assert struct.pack("f", short) == struct.pack("f", number)
    assert short == number or not number.is_integer()


@pytest.mark.parametrize(("code", "is_said"), [(16777217, True), (123456789, True), (16777215, False)])
def test_whole_numbers_that_may_have_lost_digits_are_said(code, is_said, tmp_path, read):
    frame = pd.DataFrame({"code": np.array([code], dtype="float32")})
    frame.to_stata(tmp_path / "f", write_index=False, version=118)
    table = read((tmp_path / "f").read_bytes(), "f.dta").tables[0]
    assert rows_of(table) == [[int(np.float32(code))]]
    assert ("note-single-precision" in notes_of(table)) is is_said


def test_long_texts(tmp_path, read):
    texts = ["长" * 3000, "", "a"]
    pd.DataFrame({"t": texts}).to_stata(tmp_path / "f", write_index=False, version=118, convert_strl=["t"])
    assert rows_of(read((tmp_path / "f").read_bytes(), "f.dta").tables[0]) == [["长" * 3000], [None], ["a"]]


def test_rows_of_a_matrix_and_choices_of_a_question(dta, read):
    data = dta(
        pd.DataFrame({"q8_1": [5.0, 4.0], "q8_2": [3.0, 3.0], "fees_none": [1.0, 0.0], "fees_notary": [0.0, 1.0]}),
        column_labels=["满意 - 时间", "满意 - 成本", "费用 - 没有", "费用 - 公证费"],
    )
    table = read(data, "f.dta").tables[0]
    assert [(c.header, c.key, c.lead, c.option) for c in table.columns] == [
        ("q8_1", "时间", "满意", None),
        ("q8_2", "成本", "满意", None),
        ("fees_none", "fees_none", None, None),
        ("fees_notary", "fees_notary", None, None),
        ("fees_none (1/0)", "fees", None, "none"),
        ("fees_notary (1/0)", "fees", None, "notary"),
    ]


def test_surveycto_is_known_by_its_variables(dta, read):
    data = dta(
        pd.DataFrame(
            {
                "submissiondate": [1980230703000.0], "starttime": [1980230600000.0], "devicephonenum": ["13800000000"],
                "duration": ["137"], "steps": [3.0], "formdef_version": [22.0], "key": ["uuid:a"],
            }
        ),
        variable_format={"submissiondate": "%tc", "starttime": "%tc"},
    )  # fmt: skip
    reading = read(data, "f.dta")
    table = reading.tables[0]
    assert (reading.reader, reading.tool) == ("stata", "surveycto")
    assert dict(table.meta) == {
        "submitted_at": 0, "started_at": 1, "duration": 2, "form_version": 4, "native_id": 5,
    }  # fmt: skip
    assert notes_of(table)["note-dropped-identifying"] == {"columns": ["devicephonenum"]}
    assert "138" not in str(rows_of(table))


# --------------------------------------------------------------------------------------------------------------------
# Old versions: text in an encoding that the file does not state


def old_dta(columns, rows, *, version=114, encoding="utf-8", order="<", labels=None, characteristics=()):
    """Columns are (name, label, width of a text or None for a double)."""
    formats = 12 if version == 113 else 49
    head = struct.pack(f"{order}BBBBHI", version, 2 if order == "<" else 1, 1, 0, len(columns), len(rows))
    parts = [head, bytes(99), bytes(width or 255 for *_, width in columns)]
    parts += [name.encode(encoding).ljust(33, b"\0") for name, *_ in columns]
    parts.append(bytes(2 * (len(columns) + 1)))
    parts += [(b"%20s" if width else b"%10.0g").ljust(formats, b"\0") for *_, width in columns]
    parts += [(name if name in (labels or {}) else "").encode().ljust(33, b"\0") for name, *_ in columns]
    parts += [label.encode(encoding).ljust(81, b"\0") for _, label, _ in columns]
    for name, text in characteristics:
        content = b"_dta".ljust(33, b"\0") + name.encode().ljust(33, b"\0") + text.encode() + b"\0"
        parts += [b"\1", struct.pack(f"{order}i", len(content)), content]
    parts.append(bytes(5))
    for row in rows:
        for cell, (*_, width) in zip(row, columns, strict=True):
            parts.append(cell.encode(encoding).ljust(width, b"\0") if width else struct.pack(f"{order}d", cell))
    for name, texts in (labels or {}).items():
        encoded = [text.encode(encoding) + b"\0" for text in texts.values()]
        starts = [sum(map(len, encoded[:place])) for place in range(len(encoded))]
        count = len(encoded)
        table = struct.pack(f"{order}2i{count}i{count}i", count, sum(map(len, encoded)), *starts, *texts)
        table += b"".join(encoded)
        parts += [struct.pack(f"{order}i", len(table)), name.encode().ljust(33, b"\0"), bytes(3), table]
    return b"".join(parts)


COLUMNS = [("bank", "您所在的银行名称", 40), ("sat", "您对办理时间是否满意", None)]
ROWS = [("云河农商银行城关支行", 1.0), ("中国工商银行", 2.0)]
LABELS = {"sat": {1: "非常满意", 2: "不太满意"}}


@pytest.mark.parametrize("version", [113, 114, 115])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_old_files_are_in_utf8_or_gb18030(version, encoding, order, read):
    data = old_dta(COLUMNS, ROWS, version=version, encoding=encoding, order=order, labels=LABELS)
    reading = read(data, "f.dta")
    assert reading.encoding == encoding.upper()
    assert rows_of(reading.tables[0]) == [["云河农商银行城关支行", "非常满意"], ["中国工商银行", "不太满意"]]


def test_old_files_in_another_encoding_are_refused(read):
    data = old_dta([("town", "Ort", 20)], [("Zürich",), ("Genève",)], encoding="cp1252")
    with pytest.raises(FileRefusedError, match="text-encoding"):
        read(data, "f.dta")


def test_languages_of_the_labels_are_named(read):
    pairs = [("_lang_list", "default zh en"), ("_lang_c", "zh")]
    table = read(old_dta(COLUMNS, ROWS, characteristics=pairs), "f.dta").tables[0]
    assert notes_of(table)["note-dta-languages"] == {"languages": ["default", "zh", "en"], "used": "zh"}


# --------------------------------------------------------------------------------------------------------------------
# Damage


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_file_cut_short_is_refused(version, share, dta, read):
    data = dta(frame(), version, **OPTIONS)
    with pytest.raises(FileRefusedError, match=r"dta-damaged|file-damaged"):
        read(data[: int(len(data) * share)], "f.dta")


@pytest.mark.parametrize(("version", "at", "width"), [(114, 6, 4), (118, None, 8), (117, None, 4)])
@pytest.mark.parametrize("change", [-1, 1])
def test_head_that_states_another_number_of_rows_is_refused(version, at, width, change, dta, read):
    """The library reads as many as the head states and says nothing."""
    data = bytearray(dta(frame(), version, **OPTIONS))
    place = data.index(b"<N>") + 3 if at is None else at
    assert data[place : place + width] == (7).to_bytes(width, "little")
    data[place : place + width] = (7 + change).to_bytes(width, "little")
    with pytest.raises(FileRefusedError, match=r"rows-mismatch|dta-damaged"):
        read(bytes(data), "f.dta")


@pytest.mark.parametrize("first", [b"\x6f\x02\x01\x00", b"<stata_dta><header><release>120</release>"])
def test_other_versions_are_refused_by_number(first, dta, read):
    data = dta(frame(), 118, **OPTIONS)
    altered = data.replace(b"<release>118", b"<release>120", 1) if first.startswith(b"<") else first + bytes(200)
    with pytest.raises(FileRefusedError, match=r"dta-version: .* version (?:111|120); versions 113 to 119 can be read"):
        read(altered, "f.dta")


def test_name_without_content_of_the_kind_is_refused(read):
    with pytest.raises(FileRefusedError, match=r"file-damaged: .*not \.dta"):
        read("a,b\n1,2\n", "f.dta")


@given(st.data())
def test_no_altered_byte_is_a_traceback_or_another_number_of_rows(data):
    content = bytearray(old_dta(COLUMNS, ROWS, encoding="gb18030", labels=LABELS))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255))
    with suppress(FileRefusedError):
        scan = scan_dta(bytes(content), file="f.dta")
        assert scan.counted == scan.stated


@given(
    rows=st.lists(
        st.tuples(st.sampled_from([None, 0.0, 1.5]), st.sampled_from(["", "a", "长" * 300])), min_size=1, max_size=20
    ),
    version=st.sampled_from([117, 118, 119]),
)
def test_rows_are_counted_from_the_bytes(rows, version, tmp_path_factory):
    path = tmp_path_factory.mktemp("dta") / "f"
    pyreadstat.write_dta(pd.DataFrame(rows, columns=["a", "b"]).astype({"a": float}), path, version=VERSIONS[version])
    scan = scan_dta(path.read_bytes(), file="f")
    assert (scan.counted, scan.stated, scan.variables, scan.version) == (len(rows), len(rows), 2, version)


def test_too_many_cells_and_named_sheets(dta, read, monkeypatch):
    data = dta(frame(), **OPTIONS)
    with pytest.raises(FileRefusedError, match="sheet-missing"):
        read(data, "f.dta", sheet="S")
    with pytest.raises(FileRefusedError, match=r"reader-unfit: reader 'spss' does not read f\.dta"):
        read(data, "f.dta", reader="spss")
    monkeypatch.setattr(pyreadstat, "read_dta", None)
    with pytest.raises(FileRefusedError, match="file-cells"):
        read(data, "f.dta", limits=Limits(max_cells=20))


def test_notes_of_the_file_are_counted_not_read(dta, read):
    table = read(old_dta(COLUMNS, ROWS, characteristics=[("note0", "1"), ("note1", "谁写的")]), "f.dta").tables[0]
    assert notes_of(table) == {"note-dta-notes": {"count": 1}}
