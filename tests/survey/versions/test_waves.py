"""Two waves on two versions of a form: the crosswalk, what scoring sees, and answers on older forms."""

from __future__ import annotations

import json

import pytest

from evaltools.errors import CampaignError
from evaltools.survey.answers import accepted_answers
from evaltools.survey.findings import list_findings
from evaltools.survey.instrument import read_instrument
from evaltools.survey.quality import read_quality
from evaltools.survey.versions.harmonising import comparability_of
from evaltools.survey.versions.old_forms import old_forms

from ..conftest import FORM, HEAD, LABELS, SOURCES, credit_code

WAVES = ("baseline", "endline")
OLD = 'instrument = "firm_survey"\nwave = "baseline"'


@pytest.fixture
def versions(campaign, answer):
    """Make the baseline's form by edits of the current one, ingest an answer of each wave."""

    def make(*edits, more="", at_baseline=None, sources=SOURCES):
        old = FORM
        for new_text, old_text in edits:
            assert new_text in old
            old = old.replace(new_text, old_text)
        campaign.form(FORM.replace("| firm_survey | 1 |", "| firm_survey | 2 |"))
        campaign.form(old, name="firm_survey@1")
        campaign.settings(sources.replace(OLD, f'{OLD}\nversion = "1"\n{more}'))
        header = [*HEAD.values(), *(LABELS | (at_baseline or {})).values()]
        campaign.raw("baseline/a.csv", [[*answer(1, sat="非常满意").values()]], header=header)
        campaign.raw("endline/b.csv", [answer(2, at="2022/12/1 8:00:00", sat="满意")])
        result = campaign.ingest()
        assert not result.refused
        return campaign

    return make


def answers(campaign):
    return accepted_answers(campaign.store, "firm_survey", waves=WAVES)


def crosswalk(campaign, item, wave="baseline"):
    rows = campaign.read("crosswalk")
    row = rows[(rows["item"] == item) & (rows["wave"] == wave)].iloc[0]
    return row["comparability"], json.loads(row["recode"]) if isinstance(row["recode"], str) else None


def test_one_version_says_nothing(versions):
    campaign = versions()
    assert set(campaign.read("crosswalk")["comparability"]) == {"same"}
    assert comparability_of(campaign.store, campaign.config) == {"firm_survey": {}}
    files = campaign.read("files").set_index("wave")["instrument_version"]
    assert files.to_dict() == {"baseline": "1", "endline": "2"}


def test_a_scale_that_was_turned_round_is_recoded_for_the_older_wave_alone(versions):
    turned = [(f"| five | {n} |", f"| five | x{6 - n} |") for n in (1, 2, 3, 4, 5)]
    campaign = versions(*turned, *((f"| five | x{n} |", f"| five | {n} |") for n in (1, 2, 3, 4, 5)))
    assert crosswalk(campaign, "sat") == ("rescaled", {"choices": {str(n): str(6 - n) for n in range(1, 6)}})
    assert set(campaign.read("answers_firm_survey")["sat"]) == {"1", "4"}  # what was answered stays as it was
    assert answers(campaign)["sat"].tolist() == ["5", "4"]
    assert comparability_of(campaign.store, campaign.config) == {"firm_survey": {"sat": "rescaled"}}


def test_a_renamed_question_comes_under_its_new_name(versions):
    campaign = versions(("| days |", "| old_days |"), (". <= 365 | plain | |", ". <= 365 | plain | days |"))
    assert campaign.read("crosswalk").query("wave == 'baseline'")["item"].tolist().count("days") == 0
    assert answers(campaign)["days"].tolist() == [8.0, 8.0]
    assert comparability_of(campaign.store, campaign.config)["firm_survey"] == {}


def test_what_cannot_be_compared_is_kept_apart(versions):
    """The old question is another one, so its answers do not come under the new name."""
    campaign = versions(("| days | 用了几个工作日？", "| old_days | 用了几次？"), at_baseline={"days": "9、用了几次？"})
    assert crosswalk(campaign, "old_days")[0] == "not_comparable"
    assert answers(campaign)["days"].isna().tolist() == [True, False]


def test_what_the_campaign_file_says_goes_before_the_rules(versions):
    campaign = versions(
        ("用了几个工作日？", "到放款一共用了几个工作日？"),
        at_baseline={"days": "9、到放款一共用了几个工作日？"},
        more='comparability = {days = "reworded"}',
    )
    assert crosswalk(campaign, "days") == ("reworded", None)
    assert comparability_of(campaign.store, campaign.config)["firm_survey"] == {"days": "reworded"}


def test_another_question_under_the_same_name_has_a_column_of_its_own(versions):
    campaign = versions(("用了几个工作日？", "用了几个自然月？"), at_baseline={"days": "9、用了几个自然月？"})
    found = answers(campaign)
    assert found["days"].isna().tolist() == [True, False]
    assert found["days@1"].tolist() == [8.0, None]
    assert comparability_of(campaign.store, campaign.config)["firm_survey"] == {"days": "not_comparable"}


FEWER = [("| | five | 4 | 满意 | Satisfied |\n", ""), ("| | five | 2 | 不满意 | Dissatisfied |\n", "")]


