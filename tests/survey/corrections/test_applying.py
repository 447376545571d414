"""Lines on the raw cells of a table: only the named cells change, in the way in which the file writes its answers."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.config import Source
from evaltools.survey.corrections.applying import Reading, apply_lines
from evaltools.survey.corrections.cells import answer_cells, cells_sha, column_label, row_sha
from evaltools.survey.corrections.log import Correction, Log
from evaltools.survey.instrument import read_instrument_file
from evaltools.survey.matching.columns import match_columns
from evaltools.survey.questions import read_questions
from evaltools.survey.readers import RawColumn, RawTable
from evaltools.survey.readers.cells import code_cells
from evaltools.survey.roles import Roles

KEY = b"k" * 32
SOURCE = Source(pattern="raw/*", instrument="small", wave="baseline", mode="self", channel="link")
FORM = """
| survey |
| | type | name | label::zh | label::en | role | sensitivity |
| | text | bank | 银行 | Bank | bank | plain |
| | integer | days | 天数 | Days | | plain |
| | select_one size | size | 规模 | Size | | plain |
| | select_multiple fee | fees | 费用 | Fees | | plain |

| choices |
| | list_name | name | label::zh | label::en |
| | size | 1 | 微型 | Micro |
| | size | 2 | 小型 | Small |
| | fee | none | 没有 | None |
| | fee | valuation | 评估费 | Valuation |
| | fee | insurance | 保险费 | Insurance |
| | fee | other | 其他 | Other |

