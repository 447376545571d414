"""What a server may do to us, and what we say of it."""

import gzip
import json
import logging
import socket
import ssl
import time
import traceback
from dataclasses import replace

import pytest

from evaltools.errors import LiveError
from evaltools.survey.live.connection import Connection

GOOD = {"found": "云河"}


def answer(status, body=b"{}", **headers):
    return lambda handler: handler.answer(
        status, body, {name.replace("_", "-"): value for name, value in headers.items()}
    )


@pytest.fixture
def ask(kobo, source_of, limits):
    """Ask the server once, with a token, under limits that can be changed."""

    def do(**changes):
        source = source_of(kobo, **{key: value for key, value in changes.items() if key == "url"})
        own = replace(limits, **{key: value for key, value in changes.items() if key != "url"})
        with Connection(source, own) as connection:
            connection.let_in("Token s3cretT0kenOfTheTests")
            return connection.ask("/x", {"a b": "{}&="})

    return do


def test_json_comes_back_and_what_was_asked_arrives_whole(kobo, ask):
    kobo.instead.append(answer(200, GOOD))
    assert ask() == GOOD
    assert kobo.requests[0][1:3] == ("/x", {"a b": "{}&="})


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_fault_is_tried_again(kobo, ask, status):
    kobo.instead.extend([answer(status), answer(status), answer(200, GOOD)])
    assert ask() == GOOD


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (429, r"live-busy: firms: .* limits how often it is asked \(429\)"),
        (500, "live-status: firms: .* answered 500"),
    ],
)
def test_a_lasting_fault_is_tried_only_so_often(kobo, ask, status, problem):
    kobo.instead.extend([answer(status)] * 10)
    with pytest.raises(LiveError, match=problem):
        ask()
    assert len(kobo.requests) == 3


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (400, "live-status: .* answered 400"),
        (401, r"live-denied: .*\(401\)"),
        (403, r"live-denied: .*\(403\)"),
        (404, "live-not-found: .* has no aTestAsset7"),
        (501, "live-status: .* answered 501"),
        (304, "live-redirect: "),
    ],
)
def test_a_refusal_is_not_tried_again(kobo, ask, status, problem):
    kobo.instead.append(answer(status))
    with pytest.raises(LiveError, match=problem):
        ask()
    assert len(kobo.requests) == 1


def test_the_pause_is_the_one_that_the_server_asks_for(kobo, ask, monkeypatch):
    pauses = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    kobo.instead.extend([answer(429, Retry_After="3"), answer(503, Retry_After="soon"), answer(200, GOOD)])
    assert ask(pause_seconds=0.25) == GOOD
    assert pauses == [3.0, 0.5]


def test_a_pause_that_is_too_long_is_not_waited_for(kobo, ask, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("waited"))
    kobo.instead.append(answer(429, Retry_After="6"))
    with pytest.raises(LiveError, match="live-busy"):
        ask()


@pytest.mark.parametrize(
    "to", ["https://evil.example.org/steal", "http://user:pw@evil.example.org:99/", "//evil.example.org/"]
)
def test_a_redirect_is_named_and_not_followed(kobo, ask, to):
    kobo.instead.append(answer(302, Location=to))
    with pytest.raises(LiveError, match=r"live-redirect: firms: .* sends us on to evil\.example\.org\. "):
        ask()


@pytest.mark.parametrize("to", ["http://xn--/", "http://[", "http://x:99999999/", "", "https://ü.example.org/", "\x7f"])
def test_a_redirect_to_nowhere_is_an_error_like_any_other(kobo, ask, to):
    kobo.instead.extend([answer(302, Location=to.encode().decode("latin-1"))] * 3)
    with pytest.raises(LiveError, match=r"live-redirect|live-unreachable|live-broken"):
        ask()


def test_not_even_to_another_port_of_the_same_machine(kobo, central, ask):
    kobo.instead.append(answer(307, Location=f"{central.url}/x"))
    with pytest.raises(LiveError, match="live-redirect"):
        ask()
    assert central.requests == []


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/jsonp", ""])
def test_a_page_for_people_is_no_answer(kobo, ask, kind):
    kobo.instead.append(answer(200, b"<html>log in", Content_Type=kind))
    with pytest.raises(LiveError, match=r"live-not-json: .* The address may lead to a log-in page"):
        ask()


@pytest.mark.parametrize(
    "body",
    [
        b'{"count": 3, "results": [{"phone": "1390000',
        b"",
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
    ],
)
def test_json_that_is_cut_off_or_none_is_tried_again_and_not_quoted(kobo, ask, body):
    kobo.instead.extend([answer(200, body)] * 3)
    with pytest.raises(LiveError, match=r"live-broken: .* is cut off or cannot be read") as caught:
        ask()
    assert len(kobo.requests) == 3
    assert "1390000" not in shown(caught.value)


