"""Nothing that identifies reaches the store, a message or an exception, in clear or as a hash that can be guessed."""

import hashlib
import traceback

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evaltools.errors import EvaltoolsError
from evaltools.survey.privacy import load_key, pseudonym

NAME, PHONE, IP, SHOPPER = "云河县识别商贸演示有限公司", "13912345678", "101.102.103.104", "张三丰"


@pytest.fixture
def code(answer):
    return answer(77)["firm_code"]


@pytest.fixture
def filled(campaign, answer, code):
    """A store with identifiers in every column that could carry them, in accepted, quarantined and duplicate rows."""
    known = {"firm_code": code, "firm_name": NAME, "phone": PHONE, "ip": f"{IP}(河南-新乡)"}
    rows = [
        answer(1, **known, comment=f"我是{NAME}的，电话{PHONE}，代码{code}，邮箱zhang@example.com"),
        answer(2, **known | {"firm_code": code[:-1] + "0"}),
        answer(3, **known, sat=f"打{PHONE}"),
        answer(4, **known, bank=NAME),
        answer(5, **known, days=PHONE),
        answer(6, **known, rate=PHONE, applied_on=NAME),
        answer(7, **known, fees=f"其他〖找{PHONE}〗"),
        answer(8, **known, applied="否", applied_on="", rate="", fees="", days=PHONE),
        answer(9, **known, consent="否", comment=NAME),
        answer(10, firm_code=int(code[:8] + "1" * 10), firm_name=NAME, phone=PHONE),
    ]
    campaign.raw("baseline/a.csv", [*rows, rows[0]])
    result = campaign.ingest()
    assert (result.files[0].n_read, result.files[0].n_duplicate) == (11, 1)
    return campaign, result


def stored_texts(folder):
    """Every text in every file below the store: raw bytes, and the columns of the Parquet files."""
    for path in (one for one in folder.rglob("*") if one.is_file()):
        yield path, path.name
        yield path, path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            for name in table.column_names:
                column = table[name]
                if pa.types.is_list(column.type):
                    column = pa.chunked_array([chunk.flatten() for chunk in column.chunks], type=pa.string())
                for value in column.to_pylist():
                    yield path, str(value)


def test_no_identifier_stands_anywhere_in_the_store(filled, code):
    campaign, _ = filled
    texts = list(stored_texts(campaign.folder / "store"))
    assert any("[phone]" in text for _, text in texts)
    for path, text in texts:
        for secret in (NAME, PHONE, IP, code, code[:-1], "zhang@example.com"):
            assert secret not in text, (path, secret)


def test_no_hash_without_the_key_stands_in_the_store(filled, code):
    campaign, _ = filled
    texts = [text for _, text in stored_texts(campaign.folder / "store")]
    for secret in (NAME, PHONE, IP, code):
        for algorithm in ("md5", "sha1", "sha256"):
            digest = hashlib.new(algorithm, secret.encode()).hexdigest()
            assert not any(digest[:16] in text for text in texts)


def test_pseudonyms_are_those_of_the_campaigns_key(filled, code):
    campaign, _ = filled
    key = load_key(campaign.folder, campaign.config)
    assert set(campaign.read("responses")["enterprise_id"]) == set(pseudonym([code], key, "enterprise"))
    assert set(campaign.read("responses")["ip_hash"]) == set(pseudonym([IP], key, "ip"))


def test_no_identifier_stands_in_what_is_told(filled, code):
    _, result = filled
    told = repr(result) + "".join(result.notices("zh")) + "".join(result.notices("en")) + repr(result.to_dict())
    for secret in (NAME, PHONE, IP, code):
        assert secret not in told


def test_a_file_without_header_row_is_refused_without_showing_its_first_answers(campaign, answer, code):
    row = answer(1, firm_code=code, firm_name=NAME, phone=PHONE)
    campaign.raw("baseline/a.csv", [list(row.values())], header=list(row.values()))
    result = campaign.ingest()
    assert [error.code for error in result.refused] == ["column-missing"]
    told = "".join(result.notices("zh"))
    for secret in (NAME, PHONE, IP, code):
        assert secret not in told


def test_an_error_of_the_store_shows_no_answer(campaign, answer, code, monkeypatch):
    """A full disk while the rows are written: the message names the campaign and the reason."""

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("evaltools.store.transaction.write_version", full)
    campaign.raw("baseline/a.csv", [answer(1, firm_code=code, phone=PHONE)])
    with pytest.raises(EvaltoolsError, match="store-write-failed") as caught:
        campaign.ingest()
    shown = "".join(traceback.format_exception(caught.value))
    assert code not in shown
    assert PHONE not in shown
    monkeypatch.undo()
    assert campaign.ingest().new_rows == 1


def test_shoppers_and_branches(campaign):
    campaign.form(
        """
| survey |
| | type | name | label::中文 (zh) | label::English (en) | sensitivity | role | required |
| | text | code | 编号 | Code | plain | | yes |
| | select_one_from_file banks.csv | bank | 银行 | Bank | plain | bank | yes |
| | text | branch | 网点 | Branch | quasi | branch | yes |
| | text | shopper | 走访人 | Visitor | direct | shopper | yes |
| | date | day | 日期 | Day | plain | event_date | yes |
""",
        "visit",
    )
    campaign.settings(
        """
[[sources]]
pattern = "raw/*.csv"
instrument = "visit"
wave = "baseline"
mode = "visit"
channel = "visit"
"""
    )
    rows = [["V1", "甲行", "河湾支行", SHOPPER, "2022/10/1"], ["V2", "甲行", " 河湾支行", SHOPPER, "2022/10/2"]]
    rows += [["V3", "甲行", f"东关支行{PHONE}", SHOPPER, "2022/10/2"], ["V4", "甲行", "东关支行", SHOPPER, "2022/11/2"]]
    campaign.raw("v.csv", rows, header=["code", "bank", "branch", "shopper", "day"])
    result = campaign.ingest()
    assert (result.files[0].n_accepted, result.files[0].n_quarantined) == (3, 1)
    assert campaign.read("quarantine")["reason"].tolist() == ["outside-wave"]
    rating = campaign.read("ratings")
    assert sorted(rating["psu"]) == ["jia/东关支行[phone]", "jia/河湾支行", "jia/河湾支行"]
    assert rating["shopper_hash"].nunique() == 1
    assert campaign.read("responses")["enterprise_id"].isna().all()
    for _, text in stored_texts(campaign.folder / "store"):
        assert SHOPPER not in text
        assert PHONE not in text


def test_a_role_that_identifies_outweighs_the_class_of_the_form(campaign, answer):
    """The campaign uses a plain question as the enterprise: its answers then leave only as pseudonyms."""
    form = (campaign.folder / "instruments/firm_survey.md").read_text(encoding="utf-8")
    campaign.form(
        form.replace(
            "| | text | comment | 意见建议 | Comment | | | | text |",
            "| | text | comment | 意见建议 | Comment | | | | plain |",
        )
    )
    campaign.settings(more='[roles.firm_survey]\nenterprise = "comment"\n')
    campaign.raw("baseline/a.csv", [answer(1, comment="特别代号A7")])
    campaign.ingest()
    assert "comment" not in campaign.store.read("answers_firm_survey").column_names
    assert not any("特别代号A7" in text for _, text in stored_texts(campaign.folder / "store"))
