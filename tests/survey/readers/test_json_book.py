"""JSON: records become rows, lists inside them tables of repeats; what is no table is refused with its reason."""

from __future__ import annotations

import codecs
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.json_book import open_json
from evaltools.survey.readers.json_scan import is_json, scan_json
from evaltools.survey.readers.model import Limits

from .conftest import grid_rows, rows_of


def book_of(content, **options):
    data = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
    return open_json(data, sheet=None, file="f.json", limits=Limits(**options))


def test_records_become_rows_under_the_keys_of_all(read):
    content = [{"编号": "001", "steps": 3}, {"steps": None, "rate": 4.5, "sure": True}, {}]
    reading = read(json.dumps(content), "f.json")
    table = reading.tables[0]
    assert (reading.reader, reading.encoding, table.n_counted, table.row_numbers) == ("plain", "UTF-8", 3, [1, 2, 3])
    assert [column.key for column in table.columns] == ["编号", "steps", "rate", "sure"]
    assert rows_of(table) == [["001", 3, None, None], [None, None, 4.5, True], [None] * 4]


def test_text_stays_text_and_whole_numbers_are_whole():
    content = [{"a": "NA", "b": "007", "c": 3.0, "d": 1e15, "e": 123456789012345678, "f": " x ", "g": ""}]
    assert grid_rows(book_of(content).first)[1] == ["NA", "007", 3, 1e15, 123456789012345678, " x ", None]


def test_objects_are_groups_and_lists_of_texts_are_one_cell():
    content = [{"g": {"h": {"q": 1}, "fees": ["a", "b"]}, "none": [], "n": [1, None, "x"]}]
    assert grid_rows(book_of(content).first) == [["g/h/q", "g/fees", "none", "n"], [1, "a┋b", None, "1┋┋x"]]


def test_a_position_is_one_cell():
    point = {"type": "Point", "coordinates": [113.2, 35.1, 0], "properties": {"accuracy": 4.6}}
    line = {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}
    assert grid_rows(book_of([{"here": point, "way": line}]).first) == [["here", "way"], ["113.2 35.1 0", "1 2 3 4"]]


def test_lists_of_objects_are_tables_that_name_their_rows():
    """Keys inside may be whole paths, as KoboToolbox writes them, or not, as in an OData feed."""
    content = [
        {"q": "x", "g": {"banks": [{"bank": "jia"}, {"bank": "yi", "loans": [{"amount": 5}]}]}},
        {"q": "y"},
        {"q": "z", "g/banks": [{"g/banks/bank": "bing"}]},
    ]
    book = book_of(content)
    assert book.sheets == ("", "g/banks", "g/banks/loans")
    assert grid_rows(book.first) == [["q", "_index"], ["x", 1], ["y", None], ["z", 3]]
    assert grid_rows(book.load("g/banks")) == [
        ["_index", "_parent_table_name", "_parent_index", "g/banks/bank"],
        [1, None, 1, "jia"],
        [2, None, 1, "yi"],
        [3, None, 3, "bing"],
    ]
    assert grid_rows(book.load("g/banks/loans"))[1] == [1, "g/banks", 2, 5]
    assert book.load("g/banks").n_counted == 4


def test_a_list_inside_can_be_read_alone(read):
    content = json.dumps([{"q": 1, "banks": [{"bank": "jia"}]}])
    assert read(content, "f.json", sheet="banks").tables[0].row_numbers == [1]
    with pytest.raises(FileRefusedError, match=r"sheet-missing: f\.json has no sheet 'x'\. There are: banks"):
        read(content, "f.json", sheet="x")


@pytest.mark.parametrize(
    "content",
    [
        {"count": 1, "next": None, "previous": None, "results": [{"a": 1}]},
        {"@odata.context": "x", "value": [{"a": 1}]},
        {"form": "f", "source": "kobo", "versions": ["v"], "count": 1, "results": [{"a": 1}]},
    ],
    ids=["kobo", "odata", "pulled"],
)
def test_the_list_may_stand_in_the_answer_of_a_server(content):
    assert grid_rows(book_of(content).first) == [["a"], [1]]


@pytest.mark.parametrize("mark", ["utf-8", "utf-8-sig", "utf-16"])
def test_byte_order_marks(mark, read):
    assert rows_of(read('[{"a": "中"}]'.encode(mark), "f.json").tables[0]) == [["中"]]


