"""The folder of an export: files are written beside and take their places together, once all of them are good."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Final

from evaltools.errors import UsageError
from evaltools.store.disk import checksum, flush_file, flush_folder, temporary

MANIFEST: Final = "export.json"


@contextmanager
def placing(out: Path) -> Iterator[Callable[[str], Path]]:
    """Give places to write to; at the end everything written there is renamed into the folder, in that order.

    After an error, or when the program is stopped, nothing new is left, and an earlier export is as it was.
    """
    is_new = not out.exists()
    out.mkdir(parents=True, exist_ok=True)
    written: dict[Path, Path] = {}

    def place(name: str) -> Path:
        target = out / name
        written[target] = temporary(target)
        return written[target]

    try:
        yield place
        for beside in written.values():
            flush_file(beside)
        for target, beside in written.items():
            beside.replace(target)
        flush_folder(out)
    except BaseException:
        for beside in written.values():
            beside.unlink(missing_ok=True)
        if is_new and not any(out.iterdir()):
            out.rmdir()
        raise


def earlier_files(out: Path) -> dict[str, str]:
    """Return the files of an earlier export in a folder, name to SHA-256; none where the folder is new or empty.

    Raises
    ------
    UsageError
        ``export-folder``: there is something else in it, which an export might overwrite.
    """
    if not out.exists():
        return {}
    if not out.is_dir():
        raise UsageError("export-folder", path=out.as_posix())
    others = [path for path in out.iterdir() if path.suffix != ".tmp"]  # a killed run's, to be written anew
    if not others:
        return {}
    try:
        listed = json.loads((out / MANIFEST).read_text(encoding="utf-8"))["files"]
        return {str(one["path"]): str(one["sha256"]) for one in listed}
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError("export-folder", path=out.as_posix()) from None


def remove_earlier(out: Path, files: dict[str, str]) -> None:
    """Remove files of an earlier export that the new one did not replace; a file changed since then stays."""
    for name, sha256 in files.items():
        path = out / name
        is_plain = PurePath(name).name == name and path.is_file() and not path.is_symlink()
        if is_plain and checksum(path.read_bytes()) == sha256:
            path.unlink()
