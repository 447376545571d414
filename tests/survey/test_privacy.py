"""Keys, pseudonyms, redaction: what identifies never gets through."""

import os
import re
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.config import CampaignConfig
from evaltools.errors import RefusedError
from evaltools.survey.privacy import (
    hidden,
    ip_address,
    key_fingerprint,
    load_key,
    pseudonym,
    redact,
    redact_codes,
)
from evaltools.survey.values.identifiers import read_code, read_identifier

KEY = b"k" * 32
CODE = "91110000600037341L"


def settings(**changes):
    base = {
        "schema": 1,
        "id": "t",
        "title": "t",
        "region": "r",
        "start": "2022-09-28",
        "framework": "f",
        "selection": "convenience",
        "seed": 1,
        "waves": {"baseline": {"start": "2022-09-28", "end": "2022-10-01"}},
        "banks": [{"id": "a", "name": "A", "type": "other"}],
        "sources": [{"pattern": "raw/*", "instrument": "i", "wave": "baseline", "mode": "self", "channel": "c"}],
    }
    return CampaignConfig.model_validate(base | changes)


def test_the_key_is_made_once_and_kept(tmp_path):
    key = load_key(tmp_path, settings())
    assert len(key) == 32
    assert load_key(tmp_path, settings(), stored_fingerprint=key_fingerprint(key)) == key
    assert [path.name for path in tmp_path.iterdir()] == [".key"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such mode")
def test_only_the_owner_may_read_the_key(tmp_path):
    load_key(tmp_path, settings())
    assert stat.S_IMODE((tmp_path / ".key").stat().st_mode) == 0o600


def test_two_campaigns_have_two_keys(tmp_path):
    (tmp_path / "b").mkdir()
    assert load_key(tmp_path, settings()) != load_key(tmp_path / "b", settings())


def test_a_lost_key_is_never_made_anew(tmp_path):
    with pytest.raises(RefusedError, match="key-missing"):
        load_key(tmp_path, settings(), stored_fingerprint="0" * 16)
    assert not (tmp_path / ".key").exists()


@pytest.mark.parametrize("content", [b"", b"abc", b"\xff\xfe", b"z" * 64])
def test_a_damaged_key_is_refused_without_being_shown(tmp_path, content):
    (tmp_path / ".key").write_bytes(content)
    with pytest.raises(RefusedError, match=r"key-damaged: \.key is not a key"):
        load_key(tmp_path, settings())


def test_another_key_is_refused_without_being_shown(tmp_path):
    key = load_key(tmp_path, settings())
    with pytest.raises(RefusedError, match="key-mismatch") as caught:
        load_key(tmp_path, settings(), stored_fingerprint=key_fingerprint(KEY))
    assert key.hex() not in str(caught.value)


def test_the_public_key_is_for_the_demonstration_only(tmp_path):
    assert load_key(tmp_path, settings(demo=True, public_demo_key="open")) == b"open"
    assert not (tmp_path / ".key").exists()
    with pytest.raises(RefusedError, match="demo-key"):
        load_key(tmp_path, settings(demo=True, public_demo_key="open").model_copy(update={"demo": False}))


def test_pseudonyms_are_keyed_hashes():
    """printf 'enterprise\\x1fA' | openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk, the first 24 digits."""
    one, missing, again = pseudonym(["A", None, "A"], KEY, "enterprise")
    assert one == again == "21e5dee01a058b1c1950f058"
    assert missing is None
    assert one not in pseudonym(["A"], KEY, "shopper") + pseudonym(["A"], b"other", "enterprise")


@given(st.text(max_size=30))
def test_a_pseudonym_is_always_24_hex_digits(text):
    assert set(pseudonym([text], KEY, "x")[0]) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("请打13800138000谢谢", "请打[phone]谢谢"),
        ("电话：138 0013 8000", "电话：[phone]"),
        ("+86-13800138000", "[phone]"),
        ("１３８００１３８０００", "[phone]"),
        ("座机0373-1234567或(0373)2234567", "座机[number]或[phone]"),
        ("一三八零零一三八零零零", "[number]"),
        ("身份证410700199001011234", "身份证[id]"),
        ("41070019900101123X", "[id]"),
        (f"代码{CODE}。", "代码[code]。"),
        ("卡号6222 0212 3456 7890 123", "卡号[number]"),
        ("QQ：12345", "QQ：[account]"),
        ("加微信abc_12345", "加微信[account]"),
        ("写到zhang@example.com", "写到[email]"),
        ("见https://a.example/x?y=1，谢谢", "见[url]，谢谢"),
        ("从10.20.30.40登录", "从[ip]登录"),
        ("2001:db8:0:1:1:1:1:1", "[ip]"),
        ("云河鑫源商贸有限公司", "[firm]"),
    ],
)
def test_what_identifies_is_marked(text, shown):
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "2022-10-01去的",
        "2022年10月1日",
        "利率4.35%，贷了500万元",
        "跑了3趟，8个工作日",
        "1500000",
        "银行 A1",
        "",
        "100-200万",
        "第1.2.3条",
    ],
)
def test_what_is_harmless_stays(text):
    assert redact(text) == (text if text != "1500000" else "[number]")


