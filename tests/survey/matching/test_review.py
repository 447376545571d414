"""A column under another wording is proposed, confirmed once by a person, and never taken before."""

import csv
import zipfile

import pytest

from evaltools.errors import CampaignError, FileRefusedError, UsageError
from evaltools.survey.instrument import read_instrument_file
from evaltools.survey.matching.column_keys import Candidate
from evaltools.survey.matching.likeness import differs_in_nothing, likeness
from evaltools.survey.matching.question_numbers import agreed, numbered
from evaltools.survey.matching.report import match_file
from evaltools.survey.matching.review import COLUMNS, Line, Review, read_review, write_review
from evaltools.survey.readers import RawColumn

from ..conftest import FORM as FIRM_FORM
from ..conftest import HEAD, LABELS

FILE = "raw/baseline/a.csv"


def header(**changes):
    return [*HEAD.values(), *(LABELS | changes).values()]


@pytest.fixture
def export(campaign, answer):
    """Write an export with other wordings and match it."""

    def make(**changes):
        row = answer(1)
        campaign.raw("baseline/a.csv", [[*row.values()]], header=header(**changes))
        return match()

    def match():
        return match_file(campaign.folder, campaign.config, campaign.folder / FILE)

    make.again = match
    return make


def decide(folder, question, decision):
    """Do what a person does in a spreadsheet."""
    path = folder / "review" / "columns.csv"
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    for row in rows:
        if row["question"] == question:
            row |= {"decision": decision, "who": "LW"}
    with path.open("w", encoding="gb18030", newline="") as file:  # as a spreadsheet program in China saves it
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def how(result):
    return {one.question.name: one.how for table in result.tables for one in table.questions}


def test_every_question_says_what_found_its_column(campaign, answer, export):
    result = export()
    assert set(how(result).values()) == {"label"}
    assert (result.exit_code, result.n_proposed) == (0, 0)
    assert not (campaign.folder / "review").exists()
    assert result.tables[0].questions[8].header == "9、用了几个工作日？"


