"""JupyterLab on a campaign: the start notebook is put there once and stays the analyst's own."""

import subprocess
import sys

import pytest

from evaltools import lab
from evaltools.campaign import Campaign
from evaltools.content import content_path
from evaltools.errors import ReportError
from evaltools.skeleton import new_campaign


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """Return a campaign and the commands that opening it would start."""
    new_campaign(tmp_path / "c")
    commands: list[list[str]] = []
    monkeypatch.setattr(lab.subprocess, "call", lambda command: commands.append(command) or 0)
    return Campaign.open(tmp_path / "c"), commands


def test_it_opens_in_the_campaigns_folder_on_a_copy_of_the_start_notebook(opened):
    campaign, commands = opened
    assert lab.open_lab(campaign) == 0
    for name in ("start.ipynb", "explain.ipynb"):
        assert (campaign.folder / name).read_bytes() == content_path("notebooks", "explore", name).read_bytes()
    assert commands[0][1:] == ["-m", "jupyterlab", f"--ServerApp.root_dir={campaign.folder.resolve()}", "start.ipynb"]


def test_an_analysts_own_notebook_is_left_alone(opened):
    campaign, _ = opened
    (campaign.folder / "start.ipynb").write_text("mine", encoding="utf-8")
    lab.open_lab(campaign)
    assert (campaign.folder / "start.ipynb").read_text(encoding="utf-8") == "mine"


def test_check_names_the_version():
    assert lab.check_lab().startswith("JupyterLab 4.")


def test_check_says_how_to_mend_what_does_not_start(monkeypatch):
    failed = subprocess.CompletedProcess([sys.executable], 1, "", "")
    monkeypatch.setattr(lab.subprocess, "run", lambda *_args, **_options: failed)
    with pytest.raises(ReportError, match="Set the environment up again"):
        lab.check_lab()