def test_what_the_row_gives_elsewhere_is_struck_out():
    assert redact("我是张三，青禾号的", known=["张三", "青禾号", "13"]) == "我是[name]，[name]的"


@given(
    st.text(st.sampled_from("abIiİıKKſsSßΣσςµμÅå 张"), max_size=8),
    st.text(st.sampled_from("IiİıKKſsσςµåß"), min_size=4),
)
def test_names_are_found_in_any_capitals(around, name):
    """Whatever a search without regard to capitals finds is struck out."""
    for written in (name, name.upper(), name.lower(), name.swapcase()):
        text = f"{around}{written}{around}"
        if re.search(re.escape(name), text, re.IGNORECASE):
            assert "[name]" in redact(text, known=[name])


def test_short_codes_of_data_survive_the_narrow_redaction():
    assert redact_codes("YH1-0001") == "YH1-0001"
    assert redact_codes("20221012001") == "20221012001"
    assert redact_codes("打13800138000") == "打[phone]"


@given(st.text(max_size=200), st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.text(max_size=200))
def test_no_phone_survives_between_other_text(before, phone, after):
    joined = f"{before.rstrip('0123456789')} {phone} {after.lstrip('0123456789')}"
    assert phone not in redact(joined)


def test_redaction_of_long_text_takes_no_time():
    assert redact("a" * 30_000) == "a" * 30_000
    assert "[number]" in redact("1 " * 15_000)


def test_a_mask_shows_only_how_long_the_value_was():
    assert hidden("13800138000") == "…(11)"
    assert hidden("") == "…(0)"


def test_the_place_behind_an_ip_is_cut_off():
    assert ip_address("10.20.30.40(河南-新乡)") == "10.20.30.40"
    assert ip_address("10.20.30.40（河南-新乡）") == "10.20.30.40"
    assert ip_address(None) is None


@pytest.mark.parametrize(
    "written",
    [CODE, "91110000600037341l", " 9111 0000-6000 37341L ", "９１１１００００６０００３７３４１Ｌ", "\ufeff" + CODE],
)
def test_credit_codes_are_read_in_every_spelling(written):
    assert read_code(written) == (CODE, None)


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("91110000600037341M", "code-check"),
        ("9111000060003734", "code-length"),
        ("911100006000373412X", "code-length"),
        ("9111000060003734IL", "code-form"),
        ("911A0000600037341L", "code-form"),
        (911101000000000001, "identifier-number"),
        (9.11101e17, "identifier-number"),
        ("9.11101E+17", "identifier-number"),
        (True, "identifier-type"),
    ],
)
def test_slips_of_the_pen_and_of_the_spreadsheet_are_faults(written, fault):
    assert read_code(written) == (None, fault)


def test_codes_that_begin_with_a_letter_have_the_same_check_sign():
    """N2419999MA4000001 + check sign by the formula of GB 32100-2015, computed by hand below."""
    alphabet, weights = (
        "0123456789ABCDEFGHJKLMNPQRTUWXY",
        (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28),
    )
    stem = "N2419999MA4000001"
    check = alphabet[(31 - sum(alphabet.index(sign) * weight for sign, weight in zip(stem, weights, strict=True))) % 31]
    assert read_code(stem + check) == (stem + check, None)
    assert read_code(stem + alphabet[(alphabet.index(check) + 1) % 31]) == (None, "code-check")


def test_other_identifiers_are_read_as_they_are():
    assert read_identifier("19647336097927") == ("19647336097927", None)
    assert read_identifier(19647336097927) == ("19647336097927", None)
    assert read_identifier(12.5) == (None, "identifier-number")
