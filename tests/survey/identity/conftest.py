"""A campaign whose form asks for the firm's name and telephone by their concepts, and does not insist on the code."""

import pytest


@pytest.fixture
def firms(campaign):
    form = (campaign.folder / "instruments/firm_survey.md").read_text(encoding="utf-8")
    for before, after in (
        ("统一社会信用代码 | Credit code | yes |", "统一社会信用代码 | Credit code | |"),
        ("Name of the firm | | | | direct | |", "Name of the firm | | | | direct | enterprise.name |"),
        ("Telephone | | | | direct | |", "Telephone | | | | direct | enterprise.phone |"),
    ):  # fmt: skip
        assert before in form
        form = form.replace(before, after)
    campaign.form(form)
    return campaign
