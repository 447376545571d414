"""The campaign's lock: one process writes at a time. The operating system holds it and frees it when a process dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from evaltools.errors import EvaltoolsError, LockedError

LOCK_NAME: Final = ".lock"
DEFAULT_TIMEOUT_S: Final = 30.0


@contextmanager
def campaign_lock(campaign: Path, timeout: float = DEFAULT_TIMEOUT_S) -> Iterator[None]:
    """Hold the campaign's lock. Not re-entrant: a second attempt in the same process waits like any other.

    Parameters
    ----------
    campaign
        The campaign's folder; made where it is missing.
    timeout
        Seconds to wait for another process. 0: do not wait.

    Raises
    ------
    LockedError
        ``store-locked``: another process still writes after `timeout` seconds.
    EvaltoolsError
        ``store-write-failed``: the folder cannot be written, or its file system offers no locks.
    """
    name = campaign.resolve().name
    try:
        campaign.mkdir(parents=True, exist_ok=True)
        # A marker file in place of a real lock would outlive a killed process, so it is not accepted.
        lock = FileLock(campaign / LOCK_NAME, timeout=max(timeout, 0.0), fallback_to_soft=False)
        lock.acquire()
    except Timeout:
        raise LockedError("store-locked", campaign=name, seconds=f"{max(timeout, 0.0):g}") from None
    except OSError as problem:
        raise EvaltoolsError("store-write-failed", campaign=name, problem=problem.strerror or problem) from problem
    try:
        yield
    finally:
        lock.release()
