"""Three encodings, each strict; nothing is guessed."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.errors import FileRefusedError
from evaltools.survey.readers import encodings
from evaltools.survey.readers.encodings import decode, line_number

PROSE = "请您对该银行办理贷款的环节、时间、材料和费用作出评价：非常满意，满意，一般，不满意。\n"
WESTERN = [
    "Größe;Straße;Müller\nÄußerst zufrieden;für;schön\n",
    "Très satisfait;à l’agence;déjà reçu\nça dépend;élève;naïve\n",
    "señor;mañana;año\nmás rápido;después;¿quién?\n",
]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (PROSE.encode(), "UTF-8"),
        (PROSE.encode("utf-8-sig"), "UTF-8-SIG"),
        (codecs.BOM_UTF16_LE + PROSE.encode("utf-16-le"), "UTF-16"),
        (codecs.BOM_UTF16_BE + PROSE.encode("utf-16-be"), "UTF-16"),
        (PROSE.encode("gb18030"), "GB18030"),
    ],
)
def test_each_encoding_gives_the_same_text(data, encoding):
    assert decode(data, file="f.csv") == (PROSE, encoding)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_text_that_is_decoded_in_pieces_is_the_same(encoding, size, monkeypatch):
    text = "a,b\r\n" + PROSE + "㐂𠮷,€\r"
    data = text.encode(encoding)
    monkeypatch.setattr(encodings, "_CHUNK", size)
    assert decode(data, file="f.csv")[0] == text


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_line_of_a_nul_is_told_wherever_the_text_is_cut(size, monkeypatch):
    monkeypatch.setattr(encodings, "_CHUNK", size)
    with pytest.raises(FileRefusedError, match="text-nul: line 4 of"):
        decode(b"a\r\nb\rc\n\0", file="f.csv")


@pytest.mark.parametrize("name", ["张堃", "陈喆、李玥、王镕基", "㐂记䶮公司"])
def test_rare_names_among_prose_stay_gb18030(name):
    text = PROSE + name
    assert decode(text.encode("gb18030"), file="f.csv") == (text, "GB18030")


@pytest.mark.parametrize("text", WESTERN)
@pytest.mark.parametrize("encoding", ["cp1252", "iso8859-15"])
def test_western_text_never_becomes_chinese(text, encoding):
    data = text.replace("’", "'").encode(encoding)
    with pytest.raises(FileRefusedError, match="text-encoding"):
        decode(data, file="f.csv")


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r"])
def test_russian_text_never_becomes_chinese(encoding):
    with pytest.raises(FileRefusedError, match="text-encoding"):
        decode("Очень доволен условиями кредита\n".encode(encoding), file="f.csv")


@pytest.mark.parametrize(
    "data",
    [b"a,b\n\xff\xfe1", codecs.BOM_UTF16_LE + b"a\0\xd8", codecs.BOM_UTF16_LE + b"\x00\xd8a\0", b"\xed\xa0\x80"],
    ids=["neither", "utf16-odd", "utf16-lone-surrogate", "utf8-lone-surrogate"],
)
def test_broken_sequences_are_refused(data):
    with pytest.raises(FileRefusedError, match="text-encoding"):
        decode(data, file="f.csv")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=60))
def test_utf8_is_never_taken_for_anything_else(text):
    assert decode(text.encode(), file="f.csv") == (text, "UTF-8")


def test_line_numbers_count_all_three_line_ends():
    text = "a\nb\rc\r\nd"
    assert [line_number(text, text.index(sign)) for sign in "abcd"] == [1, 2, 3, 4]
