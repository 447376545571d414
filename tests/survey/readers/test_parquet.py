"""Parquet files: types, what is refused by name, what the footer promises, damage."""

from __future__ import annotations

import io
import random
import time as clock
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.errors import FileRefusedError
from evaltools.survey.readers import read_files
from evaltools.survey.readers.model import Limits
from evaltools.survey.readers.parquet import read_parquet

from .conftest import grid_rows, rows_of

STAMP = datetime(2022, 10, 1, 8, 5, 3)


def parquet(columns, **options):
    out = io.BytesIO()
    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    pq.write_table(table, out, **options)
    return out.getvalue()


def column_of(array):
    grid = read_parquet(parquet({"c": array}), file="f.parquet", limits=Limits())
    assert grid.row(0) == ["c"]
    return [row[0] for row in grid_rows(grid)[1:]]


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array(["a", None, "", "NA", "001"]), ["a", None, None, "NA", "001"]),
        (pa.array(["a", "b", None, "a"]).dictionary_encode(), ["a", "b", None, "a"]),
        (pa.array(["a"], pa.large_string()), ["a"]),
        (pa.array([1, None, 2**60]), [1, None, 2**60]),
        (pa.array([2**64 - 1], pa.uint64()), [2**64 - 1]),
        (pa.array([3.0, 3.85, float("nan"), float("inf"), None]), [3, 3.85, None, "inf", None]),
        (pa.array([3.85, 0.1, 4.0], pa.float32()), [3.85, 0.1, 4]),
        (pa.array([1.5], pa.float16()), [1.5]),
        (pa.array([True, None, False]), [True, None, False]),
        (pa.array([Decimal("3.85"), Decimal("4.00"), None], pa.decimal128(9, 2)), [3.85, 4, None]),
        (pa.array([Decimal("0.12345678901234567890")], pa.decimal128(21, 20)), ["0.12345678901234567890"]),
        (pa.array([date(2022, 10, 1)]), [date(2022, 10, 1)]),
        (pa.array([date(2022, 10, 1)], pa.date64()), [date(2022, 10, 1)]),
        (pa.array([time(8, 5, 3)], pa.time64("ns")), [time(8, 5, 3)]),
        (pa.array([STAMP], pa.timestamp("ns")), [STAMP]),
        (pa.array([STAMP], pa.timestamp("s")), [STAMP]),
        (pa.array([timedelta(seconds=137)], pa.duration("ns")), [137.0]),
        (pa.nulls(2), [None, None]),
    ],
    ids=str,
)
def test_cells_by_type(array, expected):
    got = column_of(array)
    assert got == expected
    assert [type(cell) for cell in got] == [type(cell) for cell in expected]


def test_time_stamps_with_a_zone_keep_the_moment():
    [stamp] = column_of(pa.array([datetime(2022, 10, 1, 0, 5, 3, tzinfo=UTC)], pa.timestamp("us", "America/Denver")))
    assert stamp == datetime(2022, 10, 1, 0, 5, 3, tzinfo=UTC)


def test_any_reader_may_take_the_grid(read):
    reading = read(parquet({"bank": ["甲", "乙"], "steps": [3, None]}, row_group_size=1), "f.parquet")
    table = reading.tables[0]
    assert (reading.reader, table.n_counted, table.row_numbers) == ("plain", 2, [2, 3])
    assert rows_of(table) == [["甲", 3], ["乙", None]]
    own = {"ID": [1], "Start time": [STAMP], "Completion time": [STAMP], "Email": ["a"], "Name": ["b"], "环节": [3]}
    assert read(parquet(own), "f.parquet").reader == "msforms"


@given(
    st.lists(
        st.tuples(st.none() | st.text(max_size=5), st.none() | st.integers(-(2**63), 2**63 - 1)),
        min_size=1,
        max_size=30,
    ),
    st.integers(1, 10),
    st.booleans(),
    st.sampled_from(["none", "snappy", "zstd"]),
)
def test_what_goes_in_comes_out(rows, size, dictionaries, compression):
    columns = {"a": pa.array([a for a, _ in rows], pa.string()), "b": pa.array([b for _, b in rows], pa.int64())}
    data = parquet(columns, row_group_size=size, use_dictionary=dictionaries, compression=compression)
    grid = read_parquet(data, file="f", limits=Limits())
    assert grid_rows(grid)[1:] == [[a or None, b] for a, b in rows]
    assert grid.n_counted == len(rows) + 1


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (pa.array([[1, 2]]), r"bad \(list<element: int64>\)"),
        (pa.array([{"a": 1}]), r"bad \(struct<a: int64>\)"),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), r"bad \(map<string, int64.*\)"),
        (pa.array([b"\x00"]), r"bad \(binary\)"),
        (pa.array([b"0" * 16], pa.uuid()), r"bad \(extension<arrow\.uuid>\)"),
    ],
    ids=["list", "struct", "map", "binary", "extension"],
)
def test_types_that_are_not_read_are_refused_by_name(array, kind):
    with pytest.raises(FileRefusedError, match=rf"parquet-types: .* not read: {kind}\."):
        read_parquet(parquet({"good": ["x"], "bad": array}), file="f", limits=Limits())


