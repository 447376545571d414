"""Corrections where a submission rates several banks: those of a rating stand in another sheet."""

from ..test_ingest_repeats import firm, rates, take  # noqa: F401 - a fixture

SHEETS = {"firm": "firm.csv", "banks": "firm-banks.csv"}


def test_ratings_and_submissions_are_corrected_in_their_own_sheets(campaign, corrector, take):  # noqa: F811
    take([firm(1), firm(2, size="huge")], [rates(1, 1, sat="9"), rates(1, 2, bank="na"), rates(2, 1)])
    told = {(one["sheet"], one["row"], one["question"]) for one in corrector.lines()}
    sheets = sorted({sheet for sheet, _, _ in told})
    assert {(row, name) for _, row, name in told} == {("3", "size"), ("2", "sat")}
    taken = corrector.correct(
        {"row": 3, "question": "size", "new_value": "小型"}, {"row": 2, "question": "sat", "new_value": "满意"}
    )
    assert (taken.counts["taken"], len(sheets)) == (2, 2)
    assert sorted(campaign.read("answers_firm_survey")["sat"]) == ["4", "4", "4"]
    assert sorted(campaign.read("answers_firm_survey")["size"]) == ["micro", "micro", "small"]
    found = corrector.review()
    assert (found.differences, found.in_force, found.applied) == ((), 2, 2)


def test_dropping_a_submission_holds_its_ratings_back(campaign, corrector, take):  # noqa: F811
    take([firm(1), firm(2, size="huge")], [rates(1, 1), rates(2, 1)])
    corrector.correct({"row": 3, "question": "size", "action": "剔除整行"})
    held = campaign.read("quarantine").query("scope == 'row'")
    assert sorted(held["reason"]) == ["dropped", "repeat-held"]
    assert corrector.review().differences == ()
