"""Keep identifiers out of the store: the campaign's key, pseudonyms, redaction of free text, masks.

A pseudonym is a keyed hash. Without the campaign's key nobody can recompute it, not even from a complete list of
firms; with the key destroyed no link to the firm remains.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from evaltools.config import CampaignConfig
from evaltools.errors import RefusedError
from evaltools.text import clean, mask, normalise

KEY_FILE: Final = ".key"
PSEUDONYM_LENGTH: Final = 24
ANONYMISED: Final = "anonymised"
"""Fingerprint in a store whose key is gone for good."""
_KEY: Final = re.compile(r"[0-9a-f]{64}")


class Key(bytes):
    """The key that a campaign began with.

    Attributes
    ----------
    later
        Keys of its rotations, oldest first: each hashes what the one before it gave (decision 0005).
    """

    later: tuple[bytes, ...] = ()

    def rotated(self, new: bytes) -> Key:
        """Return the key with one more rotation."""
        key = Key(self)
        key.later = (*self.later, new)
        return key

    @property
    def text(self) -> str:
        """What the key's file holds: a line a key."""
        return "".join(f"{one.hex()}\n" for one in (bytes(self), *self.later))


def load_key(folder: Path, config: CampaignConfig, *, stored_fingerprint: str | None = None) -> Key:
    """Return the campaign's key; make it where the store has none yet.

    Parameters
    ----------
    folder
        The campaign's folder; the key stands in its file ``.key``.
    config
        A campaign with ``demo = true`` may carry a key that everybody knows, ``public_demo_key``.
    stored_fingerprint
        What the store says of the key that its pseudonyms were made with; None for an empty store.

    Raises
    ------
    RefusedError
        ``demo-key``: a public key outside a demonstration; ``key-missing``: the store was filled with a key that is
        gone; ``key-damaged``: the file is not a key; ``key-mismatch``: it is another key; ``key-anonymised``: the
        campaign was made anonymous, so that nothing can be added to it.
    """
    if stored_fingerprint == ANONYMISED:
        raise RefusedError("key-anonymised")
    if config.public_demo_key is not None:
        if not config.demo:
            raise RefusedError("demo-key")
        key = Key(config.public_demo_key.encode("utf-8"))
    else:
        key = _own_key(folder / KEY_FILE, may_make=stored_fingerprint is None)
    if stored_fingerprint is not None and not hmac.compare_digest(stored_fingerprint, key_fingerprint(key)):
        raise RefusedError("key-mismatch", path=KEY_FILE)
    return key


def key_fingerprint(key: bytes) -> str:
    """Return what may be shown of a key: the store keeps it to tell a wrong key."""
    return hmac.new(b"".join((key, *_later(key))), b"evaltools: fingerprint of the key", "sha256").hexdigest()[:16]


def first_key(key: bytes) -> bytes:
    """Return the key that a campaign began with, without its rotations."""
    return bytes(key)


def rotations(key: bytes) -> int:
    """Return how often a key was rotated."""
    return len(_later(key))


def prefix_key(key: bytes, level: int) -> bytes:
    """Return a key as it was after so many rotations."""
    return _chain(bytes(key), _later(key)[:level])


def keyed_hash(text: bytes, key: bytes, length: int) -> str:
    """Return the first hex digits of HMAC-SHA256 of something, hashed again by every later key."""
    found = hmac.digest(key, text, "sha256").hex()[:length]
    for one in _later(key):
        found = rotate_hash(found, one)
    return found


def rotate_hash(found: str, new: bytes) -> str:
    """Return what a keyed hash becomes by a new key; nobody needs the value behind it for that."""
    return hmac.new(new, b"evaltools: rotation\x1f" + found.encode("ascii"), "sha256").hexdigest()[: len(found)]


def _later(key: bytes) -> tuple[bytes, ...]:
    return key.later if isinstance(key, Key) else ()


def pseudonym(values: Iterable[str | None], key: bytes, kind: str) -> list[str | None]:
    """Return keyed hashes (HMAC-SHA256, 24 hex digits) of values; a missing value stays missing.

    Parameters
    ----------
    values
        Already in the form in which equal things are equal, see :func:`evaltools.survey.values.identifiers.read_code`.
    kind
        What is hashed ("enterprise", "shopper", "ip", ...): the same text under two kinds gives two pseudonyms, so
        that tables cannot be joined where they should not.
    """
    known: dict[str, str] = {}
    found: list[str | None] = []
    for value in values:
        if value is None:
            found.append(None)
            continue
        if value not in known:
            text = f"{kind}\x1f{value}".encode("utf-8", "surrogatepass")
            known[value] = keyed_hash(text, key, PSEUDONYM_LENGTH)
        found.append(known[value])
    return found


def hidden(value: object) -> str:
    """Return the trace of an identifying value: only how long it was."""
    return mask(value, keep=0)


# ---------------------------------------------------------------------------------------------------------------------
# Free text. Full-width letters and digits are read as half-width first; nothing else of the text is changed.

