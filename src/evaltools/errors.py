"""One small family of coded errors; their texts, in Chinese and English, live in ``catalogue/*.toml``.

An error carries a code and fields, never prose: ``DesignError("lonely-psu", stratum="A", psu="E0417")``.
The same catalogue gives the reasons of quarantined cells, see :func:`message`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import ClassVar

from evaltools.text import Lang, fill


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Return all messages: code to ``{"zh": template, "en": template}``.

    Raises
    ------
    ValueError
        Two catalogue files define the same code.
    """
    entries: dict[str, Mapping[str, str]] = {}
    for path in sorted(files("evaltools").joinpath("catalogue").iterdir(), key=lambda p: p.name):
        if not path.name.endswith(".toml"):
            continue
        for code, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if code in entries:
                raise ValueError(f"message code {code!r} is defined twice")
            entries[code] = entry
    return entries


def message(code: str, fields: Mapping[str, object], lang: Lang = "en") -> str:
    """Return the text of a code with its fields filled in.

    Raises
    ------
    KeyError
        The code is not in the catalogue, or a field that its template names is missing.
    """
    return fill(catalogue()[code][lang], {name: _plain(value, lang) for name, value in fields.items()})


def _plain(value: object, lang: Lang) -> str:
    if hasattr(value, "in_lang"):
        return str(value.in_lang(lang))
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(str(part) for part in value)
    return str(value)


class EvaltoolsError(Exception):
    """Base of all errors that a user can mend; `exit_code` is what the command line returns for it.

    Parameters
    ----------
    code
        Key of the message catalogue.
    **fields
        What the message names: file, sheet, row, column, key, value (masked by the caller where it identifies).
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, **fields: object) -> None:
        self.code = code
        self.fields = fields
        super().__init__(f"{code}: {message(code, fields)}")

    def text(self, lang: Lang = "en") -> str:
        """Return the message in the reader's language, with its code in front."""
        return f"{self.code}: {message(self.code, self.fields, lang)}"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.code, self.fields)


def _rebuild(kind: type[EvaltoolsError], code: str, fields: dict[str, object]) -> EvaltoolsError:
    return kind(code, **fields)


class UsageError(EvaltoolsError):
    """A function or command was called in a way that it does not offer."""

    exit_code = 2


class DesignError(UsageError):
    """The sampling design that was described cannot give the estimate that was asked for."""


class CampaignError(EvaltoolsError):
    """`campaign.toml`, an instrument or a framework is not valid."""

    exit_code = 3


class FileRefusedError(EvaltoolsError):
    """A raw file cannot be read whole and safely, so none of it was taken."""

    exit_code = 4


class LiveError(EvaltoolsError):
    """A server that holds submissions cannot be reached, or does not answer as documented."""

    exit_code = 4


class ReportError(EvaltoolsError):
    """A report could not be made."""

    exit_code = 6


class LockedError(EvaltoolsError):
    """Another process is writing to the campaign."""

    exit_code = 7


class DamageError(EvaltoolsError):
    """A file of the store or of a report is not what was written."""

    exit_code = 8


class RefusedError(EvaltoolsError):
    """What was asked for is not allowed: a frozen framework, a small cell, an unsafe key."""

    exit_code = 9
