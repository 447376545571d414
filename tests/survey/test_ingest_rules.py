"""Which rows go to quarantine, by which rule, and what stays of them there."""

import hashlib
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evaltools.config import CampaignConfig, Source, Wave
from evaltools.errors import EvaltoolsError, FileRefusedError, catalogue
from evaltools.survey.accounting import FileAccount
from evaltools.survey.checks import check_rows
from evaltools.survey.instrument import read_instrument_file
from evaltools.survey.matching.columns import match_columns
from evaltools.survey.plans import SourcePlan
from evaltools.survey.prepare import prepare_sheet
from evaltools.survey.questions import read_fields, read_questions
from evaltools.survey.raw_files import SourceFile
from evaltools.survey.readers import RawFile
from evaltools.survey.roles import resolve_roles

CODE = "91419999TE5T00001"


@pytest.fixture
def checked(campaign, answer, raw_table):
    """Check rows that are each one change to a good row, without files; a good row follows the last."""
    instrument = read_instrument_file(campaign.folder / "instruments/firm_survey.md")

    def run(*changes, **source_changes):
        config = campaign.config
        source = config.sources[0].model_copy(update=source_changes)
        rows = [answer(number) | change for number, change in enumerate((*changes, {}), start=1)]
        fields = {"at": "submitted_at", "ip": "ip", "no": "native_id"}
        names = [name for name in rows[0] if name not in ("took", "from", "detail")]
        names = [name for name in names if name not in source.absent]
        table = raw_table(
            {name: [row[name] for row in rows] for name in names},
            marks={"(跳过)": "skipped_by_logic"},
            separator="┋",
            meta={role: names.index(name) for name, role in fields.items() if name in names},
        )
        roles = resolve_roles(instrument, config)
        found = match_columns(table, instrument, source, path="raw/a.csv")
        columns = read_questions(table, found, instrument, source, roles, config.banks)
        return check_rows(
            columns,
            read_fields(table, columns, roles),
            instrument,
            source,
            roles,
            config.waves["baseline"],
            path="raw/a.csv",
            sheet="",
        )

    return run


def faults(result):
    return [(fault.question, fault.rule, fault.code, fault.scope) for fault in result.faults]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"sat": "马马虎虎"}, ("sat", "type", "choice-unknown", "row")),
        ({"days": "15天"}, ("days", "type", "number-unit", "row")),
        ({"days": "400"}, ("days", "constraint", "constraint", "row")),
        ({"rate": "4.35%"}, ("rate", "type", "number-unit", "row")),
        ({"applied_on": "去年"}, ("applied_on", "type", "date-vague", "row")),
        ({"applied_on": "2022/12/1"}, ("applied_on", "constraint", "constraint", "row")),
        ({"size": ""}, ("size", "required", "required", "row")),
        ({"size": "(跳过)"}, ("size", "required", "required", "row")),
        ({"bank": "天上银行"}, ("bank", "bank", "bank-unknown", "row")),
        ({"bank": ""}, ("bank", "required", "required", "row")),
        ({"firm_code": CODE + "X"}, ("firm_code", "type", "code-check", "row")),
        ({"firm_code": 911101000000000001}, ("firm_code", "type", "identifier-number", "row")),
        ({"firm_code": ""}, ("firm_code", "required", "required", "row")),
        ({"at": "2022/11/2 8:00:00"}, ("at", "wave", "outside-wave", "row")),
        ({"at": "不详"}, ("at", "type", "not-a-date", "row")),
        ({"fees": "没有┋天价"}, ("fees", "type", "choice-unknown", "row")),
        ({"consent": "否"}, ("consent", "consent", "no-consent", "row")),
        ({"consent": ""}, ("consent", "consent", "no-consent", "row")),
        ({"applied": "否", "applied_on": "", "rate": "", "fees": ""}, ("days", "relevant", "not-relevant", "cell")),
    ],
)
def test_each_rule(checked, change, fault):
    """The tool's field is called `submitted_at` in the fault, whatever its header."""
    expected = ("submitted_at", *fault[1:]) if fault[0] == "at" else fault
    result = checked(change)
    assert faults(result) == [expected]
    assert result.accepted.tolist() == [fault[3] == "cell", True]


@pytest.mark.parametrize("bank", ["jia", "云河甲银行", "甲行", "Bank Jia", " bank jia ", "NA", "na", "云河乙银行"])
def test_a_bank_is_known_by_id_names_and_aliases(checked, bank):
    result = checked({"bank": bank})
    assert result.faults == ()
    assert result.columns["bank"].answers[0] in {"jia", "na"}
    assert result.columns["bank"].reasons[0] is None


def test_all_faults_of_a_row_are_listed_in_the_order_of_the_form(checked):
    result = checked({"sat": "?", "size": "巨型", "days": "x"})
    assert [fault.question for fault in result.faults] == ["size", "days", "sat"]


def test_a_row_without_consent_has_no_other_fault(checked):
    result = checked({"consent": "否", "sat": "?", "size": "", "firm_code": "1", "at": "2020/1/1 8:00:00"})
    assert faults(result) == [("consent", "consent", "no-consent", "row")]


