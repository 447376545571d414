"""KoboToolbox, API version 2: the data of an asset, by ascending `_id`.

An edit leaves `_id` and `_submission_time` and gives a new `_uuid`. What was not answered has no key at all. Pages are
asked for from an `_id` on, not from a position, so that a submission that is deleted meanwhile moves no other out of
sight. Source: the API's own page on ``/api/v2/assets/{uid}/data/`` (at most 1,000 results a page since March 2026,
fewer where a server says so).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from evaltools.config import LiveSource
from evaltools.survey.live.connection import Connection, Limits
from evaltools.survey.live.credentials import read_token
from evaltools.survey.live.protocol import WINDOW, Content, Entry, Format, Listing, LiveServer, OddAnswerError

_LISTED: Final = 1000
_LEFT_OUT: Final = frozenset({"_attachments"})


def entry_of(content: Content) -> Entry:
    """Find a submission's entry in what the server gave.

    Raises
    ------
    OddAnswerError
        `_id` is not a whole number, or `_uuid` no text.
    """
    number, state = content.get("_id"), content.get("_uuid")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 10**18:
        raise OddAnswerError("_id")
    if not isinstance(state, str) or not state:
        raise OddAnswerError("_uuid")
    return Entry(str(number), state, f"{number:018d}")


FORMAT: Final = Format("results", entry_of, ("__version__",))


@dataclass(frozen=True, slots=True)
class KoboServer:
    """An asset on a KoboToolbox server."""

    connection: Connection
    asset: str

    def listing(self) -> Listing:
        """Ask for `_id` and `_uuid` of all submissions."""
        entries: list[Entry] = []
        total = 0
        for page, count in self._pages(0, None, fields='["_id","_uuid"]'):
            total = total or count
            entries += map(entry_of, page)
        return Listing(entries, total)

    def submissions(self, first: Entry, last: Entry) -> Iterator[list[Content]]:
        """Ask for the submissions from one `_id` to another."""
        for page, _ in self._pages(int(first.id) - 1, int(last.id)):
            yield [{key: value for key, value in one.items() if key not in _LEFT_OUT} for one in page]

    def _pages(self, after: int, last: int | None, fields: str | None = None) -> Iterator[tuple[list[Content], int]]:
        """Go through the submissions behind an `_id`, up to another; with each page, how many there are from it on."""
        remaining = 1
        while remaining > 0:
            ids = {"$gt": after} if last is None else {"$gt": after, "$lte": last}
            params = {
                "limit": str(WINDOW if fields is None else _LISTED),
                "sort": '{"_id":1}',
                "query": json.dumps({"_id": ids}),
            }
            if fields is not None:
                params["fields"] = fields
            page, count = _page(self.connection.ask(f"/api/v2/assets/{self.asset}/data.json", params))
            numbers = [int(entry_of(one).id) for one in page]
            if any(later <= before for before, later in zip([after, *numbers], numbers, strict=False)):
                raise OddAnswerError("sort, query")
            if not page:
                return
            yield page, count
            after = numbers[-1]
            remaining = count - len(page)


def _page(answer: Any) -> tuple[list[Content], int]:
    results = answer.get("results") if isinstance(answer, Mapping) else None
    if not isinstance(results, list) or not all(isinstance(one, Mapping) for one in results):
        raise OddAnswerError("results")
    count = answer.get("count")
    if not isinstance(count, int) or count < len(results):
        raise OddAnswerError("count")
    return results, count


@contextmanager
def open_server(source: LiveSource, limits: Limits) -> Iterator[LiveServer]:
    """Open the asset of a source, with its token."""
    token = read_token(source)
    with Connection(source, limits) as connection:
        connection.let_in(f"Token {token.get_secret_value()}")
        yield KoboServer(connection, source.asset or "")
