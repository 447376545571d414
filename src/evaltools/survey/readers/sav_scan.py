"""Cases of a .sav or .zsav file counted from its bytes, without the library that reads them.

The number in the file's head is what that library reads up to, so it cannot be what its rows are held against.
Source: the GNU PSPP developers' guide, "System File Format".
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from evaltools.errors import FileRefusedError
from evaltools.survey.readers.model import Limits

_HEAD = 176
_VARIABLE, _LABELS, _LABELLED, _DOCUMENT, _EXTENSION, _END = 2, 3, 4, 6, 7, 999
_BLOCK_ENTRY = 24
_IGNORED, _LAST, _RAW = 0, 252, 253  # opcodes of the compression: nothing, end of data, eight bytes as they are


@dataclass(frozen=True, slots=True)
class SavScan:
    """What the bytes say.

    Attributes
    ----------
    stated, counted
        Cases by the head (None where it does not say), and in the data.
    variables
        Variables, the parts of a very long text each as one.
    """

    stated: int | None
    counted: int
    variables: int


def scan_sav(data: bytes, *, file: str, limits: Limits) -> SavScan:
    """Count the cases.

    Parameters
    ----------
    data
        Content of the file.
    file
        Its name, for messages.
    limits
        `max_part` and `max_ratio` bound what a .zsav unpacks to, by its own list of blocks.

    Raises
    ------
    FileRefusedError
        ``sav-damaged``: the dictionary or the last case is cut short; ``unpacked-size``.
    """
    try:
        order = "<" if struct.unpack_from("<i", data, 64)[0] in (2, 3) else ">"
        compression = struct.unpack_from(f"{order}i", data, 72)[0]
        stated = struct.unpack_from(f"{order}i", data, 80)[0]
        start, width, variables = _walk_dictionary(data, order)
        if compression > 1:
            _refuse_large(data, start, order, file, limits)
        elements = _count_elements(data, start, compression, order)
    except (struct.error, zlib.error, IndexError, ValueError) as error:
        raise FileRefusedError("sav-damaged", file=file) from error
    if width == 0 or elements % width:
        raise FileRefusedError("sav-damaged", file=file)
    return SavScan(stated if stated >= 0 else None, elements // width, variables)


def _walk_dictionary(data: bytes, order: str) -> tuple[int, int, int]:
    """Return where the data begin, how many elements of eight bytes a case has, and how many variables there are."""
    at, width, variables = _HEAD, 0, 0
    while True:
        kind = struct.unpack_from(f"{order}i", data, at)[0]
        at += 4
        if kind == _END:
            return at + 4, width, variables
        # a long text has a record for each of its elements; those behind the first have the type -1
        width += kind == _VARIABLE
        variables += kind == _VARIABLE and struct.unpack_from(f"{order}i", data, at)[0] >= 0
        at += _variable_length(data, at, order) if kind == _VARIABLE else _record_length(kind, data, at, order)


def _variable_length(data: bytes, at: int, order: str) -> int:
    _, has_label, missing = struct.unpack_from(f"{order}3i", data, at)
    length = 28
    if has_label:
        length += 4 + (struct.unpack_from(f"{order}i", data, at + length)[0] + 3) // 4 * 4
    return int(length + 8 * abs(missing))


def _record_length(kind: int, data: bytes, at: int, order: str) -> int:
    count = struct.unpack_from(f"{order}i", data, at)[0]
    if kind == _LABELS:
        length = 4
        for _ in range(count):
            length += 8 + (data[at + length + 8] + 8) // 8 * 8
        return length
    if kind == _EXTENSION:
        _, size, parts = struct.unpack_from(f"{order}3i", data, at)
        return int(12 + max(0, size * parts))
    if kind in (_LABELLED, _DOCUMENT):
        return int(4 + count * (80 if kind == _DOCUMENT else 4))
    raise ValueError("unknown record")


def _count_elements(data: bytes, start: int, compression: int, order: str) -> int:
    if compression == 0:
        count, rest = divmod(len(data) - start, 8)
        if rest:
            raise ValueError("cut short")
        return count
    return _count_opcodes(data[start:] if compression == 1 else _inflate(data, start, order))


def _count_opcodes(content: bytes) -> int:
    at = elements = 0
    while at < len(content):
        group = content[at : at + 8]
        last = group.find(_LAST)
        used = group if last < 0 else group[:last]
        raw = used.count(_RAW)
        elements += len(used) - used.count(_IGNORED)
        at += 8 + 8 * raw
        if last >= 0:
            break
    if at > len(content):
        raise ValueError("cut short")
    return elements


def _refuse_large(data: bytes, start: int, order: str, file: str, limits: Limits) -> None:
    unpacked = sum(size for _, size, _ in _blocks(data, start, order))
    if unpacked > limits.max_part or unpacked > max(limits.ratio_from, limits.max_ratio * len(data)):
        raise FileRefusedError("unpacked-size", file=file, limit=limits.max_part, ratio=f"{limits.max_ratio:g}")


def _inflate(data: bytes, start: int, order: str) -> bytes:
    """Return the compressed data of a .zsav, no block longer than the list of blocks says."""
    parts = []
    for place, unpacked, packed in _blocks(data, start, order):
        inflater = zlib.decompressobj()
        parts.append(inflater.decompress(data[place : place + packed], max(1, unpacked)))
        if len(parts[-1]) != unpacked or inflater.unconsumed_tail:
            raise ValueError("block of another size")
    return b"".join(parts)


def _blocks(data: bytes, start: int, order: str) -> list[tuple[int, int, int]]:
    """Return place, size and packed size of each block; they are listed behind the last."""
    trailer = struct.unpack_from(f"{order}3q", data, start)[1]
    count = struct.unpack_from(f"{order}i", data, trailer + 20)[0]
    if not 0 <= count <= len(data) // _BLOCK_ENTRY:
        raise ValueError("too many blocks")
    entries = [struct.unpack_from(f"{order}2q2i", data, trailer + 24 + _BLOCK_ENTRY * block) for block in range(count)]
    if any(place < 0 or unpacked < 0 or packed < 0 for _, place, unpacked, packed in entries):
        raise ValueError("block of negative size")
    return [(place, unpacked, packed) for _, place, unpacked, packed in entries]
