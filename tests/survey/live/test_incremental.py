"""Pulling again and again: nothing lost, nothing twice."""

import json
import os
import random
import shutil
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaltools.errors import UsageError
from evaltools.survey.live import incremental
from evaltools.survey.live.protocol import Entry

SECRETS = ("s3cretT0kenOfTheTests", "Session!Tok3nOfTheTests", "Pa55 wörd", "pull@example.org")


def only(result):
    (one,) = result.sources
    return one


def counts(one):
    return one.n_files, one.n_new, one.n_edited, one.n_server, one.n_disk, one.gone


def test_a_second_pull_writes_nothing_and_the_next_only_what_is_new(kobo, kobo_live):
    for number in (101, 102, 350):
        kobo.add(number)
    assert counts(only(kobo_live.pull())) == (1, 3, 0, 3, 3, ())
    before = {path: (kobo_live.folder / path).stat().st_mtime_ns for path in kobo_live.files()}
    assert counts(only(kobo_live.pull())) == (0, 0, 0, 3, 3, ())
    assert {path: (kobo_live.folder / path).stat().st_mtime_ns for path in kobo_live.files()} == before
    kobo.add(351)
    kobo.add(352)
    assert only(kobo_live.pull()).written == ("raw/endline/firms_0002_351-352.json",)
    assert kobo_live.files() == ["raw/endline/firms_0001_101-350.json", "raw/endline/firms_0002_351-352.json"]


def test_a_file_holds_the_servers_own_shape_under_its_own_key(kobo, kobo_live):
    kobo.add(7, **{"g_loan/rate": 4.35, "note": "\ud83d", "zh": "满意"})
    kobo_live.pull()
    text = (kobo_live.folder / "raw/endline/firms_0001_7-7.json").read_bytes()
    content = json.loads(text)
    assert {key: value for key, value in content.items() if key != "results"} == {
        "count": 1,
        "form": "aTestAsset7",
        "name": "firms",
        "server": kobo.url,
        "source": "kobo",
        "versions": ["vOne"],
    }
    assert content["results"] == [{key: value for key, value in kobo.data[7].items() if key != "_attachments"}]
    assert list(content) == sorted(content)
    assert list(content["results"][0]) == sorted(content["results"][0])
    assert "满意".encode() in text
    assert b"\\ud83d" in text


def test_a_feed_of_central_is_kept_nested_under_value(central, central_live):
    names = [central.add(number) for number in (2, 1)]
    assert counts(only(central_live.pull())) == (1, 2, 0, 2, 2, ())
    (path,) = central_live.files()
    content = json.loads((central_live.folder / path).read_text(encoding="utf-8"))
    assert (content["source"], content["form"], content["versions"]) == ("odk_central", "3/firm survey", ["v1"])
    assert [one["__id"] for one in content["value"]] == [names[1], names[0]]
    assert content["value"][0]["g_firm"] == {"firm_name": "云河1号"}
    assert content["value"][0]["visits"] == [{"__id": "1-1", "days": 3}]


def test_an_edited_submission_comes_again_in_a_later_file(kobo, kobo_live):
    for number in range(1, 6):
        kobo.add(number)
    kobo_live.pull()
    kobo.edit(2, sat="5")
    kobo.add(6)
    assert counts(only(kobo_live.pull())) == (1, 1, 1, 6, 6, ())
    assert [(one["_id"], one.get("sat")) for one in kobo_live.rows()][5:] == [(2, "5"), (6, None)]
    kobo.edit(2, sat="4")
    assert counts(only(kobo_live.pull())) == (1, 0, 1, 6, 6, ())
    assert kobo_live.files()[-1] == "raw/endline/firms_0003_2-2.json"
    assert counts(only(kobo_live.pull())) == (0, 0, 0, 6, 6, ())


def test_an_edit_in_central_comes_again_and_a_review_does_not(central, central_live):
    first, second = central.add(1), central.add(2)
    central_live.pull()
    central.edit(first)
    central.data[second]["__system"] |= {"reviewState": "approved", "updatedAt": "2022-11-01T00:00:00.000Z"}
    assert counts(only(central_live.pull())) == (1, 0, 1, 2, 2, ())
    assert [one["__system"]["edits"] for one in central_live.rows()] == [0, 0, 1]


def test_an_edit_between_listing_and_fetching_is_pulled_once(kobo, kobo_live):
    kobo.add(1)

    def listed(handler):
        kobo.documented(handler)
        kobo.edit(1)

    kobo.instead.append(listed)
    assert counts(only(kobo_live.pull())) == (1, 1, 0, 1, 1, ())
    assert counts(only(kobo_live.pull())) == (0, 0, 0, 1, 1, ())


