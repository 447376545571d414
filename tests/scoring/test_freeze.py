import json

import pytest

from evaltools.errors import CampaignError, RefusedError, UsageError
from evaltools.scoring.freeze import (
    LOCK_NAME,
    check_lock,
    framework_sha,
    read_lock,
    record_unlock,
    unlock_reason,
    write_lock,
)


@pytest.fixture
def framework(make_indicator, make_framework):
    return make_framework([make_indicator("q")])


@pytest.fixture
def other(make_indicator, make_framework):
    return make_framework([make_indicator("q", goalposts={"worst": 1, "best": 4.9})])


def test_without_a_lock_scoring_is_not_frozen(tmp_path, framework):
    state = check_lock(tmp_path, framework, endline_rows=20)
    assert (state.frozen, state.flag, state.unlock_reason) == (False, "not_frozen", None)
    assert not list(tmp_path.iterdir())


def test_a_freeze_before_the_endline_holds_after_it(tmp_path, framework):
    write_lock(tmp_path, framework, endline_rows=0)
    state = check_lock(tmp_path, framework, endline_rows=20)
    assert (state.frozen, state.flag) == (True, "")
    assert [path.name for path in tmp_path.iterdir()] == [LOCK_NAME]


def test_a_second_freeze_of_the_same_framework_writes_nothing(tmp_path, framework):
    write_lock(tmp_path, framework, endline_rows=0)
    before = (tmp_path / LOCK_NAME).read_bytes()
    write_lock(tmp_path, framework, endline_rows=5)
    assert (tmp_path / LOCK_NAME).read_bytes() == before


def test_a_freeze_after_endline_answers_says_so(tmp_path, framework):
    assert write_lock(tmp_path, framework, endline_rows=3).flag == "frozen_late"


def test_another_framework_is_refused_from_the_first_endline_row_on(tmp_path, framework, other):
    write_lock(tmp_path, framework, endline_rows=0)
    assert check_lock(tmp_path, other, endline_rows=0).flag == "not_frozen"
    with pytest.raises(RefusedError, match=r"freeze-differs.*1 endline answers") as refused:
        check_lock(tmp_path, other, endline_rows=1)
    assert refused.value.exit_code == 9
    with pytest.raises(RefusedError, match="freeze-locked"):
        write_lock(tmp_path, other, endline_rows=1)


def test_before_the_endline_another_framework_may_be_locked(tmp_path, framework, other):
    write_lock(tmp_path, framework, endline_rows=0)
    assert write_lock(tmp_path, other, endline_rows=0).flag == ""
    assert read_lock(tmp_path)["framework_sha"] == framework_sha(other)


def test_a_reason_unlocks_and_is_kept_clean(tmp_path, framework, other):
    write_lock(tmp_path, framework, endline_rows=0)
    state = check_lock(tmp_path, other, endline_rows=1, unlock="  目标值\n录入\u202e有误 ")
    assert (state.frozen, state.flag, state.unlock_reason) == (False, "unlocked", "目标值 录入有误")


def test_a_recorded_reason_holds_for_later_runs_and_for_that_framework_only(
    tmp_path, framework, other, make_indicator, make_framework
):
    write_lock(tmp_path, framework, endline_rows=0)
    record_unlock(tmp_path, other, "first words", endline_rows=1)
    record_unlock(tmp_path, other, "better words", endline_rows=1)
    state = check_lock(tmp_path, other, endline_rows=2)
    assert (state.flag, state.unlock_reason) == ("unlocked", "better words")
    assert check_lock(tmp_path, framework, endline_rows=2).flag == ""
    third = make_framework([make_indicator("q")], delta=2.0)
    with pytest.raises(RefusedError, match="freeze-differs"):
        check_lock(tmp_path, third, endline_rows=2)


def test_nothing_is_unlocked_without_need(tmp_path, framework):
    with pytest.raises(UsageError, match="unlock-unneeded"):
        record_unlock(tmp_path, framework, "a reason", endline_rows=1)
    write_lock(tmp_path, framework, endline_rows=0)
    with pytest.raises(UsageError, match="unlock-unneeded"):
        record_unlock(tmp_path, framework, "a reason", endline_rows=1)
    assert "unlocks" not in read_lock(tmp_path)


@pytest.mark.parametrize("reason", ["", " \u202e ", "ab", "x" * 201])
def test_a_reason_is_neither_empty_nor_endless(reason):
    with pytest.raises(UsageError, match="unlock-reason"):
        unlock_reason(reason)


@pytest.mark.parametrize(
    "change",
    [{"alpha": 0.1}, {"delta": 2.9}, {"title": "another"}, {"gate": {"answers": 5}}],
)
def test_the_hash_moves_with_everything_that_decides(make_indicator, make_framework, framework, change):
    assert framework_sha(make_framework([make_indicator("q")], **change)) != framework_sha(framework)


def test_the_hash_moves_with_goalposts_headline_and_exclusions_and_not_with_their_order(framework, other):
    sha = framework_sha(framework)
    assert framework_sha(other) != sha
    assert framework_sha(framework, headline="standardised") != sha
    assert framework_sha(framework, exclusions=["b", "a"]) == framework_sha(framework, exclusions=["a", "b"]) != sha


GOOD = '{"schema": 1, "framework_sha": "a", "endline_rows": 0, "unlocks": '


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '{"schema": 2}', '{"schema": 1, "framework_sha": 7}', GOOD + "[7]}", GOOD + "[{}]}"]
)
def test_a_damaged_lock_is_no_permission(tmp_path, framework, text):
    (tmp_path / LOCK_NAME).write_text(text, encoding="utf-8")
    with pytest.raises(CampaignError, match="freeze-damaged"):
        check_lock(tmp_path, framework, endline_rows=1)


def test_the_lock_shows_goalposts_to_a_reader(tmp_path, framework):
    write_lock(tmp_path, framework, endline_rows=0)
    lock = json.loads((tmp_path / LOCK_NAME).read_text(encoding="utf-8"))
    assert lock["goalposts"] == {"q": [1.0, 5.0]}
    assert (lock["alpha"], lock["delta"]) == (0.05, 3.0)