REFUSED = {
    '[{"a": 1}, {"a"': "json-broken: .* from line 1 on",
    '[{"a": 1}]\n\nx': "json-broken: .* from line 3 on",
    '[{"a": 1, "b": {"c": 1, "c": 2}}]': "json-key: the key 'c' stands twice",
    '[{"g/a": 1, "g": {"a": 2}}]': "json-key: the key 'g/a' stands twice",
    '[{"_index": 7, "banks": [{"a": 1}]}]': "json-key: the key '_index' stands twice",
    '[{"a": NaN}]': "json-number: .*: NaN",
    '[{"a": -Infinity}]': "json-number: .*: -Infinity",
    '[{"a": 1e999}]': "json-number: .*: 1e999",
    '[{"a": %s}]' % ("9" * 5000): "json-number: .*: 99999999999999999999…",
    '[{"a": [1, {"b": 2}]}]': "json-list: the list under 'a'",
    '[{"a": [[1], [2]]}]': "json-list: the list under 'a'",
    '[{"a": ["x┋y", "z"]}]': "json-list: the list under 'a'",
    '{"a": [{"b": 1}]}': "json-shape",
    '[1, 2]': "json-shape",
    '"text"': "json-shape",
    '[]': "sheet-empty",
    '{"results": []}': "sheet-empty",
    '{"count": 1200, "next": "x", "results": [{"a": 1}]}': "json-page: .*: 1 of 1200 submissions",
    '{"@odata.nextLink": "x", "value": [{"a": 1}]}': "json-page: .*: 1 of > 1 submissions",
    '{"@odata.count": 2, "value": [{"a": 1}]}': "json-page: .*: 1 of 2 submissions",
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_table_is_refused(text, read):
    with pytest.raises(FileRefusedError, match=REFUSED[text]):
        read(text, "f.json")


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 200_000, '[{"a":' + "[" * 40 + "]" * 40 + "}]"])
def test_depth_is_judged_before_anything_is_parsed(text, read):
    began = time.monotonic()
    with pytest.raises(FileRefusedError, match=r"json-depth: f\.json is nested more than 32 levels deep in line 1"):
        read(text, "f.json")
    assert time.monotonic() - began < 1


def test_too_many_cells():
    with pytest.raises(FileRefusedError, match=r"file-cells: .* more than 5 cells"):
        book_of([{"a": 1, "b": 2, "c": 3}] * 2, max_cells=5)
    with pytest.raises(FileRefusedError, match="file-cells"):
        book_of([{}] * 6, max_cells=5)


def test_the_walk_counts_objects_by_their_list():
    """Brackets inside texts are no brackets."""
    scan = scan_json('{"x": [{}], "results": [{"a": [{"b": {}}, {}]}, {"s": "[{}] \\" {"}]}', file="f", limits=Limits())
    assert (scan.records, scan.objects) == ({"x": 1, "results": 2}, {"x": 1, "results": 4})


CELLS = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=8)
KEYS = st.text('ab"\\[]{}:, 中', min_size=1, max_size=4)
RECORDS = st.lists(st.dictionaries(KEYS, CELLS | st.lists(st.just({"b": 1}), max_size=2)), min_size=1, max_size=6)


@given(RECORDS, st.sampled_from([None, 1]))
def test_every_record_comes_back(records, indent):
    book = book_of(json.dumps(records, ensure_ascii=False, indent=indent).encode("utf-8", "surrogatepass"))
    rows = grid_rows(book.first)
    assert len(rows) == book.first.n_counted == len(records) + 1
    for record, row in zip(records, rows[1:], strict=True):
        told = {key: None if value == "" else value for key, value in record.items() if not isinstance(value, list)}
        found = dict(zip(rows[0], row, strict=True))
        assert {key: found[key] for key in told} == told
    n_inside = sum(len(value) for record in records for value in record.values() if isinstance(value, list))
    assert sum(book.load(name).n_counted - 1 for name in book.sheets if name) == n_inside


@pytest.mark.parametrize(
    ("start", "expected"),
    [(b'[{"a": 1}]', True), (b' \r\n{ "a"', True), (b"{}", True), (b"[ ]", True), (codecs.BOM_UTF8 + b"[\n{", True),
     ('{"a": 1}'.encode("utf-16"), True), (b"[1],b\n1,2", False), (b"[Q1] a;b", False), (b"{x},y", False),
     (b"a,b", False)],
)  # fmt: skip
def test_json_is_known_by_its_first_signs(start, expected):
    assert is_json(start) is expected
