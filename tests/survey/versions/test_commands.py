"""The commands that compare versions, match a file and name a reader, as they are typed."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from evaltools import cli
from evaltools.errors import UsageError

from ..conftest import FORM, HEAD, LABELS

RUN = CliRunner()


def test_instrument_diff_prints_verdicts(campaign):
    campaign.form(FORM, name="firm_survey@1")
    campaign.form(
        FORM.replace("| firm_survey | 1 |", "| firm_survey | 2 |").replace("用了几个工作日", "用了几个自然日")
    )
    args = ["instrument", "diff", "firm_survey@1", "firm_survey", "--campaign", str(campaign.folder)]
    told = json.loads(RUN.invoke(cli.app, [*args, "--json"]).stdout)["items"]
    assert {one["item"]: (one["verdict"], one["changed"]) for one in told if one["changed"]} == {
        "days": ("not_comparable", ["meaning"])
    }
    shown = RUN.invoke(cli.app, args, env={"LC_ALL": "zh_CN.UTF-8"}).stdout
    assert "不可比" in shown
    assert RUN.invoke(cli.app, ["instrument", "firm_survey", "--campaign", str(campaign.folder)]).exit_code == 0


@pytest.mark.parametrize("names", [["diff", "a"], ["a", "b"]])
def test_other_arguments_are_refused(names):
    assert isinstance(RUN.invoke(cli.app, ["instrument", *names]).exception, UsageError)


def test_match_shows_a_table_and_writes_the_review(campaign, answer):
    labels = LABELS | {"days": "9、一共用了几个自然日？"}
    path = campaign.raw("baseline/a.csv", [[*answer(1).values()]], header=[*HEAD.values(), *labels.values()])
    done = RUN.invoke(cli.app, ["match", str(campaign.folder), str(path)])
    assert done.exit_code == 4
    assert "待判定" in done.stdout
    assert "review/columns.csv" in done.stderr
    told = json.loads(RUN.invoke(cli.app, ["match", str(campaign.folder), str(path), "--json"]).stdout)
    (days,) = [one for one in told["tables"][0]["questions"] if one["question"] == "days"]
    assert (days["how"], days["header"]) == ("proposed", "9、一共用了几个自然日？")
    assert told["n_proposed"] == 1


def test_ingest_takes_a_reader_for_named_files(campaign, answer):
    path = campaign.raw("baseline/a.csv", [answer(1)])
    args = ["ingest", str(campaign.folder), str(path), "--json", "--reader"]
    assert RUN.invoke(cli.app, [*args, "plain"]).exit_code == 0
    assert json.loads(RUN.invoke(cli.app, [*args, "plain"]).stdout)["files"][0]["status"] == "known"
    assert isinstance(RUN.invoke(cli.app, [*args, "nothing"]).exception, UsageError)
    assert isinstance(RUN.invoke(cli.app, ["ingest", str(campaign.folder), "--reader", "plain"]).exception, UsageError)
