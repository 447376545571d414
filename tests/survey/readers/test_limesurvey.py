"""LimeSurvey: headings, ticks, marks, placeholders, the vv format, and the form that is no answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.errors import FileRefusedError, message
from evaltools.survey.readers.limesurvey_headings import read_headings
from evaltools.survey.readers.limesurvey_vv import NOT_SHOWN, _spelt_out

from .conftest import rows_of, xlsx

OWN = ["id", "submitdate", "lastpage", "startlanguage", "seed", "startdate"]
TEXTS = ["Response ID", "Date submitted", "Last page", "Start language", "Seed", "Date started"]
SENT = ["7", "2022-10-08 09:10:00", "4", "zh-Hans", "123456", "2022-10-08 09:00:00"]


def csv_of(rows, *, delimiter=";"):
    """A null is nothing, any other cell is quoted."""
    return "\ufeff" + "".join(
        delimiter.join("" if cell is None else '"' + cell.replace('"', '""') + '"' for cell in row) + "\r\n"
        for row in rows
    )


def table_of(read, headers, *answers, own=OWN, sent=SENT):
    rows = [[*own, *headers], *([*sent, *row] for row in answers)]
    reading = read(csv_of(rows), "results-survey1.csv")
    assert (reading.reader, reading.tool) == ("limesurvey", "limesurvey")
    return reading.tables[0]


def questions(table):
    return [column for column in table.columns if column.header not in (*OWN, *TEXTS)]


def cells_by_header(table):
    return {column.header: list(cells) for column, cells in zip(table.columns, table.values, strict=True)}


def notes_of(table):
    return {note.code: dict(note.fields) for note in table.notes}


def test_codes(read):
    table = table_of(read, ["steps", "sat[cost]", "sat[time]"], ["3", "5", "A1"], [None, "4", "A2"])
    assert [(c.header, c.key, c.kind, c.lead) for c in questions(table)] == [
        ("steps", "steps", "name", None),
        ("sat[cost]", "sat_cost", "name", None),
        ("sat[time]", "sat_time", "name", None),
    ]
    assert dict(table.meta) == {"submitted_at": 1, "native_id": 0, "started_at": 5}
    assert rows_of(table)[1][6:] == [None, "4", "A2"]


def test_full_wordings(read):
    headers = ["办理环节 [个]", "您对下列方面是否满意 [办理时间]", "您对下列方面是否满意 [融资成本]"]
    table = table_of(read, headers, ["3", "满意", "一般"], own=TEXTS)
    assert [(c.key, c.lead, c.kind) for c in questions(table)] == [
        ("个", "办理环节", "label"),
        ("办理时间", "您对下列方面是否满意", "label"),
        ("融资成本", "您对下列方面是否满意", "label"),
    ]
    assert set(table.meta) == {"submitted_at", "native_id", "started_at"}


def test_wordings_with_underscores_for_blanks(read):
    own = [text.replace(" ", "_") for text in TEXTS]
    table = table_of(read, ["Number_of_steps", "Fees_paid_[No_fee]", "Fees_paid_[Notary]"], ["3", "Y", None], own=own)
    keys = [(c.key, c.option) for c in table.columns[6:]]
    assert keys == [("Number of steps", None), ("Fees paid", "No fee"), ("Fees paid", "Notary")]


def test_code_and_wording(read):
    own = [f"{code}. {text}" for code, text in zip(OWN, TEXTS, strict=True)]
    headers = ["steps. 办理环节", "fees[none]. 支付过哪些费用 [没有收费]", "fees[notary]. 支付过哪些费用 [公证费]"]
    table = table_of(read, headers, ["3", None, "Y"], own=own)
    assert [(c.key, c.kind, c.option, c.coding) for c in table.columns[6:]] == [
        ("办理环节", "label", None, "name"),
        ("支付过哪些费用", "label", "没有收费", "label"),
        ("支付过哪些费用", "label", "公证费", "label"),
    ]
    assert rows_of(table)[0][6:] == ["3", 0, 1]


def test_own_columns_are_known_by_their_place_in_any_language(read):
    """Headings of the tool's columns follow the administrator's language."""
    own = ["答复编号", "提交日期", "最后一页", "起始语言", "种子", "开始日期"]
    rows = [[*own, "办理环节"], [*SENT, "3"], ["8", "2022-10-09 09:10:00", "4", "en", "99", "2022-10-09 09:00:00", "4"]]
    reading = read(csv_of(rows))
    assert (reading.reader, reading.confidence) == ("limesurvey", 0.75)
    assert dict(reading.tables[0].meta) == {"submitted_at": 1, "native_id": 0, "started_at": 5}


def test_the_time_of_the_last_action_is_not_taken_for_that_of_the_start(read):
    """Somebody has taken the start away; the last action is no earlier than the submission."""
    own = ["答复编号", "提交日期", "最后一页", "起始语言", "种子", "最后操作日期"]
    rows = [[*own, "办理环节"], ["8", "2022-10-09 09:10:00", "4", "en", "99", "2022-10-09 09:10:00", "4"]]
    assert dict(read(csv_of(rows)).tables[0].meta) == {"submitted_at": 1, "native_id": 0}


def test_a_title_above_the_codes_makes_no_file_in_the_vv_format(read):
    rows = [["企业评价统计表"], ["id", "submitdate", "lastpage", "sat"], ["8", "2022-10-09 09:10:00", "4", "1"]]
    assert read(xlsx({"S": rows}), "f.xlsx").reader == "office"


# --------------------------------------------------------------------------------------------------------------------
# Choices


@pytest.mark.parametrize(
    ("none", "notary", "expected"),
    [
        (["Y", None, None], [None, "Y", None], [(1, 0), (0, 1), (None, None)]),
        (["Yes", "No", "N/A"], ["No", "Yes", "N/A"], [(1, 0), (0, 1), (None, None)]),
    ],
    ids=["codes", "wordings"],
)
def test_ticks_are_1_and_0_and_what_was_not_asked_is_blank(none, notary, expected, read):
    table = table_of(read, ["fees[none]", "fees[notary]"], *zip(none, notary, strict=True))
    assert [(c.key, c.option, c.coding, c.kind) for c in questions(table)] == [
        ("fees", "none", "name", "name"),
        ("fees", "notary", "name", "name"),
    ]
    assert [tuple(row[6:]) for row in rows_of(table)] == expected


@pytest.mark.parametrize("no", ["2", "0"])
def test_converted_ticks_keep_no_and_not_asked_apart_and_may_be_an_array(no, read):
    """N exported as 0 has been taken for missing elsewhere."""
    table = table_of(read, ["fees[none]", "fees[notary]"], ["1", no], [no, no], [None, None])
    assert [(c.header, c.key, c.option) for c in questions(table)] == [
        ("fees[none]", "fees_none", None),
        ("fees[notary]", "fees_notary", None),
        ("fees[none] (1/0)", "fees", "none"),
        ("fees[notary] (1/0)", "fees", "notary"),
    ]
    assert [row[6:] for row in rows_of(table)] == [["1", no, 1, 0], [no, no, 0, 0], [None, None, None, None]]
    assert notes_of(table)["note-two-ways"] == {"columns": ["fees"]}


def test_an_array_is_no_multiple_choice(read):
    table = table_of(read, ["sat[a]", "sat[b]"], ["1", "5"], ["2", "1"])
    assert [(c.key, c.option) for c in questions(table)] == [("sat_a", None), ("sat_b", None)]


def test_typed_texts_belong_to_their_choice(read):
    headers = [
        "fees[none]",
        "fees[notary]",
        "fees[notarycomment]",
        "fees[other]",
        "bank",
        "bank[other]",
        "why",
        "why[comment]",
    ]
    table = table_of(
        read,
        headers,
        ["Y", None, None, None, "-oth-", "某行", "A1", "慢"],
        [None, "Y", "200元", "律师", "icbc", None, None, None],
    )
    typed = {c.header: (c.key, c.option) for c in table.columns if c.typed}
    assert typed == {
        "fees[notarycomment]": ("fees", "notary"),
        "fees[other]": ("fees", "other"),
        "bank[other]": ("bank", "other"),
        "why[comment]": ("why", None),
    }
    assert cells_by_header(table)["bank"] == ["other", "icbc"]


def test_text_behind_the_choices_of_a_wording_is_typed(read):
    headers = [f"支付过哪些费用 [{text}]" for text in ("没有收费", "公证费", "其他")]
    table = table_of(read, headers, ["Yes", "No", None], ["No", "Yes", "律师费"], ["N/A", "N/A", None], own=TEXTS)
    assert [(c.option, c.typed) for c in questions(table)] == [("没有收费", False), ("公证费", False), ("其他", True)]


def test_not_asked_in_yes_or_no_questions_is_blank_and_said(read):
    table = table_of(read, ["applied", "remark", "kind"], ["Yes", "N/A", "N/A"], ["N/A", "x", "A"])
    cells = cells_by_header(table)
    assert (cells["applied"], cells["remark"], cells["kind"]) == (["Yes", None], ["N/A", "x"], ["N/A", "A"])
    assert notes_of(table)["note-not-asked"] == {"columns": ["applied"], "mark": "N/A"}


# --------------------------------------------------------------------------------------------------------------------
# Responses and marks


def test_incomplete_and_undated_responses_are_said(read):
    rows = [
        [*OWN, "steps"],
        ["1", None, "2", "en", "5", "1980-01-01 00:00:00", "3"],
        ["2", "1980-01-01 00:00:00", "4", "en", "6", "1980-01-01 00:00:00", "4"],
    ]
    table = read(csv_of(rows)).tables[0]
    cells = cells_by_header(table)
    assert (cells["submitdate"], cells["startdate"], cells["steps"]) == ([None, None], [None, None], ["3", "4"])
    assert notes_of(table) == {
        "note-incomplete": {"tool": "LimeSurvey", "count": 1},
        "note-limesurvey-undated": {"count": 1},
    }


def test_times_name_no_zone(read):
    assert "note-time-no-zone" in notes_of(table_of(read, ["steps"], ["3"]))


@pytest.mark.parametrize(("cells", "expected"), [(["'=1+1", "'x"], ["=1+1", "'x"]), (["'=1+1", "=2"], ["'=1+1", "=2"])])
def test_the_apostrophe_before_an_equals_sign_is_taken_away_unless_the_tool_put_none(cells, expected, read):
    assert cells_by_header(table_of(read, ["c"], *[[cell] for cell in cells]))["c"] == expected


def test_columns_of_participants_files_and_times_are_left_out_and_named(read):
    headers = [
        "photo",
        "photo[filecount]",
        "steps",
        "firstname",
        "email",
        "attribute_1",
        "interviewtime",
        "groupTime12",
        "stepsTime",
    ]
    table = table_of(read, headers, ['[{"name":"a.jpg"}]', "1", "3", "三", "a@example.invalid", "A", "137", "60", "70"])
    assert [c.header for c in questions(table)] == ["steps", "attribute_1", "interviewtime"]
    notes = notes_of(table)
    assert notes["note-dropped-files"] == {"columns": ["photo", "photo[filecount]"]}
    assert notes["note-dropped-identifying"] == {"columns": ["firstname", "email"]}
    assert notes["note-dropped-tool"] == {"columns": ["groupTime12", "stepsTime"]}
    assert set(table.meta) == {"submitted_at", "native_id", "started_at", "duration"}
    assert not [cell for cells in table.values for cell in cells.occurring() if "example" in str(cell)]


def test_duplicate_codes_are_refused_by_name(read):
    with pytest.raises(FileRefusedError, match=r"limesurvey-duplicate-code: .* stand twice: sat\[a\], steps"):
        table_of(read, ["steps", "sat[a]", "steps", "sat[a]"], ["1", "2", "3", "4"])
    table_of(read, ["同一题目", "同一题目"], ["1", "2"], own=TEXTS)


def test_the_form_is_refused_for_what_it_is(read):
    text = "class\ttype/scale\tname\trelevance\ttext\thelp\nS\t\tlanguage\t1\ten\t\n"
    with pytest.raises(FileRefusedError, match=r"limesurvey-structure: .* is a LimeSurvey form"):
        read(text, "survey.tsv")
    assert "没有答卷" in message("limesurvey-structure", {"file": "a.tsv"}, "zh")


def test_workbook_and_other_delimiters(read):
    rows = [[*OWN, "steps"], [7, *SENT[1:], 3]]
    assert read(xlsx({"问卷": rows}), "r.xlsx").reader == "limesurvey"
    assert read(csv_of([[*OWN, "steps"], [*SENT, "3"]], delimiter=",")).reader == "limesurvey"


def test_other_files_are_not_taken_for_it(read):
    assert read("id,steps\n1,2\n").reader == "plain"
    assert read("id,date,page,language\n1,2022-10-08 09:00:00,4,zh\n").reader == "plain"


# --------------------------------------------------------------------------------------------------------------------
# vv


def vv(*lines):
    return "\n".join("\t".join(line) for line in lines) + "\n"


def test_vv_tells_not_shown_from_left_blank(read):
    table = read(
        vv(
            [*TEXTS, "办理环节", "支付过哪些费用 (没有收费)", "支付过哪些费用 (公证费)", "满意 (时间)", "意见"],
            [*OWN, "steps", "fees_none", "fees_notary", "sat_time", "comment"],
            [*SENT, "3", "", "Y", "A5", "第一行{newline}{lbrace}x}{tab}y"],
            ["8", "{question_not_shown}", *SENT[2:], *["{question_not_shown}"] * 4, '{quote}引"'],
        ),
        "vvexport_1.csv",
    ).tables[0]
    cells = cells_by_header(table)
    assert table.row_numbers == [3, 4]
    assert dict(table.missing_marks) == {NOT_SHOWN: "skipped_by_logic"}
    assert (cells["fees_none"], cells["fees_notary"]) == ([0, NOT_SHOWN], [1, NOT_SHOWN])
    assert cells["comment"] == ["第一行\n{x}\ty", '"引"']
    assert (cells["submitdate"], cells["sat_time"]) == ([SENT[1], None], ["A5", NOT_SHOWN])
    by_header = {c.header: (c.key, c.lead, c.option, c.coding) for c in table.columns}
    assert by_header["steps"] == ("办理环节", None, None, "name")
    assert by_header["fees_none"] == ("fees", None, "none", "name")
    assert by_header["sat_time"] == ("时间", "满意", None, "name")
    assert notes_of(table)["note-incomplete"]["count"] == 1


def test_vv_of_old_versions_names_database_fields(read):
    table = read(
        vv(
            [*TEXTS, "费用", "费用", "环节"],
            [*OWN, "1X2X3none", "1X2X3notary", "1X2X4"],
            [*SENT, "Y", "", "3"],
        )
    ).tables[0]
    assert [(c.key, c.kind, c.option, c.coding) for c in table.columns[6:]] == [
        ("费用", "label", "none", "name"),
        ("费用", "label", "notary", "name"),
        ("环节", "label", None, "name"),
    ]


@given(st.text(alphabet='{}lbracenwit\n\r\t"q ', max_size=40).map(str.strip))
def test_what_the_tool_spells_comes_back(text):
    spelt = text.replace("{", "{lbrace}").replace("\n", "{newline}").replace("\r", "{cr}").replace("\t", "{tab}")
    spelt = "{quote}" + spelt[1:] if spelt.startswith('"') else spelt
    assert _spelt_out(spelt) == text


def test_codes_with_scales_and_fields_of_participants():
    headers = [("fit[a][1]", 1), ("attribute_1", 1), ("token", 1), ("emailstatus", 1)]
    assert [(one.code, one.subs, one.own) for one in read_headings(headers, "code")] == [
        ("fit", ("a", "1"), ""),
        ("attribute_1", (), ""),
        ("token", (), "token"),
        ("emailstatus", (), ""),
    ]
