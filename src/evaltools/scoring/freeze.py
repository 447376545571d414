"""The freeze: what counts as better is fixed before the endline, and a later change of mind shows."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from evaltools.errors import CampaignError, RefusedError, UsageError
from evaltools.scoring.models import Aggregation, Framework
from evaltools.text import clean

LOCK_NAME = "framework.lock"
REASON_MAX = 200
_REASON_MIN = 3
_LOCK_MAX_BYTES = 1_000_000

FreezeFlag = Literal["", "not_frozen", "frozen_late", "unlocked"]


@dataclass(frozen=True, slots=True)
class FreezeState:
    """How the framework in use relates to the lock.

    Attributes
    ----------
    frozen
        The framework in use is the locked one.
    flag
        "" frozen in time; ``not_frozen`` without a lock or, before the endline, with another framework;
        ``frozen_late`` locked when endline answers were already there; ``unlocked`` another framework with a reason.
    unlock_reason
        Cleaned text, or None.
    """

    frozen: bool
    flag: FreezeFlag
    unlock_reason: str | None
    framework_sha: str


def canonical_sha(value: object) -> str:
    """Return the SHA-256 of a JSON value, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def frozen_headline(headline: str, margins: Mapping[str, float]) -> str:
    """Return what the lock fixes of the headline: its name and, where it rests on margins, their hash."""
    return headline if headline == "raw" else f"{headline}:{canonical_sha(dict(margins))[:16]}"


def framework_sha(framework: Framework, *, headline: str = "raw", exclusions: Sequence[str] = ()) -> str:
    """Return the hash of everything that decides a verdict: indicators, goalposts, delta, alpha, gate, targets.

    Comments and the layout of the file do not count; labels and definitions do, since they say what is measured.

    Parameters
    ----------
    framework
        The framework in use.
    headline
        Which change the verdicts rest on, see `frozen_headline`.
    exclusions
        What is left out of the scoring; their order does not matter.
    """
    content = framework.model_dump(mode="json", by_alias=True, exclude={"explain"})  # which moves no verdict
    if framework.aggregation == Aggregation():
        del content["aggregation"]  # what a framework means when it is silent: locks written without the key still hold
    return canonical_sha({"framework": content, "headline": headline, "exclusions": sorted(exclusions)})


def write_lock(
    folder: Path, framework: Framework, *, endline_rows: int, headline: str = "raw", exclusions: Sequence[str] = ()
) -> FreezeState:
    """Write ``framework.lock`` into the campaign's folder; a second call with the same framework changes nothing.

    Parameters
    ----------
    endline_rows
        Accepted endline answers in the store; recorded, since a freeze after them promises nothing.

    Raises
    ------
    RefusedError
        ``freeze-locked`` where another framework is locked and endline answers are there.
    """
    sha = framework_sha(framework, headline=headline, exclusions=exclusions)
    old = read_lock(folder)
    if old is not None and old["framework_sha"] == sha:
        return check_lock(folder, framework, endline_rows=endline_rows, headline=headline, exclusions=exclusions)
    if old is not None and endline_rows > 0:
        raise RefusedError("freeze-locked", locked=old["framework_sha"][:12], current=sha[:12])
    lock = {
        "schema": 1,
        "framework": framework.id,
        "version": framework.version,
        "framework_sha": sha,
        "alpha": framework.alpha,
        "delta": framework.delta,
        "headline": headline,
        "exclusions": sorted(exclusions),
        "goalposts": {i.id: [i.goalposts.worst, i.goalposts.best] for i in framework.indicators},
        "endline_rows": endline_rows,
    }
    _write_beside(folder / LOCK_NAME, json.dumps(lock, ensure_ascii=False, indent=2) + "\n")
    return check_lock(folder, framework, endline_rows=endline_rows, headline=headline, exclusions=exclusions)