def test_an_extension_that_nobody_registered_is_refused():
    """Such a type names code that a reader might run."""
    field = pa.field("bad", pa.string(), metadata={b"ARROW:extension:name": b"arrow.py_extension_type"})
    data = parquet(pa.Table.from_arrays([pa.array(["x"])], schema=pa.schema([field])))
    with pytest.raises(FileRefusedError, match=r"parquet-types: .* bad \(string\)"):
        read_parquet(data, file="f", limits=Limits())


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(max_cells=199), "file-cells"),
        (Limits(max_part=500), "unpacked-size"),
        (Limits(max_ratio=0.5, ratio_from=10), "unpacked-size"),
    ],
)
def test_the_footer_is_judged_before_anything_is_unpacked(limits, code, monkeypatch):
    monkeypatch.setattr(pq.ParquetFile, "read_row_group", None)
    data = parquet({"a": [f"answer {n}" for n in range(100)], "b": list(range(100))})
    with pytest.raises(FileRefusedError, match=code):
        read_parquet(data, file="f", limits=limits)


def test_one_long_text_in_many_rows_is_kept_once():
    """4 GB of text in a file of one megabyte."""
    array = pa.DictionaryArray.from_arrays(pa.array([0] * 4_000, pa.int32()), pa.array(["x" * 1_000_000]))
    data = parquet({"a": array}, compression="none")
    assert len(data) < 1_100_000
    before = clock.monotonic()
    grid = read_parquet(data, file="f", limits=Limits())
    assert (grid.n_rows, len(grid.columns[0].distinct)) == (4_001, 3)
    assert clock.monotonic() - before < 5


def test_too_many_row_groups():
    data = parquet({"a": list(range(10_001))}, row_group_size=1)
    with pytest.raises(FileRefusedError, match="parquet-groups: f has 10001 row groups"):
        read_parquet(data, file="f", limits=Limits())


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9, 0.99])
def test_file_cut_short_is_refused(share, read):
    data = parquet({"a": list(range(1000))})
    with pytest.raises(FileRefusedError, match="parquet-damaged"):
        read(data[: int(len(data) * share)], "f.parquet")


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1PAR1", b"PAR1" + bytes(20), b"PAR1" + b"\xff" * 4 + b"PAR1"])
def test_no_footer(content, read):
    with pytest.raises(FileRefusedError, match="parquet-damaged"):
        read(content, "f.parquet")


def test_encrypted_footer_and_name_without_content(read):
    with pytest.raises(FileRefusedError, match="file-encrypted"):
        read(b"PARE" + bytes(100) + b"PARE", "f.parquet")
    with pytest.raises(FileRefusedError, match=r"file-damaged: .*not \.parquet"):
        read("a,b\n", "f.parquet")
    with pytest.raises(FileRefusedError, match="sheet-missing"):
        read(parquet({"a": [1]}), "f.parquet", sheet="S")


def test_no_columns():
    with pytest.raises(FileRefusedError, match="sheet-empty"):
        read_parquet(parquet(pa.table({})), file="f", limits=Limits())


def test_no_altered_byte_is_more_than_a_refusal_of_this_file(tmp_path):
    """The library ends its process over some of them, so they are read in one that is not ours."""
    content = parquet({"a": ["x", "y", None] * 20, "b": list(range(60))}, compression="none", write_page_checksum=True)
    draw = random.Random(20221130)
    paths = []
    for number in range(40):
        altered = bytearray(content)
        altered[draw.randrange(4, len(content))] ^= draw.randrange(1, 256)
        paths.append(tmp_path / f"{number}.parquet")
        paths[-1].write_bytes(altered)
    read = read_files(paths)
    refused = {one.code for one in read if isinstance(one, FileRefusedError)}
    assert refused <= {"parquet-damaged", "parquet-types", "rows-mismatch", "reader-crashed", "reader-memory"}
    assert "parquet-damaged" in refused
    assert all(len(one.tables[0].rows) == 60 for one in read if not isinstance(one, FileRefusedError))
