"""campaign.toml: what is accepted, and what a fault says."""

import pickle

import pytest

from evaltools.config import read_config
from evaltools.errors import CampaignError

GOOD = """
id = "c1"
title = "演示"
region = {zh = "云河县", en = "Yunhe County"}
start = 2022-09-28
framework = "credit_2022"
selection = "probability"
seed = 1
[waves.baseline]
start = 2022-09-28
end = 2022-10-21
[waves.endline]
start = 2022-11-28
end = 2022-12-16
[[banks]]
id = "a"
name = "甲银行"
type = "city"
[[sources]]
pattern = "raw/*.xlsx"
instrument = "enterprise_satisfaction"
wave = "baseline"
mode = "self"
channel = "link"
"""


@pytest.fixture
def config_of(tmp_path):
    def read(text: str):
        (tmp_path / "campaign.toml").write_text(text, encoding="utf-8")
        return read_config(tmp_path)

    return read


def test_a_campaign_is_read(config_of):
    config = config_of(GOOD)
    assert config.bank_ids == ("a",)
    assert config.title.in_lang("en") == "演示"
    assert config.region.in_lang("en") == "Yunhe County"
    assert (config.design.overlap, config.design.df) == ("pattern", "domain")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('id = "a"', 'id = "../a"', r"banks\[1\]\.id: '../a' is not allowed; use only small letters"),
        ('selection = "probability"\n', "", "selection: missing; add it"),
        ("region =", "regoin =", "regoin: unknown key; did you mean 'region'"),
        ("end = 2022-10-21", "end = 2022-09-01", r"waves\.baseline: the wave ends .* swap start and end"),
        ('wave = "baseline"', 'wave = "midline"', r"no\. 1 names wave 'midline': add \[waves\.midline\]"),
        ('"raw/*.xlsx"', '"../raw/*.xlsx"', r"sources\[1\]\.pattern: use a path with / below"),
        ("seed = 1", "seed = -1", "seed: should be at least 0; got -1"),
        ("seed = 1", 'seed = 1\npublic_demo_key = "k"', "public_demo_key is for the demonstration only"),
        ('"raw/*.xlsx"', '"."', r"sources\[1\]\.pattern: name files, such as raw/baseline"),
        ('"raw/*.xlsx"', '"raw/\\u0000"', r"sources\[1\]\.pattern: name files, such as raw/baseline"),
        (
            "[[banks]]",
            '[roles.visits]\nbank = "b"\n[[banks]]',
            r"\[roles\.visits\] names no instrument of \[\[sources\]\]",
        ),
        ("start = 2022-11-28", "start = 2021-11-28", "wave 'endline' starts before wave 'baseline'"),
        ('type = "city"', 'type = "city"\n[[banks]]\nid = "a"\nname = "乙"\ntype = "city"', "bank id 'a' stands twice"),
    ],
)
def test_a_fault_names_the_key_and_the_mend(config_of, old, new, problem):
    assert old in GOOD
    with pytest.raises(CampaignError, match=problem):
        config_of(GOOD.replace(old, new, 1))


def test_all_faults_are_listed_at_once(config_of):
    with pytest.raises(CampaignError, match="needs 2 corrections"):
        config_of(GOOD.replace("seed = 1", "").replace('type = "city"', 'type = "town"'))


def test_a_folder_without_a_campaign_says_how_to_begin(tmp_path):
    with pytest.raises(CampaignError, match="begin one with 'evaltools new"):
        read_config(tmp_path)


@pytest.mark.parametrize("text", ["id = ", "a = " + "[" * 5000, "x = " + "9" * 5000])
def test_broken_toml_is_a_message_not_a_traceback(config_of, text):
    with pytest.raises(CampaignError, match=r"campaign-toml|campaign-invalid"):
        config_of(text)


def test_a_mark_in_front_of_utf_8_is_no_fault_but_another_encoding_is(tmp_path):
    path = tmp_path / "campaign.toml"
    path.write_text(GOOD, encoding="utf-8-sig")
    assert read_config(tmp_path).id == "c1"
    for encoding in ("gb18030", "utf-16"):
        path.write_text(GOOD, encoding=encoding)
        with pytest.raises(CampaignError, match=r"campaign-encoding: .* Save it as UTF-8"):
            read_config(tmp_path)


def test_a_huge_file_is_refused_before_it_is_read(config_of):
    with pytest.raises(CampaignError, match="over 1 MB"):
        config_of("#" * 1_000_001)


def test_faults_are_told_in_the_readers_language(config_of):
    spoilt = GOOD.replace("seed = 1", 'seed = "one"').replace('type = "city"', 'typ = "city"')
    with pytest.raises(CampaignError, match="needs 4 corrections") as caught:
        config_of(spoilt.replace("end = 2022-10-21", "end = 2022-09-01"))
    text = caught.value.text("zh")
    assert "有4处需要修改" in text
    assert "banks[1].type: 缺少此项，请补上" in text
    assert "banks[1].typ: 没有这个键；是不是“type”？" in text
    assert "waves.baseline: 轮次的结束日（2022-09-01）早于开始日（2022-09-28）：请对调" in text
    assert "seed: 应为整数；现为'one'" in text


def test_an_error_with_faults_survives_the_way_between_processes(config_of):
    with pytest.raises(CampaignError, match="seed: missing") as caught:
        config_of(GOOD.replace("seed = 1", ""))
    assert pickle.loads(pickle.dumps(caught.value)).text("zh") == caught.value.text("zh")


def test_a_standardised_headline_needs_the_populations_strata(config_of):
    headline = GOOD.replace("seed = 1", 'seed = 1\nheadline = "standardised"')
    with pytest.raises(CampaignError, match=r"needs the number of firms of each stratum in the population"):
        config_of(headline)
    config = config_of(headline + '[design.margins]\n"micro/services" = 300\n"small/services" = 120\n')
    assert config.design.margins == {"micro/services": 300, "small/services": 120}
    with pytest.raises(CampaignError, match=r"design\.margins\.micro: should be greater than 0"):
        config_of(GOOD + "[design.margins]\nmicro = 0\n")
