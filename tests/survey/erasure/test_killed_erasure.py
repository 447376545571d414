"""An erasure that dies at any point is as if it had not begun, or is finished by whoever writes next."""

import pytest

from evaltools.store import Store, store, transaction
from evaltools.survey.erasure import erasing, journal

from .conftest import CODE, TODAY, TRACES, WHO, no_reports


class Death(BaseException):
    """Stands for a killed process: nothing of the program runs after it."""


@pytest.fixture
def small(campaign, answer):
    """Two files with a row of the respondent each, and one that has none."""
    campaign.raw("baseline/a.csv", [answer(1), answer(20, **WHO), answer(2)])
    campaign.raw("endline/b.csv", [answer(20, **WHO, at="2022/12/1 9:00:00"), answer(4, at="2022/12/1 9:00:00")])
    campaign.ingest()
    return campaign


def die(monkeypatch, home, name, call, when):
    """Have the call of a function be the last thing that the process does."""
    alive, calls = getattr(home, name), []

    def dying(*args, **kwargs):
        calls.append(1)
        if len(calls) != call:
            return alive(*args, **kwargs)
        if when == "after":
            alive(*args, **kwargs)
        # nothing that tidies up runs in a process that is gone
        monkeypatch.setattr(erasing, "settle_pending", lambda *_: None)
        monkeypatch.setattr(Store, "_take_back", lambda _: None)
        raise Death

    monkeypatch.setattr(home, name, dying)


STAGES = [
    (journal, "replace_file", 1, "before"),
    (journal, "write_file", 1, "before"),
    (journal, "write_file", 3, "after"),
    (transaction, "write_pin", 1, "before"),
    (transaction, "write_pin", 1, "after"),
    (store, "heal", 2, "after"),
    (journal, "_overwrite", 1, "before"),
    (journal, "_overwrite", 2, "after"),
    (journal, "flush_folder", 5, "after"),
]


@pytest.mark.parametrize(
    ("home", "name", "call", "when"), STAGES, ids=lambda one: getattr(one, "__name__", str(one)).rpartition(".")[2]
)
def test_death_at_any_stage(small, monkeypatch, where_named, home, name, call, when):
    with monkeypatch.context() as patch:
        die(patch, home, name, call, when)
        with pytest.raises(Death):
            erasing.erase(small.folder, small.config, CODE, no_reports, today=TODAY)
    landed = "erasures" in small.store.versions()
    small.ingest()
    assert not list(small.folder.rglob("*.tmp"))
    assert not (small.folder / ".pending.json").exists()
    named = where_named(small.folder, TRACES)
    if landed:
        assert named == set()
        assert (small.folder / "erasures/2022-12-20-1.json").is_file()
    else:
        assert named == {"raw/baseline/a.csv", "raw/endline/b.csv"}
    assert small.store.row_counts()["responses"] == (3 if landed else 5)
    assert small.store.verify() == []
