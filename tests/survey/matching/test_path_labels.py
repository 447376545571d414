"""Headers that begin with wordings of groups, or end in that of a choice, are held against the instrument."""

import pytest

from evaltools.config import Source
from evaltools.errors import FileRefusedError
from evaltools.survey.instrument import read_instrument_file
from evaltools.survey.matching.columns import match_columns
from evaltools.survey.readers import RawColumn, RawTable
from evaltools.survey.readers.cells import code_cells

FORM = """
| survey |
| | type | name | label::zh | label::en |
| | begin_group | g | 贷款 | Loan |
| | integer | steps | 办理环节数 | Steps |
| | decimal | rate | 利率/费率 | Rate/fee |
| | select_multiple fee | fees | 支付过哪些费用 | Fees |
| | select_multiple fee | wanted | 希望减免哪些费用 | Fees to be cut |
| | end_group | | | |

| choices |
| | list_name | name | label::zh | label::en |
| | fee | none | 没有 | None |
| | fee | notary | 公证费 / 登记费 | Notary / registry |
"""


@pytest.fixture
def match(tmp_path):
    (tmp_path / "f.md").write_text(FORM, encoding="utf-8")
    form = read_instrument_file(tmp_path / "f.md")

    def match(*headers, sign="/", absent=()):
        columns = tuple(RawColumn(place, one, one, "label", path_sign=sign) for place, one in enumerate(headers))
        table = RawTable("", columns, [2], [code_cells(["1"]) for _ in headers], {}, {}, " ", 1)
        source = Source(pattern="raw/*", instrument="f", wave="w", mode="self", channel="x", absent=absent)
        return match_columns(table, form, source, path="f.xlsx")

    return match


def test_wordings_of_groups_may_stand_before_that_of_the_question(match):
    found = match("贷款/办理环节数", "贷款/利率/费率", "贷款/支付过哪些费用", "Loan/Fees to be cut")
    assert found.columns == {"steps": 0, "rate": 1, "fees": 2, "wanted": 3}


@pytest.mark.parametrize("sign", ["/", " > ", "::", "__"])
def test_choices_alone_are_found_by_both_wordings(sign, match):
    """The sign that joins them may stand inside a wording as well."""
    options = ["没有", "公证费 / 登记费"]
    headers = [
        f"贷款{sign}{question}{sign}{option}"
        for question in ("支付过哪些费用", "希望减免哪些费用")
        for option in options
    ]
    found = match(*headers, sign=sign, absent=("steps", "rate"))
    assert found.split == {"fees": {"none": 0, "notary": 1}, "wanted": {"none": 2, "notary": 3}}
    assert found.extra == ()


def test_without_the_sign_a_header_is_one_wording(match):
    with pytest.raises(FileRefusedError, match=r"column-missing: .*steps \('贷款/办理环节数'"):
        match("贷款/办理环节数", sign="", absent=("rate", "fees", "wanted"))


def test_two_columns_that_end_alike_are_refused(match):
    with pytest.raises(FileRefusedError, match=r"column-ambiguous: .*steps \('甲/办理环节数', '乙/办理环节数'\)"):
        match("甲/办理环节数", "乙/办理环节数", absent=("rate", "fees", "wanted"))
    with pytest.raises(FileRefusedError, match=r"column-missing: .*fees"):
        match("甲/支付过哪些费用/没有", "乙/支付过哪些费用/没有", absent=("steps", "rate", "wanted"))
