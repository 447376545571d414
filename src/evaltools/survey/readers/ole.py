"""Streams of an OLE compound file, the container of .xls and of encrypted workbooks.

Source: [MS-CFB], Compound File Binary File Format.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END = 0xFFFFFFFA  # this and higher: end of chain, free, special
_ENTRY = 128


class DamagedOleError(ValueError):
    """The compound file does not hold together."""


@dataclass(frozen=True, slots=True)
class CompoundFile:
    """Named streams of a compound file, each with the place and length of its content."""

    data: bytes
    sector: int
    fat: tuple[int, ...]
    mini_fat: tuple[int, ...]
    mini_stream: bytes
    entries: Mapping[str, tuple[int, int]]

    def stream(self, name: str) -> bytes:
        """Return the content of a stream; `name` is one of `entries`."""
        start, size = self.entries[name]
        if size >= 4096:
            return _chain(self.data, self.fat, start, self.sector, offset=self.sector)[:size]
        return _chain(self.mini_stream, self.mini_fat, start, 64, offset=0)[:size]


def open_compound(data: bytes) -> CompoundFile:
    """Read the directory of a compound file.

    Raises
    ------
    DamagedOleError
        Cut short, or with chains that run in a circle or out of the file.
    """
    try:
        return _open(data)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise DamagedOleError("cut short") from error


def _open(data: bytes) -> CompoundFile:
    shift = struct.unpack_from("<H", data, 30)[0]
    if shift not in (9, 12):
        raise DamagedOleError("sector size")
    sector = 1 << shift
    first_directory, first_mini, difat = (struct.unpack_from("<I", data, at)[0] for at in (48, 60, 68))
    fat = _integers(b"".join(_sector(data, one, sector) for one in _fat_sectors(data, difat, sector)))
    directory = _chain(data, fat, first_directory, sector, offset=sector)
    entries: dict[str, tuple[int, int]] = {}
    root = (_END, 0)
    for at in range(0, len(directory) - _ENTRY + 1, _ENTRY):
        length, kind = struct.unpack_from("<HB", directory, at + 64)
        start, size = struct.unpack_from("<II", directory, at + 116)
        if kind == 5:
            root = (start, size)
        elif kind == 2:
            entries[directory[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le")] = (start, size)
    mini_fat = _integers(_chain(data, fat, first_mini, sector, offset=sector))
    mini_stream = _chain(data, fat, root[0], sector, offset=sector)[: root[1]]
    return CompoundFile(data, sector, fat, mini_fat, mini_stream, entries)


def _fat_sectors(data: bytes, difat: int, sector: int) -> list[int]:
    sectors = [one for one in struct.unpack_from("<109I", data, 76) if one < _END]
    for _ in range(len(data) // sector + 1):
        if difat >= _END:
            return sectors
        block = _integers(_sector(data, difat, sector))
        sectors += [one for one in block[:-1] if one < _END]
        difat = block[-1]
    raise DamagedOleError("a chain runs in a circle")


def _sector(data: bytes, number: int, size: int) -> bytes:
    return data[(number + 1) * size : (number + 2) * size]


def _integers(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])


def _chain(data: bytes, fat: tuple[int, ...], start: int, size: int, *, offset: int) -> bytes:
    parts: list[bytes] = []
    for _ in range(len(fat) + 1):
        if start >= _END:
            return b"".join(parts)
        part = data[offset + start * size : offset + (start + 1) * size]
        if not part:
            raise DamagedOleError("cut short")
        parts.append(part)
        start = fat[start]
    raise DamagedOleError("a chain runs in a circle")
