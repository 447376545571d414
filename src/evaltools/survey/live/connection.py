"""One server over HTTPS: asked with patience, read within limits, never followed elsewhere.

Certificates are always checked. Proxies and certificate authorities are those of the environment (`HTTPS_PROXY`,
`NO_PROXY`, `SSL_CERT_FILE`), but a server on this machine is asked directly. No message and no log holds what was sent
to be let in, or what came back.
"""

from __future__ import annotations

import json
import logging
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from evaltools.config import LiveSource
from evaltools.errors import LiveError
from evaltools.survey.live.patience import asked_pause
from evaltools.text import clean

if TYPE_CHECKING:
    import httpx

_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait and how much to take.

    `connect_seconds` and `silent_seconds` bind each wait for the network, `answer_seconds` a whole answer. A request
    is made at most `attempts` times, with pauses of `pause_seconds`, doubled each time, or as long as the server asks
    for, but never beyond `longest_pause`. Sizes are bytes after unpacking; `total_bytes` and `requests` bind a pull.
    """

    connect_seconds: float = 10.0
    silent_seconds: float = 60.0
    answer_seconds: float = 300.0
    attempts: int = 5
    pause_seconds: float = 1.0
    longest_pause: float = 120.0
    answer_bytes: int = 64_000_000
    total_bytes: int = 2_000_000_000
    requests: int = 20_000


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a request gave nothing: the error, whether another attempt may help, the pause that the server asks for."""

    error: LiveError
    again: bool
    pause: float | None = None


class Connection:
    """An open way to a source's server; use it in a ``with`` block."""

    def __init__(self, source: LiveSource, limits: Limits) -> None:
        self._source = source
        self._limits = limits
        self._bytes_left = limits.total_bytes
        self._requests_left = limits.requests
        self._client = _client(source, limits)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def let_in(self, header: str) -> None:
        """Send this ``Authorization`` with every request from now on."""
        self._client.headers["Authorization"] = header

    def ask(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        body: object = None,
        attempts: int | None = None,
    ) -> Any:
        """Make a request and return the JSON of the answer.

        Parameters
        ----------
        path, params, method, body
            What to ask; the body is sent as JSON.
        attempts
            How often to try; None: as often as the limits allow.

        Raises
        ------
        LiveError
            ``live-unreachable``, ``live-certificate``, ``live-denied``, ``live-not-found``, ``live-redirect``,
            ``live-busy``, ``live-status``, ``live-not-json``, ``live-broken``, ``live-slow``, ``live-answer-size``,
            ``live-total-size``, ``live-requests``.
        """
        attempts = self._limits.attempts if attempts is None else attempts
        pause = self._limits.pause_seconds
        while True:
            if self._requests_left == 0:
                raise self._error("live-requests", limit=self._limits.requests)
            self._requests_left -= 1
            attempts -= 1
            found = self._attempt(method, path, params, body)
            if not isinstance(found, _Failure):
                return found[0]
            wait = pause if found.pause is None else found.pause
            if not found.again or attempts <= 0 or wait > self._limits.longest_pause:
                raise found.error
            time.sleep(wait)
            pause *= 2

    def _attempt(self, method: str, path: str, params: Mapping[str, str] | None, body: object) -> tuple[Any] | _Failure:
        """Make one attempt. Failures are returned: an error raised here would hold the request, and so the token."""
        import httpx

        try:
            with self._client.stream(method, path, params=params, json=body) as response:
                refused = self._judged(response)
                content = refused or self._read(response)
        except httpx.TransportError as problem:
            return self._lost(problem)
        except (httpx.RequestError, ValueError):  # an answer that cannot be unpacked; an address that is none
            return _Failure(self._error("live-broken"), again=True)
        return content if isinstance(content, _Failure) else self._parsed(content)

    def _judged(self, response: httpx.Response) -> _Failure | None:
        status = response.status_code
        if 300 <= status < 400:
            following = response.next_request
            to = following.url.raw_host.decode("ascii")[:_SHOWN] if following is not None else self._source.host
            return _Failure(self._error("live-redirect", to=to), again=False)
        if status in (401, 403):
            return _Failure(self._error("live-denied", status=status), again=False)
        if status == 404:
            return _Failure(self._error("live-not-found", form=self._source.form_id), again=False)
        if status in _AGAIN:
            pause = asked_pause(response.headers.get("Retry-After"))
            code = "live-busy" if status == 429 else "live-status"
            return _Failure(self._error(code, status=status), again=True, pause=pause)
        if not response.is_success:
            return _Failure(self._error("live-status", status=status), again=False)
        kind = str(response.headers.get("Content-Type", "")).partition(";")[0].strip().lower()
        if kind != "application/json":
            return _Failure(self._error("live-not-json", kind=clean(kind)[:_SHOWN] or "-"), again=False)
        return None

    def _read(self, response: httpx.Response) -> bytes | _Failure:
        deadline = time.monotonic() + self._limits.answer_seconds
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            self._bytes_left -= len(chunk)
            if len(content) > self._limits.answer_bytes:
                return _Failure(self._error("live-answer-size", limit=self._limits.answer_bytes), again=False)
            if self._bytes_left < 0:
                return _Failure(self._error("live-total-size", limit=self._limits.total_bytes), again=False)
            if time.monotonic() > deadline:
                limit = f"{self._limits.answer_seconds:g}"
                return _Failure(self._error("live-slow", limit=limit), again=False)
        return bytes(content)

    def _parsed(self, content: bytes) -> tuple[Any] | _Failure:
        try:
            return (json.loads(content.decode("utf-8"), parse_constant=_no_number, object_pairs_hook=_whole_object),)
        except (ValueError, RecursionError):
            return _Failure(self._error("live-broken"), again=True)

    def _lost(self, problem: httpx.TransportError) -> _Failure:
        cause: BaseException | None = problem
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return _Failure(self._error("live-certificate", problem=cause.verify_message), again=False)
            cause = cause.__cause__ or cause.__context__
        return _Failure(self._error("live-unreachable", problem=type(problem).__name__), again=True)

    def _error(self, code: str, **fields: object) -> LiveError:
        return LiveError(code, name=self._source.name, host=self._source.host, **fields)


def _client(source: LiveSource, limits: Limits) -> httpx.Client:
    import httpx

    log = logging.getLogger("httpcore")
    if log.level < logging.INFO:  # its finest lines show the headers of answers, where a session's cookie stands
        log.setLevel(logging.INFO)
    client = httpx.Client(
        base_url=source.url,
        headers={"Accept": "application/json", "User-Agent": "evaltools"},
        timeout=httpx.Timeout(limits.silent_seconds, connect=limits.connect_seconds),
        follow_redirects=False,
        trust_env=not source.is_local,
    )
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
    return client


def _whole_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_number(_: str) -> NoReturn:
    raise ValueError("not a number of JSON")