def read_lock(folder: Path) -> Mapping[str, Any] | None:
    """Return the content of ``framework.lock``, or None where there is none.

    Raises
    ------
    CampaignError
        ``freeze-damaged`` where the file is not what `write_lock` wrote.
    """
    path = folder / LOCK_NAME
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > _LOCK_MAX_BYTES:
            raise ValueError("over 1 MB")
        lock = json.loads(path.read_text(encoding="utf-8"))
        if (
            lock["schema"] != 1
            or not isinstance(lock["framework_sha"], str)
            or not isinstance(lock["endline_rows"], int)
        ):
            raise ValueError("unknown content")
        if not all(isinstance(one[key], str) for one in lock.get("unlocks", []) for key in ("framework_sha", "reason")):
            raise ValueError("unknown content")
    except (ValueError, KeyError, TypeError, RecursionError) as problem:
        raise CampaignError("freeze-damaged", path=LOCK_NAME, problem=problem) from None
    return dict(lock)


def check_lock(
    folder: Path,
    framework: Framework,
    *,
    endline_rows: int,
    headline: str = "raw",
    exclusions: Sequence[str] = (),
    unlock: str | None = None,
) -> FreezeState:
    """Compare the framework in use with the lock.

    Parameters
    ----------
    endline_rows
        Accepted endline answers in the store. From the first on, another framework than the locked one is refused.
    unlock
        Reason for scoring with another framework all the same; it is printed on page 1 of every report.

    Raises
    ------
    RefusedError
        ``freeze-differs``.
    UsageError
        ``unlock-reason`` where the reason is empty or too long.
    """
    reason = None if unlock is None else unlock_reason(unlock)
    sha = framework_sha(framework, headline=headline, exclusions=exclusions)
    lock = read_lock(folder)
    if lock is None:
        return FreezeState(False, "not_frozen", None, sha)
    if lock["framework_sha"] == sha:
        return FreezeState(True, "frozen_late" if lock["endline_rows"] > 0 else "", None, sha)
    if endline_rows == 0:
        return FreezeState(False, "not_frozen", None, sha)
    reason = reason or _recorded(lock, sha)
    if reason is None:
        raise RefusedError("freeze-differs", locked=lock["framework_sha"][:12], current=sha[:12], rows=endline_rows)
    return FreezeState(False, "unlocked", reason, sha)


def record_unlock(
    folder: Path,
    framework: Framework,
    reason: str,
    *,
    endline_rows: int,
    headline: str = "raw",
    exclusions: Sequence[str] = (),
) -> FreezeState:
    """Write into ``framework.lock`` why another framework than the frozen one is used; reports and later runs read it.

    Raises
    ------
    UsageError
        ``unlock-unneeded`` where nothing is locked or the framework is the locked one; ``unlock-reason``.
    """
    state = check_lock(
        folder, framework, endline_rows=endline_rows, headline=headline, exclusions=exclusions, unlock=reason
    )
    lock = read_lock(folder)
    if state.flag != "unlocked" or lock is None:
        raise UsageError("unlock-unneeded")
    unlocks = [one for one in lock.get("unlocks", []) if one["framework_sha"] != state.framework_sha]
    unlocks.append({"framework_sha": state.framework_sha, "reason": state.unlock_reason})
    _write_beside(folder / LOCK_NAME, json.dumps({**lock, "unlocks": unlocks}, ensure_ascii=False, indent=2) + "\n")
    return state


def _recorded(lock: Mapping[str, Any], sha: str) -> str | None:
    return next((str(one["reason"]) for one in lock.get("unlocks", []) if one["framework_sha"] == sha), None)


def unlock_reason(text: str) -> str:
    """Return a reason as one clean line.

    Raises
    ------
    UsageError
        ``unlock-reason`` where it has fewer than 3 or more than 200 signs.
    """
    line = " ".join(clean(text).split())
    if not _REASON_MIN <= len(line) <= REASON_MAX:
        raise UsageError("unlock-reason", length=len(line), least=_REASON_MIN, most=REASON_MAX)
    return line


def _write_beside(path: Path, text: str) -> None:
    """Write to a file beside and rename, so that a reader finds the old lock or the new one, never half of one."""
    beside = path.with_name(path.name + ".new")
    with beside.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)