def test_a_submission_that_shows_late_is_found_although_later_ones_are_there(kobo, kobo_live):
    kobo.add(100)
    kobo.add(102)
    kobo_live.pull()
    kobo.add(101)
    assert counts(only(kobo_live.pull())) == (1, 1, 0, 3, 3, ())


def test_what_was_deleted_on_the_server_is_told_and_kept(kobo, kobo_live):
    for number in (1, 2, 3):
        kobo.add(number)
    kobo_live.pull()
    del kobo.data[2]
    result = kobo_live.pull()
    assert counts(only(result)) == (0, 0, 0, 2, 2, ("2",))
    assert result.exit_code == 0
    assert "firms: 1 submissions are no longer on the server: 2. The files here were not changed" in result.notices()[0]
    assert [one["_id"] for one in kobo_live.rows()] == [1, 2, 3]


def test_a_count_that_does_not_hold_is_named(kobo, kobo_live):
    kobo.add(1)
    kobo.add(2)

    def hides_one(handler):
        kobo.documented(handler)
        del kobo.data[2]

    kobo.instead.append(hides_one)
    result = kobo_live.pull()
    assert counts(only(result)) == (1, 1, 0, 2, 1, ())
    assert result.exit_code == 4
    assert "firms: the server counts 2 submissions, 1 of them are here. Pull again" in result.notices()[0]
    assert "服务器计有2份，本地只有1份" in result.notices("zh")[0]


def test_a_source_that_fails_keeps_what_came_and_stops_no_other(kobo, central, live, source_of, small_windows):
    small_windows(2, listed=100)
    live.describe(source_of(kobo), source_of(central, name="visits", folder="raw/visits"))
    for number in range(1, 6):
        kobo.add(number)
    central.add(1)
    refused = [lambda handler: handler.answer(500, {"detail": "no"})] * 3
    kobo.instead.extend([kobo.documented, kobo.documented, *refused])
    result = live.pull()
    assert [(name, error.code) for name, error in result.failed] == [("firms", "live-status")]
    assert [one.name for one in result.sources] == ["visits"]
    assert result.exit_code == 4
    assert [one["_id"] for one in live.rows() if "_id" in one] == [1, 2]
    assert live.pull("firms").sources[0].n_new == 3


@pytest.mark.parametrize("tool", ["kobo", "central"])
def test_the_secret_is_in_no_file_and_no_word(tool, request, caplog, capfd):
    caplog.set_level(0)
    server, live = request.getfixturevalue(tool), request.getfixturevalue(f"{tool}_live")
    server.add(1)
    good = live.pull()
    server.add(2)
    server.instead.extend([server.documented, *[lambda handler: handler.answer(401, {"detail": "no"})] * 2])
    bad = live.pull()
    assert [error.code for _, error in bad.failed] == ["live-denied"]
    said = [repr(one) for one in (good, bad, good.to_dict(), bad.to_dict(), good.lines(), bad.notices(), caplog.text)]
    said += capfd.readouterr()
    kept = [path.read_bytes() for path in live.folder.rglob("*") if path.is_file()]
    assert any(b"firm_name" in one for one in kept)
    for secret in SECRETS:
        assert not [one for one in kept if secret.encode() in one]
        assert not [one for one in said if secret in one]


def test_answers_of_people_are_in_no_word(kobo, kobo_live, caplog):
    caplog.set_level(0)
    kobo.add(1, phone="13900001111")
    kobo.instead.extend([kobo.documented, lambda handler: handler.answer(200, {"results": [{"phone": "13900001111"}]})])
    result = kobo_live.pull()
    assert result.failed[0][1].code == "live-odd"
    assert "1390000" not in f"{result!r} {result.notices()} {caplog.text}"


@pytest.mark.parametrize("depth", [300, 600, 900])
def test_answers_nested_too_deep_are_odd_not_a_crash(central, central_live, depth):
    central.add(1, deep=json.loads('{"a":' * depth + "1" + "}" * depth))
    result = central_live.pull()
    assert [error.code for _, error in result.failed] in ([], ["live-odd"], ["live-broken"])
    assert len(central_live.files()) == len(result.sources)


def test_files_that_no_source_reads_are_told_with_the_pattern(kobo, live, source_of):
    live.describe(source_of(kobo, folder="raw/pulled"))
    kobo.add(1)
    assert live.pull().notices() == [
        "firms: no [[sources]] reads the files that were pulled. Add one with pattern = 'raw/pulled/firms_*.json'."
    ]


