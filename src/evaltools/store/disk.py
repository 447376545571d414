"""Bytes on the disk: flushed before they count, and compared with their checksum before they are used."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from evaltools.errors import DamageError

_REPLACE_ATTEMPTS: Final = 20
_REPLACE_PAUSE_S: Final = 0.05


def checksum(content: bytes) -> str:
    """Return the SHA-256 of some bytes as 64 hexadecimal digits."""
    return sha256(content).hexdigest()


def shown(path: Path) -> str:
    """Name a file of the store from its campaign's folder on, so that no home folder enters a message."""
    parts = path.parts
    where = len(parts) - 1 - parts[::-1].index("store") if "store" in parts else max(len(parts) - 3, 0)
    return "/".join(parts[where:])


def flush_file(path: Path) -> None:
    """Have the operating system put a file's content on the disk."""
    with path.open("r+b") as file:
        _flush(file.fileno())


def flush_folder(path: Path) -> None:
    """Put a folder's entries on the disk, where the operating system lets a folder be opened (not on Windows)."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        _flush(descriptor)
    finally:
        os.close(descriptor)


def _flush(descriptor: int) -> None:
    os.fsync(descriptor)
    if sys.platform == "darwin":
        import fcntl

        with suppress(OSError):  # fsync alone leaves the drive's own cache; not every file system offers more
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)


def write_file(path: Path, content: bytes) -> None:
    """Write a new file and flush it; its folder is flushed by the caller, once for all its files."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        _flush(file.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """Put new content in the place of a file at one blow: readers see the old or the new, never a part."""
    beside = temporary(path)
    write_file(beside, content)
    _rename(beside, path)
    flush_folder(path.parent)


def temporary(path: Path) -> Path:
    """Return where the next content of a file is written before it takes the file's place."""
    return path.with_name(f"{path.name}.tmp")


def _rename(source: Path, target: Path) -> None:
    for attempt in range(_REPLACE_ATTEMPTS):
        try:
            source.replace(target)
        except PermissionError:
            # Windows refuses while a reader has the target open, which lasts a moment
            if os.name != "nt" or attempt == _REPLACE_ATTEMPTS - 1:
                raise
            time.sleep(_REPLACE_PAUSE_S)
        else:
            return


def read_file(path: Path) -> bytes:
    """Read a whole file.

    Raises
    ------
    DamageError
        ``store-file-missing`` or ``store-file-unreadable``.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DamageError("store-file-missing", file=shown(path)) from None
    except OSError as problem:
        raise DamageError("store-file-unreadable", file=shown(path), problem=problem.strerror) from None


def read_checked(path: Path, size: int, expected: str) -> bytes:
    """Read a whole file and compare it with what was written. The bytes that were checked are the bytes returned.

    Raises
    ------
    DamageError
        ``store-file-missing``, ``store-file-unreadable`` or ``store-file-changed``.
    """
    content = read_file(path)
    if len(content) != size or checksum(content) != expected:
        raise DamageError("store-file-changed", file=shown(path), expected=size, found=len(content))
    return content
