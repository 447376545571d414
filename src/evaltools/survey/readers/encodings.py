"""Decode a text file strictly: UTF-8, UTF-16 with its mark, GB18030; anything else is refused, never guessed.

Nearly every sequence of bytes is valid GB18030, so Western text would come out as rare Chinese without an error.
Chinese prose uses the common characters of GB 2312 almost alone; misread text does not.
"""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterable, Iterator

from evaltools.errors import FileRefusedError

# share of the common characters (GB 2312 level 1 and its signs) among all that are not ASCII; prose: above 0.95
_LEAST_COMMON = 0.7
_BOM = "\ufeff"
_CHUNK = 1 << 20  # bytes
_CODECS = {"UTF-8": "utf-8", "UTF-8-SIG": "utf-8", "UTF-16": "utf-16", "GB18030": "gb18030"}


def decode(data: bytes, *, file: str) -> tuple[str, str]:
    """Decode a whole file; see :func:`judge_encoding` and :func:`read_text`.

    Returns
    -------
    tuple of (text, encoding)
    """
    encoding = judge_encoding(data, file=file)
    return "".join(read_text(data, encoding)), encoding


def judge_encoding(data: bytes, *, file: str) -> str:
    """Say in which encoding a text file is, after decoding it to its end.

    Parameters
    ----------
    data
        Content of the file.
    file
        Its name, for messages.

    Returns
    -------
    str
        "UTF-8", "UTF-8-SIG", "UTF-16" or "GB18030".

    Raises
    ------
    FileRefusedError
        ``text-utf16-mark`` (UTF-16 without its mark), ``text-encoding`` (none of the three, or GB18030 that does not
        read like Chinese), ``text-nul`` with the line.
    """
    encoding = _judge(data, file)
    if b"\0" in data:
        _refuse_nul(_decoded(data, _CODECS[encoding]), file)
    return encoding


def read_text(data: bytes, encoding: str) -> Iterator[str]:
    """Yield the text of a file, piece by piece, without the byte-order marks before it.

    Parameters
    ----------
    encoding
        As :func:`judge_encoding` gives it.
    """
    pieces = _decoded(data, _CODECS[encoding])
    for piece in pieces:
        if text := piece.lstrip(_BOM):
            yield text
            break
    yield from filter(None, pieces)


def line_number(text: str, position: int) -> int:
    """Return the number of the line, from 1, that a position of a text stands in; CR, LF and CR LF end a line."""
    return 1 + line_ends(text[:position])


def line_ends(text: str) -> int:
    """Return how many lines end in a text."""
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _judge(data: bytes, file: str) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        if _is_valid(data, "utf-16"):
            return "UTF-16"
        raise FileRefusedError("text-encoding", file=file, tried="UTF-16")
    if _looks_like_utf16(data):
        raise FileRefusedError("text-utf16-mark", file=file)
    if _is_valid(data, "utf-8"):
        return "UTF-8-SIG" if data.startswith(codecs.BOM_UTF8) else "UTF-8"
    if _is_valid(data, "gb18030") and _common_share(_decoded(data, "gb18030")) >= _LEAST_COMMON:
        return "GB18030"
    raise FileRefusedError("text-encoding", file=file, tried="UTF-8, GB18030")


def _refuse_nul(pieces: Iterable[str], file: str) -> None:
    line, held = 1, ""
    for piece in pieces:
        text = held + piece
        if (at := text.find("\0")) >= 0:
            raise FileRefusedError("text-nul", file=file, line=line + line_ends(text[:at]))
        # CR at the end of a piece may be half of a line end
        held = "\r" if text.endswith("\r") else ""
        line += line_ends(text.removesuffix(held))


def _decoded(data: bytes, codec: str) -> Iterator[str]:
    decoder, view = codecs.getincrementaldecoder(codec)(), memoryview(data)
    for at in range(0, len(data), _CHUNK):
        yield decoder.decode(view[at : at + _CHUNK])
    yield decoder.decode(b"", final=True)


def _is_valid(data: bytes, codec: str) -> bool:
    try:
        for _ in _decoded(data, codec):
            continue
    except UnicodeDecodeError:
        return False
    return True


def _looks_like_utf16(data: bytes) -> bool:
    if b"\0" not in data:
        return False
    even, odd = data[::2].count(0), data[1::2].count(0)
    return max(even, odd) > max(1, len(data) // 50) and min(even, odd) * 10 <= max(even, odd)


def _common_share(pieces: Iterable[str]) -> float:
    counts: Counter[str] = Counter()
    for piece in pieces:
        counts.update(piece)
    outside = {sign: n for sign, n in counts.items() if not sign.isascii()}
    common = sum(n for sign, n in outside.items() if _is_common(sign))
    return common / max(1, sum(outside.values()))


def _is_common(sign: str) -> bool:
    code = sign.encode("gb18030")
    return len(code) == 2 and code[1] >= 0xA1 and (0xA1 <= code[0] <= 0xA3 or 0xB0 <= code[0] <= 0xD7)
