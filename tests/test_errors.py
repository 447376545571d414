"""The message catalogue: both languages, same placeholders, and every code that the source raises."""

import pickle
import re
from pathlib import Path

import pytest

from evaltools import errors
from evaltools.errors import CampaignError, EvaltoolsError, catalogue, message
from evaltools.text import placeholders

SOURCE = Path(__file__).parents[1] / "src" / "evaltools"
FAMILY = [name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, EvaltoolsError)]
FAMILY.append("SettingError")
RAISED = re.compile(rf"\b(?:{'|'.join(FAMILY)})\(\s*\"([a-z0-9-]+)\"")


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_each_message_stands_in_both_languages_with_the_same_placeholders(code):
    entry = catalogue()[code]
    assert set(entry) == {"zh", "en"}
    assert placeholders(entry["zh"]) == placeholders(entry["en"])
    assert re.search("[\u4e00-\u9fff]", entry["zh"])
    assert not re.search("[\u4e00-\u9fff]", re.sub(r"'[^']*'|“[^”]*”|\([^)]*\)", "", entry["en"]))


def test_every_code_that_is_raised_is_in_the_catalogue():
    raised = {code for path in SOURCE.rglob("*.py") for code in RAISED.findall(path.read_text(encoding="utf-8"))}
    assert raised
    assert raised <= set(catalogue())


def test_a_list_is_written_as_words():
    assert message("content-missing", {"kind": "frameworks", "name": "x", "known": ["a", "b"]}).endswith(
        "There are: a, b."
    )


def test_an_error_survives_the_way_between_processes():
    error = pickle.loads(pickle.dumps(CampaignError("campaign-missing", path="x")))
    assert (error.code, error.fields, str(error)) == (
        "campaign-missing",
        {"path": "x"},
        str(CampaignError("campaign-missing", path="x")),
    )


def test_a_missing_field_is_a_fault_of_the_program():
    with pytest.raises(KeyError, match="path"):
        CampaignError("campaign-missing")
