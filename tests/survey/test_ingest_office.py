"""A return that an office laid out by hand, through ingest: what it says in words, and what is refused."""

import io

import pytest
import xlsxwriter

from evaltools.errors import CampaignError

from .conftest import credit_code

FORM = """
| survey |
| | type | name | label::zh | label::en | required | sensitivity | concept | role | unit | missing |
| | text | code | 信用代码 | Credit code | yes | direct | enterprise.code | enterprise | | |
| | select_one_from_file banks.csv | bank | 银行 | Bank | yes | plain | | bank | | |
| | date | day | 申请日期 | Day | | plain | | | | |
| | integer | days | 办理时间 | Days | | plain | | | working_days | |
| | decimal | amount | 金额 | Amount | | plain | | | yuan | |
| | decimal | rate | 利率 | Rate | | plain | | | percent | 面议 = refused |
| | integer | steps | 环节 | Steps | | plain | | | | |

| settings |
| | form_title | form_id | version | missing |
| | 台账 | ledger | 1 | - = blank; 不了解 = dont_know |
"""
SOURCES = """
[[sources]]
pattern = "raw/*"
instrument = "ledger"
wave = "baseline"
mode = "record"
channel = "return"
{more}
"""
HEADS = [
    ["序号", "信用代码", "银行", "申请日期", "办理情况", None, None, None],
    [None, None, None, None, "办理时间", "金额", "利率", "环节"],
]
MERGES = [(0, 0, 0, 7), (2, 0, 3, 0), (2, 1, 3, 1), (2, 2, 3, 2), (2, 3, 3, 3), (2, 4, 2, 7)]


@pytest.fixture
def ledger(campaign):
    """Write a workbook of rows below a title and a header of two rows, and ingest it."""
    campaign.form(FORM, "ledger")

    def write(*rows, unit="单位：元", more="", merges=(), foot=(), formats=None, options=None):
        campaign.settings(SOURCES.format(more=more))
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out, options or {})
        sheet = book.add_worksheet("台账")
        share = book.add_format({"num_format": "0.00%"})
        for first_row, first, last_row, last in (*MERGES, *merges):
            sheet.merge_range(first_row, first, last_row, last, "")
        title = [["云河县贷款办理台账"], ["填报单位：云河县", *[None] * 6, unit], *HEADS]
        for number, row in enumerate([*title, *rows, *foot]):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                elif cell is not None:
                    sheet.write(number, column, cell, share if (number, column) in (formats or ()) else None)
        book.close()
        (campaign.folder / "raw/台账.xlsx").write_bytes(out.getvalue())
        return campaign.ingest()

    return write


def row(number, *, day="2022.9.28", days=8, amount=3, rate="4.35%", steps=3, bank="甲行"):
    return [number, credit_code(number), bank, day, days, amount, rate, steps]


def test_a_ledger_is_read_in_the_units_of_its_questions(campaign, ledger):
    result = ledger(
        row(1, days="十五个工作日", amount="3万元", rate=0.0435),
        row(2, bank=None, day=20220928, days="１５", amount="1,234,567.5", rate="百分之五", steps="-"),
        row(3, day="2022年9月28日", days="不了解", amount="3000元整", rate="面议"),
        foot=[["合计", *[None] * 4, 3], ["填表人：张三"]],
        merges=[(4, 2, 5, 2)],
        formats={(4, 6)},
    )
    assert [(one.n_read, one.n_accepted, one.n_quarantined) for one in result.files] == [(3, 3, 0)]
    answers = campaign.read("answers_ledger").sort_values("amount")
    assert answers["days"].tolist()[1:] == [15, 15]
    assert answers["amount"].tolist() == [3_000, 30_000, 1_234_567.5]
    assert answers["rate"].tolist()[1:] == [4.35, 5]
    assert set(answers["bank"]) == {"jia"}
    assert set(answers["day"].astype(str)) == {"2022-09-28"}
    assert set(zip(*campaign.read("missing")[["item", "reason"]].to_numpy().T, strict=True)) == {
        ("steps", "blank"), ("days", "dont_know"), ("rate", "refused"),
    }  # fmt: skip
    told = "\n".join(result.notices("zh"))
    assert "第8行" in told
    assert "第9行" in told
    assert "张三" not in told


def test_a_unit_above_the_header_holds_for_amounts_of_money_alone(campaign, ledger):
    ledger(row(1, amount=3), row(2, amount="5元"), unit="单位：万元")
    answers = campaign.read("answers_ledger")
    assert sorted(answers["amount"]) == [5, 30_000]
    assert answers["days"].tolist() == [8, 8]


def test_what_is_not_certain_is_in_quarantine_with_its_mend(campaign, ledger):
    changes = {
        ("days", "15天"): "number-unit",
        ("days", "约15个工作日"): "number-approximate",
        ("days", "3-5"): "number-range",
        ("steps", "3个"): "number-unit",
        ("steps", "三"): "not-a-number",
        ("rate", "0.0435"): "percent-scale",
        ("day", "9月底前"): "date-vague",
        ("day", "9月28日"): "date-no-year",
        ("day", "22.9.28"): "date-short-year",
        ("day", "3/4/2022"): "date-order",
    }
    rows = [row(number, **{column: cell}) for number, (column, cell) in enumerate(changes, start=1)]
    [account] = ledger(*rows, row(20, rate=4.35)).files
    assert (account.n_read, account.n_accepted) == (len(changes) + 1, 1)
    quarantine = campaign.read("quarantine").sort_values("row")
    found = list(zip(quarantine["column"], quarantine["reason"], strict=True))
    assert found == [(column, code) for (column, _), code in changes.items()]
    assert quarantine["mend"].str.contains("请").all()


def test_the_campaign_file_settles_the_order_of_dates_and_the_unit_of_a_column(campaign, ledger):
    more = (
        '[sources.dates]\nday = "dmy"\nsubmitted_at = "dmy"\n[sources.units]\nrate = "fraction"\ndays = "working_days"'
    )
    ledger(row(1, day="3/4/2022", rate=0.0435), row(2, day="4/4/2022", rate="5%"), more=more)
    answers = campaign.read("answers_ledger").sort_values("rate")
    assert answers["day"].astype(str).tolist() == ["2022-04-03", "2022-04-04"]
    assert answers["rate"].tolist() == [4.35, 5]


def test_shares_below_one_are_told(ledger):
    told = "\n".join(ledger(row(1, rate=0.0435), row(2, rate=0.05)).notices("en"))
    assert "say rate = 'fraction' in [sources.units]" in told


def test_serial_numbers_of_a_workbook_of_1904(campaign, ledger):
    ledger(row(1, day=43370), row(2, day=43370), options={"date_1904": True})
    assert set(campaign.read("answers_ledger")["day"].astype(str)) == {"2022-09-28"}


def test_a_column_in_another_unit_refuses_the_file(ledger):
    more = '[sources.units]\ndays = "months"'
    [refused] = ledger(row(1), more=more).refused
    assert refused.code == "column-units"
    assert "days" in str(refused)


def test_a_unit_that_there_is_none_of_is_a_fault_of_the_campaign_file(ledger):
    with pytest.raises(CampaignError, match=r"units\.days: 'dayz' is no unit"):
        ledger(row(1), more='[sources.units]\ndays = "dayz"')