def test_an_answer_that_should_not_be_there_is_taken_out_and_the_row_stays(checked):
    result = checked({"applied": "否", "days": "15天", "rate": "", "fees": "", "applied_on": ""})
    assert faults(result) == [("days", "relevant", "not-relevant", "cell")]
    assert result.columns["days"].answers[0] is None
    assert result.columns["days"].reasons[0] == "skipped_by_logic"
    assert result.accepted.all()


def test_logic_that_asks_for_an_absent_question_concludes_nothing(checked):
    result = checked({}, absent=("applied",))
    assert result.faults == ()
    assert result.columns["days"].answers[0] == 8


def test_do_not_know_is_an_answer_for_the_form_and_missing_for_the_store(checked):
    result = checked({"sat": "不了解"})
    assert result.faults == ()
    assert (result.columns["sat"].known[0], result.columns["sat"].reasons[0]) == (None, "dont_know")


def test_a_required_column_blank_where_nobody_should_answer_is_no_fault(campaign, raw_table):
    """`reason` is required of those who said no; here nobody did."""
    path = campaign.folder / "instruments/r.md"
    path.write_text(
        """
| survey |
| | type | name | label | sensitivity | role | required | relevant |
| | select_one_from_file banks.csv | bank | 银行 | plain | bank | yes | |
| | integer | n | 数 | plain | | yes | |
| | text | reason | 原因 | text | | yes | ${n} = 0 |
""",
        encoding="utf-8",
    )
    instrument = read_instrument_file(path)
    config = campaign.config
    source = Source(pattern="raw/*", instrument="r", wave="baseline", mode="record", channel="x")
    roles = resolve_roles(instrument, config)

    def check(numbers):
        table = raw_table({"bank": ["jia"] * len(numbers), "n": numbers, "reason": [None] * len(numbers)})
        found = match_columns(table, instrument, source, path="p")
        columns = read_questions(table, found, instrument, source, roles, config.banks)
        wave = Wave(start="2022-09-28", end="2022-10-21")
        return check_rows(
            columns, read_fields(table, columns, roles), instrument, source, roles, wave, path="p", sheet=""
        )

    assert check([1, 2]).accepted.all()
    with pytest.raises(FileRefusedError, match=r"column-blank: .*reason"):
        check([1, 0])


def test_a_visit_without_time_of_submission_counts_by_its_own_day(checked):
    """The day of the visit lies outside the wave; a questionnaire's event may, a visit may not."""
    assert checked({"applied_on": "2022/9/1"}, mode="self").accepted.all()
    outside = checked({"applied_on": "2022/9/1", "at": ""}, mode="visit")
    assert outside.accepted.tolist() == [True, True]


def test_every_fault_has_a_text_in_both_languages():
    codes = {code for code in catalogue() if code.startswith("fault-")}
    assert {
        f"fault-{code}" for code in ("code-check", "not-relevant", "outside-wave", "duplicate", "choice-flag")
    } <= codes
    for code in codes:
        assert set(catalogue()[code]) == {"zh", "en"}


def test_an_account_that_does_not_add_up_is_an_error():
    with pytest.raises(EvaltoolsError, match=r"account-open: .*3 read, 1 accepted, 1 in quarantine, 0 duplicates"):
        FileAccount("raw/a.csv", "", "baseline", "i", 1, 3, 1, 1, 0)


def test_quarantine_says_where_what_and_how_to_mend(campaign, answer):
    campaign.raw("baseline/a.csv", [answer(1), answer(2, days="15天"), answer(3, firm_code="12345")])
    result = campaign.ingest()
    assert (result.files[0].n_accepted, result.files[0].n_quarantined) == (1, 2)
    held = campaign.read("quarantine").sort_values("row").to_dict("records")
    assert [(one["row"], one["column"], one["rule"], one["reason"], one["scope"]) for one in held] == [
        (3, "days", "type", "number-unit", "row"),
        (4, "firm_code", "type", "code-length", "row"),
    ]
    assert held[0]["value"] == "15天"
    assert held[0]["mend"].startswith("“9、用了几个工作日？”的数字带有单位")
    assert held[1]["value"] == "…(5)"
    assert held[1]["value_sha"] != hashlib.sha256(b"12345").hexdigest()[:24]
    assert [one["bank_id"] for one in held] == ["jia", "jia"]
    assert campaign.read("quarantine")["resolved_by"].isna().all()


def test_sensitive_and_quasi_values_are_masked_in_quarantine(campaign, answer):
    campaign.raw("baseline/a.csv", [answer(1, rate="99.5"), answer(2, applied_on="去年秋天"), answer(3)])
    campaign.ingest()
    assert sorted(campaign.read("quarantine")["value"]) == ["…(4)", "…(4)"]


def test_plain_values_in_quarantine_are_redacted_and_cut(campaign, answer):
    rows = [
        answer(1, sat="打13800138000找我"),
        answer(2, sat="云河县青禾002号商贸演示有限公司"),
        answer(3, sat="长" * 200),
        answer(4),
    ]
    campaign.raw("baseline/a.csv", rows)
    campaign.ingest()
    shown = campaign.read("quarantine").sort_values("row")["value"].tolist()
    assert shown == ["打[phone]找我", "[name]", "长" * 60 + "…"]


