"""What lets us in: from the environment or the system's keyring, never from the campaign's files."""

from __future__ import annotations

import importlib
import os
import re
from typing import Final

from pydantic import SecretStr

from evaltools.config import LiveSource
from evaltools.errors import UsageError

_TOKEN: Final = re.compile(r"[!-~]{1,4096}")


def read_token(source: LiveSource) -> SecretStr:
    """Return the token of a source.

    Raises
    ------
    UsageError
        ``live-variable-empty``, ``live-keyring-absent``, ``live-keyring-failed``, ``live-keyring-empty``;
        ``live-token``: what is there cannot be a token.
    """
    token = SecretStr(read_secret(source).get_secret_value().strip())
    if not _TOKEN.fullmatch(token.get_secret_value()):
        raise UsageError("live-token", name=source.name, place=source.token_env or source.keyring)
    return token


def read_secret(source: LiveSource) -> SecretStr:
    """Return the token of a source or, where it has an e-mail address, the password that belongs to it.

    In a keyring it is the password of the service that `campaign.toml` names, for the user named like the server:
    another server, whoever writes its address into the file, is not given it.

    Raises
    ------
    UsageError
        As :func:`read_token`, without ``live-token``.
    """
    if source.keyring:
        return _from_keyring(source, source.keyring)
    return SecretStr(_variable(source, source.token_env or source.password_env or ""))


def read_email(source: LiveSource) -> str:
    """Return the e-mail address to log in with.

    Raises
    ------
    UsageError
        ``live-variable-empty``.
    """
    return _variable(source, source.email_env or "").strip()


def _variable(source: LiveSource, variable: str) -> str:
    value = os.environ.get(variable, "")
    if not value.strip():
        raise UsageError("live-variable-empty", name=source.name, host=source.host, variable=variable)
    return value


def _from_keyring(source: LiveSource, service: str) -> SecretStr:
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        raise UsageError("live-keyring-absent", name=source.name) from None
    try:
        value = keyring.get_password(service, source.host)
    except keyring.errors.KeyringError as problem:
        # its text may quote the backend; its kind says enough
        raise UsageError("live-keyring-failed", name=source.name, problem=type(problem).__name__) from None
    if not value:
        raise UsageError("live-keyring-empty", name=source.name, service=service, host=source.host)
    return SecretStr(value)