| settings |
| | form_title | form_id | version | default_language |
| | 小表 | small | 1 | zh |
"""


@pytest.fixture(scope="module")
def form(tmp_path_factory):
    path = tmp_path_factory.mktemp("form") / "small.md"
    path.write_text(FORM, encoding="utf-8")
    return read_instrument_file(path)


def table_of(columns, **changes):
    named = tuple(
        RawColumn(place, header, header, "name", **changes.get(header, {})) for place, header in enumerate(columns)
    )
    n = len(next(iter(columns.values())))
    values = [code_cells(cells) for cells in columns.values()]
    return RawTable("", named, list(range(2, n + 2)), values, {}, {}, changes.get("separator", " "), n)


def reading_of(table, form, source=SOURCE):
    found = match_columns(table, form, source, path="raw/a.csv")
    return Reading(found, form, source, Roles({"bank": ("bank",)}), ())


def line_on(table, reading, question, row, action="change", new="", number=1):
    cells = answer_cells(table, reading.found, reading.instrument, question) if question else None
    return Correction(
        f"id{number}", "raw/a.csv", "", table.row_numbers[row], question,
        column_label(table, cells) if cells else "", action, new, "ZL", "typing", "2022-12-01T09:00:00",
        row_sha(table, row, KEY), cells_sha(table, cells, row, KEY),
    )  # fmt: skip


def answers(table, reading):
    columns = read_questions(table, reading.found, reading.instrument, reading.source, reading.roles, ())
    return {name: list(column.answers) for name, column in columns.items()}


BASE = {"bank": ["a", "b", "c"], "days": ["1", "2", None], "size": ["1", "2", "1"], "fees": ["none", "other", None]}


def split(*columns):
    names = ("none", "valuation", "insurance", "other")
    return {f"fees/{name}": cells for name, cells in zip(names, columns, strict=True)}


@pytest.mark.parametrize(
    ("fees", "separator"),
    [
        ({"fees": ["none", "valuation other", None]}, " "),
        ({"fees": ["没有", "评估费┋其他〖律师〗", None]}, "┋"),
        (split(["1", "0", None], ["0", "1", None], ["0", "0", None], ["0", "1", None]), " "),
        (split([True, False, None], [False, True, None], [False, False, None], [False, True, None]), " "),
        (split(["none", None, None], [None, "valuation", None], [None] * 3, [None, "other", None]), " "),
    ],
)
def test_several_choices_are_written_as_the_file_writes_them(form, fees, separator):
    table = table_of({name: BASE[name] for name in ("bank", "days", "size")} | fees, separator=separator)
    reading = reading_of(table, form)
    line = line_on(table, reading, "fees", 1, new="valuation insurance")
    applied = apply_lines(table, [line], reading, KEY)
    assert [one.state for one in applied.outcomes] == ["applied"]
    assert answers(applied.table, reading)["fees"] == [("none",), ("valuation", "insurance"), None]
    assert answers(table, reading)["fees"] == [("none",), ("valuation", "other"), None]


def test_a_recode_of_the_source_does_not_bend_a_new_value(form):
    """The file calls small firms 微型: the choice is then written in another way."""
    table = table_of(BASE)
    source = SOURCE.model_copy(update={"recode": {"size": {"微型": "2", "1": "2"}}})
    reading = reading_of(table, form, source)
    applied = apply_lines(table, [line_on(table, reading, "size", 1, new="1")], reading, KEY)
    assert answers(applied.table, reading)["size"][1] == "1"


def test_a_choice_that_the_file_cannot_write_is_told(form):
    table = table_of(BASE)
    source = SOURCE.model_copy(update={"recode": {"size": {"微型": "2", "1": "2", "Micro": "2"}}})
    reading = reading_of(table, form, source)
    applied = apply_lines(table, [line_on(table, reading, "size", 1, new="1")], reading, KEY)
    assert [one.state for one in applied.outcomes] == ["unwritable"]
    assert applied.table.rows.equals(table.rows)


def test_a_row_is_found_where_it_stands_now(form):
    table = table_of(BASE)
    line = line_on(table, reading_of(table, form), "days", 1, new="20")
    turned = table_of({name: cells[::-1] + cells[:1] for name, cells in BASE.items()})
    applied = apply_lines(turned, [line], reading_of(turned, form), KEY)
    assert applied.table.cells(1) == [None, "20", "1", "1"]


@pytest.mark.parametrize(
    "changes",
    [
        {"days": ["1", "3", None]},
        {"bank": ["a", "x", "c"]},
        {name: [cells[1], "9", cells[1]] for name, cells in BASE.items()},
    ],
    ids=["the cell", "the row", "two rows like the old one"],
)
def test_a_line_is_not_applied_to_another_cell(form, changes):
    table = table_of(BASE)
    line = line_on(table, reading_of(table, form), "days", 1, new="20")
    other = table_of(BASE | changes)
    applied = apply_lines(other, [line], reading_of(other, form), KEY)
    assert [one.state for one in applied.outcomes] == ["raw-changed"]
    assert applied.table.rows.equals(other.rows)


def test_hashes_cannot_be_recomputed_without_the_key(form):
    table = table_of(BASE)
    cells = answer_cells(table, reading_of(table, form).found, form, "days")
    assert cells_sha(table, cells, 0, KEY) != cells_sha(table, cells, 0, b"x" * 32)


# -- any lines in any order

VALUES = {"days": st.integers(0, 99).map(str), "size": st.sampled_from(["1", "2"]),
          "fees": st.sampled_from(["none", "valuation", "valuation insurance"])}  # fmt: skip
EDITS = st.lists(
    st.one_of(
        *(st.tuples(st.just(name), st.integers(0, 2), st.just("change"), values) for name, values in VALUES.items()),
        *(st.tuples(st.just(name), st.integers(0, 2), st.just("blank"), st.just("")) for name in VALUES),
    ),
    max_size=8,
)


@given(EDITS, st.randoms())
def test_named_cells_change_and_no_other(form, edits, random):
    table = table_of(BASE)
    reading = reading_of(table, form)
    log = Log(tuple(
        line_on(table, reading, *edit[:2], action=edit[2], new=edit[3], number=number)
        for number, edit in enumerate(edits)
    ))  # fmt: skip
    wanted = answers(table, reading)
    for name, row, action, value in edits:
        wanted[name][row] = _meant(name, value) if action == "change" else None
    applied = apply_lines(table, log.active, reading, KEY)
    assert {one.state for one in applied.outcomes} <= {"applied"}
    assert len(applied.outcomes) == len({edit[:2] for edit in edits})
    assert answers(applied.table, reading) == wanted
    shuffled = random.sample(log.active, len(log.active))
    assert apply_lines(table, shuffled, reading, KEY).table.rows.equals(applied.table.rows)
    undone = log.with_lines(
        replace(line, correction_id=f"u{line.correction_id}", action="undo", undoes=line.correction_id)
        for line in log.active
    )
    assert undone.active == ()
    assert apply_lines(table, undone.active, reading, KEY).table.rows.equals(table.rows)


def _meant(name, value):
    return int(value) if name == "days" else tuple(value.split()) if name == "fees" else value