CELLS = st.sampled_from(
    [
        "是",
        "否",
        "",
        "1",
        "2",
        "(空)",
        "云河甲银行",
        "NA",
        "微型",
        "2022/10/1",
        "满意",
        "评估费",
        "x",
        "9" * 20,
        "91110000600037341L",
    ]
)


NAMES = [
    "at",
    "no",
    "consent",
    "firm_code",
    "firm_name",
    "phone",
    "size",
    "bank",
    "applied",
    "applied_on",
    "days",
    "rate",
    "fees",
    "sat",
    "comment",
]
GOOD = dict.fromkeys(NAMES, "") | {"no": "1", "consent": "是", "bank": "NA", "sat": "满意"}
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(NAMES, CELLS)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(ROWS)
@example([GOOD, GOOD, GOOD | {"sat": "x"}])
def test_rows_read_are_accepted_in_quarantine_or_duplicates(arbitrary_sheet, rows):
    """Of a file that is refused (its required column is empty throughout) nothing is taken at all."""
    with suppress(FileRefusedError):
        n_read, n_accepted, n_quarantined, n_duplicate = arbitrary_sheet(rows)
        assert n_read == len(rows)
        assert n_read == n_accepted + n_quarantined + n_duplicate
        assert n_duplicate == 0 or n_accepted > 0


@pytest.fixture(scope="module")
def arbitrary_sheet(tmp_path_factory):
    """Prepare a sheet of any rows and tell its duplicates, without a store."""
    import pandas as pd

    from evaltools.survey.duplicates import COLUMNS, Seen
    from evaltools.survey.readers import RawColumn, RawTable
    from evaltools.survey.readers.cells import code_cells

    folder = tmp_path_factory.mktemp("arbitrary")
    instrument, config = _small_campaign(folder)
    roles = resolve_roles(instrument, config)

    def run(rows):
        names = [*rows[0]] if rows else ["at", "no", *(question.name for question in instrument.answered)]
        columns = tuple(RawColumn(place, name, name, "name") for place, name in enumerate(names))
        values = [code_cells(row[name] for row in rows) for name in names]
        meta = {"submitted_at": names.index("at"), "native_id": names.index("no")}
        table = RawTable("", columns, list(range(2, len(rows) + 2)), values, meta, {"(空)": "blank"}, "┋", len(rows))
        raw = RawFile(folder, "0" * 64, 1, "plain", "plain", 1.0, "", None, (table,), ())
        file = SourceFile(folder, "raw/a.csv", 1, config.sources[0])
        sheet = prepare_sheet(file, raw, table, SourcePlan(file.source, instrument, roles, "s"), config, b"k" * 32)
        keep, copies = Seen(pd.DataFrame(columns=list(COLUMNS))).take(sheet)
        return table.n_rows, int(keep.sum()), int((~sheet.checked.accepted).sum()), len(copies)

    return run


def _small_campaign(folder):
    path = folder / "firm_survey.md"
    path.write_text(
        """
| survey |
| | type | name | label | required | relevant | constraint | sensitivity | concept | role |
| | select_one yes_no | consent | 同意 | yes | | . = 'yes' | plain | | consent |
| | text | firm_code | 代码 | | | | direct | enterprise.code | enterprise |
| | text | firm_name | 名称 | | | | direct | | |
| | text | phone | 电话 | | | | direct | | |
| | select_one size | size | 规模 | | | | quasi | | stratum |
| | select_one_from_file banks.csv | bank | 银行 | yes | | | plain | | bank |
| | select_one yes_no | applied | 申请 | | | | plain | | |
| | date | applied_on | 日期 | | ${applied} = 'yes' | . <= today() | quasi | | event_date |
| | integer | days | 天数 | | ${applied} = 'yes' | . >= 0 | plain | | |
| | decimal | rate | 利率 | | ${applied} = 'yes' | | sensitive | | |
| | select_multiple fee | fees | 费用 | | | | plain | | |
| | select_one five | sat | 满意 | | | | plain | | |
| | text | comment | 意见 | | | | text | | |

| choices |
| | list_name | name | label |
| | yes_no | yes | 是 |
| | yes_no | no | 否 |
| | size | micro | 微型 |
| | fee | valuation | 评估费 |
| | five | 1 | 不满意 |
| | five | 5 | 满意 |
""",
        encoding="utf-8",
    )
    config = CampaignConfig.model_validate(
        {
            "schema": 1,
            "id": "t",
            "title": "t",
            "region": "r",
            "start": "2022-09-28",
            "framework": "f",
            "selection": "convenience",
            "seed": 1,
            "waves": {"baseline": {"start": "2022-09-28", "end": "2022-10-21"}},
            "banks": [{"id": "jia", "name": "云河甲银行", "type": "rural"}, {"id": "na", "name": "NA", "type": "city"}],
            "sources": [
                {"pattern": "raw/*", "instrument": "firm_survey", "wave": "baseline", "mode": "self", "channel": "c"}
            ],
        }
    )
    return read_instrument_file(path), config
