"""The files of a source in ``raw/``: what they hold already, and one more of them.

What was pulled is known from these files alone, so a pull that was killed goes on where it stopped. A file is
``<name>_<number>_<first>-<last>.json``; its number is higher than that of all files before, so a submission that was
edited stands in a later file than its earlier state, and counts as the later answer.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from evaltools.config import LiveSource
from evaltools.errors import FileRefusedError, LiveError, LockedError
from evaltools.store.disk import flush_folder, replace_file
from evaltools.survey.live.protocol import Content, Format, OddAnswerError

LOCK_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the files of a source hold.

    Attributes
    ----------
    files
        Their names, in the order in which they were written.
    number
        The highest number among them; 0 where there is none.
    keys
        Every submission, in each state in which it was pulled: its id and the state.
    """

    files: tuple[str, ...]
    number: int
    keys: frozenset[tuple[str, str]]

    @property
    def ids(self) -> frozenset[str]:
        """Ids of the submissions."""
        return frozenset(name for name, _ in self.keys)


@contextmanager
def open_shelf(campaign: Path, source: LiveSource) -> Iterator[Path]:
    """Give the folder of a source, made where it is missing, to one process at a time.

    Raises
    ------
    LockedError
        ``live-locked``: another pull of this source is under way.
    FileRefusedError
        ``file-outside``: the folder leads out of the campaign's folder.
    """
    folder = campaign / source.folder
    if not folder.resolve().is_relative_to(campaign.resolve()):
        raise FileRefusedError("file-outside", path=source.folder)
    folder.mkdir(parents=True, exist_ok=True)
    flush_folder(folder.parent)
    lock = FileLock(folder / f".{source.name}.lock", timeout=LOCK_TIMEOUT_S, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        raise LockedError("live-locked", name=source.name) from None
    try:
        for path in folder.glob(f"{source.name}_*.json.tmp"):
            if _numbers(source, path.name.removesuffix(".tmp")):
                path.unlink()  # of a pull that was killed while it wrote
        yield folder
    finally:
        lock.release()


def read_shelf(folder: Path, source: LiveSource, form: Format) -> Shelf:
    """Read which submissions the files of a source hold.

    Raises
    ------
    FileRefusedError
        ``live-file-damaged``: a file is not as it was written; ``live-file-other``: it is of another form.
    """
    names = sorted((number, path.name) for path in folder.iterdir() if (number := _numbers(source, path.name)))
    keys: set[tuple[str, str]] = set()
    for _, name in names:
        keys |= {form.entry_of(one).key for one in _read_file(folder / name, source, form)}
    return Shelf(tuple(name for _, name in names), names[-1][0] if names else 0, frozenset(keys))


def write_page(folder: Path, source: LiveSource, form: Format, number: int, page: Sequence[Content]) -> str:
    """Write submissions into a new file, at one blow; return its name.

    The file holds them in the server's own shape under the server's own key, beside where they are from; numbers keep
    their value, not the way in which they were written.

    Raises
    ------
    LiveError
        ``live-odd``: a number that JSON cannot hold.
    """
    entries = sorted(((form.entry_of(one), one) for one in page), key=lambda pair: pair[0].at)
    versions = sorted({found for _, one in entries if (found := _at(one, form.version_key)) is not None})
    content = {
        "form": source.form_id,
        "name": source.name,
        "server": source.url,
        "source": source.kind,
        "versions": versions,
        "count": len(entries),
        form.list_key: [one for _, one in entries],
    }
    try:
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=1)
    except ValueError:
        raise LiveError("live-odd", name=source.name, host=source.host, part=form.list_key) from None
    first, last = entries[0][0].id, entries[-1][0].id
    name = f"{source.name}_{number:04d}_{_safe(first)}-{_safe(last)}.json"
    # half of a surrogate pair stays what it was in the server's answer: an escape
    replace_file(folder / name, text.encode("utf-8", "backslashreplace") + b"\n")
    return name


def _numbers(source: LiveSource, name: str) -> int:
    """Return the number of a file of the source; 0 for any other file."""
    found = re.fullmatch(rf"{re.escape(source.name)}_([0-9]{{4,9}})_[0-9a-z]+-[0-9a-z]+\.json", name)
    return int(found[1]) if found else 0


def _safe(name: str) -> str:
    """Return a submission's id as a part of a file's name: a number itself, of any other text a hash."""
    if re.fullmatch(r"[0-9]{1,18}", name):
        return name
    return hashlib.sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:8]


def _at(content: Content, keys: Sequence[str]) -> str | None:
    found: Any = content
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else None


def _read_file(path: Path, source: LiveSource, form: Format) -> list[Content]:
    where = f"{source.folder}/{path.name}"
    try:
        content = json.loads(path.read_bytes().decode("utf-8"))
        found = (content["source"], content["form"])
        rows: list[Content] = content[form.list_key]
        for one in rows:
            form.entry_of(one)
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError, OddAnswerError):
        raise FileRefusedError("live-file-damaged", path=where) from None
    if found != (source.kind, source.form_id):
        raise FileRefusedError("live-file-other", path=where, name=source.name, form=source.form_id)
    return rows
