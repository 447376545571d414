"""Exports by option number, the whole way: from the tool's csv to stored answers, or refused with the mend."""

import pytest

from .conftest import HEAD, LABELS, SOURCES

OPTIONS = ["11、付了哪些费用？(没有)", "11(评估费)", "11(保险费)", "11(其他)", "11、(其他:)"]
HEADER = [*HEAD.values(), *(header for name, header in LABELS.items() if name != "fees")]
RECODE = '[sources.recode]\nbank = {"1" = "jia", "2" = "na"}\n'


def sources(reader="", recode=RECODE):
    named = f'reader = "{reader}"\n' if reader else ""
    return SOURCES.split("[[sources]]")[1].join(["[[sources]]", named + recode])


@pytest.fixture
def write(campaign, answer):
    """Write answers as the tool numbers its options: consent, size, bank, applied and satisfaction; fees in columns."""

    def write(name, numbers):
        place = HEADER.index(LABELS["rate"]) + 1
        lines = []
        for number, (sat, fees, typed) in enumerate(numbers, start=1):
            row = answer(number, consent=1, size=2, bank=2, applied=1, sat=sat)
            cells = [value for key, value in row.items() if key != "fees"]
            lines.append([*cells[:place], *fees, typed, *cells[place:]])
        return campaign.raw(f"baseline/{name}", lines, header=[*HEADER[:place], *OPTIONS, *HEADER[place:]])

    return write


NUMBERS = [(4, (0, 1, 1, 0), "(空)"), (6, (0, 0, 0, 1), "律师费"), (-2, (1, 0, 0, 0), "(空)")]


def answers_of(campaign):
    """The stored answers in the order of the sheet."""
    rows = campaign.read("responses").set_index("response_id")["source_row"]
    answers = campaign.read("answers_firm_survey")
    return answers.assign(row=answers["response_id"].map(rows)).sort_values("row").astype(object)


def test_numbers_become_choices(campaign, write):
    write("123456789_按序号_企业调查_3_3.csv", NUMBERS)
    campaign.settings(sources=sources())
    [account] = campaign.ingest().files
    assert (account.n_read, account.n_accepted, account.n_quarantined) == (3, 3, 0)
    answers = answers_of(campaign)
    assert answers["size"].tolist() == ["small"] * 3
    assert answers["bank"].tolist() == ["na"] * 3
    assert answers["sat"].fillna("").tolist() == ["4", "", ""]
    assert [list(fees) for fees in answers["fees"]] == [["valuation", "insurance"], ["other"], ["none"]]
    missing = campaign.read("missing")
    assert sorted(missing[missing["item"] == "sat"]["reason"]) == ["blank", "dont_know"]
    texts = campaign.read("texts")
    assert texts[texts["item"] == "fees"]["text"].tolist() == ["律师费"]


def test_a_renamed_file_is_refused_until_its_reader_is_named(campaign, write):
    """Yes or no has no scores: what 1 would mean as a score nobody knows."""
    write("第一批.csv", NUMBERS)
    campaign.settings(sources=sources())
    [error] = campaign.ingest().refused
    assert error.code == "wjx-coding-unknown"
    assert "consent ('1、是否同意参加？')" in str(error)
    campaign.settings(sources=sources(reader="wjx-number"))
    result = campaign.ingest()
    assert result.refused == ()
    assert answers_of(campaign)["sat"].fillna("").tolist() == ["4", "", ""]


def test_the_number_of_a_bank_is_not_taken_for_its_id(campaign, write):
    write("123456789_按序号_企业调查_3_3.csv", NUMBERS)
    campaign.settings(sources=sources(recode=""))
    [account] = campaign.ingest().files
    assert (account.n_accepted, account.n_quarantined) == (0, 3)
    assert set(campaign.read("quarantine")["rule"]) == {"bank"}


def test_an_option_that_the_form_does_not_have_refuses_the_file(campaign, write):
    path = write("123456789_按序号_企业调查_3_3.csv", NUMBERS)
    path.write_text(path.read_text(encoding="utf-8").replace("11(保险费)", "11(过桥费)"), encoding="utf-8")
    campaign.settings(sources=sources())
    [error] = campaign.ingest().refused
    assert error.code == "column-options-unknown"
    assert "'11(过桥费)'" in error.text("zh")
    assert error.fields["path"] == "raw/baseline/123456789_按序号_企业调查_3_3.csv"