def test_a_similar_wording_is_proposed_and_not_taken(campaign, export):
    result = export(days="9、一共用了几个自然日？")
    assert how(result)["days"] == "proposed"
    assert result.exit_code == 4
    (line,) = read_review(campaign.folder).lines
    assert (line.question, line.header, line.decision) == ("days", "9、一共用了几个自然日？", "")
    assert line.why == "number+wording"
    assert (campaign.folder / "review" / "columns.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    refused = campaign.ingest().refused
    assert [error.code for error in refused] == ["column-missing"]
    assert f"evaltools match CAMPAIGN {FILE}" in str(refused[0])
    assert "review/columns.csv" in refused[0].text("zh")


def test_what_a_person_confirms_is_used_and_read_anew_when_it_changes(campaign, export):
    export(days="9、一共用了几个自然日？")
    decide(campaign.folder, "days", "是")
    assert how(export.again())["days"] == "confirmed"
    assert campaign.ingest().files[0].n_accepted == 1
    assert campaign.read("answers_firm_survey")["days"].tolist() == [8]
    assert [one.status for one in campaign.ingest().files] == ["known"]
    campaign.settings()
    write_review(campaign.folder, read_review(campaign.folder).with_lines([extra_line()]))
    assert [one.status for one in campaign.ingest().files] == ["replaced"]


def extra_line(**changes):
    given = {
        "source": "1", "pattern": "raw/baseline/*", "instrument": "firm_survey", "question": "sat", "label": "",
        "header": "满意吗", "why": "", "similarity": "", "decision": "yes",
    }  # fmt: skip
    return Line(**given | changes)


def test_a_pair_that_was_turned_down_is_not_proposed_again(campaign, export):
    export(days="9、一共用了几个自然日？")
    decide(campaign.folder, "days", "no")
    assert how(export.again())["days"] == "missing"
    assert [line.decision for line in read_review(campaign.folder).lines] == ["no"]


def test_matching_again_leaves_every_line_as_it_stands(campaign, export):
    export(days="9、一共用了几个自然日？")
    before = (campaign.folder / "review" / "columns.csv").read_bytes()
    export.again()
    assert (campaign.folder / "review" / "columns.csv").read_bytes() == before


def test_a_confirmed_header_that_is_gone_is_told(campaign, export):
    export(days="9、一共用了几个自然日？")
    decide(campaign.folder, "days", "yes")
    result = export(days="9、多少天办结")
    assert result.tables[0].problem.code == "column-confirmed-gone"
    assert "days = '9、一共用了几个自然日?'" in str(result.tables[0].problem)
    assert [error.code for error in campaign.ingest().refused] == ["column-confirmed-gone"]


def test_a_confirmed_header_that_stands_twice_decides_nothing(campaign, export):
    export(days="9、一共用了几个自然日？")
    decide(campaign.folder, "days", "yes")
    result = export(days="9、一共用了几个自然日？", sat="9、一共用了几个自然日？")
    assert result.tables[0].problem.code == "column-ambiguous"
    assert set(how(result).values()) == {"unclear"}


def test_no_answer_is_in_the_review_file(campaign, export):
    """Where the header row lacks, the first answers stand there."""
    export(days="9、用了几个日子，电话19900001234")
    assert "19900001234" not in (campaign.folder / "review" / "columns.csv").read_text(encoding="utf-8")


def test_a_file_without_a_source_is_told(campaign):
    campaign.raw("other/b.csv", [])
    with pytest.raises(FileRefusedError, match=r"match-no-source: raw/other/b\.csv"):
        match_file(campaign.folder, campaign.config, campaign.folder / "raw/other/b.csv")


def test_a_named_reader_enters_the_settings_of_the_file(campaign, export):
    export()
    result = match_file(campaign.folder, campaign.config, campaign.folder / FILE, reader="plain")
    assert result.tables[0].extra == ("序号", "提交答卷时间", "所用时间", "来源详情", "来自IP")
    first = campaign.ingest(paths=[campaign.folder / FILE], reader="plain").files[0]
    assert (first.reader, first.status) == ("plain", "new")
    assert campaign.ingest(paths=[campaign.folder / FILE], reader="plain").files[0].status == "known"
    assert [(one.reader, one.status) for one in campaign.ingest().files] == [("wjx", "replaced")]
    with pytest.raises(UsageError, match="reader-needs-files"):
        campaign.ingest(reader="plain")


# ---------------------------------------------------------------------------------------------------------------------
# The file


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ([extra_line(), extra_line(question="days")], "match-twice: .*rows 2 and 3"),
        ([extra_line(), extra_line(decision="否")], "match-twice: .*rows 2 and 3"),
        ([extra_line(decision="maybe")], "match-decision: .*row 2: 'maybe'"),
        ([extra_line(question="nothing")], "match-question: .*'nothing'"),
    ],
)
def test_decisions_that_cannot_hold_are_refused(campaign, lines, text):
    write_review(campaign.folder, Review(tuple(lines)))
    with pytest.raises(CampaignError, match=text):
        campaign.ingest()


def test_a_file_without_its_header_is_refused(campaign):
    (campaign.folder / "review").mkdir()
    (campaign.folder / "review" / "columns.csv").write_text("a,b\n", encoding="utf-8")
    with pytest.raises(CampaignError, match=r"match-columns: .*pattern, instrument, question, header, decision"):
        read_review(campaign.folder)


def test_headers_come_back_as_they_were(tmp_path):
    lines = (extra_line(header="=1+1"), extra_line(header="'x"), extra_line(header='a,"b"\n是'))
    write_review(tmp_path, Review(lines))
    assert read_review(tmp_path).lines == lines


# ---------------------------------------------------------------------------------------------------------------------
# Numbers and wordings

FORM = """
| survey |
| | type | name | label::中文 (zh) | label::English (en) | sensitivity |
| | integer | steps | 您办理贷款的环节数是多少 | Steps of the loan | plain |
| | integer | days | 您办理贷款的工作日是多少 | Days of the loan | plain |
| | integer | papers | 您提交的材料有多少份 | Papers | plain |
"""


@pytest.fixture
def questions(tmp_path):
    path = tmp_path / "form.md"
    path.write_text(FORM, encoding="utf-8")
    return read_instrument_file(path).questions


def column(text, number, position=0):
    return RawColumn(position, f"{number}、{text}", text, "label", number=number)


def candidates(*texts):
    columns = [column(text, number, number - 1) for number, text in enumerate(texts, start=1)]
    return [Candidate(one, (one,), False) for one in columns]


def test_a_number_proposes_where_order_and_numbers_agree(questions):
    one, two, three = candidates("甲", "乙", "丙")
    found = {"steps": one, "papers": three}
    assert numbered(questions, found, [two]) == {"days": two}
    assert numbered(questions, {}, [one, two, three]) == {"steps": one, "days": two, "papers": three}


