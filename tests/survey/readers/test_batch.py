"""The whole way: a batch through one limited process, which a bad file may kill without harm to the others."""

from __future__ import annotations

import os
import subprocess
import sys
from array import array
from datetime import date, datetime, time
from pathlib import Path

import pandas as pd
import pytest

from evaltools.errors import FileRefusedError, UsageError
from evaltools.survey.readers import Limits, RawFile, read_files
from evaltools.survey.readers.cells import Cells, code_cells
from evaltools.survey.readers.child import ReadingProcess
from evaltools.survey.readers.container import open_container
from evaltools.survey.readers.model import RawColumn, RawTable, Reading
from evaltools.survey.readers.wire import decode_answer, encode_reading, encode_refusal

from .conftest import compound, rezip, xls, xlsx

GOOD = b"bank,score\nNA,1\nnone,2\n"


@pytest.fixture
def write(tmp_path):
    def write(**files: bytes) -> list[Path]:
        paths = []
        for name, content in files.items():
            path = tmp_path / name.replace("__", ".")
            path.write_bytes(content)
            paths.append(path)
        return paths

    return write


def far_cell() -> bytes:
    """A workbook that makes the reading library ask for more memory than there is, and die of it."""
    row = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    return rezip(xlsx({"S": [["a"]]}), {"xl/worksheets/sheet1.xml": lambda part: part.replace(b"</sheetData>", row)})


def test_batch_gives_one_entry_a_path_in_order(write):
    book = xlsx({"数据": [["bank", "day"], ["云河农商", date(2022, 10, 1)], ["x", None]], "说明": [["n"]]})
    paths = write(a__csv=GOOD, b__csv=b'a,b\n"open\n', c__xlsx=book)
    first, second, third = read_files(paths, readers=[None, None, "plain"], sheets=[None, None, "数据"])
    assert isinstance(first, RawFile)
    assert first.tables[0].rows.to_dict("index") == {2: {0: "NA", 1: "1"}, 3: {0: "none", 1: "2"}}
    assert (first.path, first.size, len(first.sha256)) == (paths[0], len(GOOD), 64)
    assert isinstance(second, FileRefusedError)
    assert (second.code, second.fields) == ("csv-quote", {"file": "b.csv", "line": 2})
    assert second.__traceback__ is None
    assert isinstance(third, RawFile)
    assert third.skipped_sheets == ("说明",)
    assert (third.confidence, third.reason) == (1.0, "named by the user")
    rows = third.tables[0].rows
    assert rows.loc[2, 1] == date(2022, 10, 1)
    assert rows.loc[3, 1] is None
    assert list(rows.dtypes) == [object, object]


def test_a_file_that_kills_the_process_costs_that_file_alone(write):
    paths = write(a__csv=GOOD, bomb__xlsx=far_cell(), z__csv=GOOD)
    limits = Limits(max_cells=10**12, memory=800_000_000)
    first, bomb, last = read_files(paths, limits=limits)
    assert isinstance(bomb, FileRefusedError)
    assert bomb.code in {"reader-crashed", "reader-memory"}
    assert isinstance(first, RawFile)
    assert isinstance(last, RawFile)
    assert last.tables[0].rows.equals(first.tables[0].rows)


def test_a_panic_in_the_reading_library_costs_that_file_alone(write):
    """The workbook says that its sheet begins behind its end; the library panics."""
    panic, last = read_files(write(panic__xls=compound({"Workbook": xls(shift=65_000)}), z__csv=GOOD))
    assert isinstance(panic, FileRefusedError)
    assert panic.code == "reader-crashed"
    assert isinstance(last, RawFile)


def test_one_process_serves_the_batch_and_is_started_again_after_its_death(write):
    path = write(a__csv=GOOD)[0]
    data = open_container(path, Limits()).data

    def ask(process):
        return process.ask(data, "text", reader=None, sheet=None, file="a.csv")

    with ReadingProcess(Limits()) as process:
        assert ask(process) == ask(process)
        assert process.starts == 1
        process._process.kill()
        process._process.wait()
        assert decode_answer(ask(process)).reader == "plain"
        assert process.starts == 2
        child = process._process
    assert child.poll() is not None


