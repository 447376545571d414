"""A small campaign in an empty folder: a form written here, sources, and raw files as rows."""

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest
from stdnum.cn import uscc

from evaltools.config import read_config
from evaltools.store import Store
from evaltools.survey.ingest import ingest
from evaltools.survey.readers import RawColumn, RawTable
from evaltools.survey.readers.cells import code_cells

FORM = """
| survey |
| | type | name | label::zh | label::en | required | relevant | constraint | sensitivity | concept | role |
| | begin_group | g_firm | 企业 | Firm | | | | | | |
| | select_one yes_no | consent | 是否同意参加？ | Do you agree? | yes | | . = 'yes' | plain | | consent |
| | text | firm_code | 统一社会信用代码 | Credit code | yes | | | direct | enterprise.code | enterprise |
| | text | firm_name | 企业名称 | Name of the firm | | | | direct | | |
| | text | phone | 联系电话 | Telephone | | | | direct | | |
| | select_one size | size | 企业规模 | Size | yes | | | quasi | | stratum |
| | end_group | | | | | | | | | |
| | begin_group | g_loan | 贷款 | Loan | | | | | | |
| | select_one_from_file banks.csv | bank | 哪家银行？ | Which bank? | yes | | | plain | | bank |
| | select_one yes_no | applied | 是否申请过贷款？ | Did you apply? | yes | | | plain | | |
| | date | applied_on | 申请日期 | Date of application | | ${applied} = 'yes' | . <= today() | quasi | | event_date |
| | integer | days | 用了几个工作日？ | How many days? | | ${applied} = 'yes' | . >= 0 and . <= 365 | plain | | |
| | decimal | rate | 年利率（%） | Yearly rate (%) | | ${applied} = 'yes' | . >= 0 and . <= 36 | sensitive | | |
| | select_multiple fee | fees | 付了哪些费用？ | Which fees did you pay? | | ${applied} = 'yes' | | plain | | |
| | end_group | | | | | | | | | |
| | select_one five | sat | 总体满意程度 | Satisfaction | | | | plain | | |
| | text | comment | 意见建议 | Comment | | | | text | | |

| choices |
| | list_name | name | label::zh | label::en |
| | yes_no | yes | 是 | Yes |
| | yes_no | no | 否 | No |
| | size | micro | 微型 | Micro |
| | size | small | 小型 | Small |
| | fee | none | 没有 | None |
| | fee | valuation | 评估费 | Valuation |
| | fee | insurance | 保险费 | Insurance premium |
| | fee | other | 其他 | Other |
| | five | 1 | 非常不满意 | Very dissatisfied |
| | five | 2 | 不满意 | Dissatisfied |
| | five | 3 | 一般 | So so |
| | five | 4 | 满意 | Satisfied |
| | five | 5 | 非常满意 | Very satisfied |
| | five | dk | 不了解 | Don't know |

| settings |
| | form_title | form_id | version | default_language |
| | 企业调查 | firm_survey | 1 | zh |
"""

CAMPAIGN = """
schema = 1
id = "test"
title = "试验"
region = "云河县"
start = 2022-09-28
framework = "credit_2022"
selection = "convenience"
seed = 1
{more}
[waves.baseline]
start = 2022-09-28
end = 2022-10-21
[waves.endline]
start = 2022-11-28
end = 2022-12-16
[[banks]]
id = "jia"
name = {{zh = "云河甲银行", en = "Bank Jia"}}
type = "rural"
aliases = ["甲行"]
[[banks]]
id = "na"
name = {{zh = "云河乙银行", en = "NA"}}
type = "city"
{sources}
"""

SOURCES = """
[[sources]]
pattern = "raw/baseline/*"
instrument = "firm_survey"
wave = "baseline"
mode = "self"
channel = "link"
[[sources]]
pattern = "raw/endline/*"
instrument = "firm_survey"
wave = "endline"
mode = "self"
channel = "link"
"""

