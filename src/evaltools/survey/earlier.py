"""What an earlier run has stored of a file: whether it still holds, or must be read anew under changed settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from evaltools.config import CampaignConfig, Source
from evaltools.errors import FileRefusedError
from evaltools.survey.instrument import Instrument

RULES: Final = 3
"""Raise it when the same row under the same settings comes to be read differently: stored files are then read anew."""

Group = tuple[str, str, str, str]
"""File's SHA-256, sheet, instrument and wave: what is stored or dropped together."""


def source_sha(source: Source, instrument: Instrument, config: CampaignConfig) -> str:
    """Return the hash of all settings that decide what a file of a source becomes.

    Its pattern does not: a file that is moved stays the same file. The version says itself by the instrument's hash.
    """
    unsaid = {"pattern", "version"} if source.rescale else {"pattern", "version", "rescale"}
    settings = {
        "rules": RULES,
        "source": source.model_dump(mode="json", exclude=unsaid),
        "instrument": instrument.sha256,
        "roles": {role: list(names) for role, names in _given_roles(config, instrument.name)},
        "wave": config.waves[source.wave].model_dump(mode="json", include={"start", "end"}),
        "banks": sorted(
            (bank.model_dump(mode="json", include={"id", "name", "aliases"}) for bank in config.banks),
            key=lambda bank: str(bank["id"]),
        ),
    }
    return hashlib.sha256(json.dumps(settings, sort_keys=True, ensure_ascii=False).encode("utf-8")).hexdigest()[:32]


def _given_roles(config: CampaignConfig, instrument: str) -> Iterable[tuple[str, tuple[str, ...]]]:
    for role, names in config.roles.get(instrument, {}).items():
        yield role, (names,) if isinstance(names, str) else tuple(names)


@dataclass(frozen=True, slots=True)
class Claim:
    """A file of the campaign and a source that it matches."""

    rel_path: str
    instrument: str
    wave: str
    source_sha: str


@dataclass(frozen=True, slots=True)
class Ready:
    """A sheet that this run has read without a fault.

    Attributes
    ----------
    n_read
        Its rows.
    content
        Keyed hashes of its rows' content, of those that have one.
    """

    group: Group
    rel_path: str
    n_read: int
    content: Collection[str]


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is to be done with what is stored.

    Attributes
    ----------
    drop
        Groups to take out, since they are read anew.
    refused
        Files of this run that cannot be taken: ``file-shrunk``, fewer rows than were stored from the same path, and
        no way to tell which are gone; ``replace-needs``, another file would have to be read anew with it.
    """

    drop: Collection[Group]
    refused: tuple[FileRefusedError, ...]


def compare_stored(
    stored: pd.DataFrame,
    content: Mapping[Group, Collection[str]],
    originals: Mapping[Group, Collection[Group]],
    ready: Collection[Ready],
    claims: Collection[Claim],
) -> Earlier:
    """Find out which stored files still hold.

    A stored sheet is read anew when no source that claims its path has the settings any more under which it was read,
    and when its path now holds other bytes that are a newer state of the same file: half of its recognisable rows or,
    where none can be recognised, at least as many rows. Rows that were left out as copies of such a sheet's rows are
    read anew with it.

    Parameters
    ----------
    stored
        The table `files`.
    content
        Keyed hashes of the stored rows' content, by group.
    originals
        For a group with exact duplicates, the groups that hold the rows which they repeat.
    ready
        What this run has read.
    claims
        All files of the campaign with their sources, also those that this run leaves out.
    """
    entries: list[dict[Any, Any]] = stored.to_dict("records")
    groups = {one.group for one in ready}
    read = {group[:2] for group in groups}
    claimed = {(one.rel_path, one.instrument, one.wave) for one in claims}
    older, shrunk = _older_states(entries, content, ready)
    going = (
        older
        | {
            group
            for entry in entries
            if (group := _group(entry))[:2] in read
            and not _is_current(entry, claims)
            # what a source still claims goes only together with its own renewal
            and (group in groups or (entry["rel_path"], *group[2:]) not in claimed)
        }
    )
    drop = _with_copies(going, originals)
    # a file with copies that is not in this run keeps all of its instrument and wave as it is
    needed = {
        group[2:]: str(entry["rel_path"]) for entry in entries if (group := _group(entry)) in drop - going - groups
    }
    blocked = {group for group in drop if group[2:] in needed}
    places = {(entry["rel_path"], *_group(entry)[2:]) for entry in entries if _group(entry) in blocked}
    refused = [
        FileRefusedError("replace-needs", path=one.rel_path, other=needed[one.group[2:]])
        for one in ready
        if one.group in blocked or (one.rel_path, *one.group[2:]) in places
    ]
    return Earlier(drop - blocked, (*shrunk, *refused))


def _with_copies(going: Collection[Group], originals: Mapping[Group, Collection[Group]]) -> set[Group]:
    drop = set(going)
    while more := {group for group, homes in originals.items() if group not in drop and not drop.isdisjoint(homes)}:
        drop |= more
    return drop


def _is_current(entry: Mapping[str, Any], claims: Collection[Claim]) -> bool:
    """Say whether a source would still read a sheet as it was read; a file that is gone any source may have claimed."""
    own = {one.source_sha for one in claims if one.rel_path == entry["rel_path"]}
    return entry["source_sha"] in (own or {one.source_sha for one in claims})


def _older_states(
    entries: Iterable[Mapping[str, Any]], content: Mapping[Group, Collection[str]], ready: Collection[Ready]
) -> tuple[set[Group], list[FileRefusedError]]:
    """Return groups whose path now holds a newer state of the file, and the files that hold too little to be one."""
    by_place = {(one.rel_path, *one.group[2:]): one for one in ready}
    present = {one.group[0] for one in ready}
    older: set[Group] = set()
    shrunk = []
    for entry in entries:
        group = _group(entry)
        now = by_place.get((entry["rel_path"], *group[2:]))
        if now is None or group[0] in present:
            continue
        before = set(content.get(group, ()))
        if not before:
            if now.n_read < entry["n_read"]:
                shrunk.append(
                    FileRefusedError("file-shrunk", path=now.rel_path, n_read=now.n_read, n_stored=entry["n_read"])
                )
            else:
                older.add(group)
        elif 2 * len(before & set(now.content)) >= len(before):
            older.add(group)
    return older, shrunk


def _group(entry: Mapping[str, Any]) -> Group:
    return entry["file_sha256"], entry["sheet"], entry["instrument"], entry["wave"]