_HALF_WIDTH: Final = {code: code - 0xFEE0 for code in [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B)]} | {
    **{code: code - 0xFEE0 for code in range(0xFF41, 0xFF5B)},
    **{ord(wide): half for wide, half in zip("＠．－＿＋", "@.-_+", strict=True)},
}
_MARK: Final = re.compile(r"\[[a-z]+\]")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_EDGE: Final = r"(?<![0-9A-Za-z])"
_END: Final = r"(?![0-9A-Za-z])"
_ORGANISATION: Final = re.compile(
    r"[\u4e00-\u9fffA-Za-z0-9（）()·]{2,24}?(?:有限责任公司|股份有限公司|有限公司|合作社|经营部|个体工商户)"
)
_SURE: Final = (
    (
        re.compile(r"(?:https?|ftp)://[^\s，。；、）)】>]+|www\.[A-Za-z0-9.-]+[^\s，。；、）)】>]*", re.IGNORECASE),
        "[url]",
    ),
    (re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]+"), "[email]"),
    (re.compile(rf"{_EDGE}[1-9][0-9]{{5}}(?:19|20)[0-9]{{9}}[0-9Xx]{_END}"), "[id]"),
    (re.compile(rf"{_EDGE}[0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy]{{2}}[0-9]{{6}}[0-9A-Za-z]{{10}}{_END}"), "[code]"),
    (re.compile(r"(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9.])"), "[ip]"),
    (re.compile(r"(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{1,4}:){4,7}[0-9A-Fa-f:]{1,19}"), "[ip]"),
    (re.compile(r"(?<![0-9])(?:\+?86[- ]?)?1[3-9][0-9](?:[- .·]?[0-9]{4}){2}(?![0-9])"), "[phone]"),
    (re.compile(r"(?<![0-9])\(?0[0-9]{2,3}\)?[- ]?[2-9][0-9]{6,7}(?![0-9])"), "[phone]"),
    (
        re.compile(r"((?:微信|QQ|扣扣|wechat|vx)(?:号|账号)?(?:是|为)?\s*[:：]?\s*)[A-Za-z0-9_-]{5,}", re.IGNORECASE),
        r"\1[account]",
    ),
)
_DIGITS: Final = re.compile(
    r"(?<![0-9])[0-9](?:[ \-.·_—]?[0-9]){6,}(?![0-9])|[零〇一二三四五六七八九幺](?:[ -]?[零〇一二三四五六七八九幺]){6,}"
)
_DATE: Final = re.compile(r"(?:19|20)[0-9]{2}[-. ][0-9]{1,2}[-. ][0-9]{1,2}")


def _long_number(found: re.Match[str]) -> str:
    digits = re.sub(r"[^0-9零〇一二三四五六七八九幺]", "", found[0])
    separated = len(digits) < len(found[0])
    is_harmless = bool(_DATE.fullmatch(found[0])) or (separated and len(digits) < 9)
    return found[0] if is_harmless else "[number]"


def redact(text: str, *, known: Iterable[str] = ()) -> str:
    """Replace what identifies a person or a firm in free text by marks such as ``[phone]``.

    Parameters
    ----------
    text
        An answer in the respondent's own words.
    known
        Identifiers that the same row gives elsewhere (its firm's name, its telephone): replaced wherever they stand.

    Notes
    -----
    Marked: addresses of the web and of mail, identity numbers, credit codes, IPs, telephones, account names of
    messengers, numbers of seven digits and more (in figures or in Chinese numerals; a date stays), names of firms by
    their legal form. A person's name that the row does not give elsewhere cannot be told from other words.
    """
    text = clean(text).translate(_HALF_WIDTH)
    for name in sorted({clean(one).translate(_HALF_WIDTH).strip() for one in known}, key=len, reverse=True):
        # the search compiles a pattern for each name, and few texts hold any
        if len(name) >= (2 if _HAN.search(name) else 4) and _folded(name) in _folded(text):
            mark = redact_codes(name)
            mark = mark if _MARK.fullmatch(mark) else "[name]"
            text = re.sub(re.escape(name), mark, text, flags=re.IGNORECASE)
    text = redact_codes(text)
    return _DIGITS.sub(_long_number, _ORGANISATION.sub("[firm]", text))


def _folded(text: str) -> str:
    """Return text in which whatever is equal but for capitals is equal, also where a search takes İ and ı for i."""
    return text.casefold().replace("\u0131", "i").replace("\u0307", "")


def redact_codes(text: str) -> str:
    """Replace only what has the exact form of a telephone, code, address or account; for short answers kept as data."""
    for pattern, mark in _SURE:
        text = pattern.sub(mark, text)
    return text


def ip_address(value: object) -> str | None:
    """Return the address of ``1.2.3.4(省-市)`` without the place; None where the cell is empty."""
    text = normalise(str(value)) if value is not None else ""
    return re.split(r"[(\s]", text, maxsplit=1)[0] or None


def _own_key(path: Path, *, may_make: bool) -> Key:
    if may_make and not path.exists():
        _make_key(path)
    if not path.is_file():
        raise RefusedError("key-missing", path=path.name)
    lines = path.read_bytes().strip().decode("ascii", "replace").split("\n")
    if not all(_KEY.fullmatch(line.strip()) for line in lines):
        raise RefusedError("key-damaged", path=path.name)
    key, *later = (bytes.fromhex(line.strip()) for line in lines)
    return _chain(key, later)


def _chain(first: bytes, later: Iterable[bytes]) -> Key:
    key = Key(first)
    for one in later:
        key = key.rotated(one)
    return key


def _make_key(path: Path) -> None:
    """Write a new key whole or not at all; where two begin at once, the one that comes second keeps the first's."""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii", newline="\n") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            _publish(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _publish(beside: Path, path: Path) -> None:
    try:
        path.hardlink_to(beside)
    except FileExistsError:
        raise
    except OSError:
        # a file system without hard links: the campaign lock already keeps other writers away
        if not path.exists():
            beside.replace(path)
