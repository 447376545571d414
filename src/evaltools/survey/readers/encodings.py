"""Decode a text file strictly: UTF-8, UTF-16 with its mark, GB18030; anything else is refused, never guessed.

Nearly every sequence of bytes is valid GB18030, so Western text would come out as rare Chinese without an error.
Chinese prose uses the common characters of GB 2312 almost alone; misread text does not.
"""

from __future__ import annotations

import codecs
from collections import Counter

from evaltools.errors import FileRefusedError

# share of the common characters (GB 2312 level 1 and its signs) among all that are not ASCII; prose: above 0.95
_LEAST_COMMON = 0.7
_BOM = "\ufeff"


def decode(data: bytes, *, file: str) -> tuple[str, str]:
    """Decode a whole file.

    Parameters
    ----------
    data
        Content of the file.
    file
        Its name, for messages.

    Returns
    -------
    tuple of (text, encoding)
        Text without byte-order marks; encoding is "UTF-8", "UTF-8-SIG", "UTF-16" or "GB18030".

    Raises
    ------
    FileRefusedError
        ``text-utf16-mark`` (UTF-16 without its mark), ``text-encoding`` (none of the three, or GB18030 that does not
        read like Chinese), ``text-nul`` with the line.
    """
    text, encoding = _decode(data, file)
    if (at := text.find("\0")) >= 0:
        raise FileRefusedError("text-nul", file=file, line=line_number(text, at))
    return text.lstrip(_BOM), encoding


def line_number(text: str, position: int) -> int:
    """Return the number of the line, from 1, that a position of a text stands in; CR, LF and CR LF end a line."""
    before = text[:position]
    return 1 + before.count("\n") + before.count("\r") - before.count("\r\n")


def _decode(data: bytes, file: str) -> tuple[str, str]:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return data.decode("utf-16"), "UTF-16"
        except UnicodeDecodeError as error:
            raise FileRefusedError("text-encoding", file=file, tried="UTF-16") from error
    if _looks_like_utf16(data):
        raise FileRefusedError("text-utf16-mark", file=file)
    try:
        return data.decode("utf-8"), "UTF-8-SIG" if data.startswith(codecs.BOM_UTF8) else "UTF-8"
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError as error:
        raise FileRefusedError("text-encoding", file=file, tried="UTF-8, GB18030") from error
    if _common_share(text) < _LEAST_COMMON:
        raise FileRefusedError("text-encoding", file=file, tried="UTF-8, GB18030")
    return text, "GB18030"


def _looks_like_utf16(data: bytes) -> bool:
    even, odd = data[::2].count(0), data[1::2].count(0)
    return max(even, odd) > max(1, len(data) // 50) and min(even, odd) * 10 <= max(even, odd)


def _common_share(text: str) -> float:
    counts = Counter(text)
    outside = {sign: n for sign, n in counts.items() if not sign.isascii()}
    common = sum(n for sign, n in outside.items() if _is_common(sign))
    return common / max(1, sum(outside.values()))


def _is_common(sign: str) -> bool:
    code = sign.encode("gb18030")
    return len(code) == 2 and code[1] >= 0xA1 and (0xA1 <= code[0] <= 0xA3 or 0xB0 <= code[0] <= 0xD7)
