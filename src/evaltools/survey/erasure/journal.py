"""Files that must change together with the store: written beside, named in a journal, put in place after the commit.

The store's commit decides. A process that is killed before it leaves the old state and some files beside; one that is
killed after it leaves files to be put in place. Whoever writes to the campaign next settles either.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evaltools.errors import DamageError
from evaltools.store import Store
from evaltools.store.disk import flush_file, flush_folder, replace_file, write_file

PENDING: Final = ".pending.json"
BESIDE: Final = ".erase.tmp"
_OVERWRITTEN: Final = (".key",)


@dataclass(frozen=True, slots=True)
class Change:
    """A file and its new content; None where it is to go."""

    path: Path
    content: bytes | None


def stage(folder: Path, changes: Sequence[Change], number: int) -> None:
    """Write new contents beside their files; they count once the store's state has a number.

    Parameters
    ----------
    folder
        The campaign's; the caller holds its lock.
    number
        Of the commit that decides, see :attr:`evaltools.store.Transaction.number`.
    changes
        All within the folder.
    """
    entries = [[one.path.relative_to(folder).as_posix(), one.content is not None] for one in changes]
    replace_file(folder / PENDING, json.dumps({"number": number, "changes": entries}, ensure_ascii=False).encode())
    for one in changes:
        if one.content is not None:
            one.path.parent.mkdir(parents=True, exist_ok=True)
            write_file(_beside(one.path), one.content)
            if one.path.exists():
                _beside(one.path).chmod(one.path.stat().st_mode & 0o777)
    for parent in {one.path.parent for one in changes if one.path.parent.is_dir()}:
        flush_folder(parent)


def settle(folder: Path, number: int) -> bool:
    """Finish what an earlier process began, or take it back; say whether there was anything.

    Parameters
    ----------
    number
        Of the store's state as it stands on the disk; the caller holds the campaign's lock.

    Raises
    ------
    DamageError
        ``pending-damaged``: the journal is not one that this product wrote.
    """
    pending = folder / PENDING
    if not pending.is_file():
        return False
    decisive, changes = _read(pending)
    is_committed = number >= decisive
    for path, is_written in changes:
        beside = _beside(path)
        if not is_committed:
            beside.unlink(missing_ok=True)
        elif not is_written:
            _remove(path)
        elif beside.exists():
            _overwrite(path)
            beside.replace(path)
    for parent in {path.parent for path, _ in changes}:
        if parent.is_dir():
            flush_folder(parent)
    pending.unlink()
    flush_folder(folder)
    return True


def settle_pending(folder: Path, store: Store, lock_timeout: float) -> None:
    """Take the campaign's lock and settle what an earlier process began, where there is anything.

    Raises
    ------
    LockedError
        ``store-locked``: that process is still at work.
    """
    if (folder / PENDING).is_file():
        with store.writing(lock_timeout) as transaction:
            settle(folder, transaction.number)


def _read(pending: Path) -> tuple[int, list[tuple[Path, bool]]]:
    """Read the journal. It may come with a folder from somebody else, so it has no say outside of that folder.

    Raises
    ------
    DamageError
        ``pending-damaged``.
    """
    folder = pending.parent
    try:
        journal = json.loads(pending.read_bytes())
        changes = [(folder / name, bool(is_written)) for name, is_written in journal["changes"]]
        decisive = int(journal["number"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise DamageError("pending-damaged", file=pending.name) from None
    if any(not path.resolve().is_relative_to(folder.resolve()) for path, _ in changes):
        raise DamageError("pending-damaged", file=pending.name)
    return decisive, changes


def _beside(path: Path) -> Path:
    return path.with_name(path.name + BESIDE)


def _remove(path: Path) -> None:
    _overwrite(path)
    path.unlink(missing_ok=True)


def _overwrite(path: Path) -> None:
    """Overwrite a key before it goes: its file's blocks could else be read from the disk."""
    if path.name in _OVERWRITTEN and path.is_file():
        with suppress(OSError):
            with path.open("r+b") as file:
                file.write(b"0" * path.stat().st_size)
            flush_file(path)
