"""Pull what is new: compare what a server holds with what is on the disk, and fetch the difference.

What to fetch follows from the ids of all submissions, not from the time or the number of the last one: a submission
that the server made visible late, after one with a higher number, is found as well.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Final

from evaltools.config import CampaignConfig, LiveSource
from evaltools.errors import EvaltoolsError, LiveError, UsageError
from evaltools.survey.live import kobo, odk_central
from evaltools.survey.live.connection import Limits
from evaltools.survey.live.outcome import Pulled, PullResult
from evaltools.survey.live.protocol import WINDOW, Entry, Listing, OddAnswerError
from evaltools.survey.live.shelf import Shelf, open_shelf, read_shelf, write_page
from evaltools.survey.raw_files import find_raw_files

Progress = Callable[[int, int, str], None]
"""Called with the number of submissions done, of all that are to be fetched, and the name of the source."""

_TOOLS: Final = {"kobo": kobo, "odk_central": odk_central}
_DEFAULT: Final = Limits()


def pull(
    folder: Path,
    config: CampaignConfig,
    name: str | None = None,
    *,
    limits: Limits = _DEFAULT,
    progress: Progress | None = None,
) -> PullResult:
    """Pull new and edited submissions of the campaign's live sources into ``raw/``.

    A source that fails leaves what it brought until then, and the others go on. Nothing is removed or overwritten: an
    edited submission comes in a later file, one that was deleted on the server is reported.

    Parameters
    ----------
    folder, config
        The campaign. Only the folders that its ``[[live]]`` tables name are written.
    name
        Only this source; None: all.
    limits
        How long to wait and how much to take.
    progress
        Called as submissions come.

    Raises
    ------
    UsageError
        ``live-none``: the campaign has no live source; ``live-unknown``: none of this name.
    """
    if not config.live:
        raise UsageError("live-none")
    chosen = [source for source in config.live if name in (None, source.name)]
    if not chosen:
        raise UsageError("live-unknown", name=name, known=[source.name for source in config.live])
    pulled: list[Pulled] = []
    failed: list[tuple[str, EvaltoolsError]] = []
    for source in chosen:
        try:
            pulled.append(_pull_one(folder, source, limits, progress or (lambda done, total, what: None)))
        except (OddAnswerError, RecursionError) as odd:  # the latter: answers nested deeper than any form
            part = str(odd) if isinstance(odd, OddAnswerError) else "depth"
            failed.append((source.name, LiveError("live-odd", name=source.name, host=source.host, part=part)))
        except EvaltoolsError as error:
            failed.append((source.name, error))
    unclaimed = frozenset(find_raw_files(folder, config).unmatched)
    return PullResult(tuple(pulled), tuple(failed), _not_read(pulled, unclaimed))


def find_windows(entries: Sequence[Entry], wanted: Collection[tuple[str, str]]) -> list[tuple[Entry, Entry]]:
    """Return from where to where to ask, so that all that is wanted comes, at most `WINDOW` submissions at a time.

    Parameters
    ----------
    entries
        All submissions of the server, in its order.
    wanted
        Keys of those that are to be fetched.

    Returns
    -------
    list of (first, last)
        In the server's order, without overlap; each begins and ends with a submission that is wanted.
    """
    windows: list[tuple[int, int]] = []
    for place, entry in enumerate(entries):
        if entry.key not in wanted:
            continue
        if windows and place - windows[-1][0] < WINDOW:
            windows[-1] = (windows[-1][0], place)
        else:
            windows.append((place, place))
    return [(entries[first], entries[last]) for first, last in windows]


def _pull_one(folder: Path, source: LiveSource, limits: Limits, tell: Progress) -> Pulled:
    tool = _TOOLS[source.kind]
    with open_shelf(folder, source) as place, tool.open_server(source, limits) as server:
        before = read_shelf(place, source, tool.FORMAT)
        listing = server.listing()
        wanted = {entry.key for entry in listing.entries} - before.keys
        keys, written = set(before.keys), list[str]()
        tell(0, len(wanted), source.name)
        for first, last in find_windows(listing.entries, wanted):
            for page in server.submissions(first, last):
                fresh = {key: one for one in page if (key := tool.FORMAT.entry_of(one).key) not in keys}
                if fresh:
                    number = before.number + len(written) + 1
                    written.append(write_page(place, source, tool.FORMAT, number, list(fresh.values())))
                    keys.update(fresh)
                    tell(len(keys) - len(before.keys), len(wanted), source.name)
        after = Shelf((*before.files, *written), before.number + len(written), frozenset(keys))
        return _account(source, listing, before, after)


def _account(source: LiveSource, listing: Listing, before: Shelf, after: Shelf) -> Pulled:
    listed = {entry.id for entry in listing.entries}
    come = [name for name, _ in after.keys - before.keys]
    new = set(come) - before.ids
    return Pulled(
        name=source.name,
        host=source.host,
        held=tuple(f"{source.folder}/{name}" for name in after.files),
        n_files=len(after.files) - len(before.files),
        n_new=len(new),
        n_edited=len(come) - len(new),
        n_server=max(listing.total, len(listed)),
        n_disk=len(listed & after.ids),
        gone=tuple(sorted(after.ids - listed)),
    )


def _not_read(pulled: Iterable[Pulled], unclaimed: frozenset[str]) -> tuple[str, ...]:
    """Return the sources with files that no pattern of the campaign's sources matches."""
    return tuple(one.name for one in pulled if not unclaimed.isdisjoint(one.held))
