"""What was pulled is read like any other file."""

import pytest

SOURCES = """
[[sources]]
pattern = "raw/baseline/firms_*.json"
instrument = "firm_survey"
wave = "baseline"
mode = "self"
channel = "link"
"""


@pytest.fixture
def answers(answer):
    """Give a firm's answers, question to text, as a form gives them."""

    def make(number, **changes):
        loan = {
            "applied": "yes",
            "applied_on": "2022-09-01",
            "days": "8",
            "rate": "4.35",
            "fees": "valuation insurance",
        }
        return {
            "g_firm": {"consent": "yes", "firm_code": answer(number)["firm_code"], "firm_name": "x", "size": "micro"},
            "g_loan": {"bank": "jia", **loan},
            "sat": "4",
            "comment": "好",
        } | changes

    return make


def flat(content):
    """Name answers by the path of their groups, as KoboToolbox does."""
    groups = {key: value for key, value in content.items() if isinstance(value, dict)}
    inner = {f"{group}/{key}": value for group, values in groups.items() for key, value in values.items()}
    return inner | {key: value for key, value in content.items() if key not in groups}


def test_a_question_that_nobody_answered_stops_no_file(kobo, live, source_of, answers):
    """KoboToolbox leaves out what was not answered, and most pulls of a few submissions give such a file."""
    live.describe(source_of(kobo, folder="raw/baseline"), sources=SOURCES)
    asked = ("g_loan/applied_on", "g_loan/days", "g_loan/rate", "g_loan/fees", "comment")
    given = flat(answers(1)) | {"g_loan/applied": "no"}
    kobo.add(1, **{path: value for path, value in given.items() if path not in asked})
    live.pull()
    assert live.campaign.ingest().new_rows == 1


@pytest.mark.parametrize("tool", ["kobo", "central"])
def test_new_and_edited_submissions_reach_the_store(tool, request, live, source_of, answers):
    server, campaign = request.getfixturevalue(tool), live.campaign
    live.describe(source_of(server, folder="raw/baseline"), sources=SOURCES)
    shaped = flat if tool == "kobo" else dict
    if tool == "central":
        server.repeat = None  # this form has none
    names = [server.add(number, **shaped(answers(number))) for number in (1, 2, 3)]
    live.pull()
    first = campaign.ingest()
    assert (first.refused, first.unmatched, first.new_rows) == ((), (), 3)
    server.edit(names[1], sat="1")
    server.add(4, **shaped(answers(4)))
    live.pull()
    assert campaign.ingest().new_rows == 2
    stored = campaign.read("responses").merge(campaign.read("answers_firm_survey"), on="response_id")
    assert sorted(zip(stored["status"], stored["sat"], strict=True)) == [
        *[("accepted", "1")], *[("accepted", "4")] * 3, ("superseded", "4"),
    ]  # fmt: skip