def test_a_pull_without_a_live_source_says_so(campaign, live, kobo, source_of):
    with pytest.raises(UsageError, match=r"live-none: campaign\.toml has no \[\[live\]\] table"):
        live.pull()
    live.describe(source_of(kobo))
    with pytest.raises(UsageError, match=r"live-unknown: .* named 'frims'\. There are: firms"):
        live.pull("frims")


def test_progress_counts_submissions(kobo, kobo_live, small_windows):
    small_windows(2, listed=100)
    for number in range(1, 6):
        kobo.add(number)
    seen = []
    kobo_live.pull(progress=lambda *step: seen.append(step))
    assert seen == [(0, 5, "firms"), (2, 5, "firms"), (4, 5, "firms"), (5, 5, "firms")]


ENTRIES = [Entry(str(number), "s", f"{number:03d}") for number in range(40)]


@given(wanted=st.sets(st.integers(0, 39)), size=st.integers(1, 12))
def test_windows_hold_all_that_is_wanted_and_are_few(wanted, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(incremental, "WINDOW", size)
        windows = incremental.find_windows(ENTRIES, {ENTRIES[place].key for place in wanted})
    spans = [range(int(first.id), int(last.id) + 1) for first, last in windows]
    assert wanted <= {place for span in spans for place in span}
    assert all(span[0] in wanted and span[-1] in wanted and len(span) <= size for span in spans)
    assert all(before[-1] < after[0] for before, after in pairwise(spans))
    assert len(spans) <= -(-40 // size)


@pytest.mark.parametrize("tool", ["kobo", "central"])
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_any_pages_any_pauses_any_breaks_give_the_same_submissions(tool, request, small_windows, seed):
    """What is on the disk in the end is every state that a pull could see, once, in the order of its edits."""
    rng = random.Random(seed)
    server, live = request.getfixturevalue(tool), request.getfixturevalue(f"{tool}_live")
    shutil.rmtree(live.folder / "raw")
    server.data.clear()
    server.most = rng.randint(1, 5)
    small_windows(rng.randint(1, 5), listed=rng.randint(1, 5))
    numbers = rng.sample(range(1, 60), 16)
    states = {}
    for _ in range(rng.randint(1, 4)):
        for _ in range(rng.randint(0, 4)):
            server.add(numbers.pop())
        for name in rng.sample(sorted(server.data), min(len(server.data), rng.randint(0, 3))):
            server.edit(name)
        if rng.random() < 0.5:  # somewhere on the way the server breaks
            broken = [lambda handler: handler.answer(400, {})]
            server.instead.extend([server.documented] * rng.randint(0, 6) + broken)
            live.pull()
            server.instead.clear()
        result = live.pull()
        assert result.exit_code == 0
        for name, one in server.data.items():
            states.setdefault(str(name), []).append(one["_uuid"] if tool == "kobo" else one["__system"]["edits"])
    found = {}
    for one in live.rows():
        name, state = (one["_id"], one["_uuid"]) if tool == "kobo" else (one["__id"], one["__system"]["edits"])
        found.setdefault(str(name), []).append(state)
    assert found == {name: list(dict.fromkeys(seen)) for name, seen in states.items()}


KILLED = """
import os, sys
from evaltools.config import read_config
from evaltools.store import disk
from evaltools.survey.live import incremental, kobo, shelf
from pathlib import Path

folder, point, left = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
kobo.WINDOW = incremental.WINDOW = 2
def killing(real):
    def call(*args):
        global left
        if left == 0 and point == "before":
            os._exit(9)
        real(*args)
        left -= 1
        if left < 0 and point == "after":
            os._exit(9)
    return call
module, name = {"write": (disk, "write_file"), "rename": (disk, "_rename")}[sys.argv[4]]
setattr(module, name, killing(getattr(module, name)))
print(incremental.pull(folder, read_config(folder)).exit_code)
"""


@pytest.mark.parametrize("call", ["write", "rename"])
@pytest.mark.parametrize("point", ["before", "after"])
@pytest.mark.parametrize("left", [0, 2])
def test_a_pull_that_is_killed_goes_on_where_it_stopped(kobo, kobo_live, call, point, left):
    for number in range(1, 8):
        kobo.add(number)
    command = [sys.executable, "-c", KILLED, str(kobo_live.folder), point, str(left), call]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=os.environ, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (9, "", "")
    whole = left + (call == "rename" and point == "after")
    assert len(kobo_live.files()) == whole
    one = only(kobo_live.pull())
    assert (one.n_new, one.n_disk) == (7 - 2 * whole, 7)
    assert [row["_id"] for row in kobo_live.rows()] == list(range(1, 8))
    assert not list(kobo_live.folder.rglob("*.tmp"))
