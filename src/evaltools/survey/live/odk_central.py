"""ODK Central: the OData feed of a form.

An edit leaves `__id` and `submissionDate` in `__system` and raises its `edits`; a review changes `updatedAt` alone, and
is no edit. The feed comes newest first, page by page by a token of the server, and can be limited to a span of
`submissionDate`. Source: the API's pages on OData form services and on sessions (from version 2022.3 on).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, quote

from evaltools.config import LiveSource
from evaltools.errors import LiveError
from evaltools.survey.live.connection import Connection, Limits
from evaltools.survey.live.credentials import read_email, read_secret, read_token
from evaltools.survey.live.protocol import WINDOW, Content, Entry, Format, Listing, LiveServer, OddAnswerError

_LISTED: Final = 1000
_CURSORS: Final = ("$skiptoken", "$skip")
_DATE: Final = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_SESSIONS: Final = "/v1/sessions"


def entry_of(content: Content) -> Entry:
    """Find a submission's entry in what the server gave.

    Raises
    ------
    OddAnswerError
        `__id`, or `submissionDate` or `edits` in `__system`, is not there or not of the documented form.
    """
    name, system = content.get("__id"), content.get("__system")
    if not isinstance(name, str) or not name:
        raise OddAnswerError("__id")
    taken, edits = (system.get("submissionDate"), system.get("edits")) if isinstance(system, Mapping) else (None, None)
    if not isinstance(taken, str) or not _is_time(taken):
        raise OddAnswerError("__system/submissionDate")
    if not isinstance(edits, int) or isinstance(edits, bool) or edits < 0:
        raise OddAnswerError("__system/edits")
    return Entry(name, str(edits), f"{taken} {name}")


def _is_time(text: str) -> bool:
    try:
        return _DATE.fullmatch(text) is not None and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


FORMAT: Final = Format("value", entry_of, ("__system", "formVersion"))


@dataclass(frozen=True, slots=True)
class CentralServer:
    """A form on an ODK Central server."""

    connection: Connection
    source: LiveSource

    def listing(self) -> Listing:
        """Ask for what the server itself adds to every submission."""
        entries: dict[str, Entry] = {}
        total = 0
        for rows, count in self._pages({"$top": str(_LISTED), "$count": "true", "$select": "__id,__system"}):
            total = total or count
            for entry in map(entry_of, rows):
                entries[entry.id] = entry
        return Listing(sorted(entries.values(), key=lambda one: one.at), total)

    def submissions(self, first: Entry, last: Entry) -> Iterator[list[Content]]:
        """Ask for the submissions of a span of time, repeats within them.

        The span ends a millisecond later: servers of before 2023 keep times more finely than they tell them.
        """
        start = first.at.partition(" ")[0]
        end = datetime.fromisoformat(last.at.partition(" ")[0]) + timedelta(milliseconds=1)
        behind = end.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        span = f"__system/submissionDate ge {start} and __system/submissionDate lt {behind}"
        for rows, _ in self._pages({"$top": str(WINDOW), "$count": "true", "$filter": span, "$expand": "*"}):
            if any(row["__system"].get("status") for row in rows):
                raise LiveError("live-encrypted", name=self.source.name, host=self.source.host)
            yield [_without_links(one) for one in rows]

    def _pages(self, params: Mapping[str, str]) -> Iterator[tuple[list[Content], int]]:
        """Go through all pages. Of the link to the next one only the token is taken, never the address."""
        path = f"/v1/projects/{self.source.project}/forms/{quote(self.source.form or '', safe='')}.svc/Submissions"
        cursor: dict[str, str] = {}
        seen: set[str] = set()
        while True:
            rows, count, link = _page(self.connection.ask(path, {**params, **cursor}))
            names = {entry_of(row).id for row in rows}
            if names and names <= seen:
                raise OddAnswerError("@odata.nextLink")
            yield rows, count
            if link is None or not rows:
                return
            seen |= names
            query = parse_qs(link.partition("?")[2])
            cursor = {name: query[name][0] for name in _CURSORS if name in query}


def _page(answer: Any) -> tuple[list[Content], int, str | None]:
    rows = answer.get("value") if isinstance(answer, Mapping) else None
    if not isinstance(rows, list) or not all(isinstance(one, Mapping) for one in rows):
        raise OddAnswerError("value")
    count, link = answer.get("@odata.count"), answer.get("@odata.nextLink")
    if not isinstance(count, int) or count < len(rows):
        raise OddAnswerError("@odata.count")
    if link is not None and not isinstance(link, str):
        raise OddAnswerError("@odata.nextLink")
    return rows, count, link


def _without_links(value: Any) -> Any:
    """Leave out OData's annotations: addresses of tables, nothing that was answered."""
    if isinstance(value, Mapping):
        return {key: _without_links(inner) for key, inner in value.items() if "@odata." not in key}
    return [_without_links(inner) for inner in value] if isinstance(value, list) else value


@contextmanager
def open_server(source: LiveSource, limits: Limits) -> Iterator[LiveServer]:
    """Open the form of a source, with its token or for as long as a session lasts."""
    with Connection(source, limits) as connection:
        server = CentralServer(connection, source)
        if source.email_env is None:
            connection.let_in(f"Bearer {read_token(source).get_secret_value()}")
            yield server
            return
        login = {"email": read_email(source), "password": read_secret(source).get_secret_value()}
        session = connection.ask(_SESSIONS, method="POST", body=login)
        token = session.get("token") if isinstance(session, Mapping) else None
        if not isinstance(token, str) or not re.fullmatch(r"[!-~]+", token):
            raise OddAnswerError("token")
        connection.let_in(f"Bearer {token}")
        try:
            yield server
        finally:
            with suppress(LiveError):  # servers of before 2023.3 have no such address; there a session ends by itself
                connection.ask(f"{_SESSIONS}/current", method="DELETE", attempts=1)
