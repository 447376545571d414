"""What is wrong with a settings file, fault by fault, each with its key and the mend, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from evaltools.errors import message
from evaltools.text import Lang

Place = tuple[int | str, ...]

# kinds of pydantic's errors (or how they begin) to codes of the catalogue; the rest is told in pydantic's words
_CODES = (
    ("missing", "setting-missing"),
    ("string_pattern_mismatch", "setting-id"),
    ("literal_error", "setting-choice"),
    ("greater_than_equal", "setting-least"),
    ("greater_than", "setting-above"),
    ("less_than_equal", "setting-most"),
    ("less_than", "setting-below"),
    ("too_short", "setting-empty"),
    ("string_too_short", "setting-empty"),
    ("string_too_long", "setting-long"),
    ("string", "setting-text"),
    ("int", "setting-integer"),
    ("float", "setting-number"),
    ("bool", "setting-bool"),
    ("date", "setting-date"),
)
_LIMITS = ("ge", "gt", "le", "lt", "max_length", "min_length")
_SHOWN = 60
_SECRETS = frozenset({"token", "api_token", "password", "passwd", "secret", "api_key", "apikey"})


class SettingError(ValueError):
    """Raised by a check of a settings model: a code of the message catalogue and its fields."""

    def __init__(self, code: str, **fields: object) -> None:
        self.code = code
        self.fields = fields
        super().__init__(message(code, fields))


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: the key where it is, the message's code, what the message names."""

    key: str
    code: str
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Faults:
    """All faults of a file; a field of an error, written in the language in which the error is."""

    faults: tuple[Fault, ...]

    def __len__(self) -> int:
        return len(self.faults)

    def in_lang(self, lang: Lang) -> str:
        """Return a line a fault."""
        return "\n".join(f"  {one.key}: {message(one.code, one.fields, lang)}" for one in self.faults)


def read_faults(
    error: ValidationError, *, key_of: Callable[[Place], str], known_keys: Callable[[Place], Sequence[str]]
) -> Faults:
    """Turn pydantic's errors into faults.

    Parameters
    ----------
    key_of
        Writes a place as the file's author would: ``banks[2].type``.
    known_keys
        Keys that the table around a place may have, for "did you mean".
    """
    found = error.errors(include_url=False)
    # a list whose only entry is faulty also counts as too short: that says nothing more
    inner = {one["loc"][:depth] for one in found for depth in range(len(one["loc"]))}
    kept = [one for one in found if not (one["type"] == "too_short" and one["loc"] in inner)]
    return Faults(tuple(Fault(key_of(one["loc"]), *_told(one, known_keys)) for one in kept))


def _told(one: ErrorDetails, known_keys: Callable[[Place], Sequence[str]]) -> tuple[str, dict[str, object]]:
    kind, context = one["type"], one.get("ctx", {})
    if kind == "extra_forbidden":
        if str(one["loc"][-1]).lower() in _SECRETS:
            return "setting-secret", {}
        near = get_close_matches(str(one["loc"][-1]), known_keys(one["loc"]), n=1)
        return ("setting-unknown-near", {"near": near[0]}) if near else ("setting-unknown", {})
    if kind == "value_error":
        own = context.get("error")
        if isinstance(own, SettingError):
            return own.code, own.fields
        return "setting-told", {"problem": one["msg"].removeprefix("Value error, ")}
    limit = next((context[name] for name in _LIMITS if name in context), "")
    value = "" if kind == "missing" else repr(one["input"])  # of a key that is missing, the whole table around it
    fields = {
        "value": value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…",
        "limit": limit,
        "expected": context.get("expected", ""),
        "problem": one["msg"],
    }
    return next((code for start, code in _CODES if kind.startswith(start)), "setting-other"), fields
