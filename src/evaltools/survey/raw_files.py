"""Find the raw files of a campaign and the sources that each belongs to."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

from evaltools.config import CampaignConfig, Source
from evaltools.errors import CampaignError, FileRefusedError
from evaltools.text import clean

RAW: Final = "raw"
_OWN: Final = frozenset({"store", "runs", "reports", "review", "erasures", "corrections"})
_NEVER: Final = ("~$*", ".*", "Thumbs.db", "desktop.ini", "*.tmp", "*.part", "*.crdownload")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file and one source that it belongs to.

    Attributes
    ----------
    path
        Where it is.
    rel_path
        Below the campaign's folder, with ``/`` on every system.
    source_no
        Number of the source in ``campaign.toml``, from 1.
    """

    path: Path
    rel_path: str
    source_no: int
    source: Source


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to read.

    Attributes
    ----------
    files
        By path, then by number of the source; a file stands once for each source that it matches.
    unmatched
        Files in ``raw/``, or named by the caller, that no source claims.
    unused
        Patterns of sources that no file matches; empty where the caller names the files.
    refused
        Files named by the caller that are not there or not in the campaign's folder.
    matched
        As `files`, but all that the sources match, whatever the caller named.
    """

    files: tuple[SourceFile, ...]
    unmatched: tuple[str, ...]
    unused: tuple[str, ...]
    refused: tuple[FileRefusedError, ...]
    matched: tuple[SourceFile, ...]


def find_raw_files(folder: Path, config: CampaignConfig, paths: Sequence[Path] | None = None) -> Found:
    """Find the files that the campaign's sources describe.

    Parameters
    ----------
    folder, config
        The campaign.
    paths
        Only these, given from the working directory or from the campaign's folder; None: all.

    Raises
    ------
    CampaignError
        ``source-pattern``: a pattern that cannot be one.
    """
    matched = [
        SourceFile(path, _relative(path, folder), number, source)
        for number, source in enumerate(config.sources, start=1)
        for path in _matching(folder, source.pattern)
    ]
    if paths is None:
        claimed = {one.rel_path for one in matched}
        there = {_relative(path, folder) for path in _files(folder / RAW, "**/*", folder)}
        used = {one.source_no for one in matched}
        unused = [source.pattern for number, source in enumerate(config.sources, start=1) if number not in used]
        return Found(_in_order(matched), tuple(sorted(there - claimed)), tuple(unused), (), _in_order(matched))
    wanted, refused = _wanted(folder, paths)
    chosen = [one for one in matched if one.path.resolve() in wanted]
    claimed = {one.rel_path for one in chosen}
    unmatched = sorted({_relative(path, folder) for path in wanted.values()} - claimed)
    return Found(_in_order(chosen), tuple(unmatched), (), tuple(refused), _in_order(matched))


def with_reader(found: Found, reader: str | None) -> Found:
    """Return what was found with another reader for the files that the caller named."""
    if reader is None:
        return found
    named = {(one.rel_path, one.source_no) for one in found.files}

    def read_so(files: tuple[SourceFile, ...]) -> tuple[SourceFile, ...]:
        return tuple(
            replace(one, source=one.source.model_copy(update={"reader": reader}))
            if (one.rel_path, one.source_no) in named
            else one
            for one in files
        )

    return replace(found, files=read_so(found.files), matched=read_so(found.matched))


def place(path: str, sheet: str) -> str:
    """Return where rows stand, for people: ``raw/endline/file.xlsx#Sheet1``, without sheet for a csv."""
    return f"{path}#{sheet}" if sheet else path


def _wanted(folder: Path, paths: Sequence[Path]) -> tuple[dict[Path, Path], list[FileRefusedError]]:
    wanted: dict[Path, Path] = {}
    refused = []
    for given in paths:
        path = next((one for one in (given, folder / given) if one.is_file()), None)
        if path is None:
            inside = given.relative_to(folder) if given.is_relative_to(folder) else given
            refused.append(FileRefusedError("file-absent", path=clean(inside.as_posix())))
        elif not path.resolve().is_relative_to(folder.resolve()):
            refused.append(FileRefusedError("file-outside", path=clean(given.name)))
        else:
            wanted[path.resolve()] = path
    return wanted, refused


def _matching(folder: Path, pattern: str) -> list[Path]:
    try:
        return list(_files(folder, pattern, folder))
    except (ValueError, NotImplementedError) as problem:
        raise CampaignError("source-pattern", pattern=pattern, problem=problem) from None


def _files(start: Path, pattern: str, folder: Path) -> Iterator[Path]:
    """Walk over the files of a pattern, without the product's own and without what an office program leaves behind."""
    for path in start.glob(pattern) if start.is_dir() else ():
        parts = path.relative_to(folder).parts
        if parts[0] in _OWN or any(fnmatch.fnmatch(part, sign) for part in parts for sign in _NEVER):
            continue
        if path.is_symlink() or path.is_file():
            yield path


def _relative(path: Path, folder: Path) -> str:
    inside = path if path.is_relative_to(folder) else path.resolve()
    root = folder if path.is_relative_to(folder) else folder.resolve()
    return clean(PurePosixPath(*inside.relative_to(root).parts).as_posix())


def _in_order(files: list[SourceFile]) -> tuple[SourceFile, ...]:
    return tuple(sorted(files, key=lambda one: (one.rel_path, one.source_no)))
