"""The command line of the loop, and what is kept of it in the store."""

import json

import pytest
from typer.testing import CliRunner

from evaltools.cli import app
from evaltools.errors import LockedError, UsageError
from evaltools.store.lock import campaign_lock
from evaltools.survey.corrections.taking import take_lines


@pytest.fixture
def run(campaign):
    def run(*args):
        return CliRunner().invoke(app, ["correct", str(campaign.folder), *map(str, args)])

    return run


@pytest.fixture
def filled(campaign, corrector, answer, run):
    campaign.raw("baseline/a.csv", [answer(1), answer(2, days="400"), answer(3, bank="甲")])
    campaign.ingest()
    path = campaign.folder.parent / "open.xlsx"
    done = run("--out", path)
    assert (done.exit_code, "待更正2行" in done.stdout) == (0, True)
    return corrector.fill(
        {"row": 3, "question": "days", "new_value": "40", "who": "督导"},
        {"row": 4, "question": "bank", "new_value": "丙行"},
        path=path,
    )


def test_out_and_back_and_the_review(campaign, run, filled):
    done = run(filled)
    assert done.exit_code == 5
    assert "收取1行，已在日志中0行，未收取1行，未填写0行" in done.stdout
    assert "第3行未收取" in done.stdout
    assert filled.with_name("open-answered.xlsx").is_file()
    assert sorted(campaign.read("answers_firm_survey")["days"]) == [8, 40]
    reviewed = run("--review", "--json")
    assert reviewed.exit_code == 0
    assert json.loads(reviewed.stdout)["corrected"] == 1


def test_json_names_every_line_that_was_filled_in(run, filled):
    told = json.loads(run(filled, "--json").stdout)
    assert [(one["line"], one["state"]) for one in told["lines"]] == [(2, "taken"), (3, "refused")]
    assert told["ingest"]["new_rows"] == 1


def test_the_store_keeps_the_log_and_not_who(campaign, run, filled):
    run(filled)
    [line] = campaign.read("corrections").to_dict("records")
    assert (line["locator"], line["new_value"], line["why"]) == ("raw/baseline/a.csv#row 3 days", "40", "typing")
    assert "督导" not in str(line)
    [path] = (campaign.folder / "corrections").iterdir()
    assert "督导" in path.read_text(encoding="utf-8-sig")
    assert path.name.startswith("0001-")


def test_one_way_at_a_time(run, filled):
    for args in ((), ("--review", filled), ("--out", "x.xlsx", "--review")):
        assert isinstance(run(*args).exception, UsageError)


def test_a_workbook_that_somebody_may_have_filled_in_is_not_overwritten(run, filled):
    before = filled.read_bytes()
    assert str(run("--out", filled).exception).startswith("correct-out: open.xlsx")
    assert filled.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "code"), [("a,b\n1,2\n", "correct-columns"), (None, "correct-file")], ids=["other columns", "no file"]
)
def test_a_file_that_is_no_list_of_corrections_is_refused(campaign, run, content, code):
    path = campaign.folder.parent / "other.csv"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=code):
        raise run(path).exception


def test_nothing_is_taken_while_another_process_writes(campaign, filled):
    with campaign_lock(campaign.folder), pytest.raises(LockedError, match="store-locked"):
        take_lines(campaign.folder, campaign.config, filled, lock_timeout=0)
    assert not (campaign.folder / "corrections").exists()
