"""`evaltools pull`, and that nothing else asks a server."""

import json
import subprocess
import sys

from evaltools.campaign import Campaign


def run(*args):
    command = [sys.executable, "-m", "evaltools", *map(str, args)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def test_a_pull_says_what_came_and_json_the_same(kobo, kobo_live):
    kobo.add(1)
    first = run("pull", kobo_live.folder)
    assert (first.returncode, first.stderr) == (0, "")
    assert "新增1份，修改0份，写入1个文件；服务器现有1份。" in first.stdout
    kobo.add(2)
    del kobo.data[1]
    second = run("pull", kobo_live.folder, "--source", "firms", "--json")
    assert json.loads(second.stdout) == {
        "sources": [
            {
                "name": "firms",
                "files": ["raw/endline/firms_0002_2-2.json"],
                "n_new": 1,
                "n_edited": 0,
                "n_server": 1,
                "n_disk": 1,
                "gone": ["1"],
            }
        ],
        "failed": [],
        "unclaimed": [],
    }
    assert "1份答卷在服务器上已不存在：1" in second.stderr


def test_a_pull_that_fails_is_one_clear_line_and_a_documented_code(kobo, kobo_live, monkeypatch):
    monkeypatch.setenv("KOBO_TOKEN", "wr0ngT0ken")
    done = run("pull", kobo_live.folder)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (4, "", 1)
    assert done.stderr.startswith("live-denied: firms：")


def test_no_other_call_asks_a_server(kobo, kobo_live):
    kobo.add(1)
    campaign = Campaign.open(kobo_live.folder)
    campaign.ingest()
    campaign.status()
    assert kobo.requests == []
    assert campaign.pull().sources[0].n_new == 1
