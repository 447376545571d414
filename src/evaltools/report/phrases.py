"""The words of the reports: templates of ``survey/wording/*.toml`` by dotted key, filled by plain substitution."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache

from evaltools.content import content_path
from evaltools.errors import UsageError
from evaltools.text import Lang, fill

LANGS: tuple[Lang, ...] = ("zh", "en")


@cache
def all_phrases(lang: Lang) -> Mapping[str, str]:
    """Return all templates of a language by their dotted key.

    Raises
    ------
    UsageError
        ``report-lang``: there is no wording in that language.
    """
    if lang not in LANGS:
        raise UsageError("report-lang", lang=lang, known=LANGS)
    raw = tomllib.loads(content_path("survey", "wording", f"{lang}.toml").read_text(encoding="utf-8"))
    return {f"{section}.{name}": text for section, entries in raw.items() for name, text in entries.items()}


def phrase(key: str, lang: Lang, **values: object) -> str:
    """Return one template filled with its values, as plain text.

    Raises
    ------
    UsageError
        ``report-wording``: there is no such key, or a value that its template names is missing.
    """
    try:
        return fill(all_phrases(lang)[key], values)
    except KeyError as missing:
        raise UsageError("report-wording", key=key, missing=str(missing.args[0])) from None


def phrase_or(key: str, fallback: str, lang: Lang, **values: object) -> str:
    """Return the phrase of a key, or that of `fallback` where the key is not in the wording."""
    return phrase(key if key in all_phrases(lang) else fallback, lang, **values)
