"""What goes into a file comes out of it: values, labels, and every reason for a missing answer; else it is an error."""

import csv
import tempfile
from datetime import date
from pathlib import Path

import openpyxl
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.errors import DamageError, UsageError
from evaltools.survey.export.codes import MARKS, plain_text, protected_text, sav_codes
from evaltools.survey.export.csv_file import check_csv, write_csv
from evaltools.survey.export.model import MISSING
from evaltools.survey.export.short_names import short_names
from evaltools.survey.export.stat_file import check_stat, write_stat
from evaltools.survey.export.xlsx_file import check_xlsx, write_xlsx
from evaltools.text import clean

from .conftest import TEXTS, column


def names_of(columns):
    return short_names(one.variable.name for one in columns)


def write(columns, path, lang="zh"):
    program = path.suffix[1:]
    if program == "csv":
        write_csv(columns, path)
    elif program == "xlsx":
        write_xlsx({"data": columns}, path)
    else:
        write_stat(
            columns, names_of(columns), path, program=program, lang=lang, title="云河县企业调查" * 9, file=path.name
        )


def check(columns, path, lang="zh"):
    program = path.suffix[1:]
    if program == "csv":
        check_csv(columns, path, file=path.name)
    elif program == "xlsx":
        check_xlsx({"data": columns}, path, file=path.name)
    else:
        check_stat(columns, names_of(columns), path, program=program, lang=lang, file=path.name)


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "sav", "dta"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_cell_and_label_comes_back(columns, tmp_path, suffix, lang):
    path = tmp_path / f"导出.{suffix}"
    write(columns, path, lang)
    check(columns, path, lang)


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "sav", "dta"])
def test_the_same_data_give_the_same_bytes(columns, tmp_path, suffix):
    first, second = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    write(columns, first)
    write(columns, second)
    assert first.read_bytes() == second.read_bytes()


def changed(columns, name, place, cell):
    found = []
    for one in columns:
        if one.variable.name == name:
            cells = [reason or value for value, reason in zip(one.cells, one.reasons, strict=True)]
            cells[place] = cell
            about = {key: getattr(one.variable, key) for key in ("choices",)}
            found.append(column(name, one.variable.kind, cells, one.variable.label.zh, **about))
        else:
            found.append(one)
    return found


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "sav", "dta"])
@pytest.mark.parametrize(
    ("name", "cell"),
    [("rate", 0.3), ("rate", "refused"), ("size", "micro"), ("fees/none", "blank"), ("days", 1), ("comment", "na"),
     ("on", date(2022, 9, 29)), ("typed", "suppressed")],
)  # fmt: skip
def test_another_cell_is_named_by_file_row_and_column(columns, tmp_path, suffix, name, cell):
    path = tmp_path / f"x.{suffix}"
    write(columns, path)
    row = 1 if suffix in ("csv", "xlsx") else 0  # the header is a row of its own
    with pytest.raises(DamageError, match=rf"export-readback: x.{suffix} .* row {row + 1}, column '{name}'"):
        check(changed(columns, name, 0, cell), path)


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "sav", "dta"])
def test_a_row_or_a_column_too_many_is_an_error(columns, tmp_path, suffix):
    path = tmp_path / f"x.{suffix}"
    write(columns, path)
    with pytest.raises(DamageError, match=r"export-readback: .*(number of rows|names of the columns)"):
        check(columns[:-1], path)
    with pytest.raises(DamageError, match=r"export-readback: .*number of rows"):
        check([one.taken(list(range(1, len(TEXTS)))) for one in columns], path)


@pytest.mark.parametrize("program", ["sav", "dta"])
def test_lost_labels_and_missing_codes_are_errors(columns, tmp_path, program, monkeypatch):
    path = tmp_path / f"x.{program}"
    original = getattr(pyreadstat, f"write_{program}")
    for lost, what in [
        ("variable_value_labels", "labels"),
        ("column_labels", "labels"),
        ("variable_format", "format"),
        ("missing_ranges", "missing codes"),
    ]:
        if program == "dta" and lost == "missing_ranges":
            continue  # Stata's missing values need no declaration
        monkeypatch.setattr(
            pyreadstat, f"write_{program}",
            lambda *args, lost=lost, **options: original(*args, **{k: v for k, v in options.items() if k != lost}),
        )  # fmt: skip
        write(columns, path)
        with pytest.raises(DamageError, match=f"export-readback: .*{what}"):
            check(columns, path)


def test_a_cut_file_is_an_error(columns, tmp_path):
    for suffix in ("csv", "xlsx", "sav", "dta"):
        path = tmp_path / f"x.{suffix}"
        write(columns, path)
        path.write_bytes(path.read_bytes()[:-200])
        with pytest.raises(DamageError, match="export-readback"):
            check(columns, path)


def test_spss_sees_labels_and_user_missing_codes(columns, tmp_path):
    path = tmp_path / "x.sav"
    write(columns, path)
    frame, meta = pyreadstat.read_sav(path, user_missing=True)
    assert meta.column_names_to_labels["size"] == "企业规模"
    codes = sav_codes(columns[2])
    assert meta.variable_value_labels["size"] == {
        1.0: "微型", 2.0: "小型", codes["skipped_by_logic"]: "按逻辑跳过", codes["refused"]: "拒答",
        codes["dont_know"]: "不知道", codes["not_applicable"]: "不适用", codes["blank"]: "未答",
        codes["invalid"]: "无效", codes["not_asked"]: "未问", codes["suppressed"]: "为防泄露隐去",
    }  # fmt: skip
    assert meta.missing_ranges["size"] == [{"lo": -99.0, "hi": -92.0}]
    assert meta.missing_ranges["days"] == [{"lo": -999.0, "hi": -992.0}]  # an answer was -98
    plain, _ = pyreadstat.read_sav(path)
    assert plain["size"].isna().sum() == len(MISSING)
    assert frame["on"][0] == date(2022, 9, 28)


