"""KoboToolbox: what is asked, what comes, and what is kept of it."""

import json

import pytest

from evaltools.errors import LiveError
from evaltools.survey.live.kobo import entry_of, open_server
from evaltools.survey.live.protocol import OddAnswerError


@pytest.fixture
def ask(kobo, source_of, limits):
    """Open the server and do something with it."""

    def do(what, **changes):
        with open_server(source_of(kobo, **changes), limits) as server:
            return what(server)

    return do


def answer(body, status=200):
    return lambda handler: handler.answer(status, body)


def test_the_listing_names_all_submissions_without_their_answers(kobo, ask):
    for number in (30, 4, 100):
        kobo.add(number)
    listing = ask(lambda server: server.listing())
    assert [entry.key for entry in listing.entries] == [("4", "uuid-4"), ("30", "uuid-30"), ("100", "uuid-100")]
    assert listing.total == 3
    ((method, path, query, headers),) = kobo.requests
    assert (method, path) == ("GET", "/api/v2/assets/aTestAsset7/data.json")
    assert query == {"limit": "1000", "sort": '{"_id":1}', "query": '{"_id": {"$gt": 0}}', "fields": '["_id","_uuid"]'}
    assert headers["Authorization"] == "Token s3cretT0kenOfTheTests"


@pytest.mark.parametrize("most", [1, 2, 3, 7])
def test_a_server_that_gives_less_than_was_asked_for_is_asked_again(kobo, ask, most):
    kobo.most = most
    for number in range(10, 17):
        kobo.add(number)
    assert [entry.id for entry in ask(lambda server: server.listing()).entries] == [str(n) for n in range(10, 17)]
    assert len(kobo.requests) == -(-7 // most)


def test_submissions_come_from_one_to_another_without_their_attachments(kobo, ask):
    for number in (1, 2, 3, 4):
        kobo.add(number)
    two, three = (entry_of(kobo.data[number]) for number in (2, 3))
    ((first, second),) = ask(lambda server: list(server.submissions(two, three)))
    assert first == {key: value for key, value in kobo.data[2].items() if key != "_attachments"}
    assert second["_id"] == 3
    assert kobo.requests[0][2]["query"] == '{"_id": {"$gt": 1, "$lte": 3}}'


def test_a_form_without_submissions_is_an_empty_listing(ask):
    listing = ask(lambda server: server.listing())
    assert (listing.entries, listing.total) == ([], 0)


def test_a_submission_that_comes_or_goes_between_two_pages_moves_no_other(kobo, ask):
    kobo.most = 2
    for number in range(1, 7):
        kobo.add(number)

    def meanwhile(handler):
        kobo.documented(handler)
        del kobo.data[1]
        kobo.add(9)

    kobo.instead.append(meanwhile)
    assert [entry.id for entry in ask(lambda server: server.listing()).entries] == ["1", "2", "3", "4", "5", "6", "9"]


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ([], "results"),
        ({"count": 1, "results": "x"}, "results"),
        ({"count": 1, "results": ["x"]}, "results"),
        ({"results": []}, "count"),
        ({"count": 0, "results": [{"_id": 1, "_uuid": "u"}]}, "count"),
        ({"count": 1, "results": [{"_id": "1", "_uuid": "u"}]}, "_id"),
        ({"count": 1, "results": [{"_id": True, "_uuid": "u"}]}, "_id"),
        ({"count": 1, "results": [{"_id": 1}]}, "_uuid"),
        ({"count": 2, "results": [{"_id": 2, "_uuid": "u"}, {"_id": 1, "_uuid": "u"}]}, "sort, query"),
    ],
)
def test_an_answer_of_another_form_is_named_by_its_part(kobo, ask, body, part):
    kobo.instead.append(answer(body))
    with pytest.raises(OddAnswerError, match=f"^{part}$"):
        ask(lambda server: server.listing())


def test_a_server_that_repeats_itself_is_not_asked_for_ever(kobo, ask):
    page = answer({"count": 5, "results": [{"_id": 1, "_uuid": "u"}]})
    kobo.instead.extend([page] * 10)
    with pytest.raises(OddAnswerError, match="sort, query"):
        ask(lambda server: server.listing())
    assert len(kobo.requests) == 2


def test_a_wrong_token_is_said_without_the_token(kobo, ask, monkeypatch):
    monkeypatch.setenv("KOBO_TOKEN", "wr0ngT0ken")
    with pytest.raises(LiveError, match=r"live-denied: firms: 127\.0\.0\.1:\d+ does not accept .* \(401\)") as caught:
        ask(lambda server: server.listing())
    assert "wr0ng" not in json.dumps([caught.value.text("zh"), caught.value.text("en"), repr(caught.value.fields)])


def test_an_asset_that_is_not_there_is_named(ask):
    with pytest.raises(LiveError, match=r"live-not-found: firms: .* has no aNother, or its account may not see it"):
        ask(lambda server: server.listing(), asset="aNother")