# what 问卷星 writes before the questions; the questions follow by their Chinese labels
HEAD = {"no": "序号", "at": "提交答卷时间", "took": "所用时间", "from": "来源", "detail": "来源详情", "ip": "来自IP"}
LABELS = {
    "consent": "1、是否同意参加？",
    "firm_code": "2、统一社会信用代码",
    "firm_name": "3、企业名称",
    "phone": "4、联系电话",
    "size": "5、企业规模（必填）",
    "bank": "6、哪家银行？",
    "applied": "7、是否申请过贷款？",
    "applied_on": "8、申请日期",
    "days": "9、用了几个工作日？",
    "rate": "10、年利率（%）",
    "fees": "11、付了哪些费用？",
    "sat": "12、总体满意程度",
    "comment": "13、意见建议",
}


def credit_code(number: int) -> str:
    """A well-formed code of the region 419999, which does not exist."""
    stem = f"91419999TEST{number:05d}".replace("S", "5")
    return stem + uscc.calc_check_digit(stem)


@dataclass(frozen=True)
class TestCampaign:
    """The folder of a campaign, with what tests do to it."""

    __test__ = False
    folder: Path

    @property
    def config(self):
        return read_config(self.folder)

    @property
    def store(self):
        return Store.open(self.folder / "store")

    def ingest(self, **options):
        return ingest(self.folder, self.config, **options)

    def read(self, table):
        return self.store.read(table).to_pandas()

    def settings(self, sources=SOURCES, more=""):
        (self.folder / "campaign.toml").write_text(CAMPAIGN.format(sources=sources, more=more), encoding="utf-8")

    def form(self, text, name="firm_survey"):
        path = self.folder / "instruments" / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def raw(self, path, rows, header=None):
        """Write rows (dicts, or lists under an own header) as csv."""
        header = header or [*HEAD.values(), *LABELS.values()]
        names = [*HEAD, *LABELS]
        target = self.folder / "raw" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows([row[name] for name in names] if isinstance(row, dict) else row for row in rows)
        return target


@pytest.fixture
def campaign(tmp_path):
    folder = tmp_path / "云河 2022"
    (folder / "raw").mkdir(parents=True)
    made = TestCampaign(folder)
    made.settings()
    made.form(FORM)
    return made


@pytest.fixture
def answer():
    """Make one row of a 问卷星 export; every value can be replaced."""

    def make(number=1, **changes):
        row = {
            "no": str(number),
            "at": f"2022/10/{number % 18 + 1} 8:05:03",
            "took": "137秒",
            "from": "微信",
            "detail": "N/A",
            "ip": f"10.20.30.{number % 250}(河南-新乡)",
            "consent": "是",
            "firm_code": credit_code(number),
            "firm_name": f"云河县青禾{number:03d}号商贸演示有限公司",
            "phone": f"1990000{number:04d}",
            "size": "微型",
            "bank": "云河甲银行",
            "applied": "是",
            "applied_on": "2022/9/1",
            "days": "8",
            "rate": "4.35",
            "fees": "评估费┋保险费",
            "sat": "满意",
            "comment": "办得快",
        }
        assert set(changes) <= set(row)
        return row | changes

    return make


@pytest.fixture
def raw_table():
    """Make a sheet as a reader gives it: header to cells, or headers and rows."""

    def make(columns, *, kind="name", marks=None, separator=" ", meta=None, leads=None):
        pairs = list(columns.items()) if isinstance(columns, dict) else list(columns)
        seen = {}
        described = []
        for position, (header, _) in enumerate(pairs):
            seen[header] = seen.get(header, 0) + 1
            described.append(RawColumn(position, header, header, kind, (leads or {}).get(header), None, seen[header]))
        n = len(pairs[0][1]) if pairs else 0
        values = [code_cells(cells) for _, cells in pairs]
        numbers = list(range(2, n + 2))
        return RawTable("Sheet1", tuple(described), numbers, values, dict(meta or {}), dict(marks or {}), separator, n)

    return make