def test_a_scale_of_other_points_needs_a_recode_whatever_is_said_of_it(versions):
    campaign = versions(*FEWER, more='comparability = {sat = "rescaled"}')
    assert crosswalk(campaign, "sat") == ("not_comparable", None)


def test_a_declared_recode_is_used(versions):
    campaign = versions(*FEWER, more='rescale = {sat = {"1" = "2", "3" = "3", "5" = "4"}}')
    assert crosswalk(campaign, "sat")[0] == "rescaled"
    assert answers(campaign)["sat"].tolist() == ["4", "4"]


@pytest.mark.parametrize(
    ("more", "edits", "text"),
    [
        ('rescale = {sat = {"1" = "9"}}', [], "version-rescale: .*no. 1, rescale.sat"),
        ('rescale = {nix = {"1" = "1"}}', [], "version-rescale: .*no. 1, rescale.nix"),
        ("", [("| integer | days |", "| text | days |")], "version-type: .*'days' is text in version 1 and integer"),
    ],
)
def test_versions_that_do_not_fit_are_refused(versions, more, edits, text):
    with pytest.raises(CampaignError, match=text):
        versions(*edits, more=more)


def test_two_forms_of_one_version_are_refused(campaign):
    campaign.form(FORM.replace("用了几个工作日", "用了几天"), name="firm_survey@1")
    campaign.settings(SOURCES.replace(OLD, f'{OLD}\nversion = "1"'))
    with pytest.raises(CampaignError, match=r"version-same: .*'1'"):
        campaign.ingest()


def test_an_item_that_was_dropped_says_nothing_of_another_with_its_concept(versions):
    days = next(line for line in FORM.splitlines() if "| days |" in line)
    more = days.replace("| days |", "| days_more |").replace("用了几个工作日", "又用了几天")
    campaign = versions(
        (days, f"{days}\n{more.replace('| plain | |', '| plain | days |')}"), more='absent = ["days_more"]'
    )
    assert crosswalk(campaign, "days_more")[0] == "not_comparable"
    assert comparability_of(campaign.store, campaign.config)["firm_survey"] == {}


def test_a_version_that_is_nowhere_is_told_with_those_that_are(campaign):
    campaign.form(FORM, name="firm_survey@1")
    with pytest.raises(CampaignError, match=r"content-missing: .*'firm_survey@0'.*firm_survey@1"):
        read_instrument("firm_survey@0", campaign=campaign.folder)
    campaign.form(FORM, name="firm_survey@3")
    with pytest.raises(CampaignError, match=r"instrument-version: firm_survey@3\.md: .* version '1'"):
        read_instrument("firm_survey@3", campaign=campaign.folder)


# ---------------------------------------------------------------------------------------------------------------------
# Answers on older forms


KOBO = ["consent", "firm_code", "size", "bank", "applied", "sat", "_id", "_submission_time", "__version__"]
ABSENT = 'absent = ["applied_on", "days", "rate", "fees", "comment"]'


def kobo(campaign, versions, wave="baseline"):
    """Write one answer for each version that the tool states."""
    campaign.settings(SOURCES.replace('channel = "link"', f'channel = "link"\n{ABSENT}'))
    month = "2022-10" if wave == "baseline" else "2022-12"
    rows = [
        ["yes", credit_code(n), "micro", "jia", "no", "4", n, f"{month}-0{n}T08:00:00", version]
        for n, version in enumerate(versions, start=1)
    ]
    return campaign.raw(f"{wave}/k.csv", rows, header=KOBO)


def test_answers_on_an_older_form_are_counted_and_found(campaign):
    kobo(campaign, ["vA", "vA", "vB", "vB", "1", "vA"])
    assert campaign.ingest().files[0].n_accepted == 6
    store = campaign.store
    forms = read_quality(store, campaign.config).forms
    assert dict(zip(forms["form_version"], forms["n"], strict=True)) == {"1": 1, "vA": 3, "vB": 2}
    assert forms.set_index("form_version")["old"].to_dict() == {"1": False, "vA": True, "vB": False}
    assert old_forms(store).to_dict("records") == [
        {"instrument": "firm_survey", "wave": "baseline", "n": 3, "share": 0.5}
    ]
    found = list_findings(store)
    assert found[found["rule"] == "form-old"][["locator", "kind", "severity"]].values.tolist() == [
        ["raw/baseline/k.csv#row 2", "signal", "none"]
    ]


def test_a_stated_version_of_the_registry_is_held_against_the_one_it_was_read_by(campaign):
    campaign.form(FORM.replace("| firm_survey | 1 |", "| firm_survey | 2 |"))
    campaign.form(FORM, name="firm_survey@1")
    kobo(campaign, ["1"], wave="endline")
    kobo(campaign, ["1", "2"])
    path = campaign.folder / "campaign.toml"
    settings = path.read_text(encoding="utf-8").replace('wave = "endline"', 'wave = "endline"\nversion = "1"')
    path.write_text(settings, encoding="utf-8")
    assert campaign.ingest().exit_code == 0
    assert old_forms(campaign.store)[["wave", "n"]].values.tolist() == [["baseline", 1]]
