"""Change a good file a little, in the ways in which files go wrong: bytes flipped, cut, doubled, swapped, parts edited.

An archive is changed as bytes, or one of its parts is unpacked, changed and packed again with a good checksum, so
that the damage reaches the code behind the container.
"""

from __future__ import annotations

import io
import random
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Mutation = Callable[[bytes, random.Random], bytes]

# what files of this kind stumble over: signs of csv, JSON and XML, marks of missing, numbers at their limits
TOKENS = (
    b'"', b'""', b",", b";", b"\t", b"\r", b"\n", b"\r\n", b"\0", b"\x1a", b"\xef\xbb\xbf", b"\xff\xfe",
    b"\xe2\x80\xa8",
    b"\xed\xa0\x80", "（空）".encode(), "┋".encode(), "〖".encode(), "合计".encode("gb18030"), b"NA", b"None", b"=1+1",
    b"-1", b"0", b"1e999", b"9" * 40, b"911101000000000001", b"2022.9.28", b"12345/99/99", b"<", b">", b"&amp;", b"]]>",
    b"<!DOCTYPE x>", b"{", b"}", b"[", b"]", b"null", b"NaN", b"\\u0000", b"\\ud800", b"A" * 5_000,
    struct.pack("<I", 0xFFFFFFFF), struct.pack("<I", 0x7FFFFFFF), struct.pack("<Q", 1 << 62), bytes(8), b"\xff" * 8,
    struct.pack("<d", float("nan")), struct.pack("<d", 1e300),
)  # fmt: skip


def flip_bits(data: bytes, draw: random.Random) -> bytes:
    """Flip one bit, or a few."""
    changed = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 8))):
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def set_bytes(data: bytes, draw: random.Random) -> bytes:
    """Write other bytes over some."""
    at = draw.randrange(len(data))
    new = draw.choice(TOKENS)
    return data[:at] + new + data[at + len(new) :]


def insert(data: bytes, draw: random.Random) -> bytes:
    """Put a token between two bytes."""
    at = draw.randrange(len(data) + 1)
    return data[:at] + draw.choice(TOKENS) + data[at:]


def cut_out(data: bytes, draw: random.Random) -> bytes:
    """Take a stretch out."""
    at = draw.randrange(len(data))
    return data[:at] + data[at + draw.choice((1, 2, 16, 512, 4096)) :]


def truncate(data: bytes, draw: random.Random) -> bytes:
    """Keep the beginning."""
    return data[: draw.randrange(len(data))]


def double(data: bytes, draw: random.Random) -> bytes:
    """Write a stretch twice."""
    at = draw.randrange(len(data))
    end = at + draw.choice((1, 16, 512, 4096))
    return data[:end] + data[at:]


def swap(data: bytes, draw: random.Random) -> bytes:
    """Exchange two stretches of one length."""
    length = draw.choice((1, 4, 64, 1024))
    if len(data) < 2 * length:
        return data[::-1]
    one = draw.randrange(len(data) - 2 * length + 1)
    two = draw.randrange(one + length, len(data) - length + 1)
    return (
        data[:one]
        + data[two : two + length]
        + data[one + length : two]
        + data[one : one + length]
        + data[two + length :]
    )


def swap_lines(data: bytes, draw: random.Random) -> bytes:
    """Exchange two lines, drop one, or repeat one."""
    lines = data.splitlines(keepends=True)
    one, two = draw.randrange(len(lines)), draw.randrange(len(lines))
    kind = draw.randrange(3)
    if kind == 0:
        lines[one], lines[two] = lines[two], lines[one]
    elif kind == 1:
        del lines[one]
    else:
        lines.insert(two, lines[one])
    return b"".join(lines)


def replace_token(data: bytes, draw: random.Random) -> bytes:
    """Exchange one kind of sign for another, once or everywhere."""
    old, new = draw.choice(TOKENS[:9]), draw.choice(TOKENS)
    return data.replace(old, new, draw.choice((1, -1)))


def reencode(data: bytes, draw: random.Random) -> bytes:
    """Read the text in its encoding and write it in another."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text.encode(draw.choice(("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "cp1252")), "replace")
    return flip_bits(data, draw)


BYTES: tuple[Mutation, ...] = (flip_bits, set_bytes, insert, cut_out, truncate, double, swap)
TEXT: tuple[Mutation, ...] = (*BYTES, swap_lines, replace_token, reencode)


@contextmanager
def _quiet() -> Iterator[None]:
    """Let two parts have one name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def edit_part(data: bytes, draw: random.Random) -> bytes:
    """Change one part of an archive, drop it, or give it another name; checksums are good again afterwards."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new, _quiet():
        entries = old.infolist()
        chosen = draw.choice(entries)
        for entry in entries:
            content, name = old.read(entry), entry.filename
            if entry is chosen:
                kind = draw.randrange(20)
                if kind == 0:
                    continue
                name = draw.choice(entries).filename if kind == 1 else name
                content = content and draw.choice(TEXT)(content, draw)
            new.writestr(name, content)
    return out.getvalue()


def mutate(data: bytes, draw: random.Random) -> bytes:
    """Change a file once, sometimes twice."""
    for _ in range(draw.choice((1, 1, 1, 2))):
        data = _mutate_once(data, draw) if data else b"\0"
    return data


def _mutate_once(data: bytes, draw: random.Random) -> bytes:
    if data.startswith(b"PK\x03\x04") and draw.random() < 0.7:
        try:
            return edit_part(data, draw)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            LookupError,
            NotImplementedError,
            OSError,
            RuntimeError,
            ValueError,
        ):
            return flip_bits(data, draw)  # an earlier change has spoilt the archive
    return draw.choice(TEXT)(data, draw)