def test_an_answer_that_ends_before_its_length_is_tried_again(kobo, ask):
    def short(handler):
        handler.close_connection = True
        handler.answer(200, b'{"a": 1', {"Content-Length": "1000"})

    kobo.instead.extend([short, answer(200, GOOD)])
    assert ask() == GOOD


def test_what_cannot_be_unpacked_is_a_broken_answer(kobo, ask):
    kobo.instead.extend([answer(200, b"no gzip", Content_Encoding="gzip")] * 3)
    with pytest.raises(LiveError, match="live-broken"):
        ask()


def test_a_huge_answer_is_left_after_the_limit_also_where_it_was_packed(kobo, ask):
    packed = gzip.compress(b" " * 30_000_000)
    for body, headers in ((b" " * 200_000, {}), (packed, {"Content_Encoding": "gzip"})):
        kobo.instead.append(answer(200, body, **headers))
        with pytest.raises(LiveError, match=r"live-answer-size: .* larger than 100000 bytes"):
            ask(answer_bytes=100_000)
    assert len(kobo.requests) == 2


def test_a_pull_takes_no_more_than_its_total(kobo, source_of, limits):
    kobo.instead.extend([answer(200, b" " * 50 + b"{}")] * 3)
    with Connection(source_of(kobo), replace(limits, total_bytes=120)) as connection:
        connection.ask("/x")
        connection.ask("/x")
        with pytest.raises(LiveError, match=r"live-total-size: .* more than 120 bytes"):
            connection.ask("/x")


def test_a_pull_asks_no_more_than_so_often(kobo, ask):
    kobo.instead.extend([answer(503)] * 3)
    with pytest.raises(LiveError, match=r"live-requests: .* was asked 2 times"):
        ask(requests=2)


def test_an_answer_that_drips_is_left(kobo, ask):
    def drip(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", "10000")
        handler.end_headers()
        for _ in range(500):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.02)

    kobo.instead.append(drip)
    start = time.monotonic()
    with pytest.raises(LiveError, match=r"live-slow: .* took more than 0\.2 seconds"):
        ask(answer_seconds=0.2)
    assert time.monotonic() - start < 8


def test_a_silent_server_is_tried_again_and_left(kobo, ask):
    kobo.instead.extend([lambda handler: time.sleep(0.5)] * 2)
    with pytest.raises(LiveError, match=r"live-unreachable: firms: no answer .* \(ReadTimeout\)"):
        ask(silent_seconds=0.1, attempts=2)
    assert len(kobo.requests) == 2


def test_nobody_there_is_said(ask):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(LiveError, match=rf"no answer from 127\.0\.0\.1:{port} \(ConnectError\)"):
        ask(url=f"http://127.0.0.1:{port}")


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent(kobo, ask, self_signed):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed)
    kobo.http.socket = context.wrap_socket(kobo.http.socket, server_side=True)
    with pytest.raises(LiveError, match=r"live-certificate: .* so nothing was sent"):
        ask(url=kobo.url.replace("http:", "https:"))
    assert kobo.requests == []


def test_a_server_on_this_machine_is_asked_without_the_proxy(kobo, ask, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    kobo.instead.append(answer(200, GOOD))
    assert ask() == GOOD


def shown(error):
    """All that anybody could print of an error: texts, fields, traceback with its chain."""
    chain = "".join(traceback.format_exception(error))
    parts = [error.text("zh"), error.text("en"), repr(error), repr(error.fields), repr(error.__context__), chain]
    return json.dumps(parts, ensure_ascii=False)


@pytest.mark.parametrize("status", [302, 401, 404, 500])
def test_neither_errors_nor_logs_hold_the_token(kobo, ask, caplog, status):
    caplog.set_level(logging.DEBUG)
    kobo.instead.extend(
        [answer(status, Set_Cookie="session=s3cretT0kenOfTheTests", Location="https://x.example.org")] * 3
    )
    with pytest.raises(LiveError, match="live-") as caught:
        ask()
    assert caught.value.__context__ is None
    assert "s3cret" not in shown(caught.value)
    assert "HTTP Request: GET" in caplog.text
    assert "s3cret" not in caplog.text


def test_an_error_of_the_network_holds_no_request(kobo, ask):
    kobo.instead.append(lambda handler: handler.connection.shutdown(socket.SHUT_RDWR))
    with pytest.raises(LiveError, match="live-unreachable") as caught:
        ask(attempts=1)
    assert (caught.value.__context__, caught.value.__cause__) == (None, None)
    assert "s3cret" not in shown(caught.value)
