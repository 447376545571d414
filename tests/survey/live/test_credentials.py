"""Tokens and passwords from the environment and the keyring."""

import sys

import pytest

from evaltools.errors import UsageError
from evaltools.survey.live.credentials import read_email, read_secret, read_token


@pytest.fixture
def firms(kobo, source_of):
    return lambda **changes: source_of(kobo, **changes)


def test_a_token_comes_from_the_environment_without_the_spaces_around_it(firms, monkeypatch):
    monkeypatch.setenv("KOBO_TOKEN", " abc123\n")
    token = read_token(firms())
    assert token.get_secret_value() == "abc123"
    assert "abc123" not in f"{token} {token!r}"


@pytest.mark.parametrize("value", [None, "", "  \n"])
def test_a_variable_that_is_empty_is_named(firms, monkeypatch, value):
    monkeypatch.delenv("KOBO_TOKEN") if value is None else monkeypatch.setenv("KOBO_TOKEN", value)
    with pytest.raises(UsageError, match="live-variable-empty: firms: the environment variable KOBO_TOKEN is not set"):
        read_token(firms())


@pytest.mark.parametrize("value", ["abc 123", "abc\n123", "令牌", "a" * 4097])
def test_what_cannot_be_a_token_is_not_sent_and_not_shown(firms, monkeypatch, value):
    monkeypatch.setenv("KOBO_TOKEN", value)
    with pytest.raises(UsageError, match="live-token: firms: what KOBO_TOKEN holds cannot be a token") as caught:
        read_token(firms())
    assert value not in str(caught.value)


def test_a_password_keeps_its_spaces(central, source_of, monkeypatch):
    monkeypatch.setenv("CENTRAL_PASSWORD", " two words ")
    assert read_secret(source_of(central)).get_secret_value() == " two words "
    assert read_email(source_of(central)) == "pull@example.org"


def test_the_keyring_is_asked_for_the_server_not_for_a_name_in_the_file(firms, kobo, fake_keyring):
    source = firms(token_env=None, keyring="evaltools-kobo")
    fake_keyring.entries["evaltools-kobo", source.host] = "abc123"
    assert read_token(source).get_secret_value() == "abc123"
    with pytest.raises(UsageError, match=r"live-keyring-empty: .* keyring set evaltools-kobo other\.example\.org"):
        read_token(firms(token_env=None, keyring="evaltools-kobo", url="https://other.example.org"))


def test_a_keyring_may_hold_the_password_of_an_address(central, source_of, fake_keyring):
    source = source_of(central, password_env=None, keyring="evaltools")
    fake_keyring.entries["evaltools", source.host] = "Pa55 wörd"
    assert read_secret(source).get_secret_value() == "Pa55 wörd"


def test_a_missing_keyring_says_how_to_get_one(firms, monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(UsageError, match=r'live-keyring-absent: .* pip install "yiping-evaltools\[live\]"'):
        read_token(firms(token_env=None, keyring="evaltools"))


def test_a_keyring_that_does_not_open_is_said_without_its_words(firms, fake_keyring):
    def fail(service, user):
        raise fake_keyring.errors.KeyringError("the secret is abc123")

    fake_keyring.get_password = fail
    with pytest.raises(UsageError, match=r"live-keyring-failed: .* \(KeyringError\)") as caught:
        read_token(firms(token_env=None, keyring="evaltools"))
    assert "abc123" not in str(caught.value)
