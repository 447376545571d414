"""ODK Central: sessions, the feed page by page, spans of time."""

import pytest

from evaltools.errors import LiveError
from evaltools.survey.live.odk_central import entry_of, open_server
from evaltools.survey.live.protocol import OddAnswerError


@pytest.fixture
def ask(central, source_of, limits):
    """Open the server and do something with it."""

    def do(what, **changes):
        with open_server(source_of(central, **changes), limits) as server:
            return what(server)

    return do


def feed(central):
    return [query for _, path, query, _ in central.requests if path.endswith("Submissions")]


def test_a_session_lasts_as_long_as_the_pull(central, ask):
    assert ask(lambda server: central.sessions) == 1
    assert central.sessions == 0
    assert [(method, path) for method, path, *_ in central.requests] == [
        ("POST", "/v1/sessions"),
        ("DELETE", "/v1/sessions/current"),
    ]


def test_a_session_ends_also_where_the_pull_fails(central, ask):
    def fail(server):
        raise LiveError("live-none")

    with pytest.raises(LiveError, match="live-none"):
        ask(fail)
    assert central.sessions == 0


def test_a_server_without_a_way_to_end_a_session_is_no_fault(central, ask):
    def listing(server):
        central.instead.append(lambda handler: handler.answer(200, {"value": [], "@odata.count": 0}))
        central.instead.append(lambda handler: handler.answer(404, {"code": 404.1}))
        return server.listing()

    assert ask(listing).entries == []


def test_a_token_of_ones_own_opens_no_session(central, ask, monkeypatch):
    monkeypatch.setenv("ODK_TOKEN", "s3cretT0kenOfTheTests")
    ask(lambda server: server.listing(), token_env="ODK_TOKEN", email_env=None, password_env=None)
    assert [headers["Authorization"] for *_, headers in central.requests] == ["Bearer s3cretT0kenOfTheTests"]


def test_the_listing_is_in_the_order_of_arrival_and_cookies_are_not_sent_back(central, ask, small_windows):
    small_windows(2)
    names = [central.add(number) for number in (5, 3, 9, 4, 7)]
    listing = ask(lambda server: server.listing())
    assert [entry.id for entry in listing.entries] == [names[1], names[3], names[0], names[4], names[2]]
    assert listing.total == 5
    first, second, third = feed(central)
    assert first == {"$top": "2", "$count": "true", "$select": "__id,__system"}
    assert set(second) == set(third) == {*first, "$skiptoken"}
    assert not any("Cookie" in headers for *_, headers in central.requests)


def test_servers_of_before_2023_page_by_a_number(central, ask, small_windows):
    small_windows(2)
    names = [central.add(number) for number in (1, 2, 3)]

    def old(handler):
        rows = sorted(central.data.values(), key=lambda one: one["__id"], reverse=True)
        skip = int(handler.query.get("$skip", 0))
        body = {"value": rows[skip : skip + 2], "@odata.count": 3}
        if skip == 0:
            body["@odata.nextLink"] = "http://elsewhere.example.org/x?%24top=2&%24skip=2"
        handler.answer(200, body)

    central.instead.extend([central.documented, old, old])
    assert [entry.id for entry in ask(lambda server: server.listing()).entries] == names


def test_submissions_of_a_span_come_with_repeats_and_without_links(central, ask, small_windows):
    small_windows(2)
    at = "2022-10-05T08:00:00.{}Z".format
    names = [central.add(n, at=at(f"{ms:03d}")) for n, ms in enumerate((998, 999, 999, 999), start=1)]
    central.add(9, at="2022-10-05T08:00:01.000Z")
    first, last = (entry_of(central.data[name]) for name in (names[1], names[3]))
    pages = ask(lambda server: list(server.submissions(first, last)))
    assert sorted(one["__id"] for page in pages for one in page) == sorted(names[1:])
    assert all(one["visits"] == [{"__id": one["visits"][0]["__id"], "days": 3}] for page in pages for one in page)
    assert all(set(one["g_firm"]) == {"firm_name"} for page in pages for one in page)
    assert feed(central)[0]["$filter"] == (
        "__system/submissionDate ge 2022-10-05T08:00:00.999Z and __system/submissionDate lt 2022-10-05T08:00:01.000Z"
    )


def test_an_edit_is_another_state_and_a_review_is_none(central):
    name = central.add(1)
    before = entry_of(central.data[name])
    central.data[name]["__system"] |= {"updatedAt": "2022-10-09T00:00:00.000Z", "reviewState": "approved"}
    assert entry_of(central.data[name]) == before
    central.edit(name)
    assert (entry_of(central.data[name]).id, entry_of(central.data[name]).state) == (before.id, "1")


def test_encrypted_submissions_are_refused(central, ask):
    name = central.add(1)
    central.data[name]["__system"]["status"] = "notDecrypted"
    entry = entry_of(central.data[name])
    with pytest.raises(LiveError, match=r"live-encrypted: firms: submissions on .* are encrypted"):
        ask(lambda server: list(server.submissions(entry, entry)))


SYSTEM = {"submissionDate": "2022-10-03T00:00:00.000Z", "edits": 0}


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ("x", "value"),
        ({"value": [1], "@odata.count": 1}, "value"),
        ({"value": []}, "@odata.count"),
        ({"value": [], "@odata.count": 0, "@odata.nextLink": 3}, "@odata.nextLink"),
        ({"value": [{"__id": 3, "__system": SYSTEM}], "@odata.count": 1}, "__id"),
        ({"value": [{"__id": "a"}], "@odata.count": 1}, "__system/submissionDate"),
        (
            {"value": [{"__id": "a", "__system": SYSTEM | {"submissionDate": "today"}}], "@odata.count": 1},
            "__system/sub",
        ),
        (
            {
                "value": [{"__id": "a", "__system": SYSTEM | {"submissionDate": "2022-99-03T00:00:00.000Z"}}],
                "@odata.count": 1,
            },
            "__system/sub",
        ),
        ({"value": [{"__id": "a", "__system": SYSTEM | {"edits": "0"}}], "@odata.count": 1}, "__system/edits"),
    ],
)
def test_an_answer_of_another_form_is_named_by_its_part(central, ask, body, part):
    central.instead.extend([central.documented, lambda handler: handler.answer(200, body)])
    with pytest.raises(OddAnswerError, match=part):
        ask(lambda server: server.listing())


@pytest.mark.parametrize("link", ["https://elsewhere.example.org/?%24skiptoken=a", "no link at all"])
def test_a_feed_without_an_end_is_left(central, ask, link):
    body = {"value": [{"__id": "a", "__system": SYSTEM}], "@odata.count": 9, "@odata.nextLink": link}
    central.instead.extend([central.documented, *[lambda handler: handler.answer(200, body)] * 9])
    with pytest.raises(OddAnswerError, match="nextLink"):
        ask(lambda server: server.listing())
    assert len(feed(central)) == 2


def test_a_wrong_password_is_tried_once_and_said_without_it(central, ask, monkeypatch):
    monkeypatch.setenv("CENTRAL_PASSWORD", "wr0ng")
    with pytest.raises(LiveError, match=r"live-denied: .* \(401\)") as caught:
        ask(lambda server: server.listing())
    assert len(central.requests) == 1
    assert "wr0ng" not in str(caught.value)


def test_a_session_that_is_none_is_refused(central, ask):
    central.instead.append(lambda handler: handler.answer(200, {"token": "with space"}))
    with pytest.raises(OddAnswerError, match=r"^token$"):
        ask(lambda server: server.listing())
