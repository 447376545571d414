"""csv and tsv: what goes in comes out, or the file is refused with the line."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.errors import FileRefusedError
from evaltools.survey.readers import delimited, encodings
from evaltools.survey.readers.delimited import count_records, read_delimited
from evaltools.survey.readers.model import Limits

from .conftest import grid_rows

LIMITS = Limits()
HEADER = ["企业", "银行", "说明"]
ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\x1a\ufeff"), max_size=12)
CHINESE = st.text(st.sampled_from("云河县农商银行贷款满意的一是不,;\t\"'\n\r 　（），。Aa1"), max_size=12)
NA_WORDS = st.sampled_from(["NA", "None", "nan", "null", "N/A", "0", " ", "-"])


@pytest.fixture(autouse=True, scope="module", params=["whole", "in pieces"])
def pieces(request):
    """Read each text at once, and cut within its lines, its characters and its CR LF."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "in pieces":
            patch.setattr(encodings, "_CHUNK", 9)
            patch.setattr(delimited, "_SAMPLE_PIECES", 1000)
            patch.setattr(delimited, "_BLOCK", 3)
        yield


def rows_read(data: bytes) -> list[list[object]]:
    return grid_rows(read_delimited(data, file="f.csv", limits=LIMITS)[0])


def serialise(rows: list[list[str]], delimiter: str, end: str, *, always: bool) -> str:
    def field(text: str) -> str:
        if always or any(sign in text for sign in (delimiter, '"', "\n", "\r")):
            return '"' + text.replace('"', '""') + '"'
        return text

    return end.join(delimiter.join(map(field, row)) for row in rows) + end


@given(
    rows=st.lists(st.lists(st.one_of(ANY_TEXT, NA_WORDS), min_size=3, max_size=3), max_size=8),
    delimiter=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    always=st.booleans(),
)
def test_what_goes_in_comes_out(rows, delimiter, end, encoding, always):
    data = serialise([HEADER, *rows], delimiter, end, always=always).encode(encoding)
    grid, name = read_delimited(data, file="f.csv", limits=LIMITS)
    kept = [(n, row) for n, row in enumerate([HEADER, *rows], start=1) if any(row)]
    assert grid_rows(grid) == [[cell or None for cell in row] for _, row in kept]
    assert grid.numbers == [n for n, _ in kept]
    assert grid.n_counted == len(kept)
    assert name == {"utf-8": "UTF-8", "utf-8-sig": "UTF-8-SIG", "utf-16": "UTF-16"}[encoding]


@given(rows=st.lists(st.lists(CHINESE, min_size=3, max_size=3), max_size=8), delimiter=st.sampled_from(",;\t"))
def test_gb18030_comes_out(rows, delimiter):
    data = serialise([HEADER, *rows], delimiter, "\r\n", always=False).encode("gb18030")
    grid, name = read_delimited(data, file="f.csv", limits=LIMITS)
    assert grid_rows(grid) == [[cell or None for cell in row] for row in [HEADER, *rows] if any(row)]
    assert name == "GB18030"


@given(st.text(st.sampled_from('",;\n\ra '), max_size=40))
def test_two_ways_of_counting_never_differ(text):
    """Whatever the text, it is read whole or refused with one of these codes; a difference would be rows-mismatch."""
    try:
        grid, _ = read_delimited(text.encode(), file="f.csv", limits=LIMITS)
        outcome = "read" if grid.n_rows == grid.n_counted else "miscounted"
    except FileRefusedError as error:
        outcome = error.code
    assert outcome in {"read", "csv-quote", "csv-ragged", "sheet-empty"}


@given(st.text(st.sampled_from('",\n\ra'), max_size=30))
def test_counter_equals_the_csv_module(text):
    try:
        expected = sum(any(row) for row in csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        with pytest.raises(FileRefusedError, match="csv-quote"):
            count_records([text], ",", file="f.csv")
    else:
        assert count_records([text], ",", file="f.csv")[0] == expected
        assert count_records(text, ",", file="f.csv")[0] == expected  # sign by sign


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\r1,2\r", [["a", "b"], ["1", "2"]]),
        ("a,b\n1,2\r\n3,4\r5,6", [["a", "b"], ["1", "2"], ["3", "4"], ["5", "6"]]),
        ("sep=;\na;b\n1;2\n", [["a", "b"], ["1", "2"]]),
        ("\ufeff\ufeffa,b\n1,2\n", [["a", "b"], ["1", "2"]]),
        ("a,b\n1,2\n\x1a", [["a", "b"], ["1", "2"]]),
        ("a,b\n1,\u2028x\n", [["a", "b"], ["1", "\u2028x"]]),
        ('a,b\n5" pipe,x"y"\n', [["a", "b"], ['5" pipe', 'x"y"']]),
        ("a,b,\n1,2,\n3,4,,,\n", [["a", "b", None], ["1", "2", None], ["3", "4", None]]),
        ("a\n1\n2\n", [["a"], ["1"], ["2"]]),
        ('a;b\n"1,5";"2,5"\n', [["a", "b"], ["1,5", "2,5"]]),
    ],
    ids=[
        "cr",
        "mixed-ends",
        "sep-hint",
        "two-marks",
        "ctrl-z",
        "u2028",
        "inner-quotes",
        "blank-tail",
        "single",
        "semi",
    ],
)
def test_odd_but_whole_files_are_read(text, expected):
    assert rows_read(text.encode()) == expected


def test_row_numbers_are_those_of_a_spreadsheet():
    """Blank lines count, line ends inside a field do not: Excel shows the answers in rows 3 and 5."""
    grid, _ = read_delimited(b'a,b\n\n"x\ny",1\n,\nz,2\n', file="f.csv", limits=LIMITS)
    assert grid.numbers == [1, 3, 5]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'a,b\n1,2\n3,"open\n5,6\n', "csv-quote: a quote in the record that begins in line 3 of"),
        (b'a,b\n"x"y,2\n', "csv-quote: a quote in the record that begins in line 2 of"),
        (b"a,b\n1,2\n3\n", "csv-ragged: line 3 of f.csv has 1 fields where the header has 2"),
        (b'a,b\n"x\ny",2\n1,2,3\n', "csv-ragged: line 4 of f.csv has 3 fields"),
        (b"a,b\n1,2\n3,\x004\n", "text-nul: line 3 of"),
        ("a,b\n甲,乙\n".encode("utf-16-le"), "text-utf16-mark"),
        ("a,b\n甲,乙\n".encode("utf-16-be"), "text-utf16-mark"),
        ("a,b\n1,2\n".encode("utf-32"), "text-nul"),
        (b"\n , \n".replace(b" ", b""), "sheet-empty"),
        (b'a,b\n1,"' + b"x" * 200 + b'"\n', "csv-field: a field in line 2 of f.csv has more than 100 signs"),
        (b"a,b\n" + b"1,2\n" * 60, "file-cells"),
    ],
)
def test_what_cannot_be_read_whole_is_refused(data, message):
    with pytest.raises(FileRefusedError, match=message):
        read_delimited(data, file="f.csv", limits=Limits(max_field=100, max_cells=100))


@pytest.mark.parametrize("cut", [10, 27, 41])
def test_a_file_cut_inside_a_record_is_refused(cut):
    whole = '"a";"b";"c"\n"1";"x y";"3"\n"4";"long text";"6"\n'
    with pytest.raises(FileRefusedError, match=r"csv-quote|csv-ragged"):
        read_delimited(whole.encode()[:cut], file="f.csv", limits=LIMITS)