def test_stata_sees_labels_and_extended_missing_values(columns, tmp_path):
    path = tmp_path / "x.dta"
    write(columns, path, "en")
    frame, meta = pyreadstat.read_dta(path, user_missing=True)
    assert path.read_bytes().startswith(b"<stata_dta><header><release>118</release>")
    assert meta.variable_value_labels["size"] | {1: "", 2: ""} == {
        1: "", 2: "", "a": "Skipped by logic", "b": "Refused", "c": "Don't know", "d": "Not applicable",
        "e": "Not answered", "f": "Invalid", "g": "Not asked", "h": "Hidden against disclosure",
    }  # fmt: skip
    assert frame["size"].tolist()[:4] == [2.0, 1.0, "a", "b"]
    assert len(meta.column_names_to_labels["comment"]) <= 80


def test_a_variable_that_begins_with_hundreds_of_missing_answers_stays_a_number(tmp_path):
    late = [column("rate", "decimal", ["blank"] * 300 + [4.35])]
    write(late, tmp_path / "x.dta")
    check(late, tmp_path / "x.dta")


def test_labels_are_cut_where_a_format_takes_no_longer_ones(columns, tmp_path):
    write(columns, tmp_path / "x.sav")
    _, meta = pyreadstat.read_sav(tmp_path / "x.sav")
    label = meta.column_names_to_labels["comment"]
    assert label.endswith("…")
    assert len(label.encode()) <= 255
    assert len(meta.file_label.encode()) <= 60


def test_no_cell_of_a_workbook_is_a_formula(columns, tmp_path):
    write(columns, tmp_path / "x.xlsx")
    page = openpyxl.load_workbook(tmp_path / "x.xlsx")["data"]
    assert {cell.data_type for row in page.iter_rows() for cell in row} <= {"s", "n", "d"}
    assert [page.cell(row, 9).value for row in (2, 3, 4, 10)] == ["NA", "None", "=1+1", "'(blank)"]


def test_text_in_csv_is_no_formula_and_numbers_are_numbers(columns, tmp_path):
    write(columns, tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["comment"] for row in rows[:8]] == ["NA", "None", "'=1+1", "+1", "-5", "'@SUM(A1)", "'＝1", "''引号"]
    assert [row["days"] for row in rows[:4]] == ["0", "-98", "365", "(skipped_by_logic)"]
    assert rows[0]["size"] == "NA"


@given(st.text(max_size=12), st.booleans())
def test_an_apostrophe_that_was_put_in_front_can_be_told(text, formulas):
    cell = protected_text(text, formulas=formulas)
    assert plain_text(cell) == text
    assert cell not in MARKS.values()
    if formulas:
        begins = cell.lstrip()[:1]
        assert begins not in "=@＝＋－＠" or not begins
        assert begins not in "+-" or not begins or float(cell) is not None


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("sat_time", "sat_time"),
        ("fees/none", "fees_none"),
        ("满意度", "v"),
        ("2nd-visit", "v_2nd_visit"),
        ("with", "with_2"),
        ("a_question_with_quite_a_long_name_of_its_own", "a_question_with_quite_a_long_na"),
    ],
)
def test_names_fit_spss_and_stata(name, short):
    assert short_names([name]) == {name: short}


@given(st.lists(st.text(min_size=1, max_size=50), unique=True, max_size=30))
def test_short_names_are_fit_and_different(names):
    found = short_names(names)
    assert list(found) == names
    assert len({one.lower() for one in found.values()}) == len(names)
    assert all(one.isascii() and one.isidentifier() and len(one) <= 31 and one[0] != "_" for one in found.values())
    assert short_names(found.values()) == {one: one for one in found.values()}


def test_a_text_that_no_cell_takes_is_refused(tmp_path):
    with pytest.raises(UsageError, match="export-sheet-cell: the text in row 2, column 'comment'"):
        write_xlsx({"data": [column("comment", "text", ["长" * 32_768])]}, tmp_path / "x.xlsx")


def test_long_texts_come_back_from_spss_and_stata(tmp_path):
    for program in ("sav", "dta"):
        long = [column("comment", "text", ["长" * 9_000, "短"])]
        write(long, tmp_path / f"x.{program}")
        check(long, tmp_path / f"x.{program}")


def test_the_clock_stands_still(columns, tmp_path):
    for program in ("sav", "dta"):
        write(columns, tmp_path / f"x.{program}")
        read = getattr(pyreadstat, f"read_{program}")
        assert read(tmp_path / f"x.{program}", metadataonly=True)[1].creation_time.year == 2022


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=20).map(lambda text: clean(text).strip()), min_size=1, max_size=6))
def test_any_text_comes_back_from_any_format(texts):
    """Texts as they are after cleaning: no control characters, nothing blank at the ends."""
    one = [column("comment", "text", texts)]
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("csv", "xlsx", "sav", "dta"):
            write(one, Path(folder) / f"x.{suffix}")
            check(one, Path(folder) / f"x.{suffix}")