def test_a_number_says_nothing_where_another_question_came_in(questions):
    one, two, three, four = candidates("甲", "乙", "丙", "丁")
    assert numbered(questions, {"steps": one, "papers": four}, [two, three]) == {}


def test_a_number_says_nothing_where_the_order_is_another(questions):
    one, two, three = candidates("甲", "乙", "丙")
    assert numbered(questions, {"steps": three, "papers": one}, [two]) == {}


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("请问您办理贷款的工作日是多少呢", True),
        ("您没办理贷款的工作日是多少", False),
        ("您办理贷款的自然日是多少", False),
        ("您办理贷款的工作日最多是多少", False),
        ("您办理2笔贷款的工作日是多少", False),
    ],
)
def test_number_and_wording_decide_only_where_the_difference_means_nothing(questions, text, taken):
    one, two, three = candidates("您办理贷款的环节数是多少", text, "您提交的材料有多少份")
    assert bool(agreed({"days": two}, questions, [one, two, three])) is taken
    assert differs_in_nothing(questions[1], two.face) is taken


def test_a_wording_that_fits_another_question_better_contradicts_the_number(questions):
    one, two, three = candidates("您办理贷款的工作日是多少呢", "您办理贷款的环节数是多少呢", "您提交的材料有多少份")
    assert agreed({"steps": one, "days": two}, questions, [one, two, three]) == {}


def test_a_name_is_compared_with_the_end_of_a_path(questions):
    assert likeness(questions[1], RawColumn(0, "g_loan/days", "g_loan/days", "name")) == 1.0
    assert likeness(questions[1], RawColumn(0, "colour", "colour", "name")) < 0.5


def test_a_question_found_by_its_number_is_told(campaign, answer, export):
    result = export(days="9、请问您用了几个工作日？")
    assert how(result)["days"] == "number"
    done = campaign.ingest()
    assert done.files[0].n_accepted == 1
    assert any("days" in line and "number" in line for line in done.notices("en"))


# ---------------------------------------------------------------------------------------------------------------------
# Several tables

REPEAT = """
| survey |
| | type | name | label::zh | label::en | sensitivity | concept | role |
| | select_one yes_no | consent | 是否同意参加？ | Do you agree? | plain | | consent |
| | begin_repeat | banks | 银行 | Banks | | | |
| | select_one_from_file banks.csv | bank | 哪家银行？ | Which bank? | plain | | bank |
| | integer | days | 用了几个工作日？ | How many days? | plain | | |
| | end_repeat | | | | | | |
"""


def central(campaign, *ratings):
    """Write a zip as ODK Central does: the submissions and the rows of the repeat."""
    campaign.form(REPEAT + "\n" + FIRM_FORM[FIRM_FORM.index("| choices |") :])
    head = "SubmissionDate,consent,KEY,SubmitterID,SubmitterName,AttachmentsPresent,AttachmentsExpected,Status"
    path = campaign.folder / FILE.replace(".csv", ".zip")
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        row = "2022-10-10T01:00:00.000Z,yes,uuid:1,1,x,0,0,,,d,0,1"
        archive.writestr("firm.csv", f"{head},ReviewState,DeviceID,Edits,FormVersion\n{row}\n")
        archive.writestr("firm-banks.csv", "\n".join([*ratings, ""]))
    return match_file(campaign.folder, campaign.config, path)


def test_each_table_is_held_against_its_own_questions(campaign):
    result = central(campaign, "bank,days_used,PARENT_KEY,KEY", "jia,8,uuid:1,uuid:1/banks[1]")
    main, inner = result.tables
    assert [(one.question.name, one.how) for one in main.questions] == [("consent", "path")]
    assert [(one.question.name, one.how) for one in inner.questions] == [("bank", "path"), ("days", "proposed")]
    assert (inner.sheet, inner.questions[1].header) == ("firm-banks.csv", "days_used")
    decide(campaign.folder, "days", "yes")
    assert campaign.ingest().exit_code == 0
    assert campaign.read("answers_firm_survey")["days"].tolist() == [8]


def test_a_repeat_whose_bank_has_another_name_is_found_by_what_is_proposed(campaign):
    result = central(campaign, "bank_id,days,PARENT_KEY,KEY", "jia,8,uuid:1,uuid:1/banks[1]")
    assert result.tables[0].problem.code == "repeat-missing"
    assert how(result) == {"consent": "path", "bank": "proposed", "days": "path"}
    decide(campaign.folder, "bank", "yes")
    assert campaign.ingest().exit_code == 0
