"""[[live]] in campaign.toml: servers to pull from, and no secret beside them."""

import re

import pytest

from evaltools.config import read_config
from evaltools.errors import CampaignError
from evaltools.skeleton import new_campaign

CAMPAIGN = """
id = "c1"
title = "演示"
region = "云河县"
start = 2022-09-28
framework = "credit_2022"
selection = "probability"
seed = 1
[waves.baseline]
start = 2022-09-28
end = 2022-10-21
[[banks]]
id = "a"
name = "甲银行"
type = "city"
[[sources]]
pattern = "raw/endline/firms_*.json"
instrument = "enterprise_satisfaction"
wave = "baseline"
mode = "self"
channel = "link"
"""
KOBO = {
    "name": '"firms"', "kind": '"kobo"', "url": '"https://kf.example.org"', "asset": '"aB3xYz"',
    "folder": '"raw/endline"', "token_env": '"KOBO_TOKEN"',
}  # fmt: skip
CENTRAL = {
    "name": '"visits"', "kind": '"odk_central"', "url": '"https://odk.example.org/"', "project": "3",
    "form": '"visit form"', "folder": '"raw/visits"', "email_env": '"CENTRAL_EMAIL"',
    "password_env": '"CENTRAL_PASSWORD"',
}  # fmt: skip
SECRET = "0123456789abcdef0123456789abcdef01234567"


def table(keys: dict) -> str:
    return "[[live]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items() if value is not None)


@pytest.fixture
def live_of(tmp_path):
    def read(*tables: dict):
        (tmp_path / "campaign.toml").write_text(CAMPAIGN + "".join(map(table, tables)), encoding="utf-8")
        return read_config(tmp_path).live

    return read


def test_a_campaign_needs_no_server(live_of):
    assert live_of() == ()


def test_servers_are_described_each_in_a_table(live_of):
    kobo, central = live_of(KOBO, CENTRAL)
    assert (kobo.host, kobo.form_id, kobo.is_local) == ("kf.example.org", "aB3xYz", False)
    assert (central.url, central.form_id) == ("https://odk.example.org", "3/visit form")


@pytest.mark.parametrize("url", ["http://localhost:8000", "http://127.0.0.1:80/", "http://[::1]:8000"])
def test_a_server_on_this_machine_may_go_without_tls(live_of, url):
    (source,) = live_of(KOBO | {"url": f'"{url}"'})
    assert source.is_local


@pytest.mark.parametrize("key", ["token", "password", "secret", "Token", "api_key"])
def test_a_secret_in_the_file_is_refused_with_the_mend_and_not_repeated(live_of, key):
    with pytest.raises(CampaignError, match=rf"live\[1\]\.{key}: secrets do not belong in this file") as caught:
        live_of(KOBO | {key: f'"{SECRET}"', "name": None})
    assert "name that with token_env, password_env or keyring" in str(caught.value)
    assert "密码和令牌不得写入此文件" in caught.value.text("zh")
    assert SECRET[:8] not in f"{caught.value} {caught.value.fields!r} {caught.value.__context__!r}"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"url": '"http://kf.example.org"'}, "url: the address should begin with https://"),
        ({"url": '"http://localhost.example.org"'}, "url: the address should begin with https://"),
        ({"url": f'"https://me:{SECRET}@kf.example.org"'}, "url: should be the server's address"),
        ({"url": '"https://kf.example.org/api/v2"'}, "url: should be the server's address"),
        ({"url": '"https://kf.example.org?x=1"'}, "url: should be the server's address"),
        ({"url": '"https://kf.example.org:99999"'}, "url: should be the server's address"),
        ({"url": '"https://kf..org"'}, "url: should be the server's address"),
        ({"url": '"ftp://kf.example.org"'}, "url: should be the server's address"),
        ({"folder": '"store"'}, "folder: should be a folder below raw"),
        ({"folder": '"raw/../store"'}, "folder: use a path with / below the campaign's folder"),
        ({"folder": '"raw/*"'}, "folder: should be a folder below raw"),
        ({"folder": '"raw/.hidden"'}, "folder: should be a folder below raw"),
        ({"folder": '"raw/a."'}, "folder: should be a folder below raw"),
        ({"asset": '"../x"'}, "asset: should be the project's uid"),
        ({"asset": None}, "needs asset, and neither project nor form"),
        ({"form": '"x"'}, "needs asset, and neither project nor form"),
        ({"token_env": None}, "say where the token is"),
        ({"keyring": '"evaltools-kobo"'}, "say where the token is"),
        ({"token_env": f'"{SECRET}"'}, "token_env: should be the name of an environment variable"),
        ({"token_env": '"AWS_SECRET_ACCESS_KEY"'}, "token_env: should be the name of an environment variable"),
        ({"token_env": None, "keyring": '"login"'}, "keyring: should be the name of a keyring service"),
        ({"kind": '"kobocat"'}, r"kind: should be 'kobo' or 'odk_central'"),
        ({"name": '"../x"'}, "name: '../x' is not allowed"),
        ({"tokn_env": '"X"'}, "tokn_env: unknown key; did you mean 'token_env'"),
    ],
)
def test_a_fault_names_the_key_and_the_mend(live_of, changes, problem):
    with pytest.raises(CampaignError, match=problem) as caught:
        live_of(KOBO | changes)
    assert SECRET[:8] not in str(caught.value)


@pytest.mark.parametrize(
    "ways",
    [
        {"token_env": '"ODK_TOKEN"'},
        {"keyring": '"evaltools"'},
        {"email_env": '"CENTRAL_EMAIL"', "password_env": '"CENTRAL_PASSWORD"'},
        {"email_env": '"CENTRAL_EMAIL"', "keyring": '"evaltools"'},
    ],
)
def test_central_lets_in_by_one_of_four_ways(live_of, ways):
    assert live_of(CENTRAL | {"email_env": None, "password_env": None} | ways)


@pytest.mark.parametrize(
    "ways",
    [
        {},
        {"email_env": '"CENTRAL_EMAIL"'},
        {"password_env": '"CENTRAL_PASSWORD"'},
        {"token_env": '"ODK_TOKEN"', "keyring": '"evaltools"'},
        {"email_env": '"CENTRAL_EMAIL"', "password_env": '"CENTRAL_PASSWORD"', "token_env": '"ODK_TOKEN"'},
    ],
)
def test_central_is_not_let_in_by_half_a_way_or_two(live_of, ways):
    with pytest.raises(CampaignError, match=r"live\[1\]: say what to log in with"):
        live_of(CENTRAL | {"email_env": None, "password_env": None} | ways)


def test_central_needs_project_and_form(live_of):
    for changes in ({"project": None}, {"form": None}, {"asset": '"aB3"'}):
        with pytest.raises(CampaignError, match="needs project and form, and no asset"):
            live_of(CENTRAL | changes)


def test_two_servers_have_two_names(live_of):
    with pytest.raises(CampaignError, match=r"the name 'firms' stands twice in \[\[live\]\]"):
        live_of(KOBO, CENTRAL | {"name": '"firms"'})


def test_the_example_that_a_new_campaign_holds_is_one(tmp_path):
    path = new_campaign(tmp_path / "mine")
    text = path.read_text(encoding="utf-8")
    start = text.index("# [[live]]")
    example = re.sub(r"^# ", "", text[start : text.index("\n\n", start)], flags=re.MULTILINE)
    path.write_text(f"{text}\n{example}\n", encoding="utf-8")
    assert [(one.name, one.kind) for one in read_config(path.parent).live] == [
        ("firms", "kobo"),
        ("visits", "odk_central"),
    ]