def test_a_file_that_takes_too_long_is_given_up(write):
    paths = write(a__csv=GOOD)
    (error,) = read_files(paths, limits=Limits(seconds=0.001))
    assert isinstance(error, FileRefusedError)
    assert error.code == "reader-timeout"


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not hold every process to its memory")
def test_memory_is_limited(write):
    """Rows cost little as long as their cells are the same; what is different has to be kept."""
    unlike = b"a,b\n" + b"".join(b"%d,answer %d\n" % (n, n) for n in range(400_000))
    alike = b"a,b\n" + b"1,answer\n" * 500_000
    refused, read = read_files(write(a__csv=unlike, b__csv=alike), limits=Limits(memory=150_000_000))
    assert isinstance(refused, FileRefusedError)
    assert refused.code in {"reader-memory", "reader-crashed"}
    assert isinstance(read, RawFile)
    assert read.tables[0].n_rows == 500_000


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not count processor time by process")
def test_processor_time_is_limited(write):
    paths = write(a__csv=b"a,b\n" + b"1,2\n" * 4_000_000, b__csv=GOOD)
    slow, quick = read_files(paths, limits=Limits(cpu_seconds=0))
    assert isinstance(slow, FileRefusedError)
    assert slow.code == "reader-timeout"
    assert isinstance(quick, RawFile)


def test_reader_must_be_known(write):
    with pytest.raises(UsageError, match=r"reader-unknown: .* 'kob'.* wjx, .*kobo, .*plain, spss, stata"):
        read_files(write(a__csv=GOOD), readers=["kob"])


def test_lists_must_be_of_one_length(write):
    with pytest.raises(ValueError, match="shorter"):
        read_files(write(a__csv=GOOD), readers=[None], sheets=[])


def test_nothing_to_read():
    assert read_files([]) == []


def test_reading_process_starts_light():
    """pandas alone takes longer to import than the process may take to answer."""
    code = (
        "import sys, evaltools.survey.readers.worker as w; print(sys.modules.keys() & {'pandas', 'numpy', 'pyarrow'})"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == "set()"


def test_every_kind_of_cell_travels():
    cells = [
        "NA",
        "\ud800",
        7,
        9.11101e17,
        0.1,
        True,
        None,
        date(2022, 10, 1),
        datetime(2022, 10, 1, 8, 5, 3, 7),
        time(1, 2),
    ]
    column = RawColumn(0, "头", "key", "label", "lead", 3, 2)
    table = RawTable(
        "S", (column,), list(range(len(cells))), [code_cells(cells)], {"ip": 0}, {"(空)": "blank"}, "┋", len(cells)
    )
    back = decode_answer(b"".join(encode_reading(Reading("wjx", "wjx", 0.9, "r", None, ("T",), (table,)))))
    got = back.tables[0]
    (first_column,) = got.values  # noqa: PD011 - not a frame
    assert [(type(cell), cell) for cell in first_column] == [(type(cell), cell) for cell in cells]
    assert (got.columns, got.meta, got.missing_marks, got.separator) == ((column,), {"ip": 0}, {"(空)": "blank"}, "┋")
    assert (back.skipped_sheets, back.encoding) == (("T",), None)


def test_refusal_travels_with_its_fields():
    error = FileRefusedError("sheet-missing", file="f.xlsx", sheet="数据", sheets=["a", "b"])
    with pytest.raises(FileRefusedError, match=r"sheet-missing: f\.xlsx has no sheet '数据'\. There are: a, b"):
        decode_answer(b"".join(encode_refusal(error)))


@pytest.mark.parametrize(
    "content", [b'{"reading": {"tables": [[1]]}}', b'{"reading": "x"}', b"[]", b'"x"', b"not JSON"]
)
def test_answer_of_a_process_that_was_taken_over_is_refused(write, monkeypatch, content):
    answer = len(content).to_bytes(8, "little") + content
    monkeypatch.setattr(ReadingProcess, "ask", lambda *_, **__: answer)
    (error,) = read_files(write(a__csv=GOOD))
    assert isinstance(error, FileRefusedError)
    assert error.code == "reader-crashed"


def test_rows_with_far_apart_numbers_keep_them(write):
    data = xlsx({"S": [["a"], *[[]] * 50, ["x"]]})
    (file,) = read_files(write(a__xlsx=data))
    assert isinstance(file, RawFile)
    assert file.tables[0].rows.index.tolist() == [52]
    assert isinstance(file.tables[0].rows, pd.DataFrame)


def test_codes_that_name_no_cell_are_refused():
    column = RawColumn(0, "a", "a", "name")
    table = RawTable("", (column,), [2, 3], [Cells([None], array("I", [0, 9]))], {}, {}, ",", 2)
    answer = b"".join(encode_reading(Reading("plain", "plain", 0.1, "r", None, (), (table,))))
    with pytest.raises(ValueError, match="codes"):
        decode_answer(answer)
    with pytest.raises(ValueError, match="codes"):
        decode_answer(answer[:-4])
